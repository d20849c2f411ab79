//! A step, whoever asks for it: a pipeline's YAML and a plugin's settings are both read into this.

use std::time::Duration;

use super::source::Place;
use crate::cli::lent::{Access, Secret};

/// A step of a pipeline.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it is called.
    pub name: String,
    /// How long it may take, if it says.
    pub timeout: Option<Duration>,
    /// What is signed or verified.
    pub artifact: Artifact,
    /// What it does.
    pub task: Task,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Task {
    Sign(Sign),
    Verify(Verify),
}

/// To sign it.
#[derive(Clone, Debug)]
pub struct Sign {
    pub key: Key,
    /// The password of the private key; a key service needs none.
    pub password: Option<Secret>,
    /// Attach the signature to the image's repository. A file has none.
    pub attach: bool,
    pub form: Form,
    /// Claims to sign too.
    pub annotations: Vec<(String, String)>,
    pub log: Log,
    pub keep: Keep,
}

/// To verify it.
#[derive(Clone, Debug)]
pub struct Verify {
    /// Whose signatures count: one of them suffices.
    pub keys: Vec<Key>,
    /// Claims that must have been signed.
    pub annotations: Vec<(String, String)>,
    pub log: Log,
    pub keep: Keep,
}

/// What is signed or verified.
#[derive(Clone, Debug)]
pub enum Artifact {
    Image(Image),
    File(File),
}

/// An image in a registry.
#[derive(Clone, Debug)]
pub struct Image {
    /// Its name, as far as the place does not say it.
    pub name: String,
    /// Which registry it is in, and the digest that it must have.
    pub place: Place,
    /// Who opens the registry.
    pub access: Box<Access>,
    /// Allow plain HTTP.
    pub allow_http: bool,
}

/// A file in the workspace.
#[derive(Clone, Debug, Default)]
pub struct File {
    pub path: String,
    /// What it is, by the names of `--artifact-type`; otherwise its name tells.
    pub kind: Option<String>,
    pub name: Option<String>,
    pub version: Option<String>,
}

/// A key.
#[derive(Clone, Debug)]
pub enum Key {
    /// In PEM.
    Given(Secret),
    /// Where it is, as `--key` takes it: a file, `env://NAME`, `hashivault://KEY`.
    Named(String),
}

/// In which form an image is signed: the values of `--format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    #[default]
    Simple,
    Bundle,
    Both,
}

/// The transparency log. None is contacted that is not named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// Contact none, whatever else is said.
    pub air_gap: bool,
    pub url: Option<String>,
    /// The public key of a trusted log, a file.
    pub key: Option<String>,
    /// A trusted_root.json, a file.
    pub trusted_root: Option<String>,
    /// Trust sigstore's public good.
    pub public_good: bool,
}

/// Where signatures are kept that are not attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// The store, a file.
    pub store: Option<String>,
    /// The folder for the files of a signature, if it was said.
    pub folder: Option<String>,
}

/// The values of `--artifact-type`.
pub const ARTIFACT_KINDS: &[&str] = &["helm", "yaml", "jar", "war", "unknown"];

impl Artifact {
    /// What to call it.
    pub fn name(&self) -> &str {
        match self {
            Self::Image(image) => &image.name,
            Self::File(file) => &file.path,
        }
    }
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Simple, Self::Bundle, Self::Both];

    /// The value of `--format`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Bundle => "bundle",
            Self::Both => "both",
        }
    }
}

impl Keep {
    /// The folder for the files of a signature.
    pub fn folder(&self) -> &str {
        self.folder.as_deref().unwrap_or("cosignet-signature")
    }
}
