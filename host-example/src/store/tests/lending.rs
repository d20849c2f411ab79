use cosignet::oci::{Digest, SignatureImage, signature_tag};

use super::*;
use crate::registry::{Descriptor, Manifest, Registry, RegistryError};

/// A registry that is out of reach.
struct Gone;

#[async_trait::async_trait]
impl Registry for Gone {
    async fn resolve(&self, _: &str, _: &str) -> Result<Descriptor, RegistryError> {
        Err(gone())
    }

    async fn fetch_manifest(&self, _: &str, _: &str, _: u64) -> Result<Manifest, RegistryError> {
        Err(gone())
    }

    async fn fetch_blob(&self, _: &str, _: &str, _: u64) -> Result<Vec<u8>, RegistryError> {
        Err(gone())
    }
}

fn gone() -> RegistryError {
    RegistryError::Unavailable("gone".into())
}

#[tokio::test]
async fn signatures_are_served_as_if_they_were_attached() {
    let place = Place::new();
    let mut store = place.store();
    store.record(signing("a", "payload")).unwrap();
    let lent = StoredRegistry::new(store, Gone);
    let digest: Digest = DIGEST.parse().unwrap();
    let tag = signature_tag(&digest);
    let served = lent
        .fetch_manifest("r.example/app", &tag, 4096)
        .await
        .unwrap();
    let image = SignatureImage::parse(&served.media_type, &served.content).unwrap();
    let layer = image.layers()[0].content().unwrap();
    let blob = layer.descriptor.digest.to_string();
    assert_eq!(lent.fetch_blob("", &blob, 7).await.unwrap(), b"payload");
    let long = lent.fetch_blob("", &blob, 6).await.unwrap_err();
    assert!(matches!(long, RegistryError::TooLarge { .. }), "{long}");
    let list = lent.list_referrers("", DIGEST, 4096).await.unwrap();
    assert_eq!(list.len(), 1);
    // What is not there was never attached; anything else is the registry's.
    let none = lent
        .fetch_manifest("", &tag.replace(".sig", ".att"), 4096)
        .await;
    assert!(matches!(none, Err(RegistryError::NotFound(_))), "{none:?}");
    let other = lent.fetch_manifest("", "v1", 4096).await;
    assert!(
        matches!(other, Err(RegistryError::Unavailable(_))),
        "{other:?}"
    );
}
