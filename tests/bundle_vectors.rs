//! Bundles, envelopes and statements that the real cosigns made: read, verified, and written again to
//! the same bytes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use cosignet::bundle::{Bundle, Content, MEDIA_TYPE};
use cosignet::key::PublicKey;
use cosignet::oci::{Descriptor, Digest, Referrer, ReferrerManifest, Referrers, media_type};
use cosignet::payload::{Envelope, IMAGE_SIGNATURE, STATEMENT_TYPE, Statement};
use support::*;

/// The image that all of them sign.
const IMAGE: &str = "sha256:0c20d44d219bf155f2a4808873d02bfed0405be5a0fea8ad978a2e27d53f9048";

#[test]
fn image_signatures_of_cosign_3() {
    let cases = cases("cosign/bundle-sig");
    assert_eq!(cases.len(), 8);
    for case in cases {
        let folder = format!("cosign/bundle-sig/{case}");
        let bytes = data(&format!("{folder}/bundle.sigstore.json"));
        let bundle = Bundle::parse(&bytes).unwrap();
        assert_eq!(
            bundle.log_entries.is_some(),
            case.contains("rekor"),
            "{case}"
        );
        let key = key_of(&case);
        // The order of the members is ours as it is cosign's.
        let written = bundle.to_json(&key).unwrap();
        assert_eq!(written.as_bytes(), bytes, "{case}");

        let Content::Dsse(envelope) = bundle.content else {
            panic!("{case}: no envelope");
        };
        assert_eq!(envelope.payload_type, STATEMENT_TYPE);
        // cosign 3 signs images with Ed25519ph, which it cannot verify itself.
        key.verify(&envelope.pae(), &envelope.signature)
            .unwrap_or_else(|error| panic!("{case}: {error}"));
        let stranger = PublicKey::from_pem(&other_pub()).unwrap();
        assert!(
            stranger
                .verify(&envelope.pae(), &envelope.signature)
                .is_err()
        );
        assert!(key.verify(&envelope.payload, &envelope.signature).is_err());

        assert_eq!(envelope.payload, data(&format!("{folder}/statement.json")));
        let statement = Statement::parse(&envelope.payload).unwrap();
        assert_eq!(statement.predicate_type, IMAGE_SIGNATURE);
        let digest: Digest = IMAGE.parse().unwrap();
        let subject = statement.subject(&digest).unwrap();
        let again = Statement::of_image(&digest, &subject.annotations).unwrap();
        assert_eq!(again, envelope.payload, "{case}");
    }
}

/// The manifest that refers to the image, and the list that cosign keeps of such.
#[test]
fn referrers_of_cosign_3() {
    for case in cases("cosign/bundle-sig") {
        let folder = format!("cosign/bundle-sig/{case}");
        let bytes = data(&format!("{folder}/manifest.json"));
        let bundle = data(&format!("{folder}/bundle.sigstore.json"));
        let manifest = ReferrerManifest::parse(media_type::OCI_MANIFEST, &bytes).unwrap();
        assert_eq!(manifest.subject.digest.to_string(), IMAGE);
        assert_eq!(manifest.artifact_type, MEDIA_TYPE);
        assert_eq!(manifest.layers, [Descriptor::of(MEDIA_TYPE, &bundle)]);
        assert_eq!(manifest.to_json().unwrap().as_bytes(), bytes, "{case}");

        let kept = data(&format!("{folder}/referrers-fallback-index.json"));
        let list = Referrers::parse(media_type::OCI_INDEX, &kept).unwrap();
        let own = Descriptor::of(media_type::OCI_MANIFEST, &bytes);
        // cosign 3.1.1 writes the type of the configuration for that of the artifact.
        assert!(
            list.candidates().any(|candidate| *candidate == own),
            "{case}"
        );
        assert_eq!(list.to_json().unwrap().as_bytes(), kept, "{case}");
    }
}

