//! The embedded registry over HTTP, as a client meets it.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use cosignet_host::embedded::registry::{
    Action, BasicAuth, EmbeddedRegistry, Endpoint, Fault, Options,
};
use reqwest::{
    Client, Method, Response, StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Notify,
};

// --- Base, authentication, CORS ---

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

// --- Blobs ---

#[tokio::test]
async fn blob_in_two_requests() {
    let site = Site::start(Options::default()).await;
    let digest = sha256(b"hello");
    let start = site
        .send(Method::POST, "/v2/a/b/c/blobs/uploads/", "")
        .await;
    assert_eq!(start.status(), 202);
    let location = header(&start, "location");
    assert!(
        location.contains('?'),
        "a client has to cope with a query: {location}"
    );
    let end = site
        .send(Method::PUT, &format!("{location}&digest={digest}"), "hello")
        .await;
    assert_eq!(end.status(), 201);
    assert_eq!(header(&end, "docker-content-digest"), digest);
    let path = header(&end, "location");

    let blob = site.get(&path).await;
    assert_eq!(blob.status(), 200);
    assert_eq!(header(&blob, "docker-content-digest"), digest);
    assert_eq!(header(&blob, "content-type"), "application/octet-stream");
    assert_eq!(text(blob).await, "hello");
    let head = site.send(Method::HEAD, &path, "").await;
    assert_eq!(
        (head.status().as_u16(), header(&head, "content-length")),
        (200, "5".to_owned())
    );
    assert_eq!(
        site.registry.blob("a/b/c", &digest).as_deref(),
        Some(&b"hello"[..])
    );

    refused(
        site.get(&path.replace("a/b/c", "a/b")).await,
        404,
        "BLOB_UNKNOWN",
    )
    .await;
    assert_eq!(site.send(Method::DELETE, &path, "").await.status(), 202);
    refused(
        site.send(Method::DELETE, &path, "").await,
        404,
        "BLOB_UNKNOWN",
    )
    .await;
    assert_eq!(site.send(Method::HEAD, &path, "").await.status(), 404);
    let tags = site.get("/v2/a/b/c/tags/list").await;
    refused(tags, 404, "NAME_UNKNOWN").await; // the last thing in it took the repository along
}

#[tokio::test]
async fn blob_in_one_request_and_percent_encoded() {
    let site = Site::start(Options::default()).await;
    let digest = sha256(b"hello").replace(':', "%3A");
    let path = format!("/v2/a/blobs/uploads/?digest={digest}");
    assert_eq!(site.send(Method::POST, &path, "hello").await.status(), 201);
    assert_eq!(
        text(site.get(&format!("/v2/a/blobs/{digest}")).await).await,
        "hello"
    );
    refused(
        site.send(Method::POST, &path, "hullo").await,
        400,
        "DIGEST_INVALID",
    )
    .await;
}

#[tokio::test]
async fn sha512_blob() {
    let site = Site::start(Options::default()).await;
    let digest = "sha512:9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca7\
                  2323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043";
    let path = format!("/v2/a/blobs/uploads/?digest={digest}");
    assert_eq!(site.send(Method::POST, &path, "hello").await.status(), 201);
    assert_eq!(
        text(site.get(&format!("/v2/a/blobs/{digest}")).await).await,
        "hello"
    );
    refused(
        site.send(Method::POST, &path, "hullo").await,
        400,
        "DIGEST_INVALID",
    )
    .await;
}

