//! What is known of an artifact now.

use super::{Action, Outcome, Recorded, SignatureFacts, Store, StoreError, Which};

/// An artifact, its signatures, and whether they were verified.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Signatures that are kept: those of the artifact itself before attestations of it, the newest first.
    pub signatures: Vec<CurrentSignature>,
    /// What the last verification found of the first of them.
    pub verification: Verification,
    /// The last event of the artifact, if there is one.
    pub last: Option<Recorded>,
}

/// A signature that is kept, and the event in which it was made.
#[derive(Clone, Debug)]
pub struct CurrentSignature {
    /// The signature.
    pub facts: SignatureFacts,
    /// When and where it was made.
    pub made: Recorded,
}

/// Whether the newest signature was verified.
#[derive(Clone, Debug)]
pub struct Verification {
    /// Whether.
    pub status: Status,
    /// Why not.
    pub reason: Option<String>,
    /// The last verification, also where something was signed after it.
    pub last: Option<Recorded>,
}

/// Whether the newest signature was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The last verification passed, and nothing was signed since.
    Passed,
    /// The last verification failed, and nothing was signed since.
    Failed,
    /// Nobody has verified what was signed last.
    NotVerified,
}

impl Status {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Passed => "Passed",
            Self::Failed => "Failed",
            Self::NotVerified => "Not verified",
        }
    }
}

impl Store {
    /// What is known of an artifact.
    pub fn overview(&self, which: &Which<'_>) -> Result<Overview, StoreError> {
        // All of it as it is at one time.
        let _reading = self.begin_to_read()?;
        let mut history = self.history(which)?;
        let mut signatures = self.current_signatures(which.digest)?;
        signatures.sort_by_key(|signature| {
            let made = &signature.made;
            (
                made.event.action != Action::Signing,
                std::cmp::Reverse(made.number),
            )
        });
        let action = signatures
            .first()
            .map_or(Action::Signing, |first| first.made.event.action);
        Ok(Overview {
            signatures,
            verification: verification(&history, action),
            last: history.pop(),
        })
    }

    fn current_signatures(&self, digest: &str) -> Result<Vec<CurrentSignature>, StoreError> {
        let read = || -> rusqlite::Result<Vec<(u64, usize)>> {
            let mut query = self.connection.prepare(
                "SELECT event, place FROM signatures WHERE digest = ?1 \
                 ORDER BY event DESC, place LIMIT ?2",
            )?;
            let rows = query.query_map((digest, MOST_SIGNATURES + 1), |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
            rows.collect()
        };
        let places = read().map_err(|error| self.failed("read", error))?;
        if places.len() as u64 > MOST_SIGNATURES {
            let what = format!("more signatures of {digest}");
            return Err(self.too_much(what, MOST_SIGNATURES));
        }
        let signatures = places.into_iter().map(|(number, place)| {
            let made = self.event(number)?;
            let facts = made.event.signatures.get(place).cloned();
            let facts = facts.ok_or_else(|| {
                self.malformed(digest, format!("event {number} made no such signature"))
            })?;
            Ok(CurrentSignature { facts, made })
        });
        signatures.collect()
    }
}

/// What the last verification says of what was made last by this action.
fn verification(history: &[Recorded], action: Action) -> Verification {
    let last_of = |action: Action| {
        let mut latest = history.iter().rev();
        latest.find(|recorded| recorded.event.action == action)
    };
    let made = history.iter().rev().find(|recorded| {
        recorded.event.action == action && recorded.event.outcome == Outcome::Passed
    });
    let Some(last) = last_of(action.verified_by()) else {
        return Verification {
            status: Status::NotVerified,
            reason: None,
            last: None,
        };
    };
    let is_older = made.is_some_and(|made| made.number > last.number);
    let (status, reason) = match (is_older, last.event.outcome) {
        (true, outcome) => {
            let outcome = outcome.name();
            let words = format!("signed again since the last verification, which {outcome}");
            (Status::NotVerified, Some(words))
        }
        (false, Outcome::Passed) => (Status::Passed, None),
        (false, Outcome::Failed) => (Status::Failed, last.event.reason.clone()),
    };
    Verification {
        status,
        reason,
        last: Some(last.clone()),
    }
}

/// Signatures of one artifact that are shown.
const MOST_SIGNATURES: u64 = 1000;
