//! Signing into a registry: the bytes are cosign's, the requests are few, and whatever goes wrong,
//! no signature is lost.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cosignet::imports::{KeyServiceError, ManifestPush, RegistryError};
use cosignet::key::PrivateKey;
use cosignet::oci::{Digest, SignatureImage, media_type, signature_tag};
use cosignet::payload::SimpleSigning;
use cosignet::sign::{
    AttachOutcome, Attachment, Earlier, ForeignSignature, Options, Signer, SigningError,
    attach_signature, sign_images,
};
use cosignet::verify::{Identity, Policy, Rules, Threshold};
use serde_json::{Value, json};
use support::*;

// cosign's bytes.

#[test]
fn signs_byte_for_byte_as_cosign() {
    let mut compared = 0;
    for case in cases("cosign/legacy-sig") {
        // Log entries are not made here, and a string cannot hold the byte that Go replaced.
        if case.contains("rekor") || case == "v2.5.0-annotations-escapes" {
            continue;
        }
        let fixture = Fixture::legacy(&case);
        let mut registry = MemoryRegistry::default();
        let options = Options {
            annotations: string_claims(&fixture),
            identities: vec![fixture.docker_reference.clone()],
            ..attaching()
        };
        let opened = key_type(&case).map(|name| open(&format!("cosign/keys/imported/{name}.key")));
        let key = opened.as_ref().unwrap_or(&FIRST);
        let image = sign_one(&mut registry, key, &fixture.reference(), &options).unwrap();
        if fixture.payloads.len() == 2 {
            let config: Value = serde_json::from_slice(&fixture.config).unwrap();
            let created = config["created"].as_str().unwrap();
            let options = Options {
                created: Some(created.to_owned()).filter(|time| time != "0001-01-01T00:00:00Z"),
                ..options
            };
            sign_one(&mut registry, &SECOND, &fixture.reference(), &options).unwrap();
        }
        assert_eq!(image.signatures[0].payload, fixture.payloads[0], "{case}");
        let manifest = registry
            .store
            .signatures(&fixture.repository, &fixture.image);
        let manifest = manifest.unwrap();
        let ours = stored_signatures(manifest);
        // cosign 3 signs Ed25519ph, which it cannot verify itself.
        if case.contains("rsa") || case == "keytype-ed25519-pkcs8-v2.5.0" {
            assert_eq!(text(manifest), text(&fixture.manifest), "{case}");
        }
        // ECDSA signatures of cosign are random.
        let mut replaced = text(manifest).to_owned();
        for (ours, theirs) in ours.iter().zip(&fixture.signatures) {
            replaced = replaced.replace(&STANDARD.encode(ours), theirs);
        }
        assert_eq!(replaced, text(&fixture.manifest), "{case}");
        let config = registry
            .store
            .stored_blob(&fixture.repository, &Digest::of(&fixture.config));
        assert_eq!(config, Some(fixture.config.as_slice()), "{case}");
        for payload in &fixture.payloads {
            let stored = registry
                .store
                .stored_blob(&fixture.repository, &Digest::of(payload));
            assert_eq!(stored, Some(payload.as_slice()), "{case}");
        }
        compared += 1;
    }
    assert_eq!(compared, 23);
}

#[test]
fn a_tag_is_resolved_once_and_signed_by_digest() {
    let fixture = Fixture::legacy("v2.5.0-by-tag");
    let mut registry = MemoryRegistry::default();
    let manifest = data("cosign/image/manifest.json");
    registry.store.put_manifest(
        &fixture.repository,
        "v1",
        media_type::OCI_MANIFEST,
        &manifest,
    );
    let reference = format!("{}:v1", fixture.repository);
    let image = sign_one(&mut registry, &FIRST, &reference, &attaching()).unwrap();
    assert_eq!(image.digest, fixture.image);
    assert_eq!(image.signatures[0].payload, fixture.payloads[0]);
    assert_eq!(registry.calls[0], Call::Resolve(1));
    assert_eq!(registry.calls[1..], FRESH);
    let gone = format!("{}:v2", fixture.repository);
    assert!(matches!(
        sign_one(&mut registry, &FIRST, &gone, &attaching()),
        Err(SigningError::ImageNotFound(_))
    ));
}

#[test]
fn signs_an_index_and_its_manifests() {
    let fixture = Fixture::legacy("v2.5.0-index");
    let index = data("cosign/image/index.json");
    let mut registry = MemoryRegistry::default();
    registry
        .store
        .put_manifest(&fixture.repository, "v1", media_type::OCI_INDEX, &index);
    let options = Options {
        recursive: true,
        ..attaching()
    };
    let reference = format!("{}:v1", fixture.repository);
    let results = sign(&mut registry, &FIRST, &[&reference], &options);
    let index: Value = serde_json::from_slice(&index).unwrap();
    let mut expected = vec![fixture.image.to_string()];
    for child in index["manifests"].as_array().unwrap() {
        expected.push(child["digest"].as_str().unwrap().to_owned());
    }
    let signed: Vec<_> = results
        .iter()
        .map(|result| result.outcome.as_ref().unwrap().digest.to_string())
        .collect();
    assert_eq!(signed, expected, "the index first");
    assert_eq!(results[0].subject, reference);
    assert_eq!(
        results[1].subject,
        format!("{}@{}", fixture.repository, expected[1])
    );
    assert!(results.iter().all(|result| result.reference_index == 0));
    let root = results[0].outcome.as_ref().unwrap();
    assert_eq!(root.signatures[0].payload, fixture.payloads[0]);
    // All three side by side.
    assert_eq!(
        registry.calls,
        [
            Call::Resolve(1),
            Call::FetchManifests(1),
            Call::PushBlobs(6),
            Call::FetchManifests(3),
            Call::PushManifests(3),
            Call::FetchManifests(3),
        ]
    );
    let keys = policy(&[&first_pub()]);
    for digest in expected {
        let reference = format!("{}@{digest}", fixture.repository);
        assert!(verify(&mut registry, &keys, &reference).is_ok(), "{digest}");
    }
}

// Requests and merging.

