use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::log::{Logged, ToLog};
use super::signer::{Signer, SigningError};
use crate::blob::{Blob, BlobError};
use crate::bundle::{Bundle, Content, OldBundle};
use crate::log::{Signed, VerifiedEntry};
use crate::payload::{Envelope, MAX_ENVELOPE_SIZE, Predicate, STATEMENT_TYPE, Statement};

/// A signature of a blob, in each form in which it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedBlob {
    /// The signature as it is; cosign keeps it in base64.
    pub signature: Vec<u8>,
    /// The same as files.
    pub files: BlobFiles,
}

/// An attestation of a blob, in each form in which it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestedBlob {
    /// The in-toto statement that was signed.
    pub statement: Vec<u8>,
    /// The DSSE envelope, JSON.
    pub envelope: String,
    /// The same as files.
    pub files: BlobFiles,
}

/// Bundles of what was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobFiles {
    /// A sigstore bundle v0.3.
    pub bundle: String,
    /// cosign's old bundle. `None` with an entry of Rekor v2, for whose proof it has no room.
    pub old_bundle: Option<String>,
    /// The entry that a log made, if the signer logs.
    pub log: Option<VerifiedEntry>,
}

/// Signs a blob.
///
/// # Errors
/// [`SigningError::InvalidOption`] and [`SigningError::LimitExceeded`] for Ed25519 keys and blobs of
/// which the content is not known; those of the key service and of the log.
pub fn sign_blob(signer: &mut Signer<'_>, blob: &Blob<'_>) -> Result<SignedBlob, SigningError> {
    blob.check_signable(signer.public_key().algorithm())?;
    let signature = signer.sign_message(blob.message())?;
    let content = Content::of_message(blob.message(), signature.clone());
    let key = signer.public_key().clone();
    let signed = Signed {
        message: blob.message(),
        dsse_payload: None,
        signature: &signature,
        key: &key,
    };
    let files = BlobFiles::log(signer, ToLog { signed, content }, signature.clone())?;
    Ok(SignedBlob { signature, files })
}

/// Signs a statement about a blob. `name` is what the statement calls it; cosign takes the file's.
///
/// # Errors
/// [`SigningError::InvalidOption`] for a predicate that is not JSON; [`SigningError::LimitExceeded`]
/// where the envelope would be larger than [`MAX_ENVELOPE_SIZE`]; those of the key service and of
/// the log.
pub fn attest_blob(
    signer: &mut Signer<'_>,
    blob: &Blob<'_>,
    name: Option<&str>,
    predicate: &Predicate,
) -> Result<AttestedBlob, SigningError> {
    let statement = Statement::of_artifact(&blob.digest(), name, predicate)
        .map_err(SigningError::InvalidOption)?;
    let mut envelope = Envelope {
        payload_type: STATEMENT_TYPE.into(),
        payload: statement,
        signature: Vec::new(),
    };
    let pae = envelope.pae();
    envelope.signature = signer.sign(&pae)?;
    let json = envelope.to_json().map_err(SigningError::InvalidOption)?;
    if json.len() > MAX_ENVELOPE_SIZE {
        return Err(SigningError::LimitExceeded(alloc::format!(
            "an attestation has at most {MAX_ENVELOPE_SIZE} bytes; this one would have {}",
            json.len()
        )));
    }
    let key = signer.public_key().clone();
    let to_log = ToLog {
        signed: Signed {
            message: (&pae).into(),
            dsse_payload: Some(&envelope.payload),
            signature: &envelope.signature,
            key: &key,
        },
        content: Content::Dsse(envelope.clone()),
    };
    let files = BlobFiles::log(signer, to_log, json.clone().into_bytes())?;
    Ok(AttestedBlob {
        statement: envelope.payload,
        envelope: json,
        files,
    })
}

impl BlobFiles {
    /// Logs what was signed, if the signer logs. `old` is what cosign's old bundle holds.
    fn log(
        signer: &mut Signer<'_>,
        signature: ToLog<'_>,
        old: Vec<u8>,
    ) -> Result<Self, SigningError> {
        let logged = match signer.log() {
            Some(log) => Some(log.log_one(&signature)?),
            None => None,
        };
        let entry = logged.as_ref().map(|logged| &logged.bundled);
        let bundle = Bundle {
            content: signature.content,
            log_entries: entry.map(|entry| alloc::format!("[{entry}]")),
        };
        let bundle = bundle.to_json(signature.signed.key);
        Ok(Self {
            bundle: bundle.map_err(SigningError::InvalidOption)?,
            old_bundle: match &logged {
                None => Some(old_bundle(old, None)),
                Some(Logged { annotation, .. }) => {
                    let annotation = annotation.clone();
                    annotation.map(|annotation| old_bundle(old, Some(annotation)))
                }
            },
            log: logged.map(|logged| logged.entry),
        })
    }
}

/// Without the key, as cosign 2 writes it with one.
fn old_bundle(content: Vec<u8>, log_entry: Option<String>) -> String {
    let bundle = OldBundle {
        content,
        key: None,
        log_entry,
    };
    bundle.to_json()
}

impl From<BlobError> for SigningError {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::TooLarge => Self::LimitExceeded(error.to_string()),
            BlobError::Elsewhere | BlobError::ContentNeeded => {
                Self::InvalidOption(error.to_string())
            }
        }
    }
}
