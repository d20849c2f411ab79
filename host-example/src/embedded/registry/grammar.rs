//! Names, tags and digests as the OCI distribution specification spells them.

use std::fmt::{self, Write as _};

use sha2::{Digest as _, Sha256, Sha512};

use super::error::ApiError;

/// What a manifest is asked for by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reference {
    /// A tag, `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
    Tag(String),
    /// The digest of the manifest's bytes.
    Digest(Digest),
}

impl Reference {
    /// Parses a tag or a digest; only a digest has a colon. `None` when it is neither.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.contains(':') {
            return Digest::parse(text).map(Self::Digest);
        }
        is_tag(text).then(|| Self::Tag(text.to_owned()))
    }
}

/// A digest of one of the two algorithms that the image specification registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digest {
    algorithm: Algorithm,
    text: String,
}

impl Digest {
    /// Parses `sha256:` or `sha512:` and as many lower-case hex digits as the hash has.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (name, hex) = text.split_once(':')?;
        let (algorithm, digits) = match name {
            "sha256" => (Algorithm::Sha256, 64),
            "sha512" => (Algorithm::Sha512, 128),
            _ => return None,
        };
        let well_formed =
            hex.len() == digits && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        well_formed.then(|| Self {
            algorithm,
            text: text.to_owned(),
        })
    }

    /// The SHA-256 digest of `bytes`.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self::with(Algorithm::Sha256, bytes)
    }

    /// Compares content with the digest it was sent under.
    ///
    /// # Errors
    /// `DIGEST_INVALID` when they differ.
    pub(super) fn check(&self, bytes: &[u8]) -> Result<(), ApiError> {
        let found = Self::with(self.algorithm, bytes);
        if found == *self {
            return Ok(());
        }
        Err(ApiError::DigestMismatch {
            claimed: self.text.clone(),
            found: found.text,
        })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    fn with(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let text = match algorithm {
            Algorithm::Sha256 => hex("sha256:", &Sha256::digest(bytes)),
            Algorithm::Sha512 => hex("sha512:", &Sha512::digest(bytes)),
        };
        Self { algorithm, text }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Sha256,
    Sha512,
}

/// Whether `name` is a repository name: at most 255 bytes, path components parted by slashes,
/// each `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`.
pub(super) fn is_repository(name: &str) -> bool {
    name.len() <= MAX_REPOSITORY_LENGTH && name.split('/').all(is_path_component)
}

fn is_path_component(component: &str) -> bool {
    let alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let mut rest = component.as_bytes();
    loop {
        let word = rest.iter().take_while(|b| alphanumeric(b)).count();
        let (word, tail) = rest.split_at(word);
        if word.is_empty() {
            return false;
        }
        if tail.is_empty() {
            return true;
        }
        let separator = tail.iter().take_while(|b| !alphanumeric(b)).count();
        let (separator, next) = tail.split_at(separator);
        let dashes = separator.iter().all(|b| *b == b'-');
        if !(dashes || matches!(separator, b"." | b"_" | b"__")) {
            return false;
        }
        rest = next;
    }
}

fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    text.len() <= MAX_TAG_LENGTH
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|b| word(b) || b == b'.' || b == b'-')
}

fn hex(prefix: &str, hash: &[u8]) -> String {
    hash.iter().fold(prefix.to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a `String` cannot fail
        text
    })
}

const MAX_REPOSITORY_LENGTH: usize = 255;
const MAX_TAG_LENGTH: usize = 128;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn repository_names() {
        for good in [
            "a",
            "a/b/c/d/e/f",
            "a.b",
            "a_b",
            "a__b",
            "a---b",
            "0/1",
            "blobs/uploads",
        ] {
            assert!(is_repository(good), "{good}");
        }
        for bad in [
            "", "/", "a/", "/a", "a//b", "A", "a..b", "a___b", "-a", "a-", "a._b", "a.-b", "a b",
            "ä", ".", "..", "a/../b",
        ] {
            assert!(!is_repository(bad), "{bad}");
        }
        assert!(is_repository(&"a".repeat(255)));
        assert!(!is_repository(&"a".repeat(256)));
    }

    #[test]
    fn references() {
        assert!(matches!(
            Reference::parse("v1.0-rc_1"),
            Some(Reference::Tag(_))
        ));
        assert!(matches!(Reference::parse("_"), Some(Reference::Tag(_))));
        let digest = Digest::of(b"").to_string();
        assert!(matches!(
            Reference::parse(&digest),
            Some(Reference::Digest(_))
        ));
        let upper = digest.to_uppercase().replace("SHA256", "sha256");
        for bad in [
            "",
            ".a",
            "-a",
            "a/b",
            "a:b",
            "sha256:00",
            "md5:00",
            upper.as_str(),
        ] {
            assert_eq!(Reference::parse(bad), None, "{bad}");
        }
        assert!(Reference::parse(&"t".repeat(128)).is_some());
        assert!(Reference::parse(&"t".repeat(129)).is_none());
    }

    #[test]
    fn digest_of_nothing() {
        assert_eq!(
            Digest::of(b"").as_str(),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    proptest! {
        #[test]
        fn names_follow_the_specified_expression(name in "[a-c0._/-]{0,12}") {
            let component = |text: &str| {
                let plain = text.replace("__", ".").replace('_', ".");
                let dashed: Vec<_> = plain.split('-').filter(|part| !part.is_empty()).collect();
                !text.contains("___")
                    && !text.starts_with('-') && !text.ends_with('-')
                    && !dashed.is_empty()
                    && dashed.iter().all(|word| word.split('.').all(|part| !part.is_empty()))
            };
            prop_assert_eq!(is_repository(&name), name.split('/').all(component));
        }

        #[test]
        fn a_digest_is_of_its_bytes_alone(bytes: Vec<u8>, other: Vec<u8>) {
            let digest = Digest::of(&bytes);
            let parsed = Digest::parse(digest.as_str()).expect("a digest parses");
            prop_assert!(parsed.check(&bytes).is_ok());
            prop_assert_eq!(parsed.check(&other).is_ok(), bytes == other);
        }
    }
}
