//! Looking for what is attached to images: in their registries, and then in the store.

use cosignet_host::OciRegistry;
use cosignet_host::api::report::{ManifestOutcome, VerificationError};
use cosignet_host::api::verification::VerificationOptions;
use cosignet_host::registry::Registry;
use cosignet_host::store::{Source, StoredRegistry};

use super::failure::Failure;
use super::options::Common;
use super::requirements::Requirements;
use super::store::Recorder;
use super::verdicts::{Judged, Kind, Verified};

/// What is looked for, and what it must satisfy.
pub struct Look<'a> {
    pub common: &'a Common,
    pub requirements: &'a Requirements,
    pub options: VerificationOptions,
    /// Of attestations; `None` for signatures.
    pub predicate_type: Option<&'a str>,
}

impl Look<'_> {
    /// What is in one place.
    pub async fn at(
        &self,
        registry: impl Registry + 'static,
        images: &[String],
    ) -> Result<Vec<Verified>, Failure> {
        let (mut session, policy) = self.requirements.start(self.common, registry).await?;
        let Some(predicate_type) = self.predicate_type else {
            let verified = session.verify_images(policy, images, &self.options);
            return Ok(verified.await?);
        };
        let mut results = Vec::new();
        // One at a time: those of many images need not fit into a session's memory together.
        for image in images.chunks(1) {
            let verified = session
                .verify_attestations(policy, predicate_type, image, &self.options)
                .await?;
            results.extend(verified);
        }
        Ok(results)
    }

    /// What is in the registries, and for images of which nothing there counts, what is in the store.
    pub async fn everywhere(
        &self,
        client: OciRegistry,
        images: &[String],
        record: &Recorder,
    ) -> Result<Vec<Judged>, Failure> {
        let results = self.at(client.clone(), images).await?.into_iter();
        let mut judged: Vec<Judged> = results
            .map(|result| Judged {
                result,
                source: Source::Registry,
            })
            .collect();
        for (image, judged) in images.iter().zip(&mut judged) {
            let Err(why) = &judged.result else { continue };
            if !may_be_kept_elsewhere(image, why) {
                continue;
            }
            let Some(store) = record.lend()? else { break };
            let path = store.path().display().to_string();
            let stored = StoredRegistry::new(store, client.clone());
            let again = self.at(stored, std::slice::from_ref(image)).await?;
            let Some(again) = again.into_iter().next() else {
                continue;
            };
            let kind = self.kind();
            if !is_better(&again, why) {
                warn(image, &path, again, kind);
                continue;
            }
            if again.is_ok() {
                eprintln!("{}", words(image, &path, why, kind));
            }
            *judged = Judged {
                result: again,
                source: Source::Store,
            };
        }
        Ok(judged)
    }

    fn kind(&self) -> Kind {
        self.predicate_type
            .map_or(Kind::Signature, |_| Kind::Attestation)
    }
}

/// A store that cannot be read is not the same as one that has nothing.
fn warn(image: &str, path: &str, again: Verified, kind: Kind) {
    let Err(error) = again else { return };
    if !matches!(
        error,
        VerificationError::NoSignatures(_)
            | VerificationError::NoMatch(_)
            | VerificationError::Manifests(_)
    ) {
        let why = Failure::unverified(error, kind).about(image);
        eprintln!("Warning: nothing was read from the store {path}: {why}");
    }
}

/// Whether a signature that is not attached would change anything. A registry that does not answer stands
/// in nobody's way where the image is named by its digest.
fn may_be_kept_elsewhere(image: &str, why: &VerificationError) -> bool {
    match why {
        VerificationError::NoSignatures(_)
        | VerificationError::NoMatch(_)
        | VerificationError::Manifests(_) => true,
        VerificationError::Registry(_) => image.contains('@'),
        _ => false,
    }
}

/// Whether what the store has says more than what the registry has. Where both have something and none
/// of it counts, the registry is told of.
fn is_better(again: &Verified, why: &VerificationError) -> bool {
    match again {
        Ok(_) => true,
        Err(VerificationError::NoMatch(_) | VerificationError::Manifests(_)) => has_none(why),
        Err(_) => false,
    }
}

/// Whether there is nothing at all, of an index and of every manifest.
fn has_none(why: &VerificationError) -> bool {
    match why {
        VerificationError::NoSignatures(_) => true,
        VerificationError::Manifests(index) => {
            let manifests = index.manifests.iter().map(|manifest| &manifest.outcome);
            std::iter::once(&index.index)
                .chain(manifests)
                .all(|outcome| matches!(outcome, ManifestOutcome::NoSignatures(_)))
        }
        _ => false,
    }
}

fn words(image: &str, path: &str, why: &VerificationError, kind: Kind) -> Failure {
    let noun = kind.noun();
    let registry = match why {
        VerificationError::Registry(_) => {
            let why = Failure::unverified(why.clone(), kind);
            format!("the registry did not answer ({})", why.words())
        }
        _ => "the registry has none that counts".to_owned(),
    };
    // As a failure: the image's name may be anything.
    Failure::other(format!(
        "{image}: the {noun} is from the store {path}; {registry}"
    ))
}
