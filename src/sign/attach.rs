use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::mem::take;

use super::attached::Attached;
use super::image::{Failed, Made, SignedImage};
use super::layers::{How, SignatureLayers};
use super::new_signature::{Claim, NewLayer, NewSignature};
use super::options::Form;
use super::refer::{Referred, Referring, StoredReferrer, refer};
use super::signer::SigningError;
use super::tag::{Document, keep};
use super::task::Task;
use crate::fetch::Target;
use crate::imports::{Registry, RegistryPush};
use crate::key::PublicKey;
use crate::oci::{Digest, Repository};

/// What is the same for all images of a call.
pub(super) struct Attaching<'a> {
    pub(super) task: &'a Task<'a>,
    pub(super) form: Form,
    /// Where the signatures go, if not beside the image.
    pub(super) place: Option<&'a Repository>,
    pub(super) how: &'a How<'a>,
    pub(super) key: &'a PublicKey,
}

/// A document with layers, and where it was attached.
type Layered<'a> = (SignatureLayers<'a>, Result<Attached, SigningError>);

/// Attaches signatures in both forms. Those that refer to images come last: the others have more
/// neighbours that could be in the way.
pub(super) fn attach_all<H: Registry + RegistryPush>(
    host: &mut H,
    mut images: Vec<Result<Made, Failed>>,
    mut referring: Vec<Referring<'_>>,
    attaching: &Attaching<'_>,
) -> Vec<Result<SignedImage, Failed>> {
    let mut documents = Vec::new();
    for image in &mut images {
        go_on(image, |made| attaching.enlist(made, &mut documents));
    }
    let layered = keep_all(host, documents);
    for image in &mut images {
        go_on(image, |made| {
            attaching.layers_of(made, &layered)?;
            attaching.refer_to(made, &mut referring)
        });
    }
    let referred = refer(host, referring);
    images
        .into_iter()
        .map(|made| {
            let made = made?;
            match attaching.stored(&made, &layered, &referred) {
                Ok(stored) => Ok(attaching.conclude(made, stored)?),
                Err(error) => Err(Failed::after_logging(error, made.wanted)),
            }
        })
        .collect()
}

/// Attaches one signature in a layer.
pub(super) fn attach_one<H: Registry + RegistryPush>(
    host: &mut H,
    repository: Repository,
    digest: Digest,
    tag: String,
    layer: NewLayer,
    how: &How<'_>,
) -> Result<Attached, SigningError> {
    let mut document = SignatureLayers::new(repository, digest, tag, how);
    document.add(layer);
    let layered = keep_all(host, vec![document]).pop();
    layered.map_or_else(|| Err(not_attached()), |(_, attached)| attached)
}

fn keep_all<'a, H: Registry + RegistryPush>(
    host: &mut H,
    mut documents: Vec<SignatureLayers<'a>>,
) -> Vec<Layered<'a>> {
    let all = documents.iter_mut();
    let kept = keep(host, all.map(|one| one as &mut dyn Document).collect());
    let both = documents.into_iter().zip(kept);
    both.map(|(document, kept)| {
        let attached = kept.and_then(|kept| {
            let kept = kept.ok_or_else(not_attached)?;
            Ok(document.attached(kept))
        });
        (document, attached)
    })
    .collect()
}

/// Takes an image a step further, if it has come so far.
fn go_on(image: &mut Result<Made, Failed>, step: impl FnOnce(&Made) -> Result<(), SigningError>) {
    if let Ok(made) = image
        && let Err(error) = step(made)
    {
        *image = Err(Failed::after_logging(error, take(&mut made.wanted)));
    }
}

impl<'a> Attaching<'a> {
    fn repository<'b>(&'b self, target: &'b Target) -> &'b Repository {
        self.place.unwrap_or(&target.repository)
    }

