//! The log behind HTTP: which request gets which answer.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::{
    Method, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderValue},
    http::request::Parts,
};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::{
    super::{
        cors::Cors,
        response::{Reply, Response},
        serve::{MAX_TARGET_SIZE, Site, is_target_too_long},
    },
    answer,
    error::ApiError,
    identity::Identity,
    proposal::{Proposal, Refusal, canonical_pem, key_of_hash, key_of_pem},
    route::{Endpoint, number, uuid_in, value},
    store::{AppendError, Proven, Store},
    tree::Hash,
};

/// The log and the settings that every request meets.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) log: Arc<Log>,
    limits: Limits,
    cors: Option<Cors>,
    /// As many bodies are read and looked at at once.
    bodies: Arc<Semaphore>,
}

/// Who the log is, and what it holds.
pub(super) struct Log {
    pub(super) identity: Identity,
    pub(super) store: Store,
}

#[derive(Clone)]
pub(super) struct Limits {
    pub(super) entries: usize,
    pub(super) body_size: usize,
    pub(super) body_time: Duration,
}

impl Site for Api {
    type Endpoint = Endpoint;

    fn endpoint(path: &str) -> Option<Endpoint> {
        Endpoint::of(path)
    }

    async fn answer(&self, request: &Parts, body: &mut Incoming) -> Response {
        let answer = self.dispatch(request, body).await;
        answer.unwrap_or_else(ApiError::into_response)
    }

    fn cors(&self) -> Option<Cors> {
        self.cors
    }
}

impl Api {
    pub(super) fn new(log: Log, limits: Limits, cors: bool) -> Self {
        Self {
            log: Arc::new(log),
            limits,
            cors: cors.then_some(CORS),
            bodies: Arc::new(Semaphore::new(MAX_BODIES)),
        }
    }

    async fn dispatch(&self, request: &Parts, body: &mut Incoming) -> Result<Response, ApiError> {
        if is_target_too_long(request) {
            return Err(ApiError::TargetTooLong {
                limit: MAX_TARGET_SIZE,
            });
        }
        let (path, query) = (request.uri.path(), request.uri.query().unwrap_or_default());
        let endpoint = Endpoint::of(path).ok_or_else(|| ApiError::UnknownEndpoint {
            path: path.to_owned(),
        })?;
        let log = &self.log;
        match (endpoint, &request.method) {
            (Endpoint::Log, &Method::GET) => Ok(log.info()),
            (Endpoint::PublicKey, &Method::GET) => log.public_key(query),
            (Endpoint::Proof, &Method::GET) => log.consistency(query),
            (Endpoint::Entries, &Method::GET) => log.by_index(query),
            (Endpoint::Entry, &Method::GET) => log.by_uuid(uuid_in(path).unwrap_or_default()),
            (Endpoint::Entries, &Method::POST) => {
                let limit = self.limits.entries;
                self.with_body(body, move |log, body| log.create(body, limit))
                    .await
            }
            (Endpoint::Retrieve, &Method::POST) => self.with_body(body, Log::retrieve).await,
            (Endpoint::Index, &Method::POST) => self.with_body(body, Log::search).await,
            (endpoint, found) => Err(ApiError::MethodNotAllowed {
                found: found.clone(),
                allowed: match endpoint {
                    Endpoint::Entries => "GET,POST",
                    Endpoint::Retrieve | Endpoint::Index => "POST",
                    _ => "GET",
                },
            }),
        }
    }

    /// Reads a body and answers it: on a thread that may wait, since signatures are verified, and
    /// entries written, meanwhile. What has begun there ends, even if the client goes.
    async fn with_body<F>(&self, body: &mut Incoming, answer: F) -> Result<Response, ApiError>
    where
        F: FnOnce(&Log, &[u8]) -> Result<Response, ApiError> + Send + 'static,
    {
        let Limits {
            body_size,
            body_time,
            ..
        } = self.limits;
        let read = async {
            // It is never closed.
            let turn = Arc::clone(&self.bodies).acquire_owned().await;
            let turn = turn.map_err(|_| ApiError::Ending)?;
            Ok::<_, ApiError>((turn, read(body, body_size).await?))
        };
        let (turn, body) = tokio::time::timeout(body_time, read)
            .await
            .map_err(|_| ApiError::TooSlow { limit: body_time })??;
        let log = Arc::clone(&self.log);
        let answered = tokio::task::spawn_blocking(move || {
            let answer = answer(&log, &body);
            drop(turn);
            answer
        });
        // It ends by a panic of its own, or with the runtime.
        answered.await.map_err(|_| ApiError::Ending)?
    }
}

async fn read(body: &mut Incoming, limit: usize) -> Result<Bytes, ApiError> {
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ApiError::TooLarge { limit }),
        Err(_) => Err(ApiError::BodyAborted),
    }
}

impl Log {
    fn info(&self) -> Response {
        answer::ok(&answer::log_info(&self.identity, &self.store.head()))
    }

