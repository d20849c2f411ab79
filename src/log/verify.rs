use super::body::Body;
use super::checkpoint::Checkpoint;
use super::entry::{InclusionProof, LogEntry};
use super::error::LogError;
use super::merkle::{leaf_hash, verify_inclusion};
use super::signed::Signed;
use super::trusted_log::TrustedLog;
use super::trusted_logs::TrustedLogs;
use super::{LogId, signed_entry_timestamp};
use crate::oci::Digest;

/// An entry that a trusted log vouches for, about one signature. Only [`LogEntry::verify`] makes
/// one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedEntry {
    log_id: LogId,
    log_index: u64,
    integrated_time: Option<i64>,
    evidence: Evidence,
    witnesses: usize,
}

/// What showed that the entry was logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The log's signed promise to include it.
    SignedEntryTimestamp,
    /// A path to the root of a tree that the log has signed.
    InclusionProof,
    /// Both.
    Both,
}

impl VerifiedEntry {
    /// The log. Entries of one log count once, however many there are (CVE-2026-49834).
    pub fn log_id(&self) -> LogId {
        self.log_id
    }

    /// The index that was proved: the one that the log signed together with the entry, over all
    /// its shards, or else the place in the tree of the checkpoint.
    pub fn log_index(&self) -> u64 {
        self.log_index
    }

    /// When the log took the entry, in seconds since 1970, by the log's own word. `None` without
    /// a signed entry timestamp: what an entry says of its time is signed by nothing else
    /// (CVE-2024-55655).
    pub fn integrated_time(&self) -> Option<i64> {
        self.integrated_time
    }

    /// What showed it.
    pub fn evidence(&self) -> Evidence {
        self.evidence
    }

    /// How many of the trusted witnesses cosigned the checkpoint.
    pub fn witnesses(&self) -> usize {
        self.witnesses
    }
}

impl LogEntry {
    /// Verifies that a trusted log took an entry about exactly this signature.
    ///
    /// Whatever evidence there is must hold, and there must be some: a signed entry timestamp, or
    /// an inclusion proof with a checkpoint that the log signed. The evidence is verified first;
    /// the body is read only then, and [bound](LogEntry::bind) to the signature.
    ///
    /// A log with a window of trust vouches for entries of that window. Where no timestamp says
    /// when an entry was made (all of Rekor v2), a window that has only begun is taken for open;
    /// one that has an end is not, since a key that has left trust can sign trees for ever.
    ///
    /// Stricter than sigstore-go, which takes root and size from the checkpoint and does not look
    /// at what the entry says: an entry that contradicts its checkpoint is refused.
    ///
    /// # Errors
    /// A [`LogError`] that names the one check that failed.
    pub fn verify(
        &self,
        signed: &Signed<'_>,
        logs: &TrustedLogs,
    ) -> Result<VerifiedEntry, LogError> {
        let checkpoint = self.checkpoint()?;
        let name = checkpoint.as_ref().map(Checkpoint::log_name);
        let log_id = self.log_id;
        let log = logs.find(log_id, name);
        let log = log.ok_or(LogError::UnknownLog { log_id })?;
        let integrated_time = match &self.signed_entry_timestamp {
            Some(timestamp) => Some(signed_entry_timestamp::verify(self, timestamp, log.key())?),
            None => None,
        };
        let mut witnesses = 0;
        if let Some(proof) = &self.proof {
            let checkpoint = checkpoint.ok_or(LogError::MissingProof)?;
            self.verify_proof(proof, &checkpoint, log)?;
            witnesses = checkpoint.count_witnesses(logs.witnesses())?;
        }
        let (evidence, log_index) = match (integrated_time, &self.proof) {
            (None, None) => return Err(LogError::MissingEvidence),
            (Some(_), None) => (Evidence::SignedEntryTimestamp, self.log_index),
            (Some(_), Some(_)) => (Evidence::Both, self.log_index),
            (None, Some(proof)) => (Evidence::InclusionProof, proof.log_index),
        };
        check_window(log_id, log, integrated_time)?;
        self.bind(signed)?;
        Ok(VerifiedEntry {
            log_id,
            log_index,
            integrated_time,
            evidence,
            witnesses,
        })
    }

    /// Compares the entry with a signature: its hash, its signature and its key, its kind with
    /// what a bundle says of it, and the two indices of an entry of Rekor v2.
    ///
    /// It shows nothing of a log. It is for a verifier that does not ask for one, and that is not
    /// handed an entry about something else for all that.
    ///
    /// # Errors
    /// [`LogError::MalformedEntry`], [`LogError::KindMismatch`], [`LogError::UnsupportedKind`],
    /// [`LogError::OtherArtifact`], [`LogError::OtherSignature`], [`LogError::OtherKey`],
    /// [`LogError::KeyDetailsMismatch`], [`LogError::LogIndexMismatch`].
    pub fn bind(&self, signed: &Signed<'_>) -> Result<(), LogError> {
        let body = Body::parse(&self.body, self.stated_kind.as_ref())?;
        body.bind(signed)?;
        // Rekor v1 counts the entries of all its shards, and the leaves of each; v2 has one count.
        match &self.proof {
            Some(proof) if body.is_v2 && proof.log_index != self.log_index => {
                Err(LogError::LogIndexMismatch {
                    entry: self.log_index,
                    proof: proof.log_index,
                })
            }
            _ => Ok(()),
        }
    }

    /// Compares the entry with a signature whose key is not at hand: what [`LogEntry::bind`] does
    /// but for the key.
    ///
    /// # Errors
    /// As [`LogEntry::bind`].
    pub fn bind_signature(&self, message: &[u8], signature: &[u8]) -> Result<(), LogError> {
        let body = Body::parse(&self.body, self.stated_kind.as_ref())?;
        body.bind_signature(message.into(), None, signature)
    }

    fn checkpoint(&self) -> Result<Option<Checkpoint<'_>>, LogError> {
        let note = self
            .proof
            .as_ref()
            .and_then(|proof| proof.checkpoint.as_deref());
        note.map(Checkpoint::parse).transpose()
    }

    fn verify_proof(
        &self,
        proof: &InclusionProof,
        checkpoint: &Checkpoint<'_>,
        log: &TrustedLog,
    ) -> Result<(), LogError> {
        checkpoint.verify(log)?;
        if proof.tree_size != checkpoint.size() {
            return Err(LogError::TreeSizeMismatch {
                proof: proof.tree_size,
                checkpoint: checkpoint.size(),
            });
        }
        if proof.root_hash != *checkpoint.root() {
            return Err(LogError::RootMismatch {
                proof: Digest::from(proof.root_hash),
                checkpoint: Digest::from(*checkpoint.root()),
            });
        }
        verify_inclusion(
            &leaf_hash(&self.body),
            proof.log_index,
            proof.tree_size,
            &proof.hashes,
            &proof.root_hash,
        )
    }
}

fn check_window(log_id: LogId, log: &TrustedLog, time: Option<i64>) -> Result<(), LogError> {
    let (start, end) = (log.start, log.end);
    let within = match time {
        Some(time) => start.is_none_or(|start| start <= time) && end.is_none_or(|end| time <= end),
        None => end.is_none(),
    };
    match within {
        true => Ok(()),
        false => Err(LogError::OutsideValidity {
            log_id,
            start,
            end,
            time,
        }),
    }
}
