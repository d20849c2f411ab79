use alloc::string::String;

use super::Component;
use super::bindings::cosignet::signing::types::Predicate;
use super::bindings::exports::cosignet::signing::blob_signing::Guest;
use super::bindings::exports::cosignet::signing::blobs::{
    AttestedBlob, Blob, BlobBorrow, SignedBlob,
};
use super::bindings::exports::cosignet::signing::signing::{LogUpload, Signer, SigningError};
use super::blobs::OpenBlob;
use super::keys::OpenKey;
use super::signing::SigningHost;
use crate::sign;

impl Guest for Component {
    fn new_blob(signer: Signer<'_>) -> Blob {
        match signer {
            Signer::PrivateKey(key) => OpenBlob::for_keys(&[key.get::<OpenKey>().0.algorithm()]),
            Signer::KeyService(_) => OpenBlob::for_keys(&[]),
        }
    }

    fn sign_blob(
        signer: Signer<'_>,
        blob: BlobBorrow<'_>,
        log: Option<LogUpload>,
    ) -> Result<SignedBlob, SigningError> {
        let mut host = SigningHost::default();
        let mut signer = host.signer(&signer, log.as_ref())?;
        let stream = blob.get::<OpenBlob>().0.borrow();
        Ok(sign::sign_blob(&mut signer, &stream.blob())?.into())
    }

    fn attest_blob(
        signer: Signer<'_>,
        blob: BlobBorrow<'_>,
        name: Option<String>,
        predicate: Predicate,
        log: Option<LogUpload>,
    ) -> Result<AttestedBlob, SigningError> {
        let mut host = SigningHost::default();
        let mut signer = host.signer(&signer, log.as_ref())?;
        let stream = blob.get::<OpenBlob>().0.borrow();
        let (name, predicate) = (name.as_deref(), predicate.into());
        Ok(sign::attest_blob(&mut signer, &stream.blob(), name, &predicate)?.into())
    }
}
