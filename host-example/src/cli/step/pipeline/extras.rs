//! Fields that the product has in its settings, or not at all: the transparency log, claims, the form,
//! and where signatures are kept.

use super::fault::{Fault, Problem};
use super::fields::Map;
use crate::cli::step::model::{Form, Keep, Log};
use crate::cli::step::variables::Variables;

/// `airGap`, and `rekor` with `url`, `publicKey`, `trustedRoot` and `publicGood`.
pub fn log(spec: &mut Map<'_>, variables: &Variables<'_>) -> Result<Log, Fault> {
    let air_gap = spec.switch(&["airGap", "airgap", "air_gap"], variables)?;
    let Some(rekor) = spec.take(&["rekor"])? else {
        return Ok(Log {
            air_gap,
            ..Log::default()
        });
    };
    let mut map = rekor.map()?;
    let log = Log {
        air_gap,
        url: map.text(&["url"], variables)?,
        key: map.text(&["publicKey", "public_key"], variables)?,
        trusted_root: map.text(&["trustedRoot", "trusted_root"], variables)?,
        public_good: map.switch(&["publicGood", "public_good"], variables)?,
    };
    map.finish()?;
    match air_gap && log.url.is_some() {
        true => Err(rekor.fault(Problem::Conflict("airGap", "rekor.url"))),
        false => Ok(log),
    }
}

/// `annotations`: a map of texts.
pub fn annotations(
    spec: &mut Map<'_>,
    variables: &Variables<'_>,
) -> Result<Vec<(String, String)>, Fault> {
    let Some(value) = spec.take(&["annotations"])? else {
        return Ok(Vec::new());
    };
    let claims = value.map()?;
    claims
        .all()
        .map(|(claim, value)| Ok((claim.to_owned(), value.text(variables)?)))
        .collect()
}

/// `format`: a value of `--format`.
pub fn form(spec: &mut Map<'_>, variables: &Variables<'_>) -> Result<Form, Fault> {
    let Some(value) = spec.take(&["format"])? else {
        return Ok(Form::default());
    };
    let text = value.text(variables)?;
    let form = Form::ALL.into_iter().find(|form| form.name() == text);
    form.ok_or_else(|| value.unexpected("simple, bundle or both", text))
}

/// `store` and `signatureFolder`.
pub fn keep(spec: &mut Map<'_>, variables: &Variables<'_>) -> Result<Keep, Fault> {
    let store = spec.text(&["store"], variables)?;
    let everywhere = || variables.environment().text(STORE);
    Ok(Keep {
        store: store.or_else(|| everywhere().map(ToOwned::to_owned)),
        folder: spec.text(&["signatureFolder", "signature_folder"], variables)?,
    })
}

/// The store of whoever says no other.
const STORE: &str = "COSIGNET_STORE";
