//! The summary of a run, for the page that GitHub shows of a job.

use std::fmt::Write as _;

use super::outcome::{Done, LogEntry, Outcome};
use super::outputs::append;
use super::variables::Environment;
use crate::cli::failure::Failure;

/// Appends the summary to the file that the runner names, if it does.
pub fn write(environment: &Environment, outcomes: &[Outcome]) -> Result<(), Failure> {
    match environment.text("GITHUB_STEP_SUMMARY") {
        Some(path) => append(path, &markdown(outcomes)),
        None => Ok(()),
    }
}

fn markdown(outcomes: &[Outcome]) -> String {
    let mut text = String::from("### Cosignet\n\n");
    text += "| Step | Artifact | Result | Digest | Log |\n| --- | --- | --- | --- | --- |\n";
    for outcome in outcomes {
        let (result, digest, log) = match &outcome.result {
            Ok(done) => (
                format!("✅ {}{}", outcome.action.past(), place(done)),
                done.digest.as_deref().map(escaped).unwrap_or_default(),
                done.log.as_ref().map(link).unwrap_or_default(),
            ),
            Err(failure) => {
                let words: String = failure.to_string().chars().take(LONGEST_REASON).collect();
                (
                    format!("❌ not {}: {}", outcome.action.past(), escaped(&words)),
                    String::new(),
                    String::new(),
                )
            }
        };
        let (name, artifact) = (escaped(&outcome.name), escaped(&outcome.artifact));
        let _ = writeln!(
            text,
            "| {name} | {artifact} | {result} | {digest} | {log} |"
        );
    }
    text.push('\n');
    text
}

fn place(done: &Done) -> String {
    match (&done.files, done.attached, done.from_files) {
        (_, _, true) => ", by a signature in files".into(),
        (_, true, _) => ", attached".into(),
        (Some(files), false, _) => format!(", kept in {}", escaped(&files.bundle)),
        (None, false, _) => String::new(),
    }
}

/// The entry of the log; a link, if its address is one that Markdown cannot misread.
fn link(entry: &LogEntry) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?&=%".contains(&byte);
    match &entry.url {
        Some(url) if url.starts_with("http") && url.bytes().all(is_plain) => {
            format!("[entry {}]({url})", entry.index)
        }
        _ => format!("entry {}", entry.index),
    }
}

/// Text that Markdown and HTML take for text, whatever it is.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        let _ = match character {
            '\n' => write!(escaped, "<br>"),
            ' ' | '-' => write!(escaped, "{character}"),
            _ if character.is_alphanumeric() => write!(escaped, "{character}"),
            _ if character.is_control() => write!(escaped, "\u{fffd}"),
            _ => write!(escaped, "&#{};", u32::from(character)),
        };
    }
    escaped
}

const LONGEST_REASON: usize = 2000;

#[cfg(test)]
mod tests {
    use super::super::outcome::Action;
    use super::*;

    fn row(artifact: &str, result: Result<Done, Failure>) -> String {
        let outcome = Outcome {
            name: "s".into(),
            action: Action::Verify,
            artifact: artifact.into(),
            result,
        };
        let text = markdown(&[outcome]);
        assert_eq!(text.lines().count(), 6, "{text}");
        text.lines().nth(4).unwrap().to_owned()
    }

    #[test]
    fn what_was_done_stands_in_a_row() {
        let done = Done {
            digest: Some("sha256:ab".into()),
            log: Some(LogEntry {
                index: 7,
                url: Some("https://log.example/api/v1/log/entries?logIndex=7".into()),
            }),
            ..Done::default()
        };
        assert_eq!(
            row("app", Ok(done)),
            "| s | app | ✅ verified | sha256&#58;ab | \
             [entry 7](https://log.example/api/v1/log/entries?logIndex=7) |"
        );
    }

    #[test]
    fn nothing_in_it_is_markup() {
        let hostile =
            "<img src=x onerror=alert(1)>|\n\n# [x](javascript:1) `y` ![z](http://e) \u{1b}[2J";
        let done = Done {
            log: Some(LogEntry {
                index: 1,
                url: Some("https://e/) <script>".into()),
            }),
            ..Done::default()
        };
        for row in [
            row(hostile, Ok(done)),
            row("a", Err(Failure::other(hostile))),
        ] {
            assert!(
                row.ends_with(" |") && row.matches('|').count() == 6,
                "{row}"
            );
            let row = row.replace("<br>", "");
            for markup in ["<", ">", "[", "](", "`", "http", "\u{1b}", "\n"] {
                let found =
                    row.contains(markup) && !(markup == "http" && row.contains("http&#58;"));
                assert!(!found, "{markup:?} in {row}");
            }
        }
    }
}
