//! What the core asks of its host, as small traits: the component fulfils them with its WIT
//! imports, tests fulfil them in memory.
//!
//! Every answer is untrusted. Requests that do not depend on each other go as one list, so that
//! a host can serve them side by side; the answers come in the order of the requests.

use alloc::string::String;
use alloc::vec::Vec;

use crate::oci::{Descriptor, Digest, Repository};

/// Reading from registries.
pub trait Registry {
    /// The descriptors that tags name now.
    fn resolve(&mut self, requests: &[TagRequest]) -> Vec<Result<Descriptor, RegistryError>>;

    /// Manifests, byte for byte.
    fn fetch_manifests(
        &mut self,
        requests: &[ManifestRequest],
    ) -> Vec<Result<ServedManifest, RegistryError>>;

    /// Blobs, byte for byte.
    fn fetch_blobs(&mut self, requests: &[BlobRequest]) -> Vec<Result<Vec<u8>, RegistryError>>;
}

/// Writing to registries.
pub trait RegistryPush {
    /// Stores blobs.
    fn push_blobs(&mut self, blobs: Vec<BlobPush>) -> Vec<Result<(), RegistryError>>;

    /// Stores manifests.
    fn push_manifests(&mut self, manifests: Vec<ManifestPush>) -> Vec<Result<(), RegistryError>>;
}

/// Keys that stay where they are.
pub trait KeyService {
    /// The public key of a named key, in PEM.
    fn public_key(&mut self, key: &str) -> Result<String, KeyServiceError>;

    /// A signature over the message with this SHA-256 digest.
    fn sign_digest(&mut self, key: &str, digest: &Digest) -> Result<Vec<u8>, KeyServiceError>;
}

/// A tag whose digest is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagRequest {
    /// Registry and repository.
    pub repository: Repository,
    /// The tag.
    pub tag: String,
}

/// A manifest that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestRequest {
    /// Registry and repository.
    pub repository: Repository,
    /// A tag or a digest.
    pub reference: String,
    /// The most bytes that will be accepted.
    pub max_size: u64,
    /// How long to wait before asking, in milliseconds; where it is not 0, at least four
    /// times as long as the slowest request took.
    pub after_ms: u32,
}

/// A manifest as it was served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedManifest {
    /// `Content-Type` without parameters.
    pub media_type: String,
    /// The bytes.
    pub content: Vec<u8>,
}

/// A blob that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobRequest {
    /// Registry and repository.
    pub repository: Repository,
    /// Which one.
    pub digest: Digest,
    /// The most bytes that will be accepted.
    pub max_size: u64,
}

/// A blob to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobPush {
    /// Registry and repository.
    pub repository: Repository,
    /// The digest of the content.
    pub digest: Digest,
    /// The bytes.
    pub content: Vec<u8>,
}

/// A manifest to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestPush {
    /// Registry and repository.
    pub repository: Repository,
    /// The tag or digest to store it under.
    pub reference: String,
    /// Its media type.
    pub media_type: String,
    /// The bytes.
    pub content: Vec<u8>,
}

/// Why a registry did not do what it was asked. The strings are the host's, for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The repository, tag or digest does not exist.
    #[error("not found: {0}")]
    NotFound(String),
    /// The credentials do not allow it.
    #[error("access denied: {0}")]
    Denied(String),
    /// The registry cannot be reached or is overloaded.
    #[error("registry unavailable: {0}")]
    Unavailable(String),
    /// The answer is longer than the request allowed.
    #[error("answer too large: {0}")]
    TooLarge(String),
    /// The answer breaks the protocol.
    #[error("invalid answer: {0}")]
    Invalid(String),
    /// The registry does not offer the operation.
    #[error("not supported by the registry: {0}")]
    Unsupported(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// Why a key service did not do what it was asked. The strings are the host's, for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyServiceError {
    /// There is no such key.
    #[error("key not found: {0}")]
    NotFound(String),
    /// The credentials do not allow it.
    #[error("access denied: {0}")]
    Denied(String),
    /// The service cannot be reached.
    #[error("key service unavailable: {0}")]
    Unavailable(String),
    /// The service cannot do this with this key.
    #[error("not supported by the key service: {0}")]
    Unsupported(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}
