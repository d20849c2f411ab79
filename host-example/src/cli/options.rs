use std::time::Duration;

use clap::Args;

use cosignet_host::api::policy::{LogRequirement, LogTrust};
use cosignet_host::registry::{AllowHttp, Credential};
use cosignet_host::{HostError, OciRegistry, Program, World};

use super::failure::Failure;
use super::files;

/// What every command takes.
#[derive(Args)]
pub struct Common {
    /// Run this build of the component instead of the built-in one.
    #[arg(long, global = true, value_name = "FILE")]
    component: Option<String>,
    /// Give up after this long; 0s for never.
    #[arg(short, long, global = true, default_value = "3m", value_parser = humantime::parse_duration)]
    timeout: Duration,
}

impl Common {
    /// How long a command may take.
    pub fn timeout(&self) -> Option<Duration> {
        Some(self.timeout).filter(|limit| !limit.is_zero())
    }

    /// The component to run.
    pub fn program(&self, world: World) -> Result<Program, Failure> {
        let program = match &self.component {
            None => Program::built_in(world),
            Some(file) => {
                let wasm = std::fs::read(file)
                    .map_err(|error| Failure::other(format!("open {file}: {error}")))?;
                Program::from_wasm(&wasm)
            }
        };
        program.map_err(|error: HostError| error.into())
    }
}

/// How registries are reached.
#[derive(Args, Default)]
pub struct RegistryOptions {
    /// Allow plain HTTP; loopback addresses need no permission.
    #[arg(long)]
    allow_http_registry: bool,
    /// Do not verify the certificates of registries.
    #[arg(long)]
    allow_insecure_registry: bool,
    /// User name for the registry; otherwise docker's and podman's configuration are asked.
    #[arg(long, value_name = "NAME", requires = "registry_password")]
    registry_username: Option<String>,
    /// Password for the registry.
    #[arg(long, value_name = "SECRET", requires = "registry_username")]
    registry_password: Option<String>,
    /// Bearer token for the registry.
    #[arg(long, value_name = "TOKEN", conflicts_with = "registry_username")]
    registry_token: Option<String>,
    /// Certificates of further authorities to trust, PEM.
    #[arg(long, value_name = "FILE")]
    registry_cacert: Option<String>,
    /// Send credentials to token services on this host too.
    #[arg(long, value_name = "HOST")]
    registry_trusted_realm: Vec<String>,
}

impl RegistryOptions {
    /// The client.
    pub fn client(&self) -> Result<OciRegistry, Failure> {
        let mut builder = OciRegistry::builder().insecure_tls(self.allow_insecure_registry);
        if self.allow_http_registry {
            builder = builder.allow_http(AllowHttp::All);
        }
        if let (Some(name), Some(password)) = (&self.registry_username, &self.registry_password) {
            builder = builder.credential(Credential::basic(name.clone(), password.clone()));
        }
        if let Some(token) = &self.registry_token {
            builder = builder.credential(Credential::bearer(token.clone()));
        }
        if let Some(file) = &self.registry_cacert {
            builder = builder.extra_ca(files::read(file)?);
        }
        for host in &self.registry_trusted_realm {
            builder = builder.trusted_realm(host.clone());
        }
        builder
            .build()
            .map_err(|error| Failure::other(error.to_string()))
    }
}

/// Which transparency logs are trusted. None of them is ever asked.
#[derive(Args)]
pub struct LogOptions {
    /// A trusted log's public key, PEM; SIGSTORE_REKOR_PUBLIC_KEY names one too. Signatures count
    /// only if a trusted log vouches for them.
    #[arg(long, value_name = "FILE")]
    rekor_key: Vec<String>,
    /// A sigstore trusted_root.json: its logs are trusted.
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<String>,
    /// Trust the logs of sigstore's public good, as they were in August 2026.
    #[arg(long)]
    rekor_public_good: bool,
    /// Count the cosignatures of this witness: a verifier key, C2SP signed-note.
    #[arg(long, value_name = "VKEY")]
    rekor_witness: Vec<String>,
    /// How many of the witnesses must have cosigned.
    #[arg(long, value_name = "N", default_value_t = 0)]
    rekor_witnesses: u32,
}

impl LogOptions {
    /// A log is required if one is trusted.
    pub fn requirement(&self) -> Result<LogRequirement, Failure> {
        let named = std::env::var("SIGSTORE_REKOR_PUBLIC_KEY").ok();
        let named = named.filter(|file| !file.is_empty());
        let keys: Vec<Vec<u8>> = self
            .rekor_key
            .iter()
            .chain(&named)
            .map(|file| files::read(file))
            .collect::<Result<_, _>>()?;
        let trusted_root = self.trusted_root.as_deref().map(files::read).transpose()?;
        if keys.is_empty() && trusted_root.is_none() && !self.rekor_public_good {
            return match self.rekor_witness.is_empty() && self.rekor_witnesses == 0 {
                true => Ok(LogRequirement::Ignore),
                false => Err(Failure::other(
                    "witnesses were given and no log: say --rekor-key, --trusted-root or \
                     --rekor-public-good",
                )),
            };
        }
        Ok(LogRequirement::Require(LogTrust {
            keys,
            trusted_root,
            public_good: self.rekor_public_good,
            witnesses: self.rekor_witness.clone(),
            required_witnesses: self.rekor_witnesses,
        }))
    }
}

/// cosign's switches for services that this build never contacts: taken, so that a script for
/// cosign runs, and refused where they would ask for something that is not done.
#[derive(Args)]
pub struct OfflineSwitches {
    /// Only `false`: this build writes to no transparency log.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    tlog_upload: Option<bool>,
    /// Only `false`: this build asks no signing configuration.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    use_signing_config: Option<bool>,
    /// Only `false`: this build writes the `.sig` format.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    new_bundle_format: Option<bool>,
}

impl OfflineSwitches {
    /// Refuses what would not be done.
    pub fn check(&self) -> Result<(), Failure> {
        for (flag, value) in [
            ("tlog-upload", self.tlog_upload),
            ("use-signing-config", self.use_signing_config),
            ("new-bundle-format", self.new_bundle_format),
        ] {
            if value == Some(true) {
                return Err(Failure::other(format!(
                    "--{flag} asks for something that this version does not do; \
                     say --{flag}=false"
                )));
            }
        }
        Ok(())
    }
}

/// The repository that `COSIGN_REPOSITORY` moves signatures to.
pub fn signature_repository() -> Option<String> {
    std::env::var("COSIGN_REPOSITORY")
        .ok()
        .filter(|name| !name.is_empty())
}
