//! Signing and attesting in bundles that refer to the image: the bytes are cosign's, the requests are
//! few, and whatever goes wrong, nothing of anybody's is lost.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cosignet::bundle::MEDIA_TYPE;
use cosignet::imports::{LogApi, RegistryError};
use cosignet::key::PrivateKey;
use cosignet::log::TrustedLogs;
use cosignet::oci::{
    Descriptor, Digest, Referrers, attestation_tag, media_type, referrers_tag, signature_tag,
};
use cosignet::payload::Predicate;
use cosignet::sign::{
    AttachOutcome, Attachment, Earlier, Form, Logging, Options, SignedImage, Signer, SigningError,
    SigningResult, attest_images, sign_images,
};
use cosignet::verify::{Formats, LogRequirement, Policy, Rules, SignatureFormat, Threshold};
use serde_json::{Value, json};
use support::*;

const REPOSITORY: &str = "r.test/app";

// cosign's bytes.

#[test]
fn signs_byte_for_byte_as_cosign_3() {
    for (case, annotations) in [
        ("v3.1.1-plain", None),
        ("v3.1.1-annotations", Some("v3.1.1-annotations")),
        (
            "v3.1.1-annotations-escapes",
            Some("v3.1.1-annotations-escapes"),
        ),
    ] {
        let folder = format!("cosign/bundle-sig/{case}");
        let theirs = json_data(&format!("{folder}/manifest.json"));
        let statement = annotations.map(|_| json_data(&format!("{folder}/statement.json")));
        let annotations = statement.map(|statement| {
            let claims = statement["subject"][0]["annotations"]
                .as_object()
                .unwrap()
                .clone();
            let text = |value: Value| value.as_str().unwrap().to_owned();
            claims
                .into_iter()
                .map(|(key, value)| (key, text(value)))
                .collect()
        });
        let mut registry = with_list();
        let options = Options {
            annotations: annotations.unwrap_or_default(),
            created: theirs["annotations"]["org.opencontainers.image.created"]
                .as_str()
                .map(String::from),
            ..bundled()
        };
        let image = sign_one(&mut registry, &FIRST, &reference(), &options).unwrap();
        assert_eq!(
            image.signatures[0].payload,
            data(&format!("{folder}/statement.json"))
        );
        // The signature differs: theirs is random.
        let bundle = data(&format!("{folder}/bundle.sigstore.json"));
        assert_eq!(
            unsigned(image.signatures[0].bundle.as_bytes()),
            unsigned(&bundle),
            "{case}"
        );
        let manifest = stored(&registry, &image.attached[0].manifest_digest);
        let mut ours: Value = serde_json::from_slice(&manifest).unwrap();
        let layer = &mut ours["layers"][0];
        assert_eq!(
            layer["digest"],
            Digest::of(image.signatures[0].bundle.as_bytes()).to_string()
        );
        *layer = theirs["layers"][0].clone();
        assert_eq!(ours, theirs, "{case}");
    }
}

