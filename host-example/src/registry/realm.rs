//! To whom a registry's credentials may be given: the token service that it names is its word
//! only (CVE-2019-10214, CVE-2026-24845, CVE-2026-33540: credentials sent to any realm).

use reqwest::Url;

use crate::http::{Reach, reach};

/// Whether the credentials of `registry` may be sent to the token service `realm`.
///
/// They may when the realm is as well protected as the registry (https, or plain HTTP where the
/// registry itself is spoken to so), and its host is the registry's own, belongs to the same
/// site, or is in `trusted`. Same site is a guess and a narrow one: below the registry's host,
/// or below the domain that the registry's host is directly below (auth.docker.io for
/// registry-1.docker.io, gitlab.com for registry.gitlab.com), unless everybody can have a name
/// there.
pub(super) fn may_have_credentials(registry: &Url, realm: &Url, trusted: &[String]) -> bool {
    let (Some(registry_host), Some(realm_host)) = (registry.host_str(), realm.host_str()) else {
        return false;
    };
    let protected = realm.scheme() == "https" || registry.scheme() == "http";
    let is_trusted = trusted
        .iter()
        .any(|host| host.eq_ignore_ascii_case(realm_host));
    protected && (is_trusted || same_site(registry_host, realm_host))
}

fn same_site(registry: &str, realm: &str) -> bool {
    if registry == realm {
        return true;
    }
    match (reach(registry), reach(realm)) {
        (Reach::Loopback, Reach::Loopback) => true,
        (Reach::Network, Reach::Network) => {
            let parent = registry.split_once('.').map(|(_, parent)| parent);
            let mut sites = [Some(registry), parent].into_iter().flatten();
            sites.any(|site| is_site(site) && (realm == site || is_below(realm, site)))
        }
        _ => false,
    }
}

/// Whether all names below a domain belong to one owner, as far as one can tell.
fn is_site(domain: &str) -> bool {
    let Some((owner, top)) = domain.split_once('.') else {
        return false;
    };
    let is_country_suffix = top.len() == 2 && COUNTRY_SECOND_LEVEL.contains(&owner);
    let is_shared = |suffix: &&str| domain == *suffix || is_below(domain, suffix);
    !is_address(domain) && !is_country_suffix && !SHARED_SUFFIXES.iter().any(is_shared)
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain)
        .is_some_and(|rest| rest.ends_with('.'))
}

/// A domain's last label is no number, so that the tail of an IPv4 address is no domain.
fn is_address(host: &str) -> bool {
    host.starts_with('[') || host.ends_with(|c: char| c.is_ascii_digit())
}

/// Second levels under which countries register names: nobody's site.
const COUNTRY_SECOND_LEVEL: [&str; 21] = [
    "ac", "co", "com", "edu", "firm", "gen", "go", "gob", "gov", "ind", "info", "ltd", "me", "mil",
    "ne", "net", "nom", "or", "org", "plc", "sch",
];

/// Domains where each customer has a name, where registries are known to live.
const SHARED_SUFFIXES: [&str; 10] = [
    "amazonaws.com",
    "azurecr.cn",
    "azurecr.io",
    "azurecr.us",
    "cr.aliyuncs.com",
    "fly.dev",
    "gcr.io",
    "jfrog.io",
    "pkg.dev",
    "run.app",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(registry: &str, realm: &str) -> bool {
        let url = |text: &str| Url::parse(text).unwrap();
        may_have_credentials(
            &url(registry),
            &url(realm),
            &["login.partner.com".to_owned()],
        )
    }

    #[test]
    fn the_realms_of_real_registries() {
        for (registry, realm) in [
            (
                "https://registry-1.docker.io",
                "https://auth.docker.io/token",
            ),
            ("https://ghcr.io", "https://ghcr.io/token"),
            ("https://registry.gitlab.com", "https://gitlab.com/jwt/auth"),
            ("https://gcr.io", "https://gcr.io/v2/token"),
            (
                "https://me.azurecr.io",
                "https://me.azurecr.io/oauth2/token",
            ),
            (
                "https://registry.digitalocean.com",
                "https://api.digitalocean.com/v2/registry/auth",
            ),
            ("https://example.com", "https://auth.example.com/token"),
            ("http://127.0.0.1:5000", "http://localhost:5001/token"),
            (
                "http://registry.lan.corp:5000",
                "http://registry.lan.corp:5001/token",
            ),
            (
                "https://registry.corp.com",
                "https://login.partner.com/token",
            ),
        ] {
            assert!(allowed(registry, realm), "{registry} {realm}");
        }
    }

    #[test]
    fn realms_that_get_nothing() {
        for (registry, realm) in [
            ("https://registry-1.docker.io", "https://evil.com/token"),
            (
                "https://registry-1.docker.io",
                "https://auth.docker.io.evil.com/token",
            ),
            (
                "https://registry-1.docker.io",
                "https://evildocker.io/token",
            ),
            (
                "https://registry-1.docker.io",
                "http://auth.docker.io/token",
            ),
            (
                "https://registry.corp.com",
                "http://login.partner.com/token",
            ),
            ("https://registry.com", "https://evil.com/token"),
            ("https://shop.co.uk", "https://evil.co.uk/token"),
            ("https://me.azurecr.io", "https://evil.azurecr.io/token"),
            ("https://10.0.0.1", "https://9.0.0.1/token"),
            ("https://10.0.0.1", "https://10.0.0.2/token"),
            ("https://gcr.io", "https://evil.gcr.io/token"),
            (
                "https://1.dkr.ecr.eu-west-1.amazonaws.com",
                "https://2.dkr.ecr.eu-west-1.amazonaws.com",
            ),
            ("https://[2001:db8::1]", "https://[2001:db8::2]/token"),
            ("https://corp", "https://auth.corp/token"),
            ("https://registry.corp.com", "http://127.0.0.1/token"),
            ("http://127.0.0.1:5000", "https://evil.com/token"),
        ] {
            assert!(!allowed(registry, realm), "{registry} {realm}");
        }
    }
}
