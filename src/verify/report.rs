use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::judge::VerifiedSignature;
use crate::imports::{LogServiceError, RegistryError};
use crate::key::Algorithm;
use crate::log::LogError;
use crate::oci::{Digest, InvalidReference, Repository};

/// An image that satisfies a policy; of an index that was verified with its manifests, so does each
/// of them.
#[derive(Debug)]
pub struct VerifiedImage {
    repository: Repository,
    digest: Digest,
    signatures: Vec<SignatureReport>,
    manifests: Vec<VerifiedManifest>,
}

/// A manifest that an index names, and that satisfies the policy as the index does.
#[derive(Debug)]
pub struct VerifiedManifest {
    digest: Digest,
    platform: Option<String>,
    signatures: Vec<SignatureReport>,
}

impl VerifiedManifest {
    /// Its digest.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// For what platform the index says that it is, such as `linux/arm64/v8`.
    pub fn platform(&self) -> Option<&str> {
        self.platform.as_deref()
    }

    /// Every signature that was found, counted or not.
    pub fn signatures(&self) -> &[SignatureReport] {
        &self.signatures
    }

    /// The same; payloads may be large.
    #[cfg_attr(
        not(target_family = "wasm"),
        expect(dead_code, reason = "of the component")
    )]
    pub(crate) fn into_signatures(self) -> Vec<SignatureReport> {
        self.signatures
    }
}

impl VerifiedImage {
    /// Counts what was found against what is required. The only way to a verified image.
    pub(super) fn judge(
        required: usize,
        repository: Repository,
        digest: Digest,
        signatures: Vec<SignatureReport>,
    ) -> Result<Self, VerificationError> {
        match count(required, &signatures) {
            Ok(()) => Ok(Self {
                repository,
                digest,
                signatures,
                manifests: Vec::new(),
            }),
            Err(counted) => Err(VerificationError::NoMatch(UnverifiedImage {
                repository,
                digest,
                required,
                counted,
                signatures,
            })),
        }
    }

    /// An index and what it names: all of it must be verified.
    pub(super) fn judge_index(
        repository: Repository,
        digest: Digest,
        own: Result<Self, VerificationError>,
        manifests: Vec<ManifestReport>,
    ) -> Result<Self, VerificationError> {
        if own.is_err() || manifests.iter().any(|manifest| manifest.outcome.is_err()) {
            let own = Box::new(own);
            return Err(VerificationError::Manifests(UnverifiedIndex {
                repository,
                digest,
                own,
                manifests,
            }));
        }
        let verified = manifests.into_iter().map(|manifest| {
            Ok(VerifiedManifest {
                digest: manifest.digest,
                platform: manifest.platform,
                signatures: manifest.outcome?.signatures,
            })
        });
        Ok(Self {
            manifests: verified.collect::<Result<_, VerificationError>>()?,
            ..own?
        })
    }

    /// The repository that was asked.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The one digest that was verified.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Every signature that was found, counted or not.
    pub fn signatures(&self) -> &[SignatureReport] {
        &self.signatures
    }

    /// What an index names, if that was verified too: each manifest once.
    pub fn manifests(&self) -> &[VerifiedManifest] {
        &self.manifests
    }

    /// The signatures, and those of the manifests; payloads may be large.
    #[cfg_attr(
        not(target_family = "wasm"),
        expect(dead_code, reason = "of the component")
    )]
    pub(crate) fn into_reports(self) -> (Vec<SignatureReport>, Vec<VerifiedManifest>) {
        (self.signatures, self.manifests)
    }
}

/// An index of which something does not satisfy the policy: itself, or a manifest that it names.
#[derive(Debug)]
pub struct UnverifiedIndex {
    /// The repository that was asked.
    pub repository: Repository,
    /// The digest of the index.
    pub digest: Digest,
    /// What became of the index itself.
    pub own: Box<Result<VerifiedImage, VerificationError>>,
    /// What became of each manifest.
    pub manifests: Vec<ManifestReport>,
}

impl UnverifiedIndex {
    /// How many manifests do not satisfy the policy.
    pub fn failed(&self) -> usize {
        let failed = self.manifests.iter();
        failed.filter(|manifest| manifest.outcome.is_err()).count()
    }
}

/// A manifest that an index names, and what became of it.
#[derive(Debug)]
pub struct ManifestReport {
    /// Its digest.
    pub digest: Digest,
    /// For what platform the index says that it is, such as `linux/arm64/v8`.
    pub platform: Option<String>,
    /// Whether it satisfies the policy.
    pub outcome: Result<VerifiedImage, VerificationError>,
}

