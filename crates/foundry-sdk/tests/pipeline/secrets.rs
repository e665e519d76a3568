//! A secret is where it has to be, in one header of the request, and nowhere else.

use std::io;
use std::time::{Duration, SystemTime};

use foundry_sdk::{
    AccessToken, Clock, Credential, Error, ErrorKind, ProjectClient, ProjectClientBuilder, RetryPolicy, SystemClock,
};

use crate::common::{
    Answer, Call, ENDPOINT, Outcome, PLANTED, RecordingClock, Scripted, THREAD, answer, builder, closed_port, seconds,
    shown,
};
use crate::server::{Reply, Server};

/// Each kind of credential with the planted secret in it; one from a program has a test of its own.
fn credentials() -> Vec<(&'static str, Credential)> {
    let end = SystemTime::UNIX_EPOCH + seconds(RecordingClock::START + 24 * 3600);
    let given = Credential::from_fn(move |_| async move { Ok::<_, io::Error>(AccessToken::new(PLANTED, end)) });
    vec![
        ("an API key", Credential::api_key(PLANTED)),
        ("a token", Credential::token(PLANTED)),
        ("a function", given.clone()),
        ("a function, for another scope", given.scope("api://mine/.default")),
    ]
}

/// Everything that is printed in the course of a test.
#[derive(Default)]
struct Printed(Vec<String>);

impl Printed {
    fn debug(&mut self, value: &impl std::fmt::Debug) {
        self.0.push(format!("{value:?}"));
        self.0.push(format!("{value:#?}"));
    }

    fn error(&mut self, error: &Error) {
        self.0.push(shown(error));
        self.0.push(error.hint().unwrap_or_default().to_owned());
        self.0.push(error.url().map(ToString::to_string).unwrap_or_default());
        self.0.push(format!("{:?} {:?} {:?}", error.details(), error.inner_error(), error.headers()));
    }

    #[track_caller]
    fn check(&self, what: &str) {
        assert!(!self.0.is_empty());
        for text in &self.0 {
            assert!(!text.contains(PLANTED), "{what}: {text}");
        }
    }
}

fn outcomes() -> Vec<(&'static str, Outcome)> {
    vec![
        ("a success", answer(200).body(THREAD).into()),
        ("401", answer(401).body(r#"{"error":{"code":"Unauthorized","message":"No."}}"#).into()),
        ("403", answer(403).into()),
        ("404", answer(404).into()),
        ("500", answer(500).into()),
        ("no connection", Outcome::Refused),
        ("no answer", Outcome::Broken),
        ("half an answer", answer(200).body("{").cut().into()),
        ("another shape", answer(200).body("[]").into()),
    ]
}

async fn print_calls(printed: &mut Printed, builder: ProjectClientBuilder) {
    printed.debug(&builder);
    let client = builder.build().unwrap();
    printed.debug(&client);
    printed.debug(&client.classic());
    printed.debug(&client.classic().threads());
    printed.debug(&client.raw_2025_05_01());
    let call = client.classic().threads().get("thread_1");
    printed.debug(&call);
    match call.send().await {
        Ok(reply) => printed.debug(&reply),
        Err(error) => printed.error(&error),
    }
    match client.classic().threads().create().send().await {
        Ok(reply) => printed.debug(&reply),
        Err(error) => printed.error(&error),
    }
    match client.raw_2025_05_01().threads_get("thread_1").await {
        Ok(reply) => printed.debug(&reply),
        Err(error) => {
            printed.0.push(error.to_string());
            printed.debug(&error);
        }
    }
    let poller = client.classic().runs("thread_1").create("asst_1").poll().max_wait(Duration::ZERO);
    printed.debug(&poller);
    if let Err(error) = poller.await {
        printed.error(&error);
    }
}

#[tokio::test]
async fn a_credential_is_shown_nowhere() {
    for (kind, credential) in credentials() {
        check_in_memory(kind, &credential, RecordingClock::new()).await;
    }
}

async fn check_in_memory(kind: &str, credential: &Credential, clock: impl Clock + Clone) {
    let mut printed = Printed::default();
    printed.debug(credential);
    for (outcome_name, outcome) in outcomes() {
        #[cfg(feature = "tracing")]
        let (seen, _guard) = crate::subscriber::Seen::all();
        let scripted = Scripted::always(outcome);
        let builder = scripted
            .builder(&RecordingClock::new())
            .clock(clock.clone())
            .credential(credential.clone())
            .log_bodies(true)
            .retry(RetryPolicy::new().max_attempts(2).base_delay(Duration::ZERO));
        print_calls(&mut printed, builder).await;
        #[cfg(feature = "tracing")]
        {
            assert!(seen.spans().len() >= 4, "nothing was told");
            printed.0.push(seen.text());
        }
        // It was sent, each time.
        for sent in scripted.sent() {
            assert!(sent.headers.values().any(|value| value.to_str().is_ok_and(|text| text.contains(PLANTED))));
            assert!(!sent.uri.to_string().contains(PLANTED) && !sent.shown.contains(PLANTED));
        }
        assert!(scripted.count() >= 4);
        printed.check(&format!("{kind}, {outcome_name}"));
    }
}

/// A program in the place of `az` prints the secret. The credential looks for it on the `PATH`, which is this
/// process's own: so the test is run once more, in a process that has another one.
#[cfg(unix)]
#[tokio::test]
async fn a_credential_of_the_azure_cli_is_shown_nowhere() {
    const IN_CHILD: &str = "FOUNDRY_TESTS_FAKE_AZ";
    if std::env::var_os(IN_CHILD).is_some() {
        // Its time has to be real, for the program's is.
        return check_in_memory("the Azure CLI", &Credential::azure_cli(), SystemClock::default()).await;
    }
    let folder = tempfile::tempdir().unwrap();
    // In the year 2100.
    let end = 4_102_444_800_u64;
    let script = format!(
        "#!/bin/sh\necho 'WARNING: {PLANTED}' >&2\necho '{{\"accessToken\":\"{PLANTED}\",\"expires_on\":{end}}}'\n"
    );
    // Another process writes it: a file that this one has open cannot be run.
    let written = std::process::Command::new("/bin/sh")
        .args(["-c", "printf %s \"$SCRIPT\" > az && chmod 755 az"])
        .env("SCRIPT", script)
        .current_dir(folder.path())
        .status();
    assert!(written.unwrap().success());
    let child = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "secrets::a_credential_of_the_azure_cli_is_shown_nowhere", "--nocapture"])
        .env("PATH", folder.path())
        .env(IN_CHILD, "1")
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout) + String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
}

