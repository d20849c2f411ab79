//! has_blob, fetch_blob_to, push_blob_from: blobs that never lie in memory.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    sync::atomic::{AtomicUsize, Ordering},
};

use cosignet::oci::Descriptor;

use super::{
    super::RegistryError,
    client,
    server::{Server, ok, raw, reply},
};

#[tokio::test]
async fn looks_for_a_blob_with_one_head() {
    for (status, expected) in [(200, Some(true)), (404, Some(false)), (403, None)] {
        let server = Server::start(move |_| reply(status)).await;
        let repository = format!("{}/a/b", server.host());
        let found = client().has_blob(&repository, &hello().digest).await;
        assert_eq!(found.ok(), expected);
        let line = format!("HEAD /v2/a/b/blobs/{}", hello().digest);
        assert_eq!(server.lines(), [line]);
    }
}

/// By the way of every other blob: over a redirect, and again after a failure, which leaves nothing
/// of itself in the file.
#[tokio::test]
async fn a_file_receives_a_blob() {
    let turns = AtomicUsize::new(0);
    let server = Server::start(move |seen| match turns.fetch_add(1, Ordering::Relaxed) {
        0 => raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHELL"),
        1 => reply(503).body("much of an error page"),
        _ if seen.path.starts_with("/v2/") => reply(307).header("Location", "/elsewhere"),
        _ => ok("hello"),
    })
    .await;
    let mut file = file("what was in it before, and longer");
    fetch(&server, &mut file).await.unwrap();
    let mut content = String::new();
    file.read_to_string(&mut content).unwrap();
    assert_eq!(content, "hello");
    assert_eq!(server.lines().len(), 4);
    assert_eq!(server.lines()[3], "GET /elsewhere");
}

#[tokio::test]
async fn other_bytes_than_promised_are_refused() {
    for (answer, is_large) in [
        (ok("hullo").endless(), true),
        (ok("hello, and more"), true),
        (ok("hullo"), false),
        (ok("hell"), false),
        (ok(""), false),
    ] {
        let answer = std::sync::Mutex::new(Some(answer));
        let server =
            Server::start(move |_| answer.lock().unwrap().take().unwrap_or_else(|| reply(500)))
                .await;
        match (fetch(&server, &mut file("")).await, is_large) {
            (Err(RegistryError::TooLarge { limit: 5, .. }), true) => {}
            (Err(RegistryError::Invalid(_)), false) => {}
            (other, _) => panic!("{other:?}"),
        }
    }
    let server = Server::start(|_| reply(404)).await;
    let missing = fetch(&server, &mut file("")).await;
    assert!(matches!(missing, Err(RegistryError::NotFound(_))));
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_told_of() {
    let server = Server::start(|_| ok("hello")).await;
    let mut file = File::open("/dev/null").unwrap();
    let error = fetch(&server, &mut file).await.unwrap_err();
    assert!(error.to_string().contains("written down"), "{error}");
    assert_eq!(server.lines().len(), 1, "once: asking again is no help");
}

#[tokio::test]
async fn a_file_is_sent_whole_with_its_length() {
    let turns = AtomicUsize::new(0);
    let server = Server::start(move |seen| match seen.method.as_str() {
        "POST" => reply(202).header("Location", "/up"),
        // The second time, from the beginning.
        _ if turns.fetch_add(1, Ordering::Relaxed) == 0 => reply(503),
        _ => reply(201),
    })
    .await;
    let content: Vec<u8> = (0..200_000_u32).map(|n| n as u8).collect();
    push(&server, &content).await;
    let seen = server.seen();
    assert_eq!(seen.len(), 4);
    for put in [&seen[1], &seen[3]] {
        assert_eq!(put.header("content-length"), Some("200000"));
        assert_eq!(put.header("transfer-encoding"), None);
        assert_eq!(put.body, content);
    }
}

#[tokio::test]
async fn a_file_is_sent_in_pieces_where_its_whole_is_refused() {
    let server = Server::start(|seen| match (seen.method.as_str(), seen.body.len()) {
        ("POST", _) => reply(202).header("Location", "/up"),
        ("PATCH", _) => reply(202).header("Location", "/up"),
        (_, 0) => reply(201),
        _ => reply(413),
    })
    .await;
    let content: Vec<u8> = (0..2_500_000_u32).map(|n| n as u8).collect();
    push(&server, &content).await;
    let seen = server.seen();
    let pieces = seen.iter().filter(|seen| seen.method == "PATCH");
    let ranges: Vec<_> = pieces
        .clone()
        .map(|seen| seen.header("content-range"))
        .collect();
    assert_eq!(
        ranges,
        [
            Some("0-1048575"),
            Some("1048576-2097151"),
            Some("2097152-2499999")
        ]
    );
    let sent: Vec<u8> = pieces.flat_map(|seen| seen.body.clone()).collect();
    assert_eq!(sent, content);
}

async fn fetch(server: &Server, file: &mut File) -> Result<(), RegistryError> {
    let repository = format!("{}/a", server.host());
    client().fetch_blob_to(&repository, &hello(), file).await
}

async fn push(server: &Server, content: &[u8]) {
    let mut source = file("");
    source.write_all(content).unwrap();
    let blob = Descriptor::of("a/b", content);
    let repository = format!("{}/a", server.host());
    client()
        .push_blob_from(&repository, &blob, source)
        .await
        .unwrap();
}

fn file(content: &str) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    file
}

fn hello() -> Descriptor {
    Descriptor::of("a/b", b"hello")
}
