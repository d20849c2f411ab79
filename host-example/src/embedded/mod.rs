//! Servers inside the process, for the demo and for tests.

pub mod registry;
