//! What rested on what is gone: streams end, tasks and runs are cancelled, each on record (D7, `apis.md` 10.3).

mod adopt;
mod cancel;
mod count;
mod renew;
mod sent;
mod watch;

pub(crate) use cancel::{accepted, cancel};
pub(crate) use sent::sent_by;
pub use watch::Chores;
