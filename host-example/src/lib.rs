//! *Cosignet's component in a wasmtime host: ready imports, and one call from a program to
//! `sign` and `verify`.*
//!
//! The component holds the cryptography and the judgment; this crate moves bytes. [`Program`] is
//! a component that is compiled and linked, [`Imports`] is what a session of it may reach, and
//! [`Session`] runs it.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use cosignet_host::api::{policy::Rules, verification::VerificationOptions};
//! use cosignet_host::{Imports, OciRegistry, Program, Session, World};
//!
//! let program = Program::built_in(World::Verifier)?; // once
//! let registry = OciRegistry::builder().build()?;
//! let mut session = Session::start(&program, Imports::none().registry(registry)).await?;
//! let policy = session.read_policy(&Rules::one_key(std::fs::read("cosign.pub")?)).await?;
//! let (images, options) = (["r.example/app:v1".into()], VerificationOptions::default());
//! for image in session.verify_images(policy, &images, &options).await? {
//!     println!("deploy {}", image?.digest);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Hooks
//!
//! Each import is a trait: [`registry::Registry`], [`registry::RegistryPush`], [`KeyService`],
//! [`TransparencyLog`]. Implement one to serve it from elsewhere (a cache, a mirror), lend a directory
//! ([`layout::Layout`]), or wrap a ready one ([`OciRegistry`], [`Rekor`], [`key_service::KeyServices`]) to
//! watch what crosses the component's edge. A program with a linker of its own adds the imports with
//! [`add_to_linker`].
//!
//! # Store
//!
//! [`store::Store`] keeps signatures, and a chain of what was signed and verified, in a local file;
//! [`store::StoredRegistry`] lends what is in it to a session, as a registry.
//!
//! # Limits
//!
//! Every session has a memory limit and a limit of computing time ([`Limits`]). What runs into
//! one, or traps, is [`HostError::Trap`], never a result.
//!
//! # Servers
//!
//! A session starts in microseconds: use one for each request. A server that opens keys in many
//! of them wants [`Sandbox::pooled`].

pub mod embedded;
pub mod key_service;
pub mod layout;
pub mod log;
pub mod process;
pub mod registry;
pub mod store;

mod bindings;
mod engine;
mod error;
mod http;
mod imports;
mod session;

pub use engine::{Limits, Program, Sandbox, World};
pub use error::HostError;
pub use imports::{Imports, KeyService, add_to_linker};
pub use log::{Rekor, TransparencyLog};
pub use registry::OciRegistry;
pub use session::{Blob, Policy, PrivateKey, Session};

/// The component's types, as wasmtime binds them; `wit/` documents each.
pub mod api {
    pub use crate::bindings::cosignet::signing::key_service::KeyServiceError;
    pub use crate::bindings::cosignet::signing::transparency_log::{LogApi, LogError};
    pub use crate::bindings::cosignet::signing::types::{Annotation, Predicate, RegistryError};
    pub use crate::bindings::exports::cosignet::signing::{
        cleaning, keys, payload, policy, report, signing, verification,
    };

    /// Bytes that the host holds: signing and verifying them.
    pub mod detached {
        pub use crate::bindings::exports::cosignet::signing::detached_signing::{
            DetachedSigningError, PayloadSignature, SignatureImage,
        };
        pub use crate::bindings::exports::cosignet::signing::detached_verification::DetachedSignature;
    }

    /// Blobs: signing and verifying files of any kind.
    pub mod blobs {
        pub use crate::bindings::exports::cosignet::signing::blob_verification::{
            BlobSignature, BlobVerificationError, UnverifiedBlob, VerifiedBlob,
        };
        pub use crate::bindings::exports::cosignet::signing::blobs::{
            AttestedBlob, BlobError, BlobFiles, SignedBlob,
        };
        pub use crate::bindings::exports::cosignet::signing::detached_blob_signing::DetachedBlobSigningError as BlobSigningError;
    }

    impl From<Vec<u8>> for policy::TrustedKey {
        /// A public key in PEM that is always trusted.
        fn from(pem: Vec<u8>) -> Self {
            Self {
                pem,
                not_before: None,
                not_after: None,
            }
        }
    }

    impl Default for signing::Options {
        /// Signs the image for its own repository, asks no log, and attaches nothing.
        fn default() -> Self {
            Self {
                annotations: Vec::new(),
                recursive: false,
                identities: Vec::new(),
                created: None,
                log: None,
                form: signing::Form::Simple,
                attachment: signing::Attachment::None,
            }
        }
    }

    impl Default for verification::VerificationOptions {
        /// Verifies what is named and nothing below it, by what is in its own repository.
        fn default() -> Self {
            Self {
                signature_repository: None,
                recursive: false,
            }
        }
    }

    impl policy::LogTrust {
        /// One log, by its public key in PEM.
        pub fn one_key(pem: impl Into<Vec<u8>>) -> Self {
            Self {
                keys: vec![pem.into()],
                trusted_root: None,
                public_good: false,
                witnesses: Vec::new(),
                required_witnesses: 0,
            }
        }
    }

    impl policy::Rules {
        /// What `cosign verify --key --insecure-ignore-tlog` requires: one signature by this key,
        /// for the image.
        pub fn one_key(pem: Vec<u8>) -> Self {
            Self {
                keys: vec![pem.into()],
                threshold: policy::Threshold::Any,
                annotations: Vec::new(),
                log: policy::LogRequirement::Ignore,
                identity: policy::Identity::Ignore,
                formats: policy::Formats::Any,
                limits: None,
            }
        }
    }
}
