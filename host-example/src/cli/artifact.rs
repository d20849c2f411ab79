//! What a signed file is: told from its name alone, so it proves nothing; it is for who reads a report.

use std::path::Path;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use cosignet_host::store;

/// What is said of a file where its name does not tell.
#[derive(Args)]
pub struct ArtifactOptions {
    /// What the file is, for the report; otherwise its name tells.
    #[arg(long, value_enum, value_name = "KIND")]
    artifact_type: Option<Kind>,
    /// The name of what the file is, for the report.
    #[arg(long, value_name = "NAME")]
    artifact_name: Option<String>,
    /// The version of what the file is, for the report.
    #[arg(long, value_name = "VERSION")]
    artifact_version: Option<String>,
}

impl ArtifactOptions {
    /// What a file is, its name and its version, for the store.
    pub fn told<'a>(&'a self, file: &'a str) -> (store::Kind, Option<&'a str>, Option<&'a str>) {
        let told = Artifact::of(file, self.artifact_type);
        let kind = match told.kind {
            Kind::Helm => store::Kind::Helm,
            Kind::Yaml => store::Kind::Yaml,
            Kind::Jar => store::Kind::Jar,
            Kind::War => store::Kind::War,
            Kind::Unknown => store::Kind::Unknown,
        };
        (
            kind,
            self.artifact_name.as_deref().or(told.name),
            self.artifact_version.as_deref().or(told.version),
        )
    }

    /// The member of a report.
    pub fn report(&self, file: &str) -> Value {
        let told = Artifact::of(file, self.artifact_type);
        json!({
            "path": file,
            "kind": told.kind.name(),
            "name": self.artifact_name.as_deref().or(told.name),
            "version": self.artifact_version.as_deref().or(told.version),
        })
    }
}

/// Kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Helm,
    Yaml,
    Jar,
    War,
    Unknown,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Helm => "helm",
            Self::Yaml => "yaml",
            Self::Jar => "jar",
            Self::War => "war",
            Self::Unknown => "unknown",
        }
    }
}

/// What a file's name tells.
#[derive(Debug, PartialEq, Eq)]
struct Artifact<'a> {
    kind: Kind,
    name: Option<&'a str>,
    version: Option<&'a str>,
}

impl<'a> Artifact<'a> {
    /// `said` is what the user says that it is.
    fn of(path: &'a str, said: Option<Kind>) -> Self {
        let file = Path::new(path).file_name().and_then(|name| name.to_str());
        let Some(file) = file.filter(|_| path != "-" && !path.starts_with("sha256:")) else {
            return Self {
                kind: said.unwrap_or(Kind::Unknown),
                name: None,
                version: None,
            };
        };
        let (stem, ending) = file.rsplit_once('.').unwrap_or((file, ""));
        let kind = said.unwrap_or(match ending {
            // Helm writes `<name>-<version>.tgz`; other archives end so too.
            "tgz" if chart(stem).is_some() => Kind::Helm,
            "yaml" | "yml" => Kind::Yaml,
            "jar" => Kind::Jar,
            "war" => Kind::War,
            _ => Kind::Unknown,
        });
        let parts = match kind {
            Kind::Helm => chart(stem),
            // Maven writes `<name>-<version>.jar`.
            Kind::Jar | Kind::War => split(stem, |version| {
                version.starts_with(|first: char| first.is_ascii_digit())
            }),
            Kind::Yaml | Kind::Unknown => None,
        };
        let name = match kind {
            Kind::Unknown => file,
            _ => parts.map_or(stem, |(name, _)| name),
        };
        Self {
            kind,
            name: Some(name),
            version: parts.map(|(_, version)| version),
        }
    }
}

/// The name and the version of a chart, which is a semantic version.
fn chart(stem: &str) -> Option<(&str, &str)> {
    split(stem, is_semantic_version)
}

/// Splits at the first hyphen that a version follows.
fn split(stem: &str, is_version: impl Fn(&str) -> bool) -> Option<(&str, &str)> {
    let places = stem.match_indices('-');
    let mut parts = places.map(|(place, _)| (&stem[..place], &stem[place + 1..]));
    parts.find(|(name, version)| !name.is_empty() && is_version(version))
}

/// `MAJOR.MINOR.PATCH[-PRE][+BUILD]` by its shape.
fn is_semantic_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or(text);
    let numbers: Vec<&str> = core.split('.').collect();
    let is_number =
        |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_rest = |byte: u8| byte.is_ascii_alphanumeric() || b".-+".contains(&byte);
    numbers.len() == 3 && numbers.iter().all(is_number) && text[core.len()..].bytes().all(is_rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell() {
        for (path, kind, name, version) in [
            ("mychart-1.2.3.tgz", Kind::Helm, "mychart", Some("1.2.3")),
            (
                "./a/my-app-2-0.1.0-rc.1+b.tgz",
                Kind::Helm,
                "my-app-2",
                Some("0.1.0-rc.1+b"),
            ),
            ("backup.tgz", Kind::Unknown, "backup.tgz", None),
            ("backup-2026.tgz", Kind::Unknown, "backup-2026.tgz", None),
            ("-1.2.3.tgz", Kind::Unknown, "-1.2.3.tgz", None),
            ("deploy.prod.yaml", Kind::Yaml, "deploy.prod", None),
            ("/x/values.yml", Kind::Yaml, "values", None),
            (
                "commons-lang3-3.12.0.jar",
                Kind::Jar,
                "commons-lang3",
                Some("3.12.0"),
            ),
            ("app.jar", Kind::Jar, "app", None),
            (
                "shop-2.1-SNAPSHOT.war",
                Kind::War,
                "shop",
                Some("2.1-SNAPSHOT"),
            ),
            ("README", Kind::Unknown, "README", None),
        ] {
            let expected = Artifact {
                kind,
                name: Some(name),
                version,
            };
            assert_eq!(Artifact::of(path, None), expected, "{path}");
        }
        for nameless in ["-", "sha256:00", ".."] {
            assert_eq!(Artifact::of(nameless, None).name, None, "{nameless}");
        }
    }

    #[test]
    fn what_is_said_counts() {
        let options = ArtifactOptions {
            artifact_type: Some(Kind::Helm),
            artifact_name: None,
            artifact_version: Some("9".into()),
        };
        let report = options.report("x/chart.tgz");
        assert_eq!(
            report,
            json!({ "path": "x/chart.tgz", "kind": "helm", "name": "chart", "version": "9" })
        );
    }
}
