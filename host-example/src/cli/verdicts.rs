//! What verification found, on standard output and in words.

use clap::ValueEnum;
use serde_json::{Value, json};

use cosignet_host::api::report::{
    LogEvidence, LoggedEntry, ManifestOutcome, ManifestReport, SignatureFormat, SignatureReport,
    UnverifiedIndex, Verdict, VerificationError, VerifiedImage, VerifiedManifest,
    VerifiedSignature,
};

use cosignet_host::layout::Layout;
use cosignet_host::store::Source;

use super::failure::{Failure, registry_words, rejection_words};
use super::keys::print;
use super::{envelope, files};

/// What is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    Json,
    Text,
    Report,
}

/// What was verified.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Signature,
    Attestation,
}

impl Kind {
    /// One of them, in words.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Attestation => "attestation",
        }
    }
}

/// How the results for these images are told.
pub struct Verdicts<'a> {
    pub images: &'a [String],
    pub kind: Kind,
    pub output: Output,
    /// A file that the report is written to as well.
    pub report: Option<&'a str>,
}

pub type Verified = Result<VerifiedImage, VerificationError>;

/// What was found of an image, and where.
pub struct Judged {
    pub result: Verified,
    pub source: Source,
}

impl Verdicts<'_> {
    /// Tells them. What failed is a failure.
    pub fn conclude(&self, results: Vec<Judged>) -> Result<(), Failure> {
        let total = results.len();
        let (mut failures, mut reports) = (Vec::new(), Vec::new());
        for (image, Judged { result, source }) in self.images.iter().zip(results) {
            if self.output == Output::Report || self.report.is_some() {
                let mut report = report(image, self.kind, &result);
                report["source"] = source.name().into();
                reports.push(report);
            }
            match result {
                Ok(verified) => self.tell(image, &verified)?,
                Err(error) => {
                    let failure = Failure::unverified(error, self.kind).about(image);
                    if total > 1 {
                        eprintln!("{failure}");
                    }
                    failures.push(failure);
                }
            }
        }
        let whole = json!({ "verified": failures.is_empty(), "images": reports });
        if self.output == Output::Report {
            print(&format!("{whole:#}\n"))?;
        }
        if let Some(path) = self.report {
            files::write(path, format!("{whole:#}\n").as_bytes(), 0o644)?;
        }
        Failure::of_many(failures, total)
    }

    fn tell(&self, image: &str, verified: &VerifiedImage) -> Result<(), Failure> {
        let noun = self.kind.noun();
        eprintln!("\nVerification for {image} --");
        eprintln!("The following checks were performed on these {noun}s:");
        eprintln!("  - The signatures were verified against the specified public key");
        eprintln!("  - The claims name {}", verified.digest);
        if verified.repository == Layout::REPOSITORY {
            eprintln!("  - Manifests and layers in the directory have their digests");
        }
        eprintln!("{}", log_words(verified));
        for manifest in &verified.manifests {
            eprintln!("  - All of this holds for {}", manifest_words(manifest));
        }
        match (self.output, self.kind) {
            (Output::Report, _) => Ok(()),
            (Output::Json, Kind::Signature) => print(&format!("{}\n", payloads(verified))),
            (Output::Text, Kind::Signature) => print(&lines(verified)),
            (_, Kind::Attestation) => print(&envelopes(verified)),
        }
    }
}

fn manifest_words(manifest: &VerifiedManifest) -> String {
    match &manifest.platform {
        Some(platform) => format!("{platform}, {}", manifest.digest),
        None => manifest.digest.clone(),
    }
}

fn counted(reports: &[SignatureReport]) -> impl Iterator<Item = &VerifiedSignature> {
    reports.iter().filter_map(|report| match &report.verdict {
        Verdict::Counted(signature) => Some(signature),
        Verdict::Rejected(_) => None,
    })
}

