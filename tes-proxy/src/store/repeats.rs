//! Requests that name themselves: a name and the task or run that it became are written in one step.

use sqlx::{Any, Row, Transaction};

use super::StoreError;

/// How long a name stands for its request, in seconds.
const KEPT: i64 = 24 * 3600;

/// A request that names itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'n> {
    /// Digest of the name.
    pub(crate) name: &'n str,
    /// Digest of the request.
    pub(crate) request: &'n str,
}

/// What a name stands for already.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Before {
    /// Digest of the request.
    pub(crate) request: String,
    /// The task or run.
    pub(crate) work: String,
    /// It is not at a backend yet.
    pub(crate) submitting: bool,
}

/// Takes a name for new work, unless it stands for some already; gives that then. Of two replicas that are asked at once,
/// one takes it. Work that no backend ever had leaves its name to the next one.
pub(super) async fn take(
    tx: &mut Transaction<'static, Any>,
    owner: &str,
    named: Named<'_>,
    work: &str,
    at: i64,
) -> Result<Option<Before>, StoreError> {
    sqlx::query("DELETE FROM repeats WHERE at < $1")
        .bind(at.saturating_sub(KEPT))
        .execute(&mut **tx)
        .await?;
    let taken = sqlx::query(
        "INSERT INTO repeats (owner, name, request, work, at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (owner, name) DO NOTHING",
    )
    .bind(owner)
    .bind(named.name)
    .bind(named.request)
    .bind(work)
    .bind(at)
    .execute(&mut **tx)
    .await?;
    if taken.rows_affected() == 1 {
        return Ok(None);
    }
    let row = sqlx::query(
        "SELECT r.request, r.work, w.phase, w.backend_id FROM repeats r JOIN works w ON w.id = r.work \
         WHERE r.owner = $1 AND r.name = $2",
    )
    .bind(owner)
    .bind(named.name)
    .fetch_one(&mut **tx)
    .await?;
    let (phase, backend): (String, Option<String>) = (row.try_get("phase")?, row.try_get("backend_id")?);
    let before = Before {
        request: row.try_get("request")?,
        work: row.try_get("work")?,
        submitting: phase == "submitting",
    };
    if before.submitting || backend.is_some() {
        return Ok(Some(before));
    }
    let again =
        sqlx::query("UPDATE repeats SET request = $3, work = $4, at = $5 WHERE owner = $1 AND name = $2 AND work = $6")
            .bind(owner)
            .bind(named.name)
            .bind(named.request)
            .bind(work)
            .bind(at)
            .bind(&before.work)
            .execute(&mut **tx)
            .await?;
    Ok((again.rows_affected() == 0).then_some(before))
}
