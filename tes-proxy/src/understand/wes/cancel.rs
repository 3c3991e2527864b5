//! `POST /runs/{id}/cancel`: 200 with the id, finished or not, if it is the caller's.

use std::sync::Arc;

use audit_log::{AboutKind, EventType};
use axum::{body::Body, response::Response};
use policy_engine::intent::Action;

use crate::{
    api::{Incoming, no_body, wes::RunId},
    gate::Question,
    ownership::item,
    problem::{Api, Problem},
    proxy::Proxy,
    router,
    understand::tes::task::found,
    withdrawal,
};

use super::mounted;

/// `POST`; its body is empty or `{}`.
pub(crate) async fn post(proxy: &Proxy, incoming: &Incoming, body: Body) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    mounted(parts)?;
    incoming.query(&[], &[])?;
    no_body(&incoming.headers, body).await?;
    let caller = parts.required(incoming, Api::Wes, Vec::new()).await?;
    let work = found(parts, &caller, incoming.segment(4), "run", Action::WesRead).await?;
    let item = Arc::new(item(&work, parts.gate.now()).map_err(Problem::from)?);
    let permit = parts
        .gate
        .begin_about(
            &caller,
            EventType::WesCancelRun,
            Question::Work(Action::WesCancel, item),
            |event| event.about(AboutKind::Run, work.id.as_str()),
        )
        .await
        .map_err(Problem::from)?
        .durable()
        .await
        .map_err(Problem::from)?;
    withdrawal::cancel(proxy, &work).await?;
    router::json(
        &RunId {
            run_id: work.id.clone(),
        },
        Some(permit.header()),
    )
}
