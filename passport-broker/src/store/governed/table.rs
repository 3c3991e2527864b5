//! The table of governed rows: the steps of writing one, and the questions asked of it.

use visa_verifier::seam::Timestamp;

use super::row::Body;
use super::{Governed, Pending, RowDigest, RowKind, Sealed};
use crate::canonical;
use crate::store::{Db, StoreError, args};

/// Makes the next version of a row, to be stored by [`pend`].
///
/// # Errors
/// The database is down, or the row cannot be written as canonical JSON.
pub async fn draft<T: Governed>(db: &mut Db, row: &T, now: Timestamp) -> Result<Pending, StoreError> {
    next(db, row, now, false).await
}

/// Makes the version that ends a row, to be stored by [`pend`]: `row` is what it said last.
///
/// # Errors
/// As [`draft`].
pub async fn draft_removal<T: Governed>(db: &mut Db, row: &T, now: Timestamp) -> Result<Pending, StoreError> {
    next(db, row, now, true).await
}

async fn next<T: Governed>(db: &mut Db, row: &T, now: Timestamp, removed: bool) -> Result<Pending, StoreError> {
    let before = newest(db, T::KIND, &row.id()).await?;
    let version = before.as_ref().map_or(1, |sealed| sealed.version + 1);
    let body = canonical::text(&Body {
        kind: T::KIND,
        id: row.id(),
        version,
        at: now,
        row,
        removed,
    })
    .map_err(|_| StoreError::Inconsistent {
        table: T::KIND.word(),
        column: "body",
    })?;
    Ok(Pending {
        kind: T::KIND,
        id: row.id(),
        version,
        digest: RowDigest::of(&body),
        before: before.map(|sealed| sealed.digest),
        body,
        live: row.live() && !removed,
        person: row.person(),
        dataset: row.dataset(),
        at: now,
    })
}

/// Stores a row that counts for nothing until it is sealed.
///
/// # Errors
/// The database is down, or somebody else stored this version first ([`StoreError::Conflict`]).
pub async fn pend(db: &mut Db, pending: &Pending, origin: &str) -> Result<(), StoreError> {
    db.change(
        "governed",
        "INSERT INTO governed (kind, id, version, state, live, person, dataset, body, digest, origin, created_at)
         VALUES ($1, $2, $3, 'pending', $4, $5, $6, $7, $8, $9, $10)",
        args![
            pending.kind.word(),
            &pending.id,
            pending.version,
            pending.live,
            pending.person.clone(),
            pending.dataset.clone(),
            &pending.body,
            pending.digest.as_str(),
            origin,
            pending.at,
        ],
    )
    .await
    .map(drop)
}

/// Ties a pending row to its event.
///
/// # Errors
/// The database is down, or there is no such pending row ([`StoreError::Conflict`]).
pub async fn seal(db: &mut Db, digest: &RowDigest, index: u64, leaf: &str) -> Result<(), StoreError> {
    let index = i64::try_from(index).map_err(|_| StoreError::Inconsistent {
        table: "governed",
        column: "ix",
    })?;
    let touched = db
        .change(
            "governed",
            "UPDATE governed SET state = 'sealed', ix = $2, leaf = $3 WHERE digest = $1 AND state = 'pending'",
            args![digest.as_str(), index, leaf],
        )
        .await?;
    if touched == 1 {
        Ok(())
    } else {
        Err(StoreError::Conflict { table: "governed" })
    }
}

/// Drops a pending row whose event never came to be.
///
/// # Errors
/// The database is down.
pub async fn drop_pending(db: &mut Db, digest: &RowDigest) -> Result<(), StoreError> {
    db.change(
        "governed",
        "DELETE FROM governed WHERE digest = $1 AND state = 'pending'",
        args![digest.as_str()],
    )
    .await
    .map(drop)
}

/// The pending rows whose event would be in the log `origin`.
///
/// # Errors
/// The database is down.
pub async fn pending_of(db: &mut Db, origin: &str) -> Result<Vec<Sealed>, StoreError> {
    db.all(
        "SELECT kind, id, version, state, live, person, dataset, body, digest, origin, ix, leaf FROM governed
         WHERE state = 'pending' AND origin = $1 ORDER BY created_at, kind, id, version",
        args![origin],
    )
    .await
}

