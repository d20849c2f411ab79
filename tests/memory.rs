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
use cosignet::oci::{Digest, ReferrerManifest, Referrers, media_type, signature_tag};
use cosignet::payload::Statement;
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