#[tokio::test]
async fn blob_in_chunks() {
    let site = Site::start(Options::default()).await;
    let start = site.send(Method::POST, "/v2/a/blobs/uploads/", "").await;
    let upload = header(&start, "location");
    let patch = async |range: &str, chunk: &'static str| {
        let request = site
            .client
            .patch(site.url(&upload))
            .header("content-range", range);
        request.body(chunk).send().await.expect("an answer")
    };
    let first = patch("0-3", "0123").await;
    assert_eq!(
        (first.status().as_u16(), header(&first, "range")),
        (202, "0-3".to_owned())
    );

    let gap = patch("6-7", "67").await;
    assert_eq!(header(&gap, "range"), "0-3");
    refused(gap, 416, "BLOB_UPLOAD_INVALID").await;
    refused(patch("0-3", "0123").await, 416, "BLOB_UPLOAD_INVALID").await;
    refused(patch("4-9", "45").await, 400, "BLOB_UPLOAD_INVALID").await;
    refused(patch("x", "45").await, 400, "BLOB_UPLOAD_INVALID").await;

    let status = site.get(&upload).await;
    assert_eq!(
        (status.status().as_u16(), header(&status, "range")),
        (204, "0-3".to_owned())
    );
    let second = site
        .send(Method::PATCH, &header(&status, "location"), "45")
        .await;
    assert_eq!(
        header(&second, "range"),
        "0-5",
        "a chunk without a range follows the last one"
    );

    let digest = sha256(b"012345678");
    let end = site
        .send(Method::PUT, &format!("{upload}&digest={digest}"), "678")
        .await;
    assert_eq!(end.status(), 201);
    assert_eq!(
        site.registry.blob("a", &digest).as_deref(),
        Some(&b"012345678"[..])
    );
    refused(site.get(&upload).await, 404, "BLOB_UPLOAD_UNKNOWN").await;
}

#[tokio::test]
async fn upload_that_does_not_end_well() {
    let site = Site::start(Options::default()).await;
    let start = async || {
        header(
            &site.send(Method::POST, "/v2/a/blobs/uploads/", "").await,
            "location",
        )
    };
    let upload = start().await;
    refused(
        site.send(Method::PUT, &upload, "x").await,
        400,
        "DIGEST_INVALID",
    )
    .await;
    let wrong = format!("{upload}&digest={}", sha256(b"y"));
    refused(
        site.send(Method::PUT, &wrong, "x").await,
        400,
        "DIGEST_INVALID",
    )
    .await;
    refused(site.get(&upload).await, 404, "BLOB_UPLOAD_UNKNOWN").await;
    assert_eq!(site.registry.blob("a", &sha256(b"y")), None);

    let upload = start().await;
    assert_eq!(site.send(Method::DELETE, &upload, "").await.status(), 204);
    refused(
        site.send(Method::PATCH, &upload, "x").await,
        404,
        "BLOB_UPLOAD_UNKNOWN",
    )
    .await;
    let upload = start().await.replace("/v2/a/", "/v2/b/");
    refused(site.get(&upload).await, 404, "BLOB_UPLOAD_UNKNOWN").await;
}

#[tokio::test]
async fn mounting() {
    let site = Site::start(Options::default()).await;
    let digest = site.registry.put_blob("from/here", "hello");
    let mount = format!("/v2/to/blobs/uploads/?mount={digest}&from=from/here");
    let answer = site.send(Method::POST, &mount, "").await;
    assert_eq!(answer.status(), 201);
    assert_eq!(
        header(&answer, "location"),
        format!("/v2/to/blobs/{digest}")
    );
    assert_eq!(
        site.registry.blob("to", &digest).as_deref(),
        Some(&b"hello"[..])
    );
    for other in [
        format!(
            "/v2/to/blobs/uploads/?mount={}&from=from/here",
            sha256(b"none")
        ),
        format!("/v2/to/blobs/uploads/?mount={digest}&from=from/there"),
        format!("/v2/to/blobs/uploads/?mount={digest}"),
    ] {
        let answer = site.send(Method::POST, &other, "").await;
        assert_eq!(answer.status(), 202, "{other}");
        assert!(header(&answer, "location").contains("/uploads/"));
    }
}

#[tokio::test]
async fn part_of_a_blob() {
    let site = Site::start(Options::default()).await;
    let digest = site.registry.put_blob("a", "0123456789");
    let get = async |range: &str| {
        let url = site.url(&format!("/v2/a/blobs/{digest}"));
        site.client
            .get(url)
            .header("range", range)
            .send()
            .await
            .expect("an answer")
    };
    let part = get("bytes=2-4").await;
    assert_eq!(part.status(), 206);
    assert_eq!(header(&part, "content-range"), "bytes 2-4/10");
    assert_eq!(text(part).await, "234");
    let beyond = get("bytes=10-").await;
    assert_eq!(
        (beyond.status().as_u16(), header(&beyond, "content-range")),
        (416, "bytes */10".into())
    );
}

