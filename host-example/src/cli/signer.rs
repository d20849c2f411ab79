//! The signer's key: one that is opened here, or one that stays in a key service.

use clap::Args;
use zeroize::Zeroizing;

use cosignet::key::PublicKey;
use cosignet_host::KeyService as _;
use cosignet_host::api::signing::Signer;
use cosignet_host::key_service::KeyServices;
use cosignet_host::{Imports, PrivateKey, Session};

use super::failure::Failure;
use super::key_services::{KeyServiceOptions, is_service_key};
use super::secrets::{self, StandardInput};

/// Which key signs.
#[derive(Args)]
pub struct SignerOptions {
    /// The encrypted private key: a file, env://NAME, - for standard input, or exec:COMMAND for what a
    /// command writes. Or a key that stays elsewhere: hashivault://KEY in Vault's transit engine, or
    /// NAME://KEY of a program sigstore-kms-NAME.
    #[arg(short, long)]
    key: String,
    /// Where its password is: a file, env://NAME, - or exec:COMMAND; otherwise COSIGN_PASSWORD, a
    /// prompt, or standard input.
    #[arg(long, value_name = "SOURCE")]
    password: Option<String>,
    #[command(flatten)]
    services: KeyServiceOptions,
}

/// A key that can sign, before there is a session.
pub enum SignerKey {
    /// An encrypted private key and its password.
    File {
        file: Zeroizing<Vec<u8>>,
        password: Zeroizing<Vec<u8>>,
    },
    /// A key of a key service, which says that it can sign.
    Service {
        reference: String,
        services: KeyServices,
    },
}

/// A key that signs in a session.
pub enum OpenSigner {
    Key(PrivateKey),
    Service {
        reference: String,
        services: KeyServices,
    },
}

impl SignerOptions {
    /// What names it.
    pub fn reference(&self) -> &str {
        &self.key
    }

    /// Reads it, or asks the service about it: what can be said against the key is said before
    /// anything is done.
    pub async fn read(&self, standard_input: StandardInput) -> Result<SignerKey, Failure> {
        if let Some((reference, services)) = self.of_service()? {
            services.check_signer(reference).await?;
            let reference = reference.to_owned();
            return Ok(SignerKey::Service {
                reference,
                services,
            });
        }
        let (file, password) = self.read_file(standard_input).await?;
        Ok(SignerKey::File { file, password })
    }

    /// The key's reference, and the services, if it is a service's.
    pub fn of_service(&self) -> Result<Option<(&str, KeyServices)>, Failure> {
        match (is_service_key(&self.key), &self.password) {
            (false, _) => Ok(None),
            (true, None) => Ok(Some((&self.key, self.services.services()))),
            (true, Some(_)) => Err(Failure::other(
                "a key of a key service has no password here: leave --password out",
            )),
        }
    }

    /// The encrypted private key, and its password.
    pub async fn read_file(
        &self,
        mut standard_input: StandardInput,
    ) -> Result<(Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>), Failure> {
        standard_input.take_for(&self.key, "the key")?;
        let file = secrets::key(&self.key).await?;
        let source = self.password.as_deref();
        let password = secrets::password(source, false, &standard_input).await?;
        Ok((file, password))
    }
}

impl SignerKey {
    /// Lends a session what it needs to sign with it.
    pub fn lend(&self, imports: Imports) -> Imports {
        match self {
            Self::File { .. } => imports,
            Self::Service { services, .. } => imports.key_service(services.clone()),
        }
    }

    /// Opens it.
    pub async fn open(self, session: &mut Session) -> Result<OpenSigner, Failure> {
        match self {
            Self::File { file, password } => {
                let key = session.open_key(&file, &password).await?;
                Ok(OpenSigner::Key(key))
            }
            Self::Service {
                reference,
                services,
            } => Ok(OpenSigner::Service {
                reference,
                services,
            }),
        }
    }
}

impl OpenSigner {
    /// As the component wants it.
    pub fn signer(&self) -> Signer {
        match self {
            Self::Key(key) => key.signer(),
            Self::Service { reference, .. } => Signer::KeyService(reference.clone()),
        }
    }

    /// The SHA-256 digest of its public key, in hexadecimal.
    pub async fn fingerprint(&self, session: &mut Session) -> Result<String, Failure> {
        match self {
            Self::Key(key) => Ok(session.public_key(*key).await?.fingerprint),
            Self::Service {
                reference,
                services,
            } => {
                // It was told before: this asks nobody.
                let pem = services.public_key(reference).await?;
                let key = PublicKey::from_pem(pem.as_bytes());
                let key = key.map_err(|error| {
                    Failure::other(format!("the public key of {reference}: {error}"))
                })?;
                let fingerprint = key.fingerprint();
                Ok(fingerprint
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect())
            }
        }
    }

    /// Closes it: the component wipes what it has.
    pub async fn close(self, session: &mut Session) -> Result<(), Failure> {
        match self {
            Self::Key(key) => Ok(session.close_key(key).await?),
            Self::Service { .. } => Ok(()),
        }
    }
}
