use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::mem::take;

use super::image::{Failed, Made};
use super::new_signature::NewSignature;
use super::signer::SigningError;
use crate::bundle::Content;
use crate::fetch::{Answers, SIDE_BY_SIDE, only};
use crate::imports::{
    EntryRequest, LogApi, LogServiceError, Receipt, Submission, TileRequest, TransparencyLog,
};
use crate::key::{Algorithm, HashAlgorithm, PublicKey};
use crate::log::{
    Evidence, LogEntry, LogError, MAX_ENTRY_SIZE, MAX_NOTE_SIZE, Signed, Tile, TiledTree,
    TrustedLogs, VerifiedEntry, rekor_v1, rekor_v2,
};

/// A log to write to, and what its answers are verified with.
pub struct Logging<'a> {
    /// The log.
    pub service: &'a mut dyn TransparencyLog,
    /// The API that it speaks.
    pub api: LogApi,
    /// Trust in it; never from the log.
    pub logs: TrustedLogs,
    /// How many of the trusted witnesses must have cosigned.
    pub witnesses: u32,
}

/// An entry that a log made for a signature, verified before anything is pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// What was proved.
    pub entry: VerifiedEntry,
    /// cosign's annotation `dev.sigstore.cosign/bundle`. It has no room for the proof of Rekor v2.
    pub annotation: Option<String>,
    /// The entry and its proof as a sigstore bundle v0.3 holds them, JSON.
    pub bundled: String,
}

impl Logging<'_> {
    /// Logs what was signed, so many signatures at a time that what is held of them is bounded.
    ///
    /// An image ends with all of its signatures logged, or with the first error.
    pub(super) fn log(&mut self, key: &PublicKey, images: &mut [Result<Made, Failed>]) {
        let made = images.iter_mut().flatten();
        let mut signatures: Vec<_> = made.flat_map(|made| &mut made.wanted).collect();
        let mut outcomes = Vec::with_capacity(signatures.len());
        for group in signatures.chunks_mut(SIDE_BY_SIDE) {
            let to_log: Vec<_> = group.iter().map(|new| new.to_log(key)).collect();
            let logged = self.log_group(&to_log);
            let put = |(new, logged): (&mut &mut NewSignature, Result<Logged, _>)| {
                new.log = Some(logged?);
                Ok(())
            };
            outcomes.extend(group.iter_mut().zip(logged).map(put));
        }
        let mut outcomes = outcomes.into_iter();
        for image in images {
            let Ok(made) = image else { continue };
            let own: Vec<_> = outcomes.by_ref().take(made.wanted.len()).collect();
            if let Err(error) = own.into_iter().collect::<Result<(), _>>() {
                *image = Err(Failed::after_logging(error, take(&mut made.wanted)));
            }
        }
    }

    /// Logs one signature.
    pub(super) fn log_one(&mut self, signature: &ToLog<'_>) -> Result<Logged, SigningError> {
        let mut logged = self.log_group(core::slice::from_ref(signature)).into_iter();
        logged.next().unwrap_or_else(|| {
            let why = "the transparency log did not answer";
            Err(LogServiceError::Invalid(why.into()).into())
        })
    }

    fn log_group(&mut self, group: &[ToLog<'_>]) -> Vec<Result<Logged, SigningError>> {
        let proposed = group.iter().map(|signature| propose(self.api, signature));
        let submissions = match proposed.collect::<Result<Vec<_>, _>>() {
            Ok(submissions) => submissions,
            // What hinders one is the key, or the size of the predicate, which are those of all.
            Err(error) => return vec![Err(error); group.len()],
        };
        let mut receipts = Answers::to(submissions, |entries| self.service.submit(entries));
        let receipts = receipts.take(group.len());
        let entries = match self.api {
            LogApi::RekorV1 => self.read_rekor_v1(receipts),
            LogApi::RekorV2 => self.read_rekor_v2(receipts),
        };
        let accept =
            |(signature, entry): (&ToLog<'_>, Result<LogEntry, _>)| self.accept(signature, &entry?);
        group.iter().zip(entries).map(accept).collect()
    }

    /// An entry that was there before is fetched.
    fn read_rekor_v1(&mut self, receipts: Vec<Taken>) -> Vec<Result<LogEntry, SigningError>> {
        let known = receipts.iter().filter_map(|receipt| match receipt {
            Ok(Receipt::AlreadyLogged(uuid)) => Some(EntryRequest {
                uuid: uuid.clone(),
                max_size: MAX_ENTRY_SIZE as u64,
            }),
            _ => None,
        });
        let mut fetched = Answers::to(known.collect(), |requests| {
            self.service.fetch_entries(&requests)
        });
        let read = |receipt: Taken| {
            let answer = match receipt? {
                Receipt::Logged(answer) => answer,
                Receipt::AlreadyLogged(_) => fetched.one()?,
            };
            LogEntry::from_rekor_v1(&answer).map_err(bad_answer)
        };
        receipts.into_iter().map(read).collect()
    }

    /// An entry that was there before is read from the tiles, and its proof is computed. One after
    /// the other: the entries around it come with it.
    fn read_rekor_v2(&mut self, receipts: Vec<Taken>) -> Vec<Result<LogEntry, SigningError>> {
        let mut tree = None;
        let read = |receipt: Taken| match receipt? {
            Receipt::Logged(answer) => LogEntry::from_rekor_v2(&answer).map_err(bad_answer),
            Receipt::AlreadyLogged(index) => {
                let index = index.parse().map_err(|_| {
                    LogServiceError::Invalid("the index of the entry is no number".into())
                })?;
                let tree = match &tree {
                    Some(tree) => tree,
                    None => tree.insert(self.tree()?),
                };
                self.prove(tree, index)
            }
        };
        receipts.into_iter().map(read).collect()
    }

    fn tree(&mut self) -> Result<TiledTree, SigningError> {
        let request = TileRequest {
            path: "checkpoint".into(),
            max_size: MAX_NOTE_SIZE as u64,
        };
        let checkpoint = only(self.service.fetch_tiles(&[request]))?;
        TiledTree::open(checkpoint, &self.logs).map_err(bad_answer)
    }

    fn prove(&mut self, tree: &TiledTree, index: u64) -> Result<LogEntry, SigningError> {
        let request = |tile: &Tile, path| TileRequest {
            path,
            max_size: tile.max_size(),
        };
        let tiles = tree.tiles(index).map_err(bad_answer)?;
        let requests: Vec<_> = tiles
            .iter()
            .map(|tile| request(tile, tile.path()))
            .collect();
        let mut answers = Answers::to(requests, |requests| self.service.fetch_tiles(&requests));
        let mut contents = Vec::with_capacity(tiles.len());
        for tile in tiles {
            let content = match answers.one() {
                Err(LogServiceError::NotFound(_)) => {
                    let full = request(&tile, tile.full_path());
                    only(self.service.fetch_tiles(&[full]))?
                }
                other => other?,
            };
            contents.push((tile, content));
        }
        tree.entry(index, &contents).map_err(bad_answer)
    }

    /// Verifies what came back: neither cosign does before it attaches.
    fn accept(&self, signature: &ToLog<'_>, entry: &LogEntry) -> Result<Logged, SigningError> {
        let verified = entry
            .verify(&signature.signed, &self.logs)
            .map_err(bad_answer)?;
        let missing = match (self.api, verified.evidence()) {
            (_, Evidence::SignedEntryTimestamp) => Some("an inclusion proof"),
            // All that the annotation has room for.
            (LogApi::RekorV1, Evidence::InclusionProof) => Some("a signed entry timestamp"),
            _ => None,
        };
        if let Some(missing) = missing {
            return Err(SigningError::BadLogEntry(format!(
                "the transparency log answered without {missing}"
            )));
        }
        if verified.witnesses() < self.witnesses as usize {
            return Err(SigningError::BadLogEntry(format!(
                "{} of the trusted witnesses cosigned the log's checkpoint; {} are required",
                verified.witnesses(),
                self.witnesses
            )));
        }
        Ok(Logged {
            annotation: entry.to_annotation(),
            bundled: entry.to_bundle().map_err(bad_answer)?,
            entry: verified,
        })
    }
}

/// What the log said to an entry.
type Taken = Result<Receipt, LogServiceError>;

/// A signature that is to be logged.
pub(super) struct ToLog<'a> {
    pub(super) signed: Signed<'a>,
    /// What a bundle with its entry holds.
    pub(super) content: Content,
}

