//! Files of any kind: signed, and verified by what is kept with them. A file is read once, in pieces.

mod attest;
mod bundle;
mod input;
mod options;
mod report;
mod sign;
mod verify;

pub use attest::AttestBlob;
pub use bundle::VerifyBundle;
pub use input::Input;
pub use sign::SignBlob;
pub use verify::{VerifyBlob, VerifyBlobAttestation};

use std::time::Duration;

use cosignet_host::{HostError, Imports, Limits, Session, World};

use super::failure::Failure;
use super::options::Common;

/// A session that may hash for as long as the command may take.
async fn session(common: &Common, world: World, imports: Imports) -> Result<Session, Failure> {
    let limits = Limits {
        computing: common.timeout().unwrap_or(FOREVER),
        ..Limits::default()
    };
    let session = Session::start_within(&common.program(world)?, imports, limits).await;
    session.map_err(|error: HostError| error.into())
}

const FOREVER: Duration = Duration::from_secs(u32::MAX as u64);
