//! Explanations and denials as they were told: each for its owner alone.

use sqlx::Row;

use super::{Db, StoreError};

/// How long they are kept, in seconds.
const KEPT: i64 = 90 * 24 * 3600;
/// Most bytes of one; a larger one stays in memory alone.
pub(crate) const PAGE_BYTES: usize = 256 << 10;

/// The table.
#[derive(Clone, Debug)]
pub(crate) struct Pages(Db);

impl Pages {
    /// Over this database.
    pub(crate) const fn new(db: Db) -> Self {
        Self(db)
    }

    /// Keeps a page, and lets go of those that are too old.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn keep(&self, id: &str, owner: &str, at: i64, page: &str) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO pages (id, owner, at, page) VALUES ($1, $2, $3, $4)")
            .bind(id)
            .bind(owner)
            .bind(at)
            .bind(page)
            .execute(&self.0.write)
            .await?;
        sqlx::query("DELETE FROM pages WHERE at < $1")
            .bind(at.saturating_sub(KEPT))
            .execute(&self.0.write)
            .await?;
        Ok(())
    }

    /// A page with its owner.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn find(&self, id: &str) -> Result<Option<(String, String)>, StoreError> {
        let row = sqlx::query("SELECT owner, page FROM pages WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.0.read)
            .await?;
        row.map(|row| Ok((row.try_get("owner")?, row.try_get("page")?)))
            .transpose()
    }
}
