//! The event schema, version 1 (audit.md section 3): closed types, no free-form map.

mod actor;
mod draft;
mod envelope;
mod kind;
mod name;
mod subject;
mod word;

pub use actor::{Auth, Details, Via, Who};
pub use draft::Event;
pub(crate) use draft::Stamp;
pub use envelope::{Count, Entry, EntryDid, EntryWho};
pub use kind::EventType;
pub use name::{Digest, Instant, Name};
pub use subject::{About, Anchor, Did, RowChange, What, Where, Why};
pub use word::{AboutKind, Basis, Class, DataClass, Ended, Mode, Outcome, Verdict};
