//! Who is calling.

mod access_token;
mod azure_cli;
#[cfg(feature = "azure-identity")]
pub mod azure_identity;
mod cache;
#[cfg(feature = "azure-identity")]
mod environment;
mod fixed;
mod function;
mod shown;
mod source;
#[cfg(test)]
mod testing;
#[cfg(feature = "azure-identity")]
mod token_credential;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use http::{HeaderName, HeaderValue, header};
use secrecy::SecretString;

pub use self::access_token::{AccessToken, TokenRequest};
use self::azure_cli::AzureCli;
use self::cache::Cache;
use self::fixed::Fixed;
use self::function::Function;
use self::source::Source;
use crate::clock::Clock;
use crate::error::Result;

/// What a token is asked for unless [`Credential::scope`] says otherwise.
const SCOPE: &str = "https://ai.azure.com/.default";

/// What a client proves itself with; cheap to clone.
///
/// | made by | what is sent |
/// | --- | --- |
/// | [`api_key`](Self::api_key) | `api-key: KEY` |
/// | [`token`](Self::token) | `Authorization: Bearer TOKEN`, the one it was given |
/// | [`azure_cli`](Self::azure_cli) | `Authorization: Bearer TOKEN` of whoever ran `az login` |
/// | [`from_fn`](Self::from_fn) | `Authorization: Bearer TOKEN` from a function of yours |
#[cfg_attr(
    feature = "azure-identity",
    doc = "| [`token_credential`](Self::token_credential) | `Authorization: Bearer TOKEN` from a credential of the Azure SDK |"
)]
///
/// # Tokens that are asked for
/// All but a key and a token that was given ask for one when the first call needs it, and keep it.
/// Clones share it.
///
/// - However many calls wait for a token, it is asked for once. The call that asks may be dropped;
///   the others get the token all the same.
/// - Five minutes before a token ends, one call asks for the next while the others go on with the
///   old one. If that fails the old one is used until it ends, and the next is asked for every 30
///   seconds at most.
/// - A failure is told to all calls that waited for it, as
///   [`ErrorKind::Credential`](crate::ErrorKind::Credential), and is not kept: the next call asks
///   again. A token that has ended when it comes is such a failure.
/// - A token that the service refuses (401) is dropped.
///
/// # Secrets
/// The secret is never shown: not in `Debug`, not in errors, not in logs. What is kept of it is wiped
/// from memory when it is dropped. It is sent to the configured endpoint's origin only.
#[derive(Clone)]
pub struct Credential(Kind);

#[derive(Clone)]
enum Kind {
    Fixed(Arc<Fixed>),
    Asked(Arc<Cache>),
}

impl Credential {
    /// A key of the resource, sent as `api-key`.
    ///
    /// # Errors
    /// None here. Building a client fails with
    /// [`ErrorKind::Credential`](crate::ErrorKind::Credential) if the key is empty or has
    /// characters that no key has, such as a line break.
    pub fn api_key(key: impl Into<SecretString>) -> Self {
        Self(Kind::Fixed(Arc::new(Fixed::api_key(&key.into()))))
    }

    /// A bearer token for the scope `https://ai.azure.com/.default`, without the word `Bearer`;
    /// used as it is, also after it has ended.
    ///
    /// # Errors
    /// None here. Building a client fails with
    /// [`ErrorKind::Credential`](crate::ErrorKind::Credential) if the token is empty or has
    /// characters that no token has, such as a line break.
    pub fn token(token: impl Into<SecretString>) -> Self {
        Self(Kind::Fixed(Arc::new(Fixed::token(&token.into()))))
    }

