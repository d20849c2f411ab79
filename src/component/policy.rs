use alloc::string::ToString;
use alloc::vec::Vec;

use super::Component;
use super::bindings::exports::cosignet::signing::policy as wit;
use super::payload::claims;
use crate::log::{TrustError, TrustedLog, TrustedLogs, Witness};
use crate::verify;

/// What stands behind a handle of `policy`.
pub(super) struct ReadPolicy {
    pub(super) policy: verify::Policy,
    /// Whether the host's log is asked for entries that are not stored.
    #[cfg(any(feature = "signer", feature = "verifier"))]
    pub(super) looks_up: bool,
}

impl wit::Guest for Component {
    type Policy = ReadPolicy;
}

impl wit::GuestPolicy for ReadPolicy {
    fn create(rules: wit::Rules) -> Result<wit::Policy, wit::PolicyError> {
        let looks_up = matches!(rules.log, wit::LogRequirement::RequireOrLookUp(_));
        if looks_up && cfg!(not(feature = "signer")) {
            return Err(wit::PolicyError::UnusableLog(
                "this component cannot ask a log: require without looking up, or use the component \
                 of the world signer"
                    .into(),
            ));
        }
        let rules = verify::Rules::try_from(rules)?;
        let policy = verify::Policy::new(rules)?;
        Ok(wit::Policy::new(Self {
            policy,
            #[cfg(any(feature = "signer", feature = "verifier"))]
            looks_up,
        }))
    }
}

impl TryFrom<wit::Rules> for verify::Rules {
    type Error = wit::PolicyError;

    fn try_from(rules: wit::Rules) -> Result<Self, wit::PolicyError> {
        let key = |key: wit::TrustedKey| verify::TrustedKey {
            pem: key.pem,
            not_before: key.not_before,
            not_after: key.not_after,
        };
        Ok(Self {
            keys: rules.keys.into_iter().map(key).collect(),
            threshold: match rules.threshold {
                wit::Threshold::Any => verify::Threshold::Any,
                wit::Threshold::AtLeast(number) => verify::Threshold::AtLeast(number),
            },
            annotations: claims(rules.annotations),
            log: match rules.log {
                wit::LogRequirement::Ignore => verify::LogRequirement::Ignore,
                wit::LogRequirement::Require(trust)
                | wit::LogRequirement::RequireOrLookUp(trust) => verify::LogRequirement::Require {
                    logs: trusted_logs(&trust)
                        .map_err(|error| wit::PolicyError::UnusableLog(error.to_string()))?,
                    witnesses: trust.required_witnesses,
                },
            },
            identity: match rules.identity {
                wit::Identity::Ignore => verify::Identity::Ignore,
                wit::Identity::Exact(expected) => verify::Identity::Exact(expected),
                wit::Identity::Repository => verify::Identity::Repository,
                wit::Identity::Remap(mapping) => verify::Identity::Remap {
                    actual: mapping.actual,
                    signed: mapping.signed,
                },
            },
            formats: match rules.formats {
                wit::Formats::Any => verify::Formats::Any,
                wit::Formats::SimpleSigning => verify::Formats::SimpleSigning,
                wit::Formats::Bundles => verify::Formats::Bundles,
            },
            limits: rules
                .limits
                .map_or(verify::Limits::CEILING, |limits| verify::Limits {
                    signatures: limits.max_signatures as usize,
                    payload_size: limits.max_payload_size.into(),
                    attestation_size: limits.max_attestation_size.into(),
                    manifest_size: limits.max_manifest_size.into(),
                }),
        })
    }
}

pub(super) fn trusted_logs(trust: &wit::LogTrust) -> Result<TrustedLogs, TrustError> {
    let mut logs = Vec::new();
    for pem in &trust.keys {
        logs.push(TrustedLog::from_pem(pem)?);
    }
    if let Some(root) = &trust.trusted_root {
        logs.extend_from_slice(TrustedLogs::from_trusted_root(root)?.logs());
    }
    if trust.public_good {
        logs.extend_from_slice(TrustedLogs::public_good()?.logs());
    }
    let witnesses = trust.witnesses.iter().map(|key| Witness::from_vkey(key));
    TrustedLogs::new(logs)?.with_witnesses(witnesses.collect::<Result<_, _>>()?)
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
            verify::PolicyError::ImpossibleWitnesses { .. } => Self::UnusableLog(words),
            verify::PolicyError::InvalidIdentity(_) => Self::InvalidIdentity(words),
        }
    }
}
