use clap::Args;

use cosignet::bundle::{Bundle, Content};
use cosignet::payload::Statement;
use cosignet_host::api::blobs::BlobSignature;
use cosignet_host::api::policy::{LogRequirement, LogTrust, Rules};
use cosignet_host::{Imports, World};

use super::input::Input;
use super::options;
use crate::cli::failure::Failure;
use crate::cli::options::Common;
use crate::cli::{files, secrets};

/// The protocol of sigstore-conformance (`docs/cli_protocol.md`), as far as keys go.
///
/// A log is always required, as by sigstore's clients: of the trusted root, or without one of sigstore's
/// public good.
#[derive(Args)]
pub struct VerifyBundle {
    /// Trust sigstore's staging instance. Not built in: say --trusted-root.
    #[arg(long)]
    staging: bool,
    /// The sigstore bundle v0.3.
    #[arg(long, value_name = "FILE")]
    bundle: String,
    /// The public key that made it.
    #[arg(long, value_name = "FILE")]
    key: Option<String>,
    /// Not done: verifying by a certificate.
    #[arg(long, value_name = "IDENTITY")]
    certificate_identity: Option<String>,
    /// Not done: verifying by a certificate.
    #[arg(long, value_name = "URL")]
    certificate_oidc_issuer: Option<String>,
    /// A sigstore trusted_root.json, instead of the one of the public good.
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<String>,
    /// Require no transparency log.
    #[arg(long)]
    insecure_ignore_tlog: bool,
    /// The file, or its digest: sha256:HEX.
    #[arg(value_name = "FILE_OR_DIGEST")]
    file: String,
}

impl VerifyBundle {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let rules = self.rules().await?;
        let bundle = options::bundle(&self.bundle)?;
        let predicate_type = claimed_type(&bundle)?;
        let mut session = super::session(common, World::Verifier, Imports::none()).await?;
        let policy = session.read_policy(&rules).await?;
        let empty = session.blob_to_verify(policy).await?;
        let blob = Input::of(&self.file).pour(&mut session, empty).await?;
        let signatures = [BlobSignature {
            signature: bundle,
            log_entry: None,
        }];
        match predicate_type {
            None => session.verify_blob(policy, blob, &signatures).await??,
            Some(kind) => {
                let verified = session.verify_blob_attestation(policy, blob, &kind, &signatures);
                verified.await??
            }
        };
        eprintln!("Verified OK");
        Ok(())
    }

    async fn rules(&self) -> Result<Rules, Failure> {
        if self.certificate_identity.is_some() || self.certificate_oidc_issuer.is_some() {
            return Err(Failure::other(
                "verifying by an identity and its certificate is not done here: say --key",
            ));
        }
        let Some(key) = &self.key else {
            return Err(Failure::other("bundles are verified with a key: say --key"));
        };
        let trusted_root = self.trusted_root.as_deref().map(files::read).transpose()?;
        if self.staging && trusted_root.is_none() && !self.insecure_ignore_tlog {
            return Err(Failure::other(
                "the logs of sigstore's staging instance are not built in: say --trusted-root",
            ));
        }
        Ok(Rules {
            log: match self.insecure_ignore_tlog {
                true => LogRequirement::Ignore,
                false => LogRequirement::Require(LogTrust {
                    keys: Vec::new(),
                    public_good: trusted_root.is_none(),
                    trusted_root,
                    witnesses: Vec::new(),
                    required_witnesses: 0,
                }),
            },
            ..Rules::one_key(secrets::key(key).await?.to_vec())
        })
    }
}

/// The type of the predicate that a bundle claims, if it holds a statement. The protocol asks for none
/// in particular; whatever is verified is held to it.
fn claimed_type(bundle: &[u8]) -> Result<Option<String>, Failure> {
    let failed = |why: String| Failure::other(format!("bundle: {why}"));
    match Bundle::parse(bundle).map_err(failed)?.content {
        Content::MessageSignature { .. } => Ok(None),
        Content::Dsse(envelope) => {
            let statement = Statement::parse(&envelope.payload).map_err(failed)?;
            Ok(Some(statement.predicate_type))
        }
    }
}