/// Over HTTP, whose own errors and logs see the request too.
#[tokio::test]
async fn a_credential_is_shown_nowhere_by_http() {
    for (kind, credential) in credentials() {
        let server = Server::start([Reply::status(401, "")]);
        for endpoint in [format!("http://{}/api/projects/p", closed_port()), server.endpoint()] {
            #[cfg(feature = "tracing")]
            let (seen, _guard) = crate::subscriber::Seen::all();
            let mut printed = Printed::default();
            let builder = builder(endpoint, &RecordingClock::new())
                .credential(credential.clone())
                .log_bodies(true)
                .retry(RetryPolicy::new().max_attempts(2));
            print_calls(&mut printed, builder).await;
            #[cfg(feature = "tracing")]
            printed.0.push(seen.text());
            printed.check(kind);
        }
        assert!(server.requests().iter().all(|request| request.contains(PLANTED)));
        assert!(!server.requests().is_empty());
    }
}

/// A secret that cannot be sent is refused, and not shown for it.
#[tokio::test]
async fn a_credential_that_is_no_header_is_shown_nowhere() {
    for bad in [format!("{PLANTED}\n"), format!("\r\n{PLANTED}"), format!("{PLANTED}\u{0}"), format!("a\n{PLANTED}")] {
        for credential in [Credential::api_key(bad.clone()), Credential::token(bad.clone())] {
            let mut printed = Printed::default();
            let builder = ProjectClient::builder(ENDPOINT).credential(credential);
            printed.debug(&builder);
            let error = builder.build().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credential);
            printed.error(&error);
            printed.check("a bad header");
        }
        // Of a function it turns out when it is called.
        let end = SystemTime::UNIX_EPOCH + seconds(RecordingClock::START + 24 * 3600);
        let given = Credential::from_fn(move |_| {
            let token = AccessToken::new(bad.clone(), end);
            async move { Ok::<_, io::Error>(token) }
        });
        let scripted = Scripted::always(answer(200));
        let client = scripted.builder(&RecordingClock::new()).credential(given).build().unwrap();
        let error = Call::Get.send(&client).await.unwrap_err();
        assert_eq!((error.kind(), scripted.count()), (ErrorKind::Credential, 0));
        let mut printed = Printed::default();
        printed.error(&error);
        printed.check("a token that is no header");
    }
}

#[test]
fn a_token_is_not_shown_by_itself() {
    let mut printed = Printed::default();
    printed.debug(&AccessToken::new(PLANTED, SystemTime::now()));
    printed.check("a token");
}

