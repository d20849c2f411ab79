//! The settings, each with the names that it has elsewhere. `docs/steps.md` shows the table; a test compares them.

/// A setting.
#[derive(Debug)]
pub struct Setting {
    /// Its name: `PLUGIN_IMAGE` or `INPUT_IMAGE` for `image`.
    pub name: &'static str,
    /// Other names, with the same prefixes.
    pub aliases: &'static [&'static str],
    /// Environment variables that are read after them.
    pub environment: &'static [&'static str],
}

const fn setting(
    name: &'static str,
    aliases: &'static [&'static str],
    environment: &'static [&'static str],
) -> Setting {
    Setting {
        name,
        aliases,
        environment,
    }
}

pub const MODE: Setting = setting("mode", &["type", "action"], &[]);
pub const SOURCE: Setting = setting("source", &["registry_type"], &[]);
pub const IMAGE: Setting = setting("image", &["images", "repo"], &[]);
pub const TAGS: Setting = setting("tags", &["tag"], &[]);
pub const DIGEST: Setting = setting("digest", &[], &[]);
pub const ARTIFACT_FILE: Setting = setting("artifact_file", &[], &[]);
pub const REGISTRY: Setting = setting("registry", &["host"], &["DOCKER_REGISTRY"]);
pub const LOCATION: Setting = setting("location", &[], &[]);
pub const REGION: Setting = setting("region", &[], &["ECR_REGION", "AWS_REGION"]);
pub const ACCOUNT: Setting = setting("account_id", &["account"], &[]);
pub const PROJECT: Setting = setting("project_id", &["project"], &[]);
pub const SUBSCRIPTION: Setting = setting("subscription_id", &[], &["SUBSCRIPTION_ID"]);
pub const USERNAME: Setting = setting("registry_username", &["username"], &["DOCKER_USERNAME"]);
pub const PASSWORD: Setting = setting("registry_password", &["password"], &["DOCKER_PASSWORD"]);
pub const CONFIG: Setting = setting("config", &[], &["DOCKER_PLUGIN_CONFIG"]);
pub const ACCESS_KEY: Setting = setting("access_key", &["ecr_access_key"], &["ECR_ACCESS_KEY"]);
pub const SECRET_KEY: Setting = setting("secret_key", &["ecr_secret_key"], &["ECR_SECRET_KEY"]);
pub const SESSION_TOKEN: Setting = setting("session_token", &[], &[]);
pub const ASSUME_ROLE: Setting = setting("assume_role", &[], &[]);
pub const EXTERNAL_ID: Setting = setting("external_id", &[], &[]);
pub const OIDC_TOKEN: Setting = setting("oidc_token_id", &[], &[]);
pub const JSON_KEY: Setting = setting("json_key", &[], &["GCR_JSON_KEY", "GOOGLE_CREDENTIALS"]);
pub const WORKLOAD_IDENTITY: Setting = setting("workload_identity", &[], &[]);
pub const PROJECT_NUMBER: Setting = setting("project_number", &[], &[]);
pub const POOL: Setting = setting("pool_id", &[], &[]);
pub const PROVIDER: Setting = setting("provider_id", &[], &[]);
pub const SERVICE_ACCOUNT: Setting = setting("service_account_email", &[], &[]);
pub const TENANT: Setting = setting("tenant_id", &[], &[]);
pub const CLIENT_ID: Setting = setting(
    "client_id",
    &["service_principal_client_id"],
    &["SERVICE_PRINCIPAL_CLIENT_ID"],
);
pub const CLIENT_SECRET: Setting = setting(
    "client_secret",
    &["service_principal_client_secret"],
    &["SERVICE_PRINCIPAL_CLIENT_SECRET"],
);
pub const CLIENT_CERTIFICATE: Setting = setting("client_certificate", &[], &[]);
pub const INSECURE: Setting = setting("insecure", &[], &[]);
pub const PATH: Setting = setting("path", &["workspace"], &[]);
pub const ARTIFACT_TYPE: Setting = setting("artifact_type", &[], &[]);
pub const ARTIFACT_NAME: Setting = setting("artifact_name", &["non_container_artifact_name"], &[]);
pub const ARTIFACT_VERSION: Setting = setting("artifact_version", &["local_file_version"], &[]);
pub const PRIVATE_KEY: Setting = setting(
    "private_key",
    &["cosign_private_key"],
    &["COSIGN_PRIVATE_KEY"],
);
pub const KEY_PASSWORD: Setting =
    setting("cosign_password", &["key_password"], &["COSIGN_PASSWORD"]);