#[test]
fn attests_as_cosign_3() {
    for (form, folder) in [
        (Form::Simple, "v3.1.1-att-tag"),
        (Form::Bundle, "v3.1.1-bundle"),
    ] {
        let folder = format!("cosign/attestation/{folder}");
        let (statement, theirs) = match form {
            Form::Simple => {
                let envelope = json_data(&format!("{folder}/dsse.json"));
                (payload(&envelope), envelope)
            }
            _ => {
                let bundle = json_data(&format!("{folder}/bundle.sigstore.json"));
                (payload(&bundle["dsseEnvelope"]), bundle)
            }
        };
        let said: Value = serde_json::from_slice(&statement).unwrap();
        // cosign's repository was another one.
        let repository = said["subject"][0]["name"].as_str().unwrap();
        let mut registry = with_list();
        put_image(&mut registry.store, repository);
        // As it stands there: the order of the members is not serde's.
        let statement_text = String::from_utf8(statement.clone()).unwrap();
        let (_, predicate) = statement_text.split_once(r#""predicate":"#).unwrap();
        let predicate = Predicate {
            predicate_type: said["predicateType"].as_str().unwrap().into(),
            content: predicate.strip_suffix('}').unwrap().into(),
        };
        let options = Options {
            form,
            ..attesting()
        };
        let reference = format!("{repository}@{}", digest());
        let image = attest(&mut registry, &FIRST, &reference, &predicate, &options).unwrap();
        assert_eq!(image.signatures[0].payload, statement);
        let bundle = image.signatures[0].bundle.as_bytes();
        match form {
            Form::Simple => {
                let manifest = served(&registry, repository, &attestation_tag(&digest()));
                let ours: Value = serde_json::from_slice(&manifest).unwrap();
                let mut expected = json_data(&format!("{folder}/manifest.json"));
                let layer = &mut expected["layers"][0];
                let envelope = ours["layers"][0]["digest"]
                    .as_str()
                    .unwrap()
                    .parse()
                    .unwrap();
                let envelope = registry.store.stored_blob(repository, &envelope).unwrap();
                assert_eq!(unsigned(envelope), unsigned(theirs.to_string().as_bytes()));
                for name in ["size", "digest"] {
                    layer[name] = ours["layers"][0][name].clone();
                }
                expected["config"] = ours["config"].clone();
                assert_eq!(ours, expected);
            }
            _ => assert_eq!(unsigned(bundle), unsigned(theirs.to_string().as_bytes())),
        }
    }
}

// What is written, and where.

#[test]
fn refers_where_the_registry_keeps_lists() {
    let mut registry = with_list();
    let image = sign_one(&mut registry, &FIRST, &reference(), &bundled()).unwrap();
    let expected = [
        Call::Resolve(1),
        Call::ListReferrers(1),
        Call::PushBlobs(2),
        Call::PushManifests(1),
    ];
    assert_eq!(registry.calls, expected);
    let [attached] = image.attached.as_slice() else {
        panic!("one place");
    };
    assert_eq!(
        (attached.tag.as_ref(), attached.outcome),
        (None, AttachOutcome::Added)
    );
    assert!(image.signatures[0].payload.starts_with(b"{\"_type\""));
    assert_eq!(formats(&mut registry, &first()), [SignatureFormat::Bundle]);
}

#[test]
fn keeps_a_list_where_the_registry_keeps_none() {
    let mut registry = without_list();
    let image = sign_one(&mut registry, &FIRST, &reference(), &bundled()).unwrap();
    let expected = [
        Call::Resolve(1),
        Call::ListReferrers(1),
        Call::FetchManifests(1),
        Call::PushBlobs(2),
        Call::PushManifests(1),
        Call::FetchManifests(1),
        Call::PushManifests(1),
        Call::FetchManifests(1),
    ];
    assert_eq!(registry.calls, expected);
    assert_eq!(image.attached[0].tag, Some(referrers_tag(&digest())));
    let list: Value = serde_json::from_slice(&kept(&registry)).unwrap();
    let manifest = stored(&registry, &image.attached[0].manifest_digest);
    let parsed: Value = serde_json::from_slice(&manifest).unwrap();
    // What cosign up to 3.1.1 writes wrong, and what the specification asks for beside it.
    assert_eq!(list["manifests"][0]["artifactType"], MEDIA_TYPE);
    assert_eq!(list["manifests"][0]["annotations"], parsed["annotations"]);
    assert_eq!(list["manifests"][0]["size"], manifest.len());
    assert_eq!(list["manifests"].as_array().unwrap().len(), 1);
    assert_eq!(formats(&mut registry, &first()), [SignatureFormat::Bundle]);
}

#[test]
fn both_forms_in_one_call() {
    for mut registry in [with_list(), without_list()] {
        let options = Options {
            form: Form::Both,
            annotations: [("a".to_owned(), "<b>".to_owned())].into(),
            ..bundled()
        };
        let image = sign_one(&mut registry, &FIRST, &reference(), &options).unwrap();
        assert_eq!(image.signatures.len(), 2);
        assert_eq!(image.attached[0].tag, Some(signature_tag(&digest())));
        assert_eq!(image.attached.len(), 2);
        let trusting = Rules {
            annotations: options.annotations.clone(),
            ..first()
        };
        let both = [SignatureFormat::SimpleSigning, SignatureFormat::Bundle];
        assert_eq!(formats(&mut registry, &trusting), both);
        let before = registry.store.clone();
        let again = sign_one(&mut registry, &FIRST, &reference(), &options).unwrap();
        assert!(
            again
                .attached
                .iter()
                .all(|one| one.outcome == AttachOutcome::Unchanged)
        );
        assert_eq!(again.signatures, image.signatures);
        assert_eq!(registry.store, before);
    }
}

/// Two keys, each in the form that it can: one verification over all of it.
#[test]
fn two_keys_in_two_forms_make_two() {
    let mut registry = with_list();
    sign_one(&mut registry, &FIRST, &reference(), &attaching()).unwrap();
    sign_one(&mut registry, &SECOND, &reference(), &bundled()).unwrap();
    let two = Rules {
        threshold: Threshold::AtLeast(2),
        formats: Formats::Any,
        ..rules(&[&first_pub(), &second_pub()])
    };
    assert_eq!(formats(&mut registry, &two).len(), 2);
    for formats in [Formats::SimpleSigning, Formats::Bundles] {
        let one = Policy::new(Rules {
            formats,
            ..two.clone()
        })
        .unwrap();
        assert!(verify(&mut registry, &one, &reference()).is_err());
    }
}

#[test]
fn a_bundle_names_no_other_repository() {
    let options = Options {
        identities: vec!["other.test/app".into()],
        ..bundled()
    };
    let mut registry = with_list();
    let refused = sign_one(&mut registry, &FIRST, &reference(), &options).unwrap_err();
    assert!(
        matches!(refused, SigningError::InvalidOption(_)),
        "{refused}"
    );
    assert!(registry.calls.is_empty());
}

/// The manifests of an index too; one that is not there stops no other.
#[test]
fn an_index_and_its_manifests() {
    let mut registry = with_list();
    let image = Descriptor::of(
        media_type::OCI_MANIFEST,
        &data("cosign/image/manifest.json"),
    );
    let gone = Descriptor::of(media_type::OCI_MANIFEST, b"gone");
    let index = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_INDEX,
        "manifests": [image, gone],
    });
    let index = index.to_string().into_bytes();
    let index = Descriptor::of(media_type::OCI_INDEX, &index_in(&mut registry.store, index));
    let options = Options {
        recursive: true,
        ..bundled()
    };
    let name = format!("{REPOSITORY}:index");
    let results = sign(&mut registry, &FIRST, &[&name], &options);
    assert_eq!(results.len(), 3);
    for (result, subject) in results.iter().zip([index, image]) {
        let image = result.outcome.as_ref().unwrap();
        let manifest = stored(&registry, &image.attached[0].manifest_digest);
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        assert_eq!(manifest["subject"], serde_json::to_value(subject).unwrap());
    }
    let error = results[2].outcome.as_ref().unwrap_err();
    assert!(matches!(error, SigningError::ImageNotFound(_)), "{error}");
}

