//! Signatures that are logged before they are attached: what is stored, what is asked, and that
//! whatever a log does wrong, the registry stays as it was.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::cell::RefCell;
use std::rc::Rc;

use cosignet::imports::{LogApi, LogServiceError, RegistryError};
use cosignet::key::PrivateKey;
use cosignet::log::{Evidence, LogEntry, LogError, Signed, TrustedLogs};
use cosignet::sign::{
    AttachOutcome, Attachment, ForeignSignature, Logging, Options, Signer, SigningError,
    SigningResult, attach_signature, sign_images,
};
use cosignet::verify::{
    DetachedSignature, LogRequirement, Policy, Rejection, Rules, verify_detached,
    verify_images_with_log,
};
use serde_json::{Value, json};
use support::lab::Lab;
use support::*;

const IMAGE: &str =
    "r.test/app@sha256:1111111111111111111111111111111111111111111111111111111111111111";
const OTHER: &str =
    "r.test/app@sha256:2222222222222222222222222222222222222222222222222222222222222222";

#[test]
fn rekor_v1_is_stored_with_the_signature() {
    let (mut registry, mut log) = (MemoryRegistry::default(), MemoryLog::rekor_v1());
    let image = one(&mut registry, &mut log, LogApi::RekorV1)
        .outcome
        .unwrap();
    assert_eq!(log.requests, ["POST /api/v1/log/entries"]);
    let logged = image.signatures[0].log.as_ref().unwrap();
    assert_eq!(logged.entry.evidence(), Evidence::Both);
    assert_eq!(logged.entry.integrated_time(), Some(1_790_000_001));

    let verified = verify(&mut registry, &requiring(log.trusted()), IMAGE).unwrap();
    let entry = verified.signatures()[0].verified().unwrap().log().unwrap();
    assert_eq!(entry.evidence(), Evidence::SignedEntryTimestamp);
    let stranger = Lab::ed25519("other.test");
    let stranger = TrustedLogs::new(vec![stranger.trusted()]).unwrap();
    assert!(verify(&mut registry, &requiring(stranger), IMAGE).is_err());

    // The annotation is all that is added to what is signed without a log.
    let mut bare = MemoryRegistry::default();
    sign_one(&mut bare, &FIRST, IMAGE, &attaching()).unwrap();
    let digest = image.digest;
    let stored = |registry: &MemoryRegistry| -> Value {
        serde_json::from_slice(registry.store.signatures("r.test/app", &digest).unwrap()).unwrap()
    };
    let (mut with, without) = (stored(&registry), stored(&bare));
    let annotations = with["layers"][0]["annotations"].as_object_mut().unwrap();
    let annotation = annotations.remove("dev.sigstore.cosign/bundle").unwrap();
    assert_eq!(with, without);
    assert_eq!(annotation.as_str(), logged.annotation.as_deref());
}

/// The bundle has what the annotation has no room for, and verifies by itself.
#[test]
fn bundles_hold_the_proof() {
    for (api, mut log) in [
        (LogApi::RekorV1, MemoryLog::rekor_v1()),
        (LogApi::RekorV2, MemoryLog::rekor_v2()),
    ] {
        let image = one(&mut MemoryRegistry::default(), &mut log, api)
            .outcome
            .unwrap();
        let signature = &image.signatures[0];
        let bundle = &signature.bundle;
        let bundle: Value = serde_json::from_str(bundle).unwrap();
        let entries = bundle["verificationMaterial"]["tlogEntries"].to_string();
        let entries = LogEntry::all_from_bundle(entries.as_bytes()).unwrap();
        let signed = Signed {
            message: (&signature.payload).into(),
            dsse_payload: None,
            signature: &signature.signature,
            key: FIRST.public_key(),
        };
        let entry = entries[0].verify(&signed, &log.trusted()).unwrap();
        assert_eq!(&entry, &signature.log.as_ref().unwrap().entry);
        assert_ne!(entry.evidence(), Evidence::SignedEntryTimestamp);
    }
}

