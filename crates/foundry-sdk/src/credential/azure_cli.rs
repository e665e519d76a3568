//! Tokens from the Azure CLI.

use std::borrow::Cow;
#[cfg(test)]
use std::ffi::OsString;
use std::io;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Local, NaiveDateTime, TimeZone};
use futures_core::future::BoxFuture;
use futures_util::future::{Either, select, try_join};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use super::access_token::{AccessToken, TokenRequest};
use super::shown::shown;
use super::source::{Failure, Source};
use crate::clock::Clock;

/// How long it may take.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// How much it may print; a token has some 2 KiB.
const OUTPUT_LIMIT: usize = 1 << 20;
/// How much of its standard error is looked at.
const COMPLAINT_LIMIT: usize = 64 << 10;

/// Runs `az account get-access-token`.
pub(super) struct AzureCli {
    tenant: Option<String>,
    /// Where programs are looked for, instead of where the process looks.
    #[cfg(test)]
    path: Option<OsString>,
}

impl AzureCli {
    pub(super) fn new(tenant: Option<String>) -> Self {
        Self {
            tenant,
            #[cfg(test)]
            path: None,
        }
    }

    fn command(&self, scope: &str) -> Command {
        // Windows has a batch file, which is for `cmd` to run; without `/d` it may print what the
        // user's AutoRun says.
        let mut command = if cfg!(windows) {
            let mut command = Command::new("cmd");
            command.args(["/d", "/c", "az"]);
            command
        } else {
            Command::new("az")
        };
        command.args(["account", "get-access-token", "--output", "json", "--scope", scope]);
        if let Some(tenant) = &self.tenant {
            command.args(["--tenant", tenant]);
        }
        // Neither `cmd` nor Python is to find anything in the folder that the program runs in.
        if cfg!(windows) {
            if let Some(root) = std::env::var_os("SYSTEMROOT") {
                command.current_dir(root);
            }
        } else {
            command.current_dir("/");
        }
        #[cfg(windows)]
        command.creation_flags(CREATE_NO_WINDOW);
        #[cfg(test)]
        if let Some(path) = &self.path {
            command.env("PATH", path);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    async fn run(&self, scope: &str) -> Result<AccessToken, Failure> {
        let mut child = self.command(scope).spawn().map_err(|error| not_started(&error))?;
        let (Some(output), Some(complaint)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(failed("it was started without pipes"));
        };
        let (output, complaint) = try_join(read_output(output), read_complaint(complaint)).await?;
        let status = child.wait().await.map_err(|error| failed(format!("waiting for it failed: {error}")))?;
        if !status.success() {
            return Err(complained(status, &complaint));
        }
        read_token(&output, &Local)
    }
}

/// No window flashes up when a program without one runs `cmd`.
#[cfg(windows)]
const CREATE_NO_WINDOW: u32 = 0x0800_0000;

impl Source for AzureCli {
    fn kind(&self) -> &'static str {
        "the Azure CLI"
    }

    /// Also so that nothing reaches `cmd` that means something to it.
    fn check(&self, request: &TokenRequest) -> Result<(), Failure> {
        let plain = |text: &str, also: &str| {
            text.starts_with(|c: char| c.is_ascii_alphanumeric())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
        };
        if !plain(&request.scope, ".-_:/") {
            return Err(failed(format!("`{}` is no scope", request.scope.escape_debug())));
        }
        match &self.tenant {
            Some(tenant) if !plain(tenant, ".-") => {
                Err(failed(format!("`{}` is no tenant; give its id or one of its domains", tenant.escape_debug())))
            }
            _ => Ok(()),
        }
    }

    fn token(
        self: Arc<Self>,
        request: TokenRequest,
        clock: Arc<dyn Clock>,
    ) -> BoxFuture<'static, Result<AccessToken, Failure>> {
        Box::pin(async move {
            self.check(&request)?;
            let run = pin!(self.run(&request.scope));
            match select(run, clock.sleep(TIME_LIMIT)).await {
                Either::Left((token, _)) => token,
                // What runs is killed when it is dropped.
                Either::Right(((), _)) => Err(failed(format!(
                    "it gave no answer in {} s; run `az account get-access-token --scope {} --output none` to see why",
                    TIME_LIMIT.as_secs(),
                    request.scope
                ))),
            }
        })
    }
}

