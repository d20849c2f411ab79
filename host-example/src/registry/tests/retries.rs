//! What is tried again, when, and how often.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use super::{
    super::{Registry as _, RegistryError, RegistryPush as _},
    DIGEST, IMAGE, builder, client,
    server::{Reply, Seen, Server, ok, raw, reply},
};

/// Fails so many times, then answers.
fn failing(times: usize, failure: fn() -> Reply) -> impl Fn(&Seen) -> Reply + Send + Sync {
    let count = AtomicUsize::new(0);
    move |_| match count.fetch_add(1, Ordering::SeqCst) < times {
        true => failure(),
        false => ok("hello").header("Content-Type", IMAGE),
    }
}

#[tokio::test]
async fn passing_failures_pass() {
    let failures: [fn() -> Reply; 8] = [
        || reply(408),
        || reply(429),
        || reply(500),
        || reply(502),
        || reply(503),
        || reply(504),
        || raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"),
        || raw(b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Le"),
    ];
    for failure in failures {
        let server = Server::start(failing(2, failure)).await;
        let repository = format!("{}/a/b", server.host());
        let client = client();
        // Known to speak plain HTTP, so that broken answers are no sign of TLS.
        let fetched = client.fetch_manifest(&repository, "v1", 9).await.unwrap();
        assert_eq!(fetched.content, b"hello");
        client
            .push_manifest(&repository, "v1", IMAGE, vec![])
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn lasting_failures_are_told_at_once() {
    for status in [400, 403, 404, 501] {
        let server = Server::start(move |_| reply(status)).await;
        let repository = format!("{}/a/b", server.host());
        client()
            .fetch_manifest(&repository, "v1", 9)
            .await
            .unwrap_err();
        assert_eq!(server.lines().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn retries_are_counted() {
    let server = Server::start(|_| reply(503)).await;
    let repository = format!("{}/a/b", server.host());
    for (retries, requests) in [(0, 1), (2, 1 + 3)] {
        let client = builder().retries(retries).build().unwrap();
        let error = client.fetch_blob(&repository, DIGEST, 9).await.unwrap_err();
        assert!(matches!(error, RegistryError::Unavailable(_)), "{error}");
        assert_eq!(server.lines().len(), requests);
    }
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let server = Server::start(failing(1, || reply(429).header("Retry-After", "1"))).await;
    let start = Instant::now();
    client()
        .fetch_blob(&format!("{}/a/b", server.host()), DIGEST, 9)
        .await
        .unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn nobody_waits_past_the_operation() {
    let server = Server::start(|_| reply(429).header("Retry-After", "3600")).await;
    let client = builder()
        .operation_timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    let start = Instant::now();
    let repository = format!("{}/a/b", server.host());
    let error = client.fetch_blob(&repository, DIGEST, 9).await.unwrap_err();
    assert!(matches!(error, RegistryError::Unavailable(_)), "{error}");
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(server.lines().len(), 1);
}

#[tokio::test]
async fn silence_ends_in_time() {
    let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(99));
    let server = Server::start(move |_| ok("late").after(&barrier)).await;
    let client = builder()
        .request_timeout(Duration::from_millis(50))
        .retries(1)
        .build()
        .unwrap();
    let repository = format!("{}/a/b", server.host());
    let error = client.fetch_blob(&repository, DIGEST, 9).await.unwrap_err();
    assert!(matches!(&error, RegistryError::Unavailable(text) if text.contains("in time")));
}

#[tokio::test]
async fn nobody_there_is_unavailable() {
    let server = Server::start(|_| reply(200)).await;
    let host = server.host();
    drop(server);
    // The port is closed once the server's task is gone.
    while tokio::net::TcpStream::connect(&host).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let error = client()
        .fetch_blob(&format!("{host}/a/b"), DIGEST, 9)
        .await
        .unwrap_err();
    let told = matches!(&error, RegistryError::Unavailable(text) if text.contains("refused"));
    assert!(told, "{error}");
}
