//! Numbers that only grow, over all replicas and restarts.

use super::{Db, FromRow, Row, StoreError, args};

struct Value(i64);

impl FromRow for Value {
    const TABLE: &'static str = "counters";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        row.int("value").map(Self)
    }
}

/// The newest version that a replica drew for its snapshot.
///
/// # Errors
/// The database is down, or the counter is gone.
pub async fn snapshot(db: &mut Db) -> Result<u64, StoreError> {
    let newest: Option<Value> = db
        .one("SELECT value FROM counters WHERE name = 'snapshot.version'", args![])
        .await?;
    newest
        .and_then(|Value(value)| u64::try_from(value).ok())
        .ok_or(StoreError::Inconsistent {
            table: "counters",
            column: "value",
        })
}

/// The next version of the snapshot; never the same twice.
///
/// # Errors
/// The database is down, or the counter is gone.
pub async fn next_snapshot(db: &mut Db) -> Result<u64, StoreError> {
    let bad = StoreError::Inconsistent {
        table: "counters",
        column: "value",
    };
    let next: Option<Value> = db
        .change_one(
            "UPDATE counters SET value = value + 1 WHERE name = 'snapshot.version' RETURNING value",
            args![],
        )
        .await?;
    next.and_then(|Value(value)| u64::try_from(value).ok()).ok_or(bad)
}
