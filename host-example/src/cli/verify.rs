use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use cosignet_host::api::detached::DetachedSignature;
use cosignet_host::api::policy::{
    Formats, Identity, LogRequirement, PrefixMapping, Rules, Threshold,
};
use cosignet_host::api::report::{
    LogEvidence, LoggedEntry, SignatureFormat, SignatureReport, Verdict, VerificationError,
    VerifiedImage, VerifiedSignature,
};
use cosignet_host::{Imports, Session, World};

use super::failure::{Failure, registry_words, rejection_words};
use super::keys::print;
use super::log::RequirementOptions;
use super::options::{Common, RegistryOptions, signature_repository};
use super::sign::resolve;
use super::{annotations, files, secrets};

#[derive(Args)]
pub struct Verify {
    /// A trusted public key: a file or env://NAME. Several may be given.
    #[arg(long, required = true)]
    key: Vec<String>,
    /// How many of the keys must have signed.
    #[arg(long, value_name = "N")]
    threshold: Option<u32>,
    /// A claim that must have been signed, key=value.
    #[arg(short, long = "annotations", value_name = "KEY=VALUE")]
    annotations: Vec<String>,
    /// Which repository must have been signed: `ignore`, `repository` (the one that is verified),
    /// `exact=NAME`, or `remap=PREFIX=SIGNED-PREFIX`.
    #[arg(long, default_value = "ignore")]
    identity: String,
    /// The forms of signatures that are looked for: simple signing in a `.sig` image, statements in
    /// bundles that refer to the image, or any of both.
    #[arg(long, value_enum, default_value_t = Format::Any)]
    format: Format,
    /// The signature, instead of those that are attached.
    #[arg(long, value_name = "FILE", requires = "payload", group = "detached")]
    signature: Option<String>,
    /// The payload of the signature.
    #[arg(long, value_name = "FILE", requires = "detached")]
    payload: Option<String>,
    /// A sigstore bundle of the signature, with its log entries: what `sign --bundle` writes.
    #[arg(
        long,
        value_name = "FILE",
        requires = "payload",
        conflicts_with = "signature",
        group = "detached"
    )]
    bundle: Option<String>,
    /// The log entry of the signature: cosign's annotation `dev.sigstore.cosign/bundle`.
    #[arg(long, value_name = "FILE", requires = "signature")]
    rekor_entry: Option<String>,
    /// What to print: cosign's JSON, the payloads, or a report of every signature.
    #[arg(short, long, value_enum, default_value_t = Output::Json)]
    output: Output,
    #[command(flatten)]
    log: RequirementOptions,
    /// Require no transparency log, whatever logs are trusted.
    #[arg(long)]
    insecure_ignore_tlog: bool,
    /// As --insecure-ignore-tlog.
    #[arg(long)]
    private_infrastructure: bool,
    #[command(flatten)]
    registry: RegistryOptions,
    /// Images: [HOST/]REPOSITORY[:TAG][@DIGEST].
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Json,
    Text,
    Report,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Any,
    Simple,
    Bundle,
}

impl Format {
    fn formats(self) -> Formats {
        match self {
            Self::Any => Formats::Any,
            Self::Simple => Formats::SimpleSigning,
            Self::Bundle => Formats::Bundles,
        }
    }
}

type Verified = Result<VerifiedImage, VerificationError>;

impl Verify {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let rules = self.rules()?;
        let client = self.registry.client()?;
        let mut imports = Imports::none().registry(client.clone());
        let mut world = World::Verifier;
        if let LogRequirement::RequireOrLookUp(_) = &rules.log
            && let Some(rekor) = self.log.client()?
        {
            // The one with a log to ask.
            imports = imports.transparency_log(rekor);
            world = World::Signer;
        }
        let mut session = Session::start(&common.program(world)?, imports).await?;
        let policy = session.read_policy(&rules).await?;
        let detached = self.signature.as_ref().or(self.bundle.as_ref());
        let results = match (detached, &self.payload) {
            (Some(signature), Some(payload)) => {
                let signatures = [DetachedSignature {
                    payload: files::read(payload)?,
                    signature: files::read(signature)?,
                    log_entry: self.rekor_entry.as_deref().map(files::read).transpose()?,
                }];
                let mut results = Vec::new();
                for image in &self.images {
                    let (reference, digest) = resolve(&client, image).await?;
                    let reference = format!("{}@{digest}", reference.repository);
                    let verified = session
                        .verify_detached(policy, &reference, &signatures)
                        .await?;
                    results.push(verified);
                }
                results
            }
            _ => {
                let place = signature_repository();
                session
                    .verify_images(policy, &self.images, place.as_deref())
                    .await?
            }
        };
        self.conclude(results)
    }

    fn rules(&self) -> Result<Rules, Failure> {
        let keys = self
            .key
            .iter()
            .map(|key| Ok(secrets::key(key)?.to_vec().into()));
        Ok(Rules {
            keys: keys.collect::<Result<_, Failure>>()?,
            threshold: self.threshold.map_or(Threshold::Any, Threshold::AtLeast),
            annotations: annotations::read(&self.annotations)?,
            log: match self.insecure_ignore_tlog || self.private_infrastructure {
                true => LogRequirement::Ignore,
                false => self.log.requirement()?,
            },
            identity: identity(&self.identity)?,
            formats: self.format.formats(),
            limits: None,
        })
    }

    fn conclude(&self, results: Vec<Verified>) -> Result<(), Failure> {
        let total = results.len();
        let (mut failures, mut reports) = (Vec::new(), Vec::new());
        for (image, result) in self.images.iter().zip(results) {
            reports.push(report(image, &result));
            match result {
                Ok(verified) => {
                    eprintln!("\nVerification for {image} --");
                    eprintln!("The following checks were performed on these signatures:");
                    eprintln!("  - The signatures were verified against the specified public key");
                    eprintln!("  - The claims name {}", verified.digest);
                    eprintln!("{}", log_words(&verified));
                    match self.output {
                        Output::Json => print(&format!("{}\n", payloads(&verified)))?,
                        Output::Text => print(&lines(&verified))?,
                        Output::Report => {}
                    }
                }
                Err(error) => {
                    let failure = Failure::from(error).about(image);
                    if total > 1 {
                        eprintln!("{failure}");
                    }
                    failures.push(failure);
                }
            }
        }
        if self.output == Output::Report {
            let whole = json!({ "verified": failures.is_empty(), "images": reports });
            print(&format!("{whole:#}\n"))?;
        }
        Failure::of_many(failures, total)
    }
}

