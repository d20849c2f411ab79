use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use cosignet::bundle::{self, Bundle, Content};
use cosignet::oci::{
    AttachedSignature, Descriptor, Digest, SignatureImage, VerifiedBytes, attestation_tag,
    media_type, signature_tag,
};
use cosignet::payload::{Envelope, IMAGE_SIGNATURE, Statement};
use cosignet::verify::Limits;
use cosignet_host::OciRegistry;
use cosignet_host::registry::Registry as _;

use super::envelope;
use super::failure::Failure;
use super::keys::print;
use super::options::{Common, RegistryOptions, signature_repository};
use super::predicate;
use super::referrers::{self, MAX_MANIFEST, found};
use super::sign::resolve;
use super::verdicts::Kind;

#[derive(Args)]
pub struct Signature {
    #[command(flatten)]
    registry: RegistryOptions,
    /// The image.
    image: String,
}

#[derive(Args)]
pub struct Attestation {
    /// Only those with a predicate of this type: a URI, or cosign's name for one.
    #[arg(long, value_name = "NAME")]
    predicate_type: Option<String>,
    #[command(flatten)]
    registry: RegistryOptions,
    /// The image.
    image: String,
}

/// A signature as cosign prints it. Certificates are not read here.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Line {
    #[serde(rename = "Base64Signature")]
    signature: String,
    payload: String,
    cert: Option<Value>,
    chain: Option<Value>,
    bundle: Option<Value>,
    #[serde(rename = "RFC3161Timestamp")]
    timestamp: Option<Value>,
}

impl Signature {
    /// A line for each: of a `.sig` image cosign's object, of a bundle the bundle.
    pub async fn run(self, _: &Common) -> Result<(), Failure> {
        let client = self.registry.client()?;
        let image = self.registry.reference(&self.image)?;
        let (reference, digest) = resolve(&client, &image).await?;
        let place = signature_repository().unwrap_or_else(|| reference.repository.to_string());
        let mut lines = attached(&client, &place, &digest).await?;
        let is_one = |said: &str| said == IMAGE_SIGNATURE;
        lines.extend(bundles(&client, &place, &digest, MAX_MANIFEST, is_one).await?);
        print_all(&lines, &image, Kind::Signature)
    }
}

impl Attestation {
    /// A line for each: of an `.att` image the envelope, of a bundle the bundle.
    pub async fn run(self, _: &Common) -> Result<(), Failure> {
        let wanted = self.predicate_type.as_deref();
        let wanted = wanted.map(predicate::type_of).transpose()?;
        let is_wanted = |found: &str| match &wanted {
            Some(wanted) => found == wanted,
            None => found != IMAGE_SIGNATURE,
        };
        let client = self.registry.client()?;
        let image = self.registry.reference(&self.image)?;
        let (reference, digest) = resolve(&client, &image).await?;
        let place = signature_repository().unwrap_or_else(|| reference.repository.to_string());
        let mut lines = Vec::new();
        let tag = attestation_tag(&digest);
        for layer in layers(&client, &place, &tag, media_type::DSSE_ENVELOPE).await? {
            let bytes = blob(&client, &place, &layer.descriptor, MAX_ATTESTATION).await?;
            let envelope = Envelope::parse(&bytes);
            let read = envelope.and_then(|found| Ok((kind_of(&found)?, found)));
            match read {
                Ok((kind, found)) if is_wanted(&kind) => {
                    lines.push(envelope::line(&found.payload, &found.signature));
                }
                Ok(_) => {}
                Err(why) => eprintln!("Warning: {place}@{}: {why}", layer.descriptor.digest),
            }
        }
        for line in bundles(&client, &place, &digest, MAX_ATTESTATION, is_wanted).await? {
            match Bundle::parse(line.as_bytes()).map(|bundle| bundle.content) {
                Ok(Content::Dsse(found)) if kind_of(&found).is_ok_and(|kind| is_wanted(&kind)) => {
                    lines.push(line);
                }
                Ok(_) => {}
                Err(why) => eprintln!("Warning: {place}: a bundle of {digest}: {why}"),
            }
        }
        print_all(&lines, &image, Kind::Attestation)
    }
}

