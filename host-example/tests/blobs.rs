//! Files signed and verified on the command line, with nothing else on the machine.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cosignet::oci::Digest;
use cosignet_host::embedded::log::{EmbeddedLog, Options};
use serde_json::{Value, json};
use tempfile::TempDir;

const BLOB: &str = "what is signed";

#[test]
fn signs_and_verifies_in_every_form() {
    let world = World::new();
    let printed = succeeds(world.run(&["sign-blob", "--key", "cosign.key", "blob"])).stdout;
    let base64 = String::from_utf8(printed).unwrap();
    assert!(base64.ends_with('\n'));
    let signature = BASE64.decode(base64.trim()).unwrap();

    let sign = |flags: &[&str], file: &str| {
        succeeds(world.run(&[&["sign-blob", "--key", "cosign.key"], flags, &[file]].concat()))
    };
    sign(&["--output-signature", "s", "--bundle", "new.json"], "blob");
    assert_eq!(world.read("s"), base64.trim().as_bytes());
    sign(&["--output-signature", "raw", "--b64=false"], "blob");
    assert_eq!(world.read("raw"), signature);
    assert_eq!(sign(&["--b64=false"], "blob").stdout, signature);
    let old = ["--bundle", "old.json", "--new-bundle-format=false"];
    let printed = sign(&old, "blob").stdout;
    assert_eq!(printed, base64.as_bytes(), "as cosign 2");
    let expected = json!({ "base64Signature": base64.trim() });
    assert_eq!(world.json("old.json"), expected);
    let digest = Digest::of(BLOB.as_bytes()).to_string();
    assert_eq!(sign(&[], &digest).stdout, base64.as_bytes());
    let piped = world.piped(&["sign-blob", "--key", "cosign.key", "-"], "blob");
    assert_eq!(succeeds(piped).stdout, base64.as_bytes());

    for flags in [
        ["--signature", "s"],
        ["--signature", "raw"],
        ["--signature", base64.trim()],
        ["--bundle", "new.json"],
        ["--bundle", "old.json"],
    ] {
        let verify = |key: &str, file: &str| {
            let verify = [&["verify-blob", "--key", key], &flags[..], &[file]].concat();
            match file {
                "-" => world.piped(&verify, "blob"),
                _ => world.run(&verify),
            }
        };
        for file in ["blob", "-", &digest] {
            let verified = succeeds(verify("cosign.pub", file));
            assert_eq!(text(&verified.stderr), "Verified OK\n");
            assert!(verified.stdout.is_empty());
        }
        for (key, file) in [
            ("other.pub", "blob"),
            ("cosign.pub", "other"),
            ("cosign.pub", "empty"),
            ("cosign.pub", "nowhere"),
            ("cosign.key", "blob"),
        ] {
            let refused = verify(key, file);
            assert_eq!(refused.status.code(), Some(1), "{flags:?} {key} {file}");
            assert!(!text(&refused.stderr).contains("Verified"));
        }
    }
    // A file of that name comes before the digest.
    world.write(&digest, "another");
    let named = world.run(&[
        "verify-blob",
        "--key",
        "cosign.pub",
        "--signature",
        "s",
        &digest,
    ]);
    assert_eq!(named.status.code(), Some(1));
}

/// cosign 3.1.1 keeps the last one's.
#[test]
fn several_files_overwrite_nothing() {
    let world = World::new();
    let one = |file: &str| succeeds(world.run(&["sign-blob", "--key", "cosign.key", file])).stdout;
    let both = world.run(&["sign-blob", "--key", "cosign.key", "blob", "other"]);
    assert_eq!(succeeds(both).stdout, [one("blob"), one("other")].concat());
    for output in ["--bundle", "--output-signature"] {
        let flags = ["sign-blob", "--key", "cosign.key", output, "out"];
        let refused = world.run(&[&flags[..], &["blob", "other"]].concat());
        assert_eq!(refused.status.code(), Some(1));
        assert!(!world.path("out").exists() && refused.stdout.is_empty());
    }
    // One that fails does not stop the others.
    let some = world.run(&["sign-blob", "--key", "cosign.key", "nowhere", "blob"]);
    assert_eq!(some.status.code(), Some(1));
    assert_eq!(some.stdout, one("blob"));
    assert!(text(&some.stderr).contains("nowhere"));
}

#[test]
fn standard_input_is_no_password() {
    let world = World::new();
    let mut command = world.command(&["sign-blob", "--key", "cosign.key", "-"]);
    let blob = File::open(world.path("blob")).unwrap();
    let refused = command.env_remove("COSIGN_PASSWORD").stdin(blob).output();
    let refused = refused.unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("COSIGN_PASSWORD"));
}

