//! Pages of about 1 MiB in the shapes that the service sends.

use serde_json::{Value, json};

/// How large a page is.
const SIZE: usize = 1 << 20;

/// Messages of about this many bytes each, the keys in the service's order; the longer ones have
/// annotations.
pub fn messages(bytes: usize) -> String {
    page_of(|index| {
        let (assistant, run, role) = match index % 2 {
            0 => ("null", "null", "user"),
            _ => (r#""asst_SUiBkwY2MsknWcBfWo5tfEtc""#, r#""run_iYBOF6sioEhChPhnWtA4nuOJ""#, "assistant"),
        };
        let (annotations, metadata) = if bytes > 500 {
            (
                concat!(
                    r#"{"type":"file_citation","text":"【4:0†source】","start_index":10,"end_index":22,"#,
                    r#""file_citation":{"file_id":"assistant-Ed7sXuqXgJ8hFW4aYGZt1b"}}"#
                ),
                format!(r#"{{"tenant":"north","turn":"{index}"}}"#),
            )
        } else {
            ("", "{}".to_owned())
        };
        let message = |text: &str| {
            format!(
                concat!(
                    r#"{{"id":"msg_{:024}","object":"thread.message","created_at":{},"assistant_id":{},"#,
                    r#""thread_id":"thread_L9HRkMrJcHy7ZOiR9I4J6ckY","run_id":{},"role":"{}","#,
                    r#""content":[{{"type":"text","text":{{"value":{},"annotations":[{}]}}}}],"#,
                    r#""attachments":[],"metadata":{}}}"#
                ),
                index,
                1_752_587_659 + index,
                assistant,
                run,
                role,
                text,
                annotations,
                metadata
            )
        };
        let missing = bytes.saturating_sub(message("\"\"").len());
        message(&Value::from(words(missing)).to_string())
    })
}

fn page_of(element: impl Fn(usize) -> String) -> String {
    let count = SIZE / element(0).len();
    let data: Vec<String> = (0..count).map(element).collect();
    let data = data.join(",");
    format!(r#"{{"object":"list","data":[{data}],"first_id":"first","last_id":"last","has_more":true}}"#)
}

/// Text with a line break and a quote now and then, and a letter beyond ASCII.
fn words(bytes: usize) -> String {
    let sentence = "The quick brown fox said \"hello\" to the lazy dog on the other side of the caf\u{e9}.\n";
    sentence.chars().cycle().take(bytes * 97 / 100).collect()
}

/// Runs with tools.
pub fn runs() -> String {
    page_of(|index| {
        json!({
            "id": format!("run_{index:024}"),
            "object": "thread.run",
            "created_at": 1_752_587_900 + index,
            "assistant_id": "asst_SUiBkwY2MsknWcBfWo5tfEtc",
            "thread_id": "thread_L9HRkMrJcHy7ZOiR9I4J6ckY",
            "status": "completed",
            "started_at": 1_752_587_902,
            "expires_at": null,
            "cancelled_at": null,
            "failed_at": null,
            "completed_at": 1_752_587_903,
            "required_action": null,
            "last_error": null,
            "model": "gpt-4.1-mini",
            "instructions": "Talk like you are a cowboy.",
            "tools": [
                { "type": "file_search" },
                { "type": "code_interpreter" },
                { "type": "function", "function": {
                    "name": "get_weather",
                    "description": "The weather of a place.",
                    "parameters": { "type": "object", "properties": { "place": { "type": "string" } }, "required": ["place"] },
                } },
            ],
            "tool_resources": { "file_search": { "vector_store_ids": ["vs_tOhdTWSTlLfXTkpR33fb9dNR"] } },
            "metadata": { "tenant": "north" },
            "temperature": 1.0,
            "top_p": 1.0,
            "max_completion_tokens": null,
            "max_prompt_tokens": null,
            "truncation_strategy": { "type": "auto", "last_messages": null },
            "incomplete_details": null,
            "usage": { "prompt_tokens": 32, "completion_tokens": 94, "total_tokens": 126 },
            "response_format": "auto",
            "tool_choice": "auto",
            "parallel_tool_calls": true,
        })
        .to_string()
    })
}

/// 10,000 tools of all kinds, the tag first, in the middle or last.
pub fn tools(tag: &str) -> String {
    let body = |index: usize| match index % 3 {
        0 => (
            "function",
            format!(
                r#""function":{{"name":"get_weather_{index}","description":"{}","parameters":{{"type":"object"}}}}"#,
                "What it does. ".repeat(20)
            ),
        ),
        1 => (
            "connected_agent",
            format!(
                r#""connected_agent":{{"id":"asst_{index:024}","name":"helper","description":"{}"}}"#,
                "Whom to ask. ".repeat(20)
            ),
        ),
        _ => (
            "azure_function",
            format!(
                concat!(
                    r#""azure_function":{{"function":{{"name":"queue_{}","description":"{}","parameters":{{}}}},"#,
                    r#""input_binding":{{"type":"storage_queue","storage_queue":{{"queue_service_endpoint":"https://q","queue_name":"in"}}}},"#,
                    r#""output_binding":{{"type":"storage_queue","storage_queue":{{"queue_service_endpoint":"https://q","queue_name":"out"}}}}}}"#
                ),
                index,
                "What it does. ".repeat(10)
            ),
        ),
    };
    let tools: Vec<String> = (0..10_000)
        .map(|index| {
            let (kind, body) = body(index);
            match tag {
                "first" => format!(r#"{{"type":"{kind}",{body},"note":1}}"#),
                "middle" => format!(r#"{{{body},"type":"{kind}","note":1}}"#),
                _ => format!(r#"{{{body},"note":1,"type":"{kind}"}}"#),
            }
        })
        .collect();
    format!("[{}]", tools.join(","))
}
