//! Tokens from a credential of the Azure SDK for Rust.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ::azure_core::credentials::TokenCredential;
use futures_core::future::BoxFuture;

use super::access_token::{AccessToken, TokenRequest};
use super::shown::shown;
use super::source::{Failure, Source};
use crate::clock::Clock;

/// One that the caller gave.
pub(super) struct Given(pub(super) Arc<dyn TokenCredential>);

impl Source for Given {
    fn kind(&self) -> &'static str {
        "a credential of the Azure SDK"
    }

    fn token(
        self: Arc<Self>,
        request: TokenRequest,
        _clock: Arc<dyn Clock>,
    ) -> BoxFuture<'static, Result<AccessToken, Failure>> {
        Box::pin(async move {
            let answer = ask(&*self.0, request.scope()).await;
            answer.map_err(|why| Failure::new(format!("no token from {}: {why}", self.kind())))
        })
    }
}

/// Its token, or what it said. Its error is not kept: it may hold an answer's body.
pub(super) async fn ask(credential: &dyn TokenCredential, scope: &str) -> Result<AccessToken, String> {
    let token = credential.get_token(&[scope], None).await.map_err(|error| shown(&error.to_string()))?;
    let expires_at = system_time(token.expires_on.unix_timestamp());
    let expires_at = expires_at.ok_or_else(|| "the token's end is no time".to_owned())?;
    Ok(AccessToken::new(token.token.secret(), expires_at))
}

fn system_time(seconds: i64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::Credential;
    use crate::credential::testing::{Answer, AzureCredential, HOUR, PLANTED, TestClock, all_of, sent};
    use crate::error::ErrorKind;

    #[tokio::test]
    async fn it_is_asked_for_the_scope_and_its_token_is_kept() {
        let azure = AzureCredential::new(Answer::Token(PLANTED));
        let clock = TestClock::patient();
        let dynamic: Arc<dyn TokenCredential> = azure.clone();
        let made = [
            Credential::token_credential(azure.clone()),
            Credential::from(azure.clone()),
            Credential::from(dynamic).scope("other/.default"),
        ];
        for credential in &made {
            for _ in 0..3 {
                assert_eq!(sent(credential, &clock).await.unwrap(), format!("Bearer {PLANTED}"));
            }
            assert_eq!(format!("{credential:?}"), "Credential(a credential of the Azure SDK)");
        }
        assert_eq!(azure.asked(), ["https://ai.azure.com/.default", "https://ai.azure.com/.default", "other/.default"]);
        clock.set(HOUR);
        let error = sent(&made[0], &clock).await.unwrap_err();
        assert!(error.to_string().contains("the token from a credential of the Azure SDK had ended 0 s"), "{error}");
    }

    #[tokio::test]
    async fn what_it_said_is_told_without_tokens() {
        let azure = AzureCredential::new(Answer::Failure(
            "ClientSecretCredential authentication failed. AADSTS7000215\n\tclient_secret=planted-secret eyJplanted-secret",
        ));
        let error = sent(&Credential::from(azure), &TestClock::patient()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credential);
        assert_eq!(
            error.to_string(),
            "no token from a credential of the Azure SDK: ClientSecretCredential authentication failed. \
             AADSTS7000215 client_secret=REDACTED REDACTED"
        );
        assert!(!all_of(&error).contains(PLANTED), "{error:?}");
    }

    #[test]
    fn an_end_before_1970_or_after_all_time_is_none() {
        assert_eq!(system_time(0), Some(UNIX_EPOCH));
        assert_eq!(system_time(-1), None);
    }
}
