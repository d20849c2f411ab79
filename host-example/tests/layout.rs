//! Images on disk: saved from a registry, verified by the component, loaded into another one; and
//! directories that were tampered with.
//!
//! The image and its signatures are cosign's own (`tests/data/cosign`), so nothing here signs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cosignet::oci::{Digest, referrers_tag};
use cosignet_host::api::policy::{Formats, Rules};
use cosignet_host::api::report::{Rejection, Verdict, VerificationError, VerifiedImage};
use cosignet_host::embedded::registry::{Action, EmbeddedRegistry, Endpoint, Fault, Options};
use cosignet_host::layout::{self, Copied, Layout, LayoutError};
use cosignet_host::registry::{Registry as _, RegistryError};
use cosignet_host::{Imports, OciRegistry, Program, Session, World};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

#[tokio::test]
async fn all_that_is_attached_comes_along() {
    for (from_api, to_api) in [(true, true), (true, false), (false, true), (false, false)] {
        let (source, target) = (registry(from_api).await, registry(to_api).await);
        let image = seed(&source);
        let folder = TempDir::new().unwrap();
        let directory = folder.path().join("new/folder");
        let saved = save(&source, "app:v1", &directory).await.unwrap();
        let expected = Copied {
            digest: image,
            manifests: 4, // image, signatures, attestations, bundle
            blobs: 8,
            left_out: Vec::new(),
        };
        assert_eq!(saved, expected);
        source.shutdown().await;

        let both = verify_directory(&directory, Formats::Any).await.unwrap();
        assert_eq!(both.signatures.len(), 2);
        assert_eq!(both.digest, image.to_string());
        assert_eq!(both.repository, Layout::REPOSITORY);
        for formats in [Formats::SimpleSigning, Formats::Bundles] {
            let one = verify_directory(&directory, formats).await.unwrap();
            assert_eq!(one.signatures.len(), 1);
        }
        let stranger = verify_with(&directory, Formats::Any, STRANGER).await;
        assert!(matches!(stranger, Err(VerificationError::NoMatch(_))));

        let loaded = load(&directory, None, &target, "other/name:v2")
            .await
            .unwrap();
        assert_eq!(loaded, expected);
        let puts: Vec<String> = target
            .take_requests()
            .iter()
            .map(ToString::to_string)
            .filter(|line| line.starts_with("PUT") && line.contains("/manifests/"))
            .collect();
        let last = puts.last().unwrap();
        assert!(
            last.contains("manifests/v2"),
            "its own tag is last: {puts:#?}"
        );
        let reference = format!("{}/other/name:v2", target.host());
        for (formats, count) in [
            (Formats::Any, 2),
            (Formats::SimpleSigning, 1),
            (Formats::Bundles, 1),
        ] {
            let client = client();
            let verified = verify(client, &reference, formats, TRUSTED).await.unwrap();
            assert_eq!(verified.signatures.len(), count);
        }
        for suffix in ["", ".sig", ".att"] {
            let tag = referrers_tag(&image) + suffix;
            let is_there = target.manifest("other/name", &tag).is_some();
            assert_eq!(is_there, !suffix.is_empty() || !to_api, "{tag}");
        }

        // Once more: nothing is there that is not there already.
        let lists =
            |registry: &EmbeddedRegistry| registry.manifest("other/name", &referrers_tag(&image));
        let before = lists(&target);
        load(&directory, None, &target, "other/name:v2")
            .await
            .unwrap();
        assert_eq!(lists(&target), before);
        let uploads = target.take_requests();
        let uploads = uploads.iter().map(ToString::to_string);
        assert!(
            !uploads
                .into_iter()
                .any(|line| line.contains("/blobs/uploads/"))
        );
    }
}

/// As cosign writes them: by its kinds alone, and the bundle nowhere but among the blobs.
#[tokio::test]
async fn what_cosign_writes_is_read() {
    let saved = Saved::new().await;
    let mut index = saved.index();
    let entries = index["manifests"].as_array_mut().unwrap();
    let bundle = entries.pop().unwrap();
    assert_eq!(bundle["artifactType"], BUNDLE);
    for entry in entries {
        entry["annotations"].as_object_mut().unwrap().remove(TAG);
    }
    saved.write_index(&index);
    let both = saved.verify(Formats::Any).await.unwrap();
    assert_eq!(both.signatures.len(), 2);
    // As crane writes it: the image, and nothing said of it.
    let entry = index["manifests"][0].as_object_mut().unwrap();
    entry.remove("annotations");
    index["manifests"].as_array_mut().unwrap().truncate(1);
    saved.write_index(&index);
    let bundle = saved.verify(Formats::Any).await.unwrap();
    assert_eq!(bundle.signatures.len(), 1);
    let none = saved.verify(Formats::SimpleSigning).await;
    assert!(matches!(none, Err(VerificationError::NoSignatures(_))));
}

/// As oras writes it: everything by the tag that it had.
#[tokio::test]
async fn tags_are_enough() {
    let saved = Saved::new().await;
    let mut index = saved.index();
    for entry in index["manifests"].as_array_mut().unwrap() {
        if let Some(annotations) = entry["annotations"].as_object_mut() {
            annotations.remove("kind");
        }
    }
    saved.write_index(&index);
    let both = saved.verify(Formats::Any).await.unwrap();
    assert_eq!(both.signatures.len(), 2);
    let layout = saved.layout();
    assert_eq!(layout.image(Some("v1")).unwrap(), image());
    assert_eq!(layout.image(Some(&image().to_string())).unwrap(), image());
    for missing in ["v2", &Digest::of(b"none").to_string(), ""] {
        let refused = layout.image(Some(missing));
        assert!(
            matches!(refused, Err(LayoutError::WhichImage(_))),
            "{missing}"
        );
    }
}

