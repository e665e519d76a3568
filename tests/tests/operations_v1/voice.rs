//! Voice agents: what was said to them, and telephony.

use foundry_sdk::types::{
    CreateTwilioTelephonyBindingRequest, PstnTelephonyTransferDestination, TelephonyCallJobStatus, TelephonyCallPhase,
    TelephonyCallStatus, TelephonyOutboundDestination, TelephonyOutboundDestinationType, TelephonyTransferTarget,
    VoiceAudioContainerFormat,
};
use foundry_sdk::{ErrorKind, ProjectClient};

use crate::read::{bytes, json, one_by_one};

const AGENT: &str = "receptionist";

/// Makes the voice agent, and calls by telephone.
pub(crate) async fn telephony(client: &ProjectClient) {
    let agent = client.preview().agents().create_from_prompt(AGENT).goal("Answer calls.").await.unwrap();
    assert_eq!((agent.name.as_str(), json(&agent.versions.latest.definition)["kind"].as_str()), (AGENT, Some("voice")));
    let telephony = client.preview().voice_agents_telephony(AGENT);
    let create = |number: &str| telephony.create_binding(CreateTwilioTelephonyBindingRequest::new("twilio", number));
    let reply = create("+15550100").send().await.unwrap();
    let id = json(&reply.value)["id"].as_str().unwrap().to_owned();
    let etag = reply.headers["etag"].to_str().unwrap().to_owned();
    let other = json(&create("+15550101").await.unwrap())["id"].as_str().unwrap().to_owned();
    let all = one_by_one(telephony.list_bindings().page_size(1), 2).await;
    assert_eq!([&json(&all[0])["id"], &json(&all[1])["id"]], [&other, &id]);
    let changed = telephony.update_binding(&id, &etag).label("Desk").await.unwrap();
    assert_eq!(json(&changed)["label"], "Desk");
    let error = telephony.update_binding(&id, &etag).label("Door").await.unwrap_err();
    assert_eq!(error.status().unwrap(), 412);
    assert_eq!(json(&telephony.get_binding(&id).await.unwrap()), json(&changed));
    telephony.delete_binding(&other, "*").await.unwrap();
    assert_eq!(telephony.get_binding(&other).await.unwrap_err().kind(), ErrorKind::NotFound);

    let desk = PstnTelephonyTransferDestination::new("+15550199");
    let target = TelephonyTransferTarget::new("desk", "The desk.", desk);
    let targets = telephony.replace_transfer_targets("*", [target]).await.unwrap();
    assert_eq!(telephony.get_transfer_targets().await.unwrap(), targets);
    assert_eq!(targets.transfer_targets[0].name, "desk");
    calls(client).await;
}

async fn calls(client: &ProjectClient) {
    let telephony = client.preview().voice_agents_telephony(AGENT);
    let create = || {
        let number = TelephonyOutboundDestination::new(TelephonyOutboundDestinationType::PhoneNumber, "+15550123");
        telephony.create_call_job(number, "twilio", "+15550100")
    };
    let mut calls: Vec<String> = Vec::new();
    for _ in 0..2 {
        let job = create().await.unwrap();
        assert_eq!(job.status, TelephonyCallJobStatus::Accepted);
        assert_eq!(telephony.get_call_job(&job.id).await.unwrap().status, TelephonyCallJobStatus::InProgress);
        let job = telephony.get_call_job(&job.id).await.unwrap();
        assert_eq!((&job.status, job.attempt_count), (&TelephonyCallJobStatus::Completed, 1));
    }
    for call in one_by_one(telephony.list_calls().page_size(1), 2).await {
        assert_eq!(call.status, TelephonyCallStatus::InProgress);
        calls.push(call.id);
    }
    let call = telephony.get_call(&calls[0]).await.unwrap();
    assert_eq!((&call.phase, call.provider_number.as_deref()), (&TelephonyCallPhase::Managing, Some("+15550123")));
    let call = telephony.end_call(&calls[0]).await.unwrap();
    assert_eq!((&call.status, &call.phase), (&TelephonyCallStatus::Success, &TelephonyCallPhase::Completed));
    assert!(call.ended_at.is_some());
    let call = telephony.transfer_call(&calls[1], "desk").await.unwrap();
    assert_eq!((&call.id, &call.phase), (&calls[1], &TelephonyCallPhase::Completed));

    let job = create().await.unwrap();
    let cancelled = telephony.cancel_call_job(&job.id, "*").await.unwrap();
    assert_eq!((&cancelled.id, &cancelled.status), (&job.id, &TelephonyCallJobStatus::Cancelled));
}

#[track_caller]
fn assert_wav(bytes: &[u8]) {
    assert!(bytes.starts_with(b"RIFF") && &bytes[8..12] == b"WAVE", "{:?}", &bytes[..12]);
}

pub(crate) async fn conversations(client: &ProjectClient) {
    let conversations = client.preview().voice_agents_conversations(AGENT);
    let all = one_by_one(conversations.list().page_size(1), 1).await;
    let id = &all[0].id;
    assert_eq!(conversations.get(id).await.unwrap().status.as_str(), "completed");
    let recording = conversations.get_audio(id).await.unwrap();
    assert_eq!((&recording.conversation_id, &recording.format), (id, &VoiceAudioContainerFormat::Wav));
    assert_wav(&bytes(conversations.download_audio(id).await.unwrap()).await);

    let items = one_by_one(conversations.list_items(id).order("asc").page_size(1), 2).await;
    let (asked, answered) = (json(&items[0]), json(&items[1]));
    assert_eq!((asked["role"].as_str(), answered["role"].as_str()), (Some("user"), Some("assistant")));
    let item = asked["id"].as_str().unwrap();
    assert_eq!(json(&conversations.get_item(id, item).await.unwrap()), asked);
    let audio = conversations.get_audio_item(id, item).await.unwrap();
    assert_eq!((audio.item_id.as_str(), audio.duration_ms), (item, Some(100)));
    assert_wav(&bytes(conversations.download_audio_item(id, item).await.unwrap()).await);
    let item = answered["id"].as_str().unwrap();
    assert_eq!(conversations.get_generated_audio_item(id, item).await.unwrap().item_id, item);
    assert_wav(&bytes(conversations.download_generated_audio_item(id, item).await.unwrap()).await);

    let responses = one_by_one(conversations.list_responses(id).page_size(1), 1).await;
    let response = responses[0].id.as_deref().unwrap();
    assert_eq!(conversations.get_response(id, response).await.unwrap().conversation_id.as_ref(), Some(id));
    let said = conversations.list_response_items(id, response).into_stream().into_vec().await.unwrap();
    assert_eq!(said.iter().map(json).collect::<Vec<_>>(), [answered]);
    conversations.delete(id).await.unwrap();
    assert_eq!(conversations.get(id).await.unwrap_err().kind(), ErrorKind::NotFound);
}
