//! A transparency log in the process, on a port of the loopback interface, for demonstrations and
//! tests.
//!
//! It is a real one: an append-only Merkle tree ([RFC 6962]), a signed timestamp for each entry
//! over its canonical JSON ([RFC 8785]), proofs of inclusion and of consistency, signed checkpoints
//! ([C2SP `tlog-checkpoint`]), in memory or in a [folder](Options::folder). It speaks the HTTP API
//! of Rekor v1, as far as cosign 2 and 3 use it with keys, and takes what Rekor takes: entries of
//! kind `hashedrekord` 0.0.1 and `dsse` 0.0.1 whose signatures verify. What logs do wrong, it does
//! when told to: see [`Fault`].
//!
//! **It is neither meant nor hardened for production.** Whoever reaches the port may write to it, it
//! has one shard and no witnesses, nobody watches it, and its key lies beside it.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use cosignet_host::embedded::log::{Action, EmbeddedLog, Endpoint, Fault, Options};
//!
//! let log = EmbeddedLog::start(Options::default()).await?;
//! std::fs::write("rekor.pub", log.public_key_pem())?;
//! // … cosign sign --rekor-url …, with `log.url()` …
//! for entry in log.entries() {
//!     println!("{} {}", entry.index, entry.uuid);
//! }
//! log.inject(Fault::new(Action::flip_timestamp()).endpoint(Endpoint::Entries));
//! // … whoever signs now has to notice …
//! log.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # What differs from Rekor
//!
//! - Certificates, the other kinds of entries and the other formats of keys are refused.
//! - An entry is in the tree when it is answered; Rekor waits for its sequencer.
//! - A `dsse` entry is found by its public key too, and not by the materials of its provenance.
//! - The names of JSON members count in their own case alone.
//!
//! How a request flows: the server of all embedded servers accepts it, a fault may stand in its
//! way, `api` reads it, `proposal` checks what is to be logged, `store` holds it in `tree` and keeps
//! it in `file`, `identity` signs, and `answer` writes.
//!
//! [RFC 6962]: https://www.rfc-editor.org/rfc/rfc6962
//! [RFC 8785]: https://www.rfc-editor.org/rfc/rfc8785
//! [C2SP `tlog-checkpoint`]: https://c2sp.org/tlog-checkpoint

use std::{fmt, fs, io, net::SocketAddr};

use bytes::Bytes;
use cosignet::log::LogId;

mod answer;
mod api;
mod clock;
mod error;
mod fault;
mod file;
mod identity;
mod key;
mod options;
mod proposal;
mod route;
mod store;
mod tree;

use self::{
    api::{Api, Limits, Log},
    file::{EntryFile, Loaded},
    identity::{Identity, is_hostname},
    key::{LogKey, no_randomness},
    store::Store,
};
pub use self::{
    clock::Clock, file::DroppedRecord, key::PrivateKeyPem, options::Options, route::Endpoint,
};
use super::serve::Server;
pub use super::{RequestRecord, fault::Hits};

/// What a log, or the way to it, does wrong, and to which requests.
pub type Fault = super::fault::Fault<Endpoint>;
/// What a [`Fault`] does.
pub type Action = super::fault::Action<Endpoint>;
/// A request as faults see it.
pub type RequestHead = super::fault::RequestHead<Endpoint>;
/// An asynchronous callback, made by [`Action::hold`](super::fault::Action::hold).
pub type Hook = super::fault::Hook<Endpoint>;

/// A running log. Dropping it stops it in the background.
pub struct EmbeddedLog {
    server: Server<Api>,
    dropped: Option<DroppedRecord>,
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The number of the tree in 16 hexadecimal digits, and the hash of the leaf in 64.
    pub uuid: String,
    /// Its place, counted from 0.
    pub index: u64,
    /// When it was taken, in seconds since 1970.
    pub integrated_time: u64,
    /// What is logged: the leaf, JSON in its canonical form.
    pub body: Bytes,
}

