//! The output of a response: items that are added, written and done, and the events that tell of it.

use serde_json::{Value, json};

use crate::documents::text;
use crate::identifiers::fingerprint;
use crate::pen::{Pen, Piece};
use crate::rule::{FunctionCall, McpCall};
use crate::store::{Place, Store};
use crate::table::FILES;
use crate::tape::Tape;
use crate::turn::TurnPassage;
use crate::v1::responses::change;

/// A message that is being written.
#[derive(Debug)]
pub(crate) struct OpenItem {
    id: String,
    index: usize,
    pub(crate) pen: Pen,
    annotations: Vec<Value>,
    /// Whether deltas are padded, so that their length says less.
    is_padded: bool,
}

/// A response whose output is added to.
pub(super) struct Output<'a> {
    store: &'a mut Store,
    place: Place<'a>,
}

impl<'a> Output<'a> {
    pub(super) fn new(store: &'a mut Store, place: Place<'a>) -> Self {
        Self { store, place }
    }

    /// Tells an event.
    pub(super) fn tell(&mut self, name: &str, data: Value) {
        if let Some(tape) = self.store.tape(self.place) {
            Tape::push(tape, name, data);
        }
    }

    /// Tells an event that holds the response as it is.
    pub(super) fn tell_response(&mut self, name: &str) {
        let response = self.store.get(self.place).cloned().unwrap_or_default();
        self.tell(name, json!({ "response": response }));
    }

    /// What items say of where they come from.
    fn signed(&self, mut item: Value) -> Value {
        let agent = self.store.get(self.place).and_then(|response| response.get("agent_reference"));
        // A rule may have said that an item is anything.
        if let (Some(agent), Some(item)) = (agent, item.as_object_mut()) {
            item.insert("agent_reference".to_owned(), agent.clone());
            item.insert("response_id".to_owned(), self.place.id.into());
        }
        item
    }

    /// How many items there are.
    fn count(&self) -> usize {
        let output = self.store.get(self.place).and_then(|response| response.get("output"));
        output.and_then(Value::as_array).map_or(0, Vec::len)
    }

    /// Adds an item, and tells that.
    fn add(&mut self, item: Value) -> usize {
        let index = self.count();
        change(self.store, self.place, |response| {
            if let Some(output) = response.get_mut("output").and_then(Value::as_array_mut) {
                output.push(item.clone());
            }
        });
        self.tell("response.output_item.added", json!({ "output_index": index, "item": item }));
        index
    }

    /// Puts an item in the place of the one that was added, and tells that it is done.
    fn finish(&mut self, index: usize, item: Value) {
        self.replace(index, item.clone());
        self.tell("response.output_item.done", json!({ "output_index": index, "item": item }));
    }

    fn replace(&mut self, index: usize, item: Value) {
        change(self.store, self.place, |response| {
            let output = response.get_mut("output").and_then(Value::as_array_mut);
            if let Some(known) = output.and_then(|output| output.get_mut(index)) {
                *known = item;
            }
        });
    }

    /// Begins a message, after so many tokens were read.
    pub(super) fn open(&mut self, prompt: usize, is_padded: bool) -> OpenItem {
        let id = self.store.identifiers.next("msg_");
        let item = self.signed(message(&id, "in_progress", json!([])));
        let index = self.add(item);
        let part = json!({ "type": "output_text", "text": "", "annotations": [], "logprobs": [] });
        self.tell("response.content_part.added", at(&id, index, json!({ "content_index": 0, "part": part })));
        OpenItem { id, index, pen: Pen::new(prompt), annotations: Vec::new(), is_padded }
    }

    /// Tells a piece of a message that was written.
    pub(super) fn write(&mut self, open: &mut OpenItem, piece: &Piece) {
        let mut delta = json!({ "content_index": 0, "delta": piece.text, "logprobs": [] });
        if open.is_padded {
            delta["obfuscation"] = padding(&piece.text).into();
        }
        self.tell("response.output_text.delta", at(&open.id, open.index, delta));
        if let Some(cited) = &piece.cited {
            let annotation = json!({
                "type": "file_citation",
                "file_id": cited.citation.file_id,
                "filename": self.file_name(&cited.citation.file_id),
                "index": cited.start,
            });
            let told = json!({
                "content_index": 0,
                "annotation_index": open.annotations.len(),
                "annotation": annotation,
            });
            self.tell("response.output_text.annotation.added", at(&open.id, open.index, told));
            open.annotations.push(annotation);
        }
    }

    fn file_name(&self, id: &str) -> String {
        let file = self.store.get(Place { collection: FILES.name, parents: &[], id });
        file.map_or(id, |file| text(file, "filename")).to_owned()
    }

    /// Shows what is written of a message that is not ended.
    pub(super) fn keep(&mut self, open: &OpenItem) {
        let item = self.signed(message(&open.id, "in_progress", json!([open.part()])));
        self.replace(open.index, item);
    }

