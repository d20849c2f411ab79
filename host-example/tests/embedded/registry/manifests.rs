//! Manifests and tags.

use super::*;

/// Nothing is converted: neither bytes nor type depend on what a client accepts.
#[tokio::test]
async fn manifests_come_back_as_they_were_pushed() {
    let site = Site::start(Options::default()).await;
    let compact = site.image("a", b"layer");
    let value: Value = serde_json::from_str(&compact).expect("JSON");
    let spacious = format!("\n{value:#}\n\n");
    let docker = compact.replace(OCI_MANIFEST, DOCKER_MANIFEST);
    let list = json!({ "schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": [] });
    for (kind, body) in [
        (OCI_MANIFEST, compact),
        (OCI_MANIFEST, spacious),
        (DOCKER_MANIFEST, docker),
        (DOCKER_LIST, list.to_string()),
    ] {
        let put = site.put("a", "v1", kind, &body).await;
        assert_eq!(put.status(), 201);
        let digest = sha256(body.as_bytes());
        for accept in ["*/*", OCI_MANIFEST, OCI_INDEX, "text/html"] {
            for reference in ["v1", &digest] {
                let url = site.url(&format!("/v2/a/manifests/{reference}"));
                let request = site.client.get(url).header("accept", accept);
                let got = request.send().await.expect("an answer");
                assert_eq!(header(&got, "content-type"), kind, "accepting {accept}");
                assert_eq!(header(&got, "docker-content-digest"), digest);
                assert_eq!(text(got).await, body);
            }
        }
    }
}

#[tokio::test]
async fn manifests_of_four_mebibytes_and_by_sha512() {
    let site = Site::start(Options::default()).await;
    let body = site.image("a", b"layer");
    let padded = |length: usize| body.clone() + &" ".repeat(length - body.len());
    let largest = padded(4 << 20);
    let put = site.put("a", "large", OCI_MANIFEST, &largest).await;
    assert_eq!(put.status(), 201);
    let put = site
        .put("a", "large", OCI_MANIFEST, &padded((4 << 20) + 1))
        .await;
    refused(put, 413, "SIZE_INVALID").await;

    let digest = sha512(body.as_bytes());
    let put = site.put("a", &digest, OCI_MANIFEST, &body).await;
    assert_eq!(put.status(), 201);
    assert_eq!(header(&put, "docker-content-digest"), digest);
    let got = site.get(&header(&put, "location")).await;
    assert_eq!(header(&got, "docker-content-digest"), digest);
    assert_eq!(text(got).await, body);
    let put = site.put("a", &sha512(b"other"), OCI_MANIFEST, &body).await;
    refused(put, 400, "DIGEST_INVALID").await;
}

#[tokio::test]
async fn manifest_by_tag_and_digest() {
    let site = Site::start(Options::default()).await;
    let body = site.image("a/b", b"layer");
    let digest = sha256(body.as_bytes());
    let put = site.put("a/b", "v1", OCI_MANIFEST, &body).await;
    assert_eq!(put.status(), 201);
    assert_eq!(header(&put, "docker-content-digest"), digest);
    assert_eq!(
        header(&put, "location"),
        format!("/v2/a/b/manifests/{digest}")
    );
    assert!(put.headers().get("oci-subject").is_none());

    for reference in ["v1", &digest] {
        let path = format!("/v2/a/b/manifests/{reference}");
        let got = site.get(&path).await;
        assert_eq!(header(&got, "docker-content-digest"), digest);
        assert_eq!(header(&got, "content-type"), OCI_MANIFEST);
        assert_eq!(text(got).await, body);
        let head = site.send(Method::HEAD, &path, "").await;
        assert_eq!(header(&head, "content-length"), body.len().to_string());
        let seen = site
            .registry
            .manifest("a/b", reference)
            .expect("a manifest");
        assert_eq!(
            (seen.0.as_str(), &seen.1[..]),
            (OCI_MANIFEST, body.as_bytes())
        );
    }
    refused(
        site.get("/v2/a/b/manifests/v2").await,
        404,
        "MANIFEST_UNKNOWN",
    )
    .await;
    refused(
        site.get("/v2/x/manifests/v1").await,
        404,
        "MANIFEST_UNKNOWN",
    )
    .await;
    refused(
        site.get(&format!("/v2/a/b/manifests/{}", sha256(b"")))
            .await,
        404,
        "MANIFEST_UNKNOWN",
    )
    .await;
}

#[tokio::test]
async fn manifest_that_is_refused() {
    let site = Site::start(Options::default()).await;
    let body = site.image("a", b"layer");
    let wrong = sha256(b"");
    refused(
        site.put("a", &wrong, OCI_MANIFEST, &body).await,
        400,
        "DIGEST_INVALID",
    )
    .await;
    refused(
        site.put("a", "v1", OCI_INDEX, &body).await,
        400,
        "MANIFEST_INVALID",
    )
    .await;
    refused(
        site.put("a", "v1", "text/plain", &body).await,
        400,
        "MANIFEST_INVALID",
    )
    .await;
    refused(
        site.put("a", "v1", OCI_MANIFEST, "{").await,
        400,
        "MANIFEST_INVALID",
    )
    .await;
    refused(
        site.put("b", "v1", OCI_MANIFEST, &body).await,
        400,
        "MANIFEST_BLOB_UNKNOWN",
    )
    .await;
    refused(site.get("/v2/b/tags/list").await, 404, "NAME_UNKNOWN").await;
    let index = json!({
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [{ "mediaType": OCI_MANIFEST, "digest": wrong, "size": 0 }],
    });
    let answer = site.put("a", "v1", OCI_INDEX, &index.to_string()).await;
    let errors = refused(answer, 400, "MANIFEST_BLOB_UNKNOWN").await;
    assert_eq!(errors["errors"][0]["detail"]["digest"], wrong);
    refused(site.get("/v2/a/tags/list").await, 200, "").await;

    let answer = site
        .put("a", "v1", &format!("{OCI_MANIFEST}; charset=utf-8"), &body)
        .await;
    assert_eq!(
        answer.status(),
        201,
        "parameters of the media type do not count"
    );
    let path = format!("/v2/a/manifests/{}", sha256(body.as_bytes()));
    let answer = site
        .client
        .put(site.url(&path))
        .body(body)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 201, "the mediaType of the body will do");
}

