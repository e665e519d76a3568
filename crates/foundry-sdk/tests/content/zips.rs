//! Zip files: agents' code with its hash, skills from files, and downloads of both.

use foundry_sdk::types::{CreateAgentVersionFromCodeMetadata, HostedAgentDefinition};
use foundry_sdk::{Body, BoxError, Credential, ErrorKind, FileContent, ProjectClient, RequestBody, Transport};
use futures_core::future::BoxFuture;
use futures_util::TryStreamExt as _;
use http::{Request, Response};

use crate::servers::Project;

/// SHA-256 of `PK`.
const HASH: &str = "fcab7fcc2b4cffd9bb45003bfc2e468a04ef6f77ca8200a7341f027631584d25";

fn metadata() -> CreateAgentVersionFromCodeMetadata {
    CreateAgentVersionFromCodeMetadata::new(HostedAgentDefinition::new("1", "2Gi"))
}

#[tokio::test]
async fn the_hash_of_an_agents_code_goes_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.zip");
    std::fs::write(&path, "PK").unwrap();
    for code in [FileContent::from_path(&path), FileContent::new("agent.zip", "PK")] {
        let project = Project::start(String::new()).await;
        project.client().agents().create_version_from_zip("coder", code, metadata()).await.unwrap();
        let sent = &project.ledger()[0];
        assert_eq!(project.routes(), ["POST /agents/coder/versions"]);
        assert_eq!(sent.headers["x-ms-code-zip-sha256"], HASH);
        assert!(sent.text().contains("filename=\"agent.zip\""), "{}", sent.text());
    }
    let project = Project::start(String::new()).await;
    let stream = futures_util::stream::iter([Ok::<_, std::io::Error>("PK")]);
    let code = FileContent::from_stream("agent.zip", None, stream);
    let error = project.client().agents().create_version_from_zip("coder", code, metadata()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(project.routes().is_empty());
}

#[tokio::test]
async fn a_skill_is_made_of_its_files() {
    let project = Project::start(String::new()).await;
    let files = [FileContent::new("SKILL.md", "# Skill"), FileContent::new("scripts/run.py", "pass")];
    project.client().preview().skills().create_from_files("helper", files).default(true).await.unwrap();
    let sent = &project.ledger()[0];
    assert_eq!(project.routes(), ["POST /skills/helper/versions"]);
    assert_eq!(sent.headers["foundry-features"], "Skills=V1Preview");
    let text = sent.text();
    assert_eq!(text.matches("name=\"files\"").count(), 2, "{text}");
    for part in ["filename=\"SKILL.md\"", "# Skill", "filename=\"scripts/run.py\"", "pass", "name=\"default\"", "true"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// Answers everything with a file.
struct File;

impl Transport for File {
    fn send(&self, request: Request<RequestBody>) -> BoxFuture<'_, Result<Response<Body>, BoxError>> {
        let content = format!("content of {}", request.uri().path().trim_start_matches("/api/projects/p"));
        Box::pin(std::future::ready(Ok(Response::new(Body::from(content)))))
    }
}

#[tokio::test]
async fn what_answers_a_file_is_a_stream_or_goes_to_a_path() {
    let client = ProjectClient::builder("https://res.services.ai.azure.com/api/projects/p")
        .credential(Credential::api_key("a key"))
        .transport(File)
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let read = || std::fs::read_to_string(&path).unwrap();
    let skills = client.preview().skills();
    let bytes = skills.download("helper").download_to(&path).await.unwrap();
    assert_eq!((read(), bytes), ("content of /skills/helper/content".to_owned(), 33));
    skills.download_version("helper", "2").download_to(&path).await.unwrap();
    assert_eq!(read(), "content of /skills/helper/versions/2/content");
    client.agents().download_code("coder").download_to(&path).await.unwrap();
    assert_eq!(read(), "content of /agents/coder/code:download");
    let pieces: Vec<bytes::Bytes> = skills.download("helper").await.unwrap().try_collect().await.unwrap();
    assert_eq!(pieces.concat(), b"content of /skills/helper/content");
}
