//! Rows of the index as tasks and runs: written as `submitting` before the backend sees them, read back for their
//! owners, asked for at the backend.

use std::{collections::BTreeSet, time::Duration};

use policy_engine::{
    decide::{WorkItem, WorkKind, WorkState},
    intent::Intent,
};
use visa_verifier::seam::Timestamp;

use crate::{
    api::{tes, wes},
    backend::BackendError,
    gate::{Caller, Decided, Permit},
    limits,
    problem::Problem,
    proxy::Parts,
    store::{Named, Phase, StoreError, Work},
};

use super::{At, Basis, at, repeat::same};

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = %error, code = error.code(), "the ownership index failed");
        Self::unavailable(
            "index.unavailable",
            "the index of tasks and runs is not available; nothing was done",
            5,
        )
    }
}

/// What a new row says beside its permit.
#[derive(Debug)]
pub(crate) struct Submission<'s> {
    /// Our id, made before.
    pub(crate) id: &'s str,
    /// `task` or `run`.
    pub(crate) kind: &'static str,
    /// The backend that it goes to, as the index names it.
    pub(crate) backend: &'s str,
    /// The service record that runs it.
    pub(crate) service: &'s str,
    /// The DRS ids that it may read.
    pub(crate) objects: &'s BTreeSet<String>,
    /// Its name.
    pub(crate) name: &'s str,
    /// What the caller sent.
    pub(crate) request: String,
    /// The workflow session whose token sent it.
    pub(crate) session: Option<&'s str>,
    /// Datasets that it may read as a whole.
    pub(crate) whole: Vec<String>,
    /// When what it rests on ends, unless it is renewed.
    pub(crate) until: Timestamp,
    /// When it ends at the latest.
    pub(crate) cap: Timestamp,
    /// The name that the request gives itself.
    pub(crate) named: Option<Named<'s>>,
}

/// What became of a submission.
#[derive(Debug)]
pub(crate) enum Submitted {
    /// A new row: it is to be sent.
    New(Box<Work>),
    /// The same request was sent before; its id.
    Before(String),
}

