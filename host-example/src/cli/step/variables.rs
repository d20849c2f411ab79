//! What stands for `<+…>`, for secrets and for connectors: what `--set` says, or the environment.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use crate::cli::failure::Failure;
use crate::cli::files;
use crate::cli::lent::Secret;

/// The environment of the process, or of a test.
#[derive(Default)]
pub struct Environment(BTreeMap<String, OsString>);

/// The values that names stand for.
pub struct Variables<'a> {
    set: BTreeMap<String, Secret>,
    environment: &'a Environment,
    used: RefCell<BTreeSet<String>>,
}

/// What a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Variable,
    Secret,
    Connector,
}

impl Environment {
    /// That of this process, as far as its names are text.
    pub fn of_process() -> Self {
        let variables = std::env::vars_os();
        Self(
            variables
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
                .collect(),
        )
    }

    /// What is there, of this name. An empty one is as good as none.
    pub fn get(&self, name: &str) -> Option<&OsString> {
        self.0.get(name).filter(|value| !value.is_empty())
    }

    /// The same, as text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.to_str()
    }

    /// All that is there, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &OsString)> {
        let all = self.0.iter().filter(|(_, value)| !value.is_empty());
        all.map(|(name, value)| (name.as_str(), value))
    }
}

#[cfg(test)]
impl<'a> FromIterator<(&'a str, &'a str)> for Environment {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(variables: I) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.into());
        Self(variables.into_iter().map(owned).collect())
    }
}

#[cfg(test)]
impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(variables: [(&str, &str); N]) -> Self {
        variables.into_iter().collect()
    }
}

impl<'a> Variables<'a> {
    /// Reads `--set NAME=VALUE`: the value is text, `@FILE` or `env://NAME`.
    pub fn read(set: &[String], environment: &'a Environment) -> Result<Self, Failure> {
        let mut values = BTreeMap::new();
        for setting in set {
            let (name, value) = setting.split_once('=').ok_or_else(|| {
                Failure::other("--set: expected NAME=VALUE, NAME=@FILE or NAME=env://NAME")
            })?;
            let value = value_of(value, environment)
                .map_err(|failure| failure.about(&format!("--set {name}")))?;
            if values.insert(name.to_owned(), value).is_some() {
                return Err(Failure::other(format!("--set {name} is said twice")));
            }
        }
        Ok(Self {
            set: values,
            environment,
            used: RefCell::default(),
        })
    }

    /// What a name stands for.
    pub fn find(&self, kind: Kind, name: &str) -> Option<Secret> {
        let set = match kind {
            Kind::Variable | Kind::Secret => name.to_owned(),
            Kind::Connector => format!("connector.{name}"),
        };
        if let Some(value) = self.set.get(&set) {
            self.used.borrow_mut().insert(set);
            return Some(value.clone());
        }
        let found = self.environment.get(&environment_name(kind, name));
        let plain = || match kind {
            Kind::Variable | Kind::Secret if is_identifier(name) => self.environment.get(name),
            _ => None,
        };
        let value = found.or_else(plain)?;
        Some(Secret::new(value.clone().into_encoded_bytes()))
    }

    /// What `--set` says and nobody asked for.
    pub fn unused(&self) -> Vec<&str> {
        let used = self.used.borrow();
        let names = self.set.keys().map(String::as_str);
        names.filter(|name| !used.contains(*name)).collect()
    }

    /// The environment.
    pub fn environment(&self) -> &Environment {
        self.environment
    }
}

fn value_of(value: &str, environment: &Environment) -> Result<Secret, Failure> {
    if let Some(name) = value.strip_prefix("env://") {
        let found = environment.get(name);
        let found = found.ok_or_else(|| Failure::other(format!("{name} is not set")))?;
        return Ok(Secret::new(found.clone().into_encoded_bytes()));
    }
    match value.strip_prefix('@') {
        None => Ok(Secret::new(value)),
        Some(path) => {
            let file = Secret::new(files::read(path)?);
            // The line break that editors and `echo` leave is no part of a password.
            let bytes = file.bytes();
            let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
            Ok(Secret::new(bytes.strip_suffix(b"\r").unwrap_or(bytes)))
        }
    }
}

/// The environment variable that stands for a name: `COSIGNET_SECRET_ACCOUNT_KEY` for the secret
/// `account.key`.
pub fn environment_name(kind: Kind, name: &str) -> String {
    let kind = match kind {
        Kind::Variable => "VARIABLE",
        Kind::Secret => "SECRET",
        Kind::Connector => "CONNECTOR",
    };
    let name = name.chars().map(|character| match character {
        _ if character.is_ascii_alphanumeric() => character.to_ascii_uppercase(),
        _ => '_',
    });
    format!("COSIGNET_{kind}_{}", name.collect::<String>())
}

fn is_identifier(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &Variables<'_>, kind: Kind, name: &str) -> Option<String> {
        let value = variables.find(kind, name)?;
        value.text().map(ToOwned::to_owned)
    }

    #[test]
    fn names_stand_for_what_is_set_and_then_for_the_environment() {
        let environment = Environment::from([
            ("COSIGNET_SECRET_ACCOUNT_COSIGN_KEY", "from the environment"),
            ("PLAIN", "plain"),
            ("COSIGNET_CONNECTOR_ORG_HUB_USERNAME", "ada"),
            ("EMPTY", ""),
        ]);
        let set = [
            "a.b=1=2".into(),
            "c=env://PLAIN".into(),
            "connector.hub.url=u".into(),
        ];
        let variables = Variables::read(&set, &environment).unwrap();
        for (kind, name, expected) in [
            (Kind::Variable, "a.b", Some("1=2")),
            (Kind::Variable, "c", Some("plain")),
            (
                Kind::Secret,
                "account.Cosign-Key",
                Some("from the environment"),
            ),
            (Kind::Secret, "PLAIN", Some("plain")),
            (Kind::Connector, "org.hub.username", Some("ada")),
            (Kind::Connector, "PLAIN", None),
            (Kind::Variable, "EMPTY", None),
            (Kind::Variable, "nowhere", None),
        ] {
            assert_eq!(found(&variables, kind, name).as_deref(), expected, "{name}");
        }
        assert_eq!(variables.unused(), ["connector.hub.url"]);
        assert_eq!(
            found(&variables, Kind::Connector, "hub.url").as_deref(),
            Some("u")
        );
        assert!(variables.unused().is_empty());
    }

    #[test]
    fn files_lose_their_last_line_break_alone() {
        let folder = tempfile::TempDir::new().unwrap();
        let environment = Environment::default();
        for (content, expected) in [("p\n", "p"), ("p\r\n", "p"), ("p\n\n", "p\n"), ("p ", "p ")] {
            let path = folder.path().join("password");
            std::fs::write(&path, content).unwrap();
            let set = [format!("p=@{}", path.display())];
            let variables = Variables::read(&set, &environment).unwrap();
            let value = found(&variables, Kind::Secret, "p");
            assert_eq!(value.as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_cannot_be_set_is_an_error_without_its_value() {
        let environment = Environment::default();
        for (set, said) in [
            (&["hush"][..], "NAME=VALUE"),
            (&["a=env://NOWHERE"], "--set a: NOWHERE is not set"),
            (&["a=@/no/where"], "--set a: open /no/where"),
            (&["a=hush", "a=hush"], "--set a is said twice"),
        ] {
            let set: Vec<String> = set.iter().map(ToString::to_string).collect();
            let words = Variables::read(&set, &environment).map(|_| ()).unwrap_err();
            let words = words.to_string();
            assert!(words.contains(said) && !words.contains("hush"), "{words}");
        }
    }
}
