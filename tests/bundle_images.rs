//! Signatures in bundles that refer to an image, beside those in its `.sig` image: all are gathered,
//! and each is judged on its own.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use cosignet::bundle::MEDIA_TYPE;
use cosignet::imports::RegistryError;
use cosignet::oci::{Descriptor, Digest, ReferrerManifest, media_type, referrers_tag};
use cosignet::payload::IMAGE_SIGNATURE;
use cosignet::verify::{
    Formats, Identity, Policy, Rejection, Rules, SignatureFormat, Threshold, VerificationError,
};
use serde_json::{Value, json};
use support::*;

const REPOSITORY: &str = "r.test/app";
/// What the fixtures sign.
const IMAGE: &str = "sha256:0c20d44d219bf155f2a4808873d02bfed0405be5a0fea8ad978a2e27d53f9048";

#[test]
fn what_cosign_3_signed_verifies() {
    for case in cases("cosign/bundle-sig") {
        for referrers in [None, Some(9)] {
            let mut registry = MemoryRegistry {
                referrers,
                ..MemoryRegistry::honest(store(&[&case], true))
            };
            let trusting = policy_of(Rules {
                keys: vec![key_of_bundle(&case).into()],
                ..both()
            });
            let image = verify(&mut registry, &trusting, &reference()).unwrap();
            let [report] = image.signatures() else {
                panic!("{case}: one signature");
            };
            assert_eq!(report.format, SignatureFormat::Bundle);
            let verified = report.verified().unwrap();
            assert_eq!(verified.docker_reference(), None);
            let statement = data(&format!("cosign/bundle-sig/{case}/statement.json"));
            assert_eq!(verified.payload(), statement);
            // One request for each: `.sig`, list, (kept list), manifest, bundle.
            let list = match referrers {
                Some(_) => vec![Call::ListReferrers(1)],
                None => vec![Call::ListReferrers(1), Call::FetchManifests(1)],
            };
            let expected = [
                &[Call::FetchManifests(1)][..],
                &list,
                &[Call::FetchManifests(1), Call::FetchBlobs(1)],
            ];
            assert_eq!(registry.calls, expected.concat(), "{case}");

            let stranger = policy_of(Rules {
                keys: vec![other_pub().into()],
                ..both()
            });
            let refused = verify(&mut registry, &stranger, &reference());
            assert_eq!(rejection(&refused), Rejection::NoTrustedKey, "{case}");
        }
    }
}

#[test]
fn formats_can_be_restricted() {
    let mut registry = MemoryRegistry {
        referrers: Some(9),
        ..MemoryRegistry::honest(store(&["v3.1.1-plain"], true))
    };
    let simple = policy_of(Rules {
        formats: Formats::SimpleSigning,
        ..both()
    });
    let none = verify(&mut registry, &simple, &reference()).unwrap_err();
    assert!(matches!(none, VerificationError::NoSignatures(_)), "{none}");
    assert_eq!(registry.calls, [Call::FetchManifests(1)]);
    registry.forget();
    let bundles = policy_of(Rules {
        formats: Formats::Bundles,
        ..both()
    });
    assert!(verify(&mut registry, &bundles, &reference()).is_ok());
    let three = [
        Call::ListReferrers(1),
        Call::FetchManifests(1),
        Call::FetchBlobs(1),
    ];
    assert_eq!(registry.calls, three);
}

#[test]
fn claims_are_those_of_the_subject() {
    let mut registry = MemoryRegistry::honest(store(&["v3.1.1-annotations-escapes"], true));
    for (value, met) in [("<a&b>é\\x/\u{2028}😀", true), ("other", false)] {
        let rules = Rules {
            annotations: [("alpha".to_owned(), value.to_owned())].into(),
            ..both()
        };
        let verified = verify(&mut registry, &policy_of(rules), &reference());
        assert_eq!(verified.is_ok(), met, "{value}");
    }
    // A bundle names no repository, so none but this policy can be satisfied.
    for identity in [Identity::Repository, Identity::Exact(REPOSITORY.into())] {
        let rules = Rules { identity, ..both() };
        let refused = verify(&mut registry, &policy_of(rules), &reference());
        assert!(matches!(rejection(&refused), Rejection::OtherIdentity(_)));
    }
}

