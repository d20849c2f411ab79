//! A client of Vault's transit engine (OpenBao's speaks the same).
//!
//! How a call flows: `builder` has settled where the engine is and who asks, `client` sends a request
//! with its retries and its one further login, `login` comes by a token, `refusal` says what a status
//! means, and `transit` reads keys and signatures, strictly.

mod builder;
mod client;
mod login;
mod refusal;
mod transit;

#[cfg(test)]
mod tests;

pub use builder::{VaultBuildError, VaultBuilder};
pub use client::Vault;