fn failed(what: impl AsRef<str>) -> Failure {
    Failure::new(format!("no token from the Azure CLI: {}", what.as_ref()))
}

const NOT_INSTALLED: &str = "`az` is not installed or not on the PATH; install it (https://aka.ms/installazurecli), \
                             or use another credential";

fn not_started(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::NotFound => failed(NOT_INSTALLED),
        _ => failed(format!("`az` cannot be started: {error}")),
    }
}

/// What the exit status and the standard error of a run without success mean.
fn complained(status: ExitStatus, complaint: &[u8]) -> Failure {
    /// What `cmd` ends with where it finds no such program.
    const NOT_FOUND: i32 = 9009;
    let complaint = String::from_utf8_lossy(complaint);
    if cfg!(windows) && (status.code() == Some(NOT_FOUND) || complaint.contains("is not recognized")) {
        return failed(NOT_INSTALLED);
    }
    // Warnings of extensions come before it.
    let said = shown(complaint.find("ERROR:").map_or(&*complaint, |start| &complaint[start..]));
    if complaint.contains("az login") {
        return failed(format!("it is not logged in, or has to log in again: run `az login`; it said: {said}"));
    }
    let said = if said.is_empty() { "nothing" } else { &said };
    failed(format!("`az account get-access-token` failed ({status}); it said: {said}"))
}

/// All that it printed, which holds the token and is wiped.
async fn read_output(mut pipe: impl AsyncRead + Unpin) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut output = Zeroizing::new(Vec::with_capacity(16 << 10));
    while read_some(&mut pipe, &mut output).await? > 0 {
        if output.len() > OUTPUT_LIMIT {
            return Err(failed(format!("it printed more than {} MiB", OUTPUT_LIMIT >> 20)));
        }
        if output.len() == output.capacity() {
            // A buffer that grew by itself would leave a copy behind.
            let mut larger = Zeroizing::new(Vec::with_capacity(2 * output.capacity()));
            larger.extend_from_slice(&output);
            output = larger;
        }
    }
    Ok(output)
}

/// The beginning of what it complained of; the rest is read too, else it would wait for that.
async fn read_complaint(mut pipe: impl AsyncRead + Unpin) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut complaint = Zeroizing::new(Vec::with_capacity(2 * COMPLAINT_LIMIT));
    while read_some(&mut pipe, &mut complaint).await? > 0 {
        complaint.truncate(COMPLAINT_LIMIT);
    }
    Ok(complaint)
}

async fn read_some(pipe: &mut (impl AsyncRead + Unpin), into: &mut Vec<u8>) -> Result<usize, Failure> {
    pipe.read_buf(into).await.map_err(|error| failed(format!("what it printed cannot be read: {error}")))
}

/// What it prints. Its own words for a wrong value would show the value, so each is read leniently
/// and judged here.
#[derive(Deserialize)]
struct Printed<'a> {
    #[serde(borrow, default, rename = "accessToken")]
    access_token: Option<Text<'a>>,
    /// Seconds since 1970; since Azure CLI 2.54.
    #[serde(default)]
    expires_on: Value,
    /// Local time, `2026-11-22 14:03:31.000000`.
    #[serde(default, rename = "expiresOn")]
    expires_on_local: Value,
}

/// `Option<Cow<str>>` would always be a copy.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

fn read_token<Z: TimeZone>(output: &[u8], zone: &Z) -> Result<AccessToken, Failure> {
    // The error itself is not shown: it may quote what it found.
    let printed: Printed<'_> = serde_json::from_slice(output).map_err(|error| {
        failed(format!(
            "what it printed is not the JSON of a token (line {}, column {}); is `az` the Azure CLI?",
            error.line(),
            error.column()
        ))
    })?;
    let Some(Text(token)) = printed.access_token.filter(|token| !token.0.is_empty()) else {
        return Err(failed("what it printed has no `accessToken`; update it with `az upgrade`"));
    };
    let token = match token {
        Cow::Borrowed(text) => SecretString::from(text),
        Cow::Owned(text) => SecretString::from(text),
    };
    let expires_at = read_seconds(&printed.expires_on).or_else(|| read_local(&printed.expires_on_local, zone));
    let Some(expires_at) = expires_at else {
        return Err(failed("what it printed does not say when the token ends; update it with `az upgrade`"));
    };
    Ok(AccessToken::new(token, expires_at))
}

