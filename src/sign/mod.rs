//! Signing: resolve, build the payload, sign, log, attach, read back.

mod attach;
mod image;
mod log;
mod merge;
mod options;
mod signer;

pub use attach::{AttachOutcome, Attached};
pub use image::{
    ForeignSignature, Signature, SignedImage, SigningResult, attach_signature, sign_images,
};
pub use log::{Logged, Logging};
pub use options::{Attachment, Earlier, Options};
pub use signer::{Signer, SigningError};
