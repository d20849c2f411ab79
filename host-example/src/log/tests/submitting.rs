//! submit: what is sent, and which receipt is read.

use super::{
    super::{LogApi, LogError, Receipt, Rekor, TransparencyLog as _},
    log_at,
    server::{Reply, Server, ok, raw, reply},
    uuid,
};

async fn submit(log: &Rekor, api: LogApi) -> Result<Receipt, LogError> {
    log.submit(api, b"{}".to_vec(), 64).await
}

#[tokio::test]
async fn what_is_sent() {
    let server = Server::start(|_| reply(201).body("answer")).await;
    let url = format!("http://{}", server.host());
    for (base, api, line) in [
        ("", LogApi::RekorV1, "POST /api/v1/log/entries"),
        ("/", LogApi::RekorV2, "POST /api/v2/log/entries"),
        ("/a/b", LogApi::RekorV1, "POST /a/b/api/v1/log/entries"),
        ("/a/b/", LogApi::RekorV2, "POST /a/b/api/v2/log/entries"),
    ] {
        let log = Rekor::builder(format!("{url}{base}")).build().unwrap();
        let receipt = submit(&log, api).await.unwrap();
        assert_eq!(receipt, Receipt::Logged(b"answer".to_vec()));
        let seen = server.seen().pop().unwrap();
        assert_eq!(seen.line(), line);
        assert_eq!(seen.body, b"{}");
        assert_eq!(seen.header("content-type"), Some("application/json"));
        assert_eq!(seen.header("accept"), Some("application/json"));
        assert_eq!(seen.header("accept-encoding"), None);
        assert_eq!(seen.authorization(), "");
    }
}

/// What it is worth is for the component to say.
#[tokio::test]
async fn whatever_is_answered_to_a_taken_entry_is_passed_on() {
    for body in ["", "[]", "{\"a\":", "<html>welcome</html>", "\u{0}"] {
        for status in [200, 201] {
            let server = Server::start(move |_| reply(status).body(body)).await;
            let receipt = submit(&log_at(&server), LogApi::RekorV1).await.unwrap();
            assert_eq!(receipt, Receipt::Logged(body.into()));
        }
    }
}

async fn conflict(api: LogApi, header: Option<(&str, &str)>) -> Result<Receipt, LogError> {
    let header = header.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let answer = move |_: &_| -> Reply {
        let body = r#"{"code":409,"message":"an equivalent entry already exists"}"#;
        let reply = reply(409).body(body);
        match &header {
            Some((name, value)) => reply.header(name, value),
            None => reply,
        }
    };
    let server = Server::start(answer).await;
    let receipt = submit(&log_at(&server), api).await;
    assert_eq!(server.seen().len(), 1, "a conflict does not pass");
    receipt
}

#[tokio::test]
async fn an_entry_that_was_there_is_named() {
    let (long, short) = (uuid(), "b".repeat(64));
    for (location, name) in [
        (format!("/api/v1/log/entries/{long}"), &long),
        (format!("https://log.test/a/{short}?x#y"), &short),
        (short.clone(), &short),
    ] {
        let header = Some(("Location", location.as_str()));
        let receipt = conflict(LogApi::RekorV1, header).await.unwrap();
        assert_eq!(receipt, Receipt::AlreadyLogged(name.clone()));
    }
    for (index, name) in [
        ("0", "0"),
        ("18446744073709551615", "18446744073709551615"),
        ("007", "7"),
    ] {
        let header = Some(("X-Log-Index", index));
        let receipt = conflict(LogApi::RekorV2, header).await.unwrap();
        assert_eq!(receipt, Receipt::AlreadyLogged(name.to_owned()));
    }
}

