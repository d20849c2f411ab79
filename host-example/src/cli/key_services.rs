use clap::Args;

use cosignet_host::key_service::KeyServices;

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

/// Whether an argument names a key of a key service: `hashivault://KEY`, or `NAME://KEY`.
pub fn is_service_key(argument: &str) -> bool {
    match argument.split_once("://") {
        _ if argument.starts_with("exec:") => false,
        Some((scheme, _)) => !matches!(scheme, "env" | "http" | "https"),
        None => false,
    }
}
