use cosignet_host::registry::source::{Field, Fields, SourceError, SourceKind};

use super::connector::{self, Connector};
use super::fault::{Fault, Problem};
use super::fields::{Map, Value};
use crate::cli::step::model::{ARTIFACT_KINDS, Artifact, File, Image};
use crate::cli::step::source::Place;
use crate::cli::step::variables::{Kind as Of, Variables};

/// Reads what is signed or verified: `type` and `spec`.
pub fn read(value: &Value<'_>, variables: &Variables<'_>) -> Result<Artifact, Fault> {
    let mut map = value.map()?;
    let kind = map.require(&["type"])?;
    let spec = map.require(&["spec"])?;
    map.finish()?;
    let name = kind.text(variables)?;
    if name == LOCAL {
        return file(spec.map()?, variables).map(Artifact::File);
    }
    match name.parse() {
        Ok(kind) => image(kind, &spec, variables).map(Artifact::Image),
        Err(_) => Err(kind.unexpected(format!("{LOCAL}, {}", SourceKind::names()), name)),
    }
}

fn image(kind: SourceKind, value: &Value<'_>, variables: &Variables<'_>) -> Result<Image, Fault> {
    let mut spec = value.map()?;
    let connector = spec.take(&["connector", "connectorRef"])?;
    let name = spec.require(names(kind))?;
    let mut fields = Fields::default();
    let mut said = vec![(Field::Image, &name)];
    let mut values = Vec::new();
    for field in [Field::Digest].iter().chain(kind.fields()) {
        if let Some(value) = spec.take(spellings(*field))? {
            fields.set(*field, value.text(variables)?);
            values.push((*field, value));
        }
    }
    said.extend(values.iter().map(|(field, value)| (*field, value)));
    let registry = match kind {
        SourceKind::Har => Some(spec.require(&["registry", "registryRef"])?),
        _ => None,
    };
    let mut text = name.text(variables)?;
    if let Some(registry) = registry {
        text = harness_name(&registry, &text, variables)?;
    }
    spec.finish()?;
    let found = connector
        .as_ref()
        .map(|value| connector::read(kind, value, variables));
    let Connector { host, access } = found.transpose()?.unwrap_or_default();
    let elsewhere = Fields {
        host,
        ..Fields::default()
    };
    if let (Some(connector), Some(_)) = (&connector, &elsewhere.host) {
        said.push((Field::Host, connector));
    }
    let place = Place::of(kind, fields, &text, &elsewhere).map_err(|error| {
        let about = said.iter().find(|(field, _)| *field == error.field());
        let about = about.map_or(value, |(_, value)| value);
        about.fault(Problem::Source(in_words(&error)))
    })?;
    Ok(Image {
        name: text,
        place,
        access: access.into(),
        allow_http: false,
    })
}

fn in_words(error: &SourceError) -> String {
    error.in_words(|field| match (field, error) {
        (Field::Host, SourceError::Missing { .. }) => "host, or its connector's url",
        _ => spellings(field).first().copied().unwrap_or_default(),
    })
}

/// The account and the registry come first in the path of the product's own registry.
fn harness_name(
    registry: &Value<'_>,
    image: &str,
    variables: &Variables<'_>,
) -> Result<String, Fault> {
    let name = registry.text(variables)?;
    let account = variables
        .find(Of::Variable, ACCOUNT)
        .map(|account| account.text().map(str::to_lowercase));
    let account = match account {
        Some(Some(account)) => account,
        Some(None) => return Err(registry.fault(Problem::NoText(ACCOUNT.into()))),
        None => {
            return Err(registry.fault(Problem::NoVariable {
                name: ACCOUNT.into(),
            }));
        }
    };
    // A registry of the account is called `account.NAME`, one of an organisation `org.NAME`.
    let name = name.rsplit('.').next().unwrap_or(&name).to_lowercase();
    Ok(format!("{account}/{name}/{image}"))
}

fn file(mut spec: Map<'_>, variables: &Variables<'_>) -> Result<File, Fault> {
    let workspace = spec.require(&["workspace", "artifact_path", "path"])?;
    let detection = spec.take(&["type"])?;
    let name = spec.take(&["artifact_name", "artifactName"])?;
    let version = spec.take(&["version", "artifact_version", "artifactVersion"])?;
    let kind = spec.take(&["artifact_type", "artifactType"])?;
    let is_manual = match detection {
        None => None,
        Some(value) => match value.text(variables)?.as_str() {
            "auto" => Some(false),
            "manual" => Some(true),
            other => return Err(value.unexpected("auto or manual", other)),
        },
    };
    match (is_manual, &name, &version) {
        (Some(true), None, _) => return Err(spec.fault(Problem::Missing("artifact_name"))),
        (Some(true), _, None) => return Err(spec.fault(Problem::Missing("version"))),
        (Some(false), Some(value), _) | (Some(false), None, Some(value)) => {
            return Err(value.fault(Problem::NotDone(
                "the name and the version are told from the path, as type: auto says: leave it out, or \
                 say type: manual",
            )));
        }
        _ => {}
    }
    spec.finish()?;
    let text = |value: Option<Value<'_>>| value.map(|value| value.text(variables)).transpose();
    if let Some(kind) = &kind {
        let text = kind.text(variables)?;
        if !ARTIFACT_KINDS.contains(&text.as_str()) {
            return Err(kind.unexpected(ARTIFACT_KINDS.join(", "), text));
        }
    }
    let path = workspace.text(variables)?;
    if path == "-" {
        return Err(workspace.unexpected("the path of a file", path));
    }
    Ok(File {
        path,
        kind: text(kind)?,
        name: text(name)?,
        version: text(version)?,
    })
}

/// What the image is called. The documents of the product differ.
fn names(kind: SourceKind) -> &'static [&'static str] {
    match kind {
        SourceKind::Gcr | SourceKind::Gar => &["image", "imageName", "image_name"],
        SourceKind::Acr => &["image", "repository"],
        _ => spellings(Field::Image),
    }
}

/// What a field is called. The documents of the product differ.
fn spellings(field: Field) -> &'static [&'static str] {
    match field {
        Field::Region => &["region"],
        Field::AccountId => &["account", "accountId", "account_id"],
        Field::Host => &["host"],
        Field::ProjectId => &["projectID", "projectId", "project_id", "project"],
        Field::SubscriptionId => &["subscriptionId", "subscription_id"],
        Field::Digest => &["digest"],
        Field::Image => &["image"],
    }
}

const LOCAL: &str = "local";
/// The variable that is the account of the product's own registry.
const ACCOUNT: &str = "account.identifier";
