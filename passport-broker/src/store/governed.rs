//! A row with its event (architecture D16): append-only versions, each with the digest that its event carries.
//!
//! The order that survives a crash: [`pend`] (row stored, counts for nothing) → the event is durable in the audit log →
//! [`seal`] (row takes the event's index and leaf hash). At start `catalogue::recover` seals pending rows whose
//! digest the log knows and drops the others.

use std::fmt;

use ring::digest::{SHA256, digest};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use visa_verifier::seam::Timestamp;

use super::{Db, FromRow, Row, StoreError, args};
use crate::canonical;

/// Which governed table a row belongs to.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowKind {
    /// An institution of the register.
    Institution,
    /// A committee.
    Dac,
    /// A dataset and its label.
    Dataset,
    /// An object's mapping to a dataset.
    Object,
    /// A storage prefix's mapping to a dataset.
    Prefix,
    /// A place that outputs may go to.
    Sink,
    /// A service that runs work.
    Service,
    /// A role or committee membership of a person.
    Role,
    /// A trust entry.
    Trust,
    /// A client of the OpenID Provider.
    Client,
    /// An upstream provider.
    Upstream,
    /// An application for access, with its votes.
    Application,
    /// A grant.
    Grant,
    /// A hold.
    Hold,
    /// A purpose attested for a grant that carries none.
    Purpose,
    /// A person's default purpose.
    DefaultPurpose,
}

impl RowKind {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Institution,
        Self::Dac,
        Self::Dataset,
        Self::Object,
        Self::Prefix,
        Self::Sink,
        Self::Service,
        Self::Role,
        Self::Trust,
        Self::Client,
        Self::Upstream,
        Self::Application,
        Self::Grant,
        Self::Hold,
        Self::Purpose,
        Self::DefaultPurpose,
    ];

    /// The word in the table and in the canonical row.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Institution => "institution",
            Self::Dac => "dac",
            Self::Dataset => "dataset",
            Self::Object => "object",
            Self::Prefix => "prefix",
            Self::Sink => "sink",
            Self::Service => "service",
            Self::Role => "role",
            Self::Trust => "trust",
            Self::Client => "client",
            Self::Upstream => "upstream",
            Self::Application => "application",
            Self::Grant => "grant",
            Self::Hold => "hold",
            Self::Purpose => "purpose",
            Self::DefaultPurpose => "default-purpose",
        }
    }
}

impl fmt::Display for RowKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a governed table holds: the meaning of one row.
pub trait Governed: Serialize + DeserializeOwned + Send + Sync {
    /// Its table.
    const KIND: RowKind;

    /// Its id, unique in the table and never reused.
    fn id(&self) -> String;

    /// The identity that it concerns (`sub,iss`), for lookup.
    fn person(&self) -> Option<String> {
        None
    }

    /// The dataset that it concerns, for lookup.
    fn dataset(&self) -> Option<String> {
        None
    }

    /// Whether it is in force but for time: false once revoked, released or removed. Such a row stays, as evidence.
    fn live(&self) -> bool {
        true
    }
}

/// SHA-256 of a row's canonical JSON, as lower-case hexadecimal.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RowDigest(String);

impl RowDigest {
    fn of(body: &str) -> Self {
        Self::from_bytes(digest(&SHA256, body.as_bytes()).as_ref())
    }

