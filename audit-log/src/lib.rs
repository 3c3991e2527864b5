//! An append-only, tamper-evident record: Merkle tree, signed checkpoints, group commit.
//!
//! It holds the event schema and decides nothing by what an event says. Time and random bytes come from its caller.
//! Spec: `specs/audit.md`. It leaves to others: who is asked, what is allowed, where receipts travel.

mod checkpoint;
mod encoding;
mod error;
pub mod event;
mod facts;
mod follow;
mod note;
pub mod pseudonym;
mod receipt;
mod recorded;
mod settings;
mod source;
mod store;
pub mod tree;
pub mod verify;
mod writer;

pub use checkpoint::Checkpoint;
pub use encoding::{ENTRY_BYTES, canonical};
pub use error::AuditError;
pub use event::{
    About, AboutKind, Anchor, Auth, Basis, Class, Count, DataClass, Details, Did, Digest, Ended, Entry, Event,
    EventType, Instant, Mode, Name, Outcome, RowChange, Verdict, Via, What, Where, Who, Why,
};
pub use facts::{FACTS_BYTES, SealedFacts, read_facts};
pub use follow::Follower;
pub use note::{LogKey, Note, NoteError, Signed, VKey};
pub use pseudonym::{Keys, Keystore, ObjectSalt, PersonKey, Pseudonym, Sealed};
pub use receipt::{HEADER, Promise, Receipt};
pub use recorded::{Recorded, RecordedFacts, recorded};
pub use settings::Settings;
pub use source::Source;
pub use store::read::{READ_ENTRIES, Reader};
pub use verify::{Report, verify_dir};
pub use writer::{Governed, Noted, Pending, StoredEntry, Writer};
