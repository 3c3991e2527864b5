//! Mail that waits, and the addresses that it goes to: sealed before they get here.

use visa_verifier::seam::Timestamp;

use super::people::PersonId;
use super::{Db, FromRow, Row, StoreError, args};

/// A mail that waits: to whom, and about which page.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Its id.
    pub id: String,
    /// To whom.
    pub person: PersonId,
    /// The page, as a path of ours.
    pub place: String,
    /// How often it was tried.
    pub tries: i64,
    /// When it is due.
    pub next: Timestamp,
}

impl FromRow for Mail {
    const TABLE: &'static str = "mails";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text("id")?,
            person: PersonId::from_text(row.text("person")?),
            place: row.text("place")?,
            tries: row.int("tries")?,
            next: row.instant("next_at")?,
        })
    }
}

struct Count(i64);

impl FromRow for Count {
    const TABLE: &'static str = "mails";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        row.int("n").map(Self)
    }
}

struct Sealed(String);

impl FromRow for Sealed {
    const TABLE: &'static str = "mail_addresses";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        row.text("sealed").map(Self)
    }
}

/// Writes one down; false if one to this person about this page waits already.
///
/// # Errors
/// The database is down.
pub async fn put(db: &mut Db, mail: &Mail, now: Timestamp) -> Result<bool, StoreError> {
    let touched = db
        .change(
            "mails",
            "INSERT INTO mails (id, person, place, tries, created_at, next_at) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT DO NOTHING",
            args![&mail.id, mail.person.as_str(), &mail.place, mail.tries, now, mail.next],
        )
        .await?;
    Ok(touched == 1)
}

/// How many wait.
///
/// # Errors
/// The database is down.
pub async fn waiting(db: &mut Db) -> Result<i64, StoreError> {
    let count: Vec<Count> = db
        .all("SELECT COUNT(*) AS n FROM mails WHERE done_at IS NULL", args![])
        .await?;
    Ok(count.first().map_or(0, |Count(n)| *n))
}

/// Those that are due, oldest first.
///
/// # Errors
/// The database is down.
pub async fn due(db: &mut Db, now: Timestamp, most: u32) -> Result<Vec<Mail>, StoreError> {
    db.all(
        "SELECT id, person, place, tries, next_at FROM mails
         WHERE done_at IS NULL AND next_at <= $1 ORDER BY next_at, id LIMIT $2",
        args![now, i64::from(most)],
    )
    .await
}

/// Takes the next try of a mail; false if another replica has it. Without a `next` it is the last one.
///
/// # Errors
/// The database is down.
pub async fn claim(db: &mut Db, mail: &Mail, next: Option<Timestamp>, now: Timestamp) -> Result<bool, StoreError> {
    let touched = db
        .change(
            "mails",
            "UPDATE mails SET tries = tries + 1, next_at = $3, done_at = $4
             WHERE id = $1 AND tries = $2 AND done_at IS NULL",
            args![&mail.id, mail.tries, next.unwrap_or(now), next.is_none().then_some(now)],
        )
        .await?;
    Ok(touched == 1)
}

/// It was taken, or will never be.
///
/// # Errors
/// The database is down.
pub async fn done(db: &mut Db, id: &str, now: Timestamp) -> Result<(), StoreError> {
    db.change("mails", "UPDATE mails SET done_at = $2 WHERE id = $1", args![id, now])
        .await
        .map(drop)
}

/// Removes what was over a week ago; how many rows.
///
/// # Errors
/// The database is down.
pub async fn tidy(db: &mut Db, now: Timestamp) -> Result<u64, StoreError> {
    db.change("mails", "DELETE FROM mails WHERE done_at < $1 - 604800", args![now])
        .await
}

/// Keeps the sealed address of a person, in place of the one before.
///
/// # Errors
/// The database is down.
pub async fn keep_address(db: &mut Db, person: &PersonId, sealed: &str, now: Timestamp) -> Result<(), StoreError> {
    db.change(
        "mail_addresses",
        "INSERT INTO mail_addresses (person, sealed, at) VALUES ($1, $2, $3)
         ON CONFLICT (person) DO UPDATE SET sealed = $2, at = $3",
        args![person.as_str(), sealed, now],
    )
    .await
    .map(drop)
}

/// The sealed address of a person.
///
/// # Errors
/// The database is down.
pub async fn address(db: &mut Db, person: &PersonId) -> Result<Option<String>, StoreError> {
    let found: Vec<Sealed> = db
        .all(
            "SELECT sealed FROM mail_addresses WHERE person = $1",
            args![person.as_str()],
        )
        .await?;
    Ok(found.into_iter().next().map(|Sealed(text)| text))
}
