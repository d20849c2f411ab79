//! What the log holds: its entries in their order, their tree, and what they are found by.

use std::{
    collections::HashMap,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use cosignet::log::leaf_hash;
use thiserror::Error;

use super::{
    clock::Clock,
    file::{EntryFile, Record},
    proposal::Proposal,
    tree::{Hash, Tree},
};

/// The state behind one lock, held for a look-up or an addition and never across an `await`.
pub(super) struct Store {
    clock: Clock,
    max_entries: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    leaves: Vec<Leaf>,
    tree: Tree,
    by_hash: HashMap<Hash, usize>,
    by_key: HashMap<String, Vec<usize>>,
    keeping: Keeping,
}

/// Where entries go beside memory.
#[derive(Default)]
enum Keeping {
    #[default]
    Nowhere,
    File(EntryFile),
    /// The log has ended.
    Closed,
}

/// An entry, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) index: usize,
    pub(super) hash: Hash,
    pub(super) integrated_time: u64,
    pub(super) body: Bytes,
}

/// An entry with the path to a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proven {
    pub(super) leaf: Leaf,
    pub(super) head: Head,
    pub(super) hashes: Vec<Hash>,
}

/// A size of the tree and its root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) size: usize,
    pub(super) root: Hash,
}

/// Why an entry is not added.
#[derive(Debug, Error)]
pub(super) enum AppendError {
    #[error("it is there already")]
    Exists(Hash),
    #[error("the log is full")]
    Full,
    #[error("{0}")]
    File(#[from] io::Error),
    #[error("the log has ended")]
    Closed,
}

impl Store {
    /// With the entries of a file, which keeps those to come, or with nothing.
    pub(super) fn new(
        clock: Clock,
        max_entries: usize,
        kept: Option<(EntryFile, Vec<Record>)>,
    ) -> Self {
        let mut state = State::default();
        if let Some((file, records)) = kept {
            for record in records {
                state.add(record);
            }
            state.keeping = Keeping::File(file);
        }
        Self {
            clock,
            max_entries,
            state: Mutex::new(state),
        }
    }

    /// Adds an entry, which is kept when this returns.
    ///
    /// # Errors
    /// [`AppendError`]; nothing is added then.
    pub(super) fn append(&self, proposal: Proposal) -> Result<Proven, AppendError> {
        let mut state = self.lock();
        let hash = leaf_hash(proposal.body.as_bytes());
        if state.by_hash.contains_key(&hash) {
            return Err(AppendError::Exists(hash));
        }
        if state.leaves.len() >= self.max_entries {
            return Err(AppendError::Full);
        }
        let record = Record::new(self.clock.now(), proposal.keys, proposal.body);
        match &mut state.keeping {
            Keeping::Nowhere => {}
            Keeping::File(file) => file.append(&record)?,
            Keeping::Closed => return Err(AppendError::Closed),
        }
        let index = state.add(record);
        state.prove(index).ok_or(AppendError::Full)
    }

    pub(super) fn by_index(&self, index: usize) -> Option<Proven> {
        self.lock().prove(index)
    }

    pub(super) fn by_hash(&self, hash: &Hash) -> Option<Proven> {
        let state = self.lock();
        state.prove(*state.by_hash.get(hash)?)
    }

    /// The indices of the entries with this key, in their order.
    pub(super) fn by_key(&self, key: &str) -> Vec<usize> {
        self.lock().by_key.get(key).cloned().unwrap_or_default()
    }

    /// The hashes of the leaves at these indices.
    pub(super) fn hashes(&self, indices: &[usize]) -> Vec<Hash> {
        let state = self.lock();
        let leaves = indices.iter().filter_map(|index| state.leaves.get(*index));
        leaves.map(|leaf| leaf.hash).collect()
    }

    pub(super) fn leaves(&self) -> Vec<Leaf> {
        self.lock().leaves.clone()
    }

    pub(super) fn head(&self) -> Head {
        self.lock().head()
    }

    /// What shows that one size of the tree is the beginning of another, and the tree now; `None`
    /// for sizes that it has not had, 0 among them.
    pub(super) fn consistency(&self, smaller: usize, larger: usize) -> (Option<Vec<Hash>>, Head) {
        let state = self.lock();
        let head = state.head();
        let had = 0 < smaller && smaller <= larger && larger <= head.size;
        (had.then(|| state.tree.consistency(smaller, larger)), head)
    }

    /// Takes no entries any more, and lets go of the file.
    pub(super) fn close(&self) {
        self.lock().keeping = Keeping::Closed;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, record: Record) -> usize {
        let index = self.leaves.len();
        let hash = leaf_hash(record.body.as_bytes());
        self.tree.push(hash);
        self.by_hash.entry(hash).or_insert(index);
        for key in record.keys {
            let indices = self.by_key.entry(key).or_default();
            if indices.last() != Some(&index) {
                indices.push(index);
            }
        }
        self.leaves.push(Leaf {
            index,
            hash,
            integrated_time: record.integrated_time,
            body: record.body.into(),
        });
        index
    }

    fn head(&self) -> Head {
        let size = self.tree.size();
        Head {
            size,
            root: self.tree.root(size),
        }
    }

    fn prove(&self, index: usize) -> Option<Proven> {
        let leaf = self.leaves.get(index)?.clone();
        let head = self.head();
        let hashes = self.tree.inclusion(index, head.size);
        Some(Proven { leaf, head, hashes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposal(body: &str, keys: &[&str]) -> Proposal {
        Proposal {
            body: body.to_owned(),
            keys: keys.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn entries_are_added_once_and_up_to_the_limit() {
        let store = Store::new(Clock::fixed(7), 2, None);
        let first = store
            .append(proposal("a", &["x", "x", "y"]))
            .expect("added");
        assert_eq!((first.leaf.index, first.leaf.integrated_time), (0, 7));
        let again = store.append(proposal("a", &[])).expect_err("there");
        assert!(matches!(again, AppendError::Exists(hash) if hash == first.leaf.hash));
        let second = store.append(proposal("b", &["x"])).expect("added");
        assert_eq!((second.leaf.index, second.head.size), (1, 2));
        let third = store.append(proposal("c", &[])).expect_err("full");
        assert!(matches!(third, AppendError::Full));
        assert_eq!(store.by_key("x"), [0, 1]);
        assert_eq!(store.by_key("y"), [0]);
        assert_eq!(store.by_key("z"), [0; 0]);
        assert_eq!(store.by_hash(&second.leaf.hash), Some(second));
        assert_eq!(store.by_index(2), None);
    }

    #[test]
    fn consistency_is_of_sizes_that_were_there() {
        let store = Store::new(Clock::fixed(7), 9, None);
        for body in ["a", "b", "c"] {
            store.append(proposal(body, &[])).expect("added");
        }
        for (smaller, larger, expected) in [
            (0, 0, false),
            (0, 3, false),
            (1, 3, true),
            (3, 3, true),
            (3, 2, false),
            (1, 4, false),
        ] {
            let (proof, head) = store.consistency(smaller, larger);
            assert_eq!(proof.is_some(), expected, "{smaller} to {larger}");
            assert_eq!(head, store.head());
        }
    }

    #[test]
    fn a_closed_store_is_read_and_not_added_to() {
        let store = Store::new(Clock::fixed(7), 9, None);
        store.append(proposal("a", &[])).expect("added");
        store.close();
        let error = store.append(proposal("b", &[])).expect_err("closed");
        assert!(matches!(error, AppendError::Closed));
        assert_eq!(store.head().size, 1);
    }
}
