use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use super::Digest;

/// A registry host and a repository in it: `index.docker.io/library/ubuntu`.
///
/// The name is complete and normal: Docker Hub's short forms are expanded as cosign does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository(String);

impl Repository {
    /// The name, as it stands in a payload's `docker-reference`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for Repository {
    type Err = InvalidReference;

    /// Reads `[host[:port]/]path`.
    ///
    /// The first component is a host if it has a dot or a colon, as in go-containerregistry
    /// (`localhost/x` is on Docker Hub); path components are those of the OCI distribution
    /// specification.
    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        let invalid = |why| InvalidReference::new(text, why);
        let (host, path) = match text.split_once('/') {
            Some((host, path)) if host.contains(['.', ':']) => (host, path),
            _ => (DOCKER_HUB, text),
        };
        if !is_host(host) {
            return Err(invalid(
                "the registry is no host name with an optional port",
            ));
        }
        if path.len() > MAX_REPOSITORY || !path.split('/').all(is_path_component) {
            return Err(invalid(
                "a repository is at most 255 characters: components of a-z and 0-9, joined by /, \
                 with single . _ __ or - inside",
            ));
        }
        Ok(Self(match host {
            DOCKER_HUB | "docker.io" if !path.contains('/') => {
                format!("{DOCKER_HUB}/library/{path}")
            }
            "docker.io" => format!("{DOCKER_HUB}/{path}"),
            _ => format!("{host}/{path}"),
        }))
    }
}

/// What of a repository is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// Whatever the tag names when it is resolved.
    Tag(String),
    /// This manifest and no other.
    Digest(Digest),
}

/// An image in a registry: `[host[:port]/]repository[:tag][@digest]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Where it is.
    pub repository: Repository,
    /// Which one. The digest, where both were given.
    pub selector: Selector,
}

impl FromStr for Reference {
    type Err = InvalidReference;

    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        let invalid = |why| InvalidReference::new(text, why);
        if text.len() > MAX_REFERENCE {
            return Err(invalid("longer than 1024 bytes"));
        }
        if text.split(':').skip(1).any(|rest| rest.starts_with("//")) {
            return Err(invalid("a reference is no URL: leave out the scheme"));
        }
        let (name, digest) = match text.split_once('@') {
            None => (text, None),
            Some((name, digest)) => (
                name,
                Some(digest.parse::<Digest>().map_err(|_| {
                    invalid("after @ stands sha256: and 64 lower-case hexadecimal digits")
                })?),
            ),
        };
        // A colon before the last slash belongs to the port.
        let (name, tag) = match name.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (name, None),
        };
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(invalid(
                "a tag is at most 128 characters of A-Z a-z 0-9 _ . - and begins with none of . -",
            ));
        }
        let repository = name
            .parse::<Repository>()
            .map_err(|error| InvalidReference::new(text, error.why))?;
        let selector = match digest {
            Some(digest) => Selector::Digest(digest),
            None => Selector::Tag(tag.unwrap_or("latest").to_owned()),
        };
        Ok(Self {
            repository,
            selector,
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.selector {
            Selector::Tag(tag) => write!(formatter, "{}:{tag}", self.repository),
            Selector::Digest(digest) => write!(formatter, "{}@{digest}", self.repository),
        }
    }
}

/// A string that is no reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an image reference: {why}")]
pub struct InvalidReference {
    text: String,
    why: &'static str,
}

impl InvalidReference {
    fn new(text: &str, why: &'static str) -> Self {
        Self {
            text: text.chars().take(SHOWN).collect(),
            why,
        }
    }
}

/// A host name, an IPv4 address or an IPv6 address in brackets; then, perhaps, a port.
fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    };
    let name_is_good = match name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
    {
        Some(address) => address.parse::<core::net::Ipv6Addr>().is_ok(),
        None => {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
                && name
                    .split('.')
                    .all(|label| !label.is_empty() && !label.starts_with('-'))
        }
    };
    name_is_good && port.is_none_or(is_port)
}

