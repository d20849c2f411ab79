//! Merkle trees of RFC 6962 §2.1, SHA-256: proofs are verified step by step from the leaf up, in
//! as many steps as the proof has hashes.

use sha2::{Digest as _, Sha256};

use super::error::LogError;

/// The hash of a leaf: SHA-256 of 0x00 and the entry.
pub fn leaf_hash(entry: &[u8]) -> [u8; 32] {
    Sha256::new_with_prefix([0])
        .chain_update(entry)
        .finalize()
        .into()
}

/// The hash of an inner node: SHA-256 of 0x01 and its children.
pub(super) fn node_hash(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let node = Sha256::new_with_prefix([1]);
    node.chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

/// Verifies that a leaf is at an index of the tree that has this size and root.
///
/// # Errors
/// [`LogError::ProofIndex`] for an index beyond the tree, [`LogError::BadInclusionProof`] if the
/// proof has another length than it must have or leads to another root.
pub fn verify_inclusion(
    leaf: &[u8; 32],
    index: u64,
    tree_size: u64,
    proof: &[[u8; 32]],
    root: &[u8; 32],
) -> Result<(), LogError> {
    if index >= tree_size {
        return Err(LogError::ProofIndex { index, tree_size });
    }
    let bad = LogError::BadInclusionProof { index, tree_size };
    let path = Path::of(index, tree_size);
    if proof.len() != path.inner + path.border {
        return Err(bad);
    }
    let (inner, border) = proof.split_at(path.inner);
    match path.climb(*leaf, inner, border, Side::Both) == *root {
        true => Ok(()),
        false => Err(bad),
    }
}

/// Verifies that the tree with `smaller` leaves is the beginning of the one with `larger`.
///
/// Nothing can be said of an empty tree: it is refused.
///
/// # Errors
/// [`LogError::BadConsistencyProof`].
pub fn verify_consistency(
    smaller: u64,
    larger: u64,
    proof: &[[u8; 32]],
    smaller_root: &[u8; 32],
    larger_root: &[u8; 32],
) -> Result<(), LogError> {
    let holds = match smaller {
        0 => false,
        _ if smaller > larger => false,
        _ if smaller == larger => proof.is_empty() && smaller_root == larger_root,
        _ => consistent(smaller, larger, proof, smaller_root, larger_root),
    };
    match holds {
        true => Ok(()),
        false => Err(LogError::BadConsistencyProof { smaller, larger }),
    }
}

fn consistent(
    smaller: u64,
    larger: u64,
    proof: &[[u8; 32]],
    smaller_root: &[u8; 32],
    larger_root: &[u8; 32],
) -> bool {
    // The largest full subtree at the right edge of the smaller tree is in both. The proof begins
    // with it, unless it is the whole of the smaller tree.
    let level = smaller.trailing_zeros();
    let (seed, rest) = match smaller.is_power_of_two() {
        true => (smaller_root, proof),
        false => match proof.split_first() {
            Some(first) => first,
            None => return false,
        },
    };
    let mut path = Path::of(smaller - 1, larger);
    path.inner -= level as usize;
    path.index >>= level;
    if rest.len() != path.inner + path.border {
        return false;
    }
    let (inner, border) = rest.split_at(path.inner);
    path.climb(*seed, inner, border, Side::Left) == *smaller_root
        && path.climb(*seed, inner, border, Side::Both) == *larger_root
}

/// The way from a leaf to the root: as many levels as it has neighbours on either side, then as
/// many as it is at the right edge of the tree and has neighbours on the left alone.
struct Path {
    index: u64,
    inner: usize,
    border: usize,
}

/// Which neighbours count.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Left,
    Both,
}

impl Path {
    /// `index` is less than `tree_size`.
    fn of(index: u64, tree_size: u64) -> Self {
        let inner = u64::BITS - (index ^ (tree_size - 1)).leading_zeros();
        Self {
            index,
            inner: inner as usize,
            border: index.checked_shr(inner).unwrap_or(0).count_ones() as usize,
        }
    }

    fn climb(
        &self,
        seed: [u8; 32],
        inner: &[[u8; 32]],
        border: &[[u8; 32]],
        side: Side,
    ) -> [u8; 32] {
        let mut hash = seed;
        let mut index = self.index;
        for neighbour in inner {
            if index & 1 == 1 {
                hash = node_hash(neighbour, &hash);
            } else if side == Side::Both {
                hash = node_hash(&hash, neighbour);
            }
            index >>= 1;
        }
        border
            .iter()
            .fold(hash, |hash, left| node_hash(left, &hash))
    }
}