#[tokio::test]
async fn several_images_are_told_apart() {
    let saved = Saved::new().await;
    let other = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(CONFIG, b"{}"),
        "layers": [],
    })
    .to_string();
    saved.write(b"{}");
    saved.write(other.as_bytes());
    let digest = Digest::of(other.as_bytes());
    let mut index = saved.index();
    let untouched = index.clone();
    // Whatever it is called, if only it has a tag that is an image's; or none at all.
    for annotations in [
        json!({ TAG: "evil" }),
        json!({ TAG: "evil", "kind": "dev.cosignproject.cosign/sigs" }),
        json!({ "kind": "dev.cosignproject.cosign/image" }),
        json!({}),
    ] {
        let mut entry = descriptor(MANIFEST, other.as_bytes());
        entry["annotations"] = annotations;
        for place in [0, 1] {
            index.clone_from(&untouched);
            let entries = index["manifests"].as_array_mut().unwrap();
            entries.insert(place, entry.clone());
            saved.write_index(&index);
            let layout = saved.layout();
            let Err(LayoutError::WhichImage(words)) = layout.image(None) else {
                panic!("one of two: {entry}");
            };
            assert!(words.contains(&digest.to_string()) && words.contains(&image().to_string()));
            let named = layout.reference(Some("v1")).unwrap();
            let verified = verify(layout, &named, Formats::Any, TRUSTED).await.unwrap();
            assert_eq!(verified.signatures.len(), 2);
            let layout = saved.layout();
            let named = layout.reference(Some(&digest.to_string())).unwrap();
            let none = verify(layout, &named, Formats::Any, TRUSTED).await;
            assert!(matches!(none, Err(VerificationError::NoSignatures(_))));
        }
    }
    // The same image under two tags is one.
    index.clone_from(&untouched);
    let mut again = index["manifests"][0].clone();
    again["annotations"][TAG] = "v2".into();
    index["manifests"].as_array_mut().unwrap().push(again);
    saved.write_index(&index);
    assert_eq!(saved.layout().image(None).unwrap(), image());
    // None at all.
    saved.write_index(&json!({ "schemaVersion": 2, "manifests": [] }));
    assert!(matches!(
        saved.layout().image(None),
        Err(LayoutError::WhichImage(_))
    ));
}

/// What a directory holds is what was signed: every blob of the image is compared.
#[tokio::test]
async fn a_damaged_image_is_no_image() {
    for name in ["manifest.json", "config.json", "layer.tar.gz"] {
        let content = data(&format!("image/{name}"));
        let digest = Digest::of(&content);
        for damage in Damage::ALL {
            let saved = Saved::new().await;
            saved.verify(Formats::Any).await.unwrap();
            damage.to(&saved.blob(digest), &content);
            let layout = saved.layout();
            // Gone, it is not among the images; else it is found out.
            if let Ok(image) = layout.image(None) {
                assert!(layout.check(image).await.is_err(), "{name} {damage:?}");
            }
            let refused = cosignet(&[
                "verify",
                "--key",
                &key(TRUSTED),
                "--local-image",
                saved.path(),
            ]);
            assert_eq!(refused.status.code(), Some(1), "{name} {damage:?}");
            saved.refused_by_load().await;
        }
    }
}

/// A verifier judges what is attached, each on its own; a copy is whole or it is none.
#[tokio::test]
async fn damaged_signatures_do_not_count() {
    let payload = data("legacy-sig/v2.5.0-plain/payload-0.json");
    let bundle = data("bundle-sig/v3.1.1-plain/bundle.sigstore.json");
    let signatures = data("legacy-sig/v2.5.0-plain/manifest.json");
    let referrer = data("bundle-sig/v3.1.1-plain/manifest.json");
    for (content, formats, other) in [
        (&payload, Formats::SimpleSigning, Formats::Bundles),
        (&signatures, Formats::SimpleSigning, Formats::Bundles),
        (&bundle, Formats::Bundles, Formats::SimpleSigning),
        (&referrer, Formats::Bundles, Formats::SimpleSigning),
    ] {
        for damage in Damage::ALL {
            let saved = Saved::new().await;
            saved.verify(formats).await.unwrap();
            damage.to(&saved.blob(Digest::of(content)), content);
            assert!(saved.verify(formats).await.is_err(), "{damage:?}");
            saved.verify(other).await.unwrap();
            saved.refused_by_load().await;
        }
    }
}

#[tokio::test]
async fn signatures_of_another_image_do_not_count() {
    let saved = Saved::new().await;
    let other = data("image/index.json");
    saved.write(&other);
    let mut index = saved.index();
    let mut entry = descriptor(INDEX, &other);
    entry["annotations"] = json!({ "kind": "dev.cosignproject.cosign/imageIndex" });
    index["manifests"][0] = entry;
    index["manifests"][1]["annotations"]
        .as_object_mut()
        .unwrap()
        .remove(TAG);
    saved.write_index(&index);
    let layout = saved.layout();
    let named = layout
        .reference(Some(&Digest::of(&other).to_string()))
        .unwrap();
    let refused = verify(layout, &named, Formats::Any, TRUSTED).await;
    let Err(VerificationError::NoMatch(image)) = refused else {
        panic!("{refused:?}");
    };
    let Verdict::Rejected(Rejection::OtherImage(named)) = &image.signatures[0].verdict else {
        panic!("{image:?}");
    };
    assert!(named.contains(&self::image().to_string()));
}