fn read_seconds(value: &Value) -> Option<SystemTime> {
    let seconds = match value {
        Value::Number(number) => number.as_u64().or_else(|| whole_seconds(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds?))
}

fn whole_seconds(seconds: f64) -> Option<u64> {
    Duration::try_from_secs_f64(seconds).ok().map(|duration| duration.as_secs())
}

fn read_local<Z: TimeZone>(value: &Value, zone: &Z) -> Option<SystemTime> {
    let text = value.as_str()?.trim();
    let seconds = match DateTime::parse_from_rfc3339(text) {
        Ok(time) => time.timestamp(),
        Err(_) => {
            let time = NaiveDateTime::parse_from_str(&text.replace('T', " "), "%Y-%m-%d %H:%M:%S%.f").ok()?;
            // Where summer time ends an hour comes twice: the first, for a token is not to be
            // taken for valid when it has ended.
            zone.from_local_datetime(&time).earliest()?.timestamp()
        }
    };
    UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))
}

#[cfg(test)]
mod tests {
    use chrono::FixedOffset;

    use super::*;
    use crate::credential::testing::{PLANTED, second};

    fn read(output: &str) -> Result<AccessToken, Failure> {
        read_token(output.as_bytes(), &FixedOffset::east_opt(2 * 3600).unwrap())
    }

