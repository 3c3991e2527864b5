//! Proofs checked (RFC 9162 sections 2.1.3.2 and 2.1.4.2): strict in length, index and size.

use super::{Hash, leaf_hash, node_hash};
use crate::checkpoint::Checkpoint;

/// Whether this entry is in the log at this index, under this checkpoint.
///
/// It takes the entry and not its hash, and size and root from one checkpoint: an inner node passed off as a leaf,
/// or a size of another tree, can't be said.
#[must_use]
pub fn verify_inclusion(checkpoint: &Checkpoint, index: u64, entry: &[u8], path: &[Hash]) -> bool {
    root_from_path(leaf_hash(entry), index, checkpoint.size, path) == Some(checkpoint.root)
}

/// Whether the older checkpoint's log is a prefix of the newer one's.
#[must_use]
pub fn verify_consistency(older: &Checkpoint, newer: &Checkpoint, proof: &[Hash]) -> bool {
    older.origin == newer.origin && consistent(older.size, &older.root, newer.size, &newer.root, proof)
}

/// The root that a leaf and its path lead to; `None` if the path has another length than such a leaf's.
pub(crate) fn root_from_path(leaf: Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = leaf;
    for sibling in path {
        if last == 0 {
            return None;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(hash)
}

pub(crate) fn consistent(first: u64, first_root: &Hash, second: u64, second_root: &Hash, proof: &[Hash]) -> bool {
    if first > second {
        return false;
    }
    if first == second {
        return proof.is_empty() && first_root == second_root;
    }
    if first == 0 {
        return proof.is_empty() && *first_root == super::EMPTY_ROOT;
    }
    let mut hashes = proof.iter();
    // A complete older tree is itself the first node.
    let start = if first.is_power_of_two() {
        Some(first_root)
    } else {
        hashes.next()
    };
    let Some(start) = start else { return false };
    let (mut node, mut last) = (first - 1, second - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut older, mut newer) = (*start, *start);
    for hash in hashes {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            older = node_hash(hash, &older);
            newer = node_hash(hash, &newer);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            newer = node_hash(&newer, hash);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && older == *first_root && newer == *second_root
}
