use std::fmt::{self, Write as _};
use std::process::ExitCode;

use cosignet_host::HostError;
use cosignet_host::api::report::{Rejection, UnverifiedImage, Verdict, VerificationError};
use cosignet_host::api::signing::SigningError;
use cosignet_host::api::{KeyServiceError, LogError, RegistryError};

/// Why a command failed, and the exit code that says so: cosign's.
#[derive(Debug)]
pub struct Failure {
    words: String,
    code: u8,
}

impl Failure {
    /// Anything that has no code of its own.
    pub fn other(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            code: 1,
        }
    }

    /// There is nothing to read: cosign's exit code of verification.
    pub fn no_signatures(image: &str) -> Self {
        Self {
            words: format!("no signatures found: {image}"),
            code: 10,
        }
    }

    /// The exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }

    /// Says what failed.
    pub fn about(self, subject: &str) -> Self {
        Self {
            words: format!("{subject}: {}", self.words),
            ..self
        }
    }

    /// Says more.
    pub fn and(mut self, words: &str) -> Self {
        self.words += words;
        self
    }

    /// One failure for several: the first one's code, and how many there were.
    pub fn of_many(failures: Vec<Self>, of: usize) -> Result<(), Self> {
        let count = failures.len();
        let mut failures = failures.into_iter();
        match (failures.next(), of) {
            (None, _) => Ok(()),
            (Some(only), 1) => Err(only),
            (Some(first), _) => {
                let words = format!("{count} of {of} failed; the first: {}", first.words);
                Err(Self { words, ..first })
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Some of the words are a registry's or a signer's: none of them may steer the terminal.
        for character in self.words.chars() {
            match character {
                _ if character.is_control() && character != '\n' => {
                    write!(formatter, "{}", character.escape_default())?;
                }
                _ => formatter.write_char(character)?,
            }
        }
        Ok(())
    }
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        Self::other(error.to_string())
    }
}

impl From<SigningError> for Failure {
    fn from(error: SigningError) -> Self {
        Self::other(match error {
            SigningError::Registry(error) => registry_words(&error),
            SigningError::KeyService(error) => key_service_words(error),
            SigningError::Log(error) => log_words(&error),
            SigningError::InvalidReference(words)
            | SigningError::InvalidOption(words)
            | SigningError::ImageNotFound(words)
            | SigningError::UntrustedAnswer(words)
            | SigningError::Contended(words)
            | SigningError::LimitExceeded(words)
            | SigningError::BadSignature(words)
            | SigningError::BadLogEntry(words)
            | SigningError::Other(words) => words,
        })
    }
}

impl From<VerificationError> for Failure {
    fn from(error: VerificationError) -> Self {
        let (code, words) = match error {
            VerificationError::NoSignatures(words) => (10, words),
            VerificationError::ImageNotFound(words) => (11, words),
            VerificationError::NoMatch(image) => (12, unverified_words(&image)),
            VerificationError::Registry(error) => (1, registry_words(&error)),
            VerificationError::InvalidReference(words)
            | VerificationError::UntrustedAnswer(words)
            | VerificationError::LimitExceeded(words)
            | VerificationError::Other(words) => (1, words),
        };
        Self { words, code }
    }
}

/// What a registry did not do.
pub fn registry_words(error: &RegistryError) -> String {
    match error {
        RegistryError::NotFound(words)
        | RegistryError::Denied(words)
        | RegistryError::Unavailable(words)
        | RegistryError::TooLarge(words)
        | RegistryError::Invalid(words)
        | RegistryError::Unsupported(words)
        | RegistryError::Other(words) => words.clone(),
    }
}

/// Why a signature does not count, in words.
pub fn rejection_words(rejection: &Rejection) -> String {
    match rejection {
        Rejection::LayerMalformed(words)
        | Rejection::SignatureMissing(words)
        | Rejection::SignatureMalformed(words)
        | Rejection::PayloadAltered(words)
        | Rejection::PayloadTooLarge(words)
        | Rejection::ContentNeeded(words)
        | Rejection::NotLogged(words)
        | Rejection::BadLogEntry(words)
        | Rejection::TooFewWitnesses(words)
        | Rejection::KeyOutsideValidity(words)
        | Rejection::PayloadMalformed(words)
        | Rejection::Other(words) => words.clone(),
        Rejection::LogUnavailable(error) => {
            format!(
                "signed by a trusted key, but the log could not be asked: {}",
                log_words(error)
            )
        }
        Rejection::PayloadUnavailable(error) => {
            format!(
                "its payload could not be fetched: {}",
                registry_words(error)
            )
        }
        Rejection::NoTrustedKey => {
            "it was made by none of the given keys, or over other bytes".into()
        }
        Rejection::OtherPredicate(kind) => {
            format!("not a signature but a statement of type {kind}")
        }
        Rejection::OtherImage(digest) => format!("it is for another image: {digest}"),
        Rejection::OtherBlob(other) => format!("it is of another blob: {other}"),
        Rejection::AnnotationMismatch(key) => format!("annotation {key} is missing or different"),
        Rejection::OtherIdentity(named) => format!("it is for another repository: {named}"),
        Rejection::OtherMediaType(found) => format!("not a simple-signing layer but {found}"),
    }
}

fn unverified_words(image: &UnverifiedImage) -> String {
    let mut words = format!(
        "no matching signatures: {} of {} required keys have signed {}@{}",
        image.counted, image.required, image.repository, image.digest
    );
    for report in &image.signatures {
        let why = match &report.verdict {
            Verdict::Counted(signature) => {
                format!("counts, by key {}", &signature.key_fingerprint)
            }
            Verdict::Rejected(rejection) => rejection_words(rejection),
        };
        words += &format!("\n  signature {}: {why}", report.index + 1);
    }
    words
}

fn key_service_words(error: KeyServiceError) -> String {
    match error {
        KeyServiceError::NotFound(words)
        | KeyServiceError::Denied(words)
        | KeyServiceError::Unavailable(words)
        | KeyServiceError::Unsupported(words)
        | KeyServiceError::Other(words) => words,
    }
}

fn log_words(error: &LogError) -> String {
    match error {
        LogError::NotFound(words)
        | LogError::Denied(words)
        | LogError::Unavailable(words)
        | LogError::Refused(words)
        | LogError::TooLarge(words)
        | LogError::Invalid(words)
        | LogError::Unsupported(words)
        | LogError::Other(words) => words.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_cannot_steer_the_terminal() {
        let failure = Failure::other("first\nsecond \u{1b}[2J\r\u{9b}é");
        assert_eq!(failure.to_string(), "first\nsecond \\u{1b}[2J\\r\\u{9b}é");
    }
}
