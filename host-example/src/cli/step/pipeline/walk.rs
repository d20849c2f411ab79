use super::fault::{Fault, Problem};
use super::fields::Value;
use crate::cli::step::yaml::{Content, Node};

/// The signing and verification steps of a file, in the order in which they stand there: of a whole
/// pipeline, of a list of steps, or one alone. What runs in parallel elsewhere is one after the other here.
/// Steps for a rollback are none of them. One that stands anywhere else is an error: it would be left out
/// without a word.
pub fn steps(root: Value<'_>) -> Result<Vec<Value<'_>>, Fault> {
    let document = root.node;
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
    match stray(document, &found) {
        None => Ok(found),
        Some(node) => Err(Value::root(node).fault(Problem::Stray)),
    }
}

/// A step that is none of those that were found. It is as deep in calls as the document is deep.
fn stray<'n>(node: &'n Node, found: &Found<'_>) -> Option<&'n Node> {
    if is_ours(node) {
        let is_found = found.iter().any(|value| std::ptr::eq(value.node, node));
        return (!is_found).then_some(node);
    }
    match &node.content {
        Content::Scalar { .. } => None,
        Content::List(items) => items.iter().find_map(|item| stray(item, found)),
        Content::Map(entries) => entries
            .iter()
            .filter(|entry| entry.key != "rollbackSteps")
            .find_map(|entry| stray(&entry.value, found)),
    }
}

fn is_ours(node: &Node) -> bool {
    let kind = node.get("type").and_then(Node::text);
    matches!(kind, Some(SIGNING | VERIFICATION))
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
    if is_ours(step.node) {
        found.push(step);
    }
    Ok(())
}

/// The type of a step that signs.
pub const SIGNING: &str = "SscaArtifactSigning";
/// The type of a step that verifies.
pub const VERIFICATION: &str = "SscaArtifactVerification";
