//! The client against small servers in the same process, against the embedded log, and lent to a
//! component. Each attack is first shown to work where it is no attack.

mod embedded;
mod failures;
mod lending;
mod reading;
mod retries;
mod submitting;

use std::time::Duration;

use super::{Rekor, RekorBuilder};
use crate::http::test_server as server;

/// A builder for a server, that retries without much ado.
fn builder(server: &server::Server) -> RekorBuilder {
    Rekor::builder(format!("http://{}", server.host()))
        .retry_pause(Duration::from_millis(1))
        .timeout(Duration::from_secs(10))
}

fn log_at(server: &server::Server) -> Rekor {
    builder(server).build().unwrap()
}

fn uuid() -> String {
    "0a".repeat(40)
}
