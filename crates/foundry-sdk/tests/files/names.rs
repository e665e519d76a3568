//! Names of files: any text arrives as it is, in every server that reads forms; what is no name is refused.

use foundry_emulator::Emulator;
use foundry_sdk::classic::types::FilePurpose;
use foundry_sdk::{Credential, ErrorKind, FileContent, ProjectClient};

use crate::common::{FormServer, client, file};

const NAMES: [&str; 15] = [
    "plain.txt",
    "with space (1).txt",
    "Ünïcödé 日本 🎉.pdf",
    "tést.pdf",
    "نص.md",
    "e\u{301} decomposed.txt",
    "say \"hi\".txt",
    "back\\slash.txt",
    "docs/2025/plan.md",
    "a;b=c,d'e.txt",
    "100% %22 %41.txt",
    "name=\"x\"; filename=\"y\".txt",
    "<a&b>.txt",
    "ＷＩＤＥ。txt",
    ".hidden",
];

#[tokio::test]
async fn a_standard_parser_reads_every_name() {
    let server = FormServer::start(&[200]).await;
    let files = client(&server.endpoint).classic().files();
    for name in NAMES {
        files.upload(FileContent::new(name, "content"), FilePurpose::Assistants).await.unwrap();
        let received = server.received().pop().unwrap();
        let file = received.file();
        assert_eq!(file.file_name.as_deref(), Some(name));
        assert_eq!((&*file.bytes, file.content_type.as_deref()), (&b"content"[..], Some("application/octet-stream")));
        let parts = received.parts.unwrap();
        assert_eq!(parts.len(), 2, "{name}");
        assert_eq!((parts[0].name.as_deref(), &*parts[0].bytes), (Some("purpose"), &b"assistants"[..]));
    }
}

#[tokio::test]
async fn the_emulator_stores_every_name() {
    let emulator = Emulator::start().await.unwrap();
    let client = ProjectClient::builder(emulator.endpoint()).credential(Credential::api_key("a key")).build().unwrap();
    let files = client.classic().files();
    // It does not know of a backslash at the end what a parser without `filename*` cannot be told.
    for name in NAMES.into_iter().chain(["ends with \\"]) {
        let uploaded = files.upload(FileContent::new(name, "content"), FilePurpose::Assistants).await.unwrap();
        assert_eq!(files.get(&uploaded.id).await.unwrap().filename, name);
    }
}

#[tokio::test]
async fn what_is_no_name_is_refused_and_nothing_is_sent() {
    let server = FormServer::start(&[200]).await;
    let files = client(&server.endpoint).classic().files();
    for (name, said) in [
        ("two\nlines.txt", "control characters"),
        ("two\r\nContent-Type: text/html\r\n\r\nlines.txt", "control characters"),
        ("bell\u{7}", "control characters"),
        ("", "no name"),
    ] {
        let error = files.upload(FileContent::new(name, "x"), FilePurpose::Assistants).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name:?}");
        assert!(error.message().contains(said), "{error}");
        assert!(!error.is_retryable() && !error.server_may_have_acted());
    }
    let bad_type = FileContent::new("a", "x").content_type("text/plain\r\nx: y");
    let error = files.upload(bad_type, FilePurpose::Assistants).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn a_path_gives_its_last_part_as_the_name() {
    let server = FormServer::start(&[200]).await;
    let files = client(&server.endpoint).classic().files();
    let (_folder, path) = file("Übersicht 🎉.md", b"# Hi");
    files.upload(path.as_path(), FilePurpose::Assistants).await.unwrap();
    let content = FileContent::from_path(&path).named("other.md").content_type("text/markdown");
    files.upload(content, FilePurpose::Assistants).await.unwrap();
    let named: Vec<_> = server.received().iter().map(|received| received.file()).collect();
    assert_eq!(named[0].file_name.as_deref(), Some("Übersicht 🎉.md"));
    assert_eq!(named[1].file_name.as_deref(), Some("other.md"));
    assert_eq!(named[1].content_type.as_deref(), Some("text/markdown"));
    assert!(named.iter().all(|part| part.bytes == "# Hi"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_path_whose_name_is_no_text_has_to_be_named() {
    use std::os::unix::ffi::OsStrExt as _;

    let server = FormServer::start(&[200]).await;
    let files = client(&server.endpoint).classic().files();
    let (folder, _) = file("a", b"");
    let path = folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.txt"));
    std::fs::write(&path, b"content").unwrap();
    let error = files.upload(path.as_path(), FilePurpose::Assistants).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("named"), "{error}");
    let error = files.upload(folder.path().join(".."), FilePurpose::Assistants).await.unwrap_err();
    assert!(error.message().contains("no file name"), "{error}");
    assert!(server.received().is_empty());
    files.upload(FileContent::from_path(&path).named("café.txt"), FilePurpose::Assistants).await.unwrap();
    assert_eq!(server.received()[0].file().file_name.as_deref(), Some("café.txt"));
}
