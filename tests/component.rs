//! The component itself, as it is shipped: its import lists, and the same vectors that the core
//! is tested with, run inside it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cosignet_host::api::KeyServiceError;
use cosignet_host::api::detached::DetachedSignature;
use cosignet_host::api::keys::{KeyAlgorithm, KeyError};
use cosignet_host::api::payload::PayloadError;
use cosignet_host::api::policy::{PolicyError, Rules};
use cosignet_host::api::report::{Rejection, Verdict, VerificationError};
use cosignet_host::api::signing::{Attachment, Options, Signer, SigningError};
use cosignet_host::{HostError, Imports, KeyService, Limits, Program, Sandbox, Session, World};
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::{EncodePublicKey as _, LineEnding};
use serde_json::Value;

/// The component that the host carries; or, of the folder that `COSIGNET_COMPONENTS` names, the
/// portable one.
fn program(world: World) -> Program {
    static PORTABLE: Mutex<Vec<(World, Program)>> = Mutex::new(Vec::new());
    let Some(folder) = env::var_os("COSIGNET_COMPONENTS") else {
        return Program::built_in(world).unwrap();
    };
    let mut compiled = PORTABLE.lock().unwrap();
    if let Some((_, program)) = compiled.iter().find(|(of, _)| *of == world) {
        return program.clone();
    }
    let name = match world {
        World::Signer => "cosignet.wasm",
        World::Verifier => "cosignet-verifier.wasm",
        World::Offline => "cosignet-offline.wasm",
    };
    let program = Program::from_wasm(&fs::read(Path::new(&folder).join(name)).unwrap()).unwrap();
    compiled.push((world, program.clone()));
    program
}

#[test]
fn imports_are_the_security_policy() {
    for (world, expected) in [
        (
            World::Signer,
            &[
                "cosignet:signing/types@0.1.0",
                "cosignet:signing/registry@0.1.0",
                "cosignet:signing/registry-push@0.1.0",
                "cosignet:signing/transparency-log@0.1.0",
                "cosignet:signing/key-service@0.1.0",
                "wasi:random/random@0.2.6",
            ][..],
        ),
        (
            World::Verifier,
            &[
                "cosignet:signing/types@0.1.0",
                "cosignet:signing/registry@0.1.0",
            ],
        ),
        (
            World::Offline,
            &["cosignet:signing/types@0.1.0", "wasi:random/random@0.2.6"],
        ),
    ] {
        let program = program(world);
        let mut found = program.imports();
        println!("{world:?} imports {found:#?}");
        let mut expected: Vec<&str> = expected.to_vec();
        found.sort();
        expected.sort_unstable();
        assert_eq!(found, expected, "{world:?}");
    }
}

#[tokio::test]
async fn opens_the_keys_that_cosign_made() {
    let mut session = offline().await;
    for (file, password, public) in [
        ("cosign-v2.5.0.key", "hunter2", "cosign-v2.5.0.pub"),
        ("cosign-v3.1.1.key", "hunter2", "cosign-v3.1.1.pub"),
        ("empty-password.key", "", "empty-password.pub"),
        ("utf8-password.key", "hé €", "utf8-password.pub"),
        (
            "legacy-pemtype-COSIGN.N32768.key",
            "hunter2",
            "cosign-v2.5.0.pub",
        ),
        ("owasp.N131072.key", "hunter2", "cosign-v2.5.0.pub"),
        (
            "imported/rsa2048-pkcs1.key",
            "hunter2",
            "imported/rsa2048-pkcs1.pub",
        ),
        (
            "imported/p384-sec1.key",
            "hunter2",
            "imported/p384-sec1.pub",
        ),
        (
            "imported/p521-pkcs8.key",
            "hunter2",
            "imported/p521-pkcs8.pub",
        ),
        (
            "imported/ed25519-pkcs8.key",
            "hunter2",
            "imported/ed25519-pkcs8.pub",
        ),
    ] {
        let key = session
            .open_key(&key_file(file), password.as_bytes())
            .await
            .unwrap();
        let found = session.public_key(key).await.unwrap();
        assert_eq!(found.pem.as_bytes(), key_file(public), "{file}");
        session.close_key(key).await.unwrap();
    }
}

#[tokio::test]
async fn refuses_bad_key_files_with_the_right_error() {
    let mut session = offline().await;
    let good = key_file("cosign-v2.5.0.key");
    let wrong = session.open_key(&good, b"hunter3").await;
    assert!(matches!(
        wrong,
        Err(HostError::Key(KeyError::WrongPassword))
    ));
    for file in fs::read_dir(data("cosign/keys/bad")).unwrap() {
        let file = file.unwrap().path();
        let error = session
            .open_key(&fs::read(&file).unwrap(), b"hunter2")
            .await
            .unwrap_err();
        assert!(
            matches!(error, HostError::Key(_)),
            "{}: {error}",
            file.display()
        );
    }
}

