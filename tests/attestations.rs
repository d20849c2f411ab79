//! Attestations of images, in `.att` images and in bundles that refer to the image: all of both are
//! gathered, and each is judged by what was signed.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::slice::from_ref;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cosignet::bundle::MEDIA_TYPE;
use cosignet::imports::RegistryError;
use cosignet::key::PrivateKey;
use cosignet::log::{LogError, TrustedLog, TrustedLogs};
use cosignet::oci::{Descriptor, Digest, attestation_tag, media_type, referrers_tag};
use cosignet::payload::{Envelope, IMAGE_SIGNATURE, STATEMENT_TYPE, pae};
use cosignet::verify::{
    Formats, Identity, LogRequirement, Options, Policy, Rejection, Rules, SignatureFormat,
    Threshold, VerificationError, VerifiedImage, verify_attestations,
};
use serde_json::{Value, json};
use support::*;

const REPOSITORY: &str = "r.test/app";
/// What the fixtures attest.
const IMAGE: &str = "sha256:0c20d44d219bf155f2a4808873d02bfed0405be5a0fea8ad978a2e27d53f9048";
/// cosign's `--type custom`.
const CUSTOM: &str = "https://cosign.sigstore.dev/attestation/v1";
const VULN: &str = "https://cosign.sigstore.dev/attestation/vuln/v1";
const IN_TAG: [&str; 3] = ["v2.5.0-att-tag", "v2.5.0-att-tag-rekor", "v3.1.1-att-tag"];

type Outcome = Result<VerifiedImage, VerificationError>;

// cosign.

#[test]
fn what_cosign_attested_under_a_tag_verifies() {
    for case in IN_TAG {
        let mut registry = MemoryRegistry::honest(in_tag(case));
        let image = check(&mut registry, both(), CUSTOM).unwrap();
        let [report] = image.signatures() else {
            panic!("{case}: one attestation");
        };
        assert_eq!(report.format, SignatureFormat::Envelope);
        let verified = report.verified().unwrap();
        let statement = data(&format!("cosign/attestation/{case}/statement.json"));
        assert_eq!(verified.payload(), statement);
        let statement: Value = serde_json::from_slice(&statement).unwrap();
        let predicate = verified.predicate().unwrap();
        assert_eq!(predicate.predicate_type, CUSTOM);
        let content: Value = serde_json::from_slice(&predicate.content).unwrap();
        assert_eq!(content, statement["predicate"]);
        assert_eq!(
            verified.docker_reference(),
            statement["subject"][0]["name"].as_str()
        );
        let envelope = data(&format!("cosign/attestation/{case}/dsse.json"));
        let envelope: Value = serde_json::from_slice(&envelope).unwrap();
        let sig = envelope["signatures"][0]["sig"].as_str().unwrap();
        assert_eq!(STANDARD.encode(verified.signature()), sig);
        // `.att`, list, kept list, envelope.
        let expected = [
            Call::FetchManifests(1),
            Call::ListReferrers(1),
            Call::FetchManifests(1),
            Call::FetchBlobs(1),
        ];
        assert_eq!(registry.calls, expected, "{case}");
        let stranger = with(both(), |rules| rules.keys = vec![other_pub().into()]);
        let refused = check(&mut registry, stranger, CUSTOM);
        assert_eq!(rejection(&refused), Rejection::NoTrustedKey);
    }
}

/// The list that cosign 3 keeps says of the bundle that it is an empty configuration.
#[test]
fn what_cosign_3_attested_in_a_bundle_verifies() {
    for referrers in [None, Some(9)] {
        let mut registry = MemoryRegistry {
            referrers,
            ..MemoryRegistry::honest(in_bundle())
        };
        let image = check(&mut registry, both(), CUSTOM).unwrap();
        let [report] = image.signatures() else {
            panic!("one attestation");
        };
        assert_eq!(report.format, SignatureFormat::Bundle);
        let verified = report.verified().unwrap();
        assert_eq!(verified.predicate().unwrap().predicate_type, CUSTOM);
        assert_eq!(
            verified.docker_reference(),
            Some("127.0.0.1:5055/test/att3")
        );
        let list = match referrers {
            Some(_) => vec![Call::ListReferrers(1)],
            None => vec![Call::ListReferrers(1), Call::FetchManifests(1)],
        };
        let expected = [
            &[Call::FetchManifests(1)][..],
            &list,
            &[Call::FetchManifests(1), Call::FetchBlobs(1)],
        ];
        assert_eq!(registry.calls, expected.concat());
    }
}

#[test]
fn formats_can_be_restricted() {
    for (formats, store, found) in [
        (Formats::SimpleSigning, in_tag(IN_TAG[0]), true),
        (Formats::SimpleSigning, in_bundle(), false),
        (Formats::Bundles, in_tag(IN_TAG[0]), false),
        (Formats::Bundles, in_bundle(), true),
    ] {
        let mut registry = MemoryRegistry::honest(store);
        let rules = with(both(), |rules| rules.formats = formats);
        let result = check(&mut registry, rules, CUSTOM);
        match found {
            true => assert!(result.is_ok()),
            false => assert!(matches!(result, Err(VerificationError::NoAttestations(_)))),
        }
    }
}

// Of which type.

