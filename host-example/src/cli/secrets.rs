use std::env;
use std::io::{self, IsTerminal as _, Read as _};

use zeroize::Zeroizing;

use super::failure::Failure;
use super::{files, lent};

/// A key: a file, or `env://NAME`.
pub fn key(reference: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    match reference.split_once("://") {
        None => files::read(reference).map(Zeroizing::new),
        Some(("env", name)) => match env::var(name) {
            Ok(value) => Ok(Zeroizing::new(value.into_bytes())),
            Err(error) => Err(Failure::other(format!("loading env://{name}: {error}"))),
        },
        Some((lent::SCHEME, number)) => lent::key(number)
            .ok_or_else(|| Failure::other(format!("no key was lent as {reference}"))),
        Some((scheme, _)) => Err(Failure::other(format!(
            "keys at {scheme}:// are not supported; give a file or env://NAME"
        ))),
    }
}

/// The password of a private key: what a step lends; `COSIGN_PASSWORD`, empty as well; a prompt on a
/// terminal; all of standard input. As cosign does.
pub fn password(confirm: bool) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if let Some(password) = lent::password() {
        return Ok(password);
    }
    if let Some(password) = env::var_os("COSIGN_PASSWORD") {
        return Ok(Zeroizing::new(password.into_encoded_bytes()));
    }
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