/// The pending rows of all replicas.
///
/// # Errors
/// The database is down.
pub async fn pending(db: &mut Db) -> Result<Vec<Sealed>, StoreError> {
    db.all(
        "SELECT kind, id, version, state, live, person, dataset, body, digest, origin, ix, leaf FROM governed
         WHERE state = 'pending' ORDER BY kind, id, version",
        args![],
    )
    .await
}

/// Every sealed row, all versions: what the snapshot builder compares with the log.
///
/// # Errors
/// The database is down.
pub async fn everything(db: &mut Db) -> Result<Vec<Sealed>, StoreError> {
    db.all(
        "SELECT kind, id, version, state, live, person, dataset, body, digest, origin, ix, leaf FROM governed
         WHERE state = 'sealed' ORDER BY kind, id, version",
        args![],
    )
    .await
}

/// The newest sealed version of a row.
///
/// # Errors
/// The database is down.
pub async fn newest(db: &mut Db, kind: RowKind, id: &str) -> Result<Option<Sealed>, StoreError> {
    db.one(
        "SELECT kind, id, version, state, live, person, dataset, body, digest, origin, ix, leaf FROM governed
         WHERE kind = $1 AND id = $2 AND state = 'sealed' ORDER BY version DESC LIMIT 1",
        args![kind.word(), id],
    )
    .await
}

/// The sealed version with this digest, whether it was replaced since or not.
///
/// # Errors
/// The database is down.
pub async fn by_digest(db: &mut Db, digest: &RowDigest) -> Result<Option<Sealed>, StoreError> {
    db.one(
        "SELECT kind, id, version, state, live, person, dataset, body, digest, origin, ix, leaf FROM governed
         WHERE digest = $1 AND state = 'sealed'",
        args![digest.as_str()],
    )
    .await
}

/// The newest sealed version of each row of a table, dead ones too, in the order of their ids.
///
/// # Errors
/// The database is down.
pub async fn all_newest(db: &mut Db, kind: RowKind) -> Result<Vec<Sealed>, StoreError> {
    db.all(
        "SELECT g.kind, g.id, g.version, g.state, g.live, g.person, g.dataset, g.body, g.digest, g.origin, g.ix, g.leaf
         FROM governed g WHERE g.kind = $1 AND g.state = 'sealed'
           AND g.version = (SELECT MAX(n.version) FROM governed n
                            WHERE n.kind = g.kind AND n.id = g.id AND n.state = 'sealed')
         ORDER BY g.id",
        args![kind.word()],
    )
    .await
}

/// The same, of the rows that concern an identity (`sub,iss`) or a person's id.
///
/// # Errors
/// The database is down.
pub async fn newest_of_person(db: &mut Db, kind: RowKind, person: &str) -> Result<Vec<Sealed>, StoreError> {
    db.all(
        "SELECT g.kind, g.id, g.version, g.state, g.live, g.person, g.dataset, g.body, g.digest, g.origin, g.ix, g.leaf
         FROM governed g WHERE g.kind = $1 AND g.person = $2 AND g.state = 'sealed'
           AND g.version = (SELECT MAX(n.version) FROM governed n
                            WHERE n.kind = g.kind AND n.id = g.id AND n.state = 'sealed')
         ORDER BY g.id",
        args![kind.word(), person],
    )
    .await
}

/// The same, of the rows that concern a dataset.
///
/// # Errors
/// The database is down.
pub async fn newest_of_dataset(db: &mut Db, kind: RowKind, dataset: &str) -> Result<Vec<Sealed>, StoreError> {
    db.all(
        "SELECT g.kind, g.id, g.version, g.state, g.live, g.person, g.dataset, g.body, g.digest, g.origin, g.ix, g.leaf
         FROM governed g WHERE g.kind = $1 AND g.dataset = $2 AND g.state = 'sealed'
           AND g.version = (SELECT MAX(n.version) FROM governed n
                            WHERE n.kind = g.kind AND n.id = g.id AND n.state = 'sealed')
         ORDER BY g.id",
        args![kind.word(), dataset],
    )
    .await
}
