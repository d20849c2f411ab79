use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;

use clap::Args;

use cosignet_host::api::keys::KeyPair;
use cosignet_host::{Imports, Session, World};

use super::failure::Failure;
use super::options::Common;
use super::{files, secrets};

#[derive(Args)]
pub struct Generate {
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub struct Import {
    /// The private key: PKCS#8, PKCS#1 or SEC 1 in PEM.
    #[arg(short, long)]
    key: String,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub struct Public {
    /// The encrypted private key: a file or env://NAME.
    #[arg(short, long)]
    key: String,
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
        let output = self.output.agreed("cosign")?;
        let password = secrets::password(true)?;
        let pair = session(common).await?.generate_key_pair(&password).await?;
        output.write(&pair)
    }
}

impl Import {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let pem = secrets::key(&self.key)?;
        let output = self.output.agreed("import-cosign")?;
        let password = secrets::password(true)?;
        let pair = session(common)
            .await?
            .import_key_pair(&pem, &password)
            .await?;
        output.write(&pair)
    }
}

impl Public {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let file = secrets::key(&self.key)?;
        let password = secrets::password(false)?;
        let mut session = session(common).await?;
        let key = session.open_key(&file, &password).await?;
        let public = session.public_key(key).await?;
        session.close_key(key).await?;
        match self.outfile {
            Some(path) => files::write(&path, public.pem.as_bytes(), 0o644),
            None => print(&public.pem),
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
        let there: Vec<&str> = [files.private.as_str(), files.public.as_str()]
            .into_iter()
            .filter(|path| Path::new(path).exists())
            .collect();
        if there.is_empty() || self.yes || consent(&there) {
            return Ok(files);
        }
        Err(Failure::other(format!(
            "{} exists and was left as it is; say --yes to overwrite, or --output-key-prefix",
            there.join(" and ")
        )))
    }
}

impl Files {
    fn write(self, pair: &KeyPair) -> Result<(), Failure> {
        files::write(&self.private, pair.private_key.as_bytes(), 0o600)?;
        eprintln!("Private key written to {}", self.private);
        files::write(&self.public, pair.public_key.as_bytes(), 0o644)?;
        eprintln!("Public key written to {}", self.public);
        Ok(())
    }
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
