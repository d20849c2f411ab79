//! From an index to the manifests that it names, and to those that these name.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use crate::fetch::{FetchError, Target, side_by_side};
use crate::imports::{ManifestRequest, Registry, RegistryError, ServedManifest};
use crate::oci::{Digest, ManifestEntry, Subject, VerifiedBytes};
use crate::verify::MAX_MANIFEST_SIZE;

/// A walk through an index.
pub(crate) struct Walk {
    pub(crate) start: Target,
    /// What the index names, and what the indexes in it name: each manifest once.
    pub(crate) below: Vec<Below>,
    unread: Vec<Target>,
}

/// A manifest that an index names.
pub(crate) struct Below {
    pub(crate) target: Target,
    /// What its index says of it.
    pub(crate) platform: Option<String>,
}

/// Why a walk came to no end.
pub(crate) enum WalkError {
    NotFound(String),
    Fetch(FetchError),
}

/// Finds the manifests of the indexes that walks begin at, and of theirs.
///
/// Whether a manifest is an index is what its own index says: who signs that one says it.
pub(crate) fn expand<R: Registry, E: From<WalkError>>(
    registry: &mut R,
    walks: &mut [Result<Walk, E>],
) {
    for depth in 0.. {
        if !walks.iter().flatten().any(|walk| !walk.unread.is_empty()) {
            break;
        }
        side_by_side(
            walks,
            |walk, requests| requests.extend(walk.unread.iter().map(index_request)),
            |requests| registry.fetch_manifests(&requests),
            |walk, answers| walk.step(answers, depth).map_err(E::from),
        );
    }
}

impl Walk {
    pub(crate) fn start(target: Target) -> Self {
        Self {
            start: target.clone(),
            below: Vec::new(),
            unread: vec![target],
        }
    }

    fn step(
        &mut self,
        answers: Vec<Result<ServedManifest, RegistryError>>,
        depth: usize,
    ) -> Result<(), WalkError> {
        let read = core::mem::take(&mut self.unread);
        if !read.is_empty() && depth > MAX_DEPTH {
            return Err(limit(format!(
                "indexes are nested more than {MAX_DEPTH} deep"
            )));
        }
        for (parent, answer) in read.into_iter().zip(answers) {
            for child in children(&parent, answer)? {
                if self.knows(&child.descriptor.digest) {
                    continue;
                }
                let target = Target {
                    repository: parent.repository.clone(),
                    digest: child.descriptor.digest,
                };
                if child.descriptor.is_index() {
                    self.unread.push(target.clone());
                }
                self.below.push(Below {
                    target,
                    platform: child.platform,
                });
                if self.below.len() > MAX_MANIFESTS {
                    return Err(limit(format!(
                        "an index names more than {MAX_MANIFESTS} manifests"
                    )));
                }
            }
        }
        Ok(())
    }

    fn knows(&self, digest: &Digest) -> bool {
        let mut below = self.below.iter();
        self.start.digest == *digest || below.any(|known| known.target.digest == *digest)
    }
}

fn children(
    target: &Target,
    answer: Result<ServedManifest, RegistryError>,
) -> Result<Vec<ManifestEntry>, WalkError> {
    let name = || format!("{}@{}", target.repository, target.digest);
    let served = answer.map_err(|error| match error {
        RegistryError::NotFound(_) => WalkError::NotFound(name()),
        other => WalkError::Fetch(FetchError::Registry(other)),
    })?;
    let untrusted =
        |why: String| WalkError::Fetch(FetchError::Untrusted(format!("{}: {why}", name())));
    let bytes = VerifiedBytes::with_digest(served.content, target.digest)
        .map_err(|error| untrusted(error.to_string()))?;
    let subject = Subject::parse(&served.media_type, bytes.as_bytes())
        .map_err(|error| untrusted(error.to_string()))?;
    Ok(match subject {
        Subject::Image => Vec::new(),
        Subject::Index(index) => index.manifests,
    })
}

fn index_request(target: &Target) -> ManifestRequest {
    ManifestRequest {
        repository: target.repository.clone(),
        reference: target.digest.to_string(),
        max_size: MAX_MANIFEST_SIZE,
        after_ms: 0,
    }
}

fn limit(why: String) -> WalkError {
    WalkError::Fetch(FetchError::Limit(why))
}

/// Indexes within indexes; builders nest once.
const MAX_DEPTH: usize = 4;
/// Manifests that one reference can lead to.
pub(crate) const MAX_MANIFESTS: usize = 1000;
