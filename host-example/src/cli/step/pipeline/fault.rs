use std::fmt;

use crate::cli::step::key::KeyFault;
use crate::cli::step::variables::{Kind, environment_name};
use crate::cli::step::yaml::{Place, YamlError};

/// What is wrong with a pipeline, and where.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {}{problem}", Colon(path))]
pub struct Fault {
    pub place: Place,
    /// The way to it: `pipeline.stages[0].stage.…`.
    pub path: String,
    pub problem: Problem,
}

/// What is wrong.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error(transparent)]
    Yaml(#[from] YamlError),
    #[error(
        "no step of type SscaArtifactSigning or SscaArtifactVerification: expected a pipeline, a list \
         of steps or a step"
    )]
    NoSteps,
    #[error(
        "a step where none is run: expected it in pipeline.stages[].stage.spec.execution.steps, a stepGroup or \
         parallel"
    )]
    Stray,
    #[error("unknown field {name:?}: expected one of {}", expected.join(", "))]
    UnknownField {
        name: String,
        expected: Vec<&'static str>,
    },
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} and {1} are two spellings of one field: keep one")]
    TwoSpellings(&'static str, &'static str),
    #[error("expected {expected}, found {found}")]
    Type {
        expected: &'static str,
        found: &'static str,
    },
    #[error("expected {expected}, found {found:?}")]
    Value { expected: String, found: String },
    #[error(
        "<+{name}> stands for nothing: say --set '{name}=…', or set {}",
        environment_name(Kind::Variable, name)
    )]
    NoVariable { name: String },
    #[error(
        "there is no secret {name:?}: say --set '{name}=@FILE', or set {}",
        environment_name(Kind::Secret, name)
    )]
    NoSecret { name: String },
    /// What stands there may be the secret itself.
    #[error(
        "expected the name of a secret, and there is none of this name: say --set 'NAME=@FILE', or set \
         COSIGNET_SECRET_NAME"
    )]
    NoSecretNamed,
    #[error("control characters: expected text in a line")]
    Control,
    #[error(
        "connector {connector:?} has a {there} and no {missing}: say --set \
         'connector.{connector}.{missing}=…', or set {}",
        environment_name(Kind::Connector, &format!("{connector}.{missing}"))
    )]
    HalfConnector {
        connector: String,
        there: &'static str,
        missing: &'static str,
    },
    #[error("<+input> is asked for when a pipeline is run: write <+NAME> and say --set NAME=…")]
    RuntimeInput,
    #[error("an expression <+…> without its end, or one inside another: expected <+NAME>")]
    Expression,
    #[error("what {0:?} stands for is not text")]
    NoText(String),
    #[error("a secret stands where it would be shown: expected text or a variable")]
    SecretShown,
    #[error("{0}")]
    Key(KeyFault),
    #[error("{0}")]
    Source(String),
    #[error("connector.{connector}.{item}: {why}")]
    Connector {
        connector: String,
        item: &'static str,
        why: String,
    },
    #[error("{0} and {1} contradict each other: leave one out")]
    Conflict(&'static str, &'static str),
    #[error("{0}")]
    NotDone(&'static str),
}

/// A path and a colon, if there is one.
struct Colon<'a>(&'a str);

impl fmt::Display for Colon<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => Ok(()),
            path => write!(formatter, "{path}: "),
        }
    }
}