/// Nothing but digests becomes a file's name.
#[tokio::test]
async fn names_lead_nowhere_else() {
    let saved = Saved::new().await;
    let secret = saved.directory.join("../secret");
    fs::write(&secret, "secret").unwrap();
    let layout = saved.layout();
    let repository = Layout::REPOSITORY;
    for bad in [
        "sha256:../../../secret".to_owned(),
        format!("sha256:{}", "../".repeat(21) + "/"),
        format!("sha512:{}", "a".repeat(128)),
        format!("sha256:{}", "A".repeat(64)),
        "sha256:".to_owned(),
    ] {
        let blob = layout.fetch_blob(repository, &bad, 100).await;
        assert!(matches!(blob, Err(RegistryError::Invalid(_))), "{bad}");
        let manifest = layout.fetch_manifest(repository, &bad, 100).await;
        assert!(matches!(manifest, Err(RegistryError::Invalid(_))), "{bad}");
        let list = layout.list_referrers(repository, &bad, 100).await;
        assert!(matches!(list, Err(RegistryError::Invalid(_))), "{bad}");
        let mut index = saved.index();
        index["manifests"][0]["digest"] = bad.into();
        let refused = Saved::new().await;
        refused.write_index(&index);
        let refused = Layout::open(&refused.directory);
        assert!(matches!(refused, Err(LayoutError::Malformed(_))));
    }
    for tag in ["../../secret", "v2", "secret", ""] {
        let manifest = layout.fetch_manifest(repository, tag, 100).await;
        assert!(matches!(manifest, Err(RegistryError::NotFound(_))), "{tag}");
    }
    // And there is one repository.
    for other in ["127.0.0.1:1/image", "layout.invalid/other", "ghcr.io/image"] {
        let digest = image().to_string();
        for reference in ["v1", digest.as_str()] {
            let elsewhere = layout.fetch_manifest(other, reference, 10_000).await;
            assert!(
                matches!(elsewhere, Err(RegistryError::NotFound(_))),
                "{other}"
            );
        }
        assert!(
            layout
                .fetch_manifest(repository, &digest, 10_000)
                .await
                .is_ok()
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn links_lead_nowhere_else() {
    use std::os::unix::fs::symlink;
    let payload = data("legacy-sig/v2.5.0-plain/payload-0.json");
    let saved = Saved::new().await;
    let blob = saved.blob(Digest::of(&payload));
    let outside = saved.directory.join("../outside");
    let inside = saved.directory.join("inside");
    for (target, is_read) in [(&inside, true), (&outside, false)] {
        fs::write(target, &payload).unwrap();
        fs::remove_file(&blob).unwrap();
        symlink(target, &blob).unwrap();
        let verified = saved.verify(Formats::SimpleSigning).await;
        assert_eq!(verified.is_ok(), is_read, "{verified:?}");
    }
    // Nor do they when a directory is one, be it read or written.
    let saved = Saved::new().await;
    saved.verify(Formats::SimpleSigning).await.unwrap();
    let (blobs, moved) = (
        saved.directory.join("blobs"),
        saved.directory.join("../moved"),
    );
    fs::rename(&blobs, &moved).unwrap();
    symlink(&moved, &blobs).unwrap();
    assert!(saved.layout().check(image()).await.is_err());
    let source = registry(true).await;
    seed(&source);
    let before = files(&moved);
    let refused = save(&source, "app:v1", &saved.directory).await;
    assert!(
        matches!(refused, Err(LayoutError::File { .. })),
        "{refused:?}"
    );
    assert_eq!(files(&moved), before);
    // What is no file is not opened: it might never end.
    let saved = Saved::new().await;
    let blob = saved.blob(Digest::of(&payload));
    fs::remove_file(&blob).unwrap();
    let made = Command::new("mkfifo").arg(&blob).status().unwrap();
    assert!(made.success());
    assert!(saved.verify(Formats::SimpleSigning).await.is_err());
    saved.verify(Formats::Bundles).await.unwrap();
}

#[tokio::test]
async fn blobs_are_read_up_to_their_limit() {
    let saved = Saved::new().await;
    let layout = saved.layout();
    let content = data("image/config.json");
    let (name, length) = (Digest::of(&content).to_string(), content.len() as u64);
    let blob = layout.fetch_blob(Layout::REPOSITORY, &name, length).await;
    assert_eq!(blob.unwrap(), content);
    let cut = layout
        .fetch_blob(Layout::REPOSITORY, &name, length - 1)
        .await;
    assert!(matches!(cut, Err(RegistryError::TooLarge { .. })));
    let name = image().to_string();
    let list = layout
        .list_referrers(Layout::REPOSITORY, &name, 10_000)
        .await;
    let length = list.unwrap()[0].content.len() as u64;
    let list = layout
        .list_referrers(Layout::REPOSITORY, &name, length)
        .await;
    assert!(list.is_ok());
    let list = layout
        .list_referrers(Layout::REPOSITORY, &name, length - 1)
        .await;
    assert!(matches!(list, Err(RegistryError::TooLarge { .. })));
}

#[tokio::test]
async fn what_is_no_layout_is_not_opened() {
    let saved = Saved::new().await;
    for (file, content) in [
        ("oci-layout", r#"{"imageLayoutVersion":"2.0.0"}"#),
        ("oci-layout", "{}"),
        ("oci-layout", ""),
        ("index.json", "{}"),
        ("index.json", r#"{"schemaVersion":1,"manifests":[]}"#),
        (
            "index.json",
            r#"{"schemaVersion":2,"mediaType":"text/html","manifests":[]}"#,
        ),
        (
            "index.json",
            r#"{"schemaVersion":2,"manifests":[],"manifests":[]}"#,
        ),
    ] {
        let path = saved.directory.join(file);
        let good = fs::read(&path).unwrap();
        saved.layout();
        fs::write(&path, content).unwrap();
        let refused = Layout::open(&saved.directory);
        assert!(
            matches!(refused, Err(LayoutError::Malformed(_))),
            "{content}"
        );
        fs::remove_file(&path).unwrap();
        let refused = Layout::open(&saved.directory);
        assert!(matches!(refused, Err(LayoutError::File { .. })), "{file}");
        fs::write(&path, good).unwrap();
    }
}

/// The children's signatures come along too; cosign leaves those behind.
#[tokio::test]
async fn an_index_comes_with_its_children() {
    let (source, target) = (registry(true).await, registry(false).await);
    let child = seed(&source);
    let other = json!({
        "schemaVersion": 2, "config": descriptor(CONFIG, b"{}"), "layers": [],
    })
    .to_string();
    source.put_blob("app", "{}");
    source.put_manifest("app", None, MANIFEST, other.clone());
    // Docker's types, one inside the other, and one child in both.
    let inner = json!({
        "schemaVersion": 2, "mediaType": DOCKER_LIST,
        "manifests": [descriptor(MANIFEST, &data("image/manifest.json"))],
    })
    .to_string();
    source.put_manifest("app", None, DOCKER_LIST, inner.clone());
    let outer = json!({
        "schemaVersion": 2, "mediaType": INDEX,
        "manifests": [
            descriptor(DOCKER_LIST, inner.as_bytes()),
            descriptor(MANIFEST, other.as_bytes()),
            descriptor(MANIFEST, &data("image/manifest.json")),
        ],
    })
    .to_string();
    let root = source.put_manifest("app", Some("multi"), INDEX, outer.clone());
    let folder = TempDir::new().unwrap();
    let saved = save(&source, "app:multi", folder.path()).await.unwrap();
    assert_eq!(
        (saved.digest.to_string(), saved.manifests),
        (root.clone(), 7)
    );
    let index: Value =
        serde_json::from_slice(&fs::read(folder.path().join("index.json")).unwrap()).unwrap();
    let kind = &index["manifests"][0]["annotations"]["kind"];
    assert_eq!(kind, "dev.cosignproject.cosign/imageIndex");
    let layout = Layout::open(folder.path()).unwrap();
    let named = layout.reference(Some(&child.to_string())).unwrap();
    let verified = verify(layout, &named, Formats::Any, TRUSTED).await.unwrap();
    assert_eq!(verified.signatures.len(), 2);

    load(folder.path(), None, &target, "app:multi")
        .await
        .unwrap();
    assert_eq!(target.manifest("app", "multi").unwrap().1, outer);
    assert_eq!(
        target
            .manifest("app", &Digest::of(inner.as_bytes()).to_string())
            .unwrap()
            .0,
        DOCKER_LIST
    );
    let child = format!("{}/app@{child}", target.host());
    let verified = verify(client(), &child, Formats::Any, TRUSTED)
        .await
        .unwrap();
    assert_eq!(verified.signatures.len(), 2);

    // One that is not whole is not saved.
    let gone = outer.replace(
        &Digest::of(other.as_bytes()).to_string(),
        &Digest::of(b"").to_string(),
    );
    source.put_manifest("app", Some("multi"), INDEX, gone);
    let refused = save(&source, "app:multi", &folder.path().join("new")).await;
    assert!(
        matches!(refused, Err(LayoutError::Malformed(_))),
        "{refused:?}"
    );
    assert!(!folder.path().join("new").exists());
}

/// An attestation of a signature, and so on.
#[tokio::test]
async fn referrers_of_referrers_come_along() {
    let (source, target) = (registry(true).await, registry(false).await);
    seed(&source);
    let bundle = data("bundle-sig/v3.1.1-plain/manifest.json");
    let second = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor("a/b", b"{}"), "layers": [],
        "subject": descriptor(MANIFEST, &bundle),
    })
    .to_string();
    source.put_manifest("app", None, MANIFEST, second.clone());
    let folder = TempDir::new().unwrap();
    let saved = save(&source, "app:v1", folder.path()).await.unwrap();
    assert_eq!(saved.manifests, 5);
    load(folder.path(), None, &target, "app:v1").await.unwrap();
    let list = target
        .manifest("app", &referrers_tag(&Digest::of(&bundle)))
        .unwrap()
        .1;
    let list: Value = serde_json::from_slice(&list).unwrap();
    let expected = json!([{
        "mediaType": MANIFEST,
        "size": second.len(),
        "digest": Digest::of(second.as_bytes()).to_string(),
        "artifactType": "a/b",
    }]);
    assert_eq!(list["manifests"], expected);
}

/// A list that others keep stays as it is, and gets one more.
#[tokio::test]
async fn lists_are_merged() {
    let saved = Saved::new().await;
    let tag = referrers_tag(&image());
    let neighbour = Digest::of(b"foreign");
    let foreign = format!(
        r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{{"mediaType":"{MANIFEST}","size":7,"digest":"{neighbour}","artifactType":"a/b","more":[1, 2]}}],"annotations":{{"a":"b"}}}}"#
    );
    let with_neighbour = async || {
        let target = registry(false).await;
        target.put_manifest("app", None, MANIFEST, "foreign");
        target.put_manifest("app", Some(&tag), INDEX, foreign.clone());
        target
    };
    let target = with_neighbour().await;
    load(&saved.directory, None, &target, "app:v1")
        .await
        .unwrap();
    let list = String::from_utf8(target.manifest("app", &tag).unwrap().1.to_vec()).unwrap();
    let kept = foreign.split_once("],\"ann").unwrap().0;
    assert!(list.starts_with(kept), "{list}");
    assert!(
        list.contains(BUNDLE) && list.ends_with(r#","annotations":{"a":"b"}}"#),
        "{list}"
    );

    // Somebody else writes at the same time, and undoes ours once.
    let target = with_neighbour().await;
    let stale = Action::ReplaceBody(foreign.clone().into());
    let stale = Fault::new(stale)
        .method(Method::GET)
        .path_contains(tag.clone());
    let hits = target.inject(stale.skip(1).times(1));
    load(&saved.directory, None, &target, "app:v1")
        .await
        .unwrap();
    assert_eq!(hits.count(), 1);
    // Always: it does not go on for ever, and says so.
    let target = with_neighbour().await;
    let stale = Action::ReplaceBody(foreign.clone().into());
    target.inject(
        Fault::new(stale)
            .method(Method::GET)
            .path_contains(tag.clone()),
    );
    let refused = load(&saved.directory, None, &target, "app:v1").await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("others write"), "{refused}");
}