fn index_in(store: &mut Store, index: Vec<u8>) -> Vec<u8> {
    store.put_manifest(REPOSITORY, "index", media_type::OCI_INDEX, &index);
    index
}

// Signing again.

#[test]
fn signing_again_writes_nothing() {
    for mut registry in [with_list(), without_list()] {
        let first = sign_one(&mut registry, &FIRST, &reference(), &bundled()).unwrap();
        let before = registry.store.clone();
        for earlier in [Earlier::Replace, Earlier::Keep] {
            let options = Options {
                attachment: Attachment::BesideImage(earlier),
                ..bundled()
            };
            let again = sign_one(&mut registry, &FIRST, &reference(), &options).unwrap();
            assert_eq!(again.attached[0].outcome, AttachOutcome::Unchanged);
            assert_eq!(
                again.attached[0].manifest_digest,
                first.attached[0].manifest_digest
            );
            assert_eq!(registry.store, before);
        }
        // An equal bundle that was made at another time stays as well.
        let options = Options {
            created: Some("2026-01-31T12:00:00Z".into()),
            ..bundled()
        };
        let again = sign_one(&mut registry, &FIRST, &reference(), &options).unwrap();
        assert_eq!(again.attached[0].outcome, AttachOutcome::Unchanged);
        assert_eq!(registry.store, before);
    }
}

