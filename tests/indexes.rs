//! Verifying an index with every manifest that it names.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use cosignet::imports::RegistryError;
use cosignet::oci::{Digest, media_type, signature_tag};
use cosignet::sign::Options as Signing;
use cosignet::verify::{
    Formats, Options, Policy, Rejection, Rules, UnverifiedIndex, VerificationError, VerifiedImage,
    verify_images,
};
use serde_json::{Value, json};
use support::*;

const REPOSITORY: &str = "r.test/multi";

#[test]
fn every_manifest_is_verified_in_few_calls() {
    let (mut registry, index) = signed(&[image("amd64"), image("arm64")]);
    registry.referrers = Some(9);
    let any = Policy::new(Rules {
        formats: Formats::Any,
        ..rules(&[&first_pub()])
    });
    let verified = check_with(&mut registry, &any.unwrap(), &[&index.reference()]);
    let verified = verified.into_iter().next().unwrap().unwrap();
    assert_eq!(*verified.digest(), index.digest);
    assert_eq!(verified.signatures().len(), 1);
    let manifests: Vec<_> = verified
        .manifests()
        .iter()
        .map(|manifest| {
            assert_eq!(manifest.signatures().len(), 1);
            assert!(manifest.signatures()[0].verified().is_some());
            (*manifest.digest(), manifest.platform().unwrap().to_owned())
        })
        .collect();
    let expected: Vec<_> = index
        .children
        .iter()
        .zip(["linux/amd64", "linux/arm64"])
        .map(|(digest, platform)| (*digest, platform.to_owned()))
        .collect();
    assert_eq!(manifests, expected);
    // The index; and of all three the `.sig` images, the lists of referrers, and the payloads.
    assert_eq!(
        registry.calls,
        [
            Call::FetchManifests(1),
            Call::FetchManifests(3),
            Call::ListReferrers(3),
            Call::FetchBlobs(3),
        ]
    );
    // Without it, an index is a manifest like another.
    let alone = verify(&mut registry, &policy(&[&first_pub()]), &index.reference());
    assert!(alone.unwrap().manifests().is_empty());
}

#[test]
fn one_manifest_that_fails_fails_all() {
    let (registry, index) = signed(&[image("amd64"), image("arm64")]);
    assert!(check(&mut registry.clone_store(), &index).is_ok());

    // No signature at all.
    let mut unsigned = registry.clone_store();
    let tag = signature_tag(&index.children[1]);
    unsigned.store.untag(REPOSITORY, &tag);
    let refused = manifests(check(&mut unsigned, &index));
    assert!(refused.own.is_ok());
    assert_eq!((refused.failed(), refused.manifests.len()), (1, 2));
    assert_eq!(refused.digest, index.digest);
    let [first, second] = refused.manifests.as_slice() else {
        panic!("two manifests");
    };
    assert!(first.outcome.is_ok());
    assert_eq!(second.platform.as_deref(), Some("linux/arm64"));
    assert_eq!(second.digest, index.children[1]);
    assert!(matches!(
        second.outcome,
        Err(VerificationError::NoSignatures(_))
    ));
    // And it is none of the index's own business.
    let keys = policy(&[&first_pub()]);
    assert!(verify(&mut unsigned, &keys, &index.reference()).is_ok());

    // A stranger's signature.
    let child = format!("{REPOSITORY}@{}", index.children[1]);
    sign_one(&mut unsigned, &SECOND, &child, &attaching()).unwrap();
    let refused = manifests(check(&mut unsigned, &index));
    let why = rejection(&refused.manifests.into_iter().nth(1).unwrap().outcome);
    assert_eq!(why, Rejection::NoTrustedKey);

    // The index's own signature is missing, and those of its manifests are there.
    let mut bare = registry.clone_store();
    bare.store.untag(REPOSITORY, &signature_tag(&index.digest));
    let refused = manifests(check(&mut bare, &index));
    assert!(matches!(
        *refused.own,
        Err(VerificationError::NoSignatures(_))
    ));
    assert_eq!(refused.failed(), 0);

    // The registry fails for one, which is not the same as no signature.
    let mut failing = registry.clone_store();
    failing.twist_manifest = Some(Box::new(move |request, answer| {
        match request.reference == tag {
            true => Err(RegistryError::Unavailable("by the test".into())),
            false => answer,
        }
    }));
    let refused = manifests(check(&mut failing, &index));
    assert!(matches!(
        refused.manifests[1].outcome,
        Err(VerificationError::Registry(RegistryError::Unavailable(_)))
    ));
}

