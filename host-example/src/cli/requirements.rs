//! What commands that verify require of what is attached to an image.

use clap::{Args, ValueEnum};

use cosignet_host::api::policy::{
    Formats, Identity, LogRequirement, PrefixMapping, Rules, Threshold,
};
use cosignet_host::registry::Registry;
use cosignet_host::{Imports, Policy, Session, World};

use super::annotations;
use super::failure::Failure;
use super::key_services::{KeyServiceOptions, public_key};
use super::log::RequirementOptions;
use super::options::Common;
use super::secrets::StandardInput;

#[derive(Args)]
pub struct Requirements {
    #[command(flatten)]
    keys: TrustedKeys,
    /// A claim that must have been signed, key=value.
    #[arg(short, long = "annotations", value_name = "KEY=VALUE")]
    annotations: Vec<String>,
    /// Which repository must have been signed: `ignore`, `repository` (the one that is verified),
    /// `exact=NAME`, or `remap=PREFIX=SIGNED-PREFIX`.
    #[arg(long, default_value = "ignore")]
    identity: String,
    /// The forms that are looked for: `simple` is what lies under a tag beside the image (`.sig`,
    /// `.att`), `bundle` what refers to it, `any` both.
    #[arg(long, value_enum, default_value_t = Format::Any)]
    format: Format,
    #[command(flatten)]
    log: RequirementOptions,
    #[command(flatten)]
    ignore: IgnoreLog,
}

/// Whose signatures count.
#[derive(Args)]
pub struct TrustedKeys {
    /// A trusted public key: a file, env://NAME, - or exec:COMMAND; or hashivault://KEY or NAME://KEY for
    /// that of a key service. Several may be given.
    #[arg(long, required = true)]
    key: Vec<String>,
    /// How many of the keys must have signed.
    #[arg(long, value_name = "N")]
    threshold: Option<u32>,
    #[command(flatten)]
    services: KeyServiceOptions,
}

impl TrustedKeys {
    /// How the keys were named.
    pub fn references(&self) -> &[String] {
        &self.key
    }

    /// Rules that ask for nothing else.
    pub async fn rules(&self, mut standard_input: StandardInput) -> Result<Rules, Failure> {
        let services = self.services.services();
        let mut keys = Vec::new();
        for key in &self.key {
            let pem = public_key(&services, key, &mut standard_input).await?;
            keys.push(pem.into());
        }
        Ok(Rules {
            keys,
            threshold: self.threshold.map_or(Threshold::Any, Threshold::AtLeast),
            ..Rules::one_key(Vec::new())
        })
    }
}

/// cosign's words for a signature that counts without a log.
#[derive(Args)]
pub struct IgnoreLog {
    /// Require no transparency log, whatever logs are trusted.
    #[arg(long)]
    insecure_ignore_tlog: bool,
    /// As --insecure-ignore-tlog.
    #[arg(long)]
    private_infrastructure: bool,
}

impl IgnoreLog {
    /// No requirement if it was said, or else this one.
    pub fn or_else(
        &self,
        requirement: impl FnOnce() -> Result<LogRequirement, Failure>,
    ) -> Result<LogRequirement, Failure> {
        match self.insecure_ignore_tlog || self.private_infrastructure {
            true => Ok(LogRequirement::Ignore),
            false => requirement(),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Any,
    Simple,
    Bundle,
}

impl Format {
    fn formats(self) -> Formats {
        match self {
            Self::Any => Formats::Any,
            Self::Simple => Formats::SimpleSigning,
            Self::Bundle => Formats::Bundles,
        }
    }
}

impl Requirements {
    /// A session that reaches the registry, and a log if one is to be asked; and the policy in it.
    pub async fn start(
        &self,
        common: &Common,
        registry: impl Registry + 'static,
    ) -> Result<(Session, Policy), Failure> {
        let rules = self.rules().await?;
        let mut imports = Imports::none().registry(registry);
        let mut world = World::Verifier;
        if let LogRequirement::RequireOrLookUp(_) = &rules.log
            && let Some(rekor) = self.log.client()?
        {
            // The one with a log to ask.
            imports = imports.transparency_log(rekor);
            world = World::Signer;
        }
        let mut session = Session::start(&common.program(world)?, imports).await?;
        let policy = session.read_policy(&rules).await?;
        Ok((session, policy))
    }

    /// How the keys were named.
    pub fn key_references(&self) -> &[String] {
        self.keys.references()
    }

    /// The log that may be asked.
    pub fn log_url(&self) -> Option<&str> {
        self.log.url()
    }

    /// Refuses what nothing in a directory could meet.
    pub fn fit_directories(&self) -> Result<(), Failure> {
        match identity(&self.identity)? {
            Identity::Repository | Identity::Remap(_) => Err(Failure::other(
                "a directory does not say which repository it came from: with --local-image, \
                 --identity is ignore or exact=NAME",
            )),
            Identity::Ignore | Identity::Exact(_) => Ok(()),
        }
    }

    async fn rules(&self) -> Result<Rules, Failure> {
        Ok(Rules {
            annotations: annotations::read(&self.annotations)?,
            log: self.ignore.or_else(|| self.log.requirement())?,
            identity: identity(&self.identity)?,
            formats: self.format.formats(),
            ..self.keys.rules(StandardInput::default()).await?
        })
    }
}

fn identity(text: &str) -> Result<Identity, Failure> {
    match text.split_once('=') {
        None if text == "ignore" => Ok(Identity::Ignore),
        None if text == "repository" => Ok(Identity::Repository),
        Some(("exact", name)) => Ok(Identity::Exact(name.into())),
        Some(("remap", mapping)) if mapping.contains('=') => {
            let (actual, signed) = mapping.split_once('=').unwrap_or((mapping, ""));
            let (actual, signed) = (actual.into(), signed.into());
            Ok(Identity::Remap(PrefixMapping { actual, signed }))
        }
        _ => Err(Failure::other(format!(
            "--identity {text}: expected ignore, repository, exact=NAME or \
             remap=PREFIX=SIGNED-PREFIX"
        ))),
    }
}
