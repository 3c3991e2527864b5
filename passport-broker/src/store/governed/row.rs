//! One version of a governed row: before its event, and tied to it.

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use visa_verifier::seam::Timestamp;

use super::{Governed, RowKind};
use crate::store::{FromRow, Row, StoreError};

/// SHA-256 of a row's canonical JSON, as lower-case hexadecimal.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RowDigest(String);

impl RowDigest {
    pub(super) fn of(body: &str) -> Self {
        Self::from_bytes(digest(&SHA256, body.as_bytes()).as_ref())
    }

    /// From the 32 bytes of the hash, as the audit log has it.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        use std::fmt::Write as _;
        Self(bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }))
    }

    /// Of any bytes.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self::from_bytes(digest(&SHA256, bytes).as_ref())
    }

    /// From 64 lower-case hexadecimal digits; `None` for anything else.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (digits && text.len() == 64).then(|| Self(text.to_owned()))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 32 bytes, if the text is what [`RowDigest::from_bytes`] makes.
    #[must_use]
    pub fn bytes(&self) -> Option<[u8; 32]> {
        let mut bytes = [0_u8; 32];
        if self.0.len() != 64 {
            return None;
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(self.0.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        Some(bytes)
    }
}

/// What is hashed: table, id and version stand beside the row, so that no two rows share a digest.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Body<T> {
    pub(super) kind: RowKind,
    pub(super) id: String,
    pub(super) version: i64,
    pub(super) at: Timestamp,
    pub(super) row: T,
    /// The row is gone from here on; what it said last stays, as evidence.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) removed: bool,
}

/// A row that has no event yet.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Its table.
    pub kind: RowKind,
    /// Its id.
    pub id: String,
    /// Its version, from 1.
    pub version: i64,
    /// The digest that its event must carry.
    pub digest: RowDigest,
    /// The digest of the version before, that its event must carry too.
    pub before: Option<RowDigest>,
    /// Whom it concerns: an identity (`sub,iss`) or a person's id.
    pub person: Option<String>,
    pub(super) body: String,
    pub(super) live: bool,
    pub(super) dataset: Option<String>,
    pub(super) at: Timestamp,
}

/// A stored row with what ties it to the log.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// Its table.
    pub kind: RowKind,
    /// Its id.
    pub id: String,
    /// Its version, from 1.
    pub version: i64,
    /// In force but for time.
    pub live: bool,
    /// The lookup columns, to be compared with the body.
    pub person: Option<String>,
    /// See `person`.
    pub dataset: Option<String>,
    /// The digest column.
    pub digest: RowDigest,
    /// The log of its event.
    pub origin: String,
    /// The index of its event.
    pub index: Option<u64>,
    /// The leaf hash of its event, base64.
    pub leaf: Option<String>,
    /// Whether its event is known.
    pub pending: bool,
    body: String,
}

impl Sealed {
    /// Whether body, digest and lookup columns belong together: false for a row that somebody edited by hand.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        RowDigest::of(&self.body) == self.digest
    }

    /// Whether the row is live and says exactly this already.
    #[must_use]
    pub fn says<T: Governed>(&self, row: &T) -> bool {
        let now: Result<Body<serde_json::Value>, _> = serde_json::from_str(&self.body);
        match (now, serde_json::to_value(row)) {
            (Ok(body), Ok(wanted)) => self.live && self.is_whole() && body.row == wanted,
            _ => false,
        }
    }

    /// What the row says, as JSON; `None` for one that somebody edited by hand.
    #[must_use]
    pub fn row(&self) -> Option<serde_json::Value> {
        let body: Body<serde_json::Value> = serde_json::from_str(&self.body).ok()?;
        self.is_whole().then_some(body.row)
    }

    /// The meaning of the row, if table, id, version, lookup columns and body agree.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] if not.
    pub fn read<T: Governed>(&self) -> Result<T, StoreError> {
        let bad = |column| StoreError::Inconsistent {
            table: T::KIND.word(),
            column,
        };
        let body: Body<T> = serde_json::from_str(&self.body).map_err(|_| bad("body"))?;
        let agrees = body.kind == T::KIND
            && self.kind == T::KIND
            && body.id == self.id
            && body.version == self.version
            && body.row.id() == self.id
            && body.row.person() == self.person
            && body.row.dataset() == self.dataset
            && (body.row.live() && !body.removed) == self.live;
        if agrees { Ok(body.row) } else { Err(bad("id")) }
    }
}

impl FromRow for Sealed {
    const TABLE: &'static str = "governed";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let bad = |column| StoreError::Inconsistent {
            table: "governed",
            column,
        };
        let word = row.text("kind")?;
        let state = row.text("state")?;
        Ok(Self {
            kind: RowKind::ALL
                .into_iter()
                .find(|kind| kind.word() == word)
                .ok_or(bad("kind"))?,
            id: row.text("id")?,
            version: row.int("version")?,
            live: row.truth("live")?,
            person: row.maybe_text("person")?,
            dataset: row.maybe_text("dataset")?,
            digest: RowDigest(row.text("digest")?),
            origin: row.text("origin")?,
            index: row
                .maybe_int("ix")?
                .map(u64::try_from)
                .transpose()
                .map_err(|_| bad("ix"))?,
            leaf: row.maybe_text("leaf")?,
            pending: match state.as_str() {
                "pending" => true,
                "sealed" => false,
                _ => return Err(bad("state")),
            },
            body: row.text("body")?,
        })
    }
}
