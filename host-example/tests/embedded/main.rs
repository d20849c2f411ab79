//! The embedded servers over HTTP, as a client meets them.

mod client;
mod log;
mod registry;
