//! A headless Chromium, spoken to by the DevTools protocol over pipes: no port, no other library.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) struct Browser {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    session: String,
    next: u64,
    /// What the page asked for over the network.
    pub(crate) requests: Vec<String>,
    _profile: TempDir,
}

/// Where Debian and others put it.
const PROGRAMS: &[&str] = &["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

impl Browser {
    /// Starts Chromium; `None`, with a printed line, where there is none. On CI there has to be one.
    pub(crate) fn start() -> Option<Self> {
        let program = PROGRAMS.iter().find(|program| Path::new(program).exists());
        let Some(program) = program else {
            let on_ci = std::env::var("CI").is_ok_and(|value| !value.is_empty() && value != "false");
            assert!(!on_ci, "no Chromium on CI: .ci/run installs Debian's package `chromium`");
            // Past the capture of a passing test's output, so that one sees what was not tested.
            let line = "skipped: the page is not tested, there is no Chromium (Debian: apt-get install chromium)";
            #[allow(clippy::explicit_write, reason = "what `eprintln!` says is kept back by the test runner")]
            writeln!(std::io::stderr(), "{line}").unwrap();
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        // Chromium reads commands from descriptor 3 and answers on 4; a shell puts our pipes there.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null", program])
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--remote-debugging-pipe", "--window-size=1200,900"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let mut browser =
            Self { child, to, from, session: String::new(), next: 0, requests: Vec::new(), _profile: profile };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}));
        let attached = browser.call("Target.attachToTarget", json!({"targetId": target["targetId"], "flatten": true}));
        browser.session = attached["sessionId"].as_str().unwrap().to_owned();
        browser.call("Page.enable", json!({}));
        browser.call("Network.enable", json!({}));
        browser.call("Runtime.enable", json!({}));
        Some(browser)
    }

    /// Sends a command and waits for its answer.
    pub(crate) fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.next += 1;
        let id = self.next;
        let mut message = json!({"id": id, "method": method, "params": parameters});
        if !self.session.is_empty() {
            message["sessionId"] = self.session.as_str().into();
        }
        let to = self.to.as_mut().unwrap();
        to.write_all(message.to_string().as_bytes()).unwrap();
        to.write_all(&[0]).unwrap();
        to.flush().unwrap();
        loop {
            let message = self.read();
            if message["id"] == id {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].clone();
            }
        }
    }

    fn read(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.from.read_until(0, &mut bytes).unwrap();
        assert_eq!(bytes.pop(), Some(0), "Chromium ended");
        let message: Value = serde_json::from_slice(&bytes).unwrap();
        if message["method"] == "Network.requestWillBeSent" {
            self.requests.push(message["params"]["request"]["url"].as_str().unwrap().to_owned());
        }
        message
    }

    /// Opens a file, and waits until it is loaded.
    pub(crate) fn open(&mut self, path: &Path) {
        self.call("Page.navigate", json!({"url": format!("file://{}", path.display())}));
        while self.evaluate("document.readyState") != "complete" || self.evaluate("location.protocol") != "file:" {}
    }

    /// The value of an expression of JavaScript in the page.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let result = self.call("Runtime.evaluate", parameters);
        assert!(result.get("exceptionDetails").is_none(), "{expression}: {result}");
        result["result"]["value"].clone()
    }

    /// Presses a key, as a person does.
    pub(crate) fn press(&mut self, key: &str) {
        let (code, number, text) = match key {
            "Tab" => ("Tab", 9, ""),
            "Enter" => ("Enter", 13, "\r"),
            " " => ("Space", 32, " "),
            "/" => ("Slash", 191, "/"),
            other => (other, i32::from(other.as_bytes()[0].to_ascii_uppercase()), other),
        };
        let kind = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
        let parameters = |kind: &str, text: &str| json!({"type": kind, "key": key, "code": code, "windowsVirtualKeyCode": number, "text": text});
        self.call("Input.dispatchKeyEvent", parameters(kind, text));
        self.call("Input.dispatchKeyEvent", parameters("keyUp", ""));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // At the end of its commands Chromium ends; whatever it still does is of no use.
        drop(self.to.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
