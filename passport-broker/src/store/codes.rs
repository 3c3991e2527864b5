//! What may be used once: authorization codes, pending logins, `jti`s of assertions. A row with a unique key, taken
//! in the same transaction as its effect, so that one use holds over all replicas (trust checklist, lines 4, 13, 36).

use serde::Serialize;
use serde::de::DeserializeOwned;
use visa_verifier::seam::Timestamp;

use super::{Db, FromRow, Row, StoreError, args};

/// What kind of thing is used once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OnceKind {
    /// An authorization code.
    Code,
    /// A login sent to an upstream provider, by its `state`.
    Login,
    /// A pending authorization request, waiting for a login or a consent.
    Authorization,
    /// An authorization request that a client pushed, by its `request_uri`.
    Pushed,
    /// The `jti` of a client assertion, with its client.
    Assertion,
    /// The `jti` of a DPoP proof, with its key.
    Dpop,
    /// The `jti` of a logout token.
    Logout,
    /// An enrolment code of the first administrator.
    Enrolment,
    /// A proven identity that waits for its person's word: add it to an account, or begin one.
    Offer,
}

impl OnceKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Login => "login",
            Self::Authorization => "authorization",
            Self::Pushed => "pushed",
            Self::Assertion => "assertion",
            Self::Dpop => "dpop",
            Self::Logout => "logout",
            Self::Enrolment => "enrolment",
            Self::Offer => "offer",
        }
    }
}

/// The answer to a try to use something once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Taken<T> {
    /// It was there and is now used up.
    First(T),
    /// It was used before: what it was, so that what came of it can be revoked.
    Again(T),
    /// Nobody knows it, or it is over.
    Unknown,
}

struct OnceRow {
    data: String,
    expires: Timestamp,
    used: Option<Timestamp>,
}

impl FromRow for OnceRow {
    const TABLE: &'static str = "once";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            data: row.text("data")?,
            expires: row.instant("expires_at")?,
            used: row.maybe_instant("used_at")?,
        })
    }
}

/// Keeps `data` under the digest of a secret until `expires`.
///
/// # Errors
/// The database is down, or the digest is taken.
pub async fn keep<T: Serialize>(
    db: &mut Db,
    kind: OnceKind,
    digest: &str,
    data: &T,
    now: Timestamp,
    expires: Timestamp,
) -> Result<(), StoreError> {
    let data = serde_json::to_string(data).map_err(|_| StoreError::Inconsistent {
        table: "once",
        column: "data",
    })?;
    db.change(
        "once",
        "INSERT INTO once (kind, digest, data, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        args![kind.word(), digest, data, now, expires],
    )
    .await
    .map(drop)
}

/// Looks at what is kept, without using it up; nothing when used or over.
///
/// # Errors
/// The database is down, or the row cannot be read as `T`.
pub async fn look<T: DeserializeOwned>(
    db: &mut Db,
    kind: OnceKind,
    digest: &str,
    now: Timestamp,
) -> Result<Option<T>, StoreError> {
    let found: Option<OnceRow> = db
        .one(
            "SELECT data, expires_at, used_at FROM once
             WHERE kind = $1 AND digest = $2 AND used_at IS NULL AND expires_at > $3",
            args![kind.word(), digest, now],
        )
        .await?;
    found.map(|row| read(&row.data)).transpose()
}

/// Uses it up: the first caller gets [`Taken::First`], every later one [`Taken::Again`], also in another replica.
///
/// # Errors
/// The database is down, or the row cannot be read as `T`.
pub async fn take<T: DeserializeOwned>(
    db: &mut Db,
    kind: OnceKind,
    digest: &str,
    now: Timestamp,
) -> Result<Taken<T>, StoreError> {
    let first: Option<OnceRow> = db
        .change_one(
            "UPDATE once SET used_at = $3 WHERE kind = $1 AND digest = $2 AND used_at IS NULL AND expires_at > $3
             RETURNING data, expires_at, used_at",
            args![kind.word(), digest, now],
        )
        .await?;
    if let Some(row) = first {
        return Ok(Taken::First(read(&row.data)?));
    }
    let before: Option<OnceRow> = db
        .one(
            "SELECT data, expires_at, used_at FROM once WHERE kind = $1 AND digest = $2",
            args![kind.word(), digest],
        )
        .await?;
    match before {
        Some(row) if row.used.is_some() => Ok(Taken::Again(read(&row.data)?)),
        Some(row) if row.expires <= now => Ok(Taken::Unknown),
        Some(_) | None => Ok(Taken::Unknown),
    }
}

/// Notes a `jti`: true the first time, false ever after (until `expires`, when it is too old to be accepted anyway).
///
/// # Errors
/// The database is down.
pub async fn first_use(
    db: &mut Db,
    kind: OnceKind,
    digest: &str,
    now: Timestamp,
    expires: Timestamp,
) -> Result<bool, StoreError> {
    let touched = db
        .change(
            "once",
            "INSERT INTO once (kind, digest, data, created_at, expires_at, used_at) VALUES ($1, $2, 'null', $3, $4, $3)
             ON CONFLICT (kind, digest) DO NOTHING",
            args![kind.word(), digest, now, expires],
        )
        .await?;
    Ok(touched == 1)
}

/// Removes what has been over for an hour; how many rows.
///
/// # Errors
/// The database is down.
pub async fn tidy(db: &mut Db, now: Timestamp) -> Result<u64, StoreError> {
    db.change("once", "DELETE FROM once WHERE expires_at < $1 - 3600", args![now])
        .await
}

fn read<T: DeserializeOwned>(data: &str) -> Result<T, StoreError> {
    serde_json::from_str(data).map_err(|_| StoreError::Inconsistent {
        table: "once",
        column: "data",
    })
}
