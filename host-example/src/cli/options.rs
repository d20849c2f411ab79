use std::time::Duration;

use clap::Args;

use cosignet_host::registry::{AllowHttp, Credential};
use cosignet_host::{HostError, OciRegistry, Program, World};

use super::failure::Failure;
use super::source::SourceOptions;
use super::{files, lent};

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

    /// Does something, for as long as a command may take.
    pub async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let Some(limit) = self.timeout() else {
            return work.await;
        };
        let done = tokio::time::timeout(limit, work).await;
        done.unwrap_or_else(|_| {
            let limit = humantime::format_duration(limit);
            Err(Failure::other(format!("not finished after {limit}")))
        })
    }

    /// The file of `--component`, for a command that is run by this one.
    pub fn component(&self) -> Option<&str> {
        self.component.as_deref()
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
    #[command(flatten)]
    source: SourceOptions,
}

impl RegistryOptions {
    /// Images as they were named, in full.
    pub fn references(&self, images: &[String]) -> Result<Vec<String>, Failure> {
        self.source.references(images)
    }

    /// An image as it was named, in full.
    pub fn reference(&self, image: &str) -> Result<String, Failure> {
        self.source.reference(image)
    }

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
        let access = lent::access();
        if let Some(credential) = access.credential {
            builder = builder.credential(credential);
        }
        if let Some(config) = access.config {
            builder = builder.credential_config(config.bytes());
        }
        if let Some(file) = &self.registry_cacert {
            builder = builder.extra_ca(files::read(file)?);
        }
        builder = match (access.login, self.source.source()?) {
            (Some(login), _) => builder.cloud_login(login),
            (None, Some(source)) => builder.cloud_of(&source),
            (None, None) => builder,
        };
        for host in &self.registry_trusted_realm {
            builder = builder.trusted_realm(host.clone());
        }
        builder
            .build()
            .map_err(|error| Failure::other(error.to_string()))
    }
}

/// cosign's switch for a service that this build never contacts: taken, so that a script for cosign
/// runs, and refused where it would ask for something that is not done.
#[derive(Args)]
pub struct SigningConfigSwitch {
    /// Only `false`: this build asks no signing configuration.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    use_signing_config: Option<bool>,
}

impl SigningConfigSwitch {
    /// Refuses what would not be done.
    pub fn check(&self) -> Result<(), Failure> {
        match self.use_signing_config {
            Some(true) => Err(Failure::other(
                "--use-signing-config asks for something that this version does not do; say \
                 --use-signing-config=false",
            )),
            _ => Ok(()),
        }
    }
}

/// The repository that `COSIGN_REPOSITORY` moves signatures to.
pub fn signature_repository() -> Option<String> {
    std::env::var("COSIGN_REPOSITORY")
        .ok()
        .filter(|name| !name.is_empty())
}
