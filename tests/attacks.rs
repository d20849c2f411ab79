//! Attacks on keyed verification and on what reads untrusted bytes. Most are somebody's advisory;
//! each starts from an input that passes, and ends in the refusal that names the reason.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::slice::from_ref;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cosignet::imports::{RegistryError, ServedManifest};
use cosignet::oci::{
    Digest, Reference, Repository, Selector, SignatureImage, Subject, media_type, signature_tag,
};
use cosignet::payload::SimpleSigning;
use cosignet::verify::{
    DetachedSignature, Identity, Limits, Policy, PolicyError, Rejection, Rules, Threshold,
    VerificationError, VerifiedImage, decode_signature, verify_detached, verify_images,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::*;

type Outcome = Result<VerifiedImage, VerificationError>;

// Lying registries.

/// CVE-2023-33959: what comes for a digest is hashed, and its length compared.
#[test]
fn other_bytes_than_were_asked_for() {
    let other = Fixture::legacy("v2.5.0-by-tag").payloads.remove(0);
    let good = good();
    let longer = [&good.payload[..], b" "].concat();
    let shorter = good.payload[..good.payload.len() - 1].to_vec();
    for bytes in [other, longer, shorter, Vec::new(), vec![b'x'; 1 << 20]] {
        let mut registry = good.registry(from_ref(&good.layer));
        assert!(check(&mut registry).is_ok());
        registry.twist_blob = Some(Box::new(move |_, _| Ok(bytes.clone())));
        let reason = rejection(&check(&mut registry));
        assert!(matches!(reason, Rejection::PayloadAltered(_)), "{reason:?}");
    }
}

#[test]
fn a_size_that_is_a_lie() {
    let good = good();
    for size in [0, 1, good.payload.len() - 1, good.payload.len() + 1, 65536] {
        let mut lie = good.layer.clone();
        lie["size"] = json!(size);
        let reason = rejection(&check(&mut good.registry(&[lie])));
        assert!(
            matches!(reason, Rejection::PayloadAltered(_)),
            "{size}: {reason:?}"
        );
    }
}

/// CVE-2024-29902, CVE-2024-29903: nothing is fetched or allocated by an attacker's number.
#[test]
fn sizes_out_of_all_proportion() {
    let good = good();
    for size in [65537, 10 << 30, u64::MAX] {
        let mut huge = good.layer.clone();
        huge["size"] = json!(size);
        let mut registry = good.registry(&[huge]);
        let reason = rejection(&check(&mut registry));
        assert_eq!(reason, Rejection::PayloadTooLarge { size, limit: 65536 });
        assert!(registry.blob_requests.is_empty());
    }
    for size in [
        json!(-1),
        json!(1.5),
        json!(1e30),
        json!("239"),
        json!(null),
    ] {
        let mut bad = good.layer.clone();
        bad["size"] = size;
        let mut registry = good.registry(&[bad]);
        let reason = rejection(&check(&mut registry));
        assert!(matches!(reason, Rejection::LayerMalformed(_)), "{reason:?}");
        assert!(registry.blob_requests.is_empty());
    }
}

#[test]
fn limits_of_the_policy_hold() {
    let good = good();
    let with = |limits: Limits| {
        let rules = Rules {
            limits,
            ..rules(&[&first_pub()])
        };
        let mut registry = good.registry(&[good.layer.clone(), good.layer.clone()]);
        verify(&mut registry, &Policy::new(rules).unwrap(), IMAGE)
    };
    let ceiling = Limits::CEILING;
    let size = good.payload.len() as u64;
    assert!(
        with(Limits {
            payload_size: size,
            signatures: 2,
            ..ceiling
        })
        .is_ok()
    );
    let small = with(Limits {
        payload_size: size - 1,
        ..ceiling
    });
    for reason in rejections(&small) {
        assert!(matches!(reason, Some(Rejection::PayloadTooLarge { .. })));
    }
    assert!(matches!(
        with(Limits {
            signatures: 1,
            ..ceiling
        }),
        Err(VerificationError::LimitExceeded(_))
    ));
    assert!(matches!(
        with(Limits {
            manifest_size: 100,
            ..ceiling
        }),
        Err(VerificationError::Registry(RegistryError::TooLarge(_)))
    ));
}

/// CVE-2023-46737: an endless list of signatures.
#[test]
fn a_thousand_signatures_and_no_more() {
    let good = good();
    let junk = |count: usize| {
        let mut layers = vec![json!(5); count];
        layers.push(good.layer.clone());
        good.registry(&layers)
    };
    assert!(check(&mut junk(999)).is_ok());
    for count in [1000, 100_000] {
        let mut registry = junk(count);
        let result = check(&mut registry);
        assert!(
            matches!(result, Err(VerificationError::LimitExceeded(_))),
            "{result:?}"
        );
        assert!(registry.blob_requests.is_empty());
    }
}

#[test]
fn a_manifest_that_is_longer_than_was_allowed() {
    let good = good();
    let mut registry = good.registry(from_ref(&good.layer));
    assert!(check(&mut registry).is_ok());
    registry.twist_manifest = Some(Box::new(|request, answer| {
        answer.map(|served| ServedManifest {
            content: [served.content, vec![b' '; request.max_size as usize]].concat(),
            ..served
        })
    }));
    assert!(matches!(
        check(&mut registry),
        Err(VerificationError::Registry(RegistryError::TooLarge(_)))
    ));
}

/// CVE-2021-41190: one document, two natures.
#[test]
fn a_manifest_of_another_type() {
    let good = good();
    let manifest: Value = serde_json::from_slice(&manifest(from_ref(&good.layer))).unwrap();
    let with = |served_as: &str, member: &str, value: Value| {
        let mut manifest = manifest.clone();
        manifest[member] = value;
        let mut registry = good.registry(&[]);
        let content = serde_json::to_vec(&manifest).unwrap();
        let tag = signature_tag(&good.image);
        registry
            .store
            .put_manifest("r.example/app", &tag, served_as, &content);
        check(&mut registry)
    };
    let oci = media_type::OCI_MANIFEST;
    assert!(with(oci, "schemaVersion", json!(2)).is_ok());
    assert!(with(oci, "mediaType", json!(null)).is_ok());
    let docker = media_type::DOCKER_MANIFEST;
    assert!(with(docker, "mediaType", json!(docker)).is_ok());
    for (served_as, member, value) in [
        (media_type::OCI_INDEX, "schemaVersion", json!(2)),
        (
            media_type::OCI_INDEX,
            "mediaType",
            json!(media_type::OCI_INDEX),
        ),
        (media_type::DOCKER_LIST, "mediaType", json!(null)),
        (media_type::DOCKER_MANIFEST, "schemaVersion", json!(2)),
        ("application/json", "schemaVersion", json!(2)),
        ("", "schemaVersion", json!(2)),
        (
            "application/vnd.oci.image.manifest.v1+json; charset=utf-8",
            "schemaVersion",
            json!(2),
        ),
        (
            "APPLICATION/VND.OCI.IMAGE.MANIFEST.V1+JSON",
            "schemaVersion",
            json!(2),
        ),
        (oci, "manifests", json!([])),
        (oci, "fsLayers", json!([])),
        (oci, "mediaType", json!(media_type::OCI_INDEX)),
        (oci, "mediaType", json!(5)),
        (oci, "schemaVersion", json!(1)),
        (oci, "schemaVersion", json!("2")),
        (oci, "layers", json!(null)),
        (oci, "layers", json!({})),
        (oci, "layers", json!("layers")),
        (oci, "config", json!(5)),
    ] {
        let result = with(served_as, member, value.clone());
        assert!(
            matches!(result, Err(VerificationError::UntrustedAnswer(_))),
            "{served_as} {member} {value}: {result:?}"
        );
    }
}

#[test]
fn a_manifest_that_two_readers_read_differently() {
    let good = good();
    let text = String::from_utf8(manifest(from_ref(&good.layer))).unwrap();
    let with = |content: &str| good.check_manifest(content);
    assert!(with(&text).is_ok());
    let twice = |member: &str| text.replacen('{', &format!(r#"{{"{member}":null,"#), 1);
    for bad in [
        twice("layers"),
        twice("schemaVersion"),
        twice("mediaType"),
        twice("l\\u0061yers"),
        text.replace("\"layers\"", "\"Layers\""),
        text.clone() + "{}",
        text.clone() + "x",
        format!("\u{feff}{text}"),
        text.replace('"', "'"),
        text[..text.len() - 1].to_owned(),
        format!("[{text}]"),
    ] {
        let result = with(&bad);
        assert!(
            matches!(result, Err(VerificationError::UntrustedAnswer(_))),
            "{bad}: {result:?}"
        );
    }
    // Within a layer it is that layer's fault.
    let digest = format!(r#""digest":"{}""#, Digest::of(&good.payload));
    for bad in [
        text.replace(&digest, &format!(r#"{digest},{digest}"#)),
        text.replace(&digest, &digest.replace("digest", "Digest")),
    ] {
        assert_ne!(bad, text);
        let reason = rejection(&with(&bad));
        assert!(matches!(reason, Rejection::LayerMalformed(_)), "{reason:?}");
    }
}

/// An annotation that is given twice: which is the signature?
#[test]
fn two_signatures_under_one_name() {
    let good = good();
    let text = String::from_utf8(manifest(from_ref(&good.layer))).unwrap();
    let (first, name) = ("\"annotations\":{", SIGNATURE);
    for bad in [
        text.replace(first, &format!(r#"{first}"{name}":"AAAA","#)),
        text.replace(first, &format!(r#"{first}"x":"1","x":"2","#)),
    ] {
        assert_ne!(bad, text);
        let result = good.check_manifest(&bad);
        assert!(
            matches!(
                rejections(&result)[..],
                [Some(Rejection::LayerMalformed(_))]
            ),
            "{result:?}"
        );
    }
}

#[test]
fn a_host_that_answers_too_few_requests() {
    let good = good();
    let mut registry = good.registry(from_ref(&good.layer));
    assert!(check(&mut registry).is_ok());
    registry.short = 1;
    assert!(matches!(
        check(&mut registry),
        Err(VerificationError::Registry(RegistryError::Invalid(_)))
    ));
    let references = [IMAGE.to_owned(), IMAGE.to_owned()];
    let results = verify_images(
        &mut registry,
        &policy(&[&first_pub()]),
        &references,
        &Default::default(),
    );
    // The first image's manifest came; its payload, the one request of the next call, did not.
    assert!(matches!(
        rejection(&results.into_iter().next().unwrap()),
        Rejection::PayloadUnavailable(RegistryError::Invalid(_))
    ));
    registry.short = 0;
    registry.twist_resolve = Some(Box::new(|_, _| Err(RegistryError::Denied("no".into()))));
    let tag = verify(&mut registry, &policy(&[&first_pub()]), "r.example/app:v1");
    assert!(matches!(
        tag,
        Err(VerificationError::Registry(RegistryError::Denied(_)))
    ));
}

/// CVE-2022-47633, CVE-2023-47630: a tag that names another image whenever it is asked for.
#[test]
fn a_tag_that_moves() {
    let good = good();
    let mut registry = good.registry(from_ref(&good.layer));
    registry.store.put_manifest(
        "r.example/app",
        "v1",
        media_type::OCI_MANIFEST,
        &data("cosign/image/manifest.json"),
    );
    registry.meanwhile = Some(Box::new(|store, call| {
        if call > 0 {
            store.put_manifest("r.example/app", "v1", media_type::OCI_MANIFEST, b"{}");
        }
    }));
    let image = verify(&mut registry, &policy(&[&first_pub()]), "r.example/app:v1").unwrap();
    assert_eq!(*image.digest(), good.image);
    let resolved = |call: &&Call| matches!(call, Call::Resolve(_));
    assert_eq!(registry.calls.iter().filter(resolved).count(), 1);
}

// Replays, and payloads that a trusted key should not have signed.

#[test]
fn a_signature_of_another_image() {
    let good = good();
    let replayed = data("cosign/tampered/replay/payload.json");
    let json: Value =
        serde_json::from_slice(&data("cosign/tampered/replay/manifest.json")).unwrap();
    let mut registry = good.registry(&[json["layers"][0].clone()]);
    registry.store.put_blob("r.example/app", &replayed);
    let claims = SimpleSigning::parse(&replayed).unwrap();
    // Under the image that it is for it passes.
    let tag = signature_tag(&claims.digest);
    let content = manifest(&[json["layers"][0].clone()]);
    registry
        .store
        .put_manifest("r.example/app", &tag, media_type::OCI_MANIFEST, &content);
    let own = format!("r.example/app@{}", claims.digest);
    assert!(verify(&mut registry, &policy(&[&first_pub()]), &own).is_ok());
    let reason = rejection(&check(&mut registry));
    assert_eq!(reason, Rejection::OtherImage(claims.digest));
}

/// CVE-2026-44309: what was signed is what is read, and every reader reads the same in it.
#[test]
fn payloads_that_two_readers_read_differently() {
    let good = good();
    let text = String::from_utf8(good.payload.clone()).unwrap();
    assert!(check_payload(text.as_bytes()).is_ok());
    assert!(check_payload(format!(" {text}\n").as_bytes()).is_ok());
    let image = good.image.to_string();
    let other = Digest::of(b"other").to_string();
    let digest = format!(r#""docker-manifest-digest":"{image}""#);
    for bad in [
        text.replace("critical", "CRITICAL"),
        text.replace("docker-manifest-digest", "Docker-Manifest-Digest"),
        text.replace(
            &digest,
            &format!(r#""docker-manifest-digest":"{other}",{digest}"#),
        ),
        text.replace(
            &digest,
            &format!(r#"{digest},"docker-manifest-digest":"{other}""#),
        ),
        text.replace(
            &digest,
            &format!(r#"{digest},"Docker-manifest-digest":"{other}""#),
        ),
        text.replacen('{', r#"{"critical":null,"#, 1),
        text.replacen('{', r#"{"Critical":null,"#, 1),
        text.replace(&image, &image.to_uppercase()),
        text.replace(&image, &image.replace("sha256:", "SHA256:")),
        text.replace(&image, &image.replace("sha256:", "sha512:")),
        text.replace(&image, &image[..70]),
        text.replace(&image, "sha256:../../../../etc/passwd"),
        text.replace("\"optional\":null", "\"optional\":[]"),
        text.replace("\"optional\":null", "\"optional\":\"\""),
        text.replace("\"optional\":null", r#""optional":{"env":"a","env":"b"}"#),
        text.replace(
            "\"optional\":null",
            r#""optional":null,"optional":{"env":"b"}"#,
        ),
        text.replace("\"optional\":null", r#""optional":{"deep":"#)
            + &"[".repeat(9000)
            + &"]".repeat(9000)
            + "}}",
        text.replace(
            "cosign container image signature",
            "cosign container image signature ",
        ),
        text.replace("cosign container image signature", ""),
        text.clone() + &text,
        text.clone() + "\0",
        format!("\u{feff}{text}"),
        format!("[{text}]"),
        format!("{text},"),
        String::new(),
        "{}".to_owned(),
        "null".to_owned(),
    ] {
        assert_ne!(bad, text);
        let reason = rejection(&check_payload(bad.as_bytes()));
        assert!(
            matches!(reason, Rejection::PayloadMalformed(_)),
            "{bad}: {reason:?}"
        );
    }
    let not_utf8 = text
        .replace("test/app", "test/\u{1}")
        .replace('\u{1}', "x")
        .into_bytes();
    let not_utf8: Vec<u8> = not_utf8
        .into_iter()
        .map(|byte| if byte == b'x' { 0xff } else { byte })
        .collect();
    assert!(matches!(
        rejection(&check_payload(&not_utf8)),
        Rejection::PayloadMalformed(_)
    ));
    let long = text.clone() + &" ".repeat(64 * 1024);
    assert!(matches!(
        rejection(&check_payload(long.as_bytes())),
        Rejection::PayloadTooLarge { .. }
    ));
}

/// A claim that is no string never equals one: `-a replicas=3` is not `"replicas":3`.
#[test]
fn claims_that_are_no_strings() {
    let good = good();
    let text = String::from_utf8(good.payload).unwrap();
    for (claim, counts) in [
        ("\"3\"", true),
        ("\"\\u0033\"", true),
        ("3", false),
        ("3.0", false),
        ("[\"3\"]", false),
        ("{\"3\":\"3\"}", false),
        ("null", false),
        ("true", false),
        ("\" 3\"", false),
    ] {
        let optional = format!(r#""optional":{{"replicas":{claim}}}"#);
        let payload = text.replace("\"optional\":null", &optional).into_bytes();
        let rules = Rules {
            annotations: [("replicas".to_owned(), "3".to_owned())].into(),
            ..rules(&[&first_pub()])
        };
        let result = check_payload_with(&payload, rules);
        if counts {
            assert!(result.is_ok(), "{claim}");
        } else {
            let expected = Rejection::AnnotationMismatch("replicas".into());
            assert_eq!(rejection(&result), expected, "{claim}");
        }
    }
}

#[test]
fn one_bit_of_anything_signed() {
    let good = good();
    let signature = STANDARD
        .decode(good.layer["annotations"][SIGNATURE].as_str().unwrap())
        .unwrap();
    let verify = |payload: &[u8], signature: &[u8]| {
        let found = DetachedSignature {
            payload: payload.to_vec(),
            signature: signature.to_vec(),
            log_entry: None,
        };
        verify_detached(&policy(&[&first_pub()]), IMAGE, &[found])
    };
    assert!(verify(&good.payload, &signature).is_ok());
    for place in 0..good.payload.len() {
        let mut payload = good.payload.clone();
        payload[place] ^= 1 << (place % 8);
        assert_eq!(
            rejection(&verify(&payload, &signature)),
            Rejection::NoTrustedKey
        );
    }
    for place in 0..signature.len() * 8 {
        let mut signature = signature.clone();
        signature[place / 8] ^= 1 << (place % 8);
        assert_eq!(
            rejection(&verify(&good.payload, &signature)),
            Rejection::NoTrustedKey
        );
    }
}

// Neighbours.

/// One bad neighbour never hides a good signature, wherever it stands, and is itself reported.
#[test]
fn bad_neighbours() {
    let good = good();
    for (bad, is_expected) in junk(&good) {
        for layers in [
            vec![bad.clone(), good.layer.clone()],
            vec![good.layer.clone(), bad.clone()],
            vec![bad.clone(), good.layer.clone(), bad.clone()],
        ] {
            let mut registry = good.registry(&layers);
            let result = check(&mut registry);
            assert!(result.is_ok(), "{bad}");
            for (reason, layer) in rejections(&result).into_iter().zip(&layers) {
                match reason {
                    None => assert_eq!(*layer, good.layer),
                    Some(reason) => assert!(is_expected(&reason), "{bad}: {reason:?}"),
                }
            }
        }
        let reason = rejection(&check(&mut good.registry(from_ref(&bad))));
        assert!(is_expected(&reason), "{bad}: {reason:?}");
    }
}

#[test]
fn nine_hundred_and_ninety_nine_bad_neighbours() {
    let good = good();
    let kinds: Vec<Value> = junk(&good).into_iter().map(|(layer, _)| layer).collect();
    for place in [0, 500, 999] {
        let mut layers: Vec<Value> = kinds.iter().cycle().take(999).cloned().collect();
        layers.insert(place, good.layer.clone());
        let mut registry = good.registry(&layers);
        let image = check(&mut registry).unwrap();
        for (index, report) in image.signatures().iter().enumerate() {
            assert_eq!(report.index, index);
            assert_eq!(report.verified().is_some(), index == place);
        }
        // Each payload is asked for once.
        let mut asked: Vec<_> = registry
            .blob_requests
            .iter()
            .map(|request| (request.digest, request.max_size))
            .collect();
        let count = asked.len();
        asked.sort();
        asked.dedup();
        assert_eq!(asked.len(), count);
    }
}

/// A registry that cannot serve one payload can serve another.
#[test]
fn a_neighbour_whose_payload_cannot_be_fetched() {
    let good = good();
    let absent = layer(b"absent", "AAAA");
    for error in registry_errors() {
        let mut registry = good.registry(&[absent.clone(), good.layer.clone()]);
        let wanted = Digest::of(&good.payload);
        let given = error.clone();
        registry.twist_blob = Some(Box::new(move |request, answer| {
            if request.digest == wanted {
                answer
            } else {
                Err(given.clone())
            }
        }));
        let found = rejections(&check(&mut registry));
        assert_eq!(found, [Some(Rejection::PayloadUnavailable(error)), None]);
    }
}

/// Payloads that are within each limit of their own must not use up what all may have together,
/// as 33 layers of 64 KiB would that nobody ever stored.
#[test]
fn neighbours_with_large_payloads() {
    let good = good();
    for last in [true, false] {
        let mut layers: Vec<Value> = (0..40)
            .map(|number| {
                let mut large = layer(&[number], "AAAA");
                large["size"] = json!(64 * 1024);
                large
            })
            .collect();
        layers.insert(if last { 40 } else { 0 }, good.layer.clone());
        let result = check(&mut good.registry(&layers));
        assert!(result.is_ok(), "{result:?}");
    }
}

// Policies.

/// There is no policy that requires nothing.
#[test]
fn policies_that_cannot_be() {
    let [first, second] = [first_pub(), second_pub()];
    let one = || rules(&[&first]);
    assert!(Policy::new(one()).is_ok());
    assert!(matches!(Policy::new(rules(&[])), Err(PolicyError::NoKeys)));
    assert!(matches!(
        Policy::new(rules(&[first.as_slice(); 65])),
        Err(PolicyError::TooManyKeys(65))
    ));
    for (keys, at_least) in [
        (vec![&first[..]], 0),
        (vec![&first], 2),
        (vec![&first, &first], 2),
        (vec![&first, &second, &first], 3),
        (vec![&first], u32::MAX),
    ] {
        let rules = Rules {
            threshold: Threshold::AtLeast(at_least),
            ..rules(&keys)
        };
        let result = Policy::new(rules);
        assert!(matches!(
            result,
            Err(PolicyError::ImpossibleThreshold { .. })
        ));
    }
    for key in [
        &b""[..],
        b"no key",
        b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
    ] {
        let result = Policy::new(rules(&[&first, key]));
        assert!(matches!(
            result,
            Err(PolicyError::UnusableKey { place: 1, .. })
        ));
    }
    let private = data("cosign/keys/raw/p256-pkcs8.pem");
    assert!(matches!(
        Policy::new(rules(&[&private])),
        Err(PolicyError::UnusableKey { place: 0, .. })
    ));
    let ceiling = Limits::CEILING;
    for limits in [
        Limits {
            signatures: 0,
            ..ceiling
        },
        Limits {
            signatures: 1001,
            ..ceiling
        },
        Limits {
            signatures: usize::MAX,
            ..ceiling
        },
        Limits {
            payload_size: 0,
            ..ceiling
        },
        Limits {
            payload_size: 65537,
            ..ceiling
        },
        Limits {
            manifest_size: 0,
            ..ceiling
        },
        Limits {
            manifest_size: u64::MAX,
            ..ceiling
        },
    ] {
        let result = Policy::new(Rules { limits, ..one() });
        assert!(matches!(result, Err(PolicyError::ImpossibleLimit { .. })));
    }
    let remap = |actual: &str, signed: &str| Identity::Remap {
        actual: actual.into(),
        signed: signed.into(),
    };
    for identity in [
        Identity::Exact(String::new()),
        remap("", "r.example"),
        remap("r.example", ""),
        remap("", ""),
        remap("r.example/", "s.example"),
        remap("r.example", "s.example/"),
    ] {
        let result = Policy::new(Rules { identity, ..one() });
        assert!(matches!(result, Err(PolicyError::InvalidIdentity(_))));
    }
}

/// CVE-2026-49834: what counts is distinct keys, not signatures.
#[test]
fn many_signatures_of_one_key() {
    let good = good();
    let layers = vec![good.layer.clone(); 50];
    let with = |threshold| {
        let rules = Rules {
            threshold,
            ..rules(&[&first_pub(), &second_pub()])
        };
        verify(
            &mut good.registry(&layers),
            &Policy::new(rules).unwrap(),
            IMAGE,
        )
    };
    assert!(with(Threshold::AtLeast(1)).is_ok());
    let Err(VerificationError::NoMatch(image)) = with(Threshold::AtLeast(2)) else {
        panic!("one key made two");
    };
    assert_eq!((image.counted, image.required), (1, 2));
    assert_eq!(image.signatures.len(), 50);
}

// References.

/// CVE-2024-3727: nothing that could become a part of another URL, path or tag.
#[test]
fn references_with_something_in_them() {
    let hex = "0".repeat(64);
    assert!(
        format!("r.example:5000/a/b@sha256:{hex}")
            .parse::<Reference>()
            .is_ok()
    );
    let references = [
        format!("r.example/a@sha256:{hex}@sha256:{hex}"),
        format!("r.example/a@sha256:{}", "A".repeat(64)),
        format!("r.example/a@sha512:{hex}"),
        format!("r.example/a@sha256:{hex}0"),
        format!("r.example/a@sha256:{hex}/../x"),
        "r.example/a@sha256:../../x".into(),
        "r.example/a@".into(),
        "r.example/../a:v1".into(),
        "r.example/a/../../b".into(),
        "r.example/./a".into(),
        "r.example//a".into(),
        "/a".into(),
        "r.example/a/".into(),
        "r.example/a:".into(),
        "r.example/a:../x".into(),
        "r.example/a:v1/x".into(),
        "r.example/a:v1?x=y".into(),
        "r.example/a:v1#x".into(),
        "r.example/a:v1%2f..".into(),
        "r.example/a%2f..".into(),
        "r.example/a\\b".into(),
        "r.example/a b".into(),
        "r.example/a\r\nHost: evil.example".into(),
        "r.example/a\0".into(),
        "r.example/a\u{202e}b".into(),
        "r.example/а".into(),
        "user:password@r.example/a".into(),
        "r.example:5000@evil.example/a".into(),
        "http://r.example/a".into(),
        "r.example:/a".into(),
        "r.example:65536/a".into(),
        "r.example:-1/a".into(),
        "r.example:+80/a".into(),
        "r.example: 80/a".into(),
        "r.example:80:80/a".into(),
        "[::1/a".into(),
        "::1]/a".into(),
        "[::1%25eth0]:80/a".into(),
        "[r.example]/a".into(),
        ".example/a".into(),
        "-r.example/a".into(),
        "r.example/A".into(),
        format!("r.example/{}", "a".repeat(256)),
        format!("r.example/a:{}", "t".repeat(129)),
        "a".repeat(1 << 20),
    ];
    let mut registry = MemoryRegistry::default();
    let results = verify_images(
        &mut registry,
        &policy(&[&first_pub()]),
        &references,
        &Default::default(),
    );
    for (reference, result) in references.iter().zip(results) {
        assert!(
            matches!(result, Err(VerificationError::InvalidReference(_))),
            "{reference}: {result:?}"
        );
        let shown = result.unwrap_err().to_string();
        assert!(
            shown.len() < 4096 && !shown.contains(['\r', '\0', '\u{202e}']),
            "{shown}"
        );
    }
    assert!(registry.calls.is_empty());
}

// Properties.

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_on_bytes(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        read_everything(&bytes);
    }

    #[test]
    fn nothing_panics_on_text(text in "[\\PC\\n\\r\\t\\x00]{0,80}") {
        read_everything(text.as_bytes());
    }

    #[test]
    fn nothing_panics_on_almost_references(text in "[a-zA-Z0-9./:@_\\[\\]+%-]{0,60}") {
        read_everything(text.as_bytes());
        if let Ok(reference) = Reference::from_str(&text) {
            prop_assert_eq!(reference.to_string().parse::<Reference>(), Ok(reference.clone()));
            let name = reference.repository.as_str();
            prop_assert_eq!(name.parse::<Repository>(), Ok(reference.repository.clone()));
            prop_assert!(!name.contains(['@', '%', '+', '?', '#', ' ']) && !name.contains(".."));
        }
    }

    #[test]
    fn nothing_panics_on_altered_documents(
        which in 0..4_usize,
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), any::<u8>(), 0..3_u8),
            1..6,
        ),
    ) {
        let mut bytes = match which {
            0 => Fixture::legacy("v2.5.0-two-signers").manifest,
            1 => Fixture::legacy("v2.5.0-annotations-escapes").payloads.remove(0),
            2 => data("cosign/image/index.json"),
            _ => data("cosign/image/manifest.json"),
        };
        for (place, byte, kind) in changes {
            let place = place.index(bytes.len());
            match kind {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                _ => { bytes.remove(place); }
            }
        }
        read_everything(&bytes);
    }

    /// Whatever is done to a signature image, what is verified is what was signed.
    #[test]
    fn no_alteration_verifies_something_else(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        in_payload in any::<bool>(),
    ) {
        let good = good();
        let mut content = manifest(from_ref(&good.layer));
        let mut payload = good.payload.clone();
        let altered = if in_payload { &mut payload } else { &mut content };
        for (place, byte) in changes {
            let place = place.index(altered.len());
            altered[place] = byte;
        }
        let mut registry = good.registry(&[]);
        let tag = signature_tag(&good.image);
        registry.store.put_manifest("r.example/app", &tag, media_type::OCI_MANIFEST, &content);
        registry.twist_blob = Some(Box::new(move |_, _| Ok(payload.clone())));
        if let Ok(image) = check(&mut registry) {
            let verified = image.signatures()[0].verified().unwrap();
            prop_assert_eq!(verified.payload(), &good.payload);
            prop_assert_eq!(*image.digest(), good.image);
        }
    }

    #[test]
    fn payloads_come_back(
        docker_reference in "\\PC{0,40}",
        image in any::<[u8; 32]>(),
        annotations in prop::collection::btree_map("(?s).{0,12}", "(?s).{0,24}", 0..6),
    ) {
        let payload = SimpleSigning { docker_reference, digest: Digest::from(image), annotations };
        let bytes = payload.to_bytes().unwrap();
        prop_assert_eq!(SimpleSigning::parse(&bytes), Ok(payload.clone()));
        // As Go writes it: nothing that HTML or JavaScript would stumble over.
        let text = String::from_utf8(bytes).unwrap();
        let unsafe_in_html = ['<', '>', '&', '\u{2028}', '\u{2029}'];
        prop_assert!(!text.contains(unsafe_in_html));
        let json: Value = serde_json::from_str(&text).unwrap();
        let optional = match payload.annotations.is_empty() {
            true => Value::Null,
            false => serde_json::to_value(&payload.annotations).unwrap(),
        };
        prop_assert_eq!(&json["optional"], &optional);
    }

    #[test]
    fn digests_come_back(image in any::<[u8; 32]>()) {
        let digest = Digest::from(image);
        prop_assert_eq!(digest.to_string().parse::<Digest>(), Ok(digest));
        let tag = signature_tag(&digest);
        let reference: Reference = format!("r.example/a:{tag}").parse().unwrap();
        prop_assert_eq!(reference.selector, Selector::Tag(tag));
    }

    #[test]
    fn signatures_come_back(
        raw in prop::collection::vec(any::<u8>(), 1..200),
        every in 1..80_usize,
    ) {
        let text = STANDARD.encode(&raw);
        prop_assert_eq!(decode_signature(text.as_bytes()), Ok(raw.clone()));
        let mut wrapped = text.as_bytes().chunks(every).collect::<Vec<_>>().join(&b"\r\n"[..]);
        wrapped.push(b'\n');
        prop_assert_eq!(decode_signature(&wrapped), Ok(raw));
    }

    #[test]
    fn signature_images_come_back(
        members in prop::collection::vec(("[a-z]{1,8}", "\\PC{0,12}"), 0..4),
        signatures in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..80), 0..6),
    ) {
        let layers: Vec<Value> = signatures
            .iter()
            .enumerate()
            .map(|(number, signature)| {
                let mut layer = layer(&[number as u8], &STANDARD.encode(signature));
                for (name, value) in &members {
                    layer[format!("x-{name}")] = json!(value);
                }
                layer
            })
            .collect();
        let bytes = manifest(&layers);
        let image = SignatureImage::parse(media_type::OCI_MANIFEST, &bytes).unwrap();
        let built = image.build(None).unwrap();
        let again = SignatureImage::parse(media_type::OCI_MANIFEST, &built.manifest).unwrap();
        prop_assert_eq!(again.layers().len(), layers.len());
        let json: Value = serde_json::from_slice(&built.manifest).unwrap();
        prop_assert_eq!(&json["layers"], &Value::from(layers));
        // Once built, building changes nothing.
        prop_assert_eq!(&again.build(None).unwrap().manifest, &built.manifest);
    }
}

/// A signature that is nothing but white space is no signature.
#[test]
fn a_blank_signature() {
    for blank in [&b""[..], b" ", b"\n", b"\r\n\t "] {
        assert!(decode_signature(blank).is_err(), "{blank:?}");
    }
    assert!(decode_signature(&[b'A'; 4096]).is_ok());
    assert!(decode_signature(&[b'A'; 4097]).is_err());
}

/// An image with one good signature by the first key.
struct Good {
    image: Digest,
    payload: Vec<u8>,
    layer: Value,
}

fn good() -> Good {
    let fixture = Fixture::legacy("v2.5.0-plain");
    let payload = fixture.payloads[0].clone();
    Good {
        image: fixture.image,
        layer: layer(&payload, &fixture.signatures[0]),
        payload,
    }
}

impl Good {
    /// Verifies by a manifest with this text.
    fn check_manifest(&self, text: &str) -> Outcome {
        let mut registry = self.registry(&[]);
        let (tag, oci) = (signature_tag(&self.image), media_type::OCI_MANIFEST);
        registry
            .store
            .put_manifest("r.example/app", &tag, oci, text.as_bytes());
        check(&mut registry)
    }

    /// A registry in which these layers are attached to the image.
    fn registry(&self, layers: &[Value]) -> MemoryRegistry {
        let mut store = Store::default();
        store.put_blob("r.example/app", &self.payload);
        store.put_blob(
            "r.example/app",
            &data("cosign/tampered/replay/payload.json"),
        );
        let tag = signature_tag(&self.image);
        let content = manifest(layers);
        store.put_manifest("r.example/app", &tag, media_type::OCI_MANIFEST, &content);
        MemoryRegistry::honest(store)
    }
}

/// The image of `good`, in another repository than it was signed for.
const IMAGE: &str =
    "r.example/app@sha256:0c20d44d219bf155f2a4808873d02bfed0405be5a0fea8ad978a2e27d53f9048";

fn check(registry: &mut MemoryRegistry) -> Outcome {
    verify(registry, &policy(&[&first_pub()]), IMAGE)
}

/// Lets the first key sign these bytes, and verifies them attached.
fn check_payload(payload: &[u8]) -> Outcome {
    check_payload_with(payload, rules(&[&first_pub()]))
}

fn check_payload_with(payload: &[u8], rules: Rules) -> Outcome {
    let signature = FIRST.sign(payload, &mut FixedRandom::default()).unwrap();
    let good = good();
    let mut registry = good.registry(&[layer(payload, &STANDARD.encode(signature))]);
    registry.store.put_blob("r.example/app", payload);
    verify(&mut registry, &Policy::new(rules).unwrap(), IMAGE)
}

type Check = fn(&Rejection) -> bool;

/// Layers that do not count, and why.
fn junk(good: &Good) -> Vec<(Value, Check)> {
    let malformed: Check = |reason| matches!(reason, Rejection::LayerMalformed(_));
    let altered: Check = |reason| matches!(reason, Rejection::PayloadAltered(_));
    let unsigned: Check = |reason| matches!(reason, Rejection::SignatureMalformed(_));
    let changed = |pointer: &str, value: Value| {
        let mut layer = good.layer.clone();
        *layer.pointer_mut(pointer).unwrap() = value;
        layer
    };
    let signature = "/annotations/dev.cosignproject.cosign~1signature";
    let replay: Value =
        serde_json::from_slice(&data("cosign/tampered/replay/manifest.json")).unwrap();
    let mut junk: Vec<(Value, Check)> = Vec::new();
    for value in [
        json!(5),
        json!(null),
        json!(""),
        json!([]),
        json!({}),
        json!([[[[]]]]),
    ] {
        junk.push((value, malformed));
    }
    for value in [json!(null), json!(1), json!([SIGNATURE])] {
        junk.push((changed("/mediaType", value), malformed));
    }
    for value in [json!({"a": 1}), json!({"a": null}), json!([]), json!("a")] {
        junk.push((changed("/annotations", value), malformed));
    }
    for text in [
        good.image.to_string().to_uppercase(),
        "sha256:../../x".to_owned(),
        format!("sha512:{}", "0".repeat(128)),
        String::new(),
    ] {
        junk.push((changed("/digest", json!(text)), malformed));
    }
    junk.push((changed("/size", json!(good.payload.len() + 1)), altered));
    junk.push((changed("/size", json!(0)), altered));
    junk.push((changed("/size", json!(1_u64 << 40)), |reason| {
        matches!(reason, Rejection::PayloadTooLarge { .. })
    }));
    junk.push((
        changed("/mediaType", json!("application/octet-stream")),
        |reason| matches!(reason, Rejection::OtherMediaType(_)),
    ));
    for annotations in [
        json!(null),
        json!({}),
        json!({"DEV.COSIGNPROJECT.COSIGN/SIGNATURE": "AAAA"}),
    ] {
        junk.push((changed("/annotations", annotations), |reason| {
            *reason == Rejection::SignatureMissing
        }));
    }
    for text in ["", "!", "AAA", "AAAA=", "AA AA", "-_-_", "\u{0}"] {
        junk.push((changed(signature, json!(text)), unsigned));
    }
    junk.push((changed(signature, json!("A".repeat(5000))), unsigned));
    junk.push((changed(signature, json!("AAAA")), |reason| {
        *reason == Rejection::NoTrustedKey
    }));
    junk.push((layer(b"nobody has it", "AAAA"), |reason| {
        matches!(
            reason,
            Rejection::PayloadUnavailable(RegistryError::NotFound(_))
        )
    }));
    junk.push((replay["layers"][0].clone(), |reason| {
        matches!(reason, Rejection::OtherImage(_))
    }));
    junk
}

/// Everything that reads untrusted bytes.
fn read_everything(bytes: &[u8]) {
    for served_as in [
        media_type::OCI_MANIFEST,
        media_type::DOCKER_MANIFEST,
        media_type::OCI_INDEX,
        media_type::DOCKER_LIST,
        "text/plain",
    ] {
        if let Ok(image) = SignatureImage::parse(served_as, bytes) {
            let _ = image.build(None);
        }
        let _ = Subject::parse(served_as, bytes);
    }
    if let Ok(payload) = SimpleSigning::parse(bytes) {
        assert_eq!(
            SimpleSigning::parse(&payload.to_bytes().unwrap()),
            Ok(payload)
        );
    }
    let _ = decode_signature(bytes);
    let text = String::from_utf8_lossy(bytes);
    let _ = text.parse::<Reference>().map_err(|error| error.to_string());
    let _ = text
        .parse::<Repository>()
        .map_err(|error| error.to_string());
    let _ = text.parse::<Digest>().map_err(|error| error.to_string());
    let _ = Policy::new(rules(&[bytes]));
    let found = DetachedSignature {
        payload: bytes.to_vec(),
        signature: bytes.to_vec(),
        log_entry: None,
    };
    let policy = policy(&[&first_pub()]);
    assert!(verify_detached(&policy, IMAGE, &[found]).is_err());
}
