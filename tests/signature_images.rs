//! Signature images that others made: cosign 2 and 3, containers/image, and signers of public
//! images. What they verify is verified, and what they refuse is refused, for a named reason.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cosignet::imports::RegistryError;
use cosignet::key::PublicKey;
use cosignet::oci::{Digest, media_type, signature_tag};
use cosignet::payload::{PayloadError, SimpleSigning};
use cosignet::verify::{
    DetachedSignature, Identity, Options, Policy, Rejection, Rules, Threshold, VerificationError,
    VerifiedImage, verify_detached, verify_images,
};
use serde_json::{Value, json};
use support::*;

// cosign.

#[test]
fn verifies_everything_that_cosign_signed() {
    let cases = cases("cosign/legacy-sig");
    assert_eq!(cases.len(), 26);
    for case in cases {
        let fixture = Fixture::legacy(&case);
        let mut registry = MemoryRegistry::honest(fixture.store());
        let key = Fixture::public_key(&case);
        let image = verify(&mut registry, &policy(&[&key]), &fixture.reference())
            .unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_eq!(*image.digest(), fixture.image, "{case}");
        assert_eq!(image.signatures().len(), fixture.payloads.len(), "{case}");
        let first = image.signatures()[0].verified().unwrap();
        assert_eq!(first.payload(), fixture.payloads[0], "{case}");
        assert_eq!(
            first.docker_reference(),
            Some(fixture.docker_reference.as_str()),
            "{case}"
        );
        assert_eq!(first.key_index(), 0, "{case}");
        assert_eq!(
            *first.key_fingerprint(),
            PublicKey::from_pem(&key).unwrap().fingerprint(),
            "{case}"
        );
        let claims: Value = serde_json::to_value(first.annotations()).unwrap();
        let expected = match &fixture.optional {
            Value::Null => json!({}),
            optional => optional.clone(),
        };
        assert_eq!(claims, expected, "{case}");

        let refused = verify(
            &mut registry,
            &policy(&[&other_pub()]),
            &fixture.reference(),
        );
        for reason in rejections(&refused) {
            assert_eq!(reason, Some(Rejection::NoTrustedKey), "{case}");
        }
    }
}

#[test]
fn reports_each_of_two_signers() {
    for case in ["v2.5.0-two-signers", "v2.5.0-record-creation-timestamp"] {
        let fixture = Fixture::legacy(case);
        let mut registry = MemoryRegistry::honest(fixture.store());
        let mut counted = |keys: &[&[u8]]| {
            let image = verify(&mut registry, &policy(keys), &fixture.reference()).unwrap();
            let reports = image.signatures().iter();
            reports
                .map(|report| report.verified().map(|signature| signature.key_index()))
                .collect::<Vec<_>>()
        };
        assert_eq!(counted(&[&first_pub()]), [Some(0), None], "{case}");
        assert_eq!(counted(&[&second_pub()]), [None, Some(0)], "{case}");
        let both = counted(&[&second_pub(), &other_pub(), &first_pub()]);
        assert_eq!(both, [Some(2), Some(0)], "{case}");
    }
}

#[test]
fn counts_distinct_keys_against_the_threshold() {
    let fixture = Fixture::legacy("v2.5.0-two-signers");
    let verified = |keys: &[&[u8]], at_least| {
        let policy = Policy::new(Rules {
            threshold: Threshold::AtLeast(at_least),
            ..rules(keys)
        })
        .unwrap();
        let mut registry = MemoryRegistry::honest(fixture.store());
        verify(&mut registry, &policy, &fixture.reference())
    };
    let [first, second, other] = [first_pub(), second_pub(), other_pub()];
    assert!(verified(&[&first, &second], 2).is_ok());
    assert!(verified(&[&first, &second, &other], 2).is_ok());
    let Err(VerificationError::NoMatch(image)) = verified(&[&first, &second, &other], 3) else {
        panic!("two keys made three signatures");
    };
    assert_eq!((image.counted, image.required), (2, 3));
    // One key listed twice does not lend its weight twice.
    let Err(VerificationError::NoMatch(image)) = verified(&[&first, &first, &other], 2) else {
        panic!("one key counted twice");
    };
    assert_eq!((image.counted, image.required), (1, 2));
}

