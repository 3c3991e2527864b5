//! The storage door: a listener of its own, for capabilities of tasks and runs (`apis.md` 10.2).

mod https;

pub(crate) use https::handle;
