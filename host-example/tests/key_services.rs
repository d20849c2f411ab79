//! The command line with keys that stay elsewhere: in Vault's transit engine, or with a program.
//! Whatever goes wrong there leaves registry, log and files as they were.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::process::{Command, Output, Stdio};

use cosignet_host::embedded::log::{EmbeddedLog, Options as LogOptions};
use cosignet_host::embedded::registry::{EmbeddedRegistry, Options};
use cosignet_host::embedded::vault::{
    Action, EmbeddedVault, Endpoint, Fault, KeyKind, Options as VaultOptions,
};
use tempfile::TempDir;

const KEY: &str = "hashivault://release";

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_vault_signs_and_verifies_images() {
    let world = World::start().await;
    world.succeeds(&["generate-key-pair", "--kms", KEY]);
    let pem = world.read("cosign.pub");
    assert!(!world.folder.path().join("cosign.key").exists());
    assert_eq!(world.succeeds(&["public-key", "--key", KEY]).stdout, pem);
    for format in ["simple", "bundle"] {
        let format = ["--format", format];
        world.succeeds(&[&["sign", "--key", KEY], &format[..], &[&world.image]].concat());
        for key in ["cosign.pub", KEY] {
            world.succeeds(&[&["verify", "--key", key], &format[..], &[&world.image]].concat());
        }
    }
    fs::write(world.folder.path().join("p.json"), "{}").unwrap();
    world.succeeds(&[
        "attest",
        "--key",
        KEY,
        "--predicate",
        "p.json",
        &world.image,
    ]);
    world.succeeds(&["verify-attestation", "--key", KEY, &world.image]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_vault_signs_and_verifies_files() {
    let world = World::start().await;
    for kind in [KeyKind::EcdsaP256, KeyKind::EcdsaP384] {
        let key = format!("hashivault://{kind:?}");
        world.vault.create_key(&format!("{kind:?}"), kind).unwrap();
        fs::write(world.folder.path().join("f"), "content").unwrap();
        world.succeeds(&["sign-blob", "--key", &key, "--bundle", "b", "f"]);
        world.succeeds(&["verify-blob", "--key", &key, "--bundle", "b", "f"]);
        let attest = [
            "attest-blob",
            "--key",
            &key,
            "--bundle",
            "a",
            "--predicate",
            "p",
            "f",
        ];
        fs::write(world.folder.path().join("p"), "{}").unwrap();
        world.succeeds(&attest);
        let verify = [
            "verify-blob-attestation",
            "--key",
            &key,
            "--bundle",
            "a",
            "f",
        ];
        world.succeeds(&verify);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_images_cost_one_read_of_the_key() {
    let world = World::start().await;
    world.release();
    let images: Vec<String> = (0..100)
        .map(|number| {
            let manifest = format!(r#"{{"schemaVersion":2,"number":{number}}}"#);
            let digest = world.registry.put_manifest("app", None, MANIFEST, manifest);
            format!("{}/app@{digest}", world.registry.host())
        })
        .collect();
    let images = images.iter().map(String::as_str);
    let sign = ["sign", "--key", KEY].into_iter().chain(images);
    world.succeeds(&sign.collect::<Vec<_>>());
    let asked = world.asked();
    let reads = asked.iter().filter(|line| line.starts_with("GET")).count();
    assert_eq!((reads, asked.len()), (1, 101));
    fs::write(world.folder.path().join("f"), "f").unwrap();
    world.succeeds(&["sign-blob", "--key", KEY, "f", "f", "f"]);
    assert_eq!(world.asked().len(), 1 + 3);
}

/// What is signed, and where it would be seen.
const SIGNINGS: [&[&str]; 5] = [
    &["sign", "--format", "simple"],
    &["sign", "--format", "bundle"],
    &["attest", "--predicate", "p.json"],
    &["sign-blob", "--bundle", "b.json", "--output-signature", "s"],
    &["attest-blob", "--bundle", "b.json", "--predicate", "p.json"],
];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_at_vault_leaves_everything_as_it_was() {
    let world = World::start().await;
    world.release();
    world.vault.create_key("aes", KeyKind::Aes256Gcm96).unwrap();
    world.vault.create_key("ed", KeyKind::Ed25519).unwrap();
    let unreachable = ("VAULT_ADDR", "http://127.0.0.1:1");
    let at_signing = |action| Fault::new(action).endpoint(Endpoint::Sign);
    /// A key, what is wrong at Vault, what is wrong in the environment, and what is said.
    type Case<'a> = (&'a str, Option<Fault>, Option<(&'a str, &'a str)>, &'a str);
    let cases: [Case<'_>; 8] = [
        (
            KEY,
            Some(at_signing(Action::flip_signature())),
            None,
            "does not verify",
        ),
        (KEY, Some(at_signing(Action::sealed())), None, "unseal it"),
        (KEY, None, Some(unreachable), "look at VAULT_ADDR"),
        (
            KEY,
            None,
            Some(("VAULT_TOKEN", "wrong")),
            "look at the token",
        ),
        ("hashivault://none", None, None, "generate-key-pair --kms"),
        ("hashivault://aes", None, None, "ecdsa-p256"),
        ("hashivault://ed", None, None, "ecdsa-p256"),
        (
            KEY,
            None,
            Some(("TRANSIT_SECRET_ENGINE_PATH", "other")),
            "TRANSIT_SECRET_ENGINE_PATH",
        ),
    ];
    for (key, fault, variable, said) in cases {
        if let Some(fault) = fault {
            world.vault.inject(fault);
        }
        for signing in SIGNINGS {
            let mut command = world.signing(signing, key);
            command.envs(variable);
            world.refused(command.output().unwrap(), said);
        }
        world.vault.clear_faults();
    }
}

/// A key that is rotated while it signs goes on with the version that was read.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_signs_with_the_version_that_was_read() {
    let world = World::start().await;
    world.release();
    let first = world.succeeds(&["public-key", "--key", KEY]).stdout;
    fs::write(world.folder.path().join("first.pub"), first).unwrap();
    world.vault.rotate_key("release").unwrap();
    world.succeeds(&["sign", "--key", KEY, &world.image]);
    let refused = world.run(&["verify", "--key", "first.pub", &world.image]);
    assert_eq!(refused.status.code(), Some(12), "signed with the second");
    world.succeeds(&["verify", "--key", KEY, &world.image]);
    // The engine's answer is of the first version alone: as if it was rotated a moment later.
    let latest = |bytes: &[u8]| {
        let answer = String::from_utf8_lossy(bytes);
        let answer = answer.replace(r#""latest_version":2"#, r#""latest_version":1"#);
        answer.into_bytes()
    };
    let stale = Fault::new(Action::rewrite(latest)).endpoint(Endpoint::Key);
    world.vault.inject(stale);
    world.succeeds(&["sign", "--key", KEY, &world.image]);
    world.succeeds(&["verify", "--key", "first.pub", &world.image]);
    world.vault.clear_faults();
    let mut command = world.command(&["verify", "--key", KEY, &world.image]);
    let pinned = command.env("VAULT_KEY_PREFIX", "vault:v1:").output();
    assert!(pinned.unwrap().status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_logs_in() {
    let world = World::start().await;
    world.release();
    let sign = |secret: &str| {
        let mut command = world.command(&["sign", "--key", KEY, &world.image]);
        let role = [
            ("VAULT_ROLE_ID", "embedded-role"),
            ("VAULT_SECRET_ID", secret),
        ];
        command.env_remove("VAULT_TOKEN").envs(role);
        command.output().unwrap()
    };
    let refused = sign("s3cret");
    assert!(
        stderr(&refused).contains("VAULT_SECRET_ID"),
        "{}",
        stderr(&refused)
    );
    assert!(!stderr(&refused).contains("s3cret"));
    world.asked();
    assert!(sign("embedded-secret").status.success());
    let log_in = "POST /v1/auth/approle/login 200";
    let asked = world.asked();
    assert_eq!(asked.iter().filter(|line| *line == log_in).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_where_no_key_was_made() {
    let world = World::start().await;
    let path = world.folder.path().join("cosign.pub");
    fs::write(&path, "kept").unwrap();
    let refused = world.run(&["generate-key-pair", "--kms", KEY]);
    assert!(stderr(&refused).contains("--yes"), "{}", stderr(&refused));
    assert_eq!(world.asked(), [""; 0], "asked before anything is made");
    world.vault.inject(Fault::new(Action::sealed()));
    let refused = world.run(&["generate-key-pair", "--yes", "--kms", KEY]);
    assert!(stderr(&refused).contains("unseal"), "{}", stderr(&refused));
    assert_eq!(world.read("cosign.pub"), b"kept");
    world.vault.clear_faults();
    world.succeeds(&["generate-key-pair", "--yes", "--kms", KEY]);
    assert_ne!(world.read("cosign.pub"), b"kept");
    let refused = world.run(&["sign", "--password", "env://P", "--key", KEY, &world.image]);
    assert!(
        stderr(&refused).contains("no password"),
        "{}",
        stderr(&refused)
    );
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_program_signs_and_verifies() {
    let world = World::start().await;
    let (key, asked) = world.plugin();
    world.succeeds(&["generate-key-pair", "--kms", &key]);
    assert_eq!(world.read("cosign.pub"), world.read("made.pub"));
    fs::remove_file(&asked).unwrap();
    let other = world.registry.put_manifest("app", None, MANIFEST, "{}");
    let other = format!("{}/app@{other}", world.registry.host());
    world.succeeds(&["sign", "--key", &key, &world.image, &other]);
    let told = fs::read_to_string(&asked).unwrap();
    assert_eq!(told, "publicKey\nsignMessage\nsignMessage\n");
    world.succeeds(&["verify", "--key", "cosign.pub", &world.image, &other]);
    world.succeeds(&["verify", "--key", &key, &world.image]);
    assert_eq!(
        world.succeeds(&["public-key", "--key", &key]).stdout,
        world.read("made.pub")
    );
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_with_a_program_leaves_everything_as_it_was() {
    let world = World::start().await;
    let (key, _) = world.plugin();
    world.succeeds(&["generate-key-pair", "--kms", &key]);
    for (key, fault, said) in [
        (key.as_str(), "lies-", "does not verify"),
        (
            &key,
            "garbage",
            "expected an answer of sigstore's plugin protocol v1",
        ),
        (&key, "refuses", r"the token is locked\u{1b}[2J"),
        (&key, "endless", "wrote more than"),
        ("none://key", "", "sigstore-kms-none is not in PATH"),
        ("../x://key", "", "expected NAME://KEY"),
    ] {
        for signing in SIGNINGS {
            let mut command = world.signing(signing, key);
            world.refused(command.env("FAULT", fault).output().unwrap(), said);
        }
    }
}

/// A registry with an image, a log, a Vault, and a folder.
struct World {
    registry: EmbeddedRegistry,
    log: EmbeddedLog,
    vault: EmbeddedVault,
    folder: TempDir,
    image: String,
}

impl World {
    async fn start() -> Self {
        let registry = EmbeddedRegistry::start(Options::default()).await.unwrap();
        let log = EmbeddedLog::start(LogOptions::default()).await.unwrap();
        let vault = EmbeddedVault::start(VaultOptions::default()).await.unwrap();
        let digest = registry.put_manifest("app", None, MANIFEST, r#"{"schemaVersion":2}"#);
        let image = format!("{}/app@{digest}", registry.host());
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("rekor.pub"), log.public_key_pem()).unwrap();
        fs::write(folder.path().join("p.json"), "{}").unwrap();
        fs::write(folder.path().join("f"), "content").unwrap();
        Self {
            registry,
            log,
            vault,
            folder,
            image,
        }
    }

    /// Makes the key of most tests.
    fn release(&self) {
        self.vault
            .create_key("release", KeyKind::EcdsaP256)
            .unwrap();
    }

    /// Puts the program where it is found; the key that it can make, and a file of what it was asked.
    fn plugin(&self) -> (String, std::path::PathBuf) {
        let bin = self.folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/sigstore-kms-test");
        fs::copy(script, bin.join("sigstore-kms-test")).unwrap();
        let made = self.folder.path().join("made");
        (
            format!("test://{}", made.display()),
            self.folder.path().join("asked"),
        )
    }

    /// A signing, logged, of the image or of the file.
    fn signing(&self, what: &[&str], key: &str) -> Command {
        let url = self.log.url();
        let subject = match what.first() {
            Some(&("sign" | "attest")) => &self.image,
            _ => "f",
        };
        let log = ["--rekor-url", &url, "--rekor-key", "rekor.pub"];
        self.command(&[what, &log, &["--key", key, subject]].concat())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cosignet"));
        let folder = self.folder.path();
        command
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .env_clear()
            .env("HOME", folder.join("home"))
            .env(
                "PATH",
                format!("{}:/usr/bin:/bin", folder.join("bin").display()),
            )
            .env("COSIGNET", env!("CARGO_BIN_EXE_cosignet"))
            .env("ASKED", folder.join("asked"))
            .env("VAULT_MAX_RETRIES", "0")
            .env("VAULT_ADDR", self.vault.url())
            .env("VAULT_TOKEN", self.vault.token());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    #[track_caller]
    fn succeeds(&self, arguments: &[&str]) -> Output {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            stderr(&output)
        );
        output
    }

    /// Insists that it failed, said why, and left nothing anywhere.
    #[track_caller]
    fn refused(&self, output: Output, said: &str) {
        let words = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{words}");
        assert!(words.contains(said), "no \"{said}\" in: {words}");
        assert!(output.stdout.is_empty(), "{words}");
        let writes = self.registry.take_requests();
        let writes = writes.iter().filter(|request| request.method != "GET");
        assert_eq!(writes.count(), 0, "{words}");
        assert_eq!(self.log.entries(), [], "{words}");
        for file in ["b.json", "s"] {
            assert!(!self.folder.path().join(file).exists(), "{file}: {words}");
        }
    }

    fn asked(&self) -> Vec<String> {
        let requests = self.vault.take_requests();
        requests.iter().map(ToString::to_string).collect()
    }

    fn read(&self, file: &str) -> Vec<u8> {
        fs::read(self.folder.path().join(file)).unwrap()
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
