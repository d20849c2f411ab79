//! What a registry stores, and how it answers one request.

use std::collections::BTreeMap;

use cosignet::imports::{BlobPush, ManifestPush, RegistryError, ServedManifest};
use cosignet::oci::{Descriptor, Digest, Repository, signature_tag};

/// Repositories with their blobs, manifests and tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Store {
    blobs: BTreeMap<(Repository, Digest), Vec<u8>>,
    manifests: BTreeMap<(Repository, Digest), ServedManifest>,
    tags: BTreeMap<(Repository, String), Digest>,
}

impl Store {
    /// Stores a blob.
    pub fn put_blob(&mut self, repository: &str, content: &[u8]) -> Digest {
        let digest = Digest::of(content);
        self.blobs
            .insert((repository.parse().unwrap(), digest), content.to_vec());
        digest
    }

    /// Stores a manifest under its digest and, if it is no digest, under this tag.
    pub fn put_manifest(
        &mut self,
        repository: &str,
        tag: &str,
        media_type: &str,
        content: &[u8],
    ) -> Digest {
        let repository: Repository = repository.parse().unwrap();
        let digest = Digest::of(content);
        let served = ServedManifest {
            media_type: media_type.to_owned(),
            content: content.to_vec(),
        };
        self.manifests.insert((repository.clone(), digest), served);
        if !tag.starts_with("sha256:") {
            self.tags.insert((repository, tag.to_owned()), digest);
        }
        digest
    }

    /// Takes a tag away.
    pub fn untag(&mut self, repository: &str, tag: &str) {
        self.tags
            .remove(&(repository.parse().unwrap(), tag.to_owned()));
    }

    /// The bytes of an image's signature manifest, if there is one.
    pub fn signatures(&self, repository: &str, image: &Digest) -> Option<&[u8]> {
        let repository: Repository = repository.parse().unwrap();
        let digest = self.tags.get(&(repository.clone(), signature_tag(image)))?;
        let served = self.manifests.get(&(repository, *digest))?;
        Some(&served.content)
    }

    /// A stored blob.
    pub fn stored_blob(&self, repository: &str, digest: &Digest) -> Option<&[u8]> {
        let key = (repository.parse().unwrap(), *digest);
        self.blobs.get(&key).map(Vec::as_slice)
    }

    /// How many blobs are stored.
    pub fn blob_count(&self) -> usize {
        self.blobs.len()
    }

    /// Answers a resolution.
    pub fn resolve(&self, repository: &Repository, tag: &str) -> Result<Descriptor, RegistryError> {
        let served = self.manifest(repository, tag)?;
        Ok(Descriptor::of(&served.media_type, &served.content))
    }

    /// Answers a request for a manifest.
    pub fn manifest(
        &self,
        repository: &Repository,
        reference: &str,
    ) -> Result<ServedManifest, RegistryError> {
        let digest = match reference.parse() {
            Ok(digest) => digest,
            Err(_) => *self
                .tags
                .get(&(repository.clone(), reference.to_owned()))
                .ok_or_else(|| absent(reference))?,
        };
        let served = self.manifests.get(&(repository.clone(), digest));
        served.cloned().ok_or_else(|| absent(reference))
    }

    /// The list of what refers to a manifest, as a registry makes it.
    pub fn referrers(&self, repository: &Repository, digest: &Digest) -> String {
        let own = |(place, _): &(&(Repository, Digest), _)| place.0 == *repository;
        let entries = self
            .manifests
            .iter()
            .filter(own)
            .filter_map(|(place, served)| {
                let json: serde_json::Value = serde_json::from_slice(&served.content).ok()?;
                let is_referrer = json["subject"]["digest"] == digest.to_string();
                is_referrer.then(|| {
                    serde_json::json!({
                        "mediaType": served.media_type,
                        "size": served.content.len(),
                        "digest": place.1.to_string(),
                        "artifactType": json["artifactType"],
                        "annotations": json["annotations"],
                    })
                })
            });
        let entries: Vec<_> = entries.collect();
        let index = cosignet::oci::media_type::OCI_INDEX;
        serde_json::json!({"schemaVersion": 2, "mediaType": index, "manifests": entries})
            .to_string()
    }

    /// Deletes a manifest and its tags.
    pub fn delete_manifest(
        &mut self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<(), RegistryError> {
        let gone = self.manifests.remove(&(repository.clone(), *digest));
        self.tags
            .retain(|(place, _), named| place != repository || named != digest);
        gone.map(|_| ()).ok_or_else(|| absent(&digest.to_string()))
    }

    /// Answers a request for a blob.
    pub fn blob(&self, repository: &Repository, digest: &Digest) -> Result<Vec<u8>, RegistryError> {
        let blob = self.blobs.get(&(repository.clone(), *digest));
        blob.cloned().ok_or_else(|| absent(&digest.to_string()))
    }

    /// Stores a blob as a registry does: what does not have the digest is refused.
    pub fn push_blob(&mut self, push: BlobPush) -> Result<(), RegistryError> {
        if Digest::of(&push.content) != push.digest {
            return Err(RegistryError::Invalid("DIGEST_INVALID".into()));
        }
        self.blobs
            .insert((push.repository, push.digest), push.content);
        Ok(())
    }

    /// Stores a manifest as a strict registry does: the blobs that it names must be there.
    pub fn push_manifest(&mut self, push: ManifestPush) -> Result<(), RegistryError> {
        let json: serde_json::Value = serde_json::from_slice(&push.content)
            .map_err(|error| RegistryError::Invalid(error.to_string()))?;
        let layers = json["layers"].as_array().into_iter().flatten();
        for descriptor in layers.chain(json.get("config")) {
            let digest = descriptor["digest"].as_str().unwrap_or_default();
            let known = digest
                .parse()
                .is_ok_and(|digest| self.blobs.contains_key(&(push.repository.clone(), digest)));
            if !known {
                return Err(RegistryError::Invalid(format!("BLOB_UNKNOWN {digest}")));
            }
        }
        self.put_manifest(
            push.repository.as_str(),
            &push.reference,
            &push.media_type,
            &push.content,
        );
        Ok(())
    }
}

fn absent(what: &str) -> RegistryError {
    RegistryError::NotFound(what.to_owned())
}
