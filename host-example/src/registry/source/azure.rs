//! The names of Azure's registries.

/// `NAME.azurecr.io`, and the domains of China and of the United States' government: where tokens
/// of Azure's directory may go, and nowhere else (CVE-2025-27403).
pub(in crate::registry) fn is_container_registry(host: &str) -> bool {
    let name = DOMAINS.iter().find_map(|domain| host.strip_suffix(domain));
    name.is_some_and(|name| {
        (1..=63).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

/// A subscription: a UUID in its usual form.
pub(super) fn is_subscription(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12])
        && text
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

const DOMAINS: [&str; 3] = [".azurecr.io", ".azurecr.cn", ".azurecr.us"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for host in ["team.azurecr.io", "team.azurecr.cn", "team-x1.azurecr.us"] {
            assert!(is_container_registry(host), "{host}");
        }
        for host in [
            "azurecr.io",
            ".azurecr.io",
            "evilazurecr.io",
            "team.azurecr.io.evil.test",
            "team.azurecr.evil.test",
            "a.b.azurecr.io",
            "team.azurecr.de",
            "evil.test/.azurecr.io",
            "evil@team.azurecr.io",
        ] {
            assert!(!is_container_registry(host), "{host}");
        }
    }

    #[test]
    fn subscriptions() {
        assert!(is_subscription("0b1f6471-1bf0-4dda-aec3-cb9272f09590"));
        for text in [
            "",
            "0b1f6471",
            "0b1f64711bf04ddaaec3cb9272f09590",
            "0b1f6471-1bf0-4dda-aec3-cb9272f0959g",
        ] {
            assert!(!is_subscription(text), "{text}");
        }
    }
}
