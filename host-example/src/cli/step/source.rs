//! Kinds of registries, and what each must be told beside the image.

/// Where an image is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub kind: Kind,
    pub region: Option<String>,
    pub account: Option<String>,
    pub host: Option<String>,
    pub project: Option<String>,
    pub subscription: Option<String>,
}

/// Neither the image nor anything else says which registry it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the image does not say its registry, which may be anywhere: write HOST/REPOSITORY")]
pub struct HostNeeded;

/// Kinds of registries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Docker,
    Ecr,
    Gcr,
    Gar,
    Acr,
    Har,
    Jfrog,
    Ghcr,
    Quay,
    Harbor,
}

/// What a kind of registry may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Region,
    Account,
    Host,
    Project,
    Subscription,
}

impl Source {
    /// One of this kind that nothing is said of.
    pub fn of(kind: Kind) -> Self {
        Self {
            kind,
            region: None,
            account: None,
            host: None,
            project: None,
            subscription: None,
        }
    }

    /// What is said of this field.
    pub fn field(&mut self, field: Field) -> &mut Option<String> {
        match field {
            Field::Region => &mut self.region,
            Field::Account => &mut self.account,
            Field::Host => &mut self.host,
            Field::Project => &mut self.project,
            Field::Subscription => &mut self.subscription,
        }
    }

    /// Itself, with the host that its kind has where nobody says one; nothing, where an image's name is enough.
    pub fn of_image(mut self, image: &str) -> Result<Option<Self>, HostNeeded> {
        if self.host.is_none() && !is_complete(image) {
            match self.kind {
                Kind::Quay => self.host = Some("quay.io".into()),
                Kind::Harbor => return Err(HostNeeded),
                _ => {}
            }
        }
        let is_plain = matches!(self.kind, Kind::Docker | Kind::Quay | Kind::Harbor);
        Ok((!is_plain || self.host.is_some()).then_some(self))
    }
}

impl Kind {
    /// The kind of this name, which a pipeline or a plugin's setting gives.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "docker" | "dockerhub" => Self::Docker,
            "ecr" => Self::Ecr,
            "gcr" => Self::Gcr,
            "gar" => Self::Gar,
            "acr" => Self::Acr,
            "har" => Self::Har,
            "jfrog" => Self::Jfrog,
            "ghcr" => Self::Ghcr,
            "quay" => Self::Quay,
            "harbor" => Self::Harbor,
            _ => return None,
        })
    }

    /// The names, for who gave another one.
    pub const NAMES: &[&str] = &[
        "docker",
        "dockerhub",
        "ecr",
        "gcr",
        "gar",
        "acr",
        "har",
        "jfrog",
        "ghcr",
        "quay",
        "harbor",
    ];

    /// The value of `--source`.
    pub fn name(self) -> &'static str {
        match self {
            // Nothing but the host tells them from others.
            Self::Docker | Self::Quay | Self::Harbor => "docker",
            Self::Ecr => "ecr",
            Self::Gcr => "gcr",
            Self::Gar => "gar",
            Self::Acr => "acr",
            Self::Har => "har",
            Self::Jfrog => "jfrog",
            Self::Ghcr => "ghcr",
        }
    }

    /// What it must be told.
    pub fn needs(self) -> &'static [Field] {
        match self {
            Self::Ecr => &[Field::Region, Field::Account],
            Self::Gcr | Self::Gar => &[Field::Host, Field::Project],
            Self::Docker
            | Self::Acr
            | Self::Har
            | Self::Jfrog
            | Self::Ghcr
            | Self::Quay
            | Self::Harbor => &[],
        }
    }

    /// What it may be told.
    pub fn takes(self) -> &'static [Field] {
        match self {
            Self::Ecr | Self::Gcr | Self::Gar => self.needs(),
            Self::Acr => &[Field::Subscription],
            Self::Docker | Self::Har | Self::Jfrog | Self::Quay | Self::Harbor => &[Field::Host],
            Self::Ghcr => &[],
        }
    }
}

/// Whether a name says its registry itself.
pub fn is_complete(image: &str) -> bool {
    image
        .split_once('/')
        .is_some_and(|(host, _)| host.contains(['.', ':']))
}

/// The host of a registry's URL: `https://r.example/v2/` is `r.example`.
pub fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_from_names_and_urls() {
        for (image, expected) in [
            ("app:v1", false),
            ("org/app:v1", false),
            ("r.example/app", true),
            ("localhost:5000/app", true),
        ] {
            assert_eq!(is_complete(image), expected, "{image}");
        }
        for url in [
            "r.example",
            "https://r.example",
            "https://r.example/v2/",
            "r.example/v1",
        ] {
            assert_eq!(host_of(url), "r.example");
        }
    }

    #[test]
    fn every_name_is_known_and_what_is_needed_is_taken() {
        for name in Kind::NAMES {
            let kind = Kind::named(name).unwrap();
            assert!(
                kind.needs()
                    .iter()
                    .all(|field| kind.takes().contains(field))
            );
        }
        assert_eq!(Kind::named("Docker"), Some(Kind::Docker));
        assert_eq!(Kind::named("local"), None);
    }

    #[test]
    fn an_image_goes_to_the_registry_that_was_meant() {
        let host = |kind, image: &str| {
            let source = Source::of(kind).of_image(image);
            source.map(|source| source.and_then(|source| source.host))
        };
        assert_eq!(host(Kind::Docker, "org/app"), Ok(None));
        assert_eq!(host(Kind::Quay, "org/app"), Ok(Some("quay.io".into())));
        assert_eq!(host(Kind::Harbor, "org/app"), Err(HostNeeded));
        for kind in [Kind::Docker, Kind::Quay, Kind::Harbor] {
            assert_eq!(Source::of(kind).of_image("r.example/app"), Ok(None));
            let mut source = Source::of(kind);
            source.host = Some("h".into());
            assert_eq!(source.clone().of_image("app"), Ok(Some(source)));
        }
    }
}
