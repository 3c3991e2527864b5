//! Where a person's visas of other issuers come from and how it went, and what opens their UserInfo.

use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::people::PersonId;
use super::{Db, FromRow, Row, StoreError, args};

/// A source of a person's visas.
#[derive(Clone, Debug)]
pub struct Collection {
    /// Whose.
    pub person: PersonId,
    /// A visa issuer's endpoint, or the issuer of a login provider: its UserInfo.
    pub source: String,
    /// The person's `sub` there.
    pub sub: String,
    /// When it was last asked.
    pub asked: Timestamp,
    /// When it last answered.
    pub answered: Option<Timestamp>,
    /// Since when it gives no answer.
    pub failed: Option<Timestamp>,
    /// Why not.
    pub why: Option<String>,
}

impl FromRow for Collection {
    const TABLE: &'static str = "collections";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            person: PersonId::from_text(row.text("person")?),
            source: row.text("source")?,
            sub: row.text("sub")?,
            asked: row.instant("asked_at")?,
            answered: row.maybe_instant("answered_at")?,
            failed: row.maybe_instant("failed_since")?,
            why: row.maybe_text("why")?,
        })
    }
}

/// Notes that somebody wants the visas of this source, and takes the next call to it: false if it was asked after
/// `before`, here or at another replica.
///
/// # Errors
/// The database is down.
pub async fn take(
    db: &mut Db,
    person: &PersonId,
    source: &str,
    sub: &str,
    before: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let touched = db
        .change(
            "collections",
            "INSERT INTO collections (person, source, sub, wanted_at, asked_at) VALUES ($1, $2, $3, $5, $5)
             ON CONFLICT (person, source, sub) DO UPDATE SET wanted_at = excluded.wanted_at, asked_at = excluded.asked_at
             WHERE collections.asked_at <= $4",
            args![person.as_str(), source, sub, before, now],
        )
        .await?;
    Ok(touched == 1)
}

/// Takes a call that nobody waits for; false if another replica has it.
///
/// # Errors
/// The database is down.
pub async fn take_due(db: &mut Db, due: &Collection, now: Timestamp) -> Result<bool, StoreError> {
    let touched = db
        .change(
            "collections",
            "UPDATE collections SET asked_at = $5 WHERE person = $1 AND source = $2 AND sub = $3 AND asked_at = $4",
            args![due.person.as_str(), &due.source, &due.sub, due.asked, now],
        )
        .await?;
    Ok(touched == 1)
}

/// Notes how a call went.
///
/// # Errors
/// The database is down.
pub async fn went(
    db: &mut Db,
    person: &PersonId,
    source: &str,
    sub: &str,
    why_not: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = if why_not.is_none() {
        "UPDATE collections SET answered_at = $4, failed_since = NULL, why = $5
         WHERE person = $1 AND source = $2 AND sub = $3"
    } else {
        "UPDATE collections SET failed_since = COALESCE(failed_since, $4), why = $5
         WHERE person = $1 AND source = $2 AND sub = $3"
    };
    let why = why_not.map(str::to_owned);
    db.change("collections", sql, args![person.as_str(), source, sub, now, why])
        .await
        .map(drop)
}

/// The sources of a person.
///
/// # Errors
/// The database is down.
pub async fn of_person(db: &mut Db, person: &PersonId) -> Result<Vec<Collection>, StoreError> {
    db.all(
        "SELECT person, source, sub, asked_at, answered_at, failed_since, why FROM collections
         WHERE person = $1 ORDER BY source, sub",
        args![person.as_str()],
    )
    .await
}

/// Those that somebody wanted since `wanted` and that were not asked after `asked`, the longest waiting first.
///
/// # Errors
/// The database is down.
pub async fn due(db: &mut Db, wanted: Timestamp, asked: Timestamp, most: u32) -> Result<Vec<Collection>, StoreError> {
    db.all(
        "SELECT person, source, sub, asked_at, answered_at, failed_since, why FROM collections
         WHERE wanted_at >= $1 AND asked_at <= $2 ORDER BY asked_at, person, source, sub LIMIT $3",
        args![wanted, asked, i64::from(most)],
    )
    .await
}

/// Forgets a source: it is asked no more.
///
/// # Errors
/// The database is down.
pub async fn forget(db: &mut Db, person: &PersonId, source: &str, sub: &str) -> Result<(), StoreError> {
    db.change(
        "collections",
        "DELETE FROM collections WHERE person = $1 AND source = $2 AND sub = $3",
        args![person.as_str(), source, sub],
    )
    .await
    .map(drop)
}

struct Sealed(String);

impl FromRow for Sealed {
    const TABLE: &'static str = "upstream_tokens";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        row.text("sealed").map(Self)
    }
}

/// Keeps what opens a person's UserInfo, instead of what was kept before.
///
/// # Errors
/// The database is down.
pub async fn keep_token(
    db: &mut Db,
    person: &PersonId,
    identity: &VisaIdentity,
    sealed: &str,
    expires: Timestamp,
) -> Result<(), StoreError> {
    db.change(
        "upstream_tokens",
        "INSERT INTO upstream_tokens (iss, sub, person, sealed, expires_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (iss, sub) DO UPDATE SET
           person = excluded.person, sealed = excluded.sealed, expires_at = excluded.expires_at",
        args![
            identity.iss.as_str(),
            identity.sub.as_str(),
            person.as_str(),
            sealed,
            expires
        ],
    )
    .await
    .map(drop)
}

/// What opens the UserInfo of an identity, sealed, if it is still good.
///
/// # Errors
/// The database is down.
pub async fn token(
    db: &mut Db,
    person: &PersonId,
    iss: &str,
    sub: &str,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let row: Option<Sealed> = db
        .one(
            "SELECT sealed FROM upstream_tokens WHERE person = $1 AND iss = $2 AND sub = $3 AND expires_at > $4",
            args![person.as_str(), iss, sub, now],
        )
        .await?;
    Ok(row.map(|Sealed(text)| text))
}

/// Removes tokens that are over, and sources that nobody wanted for two months; how many rows.
///
/// # Errors
/// The database is down.
pub async fn tidy(db: &mut Db, now: Timestamp) -> Result<u64, StoreError> {
    let tokens = db
        .change(
            "upstream_tokens",
            "DELETE FROM upstream_tokens WHERE expires_at <= $1",
            args![now],
        )
        .await?;
    let sources = db
        .change(
            "collections",
            "DELETE FROM collections WHERE wanted_at < $1 - 5184000",
            args![now],
        )
        .await?;
    Ok(tokens + sources)
}
