//! Signing: resolve, build the payload, sign, log, attach, read back. Blobs are signed, logged, and
//! handed back.

mod attach;
mod blob;
mod image;
mod log;
mod merge;
mod options;
mod signer;

pub use attach::{AttachOutcome, Attached};
pub use blob::{AttestedBlob, BlobFiles, SignedBlob, attest_blob, sign_blob};
pub use image::{
    ForeignSignature, Signature, SignedImage, SigningResult, attach_signature, sign_images,
};
pub use log::{Logged, Logging};
pub use options::{Attachment, Earlier, Options};
pub use signer::{Signer, SigningError};
