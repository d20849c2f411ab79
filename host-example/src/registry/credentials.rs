//! Where credentials come from: what the caller gave, then what a cloud issues, then Docker's and
//! podman's files and the credential helpers that they name.

use std::{
    collections::{BTreeMap, HashMap},
    env, fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::Deserialize;
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::{
    RegistryError,
    helper::Helpers,
    name::{Host, Repository},
    provider::Providers,
};

/// A secret that a registry, or its token service, accepts. Zeroized when dropped; not in
/// `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential(pub(super) Kind);

/// The three kinds that registries know.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Basic {
        username: String,
        password: Zeroizing<String>,
    },
    /// A refresh token of RFC 6749, to be exchanged at the token service.
    Identity(Zeroizing<String>),
    /// A token that the registry itself takes.
    Bearer(Zeroizing<String>),
}

/// All sources of credentials, in their order.
#[derive(Default)]
pub(super) struct Keychain {
    /// For one registry.
    pub given: HashMap<Host, Credential>,
    /// For every registry that `given` has none for.
    pub given_for_all: Option<Credential>,
    /// For the registries of clouds.
    pub providers: Providers,
    /// Docker configurations that were given, before those of files.
    pub given_configs: Vec<Config>,
    /// Docker configurations, the earlier the stronger.
    pub files: Vec<PathBuf>,
    pub helpers: Helpers,
    /// Read once, when the first registry asks for credentials.
    pub configs: OnceCell<Vec<Config>>,
    pub asked: Mutex<HashMap<(String, String), HelperAnswer>>,
}

/// What a helper answered, once it has.
type HelperAnswer = Arc<OnceCell<Option<Credential>>>;

/// The parts of `config.json` and of `auth.json` (containers-auth.json(5)) that matter here.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Config {
    auths: BTreeMap<String, Entry>,
    creds_store: Option<String>,
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Entry {
    auth: Option<Zeroizing<String>>,
    username: Option<String>,
    password: Option<Zeroizing<String>>,
    identitytoken: Option<Zeroizing<String>>,
    registrytoken: Option<Zeroizing<String>>,
}

impl Credential {
    /// A user name and a password, or a token that stands for one.
    pub fn basic(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self(Kind::Basic {
            username: username.into(),
            password: Zeroizing::new(password.into()),
        })
    }

    /// A token that the registry takes as `Authorization: Bearer`.
    pub fn bearer(token: impl Into<String>) -> Self {
        Self(Kind::Bearer(Zeroizing::new(token.into())))
    }

    /// An identity token, as `docker login` stores it: exchanged at the token service.
    pub fn identity_token(token: impl Into<String>) -> Self {
        Self(Kind::Identity(Zeroizing::new(token.into())))
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Basic { .. } => "Credential(basic, …)",
            Kind::Identity(_) => "Credential(identity token, …)",
            Kind::Bearer(_) => "Credential(bearer, …)",
        })
    }
}

