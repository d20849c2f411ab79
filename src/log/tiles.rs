//! Logs with tiles, C2SP `tlog-tiles`: an entry by its index. Rekor v2 leaves it to its clients to
//! compute the proof of an entry that it had before.
//!
//! Nothing here is believed: what comes out is a [`LogEntry`], to be verified like any other.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::body;
use super::checkpoint::Checkpoint;
use super::entry::{InclusionProof, LogEntry};
use super::error::LogError;
use super::limits::{MAX_ENTRY_BUNDLE_SIZE, MAX_NOTE_SIZE};
use super::log_id::LogId;
use super::merkle::node_hash;
use super::trusted_logs::TrustedLogs;

/// A part of a log that is fetched as one: 256 hashes of a level or 256 entries, or as many as
/// there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tile {
    /// 0 for leaves' hashes, then every eighth level of the tree; `None` for entries.
    level: Option<u8>,
    index: u64,
    /// From 1 to 256.
    width: u64,
}

/// A tree that a trusted log has signed.
#[derive(Clone, Debug)]
pub struct TiledTree {
    log_id: LogId,
    size: u64,
    root: [u8; 32],
    checkpoint: String,
}

impl Tile {
    /// Where it is, below the URL of the log.
    pub fn path(&self) -> String {
        let partial = match self.width {
            WIDTH => String::new(),
            width => format!(".p/{width}"),
        };
        self.full_path() + &partial
    }

    /// Where the full tile is that a partial one has become: logs may delete partial ones then.
    pub fn full_path(&self) -> String {
        let level = match self.level {
            Some(level) => level.to_string(),
            None => "entries".to_string(),
        };
        let mut index = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            index = format!("x{:03}/{index}", rest % 1000);
            rest /= 1000;
        }
        format!("tile/{level}/{index}")
    }

    /// The most bytes that it may have.
    pub fn max_size(&self) -> u64 {
        match self.level {
            Some(_) => WIDTH * HASH_SIZE as u64,
            None => MAX_ENTRY_BUNDLE_SIZE as u64,
        }
    }

    /// The hashes of a tile: as many as asked for, or those of the full tile.
    fn hashes(self, content: &[u8]) -> Result<&[[u8; HASH_SIZE]], LogError> {
        let (hashes, rest) = content.as_chunks();
        let width = usize::try_from(self.width).unwrap_or(usize::MAX);
        let is_full = hashes.len() as u64 == WIDTH;
        match hashes.get(..width) {
            Some(wanted) if rest.is_empty() && (is_full || hashes.len() == width) => Ok(wanted),
            _ => Err(LogError::malformed(format!(
                "{}: expected {} hashes, found {} bytes",
                self.path(),
                self.width,
                content.len()
            ))),
        }
    }

    /// One of a tile's entries, each of which has its length before it, in two bytes.
    fn entry(self, content: &[u8], place: u64) -> Result<&[u8], LogError> {
        let mut rest = content;
        let mut left = place;
        loop {
            let entry = rest.split_first_chunk().and_then(|(length, after)| {
                after.split_at_checked(usize::from(u16::from_be_bytes(*length)))
            });
            let Some((entry, after)) = entry else {
                return Err(LogError::malformed(format!(
                    "{}: it ends before entry {place}",
                    self.path()
                )));
            };
            if left == 0 {
                return Ok(entry);
            }
            left -= 1;
            rest = after;
        }
    }
}

