use alloc::string::String;
use alloc::vec::Vec;

use super::Component;
use super::bindings::exports::cosignet::signing::policy::PolicyBorrow;
use super::bindings::exports::cosignet::signing::report::{VerificationError, VerifiedImage};
use super::bindings::exports::cosignet::signing::verification::Guest;
use super::policy::ReadPolicy;
use super::registry::HostRegistry;
#[cfg(feature = "signer")]
use crate::imports::TransparencyLog;
use crate::oci::{InvalidReference, Repository};
use crate::verify;

impl Guest for Component {
    fn verify_images(
        policy: PolicyBorrow<'_>,
        references: Vec<String>,
        signature_repository: Option<String>,
    ) -> Vec<Result<VerifiedImage, VerificationError>> {
        let ReadPolicy { policy, looks_up } = policy.get();
        let parsed = signature_repository
            .map(|name| name.parse::<Repository>())
            .transpose();
        let place = match parsed {
            Ok(place) => place,
            Err(error) => {
                let words = invalid_repository(&error);
                return references
                    .iter()
                    .map(|_| Err(VerificationError::InvalidReference(words.clone())))
                    .collect();
            }
        };
        verify(policy, *looks_up, &references, place.as_ref())
            .into_iter()
            .map(|result| {
                result
                    .map(VerifiedImage::from)
                    .map_err(VerificationError::from)
            })
            .collect()
    }
}

#[cfg(feature = "signer")]
fn verify(
    policy: &verify::Policy,
    looks_up: bool,
    references: &[String],
    place: Option<&Repository>,
) -> Vec<Result<verify::VerifiedImage, verify::VerificationError>> {
    let mut log = super::log::HostLog;
    let log = looks_up.then_some(&mut log as &mut dyn TransparencyLog);
    verify::verify_all(&mut HostRegistry, log, policy, references, place)
}

/// No policy of this world looks up.
#[cfg(not(feature = "signer"))]
fn verify(
    policy: &verify::Policy,
    _looks_up: bool,
    references: &[String],
    place: Option<&Repository>,
) -> Vec<Result<verify::VerifiedImage, verify::VerificationError>> {
    verify::verify_images(&mut HostRegistry, policy, references, place)
}

pub(super) fn invalid_repository(error: &InvalidReference) -> String {
    alloc::format!("signature repository: {error}")
}
