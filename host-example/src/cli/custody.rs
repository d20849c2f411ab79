use clap::{Args, Subcommand};
use serde_json::json;

use cosignet_host::store::{Audit, Finding, Hash, Store};

use super::failure::Failure;
use super::keys::print;
use super::options::{Common, RegistryOptions};
use super::present::{Output, Presented};
use super::store::StoreFile;
use super::subject::Subject;

#[derive(Args)]
pub struct Custody {
    #[command(flatten)]
    store: StoreFile,
    /// Words, JSON, or one page that needs nothing beside it.
    #[arg(short, long, value_enum, default_value_t = Output::Text, global = true)]
    output: Output,
    #[command(flatten)]
    registry: RegistryOptions,
    /// An image, a file, or sha256:HEX. (A file that is called verify is ./verify.)
    #[arg(value_name = "IMAGE_OR_FILE")]
    artifact: Option<String>,
    #[command(subcommand)]
    command: Option<Whole>,
}

/// What is done with the whole chain.
#[derive(Subcommand)]
enum Whole {
    /// Verify the whole chain: that no event is altered, missing in between or out of place, and that the
    /// signatures are those that were made.
    ///
    /// The chain alone cannot show that events are missing at its end, or that somebody wrote all of it anew.
    /// Keep the head that this prints elsewhere, and give it the next time.
    Verify(Verify),
}

#[derive(Args)]
struct Verify {
    /// The hash of an event, as this printed it earlier: the chain must still hold it.
    #[arg(long, value_name = "HASH")]
    head: Option<Hash>,
}

impl Custody {
    pub async fn run(self, _: &Common) -> Result<(), Failure> {
        let store = self.store.open()?;
        match (&self.artifact, &self.command) {
            (None, Some(Whole::Verify(verify))) => verify.run(&store, self.output),
            (Some(artifact), Some(_)) => Err(Failure::other(format!(
                "`custody verify` verifies the whole store: leave {artifact} out"
            ))),
            (None, None) => Err(Failure::other(
                "say which image or file, or `custody verify` for the whole chain",
            )),
            (Some(artifact), None) => {
                let subject = Subject::of(artifact, &self.registry, &store).await?;
                let history = store.history(&subject.which())?;
                let subject = subject.told_by(history.last());
                let presented = Presented {
                    subject: &subject,
                    overview: None,
                    history: &history,
                };
                print(&presented.written(self.output))
            }
        }
    }
}

impl Verify {
    fn run(&self, store: &Store, output: Output) -> Result<(), Failure> {
        let audit = store.audit(self.head)?;
        let mut problems: Vec<String> = audit.findings.iter().map(Finding::to_string).collect();
        if let (Some(head), None) = (self.head, audit.asked) {
            problems.push(format!(
                "no event has the hash {head}: events are missing at the end, or the chain was \
                 written anew"
            ));
        }
        print(&match output {
            Output::Json => json(&audit, &problems),
            Output::Text | Output::Html => words(&audit, self.head),
        })?;
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Failure::other(format!(
                "the chain of custody in {} is not whole:\n  {}",
                store.path().display(),
                problems.join("\n  ")
            ))),
        }
    }
}

fn json(audit: &Audit, problems: &[String]) -> String {
    let report = json!({
        "intact": problems.is_empty(),
        "events": audit.count,
        "head": audit.head,
        "found": audit.asked,
        "problems": problems,
    });
    format!("{report:#}\n")
}

fn words(audit: &Audit, asked: Option<Hash>) -> String {
    let count = audit.count;
    let mut words = match audit.head {
        None => "no events\n".to_owned(),
        Some(head) => format!("events {count}\nhead   {head}\n"),
    };
    if let (Some(asked), Some(number)) = (asked, audit.asked) {
        words += &format!("event {number} of {count} has the hash {asked}\n");
    }
    words
}
