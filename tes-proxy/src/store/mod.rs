//! The ownership index: tasks and runs of this gate, on SQLite or PostgreSQL.

mod db;
mod objects;
mod pages;
mod pins;
mod releases;
mod repeats;
mod works;

pub(crate) use db::Db;
pub use db::StoreError;
pub(crate) use objects::{Kept, Objects, Part};
pub(crate) use pages::{PAGE_BYTES, Pages};
pub(crate) use pins::PinTable;
pub(crate) use releases::{Release, ReleaseState, Releases, Vote};
pub(crate) use repeats::{Before, Named};
pub(crate) use works::{Phase, Work, WorkFilter, Works};
