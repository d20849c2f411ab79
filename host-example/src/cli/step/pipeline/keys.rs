use super::fault::{Fault, Problem};
use super::fields::{Map, Value};
use crate::cli::lent::Secret;
use crate::cli::step::key::{key, service_key};
use crate::cli::step::model::Key;
use crate::cli::step::variables::Variables;

/// Who signs: the key, and its password if it has one.
pub fn signing(
    value: &Value<'_>,
    variables: &Variables<'_>,
) -> Result<(Key, Option<Secret>), Fault> {
    let mut spec = match method(value, variables)? {
        Method::Cosign(spec) => spec,
        Method::SecretManager(spec) => return Ok((in_service(spec, variables)?, None)),
    };
    let private = spec.require(&["private_key", "privateKey"])?;
    let password = spec.require(&["password"])?;
    spec.finish()?;
    let key = given(&private, variables)?;
    Ok((key, Some(password.secret(variables)?)))
}

/// Whose signature counts.
pub fn verification(value: &Value<'_>, variables: &Variables<'_>) -> Result<Key, Fault> {
    let mut spec = match method(value, variables)? {
        Method::Cosign(spec) => spec,
        Method::SecretManager(spec) => return in_service(spec, variables),
    };
    let public = spec.require(&["public_key", "publicKey"])?;
    spec.finish()?;
    given(&public, variables)
}

enum Method<'n> {
    Cosign(Map<'n>),
    SecretManager(Map<'n>),
}

/// `type` and `spec`. The product's schema calls both methods `cosign`: then what is in `spec` tells.
fn method<'n>(value: &Value<'n>, variables: &Variables<'_>) -> Result<Method<'n>, Fault> {
    let mut map = value.map()?;
    let kind = map.require(&["type"])?;
    let spec = map.require(&["spec"])?;
    map.finish()?;
    let name = kind.text(variables)?;
    match name.as_str() {
        "cosign" if spec.get("connector").is_some() => Ok(Method::SecretManager(spec.map()?)),
        "cosign" | "keybased" => Ok(Method::Cosign(spec.map()?)),
        "cosign_with_secret_manager" | "secret-manager" | "secret_manager" => {
            Ok(Method::SecretManager(spec.map()?))
        }
        "keyless" => Err(kind.fault(Problem::NotDone(
            "signing without a key is not done here: say cosign or cosign_with_secret_manager",
        ))),
        _ => Err(kind.unexpected("cosign or cosign_with_secret_manager", name)),
    }
}

/// A key that stays in a key service. The service's address and its token come from the environment, as
/// cosign has it: the connector is the product's name for them.
fn in_service(mut spec: Map<'_>, variables: &Variables<'_>) -> Result<Key, Fault> {
    let connector = spec.require(&["connector", "connectorRef"])?;
    let key = spec.require(&["key", "keyName", "key_name"])?;
    spec.finish()?;
    connector.text(variables)?;
    let name = key.text(variables)?;
    service_key(&name, variables.environment()).map_err(|fault| key.fault(Problem::Key(fault)))
}

/// A key that a secret holds.
fn given(value: &Value<'_>, variables: &Variables<'_>) -> Result<Key, Fault> {
    if let Some(reference) = value.node.text().filter(|text| text.starts_with("env://")) {
        return Ok(Key::Named(reference.to_owned()));
    }
    let secret = value.secret(variables)?;
    key(&secret).map_err(|fault| value.fault(Problem::Key(fault)))
}