impl EmbeddedLog {
    /// Starts a log on a free port of 127.0.0.1, in the current tokio runtime, with the entries that
    /// are in its [folder](Options::folder).
    ///
    /// # Errors
    /// When no port can be had; `InvalidInput` for options that no log can have; `InvalidData` for
    /// a folder with the entries of another log, or with a record that is not whole before the
    /// last; `WouldBlock` while another log has the folder; those of the disk.
    pub async fn start(options: Options) -> io::Result<Self> {
        let opened = tokio::task::spawn_blocking(move || open(options)).await;
        let (api, dropped) = opened.map_err(io::Error::other)??;
        Ok(Self {
            server: Server::start(api).await?,
            dropped,
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.server.address()
    }

    /// What `--rekor-url` wants: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr())
    }

    /// The log's public key, a `PUBLIC KEY` file.
    pub fn public_key_pem(&self) -> String {
        self.log().identity.public_key_pem()
    }

    /// The log's id: SHA-256 of the SubjectPublicKeyInfo of its key.
    pub fn log_id(&self) -> LogId {
        self.log().identity.log_id()
    }

    /// The number of the tree.
    pub fn tree_id(&self) -> u64 {
        self.log().identity.tree_id()
    }

    /// The first line of the log's checkpoints.
    pub fn origin(&self) -> String {
        self.log().identity.origin()
    }

    /// A checkpoint of the tree as it is now.
    pub fn checkpoint(&self) -> String {
        let head = self.log().store.head();
        self.log().identity.checkpoint(head.size, &head.root)
    }

    /// The entries, in their order.
    pub fn entries(&self) -> Vec<Entry> {
        let leaves = self.log().store.leaves().into_iter();
        leaves
            .map(|leaf| Entry {
                uuid: self.log().identity.uuid(&leaf.hash),
                index: leaf.index as u64,
                integrated_time: leaf.integrated_time,
                body: leaf.body,
            })
            .collect()
    }

    /// The end of the folder's entries, if they were being written when the log that had them
    /// ended: it was dropped at the start. Say so to whoever runs the log.
    pub fn dropped_record(&self) -> Option<DroppedRecord> {
        self.dropped
    }

    /// The requests answered so far, the latest 16384 of them, in the order of their answers. A
    /// client that has its answer finds its request here.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.server.journal().records()
    }

    /// Like [`requests`](Self::requests), and starts counting anew.
    pub fn take_requests(&self) -> Vec<RequestRecord> {
        self.server.journal().take()
    }

    /// Puts a fault into force, after those already there. For tests and demonstrations.
    pub fn inject(&self, fault: Fault) -> Hits {
        self.server.faults().inject(fault)
    }

    /// Ends all faults. Requests that are held stay held by their hooks.
    pub fn clear_faults(&self) {
        self.server.faults().clear();
    }

    /// Stops listening, gives requests under way a second to finish, and ends. The folder is free
    /// for another log then, with every entry in it that was acknowledged.
    pub async fn shutdown(self) {
        let api = self.server.site().clone();
        self.server.shutdown().await;
        api.log.store.close();
    }

    fn log(&self) -> &Log {
        &self.server.site().log
    }
}

impl fmt::Debug for EmbeddedLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedLog")
            .field("address", &self.addr())
            .field("origin", &self.origin())
            .finish_non_exhaustive()
    }
}

fn open(options: Options) -> io::Result<(Api, Option<DroppedRecord>)> {
    let Options {
        hostname,
        tree_id,
        key,
        folder,
        clock,
        cors,
        max_entries,
        max_body_size,
        max_body_time,
    } = options;
    let unusable = |problem: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
    if !is_hostname(&hostname) {
        return unusable("the log's hostname is empty, or has a blank or a plus in it");
    }
    if tree_id.is_some_and(|id| !TREE_IDS.contains(&id)) {
        return unusable("the log's tree id is not from 1 to 2⁶³ − 1");
    }
    if let Some(folder) = &folder {
        fs::create_dir_all(folder)?;
    }
    let key = match (key, &folder) {
        (Some(pem), _) => LogKey::from_pem(&pem.0)?,
        (None, Some(folder)) => LogKey::load_or_create(&folder.join(KEY_FILE))?,
        (None, None) => LogKey::generate()?,
    };
    let random = getrandom::u64().map_err(no_randomness)? & TREE_IDS.end();
    let new_tree_id = random.max(*TREE_IDS.start());
    let (tree_id, kept, dropped) = match folder {
        None => (tree_id.unwrap_or(new_tree_id), None, None),
        Some(folder) => {
            let Loaded {
                file,
                tree_id,
                records,
                dropped,
            } = EntryFile::open(
                &folder.join(ENTRIES_FILE),
                key.id(),
                tree_id,
                new_tree_id,
                max_entries,
            )?;
            (tree_id, Some((file, records)), dropped)
        }
    };
    let log = Log {
        identity: Identity::new(hostname, tree_id, key),
        store: Store::new(clock, max_entries, kept),
    };
    let limits = Limits {
        entries: max_entries,
        body_size: max_body_size,
        body_time: max_body_time,
    };
    Ok((Api::new(log, limits, cors), dropped))
}

const KEY_FILE: &str = "log.key";
const ENTRIES_FILE: &str = "entries.jsonl";
/// What Trillian, which Rekor stands on, numbers its trees with.
const TREE_IDS: std::ops::RangeInclusive<u64> = 1..=(1 << 63) - 1;
