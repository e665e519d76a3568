//! What goes on after the answer: jobs, each looked at until it has ended.

use foundry_sdk::ProjectClient;
use foundry_sdk::types::{
    AgentClusterInsightRequest, AgentOptimizationCandidateStatus, AgentOptimizationConfiguration,
    AgentOptimizationFoundryAgentTargetConfiguration, AgentOptimizationModelConfiguration, DataGenerationJobInputs,
    EvaluationDataGenerationJobInputs, EvaluationRunClusterInsightRequest, JobStatus, OperationState,
    PromptDataGenerationJobSource, PromptEvaluatorGenerationJobSource, PromptOptimizationConfiguration, RiskCategory,
    SimpleQnADataGenerationJobConfiguration,
};
use serde_json::json;

use crate::read::{json as as_json, of, one_by_one};

pub(crate) async fn optimization(client: &ProjectClient) {
    let agents = client.agents();
    let model = || AgentOptimizationModelConfiguration::new("gpt-4.1");
    let create = || agents.create_optimization_job(model(), PromptOptimizationConfiguration::new());
    let target = AgentOptimizationFoundryAgentTargetConfiguration::new("cowboy");
    let job = create().target_configuration(target).display_name("Better").await.unwrap();
    assert_eq!((&job.status, job.display_name.as_deref()), (&JobStatus::Queued, Some("Better")));
    assert_eq!(agents.get_optimization_job(&job.id).await.unwrap().status, JobStatus::InProgress);
    let job = agents.get_optimization_job(&job.id).await.unwrap();
    assert_eq!(job.status, JobStatus::Succeeded);
    let best = job.result.unwrap().candidate_summary.unwrap().best_id.unwrap();

    let candidates = one_by_one(agents.list_optimization_candidates(&job.id).page_size(1), 1).await;
    assert_eq!((&candidates[0].candidate_id, &candidates[0].job_id), (&best, &job.id));
    let candidate = agents.get_optimization_candidate(&job.id, &best).await.unwrap();
    assert_eq!((&candidate.status, &candidate.promotion), (&AgentOptimizationCandidateStatus::Completed, &None));
    let candidate = agents.promote_optimization_candidate(&job.id, &best).await.unwrap();
    assert!(candidate.promotion.is_some());

    let other = create().await.unwrap();
    let all = one_by_one(agents.list_optimization_jobs().page_size(1), 2).await;
    assert_eq!(all.iter().map(|job| &job.id).collect::<Vec<_>>(), [&other.id, &job.id]);
    assert_eq!(agents.cancel_optimization_job(&other.id).await.unwrap().status, JobStatus::Cancelled);
    agents.delete_optimization_job(&other.id).await.unwrap();
    assert_eq!(agents.list_optimization_jobs().await.unwrap().data.len(), 1);

    let configuration: AgentOptimizationConfiguration = of(json!({
        "type": "agent_optimization",
        "evaluation_configuration": {
            "training_set": {
                "type": "target_completion",
                "source": { "type": "inline", "test_cases": [] },
            },
            "evaluators": [{ "name": "quality" }],
            "evaluation_model": { "model": "gpt-4.1" },
        },
        "candidate_search_configuration": { "max_candidates": 2 },
        "agent_optimization_space": {},
    }));
    let estimate = agents.estimate_optimization_job(model(), configuration).await.unwrap();
    assert!(estimate.prices_as_of.is_some());
}

pub(crate) async fn data_generation(client: &ProjectClient) {
    let datasets = client.datasets();
    let create = |name: &str| {
        let sources = [PromptDataGenerationJobSource::new("Ask about horses.")];
        let inputs =
            EvaluationDataGenerationJobInputs::new(name, sources, SimpleQnADataGenerationJobConfiguration::new(7));
        datasets.create_generation_job(DataGenerationJobInputs::from(inputs))
    };
    let job = as_json(&create("horses").await.unwrap());
    assert_eq!((&job["status"], &job["name"]), (&json!("queued"), &json!("horses")));
    let id = job["id"].as_str().unwrap();
    assert_eq!(as_json(&datasets.get_generation_job(id).await.unwrap())["status"], "in_progress");
    let done = as_json(&datasets.get_generation_job(id).await.unwrap());
    assert_eq!((&done["status"], &done["result"]["generated_samples"]), (&json!("succeeded"), &json!(7)));

    let other = as_json(&create("cows").await.unwrap());
    let other = other["id"].as_str().unwrap();
    let all = one_by_one(datasets.list_generation_jobs().page_size(1), 2).await;
    assert_eq!([&as_json(&all[0])["id"], &as_json(&all[1])["id"]], [other, id]);
    assert_eq!(as_json(&datasets.cancel_generation_job(other).await.unwrap())["status"], "cancelled");
    datasets.delete_generation_job(other).await.unwrap();
    assert_eq!(datasets.list_generation_jobs().await.unwrap().data.len(), 1);
}

