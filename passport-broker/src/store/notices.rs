//! What a person is told at the next sign-in.

use visa_verifier::seam::Timestamp;

use super::people::PersonId;
use super::{Db, FromRow, Row, StoreError, args};

/// Something that happened to an account.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// What, in a sentence.
    pub words: String,
}

impl FromRow for Notice {
    const TABLE: &'static str = "notices";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text("id")?,
            at: row.instant("at")?,
            words: row.text("words")?,
        })
    }
}

/// Notes something for a person.
///
/// # Errors
/// The database is down.
pub async fn put(db: &mut Db, person: &PersonId, notice: &Notice) -> Result<(), StoreError> {
    db.change(
        "notices",
        "INSERT INTO notices (id, person, at, words) VALUES ($1, $2, $3, $4)",
        args![&notice.id, person.as_str(), notice.at, &notice.words],
    )
    .await
    .map(drop)
}

/// What a person has not been told yet, oldest first; at most 20.
///
/// # Errors
/// The database is down.
pub async fn unseen(db: &mut Db, person: &PersonId) -> Result<Vec<Notice>, StoreError> {
    db.all(
        "SELECT id, at, words FROM notices WHERE person = $1 AND seen_at IS NULL ORDER BY at, id LIMIT 20",
        args![person.as_str()],
    )
    .await
}

/// All that a person was told or will be, newest first; at most 200.
///
/// # Errors
/// The database is down.
pub async fn all(db: &mut Db, person: &PersonId) -> Result<Vec<Notice>, StoreError> {
    db.all(
        "SELECT id, at, words FROM notices WHERE person = $1 ORDER BY at DESC, id LIMIT 200",
        args![person.as_str()],
    )
    .await
}

/// Notes that a person was told all up to `until`.
///
/// # Errors
/// The database is down.
pub async fn seen(db: &mut Db, person: &PersonId, until: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    db.change(
        "notices",
        "UPDATE notices SET seen_at = $3 WHERE person = $1 AND at <= $2 AND seen_at IS NULL",
        args![person.as_str(), until, now],
    )
    .await
    .map(drop)
}
