//! Several signers at one registry, in an order that a seed decides.
//!
//! Each signer runs in a thread of its own and stops in every call of an import; a scheduler
//! decides which one goes on. So a run is a function of its seed, and no time passes.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use cosignet::imports::{
    BlobPush, BlobRequest, ManifestDeletion, ManifestPush, ManifestRequest, ReferrersRequest,
    Registry, RegistryError, RegistryPush, ServedManifest, TagRequest,
};
use cosignet::oci::Descriptor;

use super::Store;

/// How the scheduler decides.
#[derive(Clone, Copy, Debug)]
pub enum Model {
    /// Any signer may be next, however long the others have waited; pauses mean nothing.
    Adversarial,
    /// Each request takes a time in this range of virtual microseconds, and does what it does at
    /// some moment in it. Pauses are slept as `wit/registry.wit` says. Signers start within
    /// `spread` of each other.
    Timed { least: u64, most: u64, spread: u64 },
}

/// What one signer does.
pub type Task<'a, T> = Box<dyn FnOnce(&mut SimulatedHost) -> T + Send + 'a>;

/// Lets every signer do its work at one registry, and returns the registry and when each ended,
/// in virtual microseconds.
pub fn simulate<T: Send>(
    seed: u64,
    model: Model,
    store: Store,
    signers: Vec<Task<'_, T>>,
) -> (Store, Vec<(T, u64)>) {
    thread::scope(|scope| {
        let (ask, asked) = channel();
        let mut answers = Vec::new();
        let mut threads = Vec::new();
        for (signer, work) in signers.into_iter().enumerate() {
            let (answer, answered) = channel();
            answers.push(answer);
            let ask = ask.clone();
            threads.push(scope.spawn(move || {
                let mut host = SimulatedHost {
                    signer,
                    ask,
                    answered,
                };
                let result = work(&mut host);
                // The scheduler waits for every signer that has not said that it is done.
                let _ = host.ask.send((signer, None));
                result
            }));
        }
        drop(ask);
        let scheduler = Scheduler {
            random: Dice(seed),
            model,
            store,
            asked,
            answers,
        };
        let (store, ends) = scheduler.run();
        let results = threads.into_iter().map(|thread| thread.join().unwrap());
        (store, results.zip(ends).collect())
    })
}

/// Numbers from a seed (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    /// A number below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }
}

/// One request of a call.
enum Request {
    Resolve(TagRequest),
    FetchManifest(ManifestRequest),
    FetchBlob(BlobRequest),
    PushBlob(BlobPush),
    PushManifest(ManifestPush),
}

/// Its answer.
#[derive(Debug)]
enum Answer {
    Resolved(Result<Descriptor, RegistryError>),
    Manifest(Result<ServedManifest, RegistryError>),
    Blob(Result<Vec<u8>, RegistryError>),
    Pushed(Result<(), RegistryError>),
}

type Asked = (usize, Option<Vec<Request>>);

struct Scheduler {
    random: Dice,
    model: Model,
    store: Store,
    asked: Receiver<Asked>,
    answers: Vec<Sender<Vec<Answer>>>,
}

/// A call that is under way.
struct Call {
    requests: Vec<Option<Request>>,
    answers: Vec<Option<Answer>>,
}

impl Scheduler {
    fn run(mut self) -> (Store, Vec<u64>) {
        match self.model {
            Model::Adversarial => self.run_adversarial(),
            Model::Timed {
                least,
                most,
                spread,
            } => self.run_timed(least, most, spread),
        }
    }

    fn run_adversarial(&mut self) -> (Store, Vec<u64>) {
        let count = self.answers.len();
        let mut waiting = BTreeMap::new();
        for _ in 0..count {
            let (signer, requests) = self.asked.recv().unwrap();
            waiting.extend(requests.map(|requests| (signer, requests)));
        }
        while !waiting.is_empty() {
            let place = self.random.below(waiting.len() as u64) as usize;
            let signer = *waiting.keys().nth(place).unwrap();
            let requests = waiting.remove(&signer).unwrap();
            let answers = requests
                .into_iter()
                .map(|request| serve(&mut self.store, request))
                .collect();
            self.answers[signer].send(answers).unwrap();
            let (signer, requests) = self.asked.recv().unwrap();
            waiting.extend(requests.map(|requests| (signer, requests)));
        }
        (std::mem::take(&mut self.store), vec![0; count])
    }

