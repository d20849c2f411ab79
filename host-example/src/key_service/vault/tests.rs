//! The client against a real engine's answers, byte for byte, and against what goes wrong on the way.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cosignet::key::{Algorithm, Digests, Message, PublicKey};
use serde_json::Value;

use super::{Vault, VaultBuilder};
use crate::KeyService as _;
use crate::api::KeyServiceError;
use crate::http::test_server::{Reply, Seen, Server, TlsIdentity, ok, raw, reply};

/// What the real engine signed.
const DIGEST: &str = "RcexH8vwfewWlK3s2MW4V3ChKmyN/c8lgKLbDEfDF3k=";

macro_rules! answer {
    ($name:literal) => {
        include_str!(concat!("../../../tests/data/vault/", $name, ".json"))
    };
}

fn digest() -> [u8; 32] {
    STANDARD.decode(DIGEST).unwrap().try_into().unwrap()
}

fn builder(server: &Server) -> VaultBuilder {
    Vault::builder(format!("http://{}", server.host()))
        .token("t0ken".to_owned())
        .retry_pause(Duration::from_millis(1))
}

fn client(server: &Server) -> Vault {
    builder(server).build().unwrap()
}

/// One that answers reading and signing.
async fn engine(read: &'static str, sign: &'static str) -> Server {
    Server::start(move |seen| match seen.path.contains("/sign/") {
        true => ok(sign),
        false => ok(read),
    })
    .await
}

async fn always(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(answer).await
}

fn words(error: &KeyServiceError) -> &str {
    match error {
        KeyServiceError::NotFound(words)
        | KeyServiceError::Denied(words)
        | KeyServiceError::Unavailable(words)
        | KeyServiceError::Unsupported(words)
        | KeyServiceError::Other(words) => words,
    }
}

#[tokio::test]
async fn real_signatures_verify_with_real_keys() {
    for (read, sign, algorithm) in [
        (
            answer!("read-ecdsa-p256"),
            answer!("sign-p256"),
            Algorithm::EcdsaP256,
        ),
        (
            answer!("read-rsa-2048"),
            answer!("sign-rsa-pkcs1"),
            Algorithm::Rsa2048,
        ),
        (
            answer!("read-rotated"),
            answer!("sign-v2"),
            Algorithm::EcdsaP256,
        ),
    ] {
        let server = engine(read, sign).await;
        let vault = client(&server);
        let pem = vault.public_key("k").await.unwrap();
        let key = PublicKey::from_pem(pem.as_bytes()).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        let signature = vault.sign_digest("k", &digest()).await.unwrap();
        let digests = Digests::from(digest());
        key.verify_message(Message::from(&digests), &signature)
            .unwrap();
        // Once read, the key is known.
        vault.public_key("k").await.unwrap();
        let lines = ["GET /v1/transit/keys/k", "POST /v1/transit/sign/k/sha2-256"];
        assert_eq!(server.lines(), lines);
    }
}

#[tokio::test]
async fn every_type_of_key_is_read() {
    for (read, algorithm) in [
        (answer!("read-ecdsa-p384"), Algorithm::EcdsaP384),
        (answer!("read-ecdsa-p521"), Algorithm::EcdsaP521),
        (answer!("read-rsa-4096"), Algorithm::Rsa4096),
        (answer!("read-ed25519"), Algorithm::Ed25519),
    ] {
        let server = engine(read, "{}").await;
        let pem = client(&server).public_key("k").await.unwrap();
        let key = PublicKey::from_pem(pem.as_bytes()).unwrap();
        assert_eq!(key.algorithm(), algorithm);
    }
}

