//! What sessions keep at the storage door: one row an object, with its lineage (E30); uploads in parts.

use sqlx::{Row, any::AnyRow};

use super::{Db, StoreError};

/// Rows of one list.
const MOST: i64 = 100_000;

/// An object that a session wrote.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Kept {
    /// Its bucket.
    pub(crate) bucket: String,
    /// Its key.
    pub(crate) name: String,
    /// The file that holds its bytes.
    pub(crate) file: String,
    /// Bytes.
    pub(crate) size: u64,
    /// What S3 clients compare.
    pub(crate) etag: String,
    /// SHA-256, lower-case hexadecimal; empty for one in parts.
    pub(crate) sha256: String,
    /// The datasets that it comes from, JSON array.
    pub(crate) datasets: String,
    /// Unix seconds.
    pub(crate) at: i64,
}

/// One part of an upload.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Part {
    /// 1 to 10,000.
    pub(crate) number: i64,
    /// The file that holds its bytes.
    pub(crate) file: String,
    /// Bytes.
    pub(crate) size: u64,
    /// MD5, lower-case hexadecimal.
    pub(crate) md5: String,
}

/// The tables.
#[derive(Clone, Debug)]
pub(crate) struct Objects(Db);

fn bytes(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Objects {
    /// Over this database.
    pub(crate) const fn new(db: Db) -> Self {
        Self(db)
    }

    /// Enters an object in the place of whatever had its key. Gives the file that nobody names any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn put(&self, session: &str, one: &Kept) -> Result<Option<String>, StoreError> {
        let before = self.find(session, &one.bucket, &one.name).await?;
        sqlx::query(
            "INSERT INTO door_objects (session, bucket, name, file, size, etag, sha256, datasets, at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (session, bucket, name) DO UPDATE SET \
             file = excluded.file, size = excluded.size, etag = excluded.etag, sha256 = excluded.sha256, \
             datasets = excluded.datasets, at = excluded.at",
        )
        .bind(session)
        .bind(&one.bucket)
        .bind(&one.name)
        .bind(&one.file)
        .bind(bytes(one.size))
        .bind(&one.etag)
        .bind(&one.sha256)
        .bind(&one.datasets)
        .bind(one.at)
        .execute(&self.0.write)
        .await?;
        Ok(before.map(|before| before.file))
    }

    /// One object.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn find(&self, session: &str, bucket: &str, name: &str) -> Result<Option<Kept>, StoreError> {
        let row = sqlx::query(
            "SELECT bucket, name, file, size, etag, sha256, datasets, at FROM door_objects \
             WHERE session = $1 AND bucket = $2 AND name = $3",
        )
        .bind(session)
        .bind(bucket)
        .bind(name)
        .fetch_optional(&self.0.read)
        .await?;
        row.as_ref().map(kept).transpose()
    }

    /// All of a bucket, in the order of their bytes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn list(&self, session: &str, bucket: &str) -> Result<Vec<Kept>, StoreError> {
        let rows = sqlx::query(
            "SELECT bucket, name, file, size, etag, sha256, datasets, at FROM door_objects \
             WHERE session = $1 AND bucket = $2 LIMIT $3",
        )
        .bind(session)
        .bind(bucket)
        .bind(MOST)
        .fetch_all(&self.0.read)
        .await?;
        let mut all: Vec<Kept> = rows.iter().map(kept).collect::<Result<_, _>>()?;
        // a database may order text as people do; S3 orders it by bytes
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(all)
    }

    /// Everything that a session keeps, in all of its buckets, by bucket and key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn of_session(&self, session: &str) -> Result<Vec<Kept>, StoreError> {
        let rows = sqlx::query(
            "SELECT bucket, name, file, size, etag, sha256, datasets, at FROM door_objects WHERE session = $1 LIMIT $2",
        )
        .bind(session)
        .bind(MOST)
        .fetch_all(&self.0.read)
        .await?;
        let mut all: Vec<Kept> = rows.iter().map(kept).collect::<Result<_, _>>()?;
        all.sort_by(|one, other| (&one.bucket, &one.name).cmp(&(&other.bucket, &other.name)));
        Ok(all)
    }

    /// Bytes that a session keeps, parts of uploads included.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn used(&self, session: &str) -> Result<u64, StoreError> {
        let row = sqlx::query(
            "SELECT CAST(COALESCE((SELECT SUM(size) FROM door_objects WHERE session = $1), 0) \
             + COALESCE((SELECT SUM(door_parts.size) FROM door_parts JOIN door_uploads ON door_uploads.id = door_parts.upload \
             WHERE door_uploads.session = $1), 0) AS BIGINT) AS used",
        )
        .bind(session)
        .fetch_one(&self.0.read)
        .await?;
        let used: i64 = row.try_get("used")?;
        Ok(u64::try_from(used).unwrap_or(0))
    }

    /// Takes an object away. Gives its file.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn delete(&self, session: &str, bucket: &str, name: &str) -> Result<Option<String>, StoreError> {
        let before = self.find(session, bucket, name).await?;
        sqlx::query("DELETE FROM door_objects WHERE session = $1 AND bucket = $2 AND name = $3")
            .bind(session)
            .bind(bucket)
            .bind(name)
            .execute(&self.0.write)
            .await?;
        Ok(before.map(|before| before.file))
    }

    /// Begins an upload in parts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn begin(
        &self,
        id: &str,
        session: &str,
        bucket: &str,
        name: &str,
        at: i64,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO door_uploads (id, session, bucket, name, at) VALUES ($1, $2, $3, $4, $5)")
            .bind(id)
            .bind(session)
            .bind(bucket)
            .bind(name)
            .bind(at)
            .execute(&self.0.write)
            .await?;
        Ok(())
    }

    /// Is there such an upload, of this session and for this key?
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn is_begun(&self, id: &str, session: &str, bucket: &str, name: &str) -> Result<bool, StoreError> {
        let row =
            sqlx::query("SELECT id FROM door_uploads WHERE id = $1 AND session = $2 AND bucket = $3 AND name = $4")
                .bind(id)
                .bind(session)
                .bind(bucket)
                .bind(name)
                .fetch_optional(&self.0.read)
                .await?;
        Ok(row.is_some())
    }

    /// Enters a part in the place of whatever had its number. Gives the file that nobody names any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn part(&self, upload: &str, part: &Part) -> Result<Option<String>, StoreError> {
        let before = self.parts(upload).await?;
        let before = before.into_iter().find(|one| one.number == part.number);
        sqlx::query(
            "INSERT INTO door_parts (upload, number, file, size, md5) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (upload, number) DO UPDATE SET file = excluded.file, size = excluded.size, md5 = excluded.md5",
        )
        .bind(upload)
        .bind(part.number)
        .bind(&part.file)
        .bind(bytes(part.size))
        .bind(&part.md5)
        .execute(&self.0.write)
        .await?;
        Ok(before.map(|before| before.file))
    }

    /// The parts of an upload, by number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn parts(&self, upload: &str) -> Result<Vec<Part>, StoreError> {
        let rows = sqlx::query("SELECT number, file, size, md5 FROM door_parts WHERE upload = $1 ORDER BY number")
            .bind(upload)
            .fetch_all(&self.0.read)
            .await?;
        rows.iter()
            .map(|row| {
                let size: i64 = row.try_get("size")?;
                Ok(Part {
                    number: row.try_get("number")?,
                    file: row.try_get("file")?,
                    size: u64::try_from(size).unwrap_or(0),
                    md5: row.try_get("md5")?,
                })
            })
            .collect()
    }

    /// Ends an upload: completed or given up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn over(&self, upload: &str) -> Result<(), StoreError> {
        for text in [
            "DELETE FROM door_parts WHERE upload = $1",
            "DELETE FROM door_uploads WHERE id = $1",
        ] {
            sqlx::query(text).bind(upload).execute(&self.0.write).await?;
        }
        Ok(())
    }
}

fn kept(row: &AnyRow) -> Result<Kept, StoreError> {
    let size: i64 = row.try_get("size")?;
    Ok(Kept {
        bucket: row.try_get("bucket")?,
        name: row.try_get("name")?,
        file: row.try_get("file")?,
        size: u64::try_from(size).unwrap_or(0),
        etag: row.try_get("etag")?,
        sha256: row.try_get("sha256")?,
        datasets: row.try_get("datasets")?,
        at: row.try_get("at")?,
    })
}
