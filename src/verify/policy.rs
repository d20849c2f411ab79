use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::key::PublicKey;
use crate::log::TrustedLogs;
use crate::oci::{MAX_SIGNATURES, Reference, Repository};
use crate::payload::{MAX_ENVELOPE_SIZE, MAX_PAYLOAD_SIZE};

/// A policy as data, not yet read.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Trusted public keys.
    pub keys: Vec<TrustedKey>,
    /// How many of them must have signed.
    pub threshold: Threshold,
    /// What every signature that counts must claim.
    pub annotations: BTreeMap<String, String>,
    /// Whether signatures must be in a transparency log.
    pub log: LogRequirement,
    /// Which repository the signature must name.
    pub identity: Identity,
    /// The forms in which signatures are stored.
    pub formats: Formats,
    /// How much is looked at.
    pub limits: Limits,
}

/// The forms in which signatures are looked for; there is no way to look for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Formats {
    /// Both.
    Any,
    /// Simple signing in a `.sig` image, which cosign 2 writes; of attestations, the `.att` image.
    SimpleSigning,
    /// An in-toto statement in a sigstore bundle that refers to the image, which cosign 3 writes.
    Bundles,
}

/// A key that is trusted, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedKey {
    /// The public key in PEM.
    pub pem: Vec<u8>,
    /// The first second of trust, since 1970. A signature by a key with a window counts only if
    /// a log says when it was made.
    pub not_before: Option<i64>,
    /// The last second of trust, since 1970.
    pub not_after: Option<i64>,
}

impl From<Vec<u8>> for TrustedKey {
    /// A key that is always trusted.
    fn from(pem: Vec<u8>) -> Self {
        Self {
            pem,
            not_before: None,
            not_after: None,
        }
    }
}

/// How many of the trusted keys must have signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// One of them.
    Any,
    /// So many distinct ones.
    AtLeast(u32),
}

/// Whether signatures must be in a transparency log.
///
/// An entry that is stored with a signature must be about that signature in any case.
#[derive(Clone, Debug)]
pub enum LogRequirement {
    /// A signature counts without an entry in a log.
    Ignore,
    /// A signature counts only with an entry that one of these logs vouches for.
    Require {
        /// The logs, and the witnesses that are counted.
        logs: TrustedLogs,
        /// How many of the witnesses must have cosigned.
        witnesses: u32,
    },
}

/// Which repository the signature must name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Any, as cosign.
    Ignore,
    /// Exactly this string.
    Exact(String),
    /// The repository that the image is found in.
    Repository,
    /// The repository that the image is found in, its beginning replaced.
    Remap {
        /// Where images are found.
        actual: String,
        /// Where they were signed.
        signed: String,
    },
}

/// How much of untrusted input is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Signatures of an image.
    pub signatures: usize,
    /// Bytes of a payload.
    pub payload_size: u64,
    /// Bytes of an attestation's envelope, or of the bundle that holds one.
    pub attestation_size: u64,
    /// Bytes of a manifest.
    pub manifest_size: u64,
}

impl Limits {
    /// The defaults, which are the ceilings too.
    pub const CEILING: Self = Self {
        signatures: MAX_SIGNATURES,
        payload_size: MAX_PAYLOAD_SIZE as u64,
        attestation_size: MAX_ENVELOPE_SIZE as u64,
        manifest_size: MAX_MANIFEST_SIZE,
    };
}

/// What a verifier requires; it always requires something.
#[derive(Debug)]
pub struct Policy {
    keys: Vec<PublicKey>,
    windows: Vec<Window>,
    required: usize,
    log: LogRequirement,
    annotations: BTreeMap<String, String>,
    identity: Identity,
    formats: Formats,
    limits: Limits,
}

/// When a key is trusted, in seconds since 1970.
#[derive(Clone, Copy, Debug)]
struct Window {
    not_before: Option<i64>,
    not_after: Option<i64>,
}

impl Window {
    /// Whether there is a beginning or an end.
    fn is_limited(&self) -> bool {
        self.not_before.or(self.not_after).is_some()
    }

