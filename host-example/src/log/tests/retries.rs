//! What is tried again, how often, and when it ends.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::Barrier;

use super::{
    super::{LogApi, LogError, Receipt, Rekor, TransparencyLog as _},
    builder, log_at,
    server::{Reply, Seen, Server, ok, raw, reply},
    uuid,
};

/// Fails so many times, then answers.
fn failing(times: usize, failure: fn() -> Reply) -> impl Fn(&Seen) -> Reply + Send + Sync {
    let count = AtomicUsize::new(0);
    move |_| match count.fetch_add(1, Ordering::SeqCst) < times {
        true => failure(),
        false => ok("hello"),
    }
}

async fn submit(log: &Rekor) -> Result<Receipt, LogError> {
    log.submit(LogApi::RekorV1, b"{}".to_vec(), 64).await
}

#[tokio::test]
async fn passing_failures_pass() {
    let failures: [fn() -> Reply; 7] = [
        || reply(429),
        || reply(500),
        || reply(502),
        || reply(503),
        || reply(504),
        || raw(b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhel"),
        || raw(b"nonsense"),
    ];
    for failure in failures {
        let server = Server::start(failing(3, failure)).await;
        let receipt = submit(&log_at(&server)).await.unwrap();
        assert_eq!(receipt, Receipt::Logged(b"hello".to_vec()));
        assert!(server.seen().iter().all(|seen| seen.body == b"{}"));
        assert_eq!(server.seen().len(), 4);
    }
}

/// The first request was heard, and its answer was not.
#[tokio::test]
async fn an_entry_that_is_sent_again_was_there() {
    let server = Server::start(|_| raw(b"HTTP/1.1 201 Cre")).await;
    let log = builder(&server).retries(0).build().unwrap();
    let error = submit(&log).await.unwrap_err();
    assert!(matches!(error, LogError::Unavailable(_)), "{error}");

    let count = AtomicUsize::new(0);
    let server = Server::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => raw(b"HTTP/1.1 201 Cre"),
        _ => reply(409).header("Location", &format!("/api/v1/log/entries/{}", uuid())),
    })
    .await;
    let receipt = submit(&log_at(&server)).await.unwrap();
    assert_eq!(receipt, Receipt::AlreadyLogged(uuid()));
}

#[tokio::test]
async fn retries_are_counted() {
    for (retries, requests) in [(0, 1), (2, 3)] {
        let server = Server::start(|_| reply(503)).await;
        let log = builder(&server).retries(retries).build().unwrap();
        let error = submit(&log).await.unwrap_err();
        assert!(matches!(error, LogError::Unavailable(_)), "{error}");
        assert_eq!(server.seen().len(), requests);
    }
}

#[tokio::test]
async fn lasting_failures_are_told_at_once() {
    for status in [400, 403, 404, 501, 507] {
        let server = Server::start(move |_| reply(status)).await;
        submit(&log_at(&server)).await.unwrap_err();
        assert_eq!(server.seen().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let server = Server::start(failing(1, || reply(429).header("Retry-After", "1"))).await;
    let start = Instant::now();
    submit(&log_at(&server)).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn nobody_waits_past_the_call() {
    let server = Server::start(|_| reply(429).header("Retry-After", "3600")).await;
    let start = Instant::now();
    let error = submit(&log_at(&server)).await.unwrap_err();
    assert!(matches!(error, LogError::Unavailable(_)), "{error}");
    assert!(start.elapsed() < Duration::from_secs(9));
    assert_eq!(server.seen().len(), 1);
}

/// Silence before the answer, within it, and an answer without end that is accepted as long as it
/// comes.
#[tokio::test]
async fn a_server_that_hangs_ends_in_time() {
    let barrier = Arc::new(Barrier::new(99));
    let silent = move |_: &Seen| ok("late").after(&barrier);
    let begun = |_: &Seen| reply(200).header("Content-Length", "5").body("he");
    let endless = |_: &Seen| reply(200).endless();
    for server in [
        Server::start(silent).await,
        Server::start(begun).await,
        Server::start(endless).await,
    ] {
        let log = builder(&server).timeout(Duration::from_millis(100));
        let log = log.build().unwrap();
        let start = Instant::now();
        let error = log.fetch_tile("checkpoint", u64::MAX).await.unwrap_err();
        let told = matches!(&error, LogError::Unavailable(text) if text.contains("in time"));
        assert!(told, "{error}");
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn nobody_there_is_unavailable() {
    let server = Server::start(|_| reply(200)).await;
    let (log, host) = (log_at(&server), server.host());
    drop(server);
    // The port is closed once the server's task is gone.
    while tokio::net::TcpStream::connect(&host).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let error = submit(&log).await.unwrap_err();
    let told = matches!(&error, LogError::Unavailable(text) if text.contains("refused"));
    assert!(told, "{error}");
}
