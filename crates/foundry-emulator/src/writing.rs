//! Messages that are being written, piece by piece, and the steps that do it.

use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::documents::text;
use crate::error::ServiceError;
use crate::events::Events;
use crate::pen::{Ending, Pen, Script};
use crate::progress::{told_step, with};
use crate::runs::property;
use crate::script::Usage;
use crate::store::Place;
use crate::table::{MESSAGES, RUN_STEPS};
use crate::{messages, resources};

/// A message that is being written.
#[derive(Debug)]
pub(crate) struct Writing {
    message: String,
    step: String,
    pen: Pen,
    annotations: Vec<Value>,
}

impl Writing {
    /// Begins a message and the step that writes it, which has read so many tokens.
    pub(crate) fn begin(
        context: &mut Context<'_>,
        run: &Map<String, Value>,
        prompt: usize,
        events: &mut Events,
    ) -> Result<Self, ServiceError> {
        let thread = property(run, "thread_id").to_owned();
        let id = property(run, "id").to_owned();
        let agent = property(run, "assistant_id").to_owned();
        let message = messages::begin_answer(context, &thread, &id, &agent)?;
        let mut step = Map::new();
        step.insert("type".to_owned(), "message_creation".into());
        step.insert("assistant_id".to_owned(), agent.into());
        step.insert(
            "step_details".to_owned(),
            json!({
                "type": "message_creation",
                "message_creation": { "message_id": text(&message, "id") },
            }),
        );
        let step = resources::insert(context, &RUN_STEPS, &[thread, id], step)?;
        let begun_step = told_step(&step, run);
        events.push("thread.run.step.created", begun_step.clone());
        events.push("thread.run.step.in_progress", begun_step);
        let begun_message = told_message(&message, json!({ "status": "in_progress" }));
        events.push("thread.message.created", begun_message.clone());
        events.push("thread.message.in_progress", begun_message);
        Ok(Self {
            message: text(&message, "id").to_owned(),
            step: text(&step, "id").to_owned(),
            pen: Pen::new(prompt),
            annotations: Vec::new(),
        })
    }

    /// Goes on with this, and with the end of the run if that is then to come.
    pub(crate) fn go_on(&mut self, script: Script, then: Option<Ending>) {
        self.pen.go_on(script, then);
    }

    /// Whether there is more to do before the run can do something else.
    pub(crate) fn is_busy(&self) -> bool {
        self.pen.is_busy()
    }

    /// How the run ends, if nothing is left to be written before that.
    pub(crate) fn ending(&self) -> Option<&Ending> {
        self.pen.ending()
    }

    /// What writing has cost so far.
    pub(crate) fn usage(&self) -> Usage {
        self.pen.usage
    }

