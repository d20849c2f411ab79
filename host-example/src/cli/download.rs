use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use cosignet::bundle;
use cosignet::oci::{
    AttachedSignature, Descriptor, Digest, SignatureImage, VerifiedBytes, media_type, signature_tag,
};
use cosignet::payload::IMAGE_SIGNATURE;
use cosignet_host::OciRegistry;
use cosignet_host::registry::Registry as _;

use super::failure::Failure;
use super::keys::print;
use super::options::{Common, RegistryOptions, signature_repository};
use super::referrers::{self, MAX_MANIFEST, found};
use super::sign::resolve;

#[derive(Args)]
pub struct Signature {
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
        let (reference, digest) = resolve(&client, &self.image).await?;
        let place = signature_repository().unwrap_or_else(|| reference.repository.to_string());
        let mut lines = attached(&client, &place, &digest).await?;
        lines.extend(bundles(&client, &place, &digest).await?);
        if lines.is_empty() {
            return Err(Failure::no_signatures(&self.image));
        }
        for line in lines {
            print(&format!("{line}\n"))?;
        }
        Ok(())
    }
}

async fn attached(
    client: &OciRegistry,
    place: &str,
    digest: &Digest,
) -> Result<Vec<String>, Failure> {
    let tag = signature_tag(digest);
    let Some(manifest) = found(client.fetch_manifest(place, &tag, MAX_MANIFEST).await)? else {
        return Ok(Vec::new());
    };
    let image = SignatureImage::parse(&manifest.media_type, &manifest.content);
    let image = image.map_err(|error| Failure::other(format!("{place}:{tag}: {error}")))?;
    let mut lines = Vec::new();
    for layer in image.layers() {
        let content = layer.content().ok();
        let is_one = |content: &&AttachedSignature| {
            content.descriptor.media_type == media_type::SIMPLE_SIGNING
        };
        let Some((content, signature)) = content
            .filter(is_one)
            .and_then(|content| Some((content, content.signature()?)))
        else {
            eprintln!("Warning: {place}:{tag} has a layer that is no signature");
            continue;
        };
        let payload = blob(client, place, &content.descriptor).await?;
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

async fn bundles(
    client: &OciRegistry,
    place: &str,
    digest: &Digest,
) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    for referrer in referrers::of(client, place, digest).await? {
        let Ok(manifest) = referrer.manifest else {
            continue;
        };
        let kind = manifest.annotations.get(bundle::PREDICATE_TYPE);
        if kind.is_some_and(|kind| kind != IMAGE_SIGNATURE) {
            continue;
        }
        let mut layers = manifest.layers.iter();
        let Some(layer) = layers.find(|layer| layer.media_type == bundle::MEDIA_TYPE) else {
            continue;
        };
        let bundle = blob(client, place, layer).await?;
        // In one line, whatever its white space.
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
) -> Result<Vec<u8>, Failure> {
    let name = descriptor.digest.to_string();
    let limit = descriptor.size.min(MAX_MANIFEST);
    let bytes = client.fetch_blob(place, &name, limit).await;
    let bytes = bytes.map_err(|error| Failure::other(error.to_string()))?;
    let bytes = VerifiedBytes::with_descriptor(bytes, descriptor)
        .map_err(|error| Failure::other(format!("{place}@{name}: {error}")))?;
    Ok(bytes.as_bytes().to_vec())
}
