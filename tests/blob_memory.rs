//! A blob of 256 MiB through the component, which has memory for a few.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;
use std::time::Duration;

use cosignet::key::{Algorithm, Hasher};
use cosignet_host::api::blobs::{BlobSignature, BlobSigningError, BlobVerificationError};
use cosignet_host::api::policy::Rules;
use cosignet_host::api::report::{Rejection, Verdict};
use cosignet_host::{Blob, Imports, Limits, Program, Session, World};

const PIECES: usize = 256;

/// Verified where there are 8 MiB in all.
#[tokio::test]
async fn blobs_are_not_kept() {
    let p256 = key("cosign-v2.5.0");
    let signed = sign(&p256, World::Offline, 256).await.unwrap();
    let mut session = start(World::Verifier, 8).await;
    let policy = session.read_policy(&Rules::one_key(p256.1)).await.unwrap();
    for (seed, is_good) in [(1, true), (2, false)] {
        let blob = session.blob_to_verify(policy).await.unwrap();
        let digest = pour(&mut session, blob, seed).await;
        let signature = BlobSignature {
            signature: signed.clone(),
            log_entry: None,
        };
        let verified = session
            .verify_blob(policy, blob, &[signature])
            .await
            .unwrap();
        session.close_blob(blob).await.unwrap();
        match verified {
            Ok(verified) if is_good => assert_eq!(verified.digest, digest),
            Err(BlobVerificationError::NoMatch(_)) if !is_good => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Ed25519 signs what it has seen whole. Beyond 64 MiB the component says so, and does not run out of
/// memory.
#[tokio::test]
async fn ed25519_says_what_is_too_much() {
    let ed25519 = key("imported/ed25519-pkcs8");
    let refused = sign(&ed25519, World::Signer, 256).await.unwrap_err();
    assert!(
        matches!(refused, BlobSigningError::LimitExceeded(_)),
        "{refused:?}"
    );
    let mut session = start(World::Verifier, 256).await;
    let policy = session
        .read_policy(&Rules::one_key(ed25519.1))
        .await
        .unwrap();
    let blob = session.blob_to_verify(policy).await.unwrap();
    pour(&mut session, blob, 1).await;
    let signature = BlobSignature {
        signature: vec![1; 64],
        log_entry: None,
    };
    let refused = session
        .verify_blob(policy, blob, &[signature])
        .await
        .unwrap();
    let Err(BlobVerificationError::NoMatch(refused)) = refused else {
        panic!("{refused:?}");
    };
    let Verdict::Rejected(Rejection::ContentNeeded(_)) = &refused.signatures[0].verdict else {
        panic!("{refused:?}");
    };
}

/// An encrypted private key and its public key.
type Key = (Vec<u8>, Vec<u8>);

fn key(name: &str) -> Key {
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cosign/keys");
    let read = |kind: &str| fs::read(keys.join(format!("{name}.{kind}"))).unwrap();
    (read("key"), read("pub"))
}

async fn start(world: World, mebibytes: usize) -> Session {
    let limits = Limits {
        memory: mebibytes * 1024 * 1024,
        computing: Duration::from_secs(300),
    };
    let program = Program::built_in(world).unwrap();
    Session::start_within(&program, Imports::none(), limits)
        .await
        .unwrap()
}

/// The bundle of a signature over 256 MiB.
async fn sign(key: &Key, world: World, memory: usize) -> Result<Vec<u8>, BlobSigningError> {
    let mut session = start(world, memory).await;
    let key = session.open_key(&key.0, b"hunter2").await.unwrap();
    let blob = session.blob_to_sign(key).await.unwrap();
    pour(&mut session, blob, 1).await;
    let signed = session.sign_blob_detached(key, blob).await.unwrap()?;
    Ok(signed.files.bundle.into_bytes())
}

/// Appends a mebibyte many times; the digest of all.
async fn pour(session: &mut Session, blob: Blob, seed: u8) -> String {
    let piece = vec![seed; 1024 * 1024];
    let mut hasher = Hasher::for_keys(&[Algorithm::EcdsaP256]);
    for _ in 0..PIECES {
        session.append(blob, &piece).await.unwrap().unwrap();
        hasher.append(&piece);
    }
    cosignet::oci::Digest::from(*hasher.digests().sha256()).to_string()
}
