use cosignet_host::registry::login::{AzureLogin, AzureProof, CloudLogin, LoginSecret};
use cosignet_host::registry::source::SourceKind;

use super::{AccessFault, Given, Item, Opener, Reader};
use crate::cli::step::text;

/// A service principal: a user and a password to the registry, or, where its directory is said, whoever asks
/// the directory.
pub fn principal(kind: SourceKind, reader: &Reader<'_, impl Given>) -> Result<Opener, AccessFault> {
    if kind != SourceKind::Acr {
        let credential = reader.basic(Item::ClientId, Item::ClientSecret)?;
        return Ok(Opener::Credential(credential));
    }
    let Some(tenant) = reader.text(Item::TenantId)? else {
        for item in [Item::OidcToken, Item::ClientCertificate] {
            if reader.text(item)?.is_some() {
                reader.beside(item, Item::TenantId)?;
            }
        }
        let credential = reader.basic(Item::ClientId, Item::ClientSecret)?;
        return Ok(Opener::Credential(credential));
    };
    Ok(Opener::Login(CloudLogin::Azure(AzureLogin::Application {
        tenant,
        client: reader.beside(Item::TenantId, Item::ClientId)?,
        proof: proof(reader)?,
    })))
}

/// One of three, which are too many together.
fn proof(reader: &Reader<'_, impl Given>) -> Result<AzureProof, AccessFault> {
    if let Some(token) = reader.text(Item::OidcToken)? {
        reader.without(Item::ClientSecret, Item::OidcToken)?;
        reader.without(Item::ClientCertificate, Item::OidcToken)?;
        return Ok(AzureProof::Token(LoginSecret::new(token)));
    }
    if let Some(certificate) = reader.text(Item::ClientCertificate)? {
        reader.without(Item::ClientSecret, Item::ClientCertificate)?;
        let pem = text::plain(&certificate, |text| text.contains("-----BEGIN "));
        let pem = pem.ok_or(AccessFault::Malformed {
            item: Item::ClientCertificate,
            expected: "a certificate and its key in PEM, or base64 of it",
        })?;
        return Ok(AzureProof::Certificate(LoginSecret::new(pem.as_str())));
    }
    let secret = reader.beside(Item::TenantId, Item::ClientSecret)?;
    Ok(AzureProof::Secret(LoginSecret::new(secret)))
}
