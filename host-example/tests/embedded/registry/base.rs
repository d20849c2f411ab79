//! The base endpoint, authentication, pages of other origins.

use super::*;

#[tokio::test]
async fn base_endpoint_and_unknown_paths() {
    let site = Site::start(Options::default()).await;
    let base = site.get("/v2/").await;
    assert_eq!(base.status(), 200);
    assert_eq!(
        header(&base, "docker-distribution-api-version"),
        "registry/2.0"
    );
    refused(site.get("/").await, 404, "UNSUPPORTED").await;
    refused(site.get("/v2/UPPER/tags/list").await, 400, "NAME_INVALID").await;
    refused(
        site.get("/v2/a/blobs/sha256:00").await,
        400,
        "DIGEST_INVALID",
    )
    .await;
    refused(site.get("/v2/a/manifests/-x").await, 400, "TAG_INVALID").await;
    refused(
        site.send(Method::POST, "/v2/a/tags/list", "").await,
        405,
        "UNSUPPORTED",
    )
    .await;
    let long = format!("/v2/{}", "a".repeat(5000));
    refused(site.get(&long).await, 414, "UNSUPPORTED").await;
}

#[tokio::test]
async fn basic_authentication() {
    let auth = Some(BasicAuth::new("ann", "s3cret".to_owned()));
    assert!(!format!("{auth:?}").contains("s3cret"));
    let site = Site::start(Options {
        auth,
        cors: true,
        ..Options::default()
    })
    .await;
    let answer = site.get("/v2/").await;
    assert!(header(&answer, "www-authenticate").starts_with("Basic realm="));
    refused(answer, 401, "UNAUTHORIZED").await;
    for (user, password, status) in [
        ("ann", "s3cret", 200),
        ("ann", "other", 401),
        ("bob", "s3cret", 401),
        ("", "", 401),
    ] {
        let request = site
            .client
            .get(site.url("/v2/"))
            .basic_auth(user, Some(password));
        assert_eq!(
            request.send().await.expect("an answer").status(),
            status,
            "{user}:{password}"
        );
    }
    let lower = site
        .client
        .get(site.url("/v2/"))
        .header("authorization", "basic YW5uOnMzY3JldA==");
    assert_eq!(lower.send().await.expect("an answer").status(), 200);
    let bearer = site
        .client
        .get(site.url("/v2/"))
        .bearer_auth("YW5uOnMzY3JldA==");
    assert_eq!(bearer.send().await.expect("an answer").status(), 401);
    let preflight = site.send(Method::OPTIONS, "/v2/", "").await;
    assert_eq!(preflight.status(), 204, "preflights carry no credentials");
    assert!(!format!("{:?}", site.registry).contains("s3cret"));
}

#[tokio::test]
async fn cross_origin_headers_are_an_option() {
    let site = Site::start(Options {
        cors: true,
        ..Options::default()
    })
    .await;
    let preflight = site.send(Method::OPTIONS, "/v2/a/manifests/v1", "").await;
    assert_eq!(preflight.status(), 204);
    assert!(header(&preflight, "access-control-allow-methods").contains("PATCH"));
    assert!(header(&preflight, "access-control-allow-headers").contains("Content-Type"));
    let missing = site.get("/v2/a/manifests/v1").await;
    assert_eq!(header(&missing, "access-control-allow-origin"), "*");
    for exposed in ["Docker-Content-Digest", "Location", "Link", "OCI-Subject"] {
        assert!(
            header(&missing, "access-control-expose-headers").contains(exposed),
            "{exposed}"
        );
    }

    let plain = Site::start(Options::default()).await;
    assert_eq!(plain.send(Method::OPTIONS, "/v2/", "").await.status(), 405);
    assert!(
        plain
            .get("/v2/")
            .await
            .headers()
            .get("access-control-allow-origin")
            .is_none()
    );
}
