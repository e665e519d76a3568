#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
// Without any API there is nothing to send.
#![cfg_attr(not(any(feature = "v2025-05-01", feature = "v1")), allow(dead_code, unused_imports, unused_macros))]

#[cfg(feature = "v1")]
pub mod agents;
mod answer;
mod answering;
mod approvals;
#[cfg(feature = "async-openai")]
pub mod async_openai;
#[cfg(feature = "v1")]
mod blobs;
#[cfg(any(feature = "v2025-05-01", feature = "v1"))]
pub mod classic;
mod client;
mod clock;
#[cfg(feature = "v1")]
mod code;
#[cfg(feature = "v1")]
mod conversations;
mod credential;
mod custom;
#[cfg(feature = "v1")]
mod datasets;
mod download;
mod endpoint;
mod error;
mod event_stream;
mod feature;
mod functions;
#[rustfmt::skip]
#[allow(clippy::all, reason = "generated: its form is the generator's, its length the document's")]
mod generated;
mod http_client;
mod jobs;
mod json_format;
#[cfg(any(feature = "v2025-05-01", feature = "v1"))]
mod legs;
mod multipart;
mod pager;
mod pipeline;
mod poller;
#[cfg(feature = "v1")]
pub mod preview;
mod redact;
mod request;
#[cfg(feature = "v1")]
pub mod responses;
mod transport;

pub use answering::{ApprovalReady, NeedsAction, Unanswered};
pub use approvals::{ApprovalPolicy, ApprovalRequest, Decision};
#[cfg(feature = "v1")]
pub use blobs::{BlobOutcome, BlobReport, BlobUpload, PendingUpload, ReportedBlob};
pub use client::{ProjectClient, ProjectClientBuilder};
pub use clock::{Clock, SystemClock};
#[cfg(feature = "v1")]
pub use code::VersionFromZip;
#[cfg(feature = "azure-identity")]
pub use credential::azure_identity;
pub use credential::{AccessToken, Credential, TokenRequest};
pub use custom::Custom;
#[cfg(feature = "v1")]
pub use datasets::DatasetUpload;
pub use download::Download;
pub use endpoint::Endpoint;
pub use error::{Error, ErrorDetail, ErrorKind, Result};
pub use feature::FoundryFeature;
pub use foundry_raw::{Body, BoxError, ByteStream, ParseTextError};
#[cfg(any(feature = "v2025-05-01", feature = "v1"))]
pub use foundry_raw::{Citation, CitationSource, RunFailed, RunOutcome, VectorStoreNotReady};
/// What fields of wire types are made of.
pub use foundry_raw::{Extra, List, Secret, SecretValue, Timestamp, Undecoded, UnknownValue};
#[cfg(feature = "v1")]
pub use foundry_raw::{ResponseFailed, ResponseOutcome};
pub use functions::{Function, FunctionOutput, FunctionSet};
pub use jobs::{JobFailed, JobOutcome, JobPoller, JobStatus, LongRunning};
pub use json_format::JsonFormat;
pub use multipart::{FileContent, FilesProgress, Progress};
pub use pager::{Continuation, Page, Paged, Pager, Pages};
pub use pipeline::RetryPolicy;
pub use poller::{Polled, Poller, RunAgain, RunGuard, WhenBusy};
pub use request::{Operation, Reply, Request};
pub use transport::{HttpTransport, RequestBody, Transport};

/// Wire types of api-version v1: what requests take and answers hold. Those of threads and runs are
/// [`classic::types`] too.
#[cfg(feature = "v1")]
pub use foundry_raw::v1::types;

#[allow(unused_imports, unreachable_pub, reason = "without any API there is none")]
pub use crate::generated::public::*;