/// CVE-2022-35929: some other valid attestation is not enough.
#[test]
fn an_attestation_of_another_type_does_not_count() {
    for store in [in_tag(IN_TAG[0]), in_bundle()] {
        let mut registry = MemoryRegistry::honest(store);
        assert!(check(&mut registry, both(), CUSTOM).is_ok());
        registry.forget();
        let refused = check(&mut registry, both(), VULN);
        assert_eq!(
            rejection(&refused),
            Rejection::OtherPredicate(CUSTOM.into())
        );
        // What is said beside it is enough to leave it where it is.
        let fetched = |call: &Call| matches!(call, Call::FetchBlobs(_));
        assert!(!registry.calls.iter().any(fetched));
    }
}

/// CVE-2026-39395: what is said beside a statement never makes it one of that type.
#[test]
fn what_is_said_beside_a_statement_is_not_believed() {
    for said in [None, Some(VULN), Some("")] {
        let attested = attest(&FIRST, &statement(CUSTOM));
        let mut layer = layer_of(&attested);
        match said {
            Some(said) => layer["annotations"]["predicateType"] = said.into(),
            None => layer["annotations"] = json!({}),
        }
        let mut store = Store::default();
        put_layers(&mut store, &[(layer, attested.clone())]);
        let in_tag = MemoryRegistry::honest(store);
        let mut store = Store::default();
        put_bundle(&mut store, &attested, said);
        let in_bundle = MemoryRegistry {
            referrers: Some(9),
            ..MemoryRegistry::honest(store)
        };
        for mut registry in [in_tag, in_bundle] {
            let refused = check(&mut registry, both(), VULN);
            let expected = Rejection::OtherPredicate(match said {
                Some("") => String::new(),
                _ => CUSTOM.into(),
            });
            assert_eq!(rejection(&refused), expected, "{said:?}");
            // Where nothing contradicts, what is signed counts.
            if said.is_none() {
                assert!(check(&mut registry, both(), CUSTOM).is_ok());
            }
        }
    }
}

/// CVE-2022-35930: the one kind never stands for the other.
#[test]
fn a_signature_is_no_attestation_and_an_attestation_no_signature() {
    // A `.sig` image alone.
    let mut registry = MemoryRegistry::default();
    sign_one(&mut registry, &FIRST, &reference(), &attaching()).unwrap();
    let policy_of_both = Policy::new(both()).unwrap();
    assert!(verify(&mut registry, &policy_of_both, &reference()).is_ok());
    let none = check(&mut registry, both(), CUSTOM).unwrap_err();
    assert!(
        matches!(none, VerificationError::NoAttestations(_)),
        "{none}"
    );
    // The same image under the other's tag.
    let signed = registry.store.signatures(REPOSITORY, &digest()).unwrap();
    let signed = signed.to_vec();
    let tag = attestation_tag(&digest());
    let kind = media_type::OCI_MANIFEST;
    registry.store.put_manifest(REPOSITORY, &tag, kind, &signed);
    let refused = check(&mut registry, both(), CUSTOM);
    assert!(matches!(rejection(&refused), Rejection::OtherMediaType(_)));
    // cosign 3's signature in a bundle.
    let folder = "cosign/bundle-sig/v3.1.1-plain";
    let mut store = Store::default();
    let manifest = data(&format!("{folder}/manifest.json"));
    let bundle = data(&format!("{folder}/bundle.sigstore.json"));
    for lie in [false, true] {
        let mut manifest: Value = serde_json::from_slice(&manifest).unwrap();
        if lie {
            manifest["annotations"]["dev.sigstore.bundle.predicateType"] = CUSTOM.into();
        }
        refer(&mut store, &manifest, &bundle);
    }
    let mut registry = MemoryRegistry {
        referrers: Some(9),
        ..MemoryRegistry::honest(store)
    };
    assert!(verify(&mut registry, &policy_of_both, &reference()).is_ok());
    let refused = check(&mut registry, both(), CUSTOM);
    let expected = Some(Rejection::OtherPredicate(IMAGE_SIGNATURE.into()));
    assert_eq!(rejections(&refused), [expected.clone(), expected]);
    // Nor may anybody ask for that as an attestation, or for none.
    for wrong in [IMAGE_SIGNATURE, ""] {
        let refused = check(&mut registry, both(), wrong).unwrap_err();
        assert!(
            matches!(refused, VerificationError::InvalidOption(_)),
            "{refused}"
        );
    }
    // And the other way round: attestations in both forms alone.
    let mut store = in_bundle();
    put_fixture(&mut store, IN_TAG[0]);
    let mut registry = MemoryRegistry::honest(store);
    let attested = check(&mut registry, both(), CUSTOM).unwrap();
    assert_eq!(attested.signatures().len(), 2);
    let refused = verify(&mut registry, &policy_of_both, &reference());
    assert_eq!(
        rejection(&refused),
        Rejection::OtherPredicate(CUSTOM.into())
    );
    // An envelope under the tag of signatures.
    let attested = attest(&FIRST, &statement(CUSTOM));
    let mut store = Store::default();
    store.put_blob(REPOSITORY, &attested);
    let sig = manifest_of(&[layer_of(&attested)]);
    let tag = cosignet::oci::signature_tag(&digest());
    store.put_manifest(REPOSITORY, &tag, kind, &sig);
    let mut registry = MemoryRegistry::honest(store);
    let refused = verify(&mut registry, &policy_of_both, &reference());
    assert!(matches!(rejection(&refused), Rejection::OtherMediaType(_)));
}

