use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::detached::decode_annotation;
use super::judge::{Candidate, FoundEntry, Judged, VerifiedSignature, bundled_entries};
use super::policy::{Formats, Policy};
use super::referrers;
use super::report::{
    Rejection, SignatureFormat, SignatureReport, Verdict, VerificationError, VerifiedImage,
};
use crate::bundle::{Bundle, Content};
use crate::fetch::{
    Answers, BlobError, Blobs, FetchError, MAX_PAYLOADS_SIZE, ResolveError, SIDE_BY_SIDE, Target,
    blob_request, only, read_blobs, read_signatures, resolve, side_by_side, signatures_request,
};
use crate::imports::{Registry, RegistryError, SearchRequest, TransparencyLog};
use crate::log::{LogEntry, MAX_ENTRIES_SIZE};
use crate::oci::{Descriptor, Digest, Layer, Repository, media_type};

/// Verifies images by the signatures that are attached to them: one result for each reference.
pub fn verify_images<R: Registry>(
    registry: &mut R,
    policy: &Policy,
    references: &[String],
    signature_repository: Option<&Repository>,
) -> Vec<Result<VerifiedImage, VerificationError>> {
    verify_all(registry, Offline, policy, references, signature_repository)
}

/// The same; where a log entry is required and none is stored with a signature, the log is asked
/// for one.
pub fn verify_images_with_log<R: Registry>(
    registry: &mut R,
    log: &mut dyn TransparencyLog,
    policy: &Policy,
    references: &[String],
    signature_repository: Option<&Repository>,
) -> Vec<Result<VerifiedImage, VerificationError>> {
    let log = Some(log);
    verify_all(registry, log, policy, references, signature_repository)
}

pub(crate) fn verify_all<R: Registry, L: LookUp>(
    registry: &mut R,
    mut log: L,
    policy: &Policy,
    references: &[String],
    place: Option<&Repository>,
) -> Vec<Result<VerifiedImage, VerificationError>> {
    let mut results = Vec::with_capacity(references.len());
    for chunk in references.chunks(SIDE_BY_SIDE) {
        results.extend(verify_chunk(registry, &mut log, policy, chunk, place));
    }
    results
}

fn verify_chunk<R: Registry, L: LookUp>(
    registry: &mut R,
    log: &mut L,
    policy: &Policy,
    references: &[String],
    signature_repository: Option<&Repository>,
) -> Vec<Result<VerifiedImage, VerificationError>> {
    let place = |target: &Target| signature_repository.unwrap_or(&target.repository).clone();
    let targets: Vec<Result<Target, VerificationError>> = resolve(registry, references)
        .into_iter()
        .map(|target| target.map_err(VerificationError::from))
        .collect();
    let going: Vec<&Target> = targets.iter().flatten().collect();
    let mut layers = match policy.formats() {
        Formats::Any | Formats::SimpleSigning => find_layers(registry, policy, &going, place),
        Formats::Bundles => Vec::new(),
    }
    .into_iter();
    let mut bundles = match policy.formats() {
        Formats::Any | Formats::Bundles => referrers::find(registry, policy, &going, place),
        Formats::SimpleSigning => Vec::new(),
    }
    .into_iter();
    let mut found: Vec<Result<Found, VerificationError>> = targets
        .into_iter()
        .map(|target| {
            let target = target?;
            // Both are taken, whatever becomes of one: the next image's are behind them.
            let layers = layers.next().unwrap_or(Ok(Vec::new()));
            let bundles = bundles.next().unwrap_or(Ok(Vec::new()));
            Found::new(policy, target, both(layers, bundles)?)
        })
        .collect();
    while found
        .iter()
        .flatten()
        .any(|found| !found.payloads.is_empty())
    {
        side_by_side(
            &mut found,
            |found, requests| {
                let place = place(&found.target);
                let batch = found.batch().iter();
                requests.extend(batch.map(|payload| blob_request(&place, payload)));
            },
            |requests| registry.fetch_blobs(&requests),
            |found, answers| {
                found.judge_batch(policy, answers, log);
                Ok(())
            },
        );
    }
    found
        .into_iter()
        .map(|found| found?.conclude(policy))
        .collect()
}

