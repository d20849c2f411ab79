//! From a host's answers to things that were compared with what they came for.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use crate::imports::{
    BlobRequest, LogServiceError, ManifestRequest, ReferrersRequest, Registry, RegistryError,
    ServedManifest, TagRequest,
};
use crate::oci::{
    Descriptor, Digest, InvalidReference, MalformedManifest, Reference, Referrers, Repository,
    Selector, SignatureImage, VerifiedBytes, referrers_tag,
};

/// Takes items a step further, asking what all of them need in one call.
///
/// An item that failed asks nothing and stays failed.
pub(crate) fn side_by_side<T, E, Q, A, S: Service>(
    items: &mut [Result<T, E>],
    questions: impl Fn(&T, &mut Vec<Q>),
    ask: impl FnOnce(Vec<Q>) -> Vec<Result<A, S>>,
    mut conclude: impl FnMut(&mut T, Vec<Result<A, S>>) -> Result<(), E>,
) {
    let mut all = Vec::new();
    let mut counts = Vec::with_capacity(items.len());
    for item in items.iter().flatten() {
        let before = all.len();
        questions(item, &mut all);
        counts.push(all.len() - before);
    }
    let mut answers = Answers::to(all, ask);
    let going = items.iter_mut().filter(|item| item.is_ok());
    for (place, count) in going.zip(counts) {
        if let Ok(item) = place
            && let Err(error) = conclude(item, answers.take(count))
        {
            *place = Err(error);
        }
    }
}

/// The answers to requests, in their order. A host that answers too few requests has not answered
/// the last ones.
pub(crate) struct Answers<A, S>(vec::IntoIter<Result<A, S>>);

impl<A, S: Service> Answers<A, S> {
    /// Asks in one call, if there is anything to ask.
    pub(crate) fn to<Q>(requests: Vec<Q>, ask: impl FnOnce(Vec<Q>) -> Vec<Result<A, S>>) -> Self {
        let answers = match requests.is_empty() {
            true => Vec::new(),
            false => ask(requests),
        };
        Self(answers.into_iter())
    }

    /// The answer to the next request.
    pub(crate) fn one(&mut self) -> Result<A, S> {
        let missing = || Err(S::invalid("the host answered too few requests"));
        self.0.next().unwrap_or_else(missing)
    }

    /// The answers to the next requests.
    pub(crate) fn take(&mut self, count: usize) -> Vec<Result<A, S>> {
        (0..count).map(|_| self.one()).collect()
    }
}

/// The one answer to an item's one question.
pub(crate) fn only<A, S: Service>(mut answers: Vec<Result<A, S>>) -> Result<A, S> {
    match answers.is_empty() {
        true => Err(S::invalid("the host did not answer")),
        false => answers.swap_remove(0),
    }
}

/// How a service fails that answers in another way than it must.
pub(crate) trait Service {
    fn invalid(why: &str) -> Self;
}

impl Service for RegistryError {
    fn invalid(why: &str) -> Self {
        Self::Invalid(why.into())
    }
}

impl Service for LogServiceError {
    fn invalid(why: &str) -> Self {
        Self::Invalid(why.into())
    }
}

/// An image by its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) repository: Repository,
    pub(crate) digest: Digest,
}

/// Why a reference led to no image.
pub(crate) enum ResolveError {
    Reference(InvalidReference),
    NotFound(String),
    Registry(RegistryError),
}

/// Reads references and resolves the tags among them, each once.
pub(crate) fn resolve<R: Registry>(
    registry: &mut R,
    references: &[String],
) -> Vec<Result<Target, ResolveError>> {
    let parsed: Vec<Result<Reference, InvalidReference>> =
        references.iter().map(|text| text.parse()).collect();
    let requests = parsed.iter().flatten().filter_map(|reference| {
        let Selector::Tag(tag) = &reference.selector else {
            return None;
        };
        Some(TagRequest {
            repository: reference.repository.clone(),
            tag: tag.clone(),
        })
    });
    let mut answers = Answers::to(requests.collect(), |requests| registry.resolve(&requests));
    let target = |reference: Result<Reference, InvalidReference>| {
        let reference = reference.map_err(ResolveError::Reference)?;
        let digest = match reference.selector {
            Selector::Digest(digest) => digest,
            Selector::Tag(_) => match answers.one() {
                Ok(descriptor) => descriptor.digest,
                Err(RegistryError::NotFound(_)) => {
                    return Err(ResolveError::NotFound(reference.to_string()));
                }
                Err(error) => return Err(ResolveError::Registry(error)),
            },
        };
        Ok(Target {
            repository: reference.repository,
            digest,
        })
    };
    parsed.into_iter().map(target).collect()
}

