//! `--store` as users run it: what is recorded, what is verified from it, and what happens to it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod custody;
mod many;
mod recording;
mod site;
mod verifying;
