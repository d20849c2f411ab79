//! Who asks a cloud for a registry's credentials, where that is said here and not in the environment
//! that the cloud's own tools read.
//!
//! What is left out is looked for in the environment. A login is handed to
//! [`OciRegistryBuilder::cloud_login`](super::OciRegistryBuilder::cloud_login).

use std::fmt;

use zeroize::Zeroizing;

use super::source::SourceKind;

/// A secret of a login. Zeroized when dropped; not in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginSecret(Zeroizing<String>);

/// A cloud, and who asks it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloudLogin {
    /// AWS, for ECR.
    Amazon(AmazonLogin),
    /// Google, for GCR and GAR.
    Google(GoogleLogin),
    /// Azure, for ACR.
    Azure(AzureLogin),
}

/// Who asks AWS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AmazonLogin {
    /// Who that is at first; otherwise whoever the environment says.
    pub identity: Option<AmazonIdentity>,
    /// The role that is taken then; otherwise the one of the environment, if it says one.
    pub role: Option<AmazonRole>,
}

/// Whoever AWS knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AmazonIdentity {
    /// By keys.
    Keys {
        /// The access key's id.
        id: String,
        /// The secret access key.
        secret: LoginSecret,
        /// The token of a session, which its keys mean nothing without.
        session_token: Option<LoginSecret>,
    },
    /// By a token of an issuer whom a role trusts.
    WebIdentity {
        /// The role's ARN.
        role: String,
        /// The token.
        token: LoginSecret,
    },
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmazonRole {
    /// Its ARN.
    pub arn: String,
    /// What its owner wants to hear of whoever takes it.
    pub external_id: Option<String>,
}

/// Who asks Google.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum GoogleLogin {
    /// Whoever the environment says, or the machine.
    #[default]
    Environment,
    /// The text of a file of application default credentials.
    Credentials(LoginSecret),
    /// By a token of an issuer whom a workload identity pool trusts.
    Federation {
        /// The number of the pool's project.
        project_number: String,
        /// The pool's id.
        pool: String,
        /// The id of the issuer in the pool.
        provider: String,
        /// The service account that is impersonated.
        service_account: String,
        /// The token.
        token: LoginSecret,
    },
}

/// Who asks Azure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AzureLogin {
    /// Whoever the environment says.
    #[default]
    Environment,
    /// An application in a directory.
    Application {
        /// The directory: a UUID or a domain.
        tenant: String,
        /// The application's id.
        client: String,
        /// What proves that it asks.
        proof: AzureProof,
    },
}

/// What proves that an application asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AzureProof {
    /// A secret of its own.
    Secret(LoginSecret),
    /// A token of another issuer, in whom the directory trusts.
    Token(LoginSecret),
    /// A certificate that the directory knows and its RSA key, in PEM.
    Certificate(LoginSecret),
}

impl CloudLogin {
    /// Whoever the environment says, in the cloud of this kind of source, if it is in one.
    pub(super) fn of_environment(kind: SourceKind) -> Option<Self> {
        match kind {
            SourceKind::Ecr => Some(Self::Amazon(AmazonLogin::default())),
            SourceKind::Gcr | SourceKind::Gar => Some(Self::Google(GoogleLogin::default())),
            SourceKind::Acr => Some(Self::Azure(AzureLogin::default())),
            SourceKind::DockerHub
            | SourceKind::Docker
            | SourceKind::Har
            | SourceKind::Jfrog
            | SourceKind::Ghcr
            | SourceKind::Quay
            | SourceKind::Harbor => None,
        }
    }

    /// Whether it says nothing that the environment does not.
    #[cfg(any(test, not(all(feature = "ecr", feature = "gcr", feature = "acr"))))]
    pub(super) fn is_of_environment(&self) -> bool {
        match self {
            Self::Amazon(login) => *login == AmazonLogin::default(),
            Self::Google(login) => *login == GoogleLogin::default(),
            Self::Azure(login) => *login == AzureLogin::default(),
        }
    }
}

impl LoginSecret {
    /// Takes it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text, for whom it is meant.
    #[cfg(any(feature = "ecr", feature = "gcr", feature = "acr"))]
    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LoginSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_shown_a_secret() {
        let login = CloudLogin::Azure(AzureLogin::Application {
            tenant: "t".into(),
            client: "c".into(),
            proof: AzureProof::Secret(LoginSecret::new("hush")),
        });
        assert!(!format!("{login:?}").contains("hush"));
        assert!(!login.is_of_environment());
    }

    #[test]
    fn each_cloud_has_a_login_of_the_environment() {
        let all = SourceKind::ALL
            .into_iter()
            .filter_map(CloudLogin::of_environment);
        let all: Vec<_> = all.collect();
        assert_eq!(all.len(), 4);
        assert!(all.iter().all(CloudLogin::is_of_environment));
    }
}