// About which image.

#[test]
fn an_attestation_of_another_image_does_not_count() {
    let other = format!("sha256:{}", "1".repeat(64));
    // One that was moved: under the tag, and with a manifest that claims it.
    let case = "cosign/attestation/v3.1.1-bundle";
    let bundle = data(&format!("{case}/bundle.sigstore.json"));
    let manifest = String::from_utf8(data(&format!("{case}/manifest.json"))).unwrap();
    let moved: Value = serde_json::from_str(&manifest.replace(IMAGE, &other)).unwrap();
    let mut store = Store::default();
    refer(&mut store, &moved, &bundle);
    let case = format!("cosign/attestation/{}", IN_TAG[0]);
    store.put_blob(REPOSITORY, &data(&format!("{case}/dsse.json")));
    let tag = attestation_tag(&other.parse().unwrap());
    let manifest = data(&format!("{case}/manifest.json"));
    let kind = media_type::OCI_MANIFEST;
    store.put_manifest(REPOSITORY, &tag, kind, &manifest);
    let mut registry = MemoryRegistry {
        referrers: Some(9),
        ..MemoryRegistry::honest(store)
    };
    let image = format!("{REPOSITORY}@{other}");
    let refused = check_image(&mut registry, both(), CUSTOM, &image);
    let expected = Some(Rejection::OtherImage(digest()));
    assert_eq!(rejections(&refused), [expected.clone(), expected]);
    // A referrer that the kept list names, and that refers to something else.
    let mut store = Store::default();
    let descriptor = refer(&mut store, &moved, &bundle);
    keep_list(&mut store, &[descriptor]);
    let refused = check(&mut MemoryRegistry::honest(store), both(), CUSTOM);
    assert_eq!(
        rejection(&refused),
        Rejection::OtherImage(other.parse().unwrap())
    );
}

/// GHSA-mhg6-2q2v-9h2c: the algorithm is part of a digest; one subject of several is enough.
#[test]
fn the_subject_is_bound_by_algorithm_and_digest() {
    let hex = IMAGE.strip_prefix("sha256:").unwrap();
    let about = |subjects: Value| {
        let mut statement = statement(CUSTOM);
        statement["subject"] = subjects;
        check_statement(&statement, both())
    };
    let own = json!({"name": "a", "digest": {"sha256": hex}});
    let other = json!({"name": "b", "digest": {"sha256": "1".repeat(64)}});
    assert!(about(json!([own])).is_ok());
    assert!(about(json!([other, own])).is_ok());
    for (subjects, is_other) in [
        (json!([other]), true),
        (json!([{"name": "a", "digest": {"sha512": hex}}]), false),
        (json!([{"name": "a", "digest": {"SHA256": hex}}]), false),
        (
            json!([{"name": "a", "digest": {"sha256": hex.to_uppercase()}}]),
            false,
        ),
        (json!([{"name": IMAGE, "digest": {}}]), false),
        (json!([{"name": IMAGE}]), false),
        (json!([]), false),
    ] {
        match rejection(&about(subjects.clone())) {
            Rejection::OtherImage(_) => assert!(is_other, "{subjects}"),
            Rejection::PayloadMalformed(_) => assert!(!is_other, "{subjects}"),
            other => panic!("{subjects}: {other}"),
        }
    }
}

// What is signed.

/// TOB-SIGSTORE-9, and what else an envelope can be that a trusted key signed.
#[test]
fn an_envelope_is_what_it_must_be() {
    let good = statement(CUSTOM);
    assert!(check_statement(&good, both()).is_ok());
    let envelope: Value = serde_json::from_slice(&attest(&FIRST, &good)).unwrap();
    let changed = |change: fn(&mut Value)| {
        let mut envelope = envelope.clone();
        change(&mut envelope);
        check_envelope(envelope.to_string().as_bytes(), both())
    };
    assert!(changed(|_| {}).is_ok());
    for (refused, why) in [
        (changed(|it| it["signatures"] = json!([])), "none"),
        (
            changed(|it| {
                let one = it["signatures"][0].clone();
                it["signatures"] = json!([one, one]);
            }),
            "two",
        ),
        (
            changed(|it| {
                let one = it["signatures"][0].clone();
                it["signatures"] = json!([{"sig": "AAAA"}, one]);
            }),
            "a stranger's before it",
        ),
        (
            changed(|it| it["more"] = json!(1)),
            "a member that is unknown",
        ),
        (changed(|it| it["payload"] = json!("%")), "no base64"),
    ] {
        assert!(
            matches!(rejection(&refused), Rejection::LayerMalformed(_)),
            "{why}: {refused:?}"
        );
    }
    // The type of the payload is signed with it.
    let other = changed(|it| it["payloadType"] = "text/plain".into());
    assert_eq!(rejection(&other), Rejection::NoTrustedKey);
    let payload = good.to_string().into_bytes();
    let typed = attest_as(&FIRST, "text/plain", &payload);
    let refused = check_envelope(&typed, both());
    assert!(matches!(
        rejection(&refused),
        Rejection::PayloadMalformed(_)
    ));
    // A statement that is signed without being in an envelope is signed in no way.
    let signature = FIRST.sign(&payload, &mut FixedRandom::default()).unwrap();
    let bare = Envelope {
        payload_type: STATEMENT_TYPE.into(),
        payload,
        signature,
    };
    let refused = check_envelope(bare.to_json().unwrap().as_bytes(), both());
    assert_eq!(rejection(&refused), Rejection::NoTrustedKey);
}

