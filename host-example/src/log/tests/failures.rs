//! What is refused, by whom, and what is said of it.

use super::{
    super::{LogApi, LogError, Rekor, RekorBuildError, TransparencyLog as _},
    builder, log_at,
    server::{Reply, Seen, Server, TlsIdentity, ok, raw, reply},
    uuid,
};

fn kind(error: &LogError) -> &'static str {
    match error {
        LogError::NotFound(_) => "not-found",
        LogError::Denied(_) => "denied",
        LogError::Unavailable(_) => "unavailable",
        LogError::Refused(_) => "refused",
        LogError::TooLarge { .. } => "too-large",
        LogError::Invalid(_) => "invalid",
        LogError::Unsupported(_) => "unsupported",
        LogError::Other(_) => "other",
    }
}

/// The errors of all operations against a server.
async fn errors(log: &Rekor) -> [LogError; 5] {
    [
        log.submit(LogApi::RekorV1, vec![], 64).await.unwrap_err(),
        log.submit(LogApi::RekorV2, vec![], 64).await.unwrap_err(),
        log.fetch_entry(&uuid(), 64).await.unwrap_err(),
        log.search_entries(vec![], 64).await.unwrap_err(),
        log.fetch_tile("checkpoint", 64).await.unwrap_err(),
    ]
}

#[tokio::test]
async fn statuses() {
    for (status, expected) in [
        (204, "invalid"),
        (206, "invalid"),
        (300, "invalid"),
        (304, "invalid"),
        (400, "refused"),
        (401, "denied"),
        (403, "denied"),
        (404, "not-found"),
        (405, "refused"),
        (408, "unavailable"),
        (413, "refused"),
        (422, "refused"),
        (429, "unavailable"),
        (451, "refused"),
        (500, "unavailable"),
        (501, "unsupported"),
        (503, "unavailable"),
        (507, "unavailable"),
        (599, "unavailable"),
        (600, "invalid"),
        (999, "invalid"),
    ] {
        let server = Server::start(move |_| reply(status)).await;
        for error in errors(&log_at(&server)).await {
            assert_eq!(kind(&error), expected, "{status}: {error}");
            let text = error.to_string();
            assert!(text.contains(&format!("answered {status}")), "{text}");
            assert!(
                text.contains(&format!("http://{}/", server.host())),
                "{text}"
            );
        }
    }
}

#[tokio::test]
async fn a_conflict_where_nothing_is_stored_is_a_refusal() {
    let server = Server::start(|_| reply(409)).await;
    let log = log_at(&server);
    let error = log.fetch_entry(&uuid(), 64).await.unwrap_err();
    assert_eq!(kind(&error), "refused", "{error}");
}

async fn said(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> String {
    let server = Server::start(answer).await;
    let log = log_at(&server);
    let error = log.submit(LogApi::RekorV1, vec![], 64).await.unwrap_err();
    assert_eq!(kind(&error), "refused", "{error}");
    let text = error.to_string();
    let (_, said) = text.split_once("400 Bad Request").unwrap();
    said.to_owned()
}

#[tokio::test]
async fn the_logs_own_words_are_told() {
    for (body, words) in [
        (
            r#"{"code":400,"message":"error processing entry: no\u001b[2J"}"#,
            r": error processing entry: no\u{1b}[2J",
        ),
        (
            r#"{"code":3,"message":"invalid key","details":[]}"#,
            ": invalid key",
        ),
        ("plain words\n", ": plain words"),
        ("<html>Welcome</html>", ""),
        ("", ""),
        ("{}", ""),
    ] {
        assert_eq!(said(move |_| reply(400).body(body)).await, words);
    }
    let long = format!(r#"{{"code":400,"message":"{}"}}"#, "y".repeat(9000));
    let long = said(move |_| reply(400).body(&long)).await;
    assert_eq!(long.chars().count(), 2 + 512 + 1);
    let endless = said(|_| reply(400).endless()).await;
    assert_eq!(endless.chars().count(), 2 + 512 + 1);
}

#[tokio::test]
async fn a_head_without_end_is_no_answer() {
    let head = format!("HTTP/1.1 200 OK\r\n{}", "X-Y: z\r\n".repeat(100_000));
    let server = Server::start(move |_| raw(head.as_bytes())).await;
    for error in errors(&log_at(&server)).await {
        assert_eq!(kind(&error), "unavailable", "{error}");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Server::start(|_| ok("evil")).await;
    let secret = format!("http://user:pw@{}/x?token=1", elsewhere.host());
    let origin = format!("http://{},", elsewhere.host());
    for (location, target) in [
        (Some(secret.as_str()), origin.as_str()),
        (Some("https://log.test/api"), "https://log.test,"),
        (Some("/x"), "http://127.0.0.1"),
        (Some("mailto:token"), "no URL with a host"),
        (Some("http://[token"), "no URL with a host"),
        (None, "no URL with a host"),
    ] {
        for status in [301, 302, 303, 307, 308] {
            let location = location.map(str::to_owned);
            let server = Server::start(move |_| match &location {
                Some(location) => reply(status).header("Location", location),
                None => reply(status),
            })
            .await;
            for error in errors(&log_at(&server)).await {
                let text = error.to_string();
                assert_eq!(kind(&error), "invalid", "{text}");
                assert!(text.contains(target), "{text}");
                assert!(!text.contains("token") && !text.contains("pw"), "{text}");
            }
            assert_eq!(server.seen().len(), 5, "it does not pass");
        }
    }
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn an_authority_of_ones_own() {
    let (identity, other) = (TlsIdentity::new(), TlsIdentity::new());
    let server = Server::start_tls(&identity, |_| ok("x")).await;
    let log = |ca: &TlsIdentity| {
        let url = format!("https://{}", server.host());
        Rekor::builder(url).extra_ca(ca.ca_pem.clone()).build()
    };
    let fetched = log(&identity).unwrap().fetch_tile("checkpoint", 9).await;
    assert_eq!(fetched.unwrap(), b"x");

    let error = log(&other).unwrap().fetch_tile("checkpoint", 9).await;
    let error = error.unwrap_err();
    let told = matches!(&error, LogError::Unavailable(text)
        if text.contains("invalid peer certificate") && text.contains("add its authority"));
    assert!(told, "{error}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_used_is_told_at_once() {
    let server = Server::start(|_| ok("")).await;
    for pem in ["", "nonsense"] {
        let built = builder(&server).extra_ca(pem).build();
        assert!(matches!(built, Err(RekorBuildError::ExtraCa(_))), "{pem:?}");
    }
    let built = Rekor::builder("rekor.sigstore.dev").build();
    assert!(matches!(built, Err(RekorBuildError::Url { .. })));
    let shown = format!("{:?}", Rekor::builder("https://u:secret@log.test"));
    assert!(!shown.contains("secret"), "{shown}");
}
