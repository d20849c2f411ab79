//! What several write under one tag: signatures of an image, and its list of referrers. What others
//! wrote there stays.

use std::collections::BTreeSet;

use cosignet::oci::{
    BuiltSignatureImage, Descriptor, Referrer, Referrers, SignatureImage, media_type,
};

use super::{LayoutError, MAX_MANIFEST};
use crate::registry::{Manifest, OciRegistry, Registry as _, RegistryError, RegistryPush as _};

/// What is to be under a tag.
pub(super) enum Ours<'a> {
    /// Layers of a signature image, beside those that are there.
    Signatures {
        media_type: &'a str,
        content: &'a [u8],
    },
    /// Entries of a list, beside those that are there.
    Referrers(&'a [&'a Referrer]),
}

/// A manifest to push, after the configuration that it needs.
struct Merged {
    manifest: Manifest,
    config: Option<(Descriptor, Vec<u8>)>,
}

/// Writes until what is under the tag has ours in it: of two that write at once, one might undo the
/// other, and no registry has a conditional push.
pub(super) async fn settle(
    registry: &OciRegistry,
    repository: &str,
    tag: &str,
    ours: Ours<'_>,
) -> Result<(), LayoutError> {
    let failed = |why: String| LayoutError::Malformed(format!("{repository}:{tag}: {why}"));
    for _ in 0..ATTEMPTS {
        let there = match registry.fetch_manifest(repository, tag, MAX_MANIFEST).await {
            Err(RegistryError::NotFound(_)) => None,
            there => Some(there?),
        };
        let Some(Merged { manifest, config }) = ours.merged(there).map_err(failed)? else {
            return Ok(());
        };
        if let Some((config, content)) = config {
            let digest = config.digest.to_string();
            registry.push_blob(repository, &digest, content).await?;
        }
        let Manifest {
            media_type,
            content,
        } = manifest;
        registry
            .push_manifest(repository, tag, &media_type, content)
            .await?;
    }
    Err(failed(format!(
        "others write it too: after {ATTEMPTS} attempts ours is not in it"
    )))
}

impl Ours<'_> {
    /// `None` where nothing is missing.
    fn merged(&self, there: Option<Manifest>) -> Result<Option<Merged>, String> {
        match self {
            Self::Signatures {
                media_type,
                content,
            } => match there {
                None => Ok(Some(Merged {
                    manifest: Manifest {
                        media_type: (*media_type).to_owned(),
                        content: content.to_vec(),
                    },
                    config: None,
                })),
                Some(there) if there.content == *content => Ok(None),
                Some(there) => {
                    let ours = read(media_type, content)?;
                    signatures(read(&there.media_type, &there.content)?, &ours)
                }
            },
            Self::Referrers(ours) => {
                let list = there.map_or(Ok(Referrers::empty()), |there| {
                    Referrers::parse(&there.media_type, &there.content)
                });
                referrers(list.map_err(|error| error.to_string())?, ours)
            }
        }
    }
}

fn read(media_type: &str, content: &[u8]) -> Result<SignatureImage, String> {
    SignatureImage::parse(media_type, content).map_err(|error| error.to_string())
}

fn signatures(there: SignatureImage, ours: &SignatureImage) -> Result<Option<Merged>, String> {
    let mut layers = there.layers().to_vec();
    for layer in ours.layers() {
        let said = layer.content()?;
        if !layers.iter().any(|known| known.content() == Ok(said)) {
            layers.push(layer.clone());
        }
    }
    if layers.len() == there.layers().len() {
        return Ok(None);
    }
    let BuiltSignatureImage {
        manifest,
        manifest_descriptor,
        config,
        config_descriptor,
    } = there.with_layers(layers).build(None)?;
    Ok(Some(Merged {
        manifest: Manifest {
            media_type: manifest_descriptor.media_type,
            content: manifest,
        },
        config: Some((config_descriptor, config)),
    }))
}

fn referrers(there: Referrers, ours: &[&Referrer]) -> Result<Option<Merged>, String> {
    let known: BTreeSet<_> = there.all().map(|one| one.descriptor.digest).collect();
    let is_missing = |one: &&&Referrer| !known.contains(&one.descriptor.digest);
    let missing: Vec<_> = ours.iter().filter(is_missing).collect();
    if missing.is_empty() {
        return Ok(None);
    }
    let mut missing = missing.into_iter();
    let list = missing.try_fold(there, |list, one| list.with(one))?;
    Ok(Some(Merged {
        manifest: Manifest {
            media_type: media_type::OCI_INDEX.into(),
            content: list.to_json()?.into_bytes(),
        },
        config: None,
    }))
}

/// The last of them reads only.
const ATTEMPTS: usize = 4;
