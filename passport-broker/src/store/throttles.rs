//! Counters of how often something was tried, over all replicas (trust checklist, line 32).

use visa_verifier::seam::Timestamp;

use super::{Db, FromRow, Row, StoreError, args};

struct Hits(i64);

impl FromRow for Hits {
    const TABLE: &'static str = "throttles";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        row.int("hits").map(Self)
    }
}

/// Counts one try of `subject` at `name`; how many there were in the window that began at `since`.
///
/// # Errors
/// The database is down.
pub async fn hit(db: &mut Db, name: &str, subject: &str, since: Timestamp) -> Result<i64, StoreError> {
    let counted: Option<Hits> = db
        .change_one(
            "INSERT INTO throttles (name, subject, since, hits) VALUES ($1, $2, $3, 1)
             ON CONFLICT (name, subject) DO UPDATE SET
               hits = CASE WHEN throttles.since = excluded.since THEN throttles.hits + 1 ELSE 1 END,
               since = excluded.since
             RETURNING hits",
            args![name, subject, since],
        )
        .await?;
    Ok(counted.map_or(1, |Hits(count)| count))
}

/// Removes counters whose window began before `before`; how many.
///
/// # Errors
/// The database is down.
pub async fn tidy(db: &mut Db, before: Timestamp) -> Result<u64, StoreError> {
    db.change("throttles", "DELETE FROM throttles WHERE since < $1", args![before])
        .await
}
