use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;

use super::new_signature::{Claim, NewSignature};
use super::options::Options;
use super::signer::{Signer, SigningError};
use crate::fetch::Target;
use crate::oci::{Digest, attestation_tag, signature_tag};
use crate::payload::{IMAGE_SIGNATURE, Predicate, SimpleSigning, Statement};

/// What is to be done for each image.
pub(super) enum Task<'a> {
    Sign,
    Attest(&'a Predicate),
}

impl Task<'_> {
    /// Makes the signatures.
    pub(super) fn sign(
        &self,
        signer: &mut Signer<'_>,
        target: &Target,
        options: &Options,
    ) -> Result<Vec<NewSignature>, SigningError> {
        let invalid = SigningError::InvalidOption;
        match self {
            Self::Attest(predicate) => {
                let name = target.repository.to_string();
                let statement = Statement::of_artifact(&target.digest, Some(&name), predicate);
                let kind = &predicate.predicate_type;
                Ok(vec![state(signer, statement.map_err(invalid)?, kind)?])
            }
            Self::Sign => {
                let mut signatures = Vec::new();
                if options.form.is_tagged() {
                    sign_simply(signer, target, options, &mut signatures)?;
                }
                if options.form.is_bundled() {
                    let statement = Statement::of_image(&target.digest, &options.annotations);
                    let statement = statement.map_err(invalid)?;
                    signatures.push(state(signer, statement, IMAGE_SIGNATURE)?);
                }
                Ok(signatures)
            }
        }
    }

    /// The tag of the image that keeps what is stored in layers.
    pub(super) fn tag(&self, digest: &Digest) -> String {
        match self {
            Self::Sign => signature_tag(digest),
            Self::Attest(_) => attestation_tag(digest),
        }
    }

    /// Whether it is stored in a layer, where the form has layers.
    pub(super) fn is_layered(&self, new: &NewSignature) -> bool {
        match self {
            Self::Sign => matches!(new.claim, Claim::Simple(_)),
            Self::Attest(_) => true,
        }
    }
}

fn sign_simply(
    signer: &mut Signer<'_>,
    target: &Target,
    options: &Options,
    signatures: &mut Vec<NewSignature>,
) -> Result<(), SigningError> {
    let own = [target.repository.to_string()];
    let identities = match options.identities.as_slice() {
        [] => own.as_slice(),
        identities => identities,
    };
    for (place, identity) in identities.iter().enumerate() {
        if identities[..place].contains(identity) {
            continue;
        }
        let claims = SimpleSigning {
            docker_reference: identity.clone(),
            digest: target.digest,
            annotations: options.annotations.clone(),
        };
        let payload = claims.to_bytes()?;
        let signature = signer.sign(&payload)?;
        signatures.push(NewSignature::simple(claims, payload, signature));
    }
    Ok(())
}

fn state(
    signer: &mut Signer<'_>,
    statement: Vec<u8>,
    predicate_type: &str,
) -> Result<NewSignature, SigningError> {
    NewSignature::statement(statement, predicate_type, |message| signer.sign(message))
}
