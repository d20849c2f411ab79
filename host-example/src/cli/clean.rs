use std::io::{self, IsTerminal as _, Write as _};

use clap::{Args, ValueEnum};

use cosignet_host::api::cleaning::{OwnWork, Search, WorkKind};
use cosignet_host::{Imports, Session, World};

use super::failure::Failure;
use super::key_services::{KeyServiceOptions, public_key};
use super::options::{Common, RegistryOptions, signature_repository};
use super::secrets::StandardInput;
use super::turns;

#[derive(Args)]
pub struct Clean {
    /// The public key of whose work is taken away: a file, env://NAME, - or exec:COMMAND; or
    /// hashivault://KEY or NAME://KEY for that of a key service. What others signed stays.
    #[arg(long)]
    key: String,
    #[command(flatten)]
    services: KeyServiceOptions,
    /// What is taken away.
    #[arg(long = "type", value_enum, default_value_t = Type::All)]
    kind: Type,
    /// Do not ask.
    #[arg(short, long, visible_short_alias = 'y', visible_alias = "yes")]
    force: bool,
    #[command(flatten)]
    registry: RegistryOptions,
    /// The image: [HOST/]REPOSITORY[:TAG][@DIGEST].
    image: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum Type {
    All,
    Signature,
    Attestation,
}

impl Clean {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let services = self.services.services();
        let mut input = StandardInput::taken_if(!self.force, "the answer");
        let search = Search {
            reference: self.registry.reference(&self.image)?,
            public_key: public_key(&services, &self.key, &mut input).await?,
            kind: match self.kind {
                Type::All => None,
                Type::Signature => Some(WorkKind::Signature),
                Type::Attestation => Some(WorkKind::Attestation),
            },
            signature_repository: signature_repository(),
        };
        let client = self.registry.client()?.for_push();
        let imports = Imports::none()
            .registry(client.clone())
            .registry_push(client);
        let mut session = Session::start(&common.program(World::Signer)?, imports).await?;
        if !self.force {
            let found = session.find_own(&search).await??;
            if !found.is_empty() {
                consent(&found)?;
            }
        }
        let _turns = turns::take(std::slice::from_ref(&search.reference)).await;
        let removed = session.remove_own(&search).await??;
        for own in &removed {
            eprintln!("Removed {}", words(own));
        }
        if removed.is_empty() {
            eprintln!("{}: nothing that this key signed is attached", self.image);
        }
        Ok(())
    }
}

/// Asks on a terminal. There is nobody to ask elsewhere.
fn consent(found: &[OwnWork]) -> Result<(), Failure> {
    for own in found {
        eprintln!("To be removed: {}", words(own));
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::other(
            "nothing was removed: say --force to remove without being asked",
        ));
    }
    let failed = |error: io::Error| Failure::other(format!("reading the answer: {error}"));
    eprint!("Remove? [y/N] ");
    io::stderr().flush().map_err(failed)?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(failed)?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::other("nothing was removed")),
    }
}

fn words(own: &OwnWork) -> String {
    let what = match (own.kind, own.count) {
        (WorkKind::Signature, 1) => "1 signature".into(),
        (WorkKind::Attestation, 1) => "1 attestation".into(),
        (WorkKind::Signature, count) => format!("{count} signatures"),
        (WorkKind::Attestation, count) => format!("{count} attestations"),
    };
    let (repository, digest) = (&own.repository, &own.manifest_digest);
    match &own.tag {
        Some(tag) => format!("{what} at {repository}:{tag}"),
        None => format!("{what} in {repository}@{digest}, which refers to the image"),
    }
}
