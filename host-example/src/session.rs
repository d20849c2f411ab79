mod blobs;
mod cleaning;

use wasmtime::Store;
use wasmtime::component::{Instance, ResourceAny};

use crate::api::Predicate;
use crate::api::detached::{
    DetachedSignature, DetachedSigningError, PayloadSignature, SignatureImage,
};
use crate::api::keys::{KeyPair, PublicKeyInfo};
use crate::api::payload::{PayloadError, SimpleSigning};
use crate::api::policy::Rules;
use crate::api::report::{VerificationError, VerifiedImage};
use crate::api::signing::{
    Attached, ForeignSignature, Options, Signer, SigningError, SigningResult,
};
use crate::api::verification::VerificationOptions;
use crate::bindings::exports::cosignet::signing as exports;
use crate::engine::{Limits, Program, State, store};
use crate::{HostError, Imports};

pub use blobs::Blob;

/// A running component with memory of its own. Cheap to make: one for each request keeps
/// requests apart.
pub struct Session {
    store: Store<State>,
    keys: Option<exports::keys::Guest>,
    payload: Option<exports::payload::Guest>,
    policy: Option<exports::policy::Guest>,
    signing: Option<exports::signing::Guest>,
    cleaning: Option<exports::cleaning::Guest>,
    verification: Option<exports::verification::Guest>,
    detached_signing: Option<exports::detached_signing::Guest>,
    detached_verification: Option<exports::detached_verification::Guest>,
    blobs: Option<exports::blobs::Guest>,
    blob_signing: Option<exports::blob_signing::Guest>,
    detached_blob_signing: Option<exports::detached_blob_signing::Guest>,
    blob_verification: Option<exports::blob_verification::Guest>,
}

/// An open private key of one session. It stays in the component's memory.
#[derive(Clone, Copy, Debug)]
pub struct PrivateKey(ResourceAny);

impl PrivateKey {
    /// This key as what signs.
    pub fn signer(self) -> Signer {
        Signer::PrivateKey(self.0)
    }
}

/// A policy that one session has read.
#[derive(Clone, Copy, Debug)]
pub struct Policy(ResourceAny);

impl Session {
    /// Starts a component with the usual limits.
    pub async fn start(program: &Program, imports: Imports) -> Result<Self, HostError> {
        Self::start_within(program, imports, Limits::default()).await
    }

    /// Starts a component within these limits.
    pub async fn start_within(
        program: &Program,
        imports: Imports,
        limits: Limits,
    ) -> Result<Self, HostError> {
        let mut store = store(program, imports, limits);
        let pre = program.instance();
        let instance = pre
            .instantiate_async(&mut store)
            .await
            .map_err(HostError::trap)?;
        macro_rules! export {
            ($interface:ident) => {
                exports::$interface::GuestIndices::new(pre)
                    .and_then(|indices| indices.load(&mut store, &instance))
                    .ok()
            };
        }
        let _: Instance = instance;
        Ok(Self {
            keys: export!(keys),
            payload: export!(payload),
            policy: export!(policy),
            signing: export!(signing),
            cleaning: export!(cleaning),
            verification: export!(verification),
            detached_signing: export!(detached_signing),
            detached_verification: export!(detached_verification),
            blobs: export!(blobs),
            blob_signing: export!(blob_signing),
            detached_blob_signing: export!(detached_blob_signing),
            blob_verification: export!(blob_verification),
            store,
        })
    }

    /// Makes a new ECDSA P-256 key pair.
    pub async fn generate_key_pair(&mut self, password: &[u8]) -> Result<KeyPair, HostError> {
        let keys = exported(&self.keys, "keys")?;
        let answer = keys.call_generate(&mut self.store, password).await;
        answer.map_err(HostError::trap)?.map_err(HostError::Key)
    }

    /// Makes a key pair of a plain private key in PEM.
    pub async fn import_key_pair(
        &mut self,
        pem: &[u8],
        password: &[u8],
    ) -> Result<KeyPair, HostError> {
        let keys = exported(&self.keys, "keys")?;
        let answer = keys.call_import_pem(&mut self.store, pem, password).await;
        answer.map_err(HostError::trap)?.map_err(HostError::Key)
    }

    /// Reads a public key.
    pub async fn read_public_key(&mut self, pem: &[u8]) -> Result<PublicKeyInfo, HostError> {
        let keys = exported(&self.keys, "keys")?;
        let answer = keys.call_read_public_key(&mut self.store, pem).await;
        answer.map_err(HostError::trap)?.map_err(HostError::Key)
    }

    /// Opens an encrypted private key: the slow step, once for any number of signatures.
    pub async fn open_key(
        &mut self,
        file: &[u8],
        password: &[u8],
    ) -> Result<PrivateKey, HostError> {
        let keys = exported(&self.keys, "keys")?;
        let answer = keys
            .private_key()
            .call_open(&mut self.store, file, password)
            .await;
        Ok(PrivateKey(
            answer.map_err(HostError::trap)?.map_err(HostError::Key)?,
        ))
    }

    /// The public key of an open key.
    pub async fn public_key(&mut self, key: PrivateKey) -> Result<PublicKeyInfo, HostError> {
        let keys = exported(&self.keys, "keys")?;
        let answer = keys
            .private_key()
            .call_public_key(&mut self.store, key.0)
            .await;
        answer.map_err(HostError::trap)
    }

