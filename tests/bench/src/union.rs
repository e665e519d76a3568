//! A union of 20 branches: more than api-version 2025-05-01 has, as many as the next ones have.
//!
//! The macros that make wire types are not public, so the very files of foundry-raw are compiled
//! here once more.

use serde::Deserialize;

#[path = "../../../crates/foundry-raw/src/wire/mod.rs"]
#[allow(dead_code, unreachable_pub, unused_imports, unused_macros, missing_docs, missing_debug_implementations)]
pub mod wire;

pub use wire::{Decode, Extra, UnknownValue, from_slice};

macro_rules! items {
    ($($variant:ident $tag:literal $index:literal,)*) => {
        $(
            #[derive(Clone, Debug, PartialEq)]
            #[non_exhaustive]
            pub struct $variant {
                pub id: String,
                pub name: String,
                pub description: Option<String>,
                pub position: i64,
                pub score: f64,
                pub parent: Option<String>,
                pub enabled: bool,
                pub extra: Extra,
            }

            wire::model! {
                $variant;
                fixed [0 "type" = $tag]
                fields [
                    1 key both "id" id: plain(String),
                    2 required both "name" name: plain(String),
                    3 optional both "description" description: plain(String),
                    4 required both "position" position: plain(i64),
                    5 required both "score" score: plain(f64),
                    6 optional both "parent" parent: plain(String),
                    7 required both "enabled" enabled: plain(bool),
                ]
            }
        )*

        wire::tagged_union! {
            Item by "type" {
                $($variant($variant) = $index $tag,)*
            }
        }

        /// The tags of all branches.
        pub const TAGS: &[&str] = &[$($tag),*];

        /// The same union by serde's derive.
        #[derive(Debug, Deserialize)]
        #[serde(tag = "type")]
        pub enum ItemByHand {
            $(#[serde(rename = $tag)] $variant(FieldsByHand),)*
        }
    };
}

items! {
    Message "message" 0,
    Reasoning "reasoning" 1,
    FunctionCall "function_call" 2,
    FunctionCallOutput "function_call_output" 3,
    FileSearchCall "file_search_call" 4,
    WebSearchCall "web_search_call" 5,
    ComputerCall "computer_call" 6,
    ComputerCallOutput "computer_call_output" 7,
    ImageGenerationCall "image_generation_call" 8,
    CodeInterpreterCall "code_interpreter_call" 9,
    LocalShellCall "local_shell_call" 10,
    LocalShellCallOutput "local_shell_call_output" 11,
    McpListTools "mcp_list_tools" 12,
    McpApprovalRequest "mcp_approval_request" 13,
    McpApprovalResponse "mcp_approval_response" 14,
    McpCall "mcp_call" 15,
    CustomToolCall "custom_tool_call" 16,
    CustomToolCallOutput "custom_tool_call_output" 17,
    MemorySearchCall "memory_search_call" 18,
    WorkflowAction "workflow_action" 19,
}

/// What all branches hold, by serde's derive.
#[derive(Debug, Deserialize)]
pub struct FieldsByHand {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    pub position: i64,
    pub score: f64,
    pub parent: Option<String>,
    pub enabled: bool,
}

/// The concrete struct that the union is compared with: the same fields, the tag a text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AnyItem {
    pub kind: String,
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    pub position: i64,
    pub score: f64,
    pub parent: Option<String>,
    pub enabled: bool,
    pub extra: Extra,
}

wire::model! {
    AnyItem;
    fixed []
    fields [
        0 required both "type" kind: plain(String),
        1 key both "id" id: plain(String),
        2 required both "name" name: plain(String),
        3 optional both "description" description: plain(String),
        4 required both "position" position: plain(i64),
        5 required both "score" score: plain(f64),
        6 optional both "parent" parent: plain(String),
        7 required both "enabled" enabled: plain(bool),
    ]
}

/// 10,000 items of the first `kinds` branches in turn, the tag at this place among the keys (0 is
/// the first).
pub fn page(place: usize, kinds: usize) -> String {
    let items: Vec<String> = (0..10_000)
        .map(|index| {
            let mut entries = vec![
                format!(r#""id":"item_{index:024}""#),
                format!(r#""name":"item number {index}""#),
                format!(r#""description":"{}""#, "What it is about. ".repeat(8)),
                format!(r#""position":{index}"#),
                r#""score":0.75"#.to_owned(),
                r#""parent":null"#.to_owned(),
                r#""enabled":true"#.to_owned(),
            ];
            entries.insert(place.min(entries.len()), format!(r#""type":"{}""#, TAGS[index % kinds]));
            format!("{{{}}}", entries.join(","))
        })
        .collect();
    format!("[{}]", items.join(","))
}