/// cosign 3.1.1 is blind to a good `.sig` behind any bundle, and to a good bundle behind nothing
/// but itself.
#[test]
fn neither_format_hides_the_other() {
    // A good `.sig`, and a foreign bundle before it.
    let mut foreign = store(&["keytype-rsa2048-pkcs1-v3.1.1"], true);
    let mut registry = MemoryRegistry::honest(foreign.clone());
    sign_one(&mut registry, &FIRST, &reference(), &attaching()).unwrap();
    let image = verify(&mut registry, &policy_of(both()), &reference()).unwrap();
    let formats: Vec<_> = image
        .signatures()
        .iter()
        .map(|found| found.format)
        .collect();
    assert_eq!(
        formats,
        [SignatureFormat::SimpleSigning, SignatureFormat::Bundle]
    );

    // A good bundle, and a `.sig` with nothing of use.
    let mut good = store(&["v3.1.1-plain"], true);
    let broken = format!(
        r#"{{"schemaVersion":2,"config":{{}},"layers":[{{"broken":true}}],"mediaType":"{}"}}"#,
        media_type::OCI_MANIFEST
    );
    let tag = cosignet::oci::signature_tag(&digest());
    good.put_manifest(
        REPOSITORY,
        &tag,
        media_type::OCI_MANIFEST,
        broken.as_bytes(),
    );
    let mut registry = MemoryRegistry::honest(good);
    let image = verify(&mut registry, &policy_of(both()), &reference()).unwrap();
    assert_eq!(image.signatures().len(), 2);

    // The same of a list that is none.
    let mut unlisted = Store::default();
    let tag = referrers_tag(&digest());
    unlisted.put_manifest(REPOSITORY, &tag, media_type::OCI_INDEX, b"{}");
    let mut registry = MemoryRegistry::honest(unlisted);
    sign_one(&mut registry, &FIRST, &reference(), &attaching()).unwrap();
    let image = verify(&mut registry, &policy_of(both()), &reference()).unwrap();
    assert_eq!(image.signatures().len(), 2);

    // Two keys, one in each format.
    foreign = store(&["v3.1.1-plain"], true);
    let mut registry = MemoryRegistry::honest(foreign);
    let two = || Rules {
        keys: vec![first_pub().into(), second_pub().into()],
        threshold: Threshold::AtLeast(2),
        ..both()
    };
    assert!(verify(&mut registry, &policy_of(two()), &reference()).is_err());
    sign_one(&mut registry, &SECOND, &reference(), &attaching()).unwrap();
    assert!(verify(&mut registry, &policy_of(two()), &reference()).is_ok());
}

/// cosign 3.1.1 takes any attestation for a signature.
#[test]
fn an_attestation_is_no_signature() {
    let folder = "cosign/attestation/v3.1.1-bundle";
    let bundle = data(&format!("{folder}/bundle.sigstore.json"));
    let manifest = data(&format!("{folder}/manifest.json"));
    // By what its manifest says, and, where that lies, by what is signed.
    let lying: Value = serde_json::from_slice(&manifest).unwrap();
    for hint in [None, Some(IMAGE_SIGNATURE)] {
        let mut manifest = lying.clone();
        if let Some(hint) = hint {
            manifest["annotations"]["dev.sigstore.bundle.predicateType"] = hint.into();
        }
        let mut store = Store::default();
        refer(&mut store, &manifest.to_string(), &bundle);
        let mut registry = MemoryRegistry {
            referrers: Some(9),
            ..MemoryRegistry::honest(store)
        };
        let refused = verify(&mut registry, &policy_of(both()), &reference());
        let Rejection::OtherPredicate(kind) = rejection(&refused) else {
            panic!("{refused:?}");
        };
        assert!(kind.contains("attestation"), "{kind}");
    }
}

