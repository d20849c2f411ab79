//! Every type of key in every direction: whoever made the key, whoever signs, whoever verifies.
//!
//! | key                | cosign 2 signs | cosign 3 signs | cosignet signs | cosigns verify |
//! |--------------------|----------------|----------------|----------------|----------------|
//! | P-256              | SHA-256        | SHA-256        | SHA-256        | all            |
//! | P-384, P-521       | SHA-256        | SHA-384/512    | SHA-256        | all but 3's    |
//! | RSA 2048/3072/4096 | SHA-256        | SHA-256        | SHA-256        | all            |
//! | Ed25519            | pure           | Ed25519ph      | pure           | all but 3's    |
//!
//! The exception is a fault of cosign 3: it signs with the curve's own hash (and Ed25519ph) but
//! verifies with SHA-256 (and pure Ed25519), so it refuses its own signatures unless told the hash.
//! Cosignet reads all of them, untold.

use crate::keys::{Algorithm, KeyPair};
use crate::lab::Lab;
use crate::tool::Tool;

#[test]
fn p256_generated_by_any_program() {
    let lab = Lab::new();
    for tool in Tool::ALL {
        every_direction(&lab, &lab.generate(tool), Algorithm::P256);
    }
}

#[test]
fn p256() {
    imported(Algorithm::P256, &[Tool::Cosignet, Tool::Cosign3]);
}

#[test]
fn p384() {
    imported(Algorithm::P384, &[Tool::Cosignet, Tool::Cosign3]);
}

#[test]
fn p521() {
    imported(Algorithm::P521, &[Tool::Cosignet, Tool::Cosign3]);
}

#[test]
fn rsa_2048() {
    imported(Algorithm::Rsa2048, &[Tool::Cosignet, Tool::Cosign3]);
}

#[test]
fn rsa_3072() {
    imported(Algorithm::Rsa3072, &[Tool::Cosignet, Tool::Cosign3]);
}

#[test]
fn rsa_4096() {
    imported(Algorithm::Rsa4096, &[Tool::Cosignet, Tool::Cosign3]);
}

/// The only type that Debian's cosign 2 imports.
#[test]
fn ed25519() {
    imported(Algorithm::Ed25519, &Tool::ALL);
}

/// Older layouts of the same keys, as `openssl ec` and `openssl rsa -traditional` write them.
#[test]
fn traditional_key_files_are_imported() {
    let lab = Lab::new();
    for (algorithm, command) in [
        (Algorithm::P256, &["ec"][..]),
        (Algorithm::P384, &["ec"]),
        (Algorithm::P521, &["ec"]),
        (Algorithm::Rsa2048, &["rsa", "-traditional"]),
    ] {
        let (modern, traditional) = (lab.private_key(algorithm), lab.path());
        let files = ["-in", &modern, "-out", &traditional];
        lab.peer("openssl", &[command, &files].concat()).succeeds();
        let keys = [Tool::Cosignet, Tool::Cosign3].map(|tool| {
            let prefix = lab.path();
            let args = [
                "import-key-pair",
                "--key",
                &traditional,
                "--output-key-prefix",
                &prefix,
            ];
            lab.run(tool, &args).succeeds();
            KeyPair::with_prefix(&prefix).exists()
        });
        let [ours, theirs] = keys.map(|key| std::fs::read_to_string(key.public).expect("a key"));
        assert_eq!(ours, theirs, "{algorithm:?}");
    }
}

#[test]
fn the_public_key_is_the_same_whoever_prints_it() {
    let lab = Lab::new();
    for algorithm in [
        Algorithm::P256,
        Algorithm::P521,
        Algorithm::Rsa2048,
        Algorithm::Ed25519,
    ] {
        let key = lab.import(Tool::Cosign3, algorithm);
        let public = std::fs::read_to_string(&key.public).expect("the public key was written");
        for tool in Tool::ALL {
            let printed = lab
                .run(tool, &["public-key", "--key", &key.private])
                .succeeds()
                .stdout;
            assert_eq!(
                printed.trim_end(),
                public.trim_end(),
                "{tool:?}, {algorithm:?}"
            );
        }
    }
}

fn imported(algorithm: Algorithm, importers: &[Tool]) {
    let lab = Lab::new();
    for &importer in importers {
        every_direction(&lab, &lab.import(importer, algorithm), algorithm);
    }
}

fn every_direction(lab: &Lab, key: &KeyPair, algorithm: Algorithm) {
    for signer in Tool::ALL {
        let image = lab.image().reference();
        lab.sign(signer, key, &image, &[]).succeeds();
        for verifier in Tool::COSIGNS {
            match exception(algorithm, signer) {
                None => drop(lab.verify(verifier, key, &image, &[]).succeeds()),
                Some(told) => {
                    lab.verify(verifier, key, &image, &[]).exits_with(12);
                    if !told.is_empty() {
                        lab.verify(verifier, key, &image, told).succeeds();
                    }
                }
            }
        }
        lab.verify(Tool::Cosignet, key, &image, &[]).succeeds();
    }
}

/// The signatures that no cosign accepts by itself, with the flags that make it accept them.
fn exception(algorithm: Algorithm, signer: Tool) -> Option<&'static [&'static str]> {
    match (signer, algorithm) {
        (Tool::Cosign3, Algorithm::P384) => Some(&["--signature-digest-algorithm=sha384"]),
        (Tool::Cosign3, Algorithm::P521) => Some(&["--signature-digest-algorithm=sha512"]),
        (Tool::Cosign3, Algorithm::Ed25519) => Some(&[]),
        _ => None,
    }
}
