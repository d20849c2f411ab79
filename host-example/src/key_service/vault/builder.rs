//! How a client is set up, and what the environment says of it.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::HeaderValue;
use zeroize::Zeroizing;

use super::client::{Shared, Vault};
use super::login::{AppRole, Auth};
use crate::http::{BaseUrl, InvalidBaseUrl, Reach, Settings, http_setters, origin, quoted, reach};

/// Settings of a [`Vault`]; those it begins with suit most.
#[derive(Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct VaultBuilder {
    address: String,
    auth: Auth,
    namespace: Option<String>,
    mount: String,
    key_version: Option<u64>,
    allow_http: bool,
    timeout: Duration,
    http: Settings,
}

/// Why there is no client by these settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultBuildError {
    /// Nothing says where Vault is.
    #[error("where Vault is, is not said: set VAULT_ADDR, or VAULT_AGENT_ADDR for an agent")]
    NoAddress,
    /// Nothing says who asks.
    #[error(
        "who asks Vault is not said: set VAULT_TOKEN, or VAULT_ROLE_ID and VAULT_SECRET_ID, or \
         VAULT_AGENT_ADDR for an agent; there is no token in ~/.vault-token either"
    )]
    NoCredentials,
    /// The address is no URL of a server.
    #[error("address of Vault {found}: {problem}; write http[s]://HOST[:PORT][/PATH]")]
    Address {
        /// What was given, quoted, without what may be secret.
        found: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The token would be readable on the way.
    #[error(
        "{0} is plain HTTP to another machine, which shows the token to all between: use https"
    )]
    PlainHttp(String),
    /// A setting that cannot be.
    #[error("{name}: expected {expected}, found {found}")]
    Setting {
        /// The variable, or what it is about.
        name: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it is, unless that may be secret.
        found: String,
    },
    /// A file that the environment names cannot be read.
    #[error("{name}: {path}: {error}")]
    File {
        /// The variable.
        name: &'static str,
        /// The path.
        path: String,
        /// What the system says.
        error: io::Error,
    },
    /// A certificate authority is malformed.
    #[error("{0}")]
    ExtraCa(String),
}

impl VaultBuilder {
    http_setters!();