/// Others' signatures stay, which `cosign load` replaces.
#[tokio::test]
async fn signatures_are_merged() {
    let saved = Saved::new().await;
    let target = registry(false).await;
    // By two keys, of which one is that of the image on disk: one layer is in both.
    let there = |name: &str| data(&format!("legacy-sig/v2.5.0-two-signers/{name}"));
    for blob in ["config.json", "payload-0.json", "payload-1.json"] {
        target.put_blob("app", there(blob));
    }
    let tag = referrers_tag(&image()) + ".sig";
    target.put_manifest("app", Some(&tag), MANIFEST, there("manifest.json"));
    let layers = || {
        let manifest = target.manifest("app", &tag).unwrap().1;
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        manifest["layers"].as_array().unwrap().clone()
    };
    let (before, ours) = (layers(), data("legacy-sig/v2.5.0-plain/manifest.json"));
    let ours: Value = serde_json::from_slice(&ours).unwrap();
    load(&saved.directory, None, &target, "app:v1")
        .await
        .unwrap();
    let merged = [&before[..], ours["layers"].as_array().unwrap()].concat();
    assert_eq!(layers(), merged);
    load(&saved.directory, None, &target, "app:v1")
        .await
        .unwrap();
    assert_eq!(layers(), merged);
    let reference = format!("{}/app:v1", target.host());
    for key in [TRUSTED, STRANGER] {
        let verified = verify(client(), &reference, Formats::SimpleSigning, key).await;
        assert_eq!(verified.unwrap().signatures.len(), 3);
    }
    // What is no signature image is left alone.
    target.put_manifest("app", Some(&tag), INDEX, data("image/index.json"));
    assert!(
        load(&saved.directory, None, &target, "app:v1")
            .await
            .is_err()
    );
}

