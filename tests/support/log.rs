//! A transparency log in memory, which misbehaves on demand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cosignet::imports::{
    EntryRequest, LogApi, LogServiceError, Receipt, SearchRequest, Submission, TileRequest,
    TransparencyLog,
};
use cosignet::log::{TrustedLogs, canonicalize};
use cosignet::oci::Digest;
use serde_json::{Value, json};

use super::lab::{Hex, Lab, inclusion, leaf, root};

/// What becomes of an answer.
pub type AnswerTwist = Box<dyn FnMut(Vec<u8>) -> Vec<u8>>;

/// The log. What it is told to do wrong it does on top of its honest answer.
pub struct MemoryLog {
    pub lab: Lab,
    /// Every request since the start, as `POST /path` or `GET /path`.
    pub requests: Vec<String>,
    /// What becomes of each answer.
    pub twist: Option<AnswerTwist>,
    /// What a submission or a search fails with.
    pub failing: Option<LogServiceError>,
    /// By how many entries the checkpoint lags behind; partial tiles that have become full are
    /// deleted.
    pub lag: usize,
    /// So many answers are missing from the end of every call.
    pub short: usize,
    time: u64,
}

impl MemoryLog {
    /// A log of Rekor v1.
    pub fn rekor_v1() -> Self {
        Self::of(Lab::p256("log.test - 1234"))
    }

    /// A log of Rekor v2, with some entries of others.
    pub fn rekor_v2() -> Self {
        let mut log = Self::of(Lab::ed25519("log.test/tiles"));
        log.lab.leaves = (0..300).map(|index| format!("{index}").into()).collect();
        log
    }

    fn of(lab: Lab) -> Self {
        Self {
            lab,
            requests: Vec::new(),
            twist: None,
            failing: None,
            lag: 0,
            short: 0,
            time: 1_790_000_000,
        }
    }

    /// Trust in it.
    pub fn trusted(&self) -> TrustedLogs {
        TrustedLogs::new(vec![self.lab.trusted()]).unwrap()
    }

    /// What it has as bytes, and whether it is new.
    fn take(&mut self, body: Vec<u8>) -> (usize, bool) {
        let known = self.lab.leaves.iter().position(|other| *other == body);
        known.map_or_else(
            || {
                self.lab.leaves.push(body);
                (self.lab.leaves.len() - 1, true)
            },
            |index| (index, false),
        )
    }

    fn uuid(&self, index: usize) -> String {
        format!("{:016x}{}", 1234, Hex(&leaf(&self.lab.leaves[index])))
    }

    /// An entry as Rekor v1 answers it: signed anew, at another time than before.
    fn entry(&mut self, index: usize) -> Value {
        let size = self.lab.leaves.len();
        self.time += 1;
        let mut signed = self.lab.entry(index, size, "0.0.1");
        self.lab.promise(&mut signed, self.time);
        let hashes = inclusion(index, &self.lab.leaves);
        let hashes: Vec<_> = hashes.iter().map(|hash| Hex(hash).to_string()).collect();
        json!({ self.uuid(index): {
            "body": signed["canonicalizedBody"],
            "integratedTime": self.time,
            "logID": Hex(&self.lab.id()).to_string(),
            "logIndex": index,
            "verification": {
                "inclusionProof": {
                    "checkpoint": self.lab.checkpoint(size),
                    "hashes": hashes,
                    "logIndex": index,
                    "rootHash": Hex(&self.lab.root(size)).to_string(),
                    "treeSize": size,
                },
                "signedEntryTimestamp": signed["inclusionPromise"]["signedEntryTimestamp"],
            },
        }})
    }

    fn submit_one(&mut self, submission: &Submission) -> Result<Receipt, LogServiceError> {
        if let Some(error) = &self.failing {
            return Err(error.clone());
        }
        let entry: Value = serde_json::from_slice(&submission.entry).unwrap();
        match submission.api {
            LogApi::RekorV1 => {
                self.requests.push("POST /api/v1/log/entries".into());
                let body = match entry["kind"].as_str() {
                    Some("dsse") => dsse_body(&entry["spec"]["proposedContent"]),
                    _ => entry,
                };
                let body = canonicalize(&body.to_string()).unwrap();
                let (index, is_new) = self.take(body.into());
                if !is_new {
                    return Ok(Receipt::AlreadyLogged(self.uuid(index)));
                }
                let answer = self.entry(index);
                Ok(Receipt::Logged(self.twisted(answer.to_string().into())))
            }
            LogApi::RekorV2 => {
                self.requests.push("POST /api/v2/log/entries".into());
                let request = &entry["hashedRekordRequestV002"];
                let body = json!({
                    "apiVersion": "0.0.2",
                    "kind": "hashedrekord",
                    "spec": {"hashedRekordV002": {
                        "data": {"algorithm": "SHA2_256", "digest": request["digest"]},
                        "signature": request["signature"],
                    }},
                });
                let (index, is_new) = self.take(body.to_string().into());
                if !is_new {
                    return Ok(Receipt::AlreadyLogged(index.to_string()));
                }
                let mut answer = self.lab.entry(index, index + 1, "0.0.2");
                answer["integratedTime"] = "0".into();
                answer["inclusionPromise"] = Value::Null;
                Ok(Receipt::Logged(self.twisted(answer.to_string().into())))
            }
        }
    }

