//! Files: what one tool signs or attests, the others verify, in every form in which they keep it.

use std::fs::{self, File};
use std::process::Command;

use crate::keys::{Algorithm, KeyPair};
use crate::lab::Lab;
use crate::outcome::Outcome;
use crate::rekor::Rekor;
use crate::tool::Tool;

const FAILED: i32 = 1;
const KIND: &str = "https://predicate.example/v1";

/// Where a signature is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Detached,
    OldBundle,
    NewBundle,
}

impl Form {
    const ALL: [Self; 3] = [Self::Detached, Self::OldBundle, Self::NewBundle];

    /// What a signer must be told.
    fn sign_flags(self, tool: Tool) -> Vec<&'static str> {
        let is_new = match self {
            Self::NewBundle => "--new-bundle-format=true",
            Self::Detached | Self::OldBundle => "--new-bundle-format=false",
        };
        match tool {
            Tool::Cosignet | Tool::Cosign2 => vec!["--yes", is_new],
            Tool::Cosign3 => vec!["--yes", is_new, "--use-signing-config=false"],
        }
    }

    /// The flag that names the file, for who writes it and who reads it.
    fn file_flag(self, detached: &'static str) -> &'static str {
        match self {
            Self::Detached => detached,
            Self::OldBundle | Self::NewBundle => "--bundle",
        }
    }
}

/// A world with a file, and what is trusted in it.
struct World {
    lab: Lab,
    key: KeyPair,
    blob: String,
    predicate: String,
    rekor: Rekor,
}

impl World {
    fn new() -> Self {
        let lab = Lab::new();
        let key = lab.generate(Tool::Cosign2);
        Self::with_key(lab, key)
    }