    fn public_key(&self, query: &str) -> Result<Response, ApiError> {
        self.check_tree(query)?;
        let media_type = HeaderValue::from_static("application/x-pem-file");
        Ok(Reply::new(StatusCode::OK)
            .header(CONTENT_TYPE, media_type)
            .body(self.identity.public_key_pem()))
    }

    fn consistency(&self, query: &str) -> Result<Response, ApiError> {
        let first = number(query, "firstSize", 1)?.unwrap_or(1);
        let last = number(query, "lastSize", 1)?;
        let last = last.ok_or(ApiError::Missing { name: "lastSize" })?;
        self.check_tree(query)?;
        if first > last {
            return Err(ApiError::SizesReversed { first, last });
        }
        let (hashes, head) = self.store.consistency(first, last);
        let hashes = hashes.ok_or(ApiError::SizeUnknown {
            requested: last,
            size: head.size,
        })?;
        Ok(answer::ok(&answer::consistency(&hashes, &head)))
    }

    fn by_index(&self, query: &str) -> Result<Response, ApiError> {
        let index = number(query, "logIndex", 0)?;
        let index = index.ok_or(ApiError::Missing { name: "logIndex" })?;
        let proven = self.store.by_index(index).ok_or(ApiError::NotFound)?;
        Ok(answer::ok(&answer::entry(&self.identity, &proven)))
    }

    fn by_uuid(&self, uuid: &str) -> Result<Response, ApiError> {
        let uuid = Uuid::parse(uuid).ok_or(ApiError::Pattern {
            name: "entryUUID",
            place: "path",
            pattern: UUID,
        })?;
        let proven = self.find(&uuid).ok_or(ApiError::NotFound)?;
        Ok(answer::ok(&answer::entry(&self.identity, &proven)))
    }

    fn create(&self, body: &[u8], limit: usize) -> Result<Response, ApiError> {
        let proposal = Proposal::check(parse("proposedEntry", body)?)?;
        let proven = self.store.append(proposal).map_err(|error| match error {
            AppendError::Exists(hash) => ApiError::Exists {
                uuid: self.identity.uuid(&hash),
            },
            AppendError::Full => ApiError::Full { limit },
            AppendError::File(error) => ApiError::NotKept(error.to_string()),
            AppendError::Closed => ApiError::Ending,
        })?;
        Ok(answer::created(&self.identity, &proven))
    }

    /// Entries by uuid, by what was proposed, by index; those that are not there are left out.
    fn retrieve(&self, body: &[u8]) -> Result<Response, ApiError> {
        #[derive(Deserialize)]
        struct Query {
            #[serde(rename = "entryUUIDs")]
            uuids: Option<Vec<String>>,
            #[serde(rename = "logIndexes")]
            indices: Option<Vec<usize>>,
            entries: Option<Vec<Value>>,
        }
        let query: Query = parse("entry", body)?;
        let uuids = query.uuids.unwrap_or_default();
        let indices = query.indices.unwrap_or_default();
        let entries = query.entries.unwrap_or_default();
        if uuids.len() + indices.len() + entries.len() > MAX_QUERIES {
            return Err(ApiError::TooManyQueries { limit: MAX_QUERIES });
        }
        let mut found = Vec::new();
        for uuid in uuids {
            let uuid = Uuid::parse(&uuid).ok_or(ApiError::Pattern {
                name: "entryUUIDs",
                place: "body",
                pattern: UUID,
            })?;
            found.extend(self.find(&uuid));
        }
        for entry in entries {
            match Proposal::check(entry) {
                Ok(proposal) => {
                    let hash = cosignet::log::leaf_hash(proposal.body.as_bytes());
                    found.extend(self.store.by_hash(&hash));
                }
                // cosign asks for an `intoto` beside each `dsse`. There is none here.
                Err(Refusal::Unsupported { .. }) => {}
                Err(refusal) => return Err(refusal.into()),
            }
        }
        found.extend(indices.into_iter().filter_map(|i| self.store.by_index(i)));
        let found: Vec<_> = found
            .iter()
            .map(|proven| answer::entry(&self.identity, proven))
            .collect();
        Ok(answer::ok(&found))
    }

