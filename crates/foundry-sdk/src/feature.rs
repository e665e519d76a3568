//! Preview features: what `Foundry-Features` opts into.

use std::borrow::Cow;
use std::fmt;

use foundry_raw::Features;
use http::{HeaderName, HeaderValue};

use crate::error::{Error, ErrorKind, Result};

/// The header that opts into previews.
pub(crate) const FOUNDRY_FEATURES: HeaderName = HeaderName::from_static("foundry-features");

/// A preview of the service that a request opts into, by the header `Foundry-Features`.
///
/// Operations that exist only as a preview send theirs by themselves. Where a preview is optional,
/// it is opted into for [one request](crate::Request::features) or for
/// [all of a client](crate::ProjectClientBuilder::features). The list here is not closed:
/// [`new`](Self::new) takes any other value.
///
/// ```
/// use foundry_sdk::FoundryFeature;
///
/// assert_eq!(FoundryFeature::WORKFLOW_AGENTS.as_str(), "WorkflowAgents=V1Preview");
/// let newer = FoundryFeature::new("Agents.CodeAgents=V1Preview");
/// assert_eq!(newer.as_str(), "Agents.CodeAgents=V1Preview");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FoundryFeature(Cow<'static, str>);

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident = $value:literal,)*) => {
        impl FoundryFeature {
            $($(#[$doc])* pub const $name: Self = Self(Cow::Borrowed($value));)*

            /// All that this version of the crate has a name for.
            pub const KNOWN: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

features! {
    /// Agents that run as containers.
    HOSTED_AGENTS = "HostedAgents=V1Preview",
    /// Endpoints of single agents.
    AGENT_ENDPOINTS = "AgentEndpoints=V1Preview",
    /// Agents made of workflows.
    WORKFLOW_AGENTS = "WorkflowAgents=V1Preview",
    /// Agents that run elsewhere.
    EXTERNAL_AGENTS = "ExternalAgents=V1Preview",
    /// Drafts of agents.
    DRAFT_AGENTS = "DraftAgents=V1Preview",
    /// Agents that speak.
    VOICE_AGENTS = "VoiceAgents=V1Preview",
    /// Agents made from code.
    CODE_AGENTS = "CodeAgents=V1Preview",
    /// Digital workers.
    DIGITAL_WORKER = "DigitalWorker=V1Preview",
    /// Agents of GitHub Copilot.
    GITHUB_COPILOT = "GitHubCopilot=V1Preview",
    /// Agents of Microsoft Copilot.
    MICROSOFT_COPILOT = "MicrosoftCopilot=V1Preview",
    /// Controls of the model router.
    MODEL_ROUTER_CONTROLS = "ModelRouterControls=V1Preview",
    /// Insights into agents.
    AGENT_INSIGHTS = "AgentInsights=V1Preview",
    /// Jobs that generate data.
    DATA_GENERATION_JOBS = "DataGenerationJobs=V1Preview",
    /// Evaluation assets and rules.
    EVALUATIONS = "Evaluations=V1Preview",
    /// Insights.
    INSIGHTS = "Insights=V1Preview",
    /// Memory stores.
    MEMORY_STORES = "MemoryStores=V1Preview",
    /// Models of the project.
    MODELS = "Models=V1Preview",
    /// Red teams.
    RED_TEAMS = "RedTeams=V1Preview",
    /// Routines.
    ROUTINES = "Routines=V2Preview",
    /// Schedules.
    SCHEDULES = "Schedules=V1Preview",
    /// Skills.
    SKILLS = "Skills=V1Preview",
    /// Toolboxes.
    TOOLBOXES = "Toolboxes=V1Preview",
}

impl FoundryFeature {
    /// A feature by its value in the header, such as `Agents.CodeAgents=V1Preview`.
    ///
    /// A value that no header may hold is refused when the client is built or the request is sent
    /// ([`ErrorKind::InvalidInput`]).
    pub fn new(value: impl Into<Cow<'static, str>>) -> Self {
        Self(value.into())
    }

    /// The value in the header.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Fails for what cannot stand in the header: several values are joined by commas.
    pub(crate) fn check(&self) -> Result<()> {
        let value = self.as_str();
        let is_value =
            !value.is_empty() && value.trim() == value && !value.contains(',') && HeaderValue::from_str(value).is_ok();
        if is_value {
            return Ok(());
        }
        let message = format!("{value:?} is no preview feature: one looks like `Agents.CodeAgents=V1Preview`");
        Err(Error::new(ErrorKind::InvalidInput, message))
    }
}

impl fmt::Display for FoundryFeature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<&'static str> for FoundryFeature {
    fn from(value: &'static str) -> Self {
        Self::new(value)
    }
}

impl From<String> for FoundryFeature {
    fn from(value: String) -> Self {
        Self::new(value)
    }
}

/// The value of the header for one call: what the operation requires, what the call asks for, and
/// what the client opts into, each once. `None` if that is nothing.
///
/// A client opts into what is optional: of the features that the documents know it sends those that
/// the operation lists. Whatever they do not know goes with every call, for there is no telling.
pub(crate) fn header(
    operation: Features,
    of_client: &[FoundryFeature],
    of_call: &[FoundryFeature],
) -> Result<Option<HeaderValue>> {
    let (required, optional): (&[&str], &[&str]) = match operation {
        Features::Required(required) => (required, &[]),
        Features::Optional(optional) => (&[], optional),
        _ => (&[], &[]),
    };
    if required.is_empty() && of_client.is_empty() && of_call.is_empty() {
        return Ok(None);
    }
    let opted = of_client.iter().filter(|feature| {
        optional.contains(&feature.as_str()) || !FoundryFeature::KNOWN.iter().any(|known| known == *feature)
    });
    let mut values: Vec<&str> = required.to_vec();
    for feature in of_call.iter().chain(opted) {
        feature.check()?;
        if !values.contains(&feature.as_str()) {
            values.push(feature.as_str());
        }
    }
    if values.is_empty() {
        return Ok(None);
    }
    let value = HeaderValue::from_str(&values.join(","));
    value.map(Some).map_err(|_| Error::new(ErrorKind::InvalidInput, "the preview features make no header"))
}

/// The features that a text names: `Name=V1Preview`.
pub(crate) fn named_in(text: &str) -> Vec<FoundryFeature> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '=' | '.' | '_' | '-')));
    let mut found = Vec::new();
    for word in words {
        let word = word.trim_matches('.');
        let is_feature = word.split_once('=').is_some_and(|(name, stage)| {
            !name.is_empty() && stage.starts_with('V') && stage.ends_with("Preview") && !stage.contains('=')
        });
        let feature = FoundryFeature::new(word.to_owned());
        if is_feature && !found.contains(&feature) {
            found.push(feature);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKFLOW: &str = "WorkflowAgents=V1Preview";
    const SKILLS: &str = "Skills=V1Preview";

    fn sent(operation: Features, of_client: &[FoundryFeature], of_call: &[FoundryFeature]) -> Option<String> {
        header(operation, of_client, of_call).unwrap().map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn each_feature_goes_where_it_belongs() {
        use FoundryFeature as F;
        let newer = F::new("Agents.CodeAgents=V1Preview");
        let none = Features::None;
        let required = Features::Required(&[SKILLS]);
        let optional = Features::Optional(&[WORKFLOW, SKILLS]);
        for (operation, of_client, of_call, expected) in [
            (none, vec![], vec![], None),
            (required, vec![], vec![], Some("Skills=V1Preview")),
            (optional, vec![], vec![], None),
            // A client's go where the operation lists them.
            (none, vec![F::SKILLS], vec![], None),
            (optional, vec![F::SKILLS], vec![], Some("Skills=V1Preview")),
            (optional, vec![F::TOOLBOXES], vec![], None),
            (none, vec![newer.clone()], vec![], Some("Agents.CodeAgents=V1Preview")),
            // A call's go always, each once.
            (none, vec![], vec![F::SKILLS, F::SKILLS], Some("Skills=V1Preview")),
            (
                required,
                vec![newer.clone()],
                vec![F::WORKFLOW_AGENTS, F::SKILLS],
                Some("Skills=V1Preview,WorkflowAgents=V1Preview,Agents.CodeAgents=V1Preview"),
            ),
        ] {
            assert_eq!(sent(operation, &of_client, &of_call).as_deref(), expected, "{operation:?}");
        }
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for bad in ["", " ", "A=V1Preview\n", "A=V1Preview,B=V1Preview", "\u{e9}\u{0}"] {
            let error = FoundryFeature::new(bad).check().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{bad:?}");
        }
    }

    #[test]
    fn features_are_found_in_a_message() {
        let text = "Send 'Foundry-Features: HostedAgents=V1Preview, Agents.CodeAgents=V1Preview.' or a=b (HostedAgents=V1Preview)";
        let found: Vec<String> = named_in(text).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["HostedAgents=V1Preview", "Agents.CodeAgents=V1Preview"]);
    }
}
