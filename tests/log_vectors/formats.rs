//! Entries written again are the bytes of cosign.

use cosignet::log::LogEntry;
use serde_json::Value;

use super::data::{Bundle, Case, REKOR, files, from_bundle, json, read, read_text};

/// cosign 3 writes bundles without spaces; cosign 2 with some, by chance, as Go's `protojson` does.
#[test]
fn bundle_entries_are_written_as_by_cosign_3() {
    let (mut same_bytes, mut same_values) = (0, 0);
    for name in files("rekor").iter().chain(&files("cosign/blob")) {
        if !name.ends_with(".json") || name.contains("/negative/") || name.contains("/accepted/") {
            continue;
        }
        let bundle = json(name);
        let Some(entries) = bundle["verificationMaterial"]["tlogEntries"].as_array() else {
            continue;
        };
        for entry in entries {
            let written = from_bundle(entry).unwrap().to_bundle().unwrap();
            let again: Value = serde_json::from_str(&written).unwrap();
            assert_eq!(again, *entry, "{name}");
            same_values += 1;
            same_bytes += usize::from(read_text(name).contains(&written));
        }
    }
    assert_eq!((same_values, same_bytes), (24, 20));
}

/// The entry that the server answered, and cosign's bundle of the same server, have one form.
#[test]
fn an_answer_becomes_a_bundle_entry_and_an_annotation() {
    let answer = read("rekor/v1/entries/response-201.json");
    let entry = LogEntry::from_rekor_v1(&answer).unwrap();
    let content = super::data::Content::new(
        &read("rekor/blob.txt"),
        None,
        &super::data::bytes(&super::data::body(&entry)["spec"]["signature"]["content"]),
    );
    for entry in [
        LogEntry::from_bundle(entry.to_bundle().unwrap().as_bytes()).unwrap(),
        LogEntry::from_annotation(entry.to_annotation().unwrap().as_bytes()).unwrap(),
    ] {
        let case = Case {
            name: "response-201".into(),
            entry,
            content: content.clone(),
        };
        let verified = case.verify(&REKOR).unwrap();
        assert_eq!(verified.log_index(), 12);
        assert_eq!(verified.integrated_time(), Some(1_795_356_815));
    }

    let answer = read("rekor/v2/entries/response-201.json");
    let entry = LogEntry::from_rekor_v2(&answer).unwrap();
    assert_eq!(entry.to_annotation(), None);
    let written: Value = serde_json::from_str(&entry.to_bundle().unwrap()).unwrap();
    let mut expected: Value = serde_json::from_slice(&answer).unwrap();
    // The server writes what the bundle leaves out.
    for zero in ["integratedTime", "inclusionPromise"] {
        expected.as_object_mut().unwrap().remove(zero).unwrap();
    }
    assert_eq!(written, expected);
}

#[test]
fn an_annotation_has_no_proof_for_a_bundle() {
    let bundle = json("rekor/v1/blob/cosign2-legacy-p256.json");
    let annotation = bundle["rekorBundle"].to_string();
    let entry = LogEntry::from_annotation(annotation.as_bytes()).unwrap();
    assert!(entry.to_bundle().is_err());
}

/// The numbers of protobuf's JSON: in quotes or not, absent for zero.
#[test]
fn numbers_have_three_forms() {
    let bundle = Bundle::read("rekor/v2/blob/cosign3-p256.sigstore.json");
    assert!(bundle.entry().get("logIndex").is_none());
    for zero in [Value::from("0"), Value::from(0), Value::Null] {
        let mut entry = bundle.entry().clone();
        entry["logIndex"] = zero.clone();
        entry["inclusionProof"]["logIndex"] = zero;
        entry["inclusionProof"]["treeSize"] = 1.into();
        assert_eq!(bundle.verify_with(&entry, &REKOR).unwrap().log_index(), 0);
    }
}
