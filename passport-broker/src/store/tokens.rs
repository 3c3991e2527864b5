//! Token families, refresh tokens by digest, access tokens by `jti`.
//!
//! A family is all that came of one authorization code: a code or a refresh token used twice ends it whole.

use serde::{Deserialize, Serialize};
use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::people::PersonId;
pub use super::refresh_tokens::{Refreshed, family_of_refresh, put_refresh, use_refresh};
use super::{Db, FromRow, Row, StoreError, args};

/// The login that a family of tokens rests on.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct LoginFacts {
    /// The upstream identity that logged in.
    pub identity: VisaIdentity,
    /// When.
    pub auth_time: Timestamp,
    /// The provider's word on its strength.
    pub acr: Option<String>,
    /// The methods used.
    pub amr: Vec<String>,
    /// 0 none, 1 low, 2 medium, 3 high.
    pub assurance: u8,
    /// The name that the institution gave, if the person let the client have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The e-mail address that the institution verified, if the person let the client have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// All tokens that came of one code.
#[derive(Clone, Debug)]
pub struct Family {
    /// Its id.
    pub id: String,
    /// Whose.
    pub person: PersonId,
    /// At which client.
    pub client: String,
    /// The browser session that it came from.
    pub sid: Option<String>,
    /// The digest of the code that it came from.
    pub code: Option<String>,
    /// What was granted, separated by spaces.
    pub scope: String,
    /// The audiences of its access tokens.
    pub audience: Vec<String>,
    /// The login behind it.
    pub login: LoginFacts,
    /// What its tokens are narrowed to (RFC 9396), as JSON.
    pub details: Option<String>,
    /// Thumbprint of the key that its tokens are bound to (RFC 9449).
    pub jkt: Option<String>,
    /// When it began.
    pub created: Timestamp,
    /// When it ends at the latest.
    pub expires: Timestamp,
    /// When it was ended before its time.
    pub revoked: Option<Timestamp>,
}

impl FromRow for Family {
    const TABLE: &'static str = "families";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text("id")?,
            person: PersonId::from_text(row.text("person")?),
            client: row.text("client")?,
            sid: row.maybe_text("sid")?,
            code: row.maybe_text("code")?,
            scope: row.text("scope")?,
            audience: row.json("audience")?,
            login: row.json("login")?,
            details: row.maybe_text("details")?,
            jkt: row.maybe_text("jkt")?,
            created: row.instant("created_at")?,
            expires: row.instant("expires_at")?,
            revoked: row.maybe_instant("revoked_at")?,
        })
    }
}

/// What an access token is for: only those of a code, refresh or device grant may be exchanged for a Passport.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenKind {
    /// From a code, a refresh or a device grant: Passport-scoped if its scope says so.
    Person,
    /// A machine's own.
    Client,
    /// Came of an exchange.
    Exchanged,
}

impl TokenKind {
    /// The word in the table.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Client => "client",
            Self::Exchanged => "exchanged",
        }
    }
}

/// An access token that we issued, by its `jti`.
#[derive(Clone, Debug)]
pub struct AccessTokenRow {
    /// Its `jti`.
    pub jti: String,
    /// The family, if it has one.
    pub family: Option<String>,
    /// Whose (a client's id for a machine).
    pub person: PersonId,
    /// Issued to which client.
    pub client: String,
    /// What it is for.
    pub kind: TokenKind,
    /// When it ends.
    pub expires: Timestamp,
    /// When it was ended before its time, alone or with its family.
    pub revoked: Option<Timestamp>,
}

impl FromRow for AccessTokenRow {
    const TABLE: &'static str = "access_tokens";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let word = row.text("kind")?;
        let kind = [TokenKind::Person, TokenKind::Client, TokenKind::Exchanged]
            .into_iter()
            .find(|kind| kind.word() == word)
            .ok_or(StoreError::Inconsistent {
                table: "access_tokens",
                column: "kind",
            })?;
        Ok(Self {
            jti: row.text("jti")?,
            family: row.maybe_text("family")?,
            person: PersonId::from_text(row.text("person")?),
            client: row.text("client")?,
            kind,
            expires: row.instant("expires_at")?,
            revoked: row.maybe_instant("revoked_at")?,
        })
    }
}

/// Begins a family.
///
/// # Errors
/// The database is down, or the id is taken.
pub async fn begin_family(db: &mut Db, family: &Family) -> Result<(), StoreError> {
    let login = serde_json::to_string(&family.login).map_err(|_| StoreError::Inconsistent {
        table: "families",
        column: "login",
    })?;
    db.change(
        "families",
        "INSERT INTO families (id, person, client, sid, code, scope, audience, login, details, jkt, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        args![
            &family.id,
            family.person.as_str(),
            &family.client,
            family.sid.clone(),
            family.code.clone(),
            &family.scope,
            serde_json::json!(family.audience).to_string(),
            login,
            family.details.clone(),
            family.jkt.clone(),
            family.created,
            family.expires,
        ],
    )
    .await
    .map(drop)
}

