//! What can be wrong with an entry of a log, and with what is trusted.

use alloc::string::String;
use core::fmt::Display;

use thiserror::Error;

use super::log_id::LogId;
use crate::oci::Digest;

/// Why an entry does not show that a signature was logged. One case for each check.
///
/// Text that came from the input is shortened and escaped.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LogError {
    /// The entry is not what it has to be.
    #[error("the log entry is malformed: {0}")]
    MalformedEntry(String),

    /// The input is larger than any entry; it was not looked at.
    #[error("{part} is too large: at most {limit} are looked at, found {found}")]
    TooLarge {
        /// What is too large, and in what it is counted.
        part: &'static str,
        /// The most that is accepted.
        limit: usize,
        /// How much there is.
        found: usize,
    },

    /// A list of entries without one.
    #[error("there is no log entry")]
    MissingEntry,

    /// The same entry twice: it could be counted twice.
    #[error("the log entry at index {index} of log {log_id} is given twice")]
    DuplicateEntry {
        /// The log.
        log_id: LogId,
        /// The index.
        index: u64,
    },

    /// An entry in good form that cannot be compared with a signature.
    #[error(
        "unsupported kind of log entry: {kind} {version}; accepted: hashedrekord 0.0.1 and 0.0.2, \
         dsse 0.0.1, intoto 0.0.2"
    )]
    UnsupportedKind {
        /// Its kind.
        kind: String,
        /// Its version.
        version: String,
    },

    /// The bundle names another kind than the body of the entry does.
    #[error("the bundle says that the log entry is a {stated}, its body is a {found}")]
    KindMismatch {
        /// Kind and version beside the body.
        stated: String,
        /// Kind and version in the body.
        found: String,
    },

    /// Nothing shows that a log accepted the entry.
    #[error("the log entry has neither a signed entry timestamp nor an inclusion proof")]
    MissingEvidence,

    /// The form of the entry must have an inclusion proof with a checkpoint, and has not.
    #[error("the log entry has no inclusion proof with a checkpoint")]
    MissingProof,

    /// The entry is of a log that is not trusted.
    #[error("log {log_id} is none of the trusted logs")]
    UnknownLog {
        /// The log.
        log_id: LogId,
    },

    /// The log was not to be trusted at that time, or the time is not known and the trust has an
    /// end.
    #[error(
        "log {log_id} is trusted {}, the entry was made {}",
        window(.start, .end), moment(.time)
    )]
    OutsideValidity {
        /// The log.
        log_id: LogId,
        /// The first second of trust, since 1970.
        start: Option<i64>,
        /// The last second of trust, since 1970.
        end: Option<i64>,
        /// The time of the entry, in seconds since 1970, if a log signed one.
        time: Option<i64>,
    },

    /// The signed entry timestamp is not by the log, or for another entry, index or time.
    #[error(
        "the signed entry timestamp does not verify: log {log_id} did not sign this body, index \
         and time"
    )]
    BadSignedEntryTimestamp {
        /// The log.
        log_id: LogId,
    },

    /// The checkpoint cannot be read.
    #[error("the checkpoint is malformed: {0}")]
    CheckpointMalformed(String),

    /// The checkpoint is of a log that goes by another name.
    #[error("the checkpoint is of \"{found}\", the trusted log is \"{expected}\"")]
    UnknownOrigin {
        /// The name of the trusted log.
        expected: String,
        /// The name in the checkpoint.
        found: String,
    },

    /// No signature under the checkpoint bears the name and the key id of the log.
    #[error("the checkpoint bears no signature of \"{name}\" with key id {}", hint(.key_id))]
    CheckpointUnsigned {
        /// The name that was looked for.
        name: String,
        /// The key id that was looked for.
        key_id: [u8; 4],
    },

    /// The log's signature under the checkpoint does not verify.
    #[error("the signature of \"{name}\" under the checkpoint does not verify")]
    CheckpointSignature {
        /// The name of the signer.
        name: String,
    },

    /// The signature of a trusted witness under the checkpoint does not verify.
    #[error("the cosignature of witness \"{name}\" under the checkpoint does not verify")]
    WitnessSignature {
        /// The name of the witness.
        name: String,
    },

    /// Proof and checkpoint are about trees of different sizes.
    #[error("the inclusion proof is for a tree of {proof} leaves, the checkpoint of {checkpoint}")]
    TreeSizeMismatch {
        /// The size in the proof.
        proof: u64,
        /// The size in the checkpoint.
        checkpoint: u64,
    },

    /// Proof and checkpoint are about trees with different roots.
    #[error("the inclusion proof is for the tree with root {proof}, the checkpoint {checkpoint}")]
    RootMismatch {
        /// The root in the proof.
        proof: Digest,
        /// The root in the checkpoint.
        checkpoint: Digest,
    },

    /// The index is not in the tree.
    #[error("there is no leaf {index} in a tree of {tree_size} leaves")]
    ProofIndex {
        /// The index.
        index: u64,
        /// The number of leaves.
        tree_size: u64,
    },

    /// The entry is not the leaf at this index of the tree with this root.
    #[error("the inclusion proof does not lead from leaf {index} of {tree_size} to the root")]
    BadInclusionProof {
        /// The index of the leaf.
        index: u64,
        /// The number of leaves.
        tree_size: u64,
    },

    /// The smaller tree is not the beginning of the larger one.
    #[error("the consistency proof does not lead from {smaller} leaves to {larger}")]
    BadConsistencyProof {
        /// Leaves of the earlier tree.
        smaller: u64,
        /// Leaves of the later tree.
        larger: u64,
    },

    /// The entry and its proof name different indices, in a log that has one count of them.
    #[error("the log entry has index {entry}, its inclusion proof {proof}")]
    LogIndexMismatch {
        /// The index of the entry.
        entry: u64,
        /// The index in the proof.
        proof: u64,
    },

    /// The entry is about other bytes.
    #[error("the log entry is about {found}, what was signed is {expected}")]
    OtherArtifact {
        /// The hash of what was signed.
        expected: String,
        /// The hash in the entry.
        found: String,
    },

    /// Only other digests are known of what was signed.
    #[error("the {0} digest of what was signed is not known: hand over the content")]
    UnknownDigest(&'static str),

    /// The entry is about another signature.
    #[error("the log entry is about another signature")]
    OtherSignature,

    /// The entry is about a signature by another key.
    #[error("the log entry names key {found}, the signature is by {expected}")]
    OtherKey {
        /// SHA-256 of the SubjectPublicKeyInfo of the key.
        expected: Digest,
        /// The same of the key in the entry, or what stands there instead.
        found: String,
    },

    /// The entry, or the log, has another name for this kind of key and hash.
    #[error("the key details of the log entry must be {expected}, found {found}")]
    KeyDetailsMismatch {
        /// What goes with the key and the hash; "none" if the log takes no such pair.
        expected: &'static str,
        /// What stands in the entry.
        found: String,
    },
}

