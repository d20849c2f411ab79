//! What must be refused. Each case first shows that the untouched input passes.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cosignet::blob::{Blob, BlobStream};
use cosignet::key::{Algorithm, PublicKey};
use cosignet::log::LogError;
use cosignet::payload::{Envelope, STATEMENT_TYPE};
use cosignet::sign::{Signer, sign_blob};
use cosignet::verify::{
    BlobSignature, BlobVerificationError, Identity, Limits, Policy, Rejection, Rules, Threshold,
    verify_blob,
};
use serde_json::{Value, json};

use super::support::{FIRST, FixedRandom, SECOND, data, first_pub, other_pub, rules, second_pub};
use super::*;

/// CVE-2022-36056: a bundle of another blob.
#[test]
fn a_bundle_of_another_blob() {
    let (blob, other) = (artifact(), b"another".as_slice());
    let bundle = blob_file("v3-new.sigstore.json");
    assert!(verify(&first(), &blob, bundle.clone()).is_ok());
    let refused = verify(&first(), other, bundle.clone());
    assert!(matches!(rejection(&refused), Rejection::OtherBlob(_)));
    // With the digest of the blob that it is shown with.
    let mut adapted = parse(&bundle);
    adapted["messageSignature"]["messageDigest"]["digest"] =
        STANDARD.encode(digest(other).as_bytes()).into();
    let refused = verify(&first(), other, adapted.to_string());
    assert_eq!(rejection(&refused), Rejection::NoTrustedKey);
    // Without a digest.
    adapted["messageSignature"]["messageDigest"] = json!({});
    assert!(verify(&first(), &blob, adapted.to_string()).is_ok());
    let refused = verify(&first(), other, adapted.to_string());
    assert_eq!(rejection(&refused), Rejection::NoTrustedKey);
}

/// CVE-2022-36056: a signature by one key with the word that another made it.
#[test]
fn a_key_beside_a_signature_is_the_one_that_made_it() {
    let blob = artifact();
    let bundle = blob_file("v3-old.bundle");
    let both = policy(&[&first_pub(), &other_pub()]);
    assert!(verify(&both, &blob, bundle.clone()).is_ok());
    let with = |cert: &[u8]| {
        let mut bundle = parse(&bundle);
        bundle["cert"] = STANDARD.encode(cert).into();
        rejection(&verify(&both, &blob, bundle.to_string()))
    };
    for cert in [
        other_pub(),
        b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n".to_vec(),
        b"no key".to_vec(),
    ] {
        let refused = with(&cert);
        assert!(
            matches!(refused, Rejection::SignatureMalformed(_)),
            "{refused}"
        );
    }
    // A key beside it is not trusted for that.
    let refused = verify(&policy(&[&other_pub()]), &blob, bundle.clone());
    assert_eq!(rejection(&refused), Rejection::NoTrustedKey);
}

/// sigstore-go #600: the digest in a bundle is compared, with its algorithm.
#[test]
fn a_digest_in_a_bundle_is_the_blobs() {
    let blob = artifact();
    let bundle = parse(&blob_file("v2-new.sigstore.json"));
    assert!(verify(&first(), &blob, bundle.to_string()).is_ok());
    let with = |algorithm: &str, digest: &[u8]| {
        let mut bundle = bundle.clone();
        bundle["messageSignature"]["messageDigest"] =
            json!({ "algorithm": algorithm, "digest": STANDARD.encode(digest) });
        rejection(&verify(&first(), &blob, bundle.to_string()))
    };
    for (algorithm, digest) in [
        ("SHA2_256", digest(b"another").as_bytes().to_vec()),
        ("SHA2_256", Vec::new()),
        ("SHA2_256", digest(&blob).as_bytes()[..31].to_vec()),
    ] {
        assert!(matches!(with(algorithm, &digest), Rejection::OtherBlob(_)));
    }
    // Nothing hashed the blob so: what cannot be compared is not passed over.
    for algorithm in ["SHA2_384", "SHA2_512", "SHA3_256", "MD5"] {
        let refused = with(algorithm, digest(&blob).as_bytes());
        assert!(
            matches!(refused, Rejection::SignatureMalformed(_)),
            "{refused}"
        );
    }
}

/// sigstore-go #609: an empty blob is a blob like any other.
#[test]
fn an_empty_blob_is_checked() {
    let mut random = FixedRandom::default();
    let mut signer = Signer::private_key(&FIRST, &mut random);
    let empty = sign_blob(&mut signer, &Blob::of(b"")).unwrap();
    for signature in [
        empty.signature.clone(),
        empty.files.bundle.clone().into(),
        empty.files.old_bundle.clone().unwrap().into(),
    ] {
        assert!(verify(&first(), b"", signature.clone()).is_ok());
        assert!(verify(&first(), b"a", signature).is_err());
    }
    for file in ["v2.sig", "v3-new.sigstore.json", "v2-tlog-old.bundle"] {
        assert!(verify(&first(), &artifact(), blob_file(file)).is_ok());
        assert!(verify(&first(), b"", blob_file(file)).is_err());
    }
}

