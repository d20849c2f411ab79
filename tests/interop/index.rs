//! Multi-platform images: the index and its children.

use serde_json::Value;

use crate::image::Image;
use crate::lab::Lab;
use crate::tool::Tool;

#[test]
fn recursive_signs_the_index_and_every_child() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign2);
    for signer in Tool::ALL {
        let (index, children) = index(&lab);
        lab.sign(signer, &key, &index.tag("v1"), &["-r", "-a", "a=1"])
            .succeeds();
        for image in [&index].into_iter().chain(&children) {
            assert_eq!(image.signed().layers.len(), 1);
            lab.verified_by_all(&key, &image.reference(), &["-a", "a=1"]);
        }
        lab.verified_by_all(&key, &index.tag("v1"), &["-a", "a=1"]);
    }
}

#[test]
fn without_recursive_only_the_index_is_signed() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign2);
    for signer in Tool::ALL {
        let (index, children) = index(&lab);
        lab.sign(signer, &key, &index.reference(), &[]).succeeds();
        lab.verified_by_all(&key, &index.reference(), &[]);
        for child in &children {
            assert_eq!(child.signatures(), None);
            for tool in Tool::ALL {
                lab.verify(tool, &key, &child.reference(), &[])
                    .exits_with(10);
            }
        }
    }
}

#[test]
fn recursive_writes_the_same_bytes() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign3);
    let (index, children) = index(&lab);
    let written = Tool::ALL.map(|tool| {
        lab.sign(tool, &key, &index.reference(), &["--recursive"])
            .succeeds();
        [&index, &children[0], &children[1]].map(|image| {
            let signatures = image.signed();
            image.forget_signatures();
            (signatures.unsigned_manifest(), signatures.config)
        })
    });
    assert_eq!(written[0], written[1]);
    assert_eq!(written[0], written[2]);
}

/// Whoever signed every manifest, each is verified; whatever is missing is named.
#[test]
fn every_manifest_that_anybody_signed_is_verified() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign2);
    for signer in Tool::ALL {
        let (index, children) = index(&lab);
        let reference = index.reference();
        let verify = |more: &[&str]| {
            let flags = [&["-r"], more].concat();
            lab.verify(Tool::Cosignet, &key, &reference, &flags)
        };
        verify(&[]).exits_with(10);
        lab.sign(signer, &key, &reference, &["-a", "a=1"])
            .succeeds();
        let refused = verify(&[]).exits_with(10);
        for child in &children {
            assert!(refused.stderr.contains(&child.digest), "{}", refused.stderr);
        }
        lab.sign(signer, &key, &reference, &["-r", "-a", "a=1"])
            .succeeds();
        let verified = verify(&[]).succeeds();
        let payloads: Value = serde_json::from_str(&verified.stdout).expect("JSON");
        let digests: Vec<&Value> = payloads
            .as_array()
            .expect("a list")
            .iter()
            .map(|payload| &payload["critical"]["image"]["docker-manifest-digest"])
            .collect();
        assert_eq!(digests.len(), 3);
        for (image, digest) in [&index].into_iter().chain(&children).zip(digests) {
            assert_eq!(image.digest, *digest);
        }
        children[1].forget_signatures();
        let report = verify(&["-o", "report"]).exits_with(10);
        let report: Value = serde_json::from_str(&report.stdout).expect("JSON");
        let manifests = &report["images"][0]["manifests"];
        assert_eq!(manifests[0]["verified"], true);
        assert_eq!(manifests[1]["verified"], false);
        assert_eq!(manifests[1]["digest"], children[1].digest);
        let other = lab.generate(Tool::Cosign2);
        lab.sign(signer, &other, &children[1].reference(), &[])
            .succeeds();
        verify(&[]).exits_with(12);
        // An image is itself.
        lab.verify(Tool::Cosignet, &key, &children[0].reference(), &["-r"])
            .succeeds();
    }
}

fn index(lab: &Lab) -> (Image, [Image; 2]) {
    let repository = lab.repository("team/multi");
    let children = [repository.push_image(), repository.push_image()];
    (repository.push_index(&children), children)
}