/// Why logs and witnesses cannot be trusted as they are given.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TrustError {
    /// There would be nothing to trust.
    #[error("no log to trust: {0}")]
    NoLogs(&'static str),

    /// More than makes sense, or larger.
    #[error("{part}: at most {limit} are accepted, found {found}")]
    TooLarge {
        /// What is too large, and in what it is counted.
        part: &'static str,
        /// The most that is accepted.
        limit: usize,
        /// How much there is.
        found: usize,
    },

    /// The key of a log cannot be used.
    #[error("the key of a log cannot be used: {0}")]
    UnusableKey(String),

    /// The trusted root cannot be read.
    #[error("the trusted root is malformed: {0}")]
    MalformedRoot(String),

    /// Two logs with one identity.
    #[error("log {0} is given twice, with different keys or windows")]
    Ambiguous(LogId),

    /// The key of a witness cannot be used.
    #[error("the key of a witness cannot be used: {0}")]
    UnusableWitness(String),
}

impl LogError {
    pub(super) fn malformed(problem: impl Display) -> Self {
        Self::MalformedEntry(shown(problem))
    }

    /// Refuses what is larger than a limit.
    pub(super) fn within(part: &'static str, limit: usize, found: usize) -> Result<(), Self> {
        match found > limit {
            true => Err(Self::TooLarge { part, limit, found }),
            false => Ok(()),
        }
    }
}

/// Text of the input, fit for one line of an error.
pub(super) fn shown(text: impl Display) -> String {
    let text = alloc::format!("{text}");
    let mut shown: String = text
        .chars()
        .take(SHOWN)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

fn window(start: &Option<i64>, end: &Option<i64>) -> String {
    match (start, end) {
        (Some(start), Some(end)) => alloc::format!("from {start} to {end} (seconds since 1970)"),
        (Some(start), None) => alloc::format!("from {start} (seconds since 1970)"),
        (None, Some(end)) => alloc::format!("until {end} (seconds since 1970)"),
        (None, None) => String::from("always"),
    }
}

fn moment(time: &Option<i64>) -> String {
    match time {
        Some(time) => alloc::format!("at {time}"),
        None => String::from("at a time that no log has signed"),
    }
}

fn hint(key_id: &[u8; 4]) -> String {
    alloc::format!("{:08x}", u32::from_be_bytes(*key_id))
}

/// How many characters of the input an error shows.
const SHOWN: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_the_input_is_escaped_and_shortened() {
        assert_eq!(shown("a\n\u{1b}é"), "a\\n\\u{1b}é");
        assert_eq!(shown("é".repeat(120)), "é".repeat(120));
        assert_eq!(shown("é".repeat(121)), "é".repeat(120) + "…");
    }
}
