mod blob;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

pub(super) use blob::{Beside, JudgedBlob};

use super::policy::{LogRequirement, Policy, first_place};
use super::report::Rejection;
use super::wanted::Wanted;
use crate::key::{HashAlgorithm, Message, PublicKey, SignatureError};
use crate::log::{LogEntry, LogError, Signed, TrustedLogs, VerifiedEntry, rekor_v1};
use crate::oci::{Digest, Repository};
use crate::payload::{Envelope, Predicate, STATEMENT_TYPE, SimpleSigning, Statement, Subject};

/// A signature that was verified and that a policy counts. Only this module can make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedSignature {
    signed_by: SignedBy,
    docker_reference: Option<String>,
    annotations: BTreeMap<String, String>,
    payload: Vec<u8>,
    predicate: Option<Predicate>,
    signature: Vec<u8>,
}

/// Whose signature it is, and what a log says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SignedBy {
    key_index: usize,
    key_fingerprint: [u8; 32],
    log: Option<VerifiedEntry>,
    log_annotation: Option<String>,
}

/// A signature as it was found: nothing of it is verified.
#[derive(Clone, Copy)]
pub(crate) struct Candidate<'a> {
    /// The exact bytes, or what is known of them.
    pub(super) message: Message<'a>,
    /// The payload of the envelope, if the message is the encoding of one.
    pub(super) dsse_payload: Option<&'a [u8]>,
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
            message: self.message,
            dsse_payload: self.dsse_payload,
            signature: self.signature,
            key,
        }
    }
}

impl VerifiedSignature {
    /// The place of the key in the policy; of equal keys, the first.
    pub fn key_index(&self) -> usize {
        self.signed_by.key_index
    }

    /// SHA-256 of the key's SubjectPublicKeyInfo.
    pub fn key_fingerprint(&self) -> &[u8; 32] {
        &self.signed_by.key_fingerprint
    }

    /// The repository that the signer named: of a statement, the name of the subject. Statements
    /// that sign an image name none.
    pub fn docker_reference(&self) -> Option<&str> {
        self.docker_reference.as_deref()
    }

    /// What else the signer claimed.
    pub fn annotations(&self) -> &BTreeMap<String, String> {
        &self.annotations
    }

    /// The payload that was signed: simple signing, or a statement.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The predicate of an attestation; a signature has none.
    pub fn predicate(&self) -> Option<&Predicate> {
        self.predicate.as_ref()
    }

    /// The signature, decoded.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Bytes that it takes.
    pub(super) fn size(&self) -> u64 {
        let predicate = self.predicate.as_ref();
        let predicate = predicate.map_or(0, |predicate| predicate.content.len());
        (self.payload.len() + predicate) as u64
    }

    /// The payload and the predicate, which may be large.
    #[cfg_attr(
        not(target_family = "wasm"),
        expect(dead_code, reason = "of the component")
    )]
    pub(crate) fn into_content(self) -> (Vec<u8>, Option<Predicate>) {
        (self.payload, self.predicate)
    }

    /// The log entry, if the policy requires one.
    pub fn log(&self) -> Option<&VerifiedEntry> {
        self.signed_by.log.as_ref()
    }

    /// The same as it is stored with the signature, as an annotation of cosign.
    pub fn log_annotation(&self) -> Option<&str> {
        self.signed_by.log_annotation.as_deref()
    }
}

/// The image that signatures are judged for.
pub(crate) struct Judged<'a> {
    pub(super) policy: &'a Policy,
    pub(super) repository: &'a Repository,
    pub(super) digest: Digest,
    pub(super) wanted: Wanted<'a>,
}

