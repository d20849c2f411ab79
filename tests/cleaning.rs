//! Taking away what one key signed: all of it, nothing of others', whatever a registry does or others
//! do meanwhile.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use cosignet::imports::RegistryError;
use cosignet::key::{PrivateKey, PublicKey};
use cosignet::oci::{Digest, attestation_tag, media_type, referrers_tag, signature_tag};
use cosignet::payload::Predicate;
use cosignet::sign::{
    Attachment, Cleaning, Earlier, Form, Options, OwnWork, Signer, SigningError, WorkKind,
    attest_images, find_own, remove_own,
};
use cosignet::verify::{Formats, Policy, Rules, VerificationError};
use support::*;

const REPOSITORY: &str = "r.test/app";

#[test]
fn takes_ones_own_and_nothing_of_others() {
    for mut registry in registries() {
        let mut others = registry_like(&registry);
        sign_all(&mut others, &SECOND);
        sign_all(&mut registry, &SECOND);
        sign_all(&mut registry, &FIRST);
        let mine = find(&mut registry, None).unwrap();
        let of_kind = |kind| mine.iter().filter(move |own| own.kind == kind);
        for kind in [WorkKind::Signature, WorkKind::Attestation] {
            assert_eq!(
                of_kind(kind).map(|own| own.count).collect::<Vec<_>>(),
                [1, 1]
            );
        }
        assert_eq!(mine[0].tag, Some(signature_tag(&digest())));
        assert_eq!(mine[1].tag, Some(attestation_tag(&digest())));
        assert!(mine[2..].iter().all(|own| own.tag.is_none()));

        assert_eq!(remove(&mut registry, None).unwrap(), mine);
        assert_eq!(find(&mut registry, None).unwrap(), []);
        assert_eq!(remove(&mut registry, None).unwrap(), []);
        // The other signer's work is as if nobody else had ever signed.
        for tag in tags() {
            assert_eq!(served(&registry, &tag), served(&others, &tag), "{tag}");
        }
        assert!(verifies(&mut registry, &FIRST).is_err());
        assert_eq!(verifies(&mut registry, &SECOND).unwrap(), 2);
    }
}

#[test]
fn nothing_is_left_of_a_lone_signer() {
    for mut registry in registries() {
        sign_all(&mut registry, &FIRST);
        remove(&mut registry, None).unwrap();
        for tag in tags() {
            assert_eq!(served(&registry, &tag), None, "{tag}");
        }
        assert!(matches!(
            verifies(&mut registry, &FIRST),
            Err(VerificationError::NoSignatures(_))
        ));
    }
}

/// What cannot be deleted is left empty.
#[test]
fn a_registry_that_deletes_nothing() {
    let mut registry = MemoryRegistry {
        deletes: false,
        ..without_list()
    };
    sign_all(&mut registry, &FIRST);
    assert_eq!(remove(&mut registry, None).unwrap().len(), 4);
    assert_eq!(find(&mut registry, None).unwrap(), []);
    assert!(matches!(
        verifies(&mut registry, &FIRST),
        Err(VerificationError::NoSignatures(_))
    ));

    // Its own list cannot be changed: that is said, and not passed over.
    let mut registry = MemoryRegistry {
        deletes: false,
        ..with_list()
    };
    sign_all(&mut registry, &FIRST);
    let refused = remove(&mut registry, None);
    assert!(
        matches!(
            refused,
            Err(SigningError::Registry(RegistryError::Unsupported(_)))
        ),
        "{refused:?}"
    );
    assert_eq!(find(&mut registry, None).unwrap().len(), 2);
}

#[test]
fn kinds_are_told_apart() {
    for mut registry in registries() {
        sign_all(&mut registry, &FIRST);
        let removed = remove(&mut registry, Some(WorkKind::Attestation)).unwrap();
        assert!(removed.iter().all(|own| own.kind == WorkKind::Attestation));
        assert_eq!(removed.len(), 2);
        assert_eq!(verifies(&mut registry, &FIRST).unwrap(), 2);
        let removed = remove(&mut registry, Some(WorkKind::Signature)).unwrap();
        assert!(removed.iter().all(|own| own.kind == WorkKind::Signature));
        assert_eq!(removed.len(), 2);
    }
}

/// At whatever request a registry fails: what is others' is there, and cleaning again does the rest.
#[test]
fn a_failure_is_an_error() {
    for moment in 0.. {
        let mut registry = with_list();
        sign_all(&mut registry, &SECOND);
        sign_all(&mut registry, &FIRST);
        registry.forget();
        registry.failing = Some((moment, RegistryError::Unavailable("down".into())));
        let removed = remove(&mut registry, None);
        let calls = registry.calls.len();
        registry.failing = None;
        assert_eq!(verifies(&mut registry, &SECOND).unwrap(), 2, "{moment}");
        if moment >= calls {
            assert!(removed.is_ok());
            break;
        }
        // When an image was signed, and what is left empty, may go unread and undeleted.
        assert!(removed.is_err() || find(&mut registry, None).unwrap().is_empty());
        remove(&mut registry, None).unwrap();
        assert_eq!(find(&mut registry, None).unwrap(), [], "{moment}");
    }
}