/// What counts of an image, and then of each manifest that it names: each with its digest.
fn all(image: &VerifiedImage) -> impl Iterator<Item = (&str, &VerifiedSignature)> {
    let own = (image.digest.as_str(), image.signatures.as_slice());
    let below = image.manifests.iter();
    let below = below.map(|manifest| (manifest.digest.as_str(), manifest.signatures.as_slice()));
    std::iter::once(own)
        .chain(below)
        .flat_map(|(digest, reports)| counted(reports).map(move |found| (digest, found)))
}

fn log_words(image: &VerifiedImage) -> &'static str {
    match all(image).all(|(_, signature)| signature.log.is_some()) {
        true => "  - A trusted log vouches for each of them",
        false => "  - No transparency log was required",
    }
}

/// cosign's JSON: the payloads of the signatures that count, in one line.
fn payloads(image: &VerifiedImage) -> Value {
    all(image)
        .map(|(digest, signature)| payload(&image.repository, digest, signature))
        .collect()
}

/// With the stored entry of a log among the claims, where one is required. Of a statement, what
/// cosign 3 makes of it: the repository is the one that was asked.
fn payload(repository: &str, digest: &str, signature: &VerifiedSignature) -> Value {
    let mut payload: Value = serde_json::from_slice(&signature.payload).unwrap_or(Value::Null);
    if payload.get("_type").is_some() {
        payload = json!({
            "critical": {
                "identity": { "docker-reference": asked(repository, digest) },
                "image": { "docker-manifest-digest": digest },
                "type": payload["predicateType"],
            },
            "optional": claims(signature),
        });
    }
    let entry = signature.log_annotation.as_deref();
    if let Some(entry) = entry.and_then(|entry| serde_json::from_str::<Value>(entry).ok()) {
        let claims = &mut payload["optional"];
        if claims.is_null() {
            *claims = json!({});
        }
        if let Some(claims) = claims.as_object_mut() {
            claims.insert("Bundle".into(), entry);
        }
    }
    payload
}

/// The repository that was asked, which a directory does not say; cosign prints nothing then.
fn asked(repository: &str, digest: &str) -> String {
    match repository {
        Layout::REPOSITORY => String::new(),
        repository => format!("{repository}@{digest}"),
    }
}

/// cosign's text: a payload a line.
fn lines(image: &VerifiedImage) -> String {
    all(image)
        .map(|(_, signature)| format!("{}\n", String::from_utf8_lossy(&signature.payload)))
        .collect()
}

/// Attestations, whatever the output: an envelope a line.
fn envelopes(image: &VerifiedImage) -> String {
    all(image)
        .map(|(_, found)| envelope::line(&found.payload, &found.signature))
        .collect()
}

fn report(asked: &str, kind: Kind, result: &Verified) -> Value {
    let mut report = match result {
        Ok(image) => json!({
            "verified": true,
            "repository": image.repository,
            "digest": image.digest,
            "signatures": signatures(&image.signatures),
        }),
        Err(VerificationError::NoMatch(image)) => json!({
            "verified": false,
            "reason": no_match(kind),
            "repository": image.repository,
            "digest": image.digest,
            "required": image.required,
            "counted": image.counted,
            "signatures": signatures(&image.signatures),
        }),
        Err(VerificationError::Manifests(index)) => json!({
            "verified": false,
            "reason": "not every manifest of the index is verified",
            "repository": index.repository,
            "digest": index.digest,
        }),
        Err(error) => {
            let (reason, detail) = reason(kind, error);
            json!({ "verified": false, "reason": reason, "detail": detail })
        }
    };
    report["image"] = asked.into();
    match result {
        Ok(image) if !image.manifests.is_empty() => {
            report["manifests"] = image.manifests.iter().map(verified_manifest).collect();
        }
        Err(VerificationError::Manifests(index)) => describe(&mut report, kind, index),
        _ => {}
    }
    report
}

