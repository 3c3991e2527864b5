//! `POST /tasks/{id}:cancel`: idempotent; a finished task is cancelled already.

use std::sync::Arc;

use audit_log::{AboutKind, EventType};
use axum::{body::Body, response::Response};
use policy_engine::intent::Action;
use serde_json::json;

use crate::{
    api::{Incoming, no_body},
    gate::Question,
    ownership::item,
    problem::{Api, Problem},
    proxy::Proxy,
    router, withdrawal,
};

use super::{mounted, task::found};

/// `POST`; its body is empty or `{}`.
pub(crate) async fn post(proxy: &Proxy, incoming: &Incoming, body: Body) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    mounted(parts)?;
    incoming.query(&[], &[])?;
    no_body(&incoming.headers, body).await?;
    let caller = parts.required(incoming, Api::Tes, Vec::new()).await?;
    let last = incoming.segments.last().map_or("", |segment| segment.text.as_str());
    let id = last.strip_suffix(":cancel").unwrap_or(last);
    let work = found(parts, &caller, id, "task", Action::TesRead).await?;
    let item = Arc::new(item(&work, parts.gate.now()).map_err(Problem::from)?);
    let permit = parts
        .gate
        .begin_about(
            &caller,
            EventType::TesCancelTask,
            Question::Work(Action::TesCancel, item),
            |event| event.about(AboutKind::Task, work.id.as_str()),
        )
        .await
        .map_err(Problem::from)?
        .durable()
        .await
        .map_err(Problem::from)?;
    withdrawal::cancel(proxy, &work).await?;
    router::json(&json!({}), Some(permit.header()))
}
