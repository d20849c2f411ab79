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

    /// Lists of referrers, each as the pages that the registry served.
    /// [`RegistryError::Unsupported`] where the registry keeps no such list.
    fn list_referrers(
        &mut self,
        requests: &[ReferrersRequest],
    ) -> Vec<Result<Vec<ServedManifest>, RegistryError>>;
}

/// Writing to registries.
pub trait RegistryPush {
    /// Stores blobs.
    fn push_blobs(&mut self, blobs: Vec<BlobPush>) -> Vec<Result<(), RegistryError>>;

    /// Stores manifests.
    fn push_manifests(&mut self, manifests: Vec<ManifestPush>) -> Vec<Result<(), RegistryError>>;

    /// Deletes manifests, and the tags that name them. [`RegistryError::Unsupported`] where the
    /// registry deletes nothing.
    fn delete_manifests(
        &mut self,
        manifests: &[ManifestDeletion],
    ) -> Vec<Result<(), RegistryError>>;
}

/// Writing to a transparency log and reading from it.
///
/// What comes back is verified with log keys that never come from here.
pub trait TransparencyLog {
    /// Logs entries. One that the log has already does no harm.
    fn submit(&mut self, submissions: Vec<Submission>) -> Vec<Result<Receipt, LogServiceError>>;

    /// Entries of Rekor v1.
    fn fetch_entries(&mut self, requests: &[EntryRequest])
    -> Vec<Result<Vec<u8>, LogServiceError>>;

    /// Searches in Rekor v1.
    fn search_entries(
        &mut self,
        requests: &[SearchRequest],
    ) -> Vec<Result<Vec<u8>, LogServiceError>>;

    /// Tiles and checkpoints of Rekor v2.
    fn fetch_tiles(&mut self, requests: &[TileRequest]) -> Vec<Result<Vec<u8>, LogServiceError>>;
}

/// Keys that stay where they are.
pub trait KeyService {
    /// The public key of a named key, in PEM.
    fn public_key(&mut self, key: &str) -> Result<String, KeyServiceError>;

    /// A signature over the message with this SHA-256 digest.
    fn sign_digest(&mut self, key: &str, digest: &Digest) -> Result<Vec<u8>, KeyServiceError>;
}

/// A tag, or a digest, whose manifest's descriptor is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagRequest {
    /// Registry and repository.
    pub repository: Repository,
    /// The tag, or the digest.
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

/// The referrers of a manifest that are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferrersRequest {
    /// Registry and repository.
    pub repository: Repository,
    /// The manifest that they refer to.
    pub digest: Digest,
    /// The most bytes of all pages together that will be accepted.
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

/// A manifest to be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestDeletion {
    /// Registry and repository.
    pub repository: Repository,
    /// Which one.
    pub digest: Digest,
}

/// Which API a log speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogApi {
    /// Entries that are answered with a signed entry timestamp and an inclusion proof.
    RekorV1,
    /// Tiles; entries that are answered with an inclusion proof.
    RekorV2,
}

/// An entry to be logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The API.
    pub api: LogApi,
    /// What to post, JSON.
    pub entry: Vec<u8>,
    /// The most bytes of an answer that will be accepted.
    pub max_size: u64,
}

/// What a log says to an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It was taken: the answer.
    Logged(Vec<u8>),
    /// It was there before: of Rekor v1 its UUID, of Rekor v2 its index in decimal.
    AlreadyLogged(String),
}

/// An entry of Rekor v1 that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRequest {
    /// 64 or 80 hexadecimal digits.
    pub uuid: String,
    /// The most bytes that will be accepted.
    pub max_size: u64,
}

/// A search in Rekor v1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchRequest {
    /// What to post, JSON.
    pub query: Vec<u8>,
    /// The most bytes that will be accepted.
    pub max_size: u64,
}

/// A resource of Rekor v2 that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileRequest {
    /// Below where the log has its tiles: `checkpoint`, `tile/0/x001/234.p/56`.
    pub path: String,
    /// The most bytes that will be accepted.
    pub max_size: u64,
}

/// Why a log did not do what it was asked. The strings are the host's, for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogServiceError {
    /// There is no such entry or tile.
    #[error("not found: {0}")]
    NotFound(String),
    /// The credentials do not allow it.
    #[error("access denied: {0}")]
    Denied(String),
    /// The log cannot be reached, is overloaded or does not answer in time.
    #[error("transparency log unavailable: {0}")]
    Unavailable(String),
    /// The log does not take this entry, whoever sends it.
    #[error("the transparency log does not take the entry: {0}")]
    Refused(String),
    /// The answer is longer than the request allowed.
    #[error("answer too large: {0}")]
    TooLarge(String),
    /// The answer breaks the protocol.
    #[error("invalid answer: {0}")]
    Invalid(String),
    /// The log, or the host, does not offer the operation.
    #[error("not supported by the transparency log: {0}")]
    Unsupported(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
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
