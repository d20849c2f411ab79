use alloc::format;
use alloc::vec::Vec;

use super::attached::AttachOutcome;
use super::signer::SigningError;
use super::tag::{Document, Merged};
use crate::fetch::{Blobs, read_list};
use crate::imports::ServedManifest;
use crate::oci::{Descriptor, Digest, MAX_SIGNATURES, Referrer, Referrers, Repository, media_type};
use crate::verify::MAX_MANIFEST_SIZE;

/// The list of an image's referrers that clients keep under a tag.
pub(super) struct ReferrersList<'a> {
    repository: &'a Repository,
    image: Digest,
    tag: &'a str,
    added: Vec<&'a Referrer>,
    gone: &'a [Digest],
    /// What the tag was found to hold.
    found: Option<Referrers>,
    is_empty: bool,
}

impl<'a> ReferrersList<'a> {
    /// What is to be added to it, and what taken from it.
    pub(super) fn new(
        repository: &'a Repository,
        image: Digest,
        tag: &'a str,
        added: Vec<&'a Referrer>,
        gone: &'a [Digest],
    ) -> Self {
        Self {
            repository,
            image,
            tag,
            added,
            gone,
            found: None,
            is_empty: false,
        }
    }

    /// Whether nothing was left in it.
    pub(super) fn is_empty(&self) -> bool {
        self.is_empty
    }

    fn is_complete(&self, list: &Referrers) -> bool {
        let (mut added, mut gone) = (self.added.iter(), self.gone.iter());
        added.all(|added| list.contains(&added.descriptor.digest))
            && !gone.any(|digest| list.contains(digest))
    }
}

impl Document for ReferrersList<'_> {
    fn repository(&self) -> &Repository {
        self.repository
    }

    fn tag(&self) -> &str {
        self.tag
    }

    fn seed(&self) -> Digest {
        let added = self.added.first();
        added.map_or(self.image, |added| added.descriptor.digest)
    }

    fn read(&mut self, found: Option<&ServedManifest>) -> Result<Vec<Descriptor>, SigningError> {
        self.found = found.map(read_list).transpose()?;
        Ok(Vec::new())
    }

    fn merge(&mut self, _: &Blobs) -> Result<Option<Merged>, SigningError> {
        let mut list = self.found.take().unwrap_or_else(Referrers::empty);
        if self.is_complete(&list) {
            return Ok(None);
        }
        let written = |why| SigningError::UntrustedAnswer(format!("list of referrers: {why}"));
        list = list.without(self.gone);
        for added in &self.added {
            list = list.with(added).map_err(written)?;
        }
        let count = list.len();
        self.is_empty = list.is_empty();
        let manifest = list.to_json().map_err(written)?.into_bytes();
        if count > MAX_SIGNATURES || manifest.len() as u64 > MAX_MANIFEST_SIZE {
            return Err(SigningError::LimitExceeded(format!(
                "the list of referrers {}:{} would have {count} entries in {} bytes; at most \
                 {MAX_SIGNATURES} in {MAX_MANIFEST_SIZE} bytes are read",
                self.repository,
                self.tag,
                manifest.len()
            )));
        }
        Ok(Some(Merged {
            manifest,
            media_type: media_type::OCI_INDEX.into(),
            config: None,
            outcome: AttachOutcome::Added,
        }))
    }

    fn blobs(&self) -> Vec<(Digest, &[u8])> {
        Vec::new()
    }

    fn is_in(&self, found: &ServedManifest) -> Result<bool, SigningError> {
        Ok(self.is_complete(&read_list(found)?))
    }
}
