//! Evaluators, rules and taxonomies, and what does something at its time: routines and schedules.

use foundry_sdk::types::{
    AgentTaxonomyInput, AzureAiAgentTarget, ContinuousEvaluationRuleAction, CronTrigger, EvaluationRuleEventType,
    EvaluationScheduleTask, EvaluationTarget, EvaluatorCategory, EvaluatorType, InvokeAgentResponsesApiRoutineAction,
    PromptBasedEvaluatorDefinition, RiskCategory,
};
use foundry_sdk::{ErrorKind, ProjectClient};
use serde_json::Map;

use crate::read::{json, one_by_one};

pub(crate) async fn rules(client: &ProjectClient) {
    let rules = client.evaluation_rules();
    let put = |id: &str, enabled: bool| {
        let action = ContinuousEvaluationRuleAction::new("eval_1");
        rules.create_or_update(id, action, EvaluationRuleEventType::ResponseCompleted, enabled)
    };
    let reply = put("first", true).send().await.unwrap();
    assert_eq!((reply.status.as_u16(), reply.enabled), (201, true));
    let reply = put("first", false).display_name("First").send().await.unwrap();
    assert_eq!((reply.status.as_u16(), reply.enabled), (200, false));
    put("second", true).await.unwrap();
    let rule = rules.get("first").await.unwrap();
    assert_eq!((rule.display_name.as_deref(), rule.enabled), (Some("First"), false));
    assert_eq!(json(&rule.action)["evalId"], "eval_1");
    let ids: Vec<String> = one_by_one(rules.list(), 2).await.into_iter().map(|rule| rule.id).collect();
    assert_eq!(ids, ["first", "second"]);
    rules.delete("second").await.unwrap();
    assert_eq!(rules.get("second").await.unwrap_err().kind(), ErrorKind::NotFound);
}

pub(crate) async fn evaluators(client: &ProjectClient) {
    let evaluators = client.evaluators();
    let definition = || PromptBasedEvaluatorDefinition::new("Judge.");
    let create =
        |name: &str| evaluators.create_version(name, EvaluatorType::Custom, [EvaluatorCategory::Quality], definition());
    let first = create("tone").description("One.").await.unwrap();
    assert_eq!((first.name.as_str(), first.version.as_str()), ("tone", "1"));
    assert_eq!(create("tone").await.unwrap().version, "2");
    create("length").await.unwrap();
    let versions = one_by_one(evaluators.list_versions("tone"), 2).await;
    assert!(versions.iter().all(|version| version.name == "tone"));
    let mut names: Vec<String> = one_by_one(evaluators.list(), 2).await.into_iter().map(|latest| latest.name).collect();
    names.sort_unstable();
    assert_eq!(names, ["length", "tone"]);
    let changed =
        evaluators.update_version("tone", "1", EvaluatorType::Custom, [EvaluatorCategory::Safety], definition());
    let changed = changed.display_name("Tone").await.unwrap();
    assert_eq!(changed.categories, [EvaluatorCategory::Safety]);
    let version = evaluators.get_version("tone", "1").await.unwrap();
    assert_eq!((version.display_name.as_deref(), version.description.as_deref()), (Some("Tone"), Some("One.")));

    let preview = client.preview().evaluators("tone", "1");
    let pending = preview.pending_upload().await.unwrap();
    let uri = &pending.blob_reference.blob_uri;
    assert!(uri.starts_with("http"), "{uri}");
    let credentials = preview.get_credentials(uri).await.unwrap();
    assert_eq!(credentials.blob_reference.blob_uri, *uri);

    evaluators.delete_version("tone", "1").await.unwrap();
    assert_eq!(evaluators.get_version("tone", "1").await.unwrap_err().kind(), ErrorKind::NotFound);
}

