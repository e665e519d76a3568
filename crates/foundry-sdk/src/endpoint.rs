//! The address of a project, and what people paste instead of it.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

use crate::error::{Error, ErrorKind};

/// The endpoint of a project: `https://RESOURCE.services.ai.azure.com/api/projects/PROJECT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    url: Url,
    text: String,
}

/// What an endpoint looks like, for error messages.
const FORM: &str = "https://RESOURCE.services.ai.azure.com/api/projects/PROJECT";

impl Endpoint {
    /// Reads an endpoint; a trailing `/` is taken off.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`], with what was wrong and what to paste instead: no URL, a
    /// connection string, an address of the portal, no project in the path, something behind the
    /// project, a query, credentials in the URL, or `http` to a host that is not this machine.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::parse_with(text, false)
    }

    /// The same, taking `http` to any host if that is allowed.
    pub(crate) fn parse_with(text: &str, allow_http: bool) -> Result<Self, Error> {
        let text = text.trim();
        if text.is_empty() {
            return Err(refused(format!("the project endpoint is empty; it looks like {FORM}")));
        }
        if text.contains(';') {
            return Err(refused(format!(
                "this is a connection string (it has `;`), not a project endpoint; \
                 copy the endpoint from the project's overview page: {FORM}"
            )));
        }
        let url = Url::parse(text)
            .map_err(|error| refused(format!("the project endpoint is no URL ({error}); it looks like {FORM}")))?;
        let shown = shown(&url);
        let Some(host) = url.host() else {
            return Err(refused(format!("the project endpoint `{shown}` has no host; it looks like {FORM}")));
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused(format!(
                "the project endpoint `{shown}` has credentials in it; give them to the client as a Credential"
            )));
        }
        if let Host::Domain(domain) = &host
            && PORTALS.contains(domain)
        {
            return Err(refused(format!(
                "`{shown}` is an address of the portal, not of the project; \
                 the project's overview page shows its endpoint: {FORM}"
            )));
        }
        match url.scheme() {
            "https" => {}
            "http" if allow_http || is_loopback(&host) => {}
            "http" => {
                return Err(refused(format!(
                    "`{shown}` uses http, which would send credentials in the clear; use https \
                     (http is taken for this machine only, unless the client allows it)"
                )));
            }
            scheme => return Err(refused(format!("`{shown}` has the scheme `{scheme}`; an endpoint uses https"))),
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused(format!(
                "the project endpoint `{shown}` goes on behind the project (`?` or `#`); end it with the project's name"
            )));
        }
        let segments: Vec<&str> = url.path().trim_end_matches('/').split('/').skip(1).collect();
        match segments[..] {
            ["api", "projects", project] if !project.is_empty() => {}
            ["api", "projects", _, "openai", ..] => {
                return Err(refused(format!(
                    "`{shown}` is the address of the project's OpenAI-style operations; \
                     take `/openai` and what follows off, the client adds it where it is needed"
                )));
            }
            ["api", "projects", _, ..] => {
                return Err(refused(format!(
                    "`{shown}` goes on behind the project; end it with the project's name: {FORM}"
                )));
            }
            _ => {
                return Err(refused(format!(
                    "`{shown}` names a resource but no project (there is no `/api/projects/NAME`); it looks like {FORM}"
                )));
            }
        }
        let text = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { url, text })
    }

    /// The endpoint as text, without a trailing `/`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name of the project.
    pub fn project(&self) -> &str {
        self.text.rsplit('/').next().unwrap_or_default()
    }

    /// The host, for logs.
    #[cfg(feature = "tracing")]
    pub(crate) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The URL of a path under the project.
    pub(crate) fn under(&self, path: &str) -> Result<Url, Error> {
        let refused = |why: &str| refused(format!("`{path}` is no path under the project: {why}"));
        let text = format!("{}/{}", self.text, path.trim_start_matches('/'));
        let url = Url::parse(&text).map_err(|error| refused(&error.to_string()))?;
        // `..` would lead out of it.
        let is_under =
            url.path().strip_prefix(self.url.path().trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'));
        if is_under { Ok(url) } else { Err(refused("it leads out of it")) }
    }

    /// A URL of the service as it names one, which may leave out what is the endpoint's.
    pub(crate) fn join(&self, link: &str) -> Result<Url, Error> {
        self.url.join(link).map_err(|error| {
            Error::new(ErrorKind::Decode, format!("the service names a page by what is no URL: {error}"))
        })
    }

    /// Scheme, host and port, for messages.
    pub(crate) fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Whether a URL has the same scheme, host and port, so that credentials may go there.
    pub(crate) fn is_origin_of(&self, url: &Url) -> bool {
        self.url.origin() == url.origin()
    }
}

/// Hosts of web pages that people copy from.
const PORTALS: &[&str] = &["ai.azure.com", "portal.azure.com", "ml.azure.com", "oai.azure.com"];

fn refused(message: String) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}

/// The URL without what may be secret.
fn shown(url: &Url) -> String {
    format!("{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

pub(crate) fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(domain) => *domain == "localhost" || domain.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

impl FromStr for Endpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_taken_as_the_portal_shows_them() {
        for (text, kept) in [
            (
                "https://res.services.ai.azure.com/api/projects/TestAgents",
                "https://res.services.ai.azure.com/api/projects/TestAgents",
            ),
            (
                "  https://res.services.ai.azure.com/api/projects/TestAgents/ ",
                "https://res.services.ai.azure.com/api/projects/TestAgents",
            ),
            ("http://127.0.0.1:8080/api/projects/demo", "http://127.0.0.1:8080/api/projects/demo"),
            ("http://localhost:8080/api/projects/demo", "http://localhost:8080/api/projects/demo"),
            ("http://[::1]:8080/api/projects/demo", "http://[::1]:8080/api/projects/demo"),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().as_str(), kept);
        }
        assert_eq!(Endpoint::parse("https://r.example/api/projects/p-1").unwrap().project(), "p-1");
    }

    #[test]
    fn what_is_none_is_explained() {
        for (text, said) in [
            ("", "is empty"),
            ("res.services.ai.azure.com/api/projects/p", "is no URL"),
            ("eastus.api.azureml.ms;00000000-0000-0000-0000-000000000000;group;project", "connection string"),
            ("https://res.services.ai.azure.com", "no project"),
            ("https://res.services.ai.azure.com/", "no project"),
            ("https://res.services.ai.azure.com/api/projects", "no project"),
            ("https://res.services.ai.azure.com/api/projects/", "no project"),
            ("https://res.openai.azure.com/openai/deployments/x", "no project"),
            ("https://res.services.ai.azure.com/api/projects/p/openai/v1", "take `/openai`"),
            ("https://res.services.ai.azure.com/api/projects/p/openai/v1/", "take `/openai`"),
            ("https://res.services.ai.azure.com/api/projects/p/threads", "goes on behind"),
            ("https://res.services.ai.azure.com/api/projects/p?api-version=v1", "goes on behind"),
            ("http://res.services.ai.azure.com/api/projects/p", "in the clear"),
            ("http://127.0.0.1.example.com/api/projects/p", "in the clear"),
            ("http://10.0.0.1/api/projects/p", "in the clear"),
            ("ftp://127.0.0.1/api/projects/p", "scheme `ftp`"),
            ("https://ai.azure.com/resource/overview?wsid=/subscriptions/x", "portal"),
            ("https://user:word@res.services.ai.azure.com/api/projects/p", "credentials in it"),
        ] {
            let error = Endpoint::parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
            assert!(error.to_string().contains(said), "{text}: {error}");
            assert!(!error.to_string().contains("word"), "{text}: {error}");
        }
    }
}
