//! Agents made from code: the hash of the zip file goes with it.

use std::fmt;
use std::future::IntoFuture;

use futures_core::future::BoxFuture;

use crate::error::Result;
use crate::multipart::FileContent;
use crate::request::{Reply, Request};
use crate::types::{AgentVersionDetails, CreateAgentVersionFromCodeMetadata};
use crate::v1::{Agents, CreateAgentVersionFromCode};

impl Agents {
    /// Creates a version of an agent from a zip file with its code; the same as
    /// [`create_version_from_code`](Self::create_version_from_code), with the hash computed from the
    /// content.
    ///
    /// The zip file is read twice: for its hash, and to be sent. It cannot be a stream.
    ///
    /// ```
    /// # async fn example(client: foundry_sdk::ProjectClient) -> foundry_sdk::Result<()> {
    /// use foundry_sdk::types::{CodeConfiguration, CreateAgentVersionFromCodeMetadata, HostedAgentDefinition};
    /// use std::path::Path;
    ///
    /// let code = CodeConfiguration::new("python_3_13", ["python", "main.py"], "remote_build");
    /// let definition = HostedAgentDefinition::new("1", "2Gi").code_configuration(code);
    /// let metadata = CreateAgentVersionFromCodeMetadata::new(definition).description("Answers questions.");
    /// let agent = client.agents().create_version_from_zip("coder", Path::new("coder.zip"), metadata).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Sends `POST /agents/{agent_name}/versions`.
    pub fn create_version_from_zip(
        &self,
        agent_name: impl Into<String>,
        code: impl Into<FileContent>,
        metadata: impl Into<CreateAgentVersionFromCodeMetadata>,
    ) -> VersionFromZip {
        VersionFromZip { request: self.create_version_from_code(agent_name, "", code, metadata) }
    }
}

/// A version of an agent that is made from a zip file; made by [`Agents::create_version_from_zip`].
///
/// # Errors
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) if the content is a stream,
/// [`LocalFile`](crate::ErrorKind::LocalFile) if it cannot be read; those of every request: see
/// [`ErrorKind`](crate::ErrorKind).
#[must_use = "a request is sent when it is awaited"]
pub struct VersionFromZip {
    request: Request<CreateAgentVersionFromCode>,
}

impl VersionFromZip {
    /// Changes the request: its headers, time limits, features.
    pub fn request(
        mut self,
        change: impl FnOnce(Request<CreateAgentVersionFromCode>) -> Request<CreateAgentVersionFromCode>,
    ) -> Self {
        self.request = change(self.request);
        self
    }

    /// Sends it, and answers with value, status, headers and ids.
    ///
    /// # Errors
    /// As awaiting it.
    pub async fn send(self) -> Result<Reply<AgentVersionDetails>> {
        let mut request = self.request;
        request.operation.x_ms_code_zip_sha256 = request.operation.code.sha256().await?;
        request.send().await
    }
}

impl IntoFuture for VersionFromZip {
    type Output = Result<AgentVersionDetails>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { Ok(self.send().await?.into_value()) })
    }
}

impl fmt::Debug for VersionFromZip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VersionFromZip").field("request", &self.request).finish()
    }
}