/// A bundle beside its payload is all that is needed, and whatever is wrong with it is seen.
#[test]
fn bundles_verify_by_themselves() {
    for (api, mut log) in [
        (LogApi::RekorV1, MemoryLog::rekor_v1()),
        (LogApi::RekorV2, MemoryLog::rekor_v2()),
    ] {
        let mut made = |image: &str| {
            let registry = &mut MemoryRegistry::default();
            let images = [image];
            let results = sign_logged(registry, &FIRST, &mut log, api, &images, &attaching());
            let image = results.into_iter().next().unwrap().outcome.unwrap();
            let signature = image.signatures.into_iter().next().unwrap();
            (signature.payload, signature.bundle)
        };
        let (payload, bundle) = made(IMAGE);
        let (_, foreign) = made(OTHER);
        let judge = |policy: &Policy, payload: &[u8], bundle: &str| {
            let signature = DetachedSignature {
                payload: payload.to_vec(),
                signature: bundle.into(),
                log_entry: None,
            };
            verify_detached(policy, IMAGE, &[signature])
        };
        let trusting = requiring(log.trusted());
        let verified = judge(&trusting, &payload, &bundle).unwrap();
        let entry = verified.signatures()[0].verified().unwrap().log().unwrap();
        assert_ne!(entry.evidence(), Evidence::SignedEntryTimestamp);
        let careless = policy(&[&first_pub()]);
        assert!(judge(&careless, &payload, &bundle).is_ok());

        let refused = |policy: &Policy, payload: &[u8], bundle: &str| {
            rejection(&judge(policy, payload, bundle))
        };
        let stranger = match api {
            LogApi::RekorV1 => Lab::ed25519("other.test"),
            LogApi::RekorV2 => Lab::p256("other.test"),
        };
        let stranger = requiring(TrustedLogs::new(vec![stranger.trusted()]).unwrap());
        assert!(matches!(
            refused(&stranger, &payload, &bundle),
            Rejection::LogEntry(LogError::UnknownLog { .. })
        ));
        let other_payload = [&payload[..], b" "].concat();
        assert!(matches!(
            refused(&careless, &other_payload, &bundle),
            Rejection::PayloadAltered(_)
        ));
        let entries = |bundle: &str| -> Value {
            let bundle: Value = serde_json::from_str(bundle).unwrap();
            bundle["verificationMaterial"]["tlogEntries"].clone()
        };
        let with = |entries: Value| {
            let mut bundle: Value = serde_json::from_str(&bundle).unwrap();
            bundle["verificationMaterial"]["tlogEntries"] = entries;
            bundle.to_string()
        };
        // An entry about another signature, alone or beside the good one.
        for bad in [
            entries(&foreign),
            json!([entries(&bundle)[0], entries(&foreign)[0]]),
        ] {
            for policy in [&trusting, &careless] {
                let reason = refused(policy, &payload, &with(bad.clone()));
                assert!(matches!(reason, Rejection::LogEntry(_)), "{reason:?}");
            }
        }
        // None at all.
        for none in [json!([]), Value::Null] {
            let bare = with(none);
            assert_eq!(refused(&trusting, &payload, &bare), Rejection::NotLogged);
            assert!(judge(&careless, &payload, &bare).is_ok());
        }
        // The same twice could count twice.
        let twice = with(json!([entries(&bundle)[0], entries(&bundle)[0]]));
        assert!(matches!(
            refused(&trusting, &payload, &twice),
            Rejection::LogEntry(LogError::DuplicateEntry { .. })
        ));
        let forged = bundle.replacen("\"treeSize\":\"", "\"treeSize\":\"1", 1);
        assert!(matches!(
            refused(&trusting, &payload, &forged),
            Rejection::LogEntry(LogError::TreeSizeMismatch { .. })
        ));
        let beside = DetachedSignature {
            payload,
            signature: bundle.into(),
            log_entry: Some(b"{}".to_vec()),
        };
        assert!(matches!(
            rejection(&verify_detached(&trusting, IMAGE, &[beside])),
            Rejection::SignatureMalformed(_)
        ));
    }
}

