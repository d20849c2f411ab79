use zeroize::Zeroizing;

use cosignet_host::registry::Credential;
use cosignet_host::registry::login::{CloudLogin, GoogleLogin, LoginSecret};

use super::{AccessFault, Given, Item, Opener, Reader};
use crate::cli::step::text;

/// A service account, whose key the registry itself takes; or whoever asks Google, with that key or as the
/// environment says.
pub fn json_key(reader: &Reader<'_, impl Given>) -> Result<Opener, AccessFault> {
    let asks = match reader.text(Item::WorkloadIdentity)?.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            return Err(AccessFault::Malformed {
                item: Item::WorkloadIdentity,
                expected: "true or false",
            });
        }
    };
    let key = match reader.text(Item::JsonKey)?.map(Zeroizing::new) {
        None => None,
        Some(text) => Some(text::plain(&text, is_json).ok_or(AccessFault::Malformed {
            item: Item::JsonKey,
            expected: "a key file's JSON, or base64 of it",
        })?),
    };
    match (asks, key) {
        (false, Some(key)) => Ok(Opener::Credential(Credential::basic(
            "_json_key",
            key.as_str(),
        ))),
        (true, Some(key)) => Ok(Opener::Login(CloudLogin::Google(GoogleLogin::Credentials(
            LoginSecret::new(key.as_str()),
        )))),
        (_, None) => Ok(Opener::Login(CloudLogin::Google(GoogleLogin::Environment))),
    }
}

/// A service account that is impersonated for the runner's token.
pub fn federation(reader: &Reader<'_, impl Given>) -> Result<GoogleLogin, AccessFault> {
    let given = [
        Item::OidcToken,
        Item::ProjectNumber,
        Item::PoolId,
        Item::ProviderId,
        Item::ServiceAccount,
    ];
    let beside = given
        .into_iter()
        .find(|item| reader.given.find(*item).is_some())
        .unwrap_or(Item::OidcToken);
    Ok(GoogleLogin::Federation {
        project_number: reader.beside(beside, Item::ProjectNumber)?,
        pool: reader.beside(beside, Item::PoolId)?,
        provider: reader.beside(beside, Item::ProviderId)?,
        service_account: reader.beside(beside, Item::ServiceAccount)?,
        token: LoginSecret::new(reader.beside(beside, Item::OidcToken)?),
    })
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}
