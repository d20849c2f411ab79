//! The key of the log: ECDSA over P-256, as Rekor's public logs have it.

use std::{
    fmt, fs,
    io::{self, Write as _},
    path::Path,
};

use cosignet::{key::PublicKey, log::LogId};
use p256::{
    ecdsa::{DerSignature, SigningKey, signature::Signer as _},
    pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncodePublicKey as _, LineEnding},
};
use zeroize::Zeroizing;

/// A private key as PEM: PKCS#8, not encrypted. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct PrivateKeyPem(pub(super) Zeroizing<String>);

impl PrivateKeyPem {
    /// The text of a `PRIVATE KEY` file.
    pub fn new(pem: impl Into<Zeroizing<String>>) -> Self {
        Self(pem.into())
    }
}

impl fmt::Debug for PrivateKeyPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKeyPem")
    }
}

/// The parsed key, which is wiped when dropped, and its public half.
pub(super) struct LogKey {
    private: SigningKey,
    public: PublicKey,
}

impl LogKey {
    /// A new key.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(super) fn generate() -> io::Result<Self> {
        let mut scalar = Zeroizing::new([0; 32]);
        loop {
            getrandom::fill(&mut *scalar).map_err(no_randomness)?;
            // One in 2³² is not below the order of the curve.
            if let Ok(key) = SigningKey::from_slice(&*scalar) {
                return Self::new(key);
            }
        }
    }

    /// # Errors
    /// `InvalidInput` for what is no P-256 key in PKCS#8.
    pub(super) fn from_pem(pem: &str) -> io::Result<Self> {
        let key = SigningKey::from_pkcs8_pem(pem).map_err(|error| {
            let problem = format!("the log's key is not a P-256 key in PKCS#8 PEM: {error}");
            io::Error::new(io::ErrorKind::InvalidInput, problem)
        })?;
        Self::new(key)
    }

    /// The key of a file, which is made with a new key if there is none, for its owner alone.
    ///
    /// # Errors
    /// Those of the file, and those of [`LogKey::from_pem`].
    pub(super) fn load_or_create(path: &Path) -> io::Result<Self> {
        match fs::read_to_string(path) {
            Ok(pem) => Self::from_pem(&Zeroizing::new(pem)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = Self::generate()?;
                key.store(path)?;
                Ok(key)
            }
            Err(error) => Err(error),
        }
    }

    /// Writes a new file: whole or not at all, and never over another.
    fn store(&self, path: &Path) -> io::Result<()> {
        let pem = self.private.to_pkcs8_pem(LineEnding::LF);
        let pem = pem.map_err(io::Error::other)?;
        // Temporary files are their owner's alone (0600), and stay so.
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(pem.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path)?;
        Ok(())
    }

    /// An ECDSA signature over the SHA-256 of a message, in DER, with the nonce of RFC 6979.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: DerSignature = self.private.sign(message);
        signature.as_bytes().to_vec()
    }

    pub(super) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// SHA-256 of the SubjectPublicKeyInfo.
    pub(super) fn id(&self) -> LogId {
        LogId(self.public.fingerprint())
    }

    fn new(private: SigningKey) -> io::Result<Self> {
        let spki = private.verifying_key().to_public_key_der();
        let spki = spki.map_err(io::Error::other)?;
        let public = PublicKey::from_spki_der(spki.as_bytes()).map_err(io::Error::other)?;
        Ok(Self { private, public })
    }
}

/// The system has none to give.
pub(super) fn no_randomness(error: getrandom::Error) -> io::Error {
    io::Error::other(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_keeps_the_key_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.key");
        let made = LogKey::load_or_create(&path).expect("a key");
        let kept = LogKey::load_or_create(&path).expect("the same");
        assert_eq!(made.public(), kept.public());
        assert_eq!(made.sign(b"text"), kept.sign(b"text"));
        made.public()
            .verify(b"text", &made.sign(b"text"))
            .expect("its signature");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&path).expect("the file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(made.store(&path).is_err(), "never over another");
        assert_eq!(
            fs::read_dir(folder.path()).expect("the folder").count(),
            1,
            "nothing else is left behind"
        );
    }

    #[test]
    fn no_other_key_is_taken() {
        for bad in [
            "",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            // Ed25519
            "-----BEGIN PRIVATE KEY-----\n\
             MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
             -----END PRIVATE KEY-----\n",
        ] {
            let error = LogKey::from_pem(bad).err().expect("an error");
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{bad}");
        }
        let shown = format!("{:?}", PrivateKeyPem::new("secret".to_owned()));
        assert!(!shown.contains("secret"));
    }
}
