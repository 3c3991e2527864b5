//! The Merkle tree of RFC 6962 and RFC 9162.

mod hash;

pub(crate) use hash::sha256;
pub use hash::{EMPTY_ROOT, Hash, leaf_hash, node_hash};
