use alloc::string::ToString;
use alloc::vec::Vec;

use super::bindings::cosignet::signing::registry as wit;
use super::bindings::cosignet::signing::types::RegistryError as WitRegistryError;
use super::shown;
use crate::imports::{
    BlobRequest, ManifestRequest, ReferrersRequest, Registry, RegistryError, ServedManifest,
    TagRequest,
};
use crate::oci::{Descriptor, InvalidDigest};

/// The registries of the host.
pub(super) struct HostRegistry;

impl Registry for HostRegistry {
    fn resolve(&mut self, requests: &[TagRequest]) -> Vec<Result<Descriptor, RegistryError>> {
        let requests: Vec<_> = requests
            .iter()
            .map(|request| wit::TagRequest {
                repository: request.repository.to_string(),
                tag: request.tag.clone(),
            })
            .collect();
        let answers = wit::resolve(&requests).into_iter();
        answers
            .map(|answer| {
                let descriptor = answer?;
                Ok(Descriptor {
                    digest: descriptor.digest.parse().map_err(|error: InvalidDigest| {
                        RegistryError::Invalid(error.to_string())
                    })?,
                    media_type: descriptor.media_type,
                    size: descriptor.size,
                })
            })
            .collect()
    }

    fn fetch_manifests(
        &mut self,
        requests: &[ManifestRequest],
    ) -> Vec<Result<ServedManifest, RegistryError>> {
        let requests: Vec<_> = requests
            .iter()
            .map(|request| wit::ManifestRequest {
                repository: request.repository.to_string(),
                reference: request.reference.clone(),
                max_size: request.max_size,
                after_ms: request.after_ms,
            })
            .collect();
        let answers = wit::fetch_manifests(&requests).into_iter();
        answers.map(|answer| Ok(served(answer?))).collect()
    }

    fn fetch_blobs(&mut self, requests: &[BlobRequest]) -> Vec<Result<Vec<u8>, RegistryError>> {
        let requests: Vec<_> = requests
            .iter()
            .map(|request| wit::BlobRequest {
                repository: request.repository.to_string(),
                digest: request.digest.to_string(),
                max_size: request.max_size,
            })
            .collect();
        let answers = wit::fetch_blobs(&requests).into_iter();
        answers
            .map(|answer| answer.map_err(RegistryError::from))
            .collect()
    }

    fn list_referrers(
        &mut self,
        requests: &[ReferrersRequest],
    ) -> Vec<Result<Vec<ServedManifest>, RegistryError>> {
        let requests: Vec<_> = requests
            .iter()
            .map(|request| wit::ReferrersRequest {
                repository: request.repository.to_string(),
                digest: request.digest.to_string(),
                max_size: request.max_size,
            })
            .collect();
        let answers = wit::list_referrers(&requests).into_iter();
        answers
            .map(|answer| Ok(answer?.into_iter().map(served).collect()))
            .collect()
    }
}

fn served(manifest: wit::Manifest) -> ServedManifest {
    ServedManifest {
        media_type: manifest.media_type,
        content: manifest.content,
    }
}

#[cfg(feature = "signer")]
mod push {
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use super::HostRegistry;
    use crate::component::bindings::cosignet::signing::registry_push as wit;
    use crate::imports::{BlobPush, ManifestDeletion, ManifestPush, RegistryError, RegistryPush};

    impl RegistryPush for HostRegistry {
        fn push_blobs(&mut self, blobs: Vec<BlobPush>) -> Vec<Result<(), RegistryError>> {
            let blobs: Vec<_> = blobs
                .into_iter()
                .map(|blob| wit::BlobPush {
                    repository: blob.repository.to_string(),
                    digest: blob.digest.to_string(),
                    content: blob.content,
                })
                .collect();
            let answers = wit::push_blobs(&blobs).into_iter();
            answers
                .map(|answer| answer.map_err(RegistryError::from))
                .collect()
        }

        fn push_manifests(
            &mut self,
            manifests: Vec<ManifestPush>,
        ) -> Vec<Result<(), RegistryError>> {
            let manifests: Vec<_> = manifests
                .into_iter()
                .map(|manifest| wit::ManifestPush {
                    repository: manifest.repository.to_string(),
                    reference: manifest.reference,
                    media_type: manifest.media_type,
                    content: manifest.content,
                })
                .collect();
            let answers = wit::push_manifests(&manifests).into_iter();
            answers
                .map(|answer| answer.map_err(RegistryError::from))
                .collect()
        }

        fn delete_manifests(
            &mut self,
            manifests: &[ManifestDeletion],
        ) -> Vec<Result<(), RegistryError>> {
            let manifests: Vec<_> = manifests
                .iter()
                .map(|manifest| wit::ManifestDeletion {
                    repository: manifest.repository.to_string(),
                    digest: manifest.digest.to_string(),
                })
                .collect();
            let answers = wit::delete_manifests(&manifests).into_iter();
            answers
                .map(|answer| answer.map_err(RegistryError::from))
                .collect()
        }
    }
}

impl From<WitRegistryError> for RegistryError {
    fn from(error: WitRegistryError) -> Self {
        match error {
            WitRegistryError::NotFound(words) => Self::NotFound(shown(words)),
            WitRegistryError::Denied(words) => Self::Denied(shown(words)),
            WitRegistryError::Unavailable(words) => Self::Unavailable(shown(words)),
            WitRegistryError::TooLarge(words) => Self::TooLarge(shown(words)),
            WitRegistryError::Invalid(words) => Self::Invalid(shown(words)),
            WitRegistryError::Unsupported(words) => Self::Unsupported(shown(words)),
            WitRegistryError::Other(words) => Self::Other(shown(words)),
        }
    }
}