#[test]
fn a_list_of_referrers_keeps_what_others_wrote() {
    let entry = |digit: char, kind: &str, more: &str| {
        let digest = format!("sha256:{}", String::from(digit).repeat(64));
        let manifest = media_type::OCI_MANIFEST;
        format!(r#"{{"mediaType":"{manifest}","size":1, "digest":"{digest}"{kind}{more}}}"#)
    };
    let bundle = format!(r#","artifactType":"{MEDIA_TYPE}""#);
    let entries = [
        entry('1', r#","artifactType":"application/spdx+json""#, ""),
        entry('2', "", ""),
        entry('3', &bundle, r#","annotations":{"a":"<"}"#),
        r#"{"broken":true}"#.to_owned(),
        entry(
            '4',
            r#","artifactType":"application/vnd.oci.empty.v1+json""#,
            "",
        ),
    ];
    let index = format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{}],"annotations":{{"kept":"1"}}}}"#,
        media_type::OCI_INDEX,
        entries.join(",")
    );
    let list = Referrers::parse(media_type::OCI_INDEX, index.as_bytes()).unwrap();
    let digests = |list: &Referrers| -> Vec<char> {
        let of = |found: &Descriptor| found.digest.to_string().chars().last().unwrap();
        list.candidates().map(of).collect()
    };
    assert_eq!(digests(&list), ['2', '3', '4']);
    assert_eq!(list.to_json().unwrap(), index);

    let added = Referrer {
        descriptor: Descriptor::of(media_type::OCI_MANIFEST, b"mine"),
        artifact_type: Some(MEDIA_TYPE.into()),
        annotations: [("a".to_owned(), "<".to_owned())].into(),
    };
    let gone = format!("sha256:{}", "2".repeat(64)).parse().unwrap();
    let list = list.without(&[gone]).with(&added).unwrap();
    assert_eq!(list.candidates().count(), 3);
    let written = list.to_json().unwrap();
    for kept in [&entries[0], &entries[2], &entries[3], &entries[4]] {
        assert!(written.contains(kept.as_str()));
    }
    assert!(!written.contains(&entries[1]) && written.contains(r#""kept":"1""#));
    // Once is enough.
    let again = list.with(&added).unwrap();
    assert_eq!(again.to_json().unwrap(), written);

    for wrong in [media_type::OCI_MANIFEST, "text/html"] {
        assert!(Referrers::parse(wrong, index.as_bytes()).is_err());
    }
    let many = vec![entries[0].as_str(); 1001].join(",");
    let many = index.replace(&entries.join(","), &many);
    assert!(Referrers::parse(media_type::OCI_INDEX, many.as_bytes()).is_err());
}

#[test]
fn attestations_of_both() {
    let digest: Digest = IMAGE.parse().unwrap();
    let mut read = 0;
    for case in cases("cosign/attestation") {
        if case == "predicate.json" {
            continue;
        }
        let folder = format!("cosign/attestation/{case}");
        let envelope = match case.ends_with("-bundle") {
            true => {
                let bundle = Bundle::parse(&data(&format!("{folder}/bundle.sigstore.json")));
                let Content::Dsse(envelope) = bundle.unwrap().content else {
                    panic!("{case}: no envelope");
                };
                envelope
            }
            false => Envelope::parse(&data(&format!("{folder}/dsse.json"))).unwrap(),
        };
        let key = PublicKey::from_pem(&first_pub()).unwrap();
        key.verify(&envelope.pae(), &envelope.signature)
            .unwrap_or_else(|error| panic!("{case}: {error}"));
        let statement = Statement::parse(&envelope.payload).unwrap();
        assert_ne!(statement.predicate_type, IMAGE_SIGNATURE, "{case}");
        let subject = statement.subject(&digest).unwrap();
        let name = subject.name.as_deref().unwrap();
        assert!(name.starts_with("127.0.0.1:"), "{case}: {name}");
        read += 1;
    }
    assert_eq!(read, 4);
}

#[test]
fn blob_signatures_of_both() {
    let blob = data("cosign/blob/artifact.txt");
    let mut read = 0;
    for (folder, case) in ["keytypes", "blob"].into_iter().flat_map(|folder| {
        cases(&format!("cosign/{folder}"))
            .into_iter()
            .map(move |case| (folder, case))
    }) {
        if !case.ends_with(".sigstore.json") || case.starts_with("att") {
            continue;
        }
        let bytes = data(&format!("cosign/{folder}/{case}"));
        assert!(Bundle::is_claimed_by(&bytes));
        let bundle = Bundle::parse(&bytes).unwrap_or_else(|why| panic!("{case}: {why}"));
        let Content::MessageSignature { signature, digest } = &bundle.content else {
            panic!("{case}: an envelope");
        };
        let key = match folder {
            "keytypes" => key_of(&format!("keytype-{case}")),
            _ => PublicKey::from_pem(&first_pub()).unwrap(),
        };
        key.verify(&blob, signature)
            .unwrap_or_else(|error| panic!("{case}: {error}"));
        if let Some(digest) = digest {
            assert!(digest.is_of((&blob).into()) == Some(true), "{case}");
            assert!(
                digest.is_of(b"another".as_slice().into()) == Some(false),
                "{case}"
            );
        }
        // White space differs from version to version, and nothing else.
        let written: serde_json::Value =
            serde_json::from_str(&bundle.to_json(&key).unwrap()).unwrap();
        let stored: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(written, stored, "{case}");
        read += 1;
    }
    assert_eq!(read, 12);
}

/// Whatever the bytes are, there is an answer.
#[test]
fn no_bytes_make_a_reader_panic() {
    let read = |bytes: &[u8]| {
        let _ = Bundle::parse(bytes);
        let _ = Envelope::parse(bytes);
        let _ = Statement::parse(bytes);
        let _ = Referrers::parse(media_type::OCI_INDEX, bytes).map(|list| list.to_json());
        let _ = ReferrerManifest::parse(media_type::OCI_MANIFEST, bytes);
    };
    for file in [
        "bundle-sig/v3.1.1-rekor/bundle.sigstore.json",
        "bundle-sig/v3.1.1-annotations-escapes/statement.json",
        "bundle-sig/v3.1.1-plain/manifest.json",
        "bundle-sig/v3.1.1-plain/referrers-fallback-index.json",
        "attestation/v2.5.0-att-tag/dsse.json",
    ] {
        let good = data(&format!("cosign/{file}"));
        for place in 0..good.len() {
            read(&good[..place]);
            for other in [b'"', b'{', b']', b'0', b'\\', 0xff] {
                let mut bad = good.clone();
                bad[place] = other;
                read(&bad);
            }
        }
    }
}

fn key_of(case: &str) -> PublicKey {
    PublicKey::from_pem(&key_of_bundle(case)).unwrap()
}
