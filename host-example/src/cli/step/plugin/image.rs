//! The images that a step is about: those that are named, or those that an earlier step has pushed.

use cosignet_host::registry::source::{Field, Fields, SourceKind};

use super::settings::{Found, Problem, SettingFault, Settings};
use super::table::{self, Setting};
use super::{access, artifact_file};
use crate::cli::step::model::Image;
use crate::cli::step::source::{Place, host_of};

/// An image's name, and its digest if it is not in its name.
struct Named {
    name: String,
    digest: Option<String>,
    /// Where the name and the digest stand, if not in settings of their own.
    file: Option<&'static Setting>,
}

/// The images, in a registry of the kind that `source` says.
pub fn read(settings: &Settings<'_>, source: Option<&Found>) -> Result<Vec<Image>, SettingFault> {
    let kind = match source {
        None => SourceKind::Docker,
        Some(found) => found
            .text()?
            .parse()
            .map_err(|_| found.unexpected(format!("local, {}", SourceKind::names())))?,
    };
    let access = Box::new(access::read(settings, kind)?);
    let allow_http = settings.switch(&table::INSECURE)?;
    let images = named(settings)?.into_iter().map(|named| {
        Ok(Image {
            place: place(settings, kind, &named)?,
            access: access.clone(),
            allow_http,
            name: named.name,
        })
    });
    images.collect()
}

fn named(settings: &Settings<'_>) -> Result<Vec<Named>, SettingFault> {
    let named = settings.names(&table::IMAGE)?;
    let tags = settings.names(&table::TAGS)?;
    if named.is_empty() {
        return pushed(settings);
    }
    let images: Vec<String> = match tags.is_empty() {
        true => named,
        false => named
            .iter()
            .flat_map(|name| tags.iter().map(move |tag| format!("{name}:{tag}")))
            .collect(),
    };
    let digest = settings.text(&table::DIGEST)?;
    let images = images.into_iter().map(|name| Named {
        name,
        digest: digest.clone(),
        file: None,
    });
    Ok(images.collect())
}

fn pushed(settings: &Settings<'_>) -> Result<Vec<Named>, SettingFault> {
    let missing = || settings.fault(&table::IMAGE, Problem::Missing);
    let file = settings.find(&table::ARTIFACT_FILE).ok_or_else(missing)?;
    let pushed = artifact_file::read(file.text()?)
        .map_err(|failure| file.fault(Problem::File(failure.to_string())))?;
    let images = pushed.into_iter().map(|pushed| Named {
        name: pushed.image,
        digest: Some(pushed.digest),
        file: Some(&table::ARTIFACT_FILE),
    });
    let images: Vec<_> = images.collect();
    match images.is_empty() {
        true => Err(missing()),
        false => Ok(images),
    }
}

/// Where an image is. What only the environment says may be meant for another step: it counts where
/// something is missing.
fn place(settings: &Settings<'_>, kind: SourceKind, image: &Named) -> Result<Place, SettingFault> {
    let mut own = Fields::default();
    let mut elsewhere = Fields::default();
    for field in IN_SETTINGS {
        if let Some(found) = settings.own(setting(field)) {
            own.set(field, text(field, &found)?);
        } else if let Some(found) = settings.find(setting(field)) {
            elsewhere.set(field, text(field, &found)?);
        }
    }
    if let (None, Some(found)) = (&own.host, settings.own(&table::LOCATION)) {
        own.set(Field::Host, format!("{}-docker.pkg.dev", found.line()?));
    }
    if let Some(digest) = &image.digest {
        own.set(Field::Digest, digest);
    }
    Place::of(kind, own, &image.name, &elsewhere).map_err(|error| {
        let setting = match (error.field(), image.file) {
            (Field::Image | Field::Digest, Some(file)) => file,
            (field, _) => setting(field),
        };
        let words = error.in_words(|field| self::setting(field).name);
        SettingFault {
            name: settings.variable(setting),
            problem: Problem::Source(words),
        }
    })
}

fn text(field: Field, found: &Found) -> Result<&str, SettingFault> {
    let text = found.line()?;
    Ok(match field {
        Field::Host => host_of(text),
        _ => text,
    })
}

/// The setting that says a field.
fn setting(field: Field) -> &'static Setting {
    match field {
        Field::Region => &table::REGION,
        Field::AccountId => &table::ACCOUNT,
        Field::Host => &table::REGISTRY,
        Field::ProjectId => &table::PROJECT,
        Field::SubscriptionId => &table::SUBSCRIPTION,
        Field::Digest => &table::DIGEST,
        Field::Image => &table::IMAGE,
    }
}

/// All but what is another one for each image.
const IN_SETTINGS: [Field; 5] = [
    Field::Region,
    Field::AccountId,
    Field::Host,
    Field::ProjectId,
    Field::SubscriptionId,
];
