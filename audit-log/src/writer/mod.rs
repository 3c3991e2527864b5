//! The writer: `append` returns when the entry is durable (D9); one thread commits in groups.

mod command;
mod commit;
mod denials;
mod handle;
mod open_log;
mod shared;

pub use handle::{Noted, Pending, Writer};
pub use shared::{Governed, StoredEntry};
