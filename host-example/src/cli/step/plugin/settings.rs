use std::ffi::OsString;
use std::fmt;
use std::time::Duration;

use super::list;
use super::table::{ALL, INSTEAD, OF_RUNNERS, Setting};
use crate::cli::lent::Secret;
use crate::cli::step::key::KeyFault;
use crate::cli::step::variables::Environment;

/// The settings that a runner hands over in the environment: `PLUGIN_*`, or else `INPUT_*`.
pub struct Settings<'a> {
    environment: &'a Environment,
    prefix: &'static str,
}

/// What is wrong with a setting.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {problem}")]
pub struct SettingFault {
    /// The environment variable.
    pub name: String,
    pub problem: Problem,
}

/// What is wrong.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("no setting of this plugin; the settings are {}", Names)]
    Unknown,
    #[error("not read here: {0}")]
    Instead(&'static str),
    #[error("missing")]
    Missing,
    #[error("missing: {0}")]
    MissingFor(&'static str),
    #[error("not text")]
    NoText,
    #[error("control characters: expected text in a line")]
    Control,
    #[error("expected {expected}, found {found:?}")]
    Value { expected: String, found: String },
    /// What stands there may be a secret.
    #[error("expected {0}")]
    Secret(&'static str),
    #[error("{0} contradicts it: leave one out")]
    Conflict(String),
    #[error("{0}")]
    Key(KeyFault),
    #[error("{0}")]
    File(String),
    #[error("{0}")]
    Source(String),
    #[error("{0}")]
    Access(String),
}

/// The value of a setting, and the variable that it came from.
pub struct Found {
    pub name: String,
    value: Secret,
}

impl<'a> Settings<'a> {
    /// Those of the environment, if there are any.
    pub fn of(environment: &'a Environment) -> Option<Self> {
        let is_there = |prefix: &&str| {
            environment
                .iter()
                .any(|(name, _)| name.starts_with(*prefix))
        };
        let prefix = [PLUGIN, INPUT].into_iter().find(is_there)?;
        Some(Self {
            environment,
            prefix,
        })
    }

    /// Refuses what is no setting: one that was misspelt would leave out what it asks for.
    pub fn check(&self) -> Result<(), SettingFault> {
        for (variable, _) in self.environment.iter() {
            let Some(name) = variable.strip_prefix(self.prefix) else {
                continue;
            };
            let name = canonical(name);
            let is = |other: &str| other == name;
            if OF_RUNNERS.iter().copied().any(is) {
                continue;
            }
            let problem = match INSTEAD.iter().find(|(other, _)| is(other)) {
                Some((_, instead)) => Problem::Instead(instead),
                None if ALL
                    .iter()
                    .any(|setting| is(setting.name) || setting.aliases.iter().copied().any(is)) =>
                {
                    continue;
                }
                None => Problem::Unknown,
            };
            return Err(SettingFault {
                name: variable.to_owned(),
                problem,
            });
        }
        Ok(())
    }

    /// The environment that they are from.
    pub fn environment(&self) -> &'a Environment {
        self.environment
    }

    /// The value of a setting: by its name, then by the others in their order.
    pub fn find(&self, setting: &Setting) -> Option<Found> {
        self.own(setting).or_else(|| {
            let mut names = setting.environment.iter();
            names.find_map(|name| Some(Found::new(name, self.environment.get(name)?)))
        })
    }

    /// The same, unless it only stands in the environment, where it may be meant for another step.
    pub fn own(&self, setting: &Setting) -> Option<Found> {
        let mut names = [&setting.name].into_iter().chain(setting.aliases);
        names.find_map(|name| {
            let mut all = self.environment.iter();
            let (variable, value) = all.find(|(variable, _)| {
                let rest = variable.strip_prefix(self.prefix);
                rest.is_some_and(|rest| canonical(rest) == *name)
            })?;
            Some(Found::new(variable, value))
        })
    }

    /// Something is wrong with a setting that is not there.
    pub fn fault(&self, setting: &Setting, problem: Problem) -> SettingFault {
        SettingFault {
            name: self.name(setting),
            problem,
        }
    }

    /// The environment variable of a setting.
    pub fn name(&self, setting: &Setting) -> String {
        format!("{}{}", self.prefix, setting.name.to_uppercase())
    }

    /// The environment variable that a setting stands in, or would.
    pub fn variable(&self, setting: &Setting) -> String {
        let found = self.find(setting);
        found.map_or_else(|| self.name(setting), |found| found.name)
    }

    /// The text of a setting.
    pub fn text(&self, setting: &Setting) -> Result<Option<String>, SettingFault> {
        let found = self.find(setting);
        found
            .map(|found| found.line().map(ToOwned::to_owned))
            .transpose()
    }

    /// The switch of a setting; off where it is not there.
    pub fn switch(&self, setting: &Setting) -> Result<bool, SettingFault> {
        let Some(found) = self.find(setting) else {
            return Ok(false);
        };
        match found.text()?.to_ascii_lowercase().as_str() {
            "true" | "1" | "t" | "yes" | "on" => Ok(true),
            "false" | "0" | "f" | "no" | "off" => Ok(false),
            _ => Err(found.unexpected("true or false")),
        }
    }

    /// The texts of a setting that is a list, each in a line.
    pub fn names(&self, setting: &Setting) -> Result<Vec<String>, SettingFault> {
        let names = self.list(setting)?;
        match (
            names.iter().any(|name| name.contains(char::is_control)),
            self.find(setting),
        ) {
            (true, Some(found)) => Err(found.fault(Problem::Control)),
            _ => Ok(names),
        }
    }

    /// The texts of a setting that is a list.
    pub fn list(&self, setting: &Setting) -> Result<Vec<String>, SettingFault> {
        let Some(found) = self.find(setting) else {
            return Ok(Vec::new());
        };
        list::list(found.text()?).ok_or_else(|| found.fault(Problem::Secret(list::LIST)))
    }

    /// The pairs of a setting that is a map.
    pub fn map(&self, setting: &Setting) -> Result<Vec<(String, String)>, SettingFault> {
        let Some(found) = self.find(setting) else {
            return Ok(Vec::new());
        };
        let pairs = list::map(found.text()?);
        let pairs = pairs.ok_or_else(|| found.fault(Problem::Secret(list::MAP)))?;
        for text in pairs.iter().flat_map(|(key, value)| [key, value]) {
            found.in_a_line(text)?;
        }
        Ok(pairs)
    }

    /// The time of a setting.
    pub fn duration(&self, setting: &Setting) -> Result<Option<Duration>, SettingFault> {
        let Some(found) = self.find(setting) else {
            return Ok(None);
        };
        match humantime::parse_duration(found.text()?) {
            Ok(duration) if !duration.is_zero() => Ok(Some(duration)),
            _ => Err(found.unexpected("a time such as 10m")),
        }
    }
}

impl Found {
    fn new(name: &str, value: &OsString) -> Self {
        Self {
            name: name.to_owned(),
            value: Secret::new(value.clone().into_encoded_bytes()),
        }
    }

    /// The value as text.
    pub fn text(&self) -> Result<&str, SettingFault> {
        self.value.text().ok_or_else(|| self.fault(Problem::NoText))
    }

    /// The value as text that is printed.
    pub fn line(&self) -> Result<&str, SettingFault> {
        self.in_a_line(self.text()?)
    }

    /// A text that is printed: lines of a log may be commands to a runner.
    fn in_a_line<'t>(&self, text: &'t str) -> Result<&'t str, SettingFault> {
        match text.contains(char::is_control) {
            true => Err(self.fault(Problem::Control)),
            false => Ok(text),
        }
    }

    /// The value as it is.
    pub fn secret(&self) -> Secret {
        self.value.clone()
    }

    /// Something is wrong with it.
    pub fn fault(&self, problem: Problem) -> SettingFault {
        SettingFault {
            name: self.name.clone(),
            problem,
        }
    }

    /// Another value than was expected, of a setting that is no secret.
    pub fn unexpected(&self, expected: impl Into<String>) -> SettingFault {
        self.fault(Problem::Value {
            expected: expected.into(),
            found: self.value.text().unwrap_or_default().to_owned(),
        })
    }
}