/// CVE-2026-39395: a payload that cannot be read is no reason to look no further.
#[test]
fn a_statement_that_cannot_be_read_does_not_count() {
    let good = statement(CUSTOM).to_string();
    for (bad, why) in [
        (String::new(), "empty"),
        ("{}".into(), "no members"),
        ("[]".into(), "no object"),
        (
            good.replace("Statement/v0.1", "Statement/v9"),
            "another type",
        ),
        (
            good.replace("predicateType", "PredicateType"),
            "another case",
        ),
        (
            good.replacen('{', &format!(r#"{{"predicateType":"{VULN}","#), 1),
            "a type twice",
        ),
        (format!("{good}{{}}"), "something behind it"),
        (format!("\u{feff}{good}"), "a mark before it"),
    ] {
        let envelope = attest_as(&FIRST, STATEMENT_TYPE, bad.as_bytes());
        let refused = check_envelope(&envelope, both());
        assert!(
            matches!(rejection(&refused), Rejection::PayloadMalformed(_)),
            "{why}: {refused:?}"
        );
    }
}

/// Nothing of an envelope can be changed, not even what is not signed: there is no name of a key.
#[test]
fn no_bit_of_an_envelope_can_be_changed() {
    let good = data(&format!("cosign/attestation/{}/dsse.json", IN_TAG[0]));
    assert!(check_envelope(&good, both()).is_ok());
    for place in 0..good.len() {
        for bit in [1, 0x20] {
            let mut envelope = good.clone();
            envelope[place] ^= bit;
            let refused = check_envelope(&envelope, both());
            assert!(refused.is_err(), "byte {place}, bit {bit}");
        }
    }
}

// What the policy asks for.

#[test]
fn claims_are_those_of_the_subject() {
    let mut claiming = statement(CUSTOM);
    claiming["subject"][0]["annotations"] = json!({"env": "prod"});
    let wanting = |value: &str| {
        with(both(), |rules| {
            rules.annotations = [("env".to_owned(), value.to_owned())].into();
        })
    };
    assert!(check_statement(&claiming, wanting("prod")).is_ok());
    for (statement, rules) in [
        (&claiming, wanting("test")),
        (&statement(CUSTOM), wanting("prod")),
    ] {
        let refused = check_statement(statement, rules);
        let expected = Rejection::AnnotationMismatch("env".into());
        assert_eq!(rejection(&refused), expected);
    }
    // What stands in the predicate is no claim of it.
    let mut claiming = statement(CUSTOM);
    claiming["predicate"]["env"] = "prod".into();
    assert!(check_statement(&claiming, wanting("prod")).is_err());
}

#[test]
fn the_identity_is_the_name_of_the_subject() {
    let named = |name: Value| {
        let mut statement = statement(CUSTOM);
        statement["subject"][0]["name"] = name;
        statement
    };
    let requiring = |identity: &Identity| with(both(), |rules| rules.identity = identity.clone());
    for (name, identity, met) in [
        (json!(REPOSITORY), Identity::Repository, true),
        (json!(REPOSITORY), Identity::Exact(REPOSITORY.into()), true),
        (json!("r.test/other"), Identity::Repository, false),
        (json!("r.test/other"), Identity::Ignore, true),
        (json!(null), Identity::Repository, false),
        (json!(null), Identity::Ignore, true),
        (json!(""), Identity::Repository, false),
    ] {
        let result = check_statement(&named(name.clone()), requiring(&identity));
        match met {
            true => assert!(result.is_ok(), "{name} {identity:?}"),
            false => assert!(
                matches!(rejection(&result), Rejection::OtherIdentity(_)),
                "{name} {identity:?}"
            ),
        }
    }
}

#[test]
fn keys_count_over_both_forms() {
    let mut store = Store::default();
    put_bundle(
        &mut store,
        &attest(&FIRST, &statement(CUSTOM)),
        Some(CUSTOM),
    );
    let first = MemoryRegistry {
        referrers: Some(9),
        ..MemoryRegistry::honest(store.clone())
    };
    let second = attest(&SECOND, &statement(CUSTOM));
    put_layers(&mut store, &[(layer_of(&second), second)]);
    let both_keys = MemoryRegistry {
        referrers: Some(9),
        ..MemoryRegistry::honest(store)
    };
    let two = || {
        with(both(), |rules| {
            rules.keys = vec![first_pub().into(), second_pub().into()];
            rules.threshold = Threshold::AtLeast(2);
        })
    };
    for (mut registry, enough) in [(first, false), (both_keys, true)] {
        assert_eq!(check(&mut registry, two(), CUSTOM).is_ok(), enough);
    }
    // One key that attests twice is one key.
    let again: Vec<_> = (0..2)
        .map(|number| {
            let mut statement = statement(CUSTOM);
            statement["predicate"]["number"] = number.into();
            let attested = attest(&FIRST, &statement);
            (layer_of(&attested), attested)
        })
        .collect();
    let mut store = Store::default();
    put_layers(&mut store, &again);
    let mut registry = MemoryRegistry::honest(store);
    assert!(check(&mut registry, both(), CUSTOM).is_ok());
    let Err(VerificationError::NoMatch(refused)) = check(&mut registry, two(), CUSTOM) else {
        panic!("one key is not two");
    };
    assert_eq!((refused.counted, refused.required), (1, 2));
}

// Neighbours.

#[test]
fn neither_form_hides_the_other() {
    // A good `.att`, and a stranger's bundle.
    let mut store = in_tag(IN_TAG[0]);
    put_bundle(&mut store, &attest(&SECOND, &statement(CUSTOM)), None);
    let mut registry = MemoryRegistry {
        referrers: Some(9),
        ..MemoryRegistry::honest(store)
    };
    let image = check(&mut registry, both(), CUSTOM).unwrap();
    assert_eq!(image.signatures().len(), 2);
    // A good bundle, and an `.att` image that cannot be read, or of which nothing can.
    for broken in [
        "{}".to_owned(),
        String::from_utf8(manifest_of(&[json!({"broken": true})])).unwrap(),
    ] {
        let mut store = in_bundle();
        let (tag, kind) = (attestation_tag(&digest()), media_type::OCI_MANIFEST);
        store.put_manifest(REPOSITORY, &tag, kind, broken.as_bytes());
        let mut registry = MemoryRegistry::honest(store);
        let image = check(&mut registry, both(), CUSTOM).unwrap();
        assert_eq!(image.signatures().len(), 2);
    }
    // A good `.att`, and a list that cannot be read.
    let mut store = in_tag(IN_TAG[0]);
    let tag = referrers_tag(&digest());
    store.put_manifest(REPOSITORY, &tag, media_type::OCI_INDEX, b"{}");
    let image = check(&mut MemoryRegistry::honest(store), both(), CUSTOM).unwrap();
    assert_eq!(image.signatures().len(), 2);
}

#[test]
fn broken_neighbours_hide_nothing() {
    let good = attest(&FIRST, &statement(CUSTOM));
    let mut layers = Vec::new();
    let foreign = attest(&SECOND, &statement(CUSTOM));
    layers.push((layer_of(&foreign), foreign));
    let vuln = attest(&FIRST, &statement(VULN));
    layers.push((layer_of(&vuln), vuln));
    layers.push((layer_of(b"{"), b"{".to_vec()));
    layers.push((json!(0), Vec::new()));
    layers.push((layer_of(b"not there"), b"something else".to_vec()));
    let mut huge = layer_of(b"huge");
    huge["size"] = (1_u64 << 40).into();
    layers.push((huge, b"huge".to_vec()));
    layers.push((layer_of(&good), good));
    let mut store = Store::default();
    put_layers(&mut store, &layers);
    let image = check(&mut MemoryRegistry::honest(store), both(), CUSTOM);
    let reasons = rejections(&image);
    assert!(image.is_ok(), "{reasons:?}");
    let kinds: Vec<_> = reasons
        .iter()
        .map(|reason| match reason {
            None => "counts",
            Some(Rejection::NoTrustedKey) => "stranger",
            Some(Rejection::OtherPredicate(_)) => "type",
            Some(Rejection::LayerMalformed(_)) => "malformed",
            Some(Rejection::PayloadUnavailable(_)) => "gone",
            Some(Rejection::PayloadTooLarge { .. }) => "large",
            Some(other) => panic!("{other}"),
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "stranger",
            // What the fixture's layers say is `custom`.
            "type",
            "malformed",
            "malformed",
            "gone",
            "large",
            "counts"
        ]
    );
}

/// A failed listing, and a failed fetch, is never "no attestations".
#[test]
fn what_fails_is_an_error() {
    for (place, error) in registry_errors()
        .into_iter()
        .flat_map(|error| [0, 1, 2].map(|place| (place, error.clone())))
    {
        // 0 is the `.att` image, 1 the list, 2 the one that clients keep.
        let mut registry = MemoryRegistry {
            failing: Some((place, error.clone())),
            ..MemoryRegistry::default()
        };
        let result = check(&mut registry, both(), CUSTOM).unwrap_err();
        let goes_on = match error {
            RegistryError::Unsupported(_) => place == 1,
            RegistryError::NotFound(_) => place != 1,
            _ => false,
        };
        match goes_on {
            true => assert!(matches!(result, VerificationError::NoAttestations(_))),
            false => assert!(
                matches!(&result, VerificationError::Registry(found) if *found == error),
                "{place} {error}: {result}"
            ),
        }
    }
}

#[test]
fn altered_bytes_are_seen() {
    for store in [in_tag(IN_TAG[0]), in_bundle()] {
        let mut registry = MemoryRegistry::honest(store);
        assert!(check(&mut registry, both(), CUSTOM).is_ok());
        registry.twist_blob = Some(Box::new(|_, answer| {
            answer.map(|blob| [&blob[..blob.len() - 1], b" "].concat())
        }));
        let refused = check(&mut registry, both(), CUSTOM);
        assert!(matches!(rejection(&refused), Rejection::PayloadAltered(_)));
    }
}

// Limits.

/// CVE-2024-29902, CVE-2023-46737: size and number are looked at before anything is fetched.
#[test]
fn size_and_number_are_limited() {
    let attested = attest(&FIRST, &statement(CUSTOM));
    let size = attested.len() as u64;
    for (limit, enough) in [(size, true), (size - 1, false)] {
        let rules = || with(both(), |rules| rules.limits.attestation_size = limit);
        let mut store = Store::default();
        put_layers(&mut store, &[(layer_of(&attested), attested.clone())]);
        let result = check(&mut MemoryRegistry::honest(store), rules(), CUSTOM);
        match enough {
            true => assert!(result.is_ok()),
            false => assert_eq!(
                rejection(&result),
                Rejection::PayloadTooLarge { size, limit }
            ),
        }
    }
    let many = |count| {
        let mut store = Store::default();
        let layers = vec![layer_of(&attested); count];
        store.put_blob(REPOSITORY, &attested);
        let (tag, kind) = (attestation_tag(&digest()), media_type::OCI_MANIFEST);
        store.put_manifest(REPOSITORY, &tag, kind, &manifest_of(&layers));
        check(&mut MemoryRegistry::honest(store), both(), CUSTOM)
    };
    assert!(many(1000).is_ok());
    let refused = many(1001).unwrap_err();
    assert!(
        matches!(refused, VerificationError::LimitExceeded(_)),
        "{refused}"
    );
}

/// What is fetched for one reference is bounded as a whole, and so is what is kept of it.
#[test]
fn all_attestations_together_are_limited() {
    // Forty that claim 15 MiB, by nobody.
    let claiming = |count: u32| {
        let layers: Vec<_> = (0..count)
            .map(|number| {
                let mut layer = layer_of(&number.to_be_bytes());
                layer["size"] = (15 << 20).into();
                (layer, Vec::new())
            })
            .collect();
        let mut store = Store::default();
        put_layers(&mut store, &layers);
        check(&mut MemoryRegistry::honest(store), both(), CUSTOM).unwrap_err()
    };
    assert!(matches!(claiming(34), VerificationError::NoMatch(_)));
    let refused = claiming(35);
    assert!(
        matches!(refused, VerificationError::LimitExceeded(_)),
        "{refused}"
    );
    // Predicates of 7 MiB, each kept in the statement and beside it.
    let large = |count: u32| {
        let text = "x".repeat(7 << 20);
        let layers: Vec<_> = (0..count)
            .map(|number| {
                let mut statement = statement(CUSTOM);
                statement["predicate"] = json!({"number": number, "text": text});
                let attested = attest(&FIRST, &statement);
                (layer_of(&attested), attested)
            })
            .collect();
        let mut store = Store::default();
        put_layers(&mut store, &layers);
        let mut registry = MemoryRegistry::honest(store);
        let result = check(&mut registry, both(), CUSTOM);
        // Of one image, one large one is held at a time.
        let held = registry.calls.iter().map(|call| match call {
            Call::FetchBlobs(count) => *count,
            _ => 0,
        });
        assert_eq!(held.max(), Some(1));
        result
    };
    assert_eq!(large(4).unwrap().signatures().len(), 4);
    let refused = large(5).unwrap_err();
    assert!(
        matches!(refused, VerificationError::LimitExceeded(_)),
        "{refused}"
    );
}

/// What is held at a time is bounded over all images too.
#[test]
fn images_share_what_is_held_at_a_time() {
    let mut store = Store::default();
    let images: Vec<String> = (0..7_u8)
        .map(|number| {
            let image = Digest::of(&[number]);
            let mut about = statement(CUSTOM);
            about["subject"][0]["digest"]["sha256"] = image.hex().to_string().into();
            about["predicate"]["text"] = "x".repeat(7 << 20).into();
            let attested = attest(&FIRST, &about);
            put_layers_of(&mut store, &image, &[(layer_of(&attested), attested)]);
            format!("{REPOSITORY}@{image}")
        })
        .collect();
    let mut registry = MemoryRegistry::honest(store);
    let policy = Policy::new(both()).unwrap();
    let options = Options::default();
    let results = verify_attestations(&mut registry, &policy, CUSTOM, &images, &options);
    assert!(results.iter().all(Result::is_ok));
    // Of 9.4 MiB each, three fit into 32.
    let fetched = registry
        .calls
        .into_iter()
        .filter(|call| matches!(call, Call::FetchBlobs(_)));
    let expected = [3, 3, 1].map(Call::FetchBlobs);
    assert_eq!(fetched.collect::<Vec<_>>(), expected);
}

// Logs.

#[test]
fn an_entry_of_a_trusted_log_counts() {
    let mut registry = MemoryRegistry::honest(in_tag("v2.5.0-att-tag-rekor"));
    let image = check(&mut registry, logged("cosign/rekor/rekor.pub"), CUSTOM).unwrap();
    let verified = image.signatures()[0].verified().unwrap();
    assert_eq!(verified.log().unwrap().log_index(), 1_000_007);
    assert!(verified.log_annotation().is_some());
    let refused = check(&mut registry, logged("rekor/other-log.pub"), CUSTOM);
    assert!(matches!(
        rejection(&refused),
        Rejection::LogEntry(LogError::UnknownLog { .. })
    ));
    let mut registry = MemoryRegistry::honest(in_tag("v2.5.0-att-tag"));
    let refused = check(&mut registry, logged("cosign/rekor/rekor.pub"), CUSTOM);
    assert_eq!(rejection(&refused), Rejection::NotLogged);
}

/// CVE-2022-23649, CVE-2026-22703: an entry that is there is about this envelope, whatever the
/// policy asks for.
#[test]
fn an_entry_about_another_envelope_never_counts() {
    let folder = "cosign/attestation/v2.5.0-att-tag-rekor";
    let manifest: Value = json_data(&format!("{folder}/manifest.json"));
    let entry = manifest["layers"][0]["annotations"]["dev.sigstore.cosign/bundle"].clone();
    let own = data(&format!("{folder}/dsse.json"));
    let other = attest(&FIRST, &statement(CUSTOM));
    for (envelope, is_own) in [(own, true), (other, false)] {
        let mut layer = layer_of(&envelope);
        layer["annotations"]["dev.sigstore.cosign/bundle"] = entry.clone();
        for rules in [both(), logged("cosign/rekor/rekor.pub")] {
            let mut store = Store::default();
            put_layers(&mut store, from_ref(&(layer.clone(), envelope.clone())));
            let result = check(&mut MemoryRegistry::honest(store), rules, CUSTOM);
            match is_own {
                true => assert!(result.is_ok()),
                false => assert!(matches!(
                    rejection(&result),
                    Rejection::LogEntry(LogError::OtherArtifact { .. })
                )),
            }
        }
    }
}

// Indexes.

#[test]
fn attestations_of_an_index_and_its_manifests() {
    let index = data("cosign/image/index.json");
    let own = Digest::of(&index);
    let listed: Value = serde_json::from_slice(&index).unwrap();
    let children = listed["manifests"].as_array().unwrap().iter();
    let children = children.map(|child| child["digest"].as_str().unwrap().parse().unwrap());
    let all: Vec<Digest> = [own].into_iter().chain(children).collect();
    let mut store = Store::default();
    store.put_manifest(REPOSITORY, "v1", media_type::OCI_INDEX, &index);
    for digest in &all {
        let mut about = statement(CUSTOM);
        about["subject"][0]["digest"]["sha256"] = digest.hex().to_string().into();
        let attested = attest(&FIRST, &about);
        put_layers_of(&mut store, digest, &[(layer_of(&attested), attested)]);
    }
    let check = |store: &Store| {
        let options = Options {
            recursive: true,
            ..Options::default()
        };
        let policy = Policy::new(both()).unwrap();
        let mut registry = MemoryRegistry::honest(store.clone());
        let references = [format!("{REPOSITORY}:v1")];
        verify_attestations(&mut registry, &policy, CUSTOM, &references, &options).remove(0)
    };
    let verified = check(&store).unwrap();
    assert_eq!(verified.manifests().len(), 2);
    assert!(
        verified.manifests()[1].signatures()[0]
            .verified()
            .unwrap()
            .predicate()
            .is_some()
    );
    store.untag(REPOSITORY, &attestation_tag(&all[2]));
    let Err(VerificationError::Manifests(refused)) = check(&store) else {
        panic!("one manifest is not attested");
    };
    assert!(matches!(
        refused.manifests[1].outcome,
        Err(VerificationError::NoAttestations(_))
    ));
}

fn both() -> Rules {
    Rules {
        formats: Formats::Any,
        ..rules(&[&first_pub()])
    }
}

fn with(mut rules: Rules, change: impl FnOnce(&mut Rules)) -> Rules {
    change(&mut rules);
    rules
}

/// The entry must be in this log.
fn logged(key: &str) -> Rules {
    let log = TrustedLog::from_pem(&data(key)).unwrap();
    with(both(), |rules| {
        rules.log = LogRequirement::Require {
            logs: TrustedLogs::new(vec![log]).unwrap(),
            witnesses: 0,
        };
    })
}

fn digest() -> Digest {
    IMAGE.parse().unwrap()
}

fn reference() -> String {
    format!("{REPOSITORY}@{IMAGE}")
}

fn check(registry: &mut MemoryRegistry, rules: Rules, predicate_type: &str) -> Outcome {
    check_image(registry, rules, predicate_type, &reference())
}

fn check_image(
    registry: &mut MemoryRegistry,
    rules: Rules,
    predicate_type: &str,
    image: &str,
) -> Outcome {
    let policy = Policy::new(rules).unwrap();
    let (references, options) = ([image.to_owned()], Options::default());
    let mut results = verify_attestations(registry, &policy, predicate_type, &references, &options);
    assert_eq!(results.len(), 1);
    results.remove(0)
}

/// Whether a statement counts that a trusted key has signed.
fn check_statement(statement: &Value, rules: Rules) -> Outcome {
    check_envelope(&attest(&FIRST, statement), rules)
}

fn check_envelope(envelope: &[u8], rules: Rules) -> Outcome {
    let mut store = Store::default();
    put_layers(&mut store, &[(layer_of(envelope), envelope.to_vec())]);
    check(&mut MemoryRegistry::honest(store), rules, CUSTOM)
}

/// As cosign 2 states it.
fn statement(predicate_type: &str) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": predicate_type,
        "subject": [{
            "name": REPOSITORY,
            "digest": { "sha256": IMAGE.strip_prefix("sha256:").unwrap() },
        }],
        "predicate": { "Data": "x", "Timestamp": "2026-11-22T12:36:02Z" },
    })
}