    fn run_timed(&mut self, least: u64, most: u64, spread: u64) -> (Store, Vec<u64>) {
        let count = self.answers.len();
        let mut ends = vec![0; count];
        let mut slowest = vec![0; count];
        // What happens when: a request of a signer takes effect, or (`None`) its call returns.
        let mut events = BinaryHeap::<Reverse<(u64, usize, Option<usize>)>>::new();
        let mut calls: BTreeMap<usize, Call> = BTreeMap::new();
        let mut first: Vec<_> = (0..count).map(|_| self.asked.recv().unwrap()).collect();
        first.sort_by_key(|(signer, _)| *signer);
        let starts: Vec<u64> = (0..count).map(|_| self.random.below(spread + 1)).collect();
        let mut arrivals: Vec<(u64, Asked)> = starts.into_iter().zip(first).collect();
        loop {
            for (now, (signer, requests)) in arrivals.drain(..) {
                ends[signer] = now;
                let Some(requests) = requests else { continue };
                let mut end = now;
                for (place, request) in requests.iter().enumerate() {
                    let pause = match request {
                        Request::FetchManifest(request) if request.after_ms > 0 => {
                            (u64::from(request.after_ms) * 1000).max(4 * slowest[signer])
                        }
                        _ => 0,
                    };
                    let takes = least + self.random.below(most - least + 1);
                    slowest[signer] = slowest[signer].max(takes);
                    let effect = now + pause + self.random.below(takes + 1);
                    events.push(Reverse((effect, signer, Some(place))));
                    end = end.max(now + pause + takes);
                }
                events.push(Reverse((end, signer, None)));
                let answers = requests.iter().map(|_| None).collect();
                let requests = requests.into_iter().map(Some).collect();
                calls.insert(signer, Call { requests, answers });
            }
            let Some(Reverse((now, signer, place))) = events.pop() else {
                return (std::mem::take(&mut self.store), ends);
            };
            let call = calls.get_mut(&signer).unwrap();
            match place {
                // At one moment `None` comes first: put it off until everything is answered.
                None if call.answers.iter().any(Option::is_none) => {
                    events.push(Reverse((now + 1, signer, None)));
                }
                None => {
                    let call = calls.remove(&signer).unwrap();
                    let answers = call.answers.into_iter().flatten().collect();
                    self.answers[signer].send(answers).unwrap();
                    arrivals.push((now, self.asked.recv().unwrap()));
                }
                Some(place) => {
                    let request = call.requests[place].take().unwrap();
                    call.answers[place] = Some(serve(&mut self.store, request));
                }
            }
        }
    }
}

fn serve(store: &mut Store, request: Request) -> Answer {
    match request {
        Request::Resolve(tag) => Answer::Resolved(store.resolve(&tag.repository, &tag.tag)),
        Request::FetchManifest(wanted) => {
            Answer::Manifest(store.manifest(&wanted.repository, &wanted.reference))
        }
        Request::FetchBlob(wanted) => Answer::Blob(store.blob(&wanted.repository, &wanted.digest)),
        Request::PushBlob(blob) => Answer::Pushed(store.push_blob(blob)),
        Request::PushManifest(manifest) => Answer::Pushed(store.push_manifest(manifest)),
    }
}

/// What a simulated signer has for a host.
pub struct SimulatedHost {
    signer: usize,
    ask: Sender<Asked>,
    answered: Receiver<Vec<Answer>>,
}

impl SimulatedHost {
    fn call<A>(
        &mut self,
        requests: Vec<Request>,
        read: impl Fn(Answer) -> Option<Result<A, RegistryError>>,
    ) -> Vec<Result<A, RegistryError>> {
        self.ask.send((self.signer, Some(requests))).unwrap();
        let answers = self.answered.recv().unwrap();
        answers
            .into_iter()
            .map(|answer| read(answer).unwrap())
            .collect()
    }

    fn push(&mut self, requests: Vec<Request>) -> Vec<Result<(), RegistryError>> {
        self.call(requests, |answer| match answer {
            Answer::Pushed(answer) => Some(answer),
            _ => None,
        })
    }
}

impl Registry for SimulatedHost {
    fn resolve(&mut self, requests: &[TagRequest]) -> Vec<Result<Descriptor, RegistryError>> {
        let requests = requests.iter().cloned().map(Request::Resolve).collect();
        self.call(requests, |answer| match answer {
            Answer::Resolved(answer) => Some(answer),
            _ => None,
        })
    }

    fn fetch_manifests(
        &mut self,
        requests: &[ManifestRequest],
    ) -> Vec<Result<ServedManifest, RegistryError>> {
        let requests = requests
            .iter()
            .cloned()
            .map(Request::FetchManifest)
            .collect();
        self.call(requests, |answer| match answer {
            Answer::Manifest(answer) => Some(answer),
            _ => None,
        })
    }

    fn fetch_blobs(&mut self, requests: &[BlobRequest]) -> Vec<Result<Vec<u8>, RegistryError>> {
        let requests = requests.iter().cloned().map(Request::FetchBlob).collect();
        self.call(requests, |answer| match answer {
            Answer::Blob(answer) => Some(answer),
            _ => None,
        })
    }

    fn list_referrers(
        &mut self,
        requests: &[ReferrersRequest],
    ) -> Vec<Result<Vec<ServedManifest>, RegistryError>> {
        let none = |_| Err(RegistryError::Unsupported("it is not simulated".into()));
        requests.iter().map(none).collect()
    }
}

impl RegistryPush for SimulatedHost {
    fn push_blobs(&mut self, blobs: Vec<BlobPush>) -> Vec<Result<(), RegistryError>> {
        self.push(blobs.into_iter().map(Request::PushBlob).collect())
    }

    fn push_manifests(&mut self, manifests: Vec<ManifestPush>) -> Vec<Result<(), RegistryError>> {
        self.push(manifests.into_iter().map(Request::PushManifest).collect())
    }

    fn delete_manifests(
        &mut self,
        manifests: &[ManifestDeletion],
    ) -> Vec<Result<(), RegistryError>> {
        let none = |_| Err(RegistryError::Unsupported("it is not simulated".into()));
        manifests.iter().map(none).collect()
    }
}