/// A neighbour's rubbish keeps no image back, and is told of.
#[tokio::test]
async fn what_cannot_be_read_is_left_out() {
    let source = registry(true).await;
    let image = seed(&source);
    let subject = descriptor(MANIFEST, &data("image/manifest.json"));
    let rubbish = json!({ "schemaVersion": 1, "mediaType": MANIFEST, "subject": subject });
    source.put_manifest("app", None, MANIFEST, rubbish.to_string());
    let forged = Digest::of(b"something else").to_string();
    let referrer = data("bundle-sig/v3.1.1-plain/manifest.json");
    source.store_raw_manifest("app", &forged, MANIFEST, referrer);
    let tag = referrers_tag(&image) + ".sbom";
    source.put_manifest("app", Some(&tag), "text/plain", "rubbish");
    let folder = TempDir::new().unwrap();
    let saved = save(&source, "app:v1", folder.path()).await.unwrap();
    assert_eq!(
        (saved.manifests, saved.left_out.len()),
        (4, 3),
        "{:#?}",
        saved.left_out
    );
    let verified = verify_directory(folder.path(), Formats::Any).await.unwrap();
    assert_eq!(verified.signatures.len(), 2);
    let words = saved.left_out.join("\n");
    assert!(
        words.contains(&forged) && words.contains("schemaVersion"),
        "{words}"
    );
}

