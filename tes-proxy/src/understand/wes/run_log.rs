//! `GET /runs/{id}` and `/runs/{id}/status`: state and logs of the backend, the request from our record.

use std::sync::Arc;

use audit_log::{AboutKind, EventType};
use axum::response::Response;
use policy_engine::{
    decide::WorkItem,
    intent::{Action, StorageUrl},
};
use serde_json::Value;

use crate::{
    api::{
        Incoming,
        wes::{BackendLog, BackendRun, Log, RunLog, RunStatus, State},
    },
    backend::BackendError,
    capability::Sealer,
    gate::{Caller, Permit, Question},
    ownership::{
        index::{duties, wes_state},
        item, refresh, wes_at,
    },
    problem::{Api, Problem},
    proxy::{Parts, Proxy},
    router::json,
    store::{StoreError, Work},
    understand::{log::clean, tes::task::found},
};

use super::{mounted, run::Kept};

/// A run that the caller may see, on record, with what the backend says of it where it was asked.
pub(crate) struct Seen {
    /// The row.
    pub(crate) work: Work,
    /// The permit.
    pub(crate) permit: Permit,
    /// The backend's answer.
    pub(crate) told: BackendRun,
    /// Texts and outputs may be told.
    pub(crate) logs: bool,
}

/// `GET /runs/{id}`.
pub(crate) async fn get(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    incoming.query(&[], &[])?;
    let Seen {
        work,
        permit,
        told,
        logs,
    } = seen(proxy, incoming, EventType::WesGetRunLog).await?;
    let sealer = &proxy.0.sealer;
    let kept: Kept = serde_json::from_str(&work.request)
        .map_err(|_| Problem::from(StoreError::Inconsistent { column: "request" }))?;
    let sinks: Vec<StorageUrl> = kept
        .writes
        .iter()
        .filter_map(|url| StorageUrl::parse(url).ok())
        .collect();
    let outputs = told
        .outputs
        .filter(|_| logs)
        .map_or_else(|| serde_json::json!({}), |outputs| outputs_of(outputs, &sinks, sealer));
    let shown = RunLog {
        run_id: work.id.clone(),
        request: kept.request,
        state: state(&work),
        run_log: cleaned(told.run_log.unwrap_or_default(), logs, sealer),
        task_logs: told
            .task_logs
            .into_iter()
            .map(|log| cleaned(log, logs, sealer))
            .collect(),
        outputs,
    };
    json(&shown, Some(permit.header()))
}

/// `GET /runs/{id}/status`.
pub(crate) async fn status(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    mounted(parts)?;
    incoming.query(&[], &[])?;
    let caller = parts.required(incoming, Api::Wes, Vec::new()).await?;
    let work = found(parts, &caller, incoming.segment(4), "run", Action::WesRead).await?;
    let work = refresh(parts, work).await?;
    let permit = permitted(parts, &caller, &work, EventType::WesGetRunStatus).await?;
    json(
        &RunStatus {
            run_id: work.id.clone(),
            state: state(&work),
        },
        Some(permit.header()),
    )
}

/// Looks a run up, decides, asks the backend.
///
/// # Errors
/// A [`Problem`].
pub(crate) async fn seen(proxy: &Proxy, incoming: &Incoming, kind: EventType) -> Result<Seen, Problem> {
    let parts = &*proxy.0;
    mounted(parts)?;
    let caller = parts.required(incoming, Api::Wes, Vec::new()).await?;
    let work = found(parts, &caller, incoming.segment(4), "run", Action::WesRead).await?;
    let permit = permitted(parts, &caller, &work, kind).await?;
    let logs = may_read_logs(parts, &caller, &work)?;
    let told = match &work.backend_id {
        Some(id) => match wes_at(parts, &work)?.log(&permit, id).await {
            Ok(told) => told,
            Err(BackendError::Unknown { .. }) => BackendRun::default(),
            Err(error) => return Err(error.into()),
        },
        None => BackendRun::default(),
    };
    let work = refresh(parts, work).await?;
    Ok(Seen {
        work,
        permit,
        told,
        logs,
    })
}

async fn permitted(parts: &Parts, caller: &Caller, work: &Work, kind: EventType) -> Result<Permit, Problem> {
    let item = item_of(parts, work)?;
    parts
        .gate
        .begin_about(caller, kind, Question::Work(Action::WesRead, item), |event| {
            event.about(AboutKind::Run, work.id.as_str())
        })
        .await
        .map_err(Problem::from)?
        .durable()
        .await
        .map_err(Problem::from)
}

fn item_of(parts: &Parts, work: &Work) -> Result<Arc<WorkItem>, Problem> {
    Ok(Arc::new(item(work, parts.gate.now()).map_err(Problem::from)?))
}

fn may_read_logs(parts: &Parts, caller: &Caller, work: &Work) -> Result<bool, Problem> {
    let held = duties(work)
        .iter()
        .any(|duty| duty == "hold_logs" || duty == "max_view");
    let item = item_of(parts, work)?;
    Ok(!held
        && parts
            .gate
            .decide(caller, &Question::Work(Action::WesReadLogs, item))
            .decision
            .allow())
}

/// The state that we tell: one that is withdrawn is on its way to its end.
pub(crate) fn state(work: &Work) -> State {
    let state = wes_state(work);
    if work.withdrawn.is_some() && !state.is_final() {
        State::Canceling
    } else {
        state
    }
}

/// A log without capabilities.
pub(crate) fn cleaned(log: BackendLog, logs: bool, sealer: &Sealer) -> Log {
    let mut log = log.show(logs);
    log.stdout = log.stdout.map(|text| clean(&text, sealer));
    log.stderr = log.stderr.map(|text| clean(&text, sealer));
    log
}

/// Outputs as an object, as WES has them: some servers (Sapporo) give a list of files.
fn outputs_of(value: Value, sinks: &[StorageUrl], sealer: &Sealer) -> Value {
    match own_outputs(value, sinks, sealer) {
        Value::Object(members) => Value::Object(members),
        Value::Array(files) if !files.is_empty() => serde_json::json!({ "files": files }),
        Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => serde_json::json!({}),
    }
}

/// Outputs without places that are not the run's own sinks: host paths and backend URLs go.
fn own_outputs(value: Value, sinks: &[StorageUrl], sealer: &Sealer) -> Value {
    match value {
        Value::String(text) => {
            let place = text.contains("://") || text.starts_with('/');
            let own = StorageUrl::parse(&text).is_ok_and(|url| sinks.iter().any(|sink| url.is_under(sink)));
            if place && !own {
                Value::Null
            } else {
                Value::String(clean(&text, sealer))
            }
        }
        Value::Array(items) => Value::Array(items.into_iter().map(|item| own_outputs(item, sinks, sealer)).collect()),
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(key, value)| (key, own_outputs(value, sinks, sealer)))
                .collect(),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}
