//! The storage door: a listener of its own, for capabilities of tasks and runs (`apis.md` 10.2).

mod https;
mod reading;
pub(crate) mod session;

pub(crate) use https::handle;
pub(crate) use reading::guarded;
