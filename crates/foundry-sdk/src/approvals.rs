//! Who decides whether a tool of an MCP server may be called.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use futures_core::future::BoxFuture;
use http::HeaderName;
use secrecy::{ExposeSecret as _, SecretString};

use crate::error::{Error, ErrorKind, Result};
use crate::functions::caught;

/// A call of an MCP server's tool that the service asks leave for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApprovalRequest {
    /// Id of the call.
    pub call_id: String,
    /// The label that the server has as a tool of the agent.
    pub server_label: String,
    /// Name of the server's tool.
    pub tool: String,
    /// What the tool is to be called with, as JSON text.
    pub arguments: String,
}

/// Whether a tool may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Decision {
    /// The tool may be called.
    Approve,
    /// The tool may not be called; the model is told so, and the run goes on.
    Deny,
    /// Neither: the run stops there, and what needs a decision is handed back.
    Leave,
}

type Ask = dyn Fn(ApprovalRequest) -> BoxFuture<'static, Decision> + Send + Sync;

/// Decides on calls of MCP servers' tools.
///
/// What is said of a tool goes before what is said of its server, and that before the rest. Labels
/// and names are compared exactly. A clone is cheap.
///
/// ```
/// use foundry_sdk::{ApprovalPolicy, Decision};
///
/// let policy = ApprovalPolicy::ask(|request| async move {
///     println!("{} wants to call {} with {}", request.server_label, request.tool, request.arguments);
///     Decision::Deny
/// })
/// .approve_server("docs")
/// .approve_tool("github", "search")
/// .deny_tool("github", "delete_repository")
/// .header("github", "Authorization", "Bearer planted");
/// assert!(!format!("{policy:?}").contains("planted"));
/// ```
#[derive(Clone)]
#[must_use = "a policy decides only for runs that get it"]
pub struct ApprovalPolicy {
    rest: Rest,
    rules: Arc<Rules>,
}

#[derive(Clone)]
enum Rest {
    Always(Decision),
    Ask(Arc<Ask>),
}

/// What is said of single servers.
#[derive(Clone, Default)]
struct Rules {
    /// By label, then by tool.
    tools: BTreeMap<String, BTreeMap<String, Decision>>,
    servers: BTreeMap<String, Decision>,
    headers: BTreeMap<String, Vec<(String, SecretString)>>,
}

impl Default for ApprovalPolicy {
    /// Leaves all decisions: [`leave_all`](Self::leave_all).
    fn default() -> Self {
        Self::leave_all()
    }
}

impl ApprovalPolicy {
    /// Approves all calls but those that are denied or left by name.
    pub fn approve_all() -> Self {
        Self::of(Rest::Always(Decision::Approve))
    }

    /// Denies all calls but those that are approved or left by name.
    pub fn deny_all() -> Self {
        Self::of(Rest::Always(Decision::Deny))
    }

    /// Decides only on what is approved or denied by name; the default.
    pub fn leave_all() -> Self {
        Self::of(Rest::Always(Decision::Leave))
    }