type Gathered = Result<Vec<Examined>, VerificationError>;

/// The signatures of both formats. What cannot be read of one does not hide those of the other.
fn both(layers: Gathered, bundles: Gathered) -> Gathered {
    use SignatureFormat::{Bundle, SimpleSigning};
    let unreadable = |format, why| {
        let why = Rejection::LayerMalformed(why);
        Examined::rejected(format, None, why)
    };
    match (layers, bundles) {
        (Ok(mut layers), Ok(bundles)) => {
            layers.extend(bundles);
            Ok(layers)
        }
        (Err(VerificationError::UntrustedAnswer(why)), Ok(mut bundles)) if !bundles.is_empty() => {
            bundles.insert(0, unreadable(SimpleSigning, why));
            Ok(bundles)
        }
        (Ok(mut layers), Err(VerificationError::UntrustedAnswer(why))) if !layers.is_empty() => {
            layers.push(unreadable(Bundle, why));
            Ok(layers)
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

/// The layers of the `.sig` image of each image.
fn find_layers<R: Registry>(
    registry: &mut R,
    policy: &Policy,
    targets: &[&Target],
    place: impl Fn(&Target) -> Repository,
) -> Vec<Gathered> {
    let limits = policy.limits();
    let requests = targets
        .iter()
        .map(|target| signatures_request(&place(target), &target.digest, limits.manifest_size, 0));
    let mut answers = Answers::to(requests.collect(), |requests| {
        registry.fetch_manifests(&requests)
    });
    targets
        .iter()
        .map(|_| {
            let found = read_signatures(answers.one(), limits.manifest_size)?;
            let layers = found.as_ref().map(|found| found.image.layers());
            Ok(Examined::all(
                layers.unwrap_or_default(),
                limits.payload_size,
            ))
        })
        .collect()
}

/// An image and the signatures that were found, judged as far as their payloads have come.
struct Found {
    target: Target,
    layers: Vec<Examined>,
    /// The payloads that are still to be fetched, each once.
    payloads: Vec<Descriptor>,
}

/// A signature on its way to a verdict.
pub(super) struct Examined {
    format: SignatureFormat,
    payload_digest: Option<Digest>,
    state: State,
}

enum State {
    /// Its payload, or its bundle, is to be fetched.
    Waiting(Stored),
    Judged(Verdict),
}

/// What is known of a signature before its blob is fetched.
struct Stored {
    /// The payload, or the bundle.
    blob: Descriptor,
    /// What a layer says beside its payload; a bundle holds all of it.
    layer: Option<LayerSignature>,
}

struct LayerSignature {
    signature: Vec<u8>,
    log_entry: Option<String>,
}

impl Found {
    fn new(
        policy: &Policy,
        target: Target,
        layers: Vec<Examined>,
    ) -> Result<Self, VerificationError> {
        if layers.is_empty() {
            return Err(VerificationError::NoSignatures(format!(
                "{}@{}",
                target.repository, target.digest
            )));
        }
        let most = policy.limits().signatures;
        if layers.len() > most {
            return Err(VerificationError::LimitExceeded(format!(
                "{} signatures are attached to {}; the policy looks at {most}",
                layers.len(),
                target.digest,
            )));
        }
        let mut payloads = Vec::<Descriptor>::new();
        for layer in &layers {
            if let State::Waiting(stored) = &layer.state
                && !payloads.contains(&stored.blob)
            {
                payloads.push(stored.blob.clone());
            }
        }
        Ok(Self {
            target,
            layers,
            payloads,
        })
    }

    /// The payloads to fetch next: as many as may be held at a time, so that no number of
    /// neighbours costs more memory, or hides a good signature.
    fn batch(&self) -> &[Descriptor] {
        let mut total = 0;
        let count = self
            .payloads
            .iter()
            .take_while(|payload| {
                total += payload.size;
                total <= MAX_PAYLOADS_SIZE
            })
            .count();
        self.payloads.get(..count.max(1)).unwrap_or_default()
    }

    fn judge_batch(
        &mut self,
        policy: &Policy,
        answers: Vec<Result<Vec<u8>, RegistryError>>,
        log: &mut impl LookUp,
    ) {
        let blobs = read_blobs(self.batch(), answers);
        let judged = Judged {
            policy,
            repository: &self.target.repository,
            digest: self.target.digest,
        };
        for layer in &mut self.layers {
            layer.judge(&judged, &blobs, log);
        }
        self.payloads.retain(|payload| blobs.get(payload).is_none());
    }

    fn conclude(self, policy: &Policy) -> Result<VerifiedImage, VerificationError> {
        let Target { repository, digest } = self.target;
        let reports = self
            .layers
            .into_iter()
            .enumerate()
            .map(|(index, layer)| SignatureReport {
                index,
                format: layer.format,
                payload_digest: layer.payload_digest,
                verdict: match layer.state {
                    State::Judged(verdict) => verdict,
                    State::Waiting(..) => Verdict::Rejected(Rejection::PayloadUnavailable(
                        RegistryError::Invalid("it was not fetched".into()),
                    )),
                },
            })
            .collect();
        VerifiedImage::judge(policy.required(), repository, digest, reports)
    }
}

impl Examined {
    /// The layers of an image with signatures.
    pub(super) fn all(layers: &[Layer], payload_limit: u64) -> Vec<Self> {
        let layers = layers.iter();
        layers
            .map(|layer| Self::read(layer, payload_limit))
            .collect()
    }

    fn read(layer: &Layer, payload_limit: u64) -> Self {
        let payload_digest = layer
            .content()
            .ok()
            .map(|content| content.descriptor.digest);
        let state = match candidate(layer, payload_limit) {
            Ok(stored) => State::Waiting(stored),
            Err(rejection) => State::Judged(Verdict::Rejected(rejection)),
        };
        Self {
            format: SignatureFormat::SimpleSigning,
            payload_digest,
            state,
        }
    }

    /// A bundle that is to be fetched.
    pub(super) fn waiting_bundle(blob: Descriptor) -> Self {
        Self {
            format: SignatureFormat::Bundle,
            payload_digest: Some(blob.digest),
            state: State::Waiting(Stored { blob, layer: None }),
        }
    }

    /// One that does not count, whatever its blob is.
    pub(super) fn rejected(
        format: SignatureFormat,
        payload_digest: Option<Digest>,
        why: Rejection,
    ) -> Self {
        Self {
            format,
            payload_digest,
            state: State::Judged(Verdict::Rejected(why)),
        }
    }

    fn judge(&mut self, judged: &Judged<'_>, blobs: &Blobs, log: &mut impl LookUp) {
        let State::Waiting(stored) = &self.state else {
            return;
        };
        let Some(blob) = blobs.get(&stored.blob) else {
            return;
        };
        let verdict = match blob {
            Ok(blob) => match &stored.layer {
                Some(layer) => judge_layer(judged, blob.as_bytes(), layer, log),
                None => judge_bundle(judged, blob.as_bytes(), log),
            },
            Err(BlobError::Altered(why)) => Err(Rejection::PayloadAltered(why.clone())),
            Err(BlobError::Registry(error)) => Err(Rejection::PayloadUnavailable(error.clone())),
        };
        self.state = State::Judged(verdict.map_or_else(Verdict::Rejected, Verdict::Counted));
    }
}

fn judge_layer(
    judged: &Judged<'_>,
    payload: &[u8],
    layer: &LayerSignature,
    log: &mut impl LookUp,
) -> Result<VerifiedSignature, Rejection> {
    let entry = layer.log_entry.as_deref().map(str::as_bytes);
    let found = Candidate {
        message: payload.into(),
        dsse_payload: None,
        signature: &layer.signature,
        log_entry: entry.map(FoundEntry::Stored),
    };
    match judged.judge(&found) {
        Err(Rejection::NotLogged) => log.look_up(judged, found, &|found| judged.judge(found)),
        verdict => verdict,
    }
}

fn judge_bundle(
    judged: &Judged<'_>,
    bytes: &[u8],
    log: &mut impl LookUp,
) -> Result<VerifiedSignature, Rejection> {
    let malformed = |why: String| Rejection::LayerMalformed(format!("bundle: {why}"));
    let bundle = Bundle::parse(bytes).map_err(malformed)?;
    let Content::Dsse(envelope) = bundle.content else {
        return Err(malformed("it signs a message, and not a statement".into()));
    };
    let entries = bundled_entries(bundle.log_entries.as_deref())?;
    let pae = envelope.pae();
    let found = Candidate {
        message: (&pae).into(),
        dsse_payload: Some(&envelope.payload),
        signature: &envelope.signature,
        log_entry: Some(FoundEntry::Bundled(&entries)),
    };
    let judge = |found: &Candidate<'_>| judged.judge_statement(&envelope, found);
    match judge(&found) {
        Err(Rejection::NotLogged) => log.look_up(judged, found, &judge),
        verdict => verdict,
    }
}

type Judge<'a> = &'a dyn Fn(&Candidate<'_>) -> Result<VerifiedSignature, Rejection>;

/// Where an entry may come from that is required and is not stored with its signature.
pub(crate) trait LookUp {
    fn look_up(
        &mut self,
        judged: &Judged<'_>,
        found: Candidate<'_>,
        judge: Judge<'_>,
    ) -> Result<VerifiedSignature, Rejection>;
}

/// From nowhere: the code that asks is not even there.
pub(crate) struct Offline;

impl LookUp for Offline {
    fn look_up(
        &mut self,
        _: &Judged<'_>,
        _: Candidate<'_>,
        _: Judge<'_>,
    ) -> Result<VerifiedSignature, Rejection> {
        Err(Rejection::NotLogged)
    }
}

impl LookUp for Option<&mut dyn TransparencyLog> {
    /// One after the other: signatures that are logged and do not bear their entry are rare.
    fn look_up(
        &mut self,
        judged: &Judged<'_>,
        found: Candidate<'_>,
        judge: Judge<'_>,
    ) -> Result<VerifiedSignature, Rejection> {
        let (Some(log), Some(query)) = (self, judged.query(&found)) else {
            return Err(Rejection::NotLogged);
        };
        let request = SearchRequest {
            query: query.into_bytes(),
            max_size: MAX_ENTRIES_SIZE as u64,
        };
        let answer = only(log.search_entries(&[request])).map_err(Rejection::LogUnavailable)?;
        let entries = LogEntry::all_from_rekor_v1(&answer).map_err(Rejection::LogEntry)?;
        let mut verdict = Err(Rejection::NotLogged);
        for entry in &entries {
            verdict = judge(&Candidate {
                log_entry: Some(FoundEntry::LookedUp(entry)),
                ..found
            });
            if verdict.is_ok() {
                break;
            }
        }
        verdict
    }
}

/// A layer that is worth fetching: everything about it that can be seen in the manifest.
fn candidate(layer: &Layer, payload_limit: u64) -> Result<Stored, Rejection> {
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
        return Err(Rejection::PayloadTooLarge {
            size: content.descriptor.size,
            limit: payload_limit,
        });
    }
    Ok(Stored {
        blob: content.descriptor.clone(),
        layer: Some(LayerSignature {
            signature,
            log_entry: content.log_entry().map(String::from),
        }),
    })
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
            FetchError::Limit(why) => Self::LimitExceeded(why),
        }
    }
}
