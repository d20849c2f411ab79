//! Servers inside the process, for the demo and for tests: a [`registry`], a transparency
//! [`log`](mod@log) and the transit engine of a [`vault`]. They misbehave when told to ([`fault`]).
//!
//! How a request flows: `serve` accepts it, `fault` may stand in its way, the server in question
//! answers it, `journal` remembers it.

pub mod fault;
pub mod log;
pub mod registry;
pub mod vault;

mod cors;
mod journal;
mod response;
mod serve;

pub use journal::RequestRecord;