fn attest(key: &PrivateKey, statement: &Value) -> Vec<u8> {
    attest_as(key, STATEMENT_TYPE, statement.to_string().as_bytes())
}

fn attest_as(key: &PrivateKey, payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let message = pae(payload_type, payload);
    let envelope = Envelope {
        payload_type: payload_type.into(),
        payload: payload.to_vec(),
        signature: key.sign(&message, &mut FixedRandom::default()).unwrap(),
    };
    envelope.to_json().unwrap().into_bytes()
}

/// The layer of an envelope, which says that it is `custom`.
fn layer_of(envelope: &[u8]) -> Value {
    json!({
        "mediaType": media_type::DSSE_ENVELOPE,
        "size": envelope.len(),
        "digest": Digest::of(envelope).to_string(),
        "annotations": { SIGNATURE: "", "predicateType": CUSTOM },
    })
}

fn manifest_of(layers: &[Value]) -> Vec<u8> {
    manifest(layers)
}

fn put_layers(store: &mut Store, layers: &[(Value, Vec<u8>)]) {
    put_layers_of(store, &digest(), layers);
}

fn put_layers_of(store: &mut Store, image: &Digest, layers: &[(Value, Vec<u8>)]) {
    for (_, blob) in layers {
        store.put_blob(REPOSITORY, blob);
    }
    let layers: Vec<Value> = layers.iter().map(|(layer, _)| layer.clone()).collect();
    let (tag, kind) = (attestation_tag(image), media_type::OCI_MANIFEST);
    store.put_manifest(REPOSITORY, &tag, kind, &manifest(&layers));
}