#[tokio::test]
async fn what_is_sent() {
    let server = engine(answer!("read-rotated"), answer!("sign-v2")).await;
    let vault = builder(&server).namespace("team/a").mount("keys/prod");
    let vault = vault.build().unwrap();
    vault.sign_digest("release-1.x", &digest()).await.unwrap();
    let seen = server.seen();
    assert_eq!(
        server.lines(),
        [
            "GET /v1/keys/prod/keys/release-1.x",
            "POST /v1/keys/prod/sign/release-1.x/sha2-256",
        ]
    );
    for request in &seen {
        assert_eq!(request.header("x-vault-token"), Some("t0ken"));
        assert_eq!(request.header("x-vault-request"), Some("true"));
        assert_eq!(request.header("x-vault-namespace"), Some("team/a"));
    }
    let body: Value = serde_json::from_slice(&seen[1].body).unwrap();
    assert_eq!(body["input"], DIGEST);
    assert_eq!(body["prehashed"], true);
    assert_eq!(body["key_version"], 2);
    assert_eq!(body["signature_algorithm"], "pkcs1v15");
}

/// The version whose public key was read signs, and an answer by another is refused.
#[tokio::test]
async fn a_version_of_a_key_stays_what_it_was() {
    let server = engine(answer!("read-ecdsa-p256"), answer!("sign-v2")).await;
    let error = client(&server)
        .sign_digest("k", &digest())
        .await
        .unwrap_err();
    assert!(
        words(&error).contains("expected a signature vault:v1:"),
        "{error:?}"
    );
    let server = engine(answer!("read-rotated"), answer!("sign-p256")).await;
    let first = builder(&server).key_version(1).build().unwrap();
    assert!(first.sign_digest("k", &digest()).await.is_ok());
    let body: Value = serde_json::from_slice(&server.seen()[1].body).unwrap();
    assert_eq!(body["key_version"], 1);
    let third = builder(&server).key_version(3).build().unwrap();
    let error = third.public_key("k").await.unwrap_err();
    assert!(matches!(error, KeyServiceError::NotFound(_)));
    assert!(
        words(&error).contains("no version 3, but 1, 2"),
        "{error:?}"
    );
}

#[tokio::test]
async fn what_an_engine_refuses_says_what_to_do() {
    type Expected = fn(String) -> KeyServiceError;
    let cases: [(u16, &str, bool, Expected, &str); 10] = [
        (
            403,
            answer!("bad-token"),
            false,
            KeyServiceError::Denied,
            "allow read on transit/keys/k",
        ),
        (
            403,
            answer!("bad-token"),
            true,
            KeyServiceError::Denied,
            "update on transit/sign/k/sha2-256",
        ),
        (
            404,
            answer!("missing-key"),
            false,
            KeyServiceError::NotFound,
            "generate-key-pair --kms",
        ),
        (
            404,
            answer!("no-mount"),
            false,
            KeyServiceError::NotFound,
            "TRANSIT_SECRET_ENGINE_PATH",
        ),
        (
            400,
            answer!("sign-missing"),
            true,
            KeyServiceError::NotFound,
            "generate-key-pair --kms",
        ),
        (
            400,
            answer!("sign-aes2"),
            true,
            KeyServiceError::Unsupported,
            "type ecdsa-p256",
        ),
        (
            500,
            answer!("sign-badver"),
            true,
            KeyServiceError::NotFound,
            "try again",
        ),
        (
            503,
            r#"{"errors":["Vault is sealed"]}"#,
            false,
            KeyServiceError::Unavailable,
            "unseal it",
        ),
        (500, "{}", false, KeyServiceError::Unavailable, "500"),
        (307, "", false, KeyServiceError::Other, "the active node"),
    ];
    for (status, body, at_signing, expected, said) in cases {
        let server = always(
            move |seen| match seen.path.contains("/keys/") && at_signing {
                true => ok(answer!("read-ecdsa-p256")),
                false => reply(status).body(body),
            },
        )
        .await;
        let error = client(&server)
            .sign_digest("k", &digest())
            .await
            .unwrap_err();
        let kind = std::mem::discriminant(&expected(String::new()));
        assert_eq!(std::mem::discriminant(&error), kind, "{status}: {error:?}");
        assert!(words(&error).contains(said), "{status}: {error:?}");
        assert!(!words(&error).contains("t0ken"));
        // Nothing of that passes by itself.
        assert_eq!(
            server.lines().len(),
            1 + usize::from(at_signing),
            "{status}"
        );
    }
}