#[test]
fn an_earlier_bundle_of_the_same_key_is_replaced() {
    let newer = Options {
        annotations: [("env".to_owned(), "prod".to_owned())].into(),
        ..bundled()
    };
    let deleting = MemoryRegistry {
        deletes: true,
        ..with_list()
    };
    for (mut registry, is_gone) in [
        (deleting, true),
        (with_list(), false),
        (without_list(), true),
    ] {
        sign_one(&mut registry, &SECOND, &reference(), &bundled()).unwrap();
        sign_one(&mut registry, &FIRST, &reference(), &bundled()).unwrap();
        let kept = Options {
            attachment: Attachment::BesideImage(Earlier::Keep),
            annotations: [("env".to_owned(), "test".to_owned())].into(),
            ..bundled()
        };
        let added = sign_one(&mut registry, &FIRST, &reference(), &kept).unwrap();
        assert_eq!(added.attached[0].outcome, AttachOutcome::Added);
        assert_eq!(formats(&mut registry, &first()).len(), 3);

        let replacing = sign_one(&mut registry, &FIRST, &reference(), &newer).unwrap();
        let (outcome, count) = match is_gone {
            true => (AttachOutcome::Replaced, 2),
            // A registry that deletes nothing keeps them: they are still true.
            false => (AttachOutcome::Added, 4),
        };
        assert_eq!(replacing.attached[0].outcome, outcome);
        assert_eq!(formats(&mut registry, &first()).len(), count);
        let env = Rules {
            annotations: newer.annotations.clone(),
            ..first()
        };
        assert!(!formats(&mut registry, &env).is_empty());
        let second = Rules {
            formats: Formats::Any,
            ..rules(&[&second_pub()])
        };
        assert!(
            !formats(&mut registry, &second).is_empty(),
            "another's is not touched"
        );
    }
}

/// What is not this key's bundle for this image with this predicate is never touched: other keys',
/// attestations, software bills of materials, and what cannot be read.
#[test]
fn what_others_attached_is_not_touched() {
    for keeps_list in [true, false] {
        let mut registry = match keeps_list {
            true => MemoryRegistry {
                deletes: true,
                ..with_list()
            },
            false => without_list(),
        };
        let others = put_others(&mut registry.store, !keeps_list);
        let before = registry.store.clone();
        let lines = |registry: &MemoryRegistry| kept_entries(registry);
        let theirs = lines(&registry);
        for annotations in [BTreeMap::new(), [("a".to_owned(), "1".to_owned())].into()] {
            let options = Options {
                annotations,
                ..bundled()
            };
            sign_one(&mut registry, &FIRST, &reference(), &options).unwrap();
            for other in &others {
                assert_eq!(stored(&registry, other), stored_in(&before, other));
            }
            if !keeps_list {
                let now = lines(&registry);
                assert_eq!(now[..theirs.len()], theirs, "byte for byte");
                assert_eq!(now.len(), theirs.len() + 1);
            }
        }
    }
}

// What goes wrong.

#[test]
fn an_image_that_is_not_there_is_not_signed() {
    for form in [Form::Bundle, Form::Both] {
        let mut registry = MemoryRegistry {
            referrers: Some(9),
            ..MemoryRegistry::default()
        };
        let mut log = MemoryLog::rekor_v1();
        let options = Options { form, ..bundled() };
        let result = sign_logged(&mut registry, &mut log, LogApi::RekorV1, &options);
        let error = result.outcome.unwrap_err();
        assert!(matches!(error, SigningError::ImageNotFound(_)), "{error}");
        assert!(log.requests.is_empty() && result.unattached.is_empty());
        assert_eq!(registry.store, Store::default());
    }
}

/// Whatever fails, and wherever: a typed error, and all that was attached before still is.
#[test]
fn a_failed_signing_loses_nothing() {
    for keeps_list in [true, false] {
        let fresh = || {
            let mut registry = match keeps_list {
                true => MemoryRegistry {
                    deletes: true,
                    ..with_list()
                },
                false => without_list(),
            };
            sign_one(&mut registry, &FIRST, &reference(), &bundled()).unwrap();
            sign_one(&mut registry, &SECOND, &reference(), &bundled()).unwrap();
            registry.forget();
            registry
        };
        let options = Options {
            annotations: [("a".to_owned(), "1".to_owned())].into(),
            ..bundled()
        };
        let mut whole = fresh();
        sign_one(&mut whole, &FIRST, &reference(), &options).unwrap();
        let calls = whole.calls.len();
        assert!(calls > 6, "{:?}", whole.calls);
        for place in 0..calls {
            for error in registry_errors() {
                let mut registry = fresh();
                registry.dead_from = Some((place, error.clone()));
                let result = sign_one(&mut registry, &FIRST, &reference(), &options);
                let is_deletion = matches!(whole.calls[place], Call::DeleteManifests(_));
                assert!(
                    result.is_err() || is_deletion || error_is_answer(&error, &whole.calls[place]),
                    "{place} {:?}: {error}",
                    whole.calls[place]
                );
                registry.dead_from = None;
                let found = formats(&mut registry, &rules_of_both());
                assert!(found.len() >= 2, "{place}: {error}");
            }
        }
    }
}

