//! Tasks and runs: one row each, written before the backend sees the task (`apis.md` 10.3).

use sqlx::{Row, any::AnyRow};

use super::{
    Db, StoreError,
    repeats::{self, Before, Named},
};

/// Where a task or run stands for us.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Phase {
    /// Written here, not yet known to have reached the backend.
    Submitting,
    /// The backend has it and its id is stored.
    Live,
    /// Nothing more will happen.
    Over,
}

impl Phase {
    const fn word(self) -> &'static str {
        match self {
            Self::Submitting => "submitting",
            Self::Live => "live",
            Self::Over => "over",
        }
    }

    fn of(word: &str) -> Result<Self, StoreError> {
        match word {
            "submitting" => Ok(Self::Submitting),
            "live" => Ok(Self::Live),
            "over" => Ok(Self::Over),
            _ => Err(StoreError::Inconsistent { column: "phase" }),
        }
    }
}

/// One task or run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Work {
    /// Ours; what clients see.
    pub(crate) id: String,
    /// The order of creation, for pages.
    pub(crate) seq: i64,
    /// `task` or `run`.
    pub(crate) kind: String,
    /// Which backend: an id of one is none at another.
    pub(crate) backend: String,
    /// The backend's id, once it is known.
    pub(crate) backend_id: Option<String>,
    /// The owner: an identity in its `sub,iss` form.
    pub(crate) owner: String,
    /// The service record that runs it.
    pub(crate) service: String,
    /// Where it stands for us.
    pub(crate) phase: Phase,
    /// The last state that the backend told, in the API's word.
    pub(crate) state: String,
    /// Why it was withdrawn: the code; it is cancelled or about to be.
    pub(crate) withdrawn: Option<String>,
    /// The decision that permitted it.
    pub(crate) decision: String,
    /// Dataset ids, JSON array.
    pub(crate) datasets: String,
    /// What it may read: DRS ids, JSON array.
    pub(crate) objects: String,
    /// What the decision rested on, JSON: enough to ask again without the caller.
    pub(crate) basis: String,
    /// Its name, for filters.
    pub(crate) name: String,
    /// What the caller sent, JSON.
    pub(crate) request: String,
    /// Unix seconds.
    pub(crate) created_at: i64,
    /// When the backend last named it, Unix seconds.
    pub(crate) confirmed_at: i64,
    /// When its capabilities end, Unix seconds.
    pub(crate) expires_at: i64,
    /// The workflow session whose token sent it.
    pub(crate) session: Option<String>,
}

/// What a list asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct WorkFilter {
    /// `task` or `run`.
    pub(crate) kind: &'static str,
    /// The identities of one person.
    pub(crate) owners: Vec<String>,
    /// Older than this place in the order.
    pub(crate) before: Option<i64>,
    /// How many at most.
    pub(crate) limit: i64,
}

const COLUMNS: &str = "id, seq, kind, backend, backend_id, owner, service, phase, state, withdrawn, decision, datasets, \
     objects, basis, name, request, created_at, confirmed_at, expires_at, session";

/// The table.
#[derive(Clone, Debug)]
pub(crate) struct Works(Db);

impl Works {
    /// Over this database.
    pub(crate) const fn new(db: Db) -> Self {
        Self(db)
    }

    /// Writes a new row, phase `submitting`. Where its request names itself and did so before, nothing is written, and
    /// what it became then is given.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing may be sent to the backend.
    pub(crate) async fn submit(&self, work: &Work, named: Option<Named<'_>>) -> Result<Option<Before>, StoreError> {
        let mut tx = self.0.write.begin().await?;
        if let Some(named) = named
            && let Some(before) = repeats::take(&mut tx, &work.owner, named, &work.id, work.created_at).await?
        {
            tx.rollback().await?;
            return Ok(Some(before));
        }
        sqlx::query(
            "INSERT INTO works (id, seq, kind, backend, backend_id, owner, service, phase, state, withdrawn, decision, \
             datasets, objects, basis, name, request, created_at, confirmed_at, expires_at, session) \
             VALUES ($1, $2, $3, $4, NULL, $5, $6, $7, $8, NULL, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        )
        .bind(&work.id)
        .bind(work.seq)
        .bind(&work.kind)
        .bind(&work.backend)
        .bind(&work.owner)
        .bind(&work.service)
        .bind(Phase::Submitting.word())
        .bind(&work.state)
        .bind(&work.decision)
        .bind(&work.datasets)
        .bind(&work.objects)
        .bind(&work.basis)
        .bind(&work.name)
        .bind(&work.request)
        .bind(work.created_at)
        .bind(work.confirmed_at)
        .bind(work.expires_at)
        .bind(&work.session)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(None)
    }

    /// The backend has it: stores its id, phase `live`. Returns the row as it now is: it may have been withdrawn
    /// meanwhile, and then is to be cancelled at once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn accepted(
        &self,
        id: &str,
        backend_id: &str,
        state: &str,
        now: i64,
    ) -> Result<Option<Work>, StoreError> {
        sqlx::query("UPDATE works SET backend_id = $2, phase = 'live', state = $3, confirmed_at = $4 WHERE id = $1 AND phase = 'submitting'")
            .bind(id)
            .bind(backend_id)
            .bind(state)
            .bind(now)
            .execute(&self.0.write)
            .await?;
        self.by_id(id).await
    }

