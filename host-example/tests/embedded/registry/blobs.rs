//! Blobs and their uploads.

use super::*;

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
async fn blob_in_one_request() {
    let site = Site::start(Options::default()).await;
    let percent_encoded = sha256(b"hello").replace(':', "%3A");
    for digest in [percent_encoded, sha512(b"hello")] {
        let path = format!("/v2/a/blobs/uploads/?digest={digest}");
        assert_eq!(site.send(Method::POST, &path, "hello").await.status(), 201);
        let blob = site.get(&format!("/v2/a/blobs/{digest}")).await;
        assert_eq!(text(blob).await, "hello");
        let other = site.send(Method::POST, &path, "hullo").await;
        refused(other, 400, "DIGEST_INVALID").await;
    }
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
