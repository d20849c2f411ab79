//! Faults that are injected.

use super::*;

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
