use cosignet_host::registry::login::{AmazonIdentity, AmazonLogin, AmazonRole, LoginSecret};

use super::{AccessFault, Given, Item, Reader};

/// Keys, and a role that is taken with them; or a role for the runner's token. A role alone is taken by
/// whoever the environment says.
pub fn login(reader: &Reader<'_, impl Given>) -> Result<AmazonLogin, AccessFault> {
    let role = reader.text(Item::AssumeRole)?;
    let external_id = reader.text(Item::ExternalId)?;
    if let Some(token) = reader.text(Item::OidcToken)? {
        reader.without(Item::AccessKey, Item::OidcToken)?;
        reader.without(Item::SecretKey, Item::OidcToken)?;
        reader.without(Item::SessionToken, Item::OidcToken)?;
        reader.without(Item::ExternalId, Item::OidcToken)?;
        return Ok(AmazonLogin {
            identity: Some(AmazonIdentity::WebIdentity {
                role: reader.beside(Item::OidcToken, Item::AssumeRole)?,
                token: LoginSecret::new(token),
            }),
            role: None,
        });
    }
    let session_token = reader.text(Item::SessionToken)?;
    let identity = match reader.pair(Item::AccessKey, Item::SecretKey)? {
        Some((id, secret)) => Some(AmazonIdentity::Keys {
            id,
            secret: LoginSecret::new(secret),
            session_token: session_token.map(LoginSecret::new),
        }),
        None if session_token.is_some() => {
            return Err(AccessFault::Missing {
                item: Item::AccessKey,
                beside: Item::SessionToken,
            });
        }
        None => None,
    };
    if external_id.is_some() && role.is_none() {
        return Err(AccessFault::Missing {
            item: Item::AssumeRole,
            beside: Item::ExternalId,
        });
    }
    Ok(AmazonLogin {
        identity,
        role: role.map(|arn| AmazonRole { arn, external_id }),
    })
}
