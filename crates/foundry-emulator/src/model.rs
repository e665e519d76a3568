//! A model that is no model: what it does follows from what it was given, and is the same every time.

use serde_json::{Value, json};

use crate::documents::{elements, text};
use crate::pen::{Citation, Script};
use crate::rule::{Asked, FunctionCall, McpCall};
use crate::sample::{self, Properties};
use crate::script::Move;
use crate::turn::{Turn, TurnPassage};

/// How many characters of a message or of the instructions an answer quotes.
const QUOTE_LIMIT: usize = 200;

/// How many letters a word of a function's name has by which a message can ask for it.
const WORD_LENGTH: usize = 4;

/// The tool that an MCP server is taken to have if the agent does not say which it may call.
const USUAL_TOOL: &str = "search";

/// The tool that searches in files.
pub(crate) const FILE_SEARCH: &str = "file_search";

/// What stands in an answer where a file is cited, as the service writes it.
const MARKER: &str = "【4:0†source】";

/// What the model does: it calls one tool if it is asked to and has not done so, else it searches
/// if it can and has not done so, else it answers.
pub(crate) fn next(turn: &Turn) -> Move {
    let has_called = turn.has_searched || !turn.outputs.is_empty() || !turn.approvals.is_empty();
    if !has_called && turn.tool_choice != "none" {
        let is_forced = text(&turn.tool_choice, "type") == FILE_SEARCH;
        let call = || {
            named_function(turn)
                .or_else(|| mcp_server(turn, false))
                .or_else(|| any_function(turn))
                .or_else(|| mcp_server(turn, true))
        };
        let call = if is_forced { None } else { call() };
        let can_search =
            !turn.vector_stores.is_empty() && turn.tools.iter().any(|tool| text(tool, "type") == FILE_SEARCH);
        if let Some(call) = call {
            return call;
        }
        // Who wants one tool wants no other.
        if can_search && (is_forced || !turn.tool_choice.is_object()) {
            return Move::Search { query: turn.last_message().to_owned(), is_forced };
        }
    }
    Move::Answer(answer(turn))
}

/// The answer, in the form that is asked for.
pub(crate) fn answer(turn: &Turn) -> Script {
    let format = &turn.response_format;
    match text(format, "type") {
        "json_schema" => {
            let schema = format.pointer("/json_schema/schema").unwrap_or(&Value::Null);
            Script::text(sample::value(schema, turn.last_message(), Properties::All).to_string())
        }
        "json_object" => Script::text(json!({ "reply": echo(turn) }).to_string()),
        _ => turn.passages.first().map_or_else(|| Script::text(echo(turn)), cite),
    }
}

/// Says what stands in a file, and where.
fn cite(passage: &TurnPassage) -> Script {
    let mut text = format!("According to {}: \"{}\"", passage.file_name, passage.quote);
    let at = text.len();
    text.push_str(MARKER);
    let citation =
        Citation { at, marker: MARKER.to_owned(), file_id: passage.file_id.clone(), quote: passage.quote.clone() };
    Script::Text { text, citations: vec![citation] }
}

/// Says what the instructions are, how many user messages the thread holds, quotes the last, the
/// one before it and the first, and then what the tools gave.
fn echo(turn: &Turn) -> String {
    let questions: Vec<&str> =
        turn.history.iter().filter(|message| message.role == "user").map(|message| message.text.as_str()).collect();
    let mut sentences = Vec::new();
    if !turn.instructions.is_empty() {
        sentences.push(format!("My instructions: {}.", quote(&turn.instructions)));
    }
    sentences.push(match questions.len() {
        0 => "This thread holds no user message yet.".to_owned(),
        1 => "This thread holds 1 user message.".to_owned(),
        count => format!("This thread holds {count} user messages."),
    });
    let mut newest_first = questions.iter().rev();
    if let Some(last) = newest_first.next() {
        sentences.push(format!("You now say: {}.", quote(last)));
    }
    if let Some(previous) = newest_first.next() {
        sentences.push(format!("Before that you said: {}.", quote(previous)));
    }
    if let (Some(first), true) = (questions.first(), questions.len() > 2) {
        sentences.push(format!("At first you said: {}.", quote(first)));
    }
    for memory in &turn.memories {
        sentences.push(format!("I remember: {}.", quote(memory)));
    }
    for output in &turn.outputs {
        let name = if output.function.is_empty() { "The tool" } else { output.function.as_str() };
        sentences.push(format!("{name} gave: {}.", quote(&output.output)));
    }
    for approval in &turn.approvals {
        let happened = if approval.approved { "I called" } else { "I was not allowed to call" };
        sentences.push(format!("{happened} {} of {}.", approval.tool, approval.server_label));
    }
    sentences.join(" ")
}

