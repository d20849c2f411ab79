//! The command line: cosign's names and meanings, the component's judgment.

mod annotations;
mod artifact;
mod attest;
mod blob;
mod booleans;
mod clean;
mod completion;
mod custody;
mod demo;
mod download;
mod envelope;
mod failure;
mod files;
mod key_services;
mod keys;
mod layout;
mod lent;
mod log;
mod look;
mod options;
mod overview;
mod predicate;
mod present;
mod progress;
mod referrers;
mod requirements;
mod secrets;
mod sign;
mod signer;
mod signing;
mod source;
mod step;
mod store;
mod subject;
mod terminal;
mod tree;
mod turns;
mod verdicts;
mod verify;
mod verify_attestation;
mod verifying;
mod words;

use std::ffi::OsString;

use clap::{CommandFactory as _, Parser, Subcommand};

use failure::Failure;
use options::Common;

/// Sign and verify container images, compatible with cosign.
///
/// Exit codes: 0 success, 10 no signatures, 11 image tag not found, 12 no matching signatures,
/// 1 anything else.
#[derive(Parser)]
#[command(name = "cosignet", version)]
pub struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

impl Arguments {
    /// Those of this process; ends it where they are wrong. Without any, those of a plugin, where a CI
    /// runner has left its settings.
    pub fn of_process() -> Self {
        let mut given: Vec<OsString> = std::env::args_os().collect();
        if given.len() == 1 && step::Plugin::is_meant() {
            given.push(step::Plugin::NAME.into());
        }
        Self::parse_from(booleans::plain(&Self::command(), given.into_iter()))
    }
}

#[derive(Subcommand)]
enum Command {
    /// Show the whole story: a registry in memory, an image, a key, a signature, three forgeries.
    Demo(demo::Demo),
    /// Make a key pair: cosign.key, encrypted with COSIGN_PASSWORD or a prompt, and cosign.pub; or
    /// have a key service make one that stays there.
    GenerateKeyPair(keys::Generate),
    /// Make a key pair of a plain private key in PEM.
    ImportKeyPair(keys::Import),
    /// Print the public key of an encrypted private key, or of a key service's.
    PublicKey(keys::Public),
    /// Sign images.
    Sign(sign::Sign),
    /// Attest something of images: a statement with a predicate, signed.
    Attest(attest::Attest),
    /// Verify images.
    Verify(verify::Verify),
    /// Verify images by their attestations of one type.
    VerifyAttestation(verify_attestation::VerifyAttestation),
    /// Print the payload that `sign` would sign.
    Generate(sign::Generate),
    /// Attach what was made elsewhere.
    #[command(subcommand)]
    Attach(Attach),
    /// Print what is attached to an image. Nothing of it is verified.
    #[command(subcommand)]
    Download(Download),
    /// Show what is attached to an image. Nothing of it is verified.
    Tree(tree::Tree),
    /// Save an image and all that is attached to it in a directory.
    Save(layout::Save),
    /// Push a saved image and all that is attached to it to a registry.
    Load(layout::Load),
    /// Take away what one key has signed for an image, and nothing of others'.
    Clean(clean::Clean),
    /// Print where the signatures of an image are.
    Triangulate(sign::Triangulate),
    /// Sign files.
    SignBlob(blob::SignBlob),
    /// Verify a file by signatures of it.
    VerifyBlob(blob::VerifyBlob),
    /// Sign a statement about a file.
    AttestBlob(blob::AttestBlob),
    /// Verify statements about a file.
    VerifyBlobAttestation(blob::VerifyBlobAttestation),
    /// Show what a store has of an image or a file: the newest signature, who signed, whether it was
    /// verified.
    Overview(overview::Overview),
    /// Show every signing and verification of an image or a file that a store has; or verify its chain.
    Custody(custody::Custody),
    /// Verify a file by a sigstore bundle, with the command line of sigstore's conformance tests.
    VerifyBundle(blob::VerifyBundle),
    /// Print a script that completes command lines in a shell.
    Completion(completion::Completion),
    #[command(name = "step")]
    RunSteps(step::RunSteps),
    Plugin(step::Plugin),
}

#[derive(Subcommand)]
enum Download {
    /// Print the signatures of both formats, a line of JSON for each.
    Signature(download::Signature),
    /// Print the attestations of both formats, a line of JSON for each.
    Attestation(download::Attestation),
}

#[derive(Subcommand)]
enum Attach {
    /// Attach a signature.
    Signature(sign::AttachSignature),
}

/// Runs a command.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let common = arguments.common;
    let has_its_own_limit = match &arguments.command {
        // Each of their steps has one.
        Command::RunSteps(_) | Command::Plugin(_) => true,
        // That they ran out of time is recorded too.
        Command::Sign(_)
        | Command::Attest(_)
        | Command::Verify(_)
        | Command::VerifyAttestation(_)
        | Command::SignBlob(_)
        | Command::AttestBlob(_)
        | Command::VerifyBlob(_)
        | Command::VerifyBlobAttestation(_) => true,
        _ => false,
    };
    let command = async {
        match arguments.command {
            Command::Demo(demo) => demo.run(&common).await,
            Command::GenerateKeyPair(generate) => generate.run(&common).await,
            Command::ImportKeyPair(import) => import.run(&common).await,
            Command::PublicKey(public) => public.run(&common).await,
            Command::Sign(sign) => sign.run(&common).await,
            Command::Attest(attest) => attest.run(&common).await,
            Command::Verify(verify) => verify.run(&common).await,
            Command::VerifyAttestation(verify) => verify.run(&common).await,
            Command::Generate(generate) => generate.run(&common).await,
            Command::Attach(Attach::Signature(attach)) => attach.run(&common).await,
            Command::Download(Download::Signature(download)) => download.run(&common).await,
            Command::Download(Download::Attestation(download)) => download.run(&common).await,
            Command::Tree(tree) => tree.run(&common).await,
            Command::Save(save) => save.run(&common).await,
            Command::Load(load) => load.run(&common).await,
            Command::Clean(clean) => clean.run(&common).await,
            Command::Triangulate(triangulate) => triangulate.run(&common).await,
            Command::SignBlob(sign) => sign.run(&common).await,
            Command::VerifyBlob(verify) => verify.run(&common).await,
            Command::AttestBlob(attest) => attest.run(&common).await,
            Command::VerifyBlobAttestation(verify) => verify.run(&common).await,
            Command::Overview(overview) => overview.run(&common).await,
            Command::Custody(custody) => custody.run(&common).await,
            Command::VerifyBundle(verify) => verify.run(&common).await,
            Command::Completion(completion) => completion.run(),
            Command::RunSteps(steps) => steps.run(&common).await,
            Command::Plugin(plugin) => plugin.run(&common).await,
        }
    };
    match has_its_own_limit {
        true => command.await,
        false => common.in_time(command).await,
    }
}