/// 1 to 65535, in digits alone: `u16` would read a sign too.
fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`, OCI distribution specification.
fn is_path_component(component: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = component.as_bytes();
    let ends_are_good = bytes.first().copied().is_some_and(alphanumeric)
        && bytes.last().copied().is_some_and(alphanumeric);
    ends_are_good
        && component
            .split(|character: char| character.is_ascii_alphanumeric())
            .all(|separator| {
                matches!(separator, "" | "." | "_" | "__")
                    || separator.bytes().all(|byte| byte == b'-')
            })
        && bytes
            .iter()
            .all(|&byte| alphanumeric(byte) || b"._-".contains(&byte))
}

/// `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`, OCI distribution specification.
fn is_tag(tag: &str) -> bool {
    tag.len() <= 128
        && tag.bytes().enumerate().all(|(place, byte)| {
            byte.is_ascii_alphanumeric() || byte == b'_' || place > 0 && b".-".contains(&byte)
        })
        && !tag.is_empty()
}

const DOCKER_HUB: &str = "index.docker.io";
const MAX_REPOSITORY: usize = 255;
const MAX_REFERENCE: usize = 1024;
/// How many characters of a bad reference an error shows.
const SHOWN: usize = 200;

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    const HEX: &str = "0c209a3c87be9e8bdb2c1d4d3d9a1e0f4a0b6f4a7c6d5e4f3a2b1c0d9e8f9048";

    fn normal(text: &str) -> String {
        text.parse::<Reference>().unwrap().to_string()
    }

    #[test]
    fn expands_docker_hub_as_cosign_does() {
        assert_eq!(normal("ubuntu"), "index.docker.io/library/ubuntu:latest");
        assert_eq!(
            normal("ubuntu:24.04"),
            "index.docker.io/library/ubuntu:24.04"
        );
        assert_eq!(
            normal("docker.io/ubuntu"),
            "index.docker.io/library/ubuntu:latest"
        );
        assert_eq!(
            normal("docker.io/team/app:v1"),
            "index.docker.io/team/app:v1"
        );
        assert_eq!(
            normal("index.docker.io/team/app"),
            "index.docker.io/team/app:latest"
        );
        assert_eq!(normal("localhost/x"), "index.docker.io/localhost/x:latest");
    }

    #[test]
    fn keeps_host_and_port() {
        assert_eq!(
            normal("127.0.0.1:5055/test/app:1"),
            "127.0.0.1:5055/test/app:1"
        );
        assert_eq!(normal("[::1]:5000/a"), "[::1]:5000/a:latest");
        assert_eq!(
            normal("localhost:5000/a/b/c"),
            "localhost:5000/a/b/c:latest"
        );
    }

    #[test]
    fn a_digest_wins_over_a_tag() {
        assert_eq!(
            normal(&format!("r.example/a:1@sha256:{HEX}")),
            format!("r.example/a@sha256:{HEX}")
        );
    }

    #[test]
    fn refuses_what_is_none() {
        for bad in [
            "",
            "UPPER/Case:tag",
            "https://r.example/a",
            "r.example/",
            "r.example/../a",
            "r.example/a//b",
            "r.example/a/.b",
            "r.example/a:.b",
            "r.example/a:",
            "r.example/a:b c",
            "r.example/a@sha256:0",
            "r.example/a@md5:00000000000000000000000000000000",
            "r.example:0/a",
            "r.example:99999/a",
            "r..example/a",
            "user@r.example/a",
            "r.example/a?x=y",
            "r.example/a#b",
            "r.example/a\n",
            "[::g]:5000/a",
            "r.example/a---b-",
            "r.example/a___b",
            "r.example/é",
        ] {
            assert!(bad.parse::<Reference>().is_err(), "{bad}");
        }
        assert!(
            format!("r.example/{}", "a".repeat(256))
                .parse::<Reference>()
                .is_err()
        );
        assert!("r.example/a--b__c.d".parse::<Reference>().is_ok());
    }
}