/// A family by its id.
///
/// # Errors
/// The database is down.
pub async fn family(db: &mut Db, id: &str) -> Result<Option<Family>, StoreError> {
    db.one(
        "SELECT id, person, client, sid, code, scope, audience, login, details, jkt, created_at, expires_at, revoked_at
         FROM families WHERE id = $1",
        args![id],
    )
    .await
}

/// Stores that an access token was issued.
///
/// # Errors
/// The database is down, or the `jti` is taken.
pub async fn put_access(db: &mut Db, token: &AccessTokenRow) -> Result<(), StoreError> {
    db.change(
        "access_tokens",
        "INSERT INTO access_tokens (jti, family, person, client, kind, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        args![
            &token.jti,
            token.family.clone(),
            token.person.as_str(),
            &token.client,
            token.kind.word(),
            token.expires,
        ],
    )
    .await
    .map(drop)
}

/// An access token by its `jti`; `revoked` also when its family was ended.
///
/// # Errors
/// The database is down.
pub async fn access(db: &mut Db, jti: &str) -> Result<Option<AccessTokenRow>, StoreError> {
    db.one(
        "SELECT a.jti, a.family, a.person, a.client, a.kind, a.expires_at,
                COALESCE(a.revoked_at, f.revoked_at) AS revoked_at
         FROM access_tokens a LEFT JOIN families f ON f.id = a.family WHERE a.jti = $1",
        args![jti],
    )
    .await
}

/// Ends one access token of a client; whether it was live.
///
/// # Errors
/// The database is down.
pub async fn revoke_access(db: &mut Db, jti: &str, client: &str, now: Timestamp) -> Result<bool, StoreError> {
    let touched = db
        .change(
            "access_tokens",
            "UPDATE access_tokens SET revoked_at = $3 WHERE jti = $1 AND client = $2 AND revoked_at IS NULL",
            args![jti, client, now],
        )
        .await?;
    Ok(touched == 1)
}

/// Ends a family: its refresh tokens and access tokens are over.
///
/// # Errors
/// The database is down.
pub async fn revoke_family(db: &mut Db, family: &str, now: Timestamp) -> Result<bool, StoreError> {
    let touched = db
        .change(
            "families",
            "UPDATE families SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
            args![family, now],
        )
        .await?;
    Ok(touched == 1)
}

/// Ends the families that came of one code (used twice); how many.
///
/// # Errors
/// The database is down.
pub async fn revoke_of_code(db: &mut Db, code_digest: &str, now: Timestamp) -> Result<u64, StoreError> {
    db.change(
        "families",
        "UPDATE families SET revoked_at = $2 WHERE code = $1 AND revoked_at IS NULL",
        args![code_digest, now],
    )
    .await
}

/// Ends the families of one browser session; how many.
///
/// # Errors
/// The database is down.
pub async fn revoke_of_session(db: &mut Db, sid: &str, now: Timestamp) -> Result<u64, StoreError> {
    db.change(
        "families",
        "UPDATE families SET revoked_at = $2 WHERE sid = $1 AND revoked_at IS NULL",
        args![sid, now],
    )
    .await
}

/// The clients that got tokens of one browser session, and whose session it was: each once.
///
/// # Errors
/// The database is down.
pub async fn clients_of_session(db: &mut Db, sid: &str) -> Result<Vec<(String, PersonId)>, StoreError> {
    let rows: Vec<ClientOfSession> = db
        .all(
            "SELECT DISTINCT client, person FROM families WHERE sid = $1 ORDER BY client, person",
            args![sid],
        )
        .await?;
    Ok(rows.into_iter().map(|row| (row.client, row.person)).collect())
}

struct ClientOfSession {
    client: String,
    person: PersonId,
}

impl FromRow for ClientOfSession {
    const TABLE: &'static str = "families";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            client: row.text("client")?,
            person: PersonId::from_text(row.text("person")?),
        })
    }
}

/// Removes access tokens that are over; how many.
///
/// # Errors
/// The database is down.
pub async fn tidy(db: &mut Db, now: Timestamp) -> Result<u64, StoreError> {
    db.change(
        "access_tokens",
        "DELETE FROM access_tokens WHERE expires_at < $1 - 86400",
        args![now],
    )
    .await
}
