use crate::oci::Repository;

/// What is verified, and where its signatures are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Where signatures and attestations are, if not in the image's own repository: cosign's
    /// `COSIGN_REPOSITORY`.
    pub signature_repository: Option<Repository>,
    /// Whether the manifests that an index names must satisfy the policy too, and those of the
    /// indexes in it; whatever they are, since `sign` with this option signs all of them.
    pub recursive: bool,
}