/// sigstore-go #611, CVE-2022-23649, CVE-2026-22703: an entry is about this signature of this blob by
/// this key, in every form and whatever the policy ignores.
#[test]
fn an_entry_of_something_else() {
    let blob = artifact();
    let old = |file: &str| parse(&blob_file(file));
    let (v2, v3) = (
        old("v2-tlog-new.sigstore.json"),
        old("v3-tlog-new.sigstore.json"),
    );
    for policy in [first(), first_logged()] {
        for bundle in [&v2, &v3] {
            assert!(verify(&policy, &blob, bundle.to_string()).is_ok());
        }
        let mut swapped = v2.clone();
        swapped["verificationMaterial"]["tlogEntries"] =
            v3["verificationMaterial"]["tlogEntries"].clone();
        let refused = rejection(&verify(&policy, &blob, swapped.to_string()));
        assert_eq!(refused, Rejection::LogEntry(LogError::OtherSignature));

        let mut swapped = old("v2-tlog-old.bundle");
        assert!(verify(&policy, &blob, swapped.to_string()).is_ok());
        let signature = v2["messageSignature"]["signature"].clone();
        swapped["base64Signature"] = signature;
        let refused = rejection(&verify(&policy, &blob, swapped.to_string()));
        assert_eq!(refused, Rejection::LogEntry(LogError::OtherSignature));
    }
    // Each part of the body alone, where no log vouches for it.
    for (path, value, check) in [
        (
            "/spec/data/hash/value",
            digest(b"another").hex().to_string(),
            "another artifact",
        ),
        (
            "/spec/signature/content",
            STANDARD.encode("another"),
            "another signature",
        ),
        (
            "/spec/signature/publicKey/content",
            STANDARD.encode(other_pub()),
            "another key",
        ),
    ] {
        let mut bundle = old("v2-tlog-old.bundle");
        let body = bundle["rekorBundle"]["Payload"]["body"].as_str().unwrap();
        let mut body = parse(&STANDARD.decode(body).unwrap());
        *body.pointer_mut(path).unwrap() = value.into();
        bundle["rekorBundle"]["Payload"]["body"] = STANDARD.encode(body.to_string()).into();
        let Rejection::LogEntry(error) = rejection(&verify(&first(), &blob, bundle.to_string()))
        else {
            panic!("{check}");
        };
        match check {
            "another artifact" => assert!(matches!(error, LogError::OtherArtifact { .. })),
            "another signature" => assert_eq!(error, LogError::OtherSignature),
            _ => assert!(matches!(error, LogError::OtherKey { .. })),
        }
        let refused = rejection(&verify(&first_logged(), &blob, bundle.to_string()));
        assert!(
            matches!(refused, Rejection::LogEntry(_)),
            "{check}: {refused}"
        );
    }
}

#[test]
fn entries_of_logs_that_are_not_trusted() {
    let blob = artifact();
    for file in ["v2-tlog-old.bundle", "v2-tlog-new.sigstore.json"] {
        assert!(verify(&first_logged(), &blob, blob_file(file)).is_ok());
        let stranger = logged(&data("rekor/v1/rekor.pub"));
        let refused = rejection(&verify(&stranger, &blob, blob_file(file)));
        let Rejection::LogEntry(LogError::UnknownLog { .. }) = refused else {
            panic!("{file}: {refused}");
        };
    }
    // One that is not there, or is beside a bundle that holds its own.
    let mut bundle = parse(&blob_file("v2-tlog-old.bundle"));
    let entry = bundle
        .as_object_mut()
        .unwrap()
        .remove("rekorBundle")
        .unwrap();
    let refused = verify(&first_logged(), &blob, bundle.to_string());
    assert_eq!(rejection(&refused), Rejection::NotLogged);
    let beside = BlobSignature {
        signature: bundle.to_string().into(),
        log_entry: Some(entry.to_string().into()),
    };
    let refused = verify_blob(&first_logged(), &Blob::of(&blob), &[beside]);
    assert!(matches!(
        rejection(&refused),
        Rejection::SignatureMalformed(_)
    ));
}