#[test]
fn signing_again_uses_the_entry_that_is_there() {
    let (mut registry, mut log) = (MemoryRegistry::default(), MemoryLog::rekor_v1());
    let first = one(&mut registry, &mut log, LogApi::RekorV1)
        .outcome
        .unwrap();
    let stored = registry.store.clone();
    log.requests.clear();
    let again = one(&mut registry, &mut log, LogApi::RekorV1)
        .outcome
        .unwrap();
    assert_eq!(log.requests.len(), 2, "{:?}", log.requests);
    assert!(log.requests[1].starts_with("GET /api/v1/log/entries/00000000"));
    assert_eq!(again.attached[0].clone().outcome, AttachOutcome::Unchanged);
    assert_eq!(registry.store, stored);
    let index = |image: &cosignet::sign::SignedImage| {
        image.signatures[0].log.as_ref().unwrap().entry.log_index()
    };
    assert_eq!(index(&first), 0);
    assert_eq!(log.lab.leaves.len(), 1);
}

/// What others left there proves nothing: it is replaced by what does.
#[test]
fn evidence_that_does_not_hold_is_replaced() {
    let (mut registry, mut log) = (MemoryRegistry::default(), MemoryLog::rekor_v1());
    one(&mut registry, &mut log, LogApi::RekorV1)
        .outcome
        .unwrap();
    spoil(&mut registry);
    assert!(verify(&mut registry, &requiring(log.trusted()), IMAGE).is_err());
    let image = one(&mut registry, &mut log, LogApi::RekorV1)
        .outcome
        .unwrap();
    assert_eq!(image.attached[0].clone().outcome, AttachOutcome::Replaced);
    let verified = verify(&mut registry, &requiring(log.trusted()), IMAGE).unwrap();
    assert_eq!(verified.signatures().len(), 1);
}

/// Alters the time of the stored entry.
fn spoil(registry: &mut MemoryRegistry) {
    let digest = IMAGE.split_once('@').unwrap().1.parse().unwrap();
    let manifest = registry.store.signatures("r.test/app", &digest).unwrap();
    let manifest = String::from_utf8(manifest.to_vec()).unwrap();
    let spoiled = manifest.replace("integratedTime\\\":17", "integratedTime\\\":16");
    assert_ne!(manifest, spoiled);
    registry.store.put_manifest(
        "r.test/app",
        &cosignet::oci::signature_tag(&digest),
        cosignet::oci::media_type::OCI_MANIFEST,
        spoiled.as_bytes(),
    );
}

/// Also where the log grew since its checkpoint, and has full tiles in place of partial ones.
#[test]
fn a_rekor_v2_that_has_it_already_is_read_by_tiles() {
    let (mut registry, mut log) = (MemoryRegistry::default(), MemoryLog::rekor_v2());
    let first = one(&mut registry, &mut log, LogApi::RekorV2);
    let bundle_of = |image: &cosignet::sign::SignedImage| image.signatures[0].bundle.clone();
    let first = first.outcome.unwrap();
    let first_bundle = bundle_of(&first);
    let first = first.signatures[0].log.clone().unwrap();
    assert_eq!(first.entry.log_index(), 300);
    assert_eq!(first.annotation, None);
    let later = (0..300).map(|index| format!("later {index}").into());
    log.lab.leaves.extend(later);
    let mut asked_for_full = false;
    for lag in [0, 100, 300] {
        log.lag = lag;
        log.requests.clear();
        let again = one(&mut registry, &mut log, LogApi::RekorV2);
        let again = again.outcome.unwrap();
        let logged = again.signatures[0].log.as_ref().unwrap();
        assert_eq!(logged.entry, first.entry);
        assert_eq!(
            bundle_of(&again) == first_bundle,
            lag == 300,
            "another checkpoint"
        );
        let [submission, checkpoint, entries] = [0, 1, 2].map(|place| log.requests[place].clone());
        assert_eq!(submission, "POST /api/v2/log/entries");
        assert_eq!(checkpoint, "GET /checkpoint");
        assert!(entries.starts_with("GET /tile/entries/001"), "{entries}");
        asked_for_full |= log.requests.ends_with(&["GET /tile/0/001".into()]);
    }
    assert!(asked_for_full);
}

