//! Pins of capabilities: the same at every replica and after a restart (E62, E63).

use sqlx::Row;

use super::{Db, StoreError};

/// How a capability stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Pinned {
    /// The network that used it first.
    pub(crate) network: String,
    /// Bytes that it delivered or is delivering.
    pub(crate) used: u64,
    /// Why it was ended.
    pub(crate) ended: Option<String>,
}

/// The table.
#[derive(Clone, Debug)]
pub(crate) struct PinTable(Db);

fn bytes(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl PinTable {
    /// Over this database.
    pub(crate) const fn new(db: Db) -> Self {
        Self(db)
    }

    /// A use begins: the first one sets the network. Returns how it stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn first(&self, id: &str, network: &str, until: i64) -> Result<Pinned, StoreError> {
        sqlx::query(
            "INSERT INTO pins (id, network, used, ended, until) VALUES ($1, $2, 0, NULL, $3) ON CONFLICT (id) DO NOTHING",
        )
        .bind(id)
        .bind(network)
        .bind(until)
        .execute(&self.0.write)
        .await?;
        let row = sqlx::query("SELECT network, used, ended FROM pins WHERE id = $1")
            .bind(id)
            .fetch_one(&self.0.write)
            .await?;
        let used: i64 = row.try_get("used")?;
        Ok(Pinned {
            network: row.try_get("network")?,
            used: u64::try_from(used).unwrap_or(u64::MAX),
            ended: row.try_get("ended")?,
        })
    }

    /// Sets bytes aside before they go out. Returns whether there were so many left of `budget`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn reserve(&self, id: &str, count: u64, budget: u64) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE pins SET used = used + $2 WHERE id = $1 AND ended IS NULL AND used <= $3")
            .bind(id)
            .bind(bytes(count))
            .bind(bytes(budget).saturating_sub(bytes(count)))
            .execute(&self.0.write)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Gives back what was set aside and did not go out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn refund(&self, id: &str, count: u64) -> Result<(), StoreError> {
        sqlx::query("UPDATE pins SET used = used - $2 WHERE id = $1")
            .bind(id)
            .bind(bytes(count))
            .execute(&self.0.write)
            .await?;
        Ok(())
    }

    /// Ends it; the first reason stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn end(&self, id: &str, why: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE pins SET ended = $2 WHERE id = $1 AND ended IS NULL")
            .bind(id)
            .bind(why)
            .execute(&self.0.write)
            .await?;
        Ok(())
    }

    /// Forgets what has run out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn forget(&self, now: i64) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM pins WHERE until < $1")
            .bind(now)
            .execute(&self.0.write)
            .await?;
        Ok(())
    }
}
