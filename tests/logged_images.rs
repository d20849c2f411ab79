//! Signatures whose log entry is stored beside them, as cosign 2.5.0 and a real Rekor v1 left them
//! in a registry: verified offline, with the entry required, and bound where it is not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::slice::from_ref;

use cosignet::log::{Evidence, LogError, TrustedLog, TrustedLogs, Witness};
use cosignet::oci::{Digest, media_type, signature_tag};
use cosignet::verify::{
    LogRequirement, Policy, PolicyError, Rejection, Rules, TrustedKey, VerificationError,
    VerifiedImage,
};
use serde_json::{Value, json};
use support::*;

type Outcome = Result<VerifiedImage, VerificationError>;

#[test]
fn an_entry_of_a_trusted_log_counts() {
    let logged = Logged::read();
    let image = logged.verify(&logged.layer, requiring(LOG)).unwrap();
    let verified = image.signatures()[0].verified().unwrap();
    let entry = verified.log().unwrap();
    assert_eq!(entry.evidence(), Evidence::SignedEntryTimestamp);
    assert_eq!(entry.integrated_time(), Some(logged.time()));
    let stated = logged.entry()["Payload"]["logIndex"].as_u64().unwrap();
    assert_eq!(entry.log_index(), stated);
    // Where none is required nothing is said of a log.
    let image = logged
        .verify(&logged.layer, LogRequirement::Ignore)
        .unwrap();
    assert!(image.signatures()[0].verified().unwrap().log().is_none());
}

#[test]
fn an_entry_of_another_log_does_not() {
    let logged = Logged::read();
    let other = requiring("rekor/other-log.pub");
    let reason = rejection(&logged.verify(&logged.layer, other));
    assert!(
        matches!(reason, Rejection::LogEntry(LogError::UnknownLog { .. })),
        "{reason:?}"
    );
    let public_good = LogRequirement::Require {
        logs: TrustedLogs::public_good().unwrap(),
        witnesses: 0,
    };
    let reason = rejection(&logged.verify(&logged.layer, public_good));
    assert!(
        matches!(reason, Rejection::LogEntry(LogError::UnknownLog { .. })),
        "{reason:?}"
    );
}

#[test]
fn a_signature_without_an_entry_counts_only_where_none_is_required() {
    let logged = Logged::read();
    let mut bare = logged.layer.clone();
    bare["annotations"].as_object_mut().unwrap().remove(BUNDLE);
    assert!(logged.verify(&bare, LogRequirement::Ignore).is_ok());
    assert_eq!(
        rejection(&logged.verify(&bare, requiring(LOG))),
        Rejection::NotLogged
    );
}

/// CVE-2022-23649, CVE-2026-22703: the entry is compared with the signature whatever the policy
/// ignores.
#[test]
fn an_entry_about_something_else_never_counts() {
    let logged = Logged::read();
    let text = logged.layer["annotations"][BUNDLE].as_str().unwrap();
    let body = logged.entry()["Payload"]["body"]
        .as_str()
        .unwrap()
        .to_owned();
    for (entry, why) in [
        (String::new(), "empty"),
        ("{}".to_owned(), "no members"),
        ("null".to_owned(), "nothing"),
        (text.replace(&body, "e30="), "another body"),
        (
            text.replace("SignedEntryTimestamp", "signedEntryTimestamp"),
            "another case",
        ),
        (foreign_entry(), "another signature's"),
    ] {
        let mut altered = logged.layer.clone();
        altered["annotations"][BUNDLE] = json!(entry);
        for log in [LogRequirement::Ignore, requiring(LOG)] {
            let reason = rejection(&logged.verify(&altered, log));
            assert!(
                matches!(reason, Rejection::LogEntry(_)),
                "{why}: {reason:?}"
            );
        }
    }
}

/// What only the log's signature protects passes where no log is required, and nowhere else.
#[test]
fn an_entry_that_the_log_did_not_sign_does_not_count() {
    let logged = Logged::read();
    for member in ["integratedTime", "logIndex"] {
        let mut entry = logged.entry();
        let number = entry["Payload"][member].as_u64().unwrap();
        entry["Payload"][member] = json!(number + 1);
        let mut altered = logged.layer.clone();
        altered["annotations"][BUNDLE] = json!(entry.to_string());
        let reason = rejection(&logged.verify(&altered, requiring(LOG)));
        let expected = matches!(
            reason,
            Rejection::LogEntry(LogError::BadSignedEntryTimestamp { .. })
        );
        assert!(expected, "{member}: {reason:?}");
    }
}