    /// Tokens from an async function, which is called each time a token is needed.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use foundry_sdk::{AccessToken, Credential};
    ///
    /// let credential = Credential::from_fn(|request| async move {
    ///     assert_eq!(request.scope(), "https://ai.azure.com/.default");
    ///     // Ask whoever gives the tokens, here a file.
    ///     let token = std::fs::read_to_string("/run/secrets/foundry-token")?;
    ///     let hour = Duration::from_secs(3600);
    ///     Ok::<_, std::io::Error>(AccessToken::new(token.trim(), SystemTime::now() + hour))
    /// });
    /// # let _ = credential;
    /// ```
    ///
    /// # Errors
    /// None here. A call fails with [`ErrorKind::Credential`](crate::ErrorKind::Credential) if the
    /// function fails; its error is behind [`source`](std::error::Error::source), and what it shows
    /// is shown.
    pub fn from_fn<F, Fut, E>(function: F) -> Self
    where
        F: Fn(TokenRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<AccessToken, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
    {
        Self::asked(Arc::new(Function::new(function)))
    }

    /// Tokens of whoever is logged in to the Azure CLI, in the tenant it has by default.
    ///
    /// Runs `az account get-access-token` when a token is needed.
    ///
    /// ```
    /// use foundry_sdk::{Credential, ProjectClient};
    ///
    /// let client = ProjectClient::builder("https://res.services.ai.azure.com/api/projects/TestAgents")
    ///     .credential(Credential::azure_cli())
    ///     .build()?;
    /// # let _ = client;
    /// # Ok::<(), foundry_sdk::Error>(())
    /// ```
    ///
    /// # Errors
    /// None here. A call fails with [`ErrorKind::Credential`](crate::ErrorKind::Credential) if `az`
    /// is not installed, is not logged in (the message then says `az login`), fails, takes more
    /// than 30 seconds, or answers with what cannot be read. The message has what `az` wrote to
    /// its standard error, cut and without what looks like a token.
    pub fn azure_cli() -> Self {
        Self::asked(Arc::new(AzureCli::new(None)))
    }

    /// Like [`azure_cli`](Self::azure_cli), in a tenant: its id or one of its domains.
    ///
    /// # Errors
    /// Those of [`azure_cli`](Self::azure_cli). Building a client fails with
    /// [`ErrorKind::Credential`](crate::ErrorKind::Credential) if the tenant is neither.
    pub fn azure_cli_in_tenant(tenant: impl Into<String>) -> Self {
        Self::asked(Arc::new(AzureCli::new(Some(tenant.into()))))
    }

    /// Tokens from a credential of the Azure SDK for Rust; those most used are in
    /// [`azure_identity`](crate::azure_identity).
    ///
    /// ```
    /// use foundry_sdk::Credential;
    /// use foundry_sdk::azure_identity::ManagedIdentityCredential;
    ///
    /// let credential = Credential::token_credential(ManagedIdentityCredential::new(None)?);
    /// # let _ = credential;
    /// # Ok::<(), foundry_sdk::azure_identity::azure_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// None here. A call fails with [`ErrorKind::Credential`](crate::ErrorKind::Credential) if the
    /// credential fails; the message has what it said, cut and without what looks like a token.
    #[cfg(feature = "azure-identity")]
    pub fn token_credential(credential: Arc<dyn ::azure_core::credentials::TokenCredential>) -> Self {
        Self::asked(Arc::new(token_credential::Given(credential)))
    }

    /// The credential that the environment describes; see [`environment`].
    #[cfg(feature = "azure-identity")]
    pub(crate) fn from_environment(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        environment::chain(variable).map(|chain| Self::asked(Arc::new(chain))).map_err(|failure| failure.to_error())
    }

    /// What tokens are asked for; `https://ai.azure.com/.default` unless set. A key and a token
    /// that was given are what they are.
    ///
    /// This credential then has tokens of its own; those of its clones are as they were.
    pub fn scope(self, scope: impl Into<String>) -> Self {
        match self.0 {
            Kind::Fixed(_) => self,
            Kind::Asked(cache) => Self(Kind::Asked(Arc::new(cache.with_scope(scope.into())))),
        }
    }

    fn asked(source: Arc<dyn Source>) -> Self {
        Self(Kind::Asked(Arc::new(Cache::new(source, SCOPE.to_owned()))))
    }

    /// The kind of credential, in words.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.0 {
            Kind::Fixed(fixed) => fixed.kind(),
            Kind::Asked(cache) => cache.kind(),
        }
    }

    /// What tokens are asked for, where they are asked for.
    pub(crate) fn requested_scope(&self) -> Option<&str> {
        match &self.0 {
            Kind::Fixed(_) => None,
            Kind::Asked(cache) => Some(cache.scope()),
        }
    }

    /// What can be told without asking anyone: whether this can be used at all.
    pub(crate) fn check(&self) -> Result<()> {
        match &self.0 {
            Kind::Fixed(fixed) => fixed.value().map(drop),
            Kind::Asked(cache) => cache.check(),
        }
    }

    /// The header that carries it, marked as sensitive; asks for a token if there is none.
    pub(crate) async fn header(&self, clock: &Arc<dyn Clock>) -> Result<(HeaderName, HeaderValue)> {
        match &self.0 {
            Kind::Fixed(fixed) => Ok((fixed.name(), fixed.value()?)),
            Kind::Asked(cache) => Ok((header::AUTHORIZATION, cache.header(clock).await?)),
        }
    }

    /// Drops the token if it is still the one that was refused; says whether asking again may give
    /// another.
    pub(crate) fn forget(&self, refused: &HeaderValue) -> bool {
        match &self.0 {
            Kind::Fixed(_) => false,
            Kind::Asked(cache) => {
                cache.forget(refused);
                true
            }
        }
    }
}

