//! Paths of Vault's API, version 1.

/// The kinds of endpoint, for [faults](super::Fault) to be aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `/v1/transit/keys/<name>`
    Key,
    /// `/v1/transit/keys/<name>/rotate`
    Rotate,
    /// `/v1/transit/sign/<name>[/<hash>]`
    Sign,
    /// `/v1/transit/verify/<name>[/<hash>]`
    Verify,
    /// `/v1/auth/approle/login`
    LogIn,
}

/// What a path is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Route<'a> {
    pub(super) endpoint: Endpoint,
    /// The key; empty of a login.
    pub(super) name: &'a str,
    /// The hash that a path to sign names.
    pub(super) hash: Option<&'a str>,
}

impl<'a> Route<'a> {
    pub(super) fn of(path: &'a str) -> Option<Self> {
        let path = path.strip_prefix("/v1/")?;
        let mut parts = path.split('/');
        let of = [(); 5].map(|()| parts.next());
        let (endpoint, name, hash) = match of {
            [Some("auth"), Some("approle"), Some("login"), None, None] => {
                (Endpoint::LogIn, "", None)
            }
            [Some("transit"), Some("keys"), Some(name), None, None] => (Endpoint::Key, name, None),
            [
                Some("transit"),
                Some("keys"),
                Some(name),
                Some("rotate"),
                None,
            ] => (Endpoint::Rotate, name, None),
            [Some("transit"), Some("sign"), Some(name), hash, None] => (Endpoint::Sign, name, hash),
            [Some("transit"), Some("verify"), Some(name), hash, None] => {
                (Endpoint::Verify, name, hash)
            }
            _ => return None,
        };
        (endpoint == Endpoint::LogIn || !name.is_empty()).then_some(Self {
            endpoint,
            name,
            hash,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint() {
        for (path, expected) in [
            ("/v1/transit/keys/k", Some((Endpoint::Key, "k", None))),
            (
                "/v1/transit/keys/k/rotate",
                Some((Endpoint::Rotate, "k", None)),
            ),
            ("/v1/transit/sign/k", Some((Endpoint::Sign, "k", None))),
            (
                "/v1/transit/sign/k/sha2-256",
                Some((Endpoint::Sign, "k", Some("sha2-256"))),
            ),
            (
                "/v1/transit/verify/k/sha2-256",
                Some((Endpoint::Verify, "k", Some("sha2-256"))),
            ),
            ("/v1/auth/approle/login", Some((Endpoint::LogIn, "", None))),
            ("/v1/transit/keys/", None),
            ("/v1/transit/sign/k/sha2-256/x", None),
            ("/v1/other/keys/k", None),
            ("/v2/transit/keys/k", None),
            ("/", None),
        ] {
            let found = Route::of(path).map(|route| (route.endpoint, route.name, route.hash));
            assert_eq!(found, expected, "{path}");
        }
    }
}
