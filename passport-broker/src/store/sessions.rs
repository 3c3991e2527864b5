//! Browser sessions: the cookie holds a secret, the row its digest.

use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::people::{self, PersonId};
use super::{Db, FromRow, Row, StoreError, args};

/// A login that lasts.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// SHA-256 of the cookie's secret, base64url.
    pub digest: String,
    /// The `sid` of tokens and logout; says nothing about the cookie.
    pub sid: String,
    /// Who.
    pub person: PersonId,
    /// With which identity.
    pub identity: VisaIdentity,
    /// What the provider said of the login's strength.
    pub acr: Option<String>,
    /// Its methods.
    pub amr: Vec<String>,
    /// 0 none, 1 low, 2 medium, 3 high.
    pub assurance: u8,
    /// When the person proved who they are.
    pub auth_time: Timestamp,
    /// When the session began.
    pub created: Timestamp,
    /// When it was last used.
    pub last_seen: Timestamp,
    /// When it ends at the latest.
    pub expires: Timestamp,
}

impl FromRow for SessionRow {
    const TABLE: &'static str = "sessions";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            digest: row.text("digest")?,
            sid: row.text("sid")?,
            person: PersonId::from_text(row.text("person")?),
            identity: people::identity(row)?,
            acr: row.maybe_text("acr")?,
            amr: row.json("amr")?,
            assurance: u8::try_from(row.int("assurance")?).map_err(|_| StoreError::Inconsistent {
                table: "sessions",
                column: "assurance",
            })?,
            auth_time: row.instant("auth_time")?,
            created: row.instant("created_at")?,
            last_seen: row.instant("last_seen")?,
            expires: row.instant("expires_at")?,
        })
    }
}

/// Begins a session.
///
/// # Errors
/// The database is down, or the digest is taken.
pub async fn begin(db: &mut Db, session: &SessionRow) -> Result<(), StoreError> {
    db.change(
        "sessions",
        "INSERT INTO sessions (digest, sid, person, iss, sub, acr, amr, assurance, auth_time, created_at, last_seen, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        args![
            &session.digest,
            &session.sid,
            session.person.as_str(),
            session.identity.iss.as_str(),
            session.identity.sub.as_str(),
            session.acr.clone(),
            serde_json::json!(session.amr).to_string(),
            i64::from(session.assurance),
            session.auth_time,
            session.created,
            session.last_seen,
            session.expires,
        ],
    )
    .await
    .map(drop)
}

/// The live session of this cookie.
///
/// # Errors
/// The database is down.
pub async fn live(db: &mut Db, digest: &str, now: Timestamp) -> Result<Option<SessionRow>, StoreError> {
    db.one(
        "SELECT digest, sid, person, iss, sub, acr, amr, assurance, auth_time, created_at, last_seen, expires_at
         FROM sessions WHERE digest = $1 AND ended_at IS NULL AND expires_at > $2",
        args![digest, now],
    )
    .await
}

/// Notes that a session was used.
///
/// # Errors
/// The database is down.
pub async fn seen(db: &mut Db, digest: &str, now: Timestamp) -> Result<(), StoreError> {
    db.change(
        "sessions",
        "UPDATE sessions SET last_seen = $2 WHERE digest = $1",
        args![digest, now],
    )
    .await
    .map(drop)
}

/// Ends a session; whether it was live.
///
/// # Errors
/// The database is down.
pub async fn end(db: &mut Db, sid: &str, now: Timestamp) -> Result<bool, StoreError> {
    let touched = db
        .change(
            "sessions",
            "UPDATE sessions SET ended_at = $2 WHERE sid = $1 AND ended_at IS NULL",
            args![sid, now],
        )
        .await?;
    Ok(touched == 1)
}

/// The live sessions of a person, newest first.
///
/// # Errors
/// The database is down.
pub async fn of_person(db: &mut Db, person: &PersonId, now: Timestamp) -> Result<Vec<SessionRow>, StoreError> {
    db.all(
        "SELECT digest, sid, person, iss, sub, acr, amr, assurance, auth_time, created_at, last_seen, expires_at
         FROM sessions WHERE person = $1 AND ended_at IS NULL AND expires_at > $2 ORDER BY created_at DESC, sid",
        args![person.as_str(), now],
    )
    .await
}