/// The name of a setting, however the runner writes it: `INPUT_PRIVATE-KEY` too.
fn canonical(rest: &str) -> String {
    rest.to_ascii_lowercase().replace('-', "_")
}

/// The names of all settings.
struct Names;

impl fmt::Display for Names {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, setting) in ALL.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(formatter, "{comma}{}", setting.name)?;
        }
        Ok(())
    }
}

/// Drone, Harness and Woodpecker.
const PLUGIN: &str = "PLUGIN_";
/// GitHub Actions.
const INPUT: &str = "INPUT_";

#[cfg(test)]
mod tests {
    use super::super::table;
    use super::*;

    #[test]
    fn a_setting_goes_by_its_name_then_by_the_others_in_order() {
        let text = |environment: Environment, setting| {
            let settings = Settings::of(&environment).unwrap();
            settings.text(setting).unwrap()
        };
        let all = [
            ("PLUGIN_REGISTRY_USERNAME", "1"),
            ("PLUGIN_USERNAME", "2"),
            ("DOCKER_USERNAME", "3"),
        ];
        let username = &table::USERNAME;
        assert_eq!(text(all.into(), username).as_deref(), Some("1"));
        assert_eq!(
            text([all[1], all[2]].into(), username).as_deref(),
            Some("2")
        );
        let alone = [all[2], ("PLUGIN_MODE", "sign")];
        assert_eq!(text(alone.into(), username).as_deref(), Some("3"));
        // An empty one is none: GitHub hands over every input.
        let empty = [("INPUT_REGISTRY_USERNAME", ""), ("INPUT_USERNAME", "2")];
        assert_eq!(text(empty.into(), username).as_deref(), Some("2"));
        let hyphen = [("INPUT_REGISTRY-USERNAME", "4")];
        assert_eq!(text(hyphen.into(), username).as_deref(), Some("4"));
    }