fn reason(kind: Kind, error: &VerificationError) -> (String, String) {
    let (reason, detail) = match error {
        VerificationError::NoSignatures(words) => return (none(kind), words.clone()),
        VerificationError::NoMatch(_) => return (no_match(kind), String::new()),
        VerificationError::Manifests(_) => ("manifests", String::new()),
        VerificationError::ImageNotFound(words) => ("image not found", words.clone()),
        VerificationError::Registry(error) => ("registry", registry_words(error)),
        VerificationError::InvalidReference(words) => ("reference", words.clone()),
        VerificationError::InvalidOption(words) => ("option", words.clone()),
        VerificationError::UntrustedAnswer(words) => ("untrusted answer", words.clone()),
        VerificationError::LimitExceeded(words) => ("limit exceeded", words.clone()),
        VerificationError::Other(words) => ("other", words.clone()),
    };
    (reason.into(), detail)
}

fn none(kind: Kind) -> String {
    format!("no {}s", kind.noun())
}

/// That there are some, and too few count.
pub fn no_match(kind: Kind) -> String {
    format!("no matching {}s", kind.noun())
}

fn verified_manifest(manifest: &VerifiedManifest) -> Value {
    json!({
        "digest": manifest.digest,
        "platform": manifest.platform,
        "verified": true,
        "reason": null,
        "signatures": signatures(&manifest.signatures),
    })
}

/// What became of an index, and of each manifest.
fn describe(report: &mut Value, kind: Kind, index: &UnverifiedIndex) {
    let (_, reason, own) = outcome(kind, &index.index);
    report["signatures"] = own;
    report["indexReason"] = reason;
    let manifest = |manifest: &ManifestReport| {
        let (verified, reason, signatures) = outcome(kind, &manifest.outcome);
        json!({
            "digest": manifest.digest,
            "platform": manifest.platform,
            "verified": verified,
            "reason": reason,
            "signatures": signatures,
        })
    };
    report["manifests"] = index.manifests.iter().map(manifest).collect();
}

/// Whether it is verified; why not; and its signatures.
fn outcome(kind: Kind, outcome: &ManifestOutcome) -> (bool, Value, Value) {
    match outcome {
        ManifestOutcome::Verified(reports) => (true, Value::Null, signatures(reports).into()),
        ManifestOutcome::NoMatch(reports) => {
            (false, no_match(kind).into(), signatures(reports).into())
        }
        ManifestOutcome::NoSignatures(_) => (false, none(kind).into(), json!([])),
        ManifestOutcome::Failed(words) => (false, words.clone().into(), json!([])),
    }
}

fn signatures(reports: &[SignatureReport]) -> Vec<Value> {
    reports
        .iter()
        .map(|report| match &report.verdict {
            Verdict::Counted(signature) => json!({
                "index": report.index,
                "format": format(report),
                "payloadDigest": report.payload_digest,
                "counted": true,
                "keyFingerprint": signature.key_fingerprint,
                "keyIndex": signature.key_index,
                "dockerReference": signature.docker_reference,
                "annotations": claims(signature),
                "predicateType": signature
                    .predicate
                    .as_ref()
                    .map(|predicate| predicate.predicate_type.as_str()),
                "log": signature.log.as_ref().map(logged),
            }),
            Verdict::Rejected(rejection) => json!({
                "index": report.index,
                "format": format(report),
                "payloadDigest": report.payload_digest,
                "counted": false,
                "reason": rejection_words(rejection),
            }),
        })
        .collect()
}

pub fn claims(signature: &VerifiedSignature) -> Value {
    let claims = signature.annotations.iter();
    let claims = claims.map(|claim| (claim.key.clone(), Value::from(claim.value.clone())));
    Value::Object(claims.collect())
}

pub fn format(report: &SignatureReport) -> &'static str {
    match report.format {
        SignatureFormat::SimpleSigning => "simple signing",
        SignatureFormat::Bundle => "bundle",
        SignatureFormat::Envelope => "envelope",
        SignatureFormat::Detached => "detached",
    }
}

pub fn logged(entry: &LoggedEntry) -> Value {
    json!({
        "logId": entry.log_id,
        "logIndex": entry.log_index,
        "integratedTime": entry.integrated_time,
        "evidence": match entry.evidence {
            LogEvidence::SignedEntryTimestamp => "signed entry timestamp",
            LogEvidence::InclusionProof => "inclusion proof",
            LogEvidence::Both => "signed entry timestamp and inclusion proof",
        },
        "witnesses": entry.witnesses,
    })
}
