use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::detached::decode_annotation;
use super::judge::{Candidate, FoundEntry, Judged, VerifiedSignature, bundled_entries};
use super::look_up::LookUp;
use super::policy::Limits;
use super::report::{Rejection, SignatureFormat, SignatureReport, Verdict};
use super::wanted::Wanted;
use crate::bundle::{Bundle, Content};
use crate::fetch::{BlobError, Blobs};
use crate::imports::RegistryError;
use crate::oci::{Descriptor, Digest, Layer};
use crate::payload::Envelope;

/// A signature or an attestation on its way to a verdict.
pub(super) struct Examined {
    format: SignatureFormat,
    payload_digest: Option<Digest>,
    state: State,
}

enum State {
    /// Its blob is to be fetched.
    Waiting(Stored),
    Judged(Verdict),
}

/// What is known of a signature before its blob is fetched.
struct Stored {
    blob: Descriptor,
    form: Form,
}

/// What a blob is, and what a layer says beside it.
enum Form {
    /// A simple-signing payload.
    Payload {
        signature: Vec<u8>,
        log_entry: Option<String>,
    },
    /// An envelope, which holds its signature.
    Envelope { log_entry: Option<String> },
    /// A bundle, which holds all of it.
    Bundle,
}

impl Examined {
    /// The layers of an image with signatures or attestations.
    pub(super) fn all(layers: &[Layer], wanted: Wanted<'_>, limits: &Limits) -> Vec<Self> {
        let layers = layers.iter();
        layers
            .map(|layer| Self::read(layer, wanted, limits))
            .collect()
    }

    fn read(layer: &Layer, wanted: Wanted<'_>, limits: &Limits) -> Self {
        let content = layer.content().ok();
        let state = match candidate(layer, wanted, limits) {
            Ok(stored) => State::Waiting(stored),
            Err(rejection) => State::Judged(Verdict::Rejected(rejection)),
        };
        Self {
            format: wanted.layer_format(),
            payload_digest: content.map(|content| content.descriptor.digest),
            state,
        }
    }

