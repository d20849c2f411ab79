//! Transparency logs: what is sent to them, and the proof that a signature was logged.
//!
//! ```text
//!  answer of Rekor v1 ─┐                                            ┌─ annotation
//!  answer of Rekor v2 ─┼─► LogEntry ── verify(Signed, TrustedLogs) ─┤
//!  annotation, bundle ─┘                        │                   └─ bundle
//!                                         VerifiedEntry
//! ```
//!
//! A [`LogEntry`] is read and says nothing; a [`VerifiedEntry`] was compared with a signature, and
//! its evidence with [`TrustedLogs`]. The evidence is a signed entry timestamp (Rekor v1), or an
//! inclusion proof (RFC 6962) up to a [`Checkpoint`] (C2SP `tlog-checkpoint`) that the log signed.
//! Everything is verified offline, from the bytes at hand and from trust that is an argument.
//!
//! Sources: the API of Rekor v1 and v2, `sigstore_rekor.proto` and `sigstore_trustroot.proto`, C2SP
//! `signed-note`, `tlog-checkpoint` and `tlog-cosignature`, RFC 6962, RFC 8785; and cosign, whose
//! bytes these are.

mod annotation;
mod body;
mod canonical_json;
mod checkpoint;
mod entry;
mod error;
mod fields;
mod limits;
mod log_id;
mod merkle;
mod note;
pub mod rekor_v1;
pub mod rekor_v2;
mod rfc3339;
mod signed;
mod signed_entry_timestamp;
mod tiles;
mod tlog_entry;
mod trusted_log;
mod trusted_logs;
mod trusted_root;
mod verify;
mod witness;

pub use crate::key::HashAlgorithm;
pub use canonical_json::canonicalize;
pub use checkpoint::Checkpoint;
pub use entry::LogEntry;
pub use error::{LogError, TrustError};
pub use limits::{
    MAX_ENTRIES, MAX_ENTRIES_SIZE, MAX_ENTRY_BUNDLE_SIZE, MAX_ENTRY_SIZE, MAX_INTEGER,
    MAX_JSON_DEPTH, MAX_LOGS, MAX_NOTE_LINES, MAX_NOTE_SIGNATURES, MAX_NOTE_SIZE, MAX_PROOF_HASHES,
    MAX_TRUSTED_ROOT_SIZE, MAX_WITNESSES,
};
pub use log_id::LogId;
pub use merkle::{leaf_hash, verify_consistency, verify_inclusion};
pub use note::{NoteError, SignedNote};
pub use signed::Signed;
pub use tiles::{Tile, TiledTree};
pub use trusted_log::TrustedLog;
pub use trusted_logs::TrustedLogs;
pub use verify::{Evidence, VerifiedEntry};
pub use witness::Witness;
