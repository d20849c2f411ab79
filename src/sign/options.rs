use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::signer::SigningError;
use crate::json::Object;
use crate::oci::Repository;

/// What to sign besides the digest, and what to do with the signature.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Claims, cosign's `-a`.
    pub annotations: BTreeMap<String, String>,
    /// Sign the manifests of an index too.
    pub recursive: bool,
    /// What to write for the repository; the image's own where it is empty.
    pub identities: Vec<String>,
    /// The creation time of the signature image's configuration, or of the referrer.
    pub created: Option<String>,
    /// The forms of what is signed.
    pub form: Form,
    /// Whether and where the signature is attached.
    pub attachment: Attachment,
}

impl Options {
    /// Refuses what cannot be written.
    pub(super) fn check(&self) -> Result<(), SigningError> {
        let invalid = |why: &str| Err(SigningError::InvalidOption(why.into()));
        if self.identities.len() > MAX_IDENTITIES {
            return invalid("at most 16 identities can be signed for at once");
        }
        if self.identities.iter().any(String::is_empty) {
            return invalid("an identity is empty");
        }
        if !self.form.is_tagged() && !self.identities.is_empty() {
            return invalid(
                "a bundle names no repository, so it cannot be made for another identity: sign in \
                 the simple form, or in both",
            );
        }
        if self
            .created
            .as_deref()
            .is_some_and(|created| !is_utc_time(created))
        {
            return invalid("the creation time must be RFC 3339 in UTC: 2026-01-31T12:00:00Z");
        }
        Ok(())
    }
}

impl Options {
    /// Refuses what an attestation has no place for.
    pub(super) fn check_attestation(&self, predicate: &[u8]) -> Result<(), SigningError> {
        let invalid = |why: &str| Err(SigningError::InvalidOption(why.into()));
        if !(self.annotations.is_empty() && self.identities.is_empty()) {
            return invalid(
                "an attestation has neither annotations nor identities: what it says is its \
                 predicate",
            );
        }
        // Readers of the other form take anything, and cosign has text there (`--type spdx`).
        if self.form.is_bundled() && Object::parse(predicate).is_err() {
            return invalid(
                "predicate: in a bundle it must be a JSON object (in-toto attestation \
                 specification): no reader takes anything else",
            );
        }
        Ok(())
    }
}

/// The forms in which an image is signed, or attested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Simple signing in a `.sig` image, or envelopes in an `.att` image: what cosign 2 reads.
    #[default]
    Simple,
    /// A statement in a bundle that refers to the image: what cosign 3 writes.
    Bundle,
    /// Both.
    Both,
}

impl Form {
    /// Whether there is an image under a tag.
    pub(super) fn is_tagged(self) -> bool {
        self != Self::Bundle
    }

    /// Whether there is a bundle.
    pub(super) fn is_bundled(self) -> bool {
        self != Self::Simple
    }
}

/// Whether and where a signature is attached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Attachment {
    /// It is returned and nothing is pushed.
    #[default]
    None,
    /// In the image's own repository.
    BesideImage(Earlier),
    /// In another repository.
    Repository(Repository, Earlier),
}

/// What becomes of the signer's earlier signatures of the same image for the same repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// They are replaced.
    Replace,
    /// They are kept.
    Keep,
}

/// `YYYY-MM-DDThh:mm:ss[.fraction]Z`, by its shape and ranges.
fn is_utc_time(text: &str) -> bool {
    let Some(text) = text.strip_suffix('Z') else {
        return false;
    };
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let fields: Vec<&str> = whole.split(['-', 'T', ':']).collect();
    let separators: String = whole
        .chars()
        .filter(|byte| !byte.is_ascii_digit())
        .collect();
    let within = |place: usize, length: usize, least: u32, most: u32| {
        fields.get(place).is_some_and(|field| {
            field.len() == length
                && digits(field)
                && field
                    .parse()
                    .is_ok_and(|number: u32| (least..=most).contains(&number))
        })
    };
    separators == "--T::"
        && within(0, 4, 0, 9999)
        && within(1, 2, 1, 12)
        && within(2, 2, 1, 31)
        && within(3, 2, 0, 23)
        && within(4, 2, 0, 59)
        && within(5, 2, 0, 59)
        && fraction.is_none_or(|fraction| fraction.len() <= 9 && digits(fraction))
}

const MAX_IDENTITIES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_a_time() {
        for good in ["2026-11-22T12:34:22Z", "2026-11-22T12:34:22.123456789Z"] {
            assert!(is_utc_time(good), "{good}");
        }
        for bad in [
            "",
            "Z",
            "2026-11-22",
            "2026-11-22T12:34:22",
            "2026-11-22T12:34:22+01:00",
            "2026-13-22T12:34:22Z",
            "2026-11-22T24:34:22Z",
            "2026-11-22T12:34:22.Z",
            "2026-11-22T12:34:22.1234567890Z",
            "2026-11-22 12:34:22Z",
            "26-11-22T12:34:22Z",
            "2026-11-22T12:34:22\"Z",
        ] {
            assert!(!is_utc_time(bad), "{bad}");
        }
    }
}