#[tokio::test]
async fn makes_keys_that_open() {
    let mut session = offline().await;
    let pair = session.generate_key_pair(b"pw").await.unwrap();
    let other = session.generate_key_pair(b"pw").await.unwrap();
    assert_ne!(pair, other);
    let key = session
        .open_key(pair.private_key.as_bytes(), b"pw")
        .await
        .unwrap();
    let public = session.public_key(key).await.unwrap();
    assert_eq!(public.algorithm, KeyAlgorithm::EcdsaP256);
    assert_eq!(public.pem, pair.public_key);
}

/// Signed outside with cosign, verified inside; every key type.
#[tokio::test]
async fn verifies_what_cosign_signed() {
    let mut session = offline().await;
    let mut verified = 0;
    for case in fs::read_dir(data("cosign/legacy-sig")).unwrap() {
        let case = case.unwrap();
        let name = case.file_name().into_string().unwrap();
        let Some(kind) = name.strip_prefix("keytype-") else {
            continue;
        };
        let kind = kind.rsplit_once("-v").unwrap().0;
        let payload = fs::read(case.path().join("payload-0.json")).unwrap();
        let signature = fs::read(case.path().join("signature-0.b64")).unwrap();
        let content = session.parse_payload(&payload).await.unwrap().unwrap();
        let reference = format!("{}@{}", content.docker_reference, content.digest);
        let right = Rules::one_key(key_file(&format!("imported/{kind}.pub")));
        let wrong = Rules::one_key(key_file("cosign-v2.5.0.pub"));
        let found = [DetachedSignature {
            payload,
            signature,
            log_entry: None,
        }];
        let policy = session.read_policy(&right).await.unwrap();
        let image = session
            .verify_detached(policy, &reference, &found)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(image.digest, content.digest, "{name}");
        let policy = session.read_policy(&wrong).await.unwrap();
        let refused = session
            .verify_detached(policy, &reference, &found)
            .await
            .unwrap();
        assert!(
            matches!(refused, Err(VerificationError::NoMatch(_))),
            "{name}"
        );
        verified += 1;
    }
    assert_eq!(verified, 14);
}

/// RFC 6979 leaves nothing to chance: the same key and payload make the same signature.
#[tokio::test]
async fn signs_deterministically_and_payloads_are_cosigns() {
    let mut session = offline().await;
    let key = session
        .open_key(&key_file("cosign-v2.5.0.key"), b"hunter2")
        .await
        .unwrap();
    let payload = fs::read(data("cosign/legacy-sig/v2.5.0-plain/payload-0.json")).unwrap();
    let content = session.parse_payload(&payload).await.unwrap().unwrap();
    assert_eq!(
        session.create_payload(&content).await.unwrap().unwrap(),
        payload
    );
    let first = session.sign_payload(key, &payload).await.unwrap().unwrap();
    let second = session.sign_payload(key, &payload).await.unwrap().unwrap();
    assert_eq!(first, second);
    let policy = session
        .read_policy(&Rules::one_key(key_file("cosign-v2.5.0.pub")))
        .await
        .unwrap();
    let reference = format!("{}@{}", content.docker_reference, content.digest);
    let found = [DetachedSignature {
        payload,
        signature: first,
        log_entry: None,
    }];
    assert!(
        session
            .verify_detached(policy, &reference, &found)
            .await
            .unwrap()
            .is_ok()
    );
}

/// What Wycheproof calls valid passes the signature and fails as a payload; what it calls invalid
/// fails at once.
#[tokio::test]
async fn wycheproof_p256() {
    let mut session = offline().await;
    let reference = format!("r.example/a@sha256:{}", "0".repeat(64));
    let mut run = 0;
    for group in array(&json("public/wycheproof/ecdsa_secp256r1_sha256_test.json")["testGroups"]) {
        let key = text(&group["publicKeyPem"]).as_bytes().to_vec();
        let policy = session.read_policy(&Rules::one_key(key)).await.unwrap();
        for test in array(&group["tests"]) {
            let found = [DetachedSignature {
                payload: unhex(text(&test["msg"])),
                signature: unhex(text(&test["sig"])),
                log_entry: None,
            }];
            let refused = session.verify_detached(policy, &reference, &found).await;
            let Err(VerificationError::NoMatch(image)) = refused.unwrap() else {
                panic!("{}: neither counted nor refused", test["tcId"]);
            };
            let Verdict::Rejected(reason) = &image.signatures[0].verdict else {
                panic!("{} counts", test["tcId"]);
            };
            let verified = match reason {
                Rejection::PayloadMalformed(_) => true,
                Rejection::NoTrustedKey | Rejection::SignatureMalformed(_) => false,
                other => panic!("{}: {other:?}", test["tcId"]),
            };
            assert_eq!(verified, test["result"] == "valid", "{}", test["tcId"]);
            run += 1;
        }
    }
    assert_eq!(run, 484);
}