    #[test]
    fn plugins_come_before_actions_and_are_not_mixed() {
        let both = Environment::from([("PLUGIN_MODE", "sign"), ("INPUT_IMAGE", "a")]);
        let settings = Settings::of(&both).unwrap();
        assert!(settings.find(&table::IMAGE).is_none());
        assert!(Settings::of(&Environment::from([("PATH", "/bin")])).is_none());
        assert!(Settings::of(&Environment::from([("INPUT_IMAGE", "")])).is_none());
    }

    #[test]
    fn what_is_no_setting_is_refused() {
        let check = |name: &str| {
            let environment = Environment::from([(name, "hush")]);
            Settings::of(&environment).unwrap().check()
        };
        for known in [
            "PLUGIN_IMAGE",
            "PLUGIN_REPO",
            "INPUT_PRIVATE-KEY",
            "PLUGIN_METADATA_FILE",
        ] {
            assert_eq!(check(known), Ok(()), "{known}");
        }
        let misspelt = check("PLUGIN_ANOTATIONS").unwrap_err();
        assert_eq!(misspelt.problem, Problem::Unknown);
        let words = misspelt.to_string();
        assert!(
            words.contains("PLUGIN_ANOTATIONS") && words.contains("annotations"),
            "{words}"
        );
        let other = check("PLUGIN_COSIGN_PARAMS").unwrap_err().to_string();
        assert!(
            other.contains("rekor_url") && !other.contains("hush"),
            "{other}"
        );
    }

    #[test]
    fn switches_and_times_are_what_they_say() {
        for (text, expected) in [
            ("true", Some(true)),
            ("False", Some(false)),
            ("0", Some(false)),
            ("maybe", None),
        ] {
            let environment = Environment::from([("PLUGIN_UPLOAD", text)]);
            let settings = Settings::of(&environment).unwrap();
            assert_eq!(settings.switch(&table::UPLOAD).ok(), expected, "{text}");
        }
        for (text, expected) in [("10m", Some(600)), ("0s", None), ("soon", None)] {
            let environment = Environment::from([("PLUGIN_TIMEOUT", text)]);
            let settings = Settings::of(&environment).unwrap();
            let time = settings.duration(&table::TIMEOUT).ok().flatten();
            assert_eq!(time.map(|time| time.as_secs()), expected, "{text}");
        }
    }
}
