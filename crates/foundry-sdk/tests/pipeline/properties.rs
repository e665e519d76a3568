//! What holds for any course of a call, and for any answer.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use foundry_sdk::{AccessToken, Credential, Error, RetryPolicy};
use http::{HeaderName, HeaderValue};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::common::{Answer, Call, Outcome, RecordingClock, Scripted, THREAD, answer, seconds, shown};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

// ---- any course of a call

/// When the service asks to come back.
#[derive(Clone, Debug)]
enum Asked {
    No,
    Garbage(&'static str),
    Seconds(u64),
    Milliseconds(&'static str, u64),
    /// So long after the clock's start.
    Date(u64),
}

#[derive(Clone, Debug)]
enum What {
    Status(u16),
    /// A success whose body breaks off.
    Cut,
    Broken,
    Refused,
}

#[derive(Clone, Debug)]
struct Step {
    what: What,
    asked: Asked,
    /// Whether the body of a failure breaks off.
    broken_body: bool,
}

impl Step {
    /// The wait that is asked for, `elapsed` after the clock's start.
    fn wait(&self, elapsed: Duration) -> Option<Duration> {
        match (&self.what, &self.asked) {
            (What::Status(_), Asked::Seconds(wait)) => Some(seconds(*wait)),
            (What::Status(_), Asked::Milliseconds(_, wait)) => Some(Duration::from_millis(*wait)),
            (What::Status(_), Asked::Date(after)) => Some(seconds(*after).saturating_sub(elapsed)),
            _ => None,
        }
    }

    /// Whether the same request may succeed later.
    fn is_passing(&self) -> bool {
        match self.what {
            What::Status(status) => [408, 429, 500, 502, 503, 504].contains(&status),
            What::Cut | What::Broken | What::Refused => true,
        }
    }

    /// Whether what was asked for may have been done.
    fn may_be_done(&self) -> bool {
        match self.what {
            What::Refused => false,
            What::Cut | What::Broken => true,
            What::Status(429) => false,
            What::Status(503) => matches!(self.asked, Asked::No | Asked::Garbage(_)),
            What::Status(status) => status == 408 || status >= 500 || (200..300).contains(&status),
        }
    }

    fn is_success(&self) -> bool {
        matches!(self.what, What::Status(200))
    }

    fn outcome(&self, call: Call) -> Outcome {
        let mut answer = match self.what {
            What::Refused => return Outcome::Refused,
            What::Broken => return Outcome::Broken,
            What::Cut => answer(200).body("{\"id\":").cut(),
            What::Status(200) => answer(200).body(call.success()),
            What::Status(status) => answer(status).body("{\"error\":{"),
        };
        if self.broken_body && !self.is_success() {
            answer = answer.cut();
        }
        match self.asked {
            Asked::No => answer,
            Asked::Garbage(value) => answer.header("retry-after", value),
            Asked::Seconds(wait) => answer.header("retry-after", &wait.to_string()),
            Asked::Milliseconds(name, wait) => answer.header(name, &wait.to_string()),
            Asked::Date(after) => {
                let date = UNIX_EPOCH + seconds(RecordingClock::START + after);
                answer.header("retry-after", &httpdate_of(date))
            }
        }
        .into()
    }
}

/// `Sun, 22 Nov 2026 12:00:00 GMT`, on that day and the one after it.
fn httpdate_of(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap().as_secs();
    let since_midnight = since - (RecordingClock::START - 12 * 3600);
    let (day, hours) =
        if since_midnight < 24 * 3600 { ("Sun, 22", since_midnight) } else { ("Mon, 23", since_midnight - 24 * 3600) };
    format!("{day} Nov 2026 {:02}:{:02}:{:02} GMT", hours / 3600, hours / 60 % 60, hours % 60)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let what = prop_oneof![
        3 => select(vec![408, 429, 429, 500, 502, 503, 503, 504]).prop_map(What::Status),
        1 => select(vec![200, 302, 400, 401, 401, 401, 403, 404, 409, 422, 501]).prop_map(What::Status),
        1 => Just(What::Cut),
        1 => Just(What::Broken),
        1 => Just(What::Refused),
    ];
    let asked = prop_oneof![
        3 => Just(Asked::No),
        1 => select(vec!["", "soon", "-5", "NaN", "1 hour", "Sun, 99 Nov 2026 12:00:00 GMT", "\u{7f}x"])
            .prop_filter("a header may hold it", |text| HeaderValue::from_str(text).is_ok())
            .prop_map(Asked::Garbage),
        2 => (0..200_u64).prop_map(Asked::Seconds),
        1 => prop_oneof![Just(400_u64), Just(u64::MAX), 200..100_000_u64].prop_map(Asked::Seconds),
        2 => (select(vec!["retry-after-ms", "x-ms-retry-after-ms"]), 0..100_000_u64)
            .prop_map(|(name, wait)| Asked::Milliseconds(name, wait)),
        1 => (0..1000_u64).prop_map(Asked::Date),
    ];
    let step = (what, asked, any::<bool>()).prop_map(|(what, asked, broken_body)| Step { what, asked, broken_body });
    vec(step, 1..8)
}

/// A credential that always has another token.
fn numbered_tokens() -> Credential {
    let asked = AtomicU32::new(0);
    Credential::from_fn(move |_| {
        let number = asked.fetch_add(1, Ordering::SeqCst);
        let end = UNIX_EPOCH + seconds(RecordingClock::START + 24 * 3600);
        async move { Ok::<_, std::io::Error>(AccessToken::new(format!("token-{number}"), end)) }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_course_breaks_the_rules(
        steps in steps(),
        call in select(vec![Call::Get, Call::Create, Call::Delete, Call::Put]),
        max_attempts in 1..8_u32,
        max_elapsed in prop_oneof![Just(300_u64), 0..600_u64],
        base_delay in select(vec![0_u64, 1, 500, 60_000]),
        has_other_tokens in any::<bool>(),
    ) {
        let (base_delay, max_elapsed) = (Duration::from_millis(base_delay), seconds(max_elapsed));
        let max_delay = seconds(30);
        let policy =
            RetryPolicy::new().max_attempts(max_attempts).max_elapsed(max_elapsed).base_delay(base_delay);
        let clock = RecordingClock::new();
        let scripted = Scripted::new(steps.iter().map(|step| step.outcome(call)));
        let mut builder = scripted.builder(&clock).retry(policy);
        if has_other_tokens {
            builder = builder.credential(numbered_tokens());
        }
        let result = block_on(call.send(&builder.build().unwrap()));
        let (sent, slept) = (scripted.count(), clock.slept());

        // The last of the script goes on for ever.
        let taken: Vec<&Step> = (0..sent).map(|index| &steps[index.min(steps.len() - 1)]).collect();
        let refused = taken.iter().position(|step| matches!(step.what, What::Status(401)));
        let is_renewed = has_other_tokens && refused.is_some();
        prop_assert!(sent >= 1 && sent <= max_attempts as usize + usize::from(is_renewed));
        prop_assert_eq!(slept.len(), sent - 1 - usize::from(is_renewed), "a wait between attempts, and no other");
        prop_assert!(slept.iter().sum::<Duration>() <= max_elapsed);
        let mut elapsed = Duration::ZERO;
        let mut waits = slept.iter();
        for (index, step) in taken.iter().enumerate() {
            // With another token, at once, and once.
            if is_renewed && Some(index) == refused {
                prop_assert!(index + 1 < sent, "it was not sent with another token");
                continue;
            }
            let asked = step.wait(elapsed);
            let may_go_on = !step.is_success() && step.is_passing() && !(call.acts() && step.may_be_done());
            let left = max_elapsed - elapsed;
            let longest = base_delay.saturating_mul(1 << index).min(max_delay);
            if index + 1 < sent {
                let wait = *waits.next().unwrap();
                prop_assert!(may_go_on, "it was sent again after {step:?}");
                match asked {
                    Some(asked) => prop_assert_eq!(wait, asked),
                    None => prop_assert!(wait <= longest, "{wait:?} of {longest:?}"),
                }
                elapsed += wait;
            } else {
                // It ended here for a reason.
                prop_assert!(
                    !may_go_on
                        || index + 1 >= max_attempts as usize
                        || left.is_zero()
                        || asked.unwrap_or(longest) > left,
                    "it was not sent again after {step:?}"
                );
            }
        }
        let last = taken.last().unwrap();
        match result {
            Ok(()) => prop_assert!(last.is_success()),
            Err(error) => {
                prop_assert!(!last.is_success());
                prop_assert_eq!(error.attempts() as usize, sent);
                prop_assert_eq!(error.retry_after(), last.wait(elapsed));
                let status = error.status().map(|status| status.as_u16());
                prop_assert_eq!(status, match last.what { What::Status(status) => Some(status), _ => None });
            }
        }
    }
}

// ---- any answer

/// Names and texts that mean something, and any other.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(vec![
            "error", "code", "message", "target", "details", "innererror", "innerError", "additionalInfo", "type",
            "param", "errors", "title", "detail", "request_id", "id", "object", "data", "metadata", "deleted",
            "has_more", "first_id", "tool_resources", "insufficient_quota", "preview_feature_required",
            "Skills=V1Preview", "thread_1", "{\"error\":{\"message\":\"deeper\"}}", "a\nb", "a\r", "\n",
        ])
        .prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        words().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((words(), inner), 0..6).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        2 => vec(any::<u8>(), 0..300),
        4 => values().prop_map(|value| value.to_string().into_bytes()),
        2 => values().prop_map(|value| json!({ "error": value }).to_string().into_bytes()),
        1 => (any::<u8>(), 0..200_000_usize).prop_map(|(byte, length)| vec![byte; length]),
        1 => (select(vec!["[", "{\"error\":", "<title>", "\"\\u"]), 0..3000_usize)
            .prop_map(|(text, times)| text.repeat(times).into_bytes()),
        // A success with a byte changed.
        1 => (any::<proptest::sample::Index>(), any::<u8>()).prop_map(|(place, byte)| {
            let mut body = THREAD.as_bytes().to_vec();
            let place = place.index(body.len());
            body[place] = byte;
            body
        }),
        1 => "<(html|!doctype html)>[ -~]{0,20}<(title|h1|H1)>\\PC{0,300}</(title|h1)>".prop_map(String::into_bytes),
    ]
}