#[tokio::test]
async fn signs_as_rfc_6979() {
    let mut session = offline().await;
    for case in array(&json("public/rfc6979/p256_sha256.json")) {
        // ECPrivateKey, RFC 5915: version, private key, the curve's object identifier.
        let scalar = unhex(text(&case["private_x"]));
        let sec1 = [
            &unhex("30310201010420")[..],
            &scalar,
            &unhex("a00a06082a8648ce3d030107"),
        ]
        .concat();
        let pem = format!(
            "-----BEGIN EC PRIVATE KEY-----\n{}\n-----END EC PRIVATE KEY-----\n",
            BASE64.encode(sec1)
        );
        let pair = session.import_key_pair(pem.as_bytes(), b"").await.unwrap();
        let key = session.open_key(pair.private_key.as_bytes(), b"");
        let key = key.await.unwrap();
        let message = text(&case["message"]).as_bytes();
        let signature = session.sign_payload(key, message).await.unwrap().unwrap();
        let halves = [&case["r"], &case["s"]].map(|half| integer(&unhex(text(half))));
        let content = halves.concat();
        let expected = [&[0x30, content.len() as u8], &content[..]].concat();
        assert_eq!(signature, expected, "{}", case["message"]);
    }
}

/// cosign's payloads are read, and written byte for byte.
#[tokio::test]
async fn payloads_are_cosigns() {
    let mut session = offline().await;
    let mut compared = 0;
    for case in fs::read_dir(data("cosign/legacy-sig")).unwrap() {
        let path = case.unwrap().path().join("payload-0.json");
        let Ok(payload) = fs::read(&path) else {
            continue;
        };
        let content = session.parse_payload(&payload).await.unwrap().unwrap();
        let written = session.create_payload(&content).await.unwrap().unwrap();
        // Go writes a byte that is no UTF-8 as this escape; read, it is a character like others.
        let expected = String::from_utf8(payload).unwrap();
        let expected = expected.replace("\\ufffd", "\u{fffd}");
        assert_eq!(written, expected.as_bytes(), "{}", path.display());
        compared += 1;
    }
    assert!(compared > 20, "{compared}");
    for vector in array(&json("public/payload/sigstore-payload-test.json")["unmarshal"]) {
        let payload = text(&vector["payload"]).as_bytes();
        let read = session.parse_payload(payload).await.unwrap();
        match vector["expectErr"].as_bool().unwrap() {
            false => assert!(read.is_ok(), "{}", vector["desc"]),
            true => assert!(
                matches!(read, Err(PayloadError::UnexpectedType(_))),
                "{}: {read:?}",
                vector["desc"]
            ),
        }
    }
}

/// The private key stays in the service; what it returns is verified before it is used.
#[tokio::test]
async fn signs_with_a_key_service() {
    let key = SigningKey::from_slice(&[7; 32]).unwrap();
    let image = [format!("r.example/a@sha256:{}", "0".repeat(64))];
    let options = Options {
        attachment: Attachment::None,
        ..Options::default()
    };
    let program = program(World::Signer);
    for (service, is_good) in [
        (
            Some(Service {
                key: key.clone(),
                lies: false,
            }),
            true,
        ),
        (
            Some(Service {
                key: key.clone(),
                lies: true,
            }),
            false,
        ),
        (None, false),
    ] {
        let imports = match service {
            Some(service) => Imports::none().key_service(service),
            None => Imports::none(),
        };
        let mut session = Session::start(&program, imports).await.unwrap();
        let signer = Signer::KeyService("transit/app".into());
        let results = session.sign_images(signer, &image, &options).await.unwrap();
        match results.into_iter().next().unwrap().outcome {
            Ok(signed) if is_good => {
                let pem = key
                    .verifying_key()
                    .to_public_key_pem(LineEnding::LF)
                    .unwrap();
                let rules = Rules::one_key(pem.into_bytes());
                let policy = session.read_policy(&rules).await.unwrap();
                let made = signed.signatures.into_iter().next().unwrap();
                let found = [DetachedSignature {
                    payload: made.payload,
                    signature: made.signature,
                    log_entry: None,
                }];
                let verified = session.verify_detached(policy, &image[0], &found).await;
                assert!(verified.unwrap().is_ok());
            }
            Err(SigningError::BadSignature(_) | SigningError::KeyService(_)) if !is_good => {}
            other => panic!("{other:?}"),
        }
    }
}