    fn tile(&self, path: &str) -> Result<Vec<u8>, LogServiceError> {
        let size = self.lab.leaves.len();
        if path == "checkpoint" {
            return Ok(self.lab.checkpoint(size - self.lag).into());
        }
        let absent = || LogServiceError::NotFound(path.into());
        let path = path.strip_prefix("tile/").ok_or_else(absent)?;
        let (level, place) = path.split_once('/').ok_or_else(absent)?;
        let (place, width) = match place.split_once(".p/") {
            Some((place, _)) if self.is_full(level, place) => return Err(absent()),
            Some((place, width)) => (place, width.parse().unwrap()),
            None => (place, 256_usize),
        };
        let first = place.parse::<usize>().unwrap() * 256;
        let leaves = |first: usize, count| self.lab.leaves.get(first..first + count);
        let hashes = match level {
            "entries" => {
                let leaves = leaves(first, width).ok_or_else(absent)?.iter();
                let entries = leaves.map(|leaf| {
                    let length = u16::try_from(leaf.len()).unwrap().to_be_bytes();
                    [&length[..], leaf].concat()
                });
                return Ok(entries.collect::<Vec<_>>().concat());
            }
            "0" => leaves(first, width).map(|leaves| leaves.iter().map(|l| leaf(l)).collect()),
            "1" => (first..first + width)
                .map(|place| leaves(place * 256, 256).map(root))
                .collect(),
            _ => None,
        };
        let hashes: Vec<[u8; 32]> = hashes.ok_or_else(absent)?;
        Ok(hashes.concat())
    }

    fn is_full(&self, level: &str, place: &str) -> bool {
        let leaves = match level {
            "1" => 256 * 256,
            _ => 256,
        };
        (place.parse::<usize>().unwrap() + 1) * leaves <= self.lab.leaves.len()
    }

    fn twisted(&mut self, answer: Vec<u8>) -> Vec<u8> {
        match &mut self.twist {
            Some(twist) => twist(answer),
            None => answer,
        }
    }

    fn cut<A>(&self, mut answers: Vec<A>) -> Vec<A> {
        answers.truncate(answers.len().saturating_sub(self.short));
        answers
    }
}

/// What Rekor v1 makes of a proposed envelope.
fn dsse_body(proposed: &Value) -> Value {
    let envelope = proposed["envelope"].as_str().unwrap();
    let hash = |bytes: &[u8]| json!({"algorithm": "sha256", "value": Hex(Digest::of(bytes).as_bytes()).to_string()});
    let parsed: Value = serde_json::from_str(envelope).unwrap();
    let payload = STANDARD
        .decode(parsed["payload"].as_str().unwrap())
        .unwrap();
    json!({
        "apiVersion": "0.0.1",
        "kind": "dsse",
        "spec": {
            "envelopeHash": hash(envelope.as_bytes()),
            "payloadHash": hash(&payload),
            "signatures": [{
                "signature": parsed["signatures"][0]["sig"],
                "verifier": proposed["verifiers"][0],
            }],
        },
    })
}

impl TransparencyLog for MemoryLog {
    fn submit(&mut self, submissions: Vec<Submission>) -> Vec<Result<Receipt, LogServiceError>> {
        let receipts = submissions.iter().map(|entry| self.submit_one(entry));
        let receipts = receipts.collect();
        self.cut(receipts)
    }

    fn fetch_entries(
        &mut self,
        requests: &[EntryRequest],
    ) -> Vec<Result<Vec<u8>, LogServiceError>> {
        let answers = requests.iter().map(|request| {
            self.requests
                .push(format!("GET /api/v1/log/entries/{}", request.uuid));
            let known = (0..self.lab.leaves.len()).find(|&index| self.uuid(index) == request.uuid);
            let index = known.ok_or_else(|| LogServiceError::NotFound(request.uuid.clone()))?;
            let answer = self.entry(index);
            Ok(self.twisted(answer.to_string().into()))
        });
        let answers = answers.collect();
        self.cut(answers)
    }

    fn search_entries(
        &mut self,
        requests: &[SearchRequest],
    ) -> Vec<Result<Vec<u8>, LogServiceError>> {
        let answers = requests.iter().map(|request| {
            self.requests
                .push("POST /api/v1/log/entries/retrieve".into());
            if let Some(error) = &self.failing {
                return Err(error.clone());
            }
            let query: Value = serde_json::from_slice(&request.query).unwrap();
            let mut found = Vec::new();
            for entry in query["entries"].as_array().unwrap() {
                let body = canonicalize(&entry.to_string()).unwrap();
                let known = |leaf: &Vec<u8>| leaf == body.as_bytes();
                if let Some(index) = self.lab.leaves.iter().position(known) {
                    found.push(self.entry(index));
                }
            }
            Ok(self.twisted(Value::from(found).to_string().into()))
        });
        let answers = answers.collect();
        self.cut(answers)
    }

    fn fetch_tiles(&mut self, requests: &[TileRequest]) -> Vec<Result<Vec<u8>, LogServiceError>> {
        let answers = requests.iter().map(|request| {
            self.requests.push(format!("GET /{}", request.path));
            let tile = self.tile(&request.path)?;
            Ok(self.twisted(tile))
        });
        let answers = answers.collect();
        self.cut(answers)
    }
}
