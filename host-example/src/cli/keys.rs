use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;

use clap::Args;

use cosignet_host::api::keys::KeyPair;
use cosignet_host::{Imports, KeyService as _, Session, World};

use super::failure::Failure;
use super::key_services::KeyServiceOptions;
use super::options::Common;
use super::secrets::StandardInput;
use super::signer::SignerOptions;
use super::{files, secrets};

#[derive(Args)]
pub struct Generate {
    /// Have a key service make the key, and keep it: hashivault://KEY in Vault's transit engine, or
    /// NAME://KEY of a program sigstore-kms-NAME. Only PREFIX.pub is written.
    #[arg(long, value_name = "KEY", conflicts_with = "password")]
    kms: Option<String>,
    /// Where the password of the key is: a file, env://NAME, - or exec:COMMAND; otherwise
    /// COSIGN_PASSWORD, a prompt, or standard input.
    #[arg(long, value_name = "SOURCE")]
    password: Option<String>,
    #[command(flatten)]
    services: KeyServiceOptions,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub struct Import {
    /// The private key, PKCS#8, PKCS#1 or SEC 1 in PEM: a file, env://NAME, - or exec:COMMAND.
    #[arg(short, long)]
    key: String,
    /// Where the password of the key that is written is: a file, env://NAME, - or exec:COMMAND;
    /// otherwise COSIGN_PASSWORD, a prompt, or standard input.
    #[arg(long, value_name = "SOURCE")]
    password: Option<String>,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub struct Public {
    #[command(flatten)]
    key: SignerOptions,
    /// Write it there instead of standard output.
    #[arg(long, value_name = "FILE")]
    outfile: Option<String>,
}

#[derive(Args)]
struct Output {
    /// The files are PREFIX.key and PREFIX.pub.
    #[arg(short, long, value_name = "PREFIX")]
    output_key_prefix: Option<String>,
    /// Overwrite without asking.
    #[arg(short, long)]
    yes: bool,
}

impl Generate {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        if let Some(kms) = &self.kms {
            let path = self.output.agreed_public("cosign")?;
            let public = self.services.services().create_key(kms).await?;
            return write_public(&path, &public);
        }
        let output = self.output.agreed("cosign")?;
        let source = self.password.as_deref();
        let password = secrets::password(source, true, &StandardInput::default()).await?;
        let pair = session(common).await?.generate_key_pair(&password).await?;
        output.write(&pair)
    }
}

impl Import {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let mut standard_input = StandardInput::default();
        standard_input.take_for(&self.key, "the key")?;
        let pem = secrets::key(&self.key).await?;
        let output = self.output.agreed("import-cosign")?;
        let source = self.password.as_deref();
        let password = secrets::password(source, true, &standard_input).await?;
        let pair = session(common)
            .await?
            .import_key_pair(&pem, &password)
            .await?;
        output.write(&pair)
    }
}

impl Public {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let pem = match self.key.of_service()? {
            Some((reference, services)) => services.public_key(reference).await?,
            None => {
                let free = StandardInput::default();
                let (file, password) = self.key.read_file(free).await?;
                let mut session = session(common).await?;
                let key = session.open_key(&file, &password).await?;
                let public = session.public_key(key).await?;
                session.close_key(key).await?;
                public.pem
            }
        };
        match self.outfile {
            Some(path) => files::write(&path, pem.as_bytes(), 0o644),
            None => print(&pem),
        }
    }
}

/// The two files, with consent to write them.
struct Files {
    private: String,
    public: String,
}

impl Output {
    /// Asks before anything is made, unlike cosign.
    fn agreed(self, default: &str) -> Result<Files, Failure> {
        let prefix = self.output_key_prefix.unwrap_or_else(|| default.into());
        let files = Files {
            private: format!("{prefix}.key"),
            public: format!("{prefix}.pub"),
        };
        agree(&[&files.private, &files.public], self.yes)?;
        Ok(files)
    }

    /// The same, where the public key alone is written.
    fn agreed_public(self, default: &str) -> Result<String, Failure> {
        let prefix = self.output_key_prefix.unwrap_or_else(|| default.into());
        let path = format!("{prefix}.pub");
        agree(&[&path], self.yes)?;
        Ok(path)
    }
}

/// Consent to write these files.
fn agree(paths: &[&str], yes: bool) -> Result<(), Failure> {
    let exists = |path: &&str| Path::new(path).exists();
    let there: Vec<&str> = paths.iter().copied().filter(exists).collect();
    match there.is_empty() || yes || consent(&there) {
        true => Ok(()),
        false => Err(Failure::other(format!(
            "{} exists and was left as it is; say --yes to overwrite, or --output-key-prefix",
            there.join(" and ")
        ))),
    }
}

impl Files {
    fn write(self, pair: &KeyPair) -> Result<(), Failure> {
        files::write(&self.private, pair.private_key.as_bytes(), 0o600)?;
        eprintln!("Private key written to {}", self.private);
        write_public(&self.public, &pair.public_key)
    }
}

fn write_public(path: &str, pem: &str) -> Result<(), Failure> {
    files::write(path, pem.as_bytes(), 0o644)?;
    eprintln!("Public key written to {path}");
    Ok(())
}

/// Writes to standard output; a closed pipe is an error and no panic.
pub fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

/// The same, of what need not be text.
pub fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .map_err(|error| Failure::other(format!("standard output: {error}")))
}

fn consent(there: &[&str]) -> bool {
    if !io::stdin().is_terminal() {
        return false;
    }
    eprint!("{} exists. Overwrite (y/N)? ", there.join(" and "));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

async fn session(common: &Common) -> Result<Session, Failure> {
    let program = common.program(World::Offline)?;
    Ok(Session::start(&program, Imports::none()).await?)
}
