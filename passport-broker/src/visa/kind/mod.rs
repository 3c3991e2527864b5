//! One file a kind of visa: from a row of ours to what the visa says.

pub(crate) mod asserted;
pub(crate) mod controlled_access;
pub(crate) mod linked_identities;
pub(crate) mod purpose;
pub(crate) mod statement;
