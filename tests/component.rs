//! The component itself, as it is shipped: its import lists, and the same vectors that the core
//! is tested with, run inside it.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use cosignet_host::api::detached::DetachedSignature;
use cosignet_host::api::keys::{KeyAlgorithm, KeyError};
use cosignet_host::api::policy::{PolicyError, Rules};
use cosignet_host::api::report::VerificationError;
use cosignet_host::{HostError, Imports, Limits, Program, Session, World};

#[test]
fn imports_are_the_security_policy() {
    for (world, expected) in [
        (
            World::Signer,
            &[
                "cosignet:signing/types@0.1.0",
                "cosignet:signing/registry@0.1.0",
                "cosignet:signing/registry-push@0.1.0",
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
        let program = Program::built_in(world).unwrap();
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
        let found = [DetachedSignature { payload, signature }];
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
    }];
    assert!(
        session
            .verify_detached(policy, &reference, &found)
            .await
            .unwrap()
            .is_ok()
    );
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
    let program = Program::built_in(World::Verifier).unwrap();
    let mut session = Session::start(&program, Imports::none()).await.unwrap();
    let refused = session.generate_key_pair(b"").await;
    assert!(matches!(refused, Err(HostError::NotExported("keys"))));
}

/// scrypt's 64 MiB do not fit: an error of the component, or a stop of the host; never a key.
#[tokio::test]
async fn memory_is_limited() {
    let program = Program::built_in(World::Offline).unwrap();
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

#[tokio::test]
async fn computing_is_limited() {
    let program = Program::built_in(World::Offline).unwrap();
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
    let program = Program::built_in(World::Offline).unwrap();
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
