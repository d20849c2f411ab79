//! Content that no honest registry has.

use super::*;

#[tokio::test]
async fn hostile_content_is_served_as_stored() {
    let site = Site::start(Options::default()).await;
    let claimed = sha256(b"something else");
    site.registry
        .store_raw_manifest("a", &claimed, "text/evil", "not json");
    site.registry.put_tag("a", "v1", &claimed);
    site.registry.store_raw_blob("a", &claimed, "evil");
    let manifest = site.get("/v2/a/manifests/v1").await;
    assert_eq!(header(&manifest, "docker-content-digest"), claimed);
    assert_eq!(header(&manifest, "content-type"), "text/evil");
    assert_eq!(text(manifest).await, "not json");
    assert_eq!(
        text(site.get(&format!("/v2/a/blobs/{claimed}")).await).await,
        "evil"
    );

    let subject = sha256(b"image");
    let referrer = site.referrer("a", &subject, None);
    site.registry
        .store_raw_manifest("a", &claimed, OCI_MANIFEST, referrer);
    let list = site.json(&format!("/v2/a/referrers/{subject}")).await;
    assert_eq!(list["manifests"][0]["digest"], claimed);
}
