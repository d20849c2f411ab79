//! Servers inside the process, for the demo and for tests: a [`registry`] and a transparency
//! [`log`](mod@log). They misbehave when told to ([`fault`]).
//!
//! How a request flows: `serve` accepts it, `fault` may stand in its way, the server in question
//! answers it, `journal` remembers it.

pub mod fault;
pub mod log;
pub mod registry;

mod cors;
mod journal;
mod response;
mod serve;

pub use journal::RequestRecord;
