use cosignet_host::registry::login::{AzureLogin, AzureProof, CloudLogin, LoginSecret};
use cosignet_host::registry::source::SourceKind;

use super::{AccessFault, Given, Item, Opener, Reader};

/// A service principal: a user and a password to the registry, or, where its directory is said, whoever asks
/// the directory.
pub fn principal(kind: SourceKind, reader: &Reader<'_, impl Given>) -> Result<Opener, AccessFault> {
    let tenant = match kind {
        SourceKind::Acr => reader.text(Item::TenantId)?,
        _ => None,
    };
    let Some(tenant) = tenant else {
        if kind == SourceKind::Acr && reader.text(Item::OidcToken)?.is_some() {
            reader.beside(Item::OidcToken, Item::TenantId)?;
        }
        let credential = reader.basic(Item::ClientId, Item::ClientSecret)?;
        return Ok(Opener::Credential(credential));
    };
    let client = reader.beside(Item::TenantId, Item::ClientId)?;
    let proof = match reader.text(Item::OidcToken)? {
        Some(token) => {
            reader.without(Item::ClientSecret, Item::OidcToken)?;
            AzureProof::Token(LoginSecret::new(token))
        }
        None => {
            let secret = reader.beside(Item::TenantId, Item::ClientSecret)?;
            AzureProof::Secret(LoginSecret::new(secret))
        }
    };
    Ok(Opener::Login(CloudLogin::Azure(AzureLogin::Application {
        tenant,
        client,
        proof,
    })))
}
