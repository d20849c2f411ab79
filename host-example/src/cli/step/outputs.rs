//! What later steps of the run can read, where each runner looks for it.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;

use super::outcome::{Action, Outcome};
use super::variables::Environment;
use crate::cli::failure::Failure;

/// Appends the outputs to the files that the runner names.
pub fn write(environment: &Environment, outcomes: &[Outcome]) -> Result<(), Failure> {
    let outputs = outputs(outcomes);
    let mut written = None;
    for name in ENV_FILES {
        let Some(path) = environment.text(name).filter(|path| written != Some(*path)) else {
            continue;
        };
        append(path, &env_file(&outputs))?;
        written = Some(path);
    }
    match environment.text(GITHUB_FILE) {
        Some(path) => append(path, &github_file(&outputs)?),
        None => Ok(()),
    }
}

/// Names and values. Of several artifacts the values are joined by commas, in their order.
fn outputs(outcomes: &[Outcome]) -> Vec<(&'static str, String)> {
    let mut outputs: Vec<(&'static str, Vec<String>)> = Vec::new();
    let mut put = |name, value: String| match outputs.iter_mut().find(|(other, _)| *other == name) {
        Some((_, values)) => values.push(value),
        None => outputs.push((name, vec![value])),
    };
    for outcome in outcomes {
        put("artifact", outcome.artifact.clone());
        put(outcome.action.past(), outcome.result.is_ok().to_string());
        let Ok(done) = &outcome.result else {
            continue;
        };
        let files = done.files.as_ref();
        let log = done.log.as_ref();
        let keys = match outcome.action {
            Action::Sign => None,
            Action::Verify => Some(done.keys.join(" ")),
        };
        for (name, value) in [
            ("digest", done.digest.clone()),
            ("signature", done.signature.clone()),
            ("signature_file", files.map(|files| files.signature.clone())),
            ("payload_file", files.map(|files| files.payload.clone())),
            ("bundle_file", files.map(|files| files.bundle.clone())),
            ("log_index", log.map(|log| log.index.to_string())),
            ("log_url", log.and_then(|log| log.url.clone())),
            ("key_fingerprint", keys),
        ] {
            if let Some(value) = value {
                put(name, value);
            }
        }
    }
    let joined = outputs
        .into_iter()
        .map(|(name, values)| (name, values.join(",")));
    joined.collect()
}

/// `NAME=VALUE`, as Drone's and Harness's runners read it: a value that has more than plain characters stands
/// in double quotes, and nothing in it is expanded.
fn env_file(outputs: &[(&'static str, String)]) -> String {
    let mut text = String::new();
    for (name, value) in outputs {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.,:/@+=?&".contains(&byte);
        let _ = match value.bytes().all(is_plain) {
            true => writeln!(text, "{name}={value}"),
            false => writeln!(text, "{name}=\"{}\"", quoted(value)),
        };
    }
    text
}

fn quoted(value: &str) -> String {
    let mut text = String::new();
    for character in value.chars() {
        match character {
            '\n' => text += "\\n",
            '\r' => text += "\\r",
            '\\' | '"' | '$' => text.extend(['\\', character]),
            other => text.push(other),
        }
    }
    text
}

/// The form for values of several lines, with an end that no value can know.
fn github_file(outputs: &[(&'static str, String)]) -> Result<String, Failure> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)
        .map_err(|error| Failure::other(format!("no randomness: {error}")))?;
    let end = random.iter().fold("cosignet-".to_owned(), |mut end, byte| {
        let _ = write!(end, "{byte:02x}");
        end
    });
    let mut text = String::new();
    for (name, value) in outputs {
        let _ = writeln!(text, "{name}<<{end}\n{value}\n{end}");
    }
    Ok(text)
}

/// Appends to a file of the runner's.
pub fn append(path: &str, text: &str) -> Result<(), Failure> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Failure::other(format!("write {path}: {error}")))
}

/// Harness gives both names to one file.
const ENV_FILES: [&str; 2] = ["DRONE_OUTPUT", "HARNESS_OUTPUT_FILE"];
const GITHUB_FILE: &str = "GITHUB_OUTPUT";

#[cfg(test)]
mod tests {
    use super::super::outcome::{Done, LogEntry};
    use super::*;

    fn signed(artifact: &str, digest: &str) -> Outcome {
        Outcome {
            name: "sign".into(),
            action: Action::Sign,
            artifact: artifact.into(),
            result: Ok(Done {
                digest: Some(digest.into()),
                log: Some(LogEntry {
                    index: 7,
                    url: None,
                }),
                ..Done::default()
            }),
        }
    }

    #[test]
    fn of_several_artifacts_values_are_joined() {
        let mut outcomes = vec![signed("a", "sha256:1"), signed("b", "sha256:2")];
        outcomes.push(Outcome {
            result: Err(Failure::other("no")),
            ..signed("c", "")
        });
        let expected = [
            ("artifact", "a,b,c"),
            ("signed", "true,true,false"),
            ("digest", "sha256:1,sha256:2"),
            ("log_index", "7,7"),
        ];
        assert_eq!(
            outputs(&outcomes),
            expected.map(|(name, value)| (name, value.to_owned()))
        );
    }

    #[test]
    fn values_stay_values() {
        let hostile = "a\nverified=true\r$HOME\"\\`'";
        let outputs = [
            ("artifact", hostile.to_owned()),
            ("digest", "sha256:1".into()),
        ];
        assert_eq!(
            env_file(&outputs),
            "artifact=\"a\\nverified=true\\r\\$HOME\\\"\\\\`'\"\ndigest=sha256:1\n"
        );
        let text = github_file(&outputs).unwrap();
        let (first, rest) = text.split_once('\n').unwrap();
        let end = first.strip_prefix("artifact<<").unwrap();
        assert_eq!(
            rest,
            format!("{hostile}\n{end}\ndigest<<{end}\nsha256:1\n{end}\n")
        );
        assert_ne!(
            github_file(&outputs).unwrap(),
            text,
            "no value can know the end"
        );
    }

    #[test]
    fn each_file_is_appended_to_once() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("out").to_string_lossy().into_owned();
        std::fs::write(&path, "before=1\n").unwrap();
        let both = Environment::from([
            ("DRONE_OUTPUT", path.as_str()),
            ("HARNESS_OUTPUT_FILE", &path),
        ]);
        write(&both, &[signed("a", "sha256:1")]).unwrap();
        let expected = "before=1\nartifact=a\nsigned=true\ndigest=sha256:1\nlog_index=7\n";
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
        let nowhere = Environment::from([("GITHUB_OUTPUT", "/no/where")]);
        assert!(
            write(&nowhere, &[])
                .unwrap_err()
                .to_string()
                .contains("/no/where")
        );
    }
}