#[tokio::test]
async fn limits_on_content() {
    let options = Options {
        max_manifest_size: 100,
        max_blob_size: 10,
        max_total_size: 3000,
        ..Options::default()
    };
    let site = Site::start(options).await;
    let eleven = sha256(b"01234567890");
    let path = format!("/v2/a/blobs/uploads/?digest={eleven}");
    refused(
        site.send(Method::POST, &path, "01234567890").await,
        413,
        "SIZE_INVALID",
    )
    .await;
    let start = site.send(Method::POST, "/v2/a/blobs/uploads/", "").await;
    let upload = header(&start, "location");
    assert_eq!(
        site.send(Method::PATCH, &upload, "01234").await.status(),
        202
    );
    refused(
        site.send(Method::PATCH, &upload, "567890").await,
        413,
        "SIZE_INVALID",
    )
    .await;
    assert_eq!(site.send(Method::DELETE, &upload, "").await.status(), 204);
    let manifest = " ".repeat(101);
    refused(
        site.put("a", "v1", OCI_MANIFEST, &manifest).await,
        413,
        "SIZE_INVALID",
    )
    .await;

    let mut full = None;
    for number in 0..10 {
        let body = number.to_string();
        let path = format!("/v2/a/blobs/uploads/?digest={}", sha256(body.as_bytes()));
        let answer = site
            .client
            .post(site.url(&path))
            .body(body)
            .send()
            .await
            .expect("an answer");
        if answer.status() != 201 {
            full = Some((number, answer));
            break;
        }
    }
    let (stored, answer) = full.expect("the registry fills up");
    assert_eq!(stored, 5, "3000 bytes are five entries");
    refused(answer, 507, "DENIED").await;
    let first = format!("/v2/a/blobs/{}", sha256(b"0"));
    assert_eq!(site.send(Method::DELETE, &first, "").await.status(), 202);
    let path = format!("/v2/a/blobs/uploads/?digest={}", sha256(b"x"));
    assert_eq!(
        site.send(Method::POST, &path, "x").await.status(),
        201,
        "room came back"
    );
}