#[tokio::test]
async fn index_with_its_children() {
    let site = Site::start(Options::default()).await;
    let child = site.image("a", b"layer");
    let digest = sha256(child.as_bytes());
    assert_eq!(
        site.put("a", &digest, OCI_MANIFEST, &child).await.status(),
        201
    );
    let index = json!({
        "schemaVersion": 2,
        "manifests": [{ "mediaType": OCI_MANIFEST, "digest": digest, "size": child.len() }],
    });
    assert_eq!(
        site.put("a", "all", OCI_INDEX, &index.to_string())
            .await
            .status(),
        201
    );
}

#[tokio::test]
async fn deleting_manifests_and_tags() {
    let site = Site::start(Options::default()).await;
    let body = site.image("a", b"layer");
    let by_digest = format!("/v2/a/manifests/{}", sha256(body.as_bytes()));
    for tag in ["v1", "v2", "v3"] {
        assert_eq!(site.put("a", tag, OCI_MANIFEST, &body).await.status(), 201);
    }
    assert_eq!(
        site.send(Method::DELETE, "/v2/a/manifests/v1", "")
            .await
            .status(),
        202
    );
    assert_eq!(site.get("/v2/a/manifests/v1").await.status(), 404);
    assert_eq!(
        site.get(&by_digest).await.status(),
        200,
        "the manifest outlives a tag"
    );
    assert_eq!(
        site.send(Method::DELETE, &by_digest, "").await.status(),
        202
    );
    assert_eq!(site.get("/v2/a/manifests/v2").await.status(), 404);
    let tags = site.json("/v2/a/tags/list").await;
    assert_eq!(tags, json!({ "name": "a", "tags": [] }));
    for gone in [by_digest.as_str(), "/v2/a/manifests/v2"] {
        refused(
            site.send(Method::DELETE, gone, "").await,
            404,
            "MANIFEST_UNKNOWN",
        )
        .await;
    }
}

#[tokio::test]
async fn tags_in_pages() {
    let page_size = NonZeroUsize::new(3);
    let site = Site::start(Options {
        page_size,
        ..Options::default()
    })
    .await;
    refused(site.get("/v2/a/tags/list").await, 404, "NAME_UNKNOWN").await;
    for tag in ["b", "a", "e", "d", "c"] {
        site.registry.put_tag("a", tag, &sha256(b""));
    }
    let first = site.get("/v2/a/tags/list?n=2").await;
    assert_eq!(
        header(&first, "link"),
        "</v2/a/tags/list?n=2&last=b>; rel=\"next\""
    );
    assert_eq!(
        names(site.all_pages("/v2/a/tags/list?n=2").await),
        [2, 2, 1]
    );
    assert_eq!(
        names(site.all_pages("/v2/a/tags/list").await),
        [3, 2],
        "the page size is a cap"
    );
    for (query, expected) in [
        ("last=c", json!(["d", "e"])),
        ("last=c&n=1", json!(["d"])),
        ("last=c&n=100", json!(["d", "e"])),
        ("last=bb", json!(["c", "d", "e"])), // there need be no such tag
        ("last=e", json!([])),
        ("n=0", json!([])),
    ] {
        let answer = site.get(&format!("/v2/a/tags/list?{query}")).await;
        let is_next = answer.headers().get("link").is_some();
        assert_eq!(is_next, query == "last=c&n=1", "{query}");
        let body: Value = serde_json::from_str(&text(answer).await).expect("JSON");
        assert_eq!(body, json!({ "name": "a", "tags": expected }), "{query}");
    }
    // "ASCIIbetical": upper case comes first.
    site.registry.put_tag("b", "a", &sha256(b""));
    site.registry.put_tag("b", "Z", &sha256(b""));
    assert_eq!(
        site.json("/v2/b/tags/list").await["tags"],
        json!(["Z", "a"])
    );
    refused(
        site.get("/v2/a/tags/list?n=x").await,
        400,
        "PAGINATION_NUMBER_INVALID",
    )
    .await;

    fn names(pages: Vec<Value>) -> Vec<usize> {
        let tags = pages
            .iter()
            .flat_map(|page| page["tags"].as_array().expect("tags"));
        let tags: Vec<&str> = tags.map(|tag| tag.as_str().expect("a tag")).collect();
        assert_eq!(tags, ["a", "b", "c", "d", "e"]);
        pages
            .iter()
            .map(|page| page["tags"].as_array().map_or(0, Vec::len))
            .collect()
    }
}