    /// Closes a key: the component wipes it.
    pub async fn close_key(&mut self, key: PrivateKey) -> Result<(), HostError> {
        key.0
            .resource_drop_async(&mut self.store)
            .await
            .map_err(HostError::trap)
    }

    /// The bytes of a simple-signing payload.
    pub async fn create_payload(
        &mut self,
        content: &SimpleSigning,
    ) -> Result<Result<Vec<u8>, PayloadError>, HostError> {
        let payload = exported(&self.payload, "payload")?;
        payload
            .call_create(&mut self.store, content)
            .await
            .map_err(HostError::trap)
    }

    /// Reads a payload. It proves nothing.
    pub async fn parse_payload(
        &mut self,
        bytes: &[u8],
    ) -> Result<Result<SimpleSigning, PayloadError>, HostError> {
        let payload = exported(&self.payload, "payload")?;
        payload
            .call_parse(&mut self.store, bytes)
            .await
            .map_err(HostError::trap)
    }

    /// Reads a policy, once for any number of images.
    pub async fn read_policy(&mut self, rules: &Rules) -> Result<Policy, HostError> {
        let policy = exported(&self.policy, "policy")?;
        let answer = policy.policy().call_create(&mut self.store, rules).await;
        Ok(Policy(
            answer
                .map_err(HostError::trap)?
                .map_err(HostError::Policy)?,
        ))
    }

    /// Signs images: a result for each manifest that was to be signed.
    pub async fn sign_images(
        &mut self,
        signer: Signer,
        references: &[String],
        options: &Options,
    ) -> Result<Vec<SigningResult>, HostError> {
        let signing = exported(&self.signing, "signing")?;
        let answer = signing
            .call_sign_images(&mut self.store, &signer, references, options)
            .await;
        answer.map_err(HostError::trap)
    }

    /// Attests something of images: a result for each manifest that was to be attested.
    pub async fn attest_images(
        &mut self,
        signer: Signer,
        references: &[String],
        predicate: &Predicate,
        options: &Options,
    ) -> Result<Vec<SigningResult>, HostError> {
        let signing = exported(&self.signing, "signing")?;
        let answer =
            signing.call_attest_images(&mut self.store, &signer, references, predicate, options);
        answer.await.map_err(HostError::trap)
    }

    /// Attaches a signature that was made elsewhere.
    pub async fn attach_signature(
        &mut self,
        signature: &ForeignSignature,
        signature_repository: Option<&str>,
    ) -> Result<Result<Attached, SigningError>, HostError> {
        let signing = exported(&self.signing, "signing")?;
        let answer = signing
            .call_attach_signature(&mut self.store, signature, signature_repository)
            .await;
        answer.map_err(HostError::trap)
    }

    /// Verifies images in their registries: one result for each reference.
    pub async fn verify_images(
        &mut self,
        policy: Policy,
        references: &[String],
        options: &VerificationOptions,
    ) -> Result<Vec<Result<VerifiedImage, VerificationError>>, HostError> {
        let verification = exported(&self.verification, "verification")?;
        let answer = verification
            .call_verify_images(&mut self.store, policy.0, references, options)
            .await;
        answer.map_err(HostError::trap)
    }

    /// Verifies images by their attestations with a predicate of this type: one result for each
    /// reference.
    pub async fn verify_attestations(
        &mut self,
        policy: Policy,
        predicate_type: &str,
        references: &[String],
        options: &VerificationOptions,
    ) -> Result<Vec<Result<VerifiedImage, VerificationError>>, HostError> {
        let verification = exported(&self.verification, "verification")?;
        let store = &mut self.store;
        let answer = verification
            .call_verify_attestations(store, policy.0, predicate_type, references, options)
            .await;
        answer.map_err(HostError::trap)
    }

    /// Verifies signatures that the host holds.
    pub async fn verify_detached(
        &mut self,
        policy: Policy,
        reference: &str,
        signatures: &[DetachedSignature],
    ) -> Result<Result<VerifiedImage, VerificationError>, HostError> {
        let verification = exported(&self.detached_verification, "detached-verification")?;
        let answer =
            verification.call_verify_detached(&mut self.store, policy.0, reference, signatures);
        answer.await.map_err(HostError::trap)
    }

    /// Signs bytes as they are.
    pub async fn sign_payload(
        &mut self,
        key: PrivateKey,
        payload: &[u8],
    ) -> Result<Result<Vec<u8>, DetachedSigningError>, HostError> {
        let signing = exported(&self.detached_signing, "detached-signing")?;
        let answer = signing
            .call_sign_payload(&mut self.store, key.0, payload)
            .await;
        answer.map_err(HostError::trap)
    }

    /// The image that holds these signatures, ready to be pushed.
    pub async fn build_signature_image(
        &mut self,
        digest: &str,
        signatures: &[PayloadSignature],
    ) -> Result<Result<SignatureImage, DetachedSigningError>, HostError> {
        let signing = exported(&self.detached_signing, "detached-signing")?;
        let answer = signing
            .call_build_signature_image(&mut self.store, digest, signatures)
            .await;
        answer.map_err(HostError::trap)
    }
}

fn exported<T: Clone>(export: &Option<T>, name: &'static str) -> Result<T, HostError> {
    export.clone().ok_or(HostError::NotExported(name))
}
