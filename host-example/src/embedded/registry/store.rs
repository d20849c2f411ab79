//! What the registry holds, in memory: repositories with blobs, manifests and tags, and uploads.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;

use super::{
    budget::{Budget, Content, Reservation},
    document::{Descriptor, Document},
    error::ApiError,
    grammar::{Digest, Reference},
};

/// The state behind one lock, held for a look-up or an insertion and never across an `await`.
pub(super) struct Store {
    pub(super) budget: Budget,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    repositories: BTreeMap<String, Repository>,
    uploads: BTreeMap<(String, String), Content>,
    uploads_started: u64,
}

#[derive(Default)]
struct Repository {
    blobs: BTreeMap<String, Blob>,
    manifests: BTreeMap<String, Manifest>,
    tags: BTreeMap<String, Tag>,
}

struct Blob {
    bytes: Bytes,
    _reservation: Reservation,
}

struct Manifest {
    media_type: String,
    bytes: Bytes,
    subject: Option<String>,
    _reservation: Reservation,
}

struct Tag {
    digest: String,
    _reservation: Reservation,
}

/// A manifest as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Served {
    pub(super) digest: String,
    pub(super) media_type: String,
    pub(super) bytes: Bytes,
}

impl Store {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            budget: Budget::new(limit),
            state: Mutex::default(),
        }
    }

    pub(super) fn blob(&self, repository: &str, digest: &str) -> Option<Bytes> {
        let state = self.lock();
        Some(
            state
                .repositories
                .get(repository)?
                .blobs
                .get(digest)?
                .bytes
                .clone(),
        )
    }

    pub(super) fn put_blob(
        &self,
        repository: &str,
        digest: &str,
        bytes: Bytes,
        reservation: Reservation,
    ) {
        let blob = Blob {
            bytes,
            _reservation: reservation,
        };
        self.lock()
            .repository(repository)
            .blobs
            .insert(digest.to_owned(), blob);
    }

    pub(super) fn delete_blob(&self, repository: &str, digest: &str) -> Result<(), ApiError> {
        let removed = self
            .lock()
            .remove_from(repository, |target| target.blobs.remove(digest));
        removed
            .map(drop)
            .ok_or_else(|| blob_unknown(repository, digest))
    }

    /// Copies a blob from another repository; `false` when that one has no such blob.
    pub(super) fn mount(
        &self,
        from: &str,
        repository: &str,
        digest: &str,
    ) -> Result<bool, ApiError> {
        let Some(bytes) = self.blob(from, digest) else {
            return Ok(false);
        };
        let reservation = self.budget.copy_of(&bytes)?;
        self.put_blob(repository, digest, bytes, reservation);
        Ok(true)
    }

    /// Starts an upload and returns its id.
    pub(super) fn start_upload(&self, repository: &str) -> Result<String, ApiError> {
        let content = Content::empty(self.budget.entry()?);
        let mut state = self.lock();
        // The specification asks for a UUID: RFC 9562, version 8, whose bits are one's own.
        let count = state.uploads_started & 0xffff_ffff_ffff;
        let id = format!("00000000-0000-8000-8000-{count:012x}");
        state.uploads_started = state.uploads_started.wrapping_add(1);
        state
            .uploads
            .insert((repository.to_owned(), id.clone()), content);
        Ok(id)
    }

    /// How many bytes an upload has so far.
    pub(super) fn upload_length(&self, repository: &str, id: &str) -> Result<usize, ApiError> {
        let state = self.lock();
        let upload = state.uploads.get(&(repository.to_owned(), id.to_owned()));
        upload
            .map(Content::len)
            .ok_or_else(|| upload_unknown(repository, id))
    }

    /// Appends a chunk that says where it starts, or just follows; returns the length so far.
    pub(super) fn append_upload(
        &self,
        repository: &str,
        id: &str,
        start: Option<usize>,
        chunk: Content,
        limit: usize,
    ) -> Result<usize, ApiError> {
        let mut state = self.lock();
        let upload = state
            .uploads
            .get_mut(&(repository.to_owned(), id.to_owned()))
            .ok_or_else(|| upload_unknown(repository, id))?;
        let expected = upload.len();
        if let Some(start) = start.filter(|start| *start != expected) {
            return Err(ApiError::RangeOutOfOrder { start, expected });
        }
        upload.append(chunk, limit)?;
        Ok(upload.len())
    }

    /// Ends an upload: its content is the caller's to store or to drop.
    pub(super) fn take_upload(&self, repository: &str, id: &str) -> Result<Content, ApiError> {
        let upload = self
            .lock()
            .uploads
            .remove(&(repository.to_owned(), id.to_owned()));
        upload.ok_or_else(|| upload_unknown(repository, id))
    }

    pub(super) fn manifest(&self, repository: &str, reference: &str) -> Option<Served> {
        let state = self.lock();
        let repository = state.repositories.get(repository)?;
        let digest = repository
            .tags
            .get(reference)
            .map_or(reference, |tag| tag.digest.as_str());
        let manifest = repository.manifests.get(digest)?;
        Some(Served {
            digest: digest.to_owned(),
            media_type: manifest.media_type.clone(),
            bytes: manifest.bytes.clone(),
        })
    }

    /// Stores what a client pushed, provided that everything it refers to is there. The subject
    /// need not be.
    pub(super) fn push_manifest(
        &self,
        repository: &str,
        reference: &Reference,
        digest: &Digest,
        media_type: String,
        document: &Document,
        content: Content,
    ) -> Result<(), ApiError> {
        let tag = match reference {
            Reference::Digest(_) => None,
            Reference::Tag(tag) => Some((tag.clone(), self.budget.entry()?)),
        };
        let mut state = self.lock();
        let missing = match state.repositories.get(repository) {
            Some(target) => target.missing(document),
            None => Repository::default().missing(document),
        };
        if let Some(missing) = missing {
            return Err(ApiError::ManifestBlobUnknown {
                repository: repository.to_owned(),
                digest: missing.to_owned(),
            });
        }
        let target = state.repository(repository);
        let (bytes, reservation) = content.into_parts();
        let subject = document.subject().map(ToOwned::to_owned);
        let manifest = Manifest {
            media_type,
            bytes,
            subject,
            _reservation: reservation,
        };
        target.manifests.insert(digest.to_string(), manifest);
        if let Some((name, reservation)) = tag {
            let tag = Tag {
                digest: digest.to_string(),
                _reservation: reservation,
            };
            target.tags.insert(name, tag);
        }
        Ok(())
    }

    /// Stores a manifest as the host says, whatever it holds, under whatever digest.
    pub(super) fn seed_manifest(
        &self,
        repository: &str,
        digest: &str,
        media_type: &str,
        bytes: Bytes,
    ) {
        let document = Document::parse_lenient(&bytes);
        let subject = document.and_then(|document| document.subject().map(ToOwned::to_owned));
        let manifest = Manifest {
            media_type: media_type.to_owned(),
            bytes,
            subject,
            _reservation: Reservation::free_of_charge(),
        };
        self.lock()
            .repository(repository)
            .manifests
            .insert(digest.to_owned(), manifest);
    }

    /// Points a tag at a digest, as the host says.
    pub(super) fn seed_tag(&self, repository: &str, tag: &str, digest: &str) {
        let entry = Tag {
            digest: digest.to_owned(),
            _reservation: Reservation::free_of_charge(),
        };
        self.lock()
            .repository(repository)
            .tags
            .insert(tag.to_owned(), entry);
    }

    /// Deletes a tag, or a manifest with all tags that point to it.
    pub(super) fn delete_manifest(
        &self,
        repository: &str,
        reference: &Reference,
    ) -> Result<(), ApiError> {
        let (removed, reference) = match reference {
            Reference::Tag(tag) => {
                let removed = self
                    .lock()
                    .remove_from(repository, |target| target.tags.remove(tag));
                (removed.is_some(), tag.as_str())
            }
            Reference::Digest(digest) => {
                let removed = self.lock().remove_from(repository, |target| {
                    target.tags.retain(|_, tag| tag.digest != digest.as_str());
                    target.manifests.remove(digest.as_str())
                });
                (removed.is_some(), digest.as_str())
            }
        };
        if removed {
            return Ok(());
        }
        Err(ApiError::ManifestUnknown {
            repository: repository.to_owned(),
            reference: reference.to_owned(),
        })
    }

    /// At most `most` tags after `last`, in byte order, and whether there are more.
    pub(super) fn tags(
        &self,
        repository: &str,
        last: Option<&str>,
        most: usize,
    ) -> Result<(Vec<String>, bool), ApiError> {
        let state = self.lock();
        let unknown = || ApiError::NameUnknown {
            repository: repository.to_owned(),
        };
        let tags = &state.repositories.get(repository).ok_or_else(unknown)?.tags;
        let after = (
            last.map_or(Bound::Unbounded, Bound::Excluded),
            Bound::Unbounded,
        );
        let mut names = tags.range::<str, _>(after).map(|(name, _)| name.clone());
        let page = names.by_ref().take(most).collect();
        Ok((page, names.next().is_some()))
    }

    /// The manifests of a repository whose subject is `subject`, after `last`, by digest.
    pub(super) fn referrers(
        &self,
        repository: &str,
        subject: &str,
        last: Option<&str>,
    ) -> Vec<Descriptor> {
        let state = self.lock();
        let Some(repository) = state.repositories.get(repository) else {
            return Vec::new();
        };
        let after = (
            last.map_or(Bound::Unbounded, Bound::Excluded),
            Bound::Unbounded,
        );
        let manifests = repository.manifests.range::<str, _>(after);
        let referring =
            manifests.filter(|(_, manifest)| manifest.subject.as_deref() == Some(subject));
        referring
            .filter_map(|(digest, manifest)| {
                let document = Document::parse_lenient(&manifest.bytes)?;
                let size = manifest.bytes.len();
                Some(document.into_descriptor(&manifest.media_type, digest, size))
            })
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Repository {
    /// The first digest that a manifest refers to and that is not here.
    fn missing<'a>(&self, document: &'a Document) -> Option<&'a str> {
        let blob = document
            .blobs()
            .find(|blob| !self.blobs.contains_key(*blob));
        blob.or_else(|| {
            document
                .children()
                .find(|child| !self.manifests.contains_key(*child))
        })
    }

    fn is_empty(&self) -> bool {
        self.blobs.is_empty() && self.manifests.is_empty() && self.tags.is_empty()
    }
}

impl State {
    /// Removes something from a repository, and the repository with the last thing in it: it
    /// has no reservation of its own.
    fn remove_from<T>(
        &mut self,
        name: &str,
        remove: impl FnOnce(&mut Repository) -> Option<T>,
    ) -> Option<T> {
        let repository = self.repositories.get_mut(name)?;
        let removed = remove(repository);
        if repository.is_empty() {
            self.repositories.remove(name);
        }
        removed
    }

    /// The repository to put something into.
    fn repository(&mut self, name: &str) -> &mut Repository {
        self.repositories.entry(name.to_owned()).or_default()
    }
}

fn blob_unknown(repository: &str, digest: &str) -> ApiError {
    ApiError::BlobUnknown {
        repository: repository.to_owned(),
        digest: digest.to_owned(),
    }
}

fn upload_unknown(repository: &str, id: &str) -> ApiError {
    ApiError::UploadUnknown {
        repository: repository.to_owned(),
        id: id.to_owned(),
    }
}
