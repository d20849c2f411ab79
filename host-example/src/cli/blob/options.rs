use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::{ArgAction, Args};

use cosignet_host::api::blobs::BlobFiles;
use cosignet_host::api::signing::LogUpload;
use cosignet_host::store::Action;
use cosignet_host::{Imports, Rekor, Session, World};

use crate::cli::artifact::ArtifactOptions;
use crate::cli::failure::Failure;
use crate::cli::files;
use crate::cli::log::LogOptions;
use crate::cli::options::{Common, SigningConfigSwitch};
use crate::cli::secrets::StandardInput;
use crate::cli::signer::{OpenSigner, SignerOptions};
use crate::cli::store::{Named, Recorder, StoreOptions};

/// What signs a file, and where what is made goes.
#[derive(Args)]
pub struct SigningOptions {
    #[command(flatten)]
    signer: SignerOptions,
    /// Write a bundle there, with the log's entry if there is one.
    #[arg(long, value_name = "FILE")]
    bundle: Option<String>,
    /// Write sigstore's bundle v0.3; `false` writes the one that cosign 2 wrote before.
    #[arg(
        long, num_args = 0..=1, require_equals = true, default_value = "true",
        default_missing_value = "true", action = ArgAction::Set
    )]
    new_bundle_format: bool,
    #[command(flatten)]
    switch: SigningConfigSwitch,
    /// Taken for the sake of scripts; nothing is asked.
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    log: LogOptions,
    #[command(flatten)]
    artifact: ArtifactOptions,
    #[command(flatten)]
    store: StoreOptions,
}

/// An open key, and the log that its signatures are written to.
pub struct Signing {
    pub session: Session,
    pub key: OpenSigner,
    pub upload: Option<LogUpload>,
}

impl SigningOptions {
    /// Opens the key, after what can be said against the rest.
    pub async fn start(
        &self,
        common: &Common,
        standard_input: StandardInput,
        record: &mut Recorder,
    ) -> Result<Signing, Failure> {
        self.switch.check()?;
        let keeps_proof = self.bundle.is_some() && self.new_bundle_format;
        let (log, upload) = self.log.upload(keeps_proof)?.unzip();
        let key = self.signer.read(standard_input).await?;
        let imports = log.map_or_else(Imports::none, |log: Rekor| {
            Imports::none().transparency_log(log)
        });
        let imports = key.lend(imports);
        let mut session = super::session(common, World::Signer, imports).await?;
        let key = key.open(&mut session).await?;
        record.signs_with(
            key.fingerprint(&mut session).await?,
            self.signer.reference(),
        );
        record.logs_at(self.log.url());
        Ok(Signing {
            session,
            key,
            upload,
        })
    }

    /// Where it is recorded.
    pub fn record(&self, action: Action) -> Result<Recorder, Failure> {
        self.store.open(action)
    }

    /// A file, and what is said of it.
    pub fn named<'a>(&'a self, file: &'a str) -> Named<'a> {
        let options = &self.artifact;
        Named { file, options }
    }

    /// Whether a bundle is written, and so one file can be signed at a time.
    pub fn writes(&self) -> bool {
        self.bundle.is_some()
    }

    /// Writes the bundle.
    pub fn write(&self, made: &BlobFiles) -> Result<(), Failure> {
        if let Some(entry) = &made.log {
            eprintln!("tlog entry created with index: {}", entry.log_index);
        }
        let Some(path) = &self.bundle else {
            return Ok(());
        };
        let bundle = match (self.new_bundle_format, &made.old_bundle) {
            (true, _) => &made.bundle,
            (false, Some(old)) => old,
            (false, None) => {
                return Err(Failure::other(
                    "cosign's old bundle has no room for the log's proof: leave \
                     --new-bundle-format=false out",
                ));
            }
        };
        files::write(path, bundle.as_bytes(), 0o644)?;
        eprintln!("Wrote bundle to file {path}");
        Ok(())
    }
}

/// What cosign takes for a signature: a file, or else the base64 itself.
pub fn stored(argument: &str) -> Result<Vec<u8>, Failure> {
    let is_file = std::path::Path::new(argument).exists();
    match BASE64.decode(argument.trim()) {
        Ok(signature) if !is_file && !signature.is_empty() => Ok(argument.as_bytes().to_vec()),
        _ => bundle(argument),
    }
}

/// What may be a bundle.
pub fn bundle(path: &str) -> Result<Vec<u8>, Failure> {
    files::read_at_most(path, LARGEST_BUNDLE)
}

/// The most that the component reads of a bundle, and a little.
const LARGEST_BUNDLE: u64 = 20 * 1024 * 1024;