    /// A bundle that is to be fetched.
    pub(super) fn waiting_bundle(blob: Descriptor) -> Self {
        let form = Form::Bundle;
        Self {
            format: SignatureFormat::Bundle,
            payload_digest: Some(blob.digest),
            state: State::Waiting(Stored { blob, form }),
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

    /// The blob that is to be fetched.
    pub(super) fn waits_for(&self) -> Option<&Descriptor> {
        match &self.state {
            State::Waiting(stored) => Some(&stored.blob),
            State::Judged(_) => None,
        }
    }

    /// Judges it, if its blob has come. Returns how many bytes of it are kept.
    pub(super) fn judge(
        &mut self,
        judged: &Judged<'_>,
        blobs: &Blobs,
        log: &mut impl LookUp,
    ) -> u64 {
        let State::Waiting(stored) = &self.state else {
            return 0;
        };
        let Some(blob) = blobs.get(&stored.blob) else {
            return 0;
        };
        let verdict = match blob {
            Ok(blob) => stored.form.judge(judged, blob.as_bytes(), log),
            Err(BlobError::Altered(why)) => Err(Rejection::PayloadAltered(why.clone())),
            Err(BlobError::Registry(error)) => Err(Rejection::PayloadUnavailable(error.clone())),
        };
        let kept = verdict.as_ref().map_or(0, VerifiedSignature::size);
        self.state = State::Judged(verdict.map_or_else(Verdict::Rejected, Verdict::Counted));
        kept
    }

    /// What is said of it, as the one at this place.
    pub(super) fn report(self, index: usize) -> SignatureReport {
        SignatureReport {
            index,
            format: self.format,
            payload_digest: self.payload_digest,
            verdict: match self.state {
                State::Judged(verdict) => verdict,
                State::Waiting(_) => Verdict::Rejected(Rejection::PayloadUnavailable(
                    RegistryError::Invalid("it was not fetched".into()),
                )),
            },
        }
    }
}

impl Form {
    fn judge(
        &self,
        judged: &Judged<'_>,
        blob: &[u8],
        log: &mut impl LookUp,
    ) -> Result<VerifiedSignature, Rejection> {
        match self {
            Self::Payload {
                signature,
                log_entry,
            } => {
                let found = Candidate {
                    message: blob.into(),
                    dsse_payload: None,
                    signature,
                    log_entry: stored_entry(log_entry.as_ref()),
                };
                match judged.judge(&found) {
                    Err(Rejection::NotLogged) => {
                        log.look_up(judged, found, &|found| judged.judge(found))
                    }
                    verdict => verdict,
                }
            }
            Self::Envelope { log_entry } => {
                let envelope = Envelope::parse(blob)
                    .map_err(|why| Rejection::LayerMalformed(format!("envelope: {why}")))?;
                judge_envelope(judged, &envelope, stored_entry(log_entry.as_ref()), log)
            }
            Self::Bundle => {
                let malformed = |why: String| Rejection::LayerMalformed(format!("bundle: {why}"));
                let bundle = Bundle::parse(blob).map_err(malformed)?;
                let Content::Dsse(envelope) = bundle.content else {
                    return Err(malformed("it signs a message, and not a statement".into()));
                };
                let entries = bundled_entries(bundle.log_entries.as_deref())?;
                judge_envelope(judged, &envelope, Some(FoundEntry::Bundled(&entries)), log)
            }
        }
    }
}

fn judge_envelope(
    judged: &Judged<'_>,
    envelope: &Envelope,
    log_entry: Option<FoundEntry<'_>>,
    log: &mut impl LookUp,
) -> Result<VerifiedSignature, Rejection> {
    let pae = envelope.pae();
    let found = Candidate {
        message: (&pae).into(),
        dsse_payload: Some(&envelope.payload),
        signature: &envelope.signature,
        log_entry,
    };
    let judge = |found: &Candidate<'_>| judged.judge_statement(envelope, found);
    match judge(&found) {
        Err(Rejection::NotLogged) => log.look_up(judged, found, &judge),
        verdict => verdict,
    }
}

fn stored_entry(annotation: Option<&String>) -> Option<FoundEntry<'_>> {
    annotation.map(|annotation| FoundEntry::Stored(annotation.as_bytes()))
}

/// A layer that is worth fetching: everything about it that can be seen in the manifest.
fn candidate(layer: &Layer, wanted: Wanted<'_>, limits: &Limits) -> Result<Stored, Rejection> {
    let content = layer
        .content()
        .map_err(|why| Rejection::LayerMalformed(why.to_string()))?;
    if content.descriptor.media_type != wanted.layer_type() {
        return Err(Rejection::OtherMediaType(shown(
            &content.descriptor.media_type,
        )));
    }
    let log_entry = content.log_entry().map(String::from);
    let form = match wanted {
        Wanted::Signatures => {
            let stored = content.signature().ok_or(Rejection::SignatureMissing)?;
            let signature = decode_annotation(stored).map_err(Rejection::SignatureMalformed)?;
            Form::Payload {
                signature,
                log_entry,
            }
        }
        Wanted::Attestations(_) => {
            check_hint(content.predicate_type(), wanted)?;
            Form::Envelope { log_entry }
        }
    };
    let (size, limit) = (content.descriptor.size, wanted.layer_limit(limits));
    if size > limit {
        return Err(Rejection::PayloadTooLarge { size, limit });
    }
    let blob = content.descriptor.clone();
    Ok(Stored { blob, form })
}

/// What is said beside a statement of its type. Nobody has signed it, and it is good enough to leave
/// the statement where it is: who lies here hides what could be left out as well. What is fetched is
/// judged by what is signed.
pub(super) fn check_hint(said: Option<&str>, wanted: Wanted<'_>) -> Result<(), Rejection> {
    match said.filter(|said| *said != wanted.predicate_type()) {
        None => Ok(()),
        Some(other) => Err(Rejection::OtherPredicate(shown(other))),
    }
}

fn shown(words: &str) -> String {
    words.chars().take(120).collect()
}
