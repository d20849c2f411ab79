//! What a step lends to the command that it runs. It is in memory alone: no argument, no environment
//! variable and no file holds it.

use std::fmt;
use std::future::Future;

use cosignet_host::registry::Credential;
use cosignet_host::registry::login::CloudLogin;
use zeroize::Zeroizing;

tokio::task_local! {
    static LENT: Lent;
}

/// Bytes that nobody is shown. Zeroized when dropped; not in `Debug`.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes them.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// The bytes, for what needs them.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The same as text, if it is.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// Who opens the registry, instead of whoever the environment and docker's and podman's configuration say.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// What the registry is told.
    pub credential: Option<Credential>,
    /// Who asks the registry's cloud for what it is told.
    pub login: Option<CloudLogin>,
    /// A configuration of docker's, before those in files.
    pub config: Option<Secret>,
}

/// Keys, the password of the private one, and who opens the registry.
#[derive(Clone, Debug, Default)]
pub struct Lent {
    keys: Vec<Secret>,
    /// The password of the private key, instead of `COSIGN_PASSWORD` and a prompt.
    pub password: Option<Secret>,
    /// Who opens the registry.
    pub access: Access,
}

impl Lent {
    /// Adds a key; what `--key` is to name it.
    pub fn key(&mut self, key: Secret) -> String {
        self.keys.push(key);
        format!("{SCHEME}://{}", self.keys.len() - 1)
    }

    /// Runs something that may use it, and nothing else may.
    pub async fn to<T>(self, command: impl Future<Output = T>) -> T {
        LENT.scope(self, command).await
    }
}

/// The key of this number, if one was lent.
pub fn key(number: &str) -> Option<Zeroizing<Vec<u8>>> {
    let number: usize = number.parse().ok()?;
    lent(|lent| lent.keys.get(number).cloned()).map(|key| key.0)
}

/// The password of the private key, if one was lent.
pub fn password() -> Option<Zeroizing<Vec<u8>>> {
    lent(|lent| lent.password.clone()).map(|password| password.0)
}

/// Who opens the registry, if that was lent.
pub fn access() -> Access {
    lent(|lent| Some(lent.access.clone())).unwrap_or_default()
}

fn lent<T>(find: impl FnOnce(&Lent) -> Option<T>) -> Option<T> {
    LENT.try_with(find).ok().flatten()
}

/// The scheme of keys that were lent.
pub const SCHEME: &str = "lent";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn is_lent_to_one_command_alone() {
        let mut lent = Lent {
            password: Some(Secret::new("hush")),
            access: Access {
                credential: Some(Credential::bearer("hush")),
                ..Access::default()
            },
            ..Lent::default()
        };
        let name = lent.key(Secret::new("key"));
        assert_eq!(name, "lent://0");
        let found = lent
            .to(async { (key("0"), key("1"), password(), access().credential) })
            .await;
        assert_eq!(found.0.unwrap().as_slice(), b"key");
        assert!(found.1.is_none());
        assert_eq!(found.2.unwrap().as_slice(), b"hush");
        assert!(found.3.is_some());
        assert!(key("0").is_none() && password().is_none() && access().credential.is_none());
    }

    #[test]
    fn nobody_is_shown_a_secret() {
        let mut lent = Lent {
            password: Some(Secret::new("hush")),
            ..Lent::default()
        };
        lent.key(Secret::new("hush"));
        assert!(!format!("{lent:?}").contains("hush"));
        assert!(!format!("{lent:?}").contains("104"));
    }
}
