use alloc::string::ToString;
use alloc::vec::Vec;

use super::Component;
use super::bindings::exports::cosignet::signing::cleaning as wit;
use super::bindings::exports::cosignet::signing::signing::SigningError;
use super::registry::HostRegistry;
use super::signing::repository;
use crate::key::PublicKey;
use crate::sign;

impl wit::Guest for Component {
    fn find(search: wit::Search) -> Result<Vec<wit::OwnWork>, SigningError> {
        with(search, |cleaning| {
            sign::find_own(&mut HostRegistry, cleaning)
        })
    }

    fn remove(search: wit::Search) -> Result<Vec<wit::OwnWork>, SigningError> {
        with(search, |cleaning| {
            sign::remove_own(&mut HostRegistry, cleaning)
        })
    }
}

fn with(
    search: wit::Search,
    act: impl FnOnce(&sign::Cleaning<'_>) -> Result<Vec<sign::OwnWork>, sign::SigningError>,
) -> Result<Vec<wit::OwnWork>, SigningError> {
    let public_key = PublicKey::from_pem(&search.public_key)
        .map_err(|error| SigningError::InvalidOption(alloc::format!("public key: {error}")))?;
    let place = search.signature_repository.map(repository).transpose()?;
    let found = act(&sign::Cleaning {
        reference: &search.reference,
        public_key: &public_key,
        kind: search.kind.map(Into::into),
        signature_repository: place.as_ref(),
    })?;
    Ok(found.into_iter().map(Into::into).collect())
}

impl From<wit::WorkKind> for sign::WorkKind {
    fn from(kind: wit::WorkKind) -> Self {
        match kind {
            wit::WorkKind::Signature => Self::Signature,
            wit::WorkKind::Attestation => Self::Attestation,
        }
    }
}

impl From<sign::OwnWork> for wit::OwnWork {
    fn from(own: sign::OwnWork) -> Self {
        Self {
            kind: match own.kind {
                sign::WorkKind::Signature => wit::WorkKind::Signature,
                sign::WorkKind::Attestation => wit::WorkKind::Attestation,
            },
            repository: own.repository.to_string(),
            tag: own.tag,
            manifest_digest: own.manifest_digest.to_string(),
            count: u32::try_from(own.count).unwrap_or(u32::MAX),
        }
    }
}
