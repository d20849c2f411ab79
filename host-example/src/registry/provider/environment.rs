//! What a process is told by its environment, and files that it names.

use std::{
    env,
    fs::File,
    io::{self, Read as _},
};

use zeroize::Zeroizing;

use crate::registry::RegistryError;

/// Where variables are looked up.
pub(super) struct Environment(Box<Lookup>);

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Environment {
    /// This process's own.
    pub fn of_process() -> Self {
        Self(Box::new(|name| env::var(name).ok()))
    }

    /// These variables and no others.
    #[cfg(test)]
    pub fn of(variables: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let variables: std::collections::HashMap<_, _> = variables.iter().map(owned).collect();
        Self(Box::new(move |name| variables.get(name).cloned()))
    }

    /// A variable, if it is set and says something.
    pub fn get(&self, name: &str) -> Option<Zeroizing<String>> {
        let value = (self.0)(name).map(Zeroizing::new);
        value.filter(|value| !value.is_empty())
    }

    /// The first of some variables that says something, and its name.
    pub fn first<'a>(&self, names: &[&'a str]) -> Option<(&'a str, Zeroizing<String>)> {
        names.iter().find_map(|name| Some((*name, self.get(name)?)))
    }

    /// Two variables that mean something only together.
    #[cfg(feature = "ecr")]
    pub fn pair(
        &self,
        first: &str,
        second: &str,
    ) -> Result<Option<[Zeroizing<String>; 2]>, RegistryError> {
        let lone = |there: &str, missing: &str| {
            let text = format!("{there} is set, and {missing} is not: set both or none");
            Err(RegistryError::Denied(text))
        };
        match (self.get(first), self.get(second)) {
            (Some(one), Some(other)) => Ok(Some([one, other])),
            (None, None) => Ok(None),
            (Some(_), None) => lone(first, second),
            (None, Some(_)) => lone(second, first),
        }
    }
}

/// The text of a file that is named by `whence`. A secret as a whole, of at most 64 KiB.
pub(super) fn read_secret(whence: &str, path: &str) -> Result<Zeroizing<String>, RegistryError> {
    let failed = |why: String| RegistryError::Denied(format!("{whence}: {path}: {why}"));
    let read = || -> io::Result<Zeroizing<String>> {
        let mut text = Zeroizing::new(String::with_capacity(MAX_SECRET as usize + 1));
        File::open(path)?
            .take(MAX_SECRET + 1)
            .read_to_string(&mut text)?;
        Ok(text)
    };
    let text = read().map_err(|error| failed(error.to_string()))?;
    match text.len() as u64 {
        0 => Err(failed("it is empty".to_owned())),
        length if length > MAX_SECRET => Err(failed(format!("longer than {MAX_SECRET} bytes"))),
        _ => Ok(text),
    }
}

/// A token that lies in a file alone, without the line's end.
pub(super) fn read_token(whence: &str, path: &str) -> Result<Zeroizing<String>, RegistryError> {
    let text = read_secret(whence, path)?;
    Ok(Zeroizing::new(text.trim().to_owned()))
}

const MAX_SECRET: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_variables_say_nothing() {
        let environment = Environment::of(&[("A", ""), ("B", "b")]);
        assert_eq!(environment.get("A"), None);
        assert_eq!(environment.get("B").unwrap().as_str(), "b");
    }

    #[test]
    fn files_are_bounded_and_not_quoted() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
        let write = |name: &str, text: &str| std::fs::write(path(name), text).unwrap();
        write("token", " t\n");
        write("long", &"hunter2".repeat(10_000));
        write("empty", "");
        assert_eq!(
            read_token("TOKEN_FILE", &path("token")).unwrap().as_str(),
            "t"
        );
        for (name, expected) in [
            ("long", "longer than"),
            ("empty", "empty"),
            ("none", "No such"),
        ] {
            let error = read_secret("TOKEN_FILE", &path(name))
                .unwrap_err()
                .to_string();
            assert!(
                error.contains("TOKEN_FILE") && error.contains(expected),
                "{error}"
            );
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
