//! What counts as evidence, with a log of our own that signs whatever it is asked to.

use cosignet::log::{Evidence, LogError, TrustedLog, TrustedLogs, VerifiedEntry};
use serde_json::Value;

use super::{
    data::{Bundle, bytes, case_of, from_bundle},
    lab::Lab,
};

/// A log with three leaves; the second is about the signature of a real bundle.
struct Logged {
    bundle: Bundle,
    lab: Lab,
    version: &'static str,
}

impl Logged {
    fn v1(lab: Lab) -> Self {
        Self::new(lab, "rekor/v1/blob/cosign3-p256.sigstore.json", "0.0.1")
    }

    fn v2(lab: Lab) -> Self {
        Self::new(lab, "rekor/v2/blob/cosign3-p256.sigstore.json", "0.0.2")
    }

    fn new(mut lab: Lab, name: &str, version: &'static str) -> Self {
        let bundle = Bundle::read(name);
        let body = bytes(&bundle.entry()["canonicalizedBody"]);
        lab.leaves = vec![b"first".to_vec(), body, b"third".to_vec()];
        Self {
            bundle,
            lab,
            version,
        }
    }

    fn entry(&self) -> Value {
        self.lab.entry(1, 3, self.version)
    }

    fn promised(&self, time: u64) -> Value {
        let mut entry = self.entry();
        self.lab.promise(&mut entry, time);
        entry
    }

    fn verify(&self, entry: &Value, log: TrustedLog) -> Result<VerifiedEntry, LogError> {
        self.bundle.verify_with(entry, &trust(log))
    }

    fn refusal(&self, entry: &Value, log: TrustedLog) -> String {
        case_of(&self.verify(entry, log).unwrap_err())
    }
}

fn trust(log: TrustedLog) -> TrustedLogs {
    TrustedLogs::new(vec![log]).unwrap()
}

const V1: &str = "log.test - 123";
const V2: &str = "log.test";

#[test]
fn logs_of_either_key_and_version_verify() {
    for (logged, name) in [
        (Logged::v1(Lab::p256(V1)), "v1"),
        (Logged::v1(Lab::ed25519(V1)), "v1, Ed25519"),
        (Logged::v2(Lab::p256(V2)), "v2"),
        (Logged::v2(Lab::ed25519(V2)), "v2, Ed25519"),
    ] {
        let verified = logged
            .verify(&logged.entry(), logged.lab.trusted())
            .unwrap();
        assert_eq!(verified.evidence(), Evidence::InclusionProof, "{name}");
        assert_eq!(
            (verified.log_index(), verified.integrated_time()),
            (1, None),
            "{name}"
        );
        let verified = logged
            .verify(&logged.promised(77), logged.lab.trusted())
            .unwrap();
        assert_eq!(verified.evidence(), Evidence::Both, "{name}");
        assert_eq!(verified.integrated_time(), Some(77), "{name}");
    }
}

#[test]
fn a_log_is_trusted_within_its_window() {
    let logged = Logged::v1(Lab::p256(V1));
    let within = |start, end| logged.lab.trusted().with_validity(start, end);
    for (start, end, time, counts) in [
        (None, None, 77, true),
        (Some(77), None, 77, true),
        (Some(78), None, 77, false),
        (None, Some(77), 77, true),
        (None, Some(76), 77, false),
        (Some(77), Some(77), 77, true),
        (Some(78), Some(90), 77, false),
        (Some(10), Some(76), 77, false),
    ] {
        let verified = logged.verify(&logged.promised(time), within(start, end));
        match (verified, counts) {
            (Ok(verified), true) => assert_eq!(verified.integrated_time(), Some(77)),
            (Err(LogError::OutsideValidity { time, .. }), false) => assert_eq!(time, Some(77)),
            (other, _) => panic!("{start:?} to {end:?}: {other:?}"),
        }
    }
    // The window is of the log's own word: an altered time is no way into it.
    let mut altered = logged.promised(77);
    altered["integratedTime"] = "80".into();
    assert_eq!(
        logged.refusal(&altered, within(Some(78), None)),
        "BadSignedEntryTimestamp"
    );
}

/// A key that has left trust can sign a tree at any time: without a time it does not count. A
/// time beside the entry, which nothing signs, is none.
#[test]
fn without_a_time_a_window_must_be_open() {
    for logged in [Logged::v1(Lab::p256(V1)), Logged::v2(Lab::ed25519(V2))] {
        let mut entry = logged.entry();
        entry["integratedTime"] = "77".into();
        for (start, end, counts) in [
            (None, None, true),
            (Some(0), None, true),
            (Some(100), None, true),
            (None, Some(i64::MAX), false),
            (Some(0), Some(100), false),
        ] {
            let log = logged.lab.trusted().with_validity(start, end);
            match (logged.verify(&entry, log), counts) {
                (Ok(verified), true) => assert_eq!(verified.integrated_time(), None),
                (Err(LogError::OutsideValidity { time: None, .. }), false) => {}
                (other, _) => panic!("{start:?} to {end:?}: {other:?}"),
            }
        }
    }
}

