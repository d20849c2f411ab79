//! A registry in memory that counts what it is asked and misbehaves on demand.

use cosignet::imports::{
    BlobPush, BlobRequest, ManifestDeletion, ManifestPush, ManifestRequest, ReferrersRequest,
    Registry, RegistryError, RegistryPush, ServedManifest, TagRequest,
};
use cosignet::oci::Descriptor;

use super::Store;

/// One call of an import, and how many requests it held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Resolve(usize),
    FetchManifests(usize),
    FetchBlobs(usize),
    ListReferrers(usize),
    PushBlobs(usize),
    PushManifests(usize),
    DeleteManifests(usize),
}

type Twist<Q, A> = Box<dyn FnMut(&Q, Result<A, RegistryError>) -> Result<A, RegistryError>>;

/// What others do to the store before a request is served.
pub type Meanwhile = Box<dyn FnMut(&mut Store, usize)>;

/// The registry. What it is told to do wrong it does on top of its honest answer.
#[derive(Default)]
pub struct MemoryRegistry {
    pub store: Store,
    /// Every call since the start.
    pub calls: Vec<Call>,
    /// The pauses that reads of manifests asked for.
    pub pauses: Vec<u32>,
    /// The requests for blobs.
    pub blob_requests: Vec<BlobRequest>,
    /// The call at this place (from 0) fails in all its requests; nothing is done.
    pub failing: Option<(usize, RegistryError)>,
    /// The call at this place is done, but reported as failed.
    pub done_but_failing: Option<(usize, RegistryError)>,
    /// Every call at this place or later fails.
    pub dead_from: Option<(usize, RegistryError)>,
    /// So many answers are missing from the end of every call.
    pub short: usize,
    /// Whether it keeps lists of referrers; so many referrers to a page.
    pub referrers: Option<usize>,
    /// Whether manifests can be deleted.
    pub deletes: bool,
    pub twist_resolve: Option<Twist<TagRequest, Descriptor>>,
    pub twist_manifest: Option<Twist<ManifestRequest, ServedManifest>>,
    pub twist_blob: Option<Twist<BlobRequest, Vec<u8>>>,
    /// Called with the store before each call, with the call's place: another signer at work.
    pub meanwhile: Option<Meanwhile>,
}

impl MemoryRegistry {
    /// A registry with these contents that does everything right.
    pub fn honest(store: Store) -> Self {
        Self {
            store,
            ..Self::default()
        }
    }

    /// Forgets the calls so far.
    pub fn forget(&mut self) {
        self.calls.clear();
        self.pauses.clear();
        self.blob_requests.clear();
    }

    fn serve<Q, A>(
        &mut self,
        call: Call,
        requests: Vec<Q>,
        mut answer: impl FnMut(&mut Self, Q) -> Result<A, RegistryError>,
    ) -> Vec<Result<A, RegistryError>> {
        let place = self.calls.len();
        self.calls.push(call);
        if let Some(mut meanwhile) = self.meanwhile.take() {
            meanwhile(&mut self.store, place);
            self.meanwhile = Some(meanwhile);
        }
        let refuse = |(at, error): &(usize, RegistryError)| (*at == place).then(|| error.clone());
        let dead = |(from, error): &(usize, RegistryError)| (*from <= place).then(|| error.clone());
        let refused = self.failing.as_ref().and_then(refuse);
        let refused = refused.or_else(|| self.dead_from.as_ref().and_then(dead));
        let reported = self.done_but_failing.as_ref().and_then(refuse);
        let kept = requests.len().saturating_sub(self.short);
        requests
            .into_iter()
            .take(kept)
            .map(|request| match &refused {
                Some(error) => Err(error.clone()),
                None => {
                    let answer = answer(self, request);
                    reported.clone().map_or(answer, Err)
                }
            })
            .collect()
    }
}