    fn with_key(lab: Lab, key: KeyPair) -> Self {
        Self {
            key,
            blob: lab.file("what is signed"),
            predicate: lab.file(r#"{"result":[1,"<&>"]}"#),
            rekor: Rekor::start(&lab),
            lab,
        }
    }

    /// Signs or attests `blob`; the file that holds it.
    fn sign(&self, tool: Tool, what: What, form: Form, logs: bool) -> String {
        let file = self.lab.path();
        let url = &self.rekor.url;
        let log = match (logs, tool) {
            (true, Tool::Cosignet) => {
                vec!["--rekor-url", url, "--rekor-key", &self.rekor.public_key]
            }
            (true, _) => vec!["--rekor-url", url],
            (false, Tool::Cosignet) => vec![],
            (false, _) => vec!["--tlog-upload=false"],
        };
        let predicate = ["--predicate", &self.predicate, "--type", KIND];
        let words = [
            &what.sign()[..],
            &["--key", &self.key.private],
            if what == What::Attestation {
                &predicate
            } else {
                &[]
            },
            &form.sign_flags(tool),
            &log,
            &[form.file_flag("--output-signature"), &file, &self.blob],
        ];
        self.rekor.run(&self.lab, tool, &words.concat()).succeeds();
        file
    }

    /// Verifies `blob` by a file that a signer made.
    fn verify(
        &self,
        tool: Tool,
        what: What,
        form: Form,
        logs: bool,
        file: &str,
        blob: &str,
    ) -> Outcome {
        let args = self.verifying(tool, what, form, logs, file, &self.key.public);
        let args: Vec<&str> = args.iter().map(String::as_str).chain([blob]).collect();
        self.rekor.run(&self.lab, tool, &args)
    }

    fn verifying(
        &self,
        tool: Tool,
        what: What,
        form: Form,
        logs: bool,
        file: &str,
        key: &str,
    ) -> Vec<String> {
        let mut words = vec![
            what.verify(),
            "--key",
            key,
            form.file_flag("--signature"),
            file,
        ];
        if what == What::Attestation {
            words.extend(["--type", KIND]);
        }
        // cosign 2 reads the log's key from the environment, but of new bundles from a root.
        if tool == Tool::Cosign2 && form == Form::NewBundle {
            words.extend([
                "--new-bundle-format",
                "--trusted-root",
                &self.rekor.trusted_root,
            ]);
        }
        if tool == Tool::Cosign3 && form == Form::NewBundle && logs {
            words.extend(["--trusted-root", &self.rekor.trusted_root]);
        }
        if !logs {
            words.push("--insecure-ignore-tlog");
        }
        words.into_iter().map(str::to_owned).collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Signature,
    Attestation,
}

impl What {
    fn sign(self) -> [&'static str; 1] {
        match self {
            Self::Signature => ["sign-blob"],
            Self::Attestation => ["attest-blob"],
        }
    }

    fn verify(self) -> &'static str {
        match self {
            Self::Signature => "verify-blob",
            Self::Attestation => "verify-blob-attestation",
        }
    }
}

#[test]
fn signatures_of_all_verify_with_all() {
    every_form(What::Signature, false);
}

#[test]
fn attestations_of_all_verify_with_all() {
    every_form(What::Attestation, false);
}

/// With the check of the log on, and the log not asked: what is kept is enough.
#[test]
fn logged_signatures_of_all_verify_with_all() {
    every_form(What::Signature, true);
}

#[test]
fn logged_attestations_of_all_verify_with_all() {
    every_form(What::Attestation, true);
}

fn every_form(what: What, logs: bool) {
    let world = World::new();
    let other = world.lab.file("something else");
    if logs {
        // cosign 2.5.0 takes index 0 for none.
        world.sign(Tool::Cosign2, what, Form::OldBundle, logs);
    }
    for form in Form::ALL {
        // A detached signature keeps no entry.
        if logs && form == Form::Detached {
            continue;
        }
        for signer in Tool::ALL {
            let file = world.sign(signer, what, form, logs);
            for verifier in Tool::ALL {
                println!("{what:?} {form:?} by {signer:?} for {verifier:?}");
                world
                    .verify(verifier, what, form, logs, &file, &world.blob)
                    .succeeds();
                world
                    .verify(verifier, what, form, logs, &file, &other)
                    .exits_with(FAILED);
            }
        }
    }
}

#[test]
fn every_key_type() {
    for algorithm in [
        Algorithm::P384,
        Algorithm::P521,
        Algorithm::Rsa2048,
        Algorithm::Ed25519,
    ] {
        let lab = Lab::new();
        let key = lab.import(Tool::Cosign3, algorithm);
        let world = World::with_key(lab, key);
        for form in [Form::Detached, Form::NewBundle] {
            for (signer, verifiers) in [
                (Tool::Cosignet, &Tool::ALL[..]),
                // cosign 3 signs with P-384 and P-521 what it cannot verify itself.
                (Tool::Cosign2, &[Tool::Cosignet]),
                (Tool::Cosign3, &[Tool::Cosignet]),
            ] {
                let file = world.sign(signer, What::Signature, form, false);
                for verifier in verifiers {
                    println!("{algorithm:?} {form:?} by {signer:?} for {verifier:?}");
                    world
                        .verify(*verifier, What::Signature, form, false, &file, &world.blob)
                        .succeeds();
                }
            }
        }
    }
}

/// `-`, and the digest of a file that is elsewhere.
#[test]
fn files_that_are_not_named() {
    let world = World::new();
    let digest = cosignet::oci::Digest::of(&fs::read(&world.blob).expect("the blob")).to_string();
    for form in [Form::Detached, Form::NewBundle] {
        let file = world.lab.path();
        let sign = ["sign-blob", "--key", &world.key.private];
        let output = [form.file_flag("--output-signature"), &file];
        for subject in ["-", &digest] {
            let args = [&sign[..], &output, &[subject]].concat();
            piped(world.lab.command(Tool::Cosignet).args(args), &world.blob);
            for verifier in Tool::ALL {
                world
                    .verify(verifier, What::Signature, form, false, &file, &world.blob)
                    .succeeds();
            }
        }
        for signer in Tool::ALL {
            let file = world.sign(signer, What::Signature, form, false);
            for verifier in Tool::ALL {
                let key = &world.key.public;
                let verify = world.verifying(verifier, What::Signature, form, false, &file, key);
                let mut command = world.lab.command(verifier);
                piped(command.args(verify).arg("-"), &world.blob);
            }
            world
                .verify(Tool::Cosignet, What::Signature, form, false, &file, &digest)
                .succeeds();
            if form == Form::NewBundle {
                world
                    .verify(Tool::Cosign3, What::Signature, form, false, &file, &digest)
                    .succeeds();
            }
        }
    }
}

#[test]
fn refusals_are_alike() {
    let world = World::new();
    let stranger = world.lab.generate(Tool::Cosign3);
    for form in Form::ALL {
        let file = world.sign(Tool::Cosign2, What::Signature, form, false);
        for verifier in Tool::ALL {
            let args = world.verifying(
                verifier,
                What::Signature,
                form,
                false,
                &file,
                &stranger.public,
            );
            let args: Vec<&str> = args
                .iter()
                .map(String::as_str)
                .chain([&*world.blob])
                .collect();
            world.lab.run(verifier, &args).exits_with(FAILED);
        }
        let file = world.sign(Tool::Cosign3, What::Attestation, form, false);
        for verifier in Tool::ALL {
            let key = &world.key.public;
            let args = world.verifying(verifier, What::Attestation, form, false, &file, key);
            let args = args
                .iter()
                .map(|word| if word == KIND { "spdx" } else { word });
            let args: Vec<&str> = args.chain([&*world.blob]).collect();
            // cosign 2.5.0 looks at no type in a new bundle (CVE-2026-39395).
            let is_blind = verifier == Tool::Cosign2 && form == Form::NewBundle;
            let code = if is_blind { 0 } else { FAILED };
            world.lab.run(verifier, &args).exits_with(code);
        }
    }
}

/// Runs a program with a file for standard input, and insists that it succeeds.
#[track_caller]
fn piped(command: &mut Command, file: &str) {
    let file = File::open(file).expect("the file");
    let output = command.stdin(file).output().expect("the program starts");
    assert!(
        output.status.success(),
        "{command:?}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
