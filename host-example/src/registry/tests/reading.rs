//! resolve, fetch_manifest, fetch_blob: what is sent, what is read, and how much of it.

use super::{
    super::{Descriptor, Registry as _, RegistryError},
    DIGEST, IMAGE, client, counted,
    server::{Seen, Server, ok, raw, reply},
};

#[tokio::test]
async fn resolve_is_one_head() {
    let server = Server::start(|_| {
        ok("hello")
            .header("Content-Type", &format!("{IMAGE}; charset=utf-8"))
            .header("Docker-Content-Digest", DIGEST)
    })
    .await;
    let found = client()
        .resolve(&format!("{}/a/b", server.host()), "v1")
        .await
        .unwrap();
    let expected = Descriptor {
        media_type: IMAGE.to_owned(),
        digest: DIGEST.to_owned(),
        size: 5,
    };
    assert_eq!(found, expected);
    assert_eq!(server.lines(), ["HEAD /v2/a/b/manifests/v1"]);
    let seen = &server.seen()[0];
    let accept = seen.header("accept").unwrap();
    assert_eq!(accept.split(',').count(), 4, "{accept}");
    assert!(accept.contains(IMAGE));
    assert_eq!(seen.header("accept-encoding"), None);
    assert_eq!(seen.authorization(), "");
}

#[tokio::test]
async fn resolve_hashes_what_a_head_leaves_out() {
    let without_digest = |_: &Seen| ok("hello").header("Content-Type", IMAGE);
    let without_head = |seen: &Seen| match seen.method.as_str() {
        "HEAD" => reply(405),
        _ => ok("hello").header("Content-Type", IMAGE),
    };
    for server in [
        Server::start(without_digest).await,
        Server::start(without_head).await,
    ] {
        let found = client()
            .resolve(&format!("{}/a/b", server.host()), "v1")
            .await
            .unwrap();
        assert_eq!((found.digest.as_str(), found.size), (DIGEST, 5));
        assert_eq!(
            server.lines(),
            ["HEAD /v2/a/b/manifests/v1", "GET /v2/a/b/manifests/v1"]
        );
    }
}

#[tokio::test]
async fn resolve_refuses_another_digest_than_asked() {
    let server = Server::start(|_| {
        ok("hello")
            .header("Content-Type", IMAGE)
            .header("Docker-Content-Digest", DIGEST)
    })
    .await;
    let repository = format!("{}/a/b", server.host());
    assert!(client().resolve(&repository, DIGEST).await.is_ok());
    let other = DIGEST.replace('2', "3");
    let error = client().resolve(&repository, &other).await.unwrap_err();
    assert!(matches!(error, RegistryError::Invalid(_)), "{error}");
}

#[tokio::test]
async fn resolve_refuses_a_malformed_digest() {
    let server = Server::start(|_| {
        ok("x")
            .header("Content-Type", IMAGE)
            .header("Docker-Content-Digest", "sha256:../x")
    })
    .await;
    let error = client()
        .resolve(&format!("{}/a/b", server.host()), "v1")
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::Invalid(_)), "{error}");
}

#[tokio::test]
async fn fetches_are_one_get_each() {
    let server = Server::start(|seen| match seen.path.contains("/blobs/") {
        true => ok("blob"),
        false => ok("hello").header("Content-Type", IMAGE),
    })
    .await;
    let (client, log) = counted(super::builder());
    let repository = format!("{}/a/b", server.host());
    let manifest = client.fetch_manifest(&repository, "v1", 5).await.unwrap();
    assert_eq!(
        (manifest.media_type.as_str(), &manifest.content[..]),
        (IMAGE, &b"hello"[..])
    );
    assert_eq!(
        client.fetch_blob(&repository, DIGEST, 4).await.unwrap(),
        b"blob"
    );
    let url = format!("http://{}/v2/a/b", server.host());
    let expected = [
        format!("GET {url}/manifests/v1 200"),
        format!("GET {url}/blobs/{DIGEST} 200"),
    ];
    assert_eq!(*log.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_manifest_without_media_type_is_refused() {
    let server = Server::start(|_| ok("hello")).await;
    let repository = format!("{}/a/b", server.host());
    let error = client()
        .fetch_manifest(&repository, "v1", 9)
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::Invalid(_)), "{error}");
}

