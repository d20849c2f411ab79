//! A URL: how it may be shown, and how far away its host is.

use std::net::IpAddr;

use reqwest::Url;

/// How far away a host is: the more local, the fewer may point at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// This machine: plain HTTP is as private as it gets.
    Loopback,
    /// 169.254.0.0/16, fe80::/10 and fd00:ec2::/32: where clouds serve instance credentials.
    LinkLocal,
    /// Everything else, private networks included.
    Network,
}

/// A URL as it may be shown: without user info, query and fragment, where secrets live.
pub(crate) fn display(url: &Url) -> String {
    format!("{}{}", origin(url), url.path())
}

/// Scheme, host, and the port if it is not the scheme's own.
pub(crate) fn origin(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    format!("{}://{host}{port}", url.scheme())
}

/// The reach of a host as a URL has it (names in lower case, IPv6 in brackets).
///
/// Names are not looked up: a name that resolves to this machine counts as the network.
pub(crate) fn reach(host: &str) -> Reach {
    let host = host.trim_end_matches('.');
    if host == "localhost" || host.ends_with(".localhost") {
        return Reach::Loopback;
    }
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => match address.to_canonical() {
            address if address.is_loopback() => Reach::Loopback,
            // 0.0.0.0 reaches this machine, yet nobody should serve or trust under that name.
            IpAddr::V4(v4) if v4.is_link_local() || v4.is_unspecified() => Reach::LinkLocal,
            IpAddr::V6(v6) if v6.is_unicast_link_local() || v6.is_unspecified() => Reach::LinkLocal,
            IpAddr::V6(v6) if v6.segments()[..2] == AMAZON => Reach::LinkLocal,
            _ => Reach::Network,
        },
        Err(_) => Reach::Network,
    }
}

/// The prefix of the services that AWS serves to an instance alone.
const AMAZON: [u16; 2] = [0xfd00, 0x0ec2];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reaches() {
        for host in [
            "localhost",
            "a.localhost",
            "127.9.9.9",
            "[::1]",
            "[::ffff:127.0.0.1]",
        ] {
            assert_eq!(reach(host), Reach::Loopback, "{host}");
        }
        for host in [
            "169.254.169.254",
            "[fe80::1]",
            "[fd00:ec2::254]",
            "0.0.0.0",
            "[::]",
        ] {
            assert_eq!(reach(host), Reach::LinkLocal, "{host}");
        }
        for host in [
            "10.0.0.1",
            "ghcr.io",
            "notlocalhost",
            "127.0.0.1.example.com",
        ] {
            assert_eq!(reach(host), Reach::Network, "{host}");
        }
    }

    #[test]
    fn nothing_secret_is_displayed() {
        let url = Url::parse("https://user:pass@host:8443/v2/x?X-Signature=abc#frag").unwrap();
        assert_eq!(display(&url), "https://host:8443/v2/x");
    }
}