    /// What it rests on was renewed: a later end and a new basis, unless it was ended meanwhile. Whether it was taken.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn renew(&self, id: &str, basis: &str, expires_at: i64) -> Result<bool, StoreError> {
        let renewed = sqlx::query(
            "UPDATE works SET basis = $2, expires_at = $3 WHERE id = $1 AND phase <> 'over' AND withdrawn IS NULL AND expires_at < $3",
        )
        .bind(id)
        .bind(basis)
        .bind(expires_at)
        .execute(&self.0.write)
        .await?;
        Ok(renewed.rows_affected() == 1)
    }

    /// What the backend says now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn confirm(&self, id: &str, state: &str, over: bool, now: i64) -> Result<(), StoreError> {
        let phase = if over { Phase::Over } else { Phase::Live };
        sqlx::query("UPDATE works SET state = $2, phase = $3, confirmed_at = $4 WHERE id = $1 AND phase <> 'over'")
            .bind(id)
            .bind(state)
            .bind(phase.word())
            .bind(now)
            .execute(&self.0.write)
            .await?;
        Ok(())
    }

    /// It ended without the backend: it was never taken, or is gone there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn close(&self, id: &str, state: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE works SET state = $2, phase = 'over' WHERE id = $1")
            .bind(id)
            .bind(state)
            .execute(&self.0.write)
            .await?;
        Ok(())
    }

    /// Marks a row as withdrawn. Returns whether this call did it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn withdraw(&self, id: &str, code: &str) -> Result<bool, StoreError> {
        let done =
            sqlx::query("UPDATE works SET withdrawn = $2 WHERE id = $1 AND withdrawn IS NULL AND phase <> 'over'")
                .bind(id)
                .bind(code)
                .execute(&self.0.write)
                .await?;
        Ok(done.rows_affected() == 1)
    }

    /// One row.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn by_id(&self, id: &str) -> Result<Option<Work>, StoreError> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM works WHERE id = $1"
        )))
        .bind(id)
        .fetch_optional(&self.0.read)
        .await?;
        row.as_ref().map(work).transpose()
    }

    /// All that may still run, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn live(&self) -> Result<Vec<Work>, StoreError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM works WHERE phase <> 'over' ORDER BY seq"
        )))
        .fetch_all(&self.0.read)
        .await?;
        rows.iter().map(work).collect()
    }

    /// What a session sent and is not over, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn of_session(&self, session: &str) -> Result<Vec<Work>, StoreError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM works WHERE session = $1 AND phase <> 'over' ORDER BY seq"
        )))
        .bind(session)
        .fetch_all(&self.0.read)
        .await?;
        rows.iter().map(work).collect()
    }

    /// How much a session has sent in all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn count_of_session(&self, session: &str) -> Result<u64, StoreError> {
        let row = sqlx::query("SELECT COUNT(*) AS count FROM works WHERE session = $1")
            .bind(session)
            .fetch_one(&self.0.read)
            .await?;
        let count: i64 = row.try_get("count")?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// One person's, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn list(&self, filter: &WorkFilter) -> Result<Vec<Work>, StoreError> {
        let places: Vec<String> = (0..filter.owners.len())
            .map(|at| format!("${}", at.saturating_add(4)))
            .collect();
        let text = format!(
            "SELECT {COLUMNS} FROM works WHERE kind = $1 AND seq < $2 AND owner IN ({}) ORDER BY seq DESC LIMIT $3",
            if places.is_empty() {
                "''".to_owned()
            } else {
                places.join(", ")
            }
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(text))
            .bind(filter.kind)
            .bind(filter.before.unwrap_or(i64::MAX))
            .bind(filter.limit);
        for owner in &filter.owners {
            query = query.bind(owner);
        }
        query.fetch_all(&self.0.read).await?.iter().map(work).collect()
    }
}

fn work(row: &AnyRow) -> Result<Work, StoreError> {
    Ok(Work {
        id: row.try_get("id")?,
        seq: row.try_get("seq")?,
        kind: row.try_get("kind")?,
        backend: row.try_get("backend")?,
        backend_id: row.try_get("backend_id")?,
        owner: row.try_get("owner")?,
        service: row.try_get("service")?,
        phase: Phase::of(row.try_get("phase")?)?,
        state: row.try_get("state")?,
        withdrawn: row.try_get("withdrawn")?,
        decision: row.try_get("decision")?,
        datasets: row.try_get("datasets")?,
        objects: row.try_get("objects")?,
        basis: row.try_get("basis")?,
        name: row.try_get("name")?,
        request: row.try_get("request")?,
        created_at: row.try_get("created_at")?,
        confirmed_at: row.try_get("confirmed_at")?,
        expires_at: row.try_get("expires_at")?,
        session: row.try_get("session")?,
    })
}

#[cfg(test)]
#[path = "works_tests.rs"]
mod tests;
