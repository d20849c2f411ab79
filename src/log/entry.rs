use alloc::string::String;
use alloc::vec::Vec;

use super::error::LogError;
use super::log_id::LogId;
use super::{annotation, rekor_v1, tlog_entry};

/// An entry of a log with the evidence that came with it, read and not yet verified.
///
/// It says nothing until [`LogEntry::verify`] has compared it with a signature and its evidence
/// with trusted logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    pub(super) log_id: LogId,
    pub(super) log_index: u64,
    /// Seconds since 1970; 0 stands for none.
    pub(super) integrated_time: u64,
    pub(super) signed_entry_timestamp: Option<Vec<u8>>,
    pub(super) proof: Option<InclusionProof>,
    /// What a bundle says beside the body.
    pub(super) stated_kind: Option<KindVersion>,
    /// The canonical body, as the log hashed it.
    pub(super) body: Vec<u8>,
}

/// A path from a leaf to the root of the tree (RFC 6962 §2.1.1), and who says that this is the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InclusionProof {
    /// The leaf; of Rekor v1 its place in the shard, where the entry counts over all shards.
    pub(super) log_index: u64,
    pub(super) tree_size: u64,
    pub(super) root_hash: [u8; 32],
    pub(super) hashes: Vec<[u8; 32]>,
    pub(super) checkpoint: Option<String>,
}

/// The kind of an entry and the version of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KindVersion {
    pub(super) kind: String,
    pub(super) version: String,
}

impl LogEntry {
    /// Reads the answer of Rekor v1 to `POST` and `GET` of `/api/v1/log/entries`: an object with
    /// exactly one entry by its uuid.
    ///
    /// # Errors
    /// [`LogError::TooLarge`], [`LogError::MalformedEntry`].
    pub fn from_rekor_v1(answer: &[u8]) -> Result<Self, LogError> {
        rekor_v1::parse_answer(answer)
    }

    /// Reads the answer of Rekor v1 to a search, `POST /api/v1/log/entries/retrieve`: up to
    /// [`super::MAX_ENTRIES`].
    ///
    /// # Errors
    /// [`LogError::TooLarge`], [`LogError::MalformedEntry`].
    pub fn all_from_rekor_v1(answer: &[u8]) -> Result<Vec<Self>, LogError> {
        rekor_v1::parse_found(answer)
    }

    /// Reads the answer of Rekor v2 to `POST /api/v2/log/entries`: a `TransparencyLogEntry` in
    /// protobuf's JSON, the same that bundles hold.
    ///
    /// # Errors
    /// As [`LogEntry::from_bundle`].
    pub fn from_rekor_v2(answer: &[u8]) -> Result<Self, LogError> {
        Self::from_bundle(answer)
    }

    /// Reads one of `verificationMaterial.tlogEntries` of a sigstore bundle v0.3, a
    /// `TransparencyLogEntry` in protobuf's JSON: absent is zero, 64 bits may stand in quotes.
    /// Members of other names are refused, since a reader that knows them would see another entry.
    ///
    /// # Errors
    /// [`LogError::TooLarge`], [`LogError::MalformedEntry`], and [`LogError::MissingProof`]: such
    /// an entry has an inclusion proof with a checkpoint, whatever else it has.
    pub fn from_bundle(entry: &[u8]) -> Result<Self, LogError> {
        tlog_entry::parse(entry)
    }

    /// Reads all of `verificationMaterial.tlogEntries`: from one to [`super::MAX_ENTRIES`], none
    /// twice. How many there are is looked at before any of them.
    ///
    /// # Errors
    /// [`LogError::MissingEntry`], [`LogError::TooLarge`], [`LogError::DuplicateEntry`], and those
    /// of [`LogEntry::from_bundle`].
    pub fn all_from_bundle(entries: &[u8]) -> Result<Vec<Self>, LogError> {
        tlog_entry::parse_all(entries)
    }

    /// Reads the annotation `dev.sigstore.cosign/bundle` of a `.sig` layer, which is `rekorBundle`
    /// of a detached bundle too: `{"SignedEntryTimestamp": …, "Payload": {"body": …, …}}`.
    ///
    /// # Errors
    /// [`LogError::TooLarge`], [`LogError::MalformedEntry`].
    pub fn from_annotation(annotation: &[u8]) -> Result<Self, LogError> {
        annotation::parse(annotation)
    }

    /// Writes the annotation `dev.sigstore.cosign/bundle`, byte for byte as cosign.
    ///
    /// `None` without a signed entry timestamp, so for Rekor v2: the annotation has room for no
    /// other evidence.
    pub fn to_annotation(&self) -> Option<String> {
        annotation::write(self)
    }

    /// Writes one of `verificationMaterial.tlogEntries` of a sigstore bundle v0.3, as cosign 3.
    ///
    /// # Errors
    /// [`LogError::MissingProof`] without an inclusion proof, which such an entry must have;
    /// [`LogError::MalformedEntry`] if the body names no kind.
    pub fn to_bundle(&self) -> Result<String, LogError> {
        tlog_entry::write(self)
    }

    /// The log that the entry names.
    pub fn log_id(&self) -> LogId {
        self.log_id
    }

    /// The index that the entry names. [`super::VerifiedEntry::log_index`] is the one that was
    /// proved.
    pub fn log_index(&self) -> u64 {
        self.log_index
    }

    /// The canonical body: the leaf of the log's tree.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}
