//! What was said to voice agents: one conversation that each new one is taken to have had.

use axum::http::Method;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::context::{Answer, Context};
use crate::documents::text;
use crate::error::ServiceError;
use crate::resources::{self, object_of};
use crate::store::Place;
use crate::v1::Entry;
use crate::v1::table::{VOICE_CONVERSATIONS, VOICE_ITEMS, VOICE_RESPONSES};

const AUDIO: &str = "/agents/{}/endpoint/protocols/voice/conversations/{}/audio";
const AUDIO_CONTENT: &str = "/agents/{}/endpoint/protocols/voice/conversations/{}/audio/content";
const ITEM_AUDIO: &str = "/agents/{}/endpoint/protocols/voice/conversations/{}/items/{}/audio";
const ITEM_CONTENT: &str = "/agents/{}/endpoint/protocols/voice/conversations/{}/items/{}/audio/content";
const GENERATED: &str = "/agents/{}/endpoint/protocols/voice/conversations/{}/items/{}/audio/generated";
const GENERATED_CONTENT: &str = "/agents/{}/endpoint/protocols/voice/conversations/{}/items/{}/audio/generated/content";
const RESPONSE_ITEMS: &str = "/agents/{}/endpoint/protocols/voice/conversations/{}/responses/{}/items";

/// The audio there is: a tenth of a second of silence, 16 bits at this rate.
const SAMPLE_RATE: u32 = 16_000;
const SAMPLES: u32 = SAMPLE_RATE / 10;
const MILLISECONDS: u32 = 100;

pub(crate) const BEHAVIOURS: &[Entry] = &[
    (Method::GET, RESPONSE_ITEMS, response_items),
    (Method::GET, AUDIO, recording),
    (Method::GET, AUDIO_CONTENT, |context| {
        conversation(context)?;
        Ok(Answer::bytes(silence()))
    }),
    (Method::GET, ITEM_AUDIO, item_audio),
    (Method::GET, GENERATED, item_audio),
    (Method::GET, ITEM_CONTENT, item_content),
    (Method::GET, GENERATED_CONTENT, item_content),
];

/// Gives a new voice agent a conversation: a greeting, and the answer to it.
pub(crate) fn furnish(context: &mut Context<'_>, agent: &str) -> Result<(), ServiceError> {
    let parents = [agent.to_owned()];
    let given = json!({ "object": "voice.conversation", "completed_at": context.now });
    let conversation = resources::insert(context, &VOICE_CONVERSATIONS, &parents, object_of(&given)?)?;
    let id = text(&conversation, "id").to_owned();
    let parents = [agent.to_owned(), id.clone()];
    let asked = json!({
        "type": "message",
        "role": "user",
        "status": "completed",
        "content": [{ "type": "input_audio", "transcript": "Hello." }],
    });
    let answered = json!({
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [{ "type": "output_audio", "transcript": "Hello, how can I help you?" }],
    });
    resources::insert(context, &VOICE_ITEMS, &parents, object_of(&asked)?)?;
    let answered = resources::insert(context, &VOICE_ITEMS, &parents, object_of(&answered)?)?;
    let response = json!({
        "object": "realtime.response",
        "status": "completed",
        "output": [answered],
        "conversation_id": id,
        "output_modalities": ["audio"],
        "created_at": context.now,
        "completed_at": context.now,
    });
    resources::insert(context, &VOICE_RESPONSES, &parents, object_of(&response)?)?;
    Ok(())
}

/// The conversation that the path names, as what its items stand below.
fn conversation(context: &Context<'_>) -> Result<[String; 2], ServiceError> {
    let parents = [context.parameter(0), context.parameter(1)];
    resources::check_parents(context, &VOICE_ITEMS, &parents)?;
    Ok(parents)
}

fn response_items(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let parents = conversation(context)?;
    let id = context.parameter(2);
    let place = Place { collection: VOICE_RESPONSES.name, parents: &parents, id: &id };
    let response = resources::get(context, &VOICE_RESPONSES, place)?;
    let items = response.get("output").cloned().unwrap_or_else(|| json!([]));
    Ok(Answer::ok(json!({ "object": "list", "data": items, "has_more": false })))
}

fn recording(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let [_, id] = conversation(context)?;
    let recording = json!({
        "conversation_id": id,
        "sample_rate": SAMPLE_RATE,
        "channels": 1,
        "duration_ms": MILLISECONDS,
    });
    Ok(Answer::ok(context.filled(recording)))
}

/// The item that the path names.
fn item<'a>(context: &'a Context<'_>) -> Result<&'a Value, ServiceError> {
    let parents = conversation(context)?;
    let id = context.parameter(2);
    resources::get(context, &VOICE_ITEMS, Place { collection: VOICE_ITEMS.name, parents: &parents, id: &id })
}

fn item_audio(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let item = item(context)?;
    let speaker = if text(item, "role") == "user" { "user" } else { "agent" };
    let audio = json!({
        "conversation_id": context.parameter(1),
        "item_id": text(item, "id"),
        "role": speaker,
        "sample_rate": SAMPLE_RATE,
        "channels": 1,
        "duration_ms": MILLISECONDS,
    });
    Ok(Answer::ok(context.filled(audio)))
}

fn item_content(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    item(context)?;
    Ok(Answer::bytes(silence()))
}

/// Silence as a file of the kind `audio/wav`.
fn silence() -> Bytes {
    let length = SAMPLES * 2;
    let mut wav = Vec::new();
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(36 + length).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt ");
    wav.extend_from_slice(&16_u32.to_le_bytes());
    // Plain samples of one channel.
    wav.extend_from_slice(&1_u16.to_le_bytes());
    wav.extend_from_slice(&1_u16.to_le_bytes());
    wav.extend_from_slice(&SAMPLE_RATE.to_le_bytes());
    wav.extend_from_slice(&(SAMPLE_RATE * 2).to_le_bytes());
    wav.extend_from_slice(&2_u16.to_le_bytes());
    wav.extend_from_slice(&16_u16.to_le_bytes());
    wav.extend_from_slice(b"data");
    wav.extend_from_slice(&length.to_le_bytes());
    wav.resize(wav.len() + length as usize, 0);
    wav.into()
}
