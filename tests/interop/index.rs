//! Multi-platform images: the index and its children.

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

fn index(lab: &Lab) -> (Image, [Image; 2]) {
    let repository = lab.repository("team/multi");
    let children = [repository.push_image(), repository.push_image()];
    (repository.push_index(&children), children)
}
