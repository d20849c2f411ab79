//! OCI registries: what a host asks of one, and a client that does it.
//!
//! [`Registry`] and [`RegistryPush`] are all the rest of the crate knows; [`OciRegistry`] fulfils
//! both over HTTP(S) by the OCI distribution specification 1.1. Nothing here judges content: the
//! component hashes and verifies whatever comes back.
//!
//! How a call flows: `client` turns it into requests and reads the answers; `session` sends one
//! request with authorization, redirects and retries; `auth` answers `WWW-Authenticate`
//! challenges with what `credentials` finds, which asks a cloud's `provider` where one is named, as
//! whom `login` says; `source` reads where an image is from fields instead of its name; `http`, beside this module, sends and receives. `realm`
//! and `hop` are the two rules that keep credentials at home.

mod answer;
mod auth;
mod builder;
mod challenge;
mod client;
mod credentials;
mod endpoint;
mod helper;
mod hop;
pub mod login;
mod name;
mod provider;
mod realm;
mod referrers;
mod session;
pub mod source;
mod streams;
mod upload;

#[cfg(test)]
mod tests;

use async_trait::async_trait;

pub use crate::http::RequestEvent;
pub use builder::OciRegistryBuilder;
pub use client::OciRegistry;
pub use credentials::Credential;
pub use endpoint::AllowHttp;
pub use provider::{CredentialProvider, Issued};

/// Why one attempt failed.
type Failure = crate::http::Failure<RegistryError>;

/// What a registry says of a manifest (OCI image spec, `descriptor.md`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// The media type it was served under, without parameters.
    pub media_type: String,
    /// `ALGORITHM:HEX`, well-formed, but believed by nobody until the content was hashed.
    pub digest: String,
    /// Bytes, as announced by the registry.
    pub size: u64,
}

/// A manifest as served: its bytes and the media type it was served under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// `Content-Type` without parameters.
    pub media_type: String,
    /// The exact bytes, not yet hashed.
    pub content: Vec<u8>,
}

/// Why a registry did not do what it was asked.
///
/// Each text says the operation, the URL without query or user info, and what came back. No
/// credential and no token is ever in one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// 404: no such repository, manifest or blob.
    #[error("not found: {0}")]
    NotFound(String),
    /// 401 or 403 after authentication was tried, or credentials that may not be sent there.
    #[error("access denied: {0}")]
    Denied(String),
    /// Network, TLS, timeout, 429 or 5xx, after retries.
    #[error("registry unavailable: {0}")]
    Unavailable(String),
    /// An answer longer than the caller accepts, whether announced or streamed.
    #[error("{what} is longer than the {limit} bytes accepted")]
    TooLarge {
        /// What was being read.
        what: String,
        /// The most bytes that were acceptable.
        limit: u64,
    },
    /// A malformed repository or reference, an answer that breaks the protocol, or a request
    /// that the registry calls malformed (4xx other than those above).
    #[error("invalid: {0}")]
    Invalid(String),
    /// The registry does not offer the operation (405, 501).
    #[error("not supported by the registry: {0}")]
    Unsupported(String),
}

/// Reading from a registry.
///
/// `repository` is the full name with registry host (and port), e.g.
/// `index.docker.io/library/ubuntu` or `127.0.0.1:5000/team/app`; `reference` is a tag or a
/// digest.
#[async_trait]
pub trait Registry: Send + Sync {
    /// The descriptor of the manifest that `reference` names now.
    async fn resolve(&self, repository: &str, reference: &str)
    -> Result<Descriptor, RegistryError>;

    /// The manifest that `reference` names, of at most `max_size` bytes.
    async fn fetch_manifest(
        &self,
        repository: &str,
        reference: &str,
        max_size: u64,
    ) -> Result<Manifest, RegistryError>;

    /// The blob of that digest, of at most `max_size` bytes.
    async fn fetch_blob(
        &self,
        repository: &str,
        digest: &str,
        max_size: u64,
    ) -> Result<Vec<u8>, RegistryError>;

    /// The list of the manifests that refer to this digest, page by page: indexes of at most
    /// `max_size` bytes together. [`RegistryError::Unsupported`] where the registry keeps none.
    async fn list_referrers(
        &self,
        repository: &str,
        digest: &str,
        _max_size: u64,
    ) -> Result<Vec<Manifest>, RegistryError> {
        Err(RegistryError::Unsupported(format!(
            "list referrers of {repository}@{digest}: there is no such list here"
        )))
    }
}

/// Writing to a registry. Apart from [`Registry`], so that a verifier can do without it.
#[async_trait]
pub trait RegistryPush: Send + Sync {
    /// Stores `content` as the blob `digest`. Storing one twice is no error.
    async fn push_blob(
        &self,
        repository: &str,
        digest: &str,
        content: Vec<u8>,
    ) -> Result<(), RegistryError>;

    /// Stores a manifest under a tag or under its digest.
    async fn push_manifest(
        &self,
        repository: &str,
        reference: &str,
        media_type: &str,
        content: Vec<u8>,
    ) -> Result<(), RegistryError>;

    /// Deletes a manifest, and the tags that name it: what a newer bundle of the same signer has
    /// replaced. [`RegistryError::Unsupported`] leaves it where it is.
    async fn delete_manifest(&self, repository: &str, digest: &str) -> Result<(), RegistryError> {
        Err(RegistryError::Unsupported(format!(
            "delete manifest {repository}@{digest}: this host deletes nothing"
        )))
    }
}
