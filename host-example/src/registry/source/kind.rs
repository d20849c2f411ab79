//! The kinds of registries that have a name of their own.

use std::{fmt, str::FromStr};

use super::Field;

/// Where an artifact is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceKind {
    /// Docker Hub.
    DockerHub,
    /// Any registry: GitLab, zot, one's own; Docker Hub where nobody says which.
    Docker,
    /// Amazon Elastic Container Registry.
    Ecr,
    /// Google Container Registry.
    Gcr,
    /// Google Artifact Registry.
    Gar,
    /// Azure Container Registry.
    Acr,
    /// Harness Artifact Registry.
    Har,
    /// JFrog Artifactory.
    Jfrog,
    /// GitHub Container Registry.
    Ghcr,
    /// Quay: quay.io, or one of one's own.
    Quay,
    /// Harbor.
    Harbor,
}

impl SourceKind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::DockerHub,
        Self::Docker,
        Self::Ecr,
        Self::Gcr,
        Self::Gar,
        Self::Acr,
        Self::Har,
        Self::Jfrog,
        Self::Ghcr,
        Self::Quay,
        Self::Harbor,
    ];

    /// The names of all of them, for who gave another one.
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// Its name, as users write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::DockerHub => "dockerhub",
            Self::Docker => "docker",
            Self::Ecr => "ecr",
            Self::Gcr => "gcr",
            Self::Gar => "gar",
            Self::Acr => "acr",
            Self::Har => "har",
            Self::Jfrog => "jfrog",
            Self::Ghcr => "ghcr",
            Self::Quay => "quay",
            Self::Harbor => "harbor",
        }
    }

    /// What can be said of it, beside the digest, which every kind takes.
    pub fn fields(self) -> &'static [Field] {
        match self {
            Self::DockerHub
            | Self::Docker
            | Self::Har
            | Self::Jfrog
            | Self::Ghcr
            | Self::Quay
            | Self::Harbor => &[Field::Host],
            Self::Ecr => &[Field::Region, Field::AccountId, Field::Host],
            Self::Gcr | Self::Gar => &[Field::Host, Field::ProjectId],
            Self::Acr => &[Field::Host, Field::SubscriptionId],
        }
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SourceKind {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        let is_named = |kind: &Self| kind.name().eq_ignore_ascii_case(text);
        let found = Self::ALL.into_iter().find(is_named);
        found.ok_or_else(|| UnknownSource(text.to_owned()))
    }
}

/// A name that no kind of source has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("source {0:?}: expected one of {names}", names = SourceKind::names())]
pub struct UnknownSource(String);