/// GHSA-mhg6-2q2v-9h2c: a subject is bound by algorithm and digest.
#[test]
fn a_statement_about_something_else() {
    let (blob, hex) = (artifact(), digest(&artifact()).hex().to_string());
    let other = digest(b"another").hex().to_string();
    let judge = |subjects: Value| {
        let statement = statement(subjects);
        verify_attestation(
            &first(),
            &blob,
            "t",
            signed_envelope(STATEMENT_TYPE, &statement),
        )
    };
    let sha256 = |hex: &str| json!({ "name": "a", "digest": { "sha256": hex } });
    for good in [
        json!([sha256(&hex)]),
        json!([sha256(&other), sha256(&hex)]),
        json!([{ "digest": { "sha512": other, "sha256": hex } }]),
    ] {
        assert!(judge(good.clone()).is_ok(), "{good}");
    }
    for bad in [
        json!([{ "digest": { "sha512": hex } }]),
        json!([{ "digest": { "SHA256": hex } }]),
        json!([{ "digest": { "sha1": hex, "sha384": hex } }]),
        json!([{ "digest": { "sha256": hex.to_uppercase() } }]),
        json!([{ "name": hex, "digest": {} }]),
        json!([]),
    ] {
        let refused = rejection(&judge(bad.clone()));
        assert!(
            matches!(refused, Rejection::PayloadMalformed(_)),
            "{bad}: {refused}"
        );
    }
    let refused = rejection(&judge(json!([sha256(&other)])));
    assert_eq!(refused, Rejection::OtherBlob(format!("sha256:{other}")));
}

/// TOB-SIGSTORE-9, -11; CVE-2022-35929, CVE-2026-39395.
#[test]
fn an_envelope_that_could_be_read_in_two_ways() {
    let (blob, statement) = (artifact(), statement(json!([own_subject()])));
    let envelope = signed_envelope(STATEMENT_TYPE, &statement);
    let verify = |envelope: &str| verify_attestation(&first(), &blob, "t", envelope);
    assert!(verify(&envelope).is_ok());

    let mut several = parse(envelope.as_bytes());
    let signature = several["signatures"][0].clone();
    let other = json!({ "sig": STANDARD.encode(b"another") });
    for signatures in [
        json!([signature, signature]),
        json!([signature, other]),
        json!([other, signature]),
        json!([]),
    ] {
        several["signatures"] = signatures;
        let refused = rejection(&verify(&several.to_string()));
        assert!(
            matches!(refused, Rejection::SignatureMalformed(_)),
            "{refused}"
        );
    }
    // A type that the signature is not over, and one that is not known.
    let mut retyped = parse(envelope.as_bytes());
    retyped["payloadType"] = "application/json".into();
    let refused = verify(&retyped.to_string());
    assert_eq!(rejection(&refused), Rejection::NoTrustedKey);
    let unknown = signed_envelope("application/json", &statement);
    let refused = rejection(&verify(&unknown));
    assert!(
        matches!(refused, Rejection::PayloadMalformed(_)),
        "{refused}"
    );

    let mut altered = parse(envelope.as_bytes());
    altered["payload"] = STANDARD.encode(statement.replace("\"t\"", "\"u\"")).into();
    let refused = verify(&altered.to_string());
    assert_eq!(rejection(&refused), Rejection::NoTrustedKey);
    for other in ["", "T", "t ", "https://t"] {
        let refused = verify_attestation(&first(), &blob, other, envelope.clone());
        assert_eq!(rejection(&refused), Rejection::OtherPredicate("t".into()));
    }
    // The type is that of the statement that was signed.
    for malformed in ["{}", "[]", r#"{"predicateType":"t"}"#] {
        let refused = rejection(&verify(&signed_envelope(STATEMENT_TYPE, malformed)));
        assert!(
            matches!(refused, Rejection::PayloadMalformed(_)),
            "{refused}"
        );
    }
}

/// CVE-2026-49834: keys are counted, not signatures.
#[test]
fn a_threshold_counts_keys() {
    let blob = artifact();
    let by = |key| {
        let mut random = FixedRandom::default();
        let mut signer = Signer::private_key(key, &mut random);
        kept(sign_blob(&mut signer, &Blob::of(&blob)).unwrap().signature)
    };
    let two = Policy::new(Rules {
        threshold: Threshold::AtLeast(2),
        ..rules(&[&first_pub(), &second_pub(), &other_pub()])
    })
    .unwrap();
    let content = Blob::of(&blob);
    let (first, second) = (by(&FIRST), by(&SECOND));
    let both = [first.clone(), second];
    assert!(verify_blob(&two, &content, &both).is_ok());
    // cosign's signatures, by the same key as the first.
    let same = [
        first,
        kept(blob_file("v2.sig")),
        kept(blob_file("v3-new.sigstore.json")),
    ];
    let Err(BlobVerificationError::NoMatch(refused)) = verify_blob(&two, &content, &same) else {
        panic!("two signatures by one key are two");
    };
    assert_eq!((refused.required, refused.counted), (2, 1));
    // A broken one hides no other.
    let mixed = [kept("broken"), both[1].clone(), kept(""), both[0].clone()];
    let verified = verify_blob(&two, &content, &mixed).unwrap();
    let counted = verified
        .signatures()
        .iter()
        .filter(|report| report.verified().is_some());
    assert_eq!(counted.count(), 2);
}

