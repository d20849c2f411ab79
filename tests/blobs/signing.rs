//! What is signed here, and what becomes of it at a key service and at a log.

use cosignet::blob::{Blob, BlobStream, MAX_KEPT};
use cosignet::imports::{KeyServiceError, LogApi, LogServiceError};
use cosignet::key::Algorithm;
use cosignet::log::{Evidence, TrustedLogs};
use cosignet::payload::{MAX_ENVELOPE_SIZE, Predicate, Statement};
use cosignet::sign::{Logging, SignedBlob, Signer, SigningError, attest_blob, sign_blob};
use cosignet::verify::LogRequirement;

use super::support::{
    FIRST, FixedRandom, MemoryKeyService, MemoryLog, cases, first_pub, open, policy, rules,
};
use super::*;

#[test]
fn every_key_type_signs_and_verifies() {
    let blob = artifact();
    let names = [
        "p256-pkcs8",
        "p384-sec1",
        "p521-pkcs8",
        "rsa2048-pkcs1",
        "ed25519-pkcs8",
    ];
    for name in names {
        let path = |kind: &str| format!("cosign/keys/imported/{name}.{kind}");
        let (key, own) = (open(&path("key")), policy(&[&data(&path("pub"))]));
        let mut random = FixedRandom::default();
        let mut signer = Signer::private_key(&key, &mut random);
        let mut stream = BlobStream::for_keys(&[key.algorithm()]);
        stream.append(&blob).unwrap();
        let signed = sign_blob(&mut signer, &stream.blob()).unwrap();
        let again = sign_blob(&mut signer, &Blob::of(&blob)).unwrap();
        assert_eq!(signed, again, "{name}");
        let SignedBlob { signature, files } = signed;
        let old = files.old_bundle.unwrap();
        for kept in [signature.clone(), files.bundle.into(), old.into()] {
            assert!(super::verify(&own, &blob, kept).is_ok(), "{name}");
        }
        // Of the digest alone the same is made, or nothing.
        let elsewhere = sign_blob(&mut signer, &BlobStream::elsewhere(digest(&blob)).blob());
        match key.algorithm() {
            Algorithm::Ed25519 => {
                assert!(matches!(elsewhere, Err(SigningError::InvalidOption(_))));
            }
            _ => assert_eq!(elsewhere.unwrap().signature, signature, "{name}"),
        }

        let attested = attest_blob(
            &mut signer,
            &stream.blob(),
            Some("a \"b\""),
            &predicate("{}"),
        );
        let attested = attested.unwrap();
        let old = attested.files.old_bundle.unwrap();
        for kept in [attested.envelope, attested.files.bundle, old] {
            let verified = verify_attestation(&own, &blob, "https://t", kept);
            let verified = verified.unwrap_or_else(|error| panic!("{name}: {error}"));
            let counted = verified.signatures()[0].verified().unwrap();
            assert_eq!(counted.predicate(), Some(&predicate("{}")));
            assert_eq!(counted.payload(), attested.statement);
        }
    }
    assert!(cases("cosign/keys/imported").len() >= 2 * names.len());
}

#[test]
fn ed25519_signs_no_more_than_is_kept() {
    let key = open("cosign/keys/imported/ed25519-pkcs8.key");
    let mut stream = BlobStream::for_keys(&[key.algorithm()]);
    let piece = vec![0; MAX_KEPT / 8];
    for _ in 0..8 {
        stream.append(&piece).unwrap();
    }
    let mut random = FixedRandom::default();
    let mut signer = Signer::private_key(&key, &mut random);
    assert!(sign_blob(&mut signer, &stream.blob()).is_ok());
    stream.append(b"1").unwrap();
    let refused = sign_blob(&mut signer, &stream.blob());
    assert!(
        matches!(refused, Err(SigningError::LimitExceeded(_))),
        "{refused:?}"
    );
    // A statement holds the digest.
    assert!(attest_blob(&mut signer, &stream.blob(), None, &predicate("1")).is_ok());
}

