use alloc::string::String;
use alloc::vec::Vec;

use super::Component;
use super::bindings::exports::cosignet::signing::policy::PolicyBorrow;
use super::bindings::exports::cosignet::signing::report::{VerificationError, VerifiedImage};
use super::bindings::exports::cosignet::signing::verification::Guest;
use super::policy::ReadPolicy;
use super::registry::HostRegistry;
use crate::oci::{InvalidReference, Repository};
use crate::verify;

impl Guest for Component {
    fn verify_images(
        policy: PolicyBorrow<'_>,
        references: Vec<String>,
        signature_repository: Option<String>,
    ) -> Vec<Result<VerifiedImage, VerificationError>> {
        let policy = &policy.get::<ReadPolicy>().0;
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
        verify::verify_images(&mut HostRegistry, policy, &references, place.as_ref())
            .into_iter()
            .map(|result| {
                result
                    .map(VerifiedImage::from)
                    .map_err(VerificationError::from)
            })
            .collect()
    }
}

pub(super) fn invalid_repository(error: &InvalidReference) -> String {
    alloc::format!("signature repository: {error}")
}
