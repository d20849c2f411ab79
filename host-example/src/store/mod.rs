//! What was signed and verified, and by whom, in one file: an SQLite database.
//!
//! Two things are kept. *Events*, one for every signing and every verification, are only ever
//! appended, and each holds the hash of the one before: [`chain`] says how, and what such a chain can
//! show and what it cannot. *Signatures* are the newest ones, with all that verifying takes: signing
//! again overwrites, and an event stays of what was there before.
//!
//! ```text
//!  entry ── event, artifact, run ──►  Store::record   one transaction: an event, its signatures
//!                                     Store::overview newest signature, last verification
//!                                     Store::history  every event of an artifact
//!                                     Store::audit    the whole chain
//!                                     StoredRegistry  signatures, lent to the component as a registry
//! ```
//!
//! A store proves nothing. Whoever can write the file can write anything into it, so signatures in it
//! are verified by the component as those of a registry are, with trust that comes from elsewhere.

mod artifact;
mod audit;
pub mod chain;
mod connection;
mod error;
mod event;
mod history;
mod kept;
mod overview;
mod record;
mod registry;
mod run;
mod schema;
mod signature;

#[cfg(test)]
mod tests;

pub use artifact::{Artifact, Kind};
pub use audit::{Audit, Finding};
pub use chain::Hash;
pub use connection::Store;
pub use error::StoreError;
pub use event::{Action, Event, LogFacts, Outcome, Recorded, SignatureFacts, Source};
pub use history::Which;
pub use kept::Kept;
pub use overview::{CurrentSignature, Overview, Status, Verification};
pub use record::Entry;
pub use registry::StoredRegistry;
pub use run::Run;
pub use signature::{Format, StoredSignature};