/// What a blob's signature cannot say is not passed over.
#[test]
fn claims_and_names_that_are_required() {
    let (blob, signature) = (artifact(), blob_file("v2.sig"));
    assert!(verify(&first(), &blob, signature.clone()).is_ok());
    let claims = BTreeMap::from([("env".to_owned(), "prod".to_owned())]);
    let claiming = Policy::new(Rules {
        annotations: claims,
        ..rules(&[&first_pub()])
    })
    .unwrap();
    let refused = verify(&claiming, &blob, signature.clone());
    assert_eq!(
        rejection(&refused),
        Rejection::AnnotationMismatch("env".into())
    );
    // A statement can.
    let mut subject = own_subject();
    subject["annotations"] = json!({ "env": "prod" });
    let envelope = signed_envelope(STATEMENT_TYPE, &statement(json!([subject])));
    assert!(verify_attestation(&claiming, &blob, "t", envelope).is_ok());
    for identity in [Identity::Repository, Identity::Exact("r.example/a".into())] {
        let named = Policy::new(Rules {
            identity,
            ..rules(&[&first_pub()])
        });
        let refused = verify(&named.unwrap(), &blob, signature.clone());
        assert!(matches!(rejection(&refused), Rejection::OtherIdentity(_)));
    }
}

#[test]
fn what_is_handed_in_is_bounded() {
    let blob = artifact();
    let content = Blob::of(&blob);
    let none = verify_blob(&first(), &content, &[]);
    assert!(matches!(none, Err(BlobVerificationError::NoSignatures)));
    let one = Policy::new(Rules {
        limits: Limits {
            signatures: 1,
            ..Limits::CEILING
        },
        ..rules(&[&first_pub()])
    })
    .unwrap();
    let signature = kept(blob_file("v2.sig"));
    assert!(verify_blob(&one, &content, std::slice::from_ref(&signature)).is_ok());
    let two = verify_blob(&one, &content, &[signature.clone(), signature]);
    assert!(matches!(two, Err(BlobVerificationError::LimitExceeded(_))));
    let large = [kept(vec![b' '; 32 * 1024 * 1024])];
    for refused in [
        verify_blob(&first(), &content, &large),
        verify_blob_attestation(&first(), &content, "t", &large),
    ] {
        assert!(matches!(
            rejection(&refused),
            Rejection::SignatureMalformed(_)
        ));
    }
}

/// Ed25519 signs the whole content. What is too large to be kept is not taken for forged.
#[test]
fn a_blob_of_which_too_little_is_known() {
    let key = data("cosign/keys/imported/ed25519-pkcs8.pub");
    let signature = data("cosign/keytypes/ed25519-pkcs8-v2.sig");
    let own = policy(&[&key]);
    assert!(verify(&own, &artifact(), signature.clone()).is_ok());
    let algorithm = PublicKey::from_pem(&key).unwrap().algorithm();
    assert_eq!(algorithm, Algorithm::Ed25519);
    // A stream that was made for other keys.
    let mut stream = BlobStream::for_keys(&[Algorithm::EcdsaP256]);
    stream.append(&artifact()).unwrap();
    let refused = verify_blob(&own, &stream.blob(), &[kept(signature)]);
    assert_eq!(rejection(&refused), Rejection::ContentNeeded(algorithm));
}

fn own_subject() -> Value {
    json!({ "name": "a", "digest": { "sha256": digest(&artifact()).hex().to_string() } })
}

fn statement(subjects: Value) -> String {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "subject": subjects,
        "predicateType": "t",
        "predicate": {},
    });
    statement.to_string()
}

/// Signed by the first key, whatever it says.
fn signed_envelope(payload_type: &str, payload: &str) -> String {
    let mut envelope = Envelope {
        payload_type: payload_type.into(),
        payload: payload.into(),
        signature: Vec::new(),
    };
    let signature = FIRST.sign(&envelope.pae(), &mut FixedRandom::default());
    envelope.signature = signature.unwrap();
    envelope.to_json().unwrap()
}

fn parse(json: &[u8]) -> Value {
    serde_json::from_slice(json).unwrap()
}