/// Whatever goes wrong on the way, the index is the old one, or none, and nothing is left over.
#[tokio::test]
async fn nothing_half_written_counts() {
    let source = registry(true).await;
    seed(&source);
    let other = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": descriptor(CONFIG, b"{}"), "layers": [descriptor("a/layer", b"the layer")],
    });
    source.put_manifest("app", Some("v2"), MANIFEST, other.to_string());
    source.put_blob("app", "the layer");
    let saved = Saved::new().await;
    let before = fs::read(saved.directory.join("index.json")).unwrap();
    let names = files(&saved.directory);
    let layer = Digest::of(b"the layer").to_string();
    let unavailable = Action::Respond {
        status: StatusCode::SERVICE_UNAVAILABLE,
        headers: hyper::HeaderMap::new(),
        body: "".into(),
    };
    for action in [
        Action::Truncate(3),
        Action::Corrupt,
        Action::Endless,
        Action::ReplaceBody("another".into()),
        Action::Drop,
        unavailable,
    ] {
        let fault = Fault::new(action.clone()).endpoint(Endpoint::Blob);
        let hits = source.inject(fault.path_contains(layer.clone()));
        let refused = save(&source, "app:v2", &saved.directory).await;
        assert!(
            matches!(refused, Err(LayoutError::Registry(_))),
            "{action:?} {refused:?}"
        );
        assert!(hits.count() > 0);
        assert_eq!(
            fs::read(saved.directory.join("index.json")).unwrap(),
            before
        );
        let left: BTreeSet<_> = files(&saved.directory)
            .difference(&names)
            .cloned()
            .collect();
        assert!(
            !left.iter().any(|name| name.contains("unfinished")),
            "{left:?}"
        );
        assert!(!left.iter().any(|name| layer.ends_with(name)), "{left:?}");
        saved.verify(Formats::Any).await.unwrap();
        let new = saved.directory.join("../new");
        assert!(save(&source, "app:v2", &new).await.is_err());
        assert!(Layout::open(&new).is_err());
        source.clear_faults();
    }
    // A damaged blob from before is fetched again. The image is another one then, as with cosign.
    fs::write(saved.blob(Digest::of(b"the layer")), "the lawyer").unwrap();
    save(&source, "app:v2", &saved.directory).await.unwrap();
    assert_eq!(
        fs::read(saved.blob(Digest::of(b"the layer"))).unwrap(),
        b"the layer"
    );
    let layout = saved.layout();
    assert_eq!(
        layout.image(None).unwrap(),
        Digest::of(other.to_string().as_bytes())
    );
    layout.check(layout.image(None).unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_digest_that_is_asked_for_is_the_one_that_is_copied() {
    let saved = Saved::new().await;
    let target = registry(true).await;
    let (good, bad) = (image(), Digest::of(b"other"));
    let refused = load(&saved.directory, None, &target, &format!("app@{bad}")).await;
    assert!(matches!(refused, Err(LayoutError::WhichImage(_))));
    assert_eq!(target.take_requests(), []);
    load(&saved.directory, None, &target, &format!("app@{good}"))
        .await
        .unwrap();
    assert!(target.manifest("app", &good.to_string()).is_some());
    assert!(target.manifest("app", "latest").is_none());
    let source = registry(true).await;
    seed(&source);
    let folder = TempDir::new().unwrap();
    for missing in [format!("app@{bad}"), "app:v2".into(), "other:v1".into()] {
        let refused = save(&source, &missing, folder.path()).await;
        let Err(LayoutError::Registry(RegistryError::NotFound(_))) = refused else {
            panic!("{missing}: {refused:?}");
        };
    }
    save(&source, &format!("app@{good}"), folder.path())
        .await
        .unwrap();
}

/// As users run it.
#[tokio::test(flavor = "multi_thread")]
async fn the_command_line() {
    let (source, target) = (registry(true).await, registry(false).await);
    seed(&source);
    let image = format!("{}/app:v1", source.host());
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (trusted, stranger, directory) = (key(TRUSTED), key(STRANGER), path("d"));
    succeeds(&cosignet(&["save", "--dir", &directory, &image]));
    let verify = |key: &str, directory: &str, more: &[&str]| {
        cosignet(&[&["verify", "--key", key, "--local-image", directory], more].concat())
    };
    let verified = verify(&trusted, &directory, &[]);
    succeeds(&verified);
    assert_eq!(
        source
            .take_requests()
            .iter()
            .filter(|request| request.to_string().contains("PUT"))
            .count(),
        0
    );
    let payloads: Value = serde_json::from_slice(&verified.stdout).unwrap();
    let named = |place: usize| &payloads[place]["critical"]["identity"]["docker-reference"];
    assert_eq!(
        (named(0), named(1)),
        (&json!("127.0.0.1:5055/test/app"), &json!(""))
    );
    succeeds(&verify(&trusted, &format!("{directory}:v1"), &[]));
    succeeds(&verify(
        &trusted,
        &format!("{directory}@{}", self::image()),
        &[],
    ));
    for (key, directory, more, code, words) in [
        (&trusted, path("none"), &[][..], 1, "No such file"),
        (&trusted, format!("{directory}:v2"), &[], 1, "no image v2"),
        (
            &stranger,
            directory.clone(),
            &[],
            12,
            "none of the given keys",
        ),
        (
            &trusted,
            directory.clone(),
            &["-a", "a=b"],
            12,
            "annotation a",
        ),
        (
            &trusted,
            directory.clone(),
            &["--identity", "repository"],
            1,
            "exact=NAME",
        ),
        (
            &trusted,
            directory.clone(),
            &["--identity", "exact=r.example/other"],
            12,
            "another repository",
        ),
        (
            &trusted,
            directory.clone(),
            &["--signature", "s", "--payload", "p"],
            1,
            "cannot be used with",
        ),
    ] {
        let refused = verify(key, &directory, more);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        let code = if words == "cannot be used with" {
            2
        } else {
            code
        };
        assert_eq!(refused.status.code(), Some(code), "{said}");
        assert!(said.contains(words), "{said}");
    }
    succeeds(&verify(
        &trusted,
        &directory,
        &["--identity", "exact=127.0.0.1:5055/test/app"],
    ));
    let as_go_writes_it = [
        "verify",
        "--key",
        &trusted,
        "--local-image=true",
        &directory,
    ];
    succeeds(&cosignet(&as_go_writes_it));
    let copy = format!("{}/copy:v1", target.host());
    succeeds(&cosignet(&["load", "--dir", &directory, &copy]));
    succeeds(&cosignet(&["verify", "--key", &trusted, &copy]));
    source.shutdown().await;
    assert_eq!(
        cosignet(&["save", "--dir", &path("e"), &image])
            .status
            .code(),
        Some(1)
    );
    assert!(!folder.path().join("e").exists());
    fs::remove_file(folder.path().join("d/index.json")).unwrap();
    assert_eq!(
        cosignet(&["load", "--dir", &directory, &copy])
            .status
            .code(),
        Some(1)
    );
}

/// `COSIGN_REPOSITORY`: what is attached lies elsewhere, and goes elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn signatures_in_another_repository() {
    let (source, target) = (registry(false).await, registry(false).await);
    seed_image(&source, "app");
    seed_signatures(&source, "signatures");
    let folder = TempDir::new().unwrap();
    let directory = folder.path().to_string_lossy().into_owned();
    let run = |arguments: &[&str], place: &str| {
        let output = command(arguments).env("COSIGN_REPOSITORY", place).output();
        succeeds(&output.unwrap());
    };
    let (from, to) = (source.host(), target.host());
    let (from_app, to_app) = (format!("{from}/app:v1"), format!("{to}/app:v1"));
    run(
        &["save", "--dir", &directory, &from_app],
        &format!("{from}/signatures"),
    );
    let verified = verify_directory(folder.path(), Formats::Any).await.unwrap();
    assert_eq!(verified.signatures.len(), 2);
    let elsewhere = format!("{to}/elsewhere");
    run(&["load", "--dir", &directory, &to_app], &elsewhere);
    run(&["verify", "--key", &key(TRUSTED), &to_app], &elsewhere);
    let tag = referrers_tag(&image());
    for suffix in ["", ".sig", ".att"] {
        let tag = format!("{tag}{suffix}");
        assert!(target.manifest("elsewhere", &tag).is_some(), "{tag}");
        assert!(target.manifest("app", &tag).is_none(), "{tag}");
    }
    // Without it, nothing is attached.
    let plain = folder.path().join("plain");
    save(&source, "app:v1", &plain).await.unwrap();
    let none = verify_directory(&plain, Formats::Any).await;
    assert!(matches!(none, Err(VerificationError::NoSignatures(_))));
}