    /// Without a time, only what has no limit holds.
    fn contains(&self, time: Option<i64>) -> bool {
        match time {
            None => !self.is_limited(),
            Some(time) => {
                self.not_before.is_none_or(|begin| begin <= time)
                    && self.not_after.is_none_or(|end| time <= end)
            }
        }
    }
}

impl Policy {
    /// Reads rules.
    pub fn new(rules: Rules) -> Result<Self, PolicyError> {
        if rules.keys.is_empty() {
            return Err(PolicyError::NoKeys);
        }
        if rules.keys.len() > MAX_KEYS {
            return Err(PolicyError::TooManyKeys(rules.keys.len()));
        }
        let mut keys = Vec::<PublicKey>::with_capacity(rules.keys.len());
        let mut windows = Vec::with_capacity(rules.keys.len());
        for (place, trusted) in rules.keys.iter().enumerate() {
            let unusable = |why| PolicyError::UnusableKey { place, why };
            let key =
                PublicKey::from_pem(&trusted.pem).map_err(|error| unusable(error.to_string()))?;
            let (not_before, not_after) = (trusted.not_before, trusted.not_after);
            if not_before > not_after && not_after.is_some() {
                return Err(unusable("its trust ends before it begins".into()));
            }
            keys.push(key);
            windows.push(Window {
                not_before,
                not_after,
            });
        }
        let distinct = (0..keys.len())
            .filter(|&place| first_place(&keys, place) == place)
            .count();
        let required = match rules.threshold {
            Threshold::Any => 1,
            Threshold::AtLeast(number) => number as usize,
        };
        if required == 0 || required > distinct {
            return Err(PolicyError::ImpossibleThreshold { required, distinct });
        }
        if let LogRequirement::Require { logs, witnesses } = &rules.log
            && *witnesses as usize > logs.witnesses().len()
        {
            return Err(PolicyError::ImpossibleWitnesses {
                required: *witnesses,
                trusted: logs.witnesses().len(),
            });
        }
        if matches!(rules.log, LogRequirement::Ignore)
            && let Some(place) = windows.iter().position(Window::is_limited)
        {
            return Err(PolicyError::UnusableKey {
                place,
                why: "its trust has a beginning or an end, and only a log says when a signature \
                      was made: require one"
                    .into(),
            });
        }
        check_limits(&rules.limits)?;
        check_identity(&rules.identity)?;
        Ok(Self {
            keys,
            windows,
            required,
            log: rules.log,
            annotations: rules.annotations,
            identity: rules.identity,
            formats: rules.formats,
            limits: rules.limits,
        })
    }

    /// The trusted keys, in the order of the rules.
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// Whether signatures must be in a log.
    pub fn log(&self) -> &LogRequirement {
        &self.log
    }

    /// Whether the key at this place was trusted when a log took the signature.
    pub(super) fn trusts_at(&self, place: usize, time: Option<i64>) -> bool {
        let window = self.windows.get(place);
        window.is_some_and(|window| window.contains(time))
    }

    /// How many distinct keys must have signed; never 0.
    pub fn required(&self) -> usize {
        self.required
    }

    /// The forms of signatures that are looked for.
    pub fn formats(&self) -> Formats {
        self.formats
    }

    /// How much is looked at.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The first required annotation that the claims do not satisfy.
    pub(super) fn unmet_annotation(&self, claims: &BTreeMap<String, String>) -> Option<&str> {
        let unmet = |(key, value): &(&String, &String)| claims.get(*key) != Some(*value);
        self.annotations
            .iter()
            .find(unmet)
            .map(|(key, _)| key.as_str())
    }

    /// Whether a signature may name no repository.
    pub(super) fn allows_nameless(&self) -> bool {
        self.identity == Identity::Ignore
    }

