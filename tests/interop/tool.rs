//! The three programs that sign and verify. They share one command line; what differs is only what
//! each needs to be told to stay offline and to write the `.sig` format.

use std::path::PathBuf;

use crate::peers;

/// A program that signs and verifies images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// The program under test.
    Cosignet,
    /// cosign 2, whose only format for images is the `.sig` tag.
    Cosign2,
    /// cosign 3, told to write the `.sig` tag.
    Cosign3,
}

impl Tool {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Cosignet, Self::Cosign2, Self::Cosign3];
    /// The real ones.
    pub const COSIGNS: [Self; 2] = [Self::Cosign2, Self::Cosign3];

    /// The executable.
    pub fn program(self) -> PathBuf {
        match self {
            Self::Cosignet => peers::cosignet(),
            Self::Cosign2 => peers::peer("cosign2"),
            Self::Cosign3 => peers::peer("cosign3"),
        }
    }

    /// What keeps a signing command offline and in the `.sig` format.
    pub fn sign_flags(self) -> &'static [&'static str] {
        match self {
            Self::Cosignet => &[],
            Self::Cosign2 => &["--tlog-upload=false"],
            Self::Cosign3 => &[
                "--tlog-upload=false",
                "--use-signing-config=false",
                "--new-bundle-format=false",
            ],
        }
    }

    /// What keeps a signing command offline and in the format of bundles.
    pub fn bundle_flags(self) -> &'static [&'static str] {
        match self {
            Self::Cosignet => &["--format", "bundle"],
            Self::Cosign2 | Self::Cosign3 => &[
                "--yes",
                "--tlog-upload=false",
                "--use-signing-config=false",
                "--new-bundle-format",
            ],
        }
    }

    /// What keeps other claims that the same key has signed. cosign always keeps them.
    pub fn append_flags(self) -> &'static [&'static str] {
        match self {
            Self::Cosignet => &["--append"],
            Self::Cosign2 | Self::Cosign3 => &[],
        }
    }

    /// What keeps a verifying command offline.
    pub fn verify_flags(self) -> &'static [&'static str] {
        match self {
            Self::Cosignet => &[],
            Self::Cosign2 | Self::Cosign3 => &["--insecure-ignore-tlog"],
        }
    }
}