/// A log that answers wrongly, or not at all: a typed error, and nothing was pushed.
#[test]
fn a_log_that_misbehaves_leaves_the_registry_as_it_was() {
    let json = |change: fn(&mut Value)| {
        move |answer: Vec<u8>| {
            let mut entries: Value = serde_json::from_slice(&answer).unwrap();
            change(
                entries
                    .as_object_mut()
                    .unwrap()
                    .values_mut()
                    .next()
                    .unwrap(),
            );
            entries.to_string().into_bytes()
        }
    };
    let cases: [(&str, &str, AnswerTwist); 13] = [
        ("nothing", "malformed", Box::new(|_| Vec::new())),
        ("{}", "malformed", Box::new(|_| b"{}".to_vec())),
        (
            "HTML",
            "malformed",
            Box::new(|_| b"<html>502</html>".to_vec()),
        ),
        ("too much", "too large", Box::new(|_| vec![b' '; 300_000])),
        (
            "a flipped timestamp",
            "timestamp",
            Box::new(json(|entry| {
                let set = &mut entry["verification"]["signedEntryTimestamp"];
                let flipped = flip(set.as_str().unwrap());
                *set = flipped.into();
            })),
        ),
        (
            "another time",
            "timestamp",
            Box::new(json(|entry| entry["integratedTime"] = 1.into())),
        ),
        (
            "no timestamp",
            "timestamp",
            Box::new(json(|entry| {
                entry["verification"]
                    .as_object_mut()
                    .unwrap()
                    .remove("signedEntryTimestamp");
            })),
        ),
        (
            "no proof",
            "inclusion proof",
            Box::new(json(|entry| {
                entry["verification"]
                    .as_object_mut()
                    .unwrap()
                    .remove("inclusionProof");
            })),
        ),
        (
            "another root",
            "root",
            Box::new(json(|entry| {
                let hash = &mut entry["verification"]["inclusionProof"]["rootHash"];
                *hash = "00".repeat(32).into();
            })),
        ),
        (
            "another size",
            "a tree of 2 leaves",
            Box::new(json(|entry| {
                entry["verification"]["inclusionProof"]["treeSize"] = 2.into();
            })),
        ),
        (
            "an altered checkpoint",
            "checkpoint",
            Box::new(json(|entry| {
                let note = &mut entry["verification"]["inclusionProof"]["checkpoint"];
                *note = note
                    .as_str()
                    .unwrap()
                    .replacen("log.test", "log.tess", 1)
                    .into();
            })),
        ),
        (
            "another log",
            "none of the trusted logs",
            Box::new(json(|entry| entry["logID"] = "00".repeat(32).into())),
        ),
        (
            "another index",
            "timestamp",
            Box::new(json(|entry| entry["logIndex"] = 9.into())),
        ),
    ];
    for (case, said, twist) in cases {
        let mut log = MemoryLog::rekor_v1();
        log.twist = Some(twist);
        let error = refused(&mut log, LogApi::RekorV1);
        let SigningError::BadLogEntry(words) = &error else {
            panic!("{case}: {error:?}");
        };
        assert!(words.contains(said), "{case}: {words}");
    }
    for error in [
        LogServiceError::Unavailable("500".into()),
        LogServiceError::Refused("400".into()),
        LogServiceError::TooLarge("endless".into()),
    ] {
        let mut log = MemoryLog::rekor_v1();
        log.failing = Some(error.clone());
        assert_eq!(refused(&mut log, LogApi::RekorV1), SigningError::Log(error));
    }
    let mut log = MemoryLog::rekor_v1();
    log.short = 1;
    assert!(matches!(
        refused(&mut log, LogApi::RekorV1),
        SigningError::Log(LogServiceError::Invalid(_))
    ));
}

/// An honest entry about something else: the log took it, but not for this signature.
#[test]
fn an_entry_about_another_signature_is_refused() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let mut log = MemoryLog::rekor_v1();
    let keep = Rc::clone(&seen);
    log.twist = Some(Box::new(move |answer| {
        keep.borrow_mut().clone_from(&answer);
        answer
    }));
    let registry = &mut MemoryRegistry::default();
    let images = [IMAGE];
    sign_logged(
        registry,
        &SECOND,
        &mut log,
        LogApi::RekorV1,
        &images,
        &attaching(),
    );
    log.twist = Some(Box::new(move |_| seen.borrow().clone()));
    let error = refused(&mut log, LogApi::RekorV1);
    assert!(matches!(error, SigningError::BadLogEntry(_)), "{error:?}");
}

