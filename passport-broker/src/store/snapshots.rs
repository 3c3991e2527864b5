//! Signed manifests of the snapshots that were in force.

use visa_verifier::seam::Timestamp;

use super::{Db, FromRow, Row, StoreError, args};

/// Manifests that are kept: what was in force longer ago is in the audit log by its digest.
const KEPT: i64 = 1000;

/// A manifest as it was signed.
#[derive(Clone, Debug)]
pub struct SnapshotRow {
    /// Its version.
    pub version: i64,
    /// SHA-256 of the signed manifest, lower-case hexadecimal.
    pub digest: String,
    /// The manifest, compact JWS.
    pub manifest: String,
}

impl FromRow for SnapshotRow {
    const TABLE: &'static str = "snapshots";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            version: row.int("version")?,
            digest: row.text("digest")?,
            manifest: row.text("manifest")?,
        })
    }
}

/// Keeps a manifest, and lets those go that are older than the newest thousand.
///
/// # Errors
/// The database is down, or this version is there already.
pub async fn insert(db: &mut Db, row: &SnapshotRow, now: Timestamp) -> Result<(), StoreError> {
    db.change(
        "snapshots",
        "INSERT INTO snapshots (version, digest, manifest, created_at) VALUES ($1, $2, $3, $4)",
        args![row.version, &row.digest, &row.manifest, now],
    )
    .await?;
    db.change(
        "snapshots",
        "DELETE FROM snapshots WHERE version <= $1",
        args![row.version.saturating_sub(KEPT)],
    )
    .await
    .map(drop)
}

/// The newest one.
///
/// # Errors
/// The database is down.
pub async fn newest(db: &mut Db) -> Result<Option<SnapshotRow>, StoreError> {
    db.one(
        "SELECT version, digest, manifest FROM snapshots ORDER BY version DESC LIMIT 1",
        args![],
    )
    .await
}

/// One of them.
///
/// # Errors
/// The database is down.
pub async fn of_version(db: &mut Db, version: i64) -> Result<Option<SnapshotRow>, StoreError> {
    db.one(
        "SELECT version, digest, manifest FROM snapshots WHERE version = $1",
        args![version],
    )
    .await
}