/// A bundle of an envelope that refers to the image.
fn put_bundle(store: &mut Store, envelope: &[u8], said: Option<&str>) {
    let envelope: Value = serde_json::from_slice(envelope).unwrap();
    let mut bundle = json_data("cosign/attestation/v3.1.1-bundle/bundle.sigstore.json");
    bundle["dsseEnvelope"] = envelope;
    let bundle = bundle.to_string().into_bytes();
    let mut manifest = json_data("cosign/attestation/v3.1.1-bundle/manifest.json");
    manifest["layers"] = json!([Descriptor::of(MEDIA_TYPE, &bundle)]);
    let annotations = manifest["annotations"].as_object_mut().unwrap();
    annotations.remove("dev.sigstore.bundle.predicateType");
    if let Some(said) = said {
        annotations.insert("dev.sigstore.bundle.predicateType".into(), said.into());
    }
    refer(store, &manifest, &bundle);
}

/// Stores a referrer and its blob.
fn refer(store: &mut Store, manifest: &Value, blob: &[u8]) -> Descriptor {
    store.put_blob(REPOSITORY, blob);
    let manifest = manifest.to_string();
    let descriptor = Descriptor::of(media_type::OCI_MANIFEST, manifest.as_bytes());
    let (name, kind) = (descriptor.digest.to_string(), media_type::OCI_MANIFEST);
    store.put_manifest(REPOSITORY, &name, kind, manifest.as_bytes());
    descriptor
}

