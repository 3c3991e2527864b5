//! `GET /visum/v1/outputs?work=ID`: what a session, task or run of the caller wrote, with checksums and lineage.

use std::collections::BTreeMap;

use audit_log::{AboutKind, EventType};
use axum::response::Response;
use serde_json::{Value, json};
use visa_verifier::seam::Timestamp;

use crate::{
    api::{Incoming, tes::Task},
    gate::{Caller, NoPermit, of_dataset},
    ownership::index::datasets,
    problem::{Api, Problem},
    proxy::{Parts, Proxy},
    router,
    session::Spec,
    store::{Kept, StoreError, Work},
};

/// A session, task or run of the caller's own.
///
/// # Errors
/// 404, 503.
pub(super) async fn own_work(parts: &Parts, caller: &Caller, id: &str) -> Result<Work, Problem> {
    let unknown = || Problem::unknown("session, task or run");
    if id.len() > 64 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(unknown());
    }
    let work = parts.works.by_id(id).await?.ok_or_else(unknown)?;
    if caller.owners().contains(&work.owner) {
        Ok(work)
    } else {
        Err(unknown())
    }
}

/// What the door keeps of it. A task of a session writes with the session's keys: what it wrote is the session's.
///
/// # Errors
/// The index's own.
pub(super) async fn kept(parts: &Parts, work: &Work) -> Result<Vec<Kept>, Problem> {
    let session = work.session.as_deref().unwrap_or(&work.id);
    Ok(parts.objects.of_session(session).await?)
}

/// How a file is called outside.
pub(super) fn name(kept: &Kept) -> String {
    format!("s3://{}/{}", kept.bucket, kept.name)
}

/// The datasets that a file comes from. One that cannot be read comes from all that the work could reach.
pub(super) fn lineage(kept: &Kept, work: &Work) -> Vec<String> {
    match serde_json::from_str::<Vec<String>>(&kept.datasets) {
        Ok(own) if !own.is_empty() => own,
        Ok(_) | Err(_) => datasets(work),
    }
}

/// Where backends write for it by themselves: whatever stands there comes from all that the work could reach (E30). The
/// door never sees those bytes, so that they have no checksum here and are not released by it.
fn elsewhere(work: &Work) -> Result<Vec<String>, StoreError> {
    let fault = || StoreError::Inconsistent { column: "request" };
    Ok(match work.kind.as_str() {
        "session" => {
            let spec: Spec = serde_json::from_str(&work.request).map_err(|_| fault())?;
            let sinks = spec.sinks.iter().map(ToString::to_string);
            // what has an S3 address is written through the door
            sinks.filter(|sink| !sink.starts_with("s3://")).collect()
        }
        "task" => {
            let task: Task = serde_json::from_str(&work.request).map_err(|_| fault())?;
            task.outputs.into_iter().flatten().map(|output| output.url).collect()
        }
        _ => Vec::new(),
    })
}

/// `GET`.
pub(crate) async fn get(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    let query = incoming.query(&["work"], &[])?;
    let id = query.one("work").ok_or_else(|| {
        Problem::refused(
            "request.query",
            "`work` names the session, task or run whose outputs are listed",
        )
    })?;
    let caller = parts.required(incoming, Api::Own, Vec::new()).await?;
    let work = own_work(parts, &caller, id).await?;
    let files: Vec<Value> = kept(parts, &work)
        .await?
        .iter()
        .map(|kept| {
            json!({
                "name": name(kept), "size": kept.size, "sha256": kept.sha256, "datasets": lineage(kept, &work),
                "decision_id": work.decision, "at": Timestamp::from_unix(kept.at),
            })
        })
        .collect();
    let elsewhere: Vec<Value> = elsewhere(&work)?
        .into_iter()
        .map(|place| json!({ "name": place, "datasets": datasets(&work), "decision_id": work.decision }))
        .collect();
    let engine = parts.gate.current.load();
    let mut of: BTreeMap<String, audit_log::What> = BTreeMap::new();
    for id in datasets(&work) {
        of.insert(id.clone(), of_dataset(&id, engine.snapshot()));
    }
    let event = parts
        .gate
        .event(EventType::OutputList, &caller)
        .whats(of.into_values())
        .about(about(&work), work.id.as_str());
    let receipt = parts
        .gate
        .writer
        .append(event)
        .await
        .map_err(|_| Problem::from(NoPermit::Unrecorded))?;
    let answer = json!({ "work": work.id, "datasets": datasets(&work), "files": files, "elsewhere": elsewhere });
    router::json(&answer, Some(receipt.header_value()))
}

/// What the record calls it.
pub(super) fn about(work: &Work) -> AboutKind {
    match work.kind.as_str() {
        "session" => AboutKind::Session,
        "run" => AboutKind::Run,
        _ => AboutKind::Task,
    }
}
