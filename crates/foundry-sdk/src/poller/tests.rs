//! Tests of the poller over a service in memory, in tokio's paused time.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_core::future::BoxFuture;
use futures_util::StreamExt as _;
use http::{HeaderMap, StatusCode};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::answering::{Answered, Answers, Unanswered};
use crate::approvals::{ApprovalRequest, Decision};
use crate::clock::Clock;
use crate::credential::Credential;
use crate::functions::{Function, FunctionCall};

/// tokio's clock, which goes on by itself when all wait.
#[derive(Debug)]
struct TokioClock;

impl Clock for TokioClock {
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Never asked for anything but its clock; making one takes long.
static CLIENT: LazyLock<ProjectClient> = LazyLock::new(|| {
    ProjectClient::builder("http://127.0.0.1:1/api/projects/p")
        .credential(Credential::token("t"))
        .clock(TokioClock)
        .build()
        .unwrap()
});

#[derive(Clone, Debug, PartialEq)]
struct Thing {
    id: String,
    state: String,
    asked: Vec<String>,
}

impl sealed::Sealed for Thing {}
impl Asking for Thing {}
impl Cancelable for Thing {}

impl Polled for Thing {
    fn id(&self) -> &str {
        &self.id
    }

    fn state(&self) -> &str {
        &self.state
    }

    fn name(&self) -> String {
        format!("thing {}", self.id)
    }

    fn standing(&self) -> Standing {
        match self.state.as_str() {
            "queued" | "working" | "cancelling" => Standing::Running,
            "asks" | "asks for what nobody has" => Standing::NeedsAction,
            "completed" | "failed" | "rate limited" | "rate limited for 7 s" => Standing::Ended,
            _ => Standing::Unknown,
        }
    }

    fn asked(&self) -> Asked {
        let name = if self.state == "asks" { "known" } else { "unknown" };
        let call = |id: &String| FunctionCall {
            id: id.clone(),
            name: name.to_owned(),
            arguments: json!({ "call": id }).to_string(),
        };
        Asked { functions: self.asked.iter().map(call).collect(), ..Asked::default() }
    }

    fn passing_failure(&self) -> Option<Option<Duration>> {
        match self.state.as_str() {
            "rate limited" => Some(None),
            "rate limited for 7 s" => Some(Some(Duration::from_secs(7))),
            _ => None,
        }
    }
}

/// What the service does to a request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// It takes this many milliseconds.
    Slow(u64),
    /// It fails for a reason that passes; nothing was done.
    Before,
    /// It does what it was asked, and then fails.
    After,
    /// It asks to wait this many milliseconds.
    Wait(u64),
    /// It is refused for good.
    Refused,
}

/// A state that is shown for some questions; what asks is shown until it is answered.
#[derive(Clone, Debug)]
struct Stage {
    state: &'static str,
    looks: u32,
}

#[derive(Debug, Default)]
struct Service {
    stages: Vec<Stage>,
    place: usize,
    looked: u32,
    faults: Vec<Fault>,
    starts: u32,
    requests: u32,
    /// The states that were told, and whether the last request failed for good or was refused.
    told: Vec<String>,
    failures_in_a_row: u32,
    has_refused: bool,
    handed_in: Vec<Vec<(String, String)>>,
    refused_twice: u32,
    cancels: u32,
    called: BTreeMap<String, u32>,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Service>>);

