//! Names as users write them, taken apart once and safe to put in a URL afterwards.

use std::fmt;

use super::RegistryError;
use crate::http::{Reach, reach};

/// A repository: the registry that holds it and its path there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Repository {
    pub registry: Host,
    pub path: String,
}

/// A registry's host, in lower case, with its port if one was written.
///
/// The three names of Docker Hub are one host, `docker.io`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Host {
    /// Without port; IPv6 in brackets.
    name: String,
    port: Option<u16>,
}

impl Repository {
    /// Splits `HOST[:PORT]/PATH`; the grammar of the path is the distribution specification's.
    pub fn parse(text: &str) -> Result<Self, RegistryError> {
        let invalid = |why: &str| {
            RegistryError::Invalid(format!(
                "repository {text:?}: {why}; write HOST[:PORT]/NAME, like ghcr.io/team/app"
            ))
        };
        let (host, path) = text
            .split_once('/')
            .ok_or_else(|| invalid("no registry host"))?;
        let registry = Host::parse(host).ok_or_else(|| invalid("malformed registry host"))?;
        if text.len() > MAX_REPOSITORY || !path.split('/').all(is_path_component) {
            return Err(invalid("malformed name"));
        }
        // Docker Hub's official images are written without their namespace.
        let path = match registry.is_docker_hub() && !path.contains('/') {
            true => format!("library/{path}"),
            false => path.to_owned(),
        };
        Ok(Self { registry, path })
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)
    }
}

