//! An event in its envelope: an entry as it stands in the log, byte for byte.
//!
//! Fields stand in the alphabetical order of their names in the log: the canonical encoding rests on it.

use serde::{Deserialize, Serialize};

use super::word::{Class, Ended, Outcome};
use super::{About, Anchor, Auth, Digest, EventType, Instant, Name, RowChange, Via, What, Where, Why};
use crate::pseudonym::Sealed;

/// The schema's version.
pub(crate) const VERSION: u8 = 1;

/// One entry of the log, as read back. Its canonical JSON are the bytes that the leaf hash covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Things named by their id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<About>,
    /// A peer's checkpoint head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Anchor>,
    /// Bytes that were sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// What a change did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub did: Option<EntryDid>,
    /// How long it took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dur_ms: Option<u64>,
    /// How it came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Ended>,
    /// ULID of the entry.
    pub id: Name,
    /// The log's origin.
    pub log: Name,
    /// How many, for `denied.many`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<Count>,
    /// The node.
    pub node: Name,
    /// How it went.
    pub outcome: Outcome,
    /// The person's details, sealed under their key: base64url of nonce, ciphertext and tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
    /// Pseudonyms of participants, under their dataset's own key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subject_of_care: Vec<Name>,
    /// When.
    pub t: Instant,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// Schema version, 1.
    pub v: u8,
    /// By what way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
    /// What was touched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub what: Vec<What>,
    /// Where it went.
    #[serde(rename = "where", default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Where>,
    /// Who did it.
    pub who: EntryWho,
    /// Why it was allowed or denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
}

/// `who` as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryWho {
    /// Pseudonym of the person for whom it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acting_for: Option<Name>,
    /// How the actor was authenticated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// What kind of actor.
    pub class: Class,
    /// The person's pseudonym of the month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p: Option<Name>,
}

/// `did` as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryDid {
    /// Pseudonyms of those who agreed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<Name>,
    /// Digest of the reason's text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Digest>,
    /// Row digests before and after.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowChange>,
}

/// How many equal denials, from when to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// How many, the first of them (that has an entry of its own) left out.
    pub count: u64,
    /// The first of them.
    pub from: Instant,
    /// The last of them.
    pub to: Instant,
}