#[cfg(feature = "azure-identity")]
impl From<Arc<dyn ::azure_core::credentials::TokenCredential>> for Credential {
    fn from(credential: Arc<dyn ::azure_core::credentials::TokenCredential>) -> Self {
        Self::token_credential(credential)
    }
}

#[cfg(feature = "azure-identity")]
impl<T: ::azure_core::credentials::TokenCredential + 'static> From<Arc<T>> for Credential {
    fn from(credential: Arc<T>) -> Self {
        Self::token_credential(credential)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({})", self.kind())
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{HOUR, PLANTED, TestClock, answering, second, sent, share};
    use super::*;

    fn each_kind() -> Vec<(Credential, &'static str)> {
        let (function, _) = answering(|_| async { Ok::<_, String>(AccessToken::new(PLANTED, second(u64::MAX >> 2))) });
        vec![
            (Credential::api_key(PLANTED), "an API key"),
            (Credential::token(PLANTED), "a fixed bearer token"),
            (function, "the function given to Credential::from_fn"),
            (Credential::azure_cli(), "the Azure CLI"),
            (Credential::azure_cli_in_tenant("contoso.onmicrosoft.com"), "the Azure CLI"),
        ]
    }

    #[tokio::test]
    async fn no_kind_shows_its_secret() {
        let clock = TestClock::patient();
        let shared: Arc<dyn Clock> = Arc::clone(&clock) as _;
        for (credential, kind) in each_kind() {
            assert_eq!(format!("{credential:?}"), format!("Credential({kind})"));
            assert_eq!(credential.kind(), kind);
            if kind != "the Azure CLI" {
                let (name, value) = credential.header(&shared).await.unwrap();
                assert!(value.to_str().unwrap().ends_with(PLANTED), "{kind}");
                assert!(!format!("{credential:?} {credential:#?} {name:?} {value:?}").contains(PLANTED), "{kind}");
            }
        }
        let token = AccessToken::new(PLANTED, second(0));
        assert!(!format!("{token:?} {token:#?}").contains(PLANTED));
        assert_eq!(token.expires_at(), second(0));
    }

    #[test]
    fn only_what_asks_for_tokens_has_a_scope() {
        for (credential, kind) in each_kind() {
            let fixed = ["an API key", "a fixed bearer token"].contains(&kind);
            assert_eq!(credential.requested_scope(), (!fixed).then_some(SCOPE), "{kind}");
            let other = credential.scope("https://cognitiveservices.azure.com/.default");
            let expected = (!fixed).then_some("https://cognitiveservices.azure.com/.default");
            assert_eq!(other.requested_scope(), expected, "{kind}");
        }
    }

    #[tokio::test]
    async fn another_scope_has_its_own_tokens() {
        let credential = Credential::from_fn(|request| async move {
            Ok::<_, String>(AccessToken::new(request.scope().to_owned(), second(testing::START) + HOUR))
        });
        let clock = TestClock::patient();
        assert_eq!(sent(&credential, &clock).await.unwrap(), format!("Bearer {SCOPE}"));
        let other = credential.clone().scope("other/.default");
        assert_eq!(sent(&other, &clock).await.unwrap(), "Bearer other/.default");
        assert_eq!(sent(&credential, &clock).await.unwrap(), format!("Bearer {SCOPE}"));
    }

    #[test]
    fn clones_share_what_is_kept() {
        for (credential, kind) in each_kind() {
            assert!(share(&credential, &credential.clone()), "{kind}");
        }
        let (credential, _) = answering(|_| async { Err::<AccessToken, _>("none") });
        assert!(!share(&credential, &credential.clone().scope("other")));
    }

    #[test]
    fn a_header_can_be_waited_for_anywhere() {
        fn anywhere<T: Send>(_: T) {}
        let clock: Arc<dyn Clock> = TestClock::patient();
        anywhere(Credential::azure_cli().header(&clock));
        fn shared<T: Clone + Send + Sync + 'static>() {}
        shared::<Credential>();
    }
}