    #[test]
    fn the_end_is_read_in_all_forms() {
        for (end, seconds) in [
            // The seconds count, whatever the local time says.
            (r#""expiresOn": "2001-01-01 00:00:00.000000", "expires_on": 1752590737"#, 1_752_590_737),
            (r#""expires_on": "1752590737""#, 1_752_590_737),
            (r#""expires_on": 1752590737.9"#, 1_752_590_737),
            // Older ones say local time alone, here two hours ahead of UTC.
            (r#""expiresOn": "2025-07-15 16:45:37.000000""#, 1_752_590_737),
            (r#""expiresOn": "2025-07-15 16:45:37", "expires_on": null"#, 1_752_590_737),
            (r#""expiresOn": "2025-07-15T16:45:37.5", "expires_on": "soon""#, 1_752_590_737),
            (r#""expiresOn": "2025-07-15T14:45:37Z""#, 1_752_590_737),
            (r#""expiresOn": "2025-07-15T10:45:37-04:00""#, 1_752_590_737),
        ] {
            let token = read(&format!(r#"{{"accessToken": "{PLANTED}", {end}, "tokenType": "Bearer"}}"#)).unwrap();
            assert_eq!(token.expires_at(), second(seconds), "{end}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_without_showing_it() {
        for (output, said) in [
            ("".to_owned(), "is not the JSON of a token (line 1, column 0)"),
            (PLANTED.to_owned(), "is not the JSON"),
            (format!("\"{PLANTED}\""), "is not the JSON"),
            (format!("[[\"{PLANTED}\"]]"), "is not the JSON"),
            (format!(r#"{{"accessToken": "{PLANTED}""#), "is not the JSON"),
            (format!(r#"{{"accessToken": ["{PLANTED}"], "expires_on": 1752590737}}"#), "is not the JSON"),
            (format!(r#"{{"access_token": "{PLANTED}", "expires_on": 1752590737}}"#), "has no `accessToken`"),
            (r#"{"accessToken": "", "expires_on": 1752590737}"#.to_owned(), "has no `accessToken`"),
            (r#"{"accessToken": null, "expires_on": 1752590737}"#.to_owned(), "has no `accessToken`"),
            (format!(r#"{{"accessToken": "{PLANTED}"}}"#), "does not say when"),
            (format!(r#"{{"accessToken": "{PLANTED}", "expires_on": "{PLANTED}"}}"#), "does not say when"),
            (format!(r#"{{"accessToken": "{PLANTED}", "expires_on": -1}}"#), "does not say when"),
            (format!(r#"{{"accessToken": "{PLANTED}", "expires_on": 18446744073709551615}}"#), "does not say when"),
            (format!(r#"{{"accessToken": "{PLANTED}", "expires_on": 1e300}}"#), "does not say when"),
            (format!(r#"{{"accessToken": "{PLANTED}", "expiresOn": "{PLANTED}"}}"#), "does not say when"),
            (format!(r#"{{"accessToken": "{PLANTED}", "expiresOn": "2025-13-15 16:45:37"}}"#), "does not say when"),
            (format!(r#"{{"accessToken": "{PLANTED}", "expiresOn": "1025-07-15 16:45:37"}}"#), "does not say when"),
        ] {
            let failure = read(&output).unwrap_err();
            assert!(failure.message().starts_with("no token from the Azure CLI: "), "{output}: {failure:?}");
            assert!(failure.message().contains(said), "{output}: {failure:?}");
            assert!(!format!("{failure:?}").contains(PLANTED), "{output}: {failure:?}");
        }
    }

    #[test]
    fn a_token_may_be_written_with_escapes() {
        use secrecy::ExposeSecret as _;
        let token = read(r#"{"accessToken": "a\u002db", "expires_on": 1752590737}"#).unwrap();
        assert_eq!(token.token.expose_secret(), "a-b");
    }
}

/// Against a program `az` that stands in for the real one.
#[cfg(test)]
#[cfg(unix)]
mod fake_tests {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::path::Path;

    use tempfile::TempDir;
    use tokio::sync::oneshot;

    use super::*;
    use crate::credential::Credential;
    use crate::credential::testing::{PLANTED, TestClock, all_of, sent};
    use crate::error::{Error, ErrorKind};

    /// Refuses all but the one command that is right.
    const INSIST: &str = r#"
expected='account get-access-token --output json --scope https://ai.azure.com/.default'
if [ "$*" != "$expected" ]; then echo "ERROR: unexpected arguments: $*" >&2; exit 2; fi
"#;

    /// What the real one prints; the clock of the tests starts an hour before the token ends.
    const ANSWER: &str = r#"
cat <<'JSON'
{
  "accessToken": "planted-secret",
  "expiresOn": "2025-07-15 10:45:37.000000",
  "expires_on": 1752590737,
  "subscription": "00000000-0000-0000-0000-000000000000",
  "tenant": "00000000-0000-0000-0000-000000000000",
  "tokenType": "Bearer"
}
JSON
"#;

    /// A folder with a program `az` in it.
    fn fake(script: &str) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        // Another process writes it: while this one has it open for writing, a fork by another test
        // would keep it open, and a file that someone can write is not executed.
        let mut shell = std::process::Command::new("/bin/sh")
            .args(["-c", "cat > az && chmod 755 az"])
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        shell.stdin.take().unwrap().write_all(format!("#!/bin/sh\n{script}").as_bytes()).unwrap();
        assert!(shell.wait().unwrap().success());
        folder
    }

    fn credential(tenant: Option<&str>, path: impl Into<OsString>) -> Credential {
        Credential::asked(Arc::new(AzureCli { tenant: tenant.map(str::to_owned), path: Some(path.into()) }))
    }

    /// The folder first, then where `cat` and the like are.
    fn path(folder: &Path) -> OsString {
        let mut path = folder.as_os_str().to_owned();
        path.push(":/usr/bin:/bin");
        path
    }

    async fn run(script: &str) -> Result<String, Error> {
        let folder = fake(script);
        sent(&credential(None, path(folder.path())), &TestClock::patient()).await
    }

    /// What a run without a token says, checked to be what it always is.
    async fn failure(script: &str) -> String {
        told(&run(script).await.unwrap_err())
    }

    fn told(error: &Error) -> String {
        assert_eq!(error.kind(), ErrorKind::Credential);
        assert!(!all_of(error).contains(PLANTED), "{error:?}");
        error.to_string()
    }

    #[tokio::test]
    async fn it_is_asked_for_the_scope_and_its_token_is_kept() {
        let folder = fake(&format!("{INSIST}echo once >> {{}}/runs{ANSWER}").replace("{}", "\"${0%/*}\""));
        let (credential, clock) = (credential(None, path(folder.path())), TestClock::patient());
        for _ in 0..3 {
            assert_eq!(sent(&credential, &clock).await.unwrap(), format!("Bearer {PLANTED}"));
        }
        assert_eq!(std::fs::read_to_string(folder.path().join("runs")).unwrap(), "once\n");
        assert_eq!(clock.slept(), [TIME_LIMIT]);
    }

    #[tokio::test]
    async fn another_scope_and_a_tenant_are_asked_for() {
        let wrong = INSIST.replace("ai.azure.com", "cognitiveservices.azure.com");
        let said = failure(&format!("{wrong}{ANSWER}")).await;
        assert!(said.contains("unexpected arguments: account get-access-token"), "{said}");
        let folder = fake(&format!("{wrong}{ANSWER}"));
        let clock = TestClock::patient();
        let other = credential(None, path(folder.path())).scope("https://cognitiveservices.azure.com/.default");
        sent(&other, &clock).await.unwrap();

        let tenant = INSIST.replace("/.default'", "/.default --tenant contoso.onmicrosoft.com'");
        let folder = fake(&format!("{tenant}{ANSWER}"));
        sent(&credential(Some("contoso.onmicrosoft.com"), path(folder.path())), &clock).await.unwrap();
        let said = told(&sent(&credential(None, path(folder.path())), &clock).await.unwrap_err());
        assert!(said.contains("unexpected arguments"), "{said}");
    }

    #[tokio::test]
    async fn what_is_no_scope_or_tenant_is_refused_before_it_runs() {
        let folder = fake(ANSWER);
        let clock = TestClock::patient();
        for bad in ["", " ", "-h", "--debug", "a&calc", "a b", "a\"b", "a|b", "%PATH%", "a\nb", "é"] {
            let scope = credential(None, path(folder.path())).scope(bad);
            let tenant = credential(Some(bad), path(folder.path()));
            for (credential, said) in [(scope, "is no scope"), (tenant, "is no tenant")] {
                let error = credential.check().unwrap_err();
                assert!(told(&error).contains(said), "{error}");
                let error = sent(&credential, &clock).await.unwrap_err();
                assert!(told(&error).contains(said), "{error}");
            }
        }
        credential(Some("contoso.onmicrosoft.com"), path(folder.path())).check().unwrap();
        credential(Some("1b0ba6ac-4bf0-4ba0-9a4b-8a3f5e0a1c00"), path(folder.path())).check().unwrap();
    }

    #[tokio::test]
    async fn without_it_the_error_says_to_install_it() {
        let empty = tempfile::tempdir().unwrap();
        let error = sent(&credential(None, empty.path()), &TestClock::patient()).await.unwrap_err();
        let said = told(&error);
        assert!(said.contains("`az` is not installed or not on the PATH; install it"), "{said}");
        assert!(said.contains("or use another credential"), "{said}");
    }

    #[tokio::test]
    async fn a_program_that_cannot_be_run_is_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("az")).unwrap();
        let error = sent(&credential(None, folder.path()), &TestClock::patient()).await.unwrap_err();
        let said = told(&error);
        assert!(said.contains("`az` cannot be started: "), "{said}");
    }

    #[tokio::test]
    async fn without_a_login_the_error_says_to_log_in() {
        for complaint in [
            "ERROR: Please run 'az login' to setup account.",
            "WARNING: a\\nERROR: AADSTS70043: The refresh token has expired.\\nInteractive authentication is needed. \
             Please run:\\naz login --scope https://ai.azure.com/.default",
        ] {
            let said = failure(&format!("printf \"{complaint}\\n\" >&2; exit 1")).await;
            assert!(said.contains("it is not logged in, or has to log in again: run `az login`"), "{said}");
            assert!(said.contains("it said: ERROR: "), "{said}");
            assert!(!said.contains('\n'), "{said}");
        }
    }

    #[tokio::test]
    async fn a_failure_is_told_with_what_it_complained_of() {
        let said = failure("echo 'ERROR: AADSTS500011: no such resource' >&2; exit 3").await;
        assert!(said.contains("failed (exit status: 3); it said: ERROR: AADSTS500011: no such resource"), "{said}");
        let said = failure("exit 4").await;
        assert!(said.contains("failed (exit status: 4); it said: nothing"), "{said}");
        let said = failure("kill -9 $$").await;
        assert!(said.contains("failed (signal: 9"), "{said}");
    }

    #[tokio::test]
    async fn a_failure_shows_nothing_of_its_output_and_no_token() {
        let token = format!("eyJ0{PLANTED}.eyJh.{PLANTED}");
        let said = failure(&format!("{ANSWER}\necho 'ERROR: cannot write {token}' >&2; exit 1")).await;
        assert!(said.ends_with("it said: ERROR: cannot write REDACTED"), "{said}");
        let said = failure("i=0; while [ $i -lt 400 ]; do echo \"line $i\" >&2; i=$((i+1)); done; exit 1").await;
        assert!(said.chars().count() < 650 && said.ends_with('…'), "{said}");
    }

    #[tokio::test]
    async fn what_is_no_token_is_told_without_showing_it() {
        let said = failure(&format!("echo '<html>{PLANTED}'")).await;
        assert!(said.contains("is not the JSON of a token (line 1, column 1)"), "{said}");
        let said = failure(&ANSWER.replace("accessToken", "token")).await;
        assert!(said.contains("has no `accessToken`"), "{said}");
    }

    #[tokio::test]
    async fn a_token_that_has_ended_is_told() {
        let said = failure(&ANSWER.replace("1752590737", "1752587037")).await;
        assert!(said.contains("the token from the Azure CLI had ended 100 s before it came"), "{said}");
    }

    #[tokio::test]
    async fn it_may_print_a_lot_but_not_too_much() {
        let padded = format!("head -c 300000 /dev/zero | tr '\\0' ' '; head -c 300000 /dev/zero >&2; {ANSWER}");
        assert_eq!(run(&padded).await.unwrap(), format!("Bearer {PLANTED}"));
        let said = failure(&format!("head -c 1048576 /dev/zero | tr '\\0' ' '; {ANSWER}")).await;
        assert!(said.contains("it printed more than 1 MiB"), "{said}");
    }

    #[tokio::test]
    async fn when_it_is_too_slow_the_clock_ends_it() {
        let folder = fake("exec sleep 600");
        let clock = TestClock::impatient();
        let error = sent(&credential(None, path(folder.path())), &clock).await.unwrap_err();
        let said = told(&error);
        assert!(said.contains("it gave no answer in 30 s"), "{said}");
        assert!(said.contains("--scope https://ai.azure.com/.default --output none` to see why"), "{said}");
        assert_eq!(clock.slept(), [Duration::from_secs(30)]);
    }

    /// A pipe that the program writes to shows whether it still lives: it is closed when it ends.
    #[tokio::test]
    async fn it_is_killed_when_nobody_waits_any_more() {
        let folder = fake(
            r#"
exec 3> "${0%/*}/alive"
echo started >&3
sleep 5 3>&-
echo survived >&3
"#,
        );
        let alive = folder.path().join("alive");
        assert!(std::process::Command::new("mkfifo").arg(&alive).status().unwrap().success());
        let (started, starting) = oneshot::channel();
        let reader = std::thread::spawn(move || {
            let mut pipe = BufReader::new(std::fs::File::open(alive).unwrap());
            let mut all = String::new();
            pipe.read_line(&mut all).unwrap();
            started.send(()).unwrap();
            pipe.read_to_string(&mut all).unwrap();
            all
        });
        let (credential, clock) = (credential(None, path(folder.path())), TestClock::patient());
        match select(Box::pin(sent(&credential, &clock)), starting).await {
            Either::Left((sent, _)) => panic!("it ended: {sent:?}"),
            Either::Right((started, waiting)) => {
                started.unwrap();
                drop(waiting);
            }
        }
        assert_eq!(reader.join().unwrap(), "started\n");
    }
}