#[test]
fn two_signatures_of_one_key_are_one() {
    let fixture = Fixture::legacy("v3.1.1-rekor-bundle");
    assert_eq!(fixture.signatures.len(), 2);
    let rules = Rules {
        threshold: Threshold::AtLeast(2),
        ..rules(&[&first_pub(), &other_pub()])
    };
    let mut registry = MemoryRegistry::honest(fixture.store());
    let result = verify(
        &mut registry,
        &Policy::new(rules).unwrap(),
        &fixture.reference(),
    );
    let Err(VerificationError::NoMatch(image)) = result else {
        panic!("one key made two");
    };
    assert_eq!(image.counted, 1);
}

#[test]
fn one_rsa_key_in_two_encodings_is_one() {
    let spki = data("cosign/keys/imported/rsa2048-pkcs1.pub");
    let key = PublicKey::from_pem(&spki).unwrap();
    // The SubjectPublicKeyInfo of RSA-2048 is 24 bytes around the PKCS#1 key.
    let pkcs1 = pem("RSA PUBLIC KEY", &key.spki_der()[24..]);
    assert_eq!(PublicKey::from_pem(&pkcs1).unwrap(), key);
    let twice = Rules {
        threshold: Threshold::AtLeast(2),
        ..rules(&[&spki, &pkcs1])
    };
    assert!(Policy::new(twice).is_err());
}

