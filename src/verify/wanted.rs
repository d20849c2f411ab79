use alloc::string::String;

use super::policy::{Limits, Policy};
use super::report::{SignatureFormat, VerificationError};
use crate::fetch::Target;
use crate::oci::{Digest, Repository, attestation_tag, media_type, signature_tag};
use crate::payload::IMAGE_SIGNATURE;

/// What is looked for beside an image. One kind never stands for the other (CVE-2022-35930).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted<'a> {
    /// Signatures of the image.
    Signatures,
    /// Attestations of it whose predicate is of this type.
    Attestations(&'a str),
}

impl<'a> Wanted<'a> {
    /// Why nothing can be found.
    pub(super) fn impossible(self) -> Option<&'static str> {
        match self {
            Self::Attestations("") => Some("the type of the predicate is empty"),
            Self::Attestations(IMAGE_SIGNATURE) => Some(
                "a statement of this type signs an image and attests nothing: verify signatures",
            ),
            _ => None,
        }
    }

    /// The tag beside the image.
    pub(super) fn tag(self, image: &Digest) -> String {
        match self {
            Self::Signatures => signature_tag(image),
            Self::Attestations(_) => attestation_tag(image),
        }
    }

    /// The media type of the layers under the tag.
    pub(super) fn layer_type(self) -> &'static str {
        match self {
            Self::Signatures => media_type::SIMPLE_SIGNING,
            Self::Attestations(_) => media_type::DSSE_ENVELOPE,
        }
    }

    /// The form of the layers under the tag.
    pub(super) fn layer_format(self) -> SignatureFormat {
        match self {
            Self::Signatures => SignatureFormat::SimpleSigning,
            Self::Attestations(_) => SignatureFormat::Envelope,
        }
    }

    /// The type of the predicate that a statement must have.
    pub(super) fn predicate_type(self) -> &'a str {
        match self {
            Self::Signatures => IMAGE_SIGNATURE,
            Self::Attestations(predicate_type) => predicate_type,
        }
    }

    /// Bytes of a layer's blob that are read.
    pub(super) fn layer_limit(self, limits: &Limits) -> u64 {
        match self {
            Self::Signatures => limits.payload_size,
            Self::Attestations(_) => limits.attestation_size,
        }
    }

    /// Bytes of a bundle that are read.
    pub(super) fn bundle_limit(self, limits: &Limits) -> u64 {
        match self {
            Self::Signatures => MAX_SIGNATURE_BUNDLE_SIZE,
            Self::Attestations(_) => limits.attestation_size,
        }
    }

    /// That there is none of an image.
    pub(super) fn none_found(self, image: String) -> VerificationError {
        match self {
            Self::Signatures => VerificationError::NoSignatures(image),
            Self::Attestations(_) => VerificationError::NoAttestations(image),
        }
    }
}

/// What is looked for, and where.
pub(super) struct Search<'a> {
    pub(super) policy: &'a Policy,
    pub(super) wanted: Wanted<'a>,
    /// Instead of each image's own repository.
    pub(super) repository: Option<&'a Repository>,
}

impl Search<'_> {
    /// Where an image's signatures are.
    pub(super) fn place(&self, target: &Target) -> Repository {
        self.repository.unwrap_or(&target.repository).clone()
    }
}

/// Bytes of a bundle with a signature: a thousand annotations, a log entry and its proof.
const MAX_SIGNATURE_BUNDLE_SIZE: u64 = 512 * 1024;
