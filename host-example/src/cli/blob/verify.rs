use clap::{Args, ValueEnum};

use cosignet::oci::Digest;
use cosignet_host::api::blobs::{BlobSignature, BlobVerificationError, VerifiedBlob};
use cosignet_host::api::policy::Rules;
use cosignet_host::store::{Action, Source};
use cosignet_host::{Blob, Imports, Policy, Session, World};

use super::input::Input;
use super::options::{self, stored};
use super::report::report;
use crate::cli::artifact::ArtifactOptions;
use crate::cli::failure::Failure;
use crate::cli::keys::print;
use crate::cli::log::TrustOptions;
use crate::cli::options::Common;
use crate::cli::requirements::{IgnoreLog, TrustedKeys};
use crate::cli::secrets::StandardInput;
use crate::cli::store::{Named, Recorder, StoreOptions};
use crate::cli::{files, predicate};

#[derive(Args)]
pub struct VerifyBlob {
    #[command(flatten)]
    options: VerifyOptions,
    /// The file: a path, `-` for standard input, or sha256:HEX for one that is elsewhere.
    #[arg(value_name = "FILE")]
    file: String,
}

#[derive(Args)]
pub struct VerifyBlobAttestation {
    /// The type that the predicate must have: one of cosign's names, or a URI.
    #[arg(long = "type", value_name = "TYPE", default_value = "custom")]
    kind: String,
    #[command(flatten)]
    options: VerifyOptions,
    /// The file: a path, `-` for standard input, or sha256:HEX for one that is elsewhere.
    #[arg(value_name = "FILE")]
    file: String,
}

/// What must have signed, and what was signed.
#[derive(Args)]
struct VerifyOptions {
    #[command(flatten)]
    keys: TrustedKeys,
    /// A signature (of an attestation, its envelope): a file, or base64. Several may be given. Without
    /// one, and without a bundle, what the store has of the file is verified.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["bundle", "store"])]
    signature: Vec<String>,
    /// A sigstore bundle v0.3, or the one that cosign 2 wrote before. Several may be given.
    #[arg(long, value_name = "FILE")]
    bundle: Vec<String>,
    /// The log entry of the one signature: `rekorBundle` of cosign's old bundle.
    #[arg(
        long,
        value_name = "FILE",
        requires = "signature",
        conflicts_with = "bundle"
    )]
    rekor_entry: Option<String>,
    /// What to print on standard output: nothing, or a report of every signature.
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,
    /// Write the report of every signature there, whatever is printed.
    #[arg(long, value_name = "FILE")]
    output_report: Option<String>,
    #[command(flatten)]
    artifact: ArtifactOptions,
    #[command(flatten)]
    trust: TrustOptions,
    #[command(flatten)]
    ignore: IgnoreLog,
    #[command(flatten)]
    store: StoreOptions,
    /// Taken for the sake of scripts: no service is asked in any case.
    #[arg(long, visible_alias = "air-gap")]
    offline: bool,
    /// Taken for the sake of scripts: a bundle says itself which one it is.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    new_bundle_format: Option<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    #[value(alias = "report")]
    Json,
}

type Verified = Result<VerifiedBlob, BlobVerificationError>;

impl VerifyBlob {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        self.options.run(common, &self.file, None).await
    }
}

impl VerifyBlobAttestation {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let predicate_type = predicate::type_of(&self.kind)?;
        let run = self.options.run(common, &self.file, Some(&predicate_type));
        run.await
    }
}

/// All that is needed to verify.
struct Given {
    session: Session,
    policy: Policy,
    blob: Blob,
    digest: Option<Digest>,
    signatures: Vec<BlobSignature>,
    source: Source,
}

impl VerifyOptions {
    /// Verifies signatures of a file, or attestations with a predicate of this type.
    async fn run(
        &self,
        common: &Common,
        file: &str,
        predicate_type: Option<&str>,
    ) -> Result<(), Failure> {
        let mut record = self.store.open(match predicate_type {
            None => Action::Verification,
            Some(_) => Action::AttestationVerification,
        })?;
        record.trusts(self.keys.references());
        let options = &self.artifact;
        let named = Named { file, options };
        let judged = self.judge(common, file, predicate_type, &record);
        let judged = common.in_time(judged).await;
        let judged = record.conclude(std::iter::once(named.unread()), judged);
        let (digest, source, result) = judged?;
        let recorded = record.verified_file(named, digest.as_ref(), source, &result);
        self.conclude(file, source, result).and(recorded)
    }

    async fn judge(
        &self,
        common: &Common,
        file: &str,
        predicate_type: Option<&str>,
        record: &Recorder,
    ) -> Result<(Option<Digest>, Source, Verified), Failure> {
        let Given {
            mut session,
            policy,
            blob,
            digest,
            signatures,
            source,
        } = self.read(common, file, predicate_type, record).await?;
        let result = match predicate_type {
            None => session.verify_blob(policy, blob, &signatures).await?,
            Some(kind) => {
                let verified = session.verify_blob_attestation(policy, blob, kind, &signatures);
                verified.await?
            }
        };
        Ok((digest, source, result))
    }

    /// The blob last: what can be said against the rest is said before it is read.
    async fn read(
        &self,
        common: &Common,
        file: &str,
        predicate_type: Option<&str>,
        record: &Recorder,
    ) -> Result<Given, Failure> {
        let mut signatures = self.signatures()?;
        let rules = self.rules(file).await?;
        let mut session = super::session(common, World::Verifier, Imports::none()).await?;
        let policy = session.read_policy(&rules).await?;
        let empty = session.blob_to_verify(policy).await?;
        let input = Input::of(file);
        let (blob, digest) = record.pour(&input, &mut session, empty).await?;
        let mut source = Source::Given;
        if signatures.is_empty() {
            signatures = record.kept(file, digest.as_ref(), predicate_type)?;
            source = Source::Store;
        }
        Ok(Given {
            session,
            policy,
            blob,
            digest,
            signatures,
            source,
        })
    }

    fn signatures(&self) -> Result<Vec<BlobSignature>, Failure> {
        if self.rekor_entry.is_some() && self.signature.len() != 1 {
            return Err(Failure::other(
                "--rekor-entry is of one signature: give one, or bundles, which hold their entries",
            ));
        }
        let entry = self.rekor_entry.as_deref().map(files::read).transpose()?;
        let signatures = self.signature.iter().map(|signature| {
            Ok(BlobSignature {
                signature: stored(signature)?,
                log_entry: entry.clone(),
            })
        });
        let bundles = self.bundle.iter().map(|bundle| {
            Ok(BlobSignature {
                signature: options::bundle(bundle)?,
                log_entry: None,
            })
        });
        signatures.chain(bundles).collect()
    }

    async fn rules(&self, file: &str) -> Result<Rules, Failure> {
        let input = StandardInput::taken_if(file == "-", "what is verified");
        Ok(Rules {
            log: self.ignore.or_else(|| self.trust.requirement())?,
            ..self.keys.rules(input).await?
        })
    }

    fn conclude(&self, file: &str, source: Source, result: Verified) -> Result<(), Failure> {
        let report = || {
            let mut report = report(self.artifact.report(file), &result);
            report["source"] = source.name().into();
            format!("{report:#}\n")
        };
        if self.output == Output::Json {
            print(&report())?;
        }
        if let Some(path) = &self.output_report {
            files::write(path, report().as_bytes(), 0o644)?;
        }
        result?;
        eprintln!("Verified OK");
        Ok(())
    }
}
