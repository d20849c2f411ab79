use wasmtime::component::ResourceAny;

use super::{Policy, PrivateKey, Session, exported};
use crate::HostError;
use crate::api::Predicate;
use crate::api::blobs::{
    AttestedBlob, BlobError, BlobSignature, BlobSigningError, BlobVerificationError, SignedBlob,
    VerifiedBlob,
};
use crate::api::signing::{LogUpload, Signer, SigningError};

/// A blob of one session, taken in pieces. It can be signed and verified more than once.
#[derive(Clone, Copy, Debug)]
pub struct Blob(ResourceAny);

impl Session {
    /// An empty blob, to be verified with the keys of a policy.
    pub async fn blob_to_verify(&mut self, policy: Policy) -> Result<Blob, HostError> {
        let blobs = exported(&self.blobs, "blobs")?;
        let blob = blobs.blob();
        let answer = blob.call_for_policy(&mut self.store, policy.0).await;
        Ok(Blob(answer.map_err(HostError::trap)?))
    }

    /// An empty blob, to be signed with a key. Needs no more than the world `Offline`.
    pub async fn blob_to_sign(&mut self, key: PrivateKey) -> Result<Blob, HostError> {
        let signing = exported(&self.detached_blob_signing, "detached-blob-signing")?;
        let answer = signing.call_new_blob(&mut self.store, key.0).await;
        Ok(Blob(answer.map_err(HostError::trap)?))
    }

    /// An empty blob, to be signed by any signer.
    pub async fn blob_for_signer(&mut self, signer: &Signer) -> Result<Blob, HostError> {
        let signing = exported(&self.blob_signing, "blob-signing")?;
        let answer = signing.call_new_blob(&mut self.store, signer).await;
        Ok(Blob(answer.map_err(HostError::trap)?))
    }

    /// A blob that is elsewhere, by its digest: `sha256:<hex>`.
    pub async fn blob_of_digest(
        &mut self,
        digest: &str,
    ) -> Result<Result<Blob, BlobError>, HostError> {
        let blobs = exported(&self.blobs, "blobs")?;
        let blob = blobs.blob();
        let answer = blob.call_from_digest(&mut self.store, digest).await;
        Ok(answer.map_err(HostError::trap)?.map(Blob))
    }

    /// Appends the next bytes to a blob; a mebibyte at a time is a good size.
    pub async fn append(
        &mut self,
        blob: Blob,
        bytes: &[u8],
    ) -> Result<Result<(), BlobError>, HostError> {
        let blobs = exported(&self.blobs, "blobs")?;
        let resource = blobs.blob();
        let answer = resource.call_append(&mut self.store, blob.0, bytes).await;
        answer.map_err(HostError::trap)
    }

    /// Forgets a blob.
    pub async fn close_blob(&mut self, blob: Blob) -> Result<(), HostError> {
        let dropped = blob.0.resource_drop_async(&mut self.store).await;
        dropped.map_err(HostError::trap)
    }

    /// Signs a blob with a key. Needs no more than the world `Offline`.
    pub async fn sign_blob_detached(
        &mut self,
        key: PrivateKey,
        blob: Blob,
    ) -> Result<Result<SignedBlob, BlobSigningError>, HostError> {
        let signing = exported(&self.detached_blob_signing, "detached-blob-signing")?;
        let answer = signing.call_sign_blob(&mut self.store, key.0, blob.0);
        answer.await.map_err(HostError::trap)
    }

    /// Signs a statement about a blob with a key. Needs no more than the world `Offline`.
    pub async fn attest_blob_detached(
        &mut self,
        key: PrivateKey,
        blob: Blob,
        name: Option<&str>,
        predicate: &Predicate,
    ) -> Result<Result<AttestedBlob, BlobSigningError>, HostError> {
        let signing = exported(&self.detached_blob_signing, "detached-blob-signing")?;
        let answer = signing.call_attest_blob(&mut self.store, key.0, blob.0, name, predicate);
        answer.await.map_err(HostError::trap)
    }

    /// Signs a blob, and logs the signature if a log is named.
    pub async fn sign_blob(
        &mut self,
        signer: &Signer,
        blob: Blob,
        log: Option<&LogUpload>,
    ) -> Result<Result<SignedBlob, SigningError>, HostError> {
        let signing = exported(&self.blob_signing, "blob-signing")?;
        let answer = signing.call_sign_blob(&mut self.store, signer, blob.0, log);
        answer.await.map_err(HostError::trap)
    }

    /// Signs a statement about a blob, and logs it if a log is named.
    pub async fn attest_blob(
        &mut self,
        signer: &Signer,
        blob: Blob,
        name: Option<&str>,
        predicate: &Predicate,
        log: Option<&LogUpload>,
    ) -> Result<Result<AttestedBlob, SigningError>, HostError> {
        let signing = exported(&self.blob_signing, "blob-signing")?;
        let answer =
            signing.call_attest_blob(&mut self.store, signer, blob.0, name, predicate, log);
        answer.await.map_err(HostError::trap)
    }

    /// Verifies signatures over a blob.
    pub async fn verify_blob(
        &mut self,
        policy: Policy,
        blob: Blob,
        signatures: &[BlobSignature],
    ) -> Result<Result<VerifiedBlob, BlobVerificationError>, HostError> {
        let verification = exported(&self.blob_verification, "blob-verification")?;
        let answer = verification.call_verify_blob(&mut self.store, policy.0, blob.0, signatures);
        answer.await.map_err(HostError::trap)
    }

    /// Verifies attestations of a blob with a predicate of this type.
    pub async fn verify_blob_attestation(
        &mut self,
        policy: Policy,
        blob: Blob,
        predicate_type: &str,
        attestations: &[BlobSignature],
    ) -> Result<Result<VerifiedBlob, BlobVerificationError>, HostError> {
        let verification = exported(&self.blob_verification, "blob-verification")?;
        let answer = verification.call_verify_blob_attestation(
            &mut self.store,
            policy.0,
            blob.0,
            predicate_type,
            attestations,
        );
        answer.await.map_err(HostError::trap)
    }
}
