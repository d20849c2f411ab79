//! Same key, same image, same claims: the same payload, config and manifest bytes whoever signs.

use crate::image::{Image, SignatureImage};
use crate::keys::{Algorithm, KeyPair};
use crate::lab::Lab;
use crate::outcome::Outcome;
use crate::tool::Tool;

#[test]
fn plain() {
    same_bytes(&[]);
}

#[test]
fn annotations_are_sorted_by_bytes() {
    same_bytes(&[
        "-a", "b=2", "-a", "a=1", "-a", "Z=3", "-a", "é=4", "-a", "a.b=5", "-a", "=6",
    ]);
}

#[test]
fn html_characters_are_escaped() {
    same_bytes(&["-a", "html=<b>&amp;</b>"]);
}

#[test]
fn line_separators_are_escaped() {
    same_bytes(&["-a", "lines=\u{2028}and\u{2029}"]);
}

#[test]
fn control_characters_are_escaped() {
    same_bytes(&["-a", "control=\u{1}\u{8}\u{b}\u{c}\t\u{1f}\u{7f}"]);
}

#[test]
fn slashes_and_backslashes() {
    same_bytes(&["-a", r"path=C:\dir\n/usr/bin"]);
}

#[test]
fn non_ascii_is_written_raw() {
    same_bytes(&["-a", "text=häß 日本 \u{1f980} e\u{301}\u{fffd}\u{feff}"]);
}

#[test]
fn empty_values_and_keys() {
    same_bytes(&["-a", "empty=", "-a", "=value"]);
}

#[test]
fn quoted_fields_keep_quotes_commas_and_line_breaks() {
    same_bytes(&["-a", "\"said=\"\"yes\"\", twice\",\"lines=a\nb\""]);
}

#[test]
fn one_flag_may_hold_several_annotations() {
    same_bytes(&["-a", "a=1,b=2", "-a", "c=3"]);
}

#[test]
fn the_last_of_repeated_keys_wins() {
    same_bytes(&["-a", "a=1", "-a", "a=2,a=3"]);
}

#[test]
fn annotations_that_no_one_accepts() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign2);
    let image = lab.image();
    for annotation in ["no-value", "bare=\"quote"] {
        for tool in Tool::ALL {
            lab.sign(tool, &key, &image.reference(), &["-a", annotation])
                .exits_with(1);
        }
    }
    assert_eq!(image.signatures(), None);
}

#[test]
fn another_identity() {
    same_bytes(&[
        "--sign-container-identity",
        "registry.example:5000/else/where",
    ]);
}

#[test]
fn another_identity_may_be_any_text() {
    same_bytes(&["--sign-container-identity", "<any> text & \u{2028}"]);
}

/// cosign takes the time from `SOURCE_DATE_EPOCH` where it is set.
#[test]
fn the_creation_time_is_recorded_on_demand() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign2);
    let image = lab.image();
    let written = Tool::ALL.map(|tool| {
        let mut command = lab.command(tool);
        command
            .env("SOURCE_DATE_EPOCH", "1700000000")
            .args(["sign", "--key", &key.private]);
        command
            .args(tool.sign_flags())
            .arg("--record-creation-timestamp")
            .arg(image.reference());
        Outcome::of(&mut command).succeeds();
        take(&image)
    });
    assert!(
        written[0]
            .config
            .contains(r#""created":"2023-11-14T22:13:20Z""#)
    );
    assert_same(&written);
}

/// The tag is resolved, and appears nowhere.
#[test]
fn signed_by_tag() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign2);
    let image = lab.image();
    let by_tag = image.tag("v1");
    let written = Tool::ALL.map(|tool| {
        lab.sign(tool, &key, &by_tag, &[]).succeeds();
        take(&image)
    });
    assert_same(&written);
    assert!(!written[0].layers[0].payload.contains("v1"));
    assert!(
        written[0].layers[0]
            .payload
            .contains(&format!("\"{}\"", image.repository.path()))
    );
    lab.sign(Tool::Cosignet, &key, &by_tag, &[]).succeeds();
    lab.verified_by_all(&key, &by_tag, &[]);
}

