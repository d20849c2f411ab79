//! Events of images.

use cosignet::oci::{Reference, Selector, media_type};
use cosignet::payload::{SimpleSigning, Statement};
use cosignet_host::api::report::{
    ManifestOutcome, SignatureFormat, SignatureReport, Verdict, VerificationError,
};
use cosignet_host::api::signing::{Attached, Form, Signature, SignedImage, SigningResult};
use cosignet_host::store::{
    Action, Artifact, Entry, Event, Format, Kind, Outcome, SignatureFacts, Source, StoredSignature,
};

use super::{Recorder, cut};
use crate::cli::failure::Failure;
use crate::cli::signing::place;
use crate::cli::verdicts::{self, Judged};

impl Recorder {
    /// Records what became of a manifest that was to be signed or attested, as part of the image that
    /// was named.
    pub fn signed(
        &mut self,
        named: &str,
        result: &SigningResult,
        form: Form,
    ) -> Result<(), Failure> {
        match &result.outcome {
            Err(error) => {
                let failure = Failure::from(error.clone());
                let artifact = image(&result.subject, None);
                let event = Event {
                    outcome: Outcome::Failed,
                    reason: Some(cut(failure.words())),
                    ..self.event(artifact)
                };
                self.record(named.to_owned(), event)
            }
            Ok(signed) => {
                let made = made(self.action, signed, form);
                let facts = made.iter().map(|made| self.facts(made));
                let event = Event {
                    signatures: facts.collect(),
                    ..self.event(image(&result.subject, Some(&signed.digest)))
                };
                let signatures = made.iter().map(|made| stored(made.signature)).collect();
                self.record_entry(named.to_owned(), Entry { event, signatures })
            }
        }
    }

    fn facts(&self, made: &Made<'_>) -> SignatureFacts {
        let key = self.keys.first();
        let fingerprint = key.and_then(|key| key.fingerprint.clone());
        let log = made.signature.log.as_ref();
        SignatureFacts {
            format: made.format,
            claim: claim(made.signature),
            key_fingerprint: fingerprint.unwrap_or_default(),
            key_reference: key.map(|key| key.reference.clone()),
            attached: made.attached.map(place),
            log: log.map(|entry| self.log_facts(&entry.proved)),
            kept: None,
        }
    }

    /// Records what was found of images: an event for each, and for each manifest of an index that was
    /// verified too.
    pub fn verified(&mut self, images: &[String], judged: &[Judged]) -> Result<(), Failure> {
        for (named, judged) in images.iter().zip(judged) {
            self.verified_image(named, judged)?;
        }
        Ok(())
    }

    fn verified_image(&mut self, named: &str, judged: &Judged) -> Result<(), Failure> {
        let source = judged.source;
        let artifact = |digest: Option<&str>| found_in(source, named, digest);
        let part = |digest: &str| Artifact {
            version: None,
            ..artifact(Some(digest))
        };
        match &judged.result {
            Ok(found) => {
                let event = self.event(artifact(Some(&found.digest)));
                self.counted(named, event, source, &found.signatures)?;
                for manifest in &found.manifests {
                    let event = self.event(part(&manifest.digest));
                    self.counted(named, event, source, &manifest.signatures)?;
                }
                Ok(())
            }
            Err(error) => {
                let digest = match error {
                    VerificationError::NoMatch(found) => Some(&found.digest),
                    VerificationError::Manifests(index) => Some(&index.digest),
                    _ => None,
                };
                let artifact = artifact(digest.map(String::as_str));
                self.refused(named, artifact, source, self.why(error))?;
                let VerificationError::Manifests(index) = error else {
                    return Ok(());
                };
                for manifest in &index.manifests {
                    let artifact = part(&manifest.digest);
                    match &manifest.outcome {
                        ManifestOutcome::Verified(signatures) => {
                            let event = self.event(artifact);
                            self.counted(named, event, source, signatures)?;
                        }
                        ManifestOutcome::NoMatch(signatures) => {
                            let why = verdicts::no_match(self.kind());
                            let why =
                                why + &crate::cli::failure::verdict_words(signatures, self.kind());
                            self.refused(named, artifact, source, why)?;
                        }
                        ManifestOutcome::NoSignatures(why) | ManifestOutcome::Failed(why) => {
                            self.refused(named, artifact, source, why.clone())?;
                        }
                    }
                }
                Ok(())
            }
        }
    }

    fn counted(
        &mut self,
        named: &str,
        event: Event,
        source: Source,
        reports: &[SignatureReport],
    ) -> Result<(), Failure> {
        let event = Event {
            source: Some(source),
            signatures: self.counted_facts(reports),
            ..event
        };
        self.record(named.to_owned(), event)
    }

    fn refused(
        &mut self,
        named: &str,
        artifact: Artifact,
        source: Source,
        why: String,
    ) -> Result<(), Failure> {
        let event = Event {
            outcome: Outcome::Failed,
            reason: Some(cut(&why)),
            source: Some(source),
            ..self.event(artifact)
        };
        self.record(named.to_owned(), event)
    }

    /// What is known of the signatures that count; of the first ones, where there are hundreds.
    pub(super) fn counted_facts(&self, reports: &[SignatureReport]) -> Vec<SignatureFacts> {
        let counted = reports.iter().filter_map(|report| match &report.verdict {
            Verdict::Counted(signature) => Some((report.format, signature)),
            Verdict::Rejected(_) => None,
        });
        let facts = counted.take(MOST_FACTS).map(|(format, signature)| {
            let key = usize::try_from(signature.key_index).ok();
            let key = key.and_then(|place| self.keys.get(place));
            let predicate = signature.predicate.as_ref();
            SignatureFacts {
                format: match format {
                    SignatureFormat::SimpleSigning => Format::Simple,
                    SignatureFormat::Bundle => Format::Bundle,
                    SignatureFormat::Envelope => Format::Envelope,
                    SignatureFormat::Detached => Format::Detached,
                },
                claim: predicate
                    .map(|predicate| predicate.predicate_type.clone())
                    .or_else(|| signature.docker_reference.clone())
                    .map(|claim| cut(&claim)),
                key_fingerprint: signature.key_fingerprint.clone(),
                key_reference: key.map(|key| key.reference.clone()),
                attached: None,
                log: signature.log.as_ref().map(|entry| self.log_facts(entry)),
                kept: None,
            }
        });
        facts.collect()
    }