    /// Ends a message with this status.
    pub(super) fn close(&mut self, open: &OpenItem, status: &str) {
        let text = json!({ "content_index": 0, "text": open.pen.kept, "logprobs": [] });
        self.tell("response.output_text.done", at(&open.id, open.index, text));
        let part = json!({ "content_index": 0, "part": open.part() });
        self.tell("response.content_part.done", at(&open.id, open.index, part));
        let item = self.signed(message(&open.id, status, json!([open.part()])));
        self.finish(open.index, item);
    }

    /// Calls a function, and gives the id of the call.
    pub(super) fn call_function(&mut self, call: &FunctionCall) -> String {
        let id = self.store.identifiers.next("fc_");
        let call_id = self.store.identifiers.next("call_");
        let item = |arguments: &str, status: &str| {
            json!({
                "type": "function_call",
                "id": id,
                "call_id": call_id,
                "name": call.name,
                "arguments": arguments,
                "status": status,
            })
        };
        let begun = self.signed(item("", "in_progress"));
        let index = self.add(begun);
        self.tell("response.function_call_arguments.delta", at(&id, index, json!({ "delta": call.arguments })));
        let done = json!({ "name": call.name, "arguments": call.arguments });
        self.tell("response.function_call_arguments.done", at(&id, index, done));
        let item = self.signed(item(&call.arguments, "completed"));
        self.finish(index, item);
        call_id
    }

    /// Asks for the approval of a call of a tool of an MCP server, and gives the id of the request.
    pub(super) fn ask_approval(&mut self, call: &McpCall) -> String {
        let id = self.store.identifiers.next("mcpr_");
        self.add_whole(json!({
            "type": "mcp_approval_request",
            "id": id,
            "name": call.tool,
            "arguments": call.arguments,
            "server_label": call.server_label,
        }));
        id
    }

    /// Calls a tool of an MCP server.
    pub(super) fn call_mcp(&mut self, call: &McpCall, approval: Option<&str>) {
        let id = self.store.identifiers.next("mcp_");
        let output = format!("{} was called with {}.", call.tool, call.arguments);
        let item = |arguments: &str, output: Value, status: &str| {
            json!({
                "type": "mcp_call",
                "id": id,
                "approval_request_id": approval,
                "name": call.tool,
                "arguments": arguments,
                "server_label": call.server_label,
                "output": output,
                "error": null,
                "status": status,
            })
        };
        let begun = self.signed(item("", Value::Null, "in_progress"));
        let index = self.add(begun);
        self.tell("response.mcp_call.in_progress", at(&id, index, json!({})));
        self.tell("response.mcp_call_arguments.delta", at(&id, index, json!({ "delta": call.arguments })));
        self.tell("response.mcp_call_arguments.done", at(&id, index, json!({ "arguments": call.arguments })));
        self.tell("response.mcp_call.completed", at(&id, index, json!({})));
        let item = self.signed(item(&call.arguments, output.into(), "completed"));
        self.finish(index, item);
    }

    /// Searches in files, with what was found if that is to be shown.
    pub(super) fn search_files(&mut self, query: &str, found: &[TurnPassage], shows_results: bool) {
        let id = self.store.identifiers.next("fs_");
        let item = |results: Value, status: &str| {
            json!({
                "type": "file_search_call",
                "id": id,
                "queries": [query],
                "results": results,
                "status": status,
            })
        };
        let begun = self.signed(item(Value::Null, "in_progress"));
        let index = self.add(begun);
        for state in ["in_progress", "searching", "completed"] {
            self.tell(&format!("response.file_search_call.{state}"), at(&id, index, json!({})));
        }
        let results: Vec<Value> = found
            .iter()
            .map(|passage| {
                json!({
                    "file_id": passage.file_id,
                    "filename": passage.file_name,
                    "score": passage.score,
                    "text": passage.text,
                    "attributes": {},
                })
            })
            .collect();
        let results = if shows_results { results.into() } else { Value::Null };
        let item = self.signed(item(results, "completed"));
        self.finish(index, item);
    }

    /// Adds an item that is whole from the beginning.
    pub(super) fn add_whole(&mut self, item: Value) {
        let item = self.signed(item);
        let index = self.add(item.clone());
        self.finish(index, item);
    }
}

impl OpenItem {
    fn part(&self) -> Value {
        json!({ "type": "output_text", "text": self.pen.kept, "annotations": self.annotations, "logprobs": [] })
    }
}

fn message(id: &str, status: &str, content: Value) -> Value {
    json!({ "type": "message", "id": id, "status": status, "role": "assistant", "content": content })
}

/// What pads a delta: it looks random, and is the same each time.
fn padding(text: &str) -> String {
    let padding = format!("{:016x}", fingerprint(text));
    padding.get(text.len() % padding.len()..).unwrap_or_default().to_owned()
}

/// What an event about an item holds.
fn at(id: &str, index: usize, mut data: Value) -> Value {
    data["item_id"] = id.into();
    data["output_index"] = index.into();
    data
}

/// Whether an item was asked of the caller, who has to answer it.
pub(super) fn is_asked(item: &Value) -> bool {
    ["function_call", "mcp_approval_request"].contains(&text(item, "type"))
}
