use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::image::Signature;
use super::log::{Logged, ToLog};
use super::signer::SigningError;
use crate::bundle::{Bundle, Content};
use crate::key::PublicKey;
use crate::log::Signed;
use crate::oci::{AttachedSignature, Layer, media_type};
use crate::payload::{Envelope, STATEMENT_TYPE, SimpleSigning, pae};

/// A signature that was made, before it is stored.
#[derive(Clone)]
pub(super) struct NewSignature {
    pub(super) claim: Claim,
    /// The exact bytes that were signed: a payload, or the encoding of an envelope.
    message: Vec<u8>,
    pub(super) signature: Vec<u8>,
    /// The entry that a log made for it.
    pub(super) log: Option<Logged>,
}

/// What a signature claims.
#[derive(Clone)]
pub(super) enum Claim {
    /// Simple signing.
    Simple(SimpleSigning),
    /// An in-toto statement: its bytes, and the type of its predicate.
    Statement {
        statement: Vec<u8>,
        predicate_type: String,
    },
}

impl NewSignature {
    /// A signature over a payload.
    pub(super) fn simple(claims: SimpleSigning, payload: Vec<u8>, signature: Vec<u8>) -> Self {
        Self {
            claim: Claim::Simple(claims),
            message: payload,
            signature,
            log: None,
        }
    }

    /// A statement, and the signature that `sign` makes over its envelope.
    pub(super) fn statement(
        statement: Vec<u8>,
        predicate_type: &str,
        sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, SigningError>,
    ) -> Result<Self, SigningError> {
        let message = pae(STATEMENT_TYPE, &statement);
        Ok(Self {
            signature: sign(&message)?,
            claim: Claim::Statement {
                statement,
                predicate_type: predicate_type.into(),
            },
            message,
            log: None,
        })
    }

    /// What is claimed: the payload, or the statement.
    pub(super) fn payload(&self) -> &[u8] {
        match &self.claim {
            Claim::Simple(_) => &self.message,
            Claim::Statement { statement, .. } => statement,
        }
    }

    /// What an entry in a log must be about.
    pub(super) fn signed<'a>(&'a self, key: &'a PublicKey) -> Signed<'a> {
        Signed {
            message: (&self.message).into(),
            dsse_payload: match &self.claim {
                Claim::Simple(_) => None,
                Claim::Statement { statement, .. } => Some(statement),
            },
            signature: &self.signature,
            key,
        }
    }

    /// The envelope of a statement.
    pub(super) fn envelope(&self) -> Option<Envelope> {
        match &self.claim {
            Claim::Simple(_) => None,
            Claim::Statement { statement, .. } => Some(Envelope {
                payload_type: STATEMENT_TYPE.into(),
                payload: statement.clone(),
                signature: self.signature.clone(),
            }),
        }
    }

    /// What a bundle of it holds.
    fn content(&self) -> Content {
        match self.envelope() {
            Some(envelope) => Content::Dsse(envelope),
            None => Content::of_message((&self.message).into(), self.signature.clone()),
        }
    }

    /// What a log is handed.
    pub(super) fn to_log<'a>(&'a self, key: &'a PublicKey) -> ToLog<'a> {
        ToLog {
            signed: self.signed(key),
            content: self.content(),
        }
    }

    /// A sigstore bundle of it, with what a log said.
    pub(super) fn bundle(&self, key: &PublicKey) -> Result<String, SigningError> {
        let content = self.content();
        let entry = self.log.as_ref().map(|logged| &logged.bundled);
        let bundle = Bundle {
            content,
            log_entries: entry.map(|entry| format!("[{entry}]")),
        };
        bundle.to_json(key).map_err(SigningError::InvalidOption)
    }

    /// What the caller gets of it.
    pub(super) fn into_signature(self, key: &PublicKey) -> Result<Signature, SigningError> {
        let bundle = self.bundle(key)?;
        let (payload, payload_type) = match self.claim {
            Claim::Simple(_) => (self.message, media_type::SIMPLE_SIGNING),
            Claim::Statement { statement, .. } => (statement, STATEMENT_TYPE),
        };
        Ok(Signature {
            payload,
            payload_type,
            signature: self.signature,
            bundle,
            log: self.log,
        })
    }

    /// The layer in which a tagged image keeps it.
    pub(super) fn layer(self, log_entry: Option<&str>) -> Result<NewLayer, SigningError> {
        let malformed = |why: &str| SigningError::InvalidOption(why.to_string());
        let (blob, layer) = match (self.envelope(), &self.claim) {
            (Some(envelope), Claim::Statement { predicate_type, .. }) => {
                let envelope = envelope.to_json().map_err(|why| malformed(&why))?;
                let layer = Layer::of_envelope(envelope.as_bytes(), predicate_type, log_entry);
                (Some(envelope.into_bytes()), layer)
            }
            _ => (None, Layer::of(&self.message, &self.signature, log_entry)),
        };
        let layer = layer.map_err(|why| malformed(&why))?;
        let content = layer.content().map_err(malformed)?.clone();
        Ok(NewLayer {
            new: self,
            envelope: blob,
            layer,
            content,
        })
    }
}

/// A signature on its way into a layer.
#[derive(Clone)]
pub(super) struct NewLayer {
    pub(super) new: NewSignature,
    envelope: Option<Vec<u8>>,
    pub(super) layer: Layer,
    pub(super) content: AttachedSignature,
}

impl NewLayer {
    /// What the layer's descriptor describes: the payload, or the envelope.
    pub(super) fn blob(&self) -> &[u8] {
        match &self.envelope {
            Some(envelope) => envelope,
            None => &self.new.message,
        }
    }
}