#[test]
fn a_fresh_signature_takes_four_calls() {
    let mut registry = MemoryRegistry::default();
    let image = sign_one(&mut registry, &FIRST, IMAGE, &attaching()).unwrap();
    assert_eq!(registry.calls, FRESH);
    let attached = image.attached[0].clone();
    assert_eq!(attached.outcome, AttachOutcome::Added);
    assert_eq!(attached.repository.as_str(), "r.example/app");
    assert_eq!(attached.tag, Some(signature_tag(&digest())));
    let manifest = registry.store.signatures("r.example/app", &digest());
    assert_eq!(attached.manifest_digest, Digest::of(manifest.unwrap()));
}

#[test]
fn without_attachment_nothing_is_pushed_or_asked() {
    let mut registry = MemoryRegistry::default();
    let image = sign_one(&mut registry, &FIRST, IMAGE, &Options::default()).unwrap();
    assert!(image.attached.is_empty());
    assert!(registry.calls.is_empty());
    let signature = &image.signatures[0];
    let key = FIRST.public_key();
    assert!(key.verify(&signature.payload, &signature.signature).is_ok());
}

#[test]
fn signing_again_changes_nothing() {
    let mut registry = MemoryRegistry::default();
    let options = with_annotation("env", "prod");
    let first = sign_one(&mut registry, &FIRST, IMAGE, &options).unwrap();
    let before = registry.store.clone();
    registry.forget();
    for earlier in [Earlier::Replace, Earlier::Keep] {
        let options = Options {
            attachment: Attachment::BesideImage(earlier),
            ..options.clone()
        };
        let again = sign_one(&mut registry, &FIRST, IMAGE, &options).unwrap();
        let attached = again.attached[0].clone();
        assert_eq!(attached.outcome, AttachOutcome::Unchanged);
        let first_attached = first.attached.first().unwrap();
        assert_eq!(attached.manifest_digest, first_attached.manifest_digest);
        assert_eq!(again.signatures, first.signatures);
        assert_eq!(registry.store, before);
        let pushed = |call: &Call| matches!(call, Call::PushManifests(_));
        assert!(!registry.calls.iter().any(pushed));
    }
}

#[test]
fn other_claims_replace_own_and_keep_others() {
    let others = Fixture::legacy("v2.5.0-two-signers");
    let mut registry = MemoryRegistry::honest(others.store());
    let reference = others.reference();
    let before = raw_layers(&others.manifest);
    let sign = |registry: &mut MemoryRegistry, earlier, value| {
        let options = Options {
            attachment: Attachment::BesideImage(earlier),
            ..with_annotation("env", value)
        };
        let image = sign_one(registry, &FIRST, &reference, &options).unwrap();
        let manifest = registry.store.signatures(&others.repository, &others.image);
        (
            image.attached[0].clone().outcome,
            raw_layers(manifest.unwrap()),
        )
    };
    // The first layer is the signer's own.
    let (outcome, layers) = sign(&mut registry, Earlier::Replace, "one");
    assert_eq!(outcome, AttachOutcome::Replaced);
    assert_eq!(layers.len(), 2);
    assert_eq!(layers[0], before[1]);
    let (outcome, kept) = sign(&mut registry, Earlier::Keep, "two");
    assert_eq!(outcome, AttachOutcome::Added);
    assert_eq!(kept[..2], layers);
    assert_eq!(kept.len(), 3);
    // Two of its own go, one comes.
    let (outcome, layers) = sign(&mut registry, Earlier::Replace, "three");
    assert_eq!(outcome, AttachOutcome::Replaced);
    assert_eq!(layers.len(), 2);
    assert_eq!(layers[0], before[1]);
    // One of two is what it wants already.
    let (_, kept) = sign(&mut registry, Earlier::Keep, "four");
    let (outcome, layers) = sign(&mut registry, Earlier::Replace, "three");
    assert_eq!(outcome, AttachOutcome::Replaced);
    assert_eq!(layers, kept[..2]);
    let both = Rules {
        threshold: Threshold::AtLeast(2),
        ..rules(&[&first_pub(), &second_pub()])
    };
    assert!(verify(&mut registry, &Policy::new(both).unwrap(), &reference).is_ok());
}

