//! The promise that an answer carries: index, leaf and batch, signed once a batch (audit.md section 4).

use std::sync::Arc;

use crate::tree::Hash;

/// That an entry is durable, and the log's signed promise to show it under a checkpoint within 120 s.
#[derive(Clone, Debug)]
pub struct Receipt {
    pub(crate) batch: Arc<Batch>,
    pub(crate) index: u64,
    pub(crate) leaf: Hash,
}

/// One commit batch: its tree and its signature.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) origin: Arc<str>,
    pub(crate) first: u64,
    pub(crate) leaves: Vec<Hash>,
    pub(crate) time: i64,
    pub(crate) signature: [u8; 68],
}

impl Receipt {
    /// The log's origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.batch.origin
    }

    /// The entry's index in the log.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The entry's leaf hash.
    #[must_use]
    pub fn leaf(&self) -> &Hash {
        &self.leaf
    }

    /// When the batch was written, in Unix seconds.
    #[must_use]
    pub fn time(&self) -> i64 {
        self.batch.time
    }
}
