//! The table of rules: what can differ between two documents, how grave that is, and why.

mod operations;
mod schemas;

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::Serialize;

pub(crate) use operations::*;
pub(crate) use schemas::*;

/// A kind of difference between two documents.
///
/// ```
/// use openapi_compare::{Level, Rule};
///
/// let rule = Rule::find("request-required-header-added").ok_or("no such rule")?;
/// assert_eq!(rule.level, Level::Breaking);
/// assert_eq!(Rule::all().filter(|rule| rule.id == "operation-removed").count(), 1);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, Serialize)]
#[non_exhaustive]
pub struct Rule {
    /// Its name, in kebab case; it stays.
    pub id: &'static str,
    /// Whether it is about what is sent or what is received; `None` where the two are not told apart.
    pub direction: Option<Direction>,
    /// What it is about.
    pub area: Area,
    /// What happened there.
    pub action: Action,
    /// How grave it is.
    pub level: Level,
    /// What a report says, with `{arguments}`.
    pub message: &'static str,
    /// Why it has this level.
    pub why: &'static str,
    /// The rule that finds the same difference when the two documents change places.
    pub mirror: Mirror,
}

/// What a rule finds when the two documents change places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mirror {
    /// What the rule of this id finds.
    Rule(&'static str),
    /// What it finds itself; the text says why.
    Itself(&'static str),
}

/// Which way something travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// A client sends it.
    Request,
    /// A client receives it.
    Response,
}

/// How grave a change is for a client that was written for the old document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// It goes on working.
    Compatible,
    /// The document alone cannot tell whether it goes on working.
    Warning,
    /// It may fail.
    Breaking,
}

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name, in kebab case.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

named! {
    /// What a rule is about.
    Area {
        /// Operations, with callbacks and webhooks.
        Operation = "operation",
        /// Where the API is.
        Server = "server",
        /// Who may use it.
        Security = "security",
        /// Parameters in path, query and cookies.
        Parameter = "parameter",
        /// Headers of requests and responses.
        Header = "header",
        /// Bodies of requests.
        Body = "body",
        /// Status codes.
        Status = "status",
        /// Media types of bodies, and events of streams.
        MediaType = "media-type",
        /// Properties of objects.
        Property = "property",
        /// Types and formats.
        Type = "type",
        /// Enums.
        Enum = "enum",
        /// Unions.
        Union = "union",
        /// Limits, patterns and other validation.
        Limit = "limit",
        /// Default values.
        Default = "default",
        /// What is announced to go.
        Deprecation = "deprecation",
    }
}

named! {
    /// What happened to it.
    Action {
        /// It came.
        Added = "added",
        /// It went.
        Removed = "removed",
        /// More is allowed than before.
        Widened = "widened",
        /// Less is allowed than before.
        Narrowed = "narrowed",
        /// It is another now.
        Changed = "changed",
    }
}

/// By id: it tells a rule from all others.
impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}

impl Hash for Rule {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl Level {
    /// All of them, the gravest first.
    pub const ALL: &'static [Self] = &[Self::Breaking, Self::Warning, Self::Compatible];

    /// Its name: `breaking`, `warning`, `compatible`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Warning => "warning",
            Self::Compatible => "compatible",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request => "request",
            Self::Response => "response",
        })
    }
}

impl Rule {
    /// All rules, in the order of the table.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        OPERATION_RULES.iter().copied().chain(SCHEMA_RULES.iter().flat_map(|rules| [&rules.request, &rules.response]))
    }

    /// The rule of that id.
    pub fn find(id: &str) -> Option<&'static Self> {
        Self::all().find(|rule| rule.id == id)
    }

    /// The id of the rule that finds the same when the documents change places; its own if it does itself.
    pub fn mirror_id(&self) -> &'static str {
        match self.mirror {
            Mirror::Rule(id) => id,
            Mirror::Itself(_) => self.id,
        }
    }
}

/// A rule about schemas, which has a form for each direction.
#[derive(Debug)]
pub(crate) struct Directed {
    pub(crate) request: Rule,
    pub(crate) response: Rule,
}

