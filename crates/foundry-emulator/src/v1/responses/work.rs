//! How responses move on: the same script as of runs, told as items and their events.

use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::documents::{elements, text};
use crate::error::ServiceError;
use crate::file_search;
use crate::model::{self, FILE_SEARCH};
use crate::pen::{Ending, Script};
use crate::progress::cost;
use crate::rule::{Asked, McpCall};
use crate::script::{Move, Pause, Plan, Usage};
use crate::store::Place;
use crate::turn::{Turn, TurnApproval, TurnMessage, TurnOutput};
use crate::v1::items;
use crate::v1::memories::Recall;
use crate::v1::responses::output::{Output, is_asked};
use crate::v1::responses::{ENDED, change, request};

/// What a response knows besides its plan.
#[derive(Debug)]
pub(crate) struct Knowledge {
    turn: Turn,
    /// Calls that the caller has approved, with the ids of the requests, the next one last.
    approved: Vec<(McpCall, String)>,
    /// What is remembered, by the memory stores that its tools name.
    recalls: Vec<Recall>,
    /// Whether its events are padded, so that their length says less.
    is_padded: bool,
    /// Whether its output holds what a search in files found.
    shows_results: bool,
}

/// Begins to work on a response: what it will do is decided here.
pub(super) fn begin(
    context: &mut Context<'_>,
    place: Place<'_>,
    agent: Option<&Value>,
    given: &Map<String, Value>,
    history: &[Value],
    input: &[Value],
) -> Result<(), ServiceError> {
    let response = context.store.get(place).cloned().unwrap_or_default();
    let all: Vec<&Value> = history.iter().chain(input).collect();
    let mut turn = turn(agent, given, &response, &all);
    let tools: Vec<Value> = elements(response.get("tools")).cloned().collect();
    let recalls = Recall::look(context, &tools, turn.last_message())?;
    let found = recalls.iter().flat_map(|recall| &recall.found);
    turn.memories = found.map(|memory| text(memory, "content").to_owned()).collect();
    let mut approved: Vec<(McpCall, String)> = decided(input, &all)
        .filter(|(_, _, is_approved)| *is_approved)
        .map(|(call, id, _)| (call, id.to_owned()))
        .collect();
    approved.reverse();
    let mut plan = match request::taken_up(context, input) {
        Some(plan) => plan,
        None if context.rules.is_empty() => Plan::default(),
        None => context.rules.choose(&turn),
    };
    let shows_results = elements(given.get("include")).any(|included| included == "file_search_call.results");
    let padding = given.get("stream_options").and_then(|options| options.get("include_obfuscation"));
    let is_padded = padding != Some(&Value::Bool(false));
    plan.knowledge = Some(Knowledge { turn, approved, recalls, is_padded, shows_results });
    context.store.put_plan(place, plan);
    let is_background = response.get("background") == Some(&Value::Bool(true));
    if !is_background {
        change(context.store, place, |response| set_status(response, "in_progress"));
    }
    let mut output = Output::new(context.store, place);
    output.tell_response("response.created");
    output.tell_response(if is_background { "response.queued" } else { "response.in_progress" });
    Ok(())
}

fn set_status(response: &mut Map<String, Value>, status: &str) {
    response.insert("status".to_owned(), status.into());
}

/// The response as its model sees it.
fn turn(agent: Option<&Value>, given: &Map<String, Value>, response: &Value, items: &[&Value]) -> Turn {
    let history = items
        .iter()
        .filter(|item| text(item, "type") == "message")
        .map(|item| TurnMessage { role: text(item, "role").to_owned(), text: items::spoken(item) })
        .collect();
    let is_question = |item: &&&Value| text(item, "type") == "message" && text(item, "role") == "user";
    let asked = items.len() - items.iter().rev().take_while(|item| !is_question(item)).count();
    let since = items.get(asked..).unwrap_or_default();
    let all: Vec<Value> = since.iter().map(|item| (*item).clone()).collect();
    let mut approvals: Vec<TurnApproval> =
        decided(&all, items).map(|(call, _, approved)| approval(&call, approved)).collect();
    // Calls that nobody was asked about.
    for item in since.iter().filter(|item| text(item, "type") == "mcp_call") {
        if item.get("approval_request_id").is_none_or(Value::is_null) {
            approvals.push(approval(&mcp_call(item), true));
        }
    }
    let instructions = response.get("instructions").and_then(Value::as_str).unwrap_or_default();
    let tools = elements(response.get("tools")).map(nested_tool).collect();
    Turn {
        agent_id: agent.map_or("", |agent| text(agent, "id")).to_owned(),
        agent_name: agent.map_or("", |agent| text(agent, "name")).to_owned(),
        model: text(response, "model").to_owned(),
        instructions: instructions.to_owned(),
        history,
        outputs: outputs(since, items),
        approvals,
        tools,
        tool_choice: nested_choice(given.get("tool_choice").or_else(|| response.get("tool_choice"))),
        response_format: nested_format(response.pointer("/text/format")),
        vector_stores: elements(response.get("tools"))
            .filter(|tool| text(tool, "type") == FILE_SEARCH)
            .flat_map(|tool| elements(tool.get("vector_store_ids")))
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        ..Turn::default()
    }
}

