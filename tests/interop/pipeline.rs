//! The committed example pipelines from end to end: a real registry, keys in files and in Vault's transit
//! engine, a log, a store; and the real cosigns verify what was attached. Whatever fails leaves registry
//! and store whole, and says what to do.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use cosignet_host::embedded::vault::KeyKind;
use serde_json::Value;

use crate::htpasswd;
use crate::image::Image;
use crate::keys::KeyPair;
use crate::lab::{Lab, PASSWORD};
use crate::outcome::Outcome;
use crate::rekor::Rekor;
use crate::tool::Tool;
use crate::vault::Vault;

const NO_SIGNATURES: i32 = 10;
const NO_MATCH: i32 = 12;

/// Sign with a key, attach, verify; sign with Vault, keep in the store, verify from there; files too. The
/// overview shows the newest signature, and the chain of custody all of it.
#[test]
fn the_examples_run() {
    let world = World::start();
    let image = world.lab.image();
    world.step("pipeline.yaml", &image).succeeds();
    world
        .lab
        .verified_by_all(&world.key, &image.reference(), &[]);
    let first = image.signed();
    let found = world.overview(&image.reference());
    assert_eq!(found["signature"]["format"], "simple");
    let attached = found["signature"]["attached"].as_str();
    assert!(attached.is_some_and(|place| place.ends_with(&image.signature_tag())));
    assert_eq!(found["verification"]["status"], "passed");
    let key_fingerprint = found["signature"]["keyFingerprint"].clone();
    let archive = world.overview("app-1.2.3.jar");
    assert_eq!(archive["artifact"]["kind"], "jar");
    assert_eq!(archive["verification"]["status"], "passed");

    // The key stays in Vault, and the signature in the store.
    world.step("vault.yaml", &image).succeeds();
    assert_eq!(image.signed(), first, "nothing more is attached");
    let found = world.overview(&image.reference());
    assert_eq!(found["signature"]["attached"], Value::Null);
    assert_eq!(found["signature"]["keyReference"], "hashivault://cosign");
    assert_ne!(found["signature"]["keyFingerprint"], key_fingerprint);
    assert_eq!(found["verification"]["status"], "passed");
    let chart = world.overview("chart-1.2.3.tgz");
    assert_eq!(chart["artifact"]["kind"], "helm");
    assert_eq!(chart["artifact"]["version"], "1.2.3");
    assert_eq!(chart["verification"]["status"], "passed");

    // Signing again overwrites what the overview shows, and the chain keeps what was.
    world.step("pipeline.yaml", &image).succeeds();
    let found = world.overview(&image.reference());
    assert_eq!(found["signature"]["keyFingerprint"], key_fingerprint);
    let events = world.custody(&image.reference());
    let actions: Vec<_> = events.iter().map(|event| &event["action"]).collect();
    let pair = ["signing", "verification"];
    assert_eq!(actions, [pair, pair, pair].concat());
    assert!(events.iter().all(|event| event["outcome"] == "passed"));
    world.is_whole();
    world
        .lab
        .verified_by_all(&world.key, &image.reference(), &[]);
}