/// The call of the function that the request or the last message names.
fn named_function(turn: &Turn) -> Option<Move> {
    let chosen = turn.tool_choice.pointer("/function/name").and_then(Value::as_str);
    let said = turn.last_message().to_lowercase();
    let words = words(&said);
    let functions = functions(turn);
    let is_chosen = |name: &str| chosen == Some(name);
    let is_named = |name: &str| !name.is_empty() && said.contains(&name.to_lowercase());
    let is_meant = |name: &str| {
        let mut parts = name.split(['_', '-']).filter(|part| part.chars().count() >= WORD_LENGTH);
        parts.any(|part| words.contains(&part.to_lowercase().as_str()))
    };
    let find = |is_it: &dyn Fn(&str) -> bool| functions.iter().copied().find(|function| is_it(text(function, "name")));
    let function = match chosen {
        Some(_) => find(&is_chosen),
        None => find(&is_named).or_else(|| find(&is_meant)),
    };
    function.map(|function| call(function, turn))
}

/// The call of the first function, if any will do.
fn any_function(turn: &Turn) -> Option<Move> {
    let is_wanted = turn.tool_choice == "required" || words(&turn.last_message().to_lowercase()).contains(&"call");
    let function = is_wanted.then(|| functions(turn).first().copied()).flatten()?;
    Some(call(function, turn))
}

fn functions(turn: &Turn) -> Vec<&Value> {
    turn.tools.iter().filter(|tool| text(tool, "type") == "function").filter_map(|tool| tool.get("function")).collect()
}

fn call(function: &Value, turn: &Turn) -> Move {
    let parameters = function.get("parameters").unwrap_or(&Value::Null);
    let arguments = match sample::value(parameters, turn.last_message(), Properties::Required) {
        arguments @ Value::Object(_) => arguments,
        // A schema that says nothing asks for no arguments, which are an object all the same.
        _ => json!({}),
    };
    let name = text(function, "name").to_owned();
    Move::Ask(Asked::Functions(vec![FunctionCall { name, arguments: arguments.to_string() }]))
}

/// The call of a tool of an MCP server: of the first one that the message names, or of any if it
/// says that something be used.
fn mcp_server(turn: &Turn, any: bool) -> Option<Move> {
    let said = turn.last_message().to_lowercase();
    let words = words(&said);
    let is_wanted = |tool: &&Value| {
        let label = text(tool, "server_label").to_lowercase();
        if any {
            turn.tool_choice == "required" || words.contains(&"call") || words.contains(&"use")
        } else {
            !label.is_empty() && said.contains(&label)
        }
    };
    let server = turn.tools.iter().filter(|tool| text(tool, "type") == "mcp").find(is_wanted)?;
    let server_label = text(server, "server_label");
    let tool = elements(server.get("allowed_tools")).find_map(Value::as_str).unwrap_or(USUAL_TOOL);
    let call = McpCall {
        server_label: server_label.to_owned(),
        tool: tool.to_owned(),
        arguments: json!({ "query": turn.last_message() }).to_string(),
    };
    let resource =
        elements(turn.tool_resources.get("mcp")).find(|resource| text(resource, "server_label") == server_label);
    let policy = resource.and_then(|resource| resource.get("require_approval")).or(server.get("require_approval"));
    Some(if needs_approval(policy, tool) { Move::Ask(Asked::Approvals(vec![call])) } else { Move::Use(call) })
}