/// What is posted for a signature.
fn propose(api: LogApi, signature: &ToLog<'_>) -> Result<Submission, SigningError> {
    let signed = &signature.signed;
    let entry = match (api, &signature.content) {
        (LogApi::RekorV1, Content::Dsse(envelope)) => {
            let envelope = envelope.to_json().map_err(SigningError::InvalidOption)?;
            rekor_v1::dsse_request(&envelope, signed.key)
                .map_err(|error| SigningError::LimitExceeded(error.to_string()))?
        }
        _ => propose_hash(api, signed)?,
    };
    Ok(Submission {
        api,
        entry: entry.into_bytes(),
        max_size: MAX_ENTRY_SIZE as u64,
    })
}

/// A `hashedrekord`: of Rekor v2, for envelopes too.
fn propose_hash(api: LogApi, signed: &Signed<'_>) -> Result<String, SigningError> {
    if signed.key.algorithm() == Algorithm::Ed25519 {
        return Err(SigningError::InvalidOption(
            "no transparency log takes signatures by Ed25519 keys over a message, as cosign makes \
             them: it has the hash alone; sign with another key, or without a log"
                .into(),
        ));
    }
    // What our keys sign with, as cosign 2.
    let hash = HashAlgorithm::Sha256;
    let entry = match api {
        LogApi::RekorV1 => rekor_v1::hashedrekord_request(signed, hash),
        LogApi::RekorV2 => rekor_v2::hashedrekord_request(signed, hash),
    };
    entry.map_err(|error| {
        SigningError::InvalidOption(format!(
            "the transparency log does not take such signatures: {error}"
        ))
    })
}

fn bad_answer(error: LogError) -> SigningError {
    SigningError::BadLogEntry(format!("the transparency log's answer: {error}"))
}

impl From<LogServiceError> for SigningError {
    fn from(error: LogServiceError) -> Self {
        Self::Log(error)
    }
}
