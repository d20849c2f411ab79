use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::{ArgAction, Args};

use cosignet_host::store::Action;

use super::input::Input;
use super::options::{Signing, SigningOptions};
use crate::cli::failure::Failure;
use crate::cli::files;
use crate::cli::keys::print_bytes;
use crate::cli::options::Common;
use crate::cli::store::{Recorder, SignedFile};

#[derive(Args)]
pub struct SignBlob {
    #[command(flatten)]
    signing: SigningOptions,
    /// Write the signature there instead of to standard output.
    #[arg(long, value_name = "FILE")]
    output_signature: Option<String>,
    /// Write the signature in base64; `false` writes it as it is.
    #[arg(
        long, num_args = 0..=1, require_equals = true, default_value = "true",
        default_missing_value = "true", action = ArgAction::Set
    )]
    b64: bool,
    /// Files: a path, `-` for standard input, or sha256:HEX for one that is elsewhere.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
}

impl SignBlob {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let mut record = self.signing.record(Action::Signing)?;
        let done = common.in_time(self.run_recorded(common, &mut record)).await;
        let named = self.files.iter().map(|file| self.signing.named(file));
        record.conclude(named.map(|named| named.unread()), done)
    }

    async fn run_recorded(&self, common: &Common, record: &mut Recorder) -> Result<(), Failure> {
        let inputs: Vec<Input> = self.files.iter().map(|file| Input::of(file)).collect();
        if inputs.len() > 1 && (self.signing.writes() || self.output_signature.is_some()) {
            // cosign 3 keeps the last one's.
            return Err(Failure::other(
                "--bundle and --output-signature have room for one signature: sign one file at a \
                 time",
            ));
        }
        let standard_input = Input::standard_input(&inputs);
        let mut signing = self.signing.start(common, standard_input, record).await?;
        let mut failures = Vec::new();
        for (file, input) in self.files.iter().zip(&inputs) {
            if let Err(failure) = self.sign(&mut signing, file, input, record).await {
                let recorded = record.failed_file(self.signing.named(file), &failure);
                let failure = failure.about(&format!("signing {file}"));
                if inputs.len() > 1 {
                    eprintln!("{failure}");
                }
                failures.push(failure);
                recorded?;
            }
        }
        signing.key.close(&mut signing.session).await?;
        Failure::of_many(failures, inputs.len())
    }

    async fn sign(
        &self,
        signing: &mut Signing,
        file: &str,
        input: &Input,
        record: &mut Recorder,
    ) -> Result<(), Failure> {
        let Signing {
            session,
            key,
            upload,
        } = signing;
        let signer = key.signer();
        let empty = session.blob_for_signer(&signer).await?;
        let (blob, digest) = record.pour(input, session, empty).await?;
        let signed = session.sign_blob(&signer, blob, upload.as_ref()).await?;
        session.close_blob(blob).await?;
        let signed = signed?;
        let made = SignedFile {
            signature: &signed.signature,
            statement: &[],
            predicate_type: None,
            files: &signed.files,
        };
        record.signed_file(self.signing.named(file), digest.as_ref(), &made)?;
        self.signing.write(&signed.files)?;
        let signature = match self.b64 {
            true => BASE64.encode(&signed.signature).into_bytes(),
            false => signed.signature,
        };
        match &self.output_signature {
            Some(path) => {
                files::write(path, &signature, 0o644)?;
                eprintln!("Wrote signature to file {path}");
                Ok(())
            }
            None => self.print(signature),
        }
    }

    /// As cosign 2: a line of base64, or the bytes.
    fn print(&self, mut signature: Vec<u8>) -> Result<(), Failure> {
        if self.b64 {
            signature.push(b'\n');
        }
        print_bytes(&signature)
    }
}
