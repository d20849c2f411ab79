use clap::{Args, ValueEnum};

use cosignet_host::api::blobs::{BlobSignature, BlobVerificationError, VerifiedBlob};
use cosignet_host::api::policy::Rules;
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
    /// A signature (of an attestation, its envelope): a file, or base64. Several may be given.
    #[arg(long, value_name = "FILE", required_unless_present = "bundle")]
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
        let mut given = self.options.read(common, &self.file).await?;
        let result = given
            .session
            .verify_blob(given.policy, given.blob, &given.signatures);
        self.options.conclude(&self.file, result.await?)
    }
}

impl VerifyBlobAttestation {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let predicate_type = predicate::type_of(&self.kind)?;
        let mut given = self.options.read(common, &self.file).await?;
        let result = given.session.verify_blob_attestation(
            given.policy,
            given.blob,
            &predicate_type,
            &given.signatures,
        );
        self.options.conclude(&self.file, result.await?)
    }
}

/// All that is needed to verify.
struct Given {
    session: Session,
    policy: Policy,
    blob: Blob,
    signatures: Vec<BlobSignature>,
}

impl VerifyOptions {
    /// The blob last: what can be said against the rest is said before it is read.
    async fn read(&self, common: &Common, file: &str) -> Result<Given, Failure> {
        let signatures = self.signatures()?;
        let rules = self.rules(file).await?;
        let mut session = super::session(common, World::Verifier, Imports::none()).await?;
        let policy = session.read_policy(&rules).await?;
        let empty = session.blob_to_verify(policy).await?;
        let blob = Input::of(file).pour(&mut session, empty).await?;
        Ok(Given {
            session,
            policy,
            blob,
            signatures,
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

    fn conclude(&self, file: &str, result: Verified) -> Result<(), Failure> {
        let report = || format!("{:#}\n", report(self.artifact.report(file), &result));
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
