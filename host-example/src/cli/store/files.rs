//! Events of files.

use std::path::Path;

use cosignet::oci::Digest;
use cosignet_host::api::blobs::{BlobFiles, BlobSignature, BlobVerificationError, VerifiedBlob};
use cosignet_host::store::{
    Artifact, Entry, Event, Format, Outcome, SignatureFacts, Source, StoredSignature,
};
use cosignet_host::{Blob, Session};

use super::{Recorder, cut};
use crate::cli::artifact::ArtifactOptions;
use crate::cli::blob::Input;
use crate::cli::failure::Failure;

/// A file as it was named, and what is said of it.
#[derive(Clone, Copy)]
pub struct Named<'a> {
    /// The argument.
    pub file: &'a str,
    /// What it is.
    pub options: &'a ArtifactOptions,
}

/// What was made of a file.
pub struct SignedFile<'a> {
    /// The signature.
    pub signature: &'a [u8],
    /// The statement, if one was signed.
    pub statement: &'a [u8],
    /// The type of its predicate.
    pub predicate_type: Option<&'a str>,
    /// What holds it.
    pub files: &'a BlobFiles,
}

impl Named<'_> {
    /// What is known of it before it is read, for [`Recorder::conclude`].
    pub fn unread(&self) -> (String, Artifact) {
        (self.file.to_owned(), self.artifact(None))
    }

    /// The artifact.
    pub fn artifact(&self, digest: Option<&Digest>) -> Artifact {
        let (kind, name, version) = self.options.told(self.file);
        let file = Path::new(self.file).file_name();
        let file = file.map_or(self.file.into(), |name| name.to_string_lossy());
        let given: Option<Digest> = self.file.parse().ok();
        Artifact {
            digest: digest.or(given.as_ref()).map(Digest::to_string),
            kind,
            name: cut(name.unwrap_or(&file)),
            version: version.map(cut),
            file: Some(cut(&file)),
        }
    }
}

impl Recorder {
    /// Hands a file over to a session. Its digest is found out where it is recorded.
    pub async fn pour(
        &self,
        input: &Input,
        session: &mut Session,
        empty: Blob,
    ) -> Result<(Blob, Option<Digest>), Failure> {
        match self.is_on() {
            true => {
                let (blob, digest) = input.pour_and_hash(session, empty).await?;
                Ok((blob, Some(digest)))
            }
            false => Ok((input.pour(session, empty).await?, None)),
        }
    }

    /// What the store has of a file: signatures, or attestations with a predicate of this type.
    pub fn kept(
        &self,
        file: &str,
        digest: Option<&Digest>,
        predicate_type: Option<&str>,
    ) -> Result<Vec<BlobSignature>, Failure> {
        let (Some(store), Some(digest)) = (&self.store, digest) else {
            return Err(Failure::other("say --signature, --bundle or --store"));
        };
        let kept = store.kept(&digest.to_string())?.into_iter();
        let wanted = kept.filter(|kept| kept.claim.as_deref() == predicate_type);
        let signatures = wanted.map(|kept| BlobSignature {
            signature: kept.signature.bundle.into_bytes(),
            log_entry: None,
        });
        let signatures: Vec<BlobSignature> = signatures.collect();
        match signatures.is_empty() {
            false => Ok(signatures),
            true => Err(Failure::other(format!(
                "{file}: the store {} has no {} of {digest}: sign it with --store, or say \
                 --signature or --bundle",
                store.path().display(),
                match predicate_type {
                    None => "signature".to_owned(),
                    Some(kind) => format!("attestation of type {kind}"),
                }
            ))),
        }
    }

    /// Records a signature of a file, or a statement about it.
    pub fn signed_file(
        &mut self,
        named: Named<'_>,
        digest: Option<&Digest>,
        made: &SignedFile<'_>,
    ) -> Result<(), Failure> {
        let key = self.keys.first();
        let log = made.files.log.as_ref();
        let facts = SignatureFacts {
            format: Format::Bundle,
            claim: made.predicate_type.map(str::to_owned),
            key_fingerprint: key
                .and_then(|key| key.fingerprint.clone())
                .unwrap_or_default(),
            key_reference: key.map(|key| key.reference.clone()),
            attached: None,
            log: log.map(|entry| self.log_facts(entry)),
            kept: None,
        };
        let event = Event {
            signatures: vec![facts],
            ..self.event(named.artifact(digest))
        };
        let signatures = vec![StoredSignature {
            payload: made.statement.to_vec(),
            signature: made.signature.to_vec(),
            bundle: made.files.bundle.clone(),
            log_entry: None,
        }];
        self.record_entry(named.file.to_owned(), Entry { event, signatures })
    }

    /// Records that a file could not be signed, or verified, unless there is an event of it.
    pub fn failed_file(&mut self, named: Named<'_>, failure: &Failure) -> Result<(), Failure> {
        self.failed(named.file.to_owned(), named.artifact(None), failure)
    }

    /// Records what was found of a file.
    pub fn verified_file(
        &mut self,
        named: Named<'_>,
        digest: Option<&Digest>,
        source: Source,
        result: &Result<VerifiedBlob, BlobVerificationError>,
    ) -> Result<(), Failure> {
        let event = self.event(named.artifact(digest));
        let event = match result {
            Ok(found) => Event {
                source: Some(source),
                signatures: self.counted_facts(&found.signatures),
                ..event
            },
            Err(error) => Event {
                outcome: Outcome::Failed,
                reason: Some(cut(Failure::from(error.clone()).words())),
                source: Some(source),
                ..event
            },
        };
        self.record(named.file.to_owned(), event)
    }
}
