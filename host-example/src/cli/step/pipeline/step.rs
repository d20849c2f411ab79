use std::time::Duration;

use super::extras;
use super::fault::{Fault, Problem};
use super::fields::{Map, Value};
use super::walk::VERIFICATION;
use super::{keys, source};
use crate::cli::step::model::{Artifact, Form, Sign, Step, Task, Verify};
use crate::cli::step::variables::Variables;

/// Reads a step. What would change whether or how often it runs is refused: nobody evaluates it here.
pub fn read(value: &Value<'_>, variables: &Variables<'_>) -> Result<Step, Fault> {
    let mut map = value.map()?;
    let identifier = map.text(&["identifier"], variables)?;
    let name = map.text(&["name"], variables)?;
    let kind = map.require(&["type"])?.plain()?;
    map.take(&["description"])?;
    let timeout = map.take(&["timeout"])?;
    let timeout = timeout
        .map(|value| duration(&value, variables))
        .transpose()?;
    if let Some(when) = map.take(&["when"])? {
        only_on_success(&when)?;
    }
    // A failure ends the run in any case.
    map.take(&["failureStrategies"])?;
    for field in [&["strategy"], &["enforce"]] {
        if let Some(value) = map.take(field)? {
            return Err(value.fault(Problem::NotDone(
                "not evaluated here: leave it out, or run this step where it is",
            )));
        }
    }
    let mut spec = map.require(&["spec"])?.map()?;
    map.finish()?;
    let artifact = source::read(&spec.require(&["source"])?, variables)?;
    spec.take(&["resources"])?;
    Ok(Step {
        name: name.or(identifier).unwrap_or_else(|| kind.to_owned()),
        timeout,
        task: match kind {
            VERIFICATION => Task::Verify(verification(spec, &artifact, variables)?),
            _ => Task::Sign(signing(spec, &artifact, variables)?),
        },
        artifact,
    })
}

fn signing(
    mut spec: Map<'_>,
    artifact: &Artifact,
    variables: &Variables<'_>,
) -> Result<Sign, Fault> {
    let (key, password) = keys::signing(&spec.require(&["signing"])?, variables)?;
    let attach = match spec.take(&["uploadSignature"])? {
        None => false,
        Some(value) => upload(&value, artifact, variables)?,
    };
    // The signature of a file has one form, and no claims.
    let (form, annotations) = match artifact {
        Artifact::File(_) => (Form::default(), Vec::new()),
        Artifact::Image(_) => (
            extras::form(&mut spec, variables)?,
            extras::annotations(&mut spec, variables)?,
        ),
    };
    let log = extras::log(&mut spec, variables)?;
    let keep = extras::keep(&mut spec, variables)?;
    spec.finish()?;
    Ok(Sign {
        key,
        password,
        attach,
        form,
        annotations,
        log,
        keep,
    })
}

fn verification(
    mut spec: Map<'_>,
    artifact: &Artifact,
    variables: &Variables<'_>,
) -> Result<Verify, Fault> {
    let verify = spec.require(&["verifySign", "verify_signing"])?;
    let keys = vec![keys::verification(&verify, variables)?];
    let annotations = match artifact {
        Artifact::File(_) => Vec::new(),
        Artifact::Image(_) => extras::annotations(&mut spec, variables)?,
    };
    let log = extras::log(&mut spec, variables)?;
    if let (Artifact::File(_), Some(_)) = (artifact, &log.url) {
        return Err(spec.fault(Problem::NotDone(
            "a file is verified by the log entry that is kept with its signature, and no log is asked: \
             leave rekor.url out",
        )));
    }
    let keep = extras::keep(&mut spec, variables)?;
    spec.finish()?;
    Ok(Verify {
        keys,
        annotations,
        log,
        keep,
    })
}

fn upload(
    value: &Value<'_>,
    artifact: &Artifact,
    variables: &Variables<'_>,
) -> Result<bool, Fault> {
    let mut map = value.map()?;
    let upload = map.switch(&["upload"], variables)?;
    map.finish()?;
    match artifact {
        Artifact::File(_) if upload => Err(value.fault(Problem::NotDone(
            "a file has no registry that its signature could be attached in: leave uploadSignature out",
        ))),
        Artifact::File(_) | Artifact::Image(_) => Ok(upload),
    }
}

/// `10m`, `1h 30m`.
fn duration(value: &Value<'_>, variables: &Variables<'_>) -> Result<Duration, Fault> {
    let text = value.text(variables)?;
    humantime::parse_duration(&text)
        .ok()
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| value.unexpected("a time such as 10m", text))
}

/// What the product writes into every step by itself.
fn only_on_success(value: &Value<'_>) -> Result<(), Fault> {
    let mut map = value.map()?;
    let status = map.take(&["stageStatus"])?;
    let other = map.take(&["condition"])?;
    map.finish()?;
    let is_success = status.is_none_or(|status| status.node.text() == Some("Success"));
    match other {
        None if is_success => Ok(()),
        _ => Err(value.fault(Problem::NotDone(
            "conditions are not evaluated here, but for stageStatus: Success: leave it out",
        ))),
    }
}