pub const PUBLIC_KEYS: Setting = setting(
    "public_key",
    &["public_keys", "cosign_public_key"],
    &["COSIGN_PUBLIC_KEY"],
);
pub const KMS_KEY: Setting = setting("kms_key", &[], &["VAULT_COSIGN_KEY_PATH"]);
pub const UPLOAD: Setting = setting(
    "upload",
    &["upload_signature", "attach"],
    &["UPLOAD_REGISTRY"],
);
pub const FORMAT: Setting = setting("format", &[], &[]);
pub const ANNOTATIONS: Setting = setting("annotations", &[], &[]);
pub const AIR_GAP: Setting = setting("air_gap", &["airgap"], &["ENABLE_SSCA_AIRGAP"]);
pub const REKOR_URL: Setting = setting("rekor_url", &[], &[]);
pub const REKOR_KEY: Setting = setting("rekor_key", &[], &[]);
pub const TRUSTED_ROOT: Setting = setting("trusted_root", &[], &[]);
pub const PUBLIC_GOOD: Setting = setting("rekor_public_good", &[], &[]);
pub const STORE: Setting = setting("store", &[], &["COSIGNET_STORE"]);
pub const FOLDER: Setting = setting("signature_folder", &[], &[]);
pub const TIMEOUT: Setting = setting("timeout", &[], &[]);

/// All of them.
pub const ALL: &[&Setting] = &[
    &MODE,
    &SOURCE,
    &IMAGE,
    &TAGS,
    &DIGEST,
    &ARTIFACT_FILE,
    &REGISTRY,
    &LOCATION,
    &REGION,
    &ACCOUNT,
    &PROJECT,
    &SUBSCRIPTION,
    &USERNAME,
    &PASSWORD,
    &CONFIG,
    &ACCESS_KEY,
    &SECRET_KEY,
    &SESSION_TOKEN,
    &ASSUME_ROLE,
    &EXTERNAL_ID,
    &OIDC_TOKEN,
    &JSON_KEY,
    &WORKLOAD_IDENTITY,
    &PROJECT_NUMBER,
    &POOL,
    &PROVIDER,
    &SERVICE_ACCOUNT,
    &TENANT,
    &CLIENT_ID,
    &CLIENT_SECRET,
    &CLIENT_CERTIFICATE,
    &INSECURE,
    &PATH,
    &ARTIFACT_TYPE,
    &ARTIFACT_NAME,
    &ARTIFACT_VERSION,
    &PRIVATE_KEY,
    &KEY_PASSWORD,
    &PUBLIC_KEYS,
    &KMS_KEY,
    &UPLOAD,
    &FORMAT,
    &ANNOTATIONS,
    &AIR_GAP,
    &REKOR_URL,
    &REKOR_KEY,
    &TRUSTED_ROOT,
    &PUBLIC_GOOD,
    &STORE,
    &FOLDER,
    &TIMEOUT,
];

/// What runners set themselves.
pub const OF_RUNNERS: &[&str] = &["metadata_file", "base64_secret"];

/// Settings of other plugins that would change what is done here, and what to say instead.
pub const INSTEAD: &[(&str, &str)] = &[
    ("cosign_params", "say annotations, rekor_url or air_gap"),
    (
        "create_repository",
        "signing creates no repository: let the step that pushes the image create it",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_name_has_two_meanings() {
        let mut names = BTreeSet::new();
        for setting in ALL {
            for name in [&setting.name].into_iter().chain(setting.aliases) {
                assert!(names.insert(*name), "{name}");
            }
        }
        for name in OF_RUNNERS
            .iter()
            .chain(INSTEAD.iter().map(|(name, _)| name))
        {
            assert!(names.insert(name), "{name}");
        }
    }

    #[test]
    fn the_document_and_the_action_have_every_setting() {
        let document = include_str!("../../../../docs/steps.md");
        let action = include_str!("../../../../../action.yml");
        for setting in ALL {
            let line = document
                .lines()
                .find(|line| line.starts_with(&format!("| `{}` |", setting.name)))
                .unwrap_or_else(|| panic!("{} is not in docs/steps.md", setting.name));
            for alias in setting.aliases.iter().chain(setting.environment) {
                assert!(line.contains(&format!("`{alias}`")), "{alias}: {line}");
            }
            let input = format!("\n  {}:\n", setting.name);
            assert!(
                action.contains(&input),
                "{} is not in action.yml",
                setting.name
            );
        }
    }
}
