//! The credential that the environment describes, as far as it is the Azure SDK's to ask.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ::azure_core::credentials::{Secret, TokenCredential};
use ::azure_identity::{
    AzureCliCredential, AzureDeveloperCliCredential, ClientSecretCredential, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use futures_core::future::BoxFuture;
use futures_util::future::{Either, select};

use super::access_token::{AccessToken, TokenRequest};
use super::shown::shown;
use super::source::{Failure, Source};
use super::token_credential::ask;
use crate::clock::Clock;

/// Which of them to use, a name that all Azure SDKs know.
const CHOICE: &str = "AZURE_TOKEN_CREDENTIALS";
const TENANT: &str = "AZURE_TENANT_ID";
const CLIENT: &str = "AZURE_CLIENT_ID";
const SECRET: &str = "AZURE_CLIENT_SECRET";
const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";

/// How long a program may take.
const PROGRAM_LIMIT: Duration = Duration::from_secs(30);
/// How long a managed identity may take where nothing says that there is one. Elsewhere its address
/// leads nowhere, and `azure_identity` tries for more than a minute.
const GUESS_LIMIT: Duration = Duration::from_secs(10);

/// One way to a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    ClientSecret,
    WorkloadIdentity,
    ManagedIdentity,
    /// Without a sign that there is one.
    GuessedManagedIdentity,
    AzureCli,
    AzureDeveloperCli,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::ClientSecret => "client secret",
            Self::WorkloadIdentity => "workload identity",
            Self::ManagedIdentity | Self::GuessedManagedIdentity => "managed identity",
            Self::AzureCli => "Azure CLI",
            Self::AzureDeveloperCli => "Azure Developer CLI",
        }
    }

    /// How long it may take, where `azure_identity` has no sensible limit of its own.
    fn limit(self) -> Option<Duration> {
        match self {
            Self::ClientSecret | Self::WorkloadIdentity | Self::ManagedIdentity => None,
            Self::GuessedManagedIdentity => Some(GUESS_LIMIT),
            Self::AzureCli | Self::AzureDeveloperCli => Some(PROGRAM_LIMIT),
        }
    }
}

/// The ways that the environment asks for, in their order.
///
/// What is configured (a client secret, a federated token, a managed identity's address) is the only
/// one: if it fails, that is to be seen. Without any of these, who is logged in on this machine, then
/// the machine's own identity. `AZURE_TOKEN_CREDENTIALS` chooses `dev`, `prod` or one by its name.
fn ways(set: &dyn Fn(&str) -> Option<String>) -> Result<Vec<Way>, Failure> {
    let is_set = |name: &str| set(name).is_some();
    let configured = if is_set(SECRET) {
        Some(Way::ClientSecret)
    } else if is_set(TOKEN_FILE) {
        Some(Way::WorkloadIdentity)
    } else if is_set("IDENTITY_ENDPOINT") || is_set("MSI_ENDPOINT") {
        Some(Way::ManagedIdentity)
    } else {
        None
    };
    let developer = [Way::AzureCli, Way::AzureDeveloperCli];
    let Some(choice) = set(CHOICE) else {
        return Ok(match configured {
            Some(way) => vec![way],
            None => developer.into_iter().chain([Way::GuessedManagedIdentity]).collect(),
        });
    };
    Ok(match &*choice.to_ascii_lowercase() {
        "dev" => developer.to_vec(),
        "prod" => vec![configured.unwrap_or(Way::ManagedIdentity)],
        "environmentcredential" => vec![Way::ClientSecret],
        "workloadidentitycredential" => vec![Way::WorkloadIdentity],
        "managedidentitycredential" => vec![Way::ManagedIdentity],
        "azureclicredential" => vec![Way::AzureCli],
        "azuredeveloperclicredential" => vec![Way::AzureDeveloperCli],
        _ => {
            return Err(Failure::new(format!(
                "{CHOICE} is `{}`; it can be dev, prod, EnvironmentCredential, WorkloadIdentityCredential, \
                 ManagedIdentityCredential, AzureCliCredential or AzureDeveloperCliCredential",
                shown(&choice)
            )));
        }
    })
}