/// A tile that lies ends in a proof that leads elsewhere.
#[test]
fn tiles_that_lie_are_refused() {
    for place in 0..5 {
        let (mut registry, mut log) = (MemoryRegistry::default(), MemoryLog::rekor_v2());
        one(&mut registry, &mut log, LogApi::RekorV2)
            .outcome
            .unwrap();
        log.lab.leaves.push(b"later".to_vec());
        let before = registry.store.clone();
        let mut answers = 0;
        log.twist = Some(Box::new(move |mut answer| {
            if answers == place {
                answer.iter_mut().step_by(32).for_each(|byte| *byte ^= 1);
            }
            answers += 1;
            answer
        }));
        let result = one(&mut registry, &mut log, LogApi::RekorV2);
        // Checkpoint, entries, and the tiles of two levels.
        match place {
            0..4 => {
                let error = result.outcome.unwrap_err();
                assert!(matches!(error, SigningError::BadLogEntry(_)), "{error:?}");
            }
            _ => assert!(result.outcome.is_ok()),
        }
        assert_eq!(registry.store, before);
    }
}

#[test]
fn a_push_that_fails_after_logging_loses_no_entry() {
    for failing in 0..4 {
        let (mut registry, mut log) = (MemoryRegistry::default(), MemoryLog::rekor_v1());
        registry.failing = Some((failing, RegistryError::Denied("no".into())));
        let failed = one(&mut registry, &mut log, LogApi::RekorV1);
        assert!(matches!(
            failed.outcome,
            Err(SigningError::Registry(RegistryError::Denied(_)))
        ));
        let [unattached] = failed.unattached.try_into().unwrap();
        let taken = unattached.log.unwrap().entry;
        registry.failing = None;
        let image = one(&mut registry, &mut log, LogApi::RekorV1)
            .outcome
            .unwrap();
        let reused = &image.signatures[0].log.as_ref().unwrap().entry;
        assert_eq!(reused.log_index(), taken.log_index());
        assert_eq!(log.lab.leaves.len(), 1);
        assert_eq!(image.signatures[0].signature, unattached.signature);
    }
}

/// What was handed back can be attached, also of a key that never signs the same twice.
#[test]
fn a_signature_is_attached_with_its_entry() {
    let (mut registry, mut log) = (MemoryRegistry::default(), MemoryLog::rekor_v1());
    registry.failing = Some((0, RegistryError::Denied("no".into())));
    let failed = one(&mut registry, &mut log, LogApi::RekorV1);
    let [unattached] = failed.unattached.try_into().unwrap();
    let entry = unattached.log.unwrap().annotation.unwrap();
    registry.failing = None;
    let foreign = ForeignSignature {
        reference: IMAGE,
        payload: &unattached.payload,
        signature: &unattached.signature,
        log_entry: Some(entry.as_bytes()),
    };
    // Not an entry about another signature, and none without evidence.
    let other = sign_one(&mut MemoryRegistry::default(), &SECOND, IMAGE, &attaching()).unwrap();
    let bare: Value = serde_json::from_str(&entry).unwrap();
    let bare = json!({ "Payload": bare["Payload"] }).to_string();
    for wrong in [
        ForeignSignature {
            signature: &other.signatures[0].signature,
            ..foreign
        },
        ForeignSignature {
            log_entry: Some(bare.as_bytes()),
            ..foreign
        },
        ForeignSignature {
            log_entry: Some(b"{}"),
            ..foreign
        },
    ] {
        registry.forget();
        let refused = attach_signature(&mut registry, &wrong, None).unwrap_err();
        assert!(
            matches!(refused, SigningError::InvalidOption(_)),
            "{refused}"
        );
        assert!(registry.calls.is_empty());
    }
    attach_signature(&mut registry, &foreign, None).unwrap();
    let policy = requiring(log.trusted());
    assert!(verify(&mut registry, &policy, IMAGE).is_ok());
    // Attached is attached: signing again finds it.
    let image = one(&mut registry, &mut log, LogApi::RekorV1)
        .outcome
        .unwrap();
    assert_eq!(image.attached[0].clone().outcome, AttachOutcome::Unchanged);
}