#[test]
fn what_is_about_another_image_does_not_count() {
    let case = "v3.1.1-plain";
    let other = format!("sha256:{}", "1".repeat(64));
    let bundle = data(&format!("cosign/bundle-sig/{case}/bundle.sigstore.json"));
    let manifest = data(&format!("cosign/bundle-sig/{case}/manifest.json"));
    let manifest = String::from_utf8(manifest).unwrap();
    // The manifest claims this image, what is signed is another: a bundle that was moved.
    let moved = manifest.replace(IMAGE, &other);
    let mut store = Store::default();
    refer(&mut store, &moved, &bundle);
    let mut registry = MemoryRegistry {
        referrers: Some(9),
        ..MemoryRegistry::honest(store)
    };
    let image = format!("{REPOSITORY}@{other}");
    let refused = verify(&mut registry, &policy_of(both()), &image);
    assert_eq!(rejection(&refused), Rejection::OtherImage(digest()));
    // The kept list names a manifest that refers to another image.
    let mut store = Store::default();
    let descriptor = refer(&mut store, &moved, &bundle);
    keep_list(&mut store, &[descriptor]);
    let mut registry = MemoryRegistry::honest(store);
    let refused = verify(&mut registry, &policy_of(both()), &reference());
    assert_eq!(
        rejection(&refused),
        Rejection::OtherImage(other.parse().unwrap())
    );
}

/// Simple signing that refers to the image, as cosign 2 writes it when it is asked to.
#[test]
fn simple_signing_may_refer_to_the_image_too() {
    let case = |name: &str| data(&format!("cosign/oci11-sig/v2.5.0/{name}"));
    let mut store = Store::default();
    let manifest = String::from_utf8(case("manifest.json")).unwrap();
    refer(&mut store, &manifest, &case("payload.json"));
    let tag = referrers_tag(&digest());
    let kept = case("referrers-fallback-index.json");
    store.put_manifest(REPOSITORY, &tag, media_type::OCI_INDEX, &kept);
    for referrers in [None, Some(9)] {
        let mut registry = MemoryRegistry {
            referrers,
            ..MemoryRegistry::honest(store.clone())
        };
        let image = verify(&mut registry, &policy_of(both()), &reference()).unwrap();
        let [found] = image.signatures() else {
            panic!("one signature");
        };
        assert_eq!(found.format, SignatureFormat::SimpleSigning);
        assert!(found.verified().unwrap().docker_reference().is_some());
        let bundles = policy_of(Rules {
            formats: Formats::Bundles,
            ..both()
        });
        let none = verify(&mut registry, &bundles, &reference()).unwrap_err();
        assert!(matches!(none, VerificationError::NoSignatures(_)), "{none}");
    }
    // Of another image it is none of this one's.
    let other = manifest.replace(IMAGE, &format!("sha256:{}", "1".repeat(64)));
    let mut store = Store::default();
    let moved = refer(&mut store, &other, &case("payload.json"));
    keep_list(&mut store, &[moved]);
    let refused = verify(
        &mut MemoryRegistry::honest(store),
        &policy_of(both()),
        &reference(),
    );
    assert!(matches!(rejection(&refused), Rejection::OtherImage(_)));
}

/// A failed listing is never "no signatures".
#[test]
fn a_list_that_fails_is_an_error() {
    for (place, error) in registry_errors()
        .into_iter()
        .flat_map(|error| [(1, error.clone()), (2, error)])
    {
        // 1 is the list, 2 the one that clients keep.
        let mut registry = MemoryRegistry::honest(Store::default());
        registry.failing = Some((place, error.clone()));
        let result = verify(&mut registry, &policy_of(both()), &reference()).unwrap_err();
        let goes_on = match error {
            RegistryError::Unsupported(_) => place == 1,
            RegistryError::NotFound(_) => place == 2,
            _ => false,
        };
        match goes_on {
            true => assert!(matches!(result, VerificationError::NoSignatures(_))),
            false => assert!(
                matches!(&result, VerificationError::Registry(found) if *found == error),
                "{place} {error}: {result}"
            ),
        }
    }
    // A list of another type, or of two natures.
    for (kind, content) in [
        (
            media_type::OCI_MANIFEST,
            r#"{"schemaVersion":2,"manifests":[]}"#,
        ),
        ("text/html", "<html>"),
        (
            media_type::OCI_INDEX,
            r#"{"schemaVersion":2,"manifests":[],"layers":[]}"#,
        ),
        (media_type::OCI_INDEX, "{}"),
    ] {
        let mut store = Store::default();
        let tag = referrers_tag(&digest());
        store.put_manifest(REPOSITORY, &tag, kind, content.as_bytes());
        let mut registry = MemoryRegistry::honest(store);
        let result = verify(&mut registry, &policy_of(both()), &reference()).unwrap_err();
        assert!(
            matches!(result, VerificationError::UntrustedAnswer(_)),
            "{kind} {content}: {result}"
        );
    }
}

