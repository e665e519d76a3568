//! The credentials of the Azure SDK for Rust that are used most, for
//! [`Credential::token_credential`](crate::Credential::token_credential).
//!
//! ```
//! use foundry_sdk::Credential;
//! use foundry_sdk::azure_identity::{
//!     ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
//! };
//!
//! let options = ManagedIdentityCredentialOptions {
//!     user_assigned_id: Some(UserAssignedId::ClientId("00000000-0000-0000-0000-000000000000".to_owned())),
//!     ..Default::default()
//! };
//! let credential = Credential::from(ManagedIdentityCredential::new(Some(options))?);
//! # let _ = credential;
//! # Ok::<(), foundry_sdk::azure_identity::azure_core::Error>(())
//! ```
//!
//! They are those of the crates `azure_identity` 1 and `azure_core` 1, and outside of this crate's
//! semantic versioning. They send their requests with clients of their own, and not before a token
//! is needed.

pub use ::azure_core;
pub use ::azure_core::credentials::{Secret, TokenCredential};
pub use ::azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzureDeveloperCliCredential, AzureDeveloperCliCredentialOptions,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions, DeveloperToolsCredential,
    DeveloperToolsCredentialOptions, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
