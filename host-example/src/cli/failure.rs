use std::fmt;
use std::process::ExitCode;

use cosignet_host::HostError;
use cosignet_host::api::report::{
    ManifestOutcome, Rejection, SignatureReport, UnverifiedImage, UnverifiedIndex, Verdict,
    VerificationError,
};
use cosignet_host::api::signing::SigningError;
use cosignet_host::api::{KeyServiceError, LogError, RegistryError};

use super::terminal::Harmless;
use super::verdicts::Kind;

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
    pub fn none_found(image: &str, kind: Kind) -> Self {
        Self {
            words: format!("no {}s found: {image}", kind.noun()),
            code: NO_SIGNATURES,
        }
    }

    /// Why an image is not verified, by what is looked for.
    pub fn unverified(error: VerificationError, kind: Kind) -> Self {
        let (code, words) = match error {
            VerificationError::NoSignatures(words) => (NO_SIGNATURES, words),
            VerificationError::ImageNotFound(words) => (11, words),
            VerificationError::NoMatch(image) => (NO_MATCH, unverified_words(&image, kind)),
            VerificationError::Manifests(index) => (index_code(&index), index_words(&index, kind)),
            VerificationError::Registry(error) => (1, registry_words(&error)),
            VerificationError::InvalidReference(words)
            | VerificationError::InvalidOption(words)
            | VerificationError::UntrustedAnswer(words)
            | VerificationError::LimitExceeded(words)
            | VerificationError::Other(words) => (1, words),
        };
        Self { words, code }
    }

    /// Why, in words that are not made harmless for a terminal yet.
    pub fn words(&self) -> &str {
        &self.words
    }

    /// The exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }

    /// Whether no signature was found, or none that counts.
    pub fn is_without_signature(&self) -> bool {
        matches!(self.code, NO_SIGNATURES | NO_MATCH)
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
        Harmless(&self.words).fmt(formatter)
    }
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        Self::other(error.to_string())
    }
}

impl From<KeyServiceError> for Failure {
    fn from(error: KeyServiceError) -> Self {
        Self::other(key_service_words(error))
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
        Self::unverified(error, Kind::Signature)
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
            format!("not what is looked for but a statement of type {kind}")
        }
        Rejection::OtherImage(digest) => format!("it is for another image: {digest}"),
        Rejection::OtherBlob(other) => format!("it is of another blob: {other}"),
        Rejection::AnnotationMismatch(key) => format!("annotation {key} is missing or different"),
        Rejection::OtherIdentity(named) => format!("it is for another repository: {named}"),
        Rejection::OtherMediaType(found) => format!("a layer of another type: {found}"),
    }
}

fn unverified_words(image: &UnverifiedImage, kind: Kind) -> String {
    let words = format!(
        "no matching {}s: {} of {} required keys have signed {}@{}",
        kind.noun(),
        image.counted,
        image.required,
        image.repository,
        image.digest
    );
    words + &verdict_words(&image.signatures, kind)
}

/// What became of each signature, a line for each.
pub fn verdict_words(reports: &[SignatureReport], kind: Kind) -> String {
    let line = |report: &SignatureReport| {
        let why = match &report.verdict {
            Verdict::Counted(signature) => {
                format!("counts, by key {}", &signature.key_fingerprint)
            }
            Verdict::Rejected(rejection) => rejection_words(rejection),
        };
        format!("\n  {} {}: {why}", kind.noun(), report.index + 1)
    };
    reports.iter().map(line).collect()
}

/// The index's own code, or else that of the first manifest that failed.
fn index_code(index: &UnverifiedIndex) -> u8 {
    let manifests = index.manifests.iter().map(|manifest| &manifest.outcome);
    let codes = std::iter::once(&index.index).chain(manifests);
    codes
        .filter_map(|outcome| match outcome {
            ManifestOutcome::Verified(_) => None,
            ManifestOutcome::NoMatch(_) => Some(NO_MATCH),
            ManifestOutcome::NoSignatures(_) => Some(NO_SIGNATURES),
            ManifestOutcome::Failed(_) => Some(1),
        })
        .next()
        .unwrap_or(1)
}

fn index_words(index: &UnverifiedIndex, kind: Kind) -> String {
    let mut words = format!(
        "not all of {}@{} is verified:",
        index.repository, index.digest
    );
    let mut tell = |name: &str, outcome: &ManifestOutcome| {
        let outcome = match outcome {
            ManifestOutcome::Verified(_) => "verified".into(),
            ManifestOutcome::NoMatch(reports) => {
                format!(
                    "no matching {}s{}",
                    kind.noun(),
                    verdict_words(reports, kind)
                )
            }
            ManifestOutcome::NoSignatures(words) | ManifestOutcome::Failed(words) => words.clone(),
        };
        words += &format!("\n{name}: {outcome}");
    };
    tell("index", &index.index);
    for manifest in &index.manifests {
        let platform = manifest.platform.as_deref().unwrap_or("no platform");
        tell(
            &format!("{platform}, {}", manifest.digest),
            &manifest.outcome,
        );
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

/// cosign's exit codes of verification.
const NO_SIGNATURES: u8 = 10;
const NO_MATCH: u8 = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_cannot_steer_the_terminal() {
        let failure = Failure::other("first\nsecond \u{1b}[2J\r\u{9b}é");
        assert_eq!(
            failure.to_string(),
            "first\nsecond \\u{1b}[2J\\u{d}\\u{9b}é"
        );
    }
}