    /// For the Vault, or the agent, at this address: `http[s]://HOST[:PORT][/PATH]`. No token is
    /// sent unless one is set, as an agent with a token of its own wants it.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            auth: Auth::Agent,
            namespace: None,
            mount: "transit".to_owned(),
            key_version: None,
            allow_http: false,
            timeout: Duration::from_secs(30),
            http: Settings::default(),
        }
    }

    /// As Vault's own programs and cosign read the environment: `VAULT_ADDR`, `VAULT_AGENT_ADDR`
    /// before it, `VAULT_NAMESPACE`, `VAULT_CACERT`, `VAULT_MAX_RETRIES`; `TRANSIT_SECRET_ENGINE_PATH`; and
    /// `VAULT_KEY_PREFIX`, `vault:vN:`, for the version of the key.
    ///
    /// Who asks: `VAULT_TOKEN`; or the AppRole `VAULT_ROLE_ID` with `VAULT_SECRET_ID`; or the agent;
    /// or the token in `~/.vault-token`; the first of them that is there.
    ///
    /// # Errors
    /// [`VaultBuildError`] when something is missing or cannot be.
    pub fn from_environment() -> Result<Self, VaultBuildError> {
        Self::from_variables(|name| env::var_os(name))
    }

    pub(super) fn from_variables(
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, VaultBuildError> {
        let text = |name: &'static str| match variable(name).map(OsString::into_string) {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
            Some(Err(_)) => Err(VaultBuildError::Setting {
                name,
                expected: "text in UTF-8",
                found: "other bytes".to_owned(),
            }),
        };
        let agent = text("VAULT_AGENT_ADDR")?;
        let is_agent = agent.is_some();
        let address = match agent {
            Some(address) => Some(address),
            None => text("VAULT_ADDR")?,
        };
        let mut builder = Self::new(address.ok_or(VaultBuildError::NoAddress)?);
        builder = match (text("VAULT_TOKEN")?, text("VAULT_ROLE_ID")?) {
            (Some(token), _) => builder.token(token),
            (None, Some(role_id)) => {
                let secret_id = text("VAULT_SECRET_ID")?.map(Zeroizing::new);
                builder.app_role(role_id, secret_id)
            }
            (None, None) if is_agent => builder,
            (None, None) => {
                let home = variable("HOME").map(PathBuf::from);
                let token = token_file(home.ok_or(VaultBuildError::NoCredentials)?)?;
                builder.token(token)
            }
        };
        builder.namespace = text("VAULT_NAMESPACE")?;
        if let Some(mount) = text("TRANSIT_SECRET_ENGINE_PATH")? {
            builder = builder.mount(mount);
        }
        if let Some(prefix) = text("VAULT_KEY_PREFIX")? {
            builder.key_version = Some(version_of_prefix(&prefix)?);
        }
        if let Some(retries) = text("VAULT_MAX_RETRIES")? {
            let number = retries.parse().map_err(|_| VaultBuildError::Setting {
                name: "VAULT_MAX_RETRIES",
                expected: "a number",
                found: quoted(&retries),
            });
            builder = builder.retries(number?);
        }
        if let Some(path) = text("VAULT_CACERT")? {
            let read = fs::read(&path);
            builder = builder.extra_ca(read.map_err(|error| VaultBuildError::File {
                name: "VAULT_CACERT",
                path,
                error,
            })?);
        }
        Ok(builder)
    }

    /// Asks with this token.
    pub fn token(mut self, token: impl Into<Zeroizing<String>>) -> Self {
        self.auth = Auth::Token(token.into());
        self
    }

    /// Logs in at `auth/approle`, when it is first needed, and again when the token has had its time.
    pub fn app_role(
        mut self,
        role_id: impl Into<String>,
        secret_id: Option<Zeroizing<String>>,
    ) -> Self {
        self.auth = Auth::AppRole(AppRole {
            role_id: role_id.into(),
            secret_id,
        });
        self
    }

    /// The namespace that all paths are in.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Where the transit engine is mounted; `transit` at first.
    pub fn mount(mut self, path: impl Into<String>) -> Self {
        self.mount = path.into();
        self
    }

    /// The version of keys to use, instead of the latest.
    pub fn key_version(mut self, version: u64) -> Self {
        self.key_version = Some(version);
        self
    }

    /// Allows plain HTTP to other machines; this machine needs no permission.
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }

    /// For one request with all its retries and pauses. 30 s at first.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The client. Nothing is connected yet.
    ///
    /// # Errors
    /// [`VaultBuildError`] when a setting cannot be used.
    pub fn build(self) -> Result<Vault, VaultBuildError> {
        let base = BaseUrl::parse(&self.address)?;
        let url = base.url();
        let is_here = reach(url.host_str().unwrap_or_default()) == Reach::Loopback;
        if url.scheme() == "http" && !is_here && !self.allow_http {
            return Err(VaultBuildError::PlainHttp(origin(url)));
        }
        let retry = self.http.retry;
        let transport = self.http.transport();
        let transport = transport.map_err(|error| VaultBuildError::ExtraCa(error.to_string()))?;
        let namespace = self.namespace.as_deref().map(|namespace| {
            HeaderValue::from_str(namespace).map_err(|_| VaultBuildError::Setting {
                name: "namespace of Vault",
                expected: "printable ASCII",
                found: quoted(namespace),
            })
        });
        Ok(Vault::new(Shared {
            base: base.below("v1"),
            mount: mount(&self.mount)?,
            namespace: namespace.transpose()?,
            auth: self.auth,
            key_version: self.key_version,
            transport,
            timeout: self.timeout,
            retry,
        }))
    }
}

impl fmt::Debug for VaultBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may have a password in it until it is parsed.
        f.debug_struct("VaultBuilder")
            .field("mount", &self.mount)
            .finish_non_exhaustive()
    }
}

impl From<InvalidBaseUrl> for VaultBuildError {
    fn from(error: InvalidBaseUrl) -> Self {
        let InvalidBaseUrl { found, problem } = error;
        Self::Address { found, problem }
    }
}

/// A path of plain segments: no way out of the engine, nothing to be decoded.
fn mount(path: &str) -> Result<String, VaultBuildError> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_segment =
        |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(is_allowed);
    let plain = path.trim_matches('/');
    match plain.len() <= LONGEST_MOUNT && plain.split('/').all(is_segment) {
        true => Ok(plain.to_owned()),
        false => Err(VaultBuildError::Setting {
            name: "path of the transit engine",
            expected: "segments of letters, digits, -, _ and ., separated by /",
            found: quoted(path),
        }),
    }
}

/// cosign's way to say the version of a key.
fn version_of_prefix(prefix: &str) -> Result<u64, VaultBuildError> {
    let digits = prefix
        .strip_prefix("vault:v")
        .and_then(|rest| rest.strip_suffix(':'));
    let is_number = |digits: &&str| digits.bytes().all(|byte| byte.is_ascii_digit());
    let version = digits
        .filter(is_number)
        .and_then(|digits| digits.parse().ok());
    version
        .filter(|version| *version > 0)
        .ok_or_else(|| VaultBuildError::Setting {
            name: "VAULT_KEY_PREFIX",
            expected: "vault:vN:, where N is the version of the key",
            found: quoted(prefix),
        })
}

