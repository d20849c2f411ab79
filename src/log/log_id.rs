use core::fmt;

use crate::oci::Digest;

/// What names a log: 32 bytes, a hash of its key, and of its name too if Ed25519 and Rekor v2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId(pub [u8; 32]);

impl LogId {
    /// What the signature of the log under a checkpoint begins with.
    pub(super) fn hint(&self) -> [u8; 4] {
        let [a, b, c, d, ..] = self.0;
        [a, b, c, d]
    }
}

/// 64 lower-case hexadecimal digits.
impl fmt::Display for LogId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Digest::from(self.0).hex().fmt(formatter)
    }
}
