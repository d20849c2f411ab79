//! Taking away what one key has signed for an image, and nothing of others': cosign's `clean`, which
//! takes everybody's.

mod bundles;
mod layers;

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use self::bundles::OwnBundle;
use self::layers::OwnLayers;
use super::signer::SigningError;
use crate::fetch::{Target, resolve};
use crate::imports::{ManifestDeletion, Registry, RegistryPush};
use crate::key::PublicKey;
use crate::oci::{Digest, Repository};

/// What is looked for, and where.
#[derive(Clone, Copy, Debug)]
pub struct Cleaning<'a> {
    /// The image.
    pub reference: &'a str,
    /// Whose work.
    pub public_key: &'a PublicKey,
    /// Signatures, attestations, or both where this is `None`.
    pub kind: Option<WorkKind>,
    /// Where it lies, if not beside the image.
    pub signature_repository: Option<&'a Repository>,
}

/// What a key has signed for an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkKind {
    /// That it is this image.
    Signature,
    /// Something about it.
    Attestation,
}

/// One key's work in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnWork {
    /// What it is.
    pub kind: WorkKind,
    /// Where.
    pub repository: Repository,
    /// The tag of the image that has it in layers; none of a bundle.
    pub tag: Option<String>,
    /// The digest of that image's manifest, or of the manifest that refers to the image.
    pub manifest_digest: Digest,
    /// How many signatures or attestations.
    pub count: usize,
}

/// Finds what the key has signed. Nothing is written.
pub fn find_own<R: Registry>(
    registry: &mut R,
    cleaning: &Cleaning<'_>,
) -> Result<Vec<OwnWork>, SigningError> {
    Ok(Found::look(registry, cleaning)?.work())
}

/// Takes it away. What others signed stays as it is, also what they attach meanwhile.
pub fn remove_own<H: Registry + RegistryPush>(
    host: &mut H,
    cleaning: &Cleaning<'_>,
) -> Result<Vec<OwnWork>, SigningError> {
    let found = Found::look(host, cleaning)?;
    layers::remove(host, &found.target, &found.layers)?;
    bundles::remove(
        host,
        &found.target,
        found.is_kept_by_clients,
        &found.bundles,
    )?;
    Ok(found.work())
}

/// What was found.
struct Found {
    /// The image, where its signatures lie.
    target: Target,
    layers: Vec<OwnLayers>,
    bundles: Vec<OwnBundle>,
    is_kept_by_clients: bool,
}

impl Found {
    fn look<R: Registry>(registry: &mut R, cleaning: &Cleaning<'_>) -> Result<Self, SigningError> {
        let target = resolve(registry, &[cleaning.reference.to_string()]).pop();
        let mut target =
            target.ok_or_else(|| SigningError::InvalidOption("no reference".into()))??;
        if let Some(place) = cleaning.signature_repository {
            target.repository = place.clone();
        }
        let layers = layers::find(registry, &target, cleaning)?;
        let (bundles, is_kept_by_clients) = bundles::find(registry, &target, cleaning)?;
        Ok(Self {
            target,
            layers,
            bundles,
            is_kept_by_clients,
        })
    }

    fn work(&self) -> Vec<OwnWork> {
        let repository = &self.target.repository;
        let layers = self.layers.iter().map(|own| OwnWork {
            kind: own.kind,
            repository: repository.clone(),
            tag: Some(own.tag.clone()),
            manifest_digest: own.manifest_digest,
            count: own.contents.len(),
        });
        let bundles = self.bundles.iter().map(|own| OwnWork {
            kind: own.kind,
            repository: repository.clone(),
            tag: None,
            manifest_digest: own.manifest_digest,
            count: 1,
        });
        layers.chain(bundles).collect()
    }
}

impl Cleaning<'_> {
    fn is_about(&self, kind: WorkKind) -> bool {
        self.kind.is_none_or(|wanted| wanted == kind)
    }
}

/// Deletes what nobody needs any more. A registry that deletes nothing keeps it, which harms nobody.
fn drop_manifests<H: RegistryPush>(
    host: &mut H,
    repository: &Repository,
    digests: impl Iterator<Item = Digest>,
) {
    let _ = host.delete_manifests(&deletions(repository, digests));
}

fn deletions(
    repository: &Repository,
    digests: impl Iterator<Item = Digest>,
) -> Vec<ManifestDeletion> {
    let deletion = |digest| ManifestDeletion {
        repository: repository.clone(),
        digest,
    };
    digests.map(deletion).collect()
}
