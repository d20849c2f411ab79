use clap::Args;

use cosignet_host::KeyService as _;
use cosignet_host::key_service::KeyServices;

use super::failure::Failure;
use super::lent;
use super::secrets::{self, StandardInput};

/// How key services are reached.
#[derive(Args)]
pub struct KeyServiceOptions {
    /// Allow plain HTTP to Vault; loopback addresses need no permission.
    #[arg(long)]
    allow_http_kms: bool,
}

impl KeyServiceOptions {
    /// All of them, as the environment says.
    pub fn services(&self) -> KeyServices {
        KeyServices::from_environment(self.allow_http_kms)
    }
}

/// A public key: of a service, or as it is.
pub async fn public_key(
    services: &KeyServices,
    argument: &str,
    standard_input: &mut StandardInput,
) -> Result<Vec<u8>, Failure> {
    match is_service_key(argument) {
        true => Ok(services.public_key(argument).await?.into_bytes()),
        false => {
            standard_input.take_for(argument, "a key")?;
            Ok(secrets::key(argument).await?.to_vec())
        }
    }
}

/// Whether an argument names a key of a key service: `hashivault://KEY`, or `NAME://KEY`.
pub fn is_service_key(argument: &str) -> bool {
    match argument.split_once("://") {
        _ if argument.starts_with("exec:") => false,
        Some((scheme, _)) => !matches!(scheme, "env" | "http" | "https" | lent::SCHEME),
        None => false,
    }
}
