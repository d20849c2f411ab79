use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::policy::{LogRequirement, Policy, first_place};
use super::report::Rejection;
use crate::key::PublicKey;
use crate::log::{HashAlgorithm, LogEntry, LogError, Signed, TrustedLogs, VerifiedEntry, rekor_v1};
use crate::oci::{Digest, Repository};
use crate::payload::SimpleSigning;

/// A signature that was verified and that a policy counts. Only this module can make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedSignature {
    key_index: usize,
    key_fingerprint: [u8; 32],
    claims: SimpleSigning,
    payload: Vec<u8>,
    log: Option<VerifiedEntry>,
    log_annotation: Option<String>,
}

/// A signature as it was found: nothing of it is verified.
pub(crate) struct Candidate<'a> {
    /// The exact bytes.
    pub(super) payload: &'a [u8],
    /// Decoded.
    pub(super) signature: &'a [u8],
    /// The log entry that is stored with it or was looked up.
    pub(super) log_entry: Option<FoundEntry<'a>>,
}

/// A log entry as it was found.
#[derive(Clone, Copy)]
pub(crate) enum FoundEntry<'a> {
    /// Stored with the signature, as an annotation of cosign.
    Stored(&'a [u8]),
    /// In a bundle with the signature.
    Bundled(&'a [LogEntry]),
    /// A log's answer.
    LookedUp(&'a LogEntry),
}

impl<'a> Candidate<'a> {
    fn signed(&self, key: &'a PublicKey) -> Signed<'a> {
        Signed {
            bytes: self.payload,
            dsse_payload: None,
            signature: self.signature,
            key,
        }
    }
}

impl VerifiedSignature {
    /// The place of the key in the policy; of equal keys, the first.
    pub fn key_index(&self) -> usize {
        self.key_index
    }

    /// SHA-256 of the key's SubjectPublicKeyInfo.
    pub fn key_fingerprint(&self) -> &[u8; 32] {
        &self.key_fingerprint
    }

    /// The repository that the signer named.
    pub fn docker_reference(&self) -> &str {
        &self.claims.docker_reference
    }

    /// What else the signer claimed.
    pub fn annotations(&self) -> &BTreeMap<String, String> {
        &self.claims.annotations
    }

    /// The exact bytes that were signed.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The log entry, if the policy requires one.
    pub fn log(&self) -> Option<&VerifiedEntry> {
        self.log.as_ref()
    }

    /// The same as it is stored with the signature, as an annotation of cosign.
    pub fn log_annotation(&self) -> Option<&str> {
        self.log_annotation.as_deref()
    }
}

/// The image that signatures are judged for.
pub(crate) struct Judged<'a> {
    pub(super) policy: &'a Policy,
    pub(super) repository: &'a Repository,
    pub(super) digest: Digest,
}

impl Judged<'_> {
    /// The place of the key that made a signature.
    fn signer(&self, found: &Candidate<'_>) -> Option<usize> {
        let verifies = |key: &PublicKey| key.verify(found.payload, found.signature).is_ok();
        self.policy.keys().iter().position(verifies)
    }

    /// What a log is asked for an entry about a signature.
    pub(super) fn query(&self, found: &Candidate<'_>) -> Option<String> {
        let key = self.policy.keys().get(self.signer(found)?)?;
        let hash = HashAlgorithm::of(key.algorithm());
        Some(rekor_v1::search_request(&found.signed(key), hash))
    }

    /// Authenticates the exact bytes first, and reads them only then.
    pub(super) fn judge(&self, found: &Candidate<'_>) -> Result<VerifiedSignature, Rejection> {
        let payload = found.payload;
        let keys = self.policy.keys();
        let place = self.signer(found).ok_or(Rejection::NoTrustedKey)?;
        let key_index = first_place(keys, place);
        let log = self.logged(found, &keys[place])?;
        let time = log.as_ref().and_then(VerifiedEntry::integrated_time);
        // Of equal keys, each has its own window.
        let trusted = |&other: &usize| keys[other] == keys[place];
        if !(0..keys.len())
            .filter(trusted)
            .any(|place| self.policy.trusts_at(place, time))
        {
            return Err(Rejection::KeyOutsideValidity(time));
        }
        let claims = SimpleSigning::parse(payload)
            .map_err(|error| Rejection::PayloadMalformed(error.to_string()))?;
        if claims.digest != self.digest {
            return Err(Rejection::OtherImage(claims.digest));
        }
        if let Some(key) = self.policy.unmet_annotation(&claims.annotations) {
            return Err(Rejection::AnnotationMismatch(key.into()));
        }
        if !self
            .policy
            .allows_identity(self.repository, &claims.docker_reference)
        {
            return Err(Rejection::OtherIdentity(claims.docker_reference));
        }
        let key_fingerprint = keys[place].fingerprint();
        let log_annotation = match (&log, found.log_entry) {
            (Some(_), Some(FoundEntry::Stored(annotation))) => {
                core::str::from_utf8(annotation).ok().map(String::from)
            }
            _ => None,
        };
        Ok(VerifiedSignature {
            key_index,
            key_fingerprint,
            claims,
            payload: payload.to_vec(),
            log,
            log_annotation,
        })
    }

    /// What a log says of the signature. An entry that is there must be about it, whatever the
    /// policy asks for (CVE-2022-23649, CVE-2026-22703).
    fn logged(
        &self,
        found: &Candidate<'_>,
        key: &PublicKey,
    ) -> Result<Option<VerifiedEntry>, Rejection> {
        let signed = found.signed(key);
        let stored;
        let entries: &[LogEntry] = match found.log_entry {
            None => &[],
            Some(FoundEntry::Stored(annotation)) => {
                stored = LogEntry::from_annotation(annotation).map_err(Rejection::LogEntry)?;
                core::slice::from_ref(&stored)
            }
            Some(FoundEntry::Bundled(entries)) => entries,
            Some(FoundEntry::LookedUp(entry)) => core::slice::from_ref(entry),
        };
        match self.policy.log() {
            LogRequirement::Ignore => {
                let mut bound = entries.iter().map(|entry| entry.bind(&signed));
                bound
                    .try_for_each(|bound| bound)
                    .map_err(Rejection::LogEntry)?;
                Ok(None)
            }
            LogRequirement::Require { logs, witnesses } => {
                let entry = verify_entries(entries, &signed, logs)?;
                if entry.witnesses() < *witnesses as usize {
                    return Err(Rejection::TooFewWitnesses {
                        required: *witnesses as usize,
                        found: entry.witnesses(),
                    });
                }
                Ok(Some(entry))
            }
        }
    }
}

/// One of the entries that trusted logs vouch for: the one with the most witnesses. Those of other
/// logs count for nothing, but are about the signature too; whatever a trusted log says must hold.
fn verify_entries(
    entries: &[LogEntry],
    signed: &Signed<'_>,
    logs: &TrustedLogs,
) -> Result<VerifiedEntry, Rejection> {
    let mut best = Err(Rejection::NotLogged);
    for entry in entries {
        match entry.verify(signed, logs) {
            Ok(found) => match &best {
                Ok(known) if VerifiedEntry::witnesses(known) >= found.witnesses() => {}
                _ => best = Ok(found),
            },
            Err(unknown @ LogError::UnknownLog { .. }) => {
                entry.bind(signed).map_err(Rejection::LogEntry)?;
                best = best.or(Err(Rejection::LogEntry(unknown)));
            }
            Err(error) => return Err(Rejection::LogEntry(error)),
        }
    }
    best
}
