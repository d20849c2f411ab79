//! What cosign 3 signs by default, an in-toto statement in a bundle that refers to the image, verified
//! by Cosignet: on a registry that keeps no lists of referrers.

use serde_json::Value;

use crate::image::Image;
use crate::keys::{Algorithm, KeyPair};
use crate::lab::Lab;
use crate::outcome::Outcome;
use crate::rekor::Rekor;
use crate::tool::Tool;

const NO_SIGNATURES: i32 = 10;
const NO_MATCH: i32 = 12;

#[test]
fn every_key_of_cosign_3() {
    for algorithm in Algorithm::KINDS {
        let lab = Lab::new();
        let key = lab.import(Tool::Cosign3, algorithm);
        let stranger = lab.generate(Tool::Cosign2);
        let image = lab.image();
        verify(&lab, &key, &image, &[]).exits_with(NO_SIGNATURES);
        lab.sign_bundle(&key, &image.reference(), &[]).succeeds();
        verify(&lab, &key, &image, &[]).succeeds();
        verify(&lab, &key, &image, &["--format", "bundle"]).succeeds();
        verify(&lab, &key, &image, &["--format", "simple"]).exits_with(NO_SIGNATURES);
        verify(&lab, &stranger, &image, &[]).exits_with(NO_MATCH);
        let other = lab.image();
        verify(&lab, &key, &other, &[]).exits_with(NO_SIGNATURES);
    }
}

#[test]
fn annotations_and_output_are_cosigns() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign3);
    let image = lab.image();
    lab.sign_bundle(
        &key,
        &image.reference(),
        &["-a", "env=prod <&> é", "-a", "n=1"],
    )
    .succeeds();
    let wanted = ["-a", "env=prod <&> é"];
    let ours = verify(&lab, &key, &image, &wanted).succeeds().stdout;
    let theirs = lab
        .verify(Tool::Cosign3, &key, &image.reference(), &wanted)
        .succeeds()
        .stdout;
    let json = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    assert_eq!(json(&ours), json(&theirs));
    verify(&lab, &key, &image, &["-a", "env=test"]).exits_with(NO_MATCH);
}

/// The mixture that blinds cosign 3.1.1: a good `.sig` behind somebody else's bundle.
#[test]
fn a_foreign_bundle_hides_nothing() {
    let lab = Lab::new();
    let (key, stranger) = (lab.generate(Tool::Cosign2), lab.generate(Tool::Cosign3));
    let image = lab.image();
    lab.sign_bundle(&stranger, &image.reference(), &[])
        .succeeds();
    lab.sign(Tool::Cosignet, &key, &image.reference(), &[])
        .succeeds();
    verify(&lab, &key, &image, &[]).succeeds();
    verify(&lab, &stranger, &image, &[]).succeeds();
    let two = ["--key", &stranger.public, "--threshold", "2"];
    verify(&lab, &key, &image, &two).succeeds();
    // cosign 3.1.1 does not see it: that is what this is about.
    let blind = lab.verify(Tool::Cosign3, &key, &image.reference(), &[]);
    assert_ne!(blind.code, 0, "{}", blind.stdout);
}

/// cosign 3.1.1 takes an attestation for a signature.
#[test]
fn an_attestation_is_no_signature() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign3);
    let image = lab.image();
    lab.attest(Tool::Cosign3, &key, &image.reference());
    let refused = verify(&lab, &key, &image, &[]).exits_with(NO_MATCH);
    assert!(
        refused.stderr.contains("statement of type"),
        "{}",
        refused.stderr
    );
}

/// Simple signing that refers to the image instead of lying under a tag: cosign 2's experiment.
#[test]
fn simple_signing_that_refers_to_the_image() {
    let lab = Lab::new();
    let (key, stranger) = (lab.generate(Tool::Cosign2), lab.generate(Tool::Cosign2));
    let image = lab.image();
    let mut command = lab.command(Tool::Cosign2);
    command.env("COSIGN_EXPERIMENTAL", "1");
    command.args([
        "sign",
        "--yes",
        "--key",
        &key.private,
        "--tlog-upload=false",
    ]);
    command.args(["--registry-referrers-mode=oci-1-1", &image.reference()]);
    Outcome::of(&mut command).succeeds();
    assert_eq!(image.signatures(), None, "there is no `.sig`");
    verify(&lab, &key, &image, &[]).succeeds();
    verify(&lab, &stranger, &image, &[]).exits_with(NO_MATCH);
}