/// Credentials that are asked one after the other.
pub(super) struct Chain {
    links: Vec<Link>,
    /// The one that gave a token, which is then the only one asked.
    chosen: AtomicUsize,
}

struct Link {
    way: Way,
    credential: Arc<dyn TokenCredential>,
}

/// None of the links.
const NONE: usize = usize::MAX;

/// What the environment describes.
pub(super) fn chain(variable: &dyn Fn(&str) -> Option<String>) -> Result<Chain, Failure> {
    let set = |name: &str| {
        let value = variable(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    };
    let links = ways(&set)?.into_iter().map(|way| link(way, &set)).collect::<Result<_, _>>()?;
    Ok(Chain { links, chosen: AtomicUsize::new(NONE) })
}

fn link(way: Way, set: &dyn Fn(&str) -> Option<String>) -> Result<Link, Failure> {
    let needed = |name: &str| {
        set(name).ok_or_else(|| Failure::new(format!("no credential: a {} needs {name}, which is not set", way.name())))
    };
    let refused = |error: ::azure_core::Error| {
        let why = shown(&error.to_string());
        Failure::new(format!("no credential: the environment describes no usable {}: {why}", way.name()))
    };
    let credential: Arc<dyn TokenCredential> = match way {
        Way::ClientSecret => {
            ClientSecretCredential::new(&needed(TENANT)?, needed(CLIENT)?, Secret::new(needed(SECRET)?), None)
                .map_err(refused)?
        }
        Way::WorkloadIdentity => {
            let options = WorkloadIdentityCredentialOptions {
                tenant_id: Some(needed(TENANT)?),
                client_id: Some(needed(CLIENT)?),
                token_file_path: Some(PathBuf::from(needed(TOKEN_FILE)?)),
                ..Default::default()
            };
            WorkloadIdentityCredential::new(Some(options)).map_err(refused)?
        }
        Way::ManagedIdentity | Way::GuessedManagedIdentity => {
            let user_assigned_id = set(CLIENT).map(UserAssignedId::ClientId);
            let options = ManagedIdentityCredentialOptions { user_assigned_id, ..Default::default() };
            ManagedIdentityCredential::new(Some(options)).map_err(refused)?
        }
        Way::AzureCli => AzureCliCredential::new(None).map_err(refused)?,
        Way::AzureDeveloperCli => AzureDeveloperCliCredential::new(None).map_err(refused)?,
    };
    Ok(Link { way, credential })
}

impl Link {
    async fn ask(&self, scope: &str, clock: &dyn Clock) -> Result<AccessToken, String> {
        let asked = Box::pin(ask(&*self.credential, scope));
        let Some(limit) = self.way.limit() else { return asked.await };
        match select(asked, clock.sleep(limit)).await {
            Either::Left((token, _)) => token,
            Either::Right(_) => Err(format!("no answer in {} s", limit.as_secs())),
        }
    }
}

impl Source for Chain {
    fn kind(&self) -> &'static str {
        match &self.links[..] {
            [Link { way, .. }] => match way {
                Way::ClientSecret => "the environment's client secret",
                Way::WorkloadIdentity => "the environment's workload identity",
                Way::ManagedIdentity | Way::GuessedManagedIdentity => "the managed identity",
                Way::AzureCli => "the Azure CLI",
                Way::AzureDeveloperCli => "the Azure Developer CLI",
            },
            _ => "the credentials of this machine",
        }
    }

    fn token(
        self: Arc<Self>,
        request: TokenRequest,
        clock: Arc<dyn Clock>,
    ) -> BoxFuture<'static, Result<AccessToken, Failure>> {
        Box::pin(async move {
            let chosen = self.chosen.load(Ordering::Relaxed);
            let mut failed = Vec::new();
            for (number, link) in self.links.iter().enumerate() {
                if chosen != NONE && chosen != number {
                    continue;
                }
                match link.ask(request.scope(), &*clock).await {
                    Ok(token) => {
                        self.chosen.store(number, Ordering::Relaxed);
                        return Ok(token);
                    }
                    Err(why) if self.links.len() == 1 => failed.push(why),
                    Err(why) => failed.push(format!("{}: {why}", link.way.name())),
                }
            }
            let mut message = format!("no token from {}: {}", self.kind(), failed.join("; "));
            if self.links.len() > 1 {
                message.push_str("; run `az login`, or set FOUNDRY_API_KEY or the variables of a credential");
            }
            Err(Failure::new(message))
        })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::credential::Credential;
    use crate::credential::testing::{Answer, AzureCredential, PLANTED, TestClock, all_of, sent};
    use crate::error::ErrorKind;

    fn variables(set: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        let set: Vec<(String, String)> =
            set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        move |name| set.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    const FULL_SECRET: [(&str, &str); 3] = [(TENANT, "contoso.onmicrosoft.com"), (CLIENT, "client"), (SECRET, PLANTED)];

    #[test]
    fn the_environment_chooses() {
        use Way::*;
        let file = (TOKEN_FILE, "/var/run/token");
        for (set, expected) in [
            (vec![], vec![AzureCli, AzureDeveloperCli, GuessedManagedIdentity]),
            (vec![(CLIENT, "c"), (TENANT, "t")], vec![AzureCli, AzureDeveloperCli, GuessedManagedIdentity]),
            (vec![(SECRET, "s"), file, ("IDENTITY_ENDPOINT", "http://x")], vec![ClientSecret]),
            (vec![file, ("IDENTITY_ENDPOINT", "http://x")], vec![WorkloadIdentity]),
            (vec![("IDENTITY_ENDPOINT", "http://x")], vec![ManagedIdentity]),
            (vec![("MSI_ENDPOINT", "http://x")], vec![ManagedIdentity]),
            (vec![(CHOICE, "dev"), (SECRET, "s")], vec![AzureCli, AzureDeveloperCli]),
            (vec![(CHOICE, "Prod")], vec![ManagedIdentity]),
            (vec![(CHOICE, "prod"), (SECRET, "s")], vec![ClientSecret]),
            (vec![(CHOICE, "AzureCliCredential"), (SECRET, "s")], vec![AzureCli]),
            (vec![(CHOICE, "azuredeveloperclicredential")], vec![AzureDeveloperCli]),
            (vec![(CHOICE, "ManagedIdentityCredential")], vec![ManagedIdentity]),
            (vec![(CHOICE, "WorkloadIdentityCredential")], vec![WorkloadIdentity]),
            (vec![(CHOICE, "EnvironmentCredential")], vec![ClientSecret]),
        ] {
            assert_eq!(ways(&variables(&set)).unwrap(), expected, "{set:?}");
        }
    }

    #[test]
    fn what_is_chosen_can_be_made() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let file = file.path().to_str().unwrap();
        for (set, kind) in [
            (FULL_SECRET.to_vec(), "the environment's client secret"),
            (vec![(TENANT, "t"), (CLIENT, "c"), (TOKEN_FILE, file)], "the environment's workload identity"),
            (vec![("IDENTITY_ENDPOINT", "http://x"), (CLIENT, "c")], "the managed identity"),
            (vec![(CHOICE, "AzureCliCredential")], "the Azure CLI"),
            (vec![(CHOICE, "AzureDeveloperCliCredential")], "the Azure Developer CLI"),
            (vec![(SECRET, " ")], "the credentials of this machine"),
        ] {
            let credential = Credential::from_environment(&variables(&set)).unwrap();
            assert_eq!(format!("{credential:?}"), format!("Credential({kind})"));
            assert_eq!(credential.requested_scope(), Some("https://ai.azure.com/.default"));
            credential.check().unwrap();
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (set, said) in [
            (vec![(SECRET, PLANTED)], "a client secret needs AZURE_TENANT_ID, which is not set"),
            (vec![(SECRET, PLANTED), (TENANT, "t")], "a client secret needs AZURE_CLIENT_ID, which is not set"),
            (vec![(SECRET, PLANTED), (TENANT, "a b"), (CLIENT, "c")], "describes no usable client secret: "),
            (vec![(TOKEN_FILE, "/x"), (CLIENT, "c")], "a workload identity needs AZURE_TENANT_ID"),
            (vec![(TOKEN_FILE, "/no/such"), (CLIENT, "c"), (TENANT, "t")], "describes no usable workload identity: "),
            (vec![(CHOICE, "EnvironmentCredential")], "a client secret needs AZURE_TENANT_ID"),
            (
                vec![(CHOICE, "VisualStudioCredential")],
                "AZURE_TOKEN_CREDENTIALS is `VisualStudioCredential`; it can be dev",
            ),
        ] {
            let error = Credential::from_environment(&variables(&set)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credential);
            assert!(error.to_string().contains(said), "{error}");
            assert!(!all_of(&error).contains(PLANTED), "{error:?}");
        }
    }

    fn chain_of(links: &[(Way, &Arc<AzureCredential>)]) -> Credential {
        let links = links.iter().map(|(way, credential)| Link { way: *way, credential: Arc::clone(*credential) as _ });
        Credential::asked(Arc::new(Chain { links: links.collect(), chosen: AtomicUsize::new(NONE) }))
    }

    #[tokio::test]
    async fn the_first_that_gives_a_token_is_the_only_one_from_then_on() {
        let none = AzureCredential::new(Answer::Failure("no login"));
        let some = AzureCredential::new(Answer::Token(PLANTED));
        let last = AzureCredential::new(Answer::Token("last"));
        let credential =
            chain_of(&[(Way::AzureCli, &none), (Way::AzureDeveloperCli, &some), (Way::GuessedManagedIdentity, &last)]);
        let clock = TestClock::patient();
        for times in 1..4 {
            assert_eq!(sent(&credential, &clock).await.unwrap(), format!("Bearer {PLANTED}"));
            assert_eq!((none.asked().len(), some.asked().len(), last.asked().len()), (1, times, 0));
            credential.forget(&format!("Bearer {PLANTED}").parse().unwrap());
        }
    }

    #[tokio::test]
    async fn when_none_gives_a_token_each_has_its_say() {
        let none = AzureCredential::new(Answer::Failure("Please run 'az login'\nsecret: planted-secret"));
        let silent = AzureCredential::new(Answer::Nothing);
        let credential = chain_of(&[
            (Way::AzureCli, &none),
            (Way::AzureDeveloperCli, &silent),
            (Way::GuessedManagedIdentity, &silent),
        ]);
        let clock = TestClock::impatient();
        for _ in 0..2 {
            let error = sent(&credential, &clock).now_or_never().expect("it waits").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credential);
            assert_eq!(
                error.to_string(),
                "no token from the credentials of this machine: Azure CLI: Please run 'az login' secret: REDACTED; \
                 Azure Developer CLI: no answer in 30 s; managed identity: no answer in 10 s; \
                 run `az login`, or set FOUNDRY_API_KEY or the variables of a credential"
            );
            assert!(!all_of(&error).contains(PLANTED), "{error:?}");
        }
        assert_eq!(clock.slept()[..3], [PROGRAM_LIMIT, PROGRAM_LIMIT, GUESS_LIMIT]);
    }

    #[tokio::test]
    async fn the_only_one_has_as_long_as_it_takes_unless_it_is_a_program() {
        let none = AzureCredential::new(Answer::Failure("AADSTS7000215"));
        let clock = TestClock::patient();
        let error = sent(&chain_of(&[(Way::ClientSecret, &none)]), &clock).await.unwrap_err();
        assert_eq!(error.to_string(), "no token from the environment's client secret: AADSTS7000215");
        assert!(clock.slept().is_empty());
        sent(&chain_of(&[(Way::AzureCli, &none)]), &clock).await.unwrap_err();
        assert_eq!(clock.slept(), [PROGRAM_LIMIT]);
    }
}
