use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::{Args, ValueEnum};

use cosignet::oci::{Digest, Reference, Selector, attestation_tag, media_type, signature_tag};
use cosignet_host::api::payload::SimpleSigning;
use cosignet_host::api::signing::{
    AttachOutcome, EarlierSignatures, ForeignSignature, Options, Signature, SignedImage,
};
use cosignet_host::registry::Registry as _;
use cosignet_host::{Imports, OciRegistry, Session, World};

use super::failure::Failure;
use super::keys::print;
use super::options::{Common, RegistryOptions, signature_repository};
use super::secrets::StandardInput;
use super::signing::{SigningOptions, place_words, tell_places};
use super::{annotations, files};

#[derive(Args)]
pub struct Sign {
    #[command(flatten)]
    signing: SigningOptions,
    /// A claim to sign too, key=value; several, or several in one, separated by commas.
    #[arg(short, long = "annotations", value_name = "KEY=VALUE")]
    annotations: Vec<String>,
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
    /// What is looked for: the tag of one of them beside the image, or the image by its digest.
    #[arg(long = "type", value_enum, default_value_t = Beside::Signature)]
    kind: Beside,
    #[command(flatten)]
    registry: RegistryOptions,
    /// The image.
    image: String,
}

/// What cosign keeps beside an image, each under a tag of its own.
#[derive(Clone, Copy, ValueEnum)]
enum Beside {
    Signature,
    Attestation,
    Sbom,
    Digest,
}

impl Sign {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let earlier = match self.append {
            true => EarlierSignatures::Keep,
            false => EarlierSignatures::Replace,
        };
        let options = Options {
            annotations: annotations::read(&self.annotations)?,
            identities: self.sign_container_identity.clone(),
            ..self.signing.options(self.upload, earlier)?
        };
        let signed = |image: &SignedImage| self.conclude(image);
        let free = StandardInput::default();
        self.signing.run(common, free, None, options, signed).await
    }

    fn conclude(&self, signed: &SignedImage) -> Result<(), Failure> {
        self.write_files(signed)?;
        tell_places(signed, |outcome| match outcome {
            AttachOutcome::Added => "Signed",
            AttachOutcome::Replaced => "Signed, replacing an earlier signature,",
            AttachOutcome::Unchanged => "Already signed:",
        });
        if signed.attached.is_empty() && self.output_signature.is_none() {
            for signature in &signed.signatures {
                print(&format!("{}\n", BASE64.encode(&signature.signature)))?;
            }
        }
        Ok(())
    }

    fn write_files(&self, signed: &SignedImage) -> Result<(), Failure> {
        let name = |path: &str| self.signing.file_name(path, signed);
        // As cosign: one file, the last identity's; and simple signing, if there is any, as a
        // statement's is of no use without its envelope.
        let is_simple = |made: &&Signature| made.payload_type == media_type::SIMPLE_SIGNING;
        let mut all = signed.signatures.iter().rev();
        let Some(last) = all.clone().find(is_simple).or_else(|| all.next()) else {
            return Ok(());
        };
        if let Some(path) = &self.output_signature {
            let signature = BASE64.encode(&last.signature);
            files::write(&name(path), signature.as_bytes(), 0o644)?;
        }
        if let Some(path) = &self.output_payload {
            files::write(&name(path), &last.payload, 0o644)?;
        }
        Ok(())
    }
}

impl Generate {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let image = self.registry.reference(&self.image)?;
        let (reference, digest) = resolve(&self.registry.client()?, &image).await?;
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
            reference: self.registry.reference(&self.image)?,
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
        eprintln!("Signature attached {}", place_words(&attached));
        Ok(())
    }
}

impl Triangulate {
    pub async fn run(self, _: &Common) -> Result<(), Failure> {
        let image = self.registry.reference(&self.image)?;
        let (reference, digest) = resolve(&self.registry.client()?, &image).await?;
        let place = signature_repository().unwrap_or_else(|| reference.repository.to_string());
        let found = match self.kind {
            Beside::Signature => format!("{place}:{}", signature_tag(&digest)),
            Beside::Attestation => format!("{place}:{}", attestation_tag(&digest)),
            Beside::Sbom => format!("{place}:sha256-{}.sbom", digest.hex()),
            Beside::Digest => format!("{}@{digest}", reference.repository),
        };
        print(&format!("{found}\n"))
    }
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
