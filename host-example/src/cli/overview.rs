use clap::Args;

use super::failure::Failure;
use super::keys::print;
use super::options::{Common, RegistryOptions};
use super::present::{Output, Presented};
use super::store::StoreFile;
use super::subject::Subject;

#[derive(Args)]
pub struct Overview {
    #[command(flatten)]
    store: StoreFile,
    /// Words, JSON, or one page that needs nothing beside it.
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,
    #[command(flatten)]
    registry: RegistryOptions,
    /// An image, a file, or sha256:HEX. The registry is asked what a tag names; nothing is asked of what is
    /// named by its digest.
    #[arg(value_name = "IMAGE_OR_FILE")]
    artifact: String,
}

impl Overview {
    pub async fn run(self, _: &Common) -> Result<(), Failure> {
        let store = self.store.open()?;
        let subject = Subject::of(&self.artifact, &self.registry, &store).await?;
        let overview = store.overview(&subject.which())?;
        let history = match self.output {
            Output::Html => store.history(&subject.which())?,
            Output::Text | Output::Json => Vec::new(),
        };
        let subject = subject.told_by(overview.last.as_ref());
        let presented = Presented {
            subject: &subject,
            overview: Some(&overview),
            history: &history,
        };
        print(&presented.written(self.output))
    }
}
