//! From start to end: all embedded servers have this from one piece.

use super::*;

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
