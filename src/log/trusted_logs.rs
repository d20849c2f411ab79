use alloc::vec::Vec;

use super::LogId;
use super::error::TrustError;
use super::limits::{MAX_LOGS, MAX_WITNESSES};
use super::trusted_log::TrustedLog;
use super::trusted_root;
use super::witness::Witness;

/// The logs whose word counts, one at least, and the witnesses that are counted.
///
/// They come as an argument and never from a log: a log that hands out its own key can hand out
/// any (CVE-2023-47122).
#[derive(Clone, Debug)]
pub struct TrustedLogs {
    logs: Vec<TrustedLog>,
    witnesses: Vec<Witness>,
}

impl TrustedLogs {
    /// Trusts these logs. The same log twice counts once.
    ///
    /// # Errors
    /// [`TrustError::NoLogs`], [`TrustError::TooLarge`] above [`MAX_LOGS`],
    /// [`TrustError::Ambiguous`].
    pub fn new(given: Vec<TrustedLog>) -> Result<Self, TrustError> {
        if given.is_empty() {
            return Err(TrustError::NoLogs("none is given"));
        }
        within("trusted logs", MAX_LOGS, given.len())?;
        let mut logs = Vec::<TrustedLog>::with_capacity(given.len());
        for log in given {
            match logs.iter().find(|other| other.id() == log.id()) {
                None => logs.push(log),
                Some(other) if *other == log => {}
                Some(_) => return Err(TrustError::Ambiguous(log.id())),
            }
        }
        Ok(Self {
            logs,
            witnesses: Vec::new(),
        })
    }

    /// Trusts the logs (`tlogs`) of a sigstore `trusted_root.json` of version 0.1 or 0.2; nothing
    /// else in it is looked at. A log whose kind of key or hash is not known here is left out.
    ///
    /// # Errors
    /// [`TrustError::TooLarge`], [`TrustError::MalformedRoot`], [`TrustError::NoLogs`], and those
    /// of [`TrustedLogs::new`].
    pub fn from_trusted_root(json: &[u8]) -> Result<Self, TrustError> {
        Self::new(trusted_root::parse(json)?)
    }

    /// Trusts the logs of sigstore's public good as of 2026-08-21: `rekor.sigstore.dev` (Rekor v1)
    /// and `log2025-1.rekor.sigstore.dev` (Rekor v2).
    ///
    /// A log that was opened later is not among them. Hand in a `trusted_root.json` for that.
    ///
    /// # Errors
    /// None that can happen: the root is built in, and a test reads it.
    pub fn public_good() -> Result<Self, TrustError> {
        Self::from_trusted_root(PUBLIC_GOOD)
    }

    /// Counts the cosignatures of these witnesses.
    ///
    /// # Errors
    /// [`TrustError::TooLarge`] above [`MAX_WITNESSES`]; [`TrustError::UnusableWitness`] for a key
    /// that is given twice, which would count twice.
    pub fn with_witnesses(mut self, witnesses: Vec<Witness>) -> Result<Self, TrustError> {
        within("trusted witnesses", MAX_WITNESSES, witnesses.len())?;
        for (place, witness) in witnesses.iter().enumerate() {
            let same = |other: &Witness| other.key() == witness.key();
            if witnesses.iter().take(place).any(same) {
                return Err(TrustError::UnusableWitness("it is given twice".into()));
            }
        }
        self.witnesses = witnesses;
        Ok(self)
    }

    /// The logs.
    pub fn logs(&self) -> &[TrustedLog] {
        &self.logs
    }

    /// The witnesses.
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// The log of an entry. `name` is what its checkpoint says.
    pub(super) fn find(&self, id: LogId, name: Option<&str>) -> Option<&TrustedLog> {
        self.logs.iter().find(|log| log.has_id(id, name))
    }
}

fn within(part: &'static str, limit: usize, found: usize) -> Result<(), TrustError> {
    match found > limit {
        true => Err(TrustError::TooLarge { part, limit, found }),
        false => Ok(()),
    }
}

/// `tlogs` of sigstore/root-signing `targets/trusted_root.json` at commit 60cf2ce8b2e4
/// (2026-08-21), Apache-2.0.
const PUBLIC_GOOD: &[u8] = include_bytes!("public_good.json");
