//! Keys that stay elsewhere, with the real cosigns.
//!
//! One program speaks sigstore's plugin protocol to all of them: `sigstore-kms-test`, upon key files. The
//! cosigns that Debian builds are without Vault; under the name `sigstore-kms-hashivault` the same program
//! gives it to them, so that `hashivault://KEY` is one key of one transit engine to everybody.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cosignet_host::embedded::vault::KeyKind;

use crate::keys::KeyPair;
use crate::lab::Lab;
use crate::outcome::Outcome;
use crate::peers;
use crate::tool::Tool;
use crate::vault::Vault;

#[test]
fn one_program_signs_for_all() {
    let world = World::start();
    for maker in Tool::ALL {
        let prefix = world.lab.path();
        let key = format!("test://{prefix}");
        world.run(maker, &["generate-key-pair", "--kms", &key]);
        let pair = KeyPair::with_prefix(&prefix).exists();
        let public = fs::read_to_string(&pair.public).expect("the public key");
        for signer in Tool::ALL {
            assert_eq!(
                world.run(signer, &["public-key", "--key", &key]).stdout,
                public
            );
            world.signs_for_all(signer, &key, &pair);
        }
    }
}

#[test]
fn a_key_of_vault_signs_for_all() {
    let world = World::start();
    for (maker, name) in [
        (Tool::Cosignet, "a"),
        (Tool::Cosign2, "b"),
        (Tool::Cosign3, "c-1.x"),
    ] {
        let key = format!("hashivault://{name}");
        world.run(maker, &["generate-key-pair", "--kms", &key]);
        let pair = world.public(&key);
        for signer in Tool::ALL {
            world.signs_for_all(signer, &key, &pair);
        }
    }
}

/// The digest is SHA-256 whatever the curve, as cosign 2 has it and everybody verifies it. (cosign 3 hands
/// over SHA-384 for P-384, and then refuses the signature, as it does with key files.)
#[test]
fn a_key_on_another_curve_signs_sha256() {
    let world = World::start();
    world
        .vault
        .create_key("k", KeyKind::EcdsaP384)
        .expect("a key");
    let pair = world.public("hashivault://k");
    for signer in [Tool::Cosignet, Tool::Cosign2] {
        world.signs_for_all(signer, "hashivault://k", &pair);
    }
}

#[test]
fn bundles_and_files_too() {
    let world = World::start();
    world
        .vault
        .create_key("k", KeyKind::EcdsaP256)
        .expect("a key");
    let key = "hashivault://k";
    let pair = world.public(key);
    let image = &world.lab.image().reference();
    world.run(
        Tool::Cosignet,
        &["sign", "--format", "bundle", "--key", key, image],
    );
    world
        .lab
        .verify(Tool::Cosign3, &pair, image, &[])
        .succeeds();
    let file = world.lab.file("content");
    let offline = ["--tlog-upload=false", "--use-signing-config=false", "--yes"];
    for (tool, flags) in [(Tool::Cosignet, &[][..]), (Tool::Cosign3, &offline)] {
        let bundle = world.lab.path();
        let sign = ["sign-blob", "--key", key, "--bundle", &bundle];
        world.run(tool, &[&sign[..], flags, &[&file]].concat());
        for (verifier, flags) in [
            (Tool::Cosignet, &[][..]),
            (Tool::Cosign3, &["--insecure-ignore-tlog"]),
        ] {
            for key in [&pair.public, key] {
                let verify = ["verify-blob", "--key", key, "--bundle", &bundle];
                world.run(verifier, &[&verify[..], flags, &[&file]].concat());
            }
        }
    }
}

/// A registry, a transit engine, and the program under both names.
struct World {
    lab: Lab,
    vault: Vault,
    bin: PathBuf,
}

impl World {
    fn start() -> Self {
        let lab = Lab::new();
        let bin = PathBuf::from(lab.path());
        fs::create_dir(&bin).expect("a folder");
        for name in ["sigstore-kms-test", "sigstore-kms-hashivault"] {
            fs::copy(
                Path::new(env!("CARGO_MANIFEST_DIR")).join(PROGRAM),
                bin.join(name),
            )
            .expect("the program");
        }
        Self {
            lab,
            vault: Vault::start(),
            bin,
        }
    }

    /// Insists that everybody verifies what is signed with this key, and that `signer` verifies it with
    /// the service.
    #[track_caller]
    fn signs_for_all(&self, signer: Tool, key: &str, pair: &KeyPair) {
        let image = self.lab.image();
        let image = &image.reference();
        let sign = ["sign", "--yes", "--key", key];
        self.run(signer, &[&sign[..], signer.sign_flags(), &[image]].concat());
        self.lab.verified_by_all(pair, image, &[]);
        let verify = ["verify", "--key", key];
        self.run(
            signer,
            &[&verify[..], signer.verify_flags(), &[image]].concat(),
        );
    }

    /// The public key of a key of Vault, as a file.
    fn public(&self, key: &str) -> KeyPair {
        let prefix = self.lab.path();
        let file = format!("{prefix}.pub");
        let show = ["public-key", "--key", key, "--outfile", &file];
        self.run(Tool::Cosignet, &show);
        KeyPair::with_prefix(&prefix)
    }

    #[track_caller]
    fn run(&self, tool: Tool, args: &[&str]) -> Outcome {
        let mut command: Command = self.lab.command(tool);
        // generate-key-pair writes cosign.pub there, and asks before it writes over one.
        let folder = PathBuf::from(self.lab.path());
        fs::create_dir(&folder).expect("a folder");
        command
            .args(args)
            .current_dir(folder)
            .env("PATH", format!("{}:/usr/bin:/bin", self.bin.display()))
            .env("COSIGNET", peers::cosignet())
            .env("VAULT_ADDR", self.vault.url())
            .env("VAULT_TOKEN", self.vault.token());
        Outcome::of(&mut command).succeeds()
    }
}

const PROGRAM: &str = "host-example/tests/data/sigstore-kms-test";