#[test]
fn statements_hold_the_predicate_as_it_stands() {
    let content = r#"{"z": [1.50, "<&>"], "a": null}"#;
    let digest = digest(b"blob");
    let written = Statement::of_artifact(&digest, None, &predicate(content)).unwrap();
    let hex = digest.hex();
    let expected = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v0.1","subject":[{{"digest":{{"sha256":"{hex}"}}}}],"predicateType":"https://t","predicate":{content}}}"#
    );
    assert_eq!(String::from_utf8(written).unwrap(), expected);
    let deep = "[".repeat(40) + &"]".repeat(40);
    for bad in [
        "",
        "{",
        "{}}",
        "a",
        "{},\"predicateType\":\"u\"",
        deep.as_str(),
        "\u{1}",
    ] {
        let refused = Statement::of_artifact(&digest, None, &predicate(bad));
        assert!(refused.is_err(), "{bad}");
    }
    let mut random = FixedRandom::default();
    let mut signer = Signer::private_key(&FIRST, &mut random);
    let refused = attest_blob(&mut signer, &Blob::of(b""), None, &predicate("{"));
    assert!(matches!(refused, Err(SigningError::InvalidOption(_))));
    let large = format!("\"{}\"", "a".repeat(MAX_ENVELOPE_SIZE * 3 / 4));
    let refused = attest_blob(&mut signer, &Blob::of(b""), None, &predicate(&large));
    assert!(matches!(refused, Err(SigningError::LimitExceeded(_))));
}

#[test]
fn a_key_service_signs_the_digest() {
    let blob = artifact();
    let mut service = MemoryKeyService::new(3);
    let own = policy(&[service.pem().as_bytes()]);
    let elsewhere = BlobStream::elsewhere(digest(&blob));
    let mut signer = Signer::key_service(&mut service, "key").unwrap();
    let signed = sign_blob(&mut signer, &elsewhere.blob()).unwrap();
    assert!(super::verify(&own, &blob, signed.files.bundle).is_ok());
    drop(signer);
    assert_eq!(service.signed, 1);
    // What it answers is verified before it is used.
    let denied = KeyServiceError::Denied("no".into());
    for (answer, said) in [
        (Ok(signed.signature), None),
        (Ok(b"nonsense".to_vec()), Some("bad")),
        (Err(denied), Some("denied")),
    ] {
        service.answer = Some(answer);
        let mut signer = Signer::key_service(&mut service, "key").unwrap();
        let result = sign_blob(&mut signer, &elsewhere.blob());
        match said {
            None => assert!(result.is_ok()),
            Some("bad") => assert!(matches!(result, Err(SigningError::BadSignature(_)))),
            Some(_) => assert!(matches!(result, Err(SigningError::KeyService(_)))),
        }
        let mut signer = Signer::key_service(&mut service, "key").unwrap();
        let other = sign_blob(&mut signer, &Blob::of(b"another"));
        assert!(other.is_err(), "a signature of another blob");
    }
}

#[test]
fn signatures_are_logged_and_keep_their_entry() {
    let blob = artifact();
    for (api, mut log, has_room) in [
        (LogApi::RekorV1, MemoryLog::rekor_v1(), true),
        (LogApi::RekorV2, MemoryLog::rekor_v2(), false),
    ] {
        let trusted = log.trusted();
        let signed = logging(&mut log, api, |signer| {
            sign_blob(signer, &BlobStream::elsewhere(digest(&blob)).blob())
        })
        .unwrap();
        assert_eq!(log.requests.len(), 1);
        let entry = signed.files.log.unwrap();
        assert_ne!(entry.evidence(), Evidence::SignedEntryTimestamp);
        let requiring = Policy::new(Rules {
            log: LogRequirement::Require {
                logs: trusted,
                witnesses: 0,
            },
            ..rules(&[&first_pub()])
        })
        .unwrap();
        assert!(super::verify(&requiring, &blob, signed.files.bundle).is_ok());
        assert_eq!(signed.files.old_bundle.is_some(), has_room);
        if let Some(old) = signed.files.old_bundle {
            assert!(super::verify(&requiring, &blob, old).is_ok());
        }
        let bare = super::verify(&requiring, &blob, signed.signature);
        assert_eq!(rejection(&bare), Rejection::NotLogged);
        // An entry that was there before is used again.
        let again = logging(&mut log, api, |signer| sign_blob(signer, &Blob::of(&blob)));
        let again = again.unwrap().files.log.unwrap();
        assert_eq!(again.log_index(), entry.log_index());
    }
}

