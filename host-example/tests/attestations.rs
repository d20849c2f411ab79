//! Attestations and indexes over HTTP, through the component and through the command line.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cosignet::key::{PrivateKey, Random};
use cosignet::payload::{STATEMENT_TYPE, pae};
use cosignet_host::api::policy::{Formats, Rules};
use cosignet_host::api::report::{Verdict, VerificationError, VerifiedImage};
use cosignet_host::api::verification::VerificationOptions;
use cosignet_host::embedded::registry::{EmbeddedRegistry, Options};
use cosignet_host::{Imports, OciRegistry, Program, Session, World};
use serde_json::{Value, json};
use tempfile::TempDir;

/// What the fixtures attest.
const IMAGE: &str = "sha256:0c20d44d219bf155f2a4808873d02bfed0405be5a0fea8ad978a2e27d53f9048";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
const PREDICATE: &str = "https://x.example/sbom";

#[tokio::test(flavor = "multi_thread")]
async fn attestations_are_printed_as_cosign_prints_them() {
    let registry = EmbeddedRegistry::start(Options::default()).await.unwrap();
    let folder = "attestation/v2.5.0-att-tag";
    let envelope = data(&format!("{folder}/dsse.json"));
    registry.put_blob("team/app", envelope.clone());
    put_attestations(&registry, IMAGE, &data(&format!("{folder}/manifest.json")));
    let image = format!("{}/team/app@{IMAGE}", registry.host());
    let key = path("keys/cosign-v2.5.0.pub");
    let stranger = path("keys/cosign-v3.1.1.pub");
    let run = |arguments: &[&str]| cosignet(arguments);
    let verify = ["verify-attestation", "--key", &key];

    let printed = [&envelope[..], b"\n"].concat();
    let verified = run(&[&verify[..], &[&image]].concat());
    assert_eq!(verified.status.code(), Some(0), "{}", stderr(&verified));
    assert_eq!(verified.stdout, printed);
    let downloaded = run(&["download", "attestation", &image]);
    assert_eq!(downloaded.stdout, printed);

    let report = run(&[&verify[..], &["-o", "report", &image]].concat());
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    let found = &report["images"][0]["signatures"][0];
    assert_eq!(found["format"], "envelope");
    assert_eq!(
        found["predicateType"],
        "https://cosign.sigstore.dev/attestation/v1"
    );

    let code = |arguments: &[&str]| run(arguments).status.code();
    let other = run(&[&verify[..], &["--type", "vuln", &image]].concat());
    assert_eq!(other.status.code(), Some(12));
    assert!(other.stdout.is_empty());
    let said = stderr(&other);
    assert!(said.contains("no matching attestations"), "{said}");
    assert!(said.contains("attestation/v1"), "{said}");
    let wrong = ["verify-attestation", "--key", &stranger, &image];
    assert_eq!(code(&wrong), Some(12));
    let unattested = image.replace("0c20", "1c20");
    let none = run(&[&verify[..], &[&unattested]].concat());
    assert_eq!(none.status.code(), Some(10));
    assert!(stderr(&none).contains("no attestations found"));
    assert_eq!(code(&["download", "attestation", &unattested]), Some(10));
    let no_vuln = [
        "download",
        "attestation",
        "--predicate-type",
        "vuln",
        &image,
    ];
    assert_eq!(code(&no_vuln), Some(10));
    let unknown = run(&[&verify[..], &["--type", "nonsense", &image]].concat());
    assert_eq!(unknown.status.code(), Some(1));
    // An attestation is no signature, nor may a signature be asked for as one.
    assert_eq!(code(&["verify", "--key", &key, &image]), Some(10));
    let signature = "https://sigstore.dev/cosign/sign/v1";
    let refused = run(&[&verify[..], &["--type", signature, &image]].concat());
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("attests nothing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_verified_with_its_manifests() {
    let registry = EmbeddedRegistry::start(Options::default()).await.unwrap();
    let platforms = [
        json!({"architecture": "amd64", "os": "linux"}),
        json!({"architecture": "arm64", "os": "linux", "variant": "v8"}),
    ];
    let children = platforms.map(|platform| {
        let manifest = json!({"schemaVersion": 2, "for": platform}).to_string();
        let size = manifest.len();
        let digest = registry.put_manifest("team/app", None, MANIFEST, manifest);
        json!({"mediaType": MANIFEST, "size": size, "digest": digest, "platform": platform})
    });
    let index = json!({"schemaVersion": 2, "manifests": children}).to_string();
    let digest = registry.put_manifest("team/app", Some("v1"), INDEX, index);
    let image = format!("{}/team/app@{digest}", registry.host());
    let folder = TempDir::new().unwrap();
    let prefix = folder.path().join("key").display().to_string();
    let (private, public) = (format!("{prefix}.key"), format!("{prefix}.pub"));
    succeeds(&cosignet(&[
        "generate-key-pair",
        "--output-key-prefix",
        &prefix,
    ]));

    succeeds(&cosignet(&["sign", "--key", &private, &image]));
    let verify = |more: &[&str]| {
        let verify = ["verify", "-r", "--key", &public, &image];
        cosignet(&[&verify, more].concat())
    };
    let refused = verify(&[]);
    assert_eq!(refused.status.code(), Some(10), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("linux/arm64/v8"));
    succeeds(&cosignet(&["sign", "-r", "--key", &private, &image]));
    let verified = verify(&[]);
    succeeds(&verified);
    assert!(stderr(&verified).contains("linux/arm64/v8"));
    let payloads: Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!(payloads.as_array().unwrap().len(), 3);
    let first = &payloads[0]["critical"]["image"]["docker-manifest-digest"];
    assert_eq!(*first, digest);
    let report = verify(&["-o", "report"]);
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    let manifests = &report["images"][0]["manifests"];
    assert_eq!(manifests[1]["platform"], "linux/arm64/v8");
    assert_eq!(manifests[1]["verified"], true);
    // Without the index's own signature its manifests do not help.
    let child = children[0]["digest"].as_str().unwrap();
    let repository = image.split('@').next().unwrap();
    let child = format!("{repository}@{child}");
    succeeds(&cosignet(&["verify", "-r", "--key", &public, &child]));
}

/// The largest attestation that is read, and as many large ones as are kept, in the memory that a
/// session gets.
#[tokio::test]
async fn large_attestations_fit_into_a_session() {
    let site = Site::start().await;
    let one = site.attested(&[11 << 20]);
    let image = site.verify(&one).await.unwrap();
    assert_eq!(image.signatures.len(), 1);
    let Verdict::Counted(found) = &image.signatures[0].verdict else {
        panic!("it counts");
    };
    let predicate = found.predicate.as_ref().unwrap();
    assert_eq!(predicate.predicate_type, PREDICATE);
    assert!(predicate.content.len() > 11 << 20);
    assert!(found.payload.len() > predicate.content.len());

    let three = site.attested(&[10 << 20, (10 << 20) + 1, (10 << 20) + 2]);
    assert_eq!(site.verify(&three).await.unwrap().signatures.len(), 3);
    let four = site.attested(&[10 << 20, 11 << 20, 9 << 20, 8 << 20]);
    assert!(matches!(
        site.verify(&four).await,
        Err(VerificationError::LimitExceeded(_))
    ));
}

/// A registry, and a key that attests.
struct Site {
    registry: EmbeddedRegistry,
    key: PrivateKey,
}

impl Site {
    async fn start() -> Self {
        let key = PrivateKey::open(&data("keys/cosign-v2.5.0.key"), b"hunter2");
        Self {
            registry: EmbeddedRegistry::start(Options::default()).await.unwrap(),
            key: key.unwrap(),
        }
    }

    /// An image with attestations of these sizes.
    fn attested(&self, sizes: &[usize]) -> String {
        let manifest = json!({"schemaVersion": 2, "for": sizes}).to_string();
        let digest = self
            .registry
            .put_manifest("team/app", None, MANIFEST, manifest);
        let mut layers = Vec::new();
        for size in sizes {
            let envelope = self.attest(&digest, *size);
            layers.push(json!({
                "mediaType": ENVELOPE,
                "size": envelope.len(),
                "digest": self.registry.put_blob("team/app", envelope),
            }));
        }
        let manifest = json!({"schemaVersion": 2, "layers": layers});
        put_attestations(&self.registry, &digest, manifest.to_string().as_bytes());
        format!("{}/team/app@{digest}", self.registry.host())
    }

    fn attest(&self, digest: &str, size: usize) -> Vec<u8> {
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"digest": {"sha256": digest.strip_prefix("sha256:").unwrap()}}],
            "predicateType": PREDICATE,
            "predicate": {"text": "x".repeat(size)},
        });
        let statement = statement.to_string();
        let message = pae(STATEMENT_TYPE, statement.as_bytes());
        let signature = self.key.sign(&message, &mut NoRandom);
        let envelope = json!({
            "payloadType": STATEMENT_TYPE,
            "payload": BASE64.encode(statement),
            "signatures": [{"sig": BASE64.encode(signature.unwrap())}],
        });
        envelope.to_string().into_bytes()
    }

    /// In a session of its own, with the usual limits.
    async fn verify(&self, image: &str) -> Result<VerifiedImage, VerificationError> {
        let client = OciRegistry::builder().credential_files([]).build().unwrap();
        let program = Program::built_in(World::Verifier).unwrap();
        let imports = Imports::none().registry(client);
        let mut session = Session::start(&program, imports).await.unwrap();
        let rules = Rules {
            formats: Formats::SimpleSigning,
            ..Rules::one_key(data("keys/cosign-v2.5.0.pub"))
        };
        let policy = session.read_policy(&rules).await.unwrap();
        let (images, options) = ([image.to_owned()], VerificationOptions::default());
        let results = session.verify_attestations(policy, PREDICATE, &images, &options);
        results.await.unwrap().remove(0)
    }
}

/// ECDSA signs without (RFC 6979).
struct NoRandom;

impl Random for NoRandom {
    fn fill(&mut self, _: &mut [u8]) {
        panic!("nothing random is needed");
    }
}

/// Puts an image with attestations under the tag of the image that they are about.
fn put_attestations(registry: &EmbeddedRegistry, image: &str, manifest: &[u8]) {
    let tag = format!("{}.att", image.replace(':', "-"));
    registry.put_manifest("team/app", Some(&tag), MANIFEST, manifest.to_vec());
}

fn cosignet(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cosignet"));
    command
        .args(arguments)
        .env_clear()
        .env("COSIGN_PASSWORD", "correct horse");
    command.output().unwrap()
}

fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", stderr(output));
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A file that cosign made.
fn data(name: &str) -> Vec<u8> {
    fs::read(path(name)).unwrap()
}

fn path(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/cosign");
    folder.join(name).display().to_string()
}
