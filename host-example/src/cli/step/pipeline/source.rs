use cosignet_host::registry::Credential;

use super::fault::{Fault, Problem};
use super::fields::{Map, Value};
use crate::cli::step::model::{ARTIFACT_KINDS, Artifact, File, Image, pinned};
use crate::cli::step::source::{Field, Kind, Source, host_of, is_complete};
use crate::cli::step::variables::{Kind as Of, Variables};

/// Reads what is signed or verified: `type` and `spec`.
pub fn read(value: &Value<'_>, variables: &Variables<'_>) -> Result<Artifact, Fault> {
    let mut map = value.map()?;
    let kind = map.require(&["type"])?;
    let spec = map.require(&["spec"])?.map()?;
    map.finish()?;
    let name = kind.text(variables)?;
    if name == LOCAL {
        return file(spec, variables).map(Artifact::File);
    }
    match Kind::named(&name) {
        Some(kind) => image(kind, spec, variables).map(Artifact::Image),
        None => Err(kind.unexpected(format!("{LOCAL}, {}", Kind::NAMES.join(", ")), name)),
    }
}

fn image(kind: Kind, mut spec: Map<'_>, variables: &Variables<'_>) -> Result<Image, Fault> {
    let connector = spec.take(&["connector", "connectorRef"])?;
    let name = spec.require(names(kind))?;
    let digest = spec.take(&["digest"])?;
    let mut source = Source::of(kind);
    for field in kind.takes() {
        let spellings = spellings(*field);
        let value = match kind.needs().contains(field) {
            true => Some(spec.require(spellings)?),
            false => spec.take(spellings)?,
        };
        let text = value.map(|value| value.text(variables)).transpose()?;
        *source.field(*field) = text;
    }
    let registry = match kind {
        Kind::Har => Some(spec.require(&["registry", "registryRef"])?),
        _ => None,
    };
    let mut text = name.text(variables)?;
    if let Some(registry) = registry {
        text = harness_name(&registry, &text, variables)?;
    }
    let digest = match digest {
        None => None,
        Some(value) => {
            let digest = value.text(variables)?;
            pinned(&text, digest).map_err(|other| value.fault(Problem::Digest(other)))?
        }
    };
    spec.finish()?;
    let connector = connector.map(|value| Connector::read(&value, variables));
    let Connector { host, credential } = connector.transpose()?.unwrap_or_default();
    if kind.takes().contains(&Field::Host) && source.host.is_none() && !is_complete(&text) {
        source.host = host;
    }
    let source = source.of_image(&text);
    Ok(Image {
        source: source.map_err(|needed| name.fault(Problem::Host(needed)))?,
        name: text,
        digest,
        credential,
        allow_http: false,
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

/// What a connector is to a registry: its credential, and its host.
#[derive(Default)]
struct Connector {
    host: Option<String>,
    credential: Option<Credential>,
}

impl Connector {
    fn read(value: &Value<'_>, variables: &Variables<'_>) -> Result<Self, Fault> {
        let connector = value.text(variables)?;
        let find = |field: &str| variables.find(Of::Connector, &format!("{connector}.{field}"));
        let half = |there, missing| {
            let connector = connector.clone();
            Err(value.fault(Problem::HalfConnector {
                connector,
                there,
                missing,
            }))
        };
        let credential = match (find("username"), find("password")) {
            (None, None) => None,
            (Some(_), None) => return half("username", "password"),
            (None, Some(_)) => return half("password", "username"),
            (Some(username), Some(password)) => match (username.text(), password.text()) {
                (Some(username), Some(password)) => Some(Credential::basic(username, password)),
                _ => return Err(value.fault(Problem::NoText(connector))),
            },
        };
        let host = match find("url") {
            None => None,
            Some(url) => match url.text() {
                Some(url) => Some(host_of(url)),
                None => return Err(value.fault(Problem::NoText(connector))),
            },
        };
        Ok(Self { host, credential })
    }
}

/// What the image is called. The documents of the product differ.
fn names(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Gcr | Kind::Gar => &["image", "imageName", "image_name"],
        Kind::Acr => &["image", "repository"],
        Kind::Docker
        | Kind::Ecr
        | Kind::Har
        | Kind::Jfrog
        | Kind::Ghcr
        | Kind::Quay
        | Kind::Harbor => &["image"],
    }
}

/// What a field is called. The documents of the product differ.
fn spellings(field: Field) -> &'static [&'static str] {
    match field {
        Field::Region => &["region"],
        Field::Account => &["account", "accountId", "account_id"],
        Field::Host => &["host"],
        Field::Project => &["projectID", "projectId", "project_id", "project"],
        Field::Subscription => &["subscriptionId", "subscription_id"],
    }
}

const LOCAL: &str = "local";
/// The variable that is the account of the product's own registry.
const ACCOUNT: &str = "account.identifier";
