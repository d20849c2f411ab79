//! Key services: keys that stay where they are, and sign there.
//!
//! [`KeyService`](crate::KeyService) is what a session asks. [`Vault`] fulfils it with the transit
//! engine of HashiCorp Vault or OpenBao, [`Plugin`] with a program that speaks sigstore's protocol, and
//! [`KeyServices`] with whichever of them a key's reference names: `hashivault://KEY`, `NAME://…`.
//!
//! Nothing here is believed: the component verifies each signature with the public key before it is
//! used. What is signed is always a SHA-256 digest, whatever the curve, as cosign 2 does with a key
//! service: every cosign verifies that. (cosign 3 signs with the curve's own hash, and verifies it only if it
//! is told the hash.)

mod plugin;
mod reference;
mod services;
mod vault;

pub use plugin::Plugin;
pub use reference::{InvalidKeyReference, KeyReference, VaultKeyName};
pub use services::KeyServices;
pub use vault::{Vault, VaultBuildError, VaultBuilder};