    /// Puts what is stored in layers into the one document for its tag: two would overwrite each other.
    fn enlist(
        &self,
        made: &Made,
        documents: &mut Vec<SignatureLayers<'a>>,
    ) -> Result<(), SigningError> {
        if !self.form.is_tagged() {
            return Ok(());
        }
        let (repository, digest) = (self.repository(&made.target), made.target.digest);
        let known = documents
            .iter()
            .position(|one| one.is_for(repository, &digest));
        let place = known.unwrap_or(documents.len());
        if known.is_none() {
            let tag = self.task.tag(&digest);
            documents.push(SignatureLayers::new(
                repository.clone(),
                digest,
                tag,
                self.how,
            ));
        }
        for new in made.wanted.iter().filter(|new| self.task.is_layered(new)) {
            let entry = new.log.as_ref().and_then(|log| log.annotation.as_deref());
            documents[place].add(new.clone().layer(entry)?);
        }
        Ok(())
    }

    /// The document with this image's layers.
    fn layers_of<'b>(
        &self,
        made: &Made,
        layered: &'b [Layered<'a>],
    ) -> Result<Option<(&'b SignatureLayers<'a>, &'b Attached)>, SigningError> {
        let (repository, digest) = (self.repository(&made.target), made.target.digest);
        let mut all = layered.iter();
        match all.find(|(document, _)| document.is_for(repository, &digest)) {
            None => Ok(None),
            Some((document, Ok(attached))) => Ok(Some((document, attached))),
            Some((_, Err(error))) => Err(error.clone()),
        }
    }

    /// Hands over what refers to the image.
    fn refer_to(&self, made: &Made, referring: &mut [Referring<'_>]) -> Result<(), SigningError> {
        let (repository, digest) = (self.repository(&made.target), made.target.digest);
        let mut jobs = referring.iter_mut();
        let Some(job) = jobs.find(|job| job.is_for(repository, &digest)) else {
            return Ok(());
        };
        made.wanted
            .iter()
            .filter(|new| refers(new))
            .try_for_each(|new| job.add(new))
    }

    /// Where an image's signatures are stored now.
    fn stored<'b>(
        &self,
        made: &Made,
        layered: &'b [Layered<'a>],
        referred: &'b [Referred],
    ) -> Result<Stored<'b, 'a>, SigningError> {
        let repository = self.repository(&made.target);
        let mut referred = referred.iter();
        let referrers = referred.find(|one| one.is_for(repository, &made.target.digest));
        let referrers = referrers.map(|one| one.outcome.as_deref()).transpose();
        Ok(Stored {
            layers: self.layers_of(made, layered)?,
            referrers: referrers.map_err(Clone::clone)?.unwrap_or_default(),
        })
    }

    /// The signatures as they are stored now.
    fn conclude(&self, made: Made, stored: Stored<'_, '_>) -> Result<SignedImage, SigningError> {
        let layers = stored.layers;
        let attached = layers.map(|(_, attached)| attached.clone());
        let mut attached: Vec<Attached> = attached.into_iter().collect();
        let mut signatures = Vec::with_capacity(made.wanted.len());
        for mut new in made.wanted {
            if let Some(signature) = layers.and_then(|(document, _)| document.stored(&new)) {
                new.signature.clone_from(signature);
            }
            let mut same = stored.referrers.iter();
            let referrer = same.find(|one| one.payload == new.payload());
            let mut signature = new.into_signature(self.key)?;
            if let Some(referrer) = referrer {
                attached.push(referrer.attached.clone());
                signature.signature.clone_from(&referrer.signature);
                signature.bundle.clone_from(&referrer.bundle);
            }
            signatures.push(signature);
        }
        Ok(SignedImage {
            repository: made.target.repository,
            digest: made.target.digest,
            signatures,
            attached,
        })
    }
}

/// What became of an image's signatures in each form.
struct Stored<'b, 'a> {
    layers: Option<(&'b SignatureLayers<'a>, &'b Attached)>,
    referrers: &'b [StoredReferrer],
}

/// Whether a signature can refer to an image.
fn refers(new: &NewSignature) -> bool {
    matches!(new.claim, Claim::Statement { .. })
}

fn not_attached() -> SigningError {
    SigningError::Contended("it was not attached".into())
}
