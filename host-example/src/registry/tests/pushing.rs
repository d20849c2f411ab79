//! push_blob and push_manifest.

use super::{
    super::{RegistryError, RegistryPush as _},
    DIGEST, IMAGE, builder, client,
    server::{Server, raw, reply},
};

#[tokio::test]
async fn a_blob_is_post_and_put() {
    for (location, expected) in [
        ("/up/1?state=a%2Fb", "PUT /up/1?state=a%2Fb&digest="),
        ("1?state=x", "PUT /v2/a/b/blobs/uploads/1?state=x&digest="),
        ("http://HOST/up", "PUT /up?digest="),
    ] {
        let server = Server::start(move |seen| match seen.method.as_str() {
            "POST" => reply(202).header("Location", &location.replace("HOST", seen.host())),
            _ => reply(201),
        })
        .await;
        let repository = format!("{}/a/b", server.host());
        client()
            .push_blob(&repository, DIGEST, b"hello".to_vec())
            .await
            .unwrap();
        let digest = DIGEST.replace(':', "%3A");
        let put = format!("{expected}{digest}");
        assert_eq!(
            server.lines(),
            ["POST /v2/a/b/blobs/uploads/", put.as_str()]
        );
        let seen = server.seen();
        assert_eq!(seen[0].header("content-length"), Some("0"));
        assert_eq!(seen[1].body, b"hello");
        assert_eq!(
            seen[1].header("content-type"),
            Some("application/octet-stream")
        );
    }
}

#[tokio::test]
async fn an_empty_blob_has_a_length_too() {
    let server = Server::start(|seen| match seen.method.as_str() {
        "POST" => reply(202).header("Location", "/up"),
        _ => reply(201),
    })
    .await;
    client()
        .push_blob(&format!("{}/a", server.host()), DIGEST, Vec::new())
        .await
        .unwrap();
    assert_eq!(server.seen()[1].header("content-length"), Some("0"));
}

#[tokio::test]
async fn refused_wholes_are_sent_in_pieces() {
    for refusal in [405, 411, 413, 416] {
        let server = Server::start(move |seen| match seen.method.as_str() {
            "POST" => reply(202).header("Location", "/up/0"),
            "PATCH" => {
                let next = format!("/up/{}", seen.header("content-range").unwrap());
                reply(202).header("Location", &next)
            }
            _ if seen.body.is_empty() => reply(201),
            _ => reply(refusal),
        })
        .await;
        let content: Vec<u8> = (0..2_500_000_u32).map(|n| n as u8).collect();
        let repository = format!("{}/a/b", server.host());
        client()
            .push_blob(&repository, DIGEST, content.clone())
            .await
            .unwrap();
        let paths: Vec<_> = server
            .seen()
            .iter()
            .map(|seen| format!("{} {}", seen.method, seen.path.split('?').next().unwrap()))
            .collect();
        assert_eq!(
            paths,
            [
                "POST /v2/a/b/blobs/uploads/",
                "PUT /up/0",
                "POST /v2/a/b/blobs/uploads/",
                "PATCH /up/0",
                "PATCH /up/0-1048575",
                "PATCH /up/1048576-2097151",
                "PUT /up/2097152-2499999",
            ]
        );
        let pieces: Vec<u8> = server
            .seen()
            .into_iter()
            .filter(|seen| seen.method == "PATCH")
            .flat_map(|seen| seen.body)
            .collect();
        assert!(pieces == content);
        assert_eq!(server.seen()[6].header("content-length"), Some("0"));
    }
}

#[tokio::test]
async fn a_registry_may_want_larger_pieces() {
    let server = Server::start(|seen| match seen.method.as_str() {
        "POST" => reply(202)
            .header("Location", "/up")
            .header("OCI-Chunk-Min-Length", "2000000"),
        "PATCH" => reply(202).header("Location", "/up"),
        _ if seen.body.is_empty() => reply(201),
        _ => reply(413),
    })
    .await;
    let repository = format!("{}/a/b", server.host());
    client()
        .push_blob(&repository, DIGEST, vec![7; 2_500_000])
        .await
        .unwrap();
    let sizes: Vec<_> = server
        .seen()
        .iter()
        .filter(|seen| seen.method == "PATCH")
        .map(|seen| seen.body.len())
        .collect();
    assert_eq!(sizes, [2_000_000, 500_000]);
}

#[tokio::test]
async fn a_broken_upload_begins_anew() {
    let puts = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::start(move |seen| match seen.method.as_str() {
        "POST" => reply(202).header("Location", "/up"),
        _ if puts.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0 => raw(b""),
        _ => reply(201),
    })
    .await;
    let repository = format!("{}/a/b", server.host());
    client()
        .push_blob(&repository, DIGEST, b"hello".to_vec())
        .await
        .unwrap();
    let methods: Vec<_> = server.seen().into_iter().map(|seen| seen.method).collect();
    assert_eq!(methods, ["POST", "PUT", "POST", "PUT"]);
}

#[tokio::test]
async fn a_refused_blob_is_told() {
    let server = Server::start(|seen| match seen.method.as_str() {
        "POST" => reply(202).header("Location", "/up"),
        _ => reply(400).body(r#"{"errors":[{"code":"DIGEST_INVALID"}]}"#),
    })
    .await;
    let repository = format!("{}/a/b", server.host());
    let error = client()
        .push_blob(&repository, DIGEST, b"x".to_vec())
        .await
        .unwrap_err();
    let told = matches!(&error, RegistryError::Invalid(text) if text.contains("DIGEST_INVALID"));
    assert!(told, "{error}");
}

#[tokio::test]
async fn an_upload_needs_a_location() {
    let server = Server::start(|_| reply(202)).await;
    let repository = format!("{}/a/b", server.host());
    let error = client()
        .push_blob(&repository, DIGEST, b"x".to_vec())
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::Invalid(_)), "{error}");
}

#[tokio::test]
async fn a_manifest_is_one_put() {
    let server = Server::start(|_| reply(201)).await;
    let client = builder().build().unwrap();
    let repository = format!("{}/a/b", server.host());
    client
        .push_manifest(&repository, "v1", IMAGE, b"{}".to_vec())
        .await
        .unwrap();
    client
        .push_manifest(&repository, DIGEST, IMAGE, b"{}".to_vec())
        .await
        .unwrap();
    let by_digest = format!("PUT /v2/a/b/manifests/{DIGEST}");
    assert_eq!(
        server.lines(),
        ["PUT /v2/a/b/manifests/v1", by_digest.as_str()]
    );
    let seen = &server.seen()[0];
    assert_eq!(
        (seen.header("content-type"), &seen.body[..]),
        (Some(IMAGE), &b"{}"[..])
    );
    let bad = client
        .push_manifest(&repository, "v1", "a\r\nb", vec![])
        .await;
    assert!(matches!(bad, Err(RegistryError::Invalid(_))));
}