/// Whatever is there must hold: a good proof does not make up for a bad timestamp, and the other
/// way round.
#[test]
fn one_kind_of_evidence_does_not_make_up_for_the_other() {
    let logged = Logged::v1(Lab::p256(V1));
    let other = Logged::v1(Lab::p256("other.test - 1"));
    let mut entry = logged.promised(77);
    entry["integratedTime"] = "78".into();
    assert_eq!(
        logged.refusal(&entry, logged.lab.trusted()),
        "BadSignedEntryTimestamp"
    );
    let mut entry = logged.promised(77);
    entry["inclusionProof"]["hashes"][0] = entry["inclusionProof"]["rootHash"].clone();
    assert_eq!(
        logged.refusal(&entry, logged.lab.trusted()),
        "BadInclusionProof"
    );
    // Signed by the same key, under another name than the log is trusted by.
    let log = logged.lab.trusted().with_origin("log.test");
    logged.verify(&logged.promised(77), log.clone()).unwrap();
    assert_eq!(logged.refusal(&other.promised(77), log), "UnknownOrigin");
}

#[test]
fn a_name_is_compared_where_one_is_trusted() {
    let v1 = Logged::v1(Lab::p256(V1));
    for (origin, counts) in [
        ("log.test", true),
        ("log.test - 123", true),
        ("log.test - 12", false),
        ("log.tes", false),
        ("log.test ", false),
        ("", false),
    ] {
        let verified = v1.verify(&v1.entry(), v1.lab.trusted().with_origin(origin));
        match counts {
            true => assert!(verified.is_ok(), "{origin}"),
            false => assert_eq!(case_of(&verified.unwrap_err()), "UnknownOrigin", "{origin}"),
        }
    }
    let v2 = Logged::v2(Lab::p256(V2));
    v2.verify(&v2.entry(), v2.lab.trusted().with_origin("log.test"))
        .unwrap();
    let other = v2.lab.trusted().with_origin("other.test");
    assert_eq!(v2.refusal(&v2.entry(), other), "UnknownOrigin");
    // The id of an Ed25519 log is of its name too.
    let v2 = Logged::v2(Lab::ed25519(V2));
    v2.verify(&v2.entry(), v2.lab.trusted().with_origin("log.test"))
        .unwrap();
    let other = v2.lab.trusted().with_origin("other.test");
    assert_eq!(v2.refusal(&v2.entry(), other), "UnknownLog");
}

/// Rekor v1 counts over all shards, so that the two indices may differ; v2 has one count.
#[test]
fn the_two_indices_of_rekor_v2_agree() {
    let mut v1 = Logged::v1(Lab::p256(V1)).entry();
    v1["logIndex"] = "4711".into();
    let logged = Logged::v1(Lab::p256(V1));
    logged.lab.promise(&mut v1, 77);
    let verified = logged.verify(&v1, logged.lab.trusted()).unwrap();
    assert_eq!(verified.log_index(), 4711);

    let logged = Logged::v2(Lab::p256(V2));
    let mut v2 = logged.entry();
    v2["logIndex"] = "4711".into();
    let refused = logged.verify(&v2, logged.lab.trusted());
    assert_eq!(
        refused,
        Err(LogError::LogIndexMismatch {
            entry: 4711,
            proof: 1
        })
    );
    logged.lab.promise(&mut v2, 77);
    assert_eq!(
        logged.refusal(&v2, logged.lab.trusted()),
        "LogIndexMismatch"
    );
}

/// Another key with the same key id passes for nothing.
#[test]
fn a_key_id_is_no_signature() {
    let logged = Logged::v1(Lab::p256(V1));
    let forger = Logged::v1(Lab::ed25519(V1));
    let mut entry = logged.entry();
    let note = logged.lab.checkpoint_text(3);
    let line = super::lab::note_line(
        "log.test",
        &logged.lab.id()[..4],
        &forger.lab.sign(note.as_bytes()),
    );
    entry["inclusionProof"]["checkpoint"]["envelope"] = format!("{note}\n{line}").into();
    assert_eq!(
        logged.refusal(&entry, logged.lab.trusted()),
        "CheckpointSignature"
    );
    let line = super::lab::note_line(
        "log.test",
        &forger.lab.id()[..4],
        &forger.lab.sign(note.as_bytes()),
    );
    entry["inclusionProof"]["checkpoint"]["envelope"] = format!("{note}\n{line}").into();
    assert_eq!(
        logged.refusal(&entry, logged.lab.trusted()),
        "CheckpointUnsigned"
    );
}

/// The log signs, and is wrong: the tree does not hold the entry.
#[test]
fn a_signed_checkpoint_does_not_make_up_for_the_tree() {
    let logged = Logged::v2(Lab::p256(V2));
    let mut entry = logged.entry();
    let mut other = Lab::p256(V2);
    other.leaves = vec![b"first".to_vec(), b"second".to_vec(), b"third".to_vec()];
    entry["inclusionProof"] = other.entry(1, 3, "0.0.2")["inclusionProof"].clone();
    assert_eq!(
        logged.refusal(&entry, logged.lab.trusted()),
        "BadInclusionProof"
    );
}

/// An inner node is no leaf (RFC 6962 §2.1 tells them apart by their first byte).
#[test]
fn an_inner_node_passes_for_no_leaf() {
    let logged = Logged::v2(Lab::p256(V2));
    let entry = logged.entry();
    let hashes = entry["inclusionProof"]["hashes"].clone();
    assert_eq!(hashes.as_array().unwrap().len(), 2);
    let mut shorter = entry;
    shorter["inclusionProof"]["hashes"] = vec![hashes[1].clone()].into();
    assert_eq!(
        logged.refusal(&shorter, logged.lab.trusted()),
        "BadInclusionProof"
    );
    let entry = from_bundle(&shorter).unwrap();
    assert_eq!(entry.log_index(), 1);
}
