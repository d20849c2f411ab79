//! Signatures as files: made without the registry, attached later, verified from files alone.

use std::fs;

use crate::lab::Lab;
use crate::tool::Tool;

#[test]
fn signature_and_payload_files_verify_without_the_registry() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign2);
    for signer in Tool::ALL {
        let image = lab.image();
        let (signature, payload) = (lab.path(), lab.path());
        let files = [
            "--output-signature",
            &signature,
            "--output-payload",
            &payload,
        ];
        let args = [&["--upload=false", "-a", "a=1"], &files[..]].concat();
        lab.sign(signer, &key, &image.reference(), &args).succeeds();
        assert_eq!(image.signatures(), None, "{signer:?} uploaded");

        for verifier in Tool::ALL {
            let files = ["--signature", &signature, "--payload", &payload];
            let verify = |more: &[&str]| {
                lab.verify(verifier, &key, &image.reference(), &[&files, more].concat())
            };
            verify(&[]).succeeds();
            verify(&["-a", "a=1"]).succeeds();
            verify(&["-a", "a=2"]).exits_with(12);
            lab.verify(verifier, &key, &lab.image().reference(), &files)
                .exits_with(12);
        }
    }
}

#[test]
fn detached_files_are_the_same_whoever_writes_them() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign2);
    let image = lab.image();
    let written = Tool::ALL.map(|tool| {
        let (signature, payload) = (lab.path(), lab.path());
        let files = [
            "--output-signature",
            &signature,
            "--output-payload",
            &payload,
        ];
        let args = [&["--upload=false"], &files[..]].concat();
        lab.sign(tool, &key, &image.reference(), &args).succeeds();
        let signature = fs::read_to_string(signature).expect("the signature was written");
        (
            fs::read_to_string(payload).expect("the payload was written"),
            signature.ends_with('\n'),
        )
    });
    assert_eq!(written[0], written[1]);
    assert_eq!(written[0], written[2]);
}

/// The way of an HSM: print the payload, sign it elsewhere, attach the result.
#[test]
fn a_signature_made_by_sign_blob_is_attached() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosignet);
    for attacher in Tool::ALL {
        for signer in Tool::COSIGNS {
            let image = lab.image();
            let generated = lab
                .run(Tool::Cosignet, &["generate", &image.reference()])
                .succeeds();
            let (payload, signature) = (lab.file(&generated.stdout), lab.path());
            let args = [
                "sign-blob",
                "--key",
                &key.private,
                "--output-signature",
                &signature,
            ];
            lab.run(signer, &[&args, signer.sign_flags(), &[&payload]].concat())
                .succeeds();
            attach(&lab, attacher, &signature, &payload, &image.reference());
            lab.verified_by_all(&key, &image.reference(), &[]);
        }
    }
}

#[test]
fn attaching_keeps_what_is_there_and_writes_the_same_bytes() {
    let lab = Lab::new();
    let keys = [lab.generate(Tool::Cosign2), lab.generate(Tool::Cosign3)];
    let image = lab.image();
    let (signature, payload) = (lab.path(), lab.path());
    let files = [
        "--output-signature",
        &signature,
        "--output-payload",
        &payload,
    ];
    let args = [&["--upload=false"], &files[..]].concat();
    lab.sign(Tool::Cosign2, &keys[1], &image.reference(), &args)
        .succeeds();
    lab.sign(Tool::Cosign2, &keys[0], &image.reference(), &[])
        .succeeds();
    let first = image.signed();
    let written = Tool::ALL.map(|tool| {
        image.replace_signatures(&first);
        attach(&lab, tool, &signature, &payload, &image.reference());
        for key in &keys {
            lab.verified_by_all(key, &image.reference(), &[]);
        }
        let written = image.signed();
        image.forget_signatures();
        written
    });
    assert_eq!(written[0].layers.len(), 2);
    assert_eq!(written[0], written[1]);
    assert_eq!(written[0], written[2]);
}

#[test]
fn triangulate_names_the_signature_tag() {
    let lab = Lab::new();
    let image = lab.image();
    for reference in [image.reference(), image.tag("v1")] {
        for tool in Tool::ALL {
            let printed = lab
                .run(tool, &["triangulate", &reference])
                .succeeds()
                .stdout;
            let expected = format!("{}:{}\n", image.repository.path(), image.signature_tag());
            assert_eq!(printed, expected, "{tool:?}");
        }
        for kind in ["signature", "attestation", "sbom", "digest"] {
            let printed = Tool::ALL.map(|tool| {
                let run = lab.run(tool, &["triangulate", "--type", kind, &reference]);
                run.succeeds().stdout
            });
            assert_eq!(printed[0], printed[1], "{kind}");
            assert_eq!(printed[0], printed[2], "{kind}");
        }
    }
}

fn attach(lab: &Lab, tool: Tool, signature: &str, payload: &str, image: &str) {
    let args = [
        "attach",
        "signature",
        "--signature",
        signature,
        "--payload",
        payload,
        image,
    ];
    lab.run(tool, &args).succeeds();
}