/// What builders put beside the platforms is named by the index, so it is verified as well.
#[test]
fn nested_indexes_and_other_artifacts_count_too() {
    let mut store = Store::default();
    let nested = put_index(&mut store, &[image("s390x")]);
    let mut attestation = image("amd64");
    attestation.entry["platform"] = json!({"architecture": "unknown", "os": "unknown"});
    attestation.entry["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest"});
    attestation.manifest.push(' ');
    let attestation = attestation.sized();
    let children = [
        image("arm64"),
        attestation,
        Child::new(&nested.manifest, media_type::OCI_INDEX, None),
    ];
    let index = put_index(&mut store, &children);
    let mut registry = MemoryRegistry::honest(store);
    sign_all(&mut registry, &index);
    let verified = check(&mut registry, &index).unwrap();
    let platforms: Vec<_> = verified
        .manifests()
        .iter()
        .map(|manifest| manifest.platform())
        .collect();
    let expected = [
        Some("linux/arm64"),
        Some("unknown/unknown"),
        None,
        Some("linux/s390x"),
    ];
    assert_eq!(platforms, expected);
    for digest in verified.manifests().iter().map(|found| *found.digest()) {
        let mut registry = registry.clone_store();
        registry.store.untag(REPOSITORY, &signature_tag(&digest));
        assert_eq!(manifests(check(&mut registry, &index)).failed(), 1);
    }
}

#[test]
fn each_reference_has_its_own_result() {
    let (mut registry, index) = signed(&[image("amd64"), image("arm64")]);
    let alone = Child::new(r#"{"schemaVersion":2,"config":{},"layers":[]}"#, OCI, None);
    let alone = alone.put(&mut registry.store);
    let alone = format!("{REPOSITORY}@{alone}");
    sign_one(&mut registry, &FIRST, &alone, &attaching()).unwrap();
    let child = format!("{REPOSITORY}@{}", index.children[0]);
    let index = index.reference();
    let absent = format!("{REPOSITORY}:absent");
    let gone = format!("{REPOSITORY}@sha256:{}", "1".repeat(64));
    registry.forget();
    let references = [&*alone, &absent, &index, "Not a reference", &gone, &child];
    let keys = policy(&[&first_pub()]);
    let results = check_with(&mut registry, &keys, &references);
    let manifests: Vec<Option<usize>> = results
        .iter()
        .map(|result| result.as_ref().ok().map(|image| image.manifests().len()))
        .collect();
    assert_eq!(manifests, [Some(0), None, Some(2), None, None, Some(0)]);
    for place in [1, 4] {
        assert!(matches!(
            results[place],
            Err(VerificationError::ImageNotFound(_))
        ));
    }
    assert_eq!(
        registry.calls,
        [
            Call::Resolve(1),
            Call::FetchManifests(4),
            Call::FetchManifests(5),
            Call::FetchBlobs(5),
        ]
    );
}

#[test]
fn what_is_no_index_as_it_was_asked_for_is_refused() {
    let (registry, index) = signed(&[image("amd64")]);
    assert!(check(&mut registry.clone_store(), &index).is_ok());
    let twisted = |twist: fn(&mut cosignet::imports::ServedManifest)| {
        let mut registry = registry.clone_store();
        registry.twist_manifest = Some(Box::new(move |request, answer| {
            let mut served = answer?;
            if request.reference.starts_with("sha256:") {
                twist(&mut served);
            }
            Ok(served)
        }));
        check(&mut registry, &index).unwrap_err()
    };
    for refused in [
        twisted(|served| served.media_type = OCI.into()),
        twisted(|served| served.media_type = "text/html".into()),
        twisted(|served| served.content.push(b' ')),
    ] {
        assert!(
            matches!(refused, VerificationError::UntrustedAnswer(_)),
            "{refused}"
        );
    }
}

#[test]
fn walks_are_bounded() {
    let mut store = Store::default();
    let mut index = put_index(&mut store, &[image("amd64")]);
    for _ in 0..4 {
        let inner = Child::new(&index.manifest, media_type::OCI_INDEX, None);
        index = put_index(&mut store, &[inner]);
    }
    let mut registry = MemoryRegistry::honest(store);
    sign_all(&mut registry, &index);
    assert_eq!(check(&mut registry, &index).unwrap().manifests().len(), 5);
    let inner = Child::new(&index.manifest, media_type::OCI_INDEX, None);
    let index = put_index(&mut registry.store, &[inner]);
    let refused = check(&mut registry, &index).unwrap_err();
    assert!(
        matches!(refused, VerificationError::LimitExceeded(_)),
        "{refused}"
    );
    for (count, within) in [(1000, true), (1001, false)] {
        let children: Vec<Child> = (0..count).map(|n| image(&n.to_string())).collect();
        let index = put_index(&mut registry.store, &children);
        match check(&mut registry, &index).unwrap_err() {
            VerificationError::Manifests(found) => {
                assert!(within);
                assert_eq!(found.failed(), count);
            }
            VerificationError::LimitExceeded(_) => assert!(!within),
            other => panic!("{count}: {other}"),
        }
    }
}

/// All manifests of one reference share what is looked at.
#[test]
fn an_index_of_many_signatures_is_bounded() {
    let children: Vec<Child> = (0..12).map(|n| image(&n.to_string())).collect();
    let (mut registry, index) = signed(&children);
    assert!(check(&mut registry, &index).is_ok());
    let junk = vec![json!({}); 900];
    for child in &index.children {
        let tag = signature_tag(child);
        let sig = manifest(&junk);
        registry.store.put_manifest(REPOSITORY, &tag, OCI, &sig);
    }
    let refused = manifests(check(&mut registry, &index));
    let over = refused
        .manifests
        .iter()
        .filter(|manifest| matches!(manifest.outcome, Err(VerificationError::LimitExceeded(_))));
    assert_eq!(over.count(), 1, "the twelfth is over ten thousand");
    assert_eq!(refused.failed(), 12);
}

/// An index in a repository.
struct Index {
    digest: Digest,
    manifest: String,
    children: Vec<Digest>,
}

impl Index {
    fn reference(&self) -> String {
        format!("{REPOSITORY}@{}", self.digest)
    }
}

/// A manifest, and what an index says of it.
struct Child {
    manifest: String,
    kind: &'static str,
    entry: Value,
}

impl Child {
    fn new(manifest: &str, kind: &'static str, platform: Option<Value>) -> Self {
        let mut entry = json!({});
        if let Some(platform) = platform {
            entry["platform"] = platform;
        }
        let child = Self {
            manifest: manifest.to_owned(),
            kind,
            entry,
        };
        child.sized()
    }

    /// Its descriptor, after the manifest was changed.
    fn sized(mut self) -> Self {
        self.entry["mediaType"] = self.kind.into();
        self.entry["size"] = self.manifest.len().into();
        self.entry["digest"] = Digest::of(self.manifest.as_bytes()).to_string().into();
        self
    }

    fn put(&self, store: &mut Store) -> Digest {
        let name = self.entry["digest"].as_str().unwrap();
        store.put_manifest(REPOSITORY, name, self.kind, self.manifest.as_bytes())
    }
}

/// An image for an architecture, unlike that for another.
fn image(architecture: &str) -> Child {
    let manifest = format!(
        r#"{{"schemaVersion":2,"config":{{}},"layers":[],"annotations":{{"for":"{architecture}"}}}}"#
    );
    let platform = json!({"architecture": architecture, "os": "linux"});
    Child::new(&manifest, OCI, Some(platform))
}

fn put_index(store: &mut Store, children: &[Child]) -> Index {
    let digests = children.iter().map(|child| child.put(store)).collect();
    let entries: Vec<&Value> = children.iter().map(|child| &child.entry).collect();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_INDEX,
        "manifests": entries,
    })
    .to_string();
    let name = Digest::of(manifest.as_bytes()).to_string();
    let kind = media_type::OCI_INDEX;
    Index {
        digest: store.put_manifest(REPOSITORY, &name, kind, manifest.as_bytes()),
        manifest,
        children: digests,
    }
}