impl fmt::Debug for Keychain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keychain")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl Keychain {
    /// The credential for a repository, or `None`: anonymous.
    ///
    /// Of each file: `credHelpers` for the registry, then `credsStore`, then `auths`, there the
    /// longest path first. A store that has none does not hide an entry.
    pub async fn find(&self, repository: &Repository) -> Result<Option<Credential>, RegistryError> {
        let given = self.given.get(&repository.registry);
        if let Some(given) = given.or(self.given_for_all.as_ref()) {
            return Ok(Some(given.clone()));
        }
        if let Some(issued) = self.providers.find(&repository.registry).await? {
            return Ok(Some(issued));
        }
        let configs = self
            .configs
            .get_or_try_init(|| async { read_all(&self.files) })
            .await?;
        for config in self.given_configs.iter().chain(configs) {
            if let Some(found) = self.find_in(config, repository).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Another credential in place of one that was refused, if there can be one.
    pub async fn renew(
        &self,
        repository: &Repository,
        refused: &Credential,
    ) -> Result<Option<Credential>, RegistryError> {
        self.providers.renew(&repository.registry, refused).await
    }

    async fn find_in(
        &self,
        config: &Config,
        repository: &Repository,
    ) -> Result<Option<Credential>, RegistryError> {
        let registry = &repository.registry;
        let helper = config
            .cred_helpers
            .iter()
            .find(|(key, _)| scope_of(key).is_some_and(|(host, _)| host == *registry))
            .map(|(_, name)| name);
        if let Some(name) = helper {
            return self.ask(name, registry).await;
        }
        let store = config.creds_store.as_ref().filter(|name| !name.is_empty());
        if let Some(name) = store
            && let Some(found) = self.ask(name, registry).await?
        {
            return Ok(Some(found));
        }
        let covers = |key: &str| {
            let (host, path) = scope_of(key)?;
            let rest = repository.path.strip_prefix(path.as_str())?;
            let is_whole = path.is_empty() || rest.is_empty() || rest.starts_with('/');
            (host == *registry && is_whole).then_some(path.len())
        };
        let entries = config.auths.iter();
        let best = entries
            .filter_map(|(key, entry)| Some((covers(key)?, key, entry)))
            .max_by_key(|(length, ..)| *length);
        match best {
            Some((_, key, entry)) => entry.credential(key),
            None => Ok(None),
        }
    }

    /// Asks a helper, once for each registry: starting a program costs more than a request.
    async fn ask(&self, name: &str, registry: &Host) -> Result<Option<Credential>, RegistryError> {
        let server = registry.credential_key();
        let cell = {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            let key = (name.to_owned(), server.clone());
            Arc::clone(asked.entry(key).or_default())
        };
        let found = cell
            .get_or_try_init(|| self.helpers.get(name, &server))
            .await?;
        Ok(found.clone())
    }
}

impl Entry {
    fn credential(&self, key: &str) -> Result<Option<Credential>, RegistryError> {
        let nonempty =
            |text: &Option<Zeroizing<String>>| text.clone().filter(|text| !text.is_empty());
        if let Some(token) = nonempty(&self.identitytoken) {
            return Ok(Some(Credential(Kind::Identity(token))));
        }
        if let Some(token) = nonempty(&self.registrytoken) {
            return Ok(Some(Credential(Kind::Bearer(token))));
        }
        if let Some(auth) = nonempty(&self.auth) {
            return decode_auth(&auth).map(Some).ok_or_else(|| {
                RegistryError::Denied(format!(
                    "credentials for {key}: `auth` is not the base64 of USER:PASSWORD; \
                     log in again"
                ))
            });
        }
        let pair = self.username.as_ref().zip(nonempty(&self.password));
        Ok(pair.map(|(username, password)| {
            Credential(Kind::Basic {
                username: username.clone(),
                password,
            })
        }))
    }
}

/// `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`, `$REGISTRY_AUTH_FILE`,
/// `$XDG_RUNTIME_DIR/containers/auth.json`.
pub(super) fn default_files() -> Vec<PathBuf> {
    let variable = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let docker = variable("DOCKER_CONFIG")
        .or_else(|| env::home_dir().map(|home| home.join(".docker")))
        .map(|directory| directory.join("config.json"));
    let podman =
        variable("XDG_RUNTIME_DIR").map(|directory| directory.join("containers/auth.json"));
    [docker, variable("REGISTRY_AUTH_FILE"), podman]
        .into_iter()
        .flatten()
        .collect()
}

fn read_all(files: &[PathBuf]) -> Result<Vec<Config>, RegistryError> {
    let configs = files.iter().filter_map(|file| read(file).transpose());
    configs.collect()
}

/// `None` when there is no such file, which is the usual case for all but one.
fn read(file: &Path) -> Result<Option<Config>, RegistryError> {
    let failed =
        |why: String| RegistryError::Denied(format!("credentials file {}: {why}", file.display()));
    let text = match std::fs::read(file) {
        Ok(text) => Zeroizing::new(text),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => return Ok(None),
            _ => return Err(failed(error.to_string())),
        },
    };
    // Podman leaves an empty file behind after the last logout.
    if text.trim_ascii().is_empty() {
        return Ok(None);
    }
    Config::parse(&text).map(Some).map_err(failed)
}

impl Config {
    /// Reads it. The parser's text could quote a secret; its place suffices.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            format!("expected Docker's config.json, line {line}, column {column}")
        })
    }
}

/// The registry and the path below it that a key stands for. Docker's old keys are URLs, of
/// which only the host counts; podman's may go down to one repository.
fn scope_of(key: &str) -> Option<(Host, String)> {
    let url = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"));
    let (host, path) = match (url, key.split_once('/')) {
        (Some(rest), _) => (rest.split('/').next().unwrap_or(rest), ""),
        (None, Some((host, path))) => (host, path.trim_end_matches('/')),
        (None, None) => (key, ""),
    };
    Some((Host::parse(host)?, path.to_owned()))
}

