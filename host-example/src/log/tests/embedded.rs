//! The client against the embedded log, which verifies what it takes.

use cosignet::{
    key::PublicKey,
    log::{HashAlgorithm, Signed, rekor_v1},
};
use p256::{
    ecdsa::{DerSignature, SigningKey, signature::Signer as _},
    pkcs8::{EncodePublicKey as _, LineEnding},
};
use serde_json::{Value, json};

use super::super::{LogApi, LogError, Receipt, Rekor, TransparencyLog as _};
use crate::embedded::log::{EmbeddedLog, Options};

/// What is proposed for a signature by a fresh key.
fn proposal() -> String {
    let mut scalar = [0; 32];
    getrandom::fill(&mut scalar).unwrap();
    // Far below the order of the group, and not zero.
    (scalar[0], scalar[31]) = (0, 1);
    let private = SigningKey::from_slice(&scalar).unwrap();
    let pem = private.verifying_key().to_public_key_pem(LineEnding::LF);
    let public = PublicKey::from_pem(pem.unwrap().as_bytes()).unwrap();
    let signature: DerSignature = private.sign(b"signed");
    let signed = Signed {
        message: b"signed".as_slice().into(),
        dsse_payload: None,
        signature: signature.as_bytes(),
        key: &public,
    };
    rekor_v1::hashedrekord_request(&signed, HashAlgorithm::Sha256).unwrap()
}

fn parsed(json: &[u8]) -> Value {
    serde_json::from_slice(json).unwrap()
}

async fn submit(log: &Rekor, entry: &str) -> Receipt {
    log.submit(LogApi::RekorV1, entry.into(), 1 << 20)
        .await
        .unwrap()
}

#[tokio::test]
async fn an_entry_is_submitted_twice_fetched_and_found() {
    let site = EmbeddedLog::start(Options::default()).await.unwrap();
    let log = Rekor::builder(site.url()).build().unwrap();
    let proposal = proposal();
    let Receipt::Logged(logged) = submit(&log, &proposal).await else {
        panic!("it was not there before");
    };
    let uuid = site.entries()[0].uuid.clone();
    let body = |answer: &Value| answer[&uuid]["body"].clone();
    let logged = parsed(&logged);
    assert!(body(&logged).is_string());

    let again = submit(&log, &proposal).await;
    assert_eq!(again, Receipt::AlreadyLogged(uuid.clone()));
    assert_eq!(site.entries().len(), 1);

    let fetched = parsed(&log.fetch_entry(&uuid, 1 << 20).await.unwrap());
    assert_eq!(body(&fetched), body(&logged));

    // A search answers a list of such objects.
    let query = json!({ "entries": [parsed(proposal.as_bytes())] }).to_string();
    let found = log.search_entries(query.into(), 1 << 20).await.unwrap();
    let found = parsed(&found);
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(body(&found[0]), body(&logged));
}

#[tokio::test]
async fn what_it_refuses_and_does_not_have() {
    let site = EmbeddedLog::start(Options::default()).await.unwrap();
    let log = Rekor::builder(site.url()).build().unwrap();

    let entry = parsed(proposal().as_bytes());
    let forged = entry.to_string().replace(r#""value":""#, r#""value":"00"#);
    for (refused, words) in [
        ("{", "parsing proposedEntry body"),
        (forged.as_str(), "error processing entry"),
    ] {
        let error = log.submit(LogApi::RekorV1, refused.into(), 64).await;
        let error = error.unwrap_err();
        let told = matches!(&error, LogError::Refused(text) if text.contains(words));
        assert!(told, "{error}");
    }
    assert!(site.entries().is_empty());

    let error = log.fetch_entry(&"ab".repeat(32), 64).await.unwrap_err();
    assert!(matches!(error, LogError::NotFound(_)), "{error}");

    let query = json!({ "entries": [entry] }).to_string();
    let found = log.search_entries(query.into(), 64).await.unwrap();
    assert_eq!(parsed(&found), json!([]));

    // It speaks v1 alone.
    let error = log.submit(LogApi::RekorV2, vec![], 64).await.unwrap_err();
    assert!(matches!(error, LogError::NotFound(_)), "{error}");
}
