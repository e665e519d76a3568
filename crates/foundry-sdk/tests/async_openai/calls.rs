//! Calls of each group that async-openai has for the service, as bodies and answers.

use foundry_sdk::async_openai::error::OpenAIError;
use foundry_sdk::async_openai::types::InputSource;
use foundry_sdk::async_openai::types::chat::{
    ChatCompletionRequestUserMessageArgs, CreateChatCompletionRequest, CreateChatCompletionRequestArgs,
};
use foundry_sdk::async_openai::types::embeddings::CreateEmbeddingRequestArgs;
use foundry_sdk::async_openai::types::files::{CreateFileRequest, CreateFileRequestArgs, FileInput, FilePurpose};
use foundry_sdk::async_openai::types::responses::CreateResponseArgs;
use foundry_sdk::async_openai::{Client, ProjectConfig};

pub(crate) type OpenAi = Client<ProjectConfig>;

pub(crate) const CHAT: &str = r#"{"id":"chat_1","object":"chat.completion","created":1,"model":"gpt-4.1-mini",
    "choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Because."}}]}"#;
pub(crate) const FILE: &str = r#"{"id":"file_1","object":"file","bytes":4,"created_at":1,"filename":"a.jsonl",
    "purpose":"fine-tune","status":"processed"}"#;
pub(crate) const EMPTY: &str = r#"{"object":"list","data":[],"has_more":false,"first_id":"","last_id":""}"#;

pub(crate) fn chat_request() -> CreateChatCompletionRequest {
    let question = ChatCompletionRequestUserMessageArgs::default().content("Why?").build().unwrap();
    CreateChatCompletionRequestArgs::default().model("gpt-4.1-mini").messages([question.into()]).build().unwrap()
}

pub(crate) fn file_request(source: InputSource) -> CreateFileRequest {
    CreateFileRequestArgs::default().file(FileInput { source }).purpose(FilePurpose::FineTune).build().unwrap()
}

/// A file of four bytes.
pub(crate) fn bytes() -> InputSource {
    InputSource::Bytes { filename: "a.jsonl".to_owned(), bytes: "{}\n\n".into() }
}

/// A call of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Chat,
    ChatStream,
    Embeddings,
    Respond,
    Upload,
    Files,
    Content,
    DeleteFile,
    VectorStores,
    Evals,
    FineTuning,
}

impl Call {
    pub(crate) const ALL: [Self; 11] = [
        Self::Chat,
        Self::ChatStream,
        Self::Embeddings,
        Self::Respond,
        Self::Upload,
        Self::Files,
        Self::Content,
        Self::DeleteFile,
        Self::VectorStores,
        Self::Evals,
        Self::FineTuning,
    ];

    /// Method and path.
    pub(crate) fn line(self) -> &'static str {
        match self {
            Self::Chat | Self::ChatStream => "POST /chat/completions",
            Self::Embeddings => "POST /embeddings",
            Self::Respond => "POST /responses",
            Self::Upload => "POST /files",
            Self::Files => "GET /files",
            Self::Content => "GET /files/file_1/content",
            Self::DeleteFile => "DELETE /files/file_1",
            Self::VectorStores => "GET /vector_stores",
            Self::Evals => "GET /evals",
            Self::FineTuning => "GET /fine_tuning/jobs",
        }
    }

    pub(crate) fn is_post(self) -> bool {
        self.line().starts_with("POST")
    }

    /// Sends it; what the answer holds is of no interest, and `Ok` if it cannot be read.
    pub(crate) async fn send(self, openai: &OpenAi) -> Result<(), OpenAIError> {
        let result = match self {
            Self::Chat => openai.chat().create(chat_request()).await.map(drop),
            Self::ChatStream => openai.chat().create_stream(chat_request()).await.map(drop),
            Self::Embeddings => {
                let request = CreateEmbeddingRequestArgs::default().model("m").input("Why?").build().unwrap();
                openai.embeddings().create(request).await.map(drop)
            }
            Self::Respond => {
                let request = CreateResponseArgs::default().input("Why?").build().unwrap();
                openai.responses().create(request).await.map(drop)
            }
            Self::Upload => openai.files().create(file_request(bytes())).await.map(drop),
            Self::Files => openai.files().list().await.map(drop),
            Self::Content => openai.files().content("file_1").await.map(drop),
            Self::DeleteFile => openai.files().delete("file_1").await.map(drop),
            Self::VectorStores => openai.vector_stores().list().await.map(drop),
            Self::Evals => openai.evals().list().await.map(drop),
            Self::FineTuning => openai.fine_tuning().list_paginated().await.map(drop),
        };
        match result {
            Err(OpenAIError::JSONDeserialize(..)) => Ok(()),
            result => result,
        }
    }
}

/// The status of an answer that was no success.
#[track_caller]
pub(crate) fn status(error: &OpenAIError) -> u16 {
    let OpenAIError::ApiError(error) = error else { panic!("no answer: {error:?}") };
    error.status_code.as_u16()
}

/// The error of ours that there is no answer.
#[track_caller]
pub(crate) fn ours(error: &OpenAIError) -> &foundry_sdk::Error {
    let OpenAIError::Boxed(error) = error else { panic!("not ours: {error:?}") };
    error.downcast_ref().unwrap()
}