    /// Uuids by hash or public key, or by both at once if the operator says so.
    fn search(&self, body: &[u8]) -> Result<Response, ApiError> {
        #[derive(Deserialize)]
        struct Query {
            hash: Option<String>,
            #[serde(rename = "publicKey")]
            public_key: Option<PublicKey>,
            operator: Option<Operator>,
        }
        #[derive(Deserialize)]
        struct PublicKey {
            format: String,
            content: String,
        }
        #[derive(Deserialize, PartialEq)]
        #[serde(rename_all = "lowercase")]
        enum Operator {
            And,
            Or,
        }
        let query: Query = parse("query", body)?;
        let mut keys = Vec::new();
        if let Some(hash) = query.hash.filter(|hash| !hash.is_empty()) {
            let key = prefixed(&hash);
            keys.push(key.ok_or(ApiError::Pattern {
                name: "hash",
                place: "body",
                pattern: HASH,
            })?);
        }
        if let Some(key) = query.public_key {
            if key.format != "x509" {
                return Err(ApiError::OtherKeyFormat);
            }
            let pem = STANDARD.decode(key.content).ok();
            let pem = pem.and_then(|pem| canonical_pem(&pem).ok());
            keys.push(key_of_pem(&pem.ok_or(ApiError::MalformedKey)?));
        }
        let found = keys
            .iter()
            .map(|key| BTreeSet::from_iter(self.store.by_key(key)));
        let found = found.reduce(|some, more| match query.operator {
            Some(Operator::And) => &some & &more,
            _ => &some | &more,
        });
        let indices = Vec::from_iter(found.unwrap_or_default());
        let hashes = self.store.hashes(&indices);
        let uuids: Vec<_> = hashes.iter().map(|hash| self.identity.uuid(hash)).collect();
        Ok(answer::ok(&uuids))
    }

    fn find(&self, uuid: &Uuid) -> Option<Proven> {
        let here = uuid.tree.is_none_or(|tree| tree == self.identity.tree_id());
        here.then(|| self.store.by_hash(&uuid.leaf)).flatten()
    }

    fn check_tree(&self, query: &str) -> Result<(), ApiError> {
        let expected = self.identity.tree_id();
        match value(query, "treeID") {
            Some(found) if found.parse() != Ok(expected) => {
                Err(ApiError::OtherTree { found, expected })
            }
            _ => Ok(()),
        }
    }
}

/// What an entry goes by: the hash of its leaf, with or without the number of the tree before it.
struct Uuid {
    tree: Option<u64>,
    leaf: Hash,
}

impl Uuid {
    fn parse(text: &str) -> Option<Self> {
        if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let (tree, digits) = text.split_at(text.len().checked_sub(64)?);
        let tree = match tree.len() {
            0 => None,
            16 => Some(u64::from_str_radix(tree, 16).ok()?),
            _ => return None,
        };
        let mut leaf = Hash::default();
        for (place, byte) in leaf.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.get(place * 2..place * 2 + 2)?, 16).ok()?;
        }
        Some(Self { tree, leaf })
    }
}

/// A hash with its algorithm, which the number of its digits tells if it is not given.
fn prefixed(hash: &str) -> Option<String> {
    let (given, digits) = match hash.split_once(':') {
        Some((algorithm, digits)) => (Some(algorithm), digits),
        None => (None, hash),
    };
    let algorithm = match digits.len() {
        40 => "sha1",
        64 => "sha256",
        96 => "sha384",
        128 => "sha512",
        _ => return None,
    };
    let fits = given.is_none_or(|given| given == algorithm)
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then(|| key_of_hash(algorithm, digits))
}

fn parse<T: for<'de> Deserialize<'de>>(name: &'static str, body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::MalformedBody {
        name,
        reason: error.to_string(),
    })
}

const UUID: &str = "^([0-9a-fA-F]{64}|[0-9a-fA-F]{80})$";
const HASH: &str = "^(sha512:)?[0-9a-fA-F]{128}$|^(sha384:)?[0-9a-fA-F]{96}$|\
    ^(sha256:)?[0-9a-fA-F]{64}$|^(sha1:)?[0-9a-fA-F]{40}$";
const MAX_QUERIES: usize = 10;
const MAX_BODIES: usize = 16;

const CORS: Cors = Cors {
    methods: "GET, POST, OPTIONS",
    request_headers: "Accept, Content-Type",
    response_headers: "Location",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_have_a_tree_or_none() {
        let leaf = "aB".repeat(32);
        let short = Uuid::parse(&leaf).expect("a uuid");
        assert_eq!((short.tree, short.leaf), (None, [0xab; 32]));
        let long = Uuid::parse(&format!("0536842580b09c95{leaf}")).expect("a uuid");
        assert_eq!(
            (long.tree, long.leaf),
            (Some(375_632_915_539_729_557), [0xab; 32])
        );
        for bad in [
            String::new(),
            leaf[1..].to_owned(),
            format!("0{leaf}"),
            format!("+536842580b09c95{leaf}"),
            leaf.replace('a', "é"),
            leaf.replace('a', "g"),
        ] {
            assert!(Uuid::parse(&bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn hashes_are_told_by_their_length() {
        for (hash, expected) in [
            ("AB".repeat(32), Some(format!("sha256:{}", "ab".repeat(32)))),
            (
                format!("sha1:{}", "0".repeat(40)),
                Some(format!("sha1:{}", "0".repeat(40))),
            ),
            (format!("sha512:{}", "0".repeat(64)), None),
            ("x".repeat(64), None),
            ("sha256:".to_owned(), None),
        ] {
            assert_eq!(prefixed(&hash), expected, "{hash}");
        }
    }
}