fn decode_auth(auth: &str) -> Option<Credential> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decoded = GeneralPurpose::new(&STANDARD, config)
        .decode(auth.trim())
        .ok()?;
    let decoded = Zeroizing::new(decoded);
    // Docker on Windows once ended passwords with NUL bytes; docker/cli trims them as well.
    let text = str::from_utf8(&decoded).ok()?.trim_end_matches('\0');
    let (username, password) = text.split_once(':')?;
    Some(Credential::basic(username, password))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keychain(files: &[&Path]) -> Keychain {
        Keychain {
            files: files.iter().map(|file| file.to_path_buf()).collect(),
            ..Keychain::default()
        }
    }

    fn show(credential: Option<Credential>) -> String {
        match credential.map(|credential| credential.0) {
            None => "none".to_owned(),
            Some(Kind::Basic { username, password }) => format!("{username}:{}", *password),
            Some(Kind::Identity(token)) => format!("identity {}", *token),
            Some(Kind::Bearer(token)) => format!("bearer {}", *token),
        }
    }

    async fn find(keychain: &Keychain, repository: &str) -> String {
        show(
            keychain
                .find(&Repository::parse(repository).unwrap())
                .await
                .unwrap(),
        )
    }

    fn write(directory: &Path, name: &str, text: &str) -> PathBuf {
        let file = directory.join(name);
        std::fs::write(&file, text).unwrap();
        file
    }

    /// The base64 of `user:pass`, twice, with and without padding, is not repeated: `dTpw` is
    /// `u:p`.
    #[tokio::test]
    async fn entries_of_every_kind() {
        let directory = tempfile::tempdir().unwrap();
        let text = r#"{"auths":{
            "https://index.docker.io/v1/":{"auth":"dTpw"},
            "padded.io":{"auth":"dTpwcQ=="}, "bare.io":{"auth":"dTpwcQ"},
            "https://url.io/v2/":{"auth":"dTpw"},
            "pair.io":{"username":"a","password":"b"},
            "identity.io":{"auth":"dTpw","identitytoken":"it"},
            "registry.io":{"registrytoken":"rt"},
            "empty.io":{}, "bad.io":{"auth":"%%"}
        }}"#;
        let keychain = keychain(&[&write(directory.path(), "config.json", text)]);
        for (repository, expected) in [
            ("docker.io/ubuntu", "u:p"),
            ("index.docker.io/library/ubuntu", "u:p"),
            ("padded.io/a", "u:pq"),
            ("bare.io/a", "u:pq"),
            ("url.io/a", "u:p"),
            ("pair.io/a", "a:b"),
            ("identity.io/a", "identity it"),
            ("registry.io/a", "bearer rt"),
            ("empty.io/a", "none"),
            ("other.io/a", "none"),
            ("padded.io:5000/a", "none"),
        ] {
            assert_eq!(find(&keychain, repository).await, expected, "{repository}");
        }
        let bad = keychain.find(&Repository::parse("bad.io/a").unwrap()).await;
        assert!(matches!(bad, Err(RegistryError::Denied(text)) if !text.contains("%%")));
    }

    #[tokio::test]
    async fn podman_keys_go_by_the_longest_path() {
        let directory = tempfile::tempdir().unwrap();
        let text = r#"{"auths":{
            "quay.io":{"username":"host","password":"p"},
            "quay.io/team":{"username":"team","password":"p"},
            "quay.io/team/app":{"username":"app","password":"p"}
        }}"#;
        let missing = directory.path().join("missing.json");
        let empty = write(directory.path(), "empty.json", " \n");
        let keychain = keychain(&[
            &missing,
            &empty,
            &write(directory.path(), "auth.json", text),
        ]);
        for (repository, expected) in [
            ("quay.io/team/app", "app:p"),
            ("quay.io/team/app/sub", "app:p"),
            ("quay.io/team/application", "team:p"),
            ("quay.io/teamster/app", "host:p"),
            ("ghcr.io/team/app", "none"),
        ] {
            assert_eq!(find(&keychain, repository).await, expected, "{repository}");
        }
    }

    #[tokio::test]
    async fn a_malformed_file_is_named_but_not_quoted() {
        let directory = tempfile::tempdir().unwrap();
        let text = r#"{"auths":{"a.io":{"auth":["hunter2"]}}}"#;
        let keychain = keychain(&[&write(directory.path(), "config.json", text)]);
        let error = keychain
            .find(&Repository::parse("a.io/a").unwrap())
            .await
            .unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("config.json") && !text.contains("hunter2"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn a_configuration_that_is_given_comes_before_files() {
        let directory = tempfile::tempdir().unwrap();
        let text = r#"{"auths":{"a.io":{"auth":"dTpw"},"b.io":{"auth":"dTpw"}}}"#;
        let mut keychain = keychain(&[&write(directory.path(), "config.json", text)]);
        let given = br#"{"auths":{"a.io":{"username":"given","password":"p"}}}"#;
        keychain.given_configs = vec![Config::parse(given).unwrap()];
        assert_eq!(find(&keychain, "a.io/x").await, "given:p");
        assert_eq!(find(&keychain, "b.io/x").await, "u:p");
        let why = Config::parse(br#"{"auths":["hunter2"]}"#).err().unwrap();
        assert!(why.contains("line 1") && !why.contains("hunter2"), "{why}");
    }

    #[tokio::test]
    async fn given_credentials_come_first_and_stay_with_their_host() {
        let mut keychain = keychain(&[]);
        let host = Host::parse("docker.io").unwrap();
        keychain.given.insert(host, Credential::basic("me", "x"));
        assert_eq!(find(&keychain, "index.docker.io/me/app").await, "me:x");
        assert_eq!(find(&keychain, "ghcr.io/me/app").await, "none");
        keychain.given_for_all = Some(Credential::bearer("t"));
        assert_eq!(find(&keychain, "ghcr.io/me/app").await, "bearer t");
        assert!(!format!("{keychain:?}").contains("me:x"));
    }

    #[cfg(unix)]
    mod helpers {
        use std::os::unix::fs::PermissionsExt;

        use super::*;

        fn script(directory: &Path, name: &str, body: &str) {
            let text = format!("#!/bin/sh\n{body}\n");
            let file = write(directory, &format!("docker-credential-{name}"), &text);
            std::fs::set_permissions(file, PermissionsExt::from_mode(0o755)).unwrap();
        }

        fn with_scripts(directory: &Path, config: &str) -> Keychain {
            let mut path = directory.as_os_str().to_owned();
            path.push(":/usr/bin:/bin");
            Keychain {
                helpers: Helpers {
                    search_path: Some(path),
                },
                ..keychain(&[&write(directory, "config.json", config)])
            }
        }

        #[tokio::test]
        async fn helper_then_store_then_entry() {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path();
            let log = path.join("log");
            let echo = format!(
                r#"read server; echo "$1 $server" >> {}
                   printf '{{"ServerURL":"x","Username":"u","Secret":"%s"}}' "$server""#,
                log.display()
            );
            script(path, "echo", &echo);
            script(
                path,
                "token",
                r#"echo '{"Username":"<token>","Secret":"idt"}'"#,
            );
            script(
                path,
                "none",
                "echo credentials not found in native keychain; exit 1",
            );
            let keychain = with_scripts(
                path,
                r#"{"credsStore":"none",
                    "credHelpers":{"docker.io":"echo","t.io":"token","n.io":"none"},
                    "auths":{"a.io":{"auth":"dTpw"},"n.io":{"auth":"dTpw"}}}"#,
            );
            let hub = find(&keychain, "index.docker.io/library/x").await;
            assert_eq!(hub, "u:https://index.docker.io/v1/");
            assert_eq!(find(&keychain, "docker.io/other/y").await, hub);
            assert_eq!(find(&keychain, "t.io/x").await, "identity idt");
            assert_eq!(find(&keychain, "a.io/x").await, "u:p");
            // Its own helper is the only place to look.
            assert_eq!(find(&keychain, "n.io/x").await, "none");
            let calls = std::fs::read_to_string(log).unwrap();
            assert_eq!(calls, "get https://index.docker.io/v1/\n", "asked once");
        }

        #[tokio::test]
        async fn failures_are_told_without_secrets() {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path();
            script(path, "locked", "echo keychain is locked; exit 1");
            script(path, "leaky", r#"echo '{"Secret":"hunter2"}'; exit 1"#);
            script(path, "odd", "echo hunter2");
            let keychain = with_scripts(
                path,
                r#"{"credHelpers":{"l.io":"locked","k.io":"leaky","o.io":"odd",
                    "m.io":"missing","p.io":"../odd"}}"#,
            );
            for (repository, expected) in [
                ("l.io/x", "keychain is locked"),
                ("k.io/x", "docker-credential-leaky failed"),
                ("o.io/x", "docker-credential-odd answered"),
                ("m.io/x", "docker-credential-missing is not there"),
                ("p.io/x", "expected the NAME"),
            ] {
                let repository = Repository::parse(repository).unwrap();
                let error = keychain.find(&repository).await.unwrap_err().to_string();
                assert!(error.contains(expected), "{error}");
                assert!(!error.contains("hunter2"), "{error}");
            }
        }
    }
}
