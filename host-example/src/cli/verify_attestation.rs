use clap::Args;

use cosignet_host::api::verification::VerificationOptions;
use cosignet_host::store::{Action, Source};

use super::failure::Failure;
use super::look::Look;
use super::options::{Common, RegistryOptions, signature_repository};
use super::predicate;
use super::requirements::Requirements;
use super::store::{Recorder, StoreOptions, named};
use super::verdicts::{Judged, Kind, Output, Verdicts};

#[derive(Args)]
pub struct VerifyAttestation {
    #[command(flatten)]
    requirements: Requirements,
    /// The type of the predicate: a URI, or cosign's name for one.
    #[arg(long = "type", value_name = "NAME", default_value = "custom")]
    predicate_type: String,
    /// Of an index, verify every manifest that it names too, and those of indexes in it.
    #[arg(short, long)]
    recursive: bool,
    /// What to print: the attestations in their envelopes (`json` and `text`), or a report of every
    /// attestation.
    #[arg(short, long, value_enum, default_value_t = Output::Json)]
    output: Output,
    /// Write a report of every signature there, whatever is printed.
    #[arg(long, value_name = "FILE")]
    output_report: Option<String>,
    #[command(flatten)]
    registry: RegistryOptions,
    #[command(flatten)]
    store: StoreOptions,
    /// Images: [HOST/]REPOSITORY[:TAG][@DIGEST].
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,
}

impl VerifyAttestation {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let mut record = self.store.open(Action::AttestationVerification)?;
        record.trusts(self.requirements.key_references());
        record.logs_at(self.requirements.log_url());
        let images = self.registry.references(&self.images)?;
        let judged = self.judge(common, &images, &record).await;
        let judged = record.conclude(named(&images, Source::Registry), judged)?;
        let recorded = record.verified(&images, &judged);
        let verdicts = Verdicts {
            images: &images,
            kind: Kind::Attestation,
            output: self.output,
            report: self.output_report.as_deref(),
        };
        verdicts.conclude(judged).and(recorded)
    }

    async fn judge(
        &self,
        common: &Common,
        images: &[String],
        record: &Recorder,
    ) -> Result<Vec<Judged>, Failure> {
        let predicate_type = predicate::type_of(&self.predicate_type)?;
        let look = Look {
            common,
            requirements: &self.requirements,
            options: VerificationOptions {
                signature_repository: signature_repository(),
                recursive: self.recursive,
            },
            predicate_type: Some(&predicate_type),
        };
        let client = self.registry.client()?;
        look.everywhere(client, images, record).await
    }
}
