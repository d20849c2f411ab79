use alloc::string::ToString;

use super::Component;
use super::bindings::exports::cosignet::signing::policy as wit;
use super::payload::claims;
use crate::verify;

/// What stands behind a handle of `policy`.
pub(super) struct ReadPolicy(pub(super) verify::Policy);

impl wit::Guest for Component {
    type Policy = ReadPolicy;
}

impl wit::GuestPolicy for ReadPolicy {
    fn create(rules: wit::Rules) -> Result<wit::Policy, wit::PolicyError> {
        Ok(wit::Policy::new(Self(verify::Policy::new(rules.into())?)))
    }
}

impl From<wit::Rules> for verify::Rules {
    fn from(rules: wit::Rules) -> Self {
        let wit::LogRequirement::Ignore = rules.log;
        Self {
            keys: rules.keys,
            threshold: match rules.threshold {
                wit::Threshold::Any => verify::Threshold::Any,
                wit::Threshold::AtLeast(number) => verify::Threshold::AtLeast(number),
            },
            annotations: claims(rules.annotations),
            log: verify::LogRequirement::Ignore,
            identity: match rules.identity {
                wit::Identity::Ignore => verify::Identity::Ignore,
                wit::Identity::Exact(expected) => verify::Identity::Exact(expected),
                wit::Identity::Repository => verify::Identity::Repository,
                wit::Identity::Remap(mapping) => verify::Identity::Remap {
                    actual: mapping.actual,
                    signed: mapping.signed,
                },
            },
            limits: rules
                .limits
                .map_or(verify::Limits::CEILING, |limits| verify::Limits {
                    signatures: limits.max_signatures as usize,
                    payload_size: limits.max_payload_size.into(),
                    manifest_size: limits.max_manifest_size.into(),
                }),
        }
    }
}

impl From<verify::PolicyError> for wit::PolicyError {
    fn from(error: verify::PolicyError) -> Self {
        let words = error.to_string();
        match error {
            verify::PolicyError::NoKeys => Self::NoKeys,
            verify::PolicyError::UnusableKey { place, why } => {
                Self::UnusableKey((u32::try_from(place).unwrap_or(u32::MAX), why))
            }
            verify::PolicyError::ImpossibleThreshold { .. } => Self::ImpossibleThreshold(words),
            verify::PolicyError::TooManyKeys(_) | verify::PolicyError::ImpossibleLimit { .. } => {
                Self::ImpossibleLimit(words)
            }
            verify::PolicyError::InvalidIdentity(_) => Self::InvalidIdentity(words),
        }
    }
}
