use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::detached::decode_annotation;
use super::judge::{Judged, VerifiedSignature};
use super::policy::Policy;
use super::report::{Rejection, SignatureReport, Verdict, VerificationError, VerifiedImage};
use crate::fetch::{
    BlobError, Blobs, FetchError, FoundSignatures, MAX_PAYLOADS_SIZE, ResolveError, SIDE_BY_SIDE,
    Target, blob_request, only, read_blobs, read_signatures, resolve, side_by_side,
    signatures_request,
};
use crate::imports::{Registry, RegistryError, ServedManifest};
use crate::oci::{AttachedSignature, Descriptor, Layer, Repository, media_type};

/// Verifies images by the signatures that are attached to them: one result for each reference.
pub fn verify_images<R: Registry>(
    registry: &mut R,
    policy: &Policy,
    references: &[String],
    signature_repository: Option<&Repository>,
) -> Vec<Result<VerifiedImage, VerificationError>> {
    references
        .chunks(SIDE_BY_SIDE)
        .flat_map(|chunk| verify_chunk(registry, policy, chunk, signature_repository))
        .collect()
}

fn verify_chunk<R: Registry>(
    registry: &mut R,
    policy: &Policy,
    references: &[String],
    signature_repository: Option<&Repository>,
) -> Vec<Result<VerifiedImage, VerificationError>> {
    let targets = resolve(registry, references)
        .into_iter()
        .map(|target| target.map_err(VerificationError::from))
        .collect();
    let place = |target: &Target| signature_repository.unwrap_or(&target.repository).clone();
    let limit = policy.limits().manifest_size;
    let found = side_by_side(
        targets,
        |target| vec![signatures_request(&place(target), &target.digest, limit, 0)],
        |requests| registry.fetch_manifests(&requests),
        |target, answers| Found::read(policy, target, only(answers)),
    );
    side_by_side(
        found,
        |found: &Found| {
            let place = place(&found.target);
            found
                .payloads
                .iter()
                .map(|payload| blob_request(&place, payload))
                .collect()
        },
        |requests| registry.fetch_blobs(&requests),
        |found, answers| {
            let payloads = read_blobs(&found.payloads, answers);
            found.judge(policy, &payloads)
        },
    )
}

/// An image and the signatures that were found, payloads not fetched yet.
struct Found {
    target: Target,
    signatures: FoundSignatures,
    /// The payloads that are worth fetching, each once.
    payloads: Vec<Descriptor>,
}

impl Found {
    fn read(
        policy: &Policy,
        target: Target,
        answer: Result<ServedManifest, RegistryError>,
    ) -> Result<Self, VerificationError> {
        let limits = policy.limits();
        let none =
            || VerificationError::NoSignatures(format!("{}@{}", target.repository, target.digest));
        let signatures = read_signatures(answer, limits.manifest_size)?.ok_or_else(none)?;
        let layers = signatures.image.layers();
        if layers.is_empty() {
            return Err(none());
        }
        if layers.len() > limits.signatures {
            return Err(VerificationError::LimitExceeded(format!(
                "{} signatures are attached to {}; the policy looks at {}",
                layers.len(),
                target.digest,
                limits.signatures
            )));
        }
        let mut payloads = Vec::<Descriptor>::new();
        for layer in layers {
            if let Ok((content, _)) = candidate(layer, limits.payload_size)
                && !payloads.contains(&content.descriptor)
            {
                payloads.push(content.descriptor.clone());
            }
        }
        let total: u64 = payloads.iter().map(|payload| payload.size).sum();
        if total > MAX_PAYLOADS_SIZE {
            return Err(VerificationError::LimitExceeded(format!(
                "the payloads of {} come to {total} bytes; at most {MAX_PAYLOADS_SIZE} are fetched",
                target.digest
            )));
        }
        Ok(Self {
            target,
            signatures,
            payloads,
        })
    }

    fn judge(self, policy: &Policy, payloads: &Blobs) -> Result<VerifiedImage, VerificationError> {
        let Target { repository, digest } = self.target;
        let judged = Judged {
            policy,
            repository: &repository,
            digest,
        };
        let reports = self
            .signatures
            .image
            .layers()
            .iter()
            .enumerate()
            .map(|(index, layer)| SignatureReport {
                index,
                payload_digest: layer
                    .content()
                    .ok()
                    .map(|content| content.descriptor.digest),
                verdict: judge_layer(&judged, layer, payloads)
                    .map_or_else(Verdict::Rejected, Verdict::Counted),
            })
            .collect();
        VerifiedImage::judge(policy.required(), repository, digest, reports)
    }
}

fn judge_layer(
    judged: &Judged<'_>,
    layer: &Layer,
    payloads: &Blobs,
) -> Result<VerifiedSignature, Rejection> {
    let (content, signature) = candidate(layer, judged.policy.limits().payload_size)?;
    let descriptor = &content.descriptor;
    let payload = match payloads.get(&(descriptor.digest, descriptor.size)) {
        Some(Ok(payload)) => payload,
        Some(Err(BlobError::Altered(why))) => return Err(Rejection::PayloadAltered(why.clone())),
        Some(Err(BlobError::Registry(error))) => {
            return Err(Rejection::PayloadUnavailable(error.clone()));
        }
        None => return Err(Rejection::PayloadAltered("it was not fetched".into())),
    };
    judged.judge(payload.as_bytes(), &signature)
}

/// A layer that is worth fetching: everything about it that can be seen in the manifest.
fn candidate(
    layer: &Layer,
    payload_limit: u64,
) -> Result<(&AttachedSignature, Vec<u8>), Rejection> {
    let content = layer
        .content()
        .map_err(|why| Rejection::LayerMalformed(why.to_string()))?;
    if content.descriptor.media_type != media_type::SIMPLE_SIGNING {
        let shown = content.descriptor.media_type.chars().take(120).collect();
        return Err(Rejection::OtherMediaType(shown));
    }
    let stored = content.signature().ok_or(Rejection::SignatureMissing)?;
    let signature = decode_annotation(stored).map_err(Rejection::SignatureMalformed)?;
    if content.descriptor.size > payload_limit {
        return Err(Rejection::PayloadMalformed(format!(
            "the payload has {} bytes; the limit is {payload_limit}",
            content.descriptor.size
        )));
    }
    Ok((content, signature))
}

impl From<ResolveError> for VerificationError {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Reference(error) => Self::InvalidReference(error),
            ResolveError::NotFound(reference) => Self::ImageNotFound(reference),
            ResolveError::Registry(error) => Self::Registry(error),
        }
    }
}

impl From<FetchError> for VerificationError {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Registry(error) => Self::Registry(error),
            FetchError::Untrusted(why) => Self::UntrustedAnswer(why),
        }
    }
}
