//! Verification: fetch, authenticate, bind, judge, report.
//!
//! Every signature that is found is judged on its own; a [`VerifiedSignature`] can be made by the
//! judge alone, and a [`VerifiedImage`] or a [`VerifiedBlob`] by a policy that is satisfied.

mod blob;
mod detached;
mod image;
mod judge;
mod policy;
mod referrers;
mod report;

pub use blob::{BlobSignature, verify_blob, verify_blob_attestation};
pub(crate) use detached::decode_annotation;
pub use detached::{DetachedSignature, decode_signature, verify_detached};
#[cfg(all(target_family = "wasm", feature = "signer"))]
pub(crate) use image::verify_all;
pub use image::{verify_images, verify_images_with_log};
pub use judge::VerifiedSignature;
pub(crate) use policy::MAX_MANIFEST_SIZE;
pub use policy::{
    Formats, Identity, Limits, LogRequirement, Policy, PolicyError, Rules, Threshold, TrustedKey,
};
pub use report::{
    BlobVerificationError, Rejection, SignatureFormat, SignatureReport, UnverifiedBlob,
    UnverifiedImage, Verdict, VerificationError, VerifiedBlob, VerifiedImage,
};
