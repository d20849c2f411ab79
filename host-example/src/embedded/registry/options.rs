//! How an embedded registry behaves.

use std::{fmt, num::NonZeroUsize};

use zeroize::Zeroizing;

/// Settings of an [`EmbeddedRegistry`](super::EmbeddedRegistry). Start from `Options::default()`.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether there is a referrers API (OCI distribution specification 1.1). Without it,
    /// referrers are answered with 404 and pushes without `OCI-Subject`, as Docker's registry 2.8
    /// does, and clients keep the referrers tag. Default: `true`.
    pub referrers_api: bool,
    /// Whether pages of **any** origin may read and write through a browser (CORS). Default:
    /// `false`; switch it on only for a demonstration whose content is worth nothing.
    pub cors: bool,
    /// The most entries in one answer of the tags and referrers lists; more come with a `Link`.
    /// Default: `None`, everything in one answer.
    pub page_size: Option<NonZeroUsize>,
    /// The one user who is let in. Default: `None`, everybody is.
    pub auth: Option<BasicAuth>,
    /// The most bytes of a manifest. Default: 4 MiB, which the specification asks a registry for.
    pub max_manifest_size: usize,
    /// The most bytes of a blob. Default: 64 MiB.
    pub max_blob_size: usize,
    /// The most bytes that clients can make the registry hold, unfinished uploads and requests
    /// in flight included, with a flat charge for each entry. Default: 512 MiB. What the host
    /// seeds is not counted.
    pub max_total_size: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            referrers_api: true,
            cors: false,
            page_size: None,
            auth: None,
            max_manifest_size: 4 << 20,
            max_blob_size: 64 << 20,
            max_total_size: 512 << 20,
        }
    }
}

/// A user and a password for HTTP Basic authentication. `Debug` shows the user only.
#[derive(Clone)]
pub struct BasicAuth {
    pub(super) user: String,
    pub(super) password: Zeroizing<String>,
}

impl BasicAuth {
    /// A user, who has no colon in the name (RFC 7617), and the password.
    pub fn new(user: impl Into<String>, password: impl Into<Zeroizing<String>>) -> Self {
        Self {
            user: user.into(),
            password: password.into(),
        }
    }
}

impl fmt::Debug for BasicAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicAuth")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}
