//! Verification: fetch, authenticate, bind, judge, report.
//!
//! Every signature that is found is judged on its own; a [`VerifiedSignature`] can be made by the
//! judge alone, and a [`VerifiedImage`] or a [`VerifiedBlob`] by a policy that is satisfied.

mod blob;
mod budget;
mod detached;
mod image;
mod judge;
mod look_up;
mod options;
mod policy;
mod referrers;
mod report;
mod stored;
mod wanted;

pub use blob::{BlobSignature, verify_blob, verify_blob_attestation};
pub(crate) use detached::decode_annotation;
pub use detached::{DetachedSignature, decode_signature, verify_detached};
#[cfg(all(target_family = "wasm", any(feature = "signer", feature = "verifier")))]
pub(crate) use image::verify_all;
pub use image::{
    verify_attestations, verify_attestations_with_log, verify_images, verify_images_with_log,
};
pub use judge::VerifiedSignature;
#[cfg(all(target_family = "wasm", feature = "verifier", not(feature = "signer")))]
pub(crate) use look_up::Offline;
pub use options::Options;
pub(crate) use policy::MAX_MANIFEST_SIZE;
pub use policy::{
    Formats, Identity, Limits, LogRequirement, Policy, PolicyError, Rules, Threshold, TrustedKey,
};
pub use report::{
    BlobVerificationError, ManifestReport, Rejection, SignatureFormat, SignatureReport,
    UnverifiedBlob, UnverifiedImage, UnverifiedIndex, Verdict, VerificationError, VerifiedBlob,
    VerifiedImage, VerifiedManifest,
};
#[cfg(all(target_family = "wasm", any(feature = "signer", feature = "verifier")))]
pub(crate) use wanted::Wanted;