#[tokio::test]
async fn large_refused_body_still_gets_its_answer() {
    let site = Site::start(Options {
        max_blob_size: 1 << 20,
        ..Options::default()
    })
    .await;
    let digest = sha256(b"");
    let length = 12 << 20;
    let head = format!(
        "POST /v2/a/blobs/uploads/?digest={digest} HTTP/1.1\r\nHost: localhost\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    let mut stream = TcpStream::connect(site.registry.addr())
        .await
        .expect("a connection");
    stream
        .write_all(head.as_bytes())
        .await
        .expect("the head is read");
    stream
        .write_all(&vec![0; length])
        .await
        .expect("the whole body is read");
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.expect("an answer");
    assert_eq!(&start, b"HTTP/1.1 413");
}

#[tokio::test]
async fn uploads_have_uuids_and_empty_blobs_end_too() {
    let site = Site::start(Options::default()).await;
    let empty = sha256(b"");
    let mut ids = Vec::new();
    for _ in 0..2 {
        let start = site.send(Method::POST, "/v2/a/blobs/uploads/", "").await;
        assert_eq!(
            (start.status().as_u16(), header(&start, "range")),
            (202, "0-0".into())
        );
        let location = header(&start, "location");
        let id = location.split(['/', '?']).nth(5).expect("an id").to_owned();
        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
        assert!(
            id.bytes()
                .all(|byte| byte == b'-' || byte.is_ascii_hexdigit()),
            "{id}"
        );
        ids.push(id);
        let end = format!("{location}&digest={empty}");
        assert_eq!(site.send(Method::PUT, &end, "").await.status(), 201);
    }
    assert_ne!(ids[0], ids[1]);
    let once = format!("/v2/b/blobs/uploads/?digest={empty}");
    assert_eq!(site.send(Method::POST, &once, "").await.status(), 201);
    for repository in ["a", "b"] {
        let path = format!("/v2/{repository}/blobs/{empty}");
        let head = site.send(Method::HEAD, &path, "").await;
        assert_eq!(
            (head.status().as_u16(), header(&head, "content-length")),
            (200, "0".into())
        );
        assert_eq!(header(&head, "docker-content-digest"), empty);
    }
}

/// The last chunk may come with the end of the upload, and has its place too.
#[tokio::test]
async fn last_chunk_at_the_end() {
    let site = Site::start(Options::default()).await;
    let digest = sha256(b"0123456789");
    let start = site.send(Method::POST, "/v2/a/blobs/uploads/", "").await;
    let upload = header(&start, "location");
    let chunk = async |method: Method, path: &str, range: &str, body: &'static str| {
        let request = site.client.request(method, site.url(path));
        let request = request.header("content-range", range).body(body);
        request.send().await.expect("an answer")
    };
    let end = format!("{upload}&digest={digest}");
    // Nothing but the first can be first, in whichever way it comes.
    for (method, path) in [(Method::PATCH, &upload), (Method::PUT, &end)] {
        let early = chunk(method, path, "5-9", "56789").await;
        refused(early, 416, "BLOB_UPLOAD_INVALID").await;
    }
    let first = chunk(Method::PATCH, &upload, "0-4", "01234").await;
    assert_eq!(
        (first.status().as_u16(), header(&first, "range")),
        (202, "0-4".into())
    );
    let gap = chunk(Method::PUT, &end, "6-9", "6789").await;
    assert_eq!(header(&gap, "range"), "0-4");
    refused(gap, 416, "BLOB_UPLOAD_INVALID").await;
    // What was refused did no harm: the upload says where it is, and goes on from there.
    let status = site.get(&upload).await;
    assert_eq!(
        (status.status().as_u16(), header(&status, "range")),
        (204, "0-4".into())
    );
    let next = format!("{}&digest={digest}", header(&status, "location"));
    let last = chunk(Method::PUT, &next, "5-9", "56789").await;
    assert_eq!(last.status(), 201);
    assert_eq!(header(&last, "location"), format!("/v2/a/blobs/{digest}"));
    assert_eq!(
        site.registry.blob("a", &digest).as_deref(),
        Some(&b"0123456789"[..])
    );
}

/// Whatever goes wrong, an answer has a code and words for people, as JSON.
#[tokio::test]
async fn errors_have_a_shape() {
    let site = Site::start(Options::default()).await;
    let digest = sha256(b"none");
    for (method, path, status) in [
        (Method::GET, "/nowhere".to_owned(), 404),
        (Method::GET, format!("/v2/a/blobs/{digest}"), 404),
        (Method::GET, "/v2/a/manifests/none".to_owned(), 404),
        (Method::GET, format!("/v2/a/manifests/{digest}"), 404),
        (Method::GET, "/v2/a/tags/list".to_owned(), 404),
        (Method::GET, "/v2/a/blobs/uploads/none".to_owned(), 404),
        (Method::GET, "/v2/A/tags/list".to_owned(), 400),
        (Method::GET, "/v2/a/referrers/sha256:00".to_owned(), 400),
        (Method::DELETE, format!("/v2/a/blobs/{digest}"), 404),
        (Method::DELETE, format!("/v2/a/manifests/{digest}"), 404),
        (Method::DELETE, "/v2/a/manifests/none".to_owned(), 404),
        (Method::DELETE, "/v2/a/tags/list".to_owned(), 405),
        (Method::PUT, "/v2/a/manifests/v1".to_owned(), 400),
    ] {
        let answer = site.send(method.clone(), &path, "").await;
        assert_eq!(answer.status(), status, "{method} {path}");
        let allowed = answer
            .headers()
            .get("allow")
            .map(|_| header(&answer, "allow"));
        assert_eq!(allowed.is_some(), status == 405, "{method} {path}");
        assert_eq!(header(&answer, "content-type"), "application/json");
        let body: Value = serde_json::from_str(&text(answer).await).expect("JSON");
        let errors = body["errors"].as_array().expect("a list");
        assert!(!errors.is_empty(), "{method} {path}");
        for error in errors {
            let code = error["code"].as_str().expect("a code");
            let letters = code
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_');
            assert!(letters && !code.is_empty(), "{code}");
            assert!(!error["message"].as_str().expect("words").is_empty());
        }
        // A HEAD has the status, and no body.
        if method == Method::GET {
            let head = site.send(Method::HEAD, &path, "").await;
            let expected = if path.contains("/uploads/") {
                [404, 405]
            } else {
                [status, 405]
            };
            assert!(expected.contains(&head.status().as_u16()), "HEAD {path}");
            assert_eq!(text(head).await, "");
        }
    }
}

