use alloc::format;

use super::report::VerificationError;
use crate::fetch::MAX_FETCHED;

/// How much is still looked at for one reference, all its manifests together.
pub(super) struct Budget {
    signatures: usize,
    fetched: u64,
    kept: u64,
}

impl Budget {
    /// All of it.
    pub(super) fn new() -> Self {
        Self {
            signatures: MAX_SIGNATURES,
            fetched: MAX_FETCHED,
            kept: MAX_KEPT,
        }
    }

    /// Takes what is to be looked at.
    pub(super) fn look_at(
        &mut self,
        signatures: usize,
        bytes: u64,
    ) -> Result<(), VerificationError> {
        let (Some(signatures), Some(fetched)) = (
            self.signatures.checked_sub(signatures),
            self.fetched.checked_sub(bytes),
        ) else {
            return Err(VerificationError::LimitExceeded(format!(
                "more than {MAX_SIGNATURES} signatures are attached to the manifests of one \
                 reference, or more than {MAX_FETCHED} bytes of them"
            )));
        };
        (self.signatures, self.fetched) = (signatures, fetched);
        Ok(())
    }

    /// Takes what was verified and is reported.
    pub(super) fn keep(&mut self, bytes: u64) -> Result<(), VerificationError> {
        self.kept = self.kept.checked_sub(bytes).ok_or_else(|| {
            VerificationError::LimitExceeded(format!(
                "more than {MAX_KEPT} bytes of payloads and predicates are verified for one \
                 reference"
            ))
        })?;
        Ok(())
    }
}

/// Ten for each manifest of the largest index.
const MAX_SIGNATURES: usize = 10_000;
/// A thousand of the largest payloads, or some attestations of some megabytes.
const MAX_KEPT: u64 = 64 * 1024 * 1024;