/// The functions that were called, with what came of them.
fn outputs(since: &[&Value], items: &[&Value]) -> Vec<TurnOutput> {
    let call =
        |id: &str| items.iter().find(|item| text(item, "type") == "function_call" && text(item, "call_id") == id);
    let outputs = since.iter().filter(|item| text(item, "type") == "function_call_output");
    let told = outputs.map(|output| {
        let call = call(text(output, "call_id")).copied().unwrap_or(&Value::Null);
        let said = match output.get("output") {
            Some(Value::String(said)) => said.clone(),
            parts => elements(parts).map(|part| text(part, "text")).collect::<Vec<_>>().join(" "),
        };
        TurnOutput {
            function: text(call, "name").to_owned(),
            arguments: text(call, "arguments").to_owned(),
            output: said,
        }
    });
    told.collect()
}

/// The calls that the caller has decided on, with the ids of the requests and what was decided.
fn decided<'a>(answers: &'a [Value], items: &'a [&Value]) -> impl Iterator<Item = (McpCall, &'a str, bool)> {
    let answers = answers.iter().filter(|item| text(item, "type") == "mcp_approval_response");
    answers.filter_map(|answer| {
        let id = text(answer, "approval_request_id");
        let request =
            items.iter().find(|item| text(item, "type") == "mcp_approval_request" && text(item, "id") == id)?;
        Some((mcp_call(request), id, answer.get("approve") == Some(&Value::Bool(true))))
    })
}

fn mcp_call(item: &Value) -> McpCall {
    McpCall {
        server_label: text(item, "server_label").to_owned(),
        tool: text(item, "name").to_owned(),
        arguments: text(item, "arguments").to_owned(),
    }
}

fn approval(call: &McpCall, approved: bool) -> TurnApproval {
    TurnApproval {
        server_label: call.server_label.clone(),
        tool: call.tool.clone(),
        arguments: call.arguments.clone(),
        approved,
    }
}

/// A tool as agents of runs have it: what is a function's stands in a property of its own.
fn nested_tool(tool: &Value) -> Value {
    match text(tool, "type") {
        kind @ ("function" | FILE_SEARCH) => json!({ "type": kind, (kind): tool }),
        _ => tool.clone(),
    }
}

fn nested_choice(choice: Option<&Value>) -> Value {
    match choice {
        Some(choice) if text(choice, "type") == "function" => json!({ "type": "function", "function": choice }),
        Some(choice) => choice.clone(),
        None => "auto".into(),
    }
}

fn nested_format(format: Option<&Value>) -> Value {
    match format {
        Some(format) if text(format, "type") == "json_schema" => {
            json!({ "type": "json_schema", "json_schema": format })
        }
        Some(format) => format.clone(),
        None => Value::Null,
    }
}

/// Moves a response one state on; false if it stays as it is for ever. In a stream a state is less:
/// a word of a message is one.
pub(super) fn advance(context: &mut Context<'_>, place: Place<'_>, streamed: bool) -> Result<bool, ServiceError> {
    let status = context.store.get(place).map(|response| text(response, "status")).unwrap_or_default();
    if ENDED.contains(&status) {
        return Ok(true);
    }
    if status == "queued" {
        change(context.store, place, |response| set_status(response, "in_progress"));
        Output::new(context.store, place).tell_response("response.in_progress");
        return Ok(true);
    }
    let mut plan = context.store.take_plan(place).unwrap_or_default();
    let moved = loop {
        let moved = move_on(context, place, &mut plan, streamed);
        if streamed || !plan.is_busy() || moved.is_err() {
            break moved;
        }
    };
    if let Some(item) = plan.item.as_ref().filter(|item| !streamed || !item.pen.is_busy()) {
        Output::new(context.store, place).keep(item);
    }
    settle(context, place, plan);
    moved
}

