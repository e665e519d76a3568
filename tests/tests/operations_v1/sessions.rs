//! Agents that are code of one's own, and their sessions.

use foundry_sdk::types::{
    AgentSessionStatus, CreateAgentVersionFromCodeMetadata, HostedAgentDefinition, VersionRefIndicator,
};
use foundry_sdk::{ErrorKind, FileContent, ProjectClient};
use foundry_tests::Session;

use crate::read::{bytes, events, json, one_by_one};

const CODE: &[u8] = b"PK\x03\x04 the code of an agent";
const SHA256: &str = "3b763b875c89d3609a02e0bfe525cae514e5c0f10a6d791e8dfa566906cfe6e5";

pub(crate) async fn code(client: &ProjectClient, session: &Session) {
    let agents = client.agents();
    let metadata = CreateAgentVersionFromCodeMetadata::new(HostedAgentDefinition::new("1", "2Gi")).description("Mine.");
    let code = FileContent::new("agent.zip", CODE).content_type("application/zip");
    let version = agents.create_version_from_code("hosted", SHA256, code, metadata).await.unwrap();
    assert_eq!((version.name.as_str(), version.version.as_str()), ("hosted", "1"));
    assert_eq!(version.description.as_deref(), Some("Mine."));
    assert_eq!(json(&version.definition)["cpu"], "1");
    let sent = session.requests().pop().unwrap();
    assert_eq!(sent.header("x-ms-code-zip-sha256"), Some(SHA256));
    let code = agents.download_code("hosted").agent_version("1").await.unwrap();
    assert_eq!(bytes(code).await, CODE);
}

pub(crate) async fn sessions(client: &ProjectClient) {
    let agents = client.agents();
    let indicator = VersionRefIndicator::new("1");
    let mine = agents.create_session("hosted", indicator.clone()).agent_session_id("mine").await.unwrap();
    assert_eq!((mine.agent_session_id.as_str(), &mine.status), ("mine", &AgentSessionStatus::Active));
    let other = agents.create_session("hosted", indicator).await.unwrap().agent_session_id;
    let all = one_by_one(agents.list_sessions("hosted").page_size(1), 2).await;
    let ids: Vec<&str> = all.iter().map(|session| session.agent_session_id.as_str()).collect();
    assert_eq!(ids, [other.as_str(), "mine"]);

    for (path, content) in [("notes/a.txt", "one"), ("notes/b.txt", "two")] {
        let written = agents.upload_session_file("hosted", "mine", path, FileContent::new("x", content)).await.unwrap();
        assert_eq!((written.path.as_str(), written.bytes_written), (path, 3));
    }
    let read = agents.download_session_file("hosted", "mine", "notes/b.txt").await.unwrap();
    assert_eq!(bytes(read).await, b"two");
    let files = one_by_one(agents.list_session_files("hosted", "mine").path("notes").page_size(1), 2).await;
    let mut names: Vec<(&str, i64)> = files.iter().map(|file| (file.name.as_str(), file.size)).collect();
    names.sort_unstable();
    assert_eq!(names, [("a.txt", 3), ("b.txt", 3)]);
    agents.delete_session_file("hosted", "mine", "notes").recursive(true).await.unwrap();
    let error = agents.download_session_file("hosted", "mine", "notes/a.txt").await.map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);

    let log = events(agents.get_session_log_stream("hosted", "1", "mine").await.unwrap()).await;
    assert!(!log.is_empty());
    assert!(log.iter().all(|(name, data)| name == "log" && data["message"].is_string()), "{log:?}");

    agents.stop_session("hosted", "mine").await.unwrap();
    assert_eq!(agents.get_session("hosted", "mine").await.unwrap().status, AgentSessionStatus::Idle);
    for id in ["mine", &other] {
        agents.delete_session("hosted", id).await.unwrap();
    }
    let error = agents.get_session("hosted", "mine").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
