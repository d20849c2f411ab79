use clap::Args;

use cosignet_host::api::detached::DetachedSignature;
use cosignet_host::api::verification::VerificationOptions;
use cosignet_host::store::{Action, Source};

use super::failure::Failure;
use super::look::Look;
use super::options::{Common, RegistryOptions, signature_repository};
use super::requirements::Requirements;
use super::sign::resolve;
use super::store::{Recorder, StoreOptions, named};
use super::verdicts::{Judged, Kind, Output, Verdicts};
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
    #[command(flatten)]
    store: StoreOptions,
    /// Images: [HOST/]REPOSITORY[:TAG][@DIGEST].
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,
}

impl Verify {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let mut record = self.store.open(Action::Verification)?;
        record.trusts(self.requirements.key_references());
        record.logs_at(self.requirements.log_url());
        let (images, source) = match self.local_image {
            true => (self.images.clone(), Source::Directory),
            false => (self.registry.references(&self.images)?, Source::Registry),
        };
        let judged = self.judge(common, &images, &record).await;
        let judged = record.conclude(named(&images, source), judged)?;
        let recorded = record.verified(&images, &judged);
        let verdicts = Verdicts {
            images: &images,
            kind: Kind::Signature,
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
        match (
            self.local_image,
            self.signature.as_ref().or(self.bundle.as_ref()),
        ) {
            (true, _) => self.of_directories(common).await,
            (false, Some(signature)) => self.by_file(common, images, signature).await,
            (false, None) => {
                let look = self.look(common, signature_repository());
                let client = self.registry.client()?;
                look.everywhere(client, images, record).await
            }
        }
    }

    /// A session for each directory, which is all that it can reach beside the log.
    async fn of_directories(&self, common: &Common) -> Result<Vec<Judged>, Failure> {
        self.requirements.fit_directories()?;
        let look = self.look(common, None);
        let mut judged = Vec::new();
        for directory in &self.images {
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

    fn look<'a>(&'a self, common: &'a Common, signature_repository: Option<String>) -> Look<'a> {
        Look {
            common,
            requirements: &self.requirements,
            options: VerificationOptions {
                signature_repository,
                recursive: self.recursive,
            },
            predicate_type: None,
        }
    }

    async fn by_file(
        &self,
        common: &Common,
        images: &[String],
        signature: &str,
    ) -> Result<Vec<Judged>, Failure> {
        let client = self.registry.client()?;
        let (mut session, policy) = self.requirements.start(common, client.clone()).await?;
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
