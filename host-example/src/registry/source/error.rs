//! What is wrong with a source, and in which field.

use std::fmt;

use super::{Field, SourceKind};

/// Why fields make no source, or an image is none of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceError {
    /// The kind cannot do without this field.
    Missing {
        /// The kind of source.
        kind: SourceKind,
        /// What is missing.
        field: Field,
        /// What belongs there.
        expected: &'static str,
    },
    /// The kind has no such field.
    Unexpected {
        /// The kind of source.
        kind: SourceKind,
        /// What was given.
        field: Field,
    },
    /// A field says what it cannot.
    Malformed {
        /// The kind of source.
        kind: SourceKind,
        /// What was read.
        field: Field,
        /// What stood there.
        found: String,
        /// What belongs there.
        expected: String,
    },
    /// A field and the image say different things.
    Disagreement {
        /// What was compared with the image.
        field: Field,
        /// What the field says.
        said: String,
        /// The image.
        image: String,
    },
}

impl SourceError {
    /// The field that is to be changed.
    pub fn field(&self) -> Field {
        match self {
            Self::Missing { field, .. }
            | Self::Unexpected { field, .. }
            | Self::Malformed { field, .. }
            | Self::Disagreement { field, .. } => *field,
        }
    }

    /// The error with the names that a front end has for fields.
    pub fn in_words<N: fmt::Display>(&self, name: impl Fn(Field) -> N) -> String {
        match self {
            Self::Missing {
                kind,
                field,
                expected,
            } => format!("source {kind} needs {}: {expected}", name(*field)),
            Self::Unexpected { kind, field } => {
                let taken = kind.fields().iter().chain([&Field::Digest]);
                let taken: Vec<_> = taken.map(|field| name(*field).to_string()).collect();
                format!(
                    "source {kind} has no {}; it takes {}",
                    name(*field),
                    taken.join(", ")
                )
            }
            Self::Malformed {
                kind,
                field,
                found,
                expected,
            } => format!(
                "source {kind}: {} {found:?}: expected {expected}",
                name(*field)
            ),
            Self::Disagreement { field, said, image } => format!(
                "{} is {said:?}, but the image is {image:?}: leave one of them out",
                name(*field)
            ),
        }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_words(|field| field))
    }
}

impl std::error::Error for SourceError {}
