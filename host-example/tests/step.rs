//! Steps of pipelines and plugins as a CI runner runs them, with nothing else on the machine.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cosignet_host::embedded::log::{EmbeddedLog, Options as LogOptions};
use cosignet_host::embedded::registry::{BasicAuth, EmbeddedRegistry, Options};
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread")]
async fn the_example_pipeline_signs_and_verifies() {
    let world = World::start().await;
    world.write("app-1.2.3.jar", "what is built");
    let pipeline = world.example("pipeline.yaml");
    let run = |more: &[(&str, &str)]| {
        let secrets = [
            (
                "COSIGNET_SECRET_ACCOUNT_COSIGN_PRIVATE_KEY",
                world.read("cosign.key"),
            ),
            (
                "COSIGNET_SECRET_ACCOUNT_COSIGN_PUBLIC_KEY",
                world.read("cosign.pub"),
            ),
        ];
        let image = format!("artifact.image={}", world.image);
        let set = [
            "--set",
            &image,
            "--set",
            "account.cosign_password=env://HUSH",
        ];
        let mut command = world.command(&[&["step"], &set[..], &[&pipeline]].concat());
        command
            .envs(secrets)
            .env("HUSH", PASSWORD)
            .envs(more.iter().copied());
        command.output().unwrap()
    };
    let summary = world.path("summary.md");
    let output = run(&[("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())]);
    succeeds(&output);
    let words = stderr(&output);
    for said in [
        "step 4 of 4",
        "2 signed, 2 verified",
        "signing app-1.2.3.jar",
        &world.digest,
    ] {
        assert!(words.contains(said), "no {said:?} in {words}");
    }
    assert!(world.registry_has_signature().await);
    assert_eq!(world.read("summary.md").matches('✅').count(), 4);
    world.shows_no_secret(&output);

    // What was altered after it was signed ends the run, and nothing after it is run.
    world.write("app-1.2.3.jar", "something else");
    let verifies = fs::read_to_string(&pipeline)
        .unwrap()
        .replace("SscaArtifactSigning", "Run");
    world.write("verify.yaml", &verifies);
    let pipeline = world.path("verify.yaml");
    let mut command = world.command(&[
        "step",
        "--set",
        &format!("artifact.image={}", world.image),
        "--set",
        "account.cosign_public_key=@cosign.pub",
        pipeline.to_str().unwrap(),
    ]);
    let failed = command
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .unwrap();
    assert_eq!(failed.status.code(), Some(1), "{}", stderr(&failed));
    assert!(
        stderr(&failed).contains("verifying app-1.2.3.jar"),
        "{}",
        stderr(&failed)
    );
    assert!(world.read("summary.md").contains("❌ not verified"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_the_exit_code_and_ends_the_run() {
    let world = World::start().await;
    let verify = |key: &str| {
        format!(
            "- step:\n    type: SscaArtifactVerification\n    name: first\n    spec:\n      source: {{ type: docker, \
         spec: {{ image: '{}' }} }}\n      verifySign: {{ type: cosign, spec: {{ public_key: {key} }} }}\n",
            world.image
        )
    };
    world.write(
        "steps.yaml",
        &(verify("key") + &verify("key").replace("first", "second")),
    );
    let run = |key: &str| world.run(&["step", "--set", &format!("key=@{key}"), "steps.yaml"]);
    let unsigned = run("cosign.pub");
    assert_eq!(unsigned.status.code(), Some(10), "{}", stderr(&unsigned));
    let words = stderr(&unsigned);
    let said = format!("\nError: first: {}: no signatures", world.image);
    assert!(
        words.contains(&said) && !words.contains("second"),
        "{words}"
    );
    succeeds(&world.run(&["sign", "--key", "cosign.key", &world.image]));
    succeeds(&run("cosign.pub"));
    assert_eq!(run("other.pub").status.code(), Some(12));
    assert_eq!(run("cosign.key").status.code(), Some(1));
    // What is wrong with the file is said before anything is run.
    world.registry.take_requests();
    world.write("steps.yaml", &(verify("key") + &verify("nowhere")));
    let wrong = run("cosign.pub");
    assert_eq!(wrong.status.code(), Some(1));
    assert!(
        stderr(&wrong).contains(
            "steps.yaml:12:55: [1].step.spec.verifySign.spec.public_key: expected the name of a"
        ),
        "{}",
        stderr(&wrong)
    );
    assert_eq!(world.registry.take_requests(), []);
}

/// As in the product a signature that is not attached is verified all the same.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_attached_is_kept_and_found() {
    let world = World::start().await;
    for form in ["simple", "bundle", "both"] {
        let sign = [("PLUGIN_IMAGE", &*world.image), ("PLUGIN_FORMAT", form)];
        let signed = world.sign(&sign);
        succeeds(&signed);
        assert!(!world.registry_has_signature().await, "nothing is pushed");
        let outputs = world.outputs();
        for name in ["signature_file", "payload_file", "bundle_file"] {
            let path = &outputs.iter().find(|(key, _)| key == name).unwrap().1;
            assert!(path.starts_with("cosignet-signature/"), "{path}");
            assert!(world.path(path).is_file(), "{path}");
        }
        let verified = world.verify("cosign.pub", &[("PLUGIN_IMAGE", &world.image)]);
        succeeds(&verified);
        assert!(stderr(&verified).contains("verifying what is kept in cosignet-signature"));
        assert!(
            world
                .outputs()
                .contains(&("digest".into(), world.digest.clone()))
        );
        // Whoever can write the files can make no signature.
        let other = world.verify("other.pub", &[("PLUGIN_IMAGE", &world.image)]);
        assert_eq!(other.status.code(), Some(12), "{form}: {}", stderr(&other));
        fs::remove_dir_all(world.path("cosignet-signature")).unwrap();
        let gone = world.verify("cosign.pub", &[("PLUGIN_IMAGE", &world.image)]);
        assert_eq!(gone.status.code(), Some(10));
    }
    world.write("chart-1.2.3.tgz", "a chart");
    let file = [
        ("PLUGIN_PATH", "chart-1.2.3.tgz"),
        ("PLUGIN_SIGNATURE_FOLDER", "out"),
        ("UPLOAD_REGISTRY", "true"),
    ];
    succeeds(&world.sign(&file));
    succeeds(&world.verify("cosign.pub", &file));
    assert_eq!(world.verify("other.pub", &file).status.code(), Some(1));
    let elsewhere = world.verify("cosign.pub", &file[..1]);
    assert_eq!(elsewhere.status.code(), Some(1));
    assert!(stderr(&elsewhere).contains("there is no signature of chart-1.2.3.tgz"));
    // Said of every step by the product: a file is kept all the same.
    succeeds(&world.sign(&[file[0], file[2]]));
    succeeds(&world.verify("cosign.pub", &file[..1]));
}

/// A signature that would have no place to stay is not made.
#[tokio::test(flavor = "multi_thread")]
async fn no_signature_is_lost() {
    let world = World::start().await;
    world.write("cosignet-signature", "in the way");
    let refused = world.sign(&[("PLUGIN_IMAGE", &world.image)]);
    assert_eq!(refused.status.code(), Some(1));
    let words = stderr(&refused);
    assert!(
        words.contains("make the folder cosignet-signature"),
        "{words}"
    );
    succeeds(&world.sign(&[("PLUGIN_IMAGE", &world.image), ("PLUGIN_UPLOAD", "true")]));
    assert!(world.registry_has_signature().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn plugins_hand_on_what_they_did() {
    let world = World::start().await;
    let (path, github) = (world.path("out.env"), world.path("github"));
    let signed = world.sign(&[
        ("PLUGIN_REPO", &*world.image),
        ("PLUGIN_UPLOAD", "true"),
        ("PLUGIN_ANNOTATIONS", "{\"env\":\"a, \\\"b\\\" = c\"}"),
        ("HARNESS_OUTPUT_FILE", path.to_str().unwrap()),
        ("GITHUB_OUTPUT", github.to_str().unwrap()),
    ]);
    // cosign takes no second = in a claim, and so do we not.
    assert_eq!(signed.status.code(), Some(1), "{}", stderr(&signed));
    assert!(world.outputs().contains(&("signed".into(), "false".into())));
    fs::remove_file(&path).unwrap();
    let signed = world.sign(&[
        ("PLUGIN_REPO", &*world.image),
        ("PLUGIN_UPLOAD", "true"),
        ("PLUGIN_ANNOTATIONS", "{\"env\":\"a, \\\"b\\\"\"}"),
        ("HARNESS_OUTPUT_FILE", path.to_str().unwrap()),
    ]);
    succeeds(&signed);
    let value = |name: &str| {
        let outputs = world.outputs();
        outputs
            .into_iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    };
    assert_eq!(value("digest").as_ref(), Some(&world.digest));
    assert_eq!(value("signed").as_deref(), Some("true"));
    assert!(BASE64.decode(value("signature").unwrap()).unwrap().len() > 60);
    assert_eq!(value("signature_file"), None, "it is attached");
    assert!(world.read("github").starts_with("artifact<<cosignet-"));
    let claim = [
        ("PLUGIN_IMAGE", &*world.image),
        ("PLUGIN_ANNOTATIONS", "{\"env\":\"a, \\\"b\\\"\"}"),
    ];
    succeeds(&world.verify("cosign.pub", &claim));
    assert_eq!(value("verified").as_deref(), Some("true"));
    assert_eq!(value("key_fingerprint").unwrap().len(), 64);
    let other = [claim[0], ("PLUGIN_ANNOTATIONS", "env=other")];
    assert_eq!(
        world.verify("cosign.pub", &other).status.code(),
        Some(12),
        "a failure fails the step"
    );
    assert_eq!(value("verified").as_deref(), Some("false"));
}

#[tokio::test(flavor = "multi_thread")]
async fn actions_are_plugins_with_other_names() {
    let world = World::start().await;
    let key = BASE64.encode(world.read("cosign.key"));
    let mut command = world.command(&[]);
    let signed = command
        .env("INPUT_MODE", "sign")
        .env("INPUT_IMAGE", &world.image)
        .env("INPUT_PRIVATE-KEY", key)
        .env("INPUT_COSIGN_PASSWORD", PASSWORD)
        .env("INPUT_PUBLIC_KEY", "")
        .env("INPUT_UPLOAD", "true")
        .env("GITHUB_STEP_SUMMARY", world.path("summary.md"))
        .output()
        .unwrap();
    succeeds(&signed);
    world.shows_no_secret(&signed);
    assert!(world.read("summary.md").contains("✅ signed, attached"));
    // Without settings there is help, as before.
    let help = world.run(&[]);
    assert_eq!(help.status.code(), Some(2));
    assert!(
        stderr(&help).contains("Usage: cosignet"),
        "{}",
        stderr(&help)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_plugin_pushed_is_signed_by_its_digest() {
    let world = World::start().await;
    let image = world.image.split_once('@').unwrap().0;
    let document = serde_json::json!({
        "kind": "docker/v1",
        "data": { "registryType": "Docker", "images": [{ "image": image, "digest": world.digest }] },
    });
    world.write("artifact", &document.to_string());
    let file = [
        ("PLUGIN_ARTIFACT_FILE", "artifact"),
        ("PLUGIN_UPLOAD", "true"),
    ];
    succeeds(&world.sign(&file));
    assert!(world.registry_has_signature().await);
    succeeds(&world.verify("cosign.pub", &file[..1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_used_when_it_is_named_and_air_gap_keeps_it_silent() {
    let world = World::start().await;
    let log = EmbeddedLog::start(LogOptions::default()).await.unwrap();
    world.write("rekor.pub", &log.public_key_pem());
    let url = log.url();
    let image = ("PLUGIN_IMAGE", &*world.image);
    let named = [
        image,
        ("PLUGIN_REKOR_URL", &*url),
        ("PLUGIN_REKOR_KEY", "rekor.pub"),
        ("PLUGIN_UPLOAD", "true"),
    ];
    succeeds(&world.sign(&named[..1]));
    assert!(
        log.take_requests().is_empty(),
        "no log is contacted that was not named"
    );
    let both = [&named[..], &[("PLUGIN_AIR_GAP", "true")]].concat();
    let refused = world.sign(&both);
    assert!(stderr(&refused).contains("PLUGIN_AIR_GAP: PLUGIN_REKOR_URL contradicts it"));
    succeeds(&world.sign(&named));
    let value = |name: &str| {
        let outputs = world.outputs();
        outputs
            .into_iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    };
    assert_eq!(value("log_index").as_deref(), Some("0"));
    assert_eq!(
        value("log_url"),
        Some(format!("{url}/api/v1/log/entries?logIndex=0"))
    );
    log.take_requests();
    let offline = [
        image,
        ("PLUGIN_REKOR_KEY", "rekor.pub"),
        ("ENABLE_SSCA_AIRGAP", "true"),
    ];
    succeeds(&world.verify("cosign.pub", &offline));
    assert!(log.take_requests().is_empty(), "what is stored is enough");

    // The same of a pipeline, whatever it says.
    world.write(
        "steps.yaml",
        &format!(
            "type: SscaArtifactSigning\nspec:\n  source: {{ type: docker, spec: {{ image: '{}' }} }}\n  signing: {{ \
             type: cosign, spec: {{ private_key: key, password: password }} }}\n  uploadSignature: {{ upload: true }}\n  \
             rekor: {{ url: '{url}', publicKey: rekor.pub }}\n",
            world.image
        ),
    );
    let set = [
        "--set",
        "key=@cosign.key",
        "--set",
        "password=env://COSIGN_PASSWORD",
        "steps.yaml",
    ];
    succeeds(&world.run(&[&["step", "--air-gap"], &set[..]].concat()));
    assert!(log.take_requests().is_empty());
    succeeds(&world.run(&[&["step"], &set[..]].concat()));
    assert!(!log.take_requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn connectors_open_a_registry_and_are_not_shown() {
    let options = Options {
        auth: Some(BasicAuth::new("ada", SECRET.to_owned())),
        ..Options::default()
    };
    let world = World::with(options).await;
    world.write(
        "steps.yaml",
        &format!(
            "type: SscaArtifactSigning\nspec:\n  source: {{ type: docker, spec: {{ connector: account.hub, image: '{}' \
             }} }}\n  signing: {{ type: cosign, spec: {{ private_key: key, password: password }} }}\n  \
             uploadSignature: {{ upload: true }}\n",
            world.image
        ),
    );
    let run = |password: &str| {
        let set = [
            "step",
            "--set",
            "key=@cosign.key",
            "--set",
            "password=env://COSIGN_PASSWORD",
            "steps.yaml",
        ];
        let mut command = world.command(&set);
        command
            .env("COSIGNET_CONNECTOR_ACCOUNT_HUB_USERNAME", "ada")
            .env("COSIGNET_CONNECTOR_ACCOUNT_HUB_PASSWORD", password);
        command.output().unwrap()
    };
    let refused = run("wrong horse");
    assert_eq!(refused.status.code(), Some(1));
    let signed = run(SECRET);
    succeeds(&signed);
    for output in [refused, signed] {
        world.shows_no_secret(&output);
    }
    let registry = [
        ("PLUGIN_USERNAME", "ada"),
        ("PLUGIN_PASSWORD", SECRET),
        ("PLUGIN_IMAGE", &world.image),
    ];
    succeeds(&world.verify("cosign.pub", &registry));
    assert_eq!(
        world.verify("cosign.pub", &registry[2..]).status.code(),
        Some(1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_fails_the_step_and_is_not_shown() {
    let world = World::start().await;
    let mut command = world.plugin(&[
        ("PLUGIN_IMAGE", &*world.image),
        ("PLUGIN_PRIVATE_KEY", &world.read("cosign.key")),
        ("PLUGIN_COSIGN_PASSWORD", SECRET),
        ("PLUGIN_UPLOAD", "true"),
    ]);
    let refused = command.output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        stderr(&refused).contains("wrong password"),
        "{}",
        stderr(&refused)
    );
    world.shows_no_secret(&refused);
    assert!(!world.registry_has_signature().await);
    // Without a password, none is asked for.
    let none = world.plugin(&[
        ("PLUGIN_IMAGE", &*world.image),
        ("PLUGIN_PRIVATE_KEY", &world.read("cosign.key")),
    ]);
    let mut none = none;
    let none = none.env_remove("COSIGN_PASSWORD").output().unwrap();
    assert!(
        stderr(&none).contains("wrong password"),
        "{}",
        stderr(&none)
    );
}

/// A registry with an image, and a folder with keys.
struct World {
    registry: EmbeddedRegistry,
    folder: TempDir,
    image: String,
    digest: String,
}

impl World {
    async fn start() -> Self {
        Self::with(Options::default()).await
    }

    async fn with(options: Options) -> Self {
        let registry = EmbeddedRegistry::start(options).await.unwrap();
        let digest = registry.put_manifest("app", Some("v1"), MANIFEST, r#"{"schemaVersion":2}"#);
        let world = Self {
            image: format!("{}/app:v1@{digest}", registry.host()),
            digest,
            folder: TempDir::new().unwrap(),
            registry,
        };
        succeeds(&world.run(&["generate-key-pair"]));
        succeeds(&world.run(&["generate-key-pair", "--output-key-prefix", "other"]));
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
    }

    fn example(&self, name: &str) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        folder.join(name).to_string_lossy().into_owned()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cosignet"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env_clear()
            .env("HOME", self.path(".home"))
            .env("COSIGN_PASSWORD", PASSWORD);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// A plugin's step, without any argument.
    fn plugin(&self, settings: &[(&str, &str)]) -> Command {
        let mut command = self.command(&[]);
        command
            .env("DRONE_OUTPUT", self.path("out.env"))
            .envs(settings.iter().copied());
        command
    }

    fn sign(&self, settings: &[(&str, &str)]) -> Output {
        let _ = fs::remove_file(self.path("out.env"));
        let mut command = self.plugin(settings);
        let output = command
            .env("PLUGIN_PRIVATE_KEY", self.read("cosign.key"))
            .env("PLUGIN_COSIGN_PASSWORD", PASSWORD)
            .output()
            .unwrap();
        self.shows_no_secret(&output);
        output
    }

    fn verify(&self, key: &str, settings: &[(&str, &str)]) -> Output {
        let _ = fs::remove_file(self.path("out.env"));
        let mut command = self.plugin(settings);
        let output = command
            .env("PLUGIN_PUBLIC_KEY", self.read(key))
            .output()
            .unwrap();
        self.shows_no_secret(&output);
        output
    }

    /// What the last plugin handed on.
    fn outputs(&self) -> Vec<(String, String)> {
        let text = self.read("out.env");
        let pairs = text.lines().map(|line| line.split_once('=').unwrap());
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    async fn registry_has_signature(&self) -> bool {
        let requests = self.registry.take_requests();
        requests
            .iter()
            .any(|request| request.to_string().starts_with("PUT /v2/app/manifests/"))
    }

    /// Of what it printed and of what it left for others.
    fn shows_no_secret(&self, output: &Output) {
        let mut shown = [
            stderr(output),
            String::from_utf8_lossy(&output.stdout).into_owned(),
        ]
        .concat();
        for file in ["out.env", "github", "summary.md"] {
            shown += &fs::read_to_string(self.path(file)).unwrap_or_default();
        }
        let key = self.read("cosign.key");
        let key = key.lines().nth(1).unwrap();
        for secret in [PASSWORD, SECRET, key] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}

#[track_caller]
fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", stderr(output));
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const PASSWORD: &str = "correct horse";
const SECRET: &str = "battery staple";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
