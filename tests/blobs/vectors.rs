//! Signatures and attestations that cosign 2.5.0 and 3.1.1 made.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cosignet::blob::{Blob, BlobStream};
use cosignet::bundle::OldBundle;
use cosignet::key::PublicKey;
use cosignet::log::Evidence;
use cosignet::payload::Envelope;
use cosignet::verify::{Rejection, SignatureFormat, verify_blob};
use serde_json::Value;

use super::support::{cases, data, first_pub, other_pub, policy};
use super::*;

/// All but these two, which no cosign accepts either.
#[test]
fn every_form_in_which_cosign_keeps_a_signature() {
    let (blob, stranger) = (artifact(), policy(&[&other_pub()]));
    for (file, format) in [
        ("v2.sig", SignatureFormat::Detached),
        ("v3.sig", SignatureFormat::Detached),
        ("form-newline.sig", SignatureFormat::Detached),
        ("form-otherS.sig", SignatureFormat::Detached),
        ("form-p1363.sig", SignatureFormat::Detached),
        ("form-rawder.sig", SignatureFormat::Detached),
        ("v2-old.bundle", SignatureFormat::Detached),
        ("v3-old.bundle", SignatureFormat::Detached),
        ("v2-tlog-old.bundle", SignatureFormat::Detached),
        ("v2-new.sigstore.json", SignatureFormat::Bundle),
        ("v2-tlog-new.sigstore.json", SignatureFormat::Bundle),
        ("v3-new.sigstore.json", SignatureFormat::Bundle),
        ("v3-sc.sigstore.json", SignatureFormat::Bundle),
        ("v3-tlog-new.sigstore.json", SignatureFormat::Bundle),
        ("stdin.json", SignatureFormat::Bundle),
    ] {
        let signature = blob_file(file);
        let verified = verify(&first(), &blob, signature.clone());
        let verified = verified.unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(*verified.digest(), digest(&blob));
        assert_eq!(verified.signatures()[0].format, format, "{file}");
        let counted = verified.signatures()[0].verified().unwrap();
        assert!(counted.payload().is_empty() && counted.predicate().is_none());
        // cosign's `sha256:<hex>`: P-256 signs no more.
        let stream = BlobStream::elsewhere(digest(&blob));
        let elsewhere = verify_blob(&first(), &stream.blob(), &[kept(signature.clone())]);
        assert!(elsewhere.is_ok(), "{file}: {elsewhere:?}");

        let refused = verify(&stranger, &blob, signature.clone());
        assert_eq!(rejection(&refused), Rejection::NoTrustedKey, "{file}");
        for other in [&b"hello blob\n"[..], b"", b"hello blo"] {
            let refused = rejection(&verify(&first(), other, signature.clone()));
            match format {
                SignatureFormat::Bundle => assert!(matches!(refused, Rejection::OtherBlob(_))),
                _ => assert_eq!(refused, Rejection::NoTrustedKey, "{file}"),
            }
        }
    }
    for file in ["form-nonminimal.sig", "form-trailing.sig"] {
        let refused = verify(&first(), &blob, blob_file(file));
        assert_eq!(rejection(&refused), Rejection::NoTrustedKey, "{file}");
    }
}

#[test]
fn every_key_type() {
    let blob = artifact();
    let mut verified = 0;
    for case in cases("cosign/keytypes") {
        let (name, version) = case.rsplit_once("-v").unwrap();
        let key = data(&format!("cosign/keys/imported/{name}.pub"));
        let own = policy(&[&key]);
        let signature = data(&format!("cosign/keytypes/{case}"));
        let result = verify(&own, &blob, signature.clone());
        assert!(result.is_ok(), "{case}: {result:?}");
        // Other keys beside it, of which some need more than others.
        let beside = policy(&[&first_pub(), &other_pub(), &key]);
        let result = verify(&beside, &blob, signature.clone());
        let counted = result.unwrap();
        let counted = counted.signatures()[0].verified().unwrap();
        assert_eq!(counted.key_index(), 2, "{case}");
        let refused = rejection(&verify(&own, b"another", signature.clone()));
        assert!(
            matches!(refused, Rejection::NoTrustedKey | Rejection::OtherBlob(_)),
            "{case}: {refused}"
        );

        // By the digest alone: what is over SHA-256.
        let stream = BlobStream::elsewhere(digest(&blob));
        let elsewhere = verify_blob(&own, &stream.blob(), &[kept(signature)]);
        let algorithm = PublicKey::from_pem(&key).unwrap().algorithm();
        let needs_more = name.starts_with("ed25519")
            || (name.starts_with("p384") || name.starts_with("p521")) && version.starts_with('3');
        match needs_more {
            true => assert_eq!(rejection(&elsewhere), Rejection::ContentNeeded(algorithm)),
            false => assert!(elsewhere.is_ok(), "{case}: {elsewhere:?}"),
        }
        verified += 1;
    }
    assert_eq!(verified, 21);
}