/// CVE-2026-54787: a key with a window of trust, by the time that the log signed.
#[test]
fn a_key_is_trusted_within_its_window() {
    let logged = Logged::read();
    let time = logged.time();
    for (not_before, not_after, counts) in [
        (None, None, true),
        (Some(time), Some(time), true),
        (Some(time + 1), None, false),
        (None, Some(time - 1), false),
        (Some(time - 10), None, true),
    ] {
        let key = TrustedKey {
            not_before,
            not_after,
            ..key().into()
        };
        let rules = Rules {
            keys: vec![key],
            log: requiring(LOG),
            ..rules(&[])
        };
        let result = logged.verify_by(&logged.layer, Policy::new(rules).unwrap());
        if counts {
            assert!(result.is_ok());
        } else {
            assert_eq!(
                rejection(&result),
                Rejection::KeyOutsideValidity(Some(time))
            );
        }
    }
}

#[test]
fn policies_that_cannot_be() {
    let with = |key: TrustedKey, log| {
        Policy::new(Rules {
            keys: vec![key],
            log,
            ..rules(&[])
        })
    };
    // Without a log nothing says when a signature was made.
    let window = TrustedKey {
        not_after: Some(0),
        ..key().into()
    };
    let refused = with(window.clone(), LogRequirement::Ignore);
    assert!(matches!(
        refused,
        Err(PolicyError::UnusableKey { place: 0, .. })
    ));
    let backwards = TrustedKey {
        not_before: Some(1),
        ..window
    };
    let refused = with(backwards, requiring(LOG));
    assert!(matches!(
        refused,
        Err(PolicyError::UnusableKey { place: 0, .. })
    ));
    let LogRequirement::Require { logs, .. } = requiring(LOG) else {
        panic!("a log is required");
    };
    let vkey = "witness.example+4b5ff1b5+BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert!(Witness::from_vkey(vkey).is_err());
    let refused = with(key().into(), LogRequirement::Require { logs, witnesses: 1 });
    assert!(matches!(
        refused,
        Err(PolicyError::ImpossibleWitnesses { .. })
    ));
}

struct Logged {
    image: Digest,
    payload: Vec<u8>,
    layer: Value,
}

impl Logged {
    fn read() -> Self {
        let name = format!("{FOLDER}/manifest.{}.sig.json", IMAGE.replace(':', "-"));
        let manifest: Value = serde_json::from_slice(&data(&name)).unwrap();
        Self {
            image: IMAGE.parse().unwrap(),
            payload: data(&format!("{FOLDER}/sha256-1944b6dad1127679.blob.json")),
            layer: manifest["layers"][0].clone(),
        }
    }

    fn entry(&self) -> Value {
        let text = self.layer["annotations"][BUNDLE].as_str().unwrap();
        serde_json::from_str(text).unwrap()
    }

    fn time(&self) -> i64 {
        self.entry()["Payload"]["integratedTime"].as_i64().unwrap()
    }

    fn verify(&self, layer: &Value, log: LogRequirement) -> Outcome {
        let rules = Rules {
            log,
            ..rules(&[&key()])
        };
        self.verify_by(layer, Policy::new(rules).unwrap())
    }

    fn verify_by(&self, layer: &Value, policy: Policy) -> Outcome {
        let mut store = Store::default();
        store.put_blob("r.example/app", &self.payload);
        let (tag, content) = (signature_tag(&self.image), manifest(from_ref(layer)));
        store.put_manifest("r.example/app", &tag, media_type::OCI_MANIFEST, &content);
        let mut registry = MemoryRegistry::honest(store);
        verify(&mut registry, &policy, &format!("r.example/app@{IMAGE}"))
    }
}

/// The entry of another signature, by the log of containers-image.
fn foreign_entry() -> String {
    let file = data("public/containers-image/dir-img-cosign-key-rekor-valid/signature-1");
    let start = file.iter().position(|&byte| byte == b'{').unwrap();
    let layer: Value = serde_json::from_slice(&file[start..]).unwrap();
    layer["annotations"][BUNDLE].as_str().unwrap().to_owned()
}

fn key() -> Vec<u8> {
    data("rekor/keys/p256.pub")
}

fn requiring(log: &str) -> LogRequirement {
    let log = TrustedLog::from_pem(&data(log)).unwrap();
    LogRequirement::Require {
        logs: TrustedLogs::new(vec![log]).unwrap(),
        witnesses: 0,
    }
}

const FOLDER: &str = "rekor/v1/oci/cosign2-legacy";
const IMAGE: &str = "sha256:dbf4c66640d2548cd46b98e635249307b813d166dab78735a9611e92007bc288";
const LOG: &str = "rekor/v1/rekor.pub";
const BUNDLE: &str = "dev.sigstore.cosign/bundle";
