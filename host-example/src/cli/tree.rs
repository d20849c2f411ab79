use clap::Args;

use cosignet::bundle;
use cosignet::oci::{Digest, SignatureImage, referrers_tag};
use cosignet_host::OciRegistry;
use cosignet_host::registry::Registry as _;

use super::failure::Failure;
use super::keys::print;
use super::options::{Common, RegistryOptions, signature_repository};
use super::referrers::{self, Found, MAX_MANIFEST, found};
use super::sign::resolve;

#[derive(Args)]
pub struct Tree {
    #[command(flatten)]
    registry: RegistryOptions,
    /// The image.
    image: String,
}

/// Something that is attached to an image: what it is, where, and its layers.
struct Branch {
    words: String,
    layers: Vec<String>,
}

impl Tree {
    pub async fn run(self, _: &Common) -> Result<(), Failure> {
        let client = self.registry.client()?;
        let image = self.registry.reference(&self.image)?;
        let (reference, digest) = resolve(&client, &image).await?;
        let place = signature_repository().unwrap_or_else(|| reference.repository.to_string());
        let mut branches = tags(&client, &place, &digest).await?;
        branches.extend(referring(&client, &place, &digest).await?);
        print(&drawn(&image, &branches))
    }
}

/// cosign's drawing.
fn drawn(image: &str, branches: &[Branch]) -> String {
    if branches.is_empty() {
        return format!("No Supply Chain Security Related Artifacts found for image {image}\n");
    }
    let mut drawing = format!("📦 Supply Chain Security Related artifacts for an image: {image}\n");
    for Branch { words, layers } in branches {
        drawing += &format!("└── {}\n", harmless(words));
        for (place, layer) in layers.iter().enumerate() {
            let branch = match place + 1 == layers.len() {
                true => "└──",
                false => "├──",
            };
            drawing += &format!("   {branch} 🍒 {}\n", harmless(layer));
        }
    }
    drawing
}

/// Words of whoever wrote to the registry: none of them may steer the terminal.
fn harmless(words: &str) -> String {
    let shown = words.chars().filter(|character| !character.is_control());
    shown.take(SHOWN).collect()
}

/// What lies under tags beside the image.
async fn tags(client: &OciRegistry, place: &str, digest: &Digest) -> Result<Vec<Branch>, Failure> {
    let mut branches = Vec::new();
    for (suffix, what) in [
        ("att", "💾 Attestations"),
        ("sig", "🔐 Signatures"),
        ("sbom", "📦 SBOMs"),
    ] {
        let tag = format!("{}.{suffix}", referrers_tag(digest));
        let Some(manifest) = found(client.fetch_manifest(place, &tag, MAX_MANIFEST).await)? else {
            continue;
        };
        let layers = match SignatureImage::parse(&manifest.media_type, &manifest.content) {
            Ok(image) => image
                .layers()
                .iter()
                .map(|layer| match layer.content() {
                    Ok(content) => content.descriptor.digest.to_string(),
                    Err(why) => format!("unreadable: {why}"),
                })
                .collect(),
            Err(error) => vec![format!("unreadable: {error}")],
        };
        branches.push(Branch {
            words: format!("{what} for an image tag: {place}:{tag}"),
            layers,
        });
    }
    Ok(branches)
}

/// What refers to the image.
async fn referring(
    client: &OciRegistry,
    place: &str,
    digest: &Digest,
) -> Result<Vec<Branch>, Failure> {
    let found = referrers::of(client, place, digest).await?.into_iter();
    let branches = found.map(|Found { listed, manifest }| {
        let name = listed.descriptor.digest;
        let (kind, layers) = match manifest {
            Ok(mut manifest) => {
                let stated = manifest.annotations.remove(bundle::PREDICATE_TYPE);
                let layers = manifest.layers.iter();
                (
                    stated.unwrap_or(manifest.artifact_type),
                    layers.map(|layer| layer.digest.to_string()).collect(),
                )
            }
            Err(why) => (
                listed.artifact_type.unwrap_or_default(),
                vec![format!("unreadable: {why}")],
            ),
        };
        Branch {
            words: format!("🔗 {kind} artifacts via OCI referrer: {place}@{name}"),
            layers,
        }
    });
    Ok(branches.collect())
}

/// Longer than any reference with a digest.
const SHOWN: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_harmlessly() {
        let branch = |words: &str, layers: &[&str]| Branch {
            words: words.into(),
            layers: layers.iter().map(|&layer| layer.into()).collect(),
        };
        let drawing = drawn(
            "i",
            &[branch("a\u{1b}[2J\n", &["1", "2\r"]), branch("b", &[])],
        );
        assert_eq!(
            drawing,
            "📦 Supply Chain Security Related artifacts for an image: i\n\
             └── a[2J\n   ├── 🍒 1\n   └── 🍒 2\n└── b\n"
        );
    }
}
