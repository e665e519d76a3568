//! From a method and a path to an operation: the path templates of one document.

use std::cmp::Reverse;

use axum::http::Method;
use percent_encoding::percent_decode_str;

/// The path templates of a document, the more literal ones first.
#[derive(Debug)]
pub(crate) struct Router {
    routes: Vec<Route>,
}

/// What the router found for a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The number of the operation and the values of its path parameters, decoded, in the order of
    /// the path.
    Operation(usize, Vec<String>),
    /// The path exists, but only with these methods.
    WrongMethod(Vec<Method>),
    /// No template matches the path.
    Nothing,
}

#[derive(Debug)]
struct Route {
    segments: Vec<Segment>,
    method: Method,
    operation: usize,
}

/// A piece of a template between two slashes.
#[derive(Debug)]
enum Segment {
    Literal(String),
    /// `{name}`, or with text around it as in `{name}:enable`.
    Parameter {
        before: String,
        after: String,
    },
}

impl Segment {
    fn new(text: &str) -> Self {
        let parameter = text.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?.1)));
        match parameter {
            Some((before, after)) => Self::Parameter { before: before.to_owned(), after: after.to_owned() },
            None => Self::Literal(text.to_owned()),
        }
    }

    /// How much of the segment is fixed: literals win, then the parameters with the most text
    /// around them.
    fn weight(&self) -> (bool, usize) {
        match self {
            Self::Literal(_) => (true, 0),
            Self::Parameter { before, after } => (false, before.len() + after.len()),
        }
    }

    /// `None` if the text does not match; otherwise the parameter's value, if this is one.
    fn matches(&self, text: &str) -> Option<Option<String>> {
        match self {
            Self::Literal(literal) => (decode(text)? == *literal).then_some(None),
            Self::Parameter { before, after } => {
                let value = text.strip_prefix(before.as_str())?;
                let value = value.strip_suffix(after.as_str())?;
                (!value.is_empty()).then_some(())?;
                Some(Some(decode(value)?))
            }
        }
    }
}

impl Router {
    /// A router over templates and methods; an operation's number is its place in the sequence.
    pub(crate) fn new<'a>(templates: impl Iterator<Item = (&'a str, Method)>) -> Self {
        let mut routes: Vec<Route> = templates
            .enumerate()
            .map(|(operation, (template, method))| Route {
                segments: template.trim_start_matches('/').split('/').map(Segment::new).collect(),
                method,
                operation,
            })
            .collect();
        routes.sort_by_key(|route| Reverse(route.segments.iter().map(Segment::weight).collect::<Vec<_>>()));
        Self { routes }
    }

    /// The operation for a method and a raw path that begins with a slash.
    ///
    /// Of the templates that match and have the method the most literal one wins, so that
    /// `POST /threads/runs` is not an update of the thread `runs`, while `GET /threads/runs` is a
    /// question for a thread of that name.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Found {
        let mut methods = Vec::new();
        for route in &self.routes {
            let Some(parameters) = route.matches(path) else {
                continue;
            };
            if route.method == *method {
                return Found::Operation(route.operation, parameters);
            }
            if !methods.contains(&route.method) {
                methods.push(route.method.clone());
            }
        }
        if methods.is_empty() {
            Found::Nothing
        } else {
            methods.sort_by(|left, right| left.as_str().cmp(right.as_str()));
            Found::WrongMethod(methods)
        }
    }
}

impl Route {
    fn matches(&self, path: &str) -> Option<Vec<String>> {
        let mut parameters = Vec::new();
        let mut texts = path.strip_prefix('/')?.split('/');
        for segment in &self.segments {
            parameters.extend(segment.matches(texts.next()?)?);
        }
        texts.next().is_none().then_some(parameters)
    }
}

/// Percent-decodes a piece of a path; `None` if what comes out is not UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATES: &[(&str, Method)] = &[
        ("/threads/{threadId}", Method::GET),
        ("/threads/{threadId}", Method::POST),
        ("/threads/runs", Method::POST),
        ("/agents/{name}", Method::POST),
        ("/agents/{name}:enable", Method::POST),
        ("/agents/{name}/code:download", Method::GET),
        ("/agents:generate", Method::POST),
    ];

    fn find(method: Method, path: &str) -> Found {
        Router::new(TEMPLATES.iter().cloned()).find(&method, path)
    }

    fn operation(number: usize, parameters: &[&str]) -> Found {
        Found::Operation(number, parameters.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn literal_segments_win_over_parameters() {
        assert_eq!(find(Method::POST, "/threads/runs"), operation(2, &[]));
        assert_eq!(find(Method::POST, "/threads/thread_1"), operation(1, &["thread_1"]));
        assert_eq!(find(Method::GET, "/threads/runs"), operation(0, &["runs"]));
    }

    #[test]
    fn colon_paths_win_over_bare_parameters() {
        assert_eq!(find(Method::POST, "/agents/cowboy:enable"), operation(4, &["cowboy"]));
        assert_eq!(find(Method::POST, "/agents/cowboy"), operation(3, &["cowboy"]));
        assert_eq!(find(Method::POST, "/agents/:enable"), operation(3, &[":enable"]));
        assert_eq!(find(Method::GET, "/agents/cowboy/code:download"), operation(5, &["cowboy"]));
        assert_eq!(find(Method::POST, "/agents:generate"), operation(6, &[]));
    }

    #[test]
    fn parameters_are_decoded_after_the_path_is_split() {
        assert_eq!(find(Method::GET, "/threads/a%2Fb%20c"), operation(0, &["a/b c"]));
        assert_eq!(find(Method::GET, "/threads/%ff"), Found::Nothing);
    }

    #[test]
    fn a_path_with_another_method_says_which_it_has() {
        assert_eq!(find(Method::DELETE, "/threads/thread_1"), Found::WrongMethod(vec![Method::GET, Method::POST]));
    }

    #[test]
    fn longer_shorter_and_empty_paths_are_nothing() {
        for path in ["", "/", "/threads", "/threads/", "/threads/a/", "/threads/a/b"] {
            assert_eq!(find(Method::GET, path), Found::Nothing, "{path}");
        }
    }
}
