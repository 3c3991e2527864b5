//! Logins at another device (RFC 8628): a code for the device, a short one for the person, and where they stand.

use serde::{Deserialize, Serialize};
use visa_verifier::seam::Timestamp;

use super::people::PersonId;
use super::tokens::LoginFacts;
use super::{Db, FromRow, Row, StoreError, args};

/// What the person allowed.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Allowed {
    /// Who.
    pub person: PersonId,
    /// The browser session in which they did.
    pub sid: String,
    /// The scopes that they let the device have.
    pub scope: String,
    /// The login behind it.
    pub login: LoginFacts,
}

/// Where a login stands.
#[derive(Clone, Debug)]
pub enum DeviceState {
    /// Nobody has said anything yet.
    Waiting,
    /// The person allowed it.
    Allowed(Box<Allowed>),
    /// The person refused.
    Refused,
    /// Its tokens were given.
    Used,
}

/// A login at another device.
#[derive(Clone, Debug)]
pub struct DeviceRow {
    /// SHA-256 of the device's code.
    pub digest: String,
    /// The client.
    pub client: String,
    /// The scopes that it asked for.
    pub scope: String,
    /// Audiences of its access tokens.
    pub audience: Vec<String>,
    /// Where it stands.
    pub state: DeviceState,
    /// When the device asked last.
    pub polled: Option<Timestamp>,
    /// Seconds that it has to wait between two asks.
    pub pace: i64,
    /// When it is over.
    pub expires: Timestamp,
}

impl FromRow for DeviceRow {
    const TABLE: &'static str = "devices";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let bad = |column| StoreError::Inconsistent {
            table: "devices",
            column,
        };
        let state = match row.text("state")?.as_str() {
            "waiting" => DeviceState::Waiting,
            "allowed" => DeviceState::Allowed(row.json("allowed")?),
            "refused" => DeviceState::Refused,
            "used" => DeviceState::Used,
            _ => return Err(bad("state")),
        };
        Ok(Self {
            digest: row.text("digest")?,
            client: row.text("client")?,
            scope: row.text("scope")?,
            audience: row.json("audience")?,
            state,
            polled: row.maybe_instant("polled_at")?,
            pace: row.int("pace")?,
            expires: row.instant("expires_at")?,
        })
    }
}

/// Begins a login; lets those go that were over an hour ago.
///
/// # Errors
/// The database is down, or one of the codes is taken ([`StoreError::Conflict`]): try other ones.
pub async fn begin(db: &mut Db, row: &DeviceRow, user_code: &str, now: Timestamp) -> Result<(), StoreError> {
    db.change(
        "devices",
        "DELETE FROM devices WHERE expires_at < $1 - 3600",
        args![now],
    )
    .await?;
    let audience = serde_json::to_string(&row.audience).map_err(|_| StoreError::Inconsistent {
        table: "devices",
        column: "audience",
    })?;
    db.change(
        "devices",
        "INSERT INTO devices (digest, user_code, client, scope, audience, state, pace, expires_at)
         VALUES ($1, $2, $3, $4, $5, 'waiting', $6, $7)",
        args![
            &row.digest,
            user_code,
            &row.client,
            &row.scope,
            audience,
            row.pace,
            row.expires
        ],
    )
    .await
    .map(drop)
}

/// The login that waits under a person's code (its digest).
///
/// # Errors
/// The database is down.
pub async fn waiting(db: &mut Db, user_code: &str, now: Timestamp) -> Result<Option<DeviceRow>, StoreError> {
    db.one(
        "SELECT digest, client, scope, audience, state, allowed, polled_at, pace, expires_at FROM devices
         WHERE user_code = $1 AND state = 'waiting' AND expires_at > $2",
        args![user_code, now],
    )
    .await
}

/// The person's word: once, while it waits. False if it waits no longer.
///
/// # Errors
/// The database is down.
pub async fn decide(db: &mut Db, digest: &str, allowed: Option<&Allowed>, now: Timestamp) -> Result<bool, StoreError> {
    let text = allowed.map(serde_json::to_string).transpose();
    let text = text.map_err(|_| StoreError::Inconsistent {
        table: "devices",
        column: "allowed",
    })?;
    let state = if allowed.is_some() { "allowed" } else { "refused" };
    let touched = db
        .change(
            "devices",
            "UPDATE devices SET state = $2, allowed = $3
             WHERE digest = $1 AND state = 'waiting' AND expires_at > $4",
            args![digest, state, text, now],
        )
        .await?;
    Ok(touched == 1)
}

/// The login of a device's code (its digest), over or not.
///
/// # Errors
/// The database is down.
pub async fn of_digest(db: &mut Db, digest: &str) -> Result<Option<DeviceRow>, StoreError> {
    db.one(
        "SELECT digest, client, scope, audience, state, allowed, polled_at, pace, expires_at FROM devices
         WHERE digest = $1",
        args![digest],
    )
    .await
}

/// Notes that the device asked, and how long it has to wait from now on.
///
/// # Errors
/// The database is down.
pub async fn polled(db: &mut Db, digest: &str, pace: i64, now: Timestamp) -> Result<(), StoreError> {
    db.change(
        "devices",
        "UPDATE devices SET polled_at = $2, pace = $3 WHERE digest = $1",
        args![digest, now, pace],
    )
    .await
    .map(drop)
}

/// Uses an allowed login up: true the first time, false ever after, over all replicas.
///
/// # Errors
/// The database is down.
pub async fn take(db: &mut Db, digest: &str) -> Result<bool, StoreError> {
    let touched = db
        .change(
            "devices",
            "UPDATE devices SET state = 'used' WHERE digest = $1 AND state = 'allowed'",
            args![digest],
        )
        .await?;
    Ok(touched == 1)
}
