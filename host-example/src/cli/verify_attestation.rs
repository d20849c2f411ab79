use clap::Args;

use cosignet_host::api::verification::VerificationOptions;

use super::failure::Failure;
use super::options::{Common, RegistryOptions, signature_repository};
use super::predicate;
use super::requirements::Requirements;
use super::verdicts::{Kind, Output, Verdicts};

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
    /// Images: [HOST/]REPOSITORY[:TAG][@DIGEST].
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,
}

impl VerifyAttestation {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let predicate_type = predicate::type_of(&self.predicate_type)?;
        let images = self.registry.references(&self.images)?;
        let client = self.registry.client()?;
        let (mut session, policy) = self.requirements.start(common, client).await?;
        let options = VerificationOptions {
            signature_repository: signature_repository(),
            recursive: self.recursive,
        };
        let mut results = Vec::new();
        // One at a time: those of many images need not fit into a session's memory together.
        for image in images.chunks(1) {
            let verified = session
                .verify_attestations(policy, &predicate_type, image, &options)
                .await?;
            results.extend(verified);
        }
        Verdicts {
            images: &images,
            kind: Kind::Attestation,
            output: self.output,
            report: self.output_report.as_deref(),
        }
        .conclude(results)
    }
}
