//! Signing: resolve, build the payload, sign, attach, read back.

mod attach;
mod image;
mod merge;
mod options;
mod signer;

pub use attach::{AttachOutcome, Attached};
pub use image::{Signature, SignedImage, SigningResult, attach_signature, sign_images};
pub use options::{Attachment, Earlier, Options};
pub use signer::{Signer, SigningError};
