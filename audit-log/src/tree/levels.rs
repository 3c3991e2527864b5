//! A tree that is wholly in memory (a batch, a part of a log), and the proofs made from it.

use super::{EMPTY_ROOT, Hash, node_hash};

/// Every node of a tree: level 0 are the leaves; a last odd node stands unchanged one level higher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Levels(Vec<Vec<Hash>>);

impl Levels {
    /// The tree over these leaf hashes.
    #[must_use]
    pub fn new(leaves: Vec<Hash>) -> Self {
        let mut levels = vec![leaves];
        while let Some(last) = levels.last().filter(|level| level.len() > 1) {
            let above = last.chunks(2).filter_map(|pair| match pair {
                [left, right] => Some(node_hash(left, right)),
                [odd] => Some(*odd),
                _ => None,
            });
            let above = above.collect();
            levels.push(above);
        }
        Self(levels)
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.0.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// A leaf hash.
    #[must_use]
    pub fn leaf(&self, index: u64) -> Option<Hash> {
        self.at(self.0.first()?, index)
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.0.last().and_then(|top| top.first()).copied().unwrap_or(EMPTY_ROOT)
    }

    /// The inclusion path of a leaf, lowest first; `None` beyond the size.
    #[must_use]
    pub fn inclusion(&self, index: u64) -> Option<Vec<Hash>> {
        if index >= self.size() {
            return None;
        }
        let mut path = Vec::new();
        let mut at = index;
        for level in &self.0 {
            path.extend(self.at(level, at ^ 1));
            at >>= 1;
        }
        Some(path)
    }

    /// The proof that the tree of the first `first` leaves is a prefix of this one; `None` beyond the size.
    #[must_use]
    pub fn consistency(&self, first: u64) -> Option<Vec<Hash>> {
        if first > self.size() {
            return None;
        }
        let mut proof = Vec::new();
        if first > 0 {
            self.subproof(first, 0, self.size(), true, &mut proof)?;
        }
        Some(proof)
    }

    /// SUBPROOF of RFC 9162 section 2.1.4.1 for the leaves `low..high`; `whole` while that is still the older tree.
    fn subproof(&self, first: u64, low: u64, high: u64, whole: bool, proof: &mut Vec<Hash>) -> Option<()> {
        if first == high {
            if !whole {
                proof.push(self.node(low, high)?);
            }
            return Some(());
        }
        let middle = low + split(high - low);
        if first <= middle {
            self.subproof(first, low, middle, whole, proof)?;
            proof.push(self.node(middle, high)?);
        } else {
            self.subproof(first, middle, high, false, proof)?;
            proof.push(self.node(low, middle)?);
        }
        Some(())
    }

    /// The root of the leaves `low..high`, where that is a node of the tree.
    fn node(&self, low: u64, high: u64) -> Option<Hash> {
        let level = (high - low).next_power_of_two().trailing_zeros();
        let nodes = self.0.get(usize::try_from(level).ok()?)?;
        self.at(nodes, low >> level)
    }

    fn at(&self, level: &[Hash], index: u64) -> Option<Hash> {
        level.get(usize::try_from(index).ok()?).copied()
    }
}

/// The largest power of two below `n`, for n > 1.
fn split(n: u64) -> u64 {
    1 << (63 - (n.max(2) - 1).leading_zeros())
}
