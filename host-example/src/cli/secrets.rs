//! Where keys and passwords come from.

use std::env;
use std::io::{self, IsTerminal as _, Read as _};
use std::time::Duration;

use zeroize::Zeroizing;

use cosignet_host::process::{Bounds, Call};

use super::failure::Failure;
use super::{files, lent, words};

/// Where a key, or a password, is.
#[derive(Debug, PartialEq, Eq)]
pub enum Source {
    /// A path.
    File(String),
    /// `env://NAME`
    Environment(String),
    /// `lent://NUMBER`: what a step lends.
    Lent(String),
    /// `-`
    StandardInput,
    /// `exec:COMMAND ARGUMENT…`: what the command writes.
    Command {
        program: String,
        arguments: Vec<String>,
    },
}

impl Source {
    /// What an argument names. A file of another's name is `./NAME`.
    pub fn of(argument: &str) -> Result<Self, Failure> {
        if argument == "-" {
            return Ok(Self::StandardInput);
        }
        if let Some(line) = argument.strip_prefix("exec:") {
            let mut command = words::split(line).unwrap_or_default().into_iter();
            // The line is not told: it may hold a secret.
            let program = command.next().ok_or_else(|| {
                Failure::other(
                    "exec: expected a command, with its quotes closed: exec:COMMAND ARGS",
                )
            })?;
            let arguments = command.collect();
            return Ok(Self::Command { program, arguments });
        }
        match argument.split_once("://") {
            None => Ok(Self::File(argument.to_owned())),
            Some(("env", name)) => Ok(Self::Environment(name.to_owned())),
            Some((lent::SCHEME, number)) => Ok(Self::Lent(number.to_owned())),
            Some((scheme, _)) => Err(Failure::other(format!(
                "{scheme}:// is not supported here; give a file, env://NAME, - or exec:COMMAND"
            ))),
        }
    }

    /// Reads it as it is.
    pub async fn read(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        match self {
            Self::File(path) => files::read(path).map(Zeroizing::new),
            Self::Environment(name) => match env::var(name) {
                Ok(value) => Ok(Zeroizing::new(value.into_bytes())),
                // The system's error would show the value.
                Err(env::VarError::NotUnicode(_)) => {
                    Err(Failure::other(format!("loading env://{name}: not UTF-8")))
                }
                Err(error) => Err(Failure::other(format!("loading env://{name}: {error}"))),
            },
            Self::Lent(number) => lent::key(number)
                .ok_or_else(|| Failure::other(format!("no key number {number} was lent"))),
            Self::StandardInput => files::read_standard_input().map(Zeroizing::new),
            Self::Command { program, arguments } => {
                let ran = Call::new(program, arguments).run(COMMAND).await;
                let ran = ran.map_err(|error| Failure::other(format!("exec: {error}")))?;
                match ran.succeeded {
                    true => Ok(ran.output),
                    false => Err(Failure::other(format!("exec: {program} failed"))),
                }
            }
        }
    }

    /// Reads a password: of a line, what stands before its end. A variable's value is as it is, as
    /// that of `COSIGN_PASSWORD`.
    pub async fn read_password(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let mut password = self.read().await?;
        if !matches!(self, Self::Environment(_)) && password.ends_with(b"\n") {
            password.pop();
            if password.ends_with(b"\r") {
                password.pop();
            }
        }
        Ok(password)
    }
}

/// A key: a file, `env://NAME`, `-` or `exec:COMMAND`.
pub async fn key(argument: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    Source::of(argument)?.read().await
}

/// The password of a private key: what a step lends; from where `--password` says it is; or else as cosign
/// has it: `COSIGN_PASSWORD`, empty as well; a prompt on a terminal; all of standard input.
pub async fn password(
    source: Option<&str>,
    confirm: bool,
    standard_input: &StandardInput,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if let Some(password) = lent::password() {
        return Ok(password);
    }
    if let Some(source) = source {
        let source = Source::of(source)?;
        if source == Source::StandardInput {
            standard_input.must_be_free_for("the password")?;
        }
        return source.read_password().await;
    }
    if let Some(password) = env::var_os("COSIGN_PASSWORD") {
        return Ok(Zeroizing::new(password.into_encoded_bytes()));
    }
    standard_input.must_be_free_for_password()?;
    asked_for(confirm)
}

/// What standard input is read for, if for anything: it can be read once.
#[derive(Default)]
pub struct StandardInput {
    taken: Option<&'static str>,
}

impl StandardInput {
    /// Taken for this, if it is.
    pub fn taken_if(is_taken: bool, what: &'static str) -> Self {
        Self {
            taken: is_taken.then_some(what),
        }
    }

    /// Takes it if the argument, which is `what`, names it.
    pub fn take_for(&mut self, argument: &str, what: &'static str) -> Result<(), Failure> {
        if argument == "-" {
            self.must_be_free_for(what)?;
            self.taken = Some(what);
        }
        Ok(())
    }

    fn must_be_free_for(&self, what: &str) -> Result<(), Failure> {
        match self.taken {
            None => Ok(()),
            Some(taken) => Err(Failure::other(format!(
                "standard input is {taken} and cannot be {what} too: give one of them as a file, \
                 env://NAME or exec:COMMAND"
            ))),
        }
    }

    fn must_be_free_for_password(&self) -> Result<(), Failure> {
        match self.taken {
            None => Ok(()),
            Some(taken) => Err(Failure::other(format!(
                "standard input is {taken}: say the password in COSIGN_PASSWORD, or where it is \
                 with --password"
            ))),
        }
    }
}

fn asked_for(confirm: bool) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let failed = |error: io::Error| Failure::other(format!("reading the password: {error}"));
    if !io::stdin().is_terminal() {
        let mut password = Zeroizing::new(Vec::new());
        io::stdin()
            .take(LONGEST)
            .read_to_end(&mut password)
            .map_err(failed)?;
        return Ok(password);
    }
    let ask = |prompt| {
        rpassword::prompt_password(prompt)
            .map(Zeroizing::new)
            .map_err(failed)
    };
    let password = ask("Enter password for private key: ")?;
    if confirm && *ask("Enter password for private key again: ")? != *password {
        return Err(Failure::other(
            "the two passwords differ; nothing was written",
        ));
    }
    Ok(Zeroizing::new(password.as_bytes().to_vec()))
}

const LONGEST: u64 = 64 * 1024;
/// Somebody may have to unlock a store.
const COMMAND: Bounds = Bounds {
    time: Duration::from_secs(60),
    output: 1024 * 1024,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources() {
        let source = |text| Source::of(text).unwrap();
        assert_eq!(source("cosign.key"), Source::File("cosign.key".into()));
        assert_eq!(source("./-"), Source::File("./-".into()));
        assert_eq!(source("-"), Source::StandardInput);
        assert_eq!(source("env://KEY"), Source::Environment("KEY".into()));
        let (program, arguments) = ("pass".into(), vec!["show".into(), "a b".into()]);
        assert_eq!(
            source("exec:pass show 'a b'"),
            Source::Command { program, arguments }
        );
        for bad in ["exec:", "exec: ", "exec:pass 'secret", "https://key.test"] {
            let words = Source::of(bad).unwrap_err().to_string();
            assert!(!words.contains("secret"), "{words}");
        }
    }
}
