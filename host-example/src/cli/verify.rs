use clap::Args;

use cosignet_host::api::detached::DetachedSignature;
use cosignet_host::api::report::{VerificationError, VerifiedImage};
use cosignet_host::api::verification::VerificationOptions;

use super::failure::Failure;
use super::options::{Common, RegistryOptions, signature_repository};
use super::requirements::Requirements;
use super::sign::resolve;
use super::verdicts::{Kind, Output, Verdicts};
use super::{files, layout};

#[derive(Args)]
pub struct Verify {
    #[command(flatten)]
    requirements: Requirements,
    /// Of an index, verify every manifest that it names too, and those of indexes in it.
    #[arg(short, long, conflicts_with = "detached")]
    recursive: bool,
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
    /// The images are directories, OCI image layouts as `save` writes them: DIR, or DIR:TAG or
    /// DIR@DIGEST where there are several images in it. No registry is asked.
    #[arg(long, conflicts_with_all = ["detached", "source", "digest"])]
    local_image: bool,
    /// What to print: cosign's JSON, the payloads, or a report of every signature.
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

type Verified = Result<VerifiedImage, VerificationError>;

impl Verify {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let images = match self.local_image {
            true => self.images.clone(),
            false => self.registry.references(&self.images)?,
        };
        let results = match self.local_image {
            true => self.of_directories(common).await?,
            false => self.of_registries(common, &images).await?,
        };
        Verdicts {
            images: &images,
            kind: Kind::Signature,
            output: self.output,
            report: self.output_report.as_deref(),
        }
        .conclude(results)
    }

    /// A session for each directory, which is all that it can reach beside the log.
    async fn of_directories(&self, common: &Common) -> Result<Vec<Verified>, Failure> {
        self.requirements.fit_directories()?;
        let mut results = Vec::new();
        for directory in &self.images {
            let (layout, name) = layout::open(directory)?;
            let digest = layout.image(name)?;
            layout.check(digest).await?;
            let image = [layout.reference(Some(&digest.to_string()))?];
            let (mut session, policy) = self.requirements.start(common, layout).await?;
            let options = self.options(None);
            results.extend(session.verify_images(policy, &image, &options).await?);
        }
        Ok(results)
    }

    fn options(&self, signature_repository: Option<String>) -> VerificationOptions {
        VerificationOptions {
            signature_repository,
            recursive: self.recursive,
        }
    }

    async fn of_registries(
        &self,
        common: &Common,
        images: &[String],
    ) -> Result<Vec<Verified>, Failure> {
        let client = self.registry.client()?;
        let (mut session, policy) = self.requirements.start(common, client.clone()).await?;
        let detached = self.signature.as_ref().or(self.bundle.as_ref());
        match (detached, &self.payload) {
            (Some(signature), Some(payload)) => {
                let signatures = [DetachedSignature {
                    payload: files::read(payload)?,
                    signature: files::read(signature)?,
                    log_entry: self.rekor_entry.as_deref().map(files::read).transpose()?,
                }];
                let mut results = Vec::new();
                for image in images {
                    let (reference, digest) = resolve(&client, image).await?;
                    let reference = format!("{}@{digest}", reference.repository);
                    let verified = session
                        .verify_detached(policy, &reference, &signatures)
                        .await?;
                    results.push(verified);
                }
                Ok(results)
            }
            _ => {
                let options = self.options(signature_repository());
                let verified = session.verify_images(policy, images, &options);
                Ok(verified.await?)
            }
        }
    }
}
