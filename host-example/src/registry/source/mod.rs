//! Where an artifact is kept, said in fields: the registry's kind, its region, account, host or
//! project. Pipelines know registries like that; what they mean is a full reference.
//!
//! [`Source::from_fields`] reads the fields, all of them or none; [`Source::reference`] puts an
//! image's name behind what they say. Each front end has its own names for the fields: an error
//! says which [`Field`] it is about, and [`SourceError::in_words`] says it in theirs.

mod amazon;
mod azure;
mod error;
mod fields;
mod google;
mod kind;

#[cfg(test)]
mod tests;

use cosignet::oci::{Digest, Reference, Selector};

use super::name::Host;

pub(super) use amazon::EcrRegistry;
pub(super) use azure::is_container_registry as is_azure;
pub use error::SourceError;
pub use fields::{Field, Fields};
pub use kind::{SourceKind, UnknownSource};

/// Whether a host is one of Google's registries, of either product.
pub(super) fn is_google(host: &str) -> bool {
    google::is_container_registry(host) || google::is_artifact_registry(host)
}

/// Where an artifact is kept: fields that fit together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    kind: SourceKind,
    place: Place,
    digest: Option<Digest>,
}

/// What stands before an image's name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// The image's name says it itself.
    InImage,
    Registry(Host),
    Project {
        registry: Host,
        path: String,
    },
}

impl Source {
    /// Reads what is said of a source. A field that is empty counts as not given.
    ///
    /// # Errors
    /// [`SourceError`] for a field that the kind has not, that it cannot do without, or that says
    /// what it cannot.
    pub fn from_fields(kind: SourceKind, fields: Fields) -> Result<Self, SourceError> {
        for field in Field::ALL {
            let is_taken = kind.fields().contains(&field) || field == Field::Digest;
            if !is_taken && fields.get(field).is_some() {
                return Err(SourceError::Unexpected { kind, field });
            }
        }
        let said = Said { kind, fields };
        Ok(Self {
            kind,
            place: said.place()?,
            digest: said.digest()?,
        })
    }

    /// The kind.
    pub fn kind(&self) -> SourceKind {
        self.kind
    }

    /// The full reference of an image: `[HOST/]NAME[:TAG][@DIGEST]`, where the host may be left out
    /// or be this source's own. The digest that was given with the source counts as the image's.
    ///
    /// # Errors
    /// [`SourceError`] for a name that is none, that is of another registry, or whose digest is
    /// another one.
    pub fn reference(&self, image: &str) -> Result<Reference, SourceError> {
        let full = match &self.place {
            Place::InImage => image.to_owned(),
            Place::Registry(host) => format!("{host}/{}", self.below(host, image)?),
            Place::Project { registry, path } => {
                let below = self.below(registry, image)?;
                // Whoever names the host names the project too.
                match below.len() < image.len() {
                    true if !below.starts_with(&format!("{path}/")) => {
                        return Err(self.foreign(image));
                    }
                    true => format!("{registry}/{below}"),
                    false => format!("{registry}/{path}/{below}"),
                }
            }
        };
        let mut reference: Reference = full.parse().map_err(|error| SourceError::Malformed {
            kind: self.kind,
            field: Field::Image,
            found: image.to_owned(),
            expected: format!("an image's name ({error})"),
        })?;
        self.check_path(&reference, image)?;
        if let Some(digest) = self.digest {
            if let Selector::Digest(named) = &reference.selector
                && *named != digest
            {
                return Err(SourceError::Disagreement {
                    field: Field::Digest,
                    said: digest.to_string(),
                    image: image.to_owned(),
                });
            }
            reference.selector = Selector::Digest(digest);
        }
        Ok(reference)
    }

    /// The image without this source's host, if it was written.
    fn below<'a>(&self, host: &Host, image: &'a str) -> Result<&'a str, SourceError> {
        match image.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) => {
                match Host::parse(first).as_ref() == Some(host) {
                    true => Ok(rest),
                    false => Err(self.foreign(image)),
                }
            }
            _ => Ok(image),
        }
    }

    /// What the kind requires of an image's place.
    fn check_path(&self, reference: &Reference, image: &str) -> Result<(), SourceError> {
        let name = reference.repository.as_str();
        let is_there = match (self.kind, &self.place) {
            (SourceKind::Acr, Place::InImage) => name
                .split('/')
                .next()
                .is_some_and(azure::is_container_registry),
            (SourceKind::Gar, Place::Project { path, .. }) => {
                // Host, project, repository, image.
                name.split('/').count() >= path.split('/').count() + 3
            }
            _ => true,
        };
        match is_there {
            true => Ok(()),
            false => Err(self.foreign(image)),
        }
    }

    fn foreign(&self, image: &str) -> SourceError {
        let expected = match (self.kind, &self.place) {
            (SourceKind::Acr, Place::InImage) => "NAME.azurecr.io/IMAGE".to_owned(),
            (_, Place::InImage) => "HOST/IMAGE".to_owned(),
            (_, Place::Registry(host)) => format!("IMAGE or {host}/IMAGE"),
            (SourceKind::Gar, Place::Project { registry, path }) => {
                format!("REPOSITORY/IMAGE or {registry}/{path}/REPOSITORY/IMAGE")
            }
            (_, Place::Project { registry, path }) => {
                format!("IMAGE or {registry}/{path}/IMAGE")
            }
        };
        SourceError::Malformed {
            kind: self.kind,
            field: Field::Image,
            found: image.to_owned(),
            expected,
        }
    }
}

