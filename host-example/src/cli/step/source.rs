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

    /// Itself, unless it says nothing that an image's name does not: then the name is enough.
    pub fn if_needed(self) -> Option<Self> {
        let is_plain = self.kind == Kind::Docker && self.host.is_none();
        (!is_plain).then_some(self)
    }
}

impl Kind {
    /// The kind of this name, which a pipeline or a plugin's setting gives.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "docker" | "dockerhub" | "quay" | "harbor" => Self::Docker,
            "ecr" => Self::Ecr,
            "gcr" => Self::Gcr,
            "gar" => Self::Gar,
            "acr" => Self::Acr,
            "har" => Self::Har,
            "jfrog" => Self::Jfrog,
            "ghcr" => Self::Ghcr,
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
            Self::Docker => "docker",
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
            Self::Docker | Self::Acr | Self::Har | Self::Jfrog | Self::Ghcr => &[],
        }
    }

    /// What it may be told.
    pub fn takes(self) -> &'static [Field] {
        match self {
            Self::Ecr | Self::Gcr | Self::Gar => self.needs(),
            Self::Acr => &[Field::Subscription],
            Self::Docker | Self::Har | Self::Jfrog => &[Field::Host],
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
}
