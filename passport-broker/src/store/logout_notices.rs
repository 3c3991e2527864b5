//! Notices to clients that a session has ended (OpenID Connect Back-Channel Logout 1.0): written with its end, kept
//! until they are taken or given up.

use visa_verifier::seam::Timestamp;

use super::people::PersonId;
use super::{Db, FromRow, Row, StoreError, args};

/// One notice to one client.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Its id.
    pub id: String,
    /// To which client.
    pub client: String,
    /// Where, when the session ended.
    pub uri: String,
    /// The session.
    pub sid: String,
    /// Whose.
    pub person: PersonId,
    /// How often it was tried.
    pub tries: i64,
    /// When it is due.
    pub next: Timestamp,
}

impl FromRow for Notice {
    const TABLE: &'static str = "logout_notices";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text("id")?,
            client: row.text("client")?,
            uri: row.text("uri")?,
            sid: row.text("sid")?,
            person: PersonId::from_text(row.text("person")?),
            tries: row.int("tries")?,
            next: row.instant("next_at")?,
        })
    }
}

/// Writes one down. Call it in the transaction that ends the session.
///
/// # Errors
/// The database is down.
pub async fn put(db: &mut Db, notice: &Notice) -> Result<(), StoreError> {
    db.change(
        "logout_notices",
        "INSERT INTO logout_notices (id, client, uri, sid, person, tries, next_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        args![
            &notice.id,
            &notice.client,
            &notice.uri,
            &notice.sid,
            notice.person.as_str(),
            notice.tries,
            notice.next
        ],
    )
    .await
    .map(drop)
}

/// Those that are due, oldest first.
///
/// # Errors
/// The database is down.
pub async fn due(db: &mut Db, now: Timestamp, most: u32) -> Result<Vec<Notice>, StoreError> {
    db.all(
        "SELECT id, client, uri, sid, person, tries, next_at FROM logout_notices
         WHERE done_at IS NULL AND next_at <= $1 ORDER BY next_at, id LIMIT $2",
        args![now, i64::from(most)],
    )
    .await
}

/// Takes the next try of a notice; false if another replica has it. Without a `next` it is the last one.
///
/// # Errors
/// The database is down.
pub async fn claim(db: &mut Db, notice: &Notice, next: Option<Timestamp>, now: Timestamp) -> Result<bool, StoreError> {
    let touched = db
        .change(
            "logout_notices",
            "UPDATE logout_notices SET tries = tries + 1, next_at = $3, done_at = $4
             WHERE id = $1 AND tries = $2 AND done_at IS NULL",
            args![
                &notice.id,
                notice.tries,
                next.unwrap_or(now),
                next.is_none().then_some(now)
            ],
        )
        .await?;
    Ok(touched == 1)
}

/// It was taken.
///
/// # Errors
/// The database is down.
pub async fn done(db: &mut Db, id: &str, now: Timestamp) -> Result<(), StoreError> {
    db.change(
        "logout_notices",
        "UPDATE logout_notices SET done_at = $2 WHERE id = $1",
        args![id, now],
    )
    .await
    .map(drop)
}

/// Removes what was over a week ago; how many rows.
///
/// # Errors
/// The database is down.
pub async fn tidy(db: &mut Db, now: Timestamp) -> Result<u64, StoreError> {
    db.change(
        "logout_notices",
        "DELETE FROM logout_notices WHERE done_at < $1 - 604800",
        args![now],
    )
    .await
}