/// A layer of 200 MiB goes both ways, and is checked, in memory for a few pieces of it.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn layers_are_never_in_memory() {
    let source = registry(true).await;
    let target = EmbeddedRegistry::start(Options {
        max_blob_size: 300 << 20,
        ..Options::default()
    });
    let target = target.await.unwrap();
    let layer = vec![7; 200 << 20];
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": descriptor(CONFIG, b"{}"), "layers": [descriptor("a/layer", &layer)],
    });
    source.put_blob("app", "{}");
    source.put_blob("app", layer);
    source.put_manifest("app", Some("v1"), MANIFEST, manifest.to_string());
    let folder = TempDir::new().unwrap();
    let directory = folder.path().to_string_lossy().into_owned();
    let (from, to) = (
        format!("{}/app:v1", source.host()),
        format!("{}/app:v1", target.host()),
    );
    // Not even the address space, its own 35 MiB of program included, may be larger.
    let within = |arguments: &[&str]| {
        let limited = r#"ulimit -v 102400 && exec "$0" "$@""#;
        let mut shell = Command::new("sh");
        shell
            .args(["-c", limited, env!("CARGO_BIN_EXE_cosignet")])
            .args(arguments);
        shell.env("HOME", "/nonexistent").output().unwrap()
    };
    succeeds(&within(&["save", "--dir", &directory, &from]));
    succeeds(&within(&["load", "--dir", &directory, &to]));
    assert!(target.manifest("app", "v1").is_some());
    let unsigned = cosignet(&[
        "verify",
        "--key",
        &key(TRUSTED),
        "--local-image",
        &directory,
    ]);
    assert_eq!(unsigned.status.code(), Some(10));
}

// --- Helpers ---

/// The image of the fixtures with all that is attached to it, saved.
struct Saved {
    directory: PathBuf,
    _folder: TempDir,
}

impl Saved {
    async fn new() -> Self {
        let source = registry(true).await;
        seed(&source);
        let folder = TempDir::new().unwrap();
        let directory = folder.path().join("saved");
        save(&source, "app:v1", &directory).await.unwrap();
        source.shutdown().await;
        Self {
            directory,
            _folder: folder,
        }
    }

    fn path(&self) -> &str {
        self.directory.to_str().unwrap()
    }

    fn layout(&self) -> Layout {
        Layout::open(&self.directory).unwrap()
    }

    fn index(&self) -> Value {
        serde_json::from_slice(&fs::read(self.directory.join("index.json")).unwrap()).unwrap()
    }

    fn write_index(&self, index: &Value) {
        fs::write(self.directory.join("index.json"), index.to_string()).unwrap();
    }

    fn blob(&self, digest: Digest) -> PathBuf {
        let name = digest.hex().to_string();
        self.directory.join("blobs/sha256").join(name)
    }

    fn write(&self, content: &[u8]) {
        fs::write(self.blob(Digest::of(content)), content).unwrap();
    }

    async fn verify(&self, formats: Formats) -> Verified {
        verify_directory(&self.directory, formats).await
    }

    /// Before anything is pushed.
    async fn refused_by_load(&self) {
        let target = registry(true).await;
        let refused = load(&self.directory, Some("v1"), &target, "app:v1").await;
        assert!(refused.is_err());
        assert_eq!(target.take_requests(), []);
    }
}

#[derive(Clone, Copy, Debug)]
enum Damage {
    FlippedBit,
    Longer,
    Shorter,
    /// Good bytes, of another digest.
    Swapped,
    Gone,
}

impl Damage {
    const ALL: [Self; 5] = [
        Self::FlippedBit,
        Self::Longer,
        Self::Shorter,
        Self::Swapped,
        Self::Gone,
    ];

    fn to(self, path: &Path, content: &[u8]) {
        assert_eq!(fs::read(path).unwrap(), content);
        let mut bytes = content.to_vec();
        match self {
            Self::FlippedBit => bytes[content.len() / 2] ^= 1,
            Self::Longer => bytes.push(b' '),
            Self::Shorter => drop(bytes.pop()),
            Self::Swapped => bytes = data("legacy-sig/v2.5.0-plain/config.json"),
            Self::Gone => return fs::remove_file(path).unwrap(),
        }
        fs::write(path, bytes).unwrap();
    }
}

