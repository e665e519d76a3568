//! Responses that did not complete, as errors.

use foundry_raw::ResponseFailed;

use super::Partial;
use crate::error::{Error, ErrorKind};

/// A response that did not complete, as an error: with its account as the source and the response as
/// the last state.
impl From<ResponseFailed> for Error {
    fn from(failed: ResponseFailed) -> Self {
        let (response, retry_after) = (failed.response.clone(), failed.retry_after);
        Self::new(ErrorKind::RunFailed, failed.to_string())
            .with_retry_after(retry_after)
            .with_state(*response)
            .with_source(failed)
    }
}

impl Error {
    /// How a response ended that did not complete ([`ErrorKind::RunFailed`]).
    pub fn response_failed(&self) -> Option<&ResponseFailed> {
        std::error::Error::source(self)?.downcast_ref()
    }

    /// The text that was written when a response's stream broke: as much as was read, up to 1 MiB.
    pub fn partial_text(&self) -> Option<&str> {
        self.state::<Partial>().map(|partial| partial.text.as_str())
    }
}
