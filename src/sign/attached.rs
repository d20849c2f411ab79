use alloc::string::String;

use crate::oci::{Digest, Repository};

/// Where signatures were attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// The repository.
    pub repository: Repository,
    /// The tag of the signature image; of a referrer, that of the list that clients keep, if the
    /// registry keeps none.
    pub tag: Option<String>,
    /// The digest of the signature image's manifest, as it was read back, or of the referrer's.
    pub manifest_digest: Digest,
    /// What was done.
    pub outcome: AttachOutcome,
}

/// What was done at the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachOutcome {
    /// A signature was added.
    Added,
    /// It replaced earlier ones of the same key.
    Replaced,
    /// Nothing was written.
    Unchanged,
}
