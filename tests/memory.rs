//! Memory on hostile input: four mebibytes of manifest must not become a hundred times as much.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![cfg(target_os = "linux")]

mod support;

use std::fs;

use cosignet::bundle::{Bundle, MEDIA_TYPE};
use cosignet::oci::attestation_tag;
use cosignet::oci::{Digest, ReferrerManifest, Referrers, media_type, signature_tag};
use cosignet::payload::{Envelope, MAX_ENVELOPE_SIZE, STATEMENT_TYPE, Statement, pae};
use cosignet::verify::{Options, verify_attestations};
use serde_json::json;
use support::*;

/// One test, as the peak is the process's.
#[test]
fn a_manifest_is_not_blown_up() {
    let digest = Digest::of(b"{}");
    let start = peak_kib();
    for (element, what) in [
        ("0,", "layers"),
        ("{},", "empty layers"),
        (r#"{"annotations":{"a":""}},"#, "annotated layers"),
    ] {
        let count = (4 * 1024 * 1024 - 1000) / element.len();
        let layers = element.repeat(count);
        let manifest = format!(r#"{{"schemaVersion":2,"layers":[{layers}0]}}"#);
        let mut registry = MemoryRegistry::default();
        registry.store.put_manifest(
            "r.example/app",
            &signature_tag(&digest),
            media_type::OCI_MANIFEST,
            manifest.as_bytes(),
        );
        drop((layers, manifest));
        let reference = format!("r.example/app@{digest}");
        assert!(verify(&mut registry, &policy(&[&first_pub()]), &reference).is_err());
        let grown = peak_kib() - start;
        assert!(
            grown < 64 * 1024,
            "{what}: {grown} KiB for a manifest of 4096"
        );
    }
    // The same of what refers to an image: a list, a manifest, a bundle.
    for element in ["0,", "{},", r#"{"digest":{}},"#] {
        let array = |size: usize| element.repeat(size / element.len()) + "0";
        let list = format!(
            r#"{{"schemaVersion":2,"manifests":[{}]}}"#,
            array(1024 * 1024 - 100)
        );
        let manifest = format!(
            r#"{{"schemaVersion":2,"config":{{"mediaType":"m"}},"layers":[{}]}}"#,
            array(4 * 1024 * 1024 - 100)
        );
        let bundle = format!(
            r#"{{"mediaType":"{MEDIA_TYPE}","verificationMaterial":{{"publicKey":{{}},"tlogEntries":[{}]}},"dsseEnvelope":{{"payload":"","payloadType":"","signatures":[{}]}}}}"#,
            array(200 * 1024),
            array(200 * 1024),
        );
        let statement = format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{}]}}"#,
            array(512 * 1024)
        );
        assert!(Referrers::parse(media_type::OCI_INDEX, list.as_bytes()).is_err());
        let manifest = ReferrerManifest::parse(media_type::OCI_MANIFEST, manifest.as_bytes());
        assert!(manifest.is_err());
        assert!(Bundle::parse(bundle.as_bytes()).is_err());
        assert!(Statement::parse(statement.as_bytes()).is_err());
        let grown = peak_kib() - start;
        assert!(grown < 64 * 1024, "{element}: {grown} KiB");
    }
    an_attestation_costs_a_few_times_its_size(start);
}

/// The largest that is read; the registry in this process holds it, and hands over a copy.
fn an_attestation_costs_a_few_times_its_size(start: u64) {
    let digest = Digest::of(b"{}");
    let (repository, kind) = ("r.example/app", "https://x.example/p");
    let mut registry = MemoryRegistry::default();
    // In base64 it takes four thirds.
    let text = "x".repeat(MAX_ENVELOPE_SIZE / 4 * 3 - 1000);
    let payload = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"digest":{{"sha256":"{}"}}}}],"predicateType":"{kind}","predicate":{{"text":"{text}"}}}}"#,
        digest.hex()
    );
    drop(text);
    let payload = payload.into_bytes();
    let message = pae(STATEMENT_TYPE, &payload);
    let signature = FIRST.sign(&message, &mut FixedRandom::default()).unwrap();
    drop(message);
    let envelope = Envelope {
        payload_type: STATEMENT_TYPE.into(),
        payload,
        signature,
    };
    let envelope = envelope.to_json().unwrap();
    assert!(envelope.len() > MAX_ENVELOPE_SIZE - 4096);
    let layer = json!({
        "mediaType": media_type::DSSE_ENVELOPE,
        "size": envelope.len(),
        "digest": registry.store.put_blob(repository, envelope.as_bytes()).to_string(),
    });
    drop(envelope);
    let (tag, manifest) = (attestation_tag(&digest), manifest(&[layer]));
    registry
        .store
        .put_manifest(repository, &tag, media_type::OCI_MANIFEST, &manifest);
    let before = peak_kib() - start;
    let references = [format!("{repository}@{digest}")];
    let (keys, options) = (policy(&[&first_pub()]), Options::default());
    let results = verify_attestations(&mut registry, &keys, kind, &references, &options);
    assert!(results[0].is_ok());
    let grown = peak_kib() - start;
    println!("{before} KiB before, {grown} KiB at most");
    assert!(grown < 8 * 16 * 1024, "{grown} KiB for 16 MiB");
}

/// The most memory that this process ever had, in KiB.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
