//! Proofs of RFC 6962, against the vectors of transparency-dev and against the RFC's own recursion.

use cosignet::log::{LogEntry, LogError, leaf_hash, verify_consistency, verify_inclusion};
use proptest::prelude::*;
use serde_json::Value;

use super::{
    data::{Bundle, bytes, case_of, files, json, read, text},
    lab,
};

#[test]
fn inclusion_vectors() {
    let names = files("public/merkle/inclusion");
    let mut refused = 0;
    for name in &names {
        let vector = json(name);
        // 32 bytes are a matter of type here; the vectors hold others to be refused.
        let verified = (|| {
            let leaf = hash(&vector["leafHash"])?;
            let root = hash(&vector["root"])?;
            let proof = proof(&vector)?;
            let (index, size) = (number(&vector["leafIdx"]), number(&vector["treeSize"]));
            verify_inclusion(&leaf, index, size, &proof, &root).ok()
        })();
        assert_eq!(verified.is_none(), vector["wantErr"] == true, "{name}");
        refused += usize::from(verified.is_none());
    }
    assert_eq!((names.len(), refused), (98, 92));
}

#[test]
fn consistency_vectors() {
    let names = files("public/merkle/consistency");
    let mut refused = 0;
    for name in &names {
        let vector = json(name);
        // Some roots are words that are only compared; their hashes stand in for them.
        let root =
            |name: &str| hash(&vector[name]).unwrap_or_else(|| lab::leaf(&bytes(&vector[name])));
        let verified = (|| {
            let (smaller, larger) = (number(&vector["size1"]), number(&vector["size2"]));
            let (first, second) = (root("root1"), root("root2"));
            verify_consistency(smaller, larger, &proof(&vector)?, &first, &second).ok()
        })();
        assert_eq!(verified.is_none(), vector["wantErr"] == true, "{name}");
        refused += usize::from(verified.is_none());
    }
    assert_eq!((names.len(), refused), (98, 92));
}

/// The first forty entries of the real log, and its own proof that it only grew from 3 to 40.
#[test]
fn a_real_log_is_consistent() {
    let leaves: Vec<Vec<u8>> = (0..40)
        .map(|index| {
            let answer = read(&format!("rekor/v1/entries/{index:03}.json"));
            LogEntry::from_rekor_v1(&answer).unwrap().body().to_vec()
        })
        .collect();
    let proof: Vec<[u8; 32]> = json("rekor/v1/consistency-3-40.json")["hashes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|digits| hex(text(digits)))
        .collect();
    let bundle = Bundle::read("rekor/v1/blob/cosign3-p256.sigstore.json");
    assert_eq!(bundle.entry()["inclusionProof"]["treeSize"], "3");
    let early = hash(&bundle.entry()["inclusionProof"]["rootHash"]).unwrap();
    let late = lab::root(&leaves);
    verify_consistency(3, 40, &proof, &early, &late).unwrap();
    let refused = Err(LogError::BadConsistencyProof {
        smaller: 3,
        larger: 40,
    });
    assert_eq!(verify_consistency(3, 40, &proof, &late, &early), refused);
    assert_eq!(
        verify_consistency(3, 40, &proof[1..], &early, &late),
        refused
    );
}

proptest! {
    #[test]
    fn inclusion_is_what_the_rfc_says(size in 1_usize..200, place: prop::sample::Index, flip: prop::sample::Index, bit in 0_u8..8) {
        let leaves = leaves(size);
        let index = place.index(size);
        let (root, leaf) = (lab::root(&leaves), leaf_hash(&leaves[index]));
        let mut proof = lab::inclusion(index, &leaves);
        let verify = |proof: &[[u8; 32]], index: usize, size: usize| {
            verify_inclusion(&leaf, index as u64, size as u64, proof, &root)
        };
        verify(&proof, index, size).unwrap();
        for other in (0..size + 2).filter(|other| *other != index) {
            let expected = if other < size { "BadInclusionProof" } else { "ProofIndex" };
            prop_assert_eq!(case_of(&verify(&proof, other, size).unwrap_err()), expected);
        }
        if !proof.is_empty() {
            let altered = flip.index(proof.len() * 32);
            proof[altered / 32][altered % 32] ^= 1 << bit;
            prop_assert!(verify(&proof, index, size).is_err());
        }
        proof.push(root);
        prop_assert!(verify(&proof, index, size).is_err());
    }

    #[test]
    fn consistency_is_what_the_rfc_says(larger in 1_usize..200, earlier: prop::sample::Index, flip: prop::sample::Index, bit in 0_u8..8) {
        let leaves = leaves(larger);
        let smaller = earlier.index(larger) + 1;
        let (first, second) = (lab::root(&leaves[..smaller]), lab::root(&leaves));
        let mut proof = lab::consistency(smaller, &leaves);
        let verify = |proof: &[[u8; 32]], smaller: usize| {
            verify_consistency(smaller as u64, larger as u64, proof, &first, &second)
        };
        verify(&proof, smaller).unwrap();
        for other in (0..larger + 2).filter(|other| *other != smaller) {
            prop_assert!(verify(&proof, other).is_err());
        }
        prop_assert_eq!(verify_consistency(smaller as u64, larger as u64, &proof, &second, &first).is_err(), smaller != larger);
        if !proof.is_empty() {
            let altered = flip.index(proof.len() * 32);
            proof[altered / 32][altered % 32] ^= 1 << bit;
            prop_assert!(verify(&proof, smaller).is_err());
        }
        proof.push(second);
        prop_assert!(verify(&proof, smaller).is_err());
    }

    /// No size, however large, makes it panic or run long.
    #[test]
    fn any_size_ends(index: u64, size: u64, hashes in prop::collection::vec(any::<[u8; 32]>(), 0..66)) {
        prop_assert!(verify_inclusion(&[0; 32], index, size, &hashes, &[1; 32]).is_err());
        prop_assert!(verify_consistency(index, size, &hashes, &[0; 32], &[1; 32]).is_err());
    }
}

#[test]
fn the_largest_trees_end() {
    for (index, size) in [
        (0, u64::MAX),
        (u64::MAX - 1, u64::MAX),
        (1 << 63, u64::MAX),
        (u64::MAX, u64::MAX),
    ] {
        for count in 0..66 {
            let hashes = vec![[0; 32]; count];
            assert!(verify_inclusion(&[0; 32], index, size, &hashes, &[1; 32]).is_err());
            assert!(verify_consistency(index, size, &hashes, &[0; 32], &[1; 32]).is_err());
        }
    }
}

fn leaves(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|leaf| leaf.to_be_bytes().to_vec()).collect()
}

/// The hashes of a proof; `null` stands for none.
fn proof(vector: &Value) -> Option<Vec<[u8; 32]>> {
    match &vector["proof"] {
        Value::Null => Some(Vec::new()),
        hashes => hashes.as_array().unwrap().iter().map(hash).collect(),
    }
}

fn hash(value: &Value) -> Option<[u8; 32]> {
    match value {
        Value::Null => None,
        value => bytes(value).try_into().ok(),
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value}"))
}

fn hex(digits: &str) -> [u8; 32] {
    let byte = |place| u8::from_str_radix(&digits[2 * place..2 * place + 2], 16).unwrap();
    std::array::from_fn(byte)
}