impl Shared {
    fn new(stages: &[(&'static str, u32)], faults: &[Fault]) -> Self {
        let stages = stages.iter().map(|(state, looks)| Stage { state, looks: *looks }).collect();
        // Taken from the end.
        let faults = faults.iter().rev().copied().collect();
        Self(Arc::new(Mutex::new(Service { stages, faults, ..Service::default() })))
    }

    fn get(&self) -> MutexGuard<'_, Service> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poller(&self) -> Poller<Thing> {
        Poller::new(&CLIENT, Box::new(self.clone()))
    }

    fn functions(&self) -> FunctionSet {
        let service = self.clone();
        let parameters = json!({ "type": "object" });
        let known = Function::from_json("known", "", parameters, move |arguments: Value| {
            let service = service.clone();
            async move {
                let id = arguments["call"].as_str().unwrap_or_default().to_owned();
                *service.get().called.entry(id.clone()).or_default() += 1;
                Ok::<_, String>(format!("of {id}"))
            }
        });
        FunctionSet::new([known]).unwrap().max_rounds(100)
    }

    /// Answers a request, with what it does.
    async fn request(&self, act: impl FnOnce(&mut Service) -> Result<()>) -> Result<Seen<Thing>> {
        let fault = {
            let mut service = self.get();
            service.requests += 1;
            service.faults.pop().unwrap_or(Fault::None)
        };
        let passing = || Error::from_answer(StatusCode::SERVICE_UNAVAILABLE, HeaderMap::new(), "later".into());
        if let Fault::Slow(millis) = fault {
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
        let mut service = self.get();
        match fault {
            Fault::Before => {
                service.failures_in_a_row += 1;
                return Err(passing());
            }
            Fault::Refused => {
                service.has_refused = true;
                return Err(Error::from_answer(StatusCode::FORBIDDEN, HeaderMap::new(), "no".into()));
            }
            _ => {}
        }
        let refused = act(&mut service);
        if let Err(error) = refused {
            service.refused_twice += 1;
            return Err(error);
        }
        if fault == Fault::After {
            service.failures_in_a_row += 1;
            return Err(passing());
        }
        service.failures_in_a_row = 0;
        let state = service.shown();
        service.told.push(state.state.clone());
        let retry_after = match fault {
            Fault::Wait(millis) => Some(Duration::from_millis(millis)),
            _ => None,
        };
        Ok(Seen { state, retry_after, ids: RequestIds::default() })
    }
}

impl Service {
    fn shown(&self) -> Thing {
        let state = self.stages.get(self.place).map_or("completed", |stage| stage.state);
        let asked = match state {
            "asks" => vec![format!("{}a", self.place), format!("{}b", self.place)],
            "asks for what nobody has" => vec![format!("{}a", self.place)],
            _ => Vec::new(),
        };
        Thing { id: self.starts.to_string(), state: state.to_owned(), asked }
    }

    fn look(&mut self) {
        self.looked += 1;
        if let Some(stage) = self.stages.get(self.place)
            && !stage.state.starts_with("asks")
            && !["completed", "failed"].contains(&stage.state)
            && self.looked > stage.looks
        {
            self.place += 1;
            self.looked = 0;
        }
    }

    fn hand_in(&mut self, given: Vec<(String, String)>) -> Result<()> {
        if !self.shown().asked.iter().eq(given.iter().map(|(id, _)| id)) {
            return Err(Error::from_answer(StatusCode::BAD_REQUEST, HeaderMap::new(), "not waited for".into()));
        }
        self.handed_in.push(given);
        self.place += 1;
        self.looked = 0;
        Ok(())
    }
}

impl Job<Thing> for Shared {
    fn check<'a>(&'a mut self, _: &'a FunctionSet) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn start(&mut self, _: bool, _: Option<Instant>) -> BoxFuture<'_, Result<Seen<Thing>>> {
        Box::pin(self.request(|service| {
            service.starts += 1;
            // Started again, it goes on with what comes next.
            if service.starts > 1 {
                service.place += 1;
            }
            Ok(())
        }))
    }

    fn can_start_again(&self) -> bool {
        true
    }

    fn look<'a>(&'a mut self, _: &'a Thing) -> BoxFuture<'a, Result<Seen<Thing>>> {
        Box::pin(self.request(|service| {
            service.look();
            Ok(())
        }))
    }

    fn hand_in<'a>(&'a mut self, _: &'a Thing, answers: &'a Answers) -> BoxFuture<'a, Result<Seen<Thing>>> {
        let given = answers.outputs.iter().map(|output| (output.call_id.clone(), output.output.clone())).collect();
        Box::pin(self.request(move |service| service.hand_in(given)))
    }