fn kind_of(envelope: &Envelope) -> Result<String, String> {
    Ok(Statement::parse(&envelope.payload)?.predicate_type)
}

fn print_all(lines: &[String], image: &str, kind: Kind) -> Result<(), Failure> {
    if lines.is_empty() {
        return Err(Failure::none_found(image, kind));
    }
    lines
        .iter()
        .try_for_each(|line| print(&format!("{}\n", line.trim_end())))
}

/// The layers of this type under a tag.
async fn layers(
    client: &OciRegistry,
    place: &str,
    tag: &str,
    kind: &str,
) -> Result<Vec<AttachedSignature>, Failure> {
    let Some(manifest) = found(client.fetch_manifest(place, tag, MAX_MANIFEST).await)? else {
        return Ok(Vec::new());
    };
    let image = SignatureImage::parse(&manifest.media_type, &manifest.content);
    let image = image.map_err(|error| Failure::other(format!("{place}:{tag}: {error}")))?;
    let is_one = |content: &&AttachedSignature| content.descriptor.media_type == kind;
    let layers = image.layers().iter().filter_map(|layer| {
        let content = layer.content().ok().filter(is_one).cloned();
        if content.is_none() {
            eprintln!("Warning: {place}:{tag} has a layer that is not of type {kind}");
        }
        content
    });
    Ok(layers.collect())
}

async fn attached(
    client: &OciRegistry,
    place: &str,
    digest: &Digest,
) -> Result<Vec<String>, Failure> {
    let tag = signature_tag(digest);
    let mut lines = Vec::new();
    for content in layers(client, place, &tag, media_type::SIMPLE_SIGNING).await? {
        let Some(signature) = content.signature() else {
            eprintln!("Warning: {place}:{tag} has a layer without a signature");
            continue;
        };
        let payload = blob(client, place, &content.descriptor, MAX_MANIFEST).await?;
        let entry = content.log_entry().map(serde_json::from_str::<Value>);
        let line = Line {
            signature: signature.into(),
            payload: BASE64.encode(payload),
            cert: None,
            chain: None,
            bundle: entry.and_then(Result::ok),
            timestamp: None,
        };
        let line = serde_json::to_string(&line);
        lines.push(line.map_err(|error| Failure::other(error.to_string()))?);
    }
    Ok(lines)
}

/// The bundles that refer to an image, each in one line whatever its white space; without those whose
/// manifest says that they state something else.
async fn bundles(
    client: &OciRegistry,
    place: &str,
    digest: &Digest,
    limit: u64,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    for referrer in referrers::of(client, place, digest).await? {
        let Ok(manifest) = referrer.manifest else {
            continue;
        };
        let said = manifest.annotations.get(bundle::PREDICATE_TYPE);
        if said.is_some_and(|said| !is_wanted(said)) {
            continue;
        }
        let mut layers = manifest.layers.iter();
        let Some(layer) = layers.find(|layer| layer.media_type == bundle::MEDIA_TYPE) else {
            continue;
        };
        let bundle = blob(client, place, layer, limit).await?;
        let bundle: Value = serde_json::from_slice(&bundle).map_err(|error| {
            Failure::other(format!("{place}@{}: no bundle: {error}", layer.digest))
        })?;
        lines.push(bundle.to_string());
    }
    Ok(lines)
}

async fn blob(
    client: &OciRegistry,
    place: &str,
    descriptor: &Descriptor,
    limit: u64,
) -> Result<Vec<u8>, Failure> {
    let name = descriptor.digest.to_string();
    let limit = descriptor.size.min(limit);
    let bytes = client.fetch_blob(place, &name, limit).await;
    let bytes = bytes.map_err(|error| Failure::other(error.to_string()))?;
    let bytes = VerifiedBytes::with_descriptor(bytes, descriptor)
        .map_err(|error| Failure::other(format!("{place}@{name}: {error}")))?;
    Ok(bytes.as_bytes().to_vec())
}

/// As much of an attestation as a verifier reads.
const MAX_ATTESTATION: u64 = Limits::CEILING.attestation_size;
