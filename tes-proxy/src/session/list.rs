//! `GET /visum/v1/sessions` and `DELETE /visum/v1/sessions/{id}`: one's own.

use audit_log::{AboutKind, EventType};
use axum::{body::Body, response::Response};
use http::StatusCode;
use serde_json::{Value, json};
use visa_verifier::seam::Timestamp;

use crate::{
    api::Incoming,
    gate::{NoPermit, of_dataset},
    ownership::owned,
    problem::{Api, Problem},
    proxy::Proxy,
    router::{self, promise},
    store::WorkFilter,
    withdrawal,
};

use super::spec::{Session, scratch};

/// Sessions of one answer.
const MOST: i64 = 200;

/// `GET`: newest first, without their keys.
pub(crate) async fn get(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    incoming.query(&[], &[])?;
    let caller = parts.required(incoming, Api::Own, Vec::new()).await?;
    let filter = WorkFilter {
        kind: "session",
        owners: caller.owners(),
        before: None,
        limit: MOST,
    };
    let now = parts.gate.now().unix();
    let mut sessions = Vec::new();
    for row in parts.works.list(&filter).await? {
        let session = Session::of(row)?;
        let tasks = parts.works.of_session(&session.work.id).await?.len();
        sessions.push(shown(&session, tasks, now));
    }
    let receipt = parts
        .gate
        .writer
        .append(parts.gate.event(EventType::TesListTasks, &caller))
        .await
        .map_err(|_| Problem::from(NoPermit::Unrecorded))?;
    router::json(&json!({ "sessions": sessions }), Some(receipt.header_value()))
}

fn shown(session: &Session, tasks: usize, now: i64) -> Value {
    let state = if session.lives(now) {
        "live"
    } else if session.work.withdrawn.as_deref() == Some(ENDED) {
        "ended"
    } else if session.work.withdrawn.is_some() {
        "withdrawn"
    } else {
        "over"
    };
    json!({
        "id": session.work.id,
        "state": state,
        "why": session.work.withdrawn,
        "datasets": session.spec.datasets,
        "actions": session.spec.actions,
        "images": session.spec.images,
        "out": session.spec.sinks,
        "project": session.spec.project,
        "purpose": session.spec.purpose,
        "scratch": format!("s3://{}/", scratch(&session.work.id)),
        "since": Timestamp::from_unix(session.work.created_at),
        "until": Timestamp::from_unix(session.work.expires_at),
        "tasks": tasks,
        "decision_id": session.work.decision,
    })
}

/// Why a session that its person ended is over.
pub(crate) const ENDED: &str = "session.ended";

/// `DELETE`: its keys and its token count no more, and its tasks are cancelled. Ending it twice is no error.
pub(crate) async fn end(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    incoming.query(&[], &[])?;
    let caller = parts.required(incoming, Api::Own, Vec::new()).await?;
    let id = incoming.segment(3);
    let row = owned(parts, "session", id)
        .await?
        .filter(|row| caller.owners().contains(&row.owner))
        .ok_or_else(|| Problem::unknown("session"))?;
    let session = Session::of(row)?;
    let engine = parts.gate.current.load();
    let event = parts
        .gate
        .event(EventType::SessionEnd, &caller)
        .whats(session.spec.datasets.iter().map(|id| of_dataset(id, engine.snapshot())))
        .about(AboutKind::Session, session.work.id.as_str());
    let receipt = parts
        .gate
        .writer
        .append(event)
        .await
        .map_err(|_| Problem::from(NoPermit::Unrecorded))?;
    parts.works.withdraw(&session.work.id, ENDED).await?;
    parts.works.close(&session.work.id, "CANCELED").await?;
    withdrawal::sent_by(proxy, &session.work.id, ENDED).await?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    promise(response.headers_mut(), Some(receipt.header_value()));
    Ok(response)
}
