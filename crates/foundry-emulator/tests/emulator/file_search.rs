//! File search: vector stores that are searched, and answers that cite what was found.

use serde_json::{Value, json};

use crate::client::{Client, START, data, id, names, start, text};

const HANDBOOK: &str = "The glasses – Brille – weigh 30 grams. Their battery lasts for nine hours. \
    They have a camera with twelve megapixels.";

const CONTENT: &str = "include%5B%5D=step_details.tool_calls%5B*%5D.file_search.results%5B*%5D.content";

/// The id of a new agent that searches in these stores.
async fn searcher(client: &Client, stores: &[&str], search: Value) -> String {
    let mut tool = json!({ "type": "file_search" });
    if !search.is_null() {
        tool["file_search"] = search;
    }
    let resources = json!({ "file_search": { "vector_store_ids": stores } });
    let body = json!({ "model": "gpt-4.1-mini", "tools": [tool], "tool_resources": resources });
    id(&client.post("/assistants", body).await.success())
}

/// The ids of a new vector store and of its files.
async fn library(client: &Client, files: &[(&str, &str)]) -> (String, Vec<String>) {
    let mut ids = Vec::new();
    for (name, content) in files {
        ids.push(id(&client.upload(name, *content).await.success()));
    }
    (id(&client.post("/vector_stores", json!({ "file_ids": ids })).await.success()), ids)
}

/// The path of a run that is completed: of this agent, on a new thread in which the user says this.
async fn asked(client: &Client, agent: &str, question: &str) -> String {
    let thread = client.thread().await;
    client.say(&thread, question).await;
    let run = client.run(&thread, agent).await;
    client.complete(&run).await;
    run
}

/// What the agent said, and what it cites.
async fn answer(client: &Client, run: &str) -> (String, Value) {
    let thread = run.split('/').nth(2).unwrap();
    let page = client.get(&format!("/threads/{thread}/messages?limit=1")).await.success();
    let message = &page["data"][0];
    (text(message), message["content"][0]["text"]["annotations"].clone())
}

#[tokio::test]
async fn an_answer_cites_the_best_passage() {
    let (_emulator, client, _) = start().await;
    let (store, files) =
        library(&client, &[("other.md", "The weather is fine. Hours pass."), ("handbook.txt", HANDBOOK)]).await;
    let agent = searcher(&client, &[&store], Value::Null).await;
    let run = asked(&client, &agent, "How many hours does the battery last?").await;
    let (said, annotations) = answer(&client, &run).await;
    let sentence = "Their battery lasts for nine hours.";
    assert_eq!(said, format!("According to handbook.txt: \"{sentence}\"【4:0†source】"));
    let characters: Vec<char> = said.chars().collect();
    let citation = &annotations[0];
    assert_eq!(
        *citation,
        json!({
            "type": "file_citation",
            "text": "【4:0†source】",
            "start_index": characters.len() - 12,
            "end_index": characters.len(),
            "file_citation": { "file_id": files[1], "quote": sentence },
        })
    );
    assert_eq!(annotations.as_array().unwrap().len(), 1);

    let steps = client.steps(&run).await;
    assert_eq!(
        (steps.len(), &steps[0]["type"], &steps[1]["type"]),
        (2, &json!("tool_calls"), &json!("message_creation"))
    );
    assert_eq!((&steps[0]["status"], &steps[0]["completed_at"]), (&json!("completed"), &json!(START)));
    let call = &steps[0]["step_details"]["tool_calls"][0];
    assert_eq!(call["type"], "file_search");
    assert!(id(call).starts_with("call_"));
    let search = &call["file_search"];
    assert_eq!(search["ranking_options"], json!({ "ranker": "default_2024_08_21", "score_threshold": 0.0 }));
    let results = search["results"].as_array().unwrap();
    let found: Vec<(&Value, &Value)> =
        results.iter().map(|result| (&result["file_id"], &result["file_name"])).collect();
    assert_eq!(
        found,
        [(&json!(files[1]), &json!("handbook.txt")), (&json!(files[0]), &json!("other.md"))],
        "best first"
    );
    assert!(results[0]["score"].as_f64() > results[1]["score"].as_f64());
    let usage = |step: usize, name: &str| steps[step]["usage"][name].as_u64().unwrap();
    let run = client.get(&run).await.success();
    assert_eq!(run["usage"]["total_tokens"], usage(0, "total_tokens") + usage(1, "total_tokens"));
}