/// Why something was not fetched.
pub(crate) enum FetchError {
    Registry(RegistryError),
    Untrusted(String),
    Limit(String),
}

/// What a tag holds, within the limit; `None` where there is no such tag.
pub(crate) fn held(
    answer: Result<ServedManifest, RegistryError>,
    max_size: u64,
) -> Result<Option<ServedManifest>, FetchError> {
    match answer {
        Ok(served) if served.content.len() as u64 > max_size => {
            Err(FetchError::Registry(RegistryError::TooLarge(format!(
                "the host handed over a manifest of {} bytes; the limit is {max_size}",
                served.content.len()
            ))))
        }
        Ok(served) => Ok(Some(served)),
        Err(RegistryError::NotFound(_)) => Ok(None),
        Err(error) => Err(FetchError::Registry(error)),
    }
}

/// Reads what the tag of signatures holds.
pub(crate) fn read_signatures(served: &ServedManifest) -> Result<SignatureImage, FetchError> {
    SignatureImage::parse(&served.media_type, &served.content).map_err(|error| match error {
        MalformedManifest::TooManySignatures(_) => FetchError::Limit(error.to_string()),
        other => FetchError::Untrusted(format!("signature image: {other}")),
    })
}

/// What refers to a manifest.
pub(crate) struct Listed {
    /// The pages of the registry's list, or the list that clients keep.
    pub(crate) pages: Vec<Referrers>,
    /// Whether the registry keeps none.
    pub(crate) is_kept_by_clients: bool,
}

/// What refers to each of these manifests, by the registry's list, or by the one that clients keep.
pub(crate) fn list_referrers<R: Registry>(
    registry: &mut R,
    subjects: &[(Repository, Digest)],
    limit: u64,
) -> Vec<Result<Listed, FetchError>> {
    let requests = subjects
        .iter()
        .map(|(repository, digest)| ReferrersRequest {
            repository: repository.clone(),
            digest: *digest,
            max_size: limit,
        });
    let mut answers = Answers::to(requests.collect(), |requests| {
        registry.list_referrers(&requests)
    });
    let listed = answers.take(subjects.len());
    let has_none = |list: &Result<_, _>| matches!(list, Err(RegistryError::Unsupported(_)));
    let without = subjects.iter().zip(&listed);
    let without = without.filter(|(_, list)| has_none(list));
    let requests = without.map(|((repository, digest), _)| ManifestRequest {
        repository: repository.clone(),
        reference: referrers_tag(digest),
        max_size: limit,
        after_ms: 0,
    });
    let mut kept = Answers::to(requests.collect(), |requests| {
        registry.fetch_manifests(&requests)
    });
    let read = |list: Result<Vec<ServedManifest>, RegistryError>| match list {
        Err(RegistryError::Unsupported(_)) => {
            let pages = match kept.one() {
                Ok(index) => read_pages(&[index], limit)?,
                Err(RegistryError::NotFound(_)) => Vec::new(),
                Err(error) => return Err(FetchError::Registry(error)),
            };
            Ok(Listed {
                pages,
                is_kept_by_clients: true,
            })
        }
        Ok(pages) => Ok(Listed {
            pages: read_pages(&pages, limit)?,
            is_kept_by_clients: false,
        }),
        Err(error) => Err(FetchError::Registry(error)),
    };
    listed.into_iter().map(read).collect()
}

fn read_pages(pages: &[ServedManifest], limit: u64) -> Result<Vec<Referrers>, FetchError> {
    let size: u64 = pages.iter().map(|page| page.content.len() as u64).sum();
    if size > limit {
        return Err(FetchError::Registry(RegistryError::TooLarge(format!(
            "the host handed over a list of {size} bytes; the limit is {limit}"
        ))));
    }
    pages.iter().map(read_list).collect()
}

/// Reads a page of a list of referrers, or a list that clients keep.
pub(crate) fn read_list(list: &ServedManifest) -> Result<Referrers, FetchError> {
    Referrers::parse(&list.media_type, &list.content)
        .map_err(|error| FetchError::Untrusted(format!("list of referrers: {error}")))
}

