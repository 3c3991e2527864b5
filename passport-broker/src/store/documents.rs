//! Files of applications: sealed before they reach the database, in parts, since a row is read whole.
//!
//! Each file has a key of its own, derived from the node's. What is read back is hashed by who asks for it.

use visa_verifier::seam::Timestamp;

use super::{Db, FromRow, Row, StoreError, args};

/// Bytes of one part before it is sealed.
pub const PART: usize = 512 * 1024;

struct Part(String);

impl FromRow for Part {
    const TABLE: &'static str = "documents";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        row.text("body").map(Self)
    }
}

/// A file whose time is over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Over {
    /// Its application.
    pub application: String,
    /// Its id within it.
    pub document: String,
}

impl FromRow for Over {
    const TABLE: &'static str = "documents";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            application: row.text("application")?,
            document: row.text("document")?,
        })
    }
}

/// Keeps a file's sealed parts.
///
/// # Errors
/// The database is down, or a file of this name is there ([`StoreError::Conflict`]).
pub async fn put(
    db: &mut Db,
    application: &str,
    document: &str,
    parts: &[String],
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    for (at, part) in parts.iter().enumerate() {
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        tx.change(
            "documents",
            "INSERT INTO documents (application, document, part, body, created_at) VALUES ($1, $2, $3, $4, $5)",
            args![application, document, at, part.as_str(), now],
        )
        .await?;
    }
    tx.commit().await
}

/// A file's sealed parts, in order; empty if there is none.
///
/// # Errors
/// The database is down.
pub async fn get(db: &mut Db, application: &str, document: &str) -> Result<Vec<String>, StoreError> {
    let parts: Vec<Part> = db
        .all(
            "SELECT body FROM documents WHERE application = $1 AND document = $2 ORDER BY part",
            args![application, document],
        )
        .await?;
    Ok(parts.into_iter().map(|Part(body)| body).collect())
}

/// Deletes a file.
///
/// # Errors
/// The database is down.
pub async fn delete(db: &mut Db, application: &str, document: &str) -> Result<u64, StoreError> {
    db.change(
        "documents",
        "DELETE FROM documents WHERE application = $1 AND document = $2",
        args![application, document],
    )
    .await
}

/// Says when the files of an application are deleted; `None`: not before it is over.
///
/// # Errors
/// The database is down.
pub async fn keep_until(db: &mut Db, application: &str, until: Option<Timestamp>) -> Result<(), StoreError> {
    db.change(
        "documents",
        "UPDATE documents SET keep_until = $2 WHERE application = $1",
        args![application, until],
    )
    .await
    .map(drop)
}

/// The files whose time is over, at most `most`.
///
/// # Errors
/// The database is down.
pub async fn over(db: &mut Db, now: Timestamp, most: usize) -> Result<Vec<Over>, StoreError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    db.all(
        "SELECT DISTINCT application, document FROM documents WHERE keep_until <= $1
         ORDER BY application, document LIMIT $2",
        args![now, most],
    )
    .await
}