fn keep_list(store: &mut Store, descriptors: &[Descriptor]) {
    let list = json!({"schemaVersion": 2, "manifests": descriptors}).to_string();
    let (tag, kind) = (referrers_tag(&digest()), media_type::OCI_INDEX);
    store.put_manifest(REPOSITORY, &tag, kind, list.as_bytes());
}

/// A registry with a case of `cosign/attestation` under a tag.
fn in_tag(case: &str) -> Store {
    let mut store = Store::default();
    put_fixture(&mut store, case);
    store
}

fn put_fixture(store: &mut Store, case: &str) {
    let folder = format!("cosign/attestation/{case}");
    store.put_blob(REPOSITORY, &data(&format!("{folder}/dsse.json")));
    let manifest = data(&format!("{folder}/manifest.json"));
    let (tag, kind) = (attestation_tag(&digest()), media_type::OCI_MANIFEST);
    store.put_manifest(REPOSITORY, &tag, kind, &manifest);
}

/// A registry with the bundle that cosign 3 made, and the list that it keeps.
fn in_bundle() -> Store {
    let folder = "cosign/attestation/v3.1.1-bundle";
    let mut store = Store::default();
    store.put_blob(REPOSITORY, &data(&format!("{folder}/bundle.sigstore.json")));
    let manifest = data(&format!("{folder}/manifest.json"));
    let (name, kind) = (Digest::of(&manifest).to_string(), media_type::OCI_MANIFEST);
    store.put_manifest(REPOSITORY, &name, kind, &manifest);
    let list = data(&format!("{folder}/referrers-fallback-index.json"));
    let tag = referrers_tag(&digest());
    store.put_manifest(REPOSITORY, &tag, media_type::OCI_INDEX, &list);
    store
}