#[tokio::test]
async fn announced_sizes_are_refused_before_reading() {
    // 10 GiB announced, nothing sent: reading any of it would wait for ever.
    let server = Server::start(|_| reply(200).header("Content-Length", "10737418240")).await;
    let repository = format!("{}/a/b", server.host());
    let error = client()
        .fetch_blob(&repository, DIGEST, 1 << 20)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            RegistryError::TooLarge {
                limit: 1_048_576,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn endless_bodies_are_cut_off() {
    let server = Server::start(|_| reply(200).endless()).await;
    let repository = format!("{}/a/b", server.host());
    let error = client()
        .fetch_blob(&repository, DIGEST, 100_000)
        .await
        .unwrap_err();
    assert!(
        matches!(error, RegistryError::TooLarge { limit: 100_000, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn one_byte_decides() {
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let server = Server::start(|_| raw(chunked)).await;
    let repository = format!("{}/a/b", server.host());
    assert_eq!(
        client().fetch_blob(&repository, DIGEST, 5).await.unwrap(),
        b"hello"
    );
    let error = client()
        .fetch_blob(&repository, DIGEST, 4)
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn endless_refusals_are_cut_off_too() {
    let server = Server::start(|_| reply(404).endless()).await;
    let repository = format!("{}/a/b", server.host());
    let error = client()
        .fetch_blob(&repository, DIGEST, 9)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, RegistryError::NotFound(text) if text.len() < 900),
        "{error}"
    );
}

#[tokio::test]
async fn statuses_become_errors() {
    let server = Server::start(|seen| {
        let status = seen.path.rsplit('-').next().unwrap().parse().unwrap();
        let said = r#"{"errors":[{"code":"NAME_UNKNOWN","message":"\u001b[31mno"}]}"#;
        reply(status).body(said)
    })
    .await;
    let repository = format!("{}/a/b", server.host());
    let error = async |status: u16| {
        let reference = format!("s-{status}");
        client()
            .fetch_manifest(&repository, &reference, 9)
            .await
            .unwrap_err()
    };
    assert!(matches!(error(404).await, RegistryError::NotFound(_)));
    assert!(matches!(error(401).await, RegistryError::Denied(_)));
    assert!(matches!(error(403).await, RegistryError::Denied(_)));
    assert!(matches!(error(405).await, RegistryError::Unsupported(_)));
    assert!(matches!(error(400).await, RegistryError::Invalid(_)));
    assert!(matches!(error(503).await, RegistryError::Unavailable(_)));
    let denied = error(403).await.to_string();
    let host = server.host();
    assert_eq!(
        denied,
        format!(
            "access denied: fetch manifest {host}/a/b:s-403: \
             http://{host}/v2/a/b/manifests/s-403 answered 403 Forbidden: \
             NAME_UNKNOWN: \\u{{1b}}[31mno; run `docker login {host}`, \
             or give --registry-username and --registry-password"
        )
    );
}

#[tokio::test]
async fn malformed_names_never_reach_the_network() {
    let (client, log) = counted(super::builder());
    for (repository, reference) in [
        ("127.0.0.1:1/a/../b", "x"),
        ("127.0.0.1:1/a", "x/../../y"),
        ("app", "x"),
    ] {
        let error = client.resolve(repository, reference).await.unwrap_err();
        assert!(matches!(error, RegistryError::Invalid(_)), "{error}");
    }
    let error = client
        .fetch_blob("127.0.0.1:1/a", "latest", 1)
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::Invalid(_)), "{error}");
    assert!(log.lock().unwrap().is_empty());
}
