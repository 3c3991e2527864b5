//! What handles ask of the commit thread.

use tokio::sync::oneshot;

use super::handle::Noted;
use super::shared::Governed;
use crate::checkpoint::Checkpoint;
use crate::error::AuditError;
use crate::event::Event;
use crate::receipt::Receipt;
use crate::tree::Hash;

/// An answer to one caller.
pub(crate) type Answer<T> = oneshot::Sender<Result<T, AuditError>>;

/// An entry ready for the disk.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    pub(crate) bytes: Vec<u8>,
    pub(crate) leaf: Hash,
    /// Its time in microseconds.
    pub(crate) t: i64,
    /// For the list of governed rows; index and leaf are set on writing.
    pub(crate) governed: Option<Governed>,
    /// The facts record: the entry's id, and its line.
    pub(crate) facts: Option<(String, String)>,
}

/// What handles ask of the commit thread.
#[derive(Debug)]
pub(crate) enum Command {
    Append(Ready, Answer<Receipt>),
    /// The denial, ready as an entry of its own, and the event that its count will resemble.
    Denied(Box<(Ready, Event)>, Answer<Noted>),
    Checkpoint(Answer<Checkpoint>),
    /// Do what is due by the source's clock.
    Tick(Answer<()>),
    Close(Answer<()>),
}
