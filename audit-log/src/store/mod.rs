//! The log's folder: segment files, derived tiles and bundles, checkpoint, verifier key.

pub(crate) mod files;
pub(crate) mod folder;
pub(crate) mod keep;
pub(crate) mod read;
pub(crate) mod recover;
pub(crate) mod segment;
pub(crate) mod walk;
