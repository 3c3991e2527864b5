//! Requests to release outputs, with the yes of each dataset's committee.

use sqlx::{Row, any::AnyRow};

use super::{Db, StoreError};

/// Where a request stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ReleaseState {
    /// A check found what never leaves.
    Failed,
    /// Waits for whoever policy names.
    Waiting,
    /// May be fetched.
    Released,
    /// Somebody said no.
    Refused,
    /// Whoever asked took it back.
    Withdrawn,
}

impl ReleaseState {
    /// The word in the table and outside.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Waiting => "waiting",
            Self::Released => "released",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    fn of(word: &str) -> Result<Self, StoreError> {
        [
            Self::Failed,
            Self::Waiting,
            Self::Released,
            Self::Refused,
            Self::Withdrawn,
        ]
        .into_iter()
        .find(|state| state.word() == word)
        .ok_or(StoreError::Inconsistent { column: "state" })
    }
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Release {
    /// Ours.
    pub(crate) id: String,
    /// The order of creation.
    pub(crate) seq: i64,
    /// Who asked, in the `sub,iss` form.
    pub(crate) owner: String,
    /// The session, task or run that the outputs are of.
    pub(crate) work: String,
    /// Where it stands.
    pub(crate) state: ReleaseState,
    /// The datasets that the outputs come from, JSON array.
    pub(crate) datasets: String,
    /// What the request rested on, JSON.
    pub(crate) basis: String,
    /// The frozen files with what checks found, JSON.
    pub(crate) files: String,
    /// Why, in the requester's words.
    pub(crate) reason: String,
    /// SHA-256 of the manifest, lower-case hexadecimal.
    pub(crate) digest: String,
    /// The decision that let it be asked for.
    pub(crate) decision: String,
    /// The log's promise for the request.
    pub(crate) receipt: String,
    /// Unix seconds.
    pub(crate) created_at: i64,
    /// When it was released or refused.
    pub(crate) decided_at: Option<i64>,
    /// What whoever decided said.
    pub(crate) answer: Option<String>,
}

/// One committee's yes.
#[derive(Clone, Debug)]
pub(crate) struct Vote {
    /// For which dataset.
    pub(crate) dataset: String,
    /// Who, in the `sub,iss` form.
    pub(crate) person: String,
    /// The decision that permitted it.
    pub(crate) decision: String,
    /// The log's promise.
    pub(crate) receipt: String,
    /// Unix seconds.
    pub(crate) at: i64,
}

const COLUMNS: &str = "id, seq, owner, work, state, datasets, basis, files, reason, digest, decision, receipt, created_at, decided_at, answer";

/// The tables.
#[derive(Clone, Debug)]
pub(crate) struct Releases(Db);

impl Releases {
    /// Over this database.
    pub(crate) const fn new(db: Db) -> Self {
        Self(db)
    }

    /// Enters a request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn enter(&self, one: &Release) -> Result<(), StoreError> {
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "INSERT INTO releases ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, NULL, NULL)"
        )))
        .bind(&one.id)
        .bind(one.seq)
        .bind(&one.owner)
        .bind(&one.work)
        .bind(one.state.word())
        .bind(&one.datasets)
        .bind(&one.basis)
        .bind(&one.files)
        .bind(&one.reason)
        .bind(&one.digest)
        .bind(&one.decision)
        .bind(&one.receipt)
        .bind(one.created_at)
        .execute(&self.0.write)
        .await?;
        Ok(())
    }

    /// One request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn by_id(&self, id: &str) -> Result<Option<Release>, StoreError> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM releases WHERE id = $1"
        )))
        .bind(id)
        .fetch_optional(&self.0.read)
        .await?;
        row.as_ref().map(release).transpose()
    }

    /// One person's, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn of(&self, owners: &[String], limit: i64) -> Result<Vec<Release>, StoreError> {
        let mut all = Vec::new();
        for owner in owners {
            let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
                "SELECT {COLUMNS} FROM releases WHERE owner = $1 ORDER BY seq DESC LIMIT $2"
            )))
            .bind(owner)
            .bind(limit)
            .fetch_all(&self.0.read)
            .await?;
            for row in &rows {
                all.push(release(row)?);
            }
        }
        all.sort_by_key(|one| std::cmp::Reverse(one.seq));
        Ok(all)
    }

    /// All that wait, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn waiting(&self, limit: i64) -> Result<Vec<Release>, StoreError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM releases WHERE state = 'waiting' ORDER BY seq LIMIT $1"
        )))
        .bind(limit)
        .fetch_all(&self.0.read)
        .await?;
        rows.iter().map(release).collect()
    }

    /// How many of one person wait.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn count_waiting(&self, owner: &str) -> Result<i64, StoreError> {
        let row = sqlx::query("SELECT COUNT(*) AS count FROM releases WHERE state = 'waiting' AND owner = $1")
            .bind(owner)
            .fetch_one(&self.0.read)
            .await?;
        Ok(row.try_get("count")?)
    }

    /// Enters a yes; one that is there already stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn vote(&self, release: &str, vote: &Vote) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO release_votes (release, dataset, person, decision, receipt, at) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (release, dataset) DO NOTHING",
        )
        .bind(release)
        .bind(&vote.dataset)
        .bind(&vote.person)
        .bind(&vote.decision)
        .bind(&vote.receipt)
        .bind(vote.at)
        .execute(&self.0.write)
        .await?;
        Ok(())
    }

    /// Every yes so far.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn votes(&self, release: &str) -> Result<Vec<Vote>, StoreError> {
        let rows = sqlx::query(
            "SELECT dataset, person, decision, receipt, at FROM release_votes WHERE release = $1 ORDER BY dataset",
        )
        .bind(release)
        .fetch_all(&self.0.read)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Vote {
                    dataset: row.try_get("dataset")?,
                    person: row.try_get("person")?,
                    decision: row.try_get("decision")?,
                    receipt: row.try_get("receipt")?,
                    at: row.try_get("at")?,
                })
            })
            .collect()
    }

    /// Ends the waiting. Returns whether this call did it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn decide(
        &self,
        id: &str,
        state: ReleaseState,
        answer: &str,
        now: i64,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE releases SET state = $2, answer = $3, decided_at = $4 WHERE id = $1 AND state = 'waiting'",
        )
        .bind(id)
        .bind(state.word())
        .bind(answer)
        .bind(now)
        .execute(&self.0.write)
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn release(row: &AnyRow) -> Result<Release, StoreError> {
    Ok(Release {
        id: row.try_get("id")?,
        seq: row.try_get("seq")?,
        owner: row.try_get("owner")?,
        work: row.try_get("work")?,
        state: ReleaseState::of(row.try_get("state")?)?,
        datasets: row.try_get("datasets")?,
        basis: row.try_get("basis")?,
        files: row.try_get("files")?,
        reason: row.try_get("reason")?,
        digest: row.try_get("digest")?,
        decision: row.try_get("decision")?,
        receipt: row.try_get("receipt")?,
        created_at: row.try_get("created_at")?,
        decided_at: row.try_get("decided_at")?,
        answer: row.try_get("answer")?,
    })
}