/// A plugin's settings: logged where a log is named, and not in air-gap mode; the overview links to the
/// entry and to the run, and cosign requires it.
#[test]
fn logged_and_not() {
    let world = World::start();
    let rekor = Rekor::start(&world.lab);
    let sign = |image: &Image, settings: &[(&str, &str)]| {
        let mut command = world.command(&[]);
        command
            .env("PLUGIN_IMAGE", image.reference())
            .env("PLUGIN_PRIVATE_KEY", &world.key.private)
            .env("PLUGIN_COSIGN_PASSWORD", PASSWORD)
            .env("PLUGIN_UPLOAD", "true")
            .env("DRONE_BUILD_NUMBER", "17")
            .env("DRONE_BUILD_LINK", "https://ci.example/17")
            .envs(settings.iter().copied());
        Outcome::of(&mut command).succeeds()
    };
    let logged = world.lab.image();
    let log = [
        ("PLUGIN_REKOR_URL", &*rekor.url),
        ("PLUGIN_REKOR_KEY", &rekor.public_key),
    ];
    sign(&logged, &log);
    let found = world.overview(&logged.reference());
    let link = format!("{}/api/v1/log/entries?logIndex=0", rekor.url);
    assert_eq!(found["signature"]["log"]["url"], link);
    assert_eq!(found["signature"]["run"]["url"], "https://ci.example/17");
    let verify = ["verify", "--key", &world.key.public, &logged.reference()];
    for tool in Tool::ALL {
        rekor.run(&world.lab, tool, &verify).succeeds();
    }
    let silent = world.lab.image();
    rekor.requests();
    sign(&silent, &[("PLUGIN_AIR_GAP", "true")]);
    assert_eq!(rekor.requests(), [""; 0]);
    let found = world.overview(&silent.reference());
    assert_eq!(found["signature"]["log"], Value::Null);
    world
        .lab
        .verified_by_all(&world.key, &silent.reference(), &[]);
    world.is_whole();
}

#[test]
fn failures_leave_everything_whole() {
    let world = World::start();
    let image = world.lab.image();
    let reference = &image.reference();
    let says = |outcome: Outcome, code: i32, words: &str| {
        let outcome = outcome.exits_with(code);
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
        world.is_whole();
    };

    // Vault that is not there, or lets nobody in.
    let vault = |name: &str, value: &str| {
        let mut command = world.step_command("vault.yaml", &image);
        Outcome::of(command.env(name, value))
    };
    says(vault("VAULT_ADDR", "http://127.0.0.1:9"), 1, "127.0.0.1:9");
    says(vault("VAULT_TOKEN", "nobody"), 1, "permission denied");
    assert_eq!(image.signatures(), None);
    let unsigned = world.run(&["verify", "--key", &world.key.public, reference]);
    says(unsigned, NO_SIGNATURES, "no signatures");

    // A wrong password, and a wrong key.
    let sign = ["sign", "--key", &world.key.private, reference];
    let mut wrong = world.command(&sign);
    says(
        Outcome::of(wrong.env("COSIGN_PASSWORD", "no")),
        1,
        "wrong password",
    );
    assert_eq!(image.signatures(), None);
    world.run(&sign).succeeds();
    let first = image.signed();
    let stranger = world.lab.generate(Tool::Cosign3);
    let refused = world.run(&["verify", "--key", &stranger.public, reference]);
    says(refused, NO_MATCH, "no matching signatures");
    let found = world.overview(reference);
    assert_eq!(found["verification"]["status"], "failed");

    // A registry that lets nobody in.
    let closed = htpasswd::registry(HTPASSWD);
    let there = format!("{}/team/app@{}", closed.host, image.digest);
    let denied = world.run(&["sign", "--key", &world.key.private, &there]);
    says(denied, 1, &closed.host);
    let events = world.custody(&there);
    assert_eq!(
        events.last().map(|event| &event["outcome"]),
        Some(&"failed".into())
    );

    // A store that cannot be written: nothing is signed.
    let other = world.lab.image();
    let folder = world.lab.path();
    fs::create_dir(&folder).expect("a folder");
    let nowhere = world.run(&[
        "sign",
        "--key",
        &world.key.private,
        "--store",
        &folder,
        &other.reference(),
    ]);
    says(nowhere, 1, &folder);
    assert_eq!(other.signatures(), None);
    assert_eq!(image.signed(), first);
}