#[test]
fn several_signatures_in_one_manifest() {
    let lab = Lab::new();
    let keys = [lab.generate(Tool::Cosign2), lab.generate(Tool::Cosignet)];
    let image = lab.image();
    let written = Tool::ALL.map(|tool| {
        let append = tool.append_flags();
        lab.sign(tool, &keys[0], &image.reference(), &["-a", "n=1"])
            .succeeds();
        lab.sign(tool, &keys[1], &image.reference(), &[]).succeeds();
        let args = [append, &["-a", "n=3"]].concat();
        lab.sign(tool, &keys[1], &image.reference(), &args)
            .succeeds();
        take(&image)
    });
    assert_eq!(written[0].layers.len(), 3);
    assert_same(&written);
}

/// Where signing is deterministic in every program, nothing is left that may differ.
#[test]
fn rsa_signatures_are_the_same_too() {
    let lab = Lab::new();
    let key = lab.import(Tool::Cosign3, Algorithm::Rsa2048);
    let image = lab.image();
    let written = sign_by_all(&lab, &key, &image, &["-a", "a=1"]);
    assert_eq!(written[0], written[1]);
    assert_eq!(written[0], written[2]);
}

#[test]
fn the_unsigned_payload() {
    let lab = Lab::new();
    let image = lab.image();
    let by_tag = image.tag("latest");
    for args in [
        &["generate", "-a", "a=<1>", &by_tag][..],
        &["generate", &image.reference()],
    ] {
        let payloads = Tool::ALL.map(|tool| lab.run(tool, args).succeeds().stdout);
        assert!(payloads[0].ends_with('}'), "no final line break");
        assert_eq!(payloads[0], payloads[1]);
        assert_eq!(payloads[0], payloads[2]);
    }
}

/// Annotations in any script come back from `verify` as they went in.
#[test]
fn what_verify_prints() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign3);
    let image = lab.image().reference();
    let annotations = ["-a", "a=<1> & \u{2028}", "-a", "b=日本"];
    lab.sign(Tool::Cosignet, &key, &image, &annotations)
        .succeeds();

    let text = Tool::ALL.map(|tool| {
        let args = [&annotations[..], &["--output", "text"]].concat();
        lab.verify(tool, &key, &image, &args).succeeds().stdout
    });
    assert_eq!(text[0], text[1]);
    assert_eq!(text[0], text[2]);

    let json = Tool::ALL.map(|tool| {
        let args = [&annotations[..], &["--output", "json"]].concat();
        let printed = lab.verify(tool, &key, &image, &args).succeeds().stdout;
        serde_json::from_str::<serde_json::Value>(&printed).expect("one JSON document")
    });
    assert_eq!(json[0][0]["optional"]["b"], "日本");
    assert_eq!(json[0], json[1]);
    assert_eq!(json[0], json[2]);
}

fn same_bytes(claims: &[&str]) {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign2);
    assert_same(&sign_by_all(&lab, &key, &lab.image(), claims));
}

/// The signature image as each program writes it onto the same unsigned image.
fn sign_by_all(lab: &Lab, key: &KeyPair, image: &Image, claims: &[&str]) -> [SignatureImage; 3] {
    Tool::ALL.map(|tool| {
        lab.sign(tool, key, &image.reference(), claims).succeeds();
        lab.verify(Tool::Cosign2, key, &image.reference(), &[])
            .succeeds();
        take(image)
    })
}

/// The signature image, which the registry forgets.
fn take(image: &Image) -> SignatureImage {
    let signatures = image.signed();
    image.forget_signatures();
    signatures
}

#[track_caller]
fn assert_same([ours, theirs @ ..]: &[SignatureImage; 3]) {
    for theirs in theirs {
        for (ours, theirs) in ours.layers.iter().zip(&theirs.layers) {
            assert_eq!(ours.payload, theirs.payload);
        }
        assert_eq!(ours.config, theirs.config);
        assert_eq!(ours.unsigned_manifest(), theirs.unsigned_manifest());
    }
}
