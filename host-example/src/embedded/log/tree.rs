//! The Merkle tree of RFC 6962 §2.1: it grows, and proves what it holds.

use std::ops::Range;

use sha2::{Digest as _, Sha256};

/// SHA-256 of a leaf or a node.
pub(super) type Hash = [u8; 32];

/// A tree that keeps the root of each of its perfect subtrees, two hashes a leaf: every root and
/// every proof, of every size that it ever had, is put together from them.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// `levels[h][i]` is the root over the leaves from `i << h`, as many as `1 << h`.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// The number of leaves.
    pub(super) fn size(&self) -> usize {
        self.levels.first().map_or(0, Vec::len)
    }

    /// Adds a leaf, by its hash, at the end.
    pub(super) fn push(&mut self, leaf: Hash) {
        let mut root = leaf;
        for level in 0.. {
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            let roots = &mut self.levels[level];
            roots.push(root);
            match roots.as_slice() {
                [.., left, right] if roots.len().is_multiple_of(2) => root = node(left, right),
                _ => return,
            }
        }
    }

    /// The root when the tree had `size` leaves, at most as many as now.
    pub(super) fn root(&self, size: usize) -> Hash {
        match size {
            0 => Sha256::digest([]).into(),
            _ => self.root_over(0..size),
        }
    }

    /// The path from a leaf to the root of the tree with `size` leaves, at most as many as now;
    /// the leaf is among them (PATH, §2.1.1).
    pub(super) fn inclusion(&self, index: usize, size: usize) -> Vec<Hash> {
        let mut path = Vec::new();
        let mut part = 0..size;
        while part.len() > 1 {
            let (left, right) = halves(&part);
            let (next, other) = match left.contains(&index) {
                true => (left, right),
                false => (right, left),
            };
            path.push(self.root_over(other));
            part = next;
        }
        path.reverse();
        path
    }

    /// What shows that the tree with `smaller` leaves, one at least, is the beginning of the one
    /// with `larger`, at most as many as now (PROOF, §2.1.2).
    pub(super) fn consistency(&self, smaller: usize, larger: usize) -> Vec<Hash> {
        let mut proof = Vec::new();
        let mut part = 0..larger;
        while part.end != smaller {
            let (left, right) = halves(&part);
            let (next, other) = match smaller <= left.end {
                true => (left, right),
                false => (right, left),
            };
            proof.push(self.root_over(other));
            part = next;
        }
        // The part that is left is the whole of the smaller tree, which the verifier has, or its
        // right edge.
        if part.start > 0 {
            proof.push(self.root_over(part));
        }
        proof.reverse();
        proof
    }

    /// The root over leaves that are a part of a tree as [`halves`] makes them: if they are a
    /// power of two, they begin at a multiple of it.
    fn root_over(&self, part: Range<usize>) -> Hash {
        if part.len().is_power_of_two() {
            let level = part.len().ilog2() as usize;
            return self.levels[level][part.start >> level];
        }
        let (left, right) = halves(&part);
        node(&self.root_over(left), &self.root_over(right))
    }
}

/// Two leaves or more, with the largest power of two that is less on the left.
fn halves(part: &Range<usize>) -> (Range<usize>, Range<usize>) {
    let middle = part.start + part.len().next_power_of_two() / 2;
    (part.start..middle, middle..part.end)
}

fn node(left: &Hash, right: &Hash) -> Hash {
    let node = Sha256::new_with_prefix([1]);
    node.chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use cosignet::log::{leaf_hash, verify_consistency, verify_inclusion};

    use super::*;

    /// MTH of §2.1, as it is written there.
    fn mth(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = split(leaves);
                node(&mth(left), &mth(right))
            }
        }
    }

    /// PATH(m, D[n]) of §2.1.1.
    fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() <= 1 {
            return Vec::new();
        }
        let (left, right) = split(leaves);
        let (mut path, other) = match index < left.len() {
            true => (path(index, left), mth(right)),
            false => (path(index - left.len(), right), mth(left)),
        };
        path.push(other);
        path
    }

    /// SUBPROOF(m, D[n], b) of §2.1.2.
    fn subproof(smaller: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
        if smaller == leaves.len() {
            return if whole { Vec::new() } else { vec![mth(leaves)] };
        }
        let (left, right) = split(leaves);
        let (mut proof, other) = match smaller <= left.len() {
            true => (subproof(smaller, left, whole), mth(right)),
            false => (subproof(smaller - left.len(), right, false), mth(left)),
        };
        proof.push(other);
        proof
    }

    fn split(leaves: &[Hash]) -> (&[Hash], &[Hash]) {
        let mut middle = 1;
        while middle * 2 < leaves.len() {
            middle *= 2;
        }
        leaves.split_at(middle)
    }

    fn tree(size: usize) -> (Tree, Vec<Hash>) {
        let leaves: Vec<Hash> = (0..size)
            .map(|leaf| leaf_hash(&leaf.to_be_bytes()))
            .collect();
        let mut tree = Tree::default();
        for (place, leaf) in leaves.iter().enumerate() {
            assert_eq!(tree.size(), place);
            tree.push(*leaf);
        }
        (tree, leaves)
    }

    const LARGEST: usize = 70;

    #[test]
    fn roots_of_every_size_are_those_of_the_definition() {
        let (tree, leaves) = tree(LARGEST);
        for size in 0..=LARGEST {
            assert_eq!(tree.root(size), mth(&leaves[..size]), "{size}");
        }
    }

    #[test]
    fn every_leaf_is_proved_in_every_size() {
        let (tree, leaves) = tree(LARGEST);
        for size in 1..=LARGEST {
            let root = tree.root(size);
            for index in 0..size {
                let proof = tree.inclusion(index, size);
                assert_eq!(proof, path(index, &leaves[..size]), "{index} of {size}");
                let (place, leaves_now) = (index as u64, size as u64);
                verify_inclusion(&leaves[index], place, leaves_now, &proof, &root)
                    .unwrap_or_else(|error| panic!("{index} of {size}: {error}"));
            }
        }
    }

    #[test]
    fn every_size_is_proved_to_begin_every_larger_one() {
        let (tree, leaves) = tree(LARGEST);
        for larger in 1..=LARGEST {
            for smaller in 1..=larger {
                let proof = tree.consistency(smaller, larger);
                assert_eq!(
                    proof,
                    subproof(smaller, &leaves[..larger], true),
                    "{smaller} to {larger}"
                );
                let roots = (tree.root(smaller), tree.root(larger));
                verify_consistency(smaller as u64, larger as u64, &proof, &roots.0, &roots.1)
                    .unwrap_or_else(|error| panic!("{smaller} to {larger}: {error}"));
            }
        }
    }

    #[test]
    fn a_tree_that_grew_otherwise_is_not_proved() {
        let ((tree, _), (mut other, _)) = (tree(5), tree(4));
        other.push(leaf_hash(b"another fifth"));
        let proof = tree.consistency(3, 5);
        assert!(verify_consistency(3, 5, &proof, &tree.root(3), &other.root(5)).is_err());
    }
}