/// Any number of foreign and broken ones in front hide nothing; what they are is told.
#[test]
fn broken_neighbours_hide_nothing() {
    let case = "v3.1.1-plain";
    let bundle = data(&format!("cosign/bundle-sig/{case}/bundle.sigstore.json"));
    let manifest = data(&format!("cosign/bundle-sig/{case}/manifest.json"));
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let mut store = Store::default();
    let mut kept = Vec::new();
    let mut broken = |content: &[u8]| {
        let mut manifest = manifest.clone();
        manifest["layers"] = json!([Descriptor::of(MEDIA_TYPE, content)]);
        kept.push(refer(&mut store, &manifest.to_string(), content));
    };
    for number in 0..40 {
        broken(format!("broken {number}").as_bytes());
    }
    broken(b"{}");
    let text = String::from_utf8(bundle.clone()).unwrap();
    broken(text.replace("sig\":\"ME", "sig\":\"MF").as_bytes());
    let mut absent = manifest.clone();
    absent["layers"] = json!([Descriptor::of(MEDIA_TYPE, b"not there")]);
    kept.push(refer(&mut store, &absent.to_string(), b"something else"));
    let mut huge = manifest.clone();
    huge["layers"][0]["size"] = (1 << 30).into();
    kept.push(refer(&mut store, &huge.to_string(), b"x"));
    // A software bill of materials without a type in the list is no signature at all.
    let mut other = manifest.clone();
    other["layers"][0]["mediaType"] = "application/spdx+json".into();
    kept.push(refer(&mut store, &other.to_string(), b"y"));
    let lost = Descriptor::of(media_type::OCI_MANIFEST, b"a manifest that is gone");
    kept.push(lost);
    kept.push(refer(&mut store, &manifest.to_string(), &bundle));
    keep_list(&mut store, &kept);

    for referrers in [None, Some(7)] {
        let mut registry = MemoryRegistry {
            referrers,
            ..MemoryRegistry::honest(store.clone())
        };
        let image = verify(&mut registry, &policy_of(both()), &reference());
        let reasons = rejections(&image);
        assert!(image.is_ok(), "{reasons:?}");
        let counted = reasons.iter().filter(|reason| reason.is_none()).count();
        assert_eq!(counted, 1);
        let is_there = |wanted: fn(&Rejection) -> bool| reasons.iter().flatten().any(wanted);
        assert!(is_there(|why| matches!(why, Rejection::LayerMalformed(_))));
        assert!(is_there(|why| matches!(why, Rejection::NoTrustedKey)));
        assert!(is_there(|why| matches!(
            why,
            Rejection::PayloadUnavailable(_)
        )));
        assert!(is_there(|why| matches!(
            why,
            Rejection::PayloadTooLarge { .. }
        )));
    }
}

/// A bundle with one bit changed counts only if nothing changed that was signed: its hint, which
/// names a key and is none.
#[test]
fn no_bit_of_what_is_signed_can_be_changed() {
    let case = "v3.1.1-annotations";
    let good = data(&format!("cosign/bundle-sig/{case}/bundle.sigstore.json"));
    let statement = data(&format!("cosign/bundle-sig/{case}/statement.json"));
    let manifest: Value =
        serde_json::from_slice(&data(&format!("cosign/bundle-sig/{case}/manifest.json"))).unwrap();
    let text = String::from_utf8(good.clone()).unwrap();
    let hint = text.find("\"hint\":\"").unwrap()..text.find("\"}},\"dsse").unwrap();
    let policy = policy_of(both());
    for place in 0..good.len() {
        for bit in [1, 0x20] {
            let mut bundle = good.clone();
            bundle[place] ^= bit;
            let mut manifest = manifest.clone();
            manifest["layers"] = json!([Descriptor::of(MEDIA_TYPE, &bundle)]);
            let mut store = Store::default();
            let descriptor = refer(&mut store, &manifest.to_string(), &bundle);
            keep_list(&mut store, &[descriptor]);
            let mut registry = MemoryRegistry::honest(store);
            if let Ok(image) = verify(&mut registry, &policy, &reference()) {
                let verified = image.signatures()[0].verified().unwrap();
                assert_eq!(verified.payload(), statement);
                assert!(hint.contains(&place), "byte {place}, bit {bit}");
            }
        }
    }
}

