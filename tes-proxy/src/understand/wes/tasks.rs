//! `GET /runs/{id}/tasks` and `/runs/{id}/tasks/{task}` (WES 1.1), from the run's own log.

use audit_log::EventType;
use axum::response::Response;

use crate::{
    api::{Incoming, wes::TaskLogPage},
    problem::Problem,
    proxy::Proxy,
    router::json,
};

use super::run_log::{Seen, cleaned, seen};

/// `GET …/tasks`: all on one page, since a run has few.
pub(crate) async fn list(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let query = incoming.query(&["page_size", "page_token"], &[])?;
    query.page_size()?;
    if query.one("page_token").is_some_and(|token| !token.is_empty()) {
        return Err(Problem::refused(
            "request.page_token",
            "this page token is not one of yours for this question",
        ));
    }
    let Seen { permit, told, logs, .. } = seen(proxy, incoming, EventType::WesListTasks).await?;
    let task_logs = told
        .task_logs
        .into_iter()
        .map(|log| cleaned(log, logs, &proxy.0.sealer))
        .collect();
    json(
        &TaskLogPage {
            task_logs,
            next_page_token: String::new(),
        },
        Some(permit.header()),
    )
}

/// `GET …/tasks/{task}`: of that very run.
pub(crate) async fn get(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    incoming.query(&[], &[])?;
    let Seen { permit, told, logs, .. } = seen(proxy, incoming, EventType::WesGetTask).await?;
    let wanted = incoming.segment(6);
    let log = told
        .task_logs
        .into_iter()
        .map(|log| cleaned(log, logs, &proxy.0.sealer))
        .find(|log| log.id.as_deref() == Some(wanted))
        .ok_or_else(|| Problem::unknown("task"))?;
    json(&log, Some(permit.header()))
}
