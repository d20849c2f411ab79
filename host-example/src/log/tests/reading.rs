//! Entries, searches and tiles: what is sent, what is read, and how much of it.

use super::{
    super::{LogError, Rekor, TransparencyLog as _},
    builder, log_at,
    server::{Seen, Server, ok, raw, reply},
    uuid,
};

#[tokio::test]
async fn what_is_sent() {
    let server = Server::start(|_| ok("answer")).await;
    let log = Rekor::builder(format!("http://{}/base/", server.host()));
    let log = log.build().unwrap();
    let (uuid, query) = (uuid(), br#"{"entries":[]}"#);
    let entry = log.fetch_entry(&uuid, 6).await.unwrap();
    let found = log.search_entries(query.to_vec(), 6).await.unwrap();
    let tile = log.fetch_tile("tile/0/x001/234.p/56", 6).await.unwrap();
    let checkpoint = log.fetch_tile("checkpoint", 6).await.unwrap();
    for answer in [entry, found, tile, checkpoint] {
        assert_eq!(answer, b"answer");
    }
    let expected = [
        format!("GET /base/api/v1/log/entries/{uuid}"),
        "POST /base/api/v1/log/entries/retrieve".to_owned(),
        "GET /base/api/v2/tile/0/x001/234.p/56".to_owned(),
        "GET /base/api/v2/checkpoint".to_owned(),
    ];
    assert_eq!(server.lines(), expected);
    let seen = server.seen();
    let header = |name| -> Vec<_> { seen.iter().map(|seen| seen.header(name)).collect() };
    let json = Some("application/json");
    let any = Some("*/*");
    assert_eq!(header("content-type"), [None, json, None, None]);
    assert_eq!(header("accept"), [json, json, any, any]);
    assert_eq!(seen[1].body, query);
}

/// Bytes are bytes, whatever they are called.
#[tokio::test]
async fn whatever_is_answered_is_passed_on() {
    for body in ["", "{\"a\":", "<html>welcome</html>", "\u{0}"] {
        let server = Server::start(move |_| ok(body).header("Content-Type", "text/html")).await;
        let log = log_at(&server);
        assert_eq!(log.fetch_entry(&uuid(), 64).await.unwrap(), body.as_bytes());
        assert_eq!(
            log.search_entries(vec![], 64).await.unwrap(),
            body.as_bytes()
        );
        assert_eq!(
            log.fetch_tile("checkpoint", 64).await.unwrap(),
            body.as_bytes()
        );
    }
}

#[tokio::test]
async fn malformed_names_never_reach_the_network() {
    let server = Server::start(|_| ok("")).await;
    let log = log_at(&server);
    for bad in ["", "..", "x", "?", &"g".repeat(64)] {
        let error = log.fetch_entry(bad, 64).await.unwrap_err();
        let told = matches!(&error, LogError::Invalid(text) if text.contains("hexadecimal"));
        assert!(told, "{error}");
    }
    for bad in ["", "/", "../x", "tile/../../x", "a%2fb", "//evil.test/x"] {
        let error = log.fetch_tile(bad, 64).await.unwrap_err();
        let told = matches!(&error, LogError::Invalid(text) if text.contains("a-z"));
        assert!(told, "{error}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn what_is_longer_than_accepted_is_not_read() {
    let endless = |_: &Seen| reply(200).endless();
    let announced = |_: &Seen| raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2199023255552\r\n\r\nx");
    let server = Server::start(|_| ok("12345")).await;
    assert!(log_at(&server).fetch_tile("checkpoint", 5).await.is_ok());
    for (server, limit) in [
        (server, 4),
        (Server::start(endless).await, 100_000),
        (Server::start(announced).await, 1 << 40),
    ] {
        let log = log_at(&server);
        let errors = [
            log.fetch_tile("checkpoint", limit).await.unwrap_err(),
            log.fetch_entry(&uuid(), limit).await.unwrap_err(),
            log.search_entries(vec![], limit).await.unwrap_err(),
        ];
        for error in errors {
            let told = matches!(error, LogError::TooLarge { limit: l, .. } if l == limit);
            assert!(told, "{error}");
            assert!(error.to_string().contains(&limit.to_string()), "{error}");
        }
    }
}

#[tokio::test]
async fn each_request_is_told() {
    let server = Server::start(|_| reply(404)).await;
    let (sender, told) = std::sync::mpsc::channel();
    let log = builder(&server).on_request(move |event| {
        let _ = sender.send(format!("{} {} {:?}", event.method, event.url, event.status));
    });
    let log = log.build().unwrap();
    log.fetch_tile("checkpoint", 64).await.unwrap_err();
    let line = format!("GET http://{}/api/v2/checkpoint Some(404)", server.host());
    assert_eq!(told.iter().next(), Some(line));
}
