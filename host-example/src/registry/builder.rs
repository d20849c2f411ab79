//! How a client is set up.

use std::{ffi::OsString, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use zeroize::Zeroizing;

use super::{
    RegistryError,
    client::{OciRegistry, Shared},
    credentials::{Config, Credential, Keychain, default_files},
    endpoint::AllowHttp,
    helper::Helpers,
    login::CloudLogin,
    name::Host,
    provider::{self, CredentialProvider, Providers},
    source::Source,
};
use crate::http::{Settings, http_setters};

/// Settings of an [`OciRegistry`]; [`OciRegistryBuilder::default`] suits most.
#[derive(Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct OciRegistryBuilder {
    given: Vec<(String, Credential)>,
    given_for_all: Option<Credential>,
    providers: Vec<Arc<dyn CredentialProvider>>,
    clouds: Vec<CloudLogin>,
    young: Duration,
    configs: Vec<Zeroizing<Vec<u8>>>,
    files: Option<Vec<PathBuf>>,
    helper_path: Option<OsString>,
    trusted_realms: Vec<String>,
    allow_http: AllowHttp,
    request_timeout: Duration,
    operation_timeout: Duration,
    http: Settings,
}

impl Default for OciRegistryBuilder {
    fn default() -> Self {
        Self {
            given: Vec::new(),
            given_for_all: None,
            providers: Vec::new(),
            clouds: Vec::new(),
            young: provider::YOUNG,
            configs: Vec::new(),
            files: None,
            helper_path: None,
            trusted_realms: Vec::new(),
            allow_http: AllowHttp::Never,
            request_timeout: Duration::from_secs(120),
            operation_timeout: Duration::from_secs(300),
            http: Settings::default(),
        }
    }
}

impl OciRegistryBuilder {
    http_setters!();

    /// The credential for one registry, `HOST` or `HOST:PORT`, before any that is looked up.
    pub fn credential_for(mut self, host: impl Into<String>, credential: Credential) -> Self {
        self.given.push((host.into(), credential));
        self
    }

    /// The credential for every registry without one of its own, as cosign's
    /// `--registry-username`. Each registry that is talked to can read it: prefer
    /// [`Self::credential_for`].
    pub fn credential(mut self, credential: Credential) -> Self {
        self.given_for_all = Some(credential);
        self
    }

    /// Asks this for credentials, before files and helpers, and again when what it issued ends or
    /// is refused. Several are asked in turn.
    pub fn credential_provider(mut self, provider: impl CredentialProvider + 'static) -> Self {
        self.providers.push(Arc::new(provider));
        self
    }

    /// Asks the cloud that a source is in for credentials, with what this process's environment
    /// has for it; `docs/registries.md` says what. Each cloud is a feature of this crate; where it is
    /// off, a registry's refusal says so.
    pub fn cloud_of(mut self, source: &Source) -> Self {
        self.clouds
            .extend(CloudLogin::of_environment(source.kind()));
        self
    }

    /// Asks a cloud for credentials as this one, and only for what it leaves out with what the process's
    /// environment has. Where the cloud's feature is off, nothing is built.
    pub fn cloud_login(mut self, login: CloudLogin) -> Self {
        self.clouds.push(login);
        self
    }

    /// Renews what a provider has issued a moment ago too.
    #[cfg(test)]
    pub(super) fn renewing_at_once(self) -> Self {
        Self {
            young: Duration::ZERO,
            ..self
        }
    }

    /// The text of a file of Docker's `config.json`, to look credentials up in before any file.
    pub fn credential_config(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.configs.push(Zeroizing::new(text.into()));
        self
    }

    /// The files to look credentials up in, instead of Docker's and podman's usual ones; none
    /// turns the look-up off. Each is of the form of Docker's `config.json`.
    pub fn credential_files(mut self, files: impl IntoIterator<Item = PathBuf>) -> Self {
        self.files = Some(files.into_iter().collect());
        self
    }

    /// Where to find `docker-credential-*` programs, instead of `PATH`.
    pub fn helper_path(mut self, path: impl Into<OsString>) -> Self {
        self.helper_path = Some(path.into());
        self
    }

    /// A token service's host that may have the credentials of any registry that names it.
    pub fn trusted_realm(mut self, host: impl Into<String>) -> Self {
        self.trusted_realms.push(host.into());
        self
    }

    /// Believes any certificate: whoever is on the way can read the credentials.
    pub fn insecure_tls(mut self, insecure: bool) -> Self {
        self.http.insecure_tls = insecure;
        self
    }

    /// Registries that may be spoken to without TLS, beside loopback ones.
    pub fn allow_http(mut self, allow: AllowHttp) -> Self {
        self.allow_http = allow;
        self
    }

    /// Connects to this address for a host instead of looking it up, as curl's `--resolve`.
    /// Port 0 stands for the URL's port.
    pub fn resolve_to(mut self, host: impl Into<String>, address: SocketAddr) -> Self {
        self.http.addresses.push((host.into(), address));
        self
    }

    /// For one HTTP request, to the last byte of its answer. 2 min at first.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// For one call of [`super::Registry`] or [`super::RegistryPush`] with all its retries and
    /// pauses. 5 min at first.
    pub fn operation_timeout(mut self, timeout: Duration) -> Self {
        self.operation_timeout = timeout;
        self
    }

    /// The client. Nothing is read or connected yet.
    ///
    /// # Errors
    /// [`RegistryError::Invalid`] when a host, a certificate authority or a configuration is malformed;
    /// [`RegistryError::Unsupported`] for a login of a cloud whose feature is off.
    pub fn build(self) -> Result<OciRegistry, RegistryError> {
        let retry = self.http.retry;
        let transport = self.http.transport();
        let transport = transport.map_err(|error| RegistryError::Invalid(error.to_string()))?;
        let clouds = self.clouds.into_iter();
        let clouds = clouds.map(|login| provider::of_cloud(login, &transport, retry));
        let providers = self.providers.into_iter().map(Ok).chain(clouds);
        let providers = providers.collect::<Result<_, _>>()?;
        let given = self.configs.iter().map(|text| Config::parse(text));
        let given = given.collect::<Result<Vec<_>, _>>();
        let given_configs = given.map_err(|why| {
            RegistryError::Invalid(format!("configuration of credentials: {why}"))
        })?;
        let mut keychain = Keychain {
            given_configs,
            providers: Providers::new(providers, self.young),
            given_for_all: self.given_for_all,
            files: self.files.unwrap_or_else(default_files),
            helpers: Helpers {
                search_path: self.helper_path,
            },
            ..Keychain::default()
        };
        for (text, credential) in self.given {
            let host = Host::parse(&text).ok_or_else(|| {
                RegistryError::Invalid(format!(
                    "registry of a credential {text:?}: expected HOST or HOST:PORT"
                ))
            })?;
            keychain.given.insert(host, credential);
        }
        Ok(OciRegistry::new(Shared {
            transport,
            keychain,
            trusted_realms: self.trusted_realms,
            allow_http: self.allow_http,
            request_timeout: self.request_timeout,
            operation_timeout: self.operation_timeout,
            retry,
            endpoints: Default::default(),
        }))
    }
}

impl std::fmt::Debug for OciRegistryBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OciRegistryBuilder")
            .field("allow_http", &self.allow_http)
            .field("insecure_tls", &self.http.insecure_tls)
            .finish_non_exhaustive()
    }
}
