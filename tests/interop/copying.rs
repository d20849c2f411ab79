//! What of an image's signatures survives a copy, by whom it is copied, and between registries that
//! list referrers and such that do not: the table in the README.

use crate::lab::Lab;
use crate::site::Site;
use crate::tool::Tool;

/// Copies an image between two repositories, each without a tag.
type Copy = fn(&Lab, &str, &str);

#[test]
fn what_survives_a_copy() {
    for (from_api, to_api) in [(true, true), (true, false), (false, true), (false, false)] {
        let (lab, source, target) = (Lab::new(), Site::start(from_api), Site::start(to_api));
        let key = lab.generate(Tool::Cosign3);
        let image = source.repository("app").push_image();
        let reference = image.tag("v1");
        lab.sign(Tool::Cosign2, &key, &reference, &[]).succeeds();
        lab.attest(Tool::Cosign2, &key, &reference);
        lab.sign_bundle(&key, &reference, &[]).succeeds();
        let survive = |image: &str| {
            let format = |format| {
                let verified = lab.verify(Tool::Cosignet, &key, image, &["--format", format]);
                verified.code == 0
            };
            (format("simple"), format("bundle"))
        };
        assert_eq!(survive(&reference), (true, true));
        // `.sig` and `.att`, then bundles.
        let copies: [(&str, Copy, (bool, bool)); 6] = [
            ("cosignet save and load", save_and_load, (true, true)),
            ("oras backup and restore", back_up_and_restore, (true, true)),
            ("oras copy -r", oras_copy, (false, true)),
            ("crane copy -a", crane_copy, (true, !from_api)),
            ("cosign 2 copy", cosign_2_copy, (true, false)),
            ("cosign 3 copy", cosign_3_copy, (true, false)),
        ];
        for (number, (name, copy, expected)) in copies.into_iter().enumerate() {
            let place = target.name(&format!("copy{number}/app"));
            copy(&lab, &source.name("app"), &place);
            let copied = format!("{place}:v1");
            let case = format!("{name}, lists: {from_api} to {to_api}");
            assert_eq!(survive(&copied), expected, "{case}");
            let digest = lab.peer("crane", &["digest", &copied]).succeeds().stdout;
            assert_eq!(digest.trim(), image.digest, "{case}");
            if expected.0 {
                // Not by cosign 3, which bundles of another kind blind to what is under tags.
                lab.attested(Tool::Cosign2, &key, &copied);
            }
        }
    }
}

fn save_and_load(lab: &Lab, from: &str, to: &str) {
    let (directory, from, to) = (lab.path(), format!("{from}:v1"), format!("{to}:v1"));
    lab.run(Tool::Cosignet, &["save", "--dir", &directory, &from])
        .succeeds();
    lab.run(Tool::Cosignet, &["load", "--dir", &directory, &to])
        .succeeds();
}

/// All tags of the repository.
fn back_up_and_restore(lab: &Lab, from: &str, to: &str) {
    let directory = lab.path();
    let back_up = ["backup", "--plain-http", "--include-referrers", "--output"];
    lab.peer("oras", &[&back_up[..], &[&directory, from]].concat())
        .succeeds();
    lab.peer(
        "oras",
        &["restore", "--plain-http", "--input", &directory, to],
    )
    .succeeds();
}

fn oras_copy(lab: &Lab, from: &str, to: &str) {
    let copy = ["copy", "-r", "--from-plain-http", "--to-plain-http"];
    let (from, to) = (format!("{from}:v1"), format!("{to}:v1"));
    lab.peer("oras", &[&copy[..], &[&from, &to]].concat())
        .succeeds();
}

/// All tags of the repository.
fn crane_copy(lab: &Lab, from: &str, to: &str) {
    lab.peer("crane", &["copy", "-a", from, to]).succeeds();
}

fn cosign_2_copy(lab: &Lab, from: &str, to: &str) {
    cosign_copy(lab, Tool::Cosign2, from, to);
}

fn cosign_3_copy(lab: &Lab, from: &str, to: &str) {
    cosign_copy(lab, Tool::Cosign3, from, to);
}

fn cosign_copy(lab: &Lab, tool: Tool, from: &str, to: &str) {
    let (from, to) = (format!("{from}:v1"), format!("{to}:v1"));
    lab.run(tool, &["copy", &from, &to]).succeeds();
}