/// A registry with an index whose every manifest is signed.
fn signed(children: &[Child]) -> (MemoryRegistry, Index) {
    let mut store = Store::default();
    let index = put_index(&mut store, children);
    let mut registry = MemoryRegistry::honest(store);
    sign_all(&mut registry, &index);
    (registry, index)
}

fn sign_all(registry: &mut MemoryRegistry, index: &Index) {
    let options = Signing {
        recursive: true,
        ..attaching()
    };
    for result in sign(registry, &FIRST, &[&index.reference()], &options) {
        result.outcome.unwrap();
    }
    registry.forget();
}

fn check(registry: &mut MemoryRegistry, index: &Index) -> Result<VerifiedImage, VerificationError> {
    let keys = policy(&[&first_pub()]);
    check_with(registry, &keys, &[&index.reference()]).remove(0)
}

fn check_with(
    registry: &mut MemoryRegistry,
    policy: &Policy,
    references: &[&str],
) -> Vec<Result<VerifiedImage, VerificationError>> {
    let options = Options {
        recursive: true,
        ..Options::default()
    };
    let references: Vec<String> = references.iter().map(|&text| text.to_owned()).collect();
    verify_images(registry, policy, &references, &options)
}

fn manifests(result: Result<VerifiedImage, VerificationError>) -> UnverifiedIndex {
    match result {
        Err(VerificationError::Manifests(found)) => found,
        other => panic!("{other:?}"),
    }
}

trait CloneStore {
    fn clone_store(&self) -> MemoryRegistry;
}

impl CloneStore for MemoryRegistry {
    /// An honest registry with the same contents.
    fn clone_store(&self) -> MemoryRegistry {
        MemoryRegistry::honest(self.store.clone())
    }
}

const OCI: &str = media_type::OCI_MANIFEST;