/// Some errors are answers: there is no list yet, no earlier bundle to be read.
fn error_is_answer(error: &RegistryError, call: &Call) -> bool {
    match call {
        Call::ListReferrers(_) => matches!(error, RegistryError::Unsupported(_)),
        Call::FetchManifests(_) | Call::FetchBlobs(_) => true,
        _ => false,
    }
}

#[test]
fn a_list_that_cannot_be_read_is_not_written_over() {
    let mut registry = without_list();
    let tag = referrers_tag(&digest());
    for (kind, bytes) in [
        (media_type::OCI_INDEX, &b"{}"[..]),
        (media_type::OCI_INDEX, b"not json"),
        // cosign's `copy` writes the image itself under this tag.
        (
            media_type::OCI_MANIFEST,
            b"{\"schemaVersion\":2,\"config\":{},\"layers\":[]}",
        ),
    ] {
        registry.store.put_manifest(REPOSITORY, &tag, kind, bytes);
        let before = registry.store.clone();
        let error = sign_one(&mut registry, &FIRST, &reference(), &bundled()).unwrap_err();
        assert!(matches!(error, SigningError::UntrustedAnswer(_)), "{error}");
        assert_eq!(registry.store, before);
    }
}

#[test]
fn a_registry_that_names_another_image_is_not_believed() {
    let mut registry = with_list();
    registry.twist_resolve = Some(Box::new(|_, answer| {
        let mut descriptor = answer?;
        descriptor.digest = Digest::of(b"another");
        Ok(descriptor)
    }));
    let error = sign_one(&mut registry, &FIRST, &reference(), &bundled()).unwrap_err();
    assert!(matches!(error, SigningError::UntrustedAnswer(_)), "{error}");
}

// Logs.

#[test]
fn the_entry_rides_in_the_bundle() {
    for (api, mut log) in [
        (LogApi::RekorV1, MemoryLog::rekor_v1()),
        (LogApi::RekorV2, MemoryLog::rekor_v2()),
    ] {
        let mut registry = with_list();
        let options = Options {
            form: Form::Bundle,
            ..bundled()
        };
        let image = sign_logged(&mut registry, &mut log, api, &options)
            .outcome
            .unwrap();
        let requiring = |logs: TrustedLogs| Rules {
            log: LogRequirement::Require { logs, witnesses: 0 },
            ..first()
        };
        let policy = Policy::new(requiring(log.trusted())).unwrap();
        let verified = verify(&mut registry, &policy, &reference()).unwrap();
        let entry = verified.signatures()[0].verified().unwrap().log().unwrap();
        assert_eq!(entry, &image.signatures[0].log.as_ref().unwrap().entry);
        // Its evidence is signed anew whenever the log is asked; what is there is as good.
        let before = registry.store.clone();
        let again = sign_logged(&mut registry, &mut log, api, &options)
            .outcome
            .unwrap();
        assert_eq!(again.attached[0].outcome, AttachOutcome::Unchanged);
        assert_eq!(registry.store, before);

        // A bundle that was not logged is replaced by one that is.
        let mut registry = without_list();
        sign_one(&mut registry, &FIRST, &reference(), &bundled()).unwrap();
        assert!(verify(&mut registry, &policy, &reference()).is_err());
        let logged = sign_logged(&mut registry, &mut log, api, &options)
            .outcome
            .unwrap();
        assert_eq!(logged.attached[0].outcome, AttachOutcome::Replaced);
        let verified = verify(&mut registry, &policy, &reference()).unwrap();
        assert_eq!(verified.signatures().len(), 1);
        // Without a log, the evidence stays.
        let before = registry.store.clone();
        sign_one(&mut registry, &FIRST, &reference(), &bundled()).unwrap();
        assert_eq!(registry.store, before);
    }
}

/// A log that has the whole envelope verifies what it cannot by a hash.
#[test]
fn rekor_v1_takes_statements_by_ed25519() {
    let key = open("cosign/keys/imported/ed25519-pkcs8.key");
    let mut random = FixedRandom::default();
    let mut log = MemoryLog::rekor_v1();
    let logs = log.trusted();
    let mut signer = Signer::private_key(&key, &mut random).with_log(Logging {
        service: &mut log,
        api: LogApi::RekorV1,
        logs,
        witnesses: 0,
    });
    let mut registry = with_list();
    let mut results = sign_images(&mut registry, &mut signer, &[reference()], &bundled());
    let image = results.remove(0).outcome.unwrap();
    assert!(image.signatures[0].log.is_some());
    let simple = Options {
        form: Form::Simple,
        ..bundled()
    };
    let mut results = sign_images(&mut registry, &mut signer, &[reference()], &simple);
    let refused = results.remove(0).outcome.unwrap_err();
    assert!(
        matches!(refused, SigningError::InvalidOption(_)),
        "{refused}"
    );
}