/// Keeps the plan for the next move, or for whoever answers what was asked.
fn settle(context: &mut Context<'_>, place: Place<'_>, mut plan: Plan) {
    let response = context.store.get(place).unwrap_or(&Value::Null);
    if !ENDED.contains(&text(response, "status")) {
        context.store.put_plan(place, plan);
        return;
    }
    let asked: Option<String> = elements(response.get("output")).find(|item| is_asked(item)).map(|item| {
        let id = if text(item, "type") == "function_call" { "call_id" } else { "id" };
        text(item, id).to_owned()
    });
    if let Some(asked) = asked {
        plan.knowledge = None;
        plan.usage = Usage::default();
        request::leave(context, &asked, plan);
    }
}

fn move_on(context: &mut Context<'_>, place: Place<'_>, plan: &mut Plan, streamed: bool) -> Result<bool, ServiceError> {
    let mut output = Output::new(context.store, place);
    if let Some(item) = &mut plan.item
        && let Some(piece) = item.pen.write()
    {
        output.write(item, &piece);
        return Ok(true);
    }
    if let Some(ending) = plan.item.as_ref().and_then(|item| item.pen.ending().cloned()) {
        let is_whole = ending == Ending::Completed;
        close(context, place, plan, if is_whole { "completed" } else { "incomplete" });
        plan.ending = Some(ending);
        return Ok(true);
    }
    if let Some(ending) = plan.ending.take() {
        let recalls = plan.knowledge.as_mut().map(|knowledge| std::mem::take(&mut knowledge.recalls));
        for recall in recalls.into_iter().flatten() {
            let item = recall.tell(context)?;
            Output::new(context.store, place).add_whole(item);
        }
        match ending {
            Ending::Completed => end(context, place, plan, "completed", |_| {}),
            Ending::Incomplete(reason) => end_incomplete(context, place, plan, &reason),
        }
        return Ok(true);
    }
    if let Some((call, id)) = plan.knowledge.as_mut().and_then(|knowledge| knowledge.approved.pop()) {
        output.call_mcp(&call, Some(&id));
        return Ok(true);
    }
    match plan.pause(streamed) {
        Some(Pause::Hang) => Ok(false),
        Some(Pause::Show(status)) => {
            change(context.store, place, |response| set_status(response, &status));
            Output::new(context.store, place).tell_response(&format!("response.{status}"));
            Ok(true)
        }
        Some(Pause::Look | Pause::Stay) => {
            change(context.store, place, |response| set_status(response, "in_progress"));
            Ok(true)
        }
        None => {
            let turn = plan.knowledge.as_ref().map(|knowledge| knowledge.turn.clone()).unwrap_or_default();
            let next = plan.next(&turn);
            perform(context, place, plan, &turn, next)?;
            Ok(true)
        }
    }
}

fn perform(
    context: &mut Context<'_>,
    place: Place<'_>,
    plan: &mut Plan,
    turn: &Turn,
    next: Move,
) -> Result<(), ServiceError> {
    // Before tools are called, a message that was begun is ended.
    if matches!(next, Move::Ask(_) | Move::Require(_) | Move::Use(_) | Move::Search { .. }) {
        close(context, place, plan, "completed");
    }
    let spent = |plan: &mut Plan, written: &str| plan.usage = plan.usage.plus(cost(turn, written));
    match next {
        Move::Ask(Asked::Functions(calls)) => {
            for call in &calls {
                Output::new(context.store, place).call_function(call);
                plan.usage.completion += model::tokens(&call.arguments);
            }
            spent(plan, "");
            end(context, place, plan, "completed", |_| {});
        }
        Move::Ask(Asked::Approvals(calls)) => {
            for call in &calls {
                Output::new(context.store, place).ask_approval(call);
            }
            spent(plan, "");
            end(context, place, plan, "completed", |_| {});
        }
        Move::Require(item) => {
            Output::new(context.store, place).add_whole(item);
            spent(plan, "");
            end(context, place, plan, "completed", |_| {});
        }
        Move::Use(call) => {
            Output::new(context.store, place).call_mcp(&call, None);
            spent(plan, &call.arguments);
            if let Some(knowledge) = &mut plan.knowledge {
                knowledge.turn.approvals.push(approval(&call, true));
            }
        }
        Move::Search { query, .. } => {
            let passages = file_search::passages(context, turn, &query)?;
            let Some(knowledge) = &mut plan.knowledge else {
                return Ok(());
            };
            Output::new(context.store, place).search_files(&query, &passages, knowledge.shows_results);
            knowledge.turn.passages = passages;
            knowledge.turn.has_searched = true;
        }
        Move::Answer(script) => write(context, place, plan, turn, script, Some(Ending::Completed)),
        Move::Write(text) => write(context, place, plan, turn, Script::text(text), None),
        Move::Incomplete { text: Some(text), reason } => {
            write(context, place, plan, turn, Script::text(text), Some(Ending::Incomplete(reason)));
        }
        Move::Incomplete { text: None, reason } => {
            spent(plan, "");
            end_incomplete(context, place, plan, &reason);
        }
        Move::Fail { code, message, breaks_off } => {
            spent(plan, "");
            let error = json!({ "code": code, "message": message });
            fail(context, place, plan, &error, breaks_off);
        }
        Move::Expire => {
            let error = json!({ "code": "server_error", "message": "The response took too long." });
            fail(context, place, plan, &error, false);
        }
        Move::Cancel => end(context, place, plan, "cancelled", |_| {}),
        Move::Tell { name, data } => Output::new(context.store, place).tell(&name, data),
    }
    Ok(())
}

