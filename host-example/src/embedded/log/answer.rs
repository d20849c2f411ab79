//! Answers, in the bytes that Rekor writes.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cosignet::oci::Digest;
use hyper::{
    StatusCode,
    header::{CONTENT_TYPE, ETAG, HeaderValue, LOCATION},
};
use serde::Serialize;

use super::{
    super::response::{Reply, Response},
    error::ApiError,
    identity::Identity,
    route,
    store::{Head, Proven},
    tree::Hash,
};

/// Entries by their uuids; an answer has one, a list of answers some.
pub(super) type Entries = BTreeMap<String, Entry>;

/// An entry with what proves it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    body: String,
    integrated_time: u64,
    #[serde(rename = "logID")]
    log_id: String,
    log_index: usize,
    verification: Verification,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Verification {
    inclusion_proof: InclusionProof,
    signed_entry_timestamp: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InclusionProof {
    checkpoint: String,
    hashes: Vec<String>,
    log_index: usize,
    root_hash: String,
    tree_size: usize,
}

/// The size of the tree and its checkpoint.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LogInfo {
    /// There are no other trees.
    inactive_shards: Option<()>,
    root_hash: String,
    signed_tree_head: String,
    #[serde(rename = "treeID")]
    tree_id: String,
    tree_size: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConsistencyProof {
    hashes: Vec<String>,
    /// Of the tree as it is, whatever sizes were asked for.
    root_hash: String,
}

pub(super) fn entry(identity: &Identity, proven: &Proven) -> Entries {
    let Proven { leaf, head, hashes } = proven;
    let body = STANDARD.encode(&leaf.body);
    let timestamp = identity.entry_timestamp(&body, leaf.integrated_time, leaf.index);
    let entry = Entry {
        body,
        integrated_time: leaf.integrated_time,
        log_id: identity.log_id().to_string(),
        log_index: leaf.index,
        verification: Verification {
            inclusion_proof: InclusionProof {
                checkpoint: identity.checkpoint(head.size, &head.root),
                hashes: hashes.iter().map(hex).collect(),
                log_index: leaf.index,
                root_hash: hex(&head.root),
                tree_size: head.size,
            },
            signed_entry_timestamp: STANDARD.encode(timestamp),
        },
    };
    Entries::from([(identity.uuid(&leaf.hash), entry)])
}

/// The answer to a new entry: where it is, and what it is called. The tag stands without quotes,
/// as cosign 3 reads it.
pub(super) fn created(identity: &Identity, proven: &Proven) -> Response {
    let uuid = identity.uuid(&proven.leaf.hash);
    let reply = Reply::new(StatusCode::CREATED)
        .header(LOCATION, route::location(&uuid))
        .header(ETAG, uuid);
    json(reply, &entry(identity, proven))
}

pub(super) fn log_info(identity: &Identity, head: &Head) -> LogInfo {
    LogInfo {
        inactive_shards: None,
        root_hash: hex(&head.root),
        signed_tree_head: identity.checkpoint(head.size, &head.root),
        tree_id: identity.tree_id().to_string(),
        tree_size: head.size,
    }
}

pub(super) fn consistency(hashes: &[Hash], head: &Head) -> ConsistencyProof {
    ConsistencyProof {
        hashes: hashes.iter().map(hex).collect(),
        root_hash: hex(&head.root),
    }
}

pub(super) fn ok(body: &impl Serialize) -> Response {
    json(Reply::new(StatusCode::OK), body)
}

/// Go's encoder ends a document with a newline.
fn json(reply: Reply, body: &impl Serialize) -> Response {
    match serde_json::to_string(body) {
        Ok(body) => reply
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(body + "\n"),
        Err(error) => ApiError::NotKept(error.to_string()).into_response(),
    }
}

fn hex(hash: &Hash) -> String {
    Digest::from(*hash).hex().to_string()
}
