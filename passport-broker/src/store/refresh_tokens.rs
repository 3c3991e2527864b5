//! Refresh tokens: digests only, each good once; one that comes back ends its family.

use visa_verifier::seam::Timestamp;

use super::tokens::{Family, family};
use super::{Db, FromRow, Row, StoreError, args};

/// The answer to a refresh token.
#[derive(Clone, Debug)]
pub enum Refreshed {
    /// Good, and now used up: issue the next of its family.
    Good(Box<Family>),
    /// It was used before; `used` says when. Its family should end, unless within the grace.
    Reused {
        /// Its family.
        family: Box<Family>,
        /// When it was used.
        used: Timestamp,
    },
    /// Unknown, over, or its family was ended.
    Bad,
}

/// Stores a refresh token's digest.
///
/// # Errors
/// The database is down, or the digest is taken.
pub async fn put_refresh(
    db: &mut Db,
    digest: &str,
    family: &str,
    now: Timestamp,
    expires: Timestamp,
) -> Result<(), StoreError> {
    db.change(
        "refresh_tokens",
        "INSERT INTO refresh_tokens (digest, family, issued_at, expires_at) VALUES ($1, $2, $3, $4)",
        args![digest, family, now, expires],
    )
    .await
    .map(drop)
}

struct RefreshRow {
    family: String,
    expires: Timestamp,
    used: Option<Timestamp>,
}

impl FromRow for RefreshRow {
    const TABLE: &'static str = "refresh_tokens";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            family: row.text("family")?,
            expires: row.instant("expires_at")?,
            used: row.maybe_instant("used_at")?,
        })
    }
}

/// Uses a refresh token of a client up. Call it inside the transaction that issues the next one.
///
/// # Errors
/// The database is down.
pub async fn use_refresh(db: &mut Db, digest: &str, client: &str, now: Timestamp) -> Result<Refreshed, StoreError> {
    let row: Option<RefreshRow> = db
        .one(
            "SELECT family, expires_at, used_at FROM refresh_tokens WHERE digest = $1",
            args![digest],
        )
        .await?;
    let Some(row) = row else { return Ok(Refreshed::Bad) };
    let Some(found) = family(db, &row.family).await? else {
        return Ok(Refreshed::Bad);
    };
    if found.client != client || found.revoked.is_some() || found.expires <= now || row.expires <= now {
        return Ok(Refreshed::Bad);
    }
    if let Some(used) = row.used {
        return Ok(Refreshed::Reused {
            family: Box::new(found),
            used,
        });
    }
    let touched = db
        .change(
            "refresh_tokens",
            "UPDATE refresh_tokens SET used_at = $2 WHERE digest = $1 AND used_at IS NULL",
            args![digest, now],
        )
        .await?;
    if touched == 1 {
        Ok(Refreshed::Good(Box::new(found)))
    } else {
        Ok(Refreshed::Reused {
            family: Box::new(found),
            used: now,
        })
    }
}

/// The family of a refresh token, if this client holds it (for revocation).
///
/// # Errors
/// The database is down.
pub async fn family_of_refresh(db: &mut Db, digest: &str, client: &str) -> Result<Option<Family>, StoreError> {
    db.one(
        "SELECT f.id, f.person, f.client, f.sid, f.code, f.scope, f.audience, f.login, f.details, f.jkt,
                f.created_at, f.expires_at, f.revoked_at
         FROM families f JOIN refresh_tokens r ON r.family = f.id WHERE r.digest = $1 AND f.client = $2",
        args![digest, client],
    )
    .await
}
