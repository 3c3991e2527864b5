//! What was announced to end: once for each thing, end and stage, whichever replica was first.

use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::people::{self, PersonId};
use super::{Db, FromRow, Row, StoreError, args};

/// Notes an announcement; false if it was made before.
///
/// # Errors
/// The database is down. Call it in the transaction that writes the notice.
pub async fn first(
    db: &mut Db,
    person: &PersonId,
    what: &str,
    ends: Timestamp,
    stage: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let touched = db
        .change(
            "announced",
            "INSERT INTO announced (person, what, ends_at, stage, at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (person, what, ends_at, stage) DO NOTHING",
            args![person.as_str(), what, ends, stage, now],
        )
        .await?;
    Ok(touched == 1)
}

struct Whose(PersonId, VisaIdentity);

impl FromRow for Whose {
    const TABLE: &'static str = "identities";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self(PersonId::from_text(row.text("person")?), people::identity(row)?))
    }
}

/// Whose identities last logged in between two moments, and which.
///
/// # Errors
/// The database is down.
pub async fn last_seen_between(
    db: &mut Db,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(PersonId, VisaIdentity)>, StoreError> {
    let rows: Vec<Whose> = db
        .all(
            "SELECT iss, sub, person FROM identities
             WHERE last_login > $1 AND last_login <= $2 AND unlinked_at IS NULL ORDER BY person, iss, sub",
            args![from, to],
        )
        .await?;
    Ok(rows
        .into_iter()
        .map(|Whose(person, identity)| (person, identity))
        .collect())
}

/// Removes what ended a month ago; how many rows.
///
/// # Errors
/// The database is down.
pub async fn tidy(db: &mut Db, now: Timestamp) -> Result<u64, StoreError> {
    db.change(
        "announced",
        "DELETE FROM announced WHERE ends_at < $1 - 2678400",
        args![now],
    )
    .await
}