impl Judged<'_> {
    /// What a log is asked for an entry about a signature.
    pub(super) fn query(&self, found: &Candidate<'_>) -> Option<String> {
        let place = self.policy.signer(found).ok()?;
        let key = self.policy.keys().get(place)?;
        let hash = HashAlgorithm::of(key.algorithm());
        rekor_v1::search_request(&found.signed(key), hash).ok()
    }

    /// A simple-signing payload: the exact bytes are authenticated first, and read only then.
    pub(super) fn judge(&self, found: &Candidate<'_>) -> Result<VerifiedSignature, Rejection> {
        let signed_by = self.policy.authenticate(found)?;
        let payload = found.message.bytes().unwrap_or_default();
        let claims = SimpleSigning::parse(payload)
            .map_err(|error| Rejection::PayloadMalformed(error.to_string()))?;
        if claims.digest != self.digest {
            return Err(Rejection::OtherImage(claims.digest));
        }
        self.check_claims(&claims.annotations, Some(&claims.docker_reference))?;
        Ok(VerifiedSignature {
            signed_by,
            docker_reference: Some(claims.docker_reference),
            annotations: claims.annotations,
            payload: payload.to_vec(),
            predicate: None,
            signature: found.signature.to_vec(),
        })
    }

    /// A statement in an envelope, likewise. `found` is the signature over its encoding.
    pub(super) fn judge_statement(
        &self,
        envelope: &Envelope,
        found: &Candidate<'_>,
    ) -> Result<VerifiedSignature, Rejection> {
        let signed_by = self.policy.authenticate(found)?;
        let statement = statement(envelope, self.wanted.predicate_type())?;
        let Some(subject) = statement.subject(&self.digest) else {
            return Err(other_subject(&statement, Rejection::OtherImage));
        };
        let (named, annotations) = (subject.name.clone(), subject.annotations.clone());
        self.check_claims(&annotations, named.as_deref())?;
        let predicate = match self.wanted {
            Wanted::Signatures => None,
            Wanted::Attestations(_) => Some(statement.into_predicate()),
        };
        Ok(VerifiedSignature {
            signed_by,
            docker_reference: named,
            annotations,
            payload: envelope.payload.clone(),
            predicate,
            signature: found.signature.to_vec(),
        })
    }

    fn check_claims(
        &self,
        annotations: &BTreeMap<String, String>,
        named: Option<&str>,
    ) -> Result<(), Rejection> {
        if let Some(key) = self.policy.unmet_annotation(annotations) {
            return Err(Rejection::AnnotationMismatch(key.into()));
        }
        match self.policy.allows_identity(self.repository, named) {
            true => Ok(()),
            false => Err(Rejection::OtherIdentity(
                named
                    .unwrap_or("none, as no statement that signs an image names one")
                    .into(),
            )),
        }
    }
}

impl Policy {
    /// The place of the key that made a signature.
    fn signer(&self, found: &Candidate<'_>) -> Result<usize, Rejection> {
        let mut why = Rejection::NoTrustedKey;
        for (place, key) in self.keys().iter().enumerate() {
            match key.verify_message(found.message, found.signature) {
                Ok(()) => return Ok(place),
                Err(SignatureError::ContentNeeded { algorithm }) => {
                    why = Rejection::ContentNeeded(algorithm);
                }
                Err(_) => {}
            }
        }
        Err(why)
    }

    /// Who signed, whether a log says so if one must, and whether the key was trusted then.
    fn authenticate(&self, found: &Candidate<'_>) -> Result<SignedBy, Rejection> {
        let keys = self.keys();
        let place = self.signer(found)?;
        let log = self.logged(found, &keys[place])?;
        let time = log.as_ref().and_then(VerifiedEntry::integrated_time);
        // Of equal keys, each has its own window.
        let trusted = |&other: &usize| keys[other] == keys[place];
        if !(0..keys.len())
            .filter(trusted)
            .any(|place| self.trusts_at(place, time))
        {
            return Err(Rejection::KeyOutsideValidity(time));
        }
        let log_annotation = match (&log, found.log_entry) {
            (Some(_), Some(FoundEntry::Stored(annotation))) => {
                core::str::from_utf8(annotation).ok().map(String::from)
            }
            _ => None,
        };
        Ok(SignedBy {
            key_index: first_place(keys, place),
            key_fingerprint: keys[place].fingerprint(),
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
        match self.log() {
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

/// Reads the statement of an envelope that was authenticated. Its predicate must be of this type.
fn statement(envelope: &Envelope, predicate_type: &str) -> Result<Statement, Rejection> {
    if envelope.payload_type != STATEMENT_TYPE {
        let found: String = envelope.payload_type.chars().take(120).collect();
        return Err(Rejection::PayloadMalformed(format!(
            "expected an envelope of type {STATEMENT_TYPE}, found {found:?}"
        )));
    }
    let statement = Statement::parse(&envelope.payload).map_err(Rejection::PayloadMalformed)?;
    match statement.predicate_type == predicate_type {
        true => Ok(statement),
        false => Err(Rejection::OtherPredicate(
            statement.predicate_type.chars().take(120).collect(),
        )),
    }
}

/// A statement is about something else.
fn other_subject(statement: &Statement, of: fn(Digest) -> Rejection) -> Rejection {
    let other = statement.subjects().iter().find_map(Subject::sha256);
    other.map_or_else(
        || Rejection::PayloadMalformed("its subject has no SHA-256 digest".into()),
        of,
    )
}

/// The entries that a bundle lists.
pub(super) fn bundled_entries(listed: Option<&str>) -> Result<Vec<LogEntry>, Rejection> {
    let Some(listed) = listed else {
        return Ok(Vec::new());
    };
    LogEntry::all_from_bundle(listed.as_bytes()).map_err(Rejection::LogEntry)
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
