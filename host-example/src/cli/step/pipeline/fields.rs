//! Nodes read strictly: every field is asked for by name, and what nobody asked for is an error.

use super::expression::{Piece, pieces};
use super::fault::{Fault, Problem};
use crate::cli::lent::Secret;
use crate::cli::step::variables::{Kind, Variables};
use crate::cli::step::yaml::{Content, Entry, Node, Place};

/// A node, and the way to it.
pub struct Value<'n> {
    pub node: &'n Node,
    pub path: String,
}

/// A map whose fields are taken out of it one by one.
pub struct Map<'n> {
    place: Place,
    path: String,
    entries: &'n [Entry],
    /// The fields that were asked for, each with its spellings.
    asked: Vec<&'static [&'static str]>,
}

impl<'n> Value<'n> {
    /// A node at the root of a file.
    pub fn root(node: &'n Node) -> Self {
        Self {
            node,
            path: String::new(),
        }
    }

    /// Something is wrong with it.
    pub fn fault(&self, problem: Problem) -> Fault {
        Fault {
            place: self.node.place,
            path: self.path.clone(),
            problem,
        }
    }

    fn wrong_type(&self, expected: &'static str) -> Fault {
        let found = self.node.kind();
        self.fault(Problem::Type { expected, found })
    }

    /// The value of a key, if it is a map that has it.
    pub fn get(&self, key: &str) -> Option<Self> {
        let node = self.node.get(key)?;
        Some(Self {
            node,
            path: join(&self.path, key),
        })
    }

    /// It as a map.
    pub fn map(&self) -> Result<Map<'n>, Fault> {
        match &self.node.content {
            Content::Map(entries) => Ok(Map {
                place: self.node.place,
                path: self.path.clone(),
                entries,
                asked: Vec::new(),
            }),
            Content::Scalar { .. } | Content::List(_) => Err(self.wrong_type("a map")),
        }
    }

    /// It as a list.
    pub fn items(&self) -> Result<impl Iterator<Item = Self>, Fault> {
        match &self.node.content {
            Content::List(items) => Ok(items.iter().enumerate().map(|(index, node)| Self {
                node,
                path: format!("{}[{index}]", self.path),
            })),
            Content::Scalar { .. } | Content::Map(_) => Err(self.wrong_type("a list")),
        }
    }

    /// Its text as it stands there. Empty text is none.
    pub fn plain(&self) -> Result<&'n str, Fault> {
        match self.node.text() {
            Some("") | None => Err(self.wrong_type("text")),
            Some(text) => Ok(text),
        }
    }

    /// Its text, with what its variables stand for.
    pub fn text(&self, variables: &Variables<'_>) -> Result<String, Fault> {
        let mut text = String::new();
        for piece in pieces(self.plain()?).map_err(|problem| self.fault(problem))? {
            match piece {
                Piece::Text(piece) => text += piece,
                Piece::Secret(_) => return Err(self.fault(Problem::SecretShown)),
                Piece::Variable(name) => {
                    let value = variables
                        .find(Kind::Variable, name)
                        .ok_or_else(|| self.fault(Problem::NoVariable { name: name.into() }))?;
                    let value = value.text();
                    text += value.ok_or_else(|| self.fault(Problem::NoText(name.into())))?;
                }
            }
        }
        // It is printed, and lines of a log may be commands to a runner.
        match text.contains(char::is_control) {
            true => Err(self.fault(Problem::Control)),
            false => Ok(text),
        }
    }

    /// The secret that it names: `NAME`, `<+secrets.getValue("NAME")>`, or a variable.
    pub fn secret(&self, variables: &Variables<'_>) -> Result<Secret, Fault> {
        let pieces = pieces(self.plain()?).map_err(|problem| self.fault(problem))?;
        let (kind, name, problem) = match *pieces.as_slice() {
            [Piece::Text(name)] => (Kind::Secret, name, Problem::NoSecretNamed),
            [Piece::Secret(name)] => (Kind::Secret, name, Problem::NoSecret { name: name.into() }),
            [Piece::Variable(name)] => (
                Kind::Variable,
                name,
                Problem::NoVariable { name: name.into() },
            ),
            _ => return Err(self.fault(Problem::Expression)),
        };
        variables
            .find(kind, name)
            .ok_or_else(|| self.fault(problem))
    }

    /// It as a switch.
    pub fn switch(&self, variables: &Variables<'_>) -> Result<bool, Fault> {
        match self.text(variables)?.as_str() {
            "true" | "True" | "TRUE" => Ok(true),
            "false" | "False" | "FALSE" => Ok(false),
            other => Err(self.unexpected("true or false", other)),
        }
    }

    /// Another value than was expected.
    pub fn unexpected(&self, expected: impl Into<String>, found: impl Into<String>) -> Fault {
        self.fault(Problem::Value {
            expected: expected.into(),
            found: found.into(),
        })
    }
}

