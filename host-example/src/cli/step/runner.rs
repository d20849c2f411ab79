use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use clap::Parser as _;
use serde_json::Value;
use tempfile::TempDir;

use super::arguments::{self, Command};
use super::kept::Files;
use super::model::{Artifact, Keep, Log, Sign, Step, Task, Verify};
use super::outcome::{Action, Done, LogEntry, Outcome};
use crate::cli::failure::Failure;
use crate::cli::options::Common;
use crate::cli::{self, Arguments, files};

/// Runs steps as the command lines that they stand for.
pub struct Runner<'a> {
    common: &'a Common,
}

impl<'a> Runner<'a> {
    /// One that hands these on.
    pub fn new(common: &'a Common) -> Self {
        Self { common }
    }

    /// Runs the steps in their order, up to the first that fails.
    pub async fn run(&self, steps: &[Step]) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            let mut outcome = Outcome::of(step, Ok(Done::default()));
            let (verb, artifact) = (outcome.action.verb(), &outcome.artifact);
            let count = format!("step {} of {}", index + 1, steps.len());
            eprintln!("{count}, {}: {verb} {artifact}", step.name);
            outcome.result = match &step.task {
                Task::Sign(sign) => self.sign(step, sign).await,
                Task::Verify(verify) => self.verify(step, verify).await,
            };
            let failed = outcome.result.is_err();
            outcomes.push(outcome);
            if failed {
                break;
            }
        }
        outcomes
    }

    async fn sign(&self, step: &Step, sign: &Sign) -> Result<Done, Failure> {
        let aside = folder()?;
        let kept = is_kept(&sign.keep, sign.attach);
        let folder = match kept {
            true => {
                Files::prepare(sign.keep.folder())?;
                Path::new(sign.keep.folder())
            }
            false => aside.path(),
        };
        let files = Files::of(&folder.to_string_lossy(), &step.artifact);
        let command = arguments::sign(&step.artifact, sign, &files);
        self.command(command, step.timeout).await?;
        let made = files.read(&step.artifact)?;
        if kept {
            eprintln!("The signature is kept in {}", sign.keep.folder());
        }
        Ok(Done {
            digest: made.digest,
            signature: Some(made.signature),
            attached: sign.attach,
            files: kept.then_some(files),
            log: made.log_index.map(|index| entry(index, &sign.log)),
            ..Done::default()
        })
    }

    /// By what is attached or in the store, and then by what is kept in files.
    async fn verify(&self, step: &Step, verify: &Verify) -> Result<Done, Failure> {
        let kept = Files::kept(&verify.keep, &step.artifact);
        let is_elsewhere = match &step.artifact {
            Artifact::Image(_) => true,
            Artifact::File(_) => verify.keep.store.is_some(),
        };
        match (is_elsewhere, kept) {
            (false, None) => Err(nothing_kept(step, verify)),
            (false, Some(files)) => self.verify_by(step, verify, Some(&files)).await,
            (true, kept) => match (self.verify_by(step, verify, None).await, kept) {
                (Err(failure), Some(files)) if failure.is_without_signature() => {
                    eprintln!(
                        "{failure}\nNone that counts is attached: verifying what is kept in {}",
                        verify.keep.folder()
                    );
                    self.verify_by(step, verify, Some(&files)).await
                }
                (result, _) => result,
            },
        }
    }

    async fn verify_by(
        &self,
        step: &Step,
        verify: &Verify,
        kept: Option<&Files>,
    ) -> Result<Done, Failure> {
        let aside = folder()?;
        let report = aside
            .path()
            .join("report.json")
            .to_string_lossy()
            .into_owned();
        let command = arguments::verify(&step.artifact, verify, kept, &report);
        self.command(command, step.timeout).await?;
        let report: Value = serde_json::from_slice(&files::read_at_most(&report, LARGEST_REPORT)?)
            .map_err(|error| Failure::other(format!("the report of the verification: {error}")))?;
        let about = match &step.artifact {
            Artifact::Image(_) => &report["images"][0],
            Artifact::File(_) => &report,
        };
        let signatures = about["signatures"].as_array();
        let counted: Vec<&Value> = signatures
            .into_iter()
            .flatten()
            .filter(|signature| signature["counted"] == true)
            .collect();
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
        let mut logs = counted.iter();
        let log = logs.find_map(|signature| signature["log"]["logIndex"].as_u64());
        let keys: BTreeSet<String> = counted
            .iter()
            .filter_map(|signature| text(&signature["keyFingerprint"]))
            .collect();
        Ok(Done {
            digest: text(&about["digest"]),
            log: log.map(|index| entry(index, &verify.log)),
            keys: keys.into_iter().collect(),
            from_files: kept.is_some(),
            files: kept.cloned(),
            ..Done::default()
        })
    }

    /// Runs a command line as if it had been typed.
    async fn command(&self, command: Command, limit: Option<Duration>) -> Result<(), Failure> {
        let mut line: Vec<OsString> = vec!["cosignet".into()];
        if let Some(component) = self.common.component() {
            line.push(format!("--component={component}").into());
        }
        let limit = limit.or(self.common.timeout()).unwrap_or_default();
        line.push(format!("--timeout={}", humantime::format_duration(limit)).into());
        line.extend(command.arguments);
        let arguments = Arguments::try_parse_from(line)
            .map_err(|error| Failure::other(format!("this build cannot run the step: {error}")))?;
        command.lent.to(Box::pin(cli::run(arguments))).await
    }
}

/// Ends a run as its last step ended.
pub fn conclude(outcomes: Vec<Outcome>) -> Result<(), Failure> {
    let mut steps = (0, 0);
    for outcome in outcomes {
        let done = outcome.result;
        done.map_err(|failure| failure.about(&outcome.name))?;
        match outcome.action {
            Action::Sign => steps.0 += 1,
            Action::Verify => steps.1 += 1,
        }
    }
    eprintln!("{} signed, {} verified", steps.0, steps.1);
    Ok(())
}

fn nothing_kept(step: &Step, verify: &Verify) -> Failure {
    let files = Files::of(verify.keep.folder(), &step.artifact);
    Failure::other(format!(
        "there is no signature of {}: {} is not there, and no store was named; sign it in a step before, or \
         name the folder that its signature is in",
        step.artifact.name(),
        files.bundle
    ))
}

/// Whether a signature is kept in files: where somebody says so, or where it would be lost.
fn is_kept(keep: &Keep, attach: bool) -> bool {
    keep.folder.is_some() || !(attach || keep.store.is_some())
}

/// A folder for what is read and thrown away.
fn folder() -> Result<TempDir, Failure> {
    TempDir::new().map_err(|error| Failure::other(format!("make a temporary folder: {error}")))
}

fn entry(index: u64, log: &Log) -> LogEntry {
    let url = log.url.as_ref().map(|url| {
        format!(
            "{}/api/v1/log/entries?logIndex={index}",
            url.trim_end_matches('/')
        )
    });
    LogEntry { index, url }
}

/// A thousand signatures with their reasons come to less than a mebibyte.
const LARGEST_REPORT: u64 = 64 * 1024 * 1024;