    /// Writes the next piece; false if there is none.
    pub(crate) fn write(&mut self, events: &mut Events) -> bool {
        let Some(piece) = self.pen.write() else {
            return false;
        };
        let annotation = piece.cited.as_ref().map(|cited| {
            json!({
                "type": "file_citation",
                "text": cited.citation.marker,
                "start_index": cited.start,
                "end_index": cited.end,
                "file_citation": { "file_id": cited.citation.file_id, "quote": cited.citation.quote },
            })
        });
        events.push_text("thread.message.delta", || {
            // Of pieces without annotations only the first says that there are none.
            let annotations = match &annotation {
                Some(annotation) => {
                    format!(r#""annotations":[{}],"#, with(annotation, json!({ "index": self.annotations.len() })))
                }
                None if piece.is_first => r#""annotations":[],"#.to_owned(),
                None => String::new(),
            };
            // A long answer has millions of these.
            format!(
                r#"{{"delta":{{"content":[{{"index":0,"text":{{{annotations}"value":{}}},"type":"text"}}]}},"id":{},"object":"thread.message.delta"}}"#,
                Value::from(piece.text.as_str()),
                Value::from(self.message.as_str()),
            )
        });
        self.annotations.extend(annotation);
        true
    }

    /// Ends the message, and its step, for all is written that there is to be.
    pub(crate) fn finish(self, context: &mut Context<'_>, run: &Map<String, Value>, events: &mut Events) {
        let incomplete = match self.pen.end() {
            Some(Ending::Incomplete(reason)) => Some(message_reason(reason).to_owned()),
            _ => None,
        };
        self.finish_as(context, run, incomplete.as_deref(), events);
    }

    /// Ends the message, which is not complete for this reason, and its step.
    pub(crate) fn finish_incomplete(
        self,
        context: &mut Context<'_>,
        run: &Map<String, Value>,
        reason: &str,
        events: &mut Events,
    ) {
        self.finish_as(context, run, Some(message_reason(reason)), events);
    }

    fn finish_as(
        self,
        context: &mut Context<'_>,
        run: &Map<String, Value>,
        incomplete: Option<&str>,
        events: &mut Events,
    ) {
        let parents = [property(run, "thread_id").to_owned(), property(run, "id").to_owned()];
        let place = Place { collection: RUN_STEPS.name, parents: &parents, id: &self.step };
        self.close(context, run, incomplete, events);
        let Some(step) = context.store.get(place) else {
            return;
        };
        // There is no status for steps whose message is not complete.
        let ended = json!({ "status": "completed", "completed_at": context.now, "usage": self.usage().told() });
        let step = with(step, ended);
        events.push("thread.run.step.completed", told_step(&step, run));
        context.store.put(place, step);
    }

    /// Keeps what is written with the message, which ends here; its step is left as it is.
    pub(crate) fn close(
        &self,
        context: &mut Context<'_>,
        run: &Map<String, Value>,
        incomplete: Option<&str>,
        events: &mut Events,
    ) {
        let Some(message) = self.keep(context, run) else {
            return;
        };
        let now = context.now;
        match incomplete {
            None => {
                let ended = json!({ "status": "completed", "completed_at": now });
                events.push("thread.message.completed", told_message(&message, ended));
            }
            Some(reason) => {
                let details = json!({ "reason": reason });
                let ended = json!({ "status": "incomplete", "incomplete_at": now, "incomplete_details": details });
                events.push("thread.message.incomplete", told_message(&message, ended));
            }
        }
    }

    /// Keeps what is written with the message, and gives that.
    pub(crate) fn keep(&self, context: &mut Context<'_>, run: &Map<String, Value>) -> Option<Value> {
        let parents = [property(run, "thread_id").to_owned()];
        let place = Place { collection: MESSAGES.name, parents: &parents, id: &self.message };
        let content = json!([{ "type": "text", "text": { "value": self.pen.kept, "annotations": self.annotations } }]);
        let message = with(context.store.get(place)?, json!({ "content": content }));
        context.store.put(place, message.clone());
        Some(message)
    }
}

/// A message as events hold it: there, unlike elsewhere, it has a status.
fn told_message(message: &Value, status: Value) -> Value {
    let nothing = json!({ "completed_at": null, "incomplete_at": null, "incomplete_details": null });
    with(&with(message, nothing), status)
}

/// Why a message is incomplete if its run is for this reason: messages have other words for it.
fn message_reason(reason: &str) -> &str {
    match reason {
        "max_completion_tokens" | "max_prompt_tokens" => "max_tokens",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model;
    use crate::pen::{Citation, KEPT_BYTES};

    fn writing(script: Script) -> Writing {
        let mut pen = Pen::new(0);
        pen.go_on(script, None);
        Writing { message: "msg_1".to_owned(), step: "step_1".to_owned(), pen, annotations: Vec::new() }
    }

    /// The texts of the pieces in which a script is written.
    fn deltas(writing: &mut Writing) -> Vec<Value> {
        let mut events = Events::default();
        while writing.write(&mut events) {}
        events
            .into_iter()
            .map(|event| {
                let mut delta: Value = serde_json::from_str(&event.data).unwrap();
                assert_eq!((&delta["id"], &delta["object"]), (&json!("msg_1"), &json!("thread.message.delta")));
                delta["delta"]["content"][0]["text"].take()
            })
            .collect()
    }

    #[test]
    fn pieces_put_together_are_the_text() {
        for text in ["Why is it", "  a   b ", "x", "é – 文", " ", "a\n\"b\" c", ""] {
            let mut writing = writing(Script::text(text));
            let pieces: String = deltas(&mut writing).iter().map(|text| text["value"].as_str().unwrap()).collect();
            assert_eq!((pieces.as_str(), writing.pen.kept.as_str()), (text, text));
            assert_eq!(writing.usage().completion, model::tokens(text), "{text:?}");
            assert_eq!(writing.pen.characters, text.chars().count());
            assert!(!writing.is_busy());
        }
        let mut writing = writing(Script::text("Why is it – é."));
        let deltas = deltas(&mut writing);
        assert_eq!(deltas[0], json!({ "value": "Why", "annotations": [] }));
        assert_eq!(deltas[1..].iter().map(|text| text["value"].as_str().unwrap()).collect::<String>(), " is it – é.");
        assert_eq!((deltas.len(), &deltas[1]), (5, &json!({ "value": " is" })));
    }

    #[test]
    fn a_marker_is_a_piece_of_its_own_counted_in_characters() {
        let text = "É so.【4:0†source】 And";
        let citation = Citation {
            at: text.find('【').unwrap(),
            marker: "【4:0†source】".to_owned(),
            file_id: "assistant-1".to_owned(),
            quote: "É so.".to_owned(),
        };
        let mut writing = writing(Script::text("文 "));
        deltas(&mut writing);
        writing.go_on(Script::Text { text: text.to_owned(), citations: vec![citation] }, None);
        let deltas = deltas(&mut writing);
        let values: Vec<&str> = deltas.iter().map(|text| text["value"].as_str().unwrap()).collect();
        assert_eq!(values, ["É", " so.", "【4:0†source】", " And"]);
        let mut annotation = deltas[2]["annotations"][0].clone();
        // What comes before it: a character and a space, then five characters.
        assert_eq!((&annotation["start_index"], &annotation["end_index"]), (&json!(7), &json!(19)));
        let whole: Vec<char> = writing.pen.kept.chars().collect();
        assert_eq!(whole[7..19].iter().collect::<String>(), "【4:0†source】");
        assert_eq!(annotation["index"], 0);
        annotation.as_object_mut().unwrap().remove("index");
        assert_eq!(writing.annotations, [annotation]);
    }

    #[test]
    fn many_words_are_numbers_and_kept_up_to_a_bound() {
        let mut short = writing(Script::Words(3));
        deltas(&mut short);
        assert_eq!((short.pen.kept.as_str(), short.usage().completion), ("1 2 3", 3));
        let mut long = writing(Script::Words(1_000_000));
        let mut events = Events::unheard();
        while long.write(&mut events) {}
        assert_eq!(long.usage().completion, 1_000_000);
        assert!(long.pen.kept.len() <= KEPT_BYTES && long.pen.kept.len() > KEPT_BYTES - 10, "{}", long.pen.kept.len());
    }
}