impl<'n> Map<'n> {
    /// The value of a field, by one of its spellings.
    pub fn take(&mut self, spellings: &'static [&'static str]) -> Result<Option<Value<'n>>, Fault> {
        self.asked.push(spellings);
        let mut found: Option<(&'static str, Value<'n>)> = None;
        for name in spellings {
            let Some(entry) = self.entries.iter().find(|entry| entry.key == *name) else {
                continue;
            };
            if let Some((other, _)) = found {
                return Err(Fault {
                    place: entry.place,
                    path: self.path.clone(),
                    problem: Problem::TwoSpellings(other, name),
                });
            }
            let path = join(&self.path, name);
            found = Some((
                name,
                Value {
                    node: &entry.value,
                    path,
                },
            ));
        }
        Ok(found.map(|(_, value)| value))
    }

    /// The value of a field that must be there.
    pub fn require(&mut self, spellings: &'static [&'static str]) -> Result<Value<'n>, Fault> {
        let value = self.take(spellings)?;
        let name = spellings.first().copied().unwrap_or_default();
        value.ok_or_else(|| self.fault(Problem::Missing(name)))
    }

    /// The text of a field, if it is there.
    pub fn text(
        &mut self,
        spellings: &'static [&'static str],
        variables: &Variables<'_>,
    ) -> Result<Option<String>, Fault> {
        let value = self.take(spellings)?;
        value.map(|value| value.text(variables)).transpose()
    }

    /// The switch of a field; off where it is not there.
    pub fn switch(
        &mut self,
        spellings: &'static [&'static str],
        variables: &Variables<'_>,
    ) -> Result<bool, Fault> {
        let value = self.take(spellings)?;
        value.map_or(Ok(false), |value| value.switch(variables))
    }

    /// All fields, of a map that may have any.
    pub fn all(&self) -> impl Iterator<Item = (&'n str, Value<'n>)> {
        self.entries.iter().map(|entry| {
            let path = join(&self.path, &entry.key);
            let node = &entry.value;
            (entry.key.as_str(), Value { node, path })
        })
    }

    /// Something is wrong with it as a whole.
    pub fn fault(&self, problem: Problem) -> Fault {
        Fault {
            place: self.place,
            path: self.path.clone(),
            problem,
        }
    }

    /// Refuses what nobody asked for.
    pub fn finish(self) -> Result<(), Fault> {
        let is_known = |key: &str| self.asked.iter().any(|names| names.contains(&key));
        match self.entries.iter().find(|entry| !is_known(&entry.key)) {
            None => Ok(()),
            Some(entry) => Err(Fault {
                place: entry.place,
                path: self.path,
                problem: Problem::UnknownField {
                    name: entry.key.clone(),
                    expected: self
                        .asked
                        .iter()
                        .filter_map(|names| names.first().copied())
                        .collect(),
                },
            }),
        }
    }
}

fn join(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    }
}