impl Host {
    /// `None` when it is not `NAME`, `NAME:PORT`, `IPv4[:PORT]` or `[IPv6][:PORT]`.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => {
                let digits = port.bytes().all(|byte| byte.is_ascii_digit());
                (name, Some(port.parse().ok().filter(|_| digits)?))
            }
            _ => (text, None),
        };
        let is_name = match name
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => name.split('.').all(is_label),
        };
        let name = name.to_ascii_lowercase();
        let name = match DOCKER_HUB_NAMES.contains(&name.as_str()) && port.is_none() {
            true => DOCKER_HUB.to_owned(),
            false => name,
        };
        is_name.then_some(Self { name, port })
    }

    /// `HOST[:PORT]` to connect to.
    pub fn api(&self) -> String {
        match self.is_docker_hub() {
            true => DOCKER_HUB_API.to_owned(),
            false => self.to_string(),
        }
    }

    /// What credential helpers and Docker's configuration call this registry.
    pub fn credential_key(&self) -> String {
        match self.is_docker_hub() {
            true => DOCKER_HUB_KEY.to_owned(),
            false => self.to_string(),
        }
    }

    /// Name and port.
    pub fn into_parts(self) -> (String, Option<u16>) {
        (self.name, self.port)
    }

    /// How far away it is, by name alone.
    pub fn reach(&self) -> Reach {
        reach(&self.name)
    }

    fn is_docker_hub(&self) -> bool {
        self.name == DOCKER_HUB && self.port.is_none()
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

/// Checks a tag or a digest: only then may it become part of a URL (cf. CVE-2024-3727).
pub(super) fn check_reference(reference: &str) -> Result<(), RegistryError> {
    match reference.contains(':') {
        true => check_digest(reference),
        false if is_tag(reference) => Ok(()),
        false => Err(RegistryError::Invalid(format!(
            "tag {reference:?}: expected 1 to 128 of letters, digits, '_', '.' and '-', \
             the first no '.' or '-'"
        ))),
    }
}

/// Checks `sha256:` or `sha512:` and as much lower-case hexadecimal as that takes.
pub(super) fn check_digest(digest: &str) -> Result<(), RegistryError> {
    let hex = match digest.split_once(':') {
        Some(("sha256", hex)) if hex.len() == 64 => hex,
        Some(("sha512", hex)) if hex.len() == 128 => hex,
        _ => "?",
    };
    match hex
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    {
        true => Ok(()),
        false => Err(RegistryError::Invalid(format!(
            "digest {digest:?}: expected sha256:<64 hex digits> or sha512:<128 hex digits>"
        ))),
    }
}

fn is_tag(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (1..=128).contains(&text.len()) && !text.starts_with(['.', '-']) && text.bytes().all(allowed)
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_path_component(text: &str) -> bool {
    let mut rest = text;
    loop {
        let word = rest.len() - rest.trim_start_matches(is_lower_alphanumeric).len();
        if word == 0 {
            return false;
        }
        rest = &rest[word..];
        if rest.is_empty() {
            return true;
        }
        let run = rest.len() - rest.trim_start_matches(['.', '_', '-']).len();
        let separator = &rest[..run];
        rest = &rest[run..];
        let is_dashes = !separator.is_empty() && separator.bytes().all(|byte| byte == b'-');
        if !is_dashes && !matches!(separator, "." | "_" | "__") {
            return false;
        }
    }
}

fn is_lower_alphanumeric(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

/// A label of a host name. Underscores occur in container networks.
fn is_label(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=63).contains(&text.len()) && text.bytes().all(allowed)
}

/// Distribution specification: implementations limit host and name together to 255.
const MAX_REPOSITORY: usize = 255;
const DOCKER_HUB: &str = "docker.io";
const DOCKER_HUB_NAMES: [&str; 3] = [DOCKER_HUB, "index.docker.io", DOCKER_HUB_API];
const DOCKER_HUB_API: &str = "registry-1.docker.io";
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn docker_hub_has_one_host_one_key_and_a_library() {
        for name in ["docker.io", "index.docker.io", "registry-1.docker.io"] {
            let repository = Repository::parse(&format!("{name}/ubuntu")).unwrap();
            assert_eq!(repository.registry.api(), "registry-1.docker.io");
            assert_eq!(
                repository.registry.credential_key(),
                "https://index.docker.io/v1/"
            );
            assert_eq!(repository.path, "library/ubuntu");
        }
        let own = Repository::parse("index.docker.io/me/app").unwrap();
        assert_eq!(own.path, "me/app");
        let elsewhere = Repository::parse("ghcr.io/app").unwrap();
        assert_eq!(elsewhere.to_string(), "ghcr.io/app");
    }

    #[test]
    fn hosts() {
        for good in [
            "localhost",
            "127.0.0.1:5000",
            "[::1]:5000",
            "[::1]",
            "reg_1.example.com:443",
        ] {
            assert_eq!(Host::parse(good).unwrap().to_string(), good);
        }
        for bad in [
            "",
            "a b",
            "user@host",
            "host:",
            "host:+1",
            "host:99999",
            "[::1",
            "[x]",
            "a..b",
            "a?b",
        ] {
            assert_eq!(Host::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn malformed_names_are_refused() {
        for bad in [
            "app",
            "host/",
            "host/a//b",
            "host/../x",
            "host/A",
            "host/a?b",
            "host/a#b",
            "host/a%2f",
            "host/a___b",
            "host/-a",
            "host/a-",
            "host/a.-b",
        ] {
            assert!(
                matches!(Repository::parse(bad), Err(RegistryError::Invalid(_))),
                "{bad:?}"
            );
        }
        assert!(Repository::parse("host/a__b/c--d/e.f_g").is_ok());
    }

    #[test]
    fn references() {
        let hex = "a".repeat(64);
        for good in ["latest", "v1.0_x-y", &format!("sha256:{hex}")] {
            assert!(check_reference(good).is_ok(), "{good:?}");
        }
        for bad in [
            "",
            ".x",
            "../x",
            "a/b",
            "a?b",
            "sha256:../../x",
            "md5:00",
            &format!("sha256:{}", hex.to_uppercase()),
            &format!("sha512:{hex}"),
            &"a".repeat(129),
        ] {
            assert!(check_reference(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        /// Whatever is accepted is one path of a URL and nothing else.
        #[test]
        fn what_parses_is_safe_in_a_url(text in "[a-z0-9./_:%?#@\\-]{0,40}") {
            if let Ok(repository) = Repository::parse(&text) {
                let url = format!("https://{}/v2/{}/x", repository.registry.api(), repository.path);
                let parsed = reqwest::Url::parse(&url);
                // A host like `1.2.3.999` is refused by the URL parser instead.
                if let Ok(parsed) = parsed {
                    prop_assert_eq!(parsed.path(), format!("/v2/{}/x", repository.path));
                    prop_assert_eq!(parsed.username(), "");
                    prop_assert_eq!(parsed.query(), None);
                }
            }
        }
    }
}
