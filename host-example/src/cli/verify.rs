use clap::Args;

use cosignet_host::api::detached::DetachedSignature;
use cosignet_host::store::Source;

use super::failure::Failure;
use super::options::{Common, signature_repository};
use super::sign::resolve;
use super::store::Recorder;
use super::verdicts::{Judged, Kind};
use super::verifying::VerifyingOptions;
use super::{files, layout};

#[derive(Args)]
pub struct Verify {
    /// The signature, instead of those that are attached.
    #[arg(
        long,
        value_name = "FILE",
        requires = "payload",
        conflicts_with = "recursive",
        group = "detached"
    )]
    signature: Option<String>,
    /// The payload of the signature.
    #[arg(long, value_name = "FILE", requires = "detached")]
    payload: Option<String>,
    /// A sigstore bundle of the signature, with its log entries: what `sign --bundle` writes.
    #[arg(
        long,
        value_name = "FILE",
        requires = "payload",
        conflicts_with_all = ["recursive", "signature"],
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
    #[command(flatten)]
    verifying: VerifyingOptions,
}

impl Verify {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let source = match self.local_image {
            true => Source::Directory,
            false => Source::Registry,
        };
        let judge = async |images: &[String], record: &Recorder| match source {
            Source::Directory => self.of_directories(common, images).await,
            _ => match self.signature.as_ref().or(self.bundle.as_ref()) {
                Some(signature) => self.by_file(common, images, signature).await,
                None => {
                    let verifying = &self.verifying;
                    let look = verifying.look(common, signature_repository(), None);
                    let client = verifying.registry.client()?;
                    look.everywhere(client, images, record).await
                }
            },
        };
        let verifying = &self.verifying;
        verifying.run(common, Kind::Signature, source, judge).await
    }

    /// A session for each directory, which is all that it can reach beside the log.
    async fn of_directories(
        &self,
        common: &Common,
        directories: &[String],
    ) -> Result<Vec<Judged>, Failure> {
        self.verifying.requirements.fit_directories()?;
        let look = self.verifying.look(common, None, None);
        let mut judged = Vec::new();
        for directory in directories {
            let (layout, name) = layout::open(directory)?;
            let digest = layout.image(name)?;
            layout.check(digest).await?;
            let image = [layout.reference(Some(&digest.to_string()))?];
            let results = look.at(layout, &image).await?.into_iter();
            judged.extend(results.map(|result| Judged {
                result,
                source: Source::Directory,
            }));
        }
        Ok(judged)
    }

    async fn by_file(
        &self,
        common: &Common,
        images: &[String],
        signature: &str,
    ) -> Result<Vec<Judged>, Failure> {
        let client = self.verifying.registry.client()?;
        let requirements = &self.verifying.requirements;
        let (mut session, policy) = requirements.start(common, client.clone()).await?;
        let payload = self.payload.as_deref();
        let payload = payload.ok_or_else(|| Failure::other("--signature needs --payload"))?;
        let signatures = [DetachedSignature {
            payload: files::read(payload)?,
            signature: files::read(signature)?,
            log_entry: self.rekor_entry.as_deref().map(files::read).transpose()?,
        }];
        let mut judged = Vec::new();
        for image in images {
            let (reference, digest) = resolve(&client, image).await?;
            let reference = format!("{}@{digest}", reference.repository);
            let verified = session.verify_detached(policy, &reference, &signatures);
            judged.push(Judged {
                result: verified.await?,
                source: Source::Given,
            });
        }
        Ok(judged)
    }
}
