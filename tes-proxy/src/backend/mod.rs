//! To the backends: a fresh request of our own framing, with our own credential, and answers that are parsed or
//! streamed under watch. What acts asks for a permit.

mod circuit;
mod client;
mod drs;
mod error;

mod stream;
mod tes;
mod trs;
mod wes;

pub(crate) use client::{Client, Transport, Way};
pub(crate) use drs::{Bytes, DrsBackend, Range};
pub use error::BackendError;

pub(crate) use stream::{Ending, Watch, watched};
pub(crate) use tes::TesBackend;
pub(crate) use trs::{Told, TrsBackend};
pub(crate) use wes::WesBackend;