/// `sha256:` and the digest of some bytes.
pub(crate) fn digest(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// When work ends at the latest, whatever it rests on: with the time that it asked for, after seven days (D6).
pub(crate) fn cap(now: Timestamp, walltime: Option<u32>) -> Timestamp {
    let asked = walltime.map_or(limits::TASK_LIFE, |seconds| Duration::from_secs(u64::from(seconds)));
    now.plus(limits::TASK_LIFE).min(now.plus(asked))
}

/// When what permitted work rests on ends: as its decision says, but without the end of the login that sent it. The work
/// is a principal of its own from here on, and a token lives for minutes.
pub(crate) fn lasting(caller: &Caller, decided: &Decided, intent: &Intent, now: Timestamp) -> Timestamp {
    let (engine, decision) = (&decided.engine, &decided.decision);
    let Some(kept) = caller.facts(engine.snapshot()).keep(decision) else {
        return decision.valid_until();
    };
    let mut lasting = intent.clone();
    lasting.purpose = kept.purpose().cloned();
    let long = engine.decide(&kept.facts(engine.snapshot()), &lasting, now);
    if long.allow() {
        long.valid_until()
    } else {
        decision.valid_until()
    }
}

/// Writes the row and keeps what it rests on. Only after this may the backend hear of it.
///
/// # Errors
/// 503 when the index does not take it; 409 and 422 for a request that names itself as one before did.
pub(crate) async fn submit(
    parts: &Parts,
    caller: &Caller,
    permit: &Permit,
    new: Submission<'_>,
) -> Result<Submitted, Problem> {
    let now = parts.gate.now();
    let decision = &permit.decided.decision;
    let datasets: Vec<&String> = decision.rests_on().datasets.iter().collect();
    let duties = decision
        .duties()
        .iter()
        .map(|duty| duty.kind.name().to_owned())
        .collect();
    let kept = caller
        .facts(permit.decided.engine.snapshot())
        .keep(decision)
        .ok_or(StoreError::Inconsistent { column: "basis" })?;
    let text =
        |value: Result<String, serde_json::Error>| value.map_err(|_| StoreError::Inconsistent { column: "json" });
    let work = Work {
        id: new.id.to_owned(),
        seq: parts.next_seq(),
        kind: new.kind.to_owned(),
        backend: new.backend.to_owned(),
        backend_id: None,
        owner: caller.owner(),
        service: new.service.to_owned(),
        phase: Phase::Submitting,
        state: "QUEUED".to_owned(),
        withdrawn: None,
        decision: permit.decided.id.clone(),
        datasets: text(serde_json::to_string(&datasets))?,
        objects: text(serde_json::to_string(new.objects))?,
        basis: text(serde_json::to_string(&Basis {
            kept,
            duties,
            whole: new.whole,
            cap: Some(new.cap.unix()),
        }))?,
        name: new.name.chars().take(limits::NAME_CHARS).collect(),
        request: new.request,
        created_at: now.unix(),
        confirmed_at: now.unix(),
        expires_at: new.until.min(new.cap).unix(),
        session: new.session.map(str::to_owned),
    };
    match (parts.works.submit(&work, new.named).await?, new.named) {
        (Some(before), Some(named)) => same(before, named).map(Submitted::Before),
        (_, _) => Ok(Submitted::New(Box::new(work))),
    }
}

/// One row of this kind; unknown ids and those of other kinds alike are `None`.
///
/// # Errors
/// 503 when the index does not answer.
pub(crate) async fn owned(parts: &Parts, kind: &str, id: &str) -> Result<Option<Work>, Problem> {
    let plain = id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !plain {
        return Ok(None);
    }
    Ok(parts.works.by_id(id).await?.filter(|work| work.kind == kind))
}

/// The datasets of a row.
pub(crate) fn datasets(work: &Work) -> Vec<String> {
    serde_json::from_str(&work.datasets).unwrap_or_default()
}

/// The duties of a row's decision.
pub(crate) fn duties(work: &Work) -> Vec<String> {
    // a row that cannot be read shows as little as any duty asks for
    Basis::of(work).map_or_else(|_| vec!["max_view".to_owned()], |basis| basis.duties)
}

/// The row as the engine knows tasks and runs.
///
/// # Errors
/// [`StoreError::Inconsistent`] if the owner is no identity.
pub(crate) fn item(work: &Work, now: Timestamp) -> Result<WorkItem, StoreError> {
    let unconfirmed =
        now.unix().saturating_sub(work.confirmed_at) > i64::try_from(limits::UNCONFIRMED.as_secs()).unwrap_or(i64::MAX);
    let state = match (work.phase, work.state.as_str()) {
        (Phase::Submitting, _) => WorkState::Submitting,
        (Phase::Over, "COMPLETE") => WorkState::Done,
        (Phase::Over, "CANCELED") => WorkState::Cancelled,
        (Phase::Over, _) => WorkState::Failed,
        (Phase::Live, _) if work.withdrawn.is_some() => WorkState::Cancelled,
        // a session is at no backend: whether a task of it is at work is asked where it matters
        (Phase::Live, _) if unconfirmed && work.kind != "session" => WorkState::Unconfirmed,
        (Phase::Live, "RUNNING" | "CANCELING") => WorkState::Running,
        (Phase::Live, "PAUSED") => WorkState::Paused,
        (Phase::Live, _) => WorkState::Queued,
    };
    Ok(WorkItem {
        kind: if matches!(work.kind.as_str(), "run" | "session") {
            // a session asks as a run does (`apis.md` 10.1)
            WorkKind::Run
        } else {
            WorkKind::Task
        },
        id: work.id.clone(),
        owner: work
            .owner
            .parse()
            .map_err(|_| StoreError::Inconsistent { column: "owner" })?,
        group: None,
        submitter: None,
        service: work.service.clone(),
        state,
        datasets: datasets(work),
        expires: Timestamp::from_unix(work.expires_at),
    })
}

/// Asks the backend where a live row stands, and writes it down. A row that the backend does not know any more is over.
///
/// # Errors
/// 503 when the index does not answer; a silent backend is no error, the row stays as it was.
pub(crate) async fn refresh(parts: &Parts, mut work: Work) -> Result<Work, Problem> {
    let Some(backend_id) = work
        .backend_id
        .clone()
        .filter(|_| work.phase == Phase::Live && work.kind != "session")
    else {
        return Ok(work);
    };
    let told = match at(parts, &work) {
        Ok(At::Wes(wes)) => wes
            .state(&backend_id)
            .await
            .map(|run| (run.state.word(), run.state.is_final())),
        Ok(At::Tes(tes)) => tes
            .state(&backend_id)
            .await
            .map(|task| (task.state.word(), task.state.is_final())),
        Err(_) => return Ok(work),
    };
    let now = parts.gate.now().unix();
    match told {
        Ok((state, over)) => {
            if state != work.state || over || now.saturating_sub(work.confirmed_at) >= 5 {
                parts.works.confirm(&work.id, state, over, now).await?;
            }
            work.state = state.to_owned();
            work.confirmed_at = now;
            if over {
                work.phase = Phase::Over;
            }
        }
        Err(BackendError::Unknown { .. }) => {
            parts.works.close(&work.id, "SYSTEM_ERROR").await?;
            work.state = "SYSTEM_ERROR".to_owned();
            work.phase = Phase::Over;
        }
        Err(error) => tracing::warn!(error = %error, work.id = %work.id, "a backend does not tell where a task stands"),
    }
    Ok(work)
}

/// The state of a row as TES tells it.
pub(crate) fn tes_state(work: &Work) -> tes::State {
    tes::State::of(&work.state).unwrap_or_default()
}

/// The state of a row as WES tells it.
pub(crate) fn wes_state(work: &Work) -> wes::State {
    wes::State::of(&work.state).unwrap_or_default()
}