/// One image's failure hides no other's entry.
#[test]
fn images_fail_one_by_one() {
    let (mut registry, mut log) = (MemoryRegistry::default(), MemoryLog::rekor_v1());
    let mut answers = 0;
    log.twist = Some(Box::new(move |answer| {
        answers += 1;
        match answers {
            1 => b"{}".to_vec(),
            _ => answer,
        }
    }));
    let options = Options {
        identities: vec!["one.test/app".into(), "two.test/app".into()],
        ..attaching()
    };
    let images = [IMAGE, OTHER];
    let results = sign_logged(
        &mut registry,
        &FIRST,
        &mut log,
        LogApi::RekorV1,
        &images,
        &options,
    );
    assert!(matches!(
        results[0].outcome,
        Err(SigningError::BadLogEntry(_))
    ));
    assert_eq!(
        results[0].unattached.len(),
        1,
        "its other signature was logged"
    );
    assert_eq!(results[1].outcome.as_ref().unwrap().signatures.len(), 2);
    assert!(results[1].unattached.is_empty());
}

#[test]
fn nothing_is_attached_where_nothing_is_to_be() {
    let (mut registry, mut log) = (MemoryRegistry::default(), MemoryLog::rekor_v1());
    let options = Options {
        attachment: Attachment::None,
        ..Options::default()
    };
    let results = sign_logged(
        &mut registry,
        &FIRST,
        &mut log,
        LogApi::RekorV1,
        &[IMAGE],
        &options,
    );
    let image = results[0].outcome.as_ref().unwrap();
    assert!(image.signatures[0].log.is_some());
    assert!(registry.calls.is_empty());
}

#[test]
fn keys_that_no_log_takes_are_refused_before_it_is_asked() {
    let key = open("cosign/keys/imported/ed25519-pkcs8.key");
    let (mut registry, mut log) = (MemoryRegistry::default(), MemoryLog::rekor_v1());
    let images = [IMAGE];
    let results = sign_logged(
        &mut registry,
        &key,
        &mut log,
        LogApi::RekorV1,
        &images,
        &attaching(),
    );
    assert!(matches!(
        results[0].outcome,
        Err(SigningError::InvalidOption(_))
    ));
    assert!(log.requests.is_empty() && registry.calls.is_empty());
}

#[test]
fn witnesses_that_are_required_must_have_cosigned() {
    let mut log = MemoryLog::rekor_v2();
    let witness = lab::LabWitness::new("witness.test", 9);
    let witness = cosignet::log::Witness::from_vkey(&witness.vkey()).unwrap();
    let logs = log.trusted().with_witnesses(vec![witness]).unwrap();
    let mut registry = MemoryRegistry::default();
    let mut random = FixedRandom::default();
    let mut signer = Signer::private_key(&FIRST, &mut random).with_log(Logging {
        service: &mut log,
        api: LogApi::RekorV2,
        logs,
        witnesses: 1,
    });
    let results = sign_images(&mut registry, &mut signer, &[IMAGE.into()], &attaching());
    let error = results[0].outcome.as_ref().unwrap_err();
    assert!(
        error.to_string().contains("0 of the trusted witnesses"),
        "{error}"
    );
    assert!(registry.calls.is_empty());
}

