//! What Cosignet signs and attests in bundles, and in `.att` images, verified by the real cosigns: on a
//! registry that keeps lists of referrers, and on one that does not.

use std::thread;

use serde_json::Value;

use crate::image::Image;
use crate::keys::{Algorithm, KeyPair};
use crate::lab::Lab;
use crate::outcome::Outcome;
use crate::rekor::Rekor;
use crate::tool::Tool;

const NO_SIGNATURES: i32 = 10;
const NO_MATCH: i32 = 12;
const TYPE: &str = "https://a.test/predicate/v1";
/// What cosign asks of provenance.
const PROVENANCE: &str = r#"{"buildDefinition": {"buildType": "https://a.test/b", "externalParameters": {"a": 1}},
"runDetails": {"builder": {"id": "https://a.test/builder"}}}"#;

/// Both kinds of registries.
fn labs() -> [Lab; 2] {
    [Lab::new(), Lab::with_referrers_api()]
}

#[test]
fn every_key_verifies_with_cosign_3() {
    for lab in labs() {
        for algorithm in Algorithm::KINDS {
            let key = lab.import(Tool::Cosign3, algorithm);
            let stranger = lab.generate(Tool::Cosign2);
            let image = lab.image();
            sign(&lab, &key, &image, &["--format", "bundle"]).succeeds();
            cosign3(&lab, &key, &image, &[]).succeeds();
            assert_ne!(cosign3(&lab, &stranger, &image, &[]).code, 0);
            // cosign 2 sees none of these.
            let blind = lab.verify(Tool::Cosign2, &key, &image.reference(), &[]);
            blind.exits_with(NO_SIGNATURES);
            verify(&lab, &key, &image, &[]).succeeds();
            verify(&lab, &stranger, &image, &[]).exits_with(NO_MATCH);
        }
    }
}

#[test]
fn annotations_reach_cosign_3() {
    for lab in labs() {
        let key = lab.generate(Tool::Cosignet);
        let image = lab.image();
        let claims = ["-a", "env=prod <&> é", "-a", "n=1"];
        sign(
            &lab,
            &key,
            &image,
            &[&claims[..], &["--new-bundle-format"]].concat(),
        )
        .succeeds();
        cosign3(&lab, &key, &image, &claims).succeeds();
        assert_ne!(cosign3(&lab, &key, &image, &["-a", "env=test"]).code, 0);
    }
}

/// Everybody's verifier is served.
#[test]
fn both_forms_verify_everywhere() {
    for lab in labs() {
        let key = lab.generate(Tool::Cosign2);
        let image = lab.image();
        sign(&lab, &key, &image, &["--format", "both", "-a", "a=b"]).succeeds();
        lab.verify(Tool::Cosign2, &key, &image.reference(), &["-a", "a=b"])
            .succeeds();
        cosign3(&lab, &key, &image, &["-a", "a=b"]).succeeds();
        let report = verify(&lab, &key, &image, &["-o", "report"])
            .succeeds()
            .stdout;
        let report: Value = serde_json::from_str(&report).expect("JSON");
        let signatures = report["images"][0]["signatures"]
            .as_array()
            .expect("a list");
        assert_eq!(signatures.len(), 2);
    }
}

/// cosign 3 adds a bundle each time; here one's own is replaced, and cosign's is one's own as well.
#[test]
fn signing_again_replaces_and_touches_no_other() {
    for lab in labs() {
        let (key, other) = (lab.generate(Tool::Cosign3), lab.generate(Tool::Cosign3));
        let image = lab.image();
        lab.sign_bundle(&other, &image.reference(), &[]).succeeds();
        lab.sign_bundle(&key, &image.reference(), &[]).succeeds();
        let bundle = ["--format", "bundle"];
        let found = |more: &[&str]| {
            let report = verify(&lab, &key, &image, &[&["-o", "report"], more].concat());
            let report: Value = serde_json::from_str(&report.succeeds().stdout).expect("JSON");
            report["images"][0]["signatures"]
                .as_array()
                .expect("a list")
                .len()
        };
        // It says the same.
        let same = sign(&lab, &key, &image, &bundle).succeeds();
        assert!(same.stderr.contains("Already signed"), "{}", same.stderr);
        assert_eq!(found(&[]), 2);
        let newer = sign(&lab, &key, &image, &[&bundle[..], &["-a", "v=2"]].concat()).succeeds();
        assert!(newer.stderr.contains("replacing"), "{}", newer.stderr);
        assert_eq!(found(&["-a", "v=2"]), 2);
        cosign3(&lab, &key, &image, &["-a", "v=2"]).succeeds();
        cosign3(&lab, &other, &image, &[]).succeeds();
        sign(
            &lab,
            &key,
            &image,
            &[&bundle[..], &["--append", "-a", "v=3"]].concat(),
        )
        .succeeds();
        assert_eq!(found(&["-a", "v=3"]), 3);
    }
}

