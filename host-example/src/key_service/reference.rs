//! What names a key of a key service: cosign's `hashivault://KEY`, or `NAME://…` for a program.

use std::fmt;
use std::str::FromStr;

use crate::http::quoted;

/// A key, and the service that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyReference {
    /// `hashivault://KEY`
    Vault(VaultKeyName),
    /// `NAME://KEY`: what the program `sigstore-kms-NAME` calls `KEY`.
    Plugin {
        /// The program's `NAME`.
        name: String,
        /// The rest, whatever the program takes.
        key: String,
    },
}

/// The name of a key in a transit engine: letters, digits, `_`, and `-` and `.` inside, as cosign has
/// it. It is part of a path, so it can hold no other character.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VaultKeyName(String);

/// Why a text names no key of a key service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeyReference {
    /// There is no scheme.
    #[error("key {0}: expected hashivault://KEY, or NAME://KEY for a program sigstore-kms-NAME")]
    NoScheme(String),
    /// Not the name of a key in Vault.
    #[error(
        "key {0}: expected hashivault://KEY, where KEY is of letters, digits and _, with - and . \
         inside; say the engine's path in TRANSIT_SECRET_ENGINE_PATH"
    )]
    VaultKey(String),
    /// Not the name of a program.
    #[error("key {0}: expected NAME://KEY, where NAME is of letters, digits, - and _")]
    Plugin(String),
}

impl FromStr for KeyReference {
    type Err = InvalidKeyReference;

    fn from_str(text: &str) -> Result<Self, InvalidKeyReference> {
        let Some((scheme, key)) = text.split_once("://") else {
            return Err(InvalidKeyReference::NoScheme(quoted(text)));
        };
        if scheme == VAULT {
            return match key.parse() {
                Ok(name) => Ok(Self::Vault(name)),
                Err(_) => Err(InvalidKeyReference::VaultKey(quoted(text))),
            };
        }
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        match !scheme.is_empty() && scheme.bytes().all(is_part) {
            true => Ok(Self::Plugin {
                name: scheme.to_owned(),
                key: key.to_owned(),
            }),
            false => Err(InvalidKeyReference::Plugin(quoted(text))),
        }
    }
}

impl FromStr for VaultKeyName {
    type Err = InvalidKeyReference;

    fn from_str(text: &str) -> Result<Self, InvalidKeyReference> {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let is_inner = |byte: u8| is_word(byte) || matches!(byte, b'-' | b'.');
        let ends_well = |end: Option<u8>| end.is_some_and(is_word);
        let is_name = text.len() <= LONGEST
            && text.bytes().all(is_inner)
            && ends_well(text.bytes().next())
            && ends_well(text.bytes().next_back());
        match is_name {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidKeyReference::VaultKey(quoted(text))),
        }
    }
}

impl fmt::Display for VaultKeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const VAULT: &str = "hashivault";
const LONGEST: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_vault() {
        for name in ["a", "_", "release-2026.11", "K_1", "a..b"] {
            let found: KeyReference = format!("hashivault://{name}").parse().unwrap();
            assert_eq!(found, KeyReference::Vault(VaultKeyName(name.into())));
        }
        for bad in [
            "", "-a", "a-", ".", "..", "a.", "a/b", "a/../b", "a b", "a%2f", "a?b", "a#b", "é",
        ] {
            let found = format!("hashivault://{bad}").parse::<KeyReference>();
            assert!(
                matches!(found, Err(InvalidKeyReference::VaultKey(_))),
                "{bad}"
            );
        }
        let long = format!("hashivault://{}", "a".repeat(256));
        assert!(long.parse::<KeyReference>().is_err());
    }

    #[test]
    fn keys_of_programs() {
        let found: KeyReference = "my-hsm://slot/1?x=y".parse().unwrap();
        let (name, key) = ("my-hsm".to_owned(), "slot/1?x=y".to_owned());
        assert_eq!(found, KeyReference::Plugin { name, key });
        for bad in [
            "://a",
            "../x://a",
            "a/b://c",
            "a b://c",
            "a.b://c",
            "cosign.key",
        ] {
            assert!(bad.parse::<KeyReference>().is_err(), "{bad}");
        }
    }
}