/// A signature that is logged and does not bear its entry, verified by asking the log.
#[test]
fn entries_that_are_not_stored_can_be_looked_up() {
    let (mut registry, mut log) = (MemoryRegistry::default(), MemoryLog::rekor_v1());
    let policy = requiring(log.trusted());
    sign_one(&mut registry, &FIRST, IMAGE, &attaching()).unwrap();
    let mut look_up = |log: &mut MemoryLog| {
        log.requests.clear();
        let images = [IMAGE.to_owned()];
        let found =
            verify_images_with_log(&mut registry, log, &policy, &images, &Default::default());
        assert_eq!(log.requests, ["POST /api/v1/log/entries/retrieve"]);
        found.into_iter().next().unwrap()
    };
    // It is not there.
    assert_eq!(rejection(&look_up(&mut log)), Rejection::NotLogged);
    // Somebody logs it elsewhere.
    one(&mut MemoryRegistry::default(), &mut log, LogApi::RekorV1)
        .outcome
        .unwrap();
    let verified = look_up(&mut log).unwrap();
    let entry = verified.signatures()[0].verified().unwrap().log().unwrap();
    assert_eq!(entry.evidence(), Evidence::Both);
    // What is looked up is bound and verified like what is stored.
    for (twist, said) in [
        (
            Box::new(|answer: Vec<u8>| {
                let answer = String::from_utf8(answer).unwrap();
                answer.replace("\"logIndex\":0", "\"logIndex\":1").into()
            }) as AnswerTwist,
            "timestamp",
        ),
        (Box::new(|_| b"{}".to_vec()), "malformed"),
        (Box::new(|_| vec![b' '; 2_000_000]), "too large"),
    ] {
        log.twist = Some(twist);
        let reason = rejection(&look_up(&mut log));
        assert!(matches!(reason, Rejection::LogEntry(_)), "{reason:?}");
        assert!(reason.to_string().contains(said), "{reason}");
    }
    log.twist = None;
    log.short = 1;
    assert!(matches!(
        rejection(&look_up(&mut log)),
        Rejection::LogUnavailable(LogServiceError::Invalid(_))
    ));
    log.short = 0;
    log.failing = Some(LogServiceError::Unavailable("down".into()));
    assert!(matches!(
        rejection(&look_up(&mut log)),
        Rejection::LogUnavailable(LogServiceError::Unavailable(_))
    ));
}

/// What is stored is judged as it is: nothing is asked, neither where it holds nor where it does
/// not.
#[test]
fn nothing_is_looked_up_that_is_stored() {
    let (mut registry, mut log) = (MemoryRegistry::default(), MemoryLog::rekor_v1());
    one(&mut registry, &mut log, LogApi::RekorV1)
        .outcome
        .unwrap();
    let policy = requiring(log.trusted());
    log.requests.clear();
    let images = [IMAGE.to_owned()];
    let verified = verify_images_with_log(
        &mut registry,
        &mut log,
        &policy,
        &images,
        &Default::default(),
    );
    assert!(verified[0].is_ok());
    spoil(&mut registry);
    let refused = verify_images_with_log(
        &mut registry,
        &mut log,
        &policy,
        &images,
        &Default::default(),
    );
    assert!(refused[0].is_err());
    assert!(log.requests.is_empty());
}

fn requiring(logs: TrustedLogs) -> Policy {
    Policy::new(Rules {
        log: LogRequirement::Require { logs, witnesses: 0 },
        ..rules(&[&first_pub()])
    })
    .unwrap()
}

/// Signs the image; the log must refuse, and the registry must not have been asked for anything.
fn refused(log: &mut MemoryLog, api: LogApi) -> SigningError {
    let mut registry = MemoryRegistry::default();
    let result = one(&mut registry, log, api);
    assert!(registry.calls.is_empty(), "{:?}", registry.calls);
    assert!(result.unattached.is_empty());
    result.outcome.unwrap_err()
}

fn one(registry: &mut MemoryRegistry, log: &mut MemoryLog, api: LogApi) -> SigningResult {
    let mut results = sign_logged(registry, &FIRST, log, api, &[IMAGE], &attaching());
    assert_eq!(results.len(), 1);
    results.remove(0)
}

fn sign_logged(
    registry: &mut MemoryRegistry,
    key: &PrivateKey,
    log: &mut MemoryLog,
    api: LogApi,
    images: &[&str],
    options: &Options,
) -> Vec<SigningResult> {
    let logs = log.trusted();
    let mut random = FixedRandom::default();
    let mut signer = Signer::private_key(key, &mut random).with_log(Logging {
        service: log,
        api,
        logs,
        witnesses: 0,
    });
    let images: Vec<String> = images.iter().map(|&image| image.to_owned()).collect();
    sign_images(registry, &mut signer, &images, options)
}

/// Base64 with one bit changed in the middle.
fn flip(text: &str) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let mut bytes = STANDARD.decode(text).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    STANDARD.encode(bytes)
}
