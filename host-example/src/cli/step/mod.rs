//! A pipeline's signing and verification steps, run here: from its YAML (`cosignet step`), or from the
//! settings that a CI runner hands a plugin (`cosignet plugin`).
//!
//! Both front ends, `pipeline` upon `yaml` and `plugin`, read into one `model`; `arguments` turns a step
//! into the command line that a user would type, and `runner` runs that. `variables` is what stands for
//! `<+…>`, secrets and connectors; `key`, `source` and `access` are what keys, registries and those who
//! open them look like in both, `text` how runners keep what has several lines.
//! `outcome` is what came of it, for people (`summary`) and for later steps (`outputs`).

mod access;
mod arguments;
mod kept;
mod key;
mod model;
mod outcome;
mod outputs;
mod pipeline;
mod plugin;
mod runner;
mod source;
mod summary;
mod text;
mod variables;
mod yaml;

pub use plugin::Plugin;

use clap::Args;

use super::failure::Failure;
use super::files;
use super::options::Common;
use model::{Step, Task};
use runner::{Runner, conclude};
use variables::{Environment, Variables};

/// Run the signing and verification steps of a pipeline.
///
/// Steps of the types SscaArtifactSigning and SscaArtifactVerification are run in the order in which they
/// stand in the file, up to the first that fails; its exit code is this one's. docs/steps.md has their fields.
#[derive(Args)]
pub struct RunSteps {
    /// What stands for <+NAME>, a secret NAME or connector.NAME.username, .password and .url: text, @FILE or
    /// env://NAME. Otherwise COSIGNET_VARIABLE_NAME, COSIGNET_SECRET_NAME and COSIGNET_CONNECTOR_NAME_USERNAME
    /// and so on are asked.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Contact no transparency log, whatever the steps say.
    #[arg(long)]
    air_gap: bool,
    /// The pipeline: YAML with a pipeline, a list of steps, or a step.
    #[arg(value_name = "FILE")]
    file: String,
}

impl RunSteps {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let environment = Environment::of_process();
        let steps = self.read(&environment)?;
        let outcomes = Runner::new(common).run(&steps).await;
        let told = summary::write(&environment, &outcomes);
        conclude(outcomes)?;
        told
    }

    fn read(&self, environment: &Environment) -> Result<Vec<Step>, Failure> {
        let bytes = files::read(&self.file)?;
        let text = String::from_utf8(bytes)
            .map_err(|error| Failure::other(format!("{}: no text: {error}", self.file)))?;
        let variables = Variables::read(&self.set, environment)?;
        let steps = pipeline::read(&text, &variables);
        let mut steps = steps.map_err(|fault| Failure::other(format!("{}:{fault}", self.file)))?;
        for name in variables.unused() {
            eprintln!("Warning: --set {name} is asked for by no step");
        }
        for step in &mut steps {
            match &mut step.task {
                Task::Sign(sign) => sign.log.air_gap |= self.air_gap,
                Task::Verify(verify) => verify.log.air_gap |= self.air_gap,
            }
        }
        Ok(steps)
    }
}
