use cosignet_host::registry::Credential;

use super::settings::{Problem, SettingFault, Settings};
use super::table;

/// A user name and a password, or what a cloud has in place of them.
pub fn read(settings: &Settings<'_>) -> Result<Option<Credential>, SettingFault> {
    let pairs = [
        (&table::USERNAME, &table::PASSWORD),
        (&table::CLIENT_ID, &table::CLIENT_SECRET),
    ];
    for (name, secret) in pairs {
        match (settings.find(name), settings.find(secret)) {
            (None, None) => {}
            (Some(name), Some(secret)) => {
                return Ok(Some(Credential::basic(name.text()?, secret.text()?)));
            }
            (Some(_), None) => return Err(settings.fault(secret, Problem::Missing)),
            (None, Some(_)) => return Err(settings.fault(name, Problem::Missing)),
        }
    }
    let json = settings.find(&table::JSON_KEY);
    json.map(|json| Ok(Credential::basic("_json_key", json.text()?)))
        .transpose()
}
