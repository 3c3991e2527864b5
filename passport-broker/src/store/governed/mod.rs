//! A row with its event (architecture D16): append-only versions, each with the digest that its event carries.
//!
//! The order that survives a crash: [`pend`] (row stored, counts for nothing) → the event is durable in the audit log →
//! [`seal`] (row takes the event's index and leaf hash). At start `catalogue::recover` seals pending rows whose
//! digest the log knows and drops the others.

mod kind;
mod row;
mod table;

pub use kind::{Governed, RowKind};
pub use row::{Pending, RowDigest, Sealed};
pub use table::{
    all_newest, by_digest, draft, draft_removal, drop_pending, everything, newest, newest_of_dataset, newest_of_person,
    pend, pending, pending_of, seal,
};