type Verified = Result<VerifiedImage, VerificationError>;

async fn verify_directory(directory: &Path, formats: Formats) -> Verified {
    verify_with(directory, formats, TRUSTED).await
}

async fn verify_with(directory: &Path, formats: Formats, key: &str) -> Verified {
    let layout = Layout::open(directory).unwrap();
    let named = layout.reference(Some(&image().to_string())).unwrap();
    verify(layout, &named, formats, key).await
}

async fn verify(
    registry: impl cosignet_host::registry::Registry + 'static,
    image: &str,
    formats: Formats,
    key: &str,
) -> Verified {
    let program = Program::built_in(World::Verifier).unwrap();
    let imports = Imports::none().registry(registry);
    let mut session = Session::start(&program, imports).await.unwrap();
    let rules = Rules {
        formats,
        ..Rules::one_key(data(key))
    };
    let policy = session.read_policy(&rules).await.unwrap();
    let images = [image.to_owned()];
    let verified = session
        .verify_images(policy, &images, &Default::default())
        .await;
    verified.unwrap().remove(0)
}

async fn registry(referrers_api: bool) -> EmbeddedRegistry {
    let options = Options {
        referrers_api,
        ..Options::default()
    };
    EmbeddedRegistry::start(options).await.unwrap()
}

fn client() -> OciRegistry {
    let none: [PathBuf; 0] = [];
    let client = OciRegistry::builder().credential_files(none).retries(1);
    client
        .retry_pause(std::time::Duration::from_millis(1))
        .build()
        .unwrap()
}

async fn save(
    source: &EmbeddedRegistry,
    image: &str,
    directory: &Path,
) -> Result<Copied, LayoutError> {
    let image = format!("{}/{image}", source.host()).parse().unwrap();
    layout::save(&client(), &image, None, directory).await
}

async fn load(
    directory: &Path,
    name: Option<&str>,
    target: &EmbeddedRegistry,
    image: &str,
) -> Result<Copied, LayoutError> {
    let image = format!("{}/{image}", target.host()).parse().unwrap();
    let layout = Layout::open(directory)?;
    layout::load(&layout, name, &client().for_push(), &image, None).await
}

/// The signed image and all that is attached to it, in `app`, tagged `v1`.
fn seed(registry: &EmbeddedRegistry) -> Digest {
    seed_signatures(registry, "app");
    seed_image(registry, "app")
}

fn seed_image(registry: &EmbeddedRegistry, repository: &str) -> Digest {
    registry.put_blob(repository, data("image/config.json"));
    registry.put_blob(repository, data("image/layer.tar.gz"));
    let manifest = data("image/manifest.json");
    let digest = registry.put_manifest(repository, Some("v1"), MANIFEST, manifest);
    digest.parse().unwrap()
}

fn seed_signatures(registry: &EmbeddedRegistry, repository: &str) {
    for (suffix, folder, blobs) in [
        (
            ".sig",
            "legacy-sig/v2.5.0-plain",
            &["config.json", "payload-0.json"][..],
        ),
        (".att", "attestation/v2.5.0-att-tag", &["dsse.json"]),
    ] {
        let file = |name: &str| data(&format!("{folder}/{name}"));
        for blob in blobs {
            registry.put_blob(repository, file(blob));
        }
        let tag = referrers_tag(&image()) + suffix;
        registry.put_manifest(repository, Some(&tag), MANIFEST, file("manifest.json"));
    }
    // The fixture has no configuration of it: what cosign writes for one layer, 233 bytes.
    let layer = Digest::of(&data("attestation/v2.5.0-att-tag/dsse.json"));
    let config = format!(
        r#"{{"architecture":"","created":"0001-01-01T00:00:00Z","history":[{{"created":"0001-01-01T00:00:00Z"}}],"os":"","rootfs":{{"type":"layers","diff_ids":["{layer}"]}},"config":{{}}}}"#
    );
    registry.put_blob(repository, config);
    let bundle = |name: &str| data(&format!("bundle-sig/v3.1.1-plain/{name}"));
    registry.put_blob(repository, "{}");
    registry.put_blob(repository, bundle("bundle.sigstore.json"));
    registry.put_manifest(repository, None, MANIFEST, bundle("manifest.json"));
    let list = bundle("referrers-fallback-index.json");
    registry.put_manifest(repository, Some(&referrers_tag(&image())), INDEX, list);
}

fn image() -> Digest {
    Digest::of(&data("image/manifest.json"))
}

fn descriptor(media_type: &str, content: &[u8]) -> Value {
    let digest = Digest::of(content).to_string();
    json!({ "mediaType": media_type, "size": content.len(), "digest": digest })
}

/// The names of all files.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        match entry.path().is_dir() {
            true => names.extend(files(&entry.path())),
            false => drop(names.insert(entry.file_name().to_string_lossy().into_owned())),
        }
    }
    names
}

fn data(name: &str) -> Vec<u8> {
    fs::read(key(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The path of a fixture.
fn key(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/cosign");
    folder.join(name).to_string_lossy().into_owned()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cosignet"));
    command
        .args(arguments)
        .env_clear()
        .env("HOME", "/nonexistent");
    command
}

fn cosignet(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn succeeds(output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

const TRUSTED: &str = "keys/cosign-v2.5.0.pub";
const STRANGER: &str = "keys/cosign-v3.1.1.pub";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const TAG: &str = "org.opencontainers.image.ref.name";
