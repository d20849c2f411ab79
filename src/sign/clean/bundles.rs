use alloc::vec;
use alloc::vec::Vec;

use super::{Cleaning, WorkKind, deletions, drop_manifests};
use crate::bundle::{Bundle, Content};
use crate::fetch::{Answers, MAX_LIST_SIZE, Target, list_referrers};
use crate::imports::{Registry, RegistryError, RegistryPush};
use crate::key::PublicKey;
use crate::oci::{Descriptor, Digest, Referrers, referrers_tag};
use crate::payload::{IMAGE_SIGNATURE, Statement};
use crate::sign::bundles::{Read, Wanted, check, read_bundles};
use crate::sign::referrers_list::ReferrersList;
use crate::sign::signer::SigningError;
use crate::sign::tag::keep;
use crate::verify::MAX_MANIFEST_SIZE;

/// One key's bundle that refers to the image.
pub(super) struct OwnBundle {
    pub(super) kind: WorkKind,
    pub(super) manifest_digest: Digest,
}

/// Finds this key's bundles, and tells whether clients keep the list of what refers to the image.
pub(super) fn find<R: Registry>(
    registry: &mut R,
    target: &Target,
    cleaning: &Cleaning<'_>,
) -> Result<(Vec<OwnBundle>, bool), SigningError> {
    let subject = (target.repository.clone(), target.digest);
    let mut lists = list_referrers(registry, &[subject], MAX_LIST_SIZE);
    let Some(listed) = lists.pop().transpose()? else {
        return Ok((Vec::new(), false));
    };
    let mut candidates = Vec::<Descriptor>::new();
    for found in listed.pages.iter().flat_map(Referrers::candidates) {
        if found.size <= MAX_MANIFEST_SIZE && !candidates.contains(found) {
            candidates.push(found.clone());
        }
    }
    check(&candidates, &target.digest)?;
    let wanted = candidates.into_iter().map(|manifest| Wanted {
        place: 0,
        repository: target.repository.clone(),
        image: target.digest,
        manifest,
    });
    let wanted: Vec<_> = wanted.collect();
    let (mut own, mut failed) = (Vec::new(), Ok(()));
    read_bundles(registry, &wanted, |wanted, read| match read {
        Read::Bundle(bundle) => {
            let kind = kind_of(bundle, &target.digest, cleaning.public_key);
            own.extend(
                kind.filter(|kind| cleaning.is_about(*kind))
                    .map(|kind| OwnBundle {
                        kind,
                        manifest_digest: wanted.manifest.digest,
                    }),
            );
        }
        // Others' leftovers.
        Read::Unavailable(RegistryError::NotFound(_)) => {}
        Read::Unavailable(error) => failed = Err(SigningError::Registry(error)),
        Read::TooMuch(error) => failed = Err(error),
    });
    failed?;
    Ok((own, listed.is_kept_by_clients))
}

/// What this key says of the image in a bundle, if anything.
fn kind_of(bundle: &[u8], image: &Digest, key: &PublicKey) -> Option<WorkKind> {
    let Content::Dsse(envelope) = Bundle::parse(bundle).ok()?.content else {
        return None;
    };
    key.verify(&envelope.pae(), &envelope.signature).ok()?;
    let statement = Statement::parse(&envelope.payload).ok()?;
    statement.subject(image)?;
    Some(match statement.predicate_type == IMAGE_SIGNATURE {
        true => WorkKind::Signature,
        false => WorkKind::Attestation,
    })
}

/// Takes the bundles away: from the list that clients keep, or from the registry that lists them.
pub(super) fn remove<H: Registry + RegistryPush>(
    host: &mut H,
    target: &Target,
    is_kept_by_clients: bool,
    own: &[OwnBundle],
) -> Result<(), SigningError> {
    if own.is_empty() {
        return Ok(());
    }
    let gone: Vec<Digest> = own.iter().map(|own| own.manifest_digest).collect();
    if is_kept_by_clients {
        let tag = referrers_tag(&target.digest);
        let mut list = ReferrersList::new(&target.repository, target.digest, &tag, vec![], &gone);
        let kept = keep(host, vec![&mut list]).pop().transpose()?.flatten();
        let empty = kept.filter(|_| list.is_empty()).map(|(digest, _)| digest);
        drop_manifests(host, &target.repository, empty.into_iter().chain(gone));
        return Ok(());
    }
    let manifests = deletions(&target.repository, gone.iter().copied());
    let mut answers = Answers::to(manifests, |manifests| host.delete_manifests(&manifests));
    for _ in gone {
        match answers.one() {
            Ok(()) | Err(RegistryError::NotFound(_)) => {}
            Err(error) => return Err(SigningError::Registry(error)),
        }
    }
    Ok(())
}