    /// Whether a signature for an image that is found here may name this repository, or none.
    pub(super) fn allows_identity(&self, found_in: &Repository, named: Option<&str>) -> bool {
        let Some(named) = named else {
            return self.allows_nameless();
        };
        // podman names a tag too; the repository is what is compared.
        let signed_for = || {
            named
                .parse::<Reference>()
                .ok()
                .map(|named| named.repository)
        };
        match &self.identity {
            Identity::Ignore => true,
            Identity::Exact(expected) => named == expected,
            Identity::Repository => signed_for().as_ref() == Some(found_in),
            Identity::Remap { actual, signed } => found_in
                .as_str()
                .strip_prefix(actual.as_str())
                .filter(|rest| rest.is_empty() || rest.starts_with('/'))
                .zip(signed_for())
                .is_some_and(|(rest, named)| {
                    named.as_str().strip_prefix(signed.as_str()) == Some(rest)
                }),
        }
    }
}

/// Why rules are no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Such a policy would require nothing.
    #[error("a policy needs at least one trusted key")]
    NoKeys,
    /// More keys than make sense.
    #[error("a policy holds at most {MAX_KEYS} keys, found {0}")]
    TooManyKeys(usize),
    /// A key cannot be used.
    #[error("key {place} (counted from 0): {why}")]
    UnusableKey {
        /// Its place in the rules.
        place: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The threshold cannot be met, or is met by nothing.
    #[error(
        "the threshold must be from 1 to the number of distinct keys, {distinct}; it is {required}"
    )]
    ImpossibleThreshold {
        /// What the rules ask for.
        required: usize,
        /// How many distinct keys there are.
        distinct: usize,
    },
    /// More witnesses than are trusted.
    #[error("{required} witnesses are required, {trusted} are trusted")]
    ImpossibleWitnesses {
        /// What the rules ask for.
        required: u32,
        /// How many there are.
        trusted: usize,
    },
    /// A limit is 0 or above its ceiling.
    #[error("{name} must be from 1 to {ceiling}; it is {found}")]
    ImpossibleLimit {
        /// Which limit.
        name: &'static str,
        /// The most that it can be.
        ceiling: u64,
        /// What the rules say.
        found: u64,
    },
    /// An identity that no signature, or any, would satisfy.
    #[error("{0}")]
    InvalidIdentity(&'static str),
}

/// The place of the first key that equals the key at this place.
pub(super) fn first_place(keys: &[PublicKey], place: usize) -> usize {
    keys.iter()
        .position(|key| Some(key) == keys.get(place))
        .unwrap_or(place)
}

fn check_limits(limits: &Limits) -> Result<(), PolicyError> {
    let ceiling = Limits::CEILING;
    for (name, found, ceiling) in [
        (
            "max-signatures",
            limits.signatures as u64,
            ceiling.signatures as u64,
        ),
        (
            "max-payload-size",
            limits.payload_size,
            ceiling.payload_size,
        ),
        (
            "max-attestation-size",
            limits.attestation_size,
            ceiling.attestation_size,
        ),
        (
            "max-manifest-size",
            limits.manifest_size,
            ceiling.manifest_size,
        ),
    ] {
        if found == 0 || found > ceiling {
            return Err(PolicyError::ImpossibleLimit {
                name,
                ceiling,
                found,
            });
        }
    }
    Ok(())
}

fn check_identity(identity: &Identity) -> Result<(), PolicyError> {
    let invalid = |why| Err(PolicyError::InvalidIdentity(why));
    match identity {
        Identity::Exact(expected) if expected.is_empty() => {
            invalid("the identity that signatures must name is empty")
        }
        Identity::Remap { actual, signed } if actual.is_empty() || signed.is_empty() => {
            invalid("a prefix mapping needs both prefixes")
        }
        Identity::Remap { actual, signed } if actual.ends_with('/') || signed.ends_with('/') => {
            invalid("a prefix ends without a slash: it matches whole path components")
        }
        _ => Ok(()),
    }
}

const MAX_KEYS: usize = 64;

/// The least that registries must accept (OCI distribution specification), and the most that is
/// read.
pub(crate) const MAX_MANIFEST_SIZE: u64 = 4 * 1024 * 1024;
