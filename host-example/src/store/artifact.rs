use serde::{Deserialize, Serialize};

/// What was signed or verified. The digest is what it is; all else is what it is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Artifact {
    /// `sha256:<hex>`; `None` where nobody found out, as of a tag that was not there.
    pub digest: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Of an image its repository, of a file the name of what it is.
    pub name: String,
    /// Of an image the tag, of a file the version, as far as known.
    pub version: Option<String>,
    /// Of a file, how it is called.
    pub file: Option<String>,
}

/// Kinds of artifacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An image, or whatever else is in a registry.
    Image,
    /// A chart of Helm.
    Helm,
    /// YAML.
    Yaml,
    /// A Java archive.
    Jar,
    /// A Java web archive.
    War,
    /// Any other file.
    Unknown,
}

impl Kind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Helm => "helm",
            Self::Yaml => "yaml",
            Self::Jar => "jar",
            Self::War => "war",
            Self::Unknown => "unknown",
        }
    }
}
