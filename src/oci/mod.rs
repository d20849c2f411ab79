//! OCI distribution and image formats: references, digests, descriptors, manifests, and the
//! image that holds cosign's signatures.

mod descriptor;
mod digest;
mod manifest;
mod reference;
mod referrers;
mod signature_image;

pub use descriptor::{AlteredBytes, Descriptor, VerifiedBytes};
pub use digest::{Digest, Hex, InvalidDigest};
pub use manifest::{Index, MalformedManifest, ManifestEntry, Subject};
pub use reference::{InvalidReference, Reference, Repository, Selector};
pub use referrers::{EMPTY_CONFIG, Referrer, ReferrerManifest, Referrers, referrers_tag};
pub use signature_image::{
    AttachedSignature, BuiltSignatureImage, Layer, MAX_SIGNATURES, SignatureImage, attestation_tag,
    signature_tag,
};

/// Media types as they stand in descriptors and in `Content-Type`.
pub mod media_type {
    /// A manifest of an image, OCI image specification.
    pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    /// An index, OCI image specification.
    pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
    /// The configuration of an image, OCI image specification.
    pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
    /// A configuration, or a layer, that is empty; OCI image specification.
    pub const OCI_EMPTY: &str = "application/vnd.oci.empty.v1+json";
    /// A manifest of an image, Docker's image manifest version 2, schema 2.
    pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
    /// A manifest list, Docker's image manifest version 2, schema 2.
    pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
    /// The configuration of simple-signing signatures that refer to an image, which is their type of
    /// artifact; cosign 2.
    pub const COSIGN_SIGNATURE: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
    /// A simple-signing payload; cosign's `SIGNATURE_SPEC.md`.
    pub const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
    /// A DSSE envelope; in-toto's specification of attestation bundles, and cosign's attestations.
    pub const DSSE_ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
}
