//! Visas of other issuers as they were collected, and the visas that we signed.

use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::people::{self, PersonId};
use super::{Db, FromRow, Row, StoreError, args};

/// A visa of another issuer, as received: checked when it came, checked again by whoever reads it.
#[derive(Clone, Debug)]
pub struct CollectedVisa {
    /// SHA-256 of the compact form, base64url.
    pub digest: String,
    /// Of whom it speaks, as the issuer names them.
    pub identity: VisaIdentity,
    /// The compact JWS.
    pub visa: String,
    /// When it was fetched.
    pub collected: Timestamp,
    /// Its `exp`.
    pub expires: Timestamp,
}

impl FromRow for CollectedVisa {
    const TABLE: &'static str = "collected_visas";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            digest: row.text("digest")?,
            identity: people::identity(row)?,
            visa: row.text("visa")?,
            collected: row.instant("collected_at")?,
            expires: row.instant("expires_at")?,
        })
    }
}

/// A visa that we signed.
#[derive(Clone, Debug)]
pub struct IssuedVisa {
    /// Its `jti`.
    pub jti: String,
    /// For whom.
    pub person: PersonId,
    /// Its type.
    pub kind: String,
    /// Its value.
    pub value: String,
    /// The grant that it carries, if it carries one.
    pub grant: Option<String>,
    /// Its `iat`.
    pub issued: Timestamp,
    /// Its `exp`.
    pub expires: Timestamp,
    /// When it was ended before its time.
    pub revoked: Option<Timestamp>,
}

impl FromRow for IssuedVisa {
    const TABLE: &'static str = "issued_visas";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            jti: row.text("jti")?,
            person: PersonId::from_text(row.text("person")?),
            kind: row.text("kind")?,
            value: row.text("value")?,
            grant: row.maybe_text("grant_id")?,
            issued: row.instant("issued_at")?,
            expires: row.instant("expires_at")?,
            revoked: row.maybe_instant("revoked_at")?,
        })
    }
}

/// Replaces what was collected for one identity from one issuer's source by what came just now.
///
/// # Errors
/// The database is down. Call it inside a transaction.
pub async fn collect(
    db: &mut Db,
    person: &PersonId,
    identity: &VisaIdentity,
    visas: &[CollectedVisa],
) -> Result<(), StoreError> {
    db.change(
        "collected_visas",
        "DELETE FROM collected_visas WHERE person = $1 AND iss = $2 AND sub = $3",
        args![person.as_str(), identity.iss.as_str(), identity.sub.as_str()],
    )
    .await?;
    for visa in visas {
        db.change(
            "collected_visas",
            "INSERT INTO collected_visas (digest, person, iss, sub, visa, collected_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (digest) DO NOTHING",
            args![
                &visa.digest,
                person.as_str(),
                identity.iss.as_str(),
                identity.sub.as_str(),
                &visa.visa,
                visa.collected,
                visa.expires,
            ],
        )
        .await?;
    }
    Ok(())
}

/// The collected visas of a person that are not over.
///
/// # Errors
/// The database is down.
pub async fn collected(db: &mut Db, person: &PersonId, now: Timestamp) -> Result<Vec<CollectedVisa>, StoreError> {
    db.all(
        "SELECT digest, iss, sub, visa, collected_at, expires_at FROM collected_visas
         WHERE person = $1 AND expires_at > $2 ORDER BY collected_at, digest",
        args![person.as_str(), now],
    )
    .await
}

/// Notes a visa that we signed.
///
/// # Errors
/// The database is down, or the `jti` is taken.
pub async fn issued(db: &mut Db, visa: &IssuedVisa) -> Result<(), StoreError> {
    db.change(
        "issued_visas",
        "INSERT INTO issued_visas (jti, person, kind, value, grant_id, issued_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        args![
            &visa.jti,
            visa.person.as_str(),
            &visa.kind,
            &visa.value,
            visa.grant.clone(),
            visa.issued,
            visa.expires,
        ],
    )
    .await
    .map(drop)
}

/// The visas that carry a grant and are not over: revoked with it.
///
/// # Errors
/// The database is down.
pub async fn of_grant(db: &mut Db, grant: &str, now: Timestamp) -> Result<Vec<IssuedVisa>, StoreError> {
    db.all(
        "SELECT jti, person, kind, value, grant_id, issued_at, expires_at, revoked_at FROM issued_visas
         WHERE grant_id = $1 AND expires_at > $2 ORDER BY jti",
        args![grant, now],
    )
    .await
}

/// Ends the visas that carry a grant; how many.
///
/// # Errors
/// The database is down.
pub async fn revoke_of_grant(db: &mut Db, grant: &str, now: Timestamp) -> Result<u64, StoreError> {
    db.change(
        "issued_visas",
        "UPDATE issued_visas SET revoked_at = $2 WHERE grant_id = $1 AND revoked_at IS NULL",
        args![grant, now],
    )
    .await
}

/// The visas that we signed for a person and that are not over, the newest first.
///
/// # Errors
/// The database is down.
pub async fn of_person(db: &mut Db, person: &PersonId, now: Timestamp) -> Result<Vec<IssuedVisa>, StoreError> {
    db.all(
        "SELECT jti, person, kind, value, grant_id, issued_at, expires_at, revoked_at FROM issued_visas
         WHERE person = $1 AND expires_at > $2 ORDER BY issued_at DESC, jti LIMIT 500",
        args![person.as_str(), now],
    )
    .await
}

/// Ends all visas that we signed for a person; how many.
///
/// # Errors
/// The database is down.
pub async fn revoke_of_person(db: &mut Db, person: &PersonId, now: Timestamp) -> Result<u64, StoreError> {
    db.change(
        "issued_visas",
        "UPDATE issued_visas SET revoked_at = $2 WHERE person = $1 AND revoked_at IS NULL AND expires_at > $2",
        args![person.as_str(), now],
    )
    .await
}

/// The visas of ours that were ended and would still be good by their `exp`: the snapshot's revocations.
///
/// # Errors
/// The database is down.
pub async fn revoked(db: &mut Db, now: Timestamp) -> Result<Vec<IssuedVisa>, StoreError> {
    db.all(
        "SELECT jti, person, kind, value, grant_id, issued_at, expires_at, revoked_at FROM issued_visas
         WHERE revoked_at IS NOT NULL AND expires_at > $1 ORDER BY jti",
        args![now],
    )
    .await
}
