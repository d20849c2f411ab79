//! What `verify` and `verify-attestation` have in common.

use clap::Args;

use cosignet_host::api::verification::VerificationOptions;
use cosignet_host::store::{Action, Source};

use super::failure::Failure;
use super::look::Look;
use super::options::{Common, RegistryOptions};
use super::requirements::Requirements;
use super::store::{Recorder, StoreOptions, named};
use super::verdicts::{Judged, Kind, Output, Verdicts};

/// What is required of which images, and how it is told.
#[derive(Args)]
pub struct VerifyingOptions {
    #[command(flatten)]
    pub requirements: Requirements,
    /// Of an index, verify every manifest that it names too, and those of indexes in it.
    #[arg(short, long)]
    recursive: bool,
    /// What to print: cosign's JSON (of attestations, their envelopes), the payloads, or a report of every
    /// signature.
    #[arg(short, long, value_enum, default_value_t = Output::Json)]
    output: Output,
    /// Write a report of every signature there, whatever is printed.
    #[arg(long, value_name = "FILE")]
    output_report: Option<String>,
    #[command(flatten)]
    pub registry: RegistryOptions,
    #[command(flatten)]
    store: StoreOptions,
    /// Images: [HOST/]REPOSITORY[:TAG][@DIGEST].
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,
}

impl VerifyingOptions {
    /// Judges the images, which are to be found there, records what was found, and tells it.
    pub async fn run(
        &self,
        common: &Common,
        kind: Kind,
        source: Source,
        judge: impl AsyncFnOnce(&[String], &Recorder) -> Result<Vec<Judged>, Failure>,
    ) -> Result<(), Failure> {
        let mut record = self.store.open(match kind {
            Kind::Signature => Action::Verification,
            Kind::Attestation => Action::AttestationVerification,
        })?;
        record.trusts(self.requirements.key_references());
        record.logs_at(self.requirements.log_url());
        let images = match source {
            Source::Directory => self.images.clone(),
            _ => self.registry.references(&self.images)?,
        };
        let judged = common.in_time(judge(&images, &record)).await;
        let judged = record.conclude(named(&images, source), judged)?;
        let recorded = record.verified(&images, &judged);
        let verdicts = Verdicts {
            images: &images,
            kind,
            output: self.output,
            report: self.output_report.as_deref(),
        };
        verdicts.conclude(judged).and(recorded)
    }

    /// A look at what is attached to images, in another repository if one is named.
    pub fn look<'a>(
        &'a self,
        common: &'a Common,
        signature_repository: Option<String>,
        predicate_type: Option<&'a str>,
    ) -> Look<'a> {
        Look {
            common,
            requirements: &self.requirements,
            options: VerificationOptions {
                signature_repository,
                recursive: self.recursive,
            },
            predicate_type,
        }
    }
}