/// cosign 2 keeps an entry without its proof, sigstore's bundle has all of it.
#[test]
fn logged_signatures() {
    let blob = artifact();
    for (file, evidence) in [
        ("v2-tlog-old.bundle", Evidence::SignedEntryTimestamp),
        ("v2-tlog-new.sigstore.json", Evidence::Both),
        ("v3-tlog-new.sigstore.json", Evidence::Both),
    ] {
        let verified = verify(&first_logged(), &blob, blob_file(file)).unwrap();
        let counted = verified.signatures()[0].verified().unwrap();
        assert_eq!(counted.log().unwrap().evidence(), evidence, "{file}");
    }
    for file in ["v2.sig", "v2-old.bundle", "v3-new.sigstore.json"] {
        let refused = verify(&first_logged(), &blob, blob_file(file));
        assert_eq!(rejection(&refused), Rejection::NotLogged, "{file}");
    }
    // The parts of an old bundle as files.
    let bundle = OldBundle::parse(&blob_file("v2-tlog-old.bundle")).unwrap();
    let apart = BlobSignature {
        signature: STANDARD.encode(&bundle.content).into_bytes(),
        log_entry: bundle.log_entry.map(String::into_bytes),
    };
    assert!(verify_blob(&first_logged(), &Blob::of(&blob), &[apart]).is_ok());
}

#[test]
fn attestations_of_both() {
    let (blob, custom) = (artifact(), "https://cosign.sigstore.dev/attestation/v1");
    let raw = blob_file("att2.sig");
    let encoded = STANDARD.encode(&raw) + "\n";
    let old = format!(r#"{{"base64Signature":"{}"}}"#, STANDARD.encode(&raw));
    for (attestation, format) in [
        (raw, SignatureFormat::Detached),
        (encoded.into(), SignatureFormat::Detached),
        (old.into(), SignatureFormat::Detached),
        (blob_file("att3.sigstore.json"), SignatureFormat::Bundle),
    ] {
        let verify = |policy: &Policy, blob: &[u8], kind: &str| {
            verify_attestation(policy, blob, kind, attestation.clone())
        };
        let verified = verify(&first(), &blob, custom).unwrap();
        assert_eq!(verified.signatures()[0].format, format);
        let counted = verified.signatures()[0].verified().unwrap();
        let predicate = counted.predicate().unwrap();
        assert_eq!(predicate.predicate_type, custom);
        let content: Value = serde_json::from_slice(&predicate.content).unwrap();
        assert_eq!(content["Data"], "{\"foo\":\"bar <&>\"}\n");

        let refused = verify(&first(), &blob, "https://spdx.dev/Document");
        let other = Rejection::OtherPredicate(custom.into());
        assert_eq!(rejection(&refused), other);
        let refused = verify(&policy(&[&other_pub()]), &blob, custom);
        assert_eq!(rejection(&refused), Rejection::NoTrustedKey);
        for another in [&b""[..], b"another"] {
            let refused = verify(&first(), another, custom);
            let found = Rejection::OtherBlob(digest(&blob).to_string());
            assert_eq!(rejection(&refused), found);
        }
        let refused = rejection(&super::verify(&first(), &blob, attestation.clone()));
        assert!(
            matches!(
                refused,
                Rejection::SignatureMalformed(_) | Rejection::NoTrustedKey
            ),
            "an attestation is no signature: {refused}"
        );
    }
    for signature in ["v2.sig", "v2-old.bundle", "v3-new.sigstore.json"] {
        let refused = verify_attestation(&first(), &blob, custom, blob_file(signature));
        let refused = rejection(&refused);
        assert!(
            matches!(refused, Rejection::SignatureMalformed(_)),
            "{signature}"
        );
    }
}

/// Members and their order are cosign 3's.
#[test]
fn statements_are_cosigns() {
    let cosign = cosignet::bundle::Bundle::parse(&blob_file("att3.sigstore.json")).unwrap();
    let cosignet::bundle::Content::Dsse(Envelope { payload, .. }) = cosign.content else {
        panic!("no envelope");
    };
    let statement = cosignet::payload::Statement::parse(&payload).unwrap();
    let predicate = cosignet::payload::Predicate {
        predicate_type: statement.predicate_type.clone(),
        content: statement.predicate.clone().into_bytes(),
    };
    let digest = digest(&artifact());
    let name = statement.subject(&digest).unwrap().name.as_deref();
    let ours = cosignet::payload::Statement::of_artifact(&digest, name, &predicate).unwrap();
    assert_eq!(ours, payload);
}

/// Whatever the bytes are, there is an answer.
#[test]
fn no_bytes_make_it_panic() {
    let blob = artifact();
    let content = Blob::of(&blob);
    for file in [
        "v2-tlog-old.bundle",
        "v3-new.sigstore.json",
        "att2.sig",
        "form-rawder.sig",
    ] {
        let good = blob_file(file);
        for place in (0..good.len()).step_by(3) {
            for other in [b'"', b'{', b']', b'0', 0xff] {
                let mut bad = good.clone();
                bad[place] = other;
                for bad in [kept(&bad[..place]), kept(bad)] {
                    let _ = verify_blob(&first(), &content, std::slice::from_ref(&bad));
                    let _ = verify_blob_attestation(&first(), &content, "t", &[bad]);
                }
            }
        }
    }
}