/// An image whose signatures do not satisfy the policy.
#[derive(Debug)]
pub struct UnverifiedImage {
    /// The repository that was asked.
    pub repository: Repository,
    /// The digest that was judged.
    pub digest: Digest,
    /// How many distinct keys must have signed.
    pub required: usize,
    /// How many have.
    pub counted: usize,
    /// Every signature that was found.
    pub signatures: Vec<SignatureReport>,
}

/// A blob that satisfies a policy.
#[derive(Debug)]
pub struct VerifiedBlob {
    digest: Digest,
    signatures: Vec<SignatureReport>,
}

impl VerifiedBlob {
    /// Counts what was handed in against what is required. The only way to a verified blob.
    pub(super) fn judge(
        required: usize,
        digest: Digest,
        signatures: Vec<SignatureReport>,
    ) -> Result<Self, BlobVerificationError> {
        match count(required, &signatures) {
            Ok(()) => Ok(Self { digest, signatures }),
            Err(counted) => Err(BlobVerificationError::NoMatch(UnverifiedBlob {
                digest,
                required,
                counted,
                signatures,
            })),
        }
    }

    /// The SHA-256 digest of what was verified.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Every signature that was handed in, counted or not.
    pub fn signatures(&self) -> &[SignatureReport] {
        &self.signatures
    }

    /// The same, which may be large.
    #[cfg_attr(
        not(target_family = "wasm"),
        expect(dead_code, reason = "of the component")
    )]
    pub(crate) fn into_signatures(self) -> Vec<SignatureReport> {
        self.signatures
    }
}

/// A blob whose signatures do not satisfy the policy.
#[derive(Debug)]
pub struct UnverifiedBlob {
    /// The SHA-256 digest of the blob.
    pub digest: Digest,
    /// How many distinct keys must have signed.
    pub required: usize,
    /// How many have.
    pub counted: usize,
    /// Every signature that was handed in.
    pub signatures: Vec<SignatureReport>,
}

/// Whether as many keys as are required, and at least one, made signatures that count: two by one key
/// count once. If not, how many did.
fn count(required: usize, signatures: &[SignatureReport]) -> Result<(), usize> {
    let verified = signatures.iter().filter_map(SignatureReport::verified);
    let mut keys = Vec::new();
    for key in verified.map(VerifiedSignature::key_index) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    match keys.len() {
        counted if counted >= required && counted != 0 => Ok(()),
        counted => Err(counted),
    }
}

/// One signature that was found.
#[derive(Debug)]
pub struct SignatureReport {
    /// Its place among those that were found.
    pub index: usize,
    /// The form in which it is stored.
    pub format: SignatureFormat,
    /// The digest of the payload, or of the bundle, as far as one is known; of blobs, of what was
    /// handed in.
    pub payload_digest: Option<Digest>,
    /// Whether it counts.
    pub verdict: Verdict,
}

impl SignatureReport {
    /// The signature, if it counts.
    pub fn verified(&self) -> Option<&VerifiedSignature> {
        match &self.verdict {
            Verdict::Counted(signature) => Some(signature),
            Verdict::Rejected(_) => None,
        }
    }
}

/// The form in which a signature is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureFormat {
    /// Simple signing in a `.sig` image, or handed in.
    SimpleSigning,
    /// A sigstore bundle.
    Bundle,
    /// A statement in an envelope in an `.att` image.
    Envelope,
    /// A signature of a blob or an envelope, handed in as it is or in cosign's old bundle.
    Detached,
}

/// Whether a signature counts.
#[derive(Debug)]
pub enum Verdict {
    /// It does.
    Counted(VerifiedSignature),
    /// It does not.
    Rejected(Rejection),
}