    /// From the 32 bytes of the hash, as the audit log has it.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        use fmt::Write as _;
        Self(bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }))
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
struct Body<T> {
    kind: RowKind,
    id: String,
    version: i64,
    at: Timestamp,
    row: T,
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
    body: String,
    live: bool,
    dataset: Option<String>,
    at: Timestamp,
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
            && body.row.live() == self.live;
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

/// Makes the next version of a row, to be stored by [`pend`].
///
/// # Errors
/// The database is down, or the row cannot be written as canonical JSON.
pub async fn draft<T: Governed>(db: &mut Db, row: &T, now: Timestamp) -> Result<Pending, StoreError> {
    let before = newest(db, T::KIND, &row.id()).await?;
    let version = before.as_ref().map_or(1, |sealed| sealed.version + 1);
    let body = canonical::text(&Body {
        kind: T::KIND,
        id: row.id(),
        version,
        at: now,
        row,
    })
    .map_err(|_| StoreError::Inconsistent {
        table: T::KIND.word(),
        column: "body",
    })?;
    Ok(Pending {
        kind: T::KIND,
        id: row.id(),
        version,
        digest: RowDigest::of(&body),
        before: before.map(|sealed| sealed.digest),
        body,
        live: row.live(),
        person: row.person(),
        dataset: row.dataset(),
        at: now,
    })
}

/// Stores a row that counts for nothing until it is sealed.
///
/// # Errors
/// The database is down, or somebody else stored this version first ([`StoreError::Conflict`]).
pub async fn pend(db: &mut Db, pending: &Pending, origin: &str) -> Result<(), StoreError> {
    db.change(
        "governed",
        "INSERT INTO governed (kind, id, version, state, live, person, dataset, body, digest, origin, created_at)
         VALUES ($1, $2, $3, 'pending', $4, $5, $6, $7, $8, $9, $10)",
        args![
            pending.kind.word(),
            &pending.id,
            pending.version,
            pending.live,
            pending.person.clone(),
            pending.dataset.clone(),
            &pending.body,
            pending.digest.as_str(),
            origin,
            pending.at,
        ],
    )
    .await
    .map(drop)
}

/// Ties a pending row to its event.
///
/// # Errors
/// The database is down, or there is no such pending row ([`StoreError::Conflict`]).
pub async fn seal(db: &mut Db, digest: &RowDigest, index: u64, leaf: &str) -> Result<(), StoreError> {
    let index = i64::try_from(index).map_err(|_| StoreError::Inconsistent {
        table: "governed",
        column: "ix",
    })?;
    let touched = db
        .change(
            "governed",
            "UPDATE governed SET state = 'sealed', ix = $2, leaf = $3 WHERE digest = $1 AND state = 'pending'",
            args![digest.as_str(), index, leaf],
        )
        .await?;
    if touched == 1 {
        Ok(())
    } else {
        Err(StoreError::Conflict { table: "governed" })
    }
}

/// Drops a pending row whose event never came to be.
///
/// # Errors
/// The database is down.
pub async fn drop_pending(db: &mut Db, digest: &RowDigest) -> Result<(), StoreError> {
    db.change(
        "governed",
        "DELETE FROM governed WHERE digest = $1 AND state = 'pending'",
        args![digest.as_str()],
    )
    .await
    .map(drop)
}

/// The pending rows whose event would be in the log `origin`.
///
/// # Errors
/// The database is down.
pub async fn pending_of(db: &mut Db, origin: &str) -> Result<Vec<Sealed>, StoreError> {
    db.all(
        "SELECT kind, id, version, state, live, person, dataset, body, digest, origin, ix, leaf FROM governed
         WHERE state = 'pending' AND origin = $1 ORDER BY created_at, kind, id, version",
        args![origin],
    )
    .await
}

/// Every sealed row, all versions: what the snapshot builder compares with the log.
///
/// # Errors
/// The database is down.
pub async fn everything(db: &mut Db) -> Result<Vec<Sealed>, StoreError> {
    db.all(
        "SELECT kind, id, version, state, live, person, dataset, body, digest, origin, ix, leaf FROM governed
         WHERE state = 'sealed' ORDER BY kind, id, version",
        args![],
    )
    .await
}

/// The newest sealed version of a row.
///
/// # Errors
/// The database is down.
pub async fn newest(db: &mut Db, kind: RowKind, id: &str) -> Result<Option<Sealed>, StoreError> {
    db.one(
        "SELECT kind, id, version, state, live, person, dataset, body, digest, origin, ix, leaf FROM governed
         WHERE kind = $1 AND id = $2 AND state = 'sealed' ORDER BY version DESC LIMIT 1",
        args![kind.word(), id],
    )
    .await
}

/// The newest sealed version of each row of a table, dead ones too, in the order of their ids.
///
/// # Errors
/// The database is down.
pub async fn all_newest(db: &mut Db, kind: RowKind) -> Result<Vec<Sealed>, StoreError> {
    db.all(
        "SELECT g.kind, g.id, g.version, g.state, g.live, g.person, g.dataset, g.body, g.digest, g.origin, g.ix, g.leaf
         FROM governed g WHERE g.kind = $1 AND g.state = 'sealed'
           AND g.version = (SELECT MAX(n.version) FROM governed n
                            WHERE n.kind = g.kind AND n.id = g.id AND n.state = 'sealed')
         ORDER BY g.id",
        args![kind.word()],
    )
    .await
}

/// The same, of the rows that concern an identity (`sub,iss`) or a person's id.
///
/// # Errors
/// The database is down.
pub async fn newest_of_person(db: &mut Db, kind: RowKind, person: &str) -> Result<Vec<Sealed>, StoreError> {
    db.all(
        "SELECT g.kind, g.id, g.version, g.state, g.live, g.person, g.dataset, g.body, g.digest, g.origin, g.ix, g.leaf
         FROM governed g WHERE g.kind = $1 AND g.person = $2 AND g.state = 'sealed'
           AND g.version = (SELECT MAX(n.version) FROM governed n
                            WHERE n.kind = g.kind AND n.id = g.id AND n.state = 'sealed')
         ORDER BY g.id",
        args![kind.word(), person],
    )
    .await
}

/// The same, of the rows that concern a dataset.
///
/// # Errors
/// The database is down.
pub async fn newest_of_dataset(db: &mut Db, kind: RowKind, dataset: &str) -> Result<Vec<Sealed>, StoreError> {
    db.all(
        "SELECT g.kind, g.id, g.version, g.state, g.live, g.person, g.dataset, g.body, g.digest, g.origin, g.ix, g.leaf
         FROM governed g WHERE g.kind = $1 AND g.dataset = $2 AND g.state = 'sealed'
           AND g.version = (SELECT MAX(n.version) FROM governed n
                            WHERE n.kind = g.kind AND n.id = g.id AND n.state = 'sealed')
         ORDER BY g.id",
        args![kind.word(), dataset],
    )
    .await
}
