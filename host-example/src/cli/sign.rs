use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::Args;

use cosignet::oci::{Digest, Reference, Selector, signature_tag};
use cosignet_host::api::payload::SimpleSigning;
use cosignet_host::api::signing::{
    AttachOutcome, Attachment, EarlierSignatures, ForeignSignature, Options, Signature,
    SignedImage, SigningResult,
};
use cosignet_host::registry::Registry as _;
use cosignet_host::{Imports, OciRegistry, Session, World};

use super::failure::Failure;
use super::keys::print;
use super::log::UploadOptions;
use super::options::{Common, OfflineSwitches, RegistryOptions, signature_repository};
use super::progress::{self, Progress};
use super::{annotations, files, secrets, turns};

#[derive(Args)]
pub struct Sign {
    /// The encrypted private key: a file or env://NAME.
    #[arg(long)]
    key: String,
    /// A claim to sign too, key=value; several, or several in one, separated by commas.
    #[arg(short, long = "annotations", value_name = "KEY=VALUE")]
    annotations: Vec<String>,
    /// Sign the manifests of an index too.
    #[arg(short, long)]
    recursive: bool,
    /// Keep the earlier signatures of this key instead of replacing them.
    #[arg(long)]
    append: bool,
    /// Attach the signature to the image's repository.
    #[arg(
        long, num_args = 0..=1, require_equals = true, default_value = "true",
        default_missing_value = "true", action = clap::ArgAction::Set
    )]
    upload: bool,
    /// Write the signature there, in base64.
    #[arg(long, value_name = "FILE")]
    output_signature: Option<String>,
    /// Write the payload there.
    #[arg(long, value_name = "FILE")]
    output_payload: Option<String>,
    /// Sign for this repository instead of the image's; several make several signatures.
    #[arg(long, value_name = "REPOSITORY", value_delimiter = ',')]
    sign_container_identity: Vec<String>,
    /// Record the time (or SOURCE_DATE_EPOCH) as creation time of the signature image.
    #[arg(long)]
    record_creation_timestamp: bool,
    /// Taken for the sake of scripts; nothing is asked.
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    log: UploadOptions,
    #[command(flatten)]
    offline: OfflineSwitches,
    #[command(flatten)]
    registry: RegistryOptions,
    /// Images: [HOST/]REPOSITORY[:TAG][@DIGEST].
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,
}

#[derive(Args)]
pub struct Generate {
    /// A claim to sign too, key=value.
    #[arg(short, long = "annotations", value_name = "KEY=VALUE")]
    annotations: Vec<String>,
    #[command(flatten)]
    registry: RegistryOptions,
    /// The image.
    image: String,
}

#[derive(Args)]
pub struct AttachSignature {
    /// The signature, base64 or as it is.
    #[arg(long, value_name = "FILE")]
    signature: String,
    /// The payload that it is over.
    #[arg(long, value_name = "FILE")]
    payload: String,
    /// The entry that a log made for it: cosign's annotation `dev.sigstore.cosign/bundle`.
    #[arg(long, value_name = "FILE")]
    rekor_entry: Option<String>,
    #[command(flatten)]
    registry: RegistryOptions,
    /// The image.
    image: String,
}

#[derive(Args)]
pub struct Triangulate {
    #[command(flatten)]
    registry: RegistryOptions,
    /// The image.
    image: String,
}

impl Sign {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        self.offline.check()?;
        let upload = self.log.upload()?;
        let mut options = self.options()?;
        let file = secrets::key(&self.key)?;
        let password = secrets::password(false)?;
        let client = self.registry.client()?.for_push();
        let bar = progress::bar(self.images.len());
        let mut imports = Imports::none()
            .registry(client.clone())
            .registry_push(Progress::watch(client, bar.clone()));
        if let Some((rekor, upload)) = upload {
            imports = imports.transparency_log(rekor);
            options.log = Some(upload);
        }
        let mut session = Session::start(&common.program(World::Signer)?, imports).await?;
        let key = session.open_key(&file, &password).await?;
        let (mut failures, mut total) = (Vec::new(), 0);
        for group in self.images.chunks(GROUP) {
            let _turns = match self.upload {
                true => Some(turns::take(group).await),
                false => None,
            };
            for result in session.sign_images(key.signer(), group, &options).await? {
                total += 1;
                if let Err(failure) = bar.suspend(|| self.conclude(result)) {
                    bar.suspend(|| eprintln!("{failure}"));
                    failures.push(failure);
                }
            }
        }
        bar.finish_and_clear();
        session.close_key(key).await?;
        if total > 1 {
            eprintln!("{} of {total} signed", total - failures.len());
        }
        Failure::of_many(failures, total)
    }

    fn options(&self) -> Result<Options, Failure> {
        let earlier = match self.append {
            true => EarlierSignatures::Keep,
            false => EarlierSignatures::Replace,
        };
        Ok(Options {
            annotations: annotations::read(&self.annotations)?,
            recursive: self.recursive,
            identities: self.sign_container_identity.clone(),
            created: self
                .record_creation_timestamp
                .then(creation_time)
                .transpose()?,
            log: None,
            attachment: match (self.upload, signature_repository()) {
                (false, _) => Attachment::None,
                (true, None) => Attachment::BesideImage(earlier),
                (true, Some(repository)) => Attachment::Repository((repository, earlier)),
            },
        })
    }

    fn conclude(&self, result: SigningResult) -> Result<(), Failure> {
        let failed = |failure: Failure| failure.about(&format!("signing {}", result.subject));
        let signed = result.outcome.map_err(|error| {
            let failure = Failure::from(error).and(&logged_words(&result.unattached));
            failed(failure)
        })?;
        self.write_files(&signed).map_err(failed)?;
        for entry in signed
            .signatures
            .iter()
            .filter_map(|made| made.log.as_ref())
        {
            let index = entry.proved.log_index;
            eprintln!("tlog entry created with index: {index}");
        }
        match &signed.attached {
            Some(attached) => eprintln!(
                "{} {}@{} at {}:{}",
                match attached.outcome {
                    AttachOutcome::Added => "Signed",
                    AttachOutcome::Replaced => "Signed, replacing an earlier signature,",
                    AttachOutcome::Unchanged => "Already signed:",
                },
                signed.repository,
                signed.digest,
                attached.repository,
                attached.tag
            ),
            None if self.output_signature.is_none() => {
                for signature in &signed.signatures {
                    print(&format!("{}\n", BASE64.encode(&signature.signature)))?;
                }
            }
            None => {}
        }
        Ok(())
    }

    fn write_files(&self, signed: &SignedImage) -> Result<(), Failure> {
        let many = self.recursive || self.images.len() > 1;
        let name = |path: &str| match many {
            true => format!("{path}-{}", signed.digest.replace(':', "-")),
            false => path.to_owned(),
        };
        // As cosign: one file, the last identity's.
        let Some(last) = signed.signatures.last() else {
            return Ok(());
        };
        if let Some(path) = &self.output_signature {
            files::write(
                &name(path),
                BASE64.encode(&last.signature).as_bytes(),
                0o644,
            )?;
        }
        if let (Some(path), Some(entry)) = (self.log.bundle(), &last.log) {
            files::write(&name(path), entry.bundle.as_bytes(), 0o644)?;
        }
        if let Some(path) = &self.output_payload {
            files::write(&name(path), &last.payload, 0o644)?;
        }
        Ok(())
    }
}

