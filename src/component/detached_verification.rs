use alloc::string::String;
use alloc::vec::Vec;

use super::Component;
use super::bindings::exports::cosignet::signing::detached_verification::{
    DetachedSignature, Guest,
};
use super::bindings::exports::cosignet::signing::policy::PolicyBorrow;
use super::bindings::exports::cosignet::signing::report::{VerificationError, VerifiedImage};
use super::policy::ReadPolicy;
use crate::verify;

impl Guest for Component {
    fn verify_detached(
        policy: PolicyBorrow<'_>,
        reference: String,
        signatures: Vec<DetachedSignature>,
    ) -> Result<VerifiedImage, VerificationError> {
        let signatures: Vec<_> = signatures
            .into_iter()
            .map(|found: DetachedSignature| verify::DetachedSignature {
                payload: found.payload,
                signature: found.signature,
                log_entry: found.log_entry,
            })
            .collect();
        let policy = &policy.get::<ReadPolicy>().policy;
        Ok(verify::verify_detached(policy, &reference, &signatures)?.into())
    }
}