/// cosign 3.1.1 keeps about 6 of 8 on a registry that keeps no lists.
#[test]
fn sixteen_signers_at_once_all_end_in_the_list() {
    for lab in labs() {
        let keys: Vec<KeyPair> = (0..16).map(|_| lab.generate(Tool::Cosignet)).collect();
        let image = lab.image();
        thread::scope(|scope| {
            for key in &keys {
                scope.spawn(|| sign(&lab, key, &image, &["--format", "bundle"]).succeeds());
            }
        });
        for key in &keys {
            verify(&lab, key, &image, &["--format", "bundle"]).succeeds();
        }
        cosign3(&lab, &keys[0], &image, &[]).succeeds();
        cosign3(&lab, &keys[15], &image, &[]).succeeds();
    }
}

/// The list says what its entries are, so that a client that filters finds them.
#[test]
fn the_list_has_the_right_type() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosignet);
    let image = lab.image();
    sign(&lab, &key, &image, &["--format", "bundle"]).succeeds();
    let kind = "application/vnd.dev.sigstore.bundle.v0.3+json";
    let reference = image.reference();
    let flags = ["--plain-http", "--format", "json", "--artifact-type", kind];
    let found = lab.peer("oras", &[&["discover"][..], &flags, &[&reference]].concat());
    let found: Value = serde_json::from_str(&found.succeeds().stdout).expect("JSON");
    let listed = found["referrers"]
        .as_array()
        .or(found["manifests"].as_array());
    let listed = listed.expect("a list");
    assert_eq!(listed.len(), 1, "{found}");
    assert_eq!(listed[0]["artifactType"], kind);
}

/// The entry rides in the bundle, and cosign 3 requires it.
#[test]
fn logged_bundles_verify_with_cosign_3() {
    for lab in labs() {
        let rekor = Rekor::start(&lab);
        let key = lab.generate(Tool::Cosignet);
        let image = lab.image();
        let log = ["--rekor-url", &rekor.url, "--rekor-key", &rekor.public_key];
        sign(
            &lab,
            &key,
            &image,
            &[&["--format", "bundle"], &log[..]].concat(),
        )
        .succeeds();
        let reference = image.reference();
        let required = [
            "verify",
            "--key",
            &key.public,
            "--trusted-root",
            &rekor.trusted_root,
        ];
        lab.run(Tool::Cosign3, &[&required[..], &[&reference]].concat())
            .succeeds();
        verify(&lab, &key, &image, &["--rekor-key", &rekor.public_key]).succeeds();
        let other = Rekor::start(&lab);
        verify(&lab, &key, &image, &["--rekor-key", &other.public_key]).exits_with(NO_MATCH);
    }
}

// Attestations.

#[test]
fn attestations_verify_with_every_cosign() {
    for lab in labs() {
        let (key, stranger) = (lab.generate(Tool::Cosignet), lab.generate(Tool::Cosignet));
        let image = lab.image();
        for format in ["simple", "bundle"] {
            attest(&lab, &key, &image, TYPE, &["--format", format]).succeeds();
        }
        for tool in Tool::COSIGNS {
            verify_attestation(&lab, tool, &key, &image, TYPE).succeeds();
            assert_ne!(
                verify_attestation(&lab, tool, &stranger, &image, TYPE).code,
                0
            );
            assert_ne!(verify_attestation(&lab, tool, &key, &image, "vuln").code, 0);
        }
    }
}

