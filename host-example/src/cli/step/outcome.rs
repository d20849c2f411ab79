use super::kept::Files;
use super::model::{Step, Task};
use crate::cli::failure::Failure;

/// What became of a step.
#[derive(Debug)]
pub struct Outcome {
    /// What the step is called.
    pub name: String,
    pub action: Action,
    /// What was signed or verified.
    pub artifact: String,
    pub result: Result<Done, Failure>,
}

/// What a step was to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Sign,
    Verify,
}

/// What a step did.
#[derive(Debug, Default)]
pub struct Done {
    pub digest: Option<String>,
    /// The signature in base64, of a step that signed.
    pub signature: Option<String>,
    /// Whether it was attached to the image.
    pub attached: bool,
    /// The files that it is kept in.
    pub files: Option<Files>,
    /// The entry of the log.
    pub log: Option<LogEntry>,
    /// The fingerprints of the keys that count, of a step that verified.
    pub keys: Vec<String>,
    /// Whether what counted was found in files and not in the registry.
    pub from_files: bool,
}

/// An entry of a transparency log.
#[derive(Debug, PartialEq, Eq)]
pub struct LogEntry {
    pub index: u64,
    /// Where it can be read, if the log's address is known.
    pub url: Option<String>,
}

impl Outcome {
    /// What became of this step.
    pub fn of(step: &Step, result: Result<Done, Failure>) -> Self {
        let action = match &step.task {
            Task::Sign(_) => Action::Sign,
            Task::Verify(_) => Action::Verify,
        };
        Self {
            name: step.name.clone(),
            action,
            artifact: step.artifact.name().to_owned(),
            result,
        }
    }
}

impl Action {
    /// What is being done.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Sign => "signing",
            Self::Verify => "verifying",
        }
    }

    /// What was done, if it was.
    pub fn past(self) -> &'static str {
        match self {
            Self::Sign => "signed",
            Self::Verify => "verified",
        }
    }
}