/// Rekor v2 takes the hash of what an envelope's signature is over.
#[test]
fn attestations_are_logged() {
    let mut log = MemoryLog::rekor_v2();
    let trusted = log.trusted();
    let blob = artifact();
    let attested = logging(&mut log, LogApi::RekorV2, |signer| {
        attest_blob(signer, &Blob::of(&blob), None, &predicate("{}"))
    })
    .unwrap();
    let requiring = Policy::new(Rules {
        log: LogRequirement::Require {
            logs: trusted,
            witnesses: 0,
        },
        ..rules(&[&first_pub()])
    })
    .unwrap();
    let verified = verify_attestation(&requiring, &blob, "https://t", attested.files.bundle);
    assert!(verified.is_ok(), "{verified:?}");
    let bare = verify_attestation(&requiring, &blob, "https://t", attested.envelope);
    assert_eq!(rejection(&bare), Rejection::NotLogged);
}

#[test]
fn what_a_log_answers_is_verified() {
    let sign = |log: &mut MemoryLog| {
        logging(log, LogApi::RekorV1, |signer| {
            sign_blob(signer, &Blob::of(b"blob"))
        })
    };
    assert!(sign(&mut MemoryLog::rekor_v1()).is_ok());
    let mut log = MemoryLog::rekor_v1();
    log.failing = Some(LogServiceError::Unavailable("down".into()));
    assert!(matches!(sign(&mut log), Err(SigningError::Log(_))));
    let mut log = MemoryLog::rekor_v1();
    log.short = 1;
    assert!(matches!(sign(&mut log), Err(SigningError::Log(_))));
    // The entry of another blob's signature.
    let mut log = MemoryLog::rekor_v1();
    let other = logging(&mut log, LogApi::RekorV1, |signer| {
        sign_blob(signer, &Blob::of(b"another"))
    });
    assert!(other.is_ok());
    let mut answers = Vec::new();
    let mut elsewhere = MemoryLog::rekor_v1();
    elsewhere.twist = Some(Box::new(move |answer| {
        answers.push(answer);
        answers[0].clone()
    }));
    assert!(sign(&mut elsewhere).is_ok());
    let replayed = logging(&mut elsewhere, LogApi::RekorV1, |signer| {
        sign_blob(signer, &Blob::of(b"another"))
    });
    assert!(matches!(replayed, Err(SigningError::BadLogEntry(_))));
    // No log takes Ed25519 over a digest.
    let key = open("cosign/keys/imported/ed25519-pkcs8.key");
    let mut log = MemoryLog::rekor_v1();
    let logs = log.trusted();
    let mut random = FixedRandom::default();
    let mut signer = with_log(
        Signer::private_key(&key, &mut random),
        &mut log,
        LogApi::RekorV1,
        logs,
    );
    let refused = sign_blob(&mut signer, &Blob::of(b"blob"));
    assert!(matches!(refused, Err(SigningError::InvalidOption(_))));
    drop(signer);
    assert!(log.requests.is_empty());
}

fn predicate(content: &str) -> Predicate {
    Predicate {
        predicate_type: "https://t".into(),
        content: content.into(),
    }
}

/// Signs with the first key and logs.
fn logging<T>(
    log: &mut MemoryLog,
    api: LogApi,
    sign: impl Fn(&mut Signer<'_>) -> Result<T, SigningError>,
) -> Result<T, SigningError> {
    let logs = log.trusted();
    let mut random = FixedRandom::default();
    let signer = Signer::private_key(&FIRST, &mut random);
    sign(&mut with_log(signer, log, api, logs))
}

fn with_log<'a>(
    signer: Signer<'a>,
    log: &'a mut MemoryLog,
    api: LogApi,
    logs: TrustedLogs,
) -> Signer<'a> {
    signer.with_log(Logging {
        service: log,
        api,
        logs,
        witnesses: 0,
    })
}