impl TiledTree {
    /// Reads a checkpoint that one of the trusted logs has signed.
    ///
    /// # Errors
    /// [`LogError::TooLarge`], [`LogError::CheckpointMalformed`], and those of
    /// [`Checkpoint::verify`] if none of the logs has signed it.
    pub fn open(checkpoint: Vec<u8>, logs: &TrustedLogs) -> Result<Self, LogError> {
        LogError::within("bytes of a checkpoint", MAX_NOTE_SIZE, checkpoint.len())?;
        let text = String::from_utf8(checkpoint)
            .map_err(|error| LogError::CheckpointMalformed(error.to_string()))?;
        let read = Checkpoint::parse(&text)?;
        let mut last = LogError::MissingProof;
        for log in logs.logs() {
            match read.verify(log) {
                Ok(()) => {
                    return Ok(Self {
                        log_id: log.entry_id(read.log_name()),
                        size: read.size(),
                        root: *read.root(),
                        checkpoint: text,
                    });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// What must be fetched to read an entry and to prove it.
    ///
    /// # Errors
    /// [`LogError::ProofIndex`] for an index beyond the tree.
    pub fn tiles(&self, index: u64) -> Result<Vec<Tile>, LogError> {
        let mut tiles = Vec::new();
        tiles.push(self.entry_tile(index)?);
        let nodes = path(index, self.size).into_iter().flat_map(subtrees);
        for tile in nodes.map(|node| self.tile_of(node)) {
            if !tiles.contains(&tile) {
                tiles.push(tile);
            }
        }
        Ok(tiles)
    }

    /// The entry at an index, with its inclusion proof, from the contents of those tiles.
    ///
    /// # Errors
    /// [`LogError::ProofIndex`]; [`LogError::MalformedEntry`] for a tile that is absent or is not
    /// what it has to be.
    pub fn entry(&self, index: u64, tiles: &[(Tile, Vec<u8>)]) -> Result<LogEntry, LogError> {
        let content = |tile: Tile| {
            let found = tiles.iter().find(|(other, _)| *other == tile);
            found
                .map(|(_, content)| content.as_slice())
                .ok_or_else(|| LogError::malformed(format!("{}: missing", tile.path())))
        };
        let tile = self.entry_tile(index)?;
        let body = tile.entry(content(tile)?, index % WIDTH)?.to_vec();
        let node = |node: Node| {
            let tile = self.tile_of(node);
            let hashes = tile.hashes(content(tile)?)?;
            let (first, count) = node.in_tile();
            let own = hashes.get(first..first + count);
            own.map(root_of)
                .ok_or_else(|| LogError::malformed(format!("{}: too short", tile.path())))
        };
        let mut hashes = Vec::new();
        for range in path(index, self.size) {
            let mut nodes = subtrees(range).into_iter().rev();
            // The rightmost may be smaller than its neighbour: it is hashed in first.
            let last = nodes.next().map_or(Ok([0; HASH_SIZE]), node)?;
            let hash = nodes.try_fold(last, |right, left| {
                node(left).map(|left| node_hash(&left, &right))
            })?;
            hashes.push(hash);
        }
        Ok(LogEntry {
            log_id: self.log_id,
            log_index: index,
            integrated_time: 0,
            signed_entry_timestamp: None,
            proof: Some(InclusionProof {
                log_index: index,
                tree_size: self.size,
                root_hash: self.root,
                hashes,
                checkpoint: Some(self.checkpoint.clone()),
            }),
            stated_kind: Some(body::kind(&body)?),
            body,
        })
    }

    fn entry_tile(&self, index: u64) -> Result<Tile, LogError> {
        match index < self.size {
            true => Ok(self.tile(None, self.size, index)),
            false => Err(LogError::ProofIndex {
                index,
                tree_size: self.size,
            }),
        }
    }

    fn tile_of(&self, node: Node) -> Tile {
        let level = node.level / TILE_HEIGHT;
        let hashes = self.size >> (level * TILE_HEIGHT);
        let first = node.index << (node.level % TILE_HEIGHT);
        self.tile(u8::try_from(level).ok(), hashes, first)
    }

    /// The tile that holds one of so many.
    fn tile(&self, level: Option<u8>, count: u64, place: u64) -> Tile {
        let index = place / WIDTH;
        Tile {
            level,
            index,
            width: (count - index * WIDTH).min(WIDTH),
        }
    }
}

/// The root of a subtree with 2^`level` leaves, all of which are there.
#[derive(Clone, Copy)]
struct Node {
    level: u32,
    index: u64,
}

impl Node {
    /// The place of the hashes that it is the root of in their tile, and how many they are.
    fn in_tile(self) -> (usize, usize) {
        let height = self.level % TILE_HEIGHT;
        let first = (self.index << height) % WIDTH;
        (first as usize, 1 << height)
    }
}

/// Leaves from the first to before the second.
type Range = (u64, u64);

/// The neighbours of a leaf on its way to the root (RFC 6962 §2.1.1), from the leaf up.
fn path(index: u64, size: u64) -> Vec<Range> {
    let (mut start, mut end) = (0, size);
    let mut neighbours = Vec::new();
    while end - start > 1 {
        // The largest power of two that is smaller than the number of leaves.
        let split = start + (1 << (end - start - 1).ilog2());
        if index < split {
            neighbours.push((split, end));
            end = split;
        } else {
            neighbours.push((start, split));
            start = split;
        }
    }
    neighbours.reverse();
    neighbours
}

/// The full subtrees that a range is made of, from left to right.
fn subtrees((mut start, end): Range) -> Vec<Node> {
    let mut nodes = Vec::new();
    while start < end {
        let level = (end - start).ilog2();
        let index = start >> level;
        nodes.push(Node { level, index });
        start += 1 << level;
    }
    nodes
}

/// The root over a power of two of hashes.
fn root_of(hashes: &[[u8; HASH_SIZE]]) -> [u8; HASH_SIZE] {
    match hashes {
        [hash] => *hash,
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            node_hash(&root_of(left), &root_of(right))
        }
    }
}

const HASH_SIZE: usize = 32;
/// Hashes, or entries, of a full tile.
const WIDTH: u64 = 256;
/// Levels of the tree from one level of tiles to the next.
const TILE_HEIGHT: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::merkle::{leaf_hash, verify_inclusion};

    fn leaf(index: u64) -> Vec<u8> {
        format!(r#"{{"kind":"leaf","apiVersion":"{index}"}}"#).into_bytes()
    }

    fn root(hashes: &[[u8; 32]]) -> [u8; 32] {
        match hashes.len() {
            1 => hashes[0],
            count => {
                let split = 1 << (count - 1).ilog2();
                node_hash(&root(&hashes[..split]), &root(&hashes[split..]))
            }
        }
    }

    /// What a log of this size serves at a tile.
    fn serve(tile: Tile, size: u64) -> Vec<u8> {
        let first = tile.index * WIDTH;
        let places = first..first + tile.width;
        match tile.level {
            None => places
                .flat_map(|place| {
                    let leaf = leaf(place);
                    let length = (leaf.len() as u16).to_be_bytes();
                    [length.to_vec(), leaf].concat()
                })
                .collect(),
            Some(level) => {
                let span = 1 << (u32::from(level) * TILE_HEIGHT);
                places
                    .flat_map(|place| {
                        let leaves = place * span..(place + 1) * span;
                        assert!(leaves.end <= size, "a hash of a whole subtree");
                        let hashes: Vec<_> = leaves.map(|index| leaf_hash(&leaf(index))).collect();
                        root(&hashes)
                    })
                    .collect()
            }
        }
    }

    fn tree(size: u64) -> TiledTree {
        let hashes: Vec<_> = (0..size).map(|index| leaf_hash(&leaf(index))).collect();
        TiledTree {
            log_id: LogId([0; 32]),
            size,
            root: root(&hashes),
            checkpoint: String::new(),
        }
    }

    fn fetched(tree: &TiledTree, index: u64) -> Vec<(Tile, Vec<u8>)> {
        let tiles = tree.tiles(index).unwrap().into_iter();
        tiles.map(|tile| (tile, serve(tile, tree.size))).collect()
    }

    #[test]
    fn proves_every_entry_of_trees_of_many_sizes() {
        for size in [1, 2, 3, 7, 8, 255, 256, 257, 300, 511, 512, 513, 777] {
            let tree = tree(size);
            for index in 0..size {
                let entry = tree.entry(index, &fetched(&tree, index)).unwrap();
                assert_eq!(entry.body, leaf(index));
                let proof = entry.proof.unwrap();
                verify_inclusion(
                    &leaf_hash(&leaf(index)),
                    index,
                    size,
                    &proof.hashes,
                    &tree.root,
                )
                .unwrap_or_else(|error| panic!("{index} of {size}: {error}"));
            }
        }
    }

    #[test]
    fn proves_entries_of_a_tree_with_three_levels_of_tiles() {
        let tree = tree(65536 + 300);
        for index in [0, 255, 256, 65535, 65536, 65536 + 299] {
            let entry = tree.entry(index, &fetched(&tree, index)).unwrap();
            let proof = entry.proof.unwrap();
            let leaf = leaf_hash(&leaf(index));
            verify_inclusion(&leaf, index, tree.size, &proof.hashes, &tree.root).unwrap();
        }
    }

    #[test]
    fn names_tiles_as_the_specification_does() {
        let path = |level, index, width| {
            Tile {
                level,
                index,
                width,
            }
            .path()
        };
        assert_eq!(path(Some(0), 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(path(Some(2), 0, 3), "tile/2/000.p/3");
        assert_eq!(path(None, 273, 112), "tile/entries/273.p/112");
    }

    #[test]
    fn an_index_beyond_the_tree_is_refused() {
        assert!(matches!(
            tree(5).tiles(5),
            Err(LogError::ProofIndex {
                index: 5,
                tree_size: 5
            })
        ));
    }

    #[test]
    fn full_tiles_serve_for_partial_ones_and_others_do_not() {
        let tree = tree(300);
        let mut tiles = fetched(&tree, 299);
        let is_partial = |(tile, _): &(Tile, Vec<u8>)| tile.level == Some(0) && tile.width == 44;
        let partial = tiles.iter().position(is_partial).unwrap();
        let own = tiles[partial].1.clone();
        tiles[partial].1.resize(256 * 32, 7);
        assert!(tree.entry(299, &tiles).is_ok());
        for wrong in [&own[1..], &own[32..], &[]] {
            tiles[partial].1 = wrong.to_vec();
            assert!(tree.entry(299, &tiles).is_err());
        }
        tiles.remove(partial);
        assert!(tree.entry(299, &tiles).is_err());
    }
}
