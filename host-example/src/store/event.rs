use serde::{Deserialize, Serialize};

use super::chain::Hash;
use super::{Artifact, Format, Run};

/// Something that was done with an artifact, or was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Event {
    /// When, by the clock of whoever did it: milliseconds since 1970.
    pub time: u64,
    /// What.
    pub action: Action,
    /// With what.
    pub artifact: Artifact,
    /// What came of it.
    pub outcome: Outcome,
    /// Why, of what failed.
    pub reason: Option<String>,
    /// Where the signatures were that were judged.
    pub source: Option<Source>,
    /// The signatures that were made, or that counted.
    pub signatures: Vec<SignatureFacts>,
    /// The run of a pipeline that it was done in.
    pub run: Option<Run>,
}

/// What can be done with an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is signed.
    Signing,
    /// A statement about it is signed.
    Attesting,
    /// Its signatures are verified.
    Verification,
    /// Attestations of it are verified.
    AttestationVerification,
}

impl Action {
    /// Its name, as it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Attesting => "attesting",
            Self::Verification => "verification",
            Self::AttestationVerification => "attestation-verification",
        }
    }

    /// What verifies what this makes.
    pub fn verified_by(self) -> Self {
        match self {
            Self::Signing | Self::Verification => Self::Verification,
            Self::Attesting | Self::AttestationVerification => Self::AttestationVerification,
        }
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was signed, or it is verified.
    Passed,
    /// It was not.
    Failed,
}

impl Outcome {
    /// Its name, as it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
        }
    }
}

/// Where signatures that are judged come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// They are attached in a registry.
    Registry,
    /// They are in the store.
    Store,
    /// They are in a directory, with the image.
    Directory,
    /// They were given.
    Given,
}

impl Source {
    /// Its name, as it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Store => "store",
            Self::Directory => "directory",
            Self::Given => "given",
        }
    }
}

/// What is known of a signature without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignatureFacts {
    /// Its form.
    pub format: Format,
    /// What tells it from others of the same key and form: the repository that it names, or the type of
    /// the predicate.
    pub claim: Option<String>,
    /// Who signed: SHA-256 of the public key (SubjectPublicKeyInfo in DER), lower-case hexadecimal.
    pub key_fingerprint: String,
    /// How the key was named, without what may be secret.
    pub key_reference: Option<String>,
    /// Where it is attached: `REPOSITORY:TAG`, or `REPOSITORY@DIGEST` of the manifest that refers to the
    /// image.
    pub attached: Option<String>,
    /// The entry that a transparency log has of it.
    pub log: Option<LogFacts>,
    /// SHA-256 of what the store keeps of it, if it keeps it: [`super::StoredSignature::digest`].
    pub kept: Option<Hash>,
}

/// An entry of a transparency log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogFacts {
    /// The log: SHA-256 of its key, lower-case hexadecimal.
    pub log_id: String,
    /// Which entry.
    pub log_index: u64,
    /// When the log took it, by its own word: seconds since 1970.
    pub integrated_time: Option<i64>,
    /// Where it can be looked at.
    pub url: Option<String>,
}

impl LogFacts {
    /// An entry of the log at `url`, or of one that is known by its key; of a Rekor of version 2, which
    /// has tiles and no page for an entry, `url` is `None`.
    pub fn new(
        log_id: String,
        log_index: u64,
        integrated_time: Option<i64>,
        url: Option<&str>,
    ) -> Self {
        let url = match (log_id.as_str(), url) {
            (PUBLIC_GOOD, _) => Some(format!("https://search.sigstore.dev/?logIndex={log_index}")),
            (_, Some(url)) => {
                let base = url.trim_end_matches('/');
                Some(format!("{base}/api/v1/log/entries?logIndex={log_index}"))
            }
            _ => None,
        };
        Self {
            log_id,
            log_index,
            integrated_time,
            url: url.and_then(|url| Run::link(&url).ok()),
        }
    }
}

/// An event of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its place in the chain; the first is 1.
    pub number: u64,
    /// Its hash, which the next one holds.
    pub hash: Hash,
    /// The event.
    pub event: Event,
}

/// rekor.sigstore.dev: SHA-256 of its key.
const PUBLIC_GOOD: &str = "c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_logs_have_links() {
        let link = |id: &str, url| LogFacts::new(id.into(), 7, None, url).url;
        assert_eq!(
            link("00", Some("https://rekor.example/")).as_deref(),
            Some("https://rekor.example/api/v1/log/entries?logIndex=7")
        );
        assert_eq!(
            link(PUBLIC_GOOD, None).as_deref(),
            Some("https://search.sigstore.dev/?logIndex=7")
        );
        assert_eq!(link("00", None), None);
    }
}
