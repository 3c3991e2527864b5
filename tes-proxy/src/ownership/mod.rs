//! Whose task, which datasets, on which decision; lists and reads come from our own index (D7).

mod at;
mod basis;
pub(crate) mod index;
pub(crate) mod page;
mod repeat;
mod stamp;

pub(crate) use at::{At, at, tes_at, wes_at};
pub(crate) use basis::{Basis, data, latest};
pub(crate) use index::{Submission, Submitted, cap, digest, item, lasting, owned, refresh, submit};
pub(crate) use repeat::RepeatName;
pub(crate) use stamp::stamp;
