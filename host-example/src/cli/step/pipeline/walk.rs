use super::fault::Fault;
use super::fields::Value;

/// The signing and verification steps of a file, in the order in which they stand there: of a whole
/// pipeline, of a list of steps, or one alone. What runs in parallel elsewhere is one after the other here.
/// Steps for a rollback are none of them.
pub fn steps(root: Value<'_>) -> Result<Vec<Value<'_>>, Fault> {
    let mut found = Vec::new();
    if let Some(pipeline) = root.get("pipeline") {
        if let Some(stages) = pipeline.get("stages") {
            in_stages(&stages, &mut found)?;
        }
    } else if root.get("stages").is_some() || root.get("stage").is_some() {
        match root.get("stages") {
            Some(stages) => in_stages(&stages, &mut found)?,
            None => in_stage(&root, &mut found)?,
        }
    } else if let Some(steps) = root.get("steps") {
        in_steps(&steps, &mut found)?;
    } else if root.items().is_ok() {
        in_steps(&root, &mut found)?;
    } else {
        in_step(root, &mut found)?;
    }
    Ok(found)
}

type Found<'n> = Vec<Value<'n>>;

fn in_stages<'n>(stages: &Value<'n>, found: &mut Found<'n>) -> Result<(), Fault> {
    for item in stages.items()? {
        in_stage(&item, found)?;
    }
    Ok(())
}

fn in_stage<'n>(item: &Value<'n>, found: &mut Found<'n>) -> Result<(), Fault> {
    if let Some(parallel) = item.get("parallel") {
        return in_stages(&parallel, found);
    }
    let execution = item
        .get("stage")
        .and_then(|stage| stage.get("spec"))
        .and_then(|spec| spec.get("execution"));
    match execution.and_then(|execution| execution.get("steps")) {
        Some(steps) => in_steps(&steps, found),
        None => Ok(()),
    }
}

fn in_steps<'n>(steps: &Value<'n>, found: &mut Found<'n>) -> Result<(), Fault> {
    for item in steps.items()? {
        in_step(item, found)?;
    }
    Ok(())
}

/// An item of a list of steps: `step`, `stepGroup` or `parallel`; or a step as it is.
fn in_step<'n>(item: Value<'n>, found: &mut Found<'n>) -> Result<(), Fault> {
    if let Some(parallel) = item.get("parallel") {
        return in_steps(&parallel, found);
    }
    if let Some(group) = item.get("stepGroup") {
        return match group.get("steps") {
            Some(steps) => in_steps(&steps, found),
            None => Ok(()),
        };
    }
    let step = item.get("step").unwrap_or(item);
    if let Some(kind) = step.get("type")
        && matches!(kind.node.text(), Some(SIGNING | VERIFICATION))
    {
        found.push(step);
    }
    Ok(())
}

/// The type of a step that signs.
pub const SIGNING: &str = "SscaArtifactSigning";
/// The type of a step that verifies.
pub const VERIFICATION: &str = "SscaArtifactVerification";
