//! What refers to an image, as it is found: nothing of it is verified but its digests.

use cosignet::oci::{Digest, Referrer, ReferrerManifest, Referrers, VerifiedBytes, referrers_tag};
use cosignet::verify::Limits;
use cosignet_host::OciRegistry;
use cosignet_host::registry::{Manifest, Registry as _, RegistryError};

use super::failure::Failure;

/// A manifest that refers to an image, or why it cannot be read.
pub struct Found {
    pub listed: Referrer,
    pub manifest: Result<ReferrerManifest, String>,
}

/// By the registry's list, or by the one that clients keep.
pub async fn of(client: &OciRegistry, place: &str, digest: &Digest) -> Result<Vec<Found>, Failure> {
    let name = digest.to_string();
    let pages = match client.list_referrers(place, &name, MAX_MANIFEST).await {
        Err(RegistryError::Unsupported(_)) => {
            let tag = referrers_tag(digest);
            let kept = found(client.fetch_manifest(place, &tag, MAX_MANIFEST).await)?;
            kept.into_iter().collect()
        }
        listed => listed.map_err(|error| Failure::other(error.to_string()))?,
    };
    let mut all = Vec::new();
    for page in pages {
        let list = Referrers::parse(&page.media_type, &page.content)
            .map_err(|error| Failure::other(format!("list of referrers: {error}")))?;
        for listed in list.all() {
            let name = listed.descriptor.digest.to_string();
            let manifest = client.fetch_manifest(place, &name, MAX_MANIFEST).await;
            if let Some(manifest) = found(manifest)? {
                all.push(Found {
                    manifest: read(manifest, listed.descriptor.digest),
                    listed: listed.clone(),
                });
            }
        }
    }
    Ok(all)
}

fn read(manifest: Manifest, digest: Digest) -> Result<ReferrerManifest, String> {
    let bytes = VerifiedBytes::with_digest(manifest.content, digest);
    let bytes = bytes.map_err(|error| error.to_string())?;
    let read = ReferrerManifest::parse(&manifest.media_type, bytes.as_bytes());
    read.map_err(|error| error.to_string())
}

/// `None` where it is not there.
pub fn found(answer: Result<Manifest, RegistryError>) -> Result<Option<Manifest>, Failure> {
    match answer {
        Ok(manifest) => Ok(Some(manifest)),
        Err(RegistryError::NotFound(_)) => Ok(None),
        Err(error) => Err(Failure::other(error.to_string())),
    }
}

/// As much as a verifier reads.
pub const MAX_MANIFEST: u64 = Limits::CEILING.manifest_size;