/// What the caller puts into headers and query may be secret as well.
#[tokio::test]
async fn what_the_caller_gives_is_shown_nowhere() {
    for outcome in [Outcome::from(answer(400)), answer(404).into(), answer(200).body("[]").into(), Outcome::Broken] {
        #[cfg(feature = "tracing")]
        let (seen, _guard) = crate::subscriber::Seen::all();
        let mut printed = Printed::default();
        let threads = Scripted::always(outcome).client_once().classic().threads();
        let call = threads
            .get("thread_1")
            .header("authorization", format!("Bearer {PLANTED}"))
            .header("x-ms-more", PLANTED)
            .query("sig", PLANTED)
            .query("code", PLANTED)
            .query("access_token", PLANTED)
            .query("subscription-key", PLANTED);
        printed.debug(&call);
        printed.error(&call.await.unwrap_err());
        #[cfg(feature = "tracing")]
        printed.0.push(seen.text());
        printed.check("what the caller gave");
    }
    let mut printed = Printed::default();
    let threads = Scripted::always(answer(200)).client_once().classic().threads();
    let call = threads.get("thread_1").header("x-more", format!("{PLANTED}\n"));
    printed.debug(&call);
    printed.error(&call.await.unwrap_err());
    printed.check("a header that cannot be sent");
}

/// The errors of the HTTP client know the URL that was asked.
#[tokio::test]
async fn a_signature_in_a_url_is_shown_nowhere_by_http() {
    let cut = Reply::text("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":");
    let servers = [Server::start([Reply::text("")]), Server::start([cut])];
    let mut endpoints = vec![format!("http://{}/api/projects/p", closed_port())];
    endpoints.extend(servers.iter().map(Server::endpoint));
    for endpoint in endpoints {
        #[cfg(feature = "tracing")]
        let (seen, _guard) = crate::subscriber::Seen::all();
        let client = builder(endpoint, &RecordingClock::new()).build().unwrap();
        let mut printed = Printed::default();
        let call = client.classic().threads().get("thread_1").query("sig", PLANTED);
        printed.error(&call.await.unwrap_err());
        #[cfg(feature = "tracing")]
        printed.0.push(seen.text());
        printed.check("a signature");
    }
    assert!(servers.iter().all(|server| server.requests()[0].contains(PLANTED)));
}

/// The endpoint that people paste may have a key in it.
#[test]
fn an_endpoint_with_a_secret_is_shown_nowhere() {
    for endpoint in [
        format!("https://u:{PLANTED}@res.services.ai.azure.com/api/projects/p"),
        format!("https://{PLANTED}@res.services.ai.azure.com/api/projects/p"),
        format!("{ENDPOINT}?api-key={PLANTED}"),
        format!("{ENDPOINT}#{PLANTED}"),
        format!("Endpoint=https://res.services.ai.azure.com/;Key={PLANTED}"),
    ] {
        let mut printed = Printed::default();
        let builder = ProjectClient::builder(&endpoint).credential(Credential::api_key("key"));
        printed.debug(&builder);
        printed.error(&builder.build().unwrap_err());
        printed.check(&endpoint.replace(PLANTED, "SECRET"));
    }
}

/// What the service gives away when it is asked for credentials is not shown by what goes wrong then.
#[tokio::test]
async fn credentials_of_a_connection_are_not_shown_by_errors() {
    let connection = |rest: &str| {
        format!(r#"{{"name":"c","credentials":{{"type":"ApiKey","key":"{PLANTED}"}},"metadata":{{}}{rest}"#)
    };
    // Another type at its end, and half of it.
    for body in [connection(r#","id":5}"#), connection("")] {
        let mut printed = Printed::default();
        let client = Scripted::always(answer(200).body(body)).client_once();
        let error = client.classic().connections().get_with_credentials("c").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        printed.error(&error);
        // Who asks for the body gets it.
        assert!(error.body().unwrap().windows(PLANTED.len()).any(|part| part == PLANTED.as_bytes()));
        let error = client.raw_2025_05_01().connections_get_with_credentials("c").await.unwrap_err();
        printed.0.push(error.to_string());
        printed.debug(&error);
        printed.check("an answer that cannot be decoded");
    }
}

/// An answer that came is not hidden: it is in the reply, for who asks for it.
#[tokio::test]
async fn an_answer_is_there_for_who_asks() {
    let answer: Answer = answer(200).body(THREAD);
    let client = Scripted::always(answer).client_once();
    let reply = client.classic().threads().get("thread_1").send().await.unwrap();
    assert_eq!(reply.body, THREAD);
    assert!(!format!("{reply:?}").contains("\"object\""), "{reply:?}");
    Call::Get.send(&client).await.unwrap();
}