#[test]
fn others_layers_stay_byte_for_byte() {
    let payload = b"{}";
    let digest = Digest::of(payload);
    let foreign = [
        format!(
            r#"{{ "annotations":{{"z":"1","a":"<&>","dev.cosignproject.cosign/signature":"AAAA"}},
            "size":2, "digest":"{digest}","unknown":{{"deep":[1,2.50,1e3,"\u00e9\/"]}},
            "mediaType":"x/y" }}"#
        ),
        format!(
            r#"{{"mediaType":"{}","size":2,"digest":"{digest}"}}"#,
            media_type::SIMPLE_SIGNING
        ),
    ];
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"{}",
        "config":{{"mediaType":"c/d","size":2,"digest":"{digest}"}},
        "layers":[{},{}],"annotations":{{"who":"they & we"}},"extra":[ 1 ]}}"#,
        media_type::DOCKER_MANIFEST,
        foreign[0],
        foreign[1],
    );
    let mut registry = MemoryRegistry::default();
    registry.store.put_blob("r.example/app", payload);
    registry.store.put_manifest(
        "r.example/app",
        &signature_tag(&self::digest()),
        media_type::DOCKER_MANIFEST,
        manifest.as_bytes(),
    );
    sign_one(&mut registry, &FIRST, IMAGE, &attaching()).unwrap();
    let after = registry.store.signatures("r.example/app", &self::digest());
    let after = text(after.unwrap());
    let json: Value = serde_json::from_str(after).unwrap();
    assert_eq!(json["mediaType"], media_type::DOCKER_MANIFEST);
    assert_eq!(json["config"]["mediaType"], "c/d");
    assert_eq!(json["extra"], json!([1]));
    assert_eq!(json["annotations"], json!({"who": "they & we"}));
    let layers = raw_layers(after.as_bytes());
    assert_eq!(layers.len(), 3);
    assert_eq!(layers[..2], foreign);
    assert!(after.contains(r#""annotations":{"who":"they & we"},"extra":[ 1 ]"#));
}

#[test]
fn a_creation_time_is_kept() {
    let fixture = Fixture::legacy("v2.5.0-record-creation-timestamp");
    let mut registry = MemoryRegistry::honest(fixture.store());
    sign_one(
        &mut registry,
        &third_key(),
        &fixture.reference(),
        &attaching(),
    )
    .unwrap();
    let manifest = registry
        .store
        .signatures(&fixture.repository, &fixture.image);
    let json: Value = serde_json::from_slice(manifest.unwrap()).unwrap();
    let config = json["config"]["digest"].as_str().unwrap().parse().unwrap();
    let config = registry.store.stored_blob(&fixture.repository, &config);
    let config: Value = serde_json::from_slice(config.unwrap()).unwrap();
    assert_eq!(config["created"], "2026-11-22T12:33:31.261613522Z");
    assert_eq!(config["rootfs"]["diff_ids"].as_array().unwrap().len(), 3);
}

/// cosign's test for a duplicate: the new layer's annotations are among the earlier one's. To
/// replace a signature that is in a log by the same one that is not would undo the log entry.
#[test]
fn a_signature_with_more_evidence_is_not_replaced_by_one_with_less() {
    for case in ["v2.5.0-rekor-bundle", "v3.1.1-rekor-bundle"] {
        let fixture = Fixture::legacy(case);
        let mut registry = MemoryRegistry::honest(fixture.store());
        let options = Options {
            annotations: string_claims(&fixture),
            ..attaching()
        };
        let image = sign_one(&mut registry, &FIRST, &fixture.reference(), &options).unwrap();
        let manifest = registry
            .store
            .signatures(&fixture.repository, &fixture.image);
        assert!(
            text(manifest.unwrap()).contains("dev.sigstore.cosign/bundle"),
            "{case}: {:?}",
            image.attached[0].clone().outcome
        );
    }
}

#[test]
fn malformed_layers_of_others_stop_the_signer_and_lose_nothing() {
    let good = layer(b"{}", "AAAA");
    for bad in [
        json!(5),
        json!(null),
        json!({"size": 2}),
        json!({"mediaType": "m", "size": -1, "digest": digest().to_string()}),
        json!({"mediaType": "m", "size": 1, "digest": digest().to_string().to_uppercase()}),
        json!({
            "mediaType": "m",
            "size": 1,
            "digest": digest().to_string(),
            "annotations": {"a": 1},
        }),
    ] {
        let mut registry = MemoryRegistry::default();
        registry.store.put_manifest(
            "r.example/app",
            &signature_tag(&digest()),
            media_type::OCI_MANIFEST,
            &manifest(&[good.clone(), bad.clone()]),
        );
        let before = tag_of(&registry);
        let result = sign_one(&mut registry, &FIRST, IMAGE, &attaching());
        assert!(
            matches!(result, Err(SigningError::UntrustedAnswer(_))),
            "{bad}: {result:?}"
        );
        assert_eq!(tag_of(&registry), before, "{bad}");
    }
}

#[test]
fn what_is_no_signature_image_is_not_written_over() {
    let other = |media_type: &str, content: &[u8]| {
        let mut registry = MemoryRegistry::default();
        let tag = signature_tag(&digest());
        registry
            .store
            .put_manifest("r.example/app", &tag, media_type, content);
        let before = tag_of(&registry);
        let result = sign_one(&mut registry, &FIRST, IMAGE, &attaching());
        assert!(
            matches!(result, Err(SigningError::UntrustedAnswer(_))),
            "{result:?}"
        );
        assert_eq!(tag_of(&registry), before);
    };
    other(media_type::OCI_INDEX, &data("cosign/image/index.json"));
    other(media_type::OCI_MANIFEST, &data("cosign/image/index.json"));
    other(media_type::OCI_MANIFEST, b"");
    other(media_type::OCI_MANIFEST, b"{}");
    other("text/html", b"<html>");
}

#[test]
fn a_full_signature_image_takes_no_more() {
    let mut registry = MemoryRegistry::default();
    let layers: Vec<_> = (0..1000)
        .map(|place| layer(b"{}", &signature_text(place)))
        .collect();
    registry.store.put_manifest(
        "r.example/app",
        &signature_tag(&digest()),
        media_type::OCI_MANIFEST,
        &manifest(&layers),
    );
    registry.store.put_blob("r.example/app", b"{}");
    let before = tag_of(&registry);
    let result = sign_one(&mut registry, &FIRST, IMAGE, &attaching());
    assert!(matches!(result, Err(SigningError::LimitExceeded(_))));
    assert_eq!(tag_of(&registry), before);
}

#[test]
fn an_earlier_signature_whose_payload_is_gone_is_kept() {
    let mut registry = MemoryRegistry::default();
    sign_one(&mut registry, &FIRST, IMAGE, &with_annotation("a", "1")).unwrap();
    registry.twist_blob = Some(Box::new(|_, _| {
        Err(RegistryError::Unavailable("no".into()))
    }));
    let image = sign_one(&mut registry, &FIRST, IMAGE, &with_annotation("a", "2")).unwrap();
    assert_eq!(image.attached[0].clone().outcome, AttachOutcome::Added);
    assert_eq!(raw_layers(&tag_of(&registry).unwrap()).len(), 2);
}

#[test]
fn a_payload_that_was_altered_is_nobodys() {
    let mut registry = MemoryRegistry::default();
    sign_one(&mut registry, &FIRST, IMAGE, &with_annotation("a", "1")).unwrap();
    registry.twist_blob = Some(Box::new(|_, _| Ok(b"other bytes".to_vec())));
    let image = sign_one(&mut registry, &FIRST, IMAGE, &with_annotation("a", "2")).unwrap();
    assert_eq!(image.attached[0].clone().outcome, AttachOutcome::Added);
}

// Identities, batches, other repositories.

#[test]
fn signs_for_several_identities() {
    let mut registry = MemoryRegistry::default();
    let options = Options {
        identities: vec!["one.example/a".into(), "two.example/b:v1".into()],
        ..attaching()
    };
    let image = sign_one(&mut registry, &FIRST, IMAGE, &options).unwrap();
    assert_eq!(registry.calls[0], Call::PushBlobs(3));
    assert_eq!(image.signatures.len(), 2);
    for (signature, identity) in image.signatures.iter().zip(&options.identities) {
        let claims = SimpleSigning::parse(&signature.payload).unwrap();
        assert_eq!(claims.docker_reference, *identity);
        let exact = Rules {
            identity: Identity::Exact(identity.clone()),
            ..rules(&[&first_pub()])
        };
        assert!(verify(&mut registry, &Policy::new(exact).unwrap(), IMAGE).is_ok());
    }
    let again = sign_one(&mut registry, &FIRST, IMAGE, &options).unwrap();
    assert_eq!(again.attached[0].clone().outcome, AttachOutcome::Unchanged);
}

#[test]
fn one_identity_named_twice_is_signed_once() {
    let mut registry = MemoryRegistry::default();
    let options = Options {
        identities: vec!["one.example/a".into(); 2],
        ..attaching()
    };
    // To refuse it is as good.
    if sign_one(&mut registry, &FIRST, IMAGE, &options).is_ok() {
        assert_eq!(raw_layers(&tag_of(&registry).unwrap()).len(), 1);
    }
}

#[test]
fn refuses_options_that_cannot_be() {
    let refused = [
        Options {
            identities: vec!["a".into(); 17],
            ..attaching()
        },
        Options {
            identities: vec![String::new()],
            ..attaching()
        },
        Options {
            created: Some("yesterday".into()),
            ..attaching()
        },
    ];
    for options in refused {
        let mut registry = MemoryRegistry::default();
        let result = sign_one(&mut registry, &FIRST, IMAGE, &options);
        assert!(matches!(result, Err(SigningError::InvalidOption(_))));
        assert!(registry.calls.is_empty());
    }
    let mut registry = MemoryRegistry::default();
    let long = with_annotation("k", &"v".repeat(64 * 1024));
    let result = sign_one(&mut registry, &FIRST, IMAGE, &long);
    assert!(matches!(result, Err(SigningError::LimitExceeded(_))));
    assert!(registry.calls.is_empty());
}

#[test]
fn one_image_named_several_times_is_signed_once() {
    let mut registry = MemoryRegistry::default();
    let tagged = "r.example/app:v1";
    registry.store.put_manifest(
        "r.example/app",
        "v1",
        media_type::OCI_MANIFEST,
        &data("cosign/image/manifest.json"),
    );
    let same = format!("r.example/app@{}", image_digest());
    let results = sign(
        &mut registry,
        &FIRST,
        &[tagged, &same, tagged],
        &attaching(),
    );
    for result in results {
        assert!(!result.outcome.unwrap().attached.is_empty());
    }
    let manifest = registry.store.signatures("r.example/app", &image_digest());
    assert_eq!(raw_layers(manifest.unwrap()).len(), 1);
}

/// A service whose signatures are random makes different ones of one payload: the first that is
/// attached is everybody's.
#[test]
fn one_image_named_twice_is_signed_once_by_a_random_service() {
    let mut registry = MemoryRegistry::default();
    let mut service = Alternating(MemoryKeyService::new(1));
    let mut signer = Signer::key_service(&mut service, "k").unwrap();
    let references = [IMAGE.to_owned(), IMAGE.to_owned()];
    let results = sign_images(&mut registry, &mut signer, &references, &attaching());
    let made: Vec<_> = results
        .into_iter()
        .map(|result| result.outcome.unwrap().signatures.remove(0).signature)
        .collect();
    let stored = stored_signatures(&tag_of(&registry).unwrap());
    assert_eq!(stored.len(), 1);
    assert_eq!(made, [stored[0].clone(), stored[0].clone()]);
}

/// Two repositories hold one image, and their signatures lie in one place: both claims are made.
#[test]
fn one_image_in_two_repositories_is_signed_for_both() {
    let sigs = "sigs.example/all".parse().unwrap();
    let options = Options {
        attachment: Attachment::Repository(sigs, Earlier::Replace),
        ..Options::default()
    };
    let references = [
        format!("one.example/a@{}", digest()),
        format!("two.example/a@{}", digest()),
    ];
    let mut registry = MemoryRegistry::default();
    let results = sign(
        &mut registry,
        &FIRST,
        &references.each_ref().map(|r| r.as_str()),
        &options,
    );
    let attached = results
        .iter()
        .filter(|result| result.outcome.is_ok())
        .count();
    assert_eq!(attached, 2);
    let manifest = registry.store.signatures("sigs.example/all", &digest());
    let stored = stored_signatures(manifest.unwrap());
    for result in &results {
        let signature = &result.outcome.as_ref().unwrap().signatures[0].signature;
        assert!(stored.contains(signature), "{} is lost", result.subject);
    }
}

/// The same, one after the other: a claim for one repository does not undo that for another.
#[test]
fn one_image_in_two_repositories_signed_one_after_the_other() {
    let sigs = "sigs.example/all".parse().unwrap();
    let options = Options {
        attachment: Attachment::Repository(sigs, Earlier::Replace),
        ..Options::default()
    };
    let mut registry = MemoryRegistry::default();
    for repository in ["one.example/a", "two.example/a"] {
        let reference = format!("{repository}@{}", digest());
        sign_one(&mut registry, &FIRST, &reference, &options).unwrap();
    }
    let manifest = registry.store.signatures("sigs.example/all", &digest());
    assert_eq!(raw_layers(manifest.unwrap()).len(), 2);
}

#[test]
fn one_that_fails_stops_no_other() {
    let mut registry = MemoryRegistry::default();
    let good: Vec<String> = (0..40)
        .map(|place| format!("r.example/app{place}@{}", digest()))
        .collect();
    let mut references: Vec<&str> = good.iter().map(String::as_str).collect();
    references.insert(7, "no reference at all");
    references.insert(35, "r.example/app:gone");
    let results = sign(&mut registry, &FIRST, &references, &attaching());
    assert_eq!(results.len(), 42);
    for (place, result) in results.iter().enumerate() {
        assert_eq!(result.reference_index, place);
        assert_eq!(result.subject, references[place]);
        let expected = match place {
            7 => matches!(result.outcome, Err(SigningError::InvalidReference(_))),
            35 => matches!(result.outcome, Err(SigningError::ImageNotFound(_))),
            _ => result.outcome.is_ok(),
        };
        assert!(expected, "{place}: {:?}", result.outcome);
    }
}

/// Reading and writing a tag must lie one request apart for every image of a batch, also for one
/// that has nothing to fetch while its neighbours do.
#[test]
fn a_neighbour_with_more_to_do_does_not_widen_the_window() {
    let mut registry = MemoryRegistry::default();
    let busy = format!("r.example/busy@{}", digest());
    sign_one(&mut registry, &SECOND, &busy, &attaching()).unwrap();
    registry.forget();
    registry.meanwhile = Some(Box::new(|store, place| {
        // After the tags were read: while the neighbour's configuration is pushed.
        if place == 3 {
            add_foreign(store, "r.example/app", "BBBB");
        }
    }));
    let results = sign(&mut registry, &FIRST, &[IMAGE, &busy], &attaching());
    assert_eq!(registry.calls[3], Call::PushBlobs(1));
    assert!(results.iter().all(|result| result.outcome.is_ok()));
    let stored = stored_signatures(&tag_of(&registry).unwrap());
    assert_eq!(stored.len(), 2, "the other signer's is lost");
}

// Indexes.

#[test]
fn walks_nested_indexes_once_each() {
    let mut registry = MemoryRegistry::default();
    let image = |number| descriptor(media_type::OCI_MANIFEST, Digest::of(&[number]));
    let inner = put_index(&mut registry, &[image(1), image(2)]);
    let outer = put_index(&mut registry, &[inner.clone(), image(2), image(3), inner]);
    let reference = format!("r.example/app@{}", outer["digest"].as_str().unwrap());
    let options = Options {
        recursive: true,
        ..attaching()
    };
    let results = sign(&mut registry, &FIRST, &[&reference], &options);
    assert_eq!(results.len(), 5, "outer, inner, and three images");
    assert!(results.iter().all(|result| result.outcome.is_ok()));
}

#[test]
fn a_missing_index_within_an_index_is_named() {
    let mut registry = MemoryRegistry::default();
    let gone = descriptor(media_type::OCI_INDEX, Digest::of(b"gone"));
    let outer = put_index(&mut registry, &[gone]);
    let Err(SigningError::ImageNotFound(name)) = sign_index(&mut registry, &outer) else {
        panic!("something was signed");
    };
    assert_eq!(name, format!("r.example/app@{}", Digest::of(b"gone")));
    assert_nothing_pushed(&registry);
}

#[test]
fn hostile_indexes_are_refused() {
    let options_of = |layers: Value| {
        let mut json = json!({
            "schemaVersion": 2,
            "mediaType": media_type::OCI_INDEX,
            "manifests": [],
        });
        json.as_object_mut()
            .unwrap()
            .extend(layers.as_object().unwrap().clone());
        serde_json::to_vec(&json).unwrap()
    };
    for bad in [
        options_of(json!({"layers": []})),
        options_of(json!({"config": {}})),
        options_of(json!({"mediaType": media_type::OCI_MANIFEST})),
        options_of(json!({"schemaVersion": 1})),
        options_of(json!({"manifests": null})),
        options_of(json!({"manifests": [{}]})),
        options_of(json!({"manifests": {}})),
        options_of(
            json!({"manifests": [{"mediaType": "m", "size": -1, "digest": digest().to_string()}]}),
        ),
        br#"{"schemaVersion":2,"manifests":[],"manifests":[]}"#.to_vec(),
        br#"{"schemaVersion":2,"manifests":[]} "#.iter().chain(b"x").copied().collect(),
    ] {
        let mut registry = MemoryRegistry::default();
        let shown = String::from_utf8_lossy(&bad).into_owned();
        let digest =
            registry
                .store
                .put_manifest("r.example/app", "v1", media_type::OCI_INDEX, &bad);
        let result = sign_index(&mut registry, &json!({"digest": digest.to_string()}));
        assert!(
            matches!(result, Err(SigningError::UntrustedAnswer(_))),
            "{shown}: {result:?}"
        );
        assert_nothing_pushed(&registry);
    }
}

#[test]
fn an_index_that_is_served_as_another_is_refused() {
    let mut registry = MemoryRegistry::default();
    let index = put_index(&mut registry, &[]);
    assert!(sign_index(&mut registry, &index).is_ok());
    type Lie = fn(&mut cosignet::imports::ServedManifest);
    let lies: [Lie; 3] = [
        |served| served.content.push(b' '),
        |served| served.media_type = media_type::OCI_MANIFEST.into(),
        |served| served.media_type = "application/json".into(),
    ];
    for lie in lies {
        let mut registry = MemoryRegistry::default();
        let index = put_index(&mut registry, &[]);
        registry.twist_manifest = Some(Box::new(move |_, answer| {
            answer.map(|mut served| {
                lie(&mut served);
                served
            })
        }));
        let result = sign_index(&mut registry, &index);
        assert!(
            matches!(result, Err(SigningError::UntrustedAnswer(_))),
            "{result:?}"
        );
        assert_nothing_pushed(&registry);
    }
}

/// A registry that answers every request for an index with the one that was asked for first would
/// lead around in circles, were the digest not compared.
#[test]
fn there_are_no_circles() {
    let mut registry = MemoryRegistry::default();
    let child = descriptor(media_type::OCI_INDEX, digest());
    let outer = put_index(&mut registry, &[child]);
    let content = registry.store.manifest(
        &"r.example/app".parse().unwrap(),
        outer["digest"].as_str().unwrap(),
    );
    registry.twist_manifest = Some(Box::new(move |_, _| content.clone()));
    let result = sign_index(&mut registry, &outer);
    assert!(matches!(result, Err(SigningError::UntrustedAnswer(_))));
}

#[test]
fn indexes_are_bounded_in_breadth_and_depth() {
    let image =
        |number: usize| descriptor(media_type::OCI_MANIFEST, Digest::of(&number.to_le_bytes()));
    let breadth = |count: usize| {
        let mut registry = MemoryRegistry::default();
        let children: Vec<_> = (0..count).map(image).collect();
        let index = put_index(&mut registry, &children);
        sign_index(&mut registry, &index)
    };
    assert!(breadth(999).is_ok());
    assert!(matches!(breadth(1001), Err(SigningError::LimitExceeded(_))));
    let depth = |count: usize| {
        let mut registry = MemoryRegistry::default();
        let mut index = put_index(&mut registry, &[image(1)]);
        for _ in 0..count {
            index = put_index(&mut registry, &[index]);
        }
        sign_index(&mut registry, &index)
    };
    assert!(depth(4).is_ok());
    assert!(matches!(depth(5), Err(SigningError::LimitExceeded(_))));
}

/// The error says "more than 1000 manifests".
#[test]
fn an_index_of_a_thousand_manifests_is_no_more_than_a_thousand() {
    let image =
        |number: usize| descriptor(media_type::OCI_MANIFEST, Digest::of(&number.to_le_bytes()));
    let mut registry = MemoryRegistry::default();
    let children: Vec<_> = (0..1000).map(image).collect();
    let index = put_index(&mut registry, &children);
    let result = sign_index(&mut registry, &index);
    assert!(result.is_ok(), "{result:?}");
}

// Signatures made elsewhere.

#[test]
fn attaches_a_signature_that_was_made_elsewhere() {
    let fixture = Fixture::legacy("v2.5.0-plain");
    let mut registry = MemoryRegistry::default();
    let reference = fixture.reference();
    let stored = format!("{}\n", fixture.signatures[0]);
    let attach = |registry: &mut MemoryRegistry, signature: &[u8]| {
        let payload = &fixture.payloads[0];
        attach_signature(registry, &foreign(&reference, payload, signature), None)
    };
    let attached = attach(&mut registry, stored.as_bytes()).unwrap();
    assert_eq!(attached.outcome, AttachOutcome::Added);
    assert_eq!(registry.calls, FRESH);
    let manifest = registry
        .store
        .signatures(&fixture.repository, &fixture.image);
    assert_eq!(text(manifest.unwrap()), text(&fixture.manifest));
    let raw = STANDARD.decode(&fixture.signatures[0]).unwrap();
    let again = attach(&mut registry, &raw).unwrap();
    assert_eq!(again.outcome, AttachOutcome::Unchanged);
    // Another signature over the same payload stands beside it.
    let beside = attach(&mut registry, b"AAAA").unwrap();
    assert_eq!(beside.outcome, AttachOutcome::Added);
    let manifest = registry
        .store
        .signatures(&fixture.repository, &fixture.image);
    assert_eq!(raw_layers(manifest.unwrap()).len(), 2);
    let keys = policy(&[&first_pub()]);
    assert!(verify(&mut registry, &keys, &reference).is_ok());
}

#[test]
fn attaches_nothing_that_belongs_elsewhere() {
    let fixture = Fixture::legacy("v2.5.0-plain");
    let payload = &fixture.payloads[0];
    let signature = fixture.signatures[0].as_bytes();
    let other = format!("{}@{}", fixture.repository, digest());
    let too_long = vec![b'x'; 65 * 1024];
    for (reference, payload, signature, reason) in [
        (other.as_str(), payload.as_slice(), signature, "other image"),
        (&fixture.reference(), b"{}", signature, "no payload"),
        (&fixture.reference(), &too_long, signature, "long payload"),
        (&fixture.reference(), payload, b"", "empty signature"),
        (&fixture.reference(), payload, b" \r\n\t", "blank signature"),
        (&fixture.reference(), payload, &too_long, "long signature"),
        ("not a reference", payload, signature, "no reference"),
    ] {
        let mut registry = MemoryRegistry::default();
        let result = attach_signature(&mut registry, &foreign(reference, payload, signature), None);
        assert!(
            matches!(
                result,
                Err(SigningError::InvalidOption(_)
                    | SigningError::LimitExceeded(_)
                    | SigningError::InvalidReference(_))
            ),
            "{reason}: {result:?}"
        );
        assert_nothing_pushed(&registry);
    }
}

// Key services.

#[test]
fn signs_with_a_key_service() {
    let mut service = MemoryKeyService::new(1);
    let pem = service.pem();
    let mut registry = MemoryRegistry::default();
    let mut signer = Signer::key_service(&mut service, "release").unwrap();
    let result = sign_images(
        &mut registry,
        &mut signer,
        &[IMAGE.to_owned()],
        &attaching(),
    );
    assert!(result[0].outcome.is_ok());
    assert_eq!(registry.calls, FRESH);
    assert!(verify(&mut registry, &policy(&[pem.as_bytes()]), IMAGE).is_ok());
    assert_eq!(service.signed, 1);
}

#[test]
fn a_service_that_lies_or_fails_gets_nothing_pushed() {
    let other = FIRST
        .sign(b"something else", &mut FixedRandom::default())
        .unwrap();
    let why = || "by the test".to_owned();
    let failures = [
        KeyServiceError::NotFound(why()),
        KeyServiceError::Denied(why()),
        KeyServiceError::Unavailable(why()),
        KeyServiceError::Unsupported(why()),
        KeyServiceError::Other(why()),
    ];
    let lies = [Vec::new(), other, vec![0; 64], vec![0x30; 1 << 16]];
    let answers = lies.map(Ok).into_iter().chain(failures.clone().map(Err));
    for answer in answers {
        let mut service = MemoryKeyService::new(1);
        service.answer = Some(answer.clone());
        let mut signer = Signer::key_service(&mut service, "release").unwrap();
        let mut registry = MemoryRegistry::default();
        let mut results = sign_images(
            &mut registry,
            &mut signer,
            &[IMAGE.to_owned()],
            &attaching(),
        );
        match (results.remove(0).outcome, answer) {
            (Err(SigningError::BadSignature(_)), Ok(_)) => {}
            (Err(SigningError::KeyService(found)), Err(expected)) => assert_eq!(found, expected),
            (outcome, answer) => panic!("{answer:?}: {outcome:?}"),
        }
        assert!(registry.calls.is_empty());
    }
    for failure in failures {
        let mut service = MemoryKeyService::new(1);
        service.public_key = Some(Err(failure.clone()));
        let found = Signer::key_service(&mut service, "release").err();
        assert_eq!(found, Some(SigningError::KeyService(failure)));
    }
    for pem in [
        "",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    ] {
        let mut service = MemoryKeyService::new(1);
        service.public_key = Some(Ok(pem.to_owned()));
        let found = Signer::key_service(&mut service, "release").err();
        assert!(matches!(found, Some(SigningError::BadSignature(_))));
    }
}

// Faults.

/// At every call of an import, every kind of failure, before or after the work was done, once or
/// from then on, and answers that are missing: an error has a type, nobody's signature is lost,
/// and what is reported as attached is there.
#[test]
fn no_fault_loses_a_signature() {
    let others = Fixture::legacy("v2.5.0-two-signers");
    let own_raw = STANDARD.decode(&others.signatures[0]).unwrap();
    let foreign = STANDARD.decode(&others.signatures[1]).unwrap();
    let fresh = (Store::default(), Vec::new());
    let merged = (others.store(), vec![foreign]);
    let reference = others.reference();
    let mut faults = 0;
    for (store, must_stay) in [fresh, merged] {
        for earlier in [Earlier::Replace, Earlier::Keep] {
            let options = Options {
                attachment: Attachment::BesideImage(earlier),
                ..with_annotation("env", "prod")
            };
            let mut must_stay = must_stay.clone();
            if earlier == Earlier::Keep && !must_stay.is_empty() {
                must_stay.push(own_raw.clone());
            }
            let mut honest = MemoryRegistry::honest(store.clone());
            sign_one(&mut honest, &FIRST, &reference, &options).unwrap();
            for (place, &call) in honest.calls.iter().enumerate() {
                for error in registry_errors() {
                    for mode in 0..4 {
                        let mut registry = MemoryRegistry::honest(store.clone());
                        match mode {
                            0 => registry.failing = Some((place, error.clone())),
                            1 => registry.done_but_failing = Some((place, error.clone())),
                            2 => registry.dead_from = Some((place, error.clone())),
                            _ => registry.short = 1,
                        }
                        let believed = matches!(error, RegistryError::NotFound(_))
                            && call == honest.calls[1]
                            && place == 1
                            && mode < 3;
                        if believed && !must_stay.is_empty() {
                            // "There is no such tag": see the next test.
                            continue;
                        }
                        let what = format!("{earlier:?} call {place} {call:?} {error} mode {mode}");
                        let before = registry.store.signatures(&others.repository, &others.image);
                        let before = before.map(<[u8]>::to_vec);
                        let result = sign_one(&mut registry, &FIRST, &reference, &options);
                        let after = registry.store.signatures(&others.repository, &others.image);
                        if after != before.as_deref() {
                            let stored = stored_signatures(after.expect("the tag is gone"));
                            for signature in &must_stay {
                                assert!(stored.contains(signature), "{what}: lost");
                            }
                        }
                        if let Ok(image) = result {
                            let stored = stored_signatures(after.unwrap());
                            assert!(stored.contains(&image.signatures[0].signature), "{what}");
                        }
                        faults += 1;
                    }
                }
            }
        }
    }
    assert!(faults > 400, "{faults}");
}

/// A registry is believed when it says that a tag does not exist: there is no other way to sign
/// an image first. That it said so by mistake cannot be told.
#[test]
fn a_tag_that_the_registry_denies_is_written_anew() {
    let others = Fixture::legacy("v2.5.0-two-signers");
    let mut registry = MemoryRegistry::honest(others.store());
    registry.failing = Some((1, RegistryError::NotFound("by the test".into())));
    sign_one(&mut registry, &SECOND, &others.reference(), &attaching()).unwrap();
    let manifest = registry.store.signatures(&others.repository, &others.image);
    assert_eq!(raw_layers(manifest.unwrap()).len(), 1);
}

/// A tag that was read once and is gone when it is read again was deleted by someone, or the
/// registry is confused; after a successful read-back nothing is missing either way.
#[test]
fn one_denial_in_the_middle_loses_nothing() {
    let others = Fixture::legacy("v2.5.0-two-signers");
    let foreign = STANDARD.decode(&others.signatures[1]).unwrap();
    for place in 2..9 {
        let mut registry = MemoryRegistry::honest(others.store());
        registry.failing = Some((place, RegistryError::NotFound("by the test".into())));
        let options = with_annotation("env", "prod");
        let _ = sign_one(&mut registry, &FIRST, &others.reference(), &options);
        let manifest = registry.store.signatures(&others.repository, &others.image);
        assert!(
            stored_signatures(manifest.unwrap()).contains(&foreign),
            "call {place}"
        );
    }
}

/// Another signer adds its signature in one step at any moment before ours is written.
#[test]
fn another_signer_in_between_keeps_its_signature() {
    for resigned in [false, true] {
        let mut start = MemoryRegistry::default();
        if resigned {
            sign_one(&mut start, &FIRST, IMAGE, &with_annotation("a", "1")).unwrap();
        }
        let options = with_annotation("a", "2");
        let mut honest = MemoryRegistry::honest(start.store.clone());
        let image = sign_one(&mut honest, &FIRST, IMAGE, &options).unwrap();
        let own = image.signatures[0].signature.clone();
        let write = honest
            .calls
            .iter()
            .position(|call| matches!(call, Call::PushManifests(_)))
            .unwrap();
        for place in 0..honest.calls.len() {
            let mut registry = MemoryRegistry::honest(start.store.clone());
            registry.meanwhile = Some(Box::new(move |store, now| {
                if now == place {
                    add_foreign(store, "r.example/app", "BBBB");
                }
            }));
            let result = sign_one(&mut registry, &FIRST, IMAGE, &options);
            assert!(result.is_ok(), "{resigned} {place}: {result:?}");
            let stored = stored_signatures(&tag_of(&registry).unwrap());
            assert!(stored.contains(&own), "{resigned} {place}: own");
            // Between the last read and the write nobody can see it.
            if place != write {
                let foreign = STANDARD.decode("BBBB").unwrap();
                assert!(stored.contains(&foreign), "{resigned} {place}: foreign");
            }
        }
    }
}

/// Whoever keeps removing our signature is not outwaited for ever.
#[test]
fn gives_up_on_a_tag_that_does_not_rest() {
    let meanwhile: Meanwhile = Box::new(|store, _| {
        put_layers(store, "r.example/app", &[layer(b"{}", "BBBB")]);
    });
    let mut registry = MemoryRegistry {
        meanwhile: Some(meanwhile),
        ..MemoryRegistry::default()
    };
    let result = sign_one(&mut registry, &FIRST, IMAGE, &attaching());
    assert!(
        matches!(result, Err(SigningError::Contended(_))),
        "{result:?}"
    );
    assert!(registry.calls.len() < 100);
    let total: u32 = registry.pauses.iter().sum();
    assert!((500..60_000).contains(&total), "{total} ms");
}

const IMAGE: &str =
    "r.example/app@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

/// A signature where there was none.
const FRESH: [Call; 4] = [
    Call::PushBlobs(2),
    Call::FetchManifests(1),
    Call::PushManifests(1),
    Call::FetchManifests(1),
];

/// The digest of `IMAGE`.
fn digest() -> Digest {
    Digest::of(b"{}")
}

fn image_digest() -> Digest {
    Digest::of(&data("cosign/image/manifest.json"))
}

fn string_claims(fixture: &Fixture) -> BTreeMap<String, String> {
    serde_json::from_value::<Option<_>>(fixture.optional.clone())
        .unwrap()
        .unwrap_or_default()
}

fn with_annotation(key: &str, value: &str) -> Options {
    Options {
        annotations: [(key.to_owned(), value.to_owned())].into(),
        ..attaching()
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn tag_of(registry: &MemoryRegistry) -> Option<Vec<u8>> {
    let manifest = registry.store.signatures("r.example/app", &digest());
    manifest.map(<[u8]>::to_vec)
}

fn signature_text(number: usize) -> String {
    STANDARD.encode(number.to_le_bytes())
}

fn third_key() -> PrivateKey {
    PrivateKey::open(&data("cosign/keys/empty-password.key"), b"").unwrap()
}

fn put_layers(store: &mut Store, repository: &str, layers: &[Value]) {
    store.put_blob(repository, b"{}");
    let tag = signature_tag(&digest());
    store.put_manifest(
        repository,
        &tag,
        media_type::OCI_MANIFEST,
        &manifest(layers),
    );
}

/// What another signer does in no time: read, append, write.
fn add_foreign(store: &mut Store, repository: &str, signature: &str) {
    let found = store.signatures(repository, &digest()).map(<[u8]>::to_vec);
    let mut layers: Vec<Value> = found.map_or_else(Vec::new, |manifest| {
        let json: Value = serde_json::from_slice(&manifest).unwrap();
        json["layers"].as_array().unwrap().clone()
    });
    layers.push(layer(b"{}", signature));
    put_layers(store, repository, &layers);
}

/// A descriptor of something that nobody fetches.
fn descriptor(media_type: &str, digest: Digest) -> Value {
    json!({"mediaType": media_type, "size": 1, "digest": digest.to_string()})
}

/// Stores an index and describes it.
fn put_index(registry: &mut MemoryRegistry, manifests: &[Value]) -> Value {
    let index = serde_json::to_vec(&json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_INDEX,
        "manifests": manifests,
    }))
    .unwrap();
    let digest = Digest::of(&index).to_string();
    registry
        .store
        .put_manifest("r.example/app", &digest, media_type::OCI_INDEX, &index);
    json!({"mediaType": media_type::OCI_INDEX, "size": index.len(), "digest": digest})
}

/// Signs an index with everything below it; the first error, if there is one.
fn sign_index(registry: &mut MemoryRegistry, index: &Value) -> Result<(), SigningError> {
    let reference = format!("r.example/app@{}", index["digest"].as_str().unwrap());
    let options = Options {
        recursive: true,
        ..Options::default()
    };
    let results = sign(registry, &FIRST, &[&reference], &options);
    results
        .into_iter()
        .try_for_each(|result| result.outcome.map(|_| ()))
}

fn assert_nothing_pushed(registry: &MemoryRegistry) {
    let pushed = |call: &Call| matches!(call, Call::PushManifests(_) | Call::PushBlobs(_));
    assert!(!registry.calls.iter().any(pushed), "{:?}", registry.calls);
}

/// A service whose every second signature is the other of the two that ECDSA allows.
struct Alternating(MemoryKeyService);

impl cosignet::imports::KeyService for Alternating {
    fn public_key(&mut self, key: &str) -> Result<String, KeyServiceError> {
        self.0.public_key(key)
    }

    fn sign_digest(&mut self, key: &str, digest: &Digest) -> Result<Vec<u8>, KeyServiceError> {
        self.0.malleated = !self.0.malleated;
        self.0.sign_digest(key, digest)
    }
}

#[test]
fn the_registry_of_these_tests_is_strict() {
    let mut registry = MemoryRegistry::default();
    let push = ManifestPush {
        repository: "r.example/app".parse().unwrap(),
        reference: "t".into(),
        media_type: media_type::OCI_MANIFEST.into(),
        content: manifest(&[layer(b"absent", "AAAA")]),
    };
    assert!(registry.store.push_manifest(push).is_err());
    assert!(SignatureImage::parse(media_type::OCI_MANIFEST, &manifest(&[])).is_ok());
}

fn foreign<'a>(reference: &'a str, payload: &'a [u8], signature: &'a [u8]) -> ForeignSignature<'a> {
    ForeignSignature {
        reference,
        payload,
        signature,
        log_entry: None,
    }
}
