//! The storage door: a listener of its own, for capabilities of tasks and runs and for sessions' S3 keys (`apis.md` 10.2).

mod https;
mod inputs;
mod reading;
pub(crate) mod s3;
mod scratch;
pub(crate) mod session;

pub(crate) use https::handle;
pub(crate) use inputs::input_at;
pub(crate) use reading::guarded;
