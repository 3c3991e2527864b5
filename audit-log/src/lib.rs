//! An append-only, tamper-evident record: Merkle tree, signed checkpoints, group commit.
