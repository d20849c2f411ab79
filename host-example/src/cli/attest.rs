use clap::Args;

use cosignet_host::api::signing::{AttachOutcome, EarlierSignatures, Form, SignedImage};

use super::failure::Failure;
use super::keys::print;
use super::options::Common;
use super::predicate;
use super::secrets::StandardInput;
use super::signing::{SigningOptions, tell_places};

#[derive(Args)]
pub struct Attest {
    #[command(flatten)]
    signing: SigningOptions,
    /// What is attested: a file, or - for standard input.
    #[arg(long, value_name = "FILE")]
    predicate: String,
    /// Its type: a URI, or cosign's name: slsaprovenance, slsaprovenance02, slsaprovenance1, link,
    /// spdx, spdxjson, cyclonedx, vuln, openvex, custom.
    #[arg(long, default_value = "custom")]
    r#type: String,
    /// Replace the earlier attestations of this key with the same type.
    #[arg(long)]
    replace: bool,
    /// Print the attestation and attach nothing: an envelope, or a bundle in that form.
    #[arg(
        long, num_args = 0..=1, require_equals = true, default_value = "false",
        default_missing_value = "true", action = clap::ArgAction::Set
    )]
    no_upload: bool,
}

impl Attest {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let predicate = predicate::read(&self.r#type, &self.predicate)?;
        let earlier = match self.replace {
            true => EarlierSignatures::Replace,
            false => EarlierSignatures::Keep,
        };
        let options = self.signing.options(!self.no_upload, earlier)?;
        let attested = |image: &SignedImage| self.conclude(image);
        let input = StandardInput::taken_if(self.predicate == "-", "the predicate");
        let run = self
            .signing
            .run(common, input, Some(&predicate), options, attested);
        run.await
    }

    fn conclude(&self, attested: &SignedImage) -> Result<(), Failure> {
        tell_places(attested, |outcome| match outcome {
            AttachOutcome::Added => "Attested",
            AttachOutcome::Replaced => "Attested, replacing an earlier attestation,",
            AttachOutcome::Unchanged => "Already attested:",
        });
        if self.no_upload {
            for attestation in &attested.signatures {
                let bundle = &attestation.bundle;
                match self.signing.form() {
                    Form::Simple => print(&format!("{}\n", envelope(bundle)?))?,
                    Form::Bundle | Form::Both => print(&format!("{bundle}\n"))?,
                }
            }
        }
        Ok(())
    }
}

/// The envelope in a bundle.
fn envelope(bundle: &str) -> Result<String, Failure> {
    let bundle: serde_json::Value = serde_json::from_str(bundle)
        .map_err(|error| Failure::other(format!("the component's bundle: {error}")))?;
    Ok(bundle["dsseEnvelope"].to_string())
}
