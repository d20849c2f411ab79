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
    /// The image's name says it itself, or else this is meant, if the kind has a usual one.
    InImage {
        usual: Option<&'static str>,
    },
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

    /// Whether it is left to the kind which registry an image is in: neither a field nor the image's name
    /// says so.
    pub fn is_open(&self, image: &str) -> bool {
        matches!(self.place, Place::InImage { .. }) && host_in(image).is_none()
    }

    /// The full reference of an image: `[HOST/]NAME[:TAG][@DIGEST]`, where the host may be left out
    /// or be this source's own. The digest that was given with the source counts as the image's.
    ///
    /// # Errors
    /// [`SourceError`] for a name that is none, that is of another registry, or whose digest is
    /// another one.
    pub fn reference(&self, image: &str) -> Result<Reference, SourceError> {
        let full = match &self.place {
            Place::InImage { usual } => match (host_in(image), usual) {
                (Some(_), _) => image.to_owned(),
                (None, Some(usual)) => format!("{usual}/{image}"),
                (None, None) => {
                    return Err(SourceError::Missing {
                        kind: self.kind,
                        field: Field::Host,
                        expected: "the registry's host, unless the image begins with it",
                    });
                }
            },
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

    /// The same as text. A tag beside a digest is kept in it: it says how the image is called.
    ///
    /// # Errors
    /// As [`Self::reference`].
    pub fn name(&self, image: &str) -> Result<String, SourceError> {
        let reference = self.reference(image)?;
        let named = image.split('@').next().unwrap_or(image);
        let last = named.rsplit('/').next().unwrap_or(named);
        Ok(match (&reference.selector, last.split_once(':')) {
            (Selector::Digest(digest), Some((_, tag))) => {
                format!("{}:{tag}@{digest}", reference.repository)
            }
            _ => reference.to_string(),
        })
    }

    /// The image without this source's host, if it was written.
    fn below<'a>(&self, host: &Host, image: &'a str) -> Result<&'a str, SourceError> {
        match host_in(image) {
            None => Ok(image),
            Some((first, rest)) => match Host::parse(first).as_ref() == Some(host) {
                true => Ok(rest),
                false => Err(self.foreign(image)),
            },
        }
    }

    /// What the kind requires of an image's place.
    fn check_path(&self, reference: &Reference, image: &str) -> Result<(), SourceError> {
        let name = reference.repository.as_str();
        let is_there = match (self.kind, &self.place) {
            (SourceKind::Acr, Place::InImage { .. }) => name
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
            (SourceKind::Acr, Place::InImage { .. }) => "NAME.azurecr.io/IMAGE".to_owned(),
            (_, Place::InImage { .. }) => "HOST/IMAGE".to_owned(),
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
            SourceKind::DockerHub => self.only(DOCKER_HUB),
            SourceKind::Ghcr => self.only(GHCR),
            SourceKind::Docker => self.usually(Some(DOCKER_HUB)),
            SourceKind::Quay => self.usually(Some(QUAY)),
            SourceKind::Har => self.usually(Some(HARNESS)),
            SourceKind::Harbor | SourceKind::Jfrog => self.usually(None),
            SourceKind::Ecr => self.amazon(),
            SourceKind::Acr => self.azure(),
            SourceKind::Gcr => self.google(google::is_container_registry, GCR_HOSTS),
            SourceKind::Gar => self.google(google::is_artifact_registry, GAR_HOSTS),
        }
    }

    /// There is one registry of this kind; its host may be said all the same.
    fn only(&self, registry: &'static str) -> Result<Place, SourceError> {
        let place = self.at(registry)?;
        match self.fields.get(Field::Host) {
            Some(host) if self.at(host)? != place => Err(self.malformed(Field::Host, registry)),
            _ => Ok(place),
        }
    }

    /// There are many; who says none means the usual one.
    fn usually(&self, usual: Option<&'static str>) -> Result<Place, SourceError> {
        match self.fields.get(Field::Host) {
            Some(host) => self.at(host),
            None => Ok(Place::InImage { usual }),
        }
    }

    /// Region and account, or the host, which has both in its name.
    fn amazon(&self) -> Result<Place, SourceError> {
        let of_host = match self.fields.get(Field::Host) {
            None => None,
            Some(host) => Some(
                EcrRegistry::of_host(host).ok_or_else(|| self.malformed(Field::Host, ECR_HOST))?,
            ),
        };
        let of_host = of_host.as_ref();
        let said = |field, whole: Option<&str>, expected| match (self.fields.get(field), whole) {
            (Some(said), Some(whole)) if said != whole => {
                Err(self.malformed(field, &format!("{whole}, as the host has it")))
            }
            (Some(said), _) => Ok(said.to_owned()),
            (None, Some(whole)) => Ok(whole.to_owned()),
            (None, None) => self.need(field, expected).map(ToOwned::to_owned),
        };
        let whole = of_host.map(|host| host.region.as_str());
        let region = said(Field::Region, whole, REGION)?;
        let whole = of_host.map(|host| host.account.as_str());
        let account = said(Field::AccountId, whole, ACCOUNT)?;
        if !amazon::is_region(&region) {
            return Err(self.malformed(Field::Region, REGION));
        }
        if !amazon::is_account(&account) {
            return Err(self.malformed(Field::AccountId, ACCOUNT));
        }
        self.at(&EcrRegistry { account, region }.to_string())
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
            None => Ok(Place::InImage { usual: None }),
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

/// The host that an image's name begins with, and the rest.
fn host_in(image: &str) -> Option<(&str, &str)> {
    let (first, rest) = image.split_once('/')?;
    first.contains(['.', ':']).then_some((first, rest))
}

const DOCKER_HUB: &str = "index.docker.io";
const GHCR: &str = "ghcr.io";
const HARNESS: &str = "pkg.harness.io";
const QUAY: &str = "quay.io";
const ECR_HOST: &str = "ACCOUNT.dkr.ecr.REGION.amazonaws.com";
const REGION: &str = "like eu-west-1";
const ACCOUNT: &str = "twelve digits";
const GCR_HOSTS: &str = "gcr.io, us.gcr.io, eu.gcr.io or asia.gcr.io";
const GAR_HOSTS: &str = "LOCATION-docker.pkg.dev, like europe-west3-docker.pkg.dev";
