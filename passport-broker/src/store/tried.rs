//! Purposes tried: one row for each that a person had judged for a dataset.

use visa_verifier::seam::Timestamp;

use super::{Db, FromRow, Row, StoreError, args};

/// A purpose that a person tried on a dataset.
#[derive(Clone, Debug)]
pub struct TriedRow {
    /// Who: `sub,iss` with our issuer.
    pub person: String,
    /// The dataset.
    pub dataset: String,
    /// SHA-256 of the purpose's canonical JSON, hexadecimal.
    pub digest: String,
    /// The purpose, JSON.
    pub purpose: String,
    /// Where it was last tried.
    pub door: String,
    /// When first.
    pub first: Timestamp,
    /// When last.
    pub last: Timestamp,
    /// How often.
    pub times: i64,
}

impl FromRow for TriedRow {
    const TABLE: &'static str = "purposes_tried";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            person: row.text("person")?,
            dataset: row.text("dataset")?,
            digest: row.text("digest")?,
            purpose: row.text("purpose")?,
            door: row.text("door")?,
            first: row.instant("first_at")?,
            last: row.instant("last_at")?,
            times: row.int("times")?,
        })
    }
}

struct Digest(String);

impl FromRow for Digest {
    const TABLE: &'static str = "purposes_tried";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        row.text("digest").map(Self)
    }
}

/// Digests of the purposes that a person tried on a dataset after `since`.
///
/// # Errors
/// The database is down.
pub async fn since(db: &mut Db, person: &str, dataset: &str, since: Timestamp) -> Result<Vec<String>, StoreError> {
    let found: Vec<Digest> = db
        .all(
            "SELECT digest FROM purposes_tried WHERE person = $1 AND dataset = $2 AND last_at > $3",
            args![person, dataset, since],
        )
        .await?;
    Ok(found.into_iter().map(|Digest(digest)| digest).collect())
}

/// Writes a try down: a new row, or once more in the one that is there.
///
/// # Errors
/// The database is down.
pub async fn note(db: &mut Db, row: &TriedRow) -> Result<(), StoreError> {
    db.change(
        TriedRow::TABLE,
        "INSERT INTO purposes_tried (person, dataset, digest, purpose, door, first_at, last_at, times)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
         ON CONFLICT (person, dataset, digest) DO UPDATE SET
           last_at = excluded.last_at, door = excluded.door, times = purposes_tried.times + 1",
        args![
            row.person.as_str(),
            row.dataset.as_str(),
            row.digest.as_str(),
            row.purpose.as_str(),
            row.door.as_str(),
            row.first,
            row.last
        ],
    )
    .await?;
    Ok(())
}

/// Those of one person, the newest first.
///
/// # Errors
/// The database is down.
pub async fn of_person(db: &mut Db, person: &str, most: usize) -> Result<Vec<TriedRow>, StoreError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    db.all(
        "SELECT person, dataset, digest, purpose, door, first_at, last_at, times FROM purposes_tried
         WHERE person = $1 ORDER BY last_at DESC, dataset, digest LIMIT $2",
        args![person, most],
    )
    .await
}

/// Those of a dataset, the newest first; of one person if named.
///
/// # Errors
/// The database is down.
pub async fn of_dataset(
    db: &mut Db,
    dataset: &str,
    person: Option<&str>,
    most: usize,
) -> Result<Vec<TriedRow>, StoreError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    db.all(
        "SELECT person, dataset, digest, purpose, door, first_at, last_at, times FROM purposes_tried
         WHERE dataset = $1 AND ($2 = '' OR person = $2) ORDER BY last_at DESC, person, digest LIMIT $3",
        args![dataset, person.unwrap_or_default(), most],
    )
    .await
}
