//! The command line and a transparency log, with nothing else on the machine: what is asked and what
//! is not, and that a log that misbehaves leaves nothing attached.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use cosignet_host::embedded::log::{Action, EmbeddedLog, Endpoint, Fault, Options as LogOptions};
use cosignet_host::embedded::registry::{self, EmbeddedRegistry, Options};
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread")]
async fn a_logged_signature_verifies_offline() {
    let world = World::start().await;
    let signed = world.sign(&["--rekor-url", &world.log.url(), "--rekor-key", "rekor.pub"]);
    succeeds(&signed);
    assert!(stderr(&signed).contains("tlog entry created with index: 0"));
    assert_eq!(world.asked(), ["POST /api/v1/log/entries 201"]);
    for flags in [
        &["--rekor-key", "rekor.pub"][..],
        &[
            "--rekor-key",
            "rekor.pub",
            "--rekor-url",
            "http://127.0.0.1:1",
            "--air-gap",
        ],
    ] {
        let verified = world.verify(flags);
        succeeds(&verified);
        let printed: Value = serde_json::from_slice(&verified.stdout).unwrap();
        let entry = &printed[0]["optional"]["Bundle"]["Payload"];
        assert_eq!(entry["logIndex"], 0);
    }
    assert!(world.asked().is_empty(), "what is stored is enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_is_contacted_that_was_not_asked_for() {
    let world = World::start().await;
    let url = world.log.url();
    let named = ["--rekor-url", &url, "--rekor-key", "rekor.pub"];
    succeeds(&world.sign(&["--rekor-key", "rekor.pub"]));
    succeeds(&world.sign(&[&named[..], &["--air-gap"]].concat()));
    succeeds(&world.sign(&[&named[..], &["--tlog-upload=false"]].concat()));
    for (flags, said) in [
        (vec!["--tlog-upload"], "--rekor-url"),
        (vec!["--tlog-upload=true", "--air-gap"], "contradict"),
        (vec!["--rekor-url", &url], "--rekor-key"),
        (
            [&named[..], &["--rekor-api-version", "2"]].concat(),
            "--bundle",
        ),
        (
            vec!["--rekor-url", "ftp://log.test", "--rekor-key", "rekor.pub"],
            "http",
        ),
    ] {
        let refused = world.sign(&flags);
        assert_eq!(refused.status.code(), Some(1), "{flags:?}");
        let words = stderr(&refused);
        assert!(words.contains(said), "{flags:?}: {words}");
    }
    assert!(world.asked().is_empty());
    // A bundle needs no log.
    succeeds(&world.sign(&["--bundle", "b.json"]));
    assert!(world.asked().is_empty());
    let bundle = std::fs::read(world.folder.path().join("b.json")).unwrap();
    let bundle: Value = serde_json::from_slice(&bundle).unwrap();
    assert!(bundle["verificationMaterial"].get("tlogEntries").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_misbehaves_leaves_nothing_attached() {
    let world = World::start().await;
    let url = world.log.url();
    let sign = ["--rekor-url", &url, "--rekor-key", "rekor.pub"];
    let replaced = |body: &'static str| Action::ReplaceBody(body.into());
    let cases: [(&str, Action, &str); 8] = [
        (
            "500",
            Action::status(StatusCode::INTERNAL_SERVER_ERROR),
            "500",
        ),
        ("400", Action::status(StatusCode::BAD_REQUEST), "400"),
        ("HTML", replaced("<html>no</html>"), "malformed"),
        ("{}", replaced("{}"), "malformed"),
        ("a flipped timestamp", Action::flip_timestamp(), "timestamp"),
        ("another body", Action::other_body("{}"), "timestamp"),
        ("an endless answer", Action::Endless, "longer"),
        (
            "another log",
            replaced(OTHER_ENTRY),
            "none of the trusted logs",
        ),
    ];
    for (case, action, said) in cases {
        let fault = Fault::new(action).endpoint(Endpoint::Entries).times(9);
        let hits = world.log.inject(fault);
        // Each is another signature: the log has none of them yet.
        let claim = format!("case={case}");
        let sign = [&sign[..], &["-a", &claim]].concat();
        let refused = world.sign(&sign);
        let words = stderr(&refused);
        assert_eq!(refused.status.code(), Some(1), "{case}: {words}");
        assert!(words.contains(said), "{case}: {words}");
        assert!(hits.count() > 0, "{case}");
        assert_eq!(world.verify(&[]).status.code(), Some(10), "{case}");
        world.log.clear_faults();
    }
    // Most of them were taken all the same; that entry is used when the log behaves again.
    let taken = world.log.entries().len();
    succeeds(&world.sign(&[&sign[..], &["-a", "case=another log"]].concat()));
    assert_eq!((taken, world.log.entries().len()), (6, 6));
}

/// A log that never answers costs the limit of a call and no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_hangs_is_left() {
    let world = World::start().await;
    let url = world.log.url();
    world.log.inject(Fault::new(Action::hang()).times(9));
    let begin = Instant::now();
    let refused = world.sign(&[
        "--rekor-url",
        &url,
        "--rekor-key",
        "rekor.pub",
        "--rekor-timeout",
        "1s",
    ]);
    assert_eq!(refused.status.code(), Some(1));
    let words = stderr(&refused);
    assert!(words.contains("no answer in time"), "{words}");
    assert!(begin.elapsed() < Duration::from_secs(10));
    assert_eq!(world.verify(&[]).status.code(), Some(10));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_named_when_the_push_fails() {
    let world = World::start().await;
    let url = world.log.url();
    let sign = ["--rekor-url", &url, "--rekor-key", "rekor.pub"];
    let denied = registry::Action::status(StatusCode::FORBIDDEN);
    world.registry.inject(registry::Fault::new(denied).times(9));
    let refused = world.sign(&sign);
    assert_eq!(refused.status.code(), Some(1));
    let words = stderr(&refused);
    assert!(
        words.contains("as entry 0: signing again uses it"),
        "{words}"
    );
    world.registry.clear_faults();
    succeeds(&world.sign(&sign));
    assert_eq!(world.log.entries().len(), 1);
    succeeds(&world.verify(&["--rekor-key", "rekor.pub"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn bundles_and_look_ups() {
    let world = World::start().await;
    let url = world.log.url();
    let log = ["--rekor-url", &url, "--rekor-key", "rekor.pub"];
    succeeds(&world.sign(&[]));
    assert_eq!(world.verify(&log).status.code(), Some(12), "not logged");
    assert_eq!(
        world.asked(),
        ["POST /api/v1/log/entries/retrieve 200"],
        "it was looked up"
    );
    let files = ["--bundle", "b.json", "--output-payload", "p.json"];
    succeeds(&world.sign(&[&log[..], &files, &["--upload=false"]].concat()));
    world.asked();
    succeeds(&world.verify(&log));
    assert_eq!(world.asked(), ["POST /api/v1/log/entries/retrieve 200"]);

    let detached = ["--bundle", "b.json", "--payload", "p.json"];
    let trusting = [&detached[..], &["--rekor-key", "rekor.pub", "-o", "report"]].concat();
    let verified = world.verify(&trusting);
    succeeds(&verified);
    let report: Value = serde_json::from_slice(&verified.stdout).unwrap();
    let entry = &report["images"][0]["signatures"][0]["log"];
    assert_eq!(
        entry["evidence"],
        "signed entry timestamp and inclusion proof"
    );
    let public_good = [&detached[..], &["--rekor-public-good"]].concat();
    assert_eq!(world.verify(&public_good).status.code(), Some(12));
    let payload = fs::read(world.folder.path().join("p.json")).unwrap();
    fs::write(
        world.folder.path().join("p.json"),
        [&payload[..], b" "].concat(),
    )
    .unwrap();
    assert_eq!(world.verify(&trusting).status.code(), Some(12));

    world
        .log
        .inject(Fault::new(Action::status(StatusCode::NOT_FOUND)));
    let unavailable = world.verify(&log);
    assert_eq!(unavailable.status.code(), Some(12));
    let words = stderr(&unavailable);
    assert!(words.contains("the log could not be asked"), "{words}");
}

/// A registry with an image, a log, a key, and a folder.
struct World {
    registry: EmbeddedRegistry,
    log: EmbeddedLog,
    folder: TempDir,
    image: String,
}

impl World {
    async fn start() -> Self {
        let registry = EmbeddedRegistry::start(Options::default()).await.unwrap();
        let log = EmbeddedLog::start(LogOptions::default()).await.unwrap();
        let digest = registry.put_manifest("app", None, MANIFEST, r#"{"schemaVersion":2}"#);
        let image = format!("{}/app@{digest}", registry.host());
        let world = Self {
            registry,
            log,
            folder: TempDir::new().unwrap(),
            image,
        };
        fs::write(
            world.folder.path().join("rekor.pub"),
            world.log.public_key_pem(),
        )
        .unwrap();
        succeeds(&cosignet(world.folder.path(), &["generate-key-pair"]));
        world
    }

    fn sign(&self, flags: &[&str]) -> Output {
        let sign = ["sign", "--key", "cosign.key"];
        self.run(&[&sign[..], flags, &[&self.image]].concat())
    }

    fn verify(&self, flags: &[&str]) -> Output {
        let verify = ["verify", "--key", "cosign.pub"];
        self.run(&[&verify[..], flags, &[&self.image]].concat())
    }

    fn run(&self, arguments: &[&str]) -> Output {
        cosignet(self.folder.path(), arguments)
    }

    /// What the log was asked since the last time.
    fn asked(&self) -> Vec<String> {
        let requests = self.log.take_requests();
        requests.iter().map(ToString::to_string).collect()
    }
}

fn cosignet(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cosignet"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .env_clear()
        .env("HOME", folder.join(".home"))
        .env("COSIGN_PASSWORD", "correct horse")
        .output()
        .unwrap()
}

#[track_caller]
fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", stderr(output));
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// In form, and of no log here.
const OTHER_ENTRY: &str = r#"{"0":{"body":"e30=","integratedTime":1,"logID":"0000000000000000000000000000000000000000000000000000000000000000","logIndex":0}}"#;
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