    fn kind(&self) -> verdicts::Kind {
        match self.action {
            Action::Signing | Action::Verification => verdicts::Kind::Signature,
            Action::Attesting | Action::AttestationVerification => verdicts::Kind::Attestation,
        }
    }

    fn why(&self, error: &VerificationError) -> String {
        let failure = Failure::unverified(error.clone(), self.kind());
        failure.words().to_owned()
    }
}

/// Images as they were named, for [`Recorder::conclude`].
pub fn named(images: &[String], source: Source) -> impl Iterator<Item = (String, Artifact)> {
    let images = images.iter();
    images.map(move |named| (named.clone(), found_in(source, named, None)))
}

/// An image by its reference, or by the directory that it is in, which is no reference.
fn found_in(source: Source, named: &str, digest: Option<&str>) -> Artifact {
    match source {
        Source::Directory => Artifact {
            digest: digest.map(str::to_owned),
            kind: Kind::Image,
            name: cut(named),
            version: None,
            file: None,
        },
        Source::Registry | Source::Store | Source::Given => image(named, digest),
    }
}

/// An image by its reference, and its digest if that is known from elsewhere. Beside a digest, a tag is what the
/// image was called.
pub fn image(reference: &str, digest: Option<&str>) -> Artifact {
    let (named, given) = match reference.split_once('@') {
        Some((named, digest)) => (named, Some(digest)),
        None => (reference, None),
    };
    let parsed: Option<Reference> = named.parse().ok();
    let last = named.rsplit('/').next().unwrap_or_default();
    let has_tag = given.is_none() || last.contains(':');
    let tag = match parsed.as_ref().map(|parsed| &parsed.selector) {
        Some(Selector::Tag(tag)) if has_tag => Some(tag.clone()),
        _ => None,
    };
    let name = parsed.map_or_else(|| named.to_owned(), |parsed| parsed.repository.to_string());
    Artifact {
        digest: digest.or(given).map(str::to_owned),
        kind: Kind::Image,
        name: cut(&name),
        version: tag,
        file: None,
    }
}

/// A signature in one of the forms in which it was made.
struct Made<'a> {
    signature: &'a Signature,
    format: Format,
    attached: Option<&'a Attached>,
}

fn made(action: Action, signed: &SignedImage, form: Form) -> Vec<Made<'_>> {
    let (is_tagged, is_bundled) = match form {
        Form::Simple => (true, false),
        Form::Bundle => (false, true),
        Form::Both => (true, true),
    };
    // What lies under a tag comes first.
    let tagged = signed.attached.first().filter(|_| is_tagged);
    let bundled = signed.attached.last().filter(|_| is_bundled);
    let made = signed.signatures.iter().flat_map(|signature| {
        let is_simple = signature.payload_type == media_type::SIMPLE_SIGNING;
        let layer = match (is_simple, action) {
            (true, _) => Some(Format::Simple),
            (false, Action::Attesting) if is_tagged => Some(Format::Envelope),
            _ => None,
        };
        let layer = layer.map(|format| Made {
            signature,
            format,
            attached: tagged,
        });
        let bundle = (is_bundled && !is_simple).then_some(Made {
            signature,
            format: Format::Bundle,
            attached: bundled,
        });
        layer.into_iter().chain(bundle)
    });
    made.collect()
}

fn stored(made: &Signature) -> StoredSignature {
    let annotation = made.log.as_ref().and_then(|log| log.annotation.clone());
    StoredSignature {
        payload: made.payload.clone(),
        signature: made.signature.clone(),
        bundle: made.bundle.clone(),
        log_entry: annotation,
    }
}

/// What tells a signature from others of the same key and form.
fn claim(made: &Signature) -> Option<String> {
    match made.payload_type == media_type::SIMPLE_SIGNING {
        true => SimpleSigning::parse(&made.payload)
            .ok()
            .map(|payload| payload.docker_reference),
        false => Statement::parse(&made.payload)
            .ok()
            .map(|statement| statement.predicate_type),
    }
}

/// Signatures of which an event has room for what is known.
const MOST_FACTS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_what_their_references_say() {
        let digest = format!("sha256:{}", "0".repeat(64));
        let by_digest = format!("127.0.0.1:5000/app@{digest}");
        let by_both = format!("127.0.0.1:5000/app:v1@{digest}");
        for (reference, name, tag, known) in [
            ("app", "index.docker.io/library/app", Some("latest"), None),
            ("r.example/a/b:v1", "r.example/a/b", Some("v1"), None),
            (&by_digest, "127.0.0.1:5000/app", None, Some(&digest)),
            (&by_both, "127.0.0.1:5000/app", Some("v1"), Some(&digest)),
            ("NOT/A reference", "NOT/A reference", None, None),
        ] {
            let found = image(reference, None);
            assert_eq!(found.name, name);
            assert_eq!(found.version.as_deref(), tag, "{reference}");
            assert_eq!(found.digest.as_ref(), known, "{reference}");
        }
        assert_eq!(image("app", Some("d")).digest.as_deref(), Some("d"));
    }
}