/// RFC 9110, section 15.5.6: who refuses a method says which ones there are.
#[tokio::test]
async fn methods_that_an_endpoint_has() {
    let site = Site::start(Options::default()).await;
    let digest = site.registry.put_blob("a", "hello");
    let manifest = site
        .registry
        .put_manifest("a", Some("v1"), OCI_MANIFEST, "{}");
    let start = site.send(Method::POST, "/v2/a/blobs/uploads/", "").await;
    let upload = header(&start, "location");
    let all = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
    for path in [
        "/v2/",
        &format!("/v2/a/blobs/{digest}"),
        "/v2/a/blobs/uploads/",
        &upload,
        &format!("/v2/a/manifests/{manifest}"),
        "/v2/a/tags/list",
        &format!("/v2/a/referrers/{manifest}"),
    ] {
        // The one that takes away comes last.
        let mut answered = Vec::new();
        let mut allowed = None;
        for method in all {
            let answer = site.send(method.parse().expect("a method"), path, "").await;
            match answer.status().as_u16() {
                405 => allowed = Some(header(&answer, "allow")),
                _ => answered.push(method),
            }
        }
        assert_eq!(allowed, Some(in_order(&answered)), "{path}");
    }

    fn in_order(methods: &[&str]) -> String {
        let order = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"];
        let methods = order.into_iter().filter(|method| methods.contains(method));
        methods.collect::<Vec<_>>().join(", ")
    }
}

// --- Manifests and tags ---

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

// --- Referrers ---

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

// --- Hostile content ---

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

// --- Faults ---

#[tokio::test]
async fn injected_answers_stand_in_for_the_registry() {
    let site = Site::start(Options {
        cors: true,
        ..Options::default()
    })
    .await;
    let digest = site.registry.put_blob("a", "hello");
    let path = format!("/v2/a/blobs/{digest}");
    let busy = Fault::new(Action::too_many_requests(7))
        .endpoint(Endpoint::Blob)
        .times(1);
    let hits = site.registry.inject(busy);
    assert_eq!(site.get("/v2/").await.status(), 200);
    let answer = site.get(&path).await;
    assert_eq!(
        (answer.status().as_u16(), header(&answer, "retry-after")),
        (429, "7".to_owned())
    );
    assert_eq!(
        header(&answer, "access-control-allow-origin"),
        "*",
        "a page can read it"
    );
    refused(answer, 429, "TOOMANYREQUESTS").await;
    assert_eq!(site.get(&path).await.status(), 200);
    assert_eq!(hits.count(), 1);

    let down = Fault::new(Action::status(StatusCode::SERVICE_UNAVAILABLE)).method(Method::DELETE);
    site.registry.inject(down);
    assert_eq!(site.send(Method::DELETE, &path, "").await.status(), 503);
    assert_eq!(site.send(Method::DELETE, &path, "").await.status(), 503);
    site.registry.clear_faults();
    assert_eq!(
        site.get(&path).await.status(),
        200,
        "the deletion never happened"
    );

    let respond = Action::Respond {
        status: StatusCode::UNAUTHORIZED,
        headers: HeaderMap::from_iter([(
            HeaderName::from_static("www-authenticate"),
            HeaderValue::from_static("Bearer realm=\"http://127.0.0.1:1/token\""),
        )]),
        body: "no".into(),
    };
    site.registry
        .inject(Fault::new(respond).path_contains("/manifests/v1"));
    let answer = site
        .put("a", "v1", OCI_MANIFEST, &"x".repeat(1 << 20))
        .await;
    assert!(header(&answer, "www-authenticate").starts_with("Bearer"));
    assert_eq!(
        (answer.status().as_u16(), text(answer).await),
        (401, "no".to_owned())
    );
}

