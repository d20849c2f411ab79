use clap::Args;

use cosignet_host::store::Source;

use super::failure::Failure;
use super::options::{Common, signature_repository};
use super::predicate;
use super::verdicts::Kind;
use super::verifying::VerifyingOptions;

#[derive(Args)]
pub struct VerifyAttestation {
    /// The type of the predicate: a URI, or cosign's name for one.
    #[arg(long = "type", value_name = "NAME", default_value = "custom")]
    predicate_type: String,
    #[command(flatten)]
    verifying: VerifyingOptions,
}

impl VerifyAttestation {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let verifying = &self.verifying;
        let judge = verifying.run(
            common,
            Kind::Attestation,
            Source::Registry,
            async |images, record| {
                let predicate_type = predicate::type_of(&self.predicate_type)?;
                let look = verifying.look(common, signature_repository(), Some(&predicate_type));
                let client = verifying.registry.client()?;
                look.everywhere(client, images, record).await
            },
        );
        judge.await
    }
}
