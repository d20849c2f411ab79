//! A pipeline's YAML, as Harness writes it: its signing and verification steps, in order.
//!
//! `walk` finds the steps, `step` reads one, with `source` for the artifact, `connector` for
//! who opens its registry, `keys` for who signs and
//! `extras` for what is Cosignet's own. `fields` is how a map is read, `expression` what `<+…>` is, `fault`
//! what can be wrong. Other steps are passed over, whatever is in them.

mod connector;
mod expression;
mod extras;
mod fault;
mod fields;
mod keys;
mod source;
mod step;
mod walk;

use fault::{Fault, Problem};
use fields::Value;

use super::model::Step;
use super::variables::Variables;
use super::yaml::{Place, parse};

/// The steps of a pipeline.
pub fn read(text: &str, variables: &Variables<'_>) -> Result<Vec<Step>, Fault> {
    let root = parse(text).map_err(|(place, error)| Fault {
        place,
        path: String::new(),
        problem: Problem::Yaml(error),
    })?;
    let found = walk::steps(Value::root(&root))?;
    if found.is_empty() {
        return Err(Fault {
            place: Place { line: 1, column: 1 },
            path: String::new(),
            problem: Problem::NoSteps,
        });
    }
    let steps = found.iter().map(|value| step::read(value, variables));
    steps.collect()
}

#[cfg(test)]
mod tests;
