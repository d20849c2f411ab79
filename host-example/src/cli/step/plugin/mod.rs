//! A step of Drone, Harness, Woodpecker or GitHub Actions: its settings come in the environment.
//!
//! `table` is the settings and their names, `settings` reads them, `list` what stands for lists and maps,
//! `artifact_file` what an earlier plugin pushed, `step` makes the model of it, with `image` for where images
//! are and `access` for who opens their registry.

mod access;
mod artifact_file;
mod image;
mod list;
mod settings;
mod step;
mod table;

use clap::Args;

use super::runner::{Runner, conclude};
use super::variables::Environment;
use super::{outputs, summary};
use crate::cli::failure::Failure;
use crate::cli::options::Common;
use settings::Settings;

/// Run as a step of Drone, Harness, Woodpecker or GitHub Actions.
///
/// The settings come from PLUGIN_* or INPUT_*; docs/steps.md has them. This is what is run without any argument
/// where there are such settings.
#[derive(Args)]
pub struct Plugin {}

impl Plugin {
    /// The name of the command.
    pub const NAME: &str = "plugin";

    /// Whether a runner has left settings in the environment.
    pub fn is_meant() -> bool {
        Settings::of(&Environment::of_process()).is_some()
    }

    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let environment = Environment::of_process();
        let settings = Settings::of(&environment).ok_or_else(|| {
            Failure::other("no settings: expected PLUGIN_* or INPUT_* in the environment")
        })?;
        let steps = step::read(&settings).map_err(|fault| Failure::other(fault.to_string()))?;
        let outcomes = Runner::new(common).run(&steps).await;
        let told = outputs::write(&environment, &outcomes)
            .and_then(|()| summary::write(&environment, &outcomes));
        conclude(outcomes)?;
        told
    }
}

#[cfg(test)]
mod tests;
