//! Files that a governed row names by digest: tables, lists of objects. Kept in parts, since a row is read whole.
//!
//! What is read is hashed again: a blob that was edited by hand is no blob.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use visa_verifier::seam::Timestamp;

use super::governed::RowDigest;
use super::{Db, FromRow, Row, StoreError, args};
use crate::limits;

/// Bytes of one part.
const PART: usize = 768 * 1024;

struct Part(String);

impl FromRow for Part {
    const TABLE: &'static str = "blobs";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        row.text("body").map(Self)
    }
}

/// Keeps a file; one that is there already stays as it is.
///
/// # Errors
/// The database is down, or the file is larger than [`limits::BLOB_BYTES`] ([`StoreError::Conflict`]).
pub async fn put(db: &mut Db, bytes: &[u8], now: Timestamp) -> Result<RowDigest, StoreError> {
    if bytes.len() > limits::BLOB_BYTES {
        return Err(StoreError::Conflict { table: "blobs" });
    }
    let digest = RowDigest::of_bytes(bytes);
    let mut tx = db.begin().await?;
    // an empty file has one empty part
    let parts = bytes.chunks(PART).chain(bytes.is_empty().then_some(bytes));
    for (at, part) in parts.enumerate() {
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        tx.change(
            "blobs",
            "INSERT INTO blobs (digest, part, body, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (digest, part) DO NOTHING",
            args![digest.as_str(), at, STANDARD.encode(part), now],
        )
        .await?;
    }
    tx.commit().await?;
    Ok(digest)
}

/// The file of a digest.
///
/// # Errors
/// The database is down, or what is kept is not what the digest says ([`StoreError::Inconsistent`]).
pub async fn get(db: &mut Db, digest: &RowDigest) -> Result<Option<Vec<u8>>, StoreError> {
    let bad = StoreError::Inconsistent {
        table: "blobs",
        column: "body",
    };
    let parts: Vec<Part> = db
        .all(
            "SELECT body FROM blobs WHERE digest = $1 ORDER BY part",
            args![digest.as_str()],
        )
        .await?;
    if parts.is_empty() {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(parts.len().saturating_mul(PART).min(limits::BLOB_BYTES));
    for Part(text) in &parts {
        match STANDARD.decode(text) {
            Ok(part) => bytes.extend(part),
            Err(_) => return Err(bad),
        }
    }
    if RowDigest::of_bytes(&bytes) == *digest {
        Ok(Some(bytes))
    } else {
        Err(bad)
    }
}
