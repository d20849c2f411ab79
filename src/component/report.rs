use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::bindings::cosignet::signing::types::{
    LogError as WitLogError, Predicate, RegistryError as WitRegistryError,
};
use super::bindings::exports::cosignet::signing::report as wit;
use super::payload::annotations;
use crate::imports::{LogServiceError, RegistryError};
use crate::log;
use crate::oci::Digest;
use crate::verify;

impl From<verify::VerifiedImage> for wit::VerifiedImage {
    fn from(image: verify::VerifiedImage) -> Self {
        let (repository, digest) = (image.repository().to_string(), image.digest().to_string());
        let (reports, manifests) = image.into_reports();
        Self {
            repository,
            digest,
            signatures: signatures(reports),
            manifests: manifests.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<verify::VerifiedManifest> for wit::VerifiedManifest {
    fn from(manifest: verify::VerifiedManifest) -> Self {
        Self {
            digest: manifest.digest().to_string(),
            platform: manifest.platform().map(String::from),
            signatures: signatures(manifest.into_signatures()),
        }
    }
}

impl From<verify::UnverifiedImage> for wit::UnverifiedImage {
    fn from(image: verify::UnverifiedImage) -> Self {
        Self {
            repository: image.repository.to_string(),
            digest: image.digest.to_string(),
            required: number(image.required),
            counted: number(image.counted),
            signatures: signatures(image.signatures),
        }
    }
}

impl From<verify::UnverifiedIndex> for wit::UnverifiedIndex {
    fn from(index: verify::UnverifiedIndex) -> Self {
        let manifest = |manifest: verify::ManifestReport| wit::ManifestReport {
            digest: manifest.digest.to_string(),
            platform: manifest.platform,
            outcome: outcome(manifest.outcome),
        };
        Self {
            repository: index.repository.to_string(),
            digest: index.digest.to_string(),
            index: outcome(*index.own),
            manifests: index.manifests.into_iter().map(manifest).collect(),
        }
    }
}

fn outcome(
    outcome: Result<verify::VerifiedImage, verify::VerificationError>,
) -> wit::ManifestOutcome {
    use verify::VerificationError as Core;
    match outcome {
        Ok(image) => wit::ManifestOutcome::Verified(signatures(image.into_reports().0)),
        Err(Core::NoMatch(image)) => wit::ManifestOutcome::NoMatch(signatures(image.signatures)),
        Err(error @ (Core::NoSignatures(_) | Core::NoAttestations(_))) => {
            wit::ManifestOutcome::NoSignatures(error.to_string())
        }
        Err(error) => wit::ManifestOutcome::Failed(error.to_string()),
    }
}

impl From<verify::VerificationError> for wit::VerificationError {
    fn from(error: verify::VerificationError) -> Self {
        use verify::VerificationError as Core;
        let words = error.to_string();
        match error {
            Core::InvalidReference(_) | Core::DigestRequired(_) => Self::InvalidReference(words),
            Core::ImageNotFound(_) => Self::ImageNotFound(words),
            Core::NoSignatures(_) | Core::NoAttestations(_) => Self::NoSignatures(words),
            Core::NoMatch(image) => Self::NoMatch(image.into()),
            Core::Manifests(index) => Self::Manifests(index.into()),
            Core::InvalidOption(_) => Self::InvalidOption(words),
            Core::Registry(error) => Self::Registry(error.into()),
            Core::UntrustedAnswer(_) => Self::UntrustedAnswer(words),
            Core::LimitExceeded(_) => Self::LimitExceeded(words),
        }
    }
}

impl From<&verify::Rejection> for wit::Rejection {
    fn from(rejection: &verify::Rejection) -> Self {
        use verify::Rejection as Core;
        let words = rejection.to_string();
        match rejection {
            Core::LayerMalformed(_) => Self::LayerMalformed(words),
            Core::OtherMediaType(found) => Self::OtherMediaType(found.clone()),
            Core::SignatureMissing => Self::SignatureMissing(words),
            Core::SignatureMalformed(_) => Self::SignatureMalformed(words),
            Core::PayloadUnavailable(error) => Self::PayloadUnavailable(error.clone().into()),
            Core::PayloadAltered(_) => Self::PayloadAltered(words),
            Core::PayloadTooLarge { .. } => Self::PayloadTooLarge(words),
            Core::NoTrustedKey => Self::NoTrustedKey,
            Core::ContentNeeded(_) => Self::ContentNeeded(words),
            Core::NotLogged => Self::NotLogged(words),
            Core::LogEntry(_) => Self::BadLogEntry(words),
            Core::LogUnavailable(error) => Self::LogUnavailable(error.clone().into()),
            Core::TooFewWitnesses { .. } => Self::TooFewWitnesses(words),
            Core::KeyOutsideValidity(_) => Self::KeyOutsideValidity(words),
            Core::PayloadMalformed(_) => Self::PayloadMalformed(words),
            Core::OtherPredicate(kind) => Self::OtherPredicate(kind.clone()),
            Core::OtherImage(digest) => Self::OtherImage(digest.to_string()),
            Core::OtherBlob(other) => Self::OtherBlob(other.clone()),
            Core::AnnotationMismatch(key) => Self::AnnotationMismatch(key.clone()),
            Core::OtherIdentity(named) => Self::OtherIdentity(named.clone()),
        }
    }
}

impl From<RegistryError> for WitRegistryError {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::NotFound(words) => Self::NotFound(words),
            RegistryError::Denied(words) => Self::Denied(words),
            RegistryError::Unavailable(words) => Self::Unavailable(words),
            RegistryError::TooLarge(words) => Self::TooLarge(words),
            RegistryError::Invalid(words) => Self::Invalid(words),
            RegistryError::Unsupported(words) => Self::Unsupported(words),
            RegistryError::Other(words) => Self::Other(words),
        }
    }
}

impl From<LogServiceError> for WitLogError {
    fn from(error: LogServiceError) -> Self {
        use LogServiceError as Core;
        match error {
            Core::NotFound(words) => Self::NotFound(words),
            Core::Denied(words) => Self::Denied(words),
            Core::Unavailable(words) => Self::Unavailable(words),
            Core::Refused(words) => Self::Refused(words),
            Core::TooLarge(words) => Self::TooLarge(words),
            Core::Invalid(words) => Self::Invalid(words),
            Core::Unsupported(words) => Self::Unsupported(words),
            Core::Other(words) => Self::Other(words),
        }
    }
}

pub(super) fn signatures(reports: Vec<verify::SignatureReport>) -> Vec<wit::SignatureReport> {
    reports
        .into_iter()
        .map(|report| wit::SignatureReport {
            index: number(report.index),
            format: match report.format {
                verify::SignatureFormat::SimpleSigning => wit::SignatureFormat::SimpleSigning,
                verify::SignatureFormat::Bundle => wit::SignatureFormat::Bundle,
                verify::SignatureFormat::Envelope => wit::SignatureFormat::Envelope,
                verify::SignatureFormat::Detached => wit::SignatureFormat::Detached,
            },
            payload_digest: report.payload_digest.map(|digest| digest.to_string()),
            verdict: match report.verdict {
                verify::Verdict::Counted(signature) => wit::Verdict::Counted(verified(signature)),
                verify::Verdict::Rejected(rejection) => wit::Verdict::Rejected((&rejection).into()),
            },
        })
        .collect()
}

/// What may be large is moved, not copied.
fn verified(signature: verify::VerifiedSignature) -> wit::VerifiedSignature {
    let mut verified = wit::VerifiedSignature {
        key_fingerprint: hex(signature.key_fingerprint()),
        key_index: number(signature.key_index()),
        docker_reference: signature.docker_reference().map(String::from),
        annotations: annotations(signature.annotations()),
        payload: Vec::new(),
        predicate: None,
        signature: signature.signature().to_vec(),
        log: signature.log().map(Into::into),
        log_annotation: signature.log_annotation().map(String::from),
    };
    let (payload, predicate) = signature.into_content();
    verified.payload = payload;
    verified.predicate = predicate.map(|predicate| Predicate {
        predicate_type: predicate.predicate_type,
        content: predicate.content,
    });
    verified
}

impl From<&log::VerifiedEntry> for wit::LoggedEntry {
    fn from(entry: &log::VerifiedEntry) -> Self {
        Self {
            log_id: entry.log_id().to_string(),
            log_index: entry.log_index(),
            integrated_time: entry.integrated_time(),
            evidence: match entry.evidence() {
                log::Evidence::SignedEntryTimestamp => wit::LogEvidence::SignedEntryTimestamp,
                log::Evidence::InclusionProof => wit::LogEvidence::InclusionProof,
                log::Evidence::Both => wit::LogEvidence::Both,
            },
            witnesses: number(entry.witnesses()),
        }
    }
}

fn hex(bytes: &[u8; 32]) -> String {
    Digest::from(*bytes).hex().to_string()
}

pub(super) fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
