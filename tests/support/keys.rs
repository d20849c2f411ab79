//! Keys that cosign made, each opened once.

use std::sync::LazyLock;

use cosignet::key::{PrivateKey, Random};

use super::fixture::data;

/// The key `cosign-v2.5.0.key`.
pub static FIRST: LazyLock<PrivateKey> = LazyLock::new(|| open("cosign/keys/cosign-v2.5.0.key"));
/// The key `cosign-v3.1.1.key`.
pub static SECOND: LazyLock<PrivateKey> = LazyLock::new(|| open("cosign/keys/cosign-v3.1.1.key"));

/// Opens a key file of this folder's README.
pub fn open(path: &str) -> PrivateKey {
    PrivateKey::open(&data(path), b"hunter2").unwrap()
}

/// The public key of `FIRST`, in PEM.
pub fn first_pub() -> Vec<u8> {
    data("cosign/keys/cosign-v2.5.0.pub")
}

/// The public key of `SECOND`, in PEM.
pub fn second_pub() -> Vec<u8> {
    data("cosign/keys/cosign-v3.1.1.pub")
}

/// The public key of a case of `cosign/bundle-sig` or `cosign/keytypes`, by its name:
/// `keytype-<key>-v3...`, or the key of the plain ones.
pub fn key_of_bundle(case: &str) -> Vec<u8> {
    match case.strip_prefix("keytype-") {
        Some(rest) => {
            let (name, _) = rest.split_once("-v").unwrap();
            data(&format!("cosign/keys/imported/{name}.pub"))
        }
        None => first_pub(),
    }
}

/// A third key, which signed nothing here.
pub fn other_pub() -> Vec<u8> {
    data("cosign/keys/empty-password.pub")
}

/// Bytes from a counter: signatures do not depend on them.
#[derive(Default)]
pub struct FixedRandom(u8);

impl Random for FixedRandom {
    fn fill(&mut self, out: &mut [u8]) {
        for byte in out {
            self.0 = self.0.wrapping_mul(167).wrapping_add(13);
            *byte = self.0;
        }
    }
}