fn identity(text: &str) -> Result<Identity, Failure> {
    match text.split_once('=') {
        None if text == "ignore" => Ok(Identity::Ignore),
        None if text == "repository" => Ok(Identity::Repository),
        Some(("exact", name)) => Ok(Identity::Exact(name.into())),
        Some(("remap", mapping)) if mapping.contains('=') => {
            let (actual, signed) = mapping.split_once('=').unwrap_or((mapping, ""));
            let (actual, signed) = (actual.into(), signed.into());
            Ok(Identity::Remap(PrefixMapping { actual, signed }))
        }
        _ => Err(Failure::other(format!(
            "--identity {text}: expected ignore, repository, exact=NAME or \
             remap=PREFIX=SIGNED-PREFIX"
        ))),
    }
}

fn counted(image: &VerifiedImage) -> impl Iterator<Item = &VerifiedSignature> {
    image
        .signatures
        .iter()
        .filter_map(|report| match &report.verdict {
            Verdict::Counted(signature) => Some(signature),
            Verdict::Rejected(_) => None,
        })
}

fn log_words(image: &VerifiedImage) -> &'static str {
    match counted(image).all(|signature| signature.log.is_some()) {
        true => "  - A trusted log vouches for each of them",
        false => "  - No transparency log was required",
    }
}

/// cosign's JSON: the payloads of the signatures that count, in one line.
fn payloads(image: &VerifiedImage) -> Value {
    counted(image)
        .map(|signature| payload(image, signature))
        .collect()
}

/// With the stored entry of a log among the claims, where one is required. Of a statement, what
/// cosign 3 makes of it: the signer named no repository, and it is the one that was asked.
fn payload(image: &VerifiedImage, signature: &VerifiedSignature) -> Value {
    let mut payload: Value = serde_json::from_slice(&signature.payload).unwrap_or(Value::Null);
    if signature.docker_reference.is_none() {
        payload = json!({
            "critical": {
                "identity": {
                    "docker-reference": format!("{}@{}", image.repository, image.digest),
                },
                "image": { "docker-manifest-digest": image.digest },
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

/// cosign's text: a payload a line.
fn lines(image: &VerifiedImage) -> String {
    counted(image)
        .map(|signature| format!("{}\n", String::from_utf8_lossy(&signature.payload)))
        .collect()
}

fn report(asked: &str, result: &Verified) -> Value {
    match result {
        Ok(image) => json!({
            "image": asked,
            "verified": true,
            "repository": image.repository,
            "digest": image.digest,
            "signatures": signatures(&image.signatures),
        }),
        Err(VerificationError::NoMatch(image)) => json!({
            "image": asked,
            "verified": false,
            "reason": "no matching signatures",
            "repository": image.repository,
            "digest": image.digest,
            "required": image.required,
            "counted": image.counted,
            "signatures": signatures(&image.signatures),
        }),
        Err(error) => {
            let (reason, detail) = match error {
                VerificationError::NoSignatures(words) => ("no signatures", words.clone()),
                VerificationError::ImageNotFound(words) => ("image not found", words.clone()),
                VerificationError::Registry(error) => ("registry", registry_words(error)),
                VerificationError::InvalidReference(words) => ("reference", words.clone()),
                VerificationError::UntrustedAnswer(words) => ("untrusted answer", words.clone()),
                VerificationError::LimitExceeded(words) => ("limit exceeded", words.clone()),
                VerificationError::Other(words) => ("other", words.clone()),
                VerificationError::NoMatch(_) => ("no matching signatures", String::new()),
            };
            json!({ "image": asked, "verified": false, "reason": reason, "detail": detail })
        }
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