#[tokio::test]
async fn broken_bodies() {
    let site = Site::start(Options::default()).await;
    let digest = site.registry.put_blob("a", "hello");
    let path = format!("/v2/a/blobs/{digest}");
    let once = |action| site.registry.inject(Fault::new(action).times(1));

    once(Action::Corrupt);
    let corrupt = site.get(&path).await;
    assert_eq!(header(&corrupt, "docker-content-digest"), digest);
    assert_eq!(text(corrupt).await, "helln");

    once(Action::ReplaceBody("longer than it was".into()));
    assert_eq!(text(site.get(&path).await).await, "longer than it was");

    once(Action::Truncate(2));
    let mut truncated = site.get(&path).await;
    assert_eq!(header(&truncated, "content-length"), "5");
    let mut received = Vec::new();
    let error = loop {
        match truncated.chunk().await {
            Ok(Some(chunk)) => received.extend_from_slice(&chunk),
            Ok(None) => panic!("the body must not end well"),
            Err(error) => break error,
        }
    };
    assert_eq!(received, b"he", "what was sent arrives: {error}");

    once(Action::Endless);
    let mut endless = site.get(&path).await;
    assert_eq!(endless.content_length(), None);
    let mut received = 0;
    while received < 4 << 20 {
        received += endless
            .chunk()
            .await
            .expect("no error")
            .expect("no end")
            .len();
    }
    drop(endless);
    assert_eq!(
        text(site.get(&path).await).await,
        "hello",
        "and all is well again"
    );
}

#[tokio::test]
async fn closed_connections() {
    let site = Site::start(Options::default()).await;
    let digest = site.registry.put_blob("a", "hello");
    let path = format!("/v2/a/blobs/{digest}");
    for method in [Method::GET, Method::HEAD] {
        site.registry.inject(Fault::new(Action::Drop).times(1));
        let mut stream = TcpStream::connect(site.registry.addr())
            .await
            .expect("a connection");
        let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert_eq!(answer, b"", "{method}: not a byte comes back");
    }
    let last = site.registry.take_requests().pop().expect("a record");
    assert_eq!(
        (last.status, last.to_string()),
        (None, format!("HEAD {path} (dropped)"))
    );

    site.registry.inject(
        Fault::new(Action::LoseResponse)
            .method(Method::PUT)
            .times(1),
    );
    let body = site.image("a", b"layer");
    let put = site.client.put(site.url("/v2/a/manifests/v1")).body(body);
    put.send().await.expect_err("no answer");
    assert!(
        site.registry.manifest("a", "v1").is_some(),
        "but it was done"
    );
}

#[tokio::test]
async fn changed_headers_and_delays_add_up() {
    let site = Site::start(Options::default()).await;
    let body = site.image("a", b"layer");
    site.registry
        .put_manifest("a", Some("v1"), OCI_MANIFEST, body);
    let name = HeaderName::from_static;
    let evil = HeaderValue::from_static("text/html");
    site.registry
        .inject(Fault::new(Action::SetHeader(name("content-type"), evil)));
    site.registry.inject(Fault::new(Action::RemoveHeader(name(
        "docker-content-digest",
    ))));
    site.registry
        .inject(Fault::new(Action::Delay(Duration::from_millis(30))));
    let before = std::time::Instant::now();
    let answer = site.get("/v2/a/manifests/v1").await;
    assert!(before.elapsed() >= Duration::from_millis(30));
    assert_eq!(header(&answer, "content-type"), "text/html");
    assert!(answer.headers().get("docker-content-digest").is_none());
}

