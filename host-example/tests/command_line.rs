//! The command line as users run it, with nothing else on the machine: files, exit codes, streams.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use cosignet_host::embedded::registry::{EmbeddedRegistry, Options};
use tempfile::TempDir;

#[test]
fn the_demo_does_what_it_says() {
    let output = cosignet(Path::new("."), &["demo"]);
    let told = stdout(&output);
    assert!(output.status.success(), "{}", stderr(&output));
    for line in [
        "8 requests crossed the edge",
        "entry 3 was verified before anything was pushed: timestamp, inclusion proof, checkpoint",
        "was stopped: what follows is offline",
        "is signed by the key, and logged; 3 requests",
        "proof  the bundle's inclusion proof leads to the root that the log signed; no request",
        "forged proof  refused: it leads to another root",
        "wrong key  refused: made by none of the trusted keys",
        "tampered payload  refused: its bytes are not those of its digest",
        "every step did what it says",
    ] {
        assert!(told.contains(line), "no \"{line}\" in:\n{told}");
    }
}

#[test]
fn shells_complete_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = cosignet(Path::new("."), &["completion", shell]);
        let script = stdout(&output);
        for word in ["verify-attestation", "--output-report", "triangulate"] {
            // fish writes flags without their hyphens.
            let word = word.trim_start_matches('-');
            assert!(script.contains(word), "{shell}: no {word}");
        }
    }
}