#[tokio::test]
async fn the_text_of_passages_is_shown_to_those_who_ask() {
    let (_emulator, client, _) = start().await;
    let (store, _) = library(&client, &[("handbook.txt", HANDBOOK)]).await;
    let agent = searcher(&client, &[&store], Value::Null).await;
    let run = asked(&client, &agent, "battery").await;
    let steps = client.steps(&run).await;
    let one = format!("{run}/steps/{}", id(&steps[0]));
    let list = format!("{run}/steps?order=asc");
    let content =
        |step: &Value| step["step_details"]["tool_calls"][0]["file_search"]["results"][0].get("content").cloned();
    let expected = json!([{ "type": "text", "text": HANDBOOK }]);
    assert_eq!(content(&steps[0]), None);
    assert_eq!(content(&client.get(&one).await.success()), None);
    assert_eq!(content(&client.get(&format!("{one}?{CONTENT}")).await.success()), Some(expected.clone()));
    let page = client.get(&format!("{list}&{CONTENT}")).await.success();
    assert_eq!(content(&page["data"][0]), Some(expected.clone()));

    // A stream shows it if the run was asked to.
    let thread = client.thread().await;
    client.say(&thread, "battery").await;
    let body = json!({ "assistant_id": agent, "stream": true });
    let events = client.post(&format!("/threads/{thread}/runs?{CONTENT}"), body.clone()).await.events();
    assert_eq!(content(data(&events, "thread.run.step.completed")), Some(expected));
    let events = client.post(&format!("/threads/{thread}/runs"), body).await.events();
    assert_eq!(content(data(&events, "thread.run.step.completed")), None);
    let delta = &data(&events, "thread.run.step.delta")["delta"]["step_details"]["tool_calls"][0];
    assert_eq!(delta["file_search"]["results"][0]["file_name"], "handbook.txt");
    assert_eq!(delta["file_search"]["results"][0].get("content"), None);
}

#[tokio::test]
async fn a_stream_tells_of_the_search_and_of_what_is_cited() {
    let (_emulator, client, _) = start().await;
    let (store, _) = library(&client, &[("handbook.txt", HANDBOOK)]).await;
    let agent = searcher(&client, &[&store], Value::Null).await;
    let messages = json!([{ "role": "user", "content": "What do the Brille weigh?" }]);
    let body = json!({ "assistant_id": agent, "stream": true, "thread": { "messages": messages } });
    let events = client.post("/threads/runs", body).await.events();
    assert_eq!(
        names(&events)[4..],
        [
            "thread.run.step.created",
            "thread.run.step.in_progress",
            "thread.run.step.delta",
            "thread.run.step.completed",
            "thread.run.step.created",
            "thread.run.step.in_progress",
            "thread.message.created",
            "thread.message.in_progress",
            "thread.message.delta",
            "thread.message.completed",
            "thread.run.step.completed",
            "thread.run.completed",
            "done",
        ]
    );
    let begun = data(&events, "thread.run.step.created");
    assert_eq!((&begun["status"], &begun["step_details"]["tool_calls"]), (&json!("in_progress"), &json!([])));
    let message = &data(&events, "thread.message.completed")["content"][0]["text"];
    assert!(message["value"].as_str().unwrap().contains("\"The glasses – Brille – weigh 30 grams.\"【4:0†source】"));
    let deltas: Vec<&Value> = events
        .iter()
        .filter(|(name, _)| name == "thread.message.delta")
        .map(|(_, delta)| &delta["delta"]["content"][0]["text"])
        .collect();
    let put_together: String = deltas.iter().map(|delta| delta["value"].as_str().unwrap()).collect();
    assert_eq!(message["value"], json!(put_together));
    // The marker is a piece of its own, with the annotation.
    let last = deltas.last().unwrap();
    assert_eq!(last["value"], "【4:0†source】");
    let mut annotation = last["annotations"][0].clone();
    assert_eq!(annotation.as_object_mut().unwrap().remove("index"), Some(json!(0)));
    assert_eq!(annotation, message["annotations"][0]);
    let marker: String = put_together
        .chars()
        .skip(usize::try_from(annotation["start_index"].as_u64().unwrap()).unwrap())
        .take(12)
        .collect();
    assert_eq!(marker, "【4:0†source】");
}

