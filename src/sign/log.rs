use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::image::{Failed, Made};
use super::merge::NewSignature;
use super::signer::SigningError;
use crate::bundle::{Bundle, Content};
use crate::fetch::{SIDE_BY_SIDE, only, side_by_side};
use crate::imports::{
    EntryRequest, LogApi, LogServiceError, Receipt, Submission, TileRequest, TransparencyLog,
};
use crate::key::{Algorithm, PublicKey};
use crate::log::{
    Evidence, HashAlgorithm, LogEntry, LogError, MAX_ENTRY_SIZE, MAX_NOTE_SIZE, Signed, Tile,
    TiledTree, TrustedLogs, VerifiedEntry, rekor_v1, rekor_v2,
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
    /// A sigstore bundle v0.3 with the signature, the entry and its proof.
    pub bundle: String,
}

impl Logging<'_> {
    /// Logs what was signed, a signature after the other within the limits of memory.
    pub(super) fn log(
        &mut self,
        key: &PublicKey,
        images: Vec<Result<Made, Failed>>,
    ) -> Vec<Result<Made, Failed>> {
        let most = images.iter().flatten().map(|made| made.wanted.len()).max();
        let size = (SIDE_BY_SIDE / most.unwrap_or(1).max(1)).max(1);
        let mut rest = images.into_iter().peekable();
        let mut logged = Vec::with_capacity(rest.len());
        while rest.peek().is_some() {
            logged.extend(self.log_group(key, rest.by_ref().take(size).collect()));
        }
        logged
    }

    fn log_group(
        &mut self,
        key: &PublicKey,
        images: Vec<Result<Made, Failed>>,
    ) -> Vec<Result<Made, Failed>> {
        let api = self.api;
        let proposed = images
            .into_iter()
            .map(|made| {
                let made = made?;
                let entries = made.wanted.iter().map(|new| propose(api, &new.signed(key)));
                let entries = entries.collect::<Result<Vec<_>, _>>()?;
                Ok((made, entries))
            })
            .collect();
        let submitted = side_by_side(
            proposed,
            |(_, entries): &(Made, Vec<Submission>)| entries.clone(),
            |submissions| self.service.submit(submissions),
            |(made, _), receipts| Ok((made, receipts)),
        );
        let answered = match api {
            LogApi::RekorV1 => self.read_rekor_v1(submitted),
            LogApi::RekorV2 => self.read_rekor_v2(submitted),
        };
        answered
            .into_iter()
            .map(|answered| {
                let (made, entries) = answered?;
                self.accept_all(key, made, entries)
            })
            .collect()
    }

    /// An entry that was there before is fetched.
    fn read_rekor_v1(&mut self, submitted: Vec<Submitted>) -> Vec<Answered> {
        side_by_side(
            submitted,
            |(_, receipts)| {
                let known = receipts.iter().filter_map(|receipt| match receipt {
                    Ok(Receipt::AlreadyLogged(uuid)) => Some(uuid.clone()),
                    _ => None,
                });
                let request = |uuid| EntryRequest {
                    uuid,
                    max_size: MAX_ENTRY_SIZE as u64,
                };
                known.map(request).collect()
            },
            |requests| self.service.fetch_entries(&requests),
            |(made, receipts), fetched| {
                let mut fetched = fetched.into_iter();
                let entries = receipts.into_iter().map(|receipt| {
                    let answer = match receipt? {
                        Receipt::Logged(answer) => answer,
                        Receipt::AlreadyLogged(_) => only(fetched.next().into_iter().collect())?,
                    };
                    LogEntry::from_rekor_v1(&answer).map_err(bad_answer)
                });
                let entries = entries.collect();
                Ok((made, entries))
            },
        )
    }

    /// An entry that was there before is read from the tiles, and its proof is computed. One after
    /// the other: the entries around it come with it.
    fn read_rekor_v2(&mut self, submitted: Vec<Submitted>) -> Vec<Answered> {
        let mut tree = None;
        let mut read = |receipt: Result<Receipt, LogServiceError>| match receipt? {
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
        submitted
            .into_iter()
            .map(|submitted| {
                let (made, receipts) = submitted?;
                let entries = receipts.into_iter().map(&mut read).collect();
                Ok((made, entries))
            })
            .collect()
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
        let mut answers = self.service.fetch_tiles(&requests).into_iter();
        let mut contents = BTreeMap::new();
        for tile in tiles {
            let content = match only(answers.next().into_iter().collect()) {
                Err(LogServiceError::NotFound(_)) => {
                    let full = request(&tile, tile.full_path());
                    only(self.service.fetch_tiles(&[full]))?
                }
                other => other?,
            };
            contents.insert(tile, content);
        }
        tree.entry(index, &contents).map_err(bad_answer)
    }

    /// All entries of an image, or the first error and the entries that were made.
    fn accept_all(
        &self,
        key: &PublicKey,
        mut made: Made,
        entries: Vec<Result<LogEntry, SigningError>>,
    ) -> Result<Made, Failed> {
        let mut failure = None;
        for (new, entry) in made.wanted.iter_mut().zip(entries) {
            let logged = entry.and_then(|entry| self.accept(key, new, &entry));
            match logged.and_then(|logged| new.put_log_entry(logged)) {
                Ok(()) => {}
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        match failure {
            None => Ok(made),
            Some(error) => Err(Failed::after_logging(error, made.wanted)),
        }
    }

    /// Verifies what came back: neither cosign does before it attaches.
    fn accept(
        &self,
        key: &PublicKey,
        new: &NewSignature,
        entry: &LogEntry,
    ) -> Result<Logged, SigningError> {
        let verified = entry
            .verify(&new.signed(key), &self.logs)
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
        let log_entry = entry.to_bundle().map_err(bad_answer)?;
        let bundle = Bundle {
            content: Content::of_message(&new.payload, new.signature.clone()),
            log_entries: Some(format!("[{log_entry}]")),
        };
        Ok(Logged {
            annotation: entry.to_annotation(),
            bundle: bundle.to_json(key).map_err(SigningError::BadLogEntry)?,
            entry: verified,
        })
    }
}

type Submitted = Result<(Made, Vec<Result<Receipt, LogServiceError>>), Failed>;
type Answered = Result<(Made, Vec<Result<LogEntry, SigningError>>), Failed>;

/// What is posted for a signature.
fn propose(api: LogApi, signed: &Signed<'_>) -> Result<Submission, SigningError> {
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
        LogApi::RekorV2 => rekor_v2::hashedrekord_request(signed, hash).map_err(|error| {
            SigningError::InvalidOption(format!("Rekor v2 does not take such signatures: {error}"))
        })?,
    };
    Ok(Submission {
        api,
        entry: entry.into_bytes(),
        max_size: MAX_ENTRY_SIZE as u64,
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