/// Fields that the kind has, to be read.
struct Said {
    kind: SourceKind,
    fields: Fields,
}

impl Said {
    fn place(&self) -> Result<Place, SourceError> {
        match self.kind {
            SourceKind::DockerHub => self.at(DOCKER_HUB),
            SourceKind::Ghcr => self.at(GHCR),
            SourceKind::Ecr => self.amazon(),
            SourceKind::Docker => match self.fields.get(Field::Host) {
                Some(host) => self.at(host),
                None => Ok(Place::InImage),
            },
            SourceKind::Har => self.at(self.fields.get(Field::Host).unwrap_or(HARNESS)),
            SourceKind::Jfrog => self.at(self.need(Field::Host, "like team.jfrog.io")?),
            SourceKind::Acr => self.azure(),
            SourceKind::Gcr => self.google(google::is_container_registry, GCR_HOSTS),
            SourceKind::Gar => self.google(google::is_artifact_registry, GAR_HOSTS),
        }
    }

    fn amazon(&self) -> Result<Place, SourceError> {
        let region = self.need(Field::Region, "like eu-west-1")?;
        let account = self.need(Field::AccountId, "twelve digits")?;
        if !amazon::is_region(region) {
            return Err(self.malformed(Field::Region, "like eu-west-1"));
        }
        if !amazon::is_account(account) {
            return Err(self.malformed(Field::AccountId, "twelve digits"));
        }
        let registry = EcrRegistry {
            account: account.to_owned(),
            region: region.to_owned(),
        };
        self.at(&registry.to_string())
    }

    fn google(
        &self,
        is_one: impl Fn(&str) -> bool,
        hosts: &'static str,
    ) -> Result<Place, SourceError> {
        let host = self.need(Field::Host, hosts)?;
        let project = self.need(Field::ProjectId, "a project's id")?;
        if !is_one(host) {
            return Err(self.malformed(Field::Host, hosts));
        }
        let registry = self.parsed(host)?;
        let path = google::project_path(project).ok_or_else(|| {
            self.malformed(
                Field::ProjectId,
                "6 to 30 letters, digits and hyphens, like my-project",
            )
        })?;
        Ok(Place::Project { registry, path })
    }

    fn azure(&self) -> Result<Place, SourceError> {
        let subscription = self.fields.get(Field::SubscriptionId);
        if subscription.is_some_and(|text| !azure::is_subscription(text)) {
            return Err(self.malformed(
                Field::SubscriptionId,
                "a UUID, like 0b1f6471-1bf0-4dda-aec3-cb9272f09590",
            ));
        }
        match self.fields.get(Field::Host) {
            None => Ok(Place::InImage),
            Some(host) if azure::is_container_registry(host) => self.at(host),
            Some(_) => Err(self.malformed(Field::Host, "NAME.azurecr.io, .cn or .us")),
        }
    }

    fn at(&self, host: &str) -> Result<Place, SourceError> {
        self.parsed(host).map(Place::Registry)
    }

    fn parsed(&self, host: &str) -> Result<Host, SourceError> {
        Host::parse(host).ok_or_else(|| self.malformed(Field::Host, "HOST or HOST:PORT"))
    }

    fn digest(&self) -> Result<Option<Digest>, SourceError> {
        let digest = self.fields.get(Field::Digest);
        digest
            .map(|text| {
                text.parse().map_err(|_| {
                    self.malformed(
                        Field::Digest,
                        "sha256: and 64 lower-case hexadecimal digits",
                    )
                })
            })
            .transpose()
    }

    fn need(&self, field: Field, expected: &'static str) -> Result<&str, SourceError> {
        self.fields.get(field).ok_or(SourceError::Missing {
            kind: self.kind,
            field,
            expected,
        })
    }

    fn malformed(&self, field: Field, expected: &str) -> SourceError {
        SourceError::Malformed {
            kind: self.kind,
            field,
            found: self.fields.get(field).unwrap_or_default().to_owned(),
            expected: expected.to_owned(),
        }
    }
}

const DOCKER_HUB: &str = "index.docker.io";
const GHCR: &str = "ghcr.io";
const HARNESS: &str = "pkg.harness.io";
const GCR_HOSTS: &str = "gcr.io, us.gcr.io, eu.gcr.io or asia.gcr.io";
const GAR_HOSTS: &str = "LOCATION-docker.pkg.dev, like europe-west3-docker.pkg.dev";
