use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;

use super::Component;
use super::bindings::exports::cosignet::signing::blobs::{Blob, BlobError, Guest, GuestBlob};
use super::bindings::exports::cosignet::signing::policy::PolicyBorrow;
use super::policy::ReadPolicy;
use crate::blob::{self, BlobStream};
use crate::key::{Algorithm, PublicKey};
use crate::oci::InvalidDigest;

/// What stands behind a handle of `blob`.
pub(super) struct OpenBlob(pub(super) RefCell<BlobStream>);

impl OpenBlob {
    /// A new handle of an empty blob.
    pub(super) fn for_keys(keys: &[Algorithm]) -> Blob {
        Self::of(BlobStream::for_keys(keys))
    }

    fn of(stream: BlobStream) -> Blob {
        Blob::new(Self(RefCell::new(stream)))
    }
}

impl Guest for Component {
    type Blob = OpenBlob;
}

impl GuestBlob for OpenBlob {
    fn for_policy(policy: PolicyBorrow<'_>) -> Blob {
        let keys = policy.get::<ReadPolicy>().policy.keys().iter();
        let algorithms: Vec<_> = keys.map(PublicKey::algorithm).collect();
        Self::for_keys(&algorithms)
    }

    fn from_digest(digest: String) -> Result<Blob, BlobError> {
        let digest = digest
            .parse()
            .map_err(|error: InvalidDigest| BlobError::InvalidDigest(error.to_string()))?;
        Ok(Self::of(BlobStream::elsewhere(digest)))
    }

    fn append(&self, bytes: Vec<u8>) -> Result<(), BlobError> {
        Ok(self.0.borrow_mut().append(&bytes)?)
    }
}

impl From<blob::BlobError> for BlobError {
    fn from(error: blob::BlobError) -> Self {
        match error {
            blob::BlobError::Elsewhere => Self::Elsewhere,
            other => Self::Other(other.to_string()),
        }
    }
}
