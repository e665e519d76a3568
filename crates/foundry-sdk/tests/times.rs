//! Times in requests, in the two forms that the service takes them in.
#![cfg(feature = "v1")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use chrono::{TimeZone as _, Utc};
use foundry_emulator::Emulator;
use foundry_sdk::types::{
    EvaluationScheduleTask, InvokeAgentResponsesApiRoutineAction, OneTimeTrigger, TimerRoutineTrigger,
};
use foundry_sdk::{Credential, ProjectClient, Timestamp};
use serde_json::{Map, json};

#[tokio::test]
async fn a_time_is_a_number_or_a_text_as_the_operation_wants_it() {
    let emulator = Emulator::start().await.unwrap();
    let client = ProjectClient::builder(emulator.endpoint()).credential(Credential::token("any")).build().unwrap();
    let (schedules, routines) = (client.preview().schedules(), client.preview().routines());
    let time = Utc.with_ymd_and_hms(2030, 1, 2, 3, 4, 5).unwrap();

    for trigger in [OneTimeTrigger::new(time), OneTimeTrigger::new(Timestamp::from_rfc3339(time))] {
        let task = EvaluationScheduleTask::new("eval_1", Map::new());
        let schedule = schedules.create_or_update("once", true, trigger, task).await.unwrap();
        assert_eq!(schedule.id, "once");
    }

    let action = InvokeAgentResponsesApiRoutineAction::new().agent_name("cowboy");
    let timer = TimerRoutineTrigger::new().at(time);
    routines.create_or_update("once").enabled(true).action(action).triggers([("timer", timer)]).await.unwrap();

    let sent: Vec<_> = emulator.requests().iter().map(|request| request.json().unwrap()).collect();
    assert_eq!(sent[0]["trigger"]["triggerAt"], json!("2030-01-02T03:04:05Z"));
    assert_eq!(sent[1]["trigger"]["triggerAt"], json!("2030-01-02T03:04:05Z"));
    assert_eq!(sent[2]["triggers"]["timer"]["at"], json!(1_893_553_445));
}