/// cosign's names for types, and how it reads their files.
#[test]
fn types_by_cosigns_names() {
    let lab = Lab::with_referrers_api();
    let key = lab.generate(Tool::Cosignet);
    for (kind, content) in [
        ("custom", "any text <&>"),
        ("slsaprovenance1", PROVENANCE),
        ("spdx", "SPDXVersion: SPDX-2.3"),
        ("spdxjson", r#"{"spdxVersion": "SPDX-2.3"}"#),
        ("cyclonedx", r#"{"bomFormat": "CycloneDX"}"#),
        ("openvex", r#"{"@context": "https://openvex.dev/ns"}"#),
    ] {
        let image = lab.image();
        let predicate = lab.file(content);
        let mut verified = Vec::new();
        for tool in [Tool::Cosignet, Tool::Cosign2] {
            let attest = ["attest", "--yes", "--key", &key.private, "--type", kind];
            let rest = [
                "--tlog-upload=false",
                "--predicate",
                &predicate,
                &image.reference(),
            ];
            lab.run(tool, &[&attest[..], &rest].concat()).succeeds();
            let lines = verify_attestation(&lab, Tool::Cosign2, &key, &image, kind).succeeds();
            verified.push(lines.stdout.lines().map(statement).collect::<Vec<_>>());
        }
        let [ours, both] = verified.as_slice() else {
            panic!("two runs");
        };
        // The first line is ours, the other theirs: the same but for the time of `custom`.
        let theirs = both
            .iter()
            .find(|line| kind == "custom" || *line == &ours[0]);
        let theirs = theirs.unwrap_or_else(|| panic!("{kind}: {ours:?} {both:?}"));
        assert_eq!(theirs["predicateType"], ours[0]["predicateType"], "{kind}");
        assert_eq!(theirs["subject"], ours[0]["subject"], "{kind}");
        assert_eq!(
            theirs["predicate"]["Data"], ours[0]["predicate"]["Data"],
            "{kind}"
        );
    }
}

#[test]
fn replace_leaves_other_types_and_other_keys() {
    for lab in labs() {
        for format in ["simple", "bundle"] {
            let (key, other) = (lab.generate(Tool::Cosignet), lab.generate(Tool::Cosignet));
            let image = lab.image();
            let format = ["--format", format];
            attest(&lab, &key, &image, "https://a.test/other", &format).succeeds();
            attest(&lab, &other, &image, TYPE, &format).succeeds();
            let reference = image.reference();
            for number in [r#"{"a": 1}"#, r#"{"a": 2}"#] {
                let predicate = lab.file(number);
                let args = ["attest", "--replace", "--key", &key.private, "--type", TYPE];
                let rest = ["--predicate", &predicate, &reference];
                lab.run(Tool::Cosignet, &[&args[..], &format, &rest].concat())
                    .succeeds();
            }
            let tool = match format[1] {
                "simple" => Tool::Cosign2,
                _ => Tool::Cosign3,
            };
            let count = |key: &KeyPair, kind: &str| {
                let verified = verify_attestation(&lab, tool, key, &image, kind).succeeds();
                verified
                    .stdout
                    .lines()
                    .filter(|line| !line.is_empty())
                    .count()
            };
            assert_eq!(count(&key, TYPE), 1);
            assert_eq!(count(&key, "https://a.test/other"), 1);
            assert_eq!(count(&other, TYPE), 1);
        }
    }
}

/// The envelope is logged whole, and its entry is required.
#[test]
fn logged_attestations_verify_with_every_cosign() {
    let lab = Lab::with_referrers_api();
    let rekor = Rekor::start(&lab);
    let key = lab.generate(Tool::Cosignet);
    let image = lab.image();
    let log = ["--rekor-url", &rekor.url, "--rekor-key", &rekor.public_key];
    for format in ["simple", "bundle"] {
        let flags = [&["--format", format], &log[..]].concat();
        attest(&lab, &key, &image, TYPE, &flags).succeeds();
    }
    let reference = image.reference();
    let verify = ["verify-attestation", "--key", &key.public, "--type", TYPE];
    let offline = [&verify[..], &["--offline", &reference]].concat();
    rekor.run(&lab, Tool::Cosign2, &offline).succeeds();
    let root = ["--trusted-root", &rekor.trusted_root, &reference];
    lab.run(Tool::Cosign3, &[&verify[..], &root].concat())
        .succeeds();
}

/// Without attaching, the envelope is printed, and cosign's `attach attestation` takes it.
#[test]
fn an_envelope_can_be_kept_aside() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosignet);
    let image = lab.image();
    let printed = attest(&lab, &key, &image, TYPE, &["--no-upload"])
        .succeeds()
        .stdout;
    let envelope = lab.file(&printed);
    let attach = [
        "attach",
        "attestation",
        "--attestation",
        &envelope,
        &image.reference(),
    ];
    lab.run(Tool::Cosign2, &attach).succeeds();
    verify_attestation(&lab, Tool::Cosign2, &key, &image, TYPE).succeeds();
}

/// The statement in an envelope.
fn statement(line: &str) -> Value {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let envelope: Value = serde_json::from_str(line).expect("JSON");
    let payload = envelope["payload"].as_str().expect("a payload");
    serde_json::from_slice(&STANDARD.decode(payload).expect("base64")).expect("JSON")
}

fn sign(lab: &Lab, key: &KeyPair, image: &Image, more: &[&str]) -> Outcome {
    let image = image.reference();
    let sign = ["sign", "--key", &key.private];
    lab.run(Tool::Cosignet, &[&sign[..], more, &[&image]].concat())
}

fn attest(lab: &Lab, key: &KeyPair, image: &Image, kind: &str, more: &[&str]) -> Outcome {
    let image = image.reference();
    let predicate = lab.file(r#"{"a": [1, "<&>"]}"#);
    let attest = [
        "attest",
        "--key",
        &key.private,
        "--type",
        kind,
        "--predicate",
        &predicate,
    ];
    lab.run(Tool::Cosignet, &[&attest[..], more, &[&image]].concat())
}

fn verify_attestation(lab: &Lab, tool: Tool, key: &KeyPair, image: &Image, kind: &str) -> Outcome {
    let verify = ["verify-attestation", "--key", &key.public, "--type", kind];
    let image = image.reference();
    lab.run(
        tool,
        &[&verify[..], tool.verify_flags(), &[&image]].concat(),
    )
}

fn cosign3(lab: &Lab, key: &KeyPair, image: &Image, more: &[&str]) -> Outcome {
    lab.verify(Tool::Cosign3, key, &image.reference(), more)
}

fn verify(lab: &Lab, key: &KeyPair, image: &Image, more: &[&str]) -> Outcome {
    lab.verify(Tool::Cosignet, key, &image.reference(), more)
}
