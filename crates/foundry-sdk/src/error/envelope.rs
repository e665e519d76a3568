//! What the body of a failure says, whatever form it has.

use serde_json::Value;

/// What a failure's body says, as far as it can be read.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) target: Option<String>,
    pub(super) details: Vec<ErrorDetail>,
    pub(super) inner: Option<Value>,
    pub(super) additional: Option<Value>,
    /// OpenAI's codes stand in `type` too.
    pub(super) kind: Option<String>,
}

/// One of the details that a failure's body lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorDetail {
    /// The service's code for it.
    pub code: Option<String>,
    /// What is wrong.
    pub message: Option<String>,
    /// What in the request it is about.
    pub target: Option<String>,
}

/// How much of a text that is no JSON becomes a message.
const SHOWN: usize = 200;

impl Envelope {
    /// Reads what can be read: the service's envelope, problem details, a bare text, a page.
    pub(super) fn read(body: &[u8]) -> Self {
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => Self::of(&value),
            Err(_) => Self { message: text_of(body), ..Self::default() },
        }
    }

    fn of(value: &Value) -> Self {
        let error = match &value["error"] {
            Value::Null => value,
            error => error,
        };
        let detail = ErrorDetail::read(error);
        let text = |name: &str| error[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let mut read = Self {
            code: detail.code,
            message: detail.message,
            target: detail.target,
            details: details(error),
            inner: kept(&error["innererror"]).or_else(|| kept(&error["innerError"])),
            additional: kept(&error["additionalInfo"]),
            kind: text("type"),
        };
        // The message may hold an envelope as text, with the real reason in it.
        if let Some(nested) = read.message.as_deref().filter(|message| message.starts_with('{'))
            && let Ok(nested) = serde_json::from_str::<Value>(nested)
            && nested["error"].is_object()
        {
            let nested = Self::of(&nested["error"]);
            read.code = nested.code.or(read.code);
            read.message = nested.message.or(read.message);
            read.target = nested.target.or(read.target);
            if read.details.is_empty() {
                read.details = nested.details;
            }
        }
        read
    }

    /// Whether the caller's quota is used up, which waiting does not mend.
    pub(super) fn is_out_of_quota(&self) -> bool {
        const CODE: &str = "insufficient_quota";
        let inner = self.inner.as_ref().and_then(|inner| inner["code"].as_str());
        [self.code.as_deref(), self.kind.as_deref(), inner].contains(&Some(CODE))
    }

    /// The service's id of the request, where the body has it.
    pub(super) fn request_id(&self) -> Option<&str> {
        self.additional.as_ref()?["request_id"].as_str()
    }
}

fn kept(value: &Value) -> Option<Value> {
    (!value.is_null()).then(|| value.clone())
}

fn said(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

impl ErrorDetail {
    /// Reads what can be read of an error, which may be a bare text, or of one of its details.
    pub(crate) fn read(error: &Value) -> Self {
        if let Value::String(message) = error {
            return Self { message: said(message), ..Self::default() };
        }
        let text = |names: &[&str]| {
            names.iter().find_map(|name| match &error[*name] {
                Value::String(text) => said(text),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            })
        };
        Self {
            code: text(&["code", "type"]),
            message: text(&["message", "detail", "title"]),
            target: text(&["target", "param"]),
        }
    }
}

/// The listed details; problem details list them by property (`errors`).
fn details(error: &Value) -> Vec<ErrorDetail> {
    let listed = match &error["details"] {
        Value::Array(details) => details.iter().filter(|detail| detail.is_object()).map(ErrorDetail::read).collect(),
        _ => Vec::new(),
    };
    let by_property = error["errors"].as_object().into_iter().flatten().flat_map(|(target, messages)| {
        let messages = match messages {
            Value::Array(messages) => messages.as_slice(),
            message => std::slice::from_ref(message),
        };
        messages.iter().filter_map(Value::as_str).map(|message| ErrorDetail {
            message: said(message),
            target: Some(target.clone()),
            ..ErrorDetail::default()
        })
    });
    let mut all: Vec<ErrorDetail> = listed;
    all.extend(by_property);
    all.retain(|detail| *detail != ErrorDetail::default());
    all
}

/// The start of a body that is no JSON; of a page its title.
fn text_of(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    let text = if text.starts_with('<') { title(text)? } else { text };
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SHOWN).collect();
    said(&text)
}

fn title(page: &str) -> Option<&str> {
    // What is looked for is ASCII, so places in the lower-case text are places in the text.
    let lower = page.to_ascii_lowercase();
    ["title", "h1"].iter().find_map(|tag| {
        let start = lower.find(&format!("<{tag}>"))? + tag.len() + 2;
        let end = start + lower.get(start..)?.find(&format!("</{tag}>"))?;
        page.get(start..end).map(str::trim).filter(|title| !title.is_empty())
    })
}
