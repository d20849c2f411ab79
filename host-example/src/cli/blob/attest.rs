use clap::Args;

use cosignet::bundle::{Bundle, Content};
use cosignet_host::store::Action;

use super::input::Input;
use super::options::{Signing, SigningOptions};
use crate::cli::failure::Failure;
use crate::cli::keys::print;
use crate::cli::options::Common;
use crate::cli::store::{Recorder, SignedFile};
use crate::cli::{files, predicate};

#[derive(Args)]
pub struct AttestBlob {
    #[command(flatten)]
    signing: SigningOptions,
    /// The predicate, what is claimed of the file: a path, or - for standard input.
    #[arg(long, value_name = "FILE")]
    predicate: String,
    /// The type of the predicate: one of cosign's names, or a URI.
    #[arg(long = "type", value_name = "TYPE", default_value = "custom")]
    kind: String,
    /// Write the envelope there instead of to standard output.
    #[arg(long, value_name = "FILE")]
    output_signature: Option<String>,
    /// Write the statement there.
    #[arg(long, value_name = "FILE")]
    output_attestation: Option<String>,
    /// The SHA-256 digest of the file, in hexadecimal, if it is elsewhere; its name still stands in the
    /// statement.
    #[arg(long, value_name = "HEX")]
    hash: Option<String>,
    /// The file: a path, `-` for standard input, or sha256:HEX for one that is elsewhere.
    #[arg(value_name = "FILE")]
    file: String,
}

impl AttestBlob {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let mut record = self.signing.record(Action::Attesting)?;
        let done = common.in_time(self.run_recorded(common, &mut record)).await;
        let named = std::iter::once(self.signing.named(&self.file).unread());
        record.conclude(named, done)
    }

    async fn run_recorded(&self, common: &Common, record: &mut Recorder) -> Result<(), Failure> {
        let failed = |failure: Failure| failure.about(&format!("attesting {}", self.file));
        let named = Input::of(&self.file);
        let name = named.name();
        let input = match &self.hash {
            None => named,
            Some(hex) => Input::Digest(format!("sha256:{hex}").parse().map_err(|_| {
                Failure::other("--hash: expected 64 lower-case hexadecimal digits")
            })?),
        };
        let inputs = [input];
        let mut standard_input = Input::standard_input(&inputs);
        standard_input.take_for(&self.predicate, "the predicate")?;
        let predicate = predicate::read(&self.kind, &self.predicate)?;
        let Signing {
            mut session,
            key,
            upload,
        } = self.signing.start(common, standard_input, record).await?;
        let signer = key.signer();
        let empty = session.blob_for_signer(&signer).await?;
        let [input] = &inputs;
        let poured = record.pour(input, &mut session, empty).await;
        let (blob, digest) = poured.map_err(failed)?;
        let attested = session
            .attest_blob(&signer, blob, name.as_deref(), &predicate, upload.as_ref())
            .await?;
        key.close(&mut session).await?;
        let attested = attested.map_err(|error| failed(error.into()))?;
        let made = SignedFile {
            signature: &signature_of(&attested.files.bundle)?,
            statement: &attested.statement,
            predicate_type: Some(&predicate.predicate_type),
            files: &attested.files,
        };
        record.signed_file(self.signing.named(&self.file), digest.as_ref(), &made)?;
        self.signing.write(&attested.files)?;
        if let Some(path) = &self.output_attestation {
            files::write(path, &attested.statement, 0o644)?;
            eprintln!("Attestation written in {path}");
        }
        match &self.output_signature {
            Some(path) => {
                files::write(path, attested.envelope.as_bytes(), 0o644)?;
                eprintln!("Signature written in {path}");
                Ok(())
            }
            None => print(&format!("{}\n", attested.envelope)),
        }
    }
}

/// The signature of the envelope in a bundle.
fn signature_of(bundle: &str) -> Result<Vec<u8>, Failure> {
    let bundle = Bundle::parse(bundle.as_bytes());
    let bundle = bundle.map_err(|why| Failure::other(format!("the component's bundle: {why}")))?;
    Ok(match bundle.content {
        Content::Dsse(envelope) => envelope.signature,
        Content::MessageSignature { signature, .. } => signature,
    })
}