/// Two signers read, change and write one tag: the hook makes the lost update certain.
#[tokio::test]
async fn held_put_lets_another_client_read_first() {
    let site = Site::start(Options::default()).await;
    let (first, second) = (site.image("a", b"first"), site.image("a", b"second"));
    let (reached, read) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let hold = {
        let (reached, read) = (Arc::clone(&reached), Arc::clone(&read));
        Action::hold(move |request| {
            assert_eq!(request.path, "/v2/a/manifests/x.sig");
            let (reached, read) = (Arc::clone(&reached), Arc::clone(&read));
            async move {
                reached.notify_one();
                read.notified().await;
            }
        })
    };
    let fault = Fault::new(hold)
        .method(Method::PUT)
        .endpoint(Endpoint::Manifest)
        .times(1);
    let hits = site.registry.inject(fault);

    let one = async {
        let put = site.put("a", "x.sig", OCI_MANIFEST, &first).await;
        assert_eq!(put.status(), 201);
    };
    let other = async {
        reached.notified().await;
        assert_eq!(
            site.get("/v2/a/manifests/x.sig").await.status(),
            404,
            "the PUT is held"
        );
        assert_eq!(
            site.put("a", "x.sig", OCI_MANIFEST, &second).await.status(),
            201
        );
        read.notify_one();
    };
    tokio::join!(one, other);
    assert_eq!(hits.count(), 1);
    let (_, last) = site.registry.manifest("a", "x.sig").expect("a manifest");
    assert_eq!(last, first.as_bytes(), "the held PUT came last");
    let order: Vec<_> = site
        .registry
        .requests()
        .iter()
        .map(|r| r.method.clone())
        .collect();
    assert_eq!(order, [Method::GET, Method::PUT, Method::PUT]);
}

// --- Life cycle ---

#[tokio::test]
async fn requests_are_recorded() {
    let site = Site::start(Options::default()).await;
    site.get("/v2/").await;
    site.get("/v2/a/tags/list?n=1").await;
    let lines: Vec<String> = site
        .registry
        .requests()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(lines, ["GET /v2/ 200", "GET /v2/a/tags/list?n=1 404"]);
    assert_eq!(site.registry.take_requests().len(), 2);
    assert_eq!(site.registry.requests(), []);
}

#[tokio::test]
async fn shutdown_closes_the_port_whatever_is_held() {
    let site = Site::start(Options::default()).await;
    let address = site.registry.addr();
    assert!(address.ip().is_loopback());
    let reached = Arc::new(Notify::new());
    let hook = Arc::clone(&reached);
    site.registry.inject(Fault::new(Action::hold(move |_| {
        hook.notify_one();
        std::future::pending()
    })));
    let url = site.url("/v2/");
    let held = tokio::spawn(site.client.get(url).send());
    reached.notified().await;
    site.registry.shutdown().await;
    held.await.expect("no panic").expect_err("aborted");
    TcpStream::connect(address)
        .await
        .expect_err("nobody listens");
}

#[tokio::test]
async fn request_under_way_is_finished_at_shutdown() {
    let site = Site::start(Options::default()).await;
    let address = site.registry.addr();
    let (reached, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let hook = (Arc::clone(&reached), Arc::clone(&go));
    site.registry.inject(Fault::new(Action::hold(move |_| {
        let (reached, go) = (Arc::clone(&hook.0), Arc::clone(&hook.1));
        async move {
            reached.notify_one();
            go.notified().await;
        }
    })));
    let under_way = tokio::spawn(site.client.get(site.url("/v2/")).send());
    reached.notified().await;
    let release = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await; // until the shutdown has begun
        }
        go.notify_one();
    };
    tokio::join!(site.registry.shutdown(), release);
    assert_eq!(
        under_way
            .await
            .expect("no panic")
            .expect("an answer")
            .status(),
        200
    );
}