    fn cancel(&self, _: &Thing) -> Cancel {
        let service = self.clone();
        Arc::new(move || {
            service.get().cancels += 1;
            Box::pin(std::future::ready(Ok(())))
        })
    }
}

async fn read(mut poller: Poller<Thing>) -> (Vec<String>, Option<Error>) {
    let mut states = Vec::new();
    while let Some(next) = poller.next().await {
        match next {
            Ok(thing) => states.push(thing.state),
            Err(error) => {
                assert!(poller.next().await.is_none());
                return (states, Some(error));
            }
        }
    }
    (states, None)
}

#[tokio::test(start_paused = true)]
async fn the_stream_gives_each_state_once_and_ends() {
    let service = Shared::new(&[("queued", 3), ("working", 2), ("completed", 0)], &[]);
    let (states, error) = read(service.poller()).await;
    assert_eq!(states, ["queued", "working", "completed"]);
    assert!(error.is_none());
}

#[tokio::test(start_paused = true)]
async fn awaited_it_gives_the_last_state() {
    let service = Shared::new(&[("queued", 3), ("failed", 0)], &[]);
    assert_eq!(service.poller().await.unwrap().state, "failed");
}

#[tokio::test(start_paused = true)]
async fn the_interval_grows_gently_is_clamped_and_begins_anew_with_a_new_state() {
    let service = Shared::new(&[("queued", 9), ("working", 1), ("completed", 0)], &[]);
    let start = tokio::time::Instant::now();
    service.poller().max_interval(Duration::from_secs(3)).await.unwrap();
    // 1, 1.25, 1.5625, 1.953125, 2.44140625, then 3 at most; begun anew after `working` is seen.
    let queued = 1.0 + 1.25 + 1.5625 + 1.953_125 + 2.441_406_25 + 3.0 * 5.0;
    let working = 1.0 + 1.25;
    assert!((start.elapsed().as_secs_f64() - (queued + working)).abs() < 0.02, "{:?}", start.elapsed());

    let service = Shared::new(&[("queued", 2), ("completed", 0)], &[]);
    let start = tokio::time::Instant::now();
    service.poller().interval(Duration::ZERO).max_interval(Duration::ZERO).await.unwrap();
    let shortest = SHORTEST_INTERVAL * 3;
    assert!(start.elapsed() >= shortest && start.elapsed() < shortest * 2, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_an_answer_asks_to_wait_goes_before_the_interval() {
    let faults = [Fault::Wait(30_000), Fault::Wait(0), Fault::None];
    let service = Shared::new(&[("queued", 2), ("completed", 0)], &faults);
    let start = tokio::time::Instant::now();
    service.poller().await.unwrap();
    // 30 s, then at once (but no storm), then the interval.
    let expected = 30.0 + 0.1 + 1.0 * 1.25 * 1.25;
    assert!((start.elapsed().as_secs_f64() - expected).abs() < 0.02, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_does_not_end_is_left_with_its_last_state_and_name_in_time() {
    for request_takes in [0, 700, 3_000] {
        let service = Shared::new(&[("queued", 1), ("working", 1_000)], &[Fault::Slow(request_takes); 100]);
        let start = tokio::time::Instant::now();
        let error = service.poller().max_wait(Duration::from_secs(5)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Deadline);
        assert!(start.elapsed() <= Duration::from_millis(5_010), "{:?}", start.elapsed());
        let last = error.last_state::<Thing>().unwrap();
        assert!(error.to_string().contains(&format!("thing 1 was still `{}` after 5.0 s", last.state)), "{error}");
        assert!(error.to_string().contains("goes on by itself"), "{error}");
        assert_eq!(service.get().cancels, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_without_an_answer_ends_in_time_too() {
    let service = Shared::new(&[("queued", 1)], &[Fault::Slow(1_000_000)]);
    let error = service.poller().max_wait(Duration::from_secs(5)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    assert!(error.to_string().contains("may have started"), "{error}");
    assert!(error.last_state::<Thing>().is_none());
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_passed_over_and_what_stays_is_an_error_with_the_last_state() {
    let service = Shared::new(&[("queued", 1), ("completed", 0)], &[&[Fault::None][..], &[Fault::Before; 5]].concat());
    assert_eq!(service.poller().await.unwrap().state, "completed");

    let service = Shared::new(&[("queued", 1), ("completed", 0)], &[&[Fault::None][..], &[Fault::Before; 6]].concat());
    let error = service.poller().await.unwrap_err();
    assert_eq!((error.kind(), service.get().requests), (ErrorKind::Server, 7));
    assert_eq!(error.last_state::<Thing>().unwrap().state, "queued");

    let service = Shared::new(&[("queued", 1), ("completed", 0)], &[Fault::None, Fault::Refused]);
    let error = service.poller().await.unwrap_err();
    assert_eq!((error.kind(), service.get().requests), (ErrorKind::Permission, 2));
    assert_eq!(error.last_state::<Thing>().unwrap().state, "queued");
}

#[test]
fn without_a_runtime_it_says_so() {
    use futures_util::FutureExt as _;

    let service = Shared::new(&[("completed", 0)], &[]);
    let error = IntoFuture::into_future(service.poller()).now_or_never().unwrap().unwrap_err();
    assert_eq!((error.kind(), service.get().requests), (ErrorKind::InvalidInput, 0));
    assert!(error.to_string().contains("no tokio runtime"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_longest_time_is_a_time_too() {
    let service = Shared::new(&[("queued", 1), ("completed", 0)], &[]);
    let poller = service.poller().max_wait(Duration::MAX).interval(Duration::MAX).max_interval(Duration::MAX);
    assert_eq!(poller.run_again(RunAgain::after_rate_limit().wait(Duration::MAX)).await.unwrap().state, "completed");
}

#[tokio::test(start_paused = true)]
async fn a_start_is_never_repeated() {
    for fault in [Fault::Before, Fault::After] {
        let service = Shared::new(&[("queued", 1)], &[fault]);
        let error = service.poller().await.unwrap_err();
        assert_eq!((error.kind(), service.get().requests), (ErrorKind::Server, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_can_answer_is_handed_back_with_nothing_sent() {
    let service = Shared::new(&[("working", 1), ("asks for what nobody has", 0), ("completed", 0)], &[]);
    let poller = service.poller().with_functions(&service.functions()).cancel_on_drop(true).cancel_on_deadline(true);
    let (states, error) = read(poller).await;
    assert_eq!(states, ["working", "asks for what nobody has"]);
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::NeedsAction);
    assert!(error.to_string().contains("thing 1 waits for the output of the function `unknown` (1a)"), "{error}");
    assert_eq!(error.last_state::<Thing>().unwrap().state, "asks for what nobody has");
    let action = error.into_needs_action::<Thing>().unwrap();
    assert!(action.outputs_ready.is_empty());
    let [Unanswered::Function { call_id, name, arguments }] = &action.unanswered[..] else { panic!("{action:?}") };
    assert_eq!((call_id.as_str(), name.as_str(), arguments.as_str()), ("1a", "unknown", r#"{"call":"1a"}"#));
    tokio::task::yield_now().await;
    let service = service.get();
    assert_eq!((service.handed_in.len(), service.cancels), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn without_functions_nothing_is_answered() {
    let service = Shared::new(&[("asks", 0)], &[]);
    let action = service.poller().await.unwrap_err().into_needs_action::<Thing>().unwrap();
    assert_eq!((action.run.state.as_str(), action.unanswered.len()), ("asks", 2));
    assert_eq!(service.get().handed_in.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn functions_are_called_once_whatever_becomes_of_their_outputs() {
    for faults in [
        &[][..],
        &[Fault::None, Fault::Before],
        &[Fault::None, Fault::After],
        // Not handed in, not looked at, then handed in, without an answer, and found out.
        &[Fault::None, Fault::Before, Fault::Before, Fault::None, Fault::After, Fault::Before],
    ] {
        let service = Shared::new(&[("asks", 0), ("working", 1), ("asks", 0), ("completed", 0)], faults);
        let last = service.poller().with_functions(&service.functions()).await.unwrap();
        assert_eq!(last.state, "completed");
        let of = |id: &str| (id.to_owned(), format!("\"of {id}\""));
        assert_eq!(service.get().handed_in, [vec![of("0a"), of("0b")], vec![of("2a"), of("2b")]], "{faults:?}");
        assert!(service.get().called.values().all(|times| *times == 1), "{:?}", service.get().called);
    }
}

#[tokio::test(start_paused = true)]
async fn rounds_are_bounded() {
    let stages = [("asks", 0); 5];
    let service = Shared::new(&stages, &[]);
    let functions = service.functions().max_rounds(3);
    let error = service.poller().with_functions(&functions).await.unwrap_err();
    assert!(error.to_string().contains("functions for the 4th time, and 3 rounds are allowed"), "{error}");
    let action = error.into_needs_action::<Thing>().unwrap();
    assert_eq!((action.outputs_ready.len(), action.unanswered.len()), (0, 2));
    let service = service.get();
    assert_eq!((service.handed_in.len(), service.called.len()), (3, 6));
}

#[tokio::test(start_paused = true)]
async fn the_round_too_many_is_counted_in_words() {
    for (limit, nth) in [(1, "2nd"), (2, "3rd"), (10, "11th"), (20, "21st")] {
        let service = Shared::new(&[("asks", 0); 24], &[]);
        let functions = service.functions().max_rounds(limit);
        let error = service.poller().with_functions(&functions).await.unwrap_err();
        assert!(error.to_string().contains(&format!("functions for the {nth} time")), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn functions_end_with_the_deadline() {
    let service = Shared::new(&[("asks", 0)], &[]);
    let forever = Function::from_json("known", "", json!({ "type": "object" }), |_: Value| {
        std::future::pending::<Result<(), String>>()
    });
    let functions = FunctionSet::new([forever]).unwrap().timeout(Duration::from_secs(3_600));
    let start = tokio::time::Instant::now();
    let poller = service.poller().with_functions(&functions).max_wait(Duration::from_secs(9));
    assert_eq!(poller.await.unwrap_err().kind(), ErrorKind::Deadline);
    assert!(start.elapsed() < Duration::from_millis(9_010));
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_is_run_again_only_if_asked_for_and_after_the_time_it_names() {
    let stages = [("rate limited for 7 s", 0), ("rate limited", 0), ("working", 0), ("completed", 0)];
    let service = Shared::new(&stages, &[]);
    assert_eq!(service.poller().await.unwrap().state, "rate limited for 7 s");

    let service = Shared::new(&stages, &[]);
    let start = tokio::time::Instant::now();
    let (states, error) =
        read(service.poller().run_again(RunAgain::after_rate_limit().wait(Duration::from_secs(20)))).await;
    assert!(error.is_none());
    assert_eq!(states, ["rate limited for 7 s", "rate limited", "working", "completed"]);
    assert!((start.elapsed().as_secs_f64() - 28.0).abs() < 0.02, "{:?}", start.elapsed());

    let service = Shared::new(&stages, &[]);
    let last = service.poller().run_again(RunAgain::after_rate_limit().max_times(1)).await.unwrap();
    assert_eq!((last.state.as_str(), service.get().starts), ("rate limited", 2));

    // A wait that does not fit is not begun.
    let service = Shared::new(&stages, &[]);
    let start = tokio::time::Instant::now();
    let poller = service.poller().run_again(RunAgain::after_rate_limit()).max_wait(Duration::from_secs(6));
    assert_eq!((poller.await.unwrap().state.as_str(), service.get().starts), ("rate limited for 7 s", 1));
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn the_deadline_cancels_if_asked_to_and_says_so() {
    let service = Shared::new(&[("working", 1_000)], &[]);
    let poller = service.poller().max_wait(Duration::from_secs(5)).cancel_on_deadline(true);
    let error = poller.await.unwrap_err();
    assert!(error.to_string().contains("after 5.0 s; it was canceled"), "{error}");
    assert_eq!(service.get().cancels, 1);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_poller_cancels_if_asked_to() {
    for (asked, expected) in [(true, 1), (false, 0)] {
        let service = Shared::new(&[("working", 1_000)], &[]);
        let mut poller = service.poller().cancel_on_drop(asked);
        poller.next().await.unwrap().unwrap();
        drop(poller);
        tokio::task::yield_now().await;
        assert_eq!(service.get().cancels, expected);

        // What has ended has nothing to cancel.
        let service = Shared::new(&[("working", 1), ("completed", 0)], &[]);
        service.poller().cancel_on_drop(asked).await.unwrap();
        tokio::task::yield_now().await;
        assert_eq!(service.get().cancels, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn approvals_are_asked_of_the_policy_and_what_it_leaves_is_handed_back() {
    let request = |id: &str, tool: &str| ApprovalRequest {
        call_id: id.to_owned(),
        server_label: "github".to_owned(),
        tool: tool.to_owned(),
        arguments: "{}".to_owned(),
    };
    let asked = || Asked { approvals: vec![request("1", "read"), request("2", "write")], ..Asked::default() };
    let mut answering = Answering::default();
    answering.approvals = Some(ApprovalPolicy::leave_all().approve_tool("github", "read"));
    let answered = answering.answer(asked()).await.unwrap();
    assert!(
        matches!(answered, Answered::NotAll(reason) if reason == "the approval of the tool `write` of the server `github` (2)")
    );
    let action = answering.needs_action(());
    assert_eq!((action.approvals_ready.len(), action.unanswered.len()), (1, 1));
    assert!(action.approvals_ready[0].approve && action.approvals_ready[0].request.tool == "read");

    let policy = ApprovalPolicy::ask(|request| async move {
        if request.tool == "read" { Decision::Approve } else { Decision::Deny }
    });
    let mut answering = Answering::default();
    answering.approvals = Some(policy);
    assert!(matches!(answering.answer(asked()).await.unwrap(), Answered::All));
    let approvals = &answering.answers().unwrap().approvals;
    assert_eq!(approvals.iter().map(|ready| ready.approve).collect::<Vec<_>>(), [true, false]);
}

#[tokio::test(start_paused = true)]
async fn what_asks_for_nothing_or_for_what_nobody_knows_is_handed_back() {
    let mut answering = Answering::default();
    answering.functions = Some(Shared::default().functions());
    assert!(matches!(answering.answer(Asked::default()).await.unwrap(), Answered::NotAll(_)));

    let call = FunctionCall { id: "1".to_owned(), name: "known".to_owned(), arguments: r#"{"call":"1"}"#.to_owned() };
    let mixed = Asked { functions: vec![call], others: vec![json!({ "type": "dance" })], ..Asked::default() };
    let answered = answering.answer(mixed).await.unwrap();
    assert!(matches!(answered, Answered::NotAll(reason) if reason == "something of the kind `dance`"));
    let action = answering.needs_action(());
    assert_eq!(action.outputs_ready[0].output, "\"of 1\"");
    assert!(matches!(&action.unanswered[..], [Unanswered::Other(value)] if value["type"] == "dance"));
}

fn stages() -> impl Strategy<Value = Vec<(&'static str, u32)>> {
    let stage = (
        prop_oneof![
            4 => Just("queued"),
            4 => Just("working"),
            2 => Just("cancelling"),
            2 => Just("polishing"),
            4 => Just("asks"),
            1 => Just("asks for what nobody has"),
            1 => Just("completed"),
            1 => Just("failed"),
            1 => Just("rate limited"),
        ],
        0_u32..4,
    );
    prop::collection::vec(stage, 1..8)
}

fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let fault = prop_oneof![
        8 => Just(Fault::None),
        2 => (0_u64..20_000).prop_map(Fault::Slow),
        3 => Just(Fault::Before),
        2 => Just(Fault::After),
        2 => (0_u64..30_000).prop_map(Fault::Wait),
        1 => Just(Fault::Refused),
    ];
    prop::collection::vec(fault, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Any states, errors and delays: the right outcome, in time, with few requests.
    #[test]
    fn it_ends_as_it_should_in_time_and_with_few_requests(
        stages in stages(),
        faults in faults(),
        max_wait in 1_u64..90,
        again in any::<bool>(),
        streamed in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let service = Shared::new(&stages, &faults);
            let max_wait = Duration::from_secs(max_wait);
            let mut poller = service.poller().with_functions(&service.functions()).max_wait(max_wait);
            if again {
                poller = poller.run_again(RunAgain::after_rate_limit().wait(Duration::from_secs(3)));
            }
            let start = tokio::time::Instant::now();
            let (states, outcome) = if streamed {
                let (states, error) = read(poller).await;
                let last = states.last().cloned();
                (Some(states), error.map_or_else(|| Ok(last.unwrap()), Err))
            } else {
                (None, poller.await.map(|thing| thing.state))
            };
            let elapsed = start.elapsed();
            let service = service.get();

            // In time, but for the grain of the timer.
            assert!(elapsed <= max_wait + Duration::from_millis(20), "{elapsed:?}");
            // One at a time, at most ten in a second, and a few that hand in.
            let handing_in = u32::try_from(service.handed_in.len()).unwrap() + service.refused_twice + service.failures_in_a_row;
            let bound = 10.0 * elapsed.as_secs_f64() + 2.0 * f64::from(handing_in) + f64::from(service.starts) + 45.0;
            assert!(f64::from(service.requests) <= bound, "{} requests in {elapsed:?}", service.requests);
            // Nothing is called twice, nothing handed in twice.
            assert!(service.called.values().all(|times| *times == 1), "{:?}", service.called);

            let last_told = service.told.last().map(String::as_str);
            match &outcome {
                Ok(state) => {
                    assert!(["completed", "failed", "rate limited"].contains(&state.as_str()), "{state}");
                    assert_eq!(last_told, Some(state.as_str()));
                }
                Err(error) => {
                    match error.kind() {
                        ErrorKind::Deadline => assert!(elapsed + Duration::from_millis(1_010) >= max_wait, "{elapsed:?}"),
                        ErrorKind::NeedsAction => assert_eq!(last_told, Some("asks for what nobody has")),
                        ErrorKind::Permission => assert!(service.has_refused),
                        ErrorKind::Server => {
                            // The start is not repeated; a question is, five times.
                            assert!(service.failures_in_a_row > 5 || service.told.is_empty() || again, "{error}");
                        }
                        other => panic!("{other:?}: {error}"),
                    }
                    let last = error.last_state::<Thing>().map(|thing| thing.state.as_str());
                    assert_eq!(last, last_told, "{error}");
                }
            }
            // No end is passed over, except a rate limit that is run again.
            let before_last = service.told.iter().rev().skip(1);
            for state in before_last {
                let is_end = ["completed", "failed"].contains(&state.as_str());
                assert!(!is_end && (again || state != "rate limited"), "{:?}", service.told);
            }
            if let Some(states) = states {
                let mut distinct = service.told.clone();
                distinct.dedup();
                // A second start may show the state of the first.
                if !again {
                    assert_eq!(states, distinct);
                }
            }
        });
    }
}