/// Killed at any moment.
#[test]
fn a_killed_process_breaks_nothing() {
    let world = World::start();
    let image = world.lab.image();
    let reference = &image.reference();
    for moment in [0, 40, 120, 160, 180, 200, 220, 240, 260, 300] {
        let claim = format!("n={moment}");
        let mut sign =
            world.command(&["sign", "--key", &world.key.private, "-a", &claim, reference]);
        let sign = sign.stdin(Stdio::null()).stderr(Stdio::null());
        let mut child = sign.spawn().expect("the program starts");
        thread::sleep(Duration::from_millis(moment));
        // It may have ended by itself.
        child.kill().expect("it is ours");
        child.wait().expect("it ends");
        world.is_whole();
        let verified = world.run(&["verify", "--key", &world.key.public, reference]);
        assert!(
            verified.code == 0 || verified.code == NO_SIGNATURES,
            "{moment} ms: {}",
            verified.stderr
        );
    }
    let sign = ["sign", "--key", &world.key.private, reference];
    world.run(&sign).succeeds();
    world.lab.verified_by_all(&world.key, reference, &[]);
    assert_eq!(image.signed().layers.len(), 1);
    world.is_whole();
}

/// A registry, a transit engine with the key `cosign`, a key pair, files to sign, a store.
struct World {
    lab: Lab,
    vault: Vault,
    key: KeyPair,
    folder: String,
}

impl World {
    fn start() -> Self {
        let lab = Lab::new();
        let vault = Vault::start();
        vault
            .create_key("cosign", KeyKind::EcdsaP256)
            .expect("a key");
        let folder = lab.path();
        fs::create_dir(&folder).expect("a folder");
        for file in ["app-1.2.3.jar", "chart-1.2.3.tgz"] {
            fs::write(Path::new(&folder).join(file), file).expect("a file");
        }
        Self {
            key: lab.generate(Tool::Cosign2),
            lab,
            vault,
            folder,
        }
    }

    /// The program in the folder, with the store and Vault named in the environment.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.lab.command(Tool::Cosignet);
        command
            .args(args)
            .current_dir(&self.folder)
            .env("COSIGNET_STORE", "cosignet.db")
            .env("VAULT_ADDR", self.vault.url())
            .env("VAULT_TOKEN", self.vault.token());
        command
    }

    fn run(&self, args: &[&str]) -> Outcome {
        Outcome::of(&mut self.command(args))
    }

    /// One of the committed pipelines.
    fn step(&self, pipeline: &str, image: &Image) -> Outcome {
        Outcome::of(&mut self.step_command(pipeline, image))
    }

    fn step_command(&self, pipeline: &str, image: &Image) -> Command {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("host-example/examples");
        let pipeline = examples.join(pipeline);
        let image = format!("artifact.image={}", image.reference());
        let mut command = self.command(&["step", "--set", &image]);
        if pipeline.ends_with("pipeline.yaml") {
            let private = format!("account.cosign_private_key=@{}", self.key.private);
            let public = format!("account.cosign_public_key=@{}", self.key.public);
            let password = "account.cosign_password=env://HUSH";
            command.args(["--set", &private, "--set", &public, "--set", password]);
            command.env("HUSH", PASSWORD);
        }
        command.arg(pipeline);
        command
    }

    fn overview(&self, artifact: &str) -> Value {
        let shown = self.run(&["overview", "--output", "json", artifact]);
        serde_json::from_str(&shown.succeeds().stdout).expect("JSON")
    }

    fn custody(&self, artifact: &str) -> Vec<Value> {
        let shown = self.run(&["custody", "--output", "json", artifact]);
        let shown: Value = serde_json::from_str(&shown.succeeds().stdout).expect("JSON");
        shown["events"].as_array().expect("a list").clone()
    }

    /// Insists that the store is.
    #[track_caller]
    fn is_whole(&self) {
        if Path::new(&self.folder).join("cosignet.db").exists() {
            self.run(&["custody", "verify"]).succeeds();
        }
    }
}

/// `user:password`, as `htpasswd -B` has it.
const HTPASSWD: &str = "user:$2y$05$LTP6rkNXQ0bM1q0q1zbMkuCXXi3kFGOvaB1OPpfFoYgmUqGSWVQzq\n";