/// What `vault login` has left.
fn token_file(home: PathBuf) -> Result<Zeroizing<String>, VaultBuildError> {
    let path = home.join(".vault-token");
    match fs::read_to_string(&path).map(Zeroizing::new) {
        Ok(token) if !token.trim().is_empty() => Ok(Zeroizing::new(token.trim().to_owned())),
        Ok(_) => Err(VaultBuildError::NoCredentials),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(VaultBuildError::NoCredentials)
        }
        Err(error) => Err(VaultBuildError::File {
            name: "the token of Vault",
            path: path.display().to_string(),
            error,
        }),
    }
}

const LONGEST_MOUNT: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<VaultBuilder, VaultBuildError> {
        VaultBuilder::from_variables(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.into())
        })
    }

    #[test]
    fn the_environment_says_where_and_who() {
        let address = ("VAULT_ADDR", "https://vault.test");
        let built = of(&[
            address,
            ("VAULT_TOKEN", "t"),
            ("VAULT_NAMESPACE", "team/a"),
            ("TRANSIT_SECRET_ENGINE_PATH", "/keys/prod/"),
            ("VAULT_KEY_PREFIX", "vault:v3:"),
        ]);
        let built = built.unwrap();
        assert!(matches!(&built.auth, Auth::Token(token) if token.as_str() == "t"));
        assert_eq!(built.namespace.as_deref(), Some("team/a"));
        assert_eq!(built.key_version, Some(3));
        assert_eq!(mount(&built.mount).unwrap(), "keys/prod");

        let role = [("VAULT_ROLE_ID", "r"), ("VAULT_SECRET_ID", "s")];
        let built = of(&[address, role[0], role[1]]).unwrap();
        assert!(matches!(built.auth, Auth::AppRole(_)));

        let agent = ("VAULT_AGENT_ADDR", "http://127.0.0.1:8100");
        let built = of(&[address, agent]).unwrap();
        assert_eq!(built.address, "http://127.0.0.1:8100");
        assert!(matches!(built.auth, Auth::Agent));
    }

    #[test]
    fn a_token_of_the_home_folder_is_the_last_choice() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().to_str().unwrap();
        let given = [("VAULT_ADDR", "https://vault.test"), ("HOME", path)];
        assert!(matches!(of(&given), Err(VaultBuildError::NoCredentials)));
        fs::write(home.path().join(".vault-token"), "kept\n").unwrap();
        let built = of(&given).unwrap();
        assert!(matches!(&built.auth, Auth::Token(token) if token.as_str() == "kept"));
    }

    #[test]
    fn what_cannot_be_is_refused_without_showing_secrets() {
        let error = |variables: &[(&str, &str)]| {
            let built = of(variables).and_then(VaultBuilder::build);
            let words = built.err().unwrap().to_string();
            assert!(!words.contains("secret"), "{words}");
            words
        };
        let token = ("VAULT_TOKEN", "secret");
        assert!(error(&[token]).contains("VAULT_ADDR"));
        assert!(error(&[("VAULT_ADDR", "https://vault.test")]).contains("VAULT_TOKEN"));
        for (address, problem) in [
            ("vault.test", "neither http nor https"),
            ("https://u:secret@vault.test", "a user or a password"),
            ("http://vault.test:8200", "plain HTTP"),
        ] {
            let words = error(&[("VAULT_ADDR", address), token]);
            assert!(words.contains(problem), "{words}");
        }
        let address = ("VAULT_ADDR", "http://127.0.0.1:1");
        for (name, value) in [
            ("TRANSIT_SECRET_ENGINE_PATH", "a/../b"),
            ("TRANSIT_SECRET_ENGINE_PATH", "a%2fb"),
            ("TRANSIT_SECRET_ENGINE_PATH", "/"),
            ("VAULT_KEY_PREFIX", "2"),
            ("VAULT_KEY_PREFIX", "vault:v0:"),
            ("VAULT_KEY_PREFIX", "vault:v+1:"),
            ("VAULT_NAMESPACE", "a\nb"),
            ("VAULT_MAX_RETRIES", "few"),
            ("VAULT_CACERT", "/no/such/file"),
        ] {
            assert!(
                error(&[address, token, (name, value)]).contains("expected")
                    || name == "VAULT_CACERT"
            );
        }
    }

    #[test]
    fn plain_http_needs_permission_but_for_this_machine() {
        let built = |address: &str| VaultBuilder::new(address);
        assert!(built("http://127.0.0.1:8200").build().is_ok());
        assert!(built("http://vault.test").build().is_err());
        assert!(built("http://vault.test").allow_http(true).build().is_ok());
        assert!(built("https://vault.test").build().is_ok());
    }
}