/// Why a signature does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The layer cannot be read.
    #[error("the layer is malformed: {0}")]
    LayerMalformed(String),
    /// The layer is something else.
    #[error("a layer of another type: {0:?}")]
    OtherMediaType(String),
    /// No signature is stored with the payload.
    #[error("the layer has no signature annotation")]
    SignatureMissing,
    /// What is stored is no signature.
    #[error("the signature is malformed: {0}")]
    SignatureMalformed(String),
    /// The payload could not be fetched.
    #[error("the payload could not be fetched: {0}")]
    PayloadUnavailable(RegistryError),
    /// The payload is not what the layer says.
    #[error("the payload was altered: {0}")]
    PayloadAltered(String),
    /// The payload is longer than the policy's limit.
    #[error("the payload has {size} bytes; the limit is {limit}")]
    PayloadTooLarge {
        /// Bytes that the layer says, or that were handed in.
        size: u64,
        /// The policy's limit.
        limit: u64,
    },
    /// None of the trusted keys made it.
    #[error("made by none of the trusted keys, or over other bytes")]
    NoTrustedKey,
    /// None of the trusted keys is known to have made it; one that is might have, over more than is
    /// known of the blob.
    #[error(
        "made by none of the trusted keys, as far as can be told without the content of the blob, \
         which was not handed over or is too large to be kept: {0} keys sign more than SHA-256"
    )]
    ContentNeeded(Algorithm),
    /// The policy requires a log entry, and none is stored with the signature.
    #[error("signed by a trusted key, but no log entry is stored with the signature")]
    NotLogged,
    /// The log entry that is stored with the signature does not show that it was logged.
    #[error("signed by a trusted key, but {0}")]
    LogEntry(LogError),
    /// No log entry is stored with the signature, and the log that was asked for one did not
    /// answer.
    #[error("signed by a trusted key, but the transparency log could not be asked: {0}")]
    LogUnavailable(LogServiceError),
    /// Too few of the trusted witnesses cosigned the log's checkpoint.
    #[error("{found} of {required} required witnesses cosigned the log's checkpoint")]
    TooFewWitnesses {
        /// How many must have.
        required: usize,
        /// How many have.
        found: usize,
    },
    /// The key was not trusted when the signature was logged, or nothing says when that was.
    #[error(
        "signed by a trusted key, but {}",
        .0.map_or("no log says when".into(), |time| alloc::format!(
            "outside its window of trust, at {time} seconds since 1970"
        ))
    )]
    KeyOutsideValidity(Option<i64>),
    /// A trusted key signed something else than a payload.
    #[error("signed by a trusted key, but {0}")]
    PayloadMalformed(String),
    /// A statement of another kind than is looked for: the type of its predicate.
    #[error("not what is looked for but a statement of type {0}")]
    OtherPredicate(String),
    /// A trusted key signed another image.
    #[error("signed by a trusted key, but for another image: {0}")]
    OtherImage(Digest),
    /// It is of another blob.
    #[error("it is of another blob: {0}")]
    OtherBlob(String),
    /// A required annotation is absent or different.
    #[error("missing or different annotation: {0}")]
    AnnotationMismatch(String),
    /// The signer named another repository.
    #[error("signed for another repository: {0}")]
    OtherIdentity(String),
}

/// Why an image is not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerificationError {
    /// Not a reference.
    #[error(transparent)]
    InvalidReference(#[from] InvalidReference),
    /// A signature was handed in without saying for which digest.
    #[error("{0} names no digest, and there is no registry to ask")]
    DigestRequired(String),
    /// The tag or the repository does not exist.
    #[error("image not found: {0}")]
    ImageNotFound(String),
    /// The image has no signatures.
    #[error("no signatures found for {0}")]
    NoSignatures(String),
    /// The image has no attestations.
    #[error("no attestations found for {0}")]
    NoAttestations(String),
    /// Too few signatures count.
    #[error(
        "no matching signatures: {} of {} required keys have signed {}",
        .0.counted, .0.required, .0.digest
    )]
    NoMatch(UnverifiedImage),
    /// Not all of an index satisfies the policy.
    #[error(
        "{} of the {} manifests of {} do not satisfy the policy{}",
        .0.failed(), .0.manifests.len(), .0.digest,
        if .0.own.is_err() { ", nor does the index itself" } else { "" }
    )]
    Manifests(UnverifiedIndex),
    /// An option cannot be met; says which.
    #[error("{0}")]
    InvalidOption(String),
    /// The registry did not answer.
    #[error("{0}")]
    Registry(RegistryError),
    /// The registry holds something else than it should.
    #[error("{0}")]
    UntrustedAnswer(String),
    /// There is more than the limits allow.
    #[error("{0}")]
    LimitExceeded(String),
}

/// Why a blob is not verified.
#[derive(Debug, thiserror::Error)]
pub enum BlobVerificationError {
    /// No signature was handed in.
    #[error("no signature was handed in")]
    NoSignatures,
    /// Too few signatures count.
    #[error(
        "no matching signatures: {} of {} required keys have signed {}",
        .0.counted, .0.required, .0.digest
    )]
    NoMatch(UnverifiedBlob),
    /// There is more than the limits allow.
    #[error("{0}")]
    LimitExceeded(String),
}
