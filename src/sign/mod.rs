//! Signing: resolve, build the payload, sign, log, attach, read back. Blobs are signed, logged, and
//! handed back.

mod attach;
mod attached;
mod blob;
mod bundles;
mod clean;
mod image;
mod layers;
mod log;
mod new_signature;
mod options;
mod refer;
mod referrers_list;
mod signer;
mod tag;
mod task;

pub use attached::{AttachOutcome, Attached};
pub use blob::{AttestedBlob, BlobFiles, SignedBlob, attest_blob, sign_blob};
pub use clean::{Cleaning, OwnWork, WorkKind, find_own, remove_own};
pub use image::{
    ForeignSignature, Signature, SignedImage, SigningResult, attach_signature, attest_images,
    sign_images,
};
pub use log::{Logged, Logging};
pub use options::{Attachment, Earlier, Form, Options};
pub use signer::{Signer, SigningError};