#[tokio::test]
async fn nothing_is_searched_without_tool_store_match_or_leave() {
    let (_emulator, client, _) = start().await;
    let (store, _) = library(&client, &[("handbook.txt", HANDBOOK)]).await;
    let (empty, _) = library(&client, &[]).await;
    let agent = searcher(&client, &[&store], Value::Null).await;
    let without_store = searcher(&client, &[], Value::Null).await;
    let with_empty = searcher(&client, &[&empty, "vs_x"], Value::Null).await;
    let without_tool = client.agent("").await;
    for (agent, question) in [
        (&agent, "What is the weather like?"),
        (&without_store, "battery"),
        (&with_empty, "battery"),
        (&without_tool, "battery"),
    ] {
        let run = asked(&client, agent, question).await;
        let (said, annotations) = answer(&client, &run).await;
        assert!(said.contains(question), "{said}");
        assert_eq!((annotations, client.steps(&run).await.len()), (json!([]), 1));
    }

    let choose = async |choice: Value, question: &str| {
        let thread = client.thread().await;
        client.say(&thread, question).await;
        let runs = format!("/threads/{thread}/runs");
        let body = json!({ "assistant_id": agent, "tool_choice": choice });
        let run = format!("{runs}/{}", id(&client.post(&runs, body).await.success()));
        client.complete(&run).await;
        client.steps(&run).await
    };
    assert_eq!(choose(json!("none"), "battery").await.len(), 1);
    assert_eq!(choose(json!({ "type": "code_interpreter" }), "battery").await.len(), 1);
    assert_eq!(choose(json!("required"), "battery").await.len(), 2);
    // What is asked for is done, even if it finds nothing.
    let steps = choose(json!({ "type": "file_search" }), "weather").await;
    assert_eq!(steps.len(), 2);
    assert_eq!(steps[0]["step_details"]["tool_calls"][0]["file_search"]["results"], json!([]));
}

