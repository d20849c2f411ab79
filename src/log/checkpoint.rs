//! Checkpoints, C2SP `tlog-checkpoint`: a signed note that says which root the tree of a log has
//! at which size.

use super::error::{LogError, shown};
use super::fields::{base64, decimal};
use super::note::{NoteError, SignedNote};
use super::trusted_log::TrustedLog;
use super::witness::Witness;

/// A checkpoint, read and not yet verified.
#[derive(Clone, Debug)]
pub struct Checkpoint<'a> {
    note: SignedNote<'a>,
    origin: &'a str,
    size: u64,
    root: [u8; 32],
}

impl<'a> Checkpoint<'a> {
    /// Reads a signed note with at least three lines: origin, size, and the root in base64.
    ///
    /// Lines that a log adds are opaque. C2SP wants them to hold something; Rekor reads past empty
    /// ones, and so does this.
    ///
    /// # Errors
    /// [`LogError::CheckpointMalformed`].
    pub fn parse(checkpoint: &'a str) -> Result<Self, LogError> {
        let note = SignedNote::parse(checkpoint).map_err(malformed)?;
        let mut lines = note.text().split_terminator('\n');
        let origin = lines.next().filter(|origin| !origin.is_empty());
        let origin = origin.ok_or_else(|| malformed("the first line, the origin, is empty"))?;
        let size = lines.next().and_then(decimal);
        let size = size.ok_or_else(|| malformed("the second line is no tree size"))?;
        let root = lines.next().and_then(|line| base64("", line).ok());
        let root = root.and_then(|root| root.try_into().ok());
        let root = root.ok_or_else(|| malformed("the third line is no base64 of 32 bytes"))?;
        Ok(Self {
            note,
            origin,
            size,
            root,
        })
    }

    /// The log, as it calls itself; Rekor v1 adds the number of the tree: `host - 1234`.
    pub fn origin(&self) -> &'a str {
        self.origin
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree.
    pub fn root(&self) -> &[u8; 32] {
        &self.root
    }

    /// The name that the log signs with: the origin, of Rekor v1 without the number of the tree.
    pub(super) fn log_name(&self) -> &'a str {
        self.rekor_v1_name().unwrap_or(self.origin)
    }

    /// The host in an origin of Rekor v1, which is how cosign tells the versions apart.
    fn rekor_v1_name(&self) -> Option<&'a str> {
        let (name, tree) = self.origin.rsplit_once(' ')?;
        let is_number = !tree.is_empty() && tree.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| name.strip_suffix(" -")).flatten()
    }

    /// Verifies that a log signed this checkpoint, under the name that it is trusted by.
    ///
    /// # Errors
    /// [`LogError::UnknownOrigin`], [`LogError::CheckpointUnsigned`],
    /// [`LogError::CheckpointSignature`].
    pub fn verify(&self, log: &TrustedLog) -> Result<(), LogError> {
        let expected = match self.rekor_v1_name() {
            // Servers of Rekor v1 are reached by other names than they sign with, and cosign
            // does not compare them: the key id, which is of the key alone, tells the log.
            Some(_) => log.origin(),
            None => log.origin().or(log.host()),
        };
        let known = |expected: &str| expected == self.origin || expected == self.log_name();
        if let Some(expected) = expected.filter(|expected| !known(expected)) {
            return Err(LogError::UnknownOrigin {
                expected: shown(expected),
                found: shown(self.origin),
            });
        }
        let name = self.log_name();
        let key_id = log.checkpoint_key_id(name, self.rekor_v1_name().is_some());
        self.note
            .verify(name, key_id, log.key())
            .map_err(|error| match error {
                NoteError::BadSignature => LogError::CheckpointSignature { name: shown(name) },
                _ => LogError::CheckpointUnsigned {
                    name: shown(name),
                    key_id,
                },
            })
    }

    /// Counts the witnesses that cosigned. Others' cosignatures are not looked at; one that bears
    /// the name and key id of a trusted witness must verify (C2SP `signed-note`).
    ///
    /// # Errors
    /// [`LogError::WitnessSignature`].
    pub fn count_witnesses(&self, witnesses: &[Witness]) -> Result<usize, LogError> {
        let mut count = 0;
        for witness in witnesses {
            match witness.verify(&self.note) {
                Ok(()) => count += 1,
                Err(NoteError::Unsigned) => {}
                Err(_) => {
                    return Err(LogError::WitnessSignature {
                        name: shown(witness.name()),
                    });
                }
            }
        }
        Ok(count)
    }
}

fn malformed(problem: impl core::fmt::Display) -> LogError {
    LogError::CheckpointMalformed(shown(problem))
}