#[test]
fn a_threshold_of_keys() {
    let world = World::new();
    for (key, file) in [("cosign", "first"), ("other", "second")] {
        let key = format!("{key}.key");
        succeeds(world.run(&["sign-blob", "--key", &key, "--bundle", file, "blob"]));
    }
    let keys = ["verify-blob", "--key", "cosign.pub", "--key", "other.pub"];
    let verify = |more: &[&str]| {
        let threshold = ["--threshold", "2", "--output", "json"];
        world.run(&[&keys[..], &threshold, more, &["blob"]].concat())
    };
    let verified = succeeds(verify(&["--bundle", "first", "--bundle", "second"]));
    let report: Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!(report["signatures"].as_array().unwrap().len(), 2);
    let refused = verify(&["--bundle", "first", "--bundle", "first"]);
    assert_eq!(refused.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!(
        (&report["required"], &report["counted"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(report["verified"], false);
}

#[test]
fn reports_say_what_a_file_is() {
    let world = World::new();
    for (file, flags, expected) in [
        ("shop-1.2.3.tgz", &[][..], ("helm", "shop", Some("1.2.3"))),
        ("deploy.yaml", &[], ("yaml", "deploy", None)),
        ("app-2.0.jar", &[], ("jar", "app", Some("2.0"))),
        ("backup.tgz", &[], ("unknown", "backup.tgz", None)),
        (
            "chart.tgz",
            &[
                "--artifact-type",
                "helm",
                "--artifact-name",
                "c",
                "--artifact-version",
                "9",
            ],
            ("helm", "c", Some("9")),
        ),
    ] {
        world.write(file, BLOB);
        let signed = succeeds(world.run(&["sign-blob", "--key", "cosign.key", file])).stdout;
        let signature = text(&signed).trim().to_owned();
        let verify = [
            "verify-blob",
            "--key",
            "cosign.pub",
            "--signature",
            &signature,
        ];
        let output = ["-o", "json", "--output-report", "report.json"];
        let verified = world.run(&[&verify[..], &output, flags, &[file]].concat());
        let report: Value = serde_json::from_slice(&succeeds(verified).stdout).unwrap();
        assert_eq!(world.json("report.json"), report);
        let (kind, name, version) = expected;
        let artifact = json!({ "path": file, "kind": kind, "name": name, "version": version });
        assert_eq!(report["artifact"], artifact);
        assert_eq!(report["digest"], Digest::of(BLOB.as_bytes()).to_string());
    }
}

#[test]
fn attests_and_verifies() {
    let world = World::new();
    world.write("predicate", r#"{ "result": [1, "<&>"] }"#);
    let attest = |flags: &[&str], file: &str| {
        let attest = [
            "attest-blob",
            "--key",
            "cosign.key",
            "--predicate",
            "predicate",
        ];
        world.run(&[&attest[..], flags, &[file]].concat())
    };
    let vuln = ["--type", "vuln", "--bundle", "new.json"];
    let envelope = succeeds(attest(&vuln, "blob")).stdout;
    let statement = [
        "--output-attestation",
        "statement",
        "--output-signature",
        "envelope",
    ];
    let old = ["--bundle", "old.json", "--new-bundle-format=false"];
    let printed = attest(
        &[&["--type", "vuln"], &statement[..], &old].concat(),
        "blob",
    );
    assert!(succeeds(printed).stdout.is_empty());
    assert_eq!(text(&envelope).trim().as_bytes(), world.read("envelope"));
    let kind = "https://cosign.sigstore.dev/attestation/vuln/v1";
    let digest = Digest::of(BLOB.as_bytes());
    let expected = json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "subject": [{ "name": "blob", "digest": { "sha256": digest.hex().to_string() } }],
        "predicateType": kind,
        "predicate": { "result": [1, "<&>"] },
    });
    assert_eq!(world.json("statement"), expected);
    // One standard input cannot be both.
    let piped = |file: &str| {
        let attest = ["attest-blob", "--key", "cosign.key", "--predicate", "-"];
        world.piped(&[&attest[..], &vuln, &[file]].concat(), "predicate")
    };
    assert_eq!(succeeds(piped("blob")).stdout, envelope);
    assert_eq!(piped("-").status.code(), Some(1));

    for flags in [
        ["--bundle", "new.json"],
        ["--bundle", "old.json"],
        ["--signature", "envelope"],
    ] {
        let verify = |kind: &[&str], key: &str, file: &str| {
            let verify = ["verify-blob-attestation", "--key", key, "-o", "json"];
            world.run(&[&verify[..], kind, &flags, &[file]].concat())
        };
        for kind in ["vuln", kind] {
            let verified = succeeds(verify(&["--type", kind], "cosign.pub", "blob"));
            let report: Value = serde_json::from_slice(&verified.stdout).unwrap();
            let signature = &report["signatures"][0];
            assert_eq!(signature["predicateType"], expected["predicateType"]);
            assert_eq!(signature["predicate"], expected["predicate"]);
        }
        for (kind, key, file) in [
            (&["--type", "spdx"][..], "cosign.pub", "blob"),
            (&[], "cosign.pub", "blob"),
            (&["--type", "vuln"], "other.pub", "blob"),
            (&["--type", "vuln"], "cosign.pub", "other"),
            (&["--type", "nonsense"], "cosign.pub", "blob"),
        ] {
            let refused = verify(kind, key, file);
            assert_eq!(refused.status.code(), Some(1), "{flags:?} {kind:?}");
        }
        let signature = [
            &["verify-blob", "--key", "cosign.pub"],
            &flags[..],
            &["blob"],
        ];
        let refused = world.run(&signature.concat());
        assert_eq!(
            refused.status.code(),
            Some(1),
            "an attestation is no signature"
        );
    }
    // A file that is elsewhere keeps its name.
    let elsewhere = ["--type", "vuln", "--output-attestation", "again", "--hash"];
    let hex = digest.hex().to_string();
    succeeds(attest(
        &[&elsewhere[..], &[&hex]].concat(),
        "elsewhere/blob",
    ));
    assert_eq!(world.read("again"), world.read("statement"));
    world.write("predicate", "{");
    assert_eq!(attest(&vuln, "blob").status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_keeps_what_is_signed() {
    let world = World::new();
    let log = EmbeddedLog::start(Options::default()).await.unwrap();
    world.write("rekor.pub", &log.public_key_pem());
    world.write("predicate", "{}");
    let url = log.url();
    let named = ["--rekor-url", &url, "--rekor-key", "rekor.pub"];
    let attest = [
        "attest-blob",
        "--predicate",
        "predicate",
        "--type",
        "https://t.example",
    ];
    let verify_attestation = ["verify-blob-attestation", "--type", "https://t.example"];
    for (sign, verify) in [
        (&["sign-blob"][..], &["verify-blob"][..]),
        (&attest, &verify_attestation),
    ] {
        for format in ["true", "false"] {
            let format = format!("--new-bundle-format={format}");
            let files = ["--bundle", "logged", &format, "--output-signature", "bare"];
            let key = ["--key", "cosign.key"];
            let sign = [sign, &key, &named, &files, &["blob"]].concat();
            let signed = succeeds(world.run(&sign));
            assert!(text(&signed.stderr).contains("tlog entry created with index: "));
            let verify = |flags: &[&str]| {
                world.run(&[verify, &["--key", "cosign.pub"], flags, &["blob"]].concat())
            };
            let trusted = [
                "--rekor-key",
                "rekor.pub",
                "--output",
                "json",
                "--bundle",
                "logged",
            ];
            let verified = succeeds(verify(&trusted));
            let report: Value = serde_json::from_slice(&verified.stdout).unwrap();
            assert!(
                report["signatures"][0]["log"]["logIndex"].is_u64(),
                "{report}"
            );
            // An entry is required as soon as a log is trusted, of that log.
            let bare = ["--rekor-key", "rekor.pub", "--signature", "bare"];
            assert_eq!(verify(&bare).status.code(), Some(1));
            let ignored = [&bare[..], &["--insecure-ignore-tlog"]].concat();
            succeeds(verify(&ignored));
            let stranger = ["--rekor-public-good", "--bundle", "logged"];
            assert_eq!(verify(&stranger).status.code(), Some(1));
        }
    }
    // The parts of an old bundle as files.
    let old = [
        "--bundle",
        "old",
        "--new-bundle-format=false",
        "--output-signature",
        "bare",
    ];
    let sign = [
        &["sign-blob", "--key", "cosign.key"],
        &named[..],
        &old,
        &["blob"],
    ]
    .concat();
    succeeds(world.run(&sign));
    world.write("entry", &world.json("old")["rekorBundle"].to_string());
    let parts = ["--signature", "bare", "--rekor-entry", "entry"];
    let verify = [
        "verify-blob",
        "--key",
        "cosign.pub",
        "--rekor-key",
        "rekor.pub",
    ];
    succeeds(world.run(&[&verify[..], &parts, &["blob"]].concat()));
    let asked = log.take_requests().len();
    assert!(asked >= 5, "{asked}");
    // No log is asked that was not named.
    succeeds(world.run(&[
        "sign-blob",
        "--key",
        "cosign.key",
        "--rekor-key",
        "rekor.pub",
        "blob",
    ]));
    assert!(log.take_requests().is_empty());
    // The proof of Rekor v2 has room in a new bundle alone.
    for bundle in [&[][..], &old[..3]] {
        let v2 = ["--rekor-api-version", "2"];
        let key = ["sign-blob", "--key", "cosign.key"];
        let refused = world.run(&[&key[..], &named, &v2, bundle, &["blob"]].concat());
        assert_eq!(refused.status.code(), Some(1));
        assert!(text(&refused.stderr).contains("--bundle"));
    }
}

/// `docs/cli_protocol.md` of sigstore-conformance, and its cases for managed keys.
#[test]
fn conforms_to_sigstore_for_managed_keys() {
    let suite = data("public/sigstore-conformance");
    let world = World::new();
    let mut run = 0;
    for case in fs::read_dir(&suite).unwrap() {
        let case = case.unwrap().path();
        if !case.is_dir() {
            continue;
        }
        let file = |name: &str| {
            let file = case.join(name);
            file.exists().then(|| file.to_str().unwrap().to_owned())
        };
        let artifact = file("artifact").unwrap_or(suite.join("a.txt").to_str().unwrap().into());
        let digest = Digest::of(&fs::read(&artifact).unwrap()).to_string();
        let signer = match file("key.pub") {
            Some(key) => vec!["--key".to_owned(), key],
            None => [
                "--certificate-identity",
                "i",
                "--certificate-oidc-issuer",
                "https://i",
            ]
            .map(str::to_owned)
            .to_vec(),
        };
        let root = file("trusted_root.json");
        let root = root.map_or_else(Vec::new, |root| vec!["--trusted-root".to_owned(), root]);
        let bundle = file("bundle.sigstore.json").unwrap();
        let fails = case.to_str().unwrap().ends_with("_fail");
        for subject in [&artifact, &digest] {
            let mut arguments = vec!["verify-bundle", "--bundle", &bundle];
            arguments.extend(signer.iter().chain(&root).map(String::as_str));
            arguments.push(subject);
            let output = world.run(&arguments);
            let words = text(&output.stderr);
            assert_eq!(
                output.status.success(),
                !fails,
                "{}: {words}",
                case.display()
            );
        }
        run += 1;
    }
    assert_eq!(run, 4);
}

#[test]
fn a_bundle_is_verified_with_its_log() {
    let world = World::new();
    let cosign = |name: &str| data("cosign").join(name).to_str().unwrap().to_owned();
    let (key, root) = (
        cosign("keys/cosign-v2.5.0.pub"),
        cosign("rekor/trusted_root.json"),
    );
    let (other, blob) = (
        cosign("keys/empty-password.pub"),
        cosign("blob/artifact.txt"),
    );
    let verify = |bundle: &str, key: &str, more: &[&str]| {
        let bundle = cosign(&format!("blob/{bundle}"));
        let verify = ["verify-bundle", "--bundle", &bundle, "--key", key];
        world.run(&[&verify[..], more, &[&blob]].concat())
    };
    let trusted = ["--trusted-root", &root];
    let (logged, bare) = ("v3-tlog-new.sigstore.json", "v3-new.sigstore.json");
    succeeds(verify(logged, &key, &trusted));
    for (bundle, key, more) in [
        (logged, &other, &trusted[..]),
        (logged, &key, &[]),
        (bare, &key, &trusted),
        (bare, &key, &["--staging"]),
        ("v2-tlog-old.bundle", &key, &trusted),
    ] {
        assert_eq!(
            verify(bundle, key, more).status.code(),
            Some(1),
            "{bundle} {more:?}"
        );
    }
    for bundle in [bare, "att3.sigstore.json"] {
        succeeds(verify(bundle, &key, &["--insecure-ignore-tlog"]));
        let refused = verify(bundle, &other, &["--insecure-ignore-tlog"]);
        assert_eq!(refused.status.code(), Some(1));
    }
}

/// Two key pairs and some files.
struct World(TempDir);

impl World {
    fn new() -> Self {
        let world = Self(TempDir::new().unwrap());
        for prefix in ["cosign", "other"] {
            succeeds(world.run(&["generate-key-pair", "--output-key-prefix", prefix]));
        }
        world.write("blob", BLOB);
        world.write("other", "another");
        world.write("empty", "");
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.read(name)).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn piped(&self, arguments: &[&str], file: &str) -> Output {
        let file = File::open(self.path(file)).unwrap();
        self.command(arguments).stdin(file).output().unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cosignet"));
        command
            .args(arguments)
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .env_clear()
            .env("HOME", self.path(".home"))
            .env("COSIGN_PASSWORD", "correct horse");
        command
    }
}

fn data(path: &str) -> PathBuf {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data");
    data.join(path)
}

#[track_caller]
fn succeeds(output: Output) -> Output {
    assert!(output.status.success(), "{}", text(&output.stderr));
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