// Attestations.

#[test]
fn attestations_are_added_or_replaced_by_their_type() {
    for form in [Form::Simple, Form::Bundle, Form::Both] {
        let deleting = MemoryRegistry {
            deletes: true,
            ..with_list()
        };
        for mut registry in [deleting, without_list()] {
            let adding = Options {
                form,
                ..attesting()
            };
            let replacing = Options {
                attachment: Attachment::BesideImage(Earlier::Replace),
                ..adding.clone()
            };
            let mut attest = |key: &PrivateKey, kind: &str, content: &str, options: &Options| {
                let predicate = predicate(kind, content);
                attest(&mut registry, key, &reference(), &predicate, options).unwrap();
                attested(&mut registry, form)
            };
            let (vuln, sbom) = ("https://a.test/vuln", "https://a.test/sbom");
            assert_eq!(attest(&FIRST, vuln, r#"{"a":1}"#, &adding), [(vuln, 1)]);
            // The same again is there already.
            assert_eq!(attest(&FIRST, vuln, r#"{"a":1}"#, &adding), [(vuln, 1)]);
            assert_eq!(attest(&FIRST, vuln, r#"{"a":2}"#, &adding), [(vuln, 2)]);
            assert_eq!(
                attest(&FIRST, sbom, r#"{"a":1}"#, &adding),
                [(sbom, 1), (vuln, 2)]
            );
            assert_eq!(
                attest(&SECOND, vuln, r#"{"a":4}"#, &adding),
                [(sbom, 1), (vuln, 3)]
            );
            assert_eq!(
                attest(&FIRST, vuln, r#"{"a":5}"#, &replacing),
                [(sbom, 1), (vuln, 2)]
            );
            assert_eq!(
                attest(&SECOND, sbom, r#"{"a":6}"#, &replacing),
                [(sbom, 2), (vuln, 2)]
            );
        }
    }
}

#[test]
fn a_predicate_must_be_json_that_two_readers_read_alike() {
    let mut registry = with_list();
    let deep = "{\"a\":".repeat(40) + "1" + &"}".repeat(40);
    for bad in ["", "{", "{} {}", "{\"a\":1,\"a\":2}x", &deep] {
        let predicate = predicate("https://a.test/p", bad);
        let result = attest(
            &mut registry,
            &FIRST,
            &reference(),
            &predicate,
            &attesting(),
        );
        let error = result.unwrap_err();
        assert!(
            matches!(error, SigningError::InvalidOption(_)),
            "{bad}: {error}"
        );
    }
    // Text, as cosign has it for SPDX, but in no bundle.
    let text = predicate("https://spdx.dev/Document", r#""SPDXVersion: 2.3""#);
    for (form, fits) in [
        (Form::Simple, true),
        (Form::Bundle, false),
        (Form::Both, false),
    ] {
        let options = Options {
            form,
            ..attesting()
        };
        let result = attest(&mut registry, &FIRST, &reference(), &text, &options);
        assert_eq!(result.is_ok(), fits);
    }
    for options in [
        Options {
            annotations: [("a".to_owned(), "1".to_owned())].into(),
            ..attesting()
        },
        Options {
            identities: vec!["x.test/y".into()],
            ..attesting()
        },
    ] {
        let predicate = predicate("https://a.test/p", "{}");
        let error = attest(&mut registry, &FIRST, &reference(), &predicate, &options).unwrap_err();
        assert!(matches!(error, SigningError::InvalidOption(_)), "{error}");
    }
}

fn predicate(kind: &str, content: &str) -> Predicate {
    Predicate {
        predicate_type: kind.into(),
        content: content.into(),
    }
}

fn attest(
    registry: &mut MemoryRegistry,
    key: &PrivateKey,
    reference: &str,
    predicate: &Predicate,
    options: &Options,
) -> Result<SignedImage, SigningError> {
    let mut random = FixedRandom::default();
    let mut signer = Signer::private_key(key, &mut random);
    let references = [reference.to_owned()];
    let mut results = attest_images(registry, &mut signer, &references, predicate, options);
    assert_eq!(results.len(), 1);
    results.remove(0).outcome
}

/// The types of the attestations that are attached, and how many there are of each; in both places the
/// same ones.
fn attested(registry: &mut MemoryRegistry, form: Form) -> Vec<(&'static str, usize)> {
    let mut all = Vec::new();
    if form != Form::Bundle {
        let manifest = served(registry, REPOSITORY, &attestation_tag(&digest()));
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        let layers = manifest["layers"].as_array().unwrap().iter();
        all.push(
            layers
                .map(|layer| layer["annotations"]["predicateType"].clone())
                .collect::<Vec<_>>(),
        );
    }
    if form != Form::Simple {
        let index = match registry.referrers {
            Some(_) => registry
                .store
                .referrers(&REPOSITORY.parse().unwrap(), &digest())
                .into_bytes(),
            None => kept(registry),
        };
        let list = Referrers::parse(media_type::OCI_INDEX, &index).unwrap();
        let kinds = list.candidates().map(|found| {
            let manifest: Value = serde_json::from_slice(&stored(registry, &found.digest)).unwrap();
            manifest["annotations"]["dev.sigstore.bundle.predicateType"].clone()
        });
        all.push(kinds.collect());
    }
    let count = |kinds: &Vec<Value>| {
        let known = ["https://a.test/sbom", "https://a.test/vuln"];
        let counted = known.map(|kind| (kind, kinds.iter().filter(|one| *one == kind).count()));
        counted
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .collect::<Vec<_>>()
    };
    let counts: Vec<_> = all.iter().map(count).collect();
    assert!(counts.iter().all(|other| *other == counts[0]), "{counts:?}");
    counts[0].clone()
}

fn sign_logged(
    registry: &mut MemoryRegistry,
    log: &mut MemoryLog,
    api: LogApi,
    options: &Options,
) -> SigningResult {
    let logs = log.trusted();
    let mut random = FixedRandom::default();
    let mut signer = Signer::private_key(&FIRST, &mut random).with_log(Logging {
        service: log,
        api,
        logs,
        witnesses: 0,
    });
    sign_images(registry, &mut signer, &[reference()], options).remove(0)
}

fn bundled() -> Options {
    Options {
        form: Form::Bundle,
        ..attaching()
    }
}

fn attesting() -> Options {
    Options {
        attachment: Attachment::BesideImage(Earlier::Keep),
        ..Options::default()
    }
}

fn first() -> Rules {
    Rules {
        formats: Formats::Any,
        ..rules(&[&first_pub()])
    }
}

fn rules_of_both() -> Rules {
    Rules {
        formats: Formats::Any,
        threshold: Threshold::AtLeast(2),
        ..rules(&[&first_pub(), &second_pub()])
    }
}

/// The formats of all that is found, if the image verifies.
fn formats(registry: &mut MemoryRegistry, rules: &Rules) -> Vec<SignatureFormat> {
    let policy = Policy::new(rules.clone()).unwrap();
    let image = verify(registry, &policy, &reference());
    let image = image.unwrap_or_else(|error| panic!("{error}"));
    image
        .signatures()
        .iter()
        .map(|found| found.format)
        .collect()
}

fn digest() -> Digest {
    Digest::of(&data("cosign/image/manifest.json"))
}

fn reference() -> String {
    format!("{REPOSITORY}@{}", digest())
}

fn put_image(store: &mut Store, repository: &str) {
    for file in ["config.json", "layer.tar.gz"] {
        store.put_blob(repository, &data(&format!("cosign/image/{file}")));
    }
    let manifest = data("cosign/image/manifest.json");
    store.put_manifest(repository, "v1", media_type::OCI_MANIFEST, &manifest);
}

fn without_list() -> MemoryRegistry {
    let mut store = Store::default();
    put_image(&mut store, REPOSITORY);
    MemoryRegistry::honest(store)
}

fn with_list() -> MemoryRegistry {
    MemoryRegistry {
        referrers: Some(9),
        ..without_list()
    }
}

fn served(registry: &MemoryRegistry, repository: &str, reference: &str) -> Vec<u8> {
    registry
        .store
        .manifest(&repository.parse().unwrap(), reference)
        .unwrap()
        .content
}

fn kept(registry: &MemoryRegistry) -> Vec<u8> {
    served(registry, REPOSITORY, &referrers_tag(&digest()))
}

fn stored(registry: &MemoryRegistry, digest: &Digest) -> Vec<u8> {
    stored_in(&registry.store, digest)
}

fn stored_in(store: &Store, digest: &Digest) -> Vec<u8> {
    store
        .manifest(&REPOSITORY.parse().unwrap(), &digest.to_string())
        .unwrap()
        .content
}

/// The entries of the list that clients keep, as they stand.
fn kept_entries(registry: &MemoryRegistry) -> Vec<String> {
    let repository = REPOSITORY.parse().unwrap();
    let Ok(list) = registry
        .store
        .manifest(&repository, &referrers_tag(&digest()))
    else {
        return Vec::new();
    };
    let list: BTreeMap<String, Box<serde_json::value::RawValue>> =
        serde_json::from_slice(&list.content).unwrap();
    let entries: Vec<Box<serde_json::value::RawValue>> =
        serde_json::from_str(list["manifests"].get()).unwrap();
    entries.iter().map(|entry| entry.get().to_owned()).collect()
}

/// What others may have attached, and the list of it if clients keep one.
fn put_others(store: &mut Store, keeps_list: bool) -> Vec<Digest> {
    let mut digests = Vec::new();
    let mut entries = Vec::new();
    let mut put = |store: &mut Store, kind: &str, bytes: &[u8], more: &str| {
        let digest = store.put_manifest(REPOSITORY, "sha256:", kind, bytes);
        let size = bytes.len();
        entries.push(format!(
            r#"{{ "mediaType":"{kind}","digest":"{digest}","size":{size}{more}}}"#
        ));
        digests.push(digest);
    };
    let folder = "cosign/bundle-sig/v3.1.1-plain";
    // Another image's, by the same key, which refers to this one.
    let subject = Descriptor::of(
        media_type::OCI_MANIFEST,
        &data("cosign/image/manifest.json"),
    );
    let subject = serde_json::to_value(&subject).unwrap();
    let bundle = data(&format!("{folder}/bundle.sigstore.json"));
    let foreign = data("cosign/attestation/v3.1.1-bundle/bundle.sigstore.json");
    for (blob, kind) in [
        (foreign, "https://sigstore.dev/cosign/sign/v1"),
        (b"no bundle".to_vec(), "https://sigstore.dev/cosign/sign/v1"),
        (forged(&bundle), "https://sigstore.dev/cosign/sign/v1"),
    ] {
        store.put_blob(REPOSITORY, &blob);
        let layer = serde_json::to_value(Descriptor::of(MEDIA_TYPE, &blob)).unwrap();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": media_type::OCI_MANIFEST,
            "config": {"mediaType": media_type::OCI_EMPTY, "size": 2, "digest": Digest::of(b"{}").to_string()},
            "layers": [layer],
            "annotations": {"dev.sigstore.bundle.predicateType": kind},
            "subject": subject,
            "artifactType": MEDIA_TYPE,
        });
        let bytes = manifest.to_string().into_bytes();
        put(
            store,
            media_type::OCI_MANIFEST,
            &bytes,
            r#", "artifactType":"application/vnd.oci.empty.v1+json""#,
        );
    }
    let sbom = json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": {},
        "layers": [], "subject": subject, "artifactType": "application/spdx+json"});
    put(
        store,
        media_type::OCI_MANIFEST,
        sbom.to_string().as_bytes(),
        r#","artifactType":"application/spdx+json""#,
    );
    if keeps_list {
        entries.push(r#"{"broken":  [1]}"#.into());
        let list = format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{}],"annotations":{{"mine":"kept"}}}}"#,
            media_type::OCI_INDEX,
            entries.join(",")
        );
        let tag = referrers_tag(&digest());
        store.put_manifest(REPOSITORY, &tag, media_type::OCI_INDEX, list.as_bytes());
    }
    digests
}

/// A bundle with another signature in it.
fn forged(bundle: &[u8]) -> Vec<u8> {
    let mut bundle: Value = serde_json::from_slice(bundle).unwrap();
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = STANDARD.encode(b"forged").into();
    bundle.to_string().into_bytes()
}

/// The payload of an envelope.
fn payload(envelope: &Value) -> Vec<u8> {
    STANDARD
        .decode(envelope["payload"].as_str().unwrap())
        .unwrap()
}

/// An envelope, or a bundle, without what differs from signing to signing.
fn unsigned(json: &[u8]) -> String {
    let text = String::from_utf8(json.to_vec()).unwrap();
    let (before, after) = text.split_once(r#""sig":""#).unwrap();
    let (_, rest) = after.split_once('"').unwrap();
    format!("{before}{rest}")
}