/// The request for a blob that a descriptor describes.
pub(crate) fn blob_request(repository: &Repository, descriptor: &Descriptor) -> BlobRequest {
    BlobRequest {
        repository: repository.clone(),
        digest: descriptor.digest,
        max_size: descriptor.size,
    }
}

/// What became of blobs that were asked for, by what was said of them: a layer that lies about
/// a size must not stand in the way of one that does not.
pub(crate) struct Blobs(Vec<((Digest, u64), Result<VerifiedBytes, BlobError>)>);

impl Blobs {
    /// None was asked for.
    pub(crate) fn none() -> Self {
        Self(Vec::new())
    }

    /// What became of a blob, if it was asked for.
    pub(crate) fn get(&self, wanted: &Descriptor) -> Option<&Result<VerifiedBytes, BlobError>> {
        let said = (wanted.digest, wanted.size);
        let found = self.0.iter().find(|(blob, _)| *blob == said);
        found.map(|(_, blob)| blob)
    }
}

/// Why a blob is not there.
#[derive(Clone)]
pub(crate) enum BlobError {
    Registry(RegistryError),
    Altered(String),
}

/// Hashes what came and compares it with what it came for.
pub(crate) fn read_blobs(
    wanted: &[Descriptor],
    answers: Vec<Result<Vec<u8>, RegistryError>>,
) -> Blobs {
    let read = |(wanted, answer): (&Descriptor, Result<_, _>)| {
        let blob = answer.map_err(BlobError::Registry).and_then(|bytes| {
            VerifiedBytes::with_descriptor(bytes, wanted)
                .map_err(|error| BlobError::Altered(error.to_string()))
        });
        ((wanted.digest, wanted.size), blob)
    };
    Blobs(wanted.iter().zip(answers).map(read).collect())
}

/// Things to fetch, so many together as may be held at a time, and at least one.
pub(crate) fn batches<T>(items: &[T], size: impl Fn(&T) -> u64) -> impl Iterator<Item = &[T]> {
    let mut rest = items;
    core::iter::from_fn(move || {
        let mut total = 0u64;
        let fits = rest.iter().take_while(|item| {
            total = total.saturating_add(size(item));
            total <= MAX_PAYLOADS_SIZE
        });
        let count = fits.count().max(1).min(rest.len());
        let (batch, others) = rest.split_at(count);
        rest = others;
        (!batch.is_empty()).then_some(batch)
    })
}

/// Images that are taken through a step together; bounds what is held in memory at a time.
pub(crate) const SIDE_BY_SIDE: usize = 32;

/// Bytes of a list of referrers; a thousand of cosign's entries come to half of it. The lists of many
/// images are held together.
pub(crate) const MAX_LIST_SIZE: u64 = 1024 * 1024;

/// The most bytes that are fetched for one reference. Who attests again keeps what was attested before:
/// some dozens of the largest attestations.
pub(crate) const MAX_FETCHED: u64 = 512 * 1024 * 1024;

/// The most bytes of payloads that are held for one image at a time: a thousand signatures of
/// cosign's come to a quarter of it.
pub(crate) const MAX_PAYLOADS_SIZE: u64 = 2 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn doubled(items: Vec<Result<u8, &'static str>>, short: usize) -> Vec<Result<u8, String>> {
        let mut items: Vec<_> = items
            .into_iter()
            .map(|item| item.map_err(String::from))
            .collect();
        side_by_side(
            &mut items,
            |&item, all| all.extend((item != 0).then_some(item)),
            |asked| {
                let kept = asked.len() - short;
                asked
                    .into_iter()
                    .take(kept)
                    .map(|item| Ok(item * 2))
                    .collect()
            },
            |item, answers| {
                if *item != 0 {
                    *item = only(answers).map_err(|error: RegistryError| error.to_string())?;
                }
                Ok(())
            },
        );
        items
    }

    #[test]
    fn gives_each_item_its_own_answer() {
        let results = doubled(vec![Ok(1), Err("no"), Ok(0), Ok(3)], 0);
        assert_eq!(results, [Ok(2), Err("no".into()), Ok(0), Ok(6)]);
    }

    #[test]
    fn an_answer_that_is_missing_is_an_error() {
        let results = doubled(vec![Ok(1), Ok(2)], 1);
        assert_eq!(results[0], Ok(2));
        assert!(results[1].is_err());
    }
}