/// What is attached is drawn as cosign draws it.
#[test]
fn the_tree_is_cosigns() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign3);
    let image = lab.image();
    let reference = image.reference();
    let tree = |tool| lab.run(tool, &["tree", &reference]).succeeds().stdout;
    assert!(tree(Tool::Cosignet).contains("No Supply Chain Security"));
    lab.sign(Tool::Cosign2, &key, &reference, &[]).succeeds();
    let other = lab.generate(Tool::Cosign2);
    lab.sign(Tool::Cosign2, &other, &reference, &[]).succeeds();
    lab.sign_bundle(&key, &image.reference(), &[]).succeeds();
    lab.attest(Tool::Cosign2, &key, &reference);
    // cosign 3.1.1 draws the tags in any order.
    let lines = |tool| {
        let mut lines: Vec<String> = tree(tool).lines().map(String::from).collect();
        lines.sort();
        lines
    };
    assert_eq!(lines(Tool::Cosignet), lines(Tool::Cosign3));
}

/// What is attached is printed as cosign prints it, by the one that sees it.
#[test]
fn downloads_are_cosigns() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign3);
    let image = lab.image();
    let reference = image.reference();
    let download = |tool| lab.run(tool, &["download", "signature", &reference]);
    download(Tool::Cosignet).exits_with(NO_SIGNATURES);
    lab.sign(Tool::Cosign2, &key, &reference, &[]).succeeds();
    let theirs = download(Tool::Cosign2).succeeds().stdout;
    assert_eq!(download(Tool::Cosignet).succeeds().stdout, theirs);
    lab.sign_bundle(&key, &image.reference(), &[]).succeeds();
    let bundles = download(Tool::Cosign3).succeeds().stdout;
    let json = |text: &str| -> Vec<Value> {
        let lines = text.lines().filter(|line| !line.is_empty());
        lines
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    };
    let ours = json(&download(Tool::Cosignet).succeeds().stdout);
    assert_eq!(ours, [json(&theirs), json(&bundles)].concat());
}

/// The entry rides in the bundle, with its proof.
#[test]
fn logged_bundles() {
    let lab = Lab::new();
    let rekor = Rekor::start(&lab);
    let key = lab.generate(Tool::Cosign3);
    let image = lab.image();
    let reference = image.reference();
    let sign = ["sign", "--yes", "--key", &key.private];
    let log = ["--use-signing-config=false", "--rekor-url", &rekor.url];
    rekor
        .run(
            &lab,
            Tool::Cosign3,
            &[&sign[..], &log, &[&reference]].concat(),
        )
        .succeeds();
    let report = verify(
        &lab,
        &key,
        &image,
        &["--rekor-key", &rekor.public_key, "-o", "report"],
    );
    let report: Value = serde_json::from_str(&report.succeeds().stdout).expect("JSON");
    let found = &report["images"][0]["signatures"][0];
    assert_eq!(found["format"], "bundle");
    assert_eq!(
        found["log"]["evidence"],
        "signed entry timestamp and inclusion proof"
    );
    let other = Rekor::start(&lab);
    verify(&lab, &key, &image, &["--rekor-key", &other.public_key]).exits_with(NO_MATCH);
}

fn verify(lab: &Lab, key: &KeyPair, image: &Image, more: &[&str]) -> Outcome {
    let image = image.reference();
    let verify = ["verify", "--key", &key.public];
    lab.run(Tool::Cosignet, &[&verify[..], more, &[&image]].concat())
}

/// Of a bundle that a registry lists, or clients: at most 4 requests, or 5, and one less where nothing else
/// is looked for. cosign 3.1.1 takes more.
#[test]
fn bundles_take_few_requests() {
    for (keeps_lists, any, restricted) in [(true, 4, 3), (false, 5, 4)] {
        let lab = Lab::with_embedded(keeps_lists);
        let key = lab.generate(Tool::Cosign3);
        let image = lab.image().reference();
        lab.sign_bundle(&key, &image, &[]).succeeds();
        let count = |tool, more: &[&str]| {
            lab.requests();
            lab.verify(tool, &key, &image, more).succeeds();
            lab.requests().len()
        };
        // Every program asks once how it is to log in.
        let login = 1;
        assert!(count(Tool::Cosignet, &[]) <= any + login);
        assert!(count(Tool::Cosignet, &["--format", "bundle"]) <= restricted + login);
        assert!(count(Tool::Cosign3, &[]) > any + login);
    }
}