impl Registry for MemoryRegistry {
    fn resolve(&mut self, requests: &[TagRequest]) -> Vec<Result<Descriptor, RegistryError>> {
        let call = Call::Resolve(requests.len());
        self.serve(call, requests.to_vec(), |this, request| {
            let answer = this.store.resolve(&request.repository, &request.tag);
            match &mut this.twist_resolve {
                Some(twist) => twist(&request, answer),
                None => answer,
            }
        })
    }

    fn fetch_manifests(
        &mut self,
        requests: &[ManifestRequest],
    ) -> Vec<Result<ServedManifest, RegistryError>> {
        let call = Call::FetchManifests(requests.len());
        self.serve(call, requests.to_vec(), |this, request| {
            this.pauses.push(request.after_ms);
            let answer = this.store.manifest(&request.repository, &request.reference);
            match &mut this.twist_manifest {
                Some(twist) => twist(&request, answer),
                None => answer,
            }
        })
    }

    fn fetch_blobs(&mut self, requests: &[BlobRequest]) -> Vec<Result<Vec<u8>, RegistryError>> {
        let call = Call::FetchBlobs(requests.len());
        self.serve(call, requests.to_vec(), |this, request| {
            this.blob_requests.push(request.clone());
            let answer = this.store.blob(&request.repository, &request.digest);
            match &mut this.twist_blob {
                Some(twist) => twist(&request, answer),
                None => answer,
            }
        })
    }

    fn list_referrers(
        &mut self,
        requests: &[ReferrersRequest],
    ) -> Vec<Result<Vec<ServedManifest>, RegistryError>> {
        let call = Call::ListReferrers(requests.len());
        self.serve(call, requests.to_vec(), |this, request| {
            let Some(size) = this.referrers else {
                return Err(RegistryError::Unsupported("404".into()));
            };
            let index = this.store.referrers(&request.repository, &request.digest);
            Ok(pages(&index, size))
        })
    }
}

/// Cuts a list into pages.
fn pages(index: &str, size: usize) -> Vec<ServedManifest> {
    let index: serde_json::Value = serde_json::from_str(index).unwrap();
    let all = index["manifests"].as_array().unwrap();
    let page = |entries: &[serde_json::Value]| {
        let mut page = index.clone();
        page["manifests"] = entries.into();
        ServedManifest {
            media_type: cosignet::oci::media_type::OCI_INDEX.into(),
            content: page.to_string().into_bytes(),
        }
    };
    match all.is_empty() {
        true => vec![page(&[])],
        false => all.chunks(size).map(page).collect(),
    }
}

impl RegistryPush for MemoryRegistry {
    fn push_blobs(&mut self, blobs: Vec<BlobPush>) -> Vec<Result<(), RegistryError>> {
        let call = Call::PushBlobs(blobs.len());
        self.serve(call, blobs, |this, push| this.store.push_blob(push))
    }

    fn push_manifests(&mut self, manifests: Vec<ManifestPush>) -> Vec<Result<(), RegistryError>> {
        let call = Call::PushManifests(manifests.len());
        self.serve(call, manifests, |this, push| this.store.push_manifest(push))
    }

    fn delete_manifests(
        &mut self,
        manifests: &[ManifestDeletion],
    ) -> Vec<Result<(), RegistryError>> {
        let call = Call::DeleteManifests(manifests.len());
        let deletes = self.deletes;
        self.serve(call, manifests.to_vec(), |this, gone| match deletes {
            true => this.store.delete_manifest(&gone.repository, &gone.digest),
            false => Err(RegistryError::Unsupported("405".into())),
        })
    }
}

/// Every way in which a registry can fail.
pub fn registry_errors() -> [RegistryError; 7] {
    let why = || "by the test".to_owned();
    [
        RegistryError::NotFound(why()),
        RegistryError::Denied(why()),
        RegistryError::Unavailable(why()),
        RegistryError::TooLarge(why()),
        RegistryError::Invalid(why()),
        RegistryError::Unsupported(why()),
        RegistryError::Other(why()),
    ]
}
