/// What a step may be given to open its registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    Username,
    Password,
    /// A configuration file of docker's, as text.
    Config,
    /// AWS's keys.
    AccessKey,
    SecretKey,
    SessionToken,
    /// A role of AWS's that is taken.
    AssumeRole,
    ExternalId,
    /// A token by the runner, in whom a cloud trusts.
    OidcToken,
    /// A key of a service account of Google's, or another file of credentials.
    JsonKey,
    /// Ask Google with that file, instead of telling it to the registry.
    WorkloadIdentity,
    /// A workload identity pool of Google's, and who is impersonated.
    ProjectNumber,
    PoolId,
    ProviderId,
    ServiceAccount,
    /// A directory of Azure's, and an application in it.
    TenantId,
    ClientId,
    ClientSecret,
    ClientCertificate,
}

impl Item {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Username,
        Self::Password,
        Self::Config,
        Self::AccessKey,
        Self::SecretKey,
        Self::SessionToken,
        Self::AssumeRole,
        Self::ExternalId,
        Self::OidcToken,
        Self::JsonKey,
        Self::WorkloadIdentity,
        Self::ProjectNumber,
        Self::PoolId,
        Self::ProviderId,
        Self::ServiceAccount,
        Self::TenantId,
        Self::ClientId,
        Self::ClientSecret,
        Self::ClientCertificate,
    ];

    /// Its name: of a connector's value, and of a plugin's setting.
    pub fn name(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Password => "password",
            Self::Config => "config",
            Self::AccessKey => "access_key",
            Self::SecretKey => "secret_key",
            Self::SessionToken => "session_token",
            Self::AssumeRole => "assume_role",
            Self::ExternalId => "external_id",
            Self::OidcToken => "oidc_token_id",
            Self::JsonKey => "json_key",
            Self::WorkloadIdentity => "workload_identity",
            Self::ProjectNumber => "project_number",
            Self::PoolId => "pool_id",
            Self::ProviderId => "provider_id",
            Self::ServiceAccount => "service_account_email",
            Self::TenantId => "tenant_id",
            Self::ClientId => "client_id",
            Self::ClientSecret => "client_secret",
            Self::ClientCertificate => "client_certificate",
        }
    }
}
