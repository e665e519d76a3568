//! The same shapes as structs that somebody would write by hand, with serde's derive: owned fields,
//! closed enums, nothing kept that is not known. What a type costs at least.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

/// A page of a list.
#[derive(Debug, Deserialize)]
pub struct Page<T> {
    pub object: Option<String>,
    pub data: Vec<T>,
    pub first_id: Option<String>,
    pub last_id: Option<String>,
    pub has_more: bool,
}

#[derive(Debug, Deserialize)]
pub struct Message {
    pub id: String,
    pub object: String,
    pub created_at: i64,
    pub thread_id: String,
    pub role: Role,
    pub content: Vec<Content>,
    pub assistant_id: Option<String>,
    pub run_id: Option<String>,
    pub attachments: Option<Vec<Attachment>>,
    pub metadata: Option<HashMap<String, String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    User,
    Assistant,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    Text { text: Text },
    ImageFile { image_file: ImageFile },
}

#[derive(Debug, Deserialize)]
pub struct ImageFile {
    pub file_id: String,
}

#[derive(Debug, Deserialize)]
pub struct Text {
    pub value: String,
    pub annotations: Vec<Annotation>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Annotation {
    FileCitation { text: String, file_citation: Citation, start_index: Option<i64>, end_index: Option<i64> },
    FilePath { text: String, file_path: Citation, start_index: Option<i64>, end_index: Option<i64> },
}

#[derive(Debug, Deserialize)]
pub struct Citation {
    pub file_id: String,
}

#[derive(Debug, Deserialize)]
pub struct Attachment {
    pub file_id: Option<String>,
    pub tools: Vec<Value>,
}

#[derive(Debug, Deserialize)]
pub struct Run {
    pub id: String,
    pub object: String,
    pub created_at: i64,
    pub assistant_id: String,
    pub thread_id: String,
    pub status: Status,
    pub started_at: Option<i64>,
    pub expires_at: Option<i64>,
    pub cancelled_at: Option<i64>,
    pub failed_at: Option<i64>,
    pub completed_at: Option<i64>,
    pub required_action: Option<Value>,
    pub last_error: Option<Value>,
    pub model: String,
    pub instructions: String,
    pub tools: Vec<Tool>,
    pub tool_resources: Option<Resources>,
    pub metadata: Option<HashMap<String, String>>,
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub max_completion_tokens: Option<i64>,
    pub max_prompt_tokens: Option<i64>,
    pub truncation_strategy: Option<Truncation>,
    pub incomplete_details: Option<Value>,
    pub usage: Option<Usage>,
    pub response_format: Option<String>,
    pub tool_choice: Option<String>,
    pub parallel_tool_calls: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Queued,
    InProgress,
    Completed,
    Failed,
}

#[derive(Debug, Deserialize)]
pub struct Truncation {
    pub r#type: String,
    pub last_messages: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub struct Usage {
    pub prompt_tokens: i64,
    pub completion_tokens: i64,
    pub total_tokens: i64,
}

#[derive(Debug, Deserialize)]
pub struct Resources {
    pub file_search: Option<FileSearchResource>,
}

#[derive(Debug, Deserialize)]
pub struct FileSearchResource {
    pub vector_store_ids: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Tool {
    FileSearch {},
    CodeInterpreter {},
    Function { function: Function },
    ConnectedAgent { connected_agent: ConnectedAgent },
    AzureFunction { azure_function: AzureFunction },
}

#[derive(Debug, Deserialize)]
pub struct Function {
    pub name: String,
    pub description: Option<String>,
    pub parameters: Value,
}

#[derive(Debug, Deserialize)]
pub struct ConnectedAgent {
    pub id: String,
    pub name: String,
    pub description: String,
}

#[derive(Debug, Deserialize)]
pub struct AzureFunction {
    pub function: Function,
    pub input_binding: Binding,
    pub output_binding: Binding,
}

#[derive(Debug, Deserialize)]
pub struct Binding {
    pub r#type: String,
    pub storage_queue: Queue,
}

#[derive(Debug, Deserialize)]
pub struct Queue {
    pub queue_service_endpoint: String,
    pub queue_name: String,
}
