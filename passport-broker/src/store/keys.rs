//! Signing keys: the public half in clear, the private half sealed (JWE under the node's key).

use visa_verifier::seam::Timestamp;

use super::{Db, FromRow, Row, StoreError, args};

/// A signing key as stored.
#[derive(Clone)]
pub struct SigningKeyRow {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// What it signs: `token`, `id_token`, `visa` or `snapshot`.
    pub purpose: String,
    /// `next`, `current` or `old`.
    pub state: String,
    /// The public JWK as JSON.
    pub public_jwk: String,
    /// The private key, PKCS#8 inside a compact JWE.
    pub sealed: String,
    /// When it was made.
    pub created: Timestamp,
    /// When an old key leaves the key set.
    pub not_after: Option<Timestamp>,
}

impl std::fmt::Debug for SigningKeyRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKeyRow")
            .field("kid", &self.kid)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl FromRow for SigningKeyRow {
    const TABLE: &'static str = "signing_keys";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            kid: row.text("kid")?,
            purpose: row.text("purpose")?,
            state: row.text("state")?,
            public_jwk: row.text("public_jwk")?,
            sealed: row.text("sealed")?,
            created: row.instant("created_at")?,
            not_after: row.maybe_instant("not_after")?,
        })
    }
}

/// Stores a key. Two replicas that start at once: the second gets [`StoreError::Conflict`] and reads the first's.
///
/// # Errors
/// The database is down, or there is a current key of this purpose already.
pub async fn insert(db: &mut Db, key: &SigningKeyRow) -> Result<(), StoreError> {
    db.change(
        "signing_keys",
        "INSERT INTO signing_keys (kid, purpose, state, public_jwk, sealed, created_at, not_after)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        args![
            &key.kid,
            &key.purpose,
            &key.state,
            &key.public_jwk,
            &key.sealed,
            key.created,
            key.not_after
        ],
    )
    .await
    .map(drop)
}

/// Lets the next key of a purpose sign; the current one becomes old and leaves the key set at `until`. Whether it was
/// this call that did it: another replica may have been first.
///
/// # Errors
/// The database is down.
pub async fn turn(db: &mut Db, purpose: &str, next: &str, until: Timestamp) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    // First the old one steps back: two current keys of a purpose cannot be.
    let stepped = tx
        .change(
            "signing_keys",
            "UPDATE signing_keys SET state = 'old', not_after = $2
             WHERE purpose = $1 AND state = 'current' AND EXISTS (SELECT 1 FROM signing_keys WHERE kid = $3 AND state = 'next')",
            args![purpose, until, next],
        )
        .await?;
    let begun = tx
        .change(
            "signing_keys",
            "UPDATE signing_keys SET state = 'current' WHERE kid = $1 AND state = 'next'",
            args![next],
        )
        .await?;
    if stepped == 1 && begun == 1 {
        tx.commit().await?;
        return Ok(true);
    }
    Ok(false)
}

/// Puts a new key in the place of the current and the next one of its purpose, which are over at `now`.
///
/// # Errors
/// The database is down; then nothing was changed.
pub async fn replace(db: &mut Db, key: &SigningKeyRow, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.change(
        "signing_keys",
        "UPDATE signing_keys SET state = 'old', not_after = $2 WHERE purpose = $1
           AND (state IN ('current', 'next') OR not_after IS NULL OR not_after > $2)",
        args![&key.purpose, now],
    )
    .await?;
    let current = SigningKeyRow {
        state: "current".to_owned(),
        ..key.clone()
    };
    insert(&mut tx, &current).await?;
    tx.commit().await
}

/// All keys that may still verify something, oldest first.
///
/// # Errors
/// The database is down.
pub async fn all(db: &mut Db, now: Timestamp) -> Result<Vec<SigningKeyRow>, StoreError> {
    db.all(
        "SELECT kid, purpose, state, public_jwk, sealed, created_at, not_after FROM signing_keys
         WHERE not_after IS NULL OR not_after > $1 ORDER BY created_at, kid",
        args![now],
    )
    .await
}