/// Byte for byte what rekor-server 1.3.9 and rekor-tiles 2.3.0 answered.
#[tokio::test]
async fn conflicts_of_real_logs() {
    let v1 = "HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\nLocation: \
        /api/v1/log/entries/0536842580b09c953937c5bc5597f2543cc6b680ca1a3d3672e704fe03be36d0f560\
        d689e83a7a48\r\nVary: Origin\r\nDate: Sun, 22 Nov 2026 14:13:35 GMT\r\nContent-Length: \
        175\r\n\r\n{\"code\":409,\"message\":\"an equivalent entry already exists in the \
        transparency log with UUID 0536842580b09c953937c5bc5597f2543cc6b680ca1a3d3672e704fe03be\
        36d0f560d689e83a7a48\"}\n";
    let v2 = "HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\nX-Log-Index: 5\r\nDate: \
        Sun, 22 Nov 2026 14:13:43 GMT\r\nContent-Length: 107\r\n\r\n{\"code\":6,\"message\":\"an \
        equivalent entry already exists in the transparency log with index 5\",\"details\":[]}";
    let uuid = "0536842580b09c953937c5bc5597f2543cc6b680ca1a3d3672e704fe03be36d0f560d689e83a7a48";
    for (api, answer, name) in [(LogApi::RekorV1, v1, uuid), (LogApi::RekorV2, v2, "5")] {
        let server = Server::start(move |_| raw(answer.as_bytes())).await;
        let receipt = submit(&log_at(&server), api).await.unwrap();
        assert_eq!(receipt, Receipt::AlreadyLogged(name.to_owned()));
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_conflict_without_a_name_is_invalid() {
    let (v1, v2) = (LogApi::RekorV1, LogApi::RekorV2);
    let (location, index) = ("Location", "X-Log-Index");
    let entries = "/api/v1/log/entries";
    let trailing = format!("{entries}/{}/", uuid());
    let upper = format!("{entries}/{}", uuid().to_uppercase());
    let endless = format!("{entries}/{}", "0a".repeat(400));
    let query = format!("{entries}?uuid=/{}", uuid());
    for (api, header, found) in [
        (v1, None, "found none"),
        (v1, Some((index, "7")), "found none"),
        (v1, Some((location, "")), r#""""#),
        (v1, Some((location, entries)), r#""entries""#),
        (v1, Some((location, &trailing)), r#""""#),
        (v1, Some((location, &upper)), "0A0A"),
        (v1, Some((location, &endless)), "…"),
        (v1, Some((location, &query)), r#""entries""#),
        (v1, Some((location, "/é")), "found none"),
        (v2, None, "found none"),
        (v2, Some((location, &uuid())), "found none"),
        (v2, Some((index, "")), r#""""#),
        (v2, Some((index, "+7")), r#""+7""#),
        (v2, Some((index, "-7")), r#""-7""#),
        (v2, Some((index, "7 8")), r#""7 8""#),
        (v2, Some((index, "0x7")), r#""0x7""#),
        (v2, Some((index, "18446744073709551616")), "1844"),
    ] {
        let error = conflict(api, header).await.unwrap_err();
        let LogError::Invalid(text) = &error else {
            panic!("{error}");
        };
        assert!(text.contains("expected") && text.contains(found), "{text}");
        assert!(text.len() < 500, "{text}");
    }
}

#[tokio::test]
async fn another_success_is_no_receipt() {
    for status in [202, 203, 206] {
        let server = Server::start(move |_| reply(status).body("x")).await;
        let error = submit(&log_at(&server), LogApi::RekorV1).await.unwrap_err();
        let told = matches!(&error, LogError::Invalid(text) if text.contains(&status.to_string()));
        assert!(told, "{error}");
    }
}

#[tokio::test]
async fn a_receipt_is_as_long_as_may_be() {
    let server = Server::start(|_| ok(&"x".repeat(64))).await;
    let log = log_at(&server);
    let submit = |limit| log.submit(LogApi::RekorV2, vec![], limit);
    assert!(submit(64).await.is_ok());
    let error = submit(63).await.unwrap_err();
    assert!(
        matches!(&error, LogError::TooLarge { limit: 63, .. }),
        "{error}"
    );
    assert_eq!(server.seen().len(), 2, "it does not get shorter");
}