struct Service {
    key: SigningKey,
    lies: bool,
}

#[async_trait]
impl KeyService for Service {
    async fn public_key(&self, key: &str) -> Result<String, KeyServiceError> {
        assert_eq!(key, "transit/app");
        Ok(self
            .key
            .verifying_key()
            .to_public_key_pem(LineEnding::LF)
            .unwrap())
    }

    async fn sign_digest(&self, key: &str, digest: &[u8]) -> Result<Vec<u8>, KeyServiceError> {
        assert_eq!((key, digest.len()), ("transit/app", 32));
        let digest = if self.lies { &[0; 32] } else { digest };
        let signature: Signature = self.key.sign_prehash(digest).unwrap();
        Ok(signature.to_der().as_bytes().to_vec())
    }
}

#[tokio::test]
async fn a_policy_that_requires_nothing_cannot_be_made() {
    let mut session = offline().await;
    let mut rules = Rules::one_key(key_file("cosign-v2.5.0.pub"));
    rules.keys.clear();
    let refused = session.read_policy(&rules).await;
    assert!(matches!(
        refused,
        Err(HostError::Policy(PolicyError::NoKeys))
    ));
}

#[tokio::test]
async fn a_world_exports_what_it_says() {
    let program = program(World::Verifier);
    let mut session = Session::start(&program, Imports::none()).await.unwrap();
    let refused = session.generate_key_pair(b"").await;
    assert!(matches!(refused, Err(HostError::NotExported("keys"))));
}

/// scrypt's 64 MiB do not fit: an error of the component, or a stop of the host; never a key.
#[tokio::test]
async fn memory_is_limited() {
    let program = program(World::Offline);
    let limits = Limits {
        memory: 32 << 20,
        ..Limits::default()
    };
    let mut session = Session::start_within(&program, Imports::none(), limits)
        .await
        .unwrap();
    let refused = session
        .open_key(&key_file("cosign-v2.5.0.key"), b"hunter2")
        .await;
    assert!(matches!(
        refused,
        Err(HostError::Key(KeyError::Other(_)) | HostError::Trap(_))
    ));
}

/// Places are used again, and one session more than there are places is an error.
#[tokio::test]
async fn sessions_can_be_pooled() {
    let sandbox = Sandbox::pooled(2).unwrap();
    let program = Program::built_in_with(&sandbox, World::Offline).unwrap();
    let start = || Session::start(&program, Imports::none());
    let file = key_file("cosign-v2.5.0.key");
    for _ in 0..3 {
        let (mut first, second) = (start().await.unwrap(), start().await.unwrap());
        assert!(matches!(start().await, Err(HostError::Trap(_))));
        let key = first.open_key(&file, b"hunter2").await.unwrap();
        assert!(first.public_key(key).await.is_ok());
        drop((first, second));
    }
}

#[tokio::test]
async fn computing_is_limited() {
    let program = program(World::Offline);
    let limits = Limits {
        computing: Duration::from_millis(20),
        ..Limits::default()
    };
    let mut session = Session::start_within(&program, Imports::none(), limits)
        .await
        .unwrap();
    let stopped = session
        .open_key(&key_file("owasp.N131072.key"), b"hunter2")
        .await;
    assert!(matches!(stopped, Err(HostError::Trap(_))));
}

async fn offline() -> Session {
    let program = program(World::Offline);
    Session::start(&program, Imports::none()).await.unwrap()
}

fn key_file(name: &str) -> Vec<u8> {
    fs::read(data(&format!("cosign/keys/{name}"))).unwrap()
}

fn data(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(path)
}

fn json(path: &str) -> Value {
    serde_json::from_slice(&fs::read(data(path)).unwrap()).unwrap()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn unhex(hex: &str) -> Vec<u8> {
    let digits = |place| u8::from_str_radix(&hex[place..place + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digits).collect()
}

/// INTEGER, X.690: the shortest form of a positive number.
fn integer(number: &[u8]) -> Vec<u8> {
    let start = number.iter().position(|&byte| byte != 0).unwrap();
    let sign: &[u8] = if number[start] < 0x80 { &[] } else { &[0] };
    let content = [sign, &number[start..]].concat();
    [&[2, content.len() as u8], &content[..]].concat()
}
