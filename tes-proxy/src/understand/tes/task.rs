//! `GET /tasks/{id}`: one task, by view: state and logs of the backend, everything else from our record.

use audit_log::{AboutKind, EventType};
use axum::response::Response;
use policy_engine::{
    decide::WorkItem,
    intent::{Action, StorageUrl},
};

use crate::{
    api::{
        Incoming,
        tes::{ShownTask, State, Task, TaskLog, View, show},
    },
    backend::BackendError,
    capability::Sealer,
    gate::{Caller, Question, Recorded},
    ownership::{
        index::{duties, tes_state},
        item, owned, refresh, tes_at,
    },
    problem::{Api, Problem},
    proxy::{Parts, Proxy},
    router::json,
    store::{Phase, StoreError, Work},
    understand::log::clean,
};

use super::mounted;

/// `GET`.
pub(crate) async fn get(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    mounted(parts)?;
    let query = incoming.query(&["view"], &[])?;
    let view = View::of(query.one("view"))
        .ok_or_else(|| Problem::refused("request.query", "`view` is MINIMAL, BASIC or FULL"))?;
    let caller = parts.required(incoming, Api::Tes, Vec::new()).await?;
    let id = incoming.segments.last().map_or("", |segment| segment.text.as_str());
    let work = found(parts, &caller, id, "task", Action::TesRead).await?;
    let item = std::sync::Arc::new(item(&work, parts.gate.now()).map_err(Problem::from)?);
    let recording = parts
        .gate
        .begin_about(
            &caller,
            EventType::TesGetTask,
            Question::Work(Action::TesRead, std::sync::Arc::clone(&item)),
            |event| event.about(AboutKind::Task, work.id.as_str()),
        )
        .await
        .map_err(Problem::from)?;
    let view = lowered(parts, &caller, &work, item, view);
    let shown = shown(parts, &recording, work, view).await;
    let permit = recording.durable().await.map_err(Problem::from)?;
    json(&shown?, Some(permit.header()))
}

/// A row that the caller may see; to everybody else it is as unknown as an id that never was (E32).
///
/// # Errors
/// 404, 503.
pub(crate) async fn found(
    parts: &Parts,
    caller: &Caller,
    id: &str,
    kind: &'static str,
    read: Action,
) -> Result<Work, Problem> {
    let unknown = || Problem::unknown(if kind == "run" { "run" } else { "task" });
    let work = owned(parts, kind, id).await?.ok_or_else(unknown)?;
    let item = item(&work, parts.gate.now()).map_err(Problem::from)?;
    let decided = parts
        .gate
        .decide(caller, &Question::Work(read, std::sync::Arc::new(item)));
    // a narrowed token tells of nothing beside its datasets
    let told = caller.scope.as_ref().is_none_or(|session| session.sees(&work));
    if told && decided.decision.allow() {
        Ok(work)
    } else {
        Err(unknown())
    }
}

/// The view that the caller gets: what they ask for at most, lowered by policy and by the datasets' duties.
fn lowered(parts: &Parts, caller: &Caller, work: &Work, item: std::sync::Arc<WorkItem>, asked: View) -> View {
    let duties = duties(work);
    if duties.iter().any(|duty| duty == "max_view") {
        return View::Minimal;
    }
    let held = duties.iter().any(|duty| duty == "hold_logs");
    if asked == View::Full
        && (held
            || !parts
                .gate
                .decide(caller, &Question::Work(Action::TesReadLogs, item))
                .decision
                .allow())
    {
        return View::Basic;
    }
    asked
}

/// The task as we tell it.
///
/// # Errors
/// A [`Problem`] of the index or the backend.
pub(crate) async fn shown(parts: &Parts, proof: &impl Recorded, work: Work, view: View) -> Result<ShownTask, Problem> {
    let (work, logs) = match (&work.backend_id, view) {
        (Some(id), View::Basic | View::Full) => match tes_at(parts, &work)?.task(proof, id).await {
            Ok(told) => {
                let over = told.state.is_final();
                if work.phase != Phase::Over {
                    parts
                        .works
                        .confirm(&work.id, told.state.word(), over, parts.gate.now().unix())
                        .await?;
                }
                let work = Work {
                    state: if work.phase == Phase::Over {
                        work.state
                    } else {
                        told.state.word().to_owned()
                    },
                    ..work
                };
                (work, told.logs)
            }
            Err(BackendError::Unknown { .. }) => (refresh(parts, work).await?, Vec::new()),
            Err(error) => return Err(error.into()),
        },
        _ => (refresh(parts, work).await?, Vec::new()),
    };
    told(parts, work, logs, view)
}

/// The task as its row and these logs tell it.
///
/// # Errors
/// 503 if the row cannot be read.
pub(super) fn told(parts: &Parts, work: Work, logs: Vec<TaskLog>, view: View) -> Result<ShownTask, Problem> {
    let task: Task = serde_json::from_str(&work.request).map_err(|_| StoreError::Inconsistent { column: "request" })?;
    let created = visa_verifier::seam::Timestamp::from_unix(work.created_at).to_string();
    let state = if work.withdrawn.is_some() && !tes_state(&work).is_final() {
        State::Canceling
    } else {
        tes_state(&work)
    };
    let logs = logs.into_iter().map(|log| cleaned(log, &task, &parts.sealer)).collect();
    Ok(show(work.id, state, task, logs, created, view))
}

/// Texts without capabilities, outputs that are the task's own.
fn cleaned(mut log: TaskLog, task: &Task, sealer: &Sealer) -> TaskLog {
    for executor in &mut log.logs {
        executor.stdout = executor.stdout.take().map(|text| clean(&text, sealer));
        executor.stderr = executor.stderr.take().map(|text| clean(&text, sealer));
    }
    log.system_logs = log
        .system_logs
        .take()
        .map(|lines| lines.iter().map(|line| clean(line, sealer)).collect());
    let sinks: Vec<StorageUrl> = task
        .outputs
        .iter()
        .flatten()
        .filter_map(|output| StorageUrl::parse(&output.url).ok())
        .collect();
    log.outputs
        .retain(|output| StorageUrl::parse(&output.url).is_ok_and(|url| sinks.iter().any(|sink| url.is_under(sink))));
    log
}
