use cosignet_host::registry::source::SourceKind;

use super::settings::{Problem, SettingFault, Settings};
use super::table::{self, Setting};
use crate::cli::lent::{Access, Secret};
use crate::cli::step::access::{self, Given, Item};

/// Who opens the registry.
pub fn read(settings: &Settings<'_>, kind: SourceKind) -> Result<Access, SettingFault> {
    let variable = |item| settings.variable(setting(item));
    access::read(kind, settings).map_err(|fault| SettingFault {
        name: variable(fault.item()),
        problem: Problem::Access(fault.in_words(variable)),
    })
}

impl Given for Settings<'_> {
    fn own(&self, item: Item) -> Option<Secret> {
        Some(Settings::own(self, setting(item))?.secret())
    }

    fn find(&self, item: Item) -> Option<Secret> {
        Some(Settings::find(self, setting(item))?.secret())
    }
}

/// The setting of an item.
fn setting(item: Item) -> &'static Setting {
    match item {
        Item::Username => &table::USERNAME,
        Item::Password => &table::PASSWORD,
        Item::Config => &table::CONFIG,
        Item::AccessKey => &table::ACCESS_KEY,
        Item::SecretKey => &table::SECRET_KEY,
        Item::SessionToken => &table::SESSION_TOKEN,
        Item::AssumeRole => &table::ASSUME_ROLE,
        Item::ExternalId => &table::EXTERNAL_ID,
        Item::OidcToken => &table::OIDC_TOKEN,
        Item::JsonKey => &table::JSON_KEY,
        Item::WorkloadIdentity => &table::WORKLOAD_IDENTITY,
        Item::ProjectNumber => &table::PROJECT_NUMBER,
        Item::PoolId => &table::POOL,
        Item::ProviderId => &table::PROVIDER,
        Item::ServiceAccount => &table::SERVICE_ACCOUNT,
        Item::TenantId => &table::TENANT,
        Item::ClientId => &table::CLIENT_ID,
        Item::ClientSecret => &table::CLIENT_SECRET,
        Item::ClientCertificate => &table::CLIENT_CERTIFICATE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a connector each item has the name that it has as a setting.
    #[test]
    fn items_are_called_as_settings_are() {
        for item in Item::ALL {
            let Setting { name, aliases, .. } = setting(item);
            let mut names = [name].into_iter().chain(*aliases);
            assert!(names.any(|name| *name == item.name()), "{item:?}");
        }
    }
}
