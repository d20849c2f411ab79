//! A key as pipelines and plugins hold it: PEM, its base64, a file, or a reference.

use std::path::Path;

use super::model::Key;
use super::text::plain;
use super::variables::Environment;
use crate::cli::lent::Secret;

/// Why something is no key. The words say nothing of it: it may be one that was mistyped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    #[error(
        "neither a key in PEM, nor base64 of one, nor a file that is there, nor a reference such as \
         env://NAME or hashivault://KEY"
    )]
    NoKey,
    #[error(
        "the key is in the transit engine at {mount}: set TRANSIT_SECRET_ENGINE_PATH={mount} for the \
         step, which is {set} now"
    )]
    OtherMount { mount: String, set: String },
    #[error("no name of a key: expected KEY, MOUNT/KEY or hashivault://KEY")]
    NoName,
}

/// The key that a secret holds or a setting names.
pub fn key(secret: &Secret) -> Result<Key, KeyFault> {
    let text = secret.text().map(str::trim).unwrap_or_default();
    if text.contains(PEM) {
        return Ok(Key::Given(unfold(text)));
    }
    if let Some(pem) = plain(text, |text| text.contains(PEM)) {
        return Ok(Key::Given(Secret::new(pem.as_bytes())));
    }
    match text.split_once("://") {
        Some((scheme, _)) if is_scheme(scheme) => Ok(Key::Named(text.to_owned())),
        None if !text.is_empty() && Path::new(text).is_file() => Ok(Key::Named(text.to_owned())),
        _ => Err(KeyFault::NoKey),
    }
}

/// The reference of a key in Vault's transit engine that is named `KEY` or `MOUNT/KEY`; references of
/// other key services stay as they are.
pub fn service_key(name: &str, environment: &Environment) -> Result<Key, KeyFault> {
    if let Some((scheme, rest)) = name.split_once("://") {
        return match is_scheme(scheme) && !rest.is_empty() {
            true => Ok(Key::Named(name.to_owned())),
            false => Err(KeyFault::NoName),
        };
    }
    let set = environment.text(MOUNT).unwrap_or(DEFAULT_MOUNT);
    let (mount, key) = match name.trim_matches('/').rsplit_once('/') {
        None => (set, name.trim_matches('/')),
        // As the paths of the engine's API have it.
        Some((mount, key)) => (mount.strip_suffix("/keys").unwrap_or(mount), key),
    };
    if key.is_empty() {
        return Err(KeyFault::NoName);
    }
    match mount == set {
        true => Ok(Key::Named(format!("hashivault://{key}"))),
        false => Err(KeyFault::OtherMount {
            mount: mount.to_owned(),
            set: set.to_owned(),
        }),
    }
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.+".contains(&byte)
        })
        && scheme != crate::cli::lent::SCHEME
}

/// PEM with its line breaks: a runner that keeps a secret in one line writes them `\n`.
fn unfold(text: &str) -> Secret {
    match text.contains('\n') {
        true => Secret::new(text),
        false => Secret::new(text.replace("\\n", "\n")),
    }
}

const PEM: &str = "-----BEGIN ";
/// cosign's name for where the transit engine is mounted.
const MOUNT: &str = "TRANSIT_SECRET_ENGINE_PATH";
const DEFAULT_MOUNT: &str = "transit";

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD as BASE64;

    use super::*;

    const KEY: &str = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----";

    fn given(text: &str) -> Option<String> {
        match key(&Secret::new(text)).ok()? {
            Key::Given(secret) => secret.text().map(ToOwned::to_owned),
            Key::Named(name) => Some(name),
        }
    }

    #[test]
    fn keys_come_in_many_clothes() {
        for text in [
            KEY.to_owned(),
            format!("\n{KEY}\n"),
            KEY.replace('\n', "\\n"),
            BASE64.encode(KEY),
            BASE64.encode(KEY).replacen("LS", "LS\n", 1),
        ] {
            assert_eq!(given(&text).as_deref(), Some(KEY), "{text}");
        }
        for named in [
            "env://COSIGN_KEY",
            "hashivault://k",
            "awskms:///alias/k",
            "Cargo.toml",
        ] {
            assert_eq!(given(named).as_deref(), Some(named));
        }
    }

    #[test]
    fn what_is_no_key_is_not_repeated() {
        for text in [
            "",
            "hush",
            "hush-hush/no/where",
            "lent://0",
            "://x",
            "aHVzaA==",
        ] {
            let fault = key(&Secret::new(text)).unwrap_err();
            assert_eq!(fault, KeyFault::NoKey);
            assert!(!fault.to_string().contains("hush"));
        }
        assert_eq!(key(&Secret::new(vec![0xff])).unwrap_err(), KeyFault::NoKey);
    }

    #[test]
    fn keys_of_services_are_named_by_their_path() {
        let plain = Environment::default();
        let mounted = Environment::from([(MOUNT, "ci/transit")]);
        let named = |name: &str, environment: &Environment| match service_key(name, environment) {
            Ok(Key::Named(name)) => Ok(name),
            Ok(Key::Given(_)) => panic!("given"),
            Err(fault) => Err(fault),
        };
        for (name, environment) in [
            ("cosign", &plain),
            ("transit/cosign", &plain),
            ("/transit/keys/cosign", &plain),
            ("hashivault://cosign", &plain),
            ("cosign", &mounted),
            ("ci/transit/cosign", &mounted),
        ] {
            assert_eq!(
                named(name, environment).as_deref(),
                Ok("hashivault://cosign"),
                "{name}"
            );
        }
        assert_eq!(named("gcpkms://p/k", &plain).as_deref(), Ok("gcpkms://p/k"));
        let other = named("transit/cosign", &mounted).unwrap_err();
        assert!(
            other
                .to_string()
                .contains("TRANSIT_SECRET_ENGINE_PATH=transit"),
            "{other}"
        );
        for name in ["", "/", "hashivault://", "Lent://0", "lent://0"] {
            assert_eq!(named(name, &plain), Err(KeyFault::NoName), "{name}");
        }
    }
}
