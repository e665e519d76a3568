//! Errors as people read them: one line, one line for support, all of it.

use std::fmt;

use url::Url;

use super::Error;
#[cfg(feature = "v1")]
use crate::poller::Polled as _;

impl Error {
    /// One line for a support request: operation, URL without secrets, status, code, both ids; of a
    /// run or a response that was waited for also its ids and status.
    pub fn support_line(&self) -> String {
        let shown = |value: Option<&str>| value.unwrap_or("-").to_owned();
        let method = self.0.method.as_ref().map_or_else(String::new, |method| format!("{method} "));
        let line = format!(
            "operation={} url={method}{} status={} code={} x-request-id={} x-ms-client-request-id={}",
            shown(self.operation()),
            shown(self.url().map(Url::as_str)),
            self.status().map_or_else(|| "-".to_owned(), |status| status.as_u16().to_string()),
            shown(self.code().or_else(|| self.run_code())),
            shown(self.request_id()),
            shown(self.client_request_id()),
        );
        #[cfg(any(feature = "v2025-05-01", feature = "v1"))]
        let line = match self.last_state::<crate::classic::types::ThreadRun>() {
            Some(run) => format!("{line} run={} thread={} run-status={}", run.id, run.thread_id, run.status),
            None => line,
        };
        #[cfg(feature = "v1")]
        let line = match self.last_state::<crate::types::OpenAiResponse>() {
            Some(response) => format!("{line} response={} response-status={}", response.id, response.state()),
            None => line,
        };
        line.replace(char::is_control, " ")
    }
}

/// Writes a text on one line: control characters, which could end it or colour it, as spaces.
struct OneLine<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl fmt::Write for OneLine<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut pieces = text.split(char::is_control);
        self.0.write_str(pieces.next().unwrap_or_default())?;
        pieces.try_for_each(|piece| {
            self.0.write_str(" ")?;
            self.0.write_str(piece)
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        let mut f = OneLine(f);
        if let Some(operation) = self.operation() {
            f.write_str(operation)?;
            // A request by method and path has no other name.
            let is_custom = self.0.method.as_ref().is_some_and(|method| method.as_str() == operation);
            if let Some(url) = self.url().filter(|_| is_custom) {
                write!(f, " {}", url.path())?;
            }
            f.write_str(": ")?;
        }
        if let Some(status) = self.status() {
            write!(f, "{} ", status.as_u16())?;
            if let Some(code) = self.code() {
                write!(f, "{code} ")?;
            }
            f.write_str("- ")?;
        }
        f.write_str(&self.0.message)?;
        if let Some(hint) = self.hint() {
            write!(f, " - {hint}")?;
        }
        match (self.request_id(), self.client_request_id()) {
            (Some(id), _) => write!(f, " (x-request-id {id})"),
            (None, Some(id)) => write!(f, " (x-ms-client-request-id {id})"),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind())
            .field("message", &self.message())
            .field("operation", &self.operation())
            .field("url", &self.url().map(Url::as_str))
            .field("status", &self.status())
            .field("code", &self.code())
            .field("target", &self.target())
            .field("hint", &self.hint())
            .field("attempts", &self.attempts())
            .field("request_id", &self.request_id())
            .field("client_request_id", &self.client_request_id())
            .field("source", &self.0.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}