#[tokio::test]
async fn keys_that_cannot_sign_here_are_told() {
    let server = engine(answer!("sign-aes"), "{}").await;
    let error = client(&server).public_key("aes").await.unwrap_err();
    assert!(
        matches!(error, KeyServiceError::Unsupported(_)),
        "{error:?}"
    );
    assert!(words(&error).contains("aes256-gcm96"), "{error:?}");
    let server = engine(answer!("read-ed25519"), "{}").await;
    let error = client(&server)
        .sign_digest("k", &digest())
        .await
        .unwrap_err();
    assert!(
        matches!(error, KeyServiceError::Unsupported(_)),
        "{error:?}"
    );
    assert_eq!(server.lines().len(), 1, "it is not asked to sign");
    let error = client(&server).public_key("../x").await.unwrap_err();
    assert!(
        words(&error).contains("expected hashivault://KEY"),
        "{error:?}"
    );
    assert_eq!(server.lines().len(), 1, "nor for what is no key");
}

#[tokio::test]
async fn answers_are_read_strictly() {
    let read = answer!("read-ecdsa-p256");
    for (read, sign, expected) in [
        (read, answer!("sign-p256-jws"), "vault:v1:BASE64"),
        (read, r#"{"data":{"signature":"MEUC"}}"#, "vault:v1:BASE64"),
        (
            read,
            r#"{"data":{"signature":"vault:v01:MEUC"}}"#,
            "vault:v1:BASE64",
        ),
        (read, r#"{"data":{"signature":"vault:v1:"}}"#, ""),
        (read, r#"{"data":{}}"#, "a signature"),
        (read, "", "a signature"),
        (answer!("read-rsa-2048"), "", ""),
        ("{}", "", "a key"),
        (
            r#"{"data":{"type":"ecdsa-p256","latest_version":1,"keys":{}}}"#,
            "",
            "no version 1",
        ),
        (
            r#"{"data":{"type":"ecdsa-p256","latest_version":1,"keys":{"1":{"public_key":"x"}}}}"#,
            "",
            "the public key of one of type ecdsa-p256",
        ),
    ] {
        let server = engine(read, sign).await;
        match client(&server).sign_digest("k", &digest()).await {
            Err(error) => assert!(words(&error).contains(expected), "{sign}: {error:?}"),
            Ok(signature) => assert!(signature.is_empty(), "the component refuses it"),
        }
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let server = always(|_| reply(502)).await;
    let error = client(&server).public_key("k").await.unwrap_err();
    assert!(
        matches!(error, KeyServiceError::Unavailable(_)),
        "{error:?}"
    );
    assert_eq!(server.lines().len(), 4);
    let server = always(|_| raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")).await;
    let error = client(&server).public_key("k").await.unwrap_err();
    assert!(
        matches!(error, KeyServiceError::Unavailable(_)),
        "{error:?}"
    );
    assert_eq!(server.lines().len(), 4);
    let server = always(|_| ok("").endless()).await;
    let error = client(&server).public_key("k").await.unwrap_err();
    assert!(words(&error).contains("over its limit"), "{error:?}");
    assert_eq!(server.lines().len(), 1);
}

#[tokio::test]
async fn nobody_there_says_where_to_look() {
    let vault = Vault::builder("http://127.0.0.1:1").token("t0ken".to_owned());
    let vault = vault.retry_pause(Duration::from_millis(1)).build().unwrap();
    let error = vault.public_key("k").await.unwrap_err();
    assert!(
        matches!(error, KeyServiceError::Unavailable(_)),
        "{error:?}"
    );
    assert!(words(&error).contains("look at VAULT_ADDR"), "{error:?}");
}

#[tokio::test]
async fn a_role_logs_in_once_and_again_when_it_must() {
    let server = always(|seen| {
        let token = seen.header("x-vault-token").unwrap_or_default();
        match (seen.path.as_str(), token) {
            ("/v1/auth/approle/login", "") => {
                let body: Value = serde_json::from_slice(&seen.body).unwrap();
                assert_eq!(
                    (&body["role_id"], &body["secret_id"]),
                    (&"r".into(), &"s".into())
                );
                ok(r#"{"auth":{"client_token":"of-login","lease_duration":3600}}"#)
            }
            (path, "of-login") if path.contains("/keys/") => ok(answer!("read-ecdsa-p256")),
            _ => reply(403).body(answer!("bad-token")),
        }
    })
    .await;
    let secret = Some("s".to_owned().into());
    let vault = builder(&server).app_role("r", secret).build().unwrap();
    vault.public_key("a").await.unwrap();
    vault.public_key("b").await.unwrap();
    let read = |key: &str| format!("GET /v1/transit/keys/{key}");
    let log_in = "POST /v1/auth/approle/login".to_owned();
    assert_eq!(server.lines(), [log_in.clone(), read("a"), read("b")]);
    // Signing is denied whatever the token: one more login, and no more than that.
    let error = vault.sign_digest("a", &digest()).await.unwrap_err();
    assert!(matches!(error, KeyServiceError::Denied(_)), "{error:?}");
    let sign = "POST /v1/transit/sign/a/sha2-256".to_owned();
    assert_eq!(server.lines()[3..], [sign.clone(), log_in, sign]);
}

#[tokio::test]
async fn a_role_that_is_refused_is_not_shown() {
    for status in [400, 403] {
        let server =
            always(move |_| reply(status).body(r#"{"errors":["invalid role or secret ID"]}"#))
                .await;
        let secret = Some("s3cret".to_owned().into());
        let vault = builder(&server).app_role("r", secret).build().unwrap();
        let error = vault.public_key("k").await.unwrap_err();
        assert!(matches!(error, KeyServiceError::Denied(_)), "{error:?}");
        assert!(words(&error).contains("VAULT_ROLE_ID"), "{error:?}");
        assert!(!words(&error).contains("s3cret"), "{error:?}");
        assert_eq!(server.lines().len(), 1);
    }
}

/// What a login uses up may be used up by the first, even if its answer was lost.
#[tokio::test]
async fn a_login_is_not_sent_twice() {
    let server = always(|_| raw(b"")).await;
    let vault = builder(&server).app_role("r", None).build().unwrap();
    let error = vault.public_key("k").await.unwrap_err();
    assert!(
        matches!(error, KeyServiceError::Unavailable(_)),
        "{error:?}"
    );
    assert_eq!(server.lines().len(), 1);
}

#[tokio::test]
async fn an_agent_is_sent_no_token() {
    let server = engine(answer!("read-ecdsa-p256"), "").await;
    let vault = Vault::builder(format!("http://{}", server.host()));
    vault.build().unwrap().public_key("k").await.unwrap();
    assert_eq!(server.seen()[0].header("x-vault-token"), None);
    assert_eq!(server.seen()[0].header("x-vault-request"), Some("true"));
}

#[tokio::test]
async fn an_authority_of_the_house_is_trusted_when_it_is_named() {
    let identity = TlsIdentity::new();
    let server = Server::start_tls(&identity, |_| ok(answer!("read-ecdsa-p256"))).await;
    let builder = Vault::builder(format!("https://{}", server.host())).token("t".to_owned());
    let trusting = builder.clone().extra_ca(identity.ca_pem.as_bytes());
    assert!(trusting.build().unwrap().public_key("k").await.is_ok());
    let error = builder.build().unwrap().public_key("k").await.unwrap_err();
    assert!(words(&error).contains("VAULT_CACERT"), "{error:?}");
}
