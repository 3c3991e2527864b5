//! The Merkle tree of RFC 6962 and RFC 9162, and its tiles (C2SP tlog-tiles).

mod growing;
mod hash;
mod levels;
mod proof;
pub(crate) mod tile_path;
pub(crate) mod tiles;
#[cfg(test)]
mod vectors;

pub use growing::Growing;
pub(crate) use hash::sha256;
pub use hash::{EMPTY_ROOT, Hash, leaf_hash, node_hash};
pub use levels::Levels;
pub(crate) use proof::root_from_path;
pub use proof::{verify_consistency, verify_inclusion};
