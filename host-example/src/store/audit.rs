//! Looking at the whole chain.

use std::collections::BTreeMap;

use super::chain::Hash;
use super::history::RawEvent;
use super::schema::PARTS;
use super::{Outcome, Recorded, Store, StoreError, StoredSignature};

/// What a look at the whole chain found.
#[derive(Clone, Debug)]
pub struct Audit {
    /// How many events there are.
    pub count: u64,
    /// The hash of the last one. Who keeps it elsewhere can tell later that nothing before it is gone or
    /// different.
    pub head: Option<Hash>,
    /// Where in the chain the hash is that was asked for, if it is there.
    pub asked: Option<u64>,
    /// What is wrong; the first hundred.
    pub findings: Vec<Finding>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The file is damaged.
    Damaged(String),
    /// An event is not what was written.
    Altered {
        /// Which.
        number: u64,
        /// What is wrong with it.
        why: String,
    },
    /// Events are gone between two that are there, or before the first.
    Missing {
        /// The first that is gone.
        first: u64,
        /// The one that is there after them.
        before: u64,
    },
    /// An event holds another hash than that of the event before it.
    Unchained {
        /// Which.
        number: u64,
    },
    /// The signature that an event made, and that nothing has replaced, is gone.
    SignatureGone {
        /// Which event.
        number: u64,
    },
    /// The signature that is kept is not the one that the last event made of it.
    SignatureAltered {
        /// The event that it is said to be of.
        number: u64,
    },
    /// A trigger that keeps events as they are is not there.
    Unguarded(&'static str),
}

impl std::fmt::Display for Finding {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Damaged(why) => write!(formatter, "the file is damaged: {why}"),
            Self::Altered { number, why } => write!(formatter, "event {number} was altered: {why}"),
            Self::Missing { first, before } if first + 1 == *before => {
                write!(formatter, "event {first} is missing")
            }
            Self::Missing { first, before } => {
                write!(formatter, "events {first} to {} are missing", before - 1)
            }
            Self::Unchained { number } => write!(
                formatter,
                "event {number} does not follow the event before it: one of them was put there later"
            ),
            Self::SignatureGone { number } => {
                write!(formatter, "the signature that event {number} made is gone")
            }
            Self::SignatureAltered { number } => write!(
                formatter,
                "a signature that is kept is not what event {number} made"
            ),
            Self::Unguarded(name) => write!(
                formatter,
                "the trigger {name}, which keeps events as they are, was removed"
            ),
        }
    }
}

/// What tells kept signatures apart: the primary key of their table.
type Identity = (String, String, String, String, String);

/// What should be kept: by which event, at which place, and its hash.
type Expected = BTreeMap<Identity, (u64, u64, Hash)>;

impl Store {
    /// Looks at every event and at every signature, and for an event with a hash.
    pub fn audit(&self, asked: Option<Hash>) -> Result<Audit, StoreError> {
        let _reading = self.begin_to_read()?;
        let mut audit = Audit {
            count: 0,
            head: None,
            asked: None,
            findings: Vec::new(),
        };
        let parts = self.parts()?;
        for part in &PARTS {
            if !parts.iter().any(|(name, _)| name == part.name) {
                audit.find(Finding::Unguarded(part.name));
            }
        }
        let look = |audit: &mut Audit| {
            self.check_pages(audit)?;
            let expected = self.follow(audit, asked)?;
            self.compare(audit, expected)
        };
        look(&mut audit).map_err(|error| self.failed("read", error))?;
        Ok(audit)
    }

    fn check_pages(&self, audit: &mut Audit) -> rusqlite::Result<()> {
        let mut query = self.connection.prepare("PRAGMA quick_check(10)")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let word: String = row.get(0)?;
            if word != "ok" {
                audit.find(Finding::Damaged(word));
            }
        }
        Ok(())
    }

    /// Follows the chain. Returns the signatures that there should be.
    fn follow(&self, audit: &mut Audit, asked: Option<Hash>) -> rusqlite::Result<Expected> {
        let mut expected = Expected::new();
        let (mut last, mut previous) = (0, Hash::NONE);
        let mut query = self
            .connection
            .prepare("SELECT number, previous, hash, body FROM events ORDER BY number")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let event = match RawEvent::read(row) {
                Ok(event) => event,
                Err(error) => {
                    let (number, why) = (row.get(0)?, error.to_string());
                    audit.find(Finding::Altered { number, why });
                    audit.count += 1;
                    last = number;
                    continue;
                }
            };
            let (number, hash) = (event.number, event.hash);
            if number != last + 1 {
                audit.find(Finding::Missing {
                    first: last + 1,
                    before: number,
                });
            } else if event.previous != previous {
                audit.find(Finding::Unchained { number });
            }
            match event.check() {
                Ok(recorded) => expect(&mut expected, &recorded),
                Err(why) => audit.find(Finding::Altered { number, why }),
            }
            if asked == Some(hash) {
                audit.asked = Some(number);
            }
            audit.count += 1;
            audit.head = Some(hash);
            (last, previous) = (number, hash);
        }
        Ok(expected)
    }

    /// Compares the signatures with what there should be.
    fn compare(&self, audit: &mut Audit, mut expected: Expected) -> rusqlite::Result<()> {
        let mut query = self.connection.prepare(
            "SELECT digest, name, key, format, claim, event, place, payload, signature, bundle, \
             log_entry FROM signatures",
        )?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let identity = (
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
            );
            let (number, place): (u64, u64) = (row.get(5)?, row.get(6)?);
            let kept = StoredSignature::read(row, 7)?.digest();
            if expected.remove(&identity) != Some((number, place, kept)) {
                audit.find(Finding::SignatureAltered { number });
            }
        }
        for (number, _, _) in expected.into_values() {
            audit.find(Finding::SignatureGone { number });
        }
        Ok(())
    }
}

/// An event replaces what earlier ones left of the same signatures.
fn expect(expected: &mut Expected, recorded: &Recorded) {
    let event = &recorded.event;
    if event.outcome != Outcome::Passed {
        return;
    }
    for (place, facts) in event.signatures.iter().enumerate() {
        let Some(kept) = facts.kept else { continue };
        let identity = (
            event.artifact.digest.clone().unwrap_or_default(),
            event.artifact.name.clone(),
            facts.key_fingerprint.clone(),
            facts.format.name().into(),
            facts.claim.clone().unwrap_or_default(),
        );
        expected.insert(identity, (recorded.number, place as u64, kept));
    }
}

impl Audit {
    fn find(&mut self, finding: Finding) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding);
        }
    }
}

const MOST_FINDINGS: usize = 100;
