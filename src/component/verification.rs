use alloc::string::String;
use alloc::vec::Vec;

use super::Component;
use super::bindings::exports::cosignet::signing::policy::PolicyBorrow;
use super::bindings::exports::cosignet::signing::report::{VerificationError, VerifiedImage};
use super::bindings::exports::cosignet::signing::verification::{Guest, VerificationOptions};
use super::policy::ReadPolicy;
use super::registry::HostRegistry;
#[cfg(feature = "signer")]
use crate::imports::TransparencyLog;
use crate::oci::InvalidReference;
use crate::verify::{self, Wanted};

impl Guest for Component {
    fn verify_images(
        policy: PolicyBorrow<'_>,
        references: Vec<String>,
        options: VerificationOptions,
    ) -> Vec<Result<VerifiedImage, VerificationError>> {
        verify(policy, Wanted::Signatures, &references, options)
    }

    fn verify_attestations(
        policy: PolicyBorrow<'_>,
        predicate_type: String,
        references: Vec<String>,
        options: VerificationOptions,
    ) -> Vec<Result<VerifiedImage, VerificationError>> {
        let wanted = Wanted::Attestations(&predicate_type);
        verify(policy, wanted, &references, options)
    }
}

fn verify(
    policy: PolicyBorrow<'_>,
    wanted: Wanted<'_>,
    references: &[String],
    options: VerificationOptions,
) -> Vec<Result<VerifiedImage, VerificationError>> {
    let ReadPolicy { policy, looks_up } = policy.get();
    let options = match verify::Options::try_from(options) {
        Ok(options) => options,
        Err(error) => {
            let words = invalid_repository(&error);
            let refused = || Err(VerificationError::InvalidReference(words.clone()));
            return references.iter().map(|_| refused()).collect();
        }
    };
    judge(policy, *looks_up, wanted, references, &options)
        .into_iter()
        .map(|result| Ok(result?.into()))
        .collect()
}

type Judged = Vec<Result<verify::VerifiedImage, verify::VerificationError>>;

#[cfg(feature = "signer")]
fn judge(
    policy: &verify::Policy,
    looks_up: bool,
    wanted: Wanted<'_>,
    references: &[String],
    options: &verify::Options,
) -> Judged {
    let mut log = super::log::HostLog;
    let log = looks_up.then_some(&mut log as &mut dyn TransparencyLog);
    verify::verify_all(&mut HostRegistry, log, policy, wanted, references, options)
}

/// No policy of this world looks up.
#[cfg(not(feature = "signer"))]
fn judge(
    policy: &verify::Policy,
    _looks_up: bool,
    wanted: Wanted<'_>,
    references: &[String],
    options: &verify::Options,
) -> Judged {
    let registry = &mut HostRegistry;
    verify::verify_all(
        registry,
        verify::Offline,
        policy,
        wanted,
        references,
        options,
    )
}

impl TryFrom<VerificationOptions> for verify::Options {
    type Error = InvalidReference;

    fn try_from(options: VerificationOptions) -> Result<Self, InvalidReference> {
        let repository = options.signature_repository;
        Ok(Self {
            signature_repository: repository.map(|name| name.parse()).transpose()?,
            recursive: options.recursive,
        })
    }
}

pub(super) fn invalid_repository(error: &InvalidReference) -> String {
    alloc::format!("signature repository: {error}")
}