pub(crate) async fn evaluator_generation(client: &ProjectClient) {
    let evaluators = client.evaluators();
    let create = |name: &str| {
        let sources = [PromptEvaluatorGenerationJobSource::new("Is it polite?")];
        evaluators.create_generation_job(sources, "gpt-4.1", name)
    };
    let job = create("politeness").await.unwrap();
    assert_eq!((&job.status, job.evaluator_name.as_str()), (&JobStatus::Queued, "politeness"));
    assert_eq!(evaluators.get_generation_job(&job.id).await.unwrap().status, JobStatus::InProgress);
    let job = evaluators.get_generation_job(&job.id).await.unwrap();
    assert_eq!(job.status, JobStatus::Succeeded);
    let made = job.result.unwrap();
    let evaluator = evaluators.get_version("politeness", &made.version).await.unwrap();
    assert_eq!(evaluator.generation_job_id.as_ref(), Some(&job.id));

    let other = create("warmth").await.unwrap();
    let all = one_by_one(evaluators.list_generation_jobs().page_size(1), 2).await;
    assert_eq!(all.iter().map(|job| &job.id).collect::<Vec<_>>(), [&other.id, &job.id]);
    assert_eq!(evaluators.cancel_generation_job(&other.id).await.unwrap().status, JobStatus::Cancelled);
    evaluators.delete_generation_job(&other.id).await.unwrap();
    assert_eq!(evaluators.list_generation_jobs().await.unwrap().data.len(), 1);
    evaluators.delete_version("politeness", &made.version).await.unwrap();
}

pub(crate) async fn insight_monitors(client: &ProjectClient) {
    let monitors = client.preview().agent_insight_monitors();
    let monitor = monitors.create("cowboy", "gpt-4.1").enabled(true).await.unwrap();
    assert_eq!((monitor.agent_name.as_str(), monitor.enabled), ("cowboy", true));
    let other = monitors.create("hosted", "gpt-4.1").await.unwrap();
    let all = one_by_one(monitors.list().page_size(1), 2).await;
    assert_eq!(all.iter().map(|monitor| &monitor.id).collect::<Vec<_>>(), [&other.id, &monitor.id]);
    let monitor = monitors.update(&monitor.id).enabled(false).run_interval_hours(12.0).await.unwrap();
    assert_eq!((monitor.enabled, monitor.run_interval_hours), (false, 12.0));
    assert_eq!(monitors.get(&monitor.id).await.unwrap().run_interval_hours, 12.0);
    monitors.delete(&other.id).await.unwrap();
    assert_eq!(monitors.list().await.unwrap().data.len(), 1);

    let run = monitors.create_run(&monitor.id).lookback_hours(2.0).await.unwrap();
    assert_eq!((&run.status, run.agent_name.as_str()), (&JobStatus::Queued, "cowboy"));
    assert_eq!(monitors.get_run(&monitor.id, &run.id).await.unwrap().status, JobStatus::InProgress);
    let run = monitors.get_run(&monitor.id, &run.id).await.unwrap();
    assert_eq!((&run.status, run.result.unwrap().insights_created), (&JobStatus::Succeeded, 1));
    let second = monitors.create_run(&monitor.id).await.unwrap();
    let runs = one_by_one(monitors.list_runs(&monitor.id).page_size(1), 2).await;
    assert_eq!(runs.iter().map(|run| &run.id).collect::<Vec<_>>(), [&second.id, &run.id]);
    assert_eq!(monitors.cancel_run(&monitor.id, &second.id).await.unwrap().status, JobStatus::Cancelled);

    let insights = one_by_one(monitors.list_insights(&monitor.id).status("active").page_size(1), 1).await;
    let insight = monitors.get_insight(&monitor.id, &insights[0].id).await.unwrap();
    assert_eq!((insight.monitor_id.as_str(), insight.status.as_str()), (monitor.id.as_str(), "active"));
    let insight = monitors.update_insight(&monitor.id, &insight.id).status("resolved").await.unwrap();
    assert_eq!(insight.status.as_str(), "resolved");
    monitors.reset(&monitor.id).await.unwrap();
    assert_eq!(monitors.list_insights(&monitor.id).await.unwrap().data.len(), 0);
}

pub(crate) async fn insights(client: &ProjectClient) {
    let insights = client.preview().insights();
    let insight = insights.generate("Clusters", AgentClusterInsightRequest::new("cowboy")).await.unwrap();
    assert_eq!((&insight.state, insight.display_name.as_str()), (&OperationState::NotStarted, "Clusters"));
    assert_eq!(insights.get(&insight.id).await.unwrap().state, OperationState::Running);
    let done = insights.get(&insight.id).await.unwrap();
    assert_eq!(done.state, OperationState::Succeeded);
    assert_eq!(as_json(&done.result)["type"], "AgentClusterInsight");

    let request = EvaluationRunClusterInsightRequest::new("eval_1", ["run_1"]);
    let other = insights.generate("Runs", request).await.unwrap();
    let mut ids: Vec<String> = one_by_one(insights.list(), 2).await.into_iter().map(|insight| insight.id).collect();
    ids.sort_unstable();
    let mut wanted = [insight.id, other.id];
    wanted.sort_unstable();
    assert_eq!(ids, wanted);
}

pub(crate) async fn red_teams(client: &ProjectClient) {
    let red_teams = client.preview().red_teams();
    let create = || red_teams.create().num_turns(3).risk_categories([RiskCategory::Violence]);
    let run = create().display_name("Monday").await.unwrap();
    assert_eq!((run.num_turns, run.status.as_deref()), (Some(3), Some("NotStarted")));
    assert_eq!(red_teams.get(&run.id).await.unwrap().status.as_deref(), Some("Running"));
    let run = red_teams.get(&run.id).await.unwrap();
    assert_eq!((run.status.as_deref(), run.display_name.as_deref()), (Some("Completed"), Some("Monday")));
    create().await.unwrap();
    let runs = one_by_one(red_teams.list(), 2).await;
    assert!(runs.iter().any(|found| found.id == run.id));
}
