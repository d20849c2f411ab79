use alloc::string::{String, ToString};

use super::Component;
use super::bindings::cosignet::signing::types::Predicate;
use super::bindings::exports::cosignet::signing::blobs::{
    AttestedBlob, Blob, BlobBorrow, BlobFiles, SignedBlob,
};
use super::bindings::exports::cosignet::signing::detached_blob_signing::{
    DetachedBlobSigningError, Guest,
};
use super::bindings::exports::cosignet::signing::keys::PrivateKeyBorrow;
use super::blobs::OpenBlob;
use super::keys::OpenKey;
use super::random::HostRandom;
use crate::{payload, sign};

impl Guest for Component {
    fn new_blob(key: PrivateKeyBorrow<'_>) -> Blob {
        OpenBlob::for_keys(&[key.get::<OpenKey>().0.algorithm()])
    }

    fn sign_blob(
        key: PrivateKeyBorrow<'_>,
        blob: BlobBorrow<'_>,
    ) -> Result<SignedBlob, DetachedBlobSigningError> {
        let mut random = HostRandom;
        let mut signer = sign::Signer::private_key(&key.get::<OpenKey>().0, &mut random);
        let stream = blob.get::<OpenBlob>().0.borrow();
        Ok(sign::sign_blob(&mut signer, &stream.blob())?.into())
    }

    fn attest_blob(
        key: PrivateKeyBorrow<'_>,
        blob: BlobBorrow<'_>,
        name: Option<String>,
        predicate: Predicate,
    ) -> Result<AttestedBlob, DetachedBlobSigningError> {
        let mut random = HostRandom;
        let mut signer = sign::Signer::private_key(&key.get::<OpenKey>().0, &mut random);
        let stream = blob.get::<OpenBlob>().0.borrow();
        let (name, predicate) = (name.as_deref(), predicate.into());
        Ok(sign::attest_blob(&mut signer, &stream.blob(), name, &predicate)?.into())
    }
}

impl From<sign::SigningError> for DetachedBlobSigningError {
    fn from(error: sign::SigningError) -> Self {
        let words = error.to_string();
        match error {
            sign::SigningError::InvalidOption(_) => Self::InvalidOption(words),
            sign::SigningError::LimitExceeded(_) => Self::LimitExceeded(words),
            _ => Self::Other(words),
        }
    }
}

impl From<Predicate> for payload::Predicate {
    fn from(predicate: Predicate) -> Self {
        Self {
            predicate_type: predicate.predicate_type,
            content: predicate.content,
        }
    }
}

impl From<sign::SignedBlob> for SignedBlob {
    fn from(blob: sign::SignedBlob) -> Self {
        Self {
            signature: blob.signature,
            files: blob.files.into(),
        }
    }
}

impl From<sign::AttestedBlob> for AttestedBlob {
    fn from(blob: sign::AttestedBlob) -> Self {
        Self {
            statement: blob.statement,
            envelope: blob.envelope,
            files: blob.files.into(),
        }
    }
}

impl From<sign::BlobFiles> for BlobFiles {
    fn from(files: sign::BlobFiles) -> Self {
        Self {
            bundle: files.bundle,
            old_bundle: files.old_bundle,
            log: files.log.as_ref().map(Into::into),
        }
    }
}
