//! Tokens from a function of the caller's.

use std::error::Error as StdError;
use std::sync::Arc;

use futures_core::future::BoxFuture;

use super::access_token::{AccessToken, TokenRequest};
use super::source::{Failure, Source};
use crate::clock::Clock;

type Answer = Result<AccessToken, Box<dyn StdError + Send + Sync>>;

/// The function, whatever its types were.
pub(super) struct Function(Box<dyn Fn(TokenRequest) -> BoxFuture<'static, Answer> + Send + Sync>);

impl Function {
    pub(super) fn new<F, Fut, E>(function: F) -> Self
    where
        F: Fn(TokenRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<AccessToken, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
    {
        Self(Box::new(move |request| {
            let answer = function(request);
            Box::pin(async move { answer.await.map_err(Into::into) })
        }))
    }
}

impl Source for Function {
    fn kind(&self) -> &'static str {
        "the function given to Credential::from_fn"
    }

    fn token(
        self: Arc<Self>,
        request: TokenRequest,
        _clock: Arc<dyn Clock>,
    ) -> BoxFuture<'static, Result<AccessToken, Failure>> {
        Box::pin(async move {
            let answer = (self.0)(request).await;
            answer.map_err(|error| Failure::caused_by(format!("no token from {}", self.kind()), error))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::io;

    use crate::credential::testing::{TestClock, answering, sent};
    use crate::error::ErrorKind;

    #[tokio::test]
    async fn its_error_can_be_had_back() {
        let (credential, _) = answering(|_| async { Err(io::Error::new(io::ErrorKind::NotFound, "no such file")) });
        let error = sent(&credential, &TestClock::patient()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credential);
        assert_eq!(error.to_string(), "no token from the function given to Credential::from_fn");
        let source = error.source().unwrap();
        assert_eq!(source.to_string(), "the function failed");
        let own = source.source().unwrap().downcast_ref::<io::Error>().unwrap();
        assert_eq!(own.kind(), io::ErrorKind::NotFound);
        assert!(format!("{error:?}").contains("no such file"));
    }
}
