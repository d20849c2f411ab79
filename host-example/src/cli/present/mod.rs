//! What a store says of an artifact, for people and for programs.

mod html;
mod json;
mod page;
mod text;
mod words;

use clap::ValueEnum;

use cosignet_host::store::{Overview, Recorded};

use super::subject::Subject;
use super::terminal;

/// What is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    Text,
    Json,
    Html,
}

/// An artifact, and what is known of it.
pub struct Presented<'a> {
    pub subject: &'a Subject,
    /// Of `overview`.
    pub overview: Option<&'a Overview>,
    /// Of `custody`, and of a page.
    pub history: &'a [Recorded],
}

impl Presented<'_> {
    /// All of it.
    pub fn written(&self, output: Output) -> String {
        match output {
            Output::Text => text::written(self, terminal::width()),
            Output::Json => json::written(self),
            Output::Html => html::written(self),
        }
    }
}