/// Writes, in a message of its own or in the one that is begun.
fn write(
    context: &mut Context<'_>,
    place: Place<'_>,
    plan: &mut Plan,
    turn: &Turn,
    script: Script,
    then: Option<Ending>,
) {
    let mut item = match plan.item.take() {
        Some(item) => item,
        None => {
            let is_padded = plan.knowledge.as_ref().is_some_and(|knowledge| knowledge.is_padded);
            Output::new(context.store, place).open(cost(turn, "").prompt, is_padded)
        }
    };
    item.pen.go_on(script, then);
    plan.item = Some(item);
}

/// Ends the message that is being written, if there is one.
fn close(context: &mut Context<'_>, place: Place<'_>, plan: &mut Plan, status: &str) {
    if let Some(item) = plan.item.take() {
        plan.usage = plan.usage.plus(item.pen.usage);
        Output::new(context.store, place).close(&item, status);
    }
}

fn end_incomplete(context: &mut Context<'_>, place: Place<'_>, plan: &mut Plan, reason: &str) {
    // Responses have other words for it than runs.
    let reason = match reason {
        "max_completion_tokens" | "max_prompt_tokens" => "max_output_tokens",
        other => other,
    };
    end(context, place, plan, "incomplete", |response| {
        response.insert("incomplete_details".to_owned(), json!({ "reason": reason }));
    });
}

fn fail(context: &mut Context<'_>, place: Place<'_>, plan: &mut Plan, error: &Value, breaks_off: bool) {
    if breaks_off {
        let told = json!({ "code": error["code"], "message": error["message"], "param": null });
        change(context.store, place, |response| finished(response, "failed", plan.usage, None));
        change(context.store, place, |response| drop(response.insert("error".to_owned(), error.clone())));
        plan.item = None;
        Output::new(context.store, place).tell("error", told);
        return;
    }
    end(context, place, plan, "failed", |response| {
        response.insert("error".to_owned(), error.clone());
    });
}

/// Ends a response, with the message that is still being written.
fn end(
    context: &mut Context<'_>,
    place: Place<'_>,
    plan: &mut Plan,
    status: &str,
    details: impl FnOnce(&mut Map<String, Value>),
) {
    close(context, place, plan, "incomplete");
    plan.ending = None;
    let now = context.now;
    change(context.store, place, |response| {
        finished(response, status, plan.usage, (status == "completed").then_some(now));
        details(response);
    });
    let response = context.store.get(place);
    let conversation = response.and_then(|response| response.pointer("/conversation/id")?.as_str());
    if let Some(conversation) = conversation.map(str::to_owned) {
        let output: Vec<Value> = elements(response.and_then(|response| response.get("output"))).cloned().collect();
        items::keep(context, &conversation, &output);
    }
    // No event is for what was cancelled: it is not complete.
    let event = if status == "cancelled" { "incomplete" } else { status };
    Output::new(context.store, place).tell_response(&format!("response.{event}"));
}

fn finished(response: &mut Map<String, Value>, status: &str, usage: Usage, at: Option<i64>) {
    set_status(response, status);
    response.insert("completed_at".to_owned(), at.into());
    response.insert("usage".to_owned(), told_usage(usage.prompt, usage.completion));
}

/// What a response has cost.
pub(super) fn told_usage(read: usize, written: usize) -> Value {
    json!({
        "input_tokens": read,
        "input_tokens_details": { "cached_tokens": 0 },
        "output_tokens": written,
        "output_tokens_details": { "reasoning_tokens": 0 },
        "total_tokens": read + written,
    })
}

/// Cancels a response that has not ended.
pub(super) fn cancel(context: &mut Context<'_>, place: Place<'_>) -> Result<(), ServiceError> {
    let mut plan = context.store.take_plan(place).unwrap_or_default();
    end(context, place, &mut plan, "cancelled", |_| {});
    Ok(())
}

/// Ends a response that the emulator itself cannot go on with.
pub(super) fn break_off(context: &mut Context<'_>, place: Place<'_>, error: &ServiceError) {
    let body = error.body();
    fail(context, place, &mut Plan::default(), &body["error"], true);
}