/// Whether a tool may be called only when the caller says so, which is the rule.
fn needs_approval(policy: Option<&Value>, tool: &str) -> bool {
    let covers = |filter: &Value| elements(filter.get("tool_names")).any(|name| name == tool);
    match policy {
        Some(Value::String(policy)) => policy != "never",
        Some(policy) => match (policy.get("never"), policy.get("always")) {
            (Some(never), _) if covers(never) => false,
            (None, Some(always)) => covers(always),
            _ => true,
        },
        None => true,
    }
}

/// The words of a text.
fn words(text: &str) -> Vec<&str> {
    text.split(|at: char| !at.is_alphanumeric()).filter(|word| !word.is_empty()).collect()
}

/// How many tokens a text counts for: its words.
pub(crate) fn tokens(text: &str) -> usize {
    text.split_whitespace().count()
}

fn quote(text: &str) -> String {
    let mut quoted: String = text.chars().take(QUOTE_LIMIT).collect();
    if quoted.len() < text.len() {
        quoted.push('…');
    }
    format!("\"{quoted}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::turn::{TurnApproval, TurnMessage, TurnOutput};

    fn answer(turn: &Turn) -> String {
        match super::answer(turn) {
            Script::Text { text, .. } => text,
            other => panic!("{other:?}"),
        }
    }

    fn turn(instructions: &str, questions: &[&str]) -> Turn {
        let mut history = Vec::new();
        for question in questions {
            for (role, text) in [("user", *question), ("assistant", "An answer.")] {
                history.push(TurnMessage { role: role.to_owned(), text: text.to_owned() });
            }
        }
        Turn { instructions: instructions.to_owned(), history, tool_choice: json!("auto"), ..Turn::default() }
    }

    /// What the model does with these functions and this message: the name of the one it calls.
    fn called(names: &[&str], message: &str, tool_choice: Value) -> Option<String> {
        let mut turn = turn("", &[message]);
        turn.tools = names.iter().map(|name| json!({ "type": "function", "function": { "name": name } })).collect();
        turn.tool_choice = tool_choice;
        match next(&turn) {
            Move::Ask(Asked::Functions(mut calls)) => {
                assert_eq!((calls.len(), calls[0].arguments.as_str()), (1, "{}"));
                calls.pop().map(|call| call.name)
            }
            Move::Answer(_) => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_function_is_called_when_the_message_asks_for_it() {
        let names = ["get_weather", "send-email", "set_x"];
        for (message, expected) in [
            ("How is the weather?", Some("get_weather")),
            ("WEATHER!", Some("get_weather")),
            ("Please Send it", Some("send-email")),
            ("try SET_X now", Some("set_x")),
            // The name says more than a word of another function's name does.
            ("weather by set_x", Some("set_x")),
            ("call send-email", Some("send-email")),
            ("Call something", Some("get_weather")),
            // Three letters are too few, and a part of a word is no word.
            ("get set", None),
            ("I recall weathermen", None),
            ("", None),
        ] {
            assert_eq!(called(&names, message, json!("auto")).as_deref(), expected, "{message:?}");
        }
        assert_eq!(called(&[], "call weather", json!("auto")), None);
    }

    #[test]
    fn the_choice_of_tools_is_kept_to() {
        let names = ["get_weather", "send_email"];
        assert_eq!(called(&names, "weather", json!("none")), None);
        assert_eq!(called(&names, "Hello", json!("required")).as_deref(), Some("get_weather"));
        assert_eq!(called(&names, "email", json!("required")).as_deref(), Some("send_email"));
        let choice = json!({ "type": "function", "function": { "name": "send_email" } });
        assert_eq!(called(&names, "weather", choice).as_deref(), Some("send_email"));
    }

    #[test]
    fn tools_are_called_once_and_quoted() {
        let mut turn = turn("", &["weather"]);
        turn.tools = vec![json!({ "type": "function", "function": { "name": "get_weather" } })];
        let output =
            TurnOutput { function: "get_weather".to_owned(), output: "sunny".to_owned(), ..Default::default() };
        turn.outputs = vec![output];
        let Move::Answer(Script::Text { text: answer, .. }) = next(&turn) else { panic!("it calls again") };
        assert!(answer.ends_with("get_weather gave: \"sunny\"."), "{answer}");

        turn.outputs.clear();
        let decided = |tool: &str, approved: bool| TurnApproval {
            server_label: "github".to_owned(),
            tool: tool.to_owned(),
            approved,
            ..Default::default()
        };
        turn.approvals = vec![decided("read", true), decided("write", false)];
        let Move::Answer(Script::Text { text: answer, .. }) = next(&turn) else { panic!("it calls again") };
        assert!(answer.ends_with("I called read of github. I was not allowed to call write of github."), "{answer}");
    }

    #[test]
    fn mcp_tools_are_asked_for_unless_the_policy_says_otherwise() {
        let asks = |message: &str, policy: Value, of_resource: bool| {
            let mut turn = turn("", &[message]);
            let mut tool = json!({ "type": "mcp", "server_label": "GitHub", "allowed_tools": ["read", "write"] });
            if of_resource {
                turn.tool_resources = json!({ "mcp": [{ "server_label": "GitHub", "require_approval": policy }] });
            } else if !policy.is_null() {
                tool["require_approval"] = policy;
            }
            turn.tools = vec![tool];
            match next(&turn) {
                Move::Ask(Asked::Approvals(calls)) => {
                    assert_eq!((calls[0].server_label.as_str(), calls[0].tool.as_str()), ("GitHub", "read"));
                    "asks"
                }
                Move::Use(_) => "uses",
                Move::Answer(_) => "answers",
                other => panic!("{other:?}"),
            }
        };
        for (policy, expected) in [
            (Value::Null, "asks"),
            (json!("always"), "asks"),
            (json!("never"), "uses"),
            (json!({ "never": { "tool_names": ["read"] } }), "uses"),
            (json!({ "never": { "tool_names": ["write"] } }), "asks"),
            (json!({ "always": { "tool_names": ["read"] } }), "asks"),
            (json!({ "always": { "tool_names": ["write"] } }), "uses"),
        ] {
            assert_eq!(asks("Look into github", policy.clone(), false), expected, "{policy}");
            if !policy.is_null() {
                assert_eq!(asks("Look into github", policy.clone(), true), expected, "{policy}");
            }
        }
        assert_eq!(asks("use it", Value::Null, false), "asks");
        assert_eq!(asks("Call it", Value::Null, false), "asks");
        assert_eq!(asks("because", Value::Null, false), "answers");
    }

    #[test]
    fn json_is_given_where_json_is_wanted() {
        let mut turn = turn("", &["Weather in Rome"]);
        turn.response_format = json!({ "type": "json_object" });
        let given: Value = serde_json::from_str(&answer(&turn)).unwrap();
        assert!(given["reply"].as_str().unwrap().contains("Weather in Rome"));
        let schema = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
        turn.response_format = json!({ "type": "json_schema", "json_schema": { "name": "a", "schema": schema } });
        assert_eq!(answer(&turn), r#"{"city":"Rome"}"#);
        for plain in [json!("auto"), json!({ "type": "text" }), Value::Null] {
            turn.response_format = plain;
            assert!(answer(&turn).starts_with("This thread"));
        }
    }

    #[test]
    fn the_whole_history_is_seen() {
        assert_eq!(
            answer(&turn("Be brief.", &["One?", "Two?", "Three?"])),
            "My instructions: \"Be brief.\". This thread holds 3 user messages. \
             You now say: \"Three?\". Before that you said: \"Two?\". At first you said: \"One?\"."
        );
    }

    #[test]
    fn an_empty_thread_is_answered_too() {
        assert_eq!(answer(&turn("", &[])), "This thread holds no user message yet.");
    }

    #[test]
    fn long_texts_are_quoted_in_part() {
        let long = "é".repeat(10_000);
        let answer = answer(&turn("", &[&long]));
        assert_eq!(answer.matches('é').count(), QUOTE_LIMIT);
        assert!(answer.contains('…'));
    }

    #[test]
    fn tokens_are_words() {
        assert_eq!(tokens("  Why is\nthe sky blue? "), 5);
    }
}