/// Layers that others put there to be in the way.
#[test]
fn others_layers_are_in_nobodys_way() {
    let mut registry = with_list();
    sign_all(&mut registry, &FIRST);
    let tag = signature_tag(&digest());
    let mut image: serde_json::Value =
        serde_json::from_slice(&served(&registry, &tag).unwrap()).unwrap();
    let absent = layer(b"nowhere", "AAAA");
    registry.store.put_blob(REPOSITORY, b"nowhere");
    registry.twist_blob = Some(Box::new(|request, honest| match honest {
        Ok(_) if request.digest == Digest::of(b"nowhere") => {
            Err(RegistryError::NotFound("gone".into()))
        }
        honest => honest,
    }));
    image["layers"].as_array_mut().unwrap().insert(0, absent);
    let bytes = image.to_string().into_bytes();
    let kind = media_type::OCI_MANIFEST;
    registry.store.put_manifest(REPOSITORY, &tag, kind, &bytes);
    let removed = remove(&mut registry, Some(WorkKind::Signature)).unwrap();
    assert_eq!(removed[0].count, 1);
    let left: serde_json::Value =
        serde_json::from_slice(&served(&registry, &tag).unwrap()).unwrap();
    assert_eq!(left["layers"].as_array().unwrap().len(), 1);
    assert_eq!(left["layers"][0], image["layers"][0]);
}

/// `COSIGN_REPOSITORY`.
#[test]
fn elsewhere() {
    let place = "r.test/signatures".parse().unwrap();
    let mut registry = with_list();
    let options = Options {
        attachment: Attachment::Repository("r.test/signatures".parse().unwrap(), Earlier::Replace),
        ..attaching()
    };
    sign_one(&mut registry, &FIRST, &reference(), &options).unwrap();
    assert_eq!(find(&mut registry, None).unwrap(), []);
    let key = public(&FIRST);
    let reference = reference();
    let cleaning = Cleaning {
        signature_repository: Some(&place),
        ..cleaning(&reference, &key, None)
    };
    let removed = remove_own(&mut registry, &cleaning).unwrap();
    assert_eq!(removed[0].repository, place);
}

fn sign_all(registry: &mut MemoryRegistry, key: &PrivateKey) {
    let options = Options {
        form: Form::Both,
        ..attaching()
    };
    sign_one(registry, key, &reference(), &options).unwrap();
    let predicate = Predicate {
        predicate_type: "https://a.test/v1".into(),
        content: br#"{"a":1}"#.to_vec(),
    };
    let mut random = FixedRandom::default();
    let mut signer = Signer::private_key(key, &mut random);
    let attested = attest_images(registry, &mut signer, &[reference()], &predicate, &options);
    attested.into_iter().next().unwrap().outcome.unwrap();
}

fn find(
    registry: &mut MemoryRegistry,
    kind: Option<WorkKind>,
) -> Result<Vec<OwnWork>, SigningError> {
    find_own(registry, &cleaning(&reference(), &public(&FIRST), kind))
}

fn remove(
    registry: &mut MemoryRegistry,
    kind: Option<WorkKind>,
) -> Result<Vec<OwnWork>, SigningError> {
    remove_own(registry, &cleaning(&reference(), &public(&FIRST), kind))
}

fn cleaning<'a>(
    reference: &'a str,
    public_key: &'a PublicKey,
    kind: Option<WorkKind>,
) -> Cleaning<'a> {
    Cleaning {
        reference,
        public_key,
        kind,
        signature_repository: None,
    }
}

/// How many signatures count.
fn verifies(registry: &mut MemoryRegistry, key: &PrivateKey) -> Result<usize, VerificationError> {
    let policy = Policy::new(Rules {
        formats: Formats::Any,
        ..rules(&[public(key).to_pem().as_bytes()])
    });
    let image = verify(registry, &policy.unwrap(), &reference())?;
    let all = rejections(&Ok(image));
    Ok(all.iter().filter(|rejection| rejection.is_none()).count())
}

fn public(key: &PrivateKey) -> PublicKey {
    key.public_key().clone()
}

fn served(registry: &MemoryRegistry, tag: &str) -> Option<Vec<u8>> {
    let repository = REPOSITORY.parse().unwrap();
    let served = registry.store.manifest(&repository, tag);
    served.ok().map(|served| served.content)
}

fn tags() -> [String; 3] {
    let digest = digest();
    [
        signature_tag(&digest),
        attestation_tag(&digest),
        referrers_tag(&digest),
    ]
}

fn registries() -> [MemoryRegistry; 2] {
    [without_list(), with_list()]
}

fn registry_like(other: &MemoryRegistry) -> MemoryRegistry {
    MemoryRegistry {
        referrers: other.referrers,
        ..without_list()
    }
}

/// Clients keep the lists.
fn without_list() -> MemoryRegistry {
    let mut store = Store::default();
    let image = data("cosign/image/manifest.json");
    store.put_manifest(REPOSITORY, "latest", media_type::OCI_MANIFEST, &image);
    MemoryRegistry {
        deletes: true,
        ..MemoryRegistry::honest(store)
    }
}

/// The registry keeps the lists.
fn with_list() -> MemoryRegistry {
    MemoryRegistry {
        referrers: Some(9),
        ..without_list()
    }
}

fn digest() -> Digest {
    Digest::of(&data("cosign/image/manifest.json"))
}

fn reference() -> String {
    format!("{REPOSITORY}@{}", digest())
}
