//! The ways to move much; each says how many bytes it moved.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use bytes::Bytes;
use foundry_sdk::classic::types::FilePurpose;
use foundry_sdk::{Credential, FileContent, ProjectClient};
use futures_util::future::LocalBoxFuture;
use futures_util::{StreamExt as _, TryStreamExt as _};
use tempfile::TempDir;

use crate::server::Server;

type Moved<'a> = LocalBoxFuture<'a, Result<u64, Box<dyn Error>>>;

/// What the tasks work with.
pub(crate) struct Scene {
    /// How many bytes are moved.
    pub(crate) size: u64,
    server: Server,
    client: ProjectClient,
    folder: TempDir,
}

impl Scene {
    pub(crate) fn new(size: u64) -> Result<Self, Box<dyn Error>> {
        let server = Server::start(size)?;
        let client = ProjectClient::builder(&server.endpoint).credential(Credential::api_key("none")).build()?;
        Ok(Self { size, server, client, folder: tempfile::tempdir()? })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn upload(&self, file: FileContent) -> Result<u64, Box<dyn Error>> {
        self.client.classic().files().upload(file, FilePurpose::Assistants).await?;
        Ok(self.server.received())
    }
}

/// All tasks by their names.
#[expect(clippy::type_complexity, reason = "a list of functions, nowhere else")]
pub(crate) fn all() -> [(&'static str, for<'a> fn(&'a Scene) -> Moved<'a>); 5] {
    [
        ("upload-path", |scene| Box::pin(upload_path(scene))),
        ("upload-stream", |scene| Box::pin(upload_stream(scene))),
        ("download-path", |scene| Box::pin(download_path(scene))),
        ("download-stream", |scene| Box::pin(download_stream(scene))),
        ("event-stream", |scene| Box::pin(event_stream(scene))),
    ]
}

async fn upload_path(scene: &Scene) -> Result<u64, Box<dyn Error>> {
    let path = scene.path("sparse.bin");
    std::fs::File::create(&path)?.set_len(scene.size)?;
    scene.upload(FileContent::from_path(path)).await
}

async fn upload_stream(scene: &Scene) -> Result<u64, Box<dyn Error>> {
    const PIECE: usize = 32 << 10;
    let zeros = futures_util::stream::repeat_with(|| Ok::<_, io::Error>(Bytes::from(vec![0; PIECE])));
    let pieces = zeros.take(usize::try_from(scene.size)? / PIECE);
    scene.upload(FileContent::from_stream("zeros.bin", Some(scene.size), pieces)).await
}

async fn download_path(scene: &Scene) -> Result<u64, Box<dyn Error>> {
    let path = scene.path("downloaded.bin");
    let bytes = scene.client.classic().files().get_content("assistant-1").download_to(&path).await?;
    if std::fs::metadata(&path)?.len() != bytes {
        return Err("the file is not as long as was told".into());
    }
    std::fs::remove_file(path)?;
    Ok(bytes)
}

async fn download_stream(scene: &Scene) -> Result<u64, Box<dyn Error>> {
    let mut content = scene.client.classic().files().get_content("assistant-1").await?;
    let mut bytes = 0;
    while let Some(piece) = content.try_next().await.map_err(|error| error.to_string())? {
        bytes += piece.len() as u64;
    }
    Ok(bytes)
}

/// A run whose one message is as long as all that.
async fn event_stream(scene: &Scene) -> Result<u64, Box<dyn Error>> {
    let mut text = scene.client.classic().runs("thread_1").create("asst_1").stream().into_text();
    let mut bytes = 0;
    while let Some(piece) = text.try_next().await? {
        bytes += piece.len() as u64;
    }
    Ok(bytes)
}
