//! What rested on what is gone: streams end, tasks and runs are cancelled, each on record (D7, `apis.md` 10.3).

mod adopt;
mod cancel;
mod count;
mod renew;
mod watch;

pub(crate) use cancel::{accepted, cancel, withdraw};
pub use watch::Chores;