#[tokio::test]
async fn dropping_stops_it() {
    let site = Site::start(Options::default()).await;
    let address = site.registry.addr();
    let mut open = TcpStream::connect(address).await.expect("a connection");
    open.write_all(b"HEAD /v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .expect("sent");
    let mut start = [0; 12];
    open.read_exact(&mut start).await.expect("an answer");
    assert_eq!(&start, b"HTTP/1.1 200");
    drop(site);
    open.read_to_end(&mut Vec::new())
        .await
        .expect("closed in order");
    TcpStream::connect(address)
        .await
        .expect_err("nobody listens");
}

// --- Helpers ---

struct Site {
    registry: EmbeddedRegistry,
    client: Client,
}

impl Site {
    async fn start(options: Options) -> Self {
        let registry = EmbeddedRegistry::start(options).await.expect("a registry");
        let client = client_builder().no_proxy().build().expect("a client");
        Self { registry, client }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.registry.host())
    }

    async fn send(&self, method: Method, path: &str, body: &'static str) -> Response {
        let request = self.client.request(method, self.url(path)).body(body);
        request.send().await.expect("an answer")
    }

    async fn get(&self, path: &str) -> Response {
        self.send(Method::GET, path, "").await
    }

    async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&text(self.get(path).await).await).expect("JSON")
    }

    async fn put(&self, repository: &str, reference: &str, kind: &str, body: &str) -> Response {
        let url = self.url(&format!("/v2/{repository}/manifests/{reference}"));
        let request = self
            .client
            .put(url)
            .header("content-type", kind)
            .body(body.to_owned());
        request.send().await.expect("an answer")
    }

    async fn all_pages(&self, path: &str) -> Vec<Value> {
        let (mut pages, mut next) = (Vec::new(), Some(path.to_owned()));
        while let Some(path) = next {
            let answer = self.get(&path).await;
            let link = answer
                .headers()
                .get("link")
                .map(|_| header(&answer, "link"));
            next = link.map(|link| {
                let (path, relation) = link.split_once('>').expect("a link");
                assert_eq!(relation, "; rel=\"next\"");
                path.trim_start_matches('<').to_owned()
            });
            pages.push(serde_json::from_str(&text(answer).await).expect("JSON"));
        }
        pages
    }

    /// A manifest whose config and layer are in the repository.
    fn image(&self, repository: &str, layer: &'static [u8]) -> String {
        let config = self.registry.put_blob(repository, "{}");
        let digest = self.registry.put_blob(repository, layer);
        json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": { "mediaType": CONFIG, "digest": config, "size": 2 },
            "layers": [{ "mediaType": "a/layer", "digest": digest, "size": layer.len() }],
        })
        .to_string()
    }

    fn referrer(&self, repository: &str, subject: &str, kind: Option<&str>) -> String {
        let mut manifest: Value =
            serde_json::from_str(&self.image(repository, b"signature")).expect("JSON");
        manifest["subject"] = json!({ "mediaType": OCI_MANIFEST, "digest": subject, "size": 1 });
        manifest["annotations"] = json!({ "key": "value" });
        if let Some(kind) = kind {
            manifest["artifactType"] = json!(kind);
        }
        manifest.to_string()
    }
}

/// Checks status and error code, and returns the body; an empty code is for no error.
async fn refused(response: Response, status: u16, code: &str) -> Value {
    assert_eq!(response.status(), status);
    let body: Value = serde_json::from_str(&text(response).await).expect("a JSON body");
    assert_eq!(
        body["errors"][0]["code"].as_str().unwrap_or_default(),
        code,
        "{body}"
    );
    body
}

fn header(response: &Response, name: &str) -> String {
    let value = response
        .headers()
        .get(name)
        .unwrap_or_else(|| panic!("no header {name}"));
    value.to_str().expect("a text header").to_owned()
}

async fn text(response: Response) -> String {
    response.text().await.expect("a body")
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    let hex: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{hex}")
}

fn sha512(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha512};
    let hex = Sha512::digest(bytes);
    let hex: String = hex.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha512:{hex}")
}

const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "a/config";

/// reqwest is built without a TLS provider, and asks for one even where it speaks plain HTTP.
fn client_builder() -> reqwest::ClientBuilder {
    // It fails where another test was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
}