#[cfg(unix)]
#[test]
fn keys_are_private_and_never_overwritten_unasked() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    let mode = |name: &str| {
        fs::metadata(folder.path().join(name))
            .unwrap()
            .permissions()
            .mode()
    };
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    succeeds(cosignet(folder.path(), &["generate-key-pair"]));
    assert_eq!(
        (mode("cosign.key") & 0o777, mode("cosign.pub") & 0o777),
        (0o600, 0o644)
    );
    let before = (read("cosign.key"), read("cosign.pub"));
    let refused = cosignet(folder.path(), &["generate-key-pair"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("--yes"), "{}", stderr(&refused));
    assert_eq!(before, (read("cosign.key"), read("cosign.pub")));
    let shown = cosignet(folder.path(), &["public-key", "--key", "cosign.key"]);
    assert_eq!(shown.stdout, before.1);
    succeeds(cosignet(folder.path(), &["generate-key-pair", "--yes"]));
    assert_ne!(before.0, read("cosign.key"));
    // Nothing is left over of a write that failed.
    let refused = cosignet(
        folder.path(),
        &["generate-key-pair", "--output-key-prefix", "no/where"],
    );
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn a_wrong_password_is_told_from_a_broken_file() {
    let folder = TempDir::new().unwrap();
    succeeds(cosignet(folder.path(), &["generate-key-pair"]));
    let mut command = command(folder.path(), &["public-key", "--key", "cosign.key"]);
    let wrong = command.env("COSIGN_PASSWORD", "not it").output().unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(
        stderr(&wrong).contains("wrong password"),
        "{}",
        stderr(&wrong)
    );
    fs::write(folder.path().join("cosign.key"), "no key").unwrap();
    let broken = cosignet(folder.path(), &["public-key", "--key", "cosign.key"]);
    assert_eq!(broken.status.code(), Some(1));
    assert!(
        !stderr(&broken).contains("wrong password"),
        "{}",
        stderr(&broken)
    );
    for output in [&wrong, &broken] {
        assert!(output.stdout.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signs_verifies_and_exits_as_cosign() {
    let registry = EmbeddedRegistry::start(Options::default()).await.unwrap();
    let folder = TempDir::new().unwrap();
    let image = |name: &str| {
        let manifest = format!(r#"{{"schemaVersion":2,"for":"{name}"}}"#);
        let digest = registry.put_manifest(name, Some("v1"), MANIFEST, manifest);
        format!("{}/{name}@{digest}", registry.host())
    };
    let (signed, unsigned) = (image("signed"), image("unsigned"));
    let run = |arguments: &[&str]| cosignet(folder.path(), arguments);
    succeeds(run(&["generate-key-pair"]));
    succeeds(run(&["generate-key-pair", "--output-key-prefix", "other"]));
    succeeds(run(&[
        "sign",
        "--key",
        "cosign.key",
        "-a",
        "env=prod",
        &signed,
    ]));

    let verified = run(&["verify", "--key", "cosign.pub", "-a", "env=prod", &signed]);
    succeeds(run(&["verify", "--key", "cosign.pub", &signed]));
    let json: serde_json::Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!(json[0]["optional"]["env"], "prod");

    let code = |arguments: &[&str]| run(arguments).status.code();
    assert_eq!(
        code(&["verify", "--key", "cosign.pub", &unsigned]),
        Some(10)
    );
    let gone = format!("{}/signed:gone", registry.host());
    assert_eq!(code(&["verify", "--key", "cosign.pub", &gone]), Some(11));
    assert_eq!(code(&["verify", "--key", "other.pub", &signed]), Some(12));
    assert_eq!(
        code(&["verify", "--key", "cosign.pub", "-a", "env=dev", &signed]),
        Some(12)
    );
    assert_eq!(code(&["verify", "--key", "cosign.key", &signed]), Some(1));

    // The report is JSON on standard output also when the answer is no, and says why.
    let report = run(&[
        "verify",
        "--key",
        "other.pub",
        "--output",
        "report",
        "--output-report",
        "report.json",
        &signed,
    ]);
    let json: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
    let written = fs::read(folder.path().join("report.json")).unwrap();
    assert_eq!(written, report.stdout, "in the file too");
    assert_eq!(json["verified"], false);
    assert!(
        json.to_string().contains("none of the given keys"),
        "{json}"
    );

    // One that fails does not stop the others, and is not hidden by them.
    let some = run(&["sign", "--key", "cosign.key", &gone, &unsigned]);
    assert_eq!(some.status.code(), Some(1));
    assert!(stderr(&some).contains(&gone), "{}", stderr(&some));
    succeeds(run(&["verify", "--key", "cosign.pub", &unsigned]));
}

/// Nothing is pushed, and a verifier with the files alone asks nobody.
#[tokio::test(flavor = "multi_thread")]
async fn signatures_can_be_kept_aside() {
    let registry = EmbeddedRegistry::start(Options::default()).await.unwrap();
    let folder = TempDir::new().unwrap();
    let digest = registry.put_manifest("app", Some("v1"), MANIFEST, r#"{"schemaVersion":2}"#);
    let image = format!("{}/app@{digest}", registry.host());
    let run = |arguments: &[&str]| cosignet(folder.path(), arguments);
    succeeds(run(&["generate-key-pair"]));
    let aside = [
        "--upload=false",
        "--output-signature",
        "s",
        "--output-payload",
        "p",
    ];
    succeeds(run(&[
        &["sign", "--key", "cosign.key"],
        &aside[..],
        &[&image],
    ]
    .concat()));
    let kept = ["--signature", "s", "--payload", "p"];
    succeeds(run(&[
        &["verify", "--key", "cosign.pub"],
        &kept[..],
        &[&image],
    ]
    .concat()));
    assert_eq!(registry.take_requests(), []);
    succeeds(run(
        &[&["attach", "signature"], &kept[..], &[&image]].concat()
    ));
    succeeds(run(&["verify", "--key", "cosign.pub", &image]));
    let at = run(&["triangulate", &image]);
    let tag = digest.replace(':', "-") + ".sig";
    assert_eq!(stdout(&at).trim(), format!("{}/app:{tag}", registry.host()));
    fs::write(folder.path().join("p"), "{}").unwrap();
    let forged = run(&[&["verify", "--key", "cosign.pub"], &kept[..], &[&image]].concat());
    assert_eq!(forged.status.code(), Some(12));
}

/// What cosign 2.5.0 and a real Rekor left in a registry, verified with nothing but keys.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_can_be_required_offline() {
    let registry = EmbeddedRegistry::start(Options::default()).await.unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/rekor");
    let file = |name: &str| data.join(name).to_string_lossy().into_owned();
    let read = |name: &str| fs::read(data.join("v1/oci/cosign2-legacy").join(name)).unwrap();
    registry.put_blob("app", read("sha256-1944b6dad1127679.blob.json"));
    let tag = format!("sha256-{LOGGED}.sig");
    let manifest = read(&format!("manifest.{tag}.json"));
    registry.put_manifest("app", Some(&tag), MANIFEST, manifest);
    let image = format!("{}/app@sha256:{LOGGED}", registry.host());
    let folder = TempDir::new().unwrap();
    let (key, log, other) = (
        file("keys/p256.pub"),
        file("v1/rekor.pub"),
        file("other-log.pub"),
    );
    let verify = |more: &[&str]| {
        let arguments = [
            &["verify", "--key", &key, &image, "--output", "report"],
            more,
        ]
        .concat();
        cosignet(folder.path(), &arguments)
    };
    let verified = verify(&["--rekor-key", &log]);
    let report: serde_json::Value = serde_json::from_slice(&verified.stdout).unwrap();
    let entry = &report["images"][0]["signatures"][0]["log"];
    assert_eq!(entry["evidence"], "signed entry timestamp");
    assert!(entry["integratedTime"].is_u64(), "{report}");
    succeeds(verified);
    let refused = verify(&["--rekor-key", &other]);
    assert_eq!(refused.status.code(), Some(12));
    let words = String::from_utf8_lossy(&refused.stdout).into_owned();
    assert!(words.contains("none of the trusted logs"), "{words}");
    assert_eq!(verify(&["--rekor-public-good"]).status.code(), Some(12));
    succeeds(verify(&["--rekor-key", &other, "--insecure-ignore-tlog"]));
    succeeds(verify(&[]));
}

#[test]
fn a_source_says_where_an_image_is() {
    let folder = TempDir::new().unwrap();
    let digest = format!("sha256:{LOGGED}");
    let place = |more: &[&str]| {
        let arguments = [&["triangulate", "--digest", &digest], more].concat();
        cosignet(folder.path(), &arguments)
    };
    let ecr = ["--source", "ecr", "--region", "eu-west-1"];
    let gar = ["--source", "gar", "--project-id", "my-project"];
    let account = ["--account-id", "123456789012", "app:v1"];
    let host = ["--registry-host", "us-docker.pkg.dev", "team/app"];
    for (arguments, repository) in [
        (
            [&ecr[..], &account].concat(),
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app",
        ),
        (
            [&gar[..], &host].concat(),
            "us-docker.pkg.dev/my-project/team/app",
        ),
        (
            vec!["--source=quay", "quay.io/team/app"],
            "quay.io/team/app",
        ),
        (vec!["app"], "index.docker.io/library/app"),
    ] {
        let output = place(&arguments);
        assert_eq!(
            stdout(&output),
            format!("{repository}:sha256-{LOGGED}.sig\n"),
            "{}",
            stderr(&output)
        );
    }
    let wrong_host = ["--registry-host", "evil.test", "team/app"];
    let (gar, other) = (
        [&gar[..], &wrong_host].concat(),
        format!("app@sha256:{}", "0".repeat(64)),
    );
    for (arguments, expected) in [
        ([&ecr[..], &["app"]].concat(), "needs --account-id"),
        (gar, "--registry-host \"evil.test\""),
        (
            vec!["--source=ghcr", "--region=eu-west-1", "app"],
            "has no --region",
        ),
        (
            vec!["--source=ghcr", "docker.io/app"],
            "the image \"docker.io/app\"",
        ),
        (vec![&other], "--digest is"),
    ] {
        let output = place(&arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
    let two = cosignet(
        folder.path(),
        &["verify", "--key", "k", "--digest", &digest, "a", "b"],
    );
    assert!(
        stderr(&two).contains("--digest is of one image"),
        "{}",
        stderr(&two)
    );
    let local = cosignet(
        folder.path(),
        &[
            "verify",
            "--key",
            "k",
            "--local-image",
            "--source=ghcr",
            "a",
        ],
    );
    assert!(stderr(&local).contains("--source"), "{}", stderr(&local));
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cosignet"));
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .env_clear()
        .env("HOME", folder.join(".home"))
        .env("COSIGN_PASSWORD", "correct horse");
    command
}

fn cosignet(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn succeeds(output: Output) {
    assert!(output.status.success(), "{}", stderr(&output));
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const LOGGED: &str = "dbf4c66640d2548cd46b98e635249307b813d166dab78735a9611e92007bc288";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