/// Whatever the registry alters on the way is seen.
#[test]
fn altered_bytes_are_seen() {
    for alter_blob in [true, false] {
        let mut registry = MemoryRegistry::honest(store(&["v3.1.1-plain"], true));
        if alter_blob {
            registry.twist_blob = Some(Box::new(|_, answer| {
                answer.map(|blob| [&blob[..blob.len() - 1], b" "].concat())
            }));
        } else {
            registry.twist_manifest = Some(Box::new(|request, answer| {
                answer.map(|mut served| {
                    if request.reference.starts_with("sha256:") {
                        served.content.push(b' ');
                    }
                    served
                })
            }));
        }
        let refused = verify(&mut registry, &policy_of(both()), &reference());
        assert!(
            matches!(rejection(&refused), Rejection::PayloadAltered(_)),
            "{refused:?}"
        );
    }
}

#[test]
fn more_referrers_than_are_looked_at_are_an_error() {
    let descriptors: Vec<Descriptor> = (0..30)
        .map(|number: u32| Descriptor::of(media_type::OCI_MANIFEST, &number.to_be_bytes()))
        .collect();
    let mut store = Store::default();
    keep_list(&mut store, &descriptors);
    let mut registry = MemoryRegistry::honest(store);
    let mut rules = both();
    rules.limits.signatures = 29;
    let result = verify(&mut registry, &policy_of(rules), &reference()).unwrap_err();
    assert!(
        matches!(result, VerificationError::LimitExceeded(_)),
        "{result}"
    );
}

fn both() -> Rules {
    Rules {
        formats: Formats::Any,
        ..rules(&[&first_pub()])
    }
}

fn policy_of(rules: Rules) -> Policy {
    Policy::new(rules).unwrap()
}

fn digest() -> Digest {
    IMAGE.parse().unwrap()
}

fn reference() -> String {
    format!("{REPOSITORY}@{IMAGE}")
}

/// A registry with these cases, and the list that cosign keeps of the last one.
fn store(cases: &[&str], keep: bool) -> Store {
    let mut store = Store::default();
    for case in cases {
        let folder = format!("cosign/bundle-sig/{case}");
        let manifest = data(&format!("{folder}/manifest.json"));
        let bundle = data(&format!("{folder}/bundle.sigstore.json"));
        refer(&mut store, str::from_utf8(&manifest).unwrap(), &bundle);
        if keep {
            let list = data(&format!("{folder}/referrers-fallback-index.json"));
            let tag = referrers_tag(&digest());
            store.put_manifest(REPOSITORY, &tag, media_type::OCI_INDEX, &list);
        }
    }
    store
}

/// Stores a referrer and its blob.
fn refer(store: &mut Store, manifest: &str, blob: &[u8]) -> Descriptor {
    store.put_blob(REPOSITORY, blob);
    let descriptor = Descriptor::of(media_type::OCI_MANIFEST, manifest.as_bytes());
    let name = descriptor.digest.to_string();
    store.put_manifest(
        REPOSITORY,
        &name,
        media_type::OCI_MANIFEST,
        manifest.as_bytes(),
    );
    assert!(ReferrerManifest::parse(media_type::OCI_MANIFEST, manifest.as_bytes()).is_ok());
    descriptor
}

/// Keeps a list of these as a client does that does not know what they are.
fn keep_list(store: &mut Store, descriptors: &[Descriptor]) {
    let list = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_INDEX,
        "manifests": descriptors,
    });
    let tag = referrers_tag(&digest());
    let list = list.to_string();
    store.put_manifest(REPOSITORY, &tag, media_type::OCI_INDEX, list.as_bytes());
}