impl Generate {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let (reference, digest) = resolve(&self.registry.client()?, &self.image).await?;
        let content = SimpleSigning {
            docker_reference: reference.repository.to_string(),
            digest: digest.to_string(),
            annotations: annotations::read(&self.annotations)?,
        };
        let mut session = Session::start(&common.program(World::Offline)?, Imports::none()).await?;
        let payload = session
            .create_payload(&content)
            .await?
            .map_err(|error| Failure::other(format!("payload: {error:?}")))?;
        print(&String::from_utf8_lossy(&payload))
    }
}

impl AttachSignature {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let signature = ForeignSignature {
            reference: self.image,
            payload: files::read(&self.payload)?,
            signature: files::read(&self.signature)?,
            log_entry: self.rekor_entry.as_deref().map(files::read).transpose()?,
        };
        let client = self.registry.client()?.for_push();
        let imports = Imports::none()
            .registry(client.clone())
            .registry_push(client);
        let mut session = Session::start(&common.program(World::Signer)?, imports).await?;
        let place = signature_repository();
        let attached = session
            .attach_signature(&signature, place.as_deref())
            .await??;
        eprintln!(
            "Signature attached at {}:{}",
            attached.repository, attached.tag
        );
        Ok(())
    }
}

impl Triangulate {
    pub async fn run(self, _: &Common) -> Result<(), Failure> {
        let (reference, digest) = resolve(&self.registry.client()?, &self.image).await?;
        let place = signature_repository().unwrap_or_else(|| reference.repository.to_string());
        print(&format!("{place}:{}\n", signature_tag(&digest)))
    }
}

/// What a log took before the failure.
fn logged_words(unattached: &[Signature]) -> String {
    let entries = unattached.iter().filter_map(|made| made.log.as_ref());
    let mut words = String::new();
    for entry in entries {
        words += &format!(
            "; the log has the signature all the same, as entry {}: signing again uses it",
            entry.proved.log_index
        );
    }
    words
}

/// The digest that a reference names, asked for only where it stands in none.
pub async fn resolve(client: &OciRegistry, image: &str) -> Result<(Reference, Digest), Failure> {
    let reference: Reference = image
        .parse()
        .map_err(|error| Failure::other(format!("parsing reference: {error}")))?;
    let digest = match &reference.selector {
        Selector::Digest(digest) => *digest,
        Selector::Tag(tag) => {
            let found = client.resolve(reference.repository.as_str(), tag).await;
            let found = found.map_err(|error| Failure::other(error.to_string()))?;
            let parsed = found.digest.parse();
            parsed.map_err(|error| Failure::other(format!("{image}: {error}")))?
        }
    };
    Ok((reference, digest))
}

/// Now, or what `SOURCE_DATE_EPOCH` says: seconds since 1970.
fn creation_time() -> Result<String, Failure> {
    let time = match std::env::var("SOURCE_DATE_EPOCH") {
        Err(_) => SystemTime::now(),
        Ok(seconds) => seconds
            .parse()
            .ok()
            .and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)))
            .filter(|time| *time < SystemTime::UNIX_EPOCH + YEAR_9999)
            .ok_or_else(|| Failure::other("SOURCE_DATE_EPOCH is no number of seconds"))?,
    };
    Ok(humantime::format_rfc3339(time).to_string())
}

/// Images that are signed in one call, each with a lock of its own: programs may often have no more
/// than 1024 files open. Requests run 16 at a time.
const GROUP: usize = 256;
const YEAR_9999: Duration = Duration::from_secs(253_370_764_800);