pub(crate) async fn taxonomies(client: &ProjectClient) {
    let taxonomies = client.preview().evaluation_taxonomies();
    let input = || {
        let target = EvaluationTarget::from(AzureAiAgentTarget::new("cowboy"));
        AgentTaxonomyInput::new(target, [RiskCategory::ProhibitedActions])
    };
    let made = taxonomies.create("risks", input()).await.unwrap();
    assert_eq!((made.name.as_str(), made.version.as_str()), ("risks", "1"));
    taxonomies.create("other", input()).await.unwrap();
    let changed = taxonomies.update("risks", input()).description("All of them.").await.unwrap();
    assert_eq!(changed.description.as_deref(), Some("All of them."));
    let got = taxonomies.get("risks").await.unwrap();
    assert_eq!(json(&got.taxonomy_input)["riskCategories"][0], "ProhibitedActions");
    let names: Vec<String> = one_by_one(taxonomies.list(), 2).await.into_iter().map(|found| found.name).collect();
    assert_eq!(names, ["risks", "other"]);
    taxonomies.delete("other").await.unwrap();
    assert_eq!(taxonomies.get("other").await.unwrap_err().kind(), ErrorKind::NotFound);
}

pub(crate) async fn routines(client: &ProjectClient) {
    let routines = client.preview().routines();
    let action = InvokeAgentResponsesApiRoutineAction::new().agent_name("cowboy");
    let routine = routines.create_or_update("daily").description("Once a day.").action(action).await.unwrap();
    assert_eq!((routine.name.as_deref(), routine.enabled), (Some("daily"), true));
    routines.create_or_update("weekly").await.unwrap();
    assert!(!routines.disable("daily").await.unwrap().enabled);
    assert!(routines.enable("daily").await.unwrap().enabled);
    let dispatched = [routines.dispatch("daily").await.unwrap(), routines.dispatch("daily").await.unwrap()];
    assert!(dispatched.iter().all(|one| one.dispatch_id.is_some()) && dispatched[0] != dispatched[1]);
    let runs = one_by_one(routines.list_runs("daily").page_size(1), 2).await;
    for one in dispatched {
        assert!(runs.iter().any(|run| run.dispatch_id == one.dispatch_id), "{one:?}");
    }
    let names: Vec<String> =
        one_by_one(routines.list().page_size(1), 2).await.into_iter().filter_map(|one| one.name).collect();
    assert_eq!(names, ["daily", "weekly"]);
    assert_eq!(routines.get("daily").await.unwrap().description.as_deref(), Some("Once a day."));
    routines.delete("weekly").await.unwrap();
    assert_eq!(routines.get("weekly").await.unwrap_err().kind(), ErrorKind::NotFound);
}

pub(crate) async fn schedules(client: &ProjectClient) {
    let schedules = client.preview().schedules();
    let put = |id: &str, enabled: bool| {
        let task = EvaluationScheduleTask::new("eval_1", Map::new());
        schedules.create_or_update(id, enabled, CronTrigger::new("0 9 * * *"), task)
    };
    let reply = put("daily", true).display_name("Daily").send().await.unwrap();
    assert_eq!((reply.status.as_u16(), reply.id.as_str()), (201, "daily"));
    assert_eq!(put("daily", false).send().await.unwrap().status.as_u16(), 200);
    put("weekly", true).await.unwrap();
    let schedule = schedules.get("daily").await.unwrap();
    assert_eq!((json(&schedule.trigger)["expression"].as_str(), schedule.enabled), (Some("0 9 * * *"), false));
    let ids: Vec<String> = one_by_one(schedules.list(), 2).await.into_iter().map(|schedule| schedule.id).collect();
    assert_eq!(ids, ["daily", "weekly"]);
    let runs = one_by_one(schedules.list_runs("daily"), 1).await;
    let run = schedules.get_run("daily", &runs[0].id).await.unwrap();
    assert_eq!((run.schedule_id.as_str(), run.success), ("daily", true));
    schedules.delete("weekly").await.unwrap();
    assert_eq!(schedules.get("weekly").await.unwrap_err().kind(), ErrorKind::NotFound);
}
