//! Key pairs, and the ways to come by one.

use std::path::PathBuf;

/// An encrypted private key and its public key, as files.
pub struct KeyPair {
    /// Path of the encrypted private key.
    pub private: String,
    /// Path of the public key.
    pub public: String,
}

impl KeyPair {
    /// The pair that cosign writes for `--output-key-prefix`.
    pub fn with_prefix(prefix: &str) -> Self {
        Self {
            private: format!("{prefix}.key"),
            public: format!("{prefix}.pub"),
        }
    }

    /// Fails the test unless both files exist.
    #[track_caller]
    pub fn exists(self) -> Self {
        for file in [&self.private, &self.public] {
            assert!(PathBuf::from(file).is_file(), "{file} was not written");
        }
        self
    }
}

/// The kinds of keys that cosign imports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    P256,
    P384,
    P521,
    Rsa2048,
    Rsa3072,
    Rsa4096,
    Ed25519,
}

impl Algorithm {
    /// One of each kind. Those that cosign 3.1.1 cannot verify itself are among them.
    pub const KINDS: [Self; 5] = [
        Self::P256,
        Self::P384,
        Self::P521,
        Self::Rsa2048,
        Self::Ed25519,
    ];

    /// What `openssl genpkey` must be told to make one.
    pub fn openssl(self) -> &'static [&'static str] {
        match self {
            Self::P256 => &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
            Self::P384 => &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
            Self::P521 => &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
            Self::Rsa2048 => &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
            Self::Rsa3072 => &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"],
            Self::Rsa4096 => &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"],
            Self::Ed25519 => &["-algorithm", "ED25519"],
        }
    }
}