impl Directed {
    pub(crate) fn of(&'static self, direction: Direction) -> &'static Rule {
        match direction {
            Direction::Request => &self.request,
            Direction::Response => &self.response,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn ids_are_kebab_case_and_unique() {
        let mut ids = BTreeSet::new();
        for rule in Rule::all() {
            assert!(ids.insert(rule.id), "{} stands twice", rule.id);
            let is_kebab = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase());
            assert!(rule.id.split('-').all(is_kebab), "{}", rule.id);
        }
    }

    #[test]
    fn every_rule_says_what_and_why() {
        for rule in Rule::all() {
            for text in [rule.message, rule.why] {
                assert!(text.len() > 10 && !text.ends_with('.'), "{}: {text:?}", rule.id);
            }
            assert_eq!(rule.message.matches('{').count(), rule.message.matches('}').count(), "{}", rule.id);
        }
    }

    /// Two rules mirror each other, in opposite actions, about the same; or one says why it is its own.
    #[test]
    fn every_rule_has_its_mirror_or_says_why_not() {
        let opposite: BTreeMap<Action, Action> = [
            (Action::Added, Action::Removed),
            (Action::Removed, Action::Added),
            (Action::Widened, Action::Narrowed),
            (Action::Narrowed, Action::Widened),
            (Action::Changed, Action::Changed),
        ]
        .into();
        for rule in Rule::all() {
            match rule.mirror {
                Mirror::Rule(id) => {
                    let mirror = Rule::find(id).unwrap_or_else(|| panic!("{} mirrors {id}, which is none", rule.id));
                    assert_ne!(mirror.id, rule.id);
                    assert_eq!(mirror.mirror, Mirror::Rule(rule.id), "{} and {id}", rule.id);
                    assert_eq!((mirror.direction, mirror.area), (rule.direction, rule.area), "{} and {id}", rule.id);
                    assert_eq!(mirror.action, opposite[&rule.action], "{} and {id}", rule.id);
                }
                Mirror::Itself(why) => {
                    assert!(why.len() > 10, "{}: {why:?}", rule.id);
                    assert_eq!(rule.action, Action::Changed, "{}", rule.id);
                }
            }
        }
    }

    #[test]
    fn a_rule_about_one_direction_has_its_twin_about_the_other() {
        for rule in SCHEMA_RULES {
            let bare = rule.request.id.strip_prefix("request-").unwrap();
            assert_eq!(rule.response.id.strip_prefix("response-"), Some(bare));
            assert_eq!(rule.request.direction, Some(Direction::Request));
            assert_eq!(rule.response.direction, Some(Direction::Response));
        }
    }

    /// What the API's own policy calls breaking and what not.
    #[test]
    fn levels_are_those_of_the_policy() {
        use Level::{Breaking, Compatible};
        for (id, level) in [
            ("operation-removed", Breaking),
            ("operation-added", Compatible),
            ("request-property-removed", Breaking),
            ("response-property-removed", Breaking),
            ("response-required-property-removed", Breaking),
            ("request-media-type-removed", Breaking),
            ("response-media-type-removed", Breaking),
            ("response-success-status-removed", Breaking),
            ("request-type-changed", Breaking),
            ("response-type-changed", Breaking),
            ("request-property-became-required", Breaking),
            ("request-property-became-optional", Compatible),
            ("request-parameter-became-required", Breaking),
            ("request-required-header-added", Breaking),
            ("request-required-parameter-added", Breaking),
            ("request-required-property-added", Breaking),
            ("request-limit-tightened", Breaking),
            ("response-property-became-optional", Breaking),
            ("response-became-nullable", Breaking),
            ("response-enum-value-added", Breaking),
            ("request-enum-value-removed", Breaking),
            ("response-union-branch-added", Breaking),
            ("request-union-branch-removed", Breaking),
            ("request-property-added", Compatible),
            ("response-property-added", Compatible),
            ("response-open-enum-value-added", Compatible),
            ("request-open-enum-value-added", Compatible),
            ("response-open-union-branch-added", Compatible),
            ("request-open-union-branch-added", Compatible),
        ] {
            assert_eq!(Rule::find(id).map(|rule| rule.level), Some(level), "{id}");
        }
    }
}