fn headers() -> impl Strategy<Value = Vec<(HeaderName, HeaderValue)>> {
    let name = prop_oneof![
        4 => select(vec![
            "retry-after", "retry-after-ms", "x-ms-retry-after-ms", "x-request-id", "x-ms-client-request-id",
            "server-timing", "x-ratelimit-limit-requests", "x-ratelimit-", "ratelimit", "x-ms-ratelimit-remaining",
            "content-type", "content-length", "content-encoding", "location",
        ])
        .prop_map(HeaderName::from_static),
        1 => "[a-z0-9-]{1,20}".prop_map(|name| name.parse().unwrap()),
    ];
    let value = prop_oneof![
        vec(any::<u8>(), 0..30),
        select(vec![
            "",
            "0",
            "12",
            "1.5",
            "-1",
            "1e308",
            "1e400",
            "NaN",
            "inf",
            "18446744073709551615",
            "18446744073709551616",
            "Sun, 22 Nov 2026 12:00:30 GMT",
            "Thu, 01 Jan 0000 00:00:00 GMT",
            "Fri, 31 Dec 9999 23:59:59 GMT",
            "soon",
            "application/json",
            "gzip",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        any::<u64>().prop_map(|number| number.to_string().into_bytes()),
        any::<f64>().prop_map(|number| number.to_string().into_bytes()),
    ]
    .prop_filter_map("a header may hold it", |bytes| HeaderValue::from_bytes(&bytes).ok());
    vec((name, value), 0..6)
}

fn answers() -> impl Strategy<Value = Answer> {
    let status = prop_oneof![
        2 => 100..=999_u16,
        2 => 200..300_u16,
        3 => select(vec![200, 400, 401, 403, 404, 408, 409, 422, 429, 500, 503]),
    ];
    (status, headers(), bodies(), 1..10_000_usize, any::<bool>()).prop_map(|(status, headers, body, piece, is_cut)| {
        let mut answer = answer(status);
        for (name, value) in headers {
            answer.headers.append(name, value);
        }
        for piece in body.chunks(piece) {
            answer = answer.body(Bytes::copy_from_slice(piece));
        }
        if is_cut { answer.cut() } else { answer }
    })
}

/// Asks an error all that can be asked.
fn ask(error: &Error) {
    let _ = (shown(error), error.kind(), error.status(), error.code(), error.target(), error.headers());
    let _ = (error.details(), error.inner_error(), error.additional_info(), error.hint(), error.missing_features());
    let _ = (error.request_id(), error.client_request_id(), error.server_timing(), error.retry_after());
    let _ = (error.attempts(), error.operation(), error.url(), error.is_not_found(), error.is_rate_limited());
    let _ = (error.is_retryable(), error.server_may_have_acted(), error.rate_limits().count());
}

async fn call_once(call: &str, scripted: &Scripted) -> Result<String, Error> {
    let threads = scripted.client(&RecordingClock::new(), 2).classic().threads();
    match call {
        "get" => {
            threads.get("thread_1").send().await.map(|reply| format!("{reply:?} {:?}", reply.rate_limits().count()))
        }
        "list" => threads.list().send().await.map(|reply| format!("{reply:?}")),
        _ => threads.delete("thread_1").send().await.map(|reply| format!("{reply:?}")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn any_answer_is_a_value_or_an_error(answer in answers(), call in select(vec!["get", "list", "delete"])) {
        const KEPT: usize = 64 << 10;
        let is_success = (200..300).contains(&answer.status);
        let scripted = Scripted::always(answer.clone());
        match block_on(call_once(call, &scripted)) {
            Ok(shown) => prop_assert!(is_success && !shown.is_empty()),
            Err(error) => {
                ask(&error);
                if !is_success {
                    prop_assert_eq!(error.status().unwrap().as_u16(), answer.status);
                    let body = error.body().unwrap();
                    prop_assert!(body.len() <= KEPT);
                    let arrived: Vec<u8> = answer
                        .body
                        .iter()
                        .filter_map(|piece| match piece {
                            crate::common::Piece::Bytes(bytes) => Some(bytes.to_vec()),
                            _ => None,
                        })
                        .flatten()
                        .take(KEPT)
                        .collect();
                    prop_assert!(*body == arrived, "the body is not the start of what was sent");
                }
                prop_assert!(!error.message().is_empty());
                prop_assert_eq!(error.url().unwrap().path().starts_with("/api/projects/p/threads"), true);
            }
        }
    }

    #[test]
    fn any_error_is_one_line(answer in answers(), said in proptest::option::of([words(), words(), words()])) {
        let answer = match said {
            Some([code, message, id]) => {
                let said = json!({ "code": code, "message": message, "additionalInfo": { "request_id": id } });
                Answer { body: Vec::new(), ..answer }.body(json!({ "error": said }).to_string())
            }
            None => answer,
        };
        if let Err(error) = block_on(call_once("get", &Scripted::always(answer))) {
            for line in [error.to_string(), error.support_line()] {
                prop_assert!(!line.contains(['\n', '\r']), "{line:?}");
                prop_assert!(line.len() < 200_000);
            }
        }
    }
}
