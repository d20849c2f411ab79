//! Lists of referrers.

use super::*;

#[tokio::test]
async fn referrers_with_types_and_annotations() {
    let site = Site::start(Options::default()).await;
    let subject = sha256(b"an image that need not be there");
    let path = format!("/v2/a/referrers/{subject}");
    let empty = site.get(&path).await;
    assert_eq!(
        (empty.status().as_u16(), header(&empty, "content-type")),
        (200, OCI_INDEX.into())
    );
    assert_eq!(site.json(&path).await["manifests"], json!([]));

    let typed = site.referrer("a", &subject, Some("a/typed"));
    let put = site
        .put("a", &sha256(typed.as_bytes()), OCI_MANIFEST, &typed)
        .await;
    assert_eq!(put.status(), 201);
    assert_eq!(header(&put, "oci-subject"), subject);
    let untyped = site.referrer("a", &subject, None);
    assert_eq!(
        site.put("a", "tagged", OCI_MANIFEST, &untyped)
            .await
            .status(),
        201
    );
    let other = site.referrer("a", &sha256(b"another"), Some("a/typed"));
    assert_eq!(
        site.put("a", "other", OCI_MANIFEST, &other).await.status(),
        201
    );

    let all = site.json(&path).await;
    assert_eq!(
        (&all["schemaVersion"], &all["mediaType"]),
        (&json!(2), &json!(OCI_INDEX))
    );
    assert_eq!(all["manifests"].as_array().map(Vec::len), Some(2));
    let unfiltered = site.get(&path).await;
    assert!(unfiltered.headers().get("oci-filters-applied").is_none());

    let filter = format!("{path}?artifactType=a%2Ftyped");
    assert_eq!(
        header(&site.get(&filter).await, "oci-filters-applied"),
        "artifactType"
    );
    let expected = json!([{
        "mediaType": OCI_MANIFEST,
        "digest": sha256(typed.as_bytes()),
        "size": typed.len(),
        "artifactType": "a/typed",
        "annotations": { "key": "value" },
    }]);
    assert_eq!(site.json(&filter).await["manifests"], expected);
    let by_config = site.json(&format!("{path}?artifactType={CONFIG}")).await;
    assert_eq!(
        by_config["manifests"][0]["digest"],
        sha256(untyped.as_bytes())
    );
    let none = site.json(&format!("{path}?artifactType=a/none")).await;
    assert_eq!(none["manifests"], json!([]));
    refused(site.get("/v2/a/referrers/v1").await, 400, "DIGEST_INVALID").await;

    let gone = format!("/v2/a/manifests/{}", sha256(typed.as_bytes()));
    assert_eq!(site.send(Method::DELETE, &gone, "").await.status(), 202);
    assert_eq!(
        site.json(&path).await["manifests"].as_array().map(Vec::len),
        Some(1)
    );
}

/// An index may refer to something, and has no configuration to tell its kind.
#[tokio::test]
async fn an_index_that_refers() {
    let site = Site::start(Options::default()).await;
    let subject = sha256(b"image");
    let path = format!("/v2/a/referrers/{subject}");
    let mut digests = Vec::new();
    for kind in [json!("a/kind"), json!(""), Value::Null] {
        let mut index = json!({
            "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [],
            "subject": { "mediaType": OCI_MANIFEST, "digest": subject, "size": 1 },
            "annotations": { "for": kind },
        });
        if kind.is_string() {
            index["artifactType"] = kind.clone();
        } else {
            index["annotations"] = json!({});
        }
        let body = index.to_string();
        let put = site
            .put("a", &sha256(body.as_bytes()), OCI_INDEX, &body)
            .await;
        assert_eq!(
            (put.status().as_u16(), header(&put, "oci-subject")),
            (201, subject.clone())
        );
        digests.push(sha256(body.as_bytes()));
    }
    let list = site.json(&path).await;
    let of = |digest: &str| {
        let mut all = list["manifests"].as_array().expect("a list").iter();
        all.find(|one| one["digest"] == digest)
            .expect("listed")
            .clone()
    };
    assert_eq!(of(&digests[0])["mediaType"], OCI_INDEX);
    assert_eq!(of(&digests[0])["artifactType"], "a/kind");
    assert_eq!(of(&digests[0])["annotations"], json!({ "for": "a/kind" }));
    assert_eq!(of(&digests[1]).get("artifactType"), None);
    assert_eq!(of(&digests[2]).get("artifactType"), None);
    let filtered = site.json(&format!("{path}?artifactType=a/kind")).await;
    assert_eq!(filtered["manifests"].as_array().map(Vec::len), Some(1));
    // In a repository that nobody has heard of there are none either, which is no error.
    let nowhere = site.get(&format!("/v2/nowhere/referrers/{subject}")).await;
    assert_eq!(nowhere.status(), 200);
    assert_eq!(header(&nowhere, "content-type"), OCI_INDEX);
}

#[tokio::test]
async fn referrers_in_pages() {
    let page_size = NonZeroUsize::new(2);
    let site = Site::start(Options {
        page_size,
        ..Options::default()
    })
    .await;
    let subject = sha256(b"image");
    let mut expected = Vec::new();
    for number in 0..10 {
        let kind = if number < 5 { "a/b+c" } else { "a/other" };
        let body = site
            .referrer("a", &subject, Some(kind))
            .replace("value", &number.to_string());
        let digest = site.registry.put_manifest("a", None, OCI_MANIFEST, body);
        if number < 5 {
            expected.push(digest);
        }
    }
    expected.sort();
    let pages = site
        .all_pages(&format!("/v2/a/referrers/{subject}?artifactType=a/b%2Bc"))
        .await;
    assert_eq!(pages.len(), 3, "the filter comes before the pages");
    let found: Vec<_> = pages
        .iter()
        .flat_map(|page| page["manifests"].as_array().expect("manifests"))
        .map(|descriptor| descriptor["digest"].as_str().expect("a digest"))
        .collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn without_the_referrers_api() {
    let site = Site::start(Options {
        referrers_api: false,
        ..Options::default()
    })
    .await;
    let subject = sha256(b"image");
    assert_eq!(
        site.get(&format!("/v2/a/referrers/{subject}"))
            .await
            .status(),
        404
    );
    let body = site.referrer("a", &subject, None);
    let put = site.put("a", "v1", OCI_MANIFEST, &body).await;
    assert_eq!(put.status(), 201);
    assert!(
        put.headers().get("oci-subject").is_none(),
        "the client has to keep the tag"
    );
    // Which it does with an index like any other.
    let entry = json!({
        "mediaType": OCI_MANIFEST, "digest": sha256(body.as_bytes()), "size": body.len(),
        "artifactType": CONFIG,
    });
    let list = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry] });
    let tag = subject.replace(':', "-");
    let put = site.put("a", &tag, OCI_INDEX, &list.to_string()).await;
    assert_eq!(put.status(), 201);
    assert_eq!(site.json(&format!("/v2/a/manifests/{tag}")).await, list);
    // Whatever is wrong with the request, there is no such endpoint.
    for path in ["/v2/a/referrers/sha256:00", "/v2/nowhere/referrers/v1"] {
        assert_eq!(site.get(path).await.status(), 404, "{path}");
    }
}
