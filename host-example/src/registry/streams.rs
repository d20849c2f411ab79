//! Blobs of any size, from and to files: what copies an image moves, in constant memory.

use std::{fs::File, io::Seek as _};

use cosignet::oci::{Descriptor, Digest};
use reqwest::{Method, StatusCode};

use super::{
    OciRegistry, RegistryError,
    auth::Access,
    session::{Call, Target},
    upload,
};
use crate::http::{Content, Sink};

impl OciRegistry {
    /// Whether the repository has the blob.
    ///
    /// # Errors
    /// As [`Registry::fetch_blob`](super::Registry::fetch_blob); a blob that is not there is none.
    pub async fn has_blob(&self, repository: &str, digest: &Digest) -> Result<bool, RegistryError> {
        let place = self.place(repository)?;
        let what = format!("look for blob {}@{digest}", place.repository);
        let target = Target::Path(format!("blobs/{digest}"));
        let call = Call::new(what, Method::HEAD, target);
        let answer = self.session(&place, Access::Pull).send(&call).await?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(false),
            _ => answer
                .into_success(&call.what, &place.endpoint)
                .map(|_| true),
        }
    }

    /// Writes a blob into a file, whatever was in it, and leaves it at its beginning. What is in
    /// the file counts only if this succeeds: the bytes then have the descriptor's size and digest.
    ///
    /// # Errors
    /// As [`Registry::fetch_blob`](super::Registry::fetch_blob);
    /// [`Invalid`](RegistryError::Invalid) for other bytes than those that the descriptor
    /// promises, [`Unavailable`](RegistryError::Unavailable) where the file cannot be written.
    pub async fn fetch_blob_to(
        &self,
        repository: &str,
        blob: &Descriptor,
        file: &mut File,
    ) -> Result<(), RegistryError> {
        let place = self.place(repository)?;
        let what = format!("fetch blob {}@{}", place.repository, blob.digest);
        let unwritable = |error| RegistryError::Unavailable(format!("{what}: its file: {error}"));
        let sink = Sink::new(file.try_clone().map_err(unwritable)?);
        let target = Target::Path(format!("blobs/{}", blob.digest));
        let call = Call {
            limit: blob.size,
            sink: Some(sink.clone()),
            ..Call::new(what.clone(), Method::GET, target)
        };
        let session = self.moving(&place, Access::Pull, blob.size);
        let answer = session.send(&call).await?;
        answer.into_success(&what, &place.endpoint)?;
        let (size, digest) = sink.result();
        let digest = Digest::from(digest);
        if (size, digest) != (blob.size, blob.digest) {
            return Err(RegistryError::Invalid(format!(
                "{what}: expected {} bytes with that digest, found {size} with {digest}",
                blob.size
            )));
        }
        file.rewind().map_err(unwritable)
    }

    /// Stores the first bytes of a file, as many as the descriptor says, as a blob. Storing one
    /// twice is no error.
    ///
    /// # Errors
    /// As [`RegistryPush::push_blob`](super::RegistryPush::push_blob). A file of other bytes is
    /// refused by the registry.
    pub async fn push_blob_from(
        &self,
        repository: &str,
        blob: &Descriptor,
        file: File,
    ) -> Result<(), RegistryError> {
        let place = self.place(repository)?;
        let session = self.moving(&place, Access::PullPush, blob.size);
        let content = Content::file(file, blob.size);
        upload::push_blob(&session, &blob.digest.to_string(), content).await
    }
}