    /// Asks about all calls that are not decided by name.
    ///
    /// It is asked about one call at a time, in the calls' order, and for as long as it takes, so a
    /// person may answer. If it panics, the decision is left ([`Decision::Leave`]), and `tracing`
    /// learns why.
    pub fn ask<F, Fut>(decide: F) -> Self
    where
        F: Fn(ApprovalRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Decision> + Send + 'static,
    {
        Self::of(Rest::Ask(Arc::new(move |request| Box::pin(decide(request)))))
    }

    fn of(rest: Rest) -> Self {
        Self { rest, rules: Arc::default() }
    }

    /// Approves calls of this tool.
    pub fn approve_tool(self, server_label: impl Into<String>, tool: impl Into<String>) -> Self {
        self.tool(server_label.into(), tool.into(), Decision::Approve)
    }

    /// Denies calls of this tool.
    pub fn deny_tool(self, server_label: impl Into<String>, tool: impl Into<String>) -> Self {
        self.tool(server_label.into(), tool.into(), Decision::Deny)
    }

    /// Leaves decisions on this tool.
    pub fn leave_tool(self, server_label: impl Into<String>, tool: impl Into<String>) -> Self {
        self.tool(server_label.into(), tool.into(), Decision::Leave)
    }

    /// Approves calls of this server's tools, unless more is said of one.
    pub fn approve_server(self, server_label: impl Into<String>) -> Self {
        self.server(server_label.into(), Decision::Approve)
    }

    /// Denies calls of this server's tools, unless more is said of one.
    pub fn deny_server(self, server_label: impl Into<String>) -> Self {
        self.server(server_label.into(), Decision::Deny)
    }

    /// Leaves decisions on this server's tools, unless more is said of one.
    pub fn leave_server(self, server_label: impl Into<String>) -> Self {
        self.server(server_label.into(), Decision::Leave)
    }

    /// A header for the server to get with each call that is approved, such as `Authorization`; it
    /// replaces one of the same name.
    ///
    /// What no header may hold is an error ([`ErrorKind::InvalidInput`]) when a call to that server
    /// is approved. The value is shown nowhere.
    pub fn header(
        mut self,
        server_label: impl Into<String>,
        name: impl Into<String>,
        value: impl Into<SecretString>,
    ) -> Self {
        let (name, value) = (name.into(), value.into());
        let headers = Arc::make_mut(&mut self.rules).headers.entry(server_label.into()).or_default();
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        headers.push((name, value));
        self
    }

    fn tool(mut self, server_label: String, tool: String, decision: Decision) -> Self {
        Arc::make_mut(&mut self.rules).tools.entry(server_label).or_default().insert(tool, decision);
        self
    }

    fn server(mut self, server_label: String, decision: Decision) -> Self {
        Arc::make_mut(&mut self.rules).servers.insert(server_label, decision);
        self
    }

    /// Decides on calls, one after the other.
    pub(crate) async fn decide(&self, requests: Vec<ApprovalRequest>) -> Vec<(ApprovalRequest, Decision)> {
        let mut decided = Vec::with_capacity(requests.len());
        for request in requests {
            let decision = match (self.rules.of(&request), &self.rest) {
                (Some(decision), _) | (None, Rest::Always(decision)) => *decision,
                (None, Rest::Ask(ask)) => {
                    let asked =
                        caught("the question for approval", &request.tool, async { ask(request.clone()).await });
                    asked.await.unwrap_or(Decision::Leave)
                }
            };
            decided.push((request, decision));
        }
        decided
    }

    /// The headers for a server, in the order given; empty for most.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for what no header may hold.
    pub(crate) fn headers(&self, server_label: &str) -> Result<Vec<(String, SecretString)>> {
        let Some(headers) = self.rules.headers.get(server_label) else { return Ok(Vec::new()) };
        for (name, value) in headers {
            let why = if HeaderName::from_bytes(name.as_bytes()).is_err() {
                format!("{name:?} is no name of a header")
            } else if !may_be_sent(value.expose_secret()) {
                format!("the value of the header `{name}` is empty, or has characters that no header may hold")
            } else {
                continue;
            };
            let message = format!("approvals for the MCP server `{server_label}`: {why}");
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        Ok(headers.clone())
    }
}

/// Whether it is a header's value: ASCII that is seen, with spaces between.
fn may_be_sent(value: &str) -> bool {
    !value.is_empty()
        && value.trim_matches(' ').len() == value.len()
        && value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

impl Rules {
    fn of(&self, request: &ApprovalRequest) -> Option<&Decision> {
        let tool = self.tools.get(&request.server_label).and_then(|tools| tools.get(&request.tool));
        tool.or_else(|| self.servers.get(&request.server_label))
    }
}

impl fmt::Debug for ApprovalPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ApprovalPolicy");
        match &self.rest {
            Rest::Always(decision) => shown.field("rest", decision),
            Rest::Ask(_) => shown.field("rest", &"ask"),
        };
        let names = |headers: &Vec<(String, SecretString)>| headers.iter().map(|(name, _)| name.clone()).collect();
        let headers: BTreeMap<_, Vec<String>> =
            self.rules.headers.iter().map(|(server, headers)| (server, names(headers))).collect();
        shown
            .field("tools", &self.rules.tools)
            .field("servers", &self.rules.servers)
            .field("headers", &headers)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn request(server_label: &str, tool: &str) -> ApprovalRequest {
        ApprovalRequest {
            call_id: format!("{server_label}/{tool}"),
            server_label: server_label.to_owned(),
            tool: tool.to_owned(),
            arguments: "{}".to_owned(),
        }
    }

    async fn decided(policy: &ApprovalPolicy, server_label: &str, tool: &str) -> Decision {
        let request = request(server_label, tool);
        let decided = policy.decide(vec![request.clone()]).await;
        let [(of, decision)] = decided.as_slice() else { panic!("{decided:?}") };
        assert_eq!(*of, request);
        *decision
    }

    #[tokio::test]
    async fn a_tool_goes_before_its_server_and_that_before_the_rest() {
        use Decision::{Approve, Deny, Leave};
        let named = |policy: ApprovalPolicy| {
            policy
                .deny_server("github")
                .approve_tool("github", "search")
                .leave_tool("github", "merge")
                .approve_server("docs")
                .deny_tool("docs", "write")
                .leave_server("mail")
        };
        for (policy, rest) in [
            (named(ApprovalPolicy::approve_all()), Approve),
            (named(ApprovalPolicy::deny_all()), Deny),
            (named(ApprovalPolicy::leave_all()), Leave),
            (named(ApprovalPolicy::default()), Leave),
            (named(ApprovalPolicy::ask(|_| async { Approve })), Approve),
        ] {
            for (server_label, tool, decision) in [
                ("github", "search", Approve),
                ("github", "merge", Leave),
                ("github", "other", Deny),
                ("docs", "write", Deny),
                ("docs", "search", Approve),
                ("mail", "send", Leave),
                ("other", "search", rest),
                // Compared exactly.
                ("GitHub", "search", rest),
                ("docs", "Write", Approve),
                ("github ", "search", rest),
            ] {
                assert_eq!(decided(&policy, server_label, tool).await, decision, "{policy:?} {server_label} {tool}");
            }
        }
    }

    #[tokio::test]
    async fn one_is_asked_about_one_call_at_a_time_and_in_order() {
        let log = Arc::new(Mutex::new(Vec::new()));
        let asked = Arc::clone(&log);
        let policy = ApprovalPolicy::ask(move |request| {
            let log = Arc::clone(&asked);
            async move {
                log.lock().unwrap().push(format!("asked {}", request.tool));
                tokio::task::yield_now().await;
                log.lock().unwrap().push(format!("answered {}", request.tool));
                if request.tool == "b" { Decision::Deny } else { Decision::Approve }
            }
        })
        .approve_server("known");
        let requests = vec![request("s", "a"), request("known", "x"), request("s", "b"), request("s", "c")];
        let decisions: Vec<_> =
            policy.decide(requests).await.into_iter().map(|(request, decision)| (request.tool, decision)).collect();
        let expected =
            [("a", Decision::Approve), ("x", Decision::Approve), ("b", Decision::Deny), ("c", Decision::Approve)];
        assert_eq!(decisions, expected.map(|(tool, decision)| (tool.to_owned(), decision)));
        let log = log.lock().unwrap().join(", ");
        assert_eq!(log, "asked a, answered a, asked b, answered b, asked c, answered c");
    }

    #[tokio::test]
    async fn one_that_panics_leaves_the_decision() {
        let within = ApprovalPolicy::ask(|request| async move {
            if request.tool == "a" { panic!("within") } else { Decision::Approve }
        });
        let before = ApprovalPolicy::ask(|request| {
            assert_ne!(request.tool, "a", "before there is a future");
            async { Decision::Approve }
        });
        for policy in [within, before] {
            assert_eq!(decided(&policy, "s", "a").await, Decision::Leave);
            assert_eq!(decided(&policy, "s", "b").await, Decision::Approve);
        }
    }

    #[test]
    fn a_clone_is_its_own() {
        let policy = ApprovalPolicy::deny_all().approve_server("a");
        let other = policy.clone().deny_server("a").header("a", "x", "y");
        assert_eq!(policy.rules.of(&request("a", "t")), Some(&Decision::Approve));
        assert_eq!(other.rules.of(&request("a", "t")), Some(&Decision::Deny));
        assert!(policy.headers("a").unwrap().is_empty());
    }

    #[test]
    fn headers_belong_to_one_server_and_are_shown_nowhere() {
        const PLANTED: &str = "planted-secret";
        let policy = ApprovalPolicy::approve_all()
            .header("a", "authorization", "first")
            .header("a", "x-tenant", "t 1")
            .header("a", "Authorization", PLANTED)
            .header("b", "x", PLANTED);
        let headers = |server: &str| -> Vec<(String, String)> {
            let headers = policy.headers(server).unwrap();
            headers.into_iter().map(|(name, value)| (name, value.expose_secret().to_owned())).collect()
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(headers("a"), [pair("x-tenant", "t 1"), pair("Authorization", PLANTED)]);
        assert_eq!(headers("b"), [pair("x", PLANTED)]);
        assert_eq!(headers("A"), []);
        let shown = format!("{policy:?}");
        assert!(shown.contains("x-tenant") && !shown.contains(PLANTED) && !shown.contains("t 1"), "{shown}");
    }

    #[test]
    fn headers_that_cannot_be_sent_are_told_without_their_value() {
        for (name, value) in [
            ("x y", "planted"),
            ("", "planted"),
            ("größe", "planted"),
            ("x", ""),
            ("x", " planted"),
            ("x", "planted\r\ny: z"),
            ("x", "planted\t"),
            ("x", "plantedé"),
        ] {
            let policy = ApprovalPolicy::approve_all().header("a", name, value);
            let error = policy.headers("a").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains("MCP server `a`") && !error.to_string().contains("planted"), "{error}");
            assert!(policy.headers("b").is_ok());
        }
    }
}