#[tokio::test]
async fn stores_are_those_of_the_run_or_else_of_the_agent_and_of_the_thread() {
    let (_emulator, client, _) = start().await;
    let (of_agent, _) = library(&client, &[("agent.txt", "The battery of the agent.")]).await;
    let (of_run, _) = library(&client, &[("run.txt", "The battery of the run.")]).await;
    let (of_thread, _) = library(&client, &[("thread.txt", "The battery of the thread.")]).await;
    let agent = searcher(&client, &[&of_agent], Value::Null).await;
    let resources = |store: &str| json!({ "file_search": { "vector_store_ids": [store] } });
    let found = async |thread: Value, run: Value| {
        let thread = id(&client.post("/threads", thread).await.success());
        client.say(&thread, "battery").await;
        let runs = format!("/threads/{thread}/runs");
        let mut body = json!({ "assistant_id": agent });
        if run.is_object() {
            body["tool_resources"] = run;
        }
        let run = format!("{runs}/{}", id(&client.post(&runs, body).await.success()));
        client.complete(&run).await;
        let steps = client.steps(&run).await;
        let results = steps[0]["step_details"]["tool_calls"][0]["file_search"]["results"].as_array().unwrap().clone();
        results.iter().map(|result| result["file_name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found(json!({}), Value::Null).await, ["agent.txt"]);
    assert_eq!(found(json!({}), resources(&of_run)).await, ["run.txt"]);
    // Equals stand in the order of the stores.
    assert_eq!(
        found(json!({ "tool_resources": resources(&of_thread) }), Value::Null).await,
        ["agent.txt", "thread.txt"]
    );
    assert_eq!(found(json!({ "tool_resources": resources(&of_run) }), resources(&of_run)).await, ["run.txt"]);
}

#[tokio::test]
async fn files_that_come_with_messages_are_searched_in_a_store_of_the_thread() {
    let (_emulator, client, _) = start().await;
    let file = id(&client.upload("handbook.txt", HANDBOOK).await.success());
    let second = id(&client.upload("more.txt", "The strap is red.").await.success());
    let attach = |file: &str, tool: &str| {
        let attachments = json!([{ "file_id": file, "tools": [{ "type": tool }] }]);
        json!({ "role": "user", "content": "How long does the battery last?", "attachments": attachments })
    };
    let body = json!({ "messages": [attach(&file, "file_search")] });
    let thread = client.post("/threads", body).await.success();
    let store = thread["tool_resources"]["file_search"]["vector_store_ids"][0].as_str().unwrap().to_owned();
    let path = format!("/threads/{}", id(&thread));
    assert_eq!(client.get(&path).await.success(), thread);
    let record = client.get(&format!("/vector_stores/{store}")).await.success();
    assert_eq!(record["expires_after"], json!({ "anchor": "last_active_at", "days": 7 }));
    assert_eq!((&record["file_counts"]["completed"], &record["usage_bytes"]), (&json!(1), &json!(HANDBOOK.len())));

    // The next one comes into the same store; files for other tools, or that are not there, into none.
    let messages = format!("{path}/messages");
    client.post(&messages, attach(&second, "file_search")).await.success();
    client.post(&messages, attach("assistant-x", "file_search")).await.success();
    client.post(&messages, attach(&file, "code_interpreter")).await.success();
    assert_eq!(client.get(&path).await.success(), thread);
    let files = client.get(&format!("/vector_stores/{store}/files?order=asc")).await.success();
    assert_eq!((&files["first_id"], &files["last_id"]), (&json!(file), &json!(second)));
    let other = client.post("/threads", json!({ "messages": [attach(&file, "code_interpreter")] })).await.success();
    assert_eq!(other["tool_resources"], json!({}));

    let agent = searcher(&client, &[], Value::Null).await;
    let run = client.run(&id(&thread), &agent).await;
    client.complete(&run).await;
    let (said, annotations) = answer(&client, &run).await;
    assert!(said.contains("Their battery lasts for nine hours."), "{said}");
    assert_eq!(annotations[0]["file_citation"]["file_id"], json!(file));
}

#[tokio::test]
async fn a_search_keeps_to_the_options_of_its_tool() {
    let (_emulator, client, _) = start().await;
    let files = [("a.txt", "battery"), ("b.txt", "battery hours"), ("c.txt", "hours")];
    let (store, _) = library(&client, &files).await;
    let results = async |options: Value| {
        let agent = searcher(&client, &[&store], options).await;
        let run = asked(&client, &agent, "battery hours").await;
        let steps = client.steps(&run).await;
        let search = steps[0]["step_details"]["tool_calls"][0]["file_search"].clone();
        let results = search["results"].as_array().unwrap();
        let names: Vec<String> =
            results.iter().map(|result| result["file_name"].as_str().unwrap().to_owned()).collect();
        (names, search["ranking_options"].clone())
    };
    assert_eq!(results(json!({})).await.0, ["b.txt", "a.txt", "c.txt"]);
    assert_eq!(results(json!({ "max_num_results": 2 })).await.0, ["b.txt", "a.txt"]);
    let ranking = json!({ "ranker": "auto", "score_threshold": 0.9 });
    assert_eq!(results(json!({ "ranking_options": ranking })).await, (vec!["b.txt".to_owned()], ranking));
}

#[tokio::test]
async fn long_files_are_found_by_their_chunks() {
    let (_emulator, client, _) = start().await;
    let filler = "Nothing of interest stands here. ".repeat(400);
    let content = format!("{filler}The secret is a walnut. {filler}");
    let file = id(&client.upload("long.txt", content).await.success());
    let chunking = json!({ "type": "static", "static": { "max_chunk_size_tokens": 100, "chunk_overlap_tokens": 50 } });
    let body = json!({ "file_ids": [file], "chunking_strategy": chunking });
    let store = id(&client.post("/vector_stores", body).await.success());
    let agent = searcher(&client, &[&store], Value::Null).await;
    let run = asked(&client, &agent, "Which walnut?").await;
    let (said, _) = answer(&client, &run).await;
    assert!(said.contains("\"The secret is a walnut.\""), "{said}");
    let step = &client.get(&format!("{run}/steps?order=asc&{CONTENT}")).await.success()["data"][0];
    let results = step["step_details"]["tool_calls"][0]["file_search"]["results"].as_array().unwrap();
    // As chunks overlap by half, the word stands in two of them.
    assert_eq!(results.len(), 2);
    let words = results[0]["content"][0]["text"].as_str().unwrap().split_whitespace().count();
    assert_eq!(words, 100);
}

#[tokio::test]
async fn what_cannot_be_searched_is_not_found() {
    const DAY: i64 = 24 * 60 * 60;
    let (_emulator, client, clock) = start().await;
    let agent_of = async |store: &str| searcher(&client, &[store], Value::Null).await;
    // No text, a kind of file that is refused, and a store that is used up.
    let image = id(&client.upload("battery.pdf", vec![0xff, 0xfe, b'b']).await.success());
    let table = id(&client.upload("table.csv", "battery").await.success());
    let mixed = client.post("/vector_stores", json!({ "file_ids": [image, table] })).await.success();
    let policy = json!({ "anchor": "last_active_at", "days": 1 });
    let file = id(&client.upload("a.txt", "battery").await.success());
    let body = json!({ "file_ids": [file], "expires_after": policy });
    let expiring = id(&client.post("/vector_stores", body).await.success());
    let agents = [agent_of(&id(&mixed)).await, agent_of(&expiring).await];
    // A search is a use.
    clock.advance(DAY - 1);
    assert_eq!(client.steps(&asked(&client, &agents[1], "battery").await).await.len(), 2);
    clock.advance(DAY - 1);
    assert_eq!(client.steps(&asked(&client, &agents[1], "battery").await).await.len(), 2);
    clock.advance(DAY);
    for agent in &agents {
        assert_eq!(client.steps(&asked(&client, agent, "battery").await).await.len(), 1);
    }
    // It is finished all the same, and what has failed stays so.
    let store = client.get(&format!("/vector_stores/{}", id(&mixed))).await.success();
    assert_eq!(store["status"], "completed");
    assert_eq!((&store["file_counts"]["completed"], &store["file_counts"]["failed"]), (&json!(1), &json!(1)));
    let failed = client.get(&format!("/vector_stores/{}/files/{table}", id(&mixed))).await.success();
    assert_eq!((&failed["status"], &failed["last_error"]["code"]), (&json!("failed"), &json!("unsupported_file")));
}

#[tokio::test]
async fn functions_come_first_and_json_is_not_cited() {
    let (_emulator, client, _) = start().await;
    let (store, _) = library(&client, &[("handbook.txt", HANDBOOK)]).await;
    let resources = json!({ "file_search": { "vector_store_ids": [store] } });
    let function = json!({ "type": "function", "function": { "name": "get_battery", "parameters": {} } });
    let agent = json!({ "model": "m", "tools": [{ "type": "file_search" }, function], "tool_resources": resources });
    let agent = id(&client.post("/assistants", agent).await.success());
    let thread = client.thread().await;
    client.say(&thread, "battery").await;
    let run = client.run(&thread, &agent).await;
    client.wait(&run).await;
    let run = asked(&client, &agent, "camera").await;
    assert_eq!(client.steps(&run).await[0]["step_details"]["tool_calls"][0]["type"], "file_search");

    let thread = client.thread().await;
    client.say(&thread, "camera").await;
    let body = json!({ "assistant_id": agent, "response_format": { "type": "json_object" } });
    let runs = format!("/threads/{thread}/runs");
    let run = format!("{runs}/{}", id(&client.post(&runs, body).await.success()));
    client.complete(&run).await;
    let (said, annotations) = answer(&client, &run).await;
    assert!(serde_json::from_str::<Value>(&said).unwrap()["reply"].is_string(), "{said}");
    assert_eq!((annotations, client.steps(&run).await.len()), (json!([]), 2));
}