#[test]
fn requires_annotations() {
    let fixture = Fixture::legacy("v2.5.0-annotation-env-prod");
    let mut registry = MemoryRegistry::honest(fixture.store());
    let mut with = |wanted: &[(&str, &str)]| {
        let rules = Rules {
            annotations: wanted
                .iter()
                .map(|&(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
            ..rules(&[&first_pub()])
        };
        let policy = Policy::new(rules).unwrap();
        verify(&mut registry, &policy, &fixture.reference())
    };
    assert!(with(&[("env", "prod")]).is_ok());
    for (wanted, key) in [
        (&[("env", "dev")][..], "env"),
        (&[("ENV", "prod")], "ENV"),
        (&[("env", "prod"), ("team", "a")], "team"),
        (&[("env", "")], "env"),
        (&[("", "prod")], ""),
    ] {
        let expected = Rejection::AnnotationMismatch(key.to_owned());
        assert_eq!(rejection(&with(wanted)), expected);
    }
}

#[test]
fn checks_the_identity_if_it_is_told_to() {
    let fixture = Fixture::legacy("v2.5.0-container-identity");
    let named = "registry.example.com/prod/app:v1";
    let found_in = "127.0.0.1:5055/test/ident";
    let mut store = Default::default();
    fixture.put(&mut store, found_in);
    let mut registry = MemoryRegistry::honest(store);
    let mut with = |identity| {
        let policy = Policy::new(Rules {
            identity,
            ..rules(&[&first_pub()])
        })
        .unwrap();
        let reference = format!("{found_in}@{}", fixture.image);
        verify(&mut registry, &policy, &reference)
    };
    let exact = |text: &str| Identity::Exact(text.to_owned());
    let remap = |actual: &str, signed: &str| Identity::Remap {
        actual: actual.to_owned(),
        signed: signed.to_owned(),
    };
    let other = Rejection::OtherIdentity(named.to_owned());
    assert!(with(Identity::Ignore).is_ok());
    assert!(with(exact(named)).is_ok());
    for refused in [
        exact("registry.example.com/prod/app"),
        Identity::Repository,
        remap("127.0.0.1:5055/test", "registry.example.com/prod"),
        remap(
            "127.0.0.1:5055/test/iden",
            "registry.example.com/prod/app:v1",
        ),
    ] {
        assert_eq!(rejection(&with(refused)), other);
    }
}

#[test]
fn an_image_that_was_copied_verifies_by_its_prefix() {
    let fixture = Fixture::legacy("v2.5.0-plain");
    let mut store = fixture.store();
    fixture.put(&mut store, "mirror.example/team/app");
    let mut registry = MemoryRegistry::honest(store);
    let mut with = |repository: &str, identity| {
        let policy = Policy::new(Rules {
            identity,
            ..rules(&[&first_pub()])
        })
        .unwrap();
        let reference = format!("{repository}@{}", fixture.image);
        verify(&mut registry, &policy, &reference)
    };
    let remap = |actual: &str, signed: &str| Identity::Remap {
        actual: actual.to_owned(),
        signed: signed.to_owned(),
    };
    let (mirror, own) = ("mirror.example/team/app", "127.0.0.1:5055/test/app");
    assert!(with(own, Identity::Repository).is_ok());
    assert!(with(mirror, Identity::Ignore).is_ok());
    assert!(with(mirror, remap("mirror.example/team", "127.0.0.1:5055/test")).is_ok());
    assert!(with(mirror, remap(mirror, own)).is_ok());
    for refused in [
        Identity::Repository,
        remap("mirror.example/tea", "127.0.0.1:5055/tes"),
        remap("other.example/team", "127.0.0.1:5055/test"),
        remap("mirror.example/team", "127.0.0.1:5055"),
    ] {
        let expected = Rejection::OtherIdentity(own.to_owned());
        assert_eq!(rejection(&with(mirror, refused)), expected);
    }
}

#[test]
fn signatures_can_lie_in_another_repository() {
    let fixture = Fixture::legacy("v2.5.0-plain");
    let mut store = Default::default();
    fixture.put(&mut store, "sigs.example/all");
    let mut registry = MemoryRegistry::honest(store);
    let elsewhere = Options {
        signature_repository: Some("sigs.example/all".parse().unwrap()),
        ..Options::default()
    };
    let references = [fixture.reference()];
    let keys = policy(&[&first_pub()]);
    let results = verify_images(&mut registry, &keys, &references, &elsewhere);
    let image = results[0].as_ref().unwrap();
    assert_eq!(image.repository().as_str(), fixture.docker_reference);
    let results = verify_images(&mut registry, &keys, &references, &Default::default());
    assert!(matches!(
        results[0],
        Err(VerificationError::NoSignatures(_))
    ));
}

/// What is expected of a broken signature image.
enum Expected {
    NoSignatures,
    Rejected(fn(&Rejection) -> bool),
}

#[test]
fn refuses_what_was_tampered_with() {
    use Expected::*;
    let is_bad_entry = |r: &Rejection| matches!(r, Rejection::LogEntry(_));
    let table: [(&str, Expected); 11] = [
        (
            "b64",
            Rejected(|r| matches!(r, Rejection::SignatureMalformed(_))),
        ),
        // This policy asks for no log; but an entry that is there must be about the signature.
        // cosign, told to ignore logs, reads past both.
        ("badbundle", Rejected(is_bad_entry)),
        ("emptymanifest", NoSignatures),
        (
            "emptysig",
            Rejected(|r| matches!(r, Rejection::SignatureMalformed(_))),
        ),
        ("fakebundle", Rejected(is_bad_entry)),
        // cosign lets it pass; a payload of another type is no simple-signing payload.
        (
            "mediatype",
            Rejected(|r| *r == Rejection::OtherMediaType("application/octet-stream".into())),
        ),
        ("nosig", Rejected(|r| *r == Rejection::SignatureMissing)),
        ("payload", Rejected(|r| *r == Rejection::NoTrustedKey)),
        (
            "replay",
            Rejected(
                |r| matches!(r, Rejection::OtherImage(image) if image.to_string().ends_with("93")),
            ),
        ),
        ("sigflip", Rejected(|r| *r == Rejection::NoTrustedKey)),
        ("ws", Rejected(|r| *r == Rejection::NoTrustedKey)),
    ];
    let names: Vec<_> = table.iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(names, cases("cosign/tampered"));

    let good = Fixture::legacy("v2.5.0-plain");
    let keys = policy(&[&first_pub()]);
    assert!(
        verify(
            &mut MemoryRegistry::honest(good.store()),
            &keys,
            &good.reference()
        )
        .is_ok()
    );
    for (case, expected) in table {
        let mut store = Store::default();
        if case != "emptymanifest" {
            let payload = data(&format!("cosign/tampered/{case}/payload.json"));
            store.put_blob(&good.repository, &payload);
        }
        let manifest = data(&format!("cosign/tampered/{case}/manifest.json"));
        store.put_manifest(
            &good.repository,
            &signature_tag(&good.image),
            media_type::OCI_MANIFEST,
            &manifest,
        );
        let result = verify(&mut MemoryRegistry::honest(store), &keys, &good.reference());
        match expected {
            NoSignatures => assert!(
                matches!(result, Err(VerificationError::NoSignatures(_))),
                "{case}"
            ),
            Rejected(is_expected) => {
                let found = rejection(&result);
                assert!(is_expected(&found), "{case}: {found:?}");
            }
        }
    }
}

// Requests.

#[test]
fn asks_twice_for_a_digest_and_once_more_for_a_tag() {
    let fixture = Fixture::legacy("v2.5.0-two-signers");
    let mut store = fixture.store();
    store.put_manifest(
        &fixture.docker_reference,
        "v1",
        media_type::OCI_MANIFEST,
        &data("cosign/image/manifest.json"),
    );
    let mut registry = MemoryRegistry::honest(store);
    let keys = policy(&[&first_pub()]);
    verify(&mut registry, &keys, &fixture.reference()).unwrap();
    // Both signatures are over one payload.
    assert_eq!(
        registry.calls,
        [Call::FetchManifests(1), Call::FetchBlobs(1)]
    );
    assert_eq!(registry.blob_requests[0].max_size, 237);
    registry.forget();
    let tagged = format!("{}:v1", fixture.docker_reference);
    let image = verify(&mut registry, &keys, &tagged).unwrap();
    assert_eq!(*image.digest(), fixture.image);
    assert_eq!(
        registry.calls,
        [
            Call::Resolve(1),
            Call::FetchManifests(1),
            Call::FetchBlobs(1)
        ]
    );
}

#[test]
fn asks_for_many_images_at_once_and_answers_for_each() {
    let good = Fixture::legacy("v2.5.0-plain");
    let mut registry = MemoryRegistry::honest(good.store());
    let absent = format!("{}@{}", good.docker_reference, Digest::of(b"absent"));
    let tag = format!("{}:gone", good.docker_reference);
    let references: Vec<String> = (0..70)
        .map(|place| match place % 4 {
            0 => good.reference(),
            1 => absent.clone(),
            2 => tag.clone(),
            _ => "Not A Reference".to_owned(),
        })
        .collect();
    let results = verify_images(
        &mut registry,
        &policy(&[&first_pub()]),
        &references,
        &Default::default(),
    );
    assert_eq!(results.len(), 70);
    for (place, result) in results.iter().enumerate() {
        let expected = match place % 4 {
            0 => result.is_ok(),
            1 => matches!(result, Err(VerificationError::NoSignatures(_))),
            2 => matches!(result, Err(VerificationError::ImageNotFound(_))),
            _ => matches!(result, Err(VerificationError::InvalidReference(_))),
        };
        assert!(expected, "{place}: {result:?}");
    }
    // Groups of 32, 32 and 6.
    assert_eq!(
        registry.calls,
        [
            Call::Resolve(8),
            Call::FetchManifests(16),
            Call::FetchBlobs(8),
            Call::Resolve(8),
            Call::FetchManifests(16),
            Call::FetchBlobs(8),
            Call::Resolve(1),
            Call::FetchManifests(4),
            Call::FetchBlobs(2),
        ]
    );
}

#[test]
fn nothing_to_verify_asks_nothing() {
    let mut registry = MemoryRegistry::default();
    assert!(
        verify_images(
            &mut registry,
            &policy(&[&first_pub()]),
            &[],
            &Default::default()
        )
        .is_empty()
    );
    assert!(registry.calls.is_empty());
}

// Detached signatures.

#[test]
fn verifies_detached_what_it_verifies_attached() {
    for case in cases("cosign/legacy-sig") {
        let fixture = Fixture::legacy(&case);
        let keys = policy(&[&Fixture::public_key(&case)]);
        let raw = STANDARD.decode(&fixture.signatures[0]).unwrap();
        let wrapped = format!(" {}\r\n", fixture.signatures[0].replace('/', "/\n"));
        for signature in [
            fixture.signatures[0].clone().into_bytes(),
            wrapped.into(),
            raw,
        ] {
            let found = DetachedSignature {
                payload: fixture.payloads[0].clone(),
                signature,
                log_entry: None,
            };
            let result = verify_detached(&keys, &fixture.reference(), &[found]);
            assert!(result.is_ok(), "{case}: {result:?}");
        }
        let bare = verify_detached(&keys, &fixture.reference(), &[]);
        assert!(matches!(bare, Err(VerificationError::NoSignatures(_))));
        let tag = verify_detached(&keys, &fixture.repository, &[]);
        assert!(matches!(tag, Err(VerificationError::DigestRequired(_))));
    }
}

// containers/image (podman, skopeo, CRI-O).

#[test]
fn agrees_with_containers_image() {
    let [first, second] =
        ["cosign.pub", "cosign2.pub"].map(|file| data(&format!("public/containers-image/{file}")));
    let none = || Some(Rejection::NoTrustedKey);
    let other = Digest::of(b"");
    for (case, with_first, with_second) in [
        ("valid", vec![None], vec![none()]),
        ("valid-2", vec![None, None], vec![none(), none()]),
        ("valid-with-tag", vec![None], vec![none()]),
        ("mixed", vec![none(), None], vec![none(), none()]),
        (
            "modified-manifest",
            vec![Some(Rejection::OtherImage(other))],
            vec![none()],
        ),
        (
            "manifest-digest-error",
            vec![Some(Rejection::OtherImage(other))],
            vec![none()],
        ),
        (
            "other-attachment",
            vec![Some(Rejection::OtherMediaType("text/plain".into()))],
            vec![Some(Rejection::OtherMediaType("text/plain".into()))],
        ),
        ("key-rekor-valid", vec![none()], vec![None]),
        ("fulcio-rekor-valid", vec![none()], vec![none()]),
    ] {
        for (key, expected) in [(&first, with_first), (&second, with_second)] {
            let result = verify_dir(case, rules(&[key]));
            let found: Vec<_> = rejections(&result)
                .into_iter()
                .map(|reason| match reason {
                    Some(Rejection::OtherImage(_)) => Some(Rejection::OtherImage(other)),
                    reason => reason,
                })
                .collect();
            assert_eq!(found, expected, "{case}");
            assert_eq!(result.is_ok(), expected.contains(&None), "{case}");
        }
    }
}

#[test]
fn a_file_of_containers_image_is_a_detached_signature() {
    let key = data("public/containers-image/cosign.pub");
    for (file, counts) in [
        ("valid.signature", true),
        ("unknown-cosign-key.signature", false),
    ] {
        let layer = sigstore_json(&data(&format!("public/containers-image/{file}")));
        let found = DetachedSignature {
            payload: STANDARD.decode(text(&layer["payload"])).unwrap(),
            signature: text(&layer["annotations"][SIGNATURE]).into(),
            log_entry: None,
        };
        let image = Digest::of(&data(
            "public/containers-image/dir-img-cosign-valid/manifest.json",
        ));
        let reference = format!("192.168.64.2:5000/cosign-signed-single-sample@{image}");
        let policy = Policy::new(Rules {
            identity: Identity::Repository,
            ..rules(&[&key])
        })
        .unwrap();
        assert_eq!(
            verify_detached(&policy, &reference, &[found]).is_ok(),
            counts,
            "{file}"
        );
    }
}

/// containers/image signs with the tag in `docker-reference`; its `matchRepository` compares the
/// repository of it.
#[test]
fn the_repository_of_a_signed_reference_with_a_tag_is_the_repository() {
    let key = data("public/containers-image/cosign.pub");
    let result = verify_dir(
        "valid-with-tag",
        Rules {
            identity: Identity::Repository,
            ..rules(&[&key])
        },
    );
    assert!(result.is_ok(), "{:?}", rejections(&result));
}

/// Go's base64 reads past line ends, so cosign and containers/image accept a signature that was
/// wrapped; `base64` wraps after 76 characters unless it is told not to.
#[test]
fn a_wrapped_signature_is_a_signature() {
    let layer = sigstore_json(&data(
        "public/containers-image/dir-img-cosign-pki-valid/signature-1",
    ));
    assert!(text(&layer["annotations"][SIGNATURE]).contains('\n'));
    let certificate = pem_contents(text(
        &layer["annotations"]["dev.sigstore.cosign/certificate"],
    ));
    // An RSA-4096 key as it stands in a certificate: 4 bytes of header, 0x222 of content.
    let start = [0x30, 0x82, 0x02, 0x22, 0x30, 0x0d, 0x06, 0x09];
    let place = certificate
        .windows(start.len())
        .position(|window| window == start)
        .unwrap();
    let key = pem("PUBLIC KEY", &certificate[place..place + 0x226]);
    let result = verify_dir("pki-valid", rules(&[&key]));
    assert!(result.is_ok(), "{:?}", rejections(&result));
}

// Public images.

#[test]
fn verifies_signatures_of_public_images() {
    let vectors = json_data("public/realworld/vectors.json");
    let mut verified = 0;
    for vector in vectors.as_array().unwrap() {
        let name = text(&vector["name"]);
        let Some(payload) = vector["payload_b64"].as_str() else {
            continue;
        };
        assert_eq!(vector["expect"]["signature_valid"], true, "{name}");
        let payload = STANDARD.decode(payload).unwrap();
        let signature = text(&vector["signature_b64"]);
        let mut layer = layer(&payload, signature);
        layer["annotations"]["dev.sigstore.cosign/bundle"] =
            vector["rekor_bundle_annotation"].clone();
        let image: Digest = text(&vector["manifest_digest"]).parse().unwrap();
        let store = attached(
            "r.example/copy",
            &image,
            &[layer],
            std::slice::from_ref(&payload),
        );
        let mut registry = MemoryRegistry::honest(store);
        let key = text(&vector["public_key_pem"]).as_bytes();
        let reference = format!("r.example/copy@{image}");
        let result = verify(&mut registry, &policy(&[key]), &reference)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let signature = result.signatures()[0].verified().unwrap();
        let claims = serde_json::to_value(signature.annotations()).unwrap();
        match &vector["annotations"] {
            Value::Null => assert_eq!(claims, json!({}), "{name}"),
            expected => assert_eq!(claims, *expected, "{name}"),
        }
        let reason = rejection(&verify(&mut registry, &policy(&[&other_pub()]), &reference));
        assert_eq!(reason, Rejection::NoTrustedKey, "{name}");
        verified += 1;
    }
    assert_eq!(verified, 6);
}

// Payloads.

#[test]
fn writes_and_reads_payloads_as_sigstore_does() {
    let vectors = json_data("public/payload/sigstore-payload-test.json");
    for vector in vectors["marshal"].as_array().unwrap() {
        let name = text(&vector["desc"]);
        let bytes = text(&vector["bytes"]).as_bytes();
        let payload = SimpleSigning::parse(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let json: Value = serde_json::from_slice(bytes).unwrap();
        let identity = &json["critical"]["identity"]["docker-reference"];
        assert_eq!(payload.docker_reference, text(identity), "{name}");
        let only_strings = json["optional"]
            .as_object()
            .is_none_or(|claims| claims.values().all(Value::is_string));
        if only_strings {
            assert_eq!(payload.to_bytes().unwrap(), bytes, "{name}");
        }
    }
    for vector in vectors["unmarshal"].as_array().unwrap() {
        let name = text(&vector["desc"]);
        let result = SimpleSigning::parse(text(&vector["payload"]).as_bytes());
        match vector["expectErr"].as_bool().unwrap() {
            false => assert!(result.is_ok(), "{name}"),
            true => assert_eq!(
                result,
                Err(PayloadError::UnexpectedType(
                    "atomic container signature".into()
                )),
                "{name}"
            ),
        }
    }
}

#[test]
fn writes_every_payload_of_cosign_byte_for_byte() {
    for case in cases("cosign/legacy-sig") {
        for bytes in Fixture::legacy(&case).payloads {
            let payload = SimpleSigning::parse(&bytes).unwrap();
            // Go writes a byte that is no UTF-8 as six ASCII characters; no string here has one.
            let expected = String::from_utf8(bytes)
                .unwrap()
                .replace("\\ufffd", "\u{fffd}");
            assert_eq!(
                String::from_utf8(payload.to_bytes().unwrap()).unwrap(),
                expected,
                "{case}"
            );
        }
    }
}

#[test]
fn a_failed_fetch_is_told_from_no_signatures() {
    let fixture = Fixture::legacy("v2.5.0-plain");
    let keys = policy(&[&first_pub()]);
    for error in registry_errors() {
        for call in 0..2 {
            let mut registry = MemoryRegistry::honest(fixture.store());
            registry.failing = Some((call, error.clone()));
            let result = verify(&mut registry, &keys, &fixture.reference());
            match (&result, call, &error) {
                (Err(VerificationError::NoSignatures(_)), 0, RegistryError::NotFound(_)) => {}
                (Err(VerificationError::Registry(found)), 0, _) => assert_eq!(*found, error),
                (_, 1, _) => assert_eq!(
                    rejection(&result),
                    Rejection::PayloadUnavailable(error.clone())
                ),
                _ => panic!("{error}: {result:?}"),
            }
        }
    }
}

/// Verifies a case of containers/image as it would lie in a registry.
fn verify_dir(case: &str, rules: Rules) -> Result<VerifiedImage, VerificationError> {
    let folder = format!("public/containers-image/dir-img-cosign-{case}");
    let image = Digest::of(&data(&format!("{folder}/manifest.json")));
    let (mut layers, mut payloads) = (Vec::new(), Vec::new());
    for file in cases(&folder) {
        if file == "manifest.json" {
            continue;
        }
        let stored = sigstore_json(&data(&format!("{folder}/{file}")));
        let payload = STANDARD.decode(text(&stored["payload"])).unwrap();
        layers.push(json!({
            "mediaType": stored["mimeType"],
            "size": payload.len(),
            "digest": Digest::of(&payload).to_string(),
            "annotations": stored["annotations"],
        }));
        payloads.push(payload);
    }
    let repository = "192.168.64.2:5000/skopeo-signed";
    let mut registry = MemoryRegistry::honest(attached(repository, &image, &layers, &payloads));
    let policy = Policy::new(rules).unwrap();
    verify(&mut registry, &policy, &format!("{repository}@{image}"))
}

/// A registry in which these layers are attached to an image.
fn attached(repository: &str, image: &Digest, layers: &[Value], payloads: &[Vec<u8>]) -> Store {
    let mut store = Store::default();
    for payload in payloads {
        store.put_blob(repository, payload);
    }
    let tag = signature_tag(image);
    store.put_manifest(
        repository,
        &tag,
        media_type::OCI_MANIFEST,
        &manifest(layers),
    );
    store
}

/// A file of containers/image's `dir:` transport: a zero byte, a format name, a line of JSON.
fn sigstore_json(file: &[u8]) -> Value {
    let json = file.strip_prefix(b"\0sigstore-json\n").unwrap();
    serde_json::from_slice(json).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn pem(label: &str, der: &[u8]) -> Vec<u8> {
    let base64 = STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n").into_bytes()
}

fn pem_contents(pem: &str) -> Vec<u8> {
    let lines: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(lines).unwrap()
}
