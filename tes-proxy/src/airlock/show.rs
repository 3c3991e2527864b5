//! Requests as they are told: a person's own, those that wait for them, one at length, and its receipt.

use audit_log::{AboutKind, EventType};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use visa_verifier::seam::Timestamp;

use crate::{
    api::Incoming,
    gate::{Caller, NoPermit},
    limits,
    problem::{Api, Problem},
    proxy::{Parts, Proxy},
    router,
    store::{Release, ReleaseState},
};

use super::{
    files::{files, manifest},
    lineage::Basis,
    seen::{Seen, found, seen},
};

/// Until when its files may be fetched, Unix seconds.
pub(super) fn until(release: &Release) -> Option<i64> {
    let life = i64::try_from(limits::RELEASE_LIFE.as_secs()).unwrap_or(i64::MAX);
    release
        .decided_at
        .filter(|_| release.state == ReleaseState::Released)
        .map(|at| at.saturating_add(life))
}

/// A request with its files, findings and votes; for whoever may release it with its requester.
pub(super) async fn shown(parts: &Parts, release: &Release, for_judge: bool) -> Result<Value, Problem> {
    let files = files(release)?;
    let basis = Basis::of(release)?;
    let votes = parts.releases.votes(&release.id).await?;
    let needs: Vec<&String> = basis
        .lineage
        .datasets
        .iter()
        .filter(|id| release.state == ReleaseState::Waiting && !votes.iter().any(|vote| vote.dataset == **id))
        .collect();
    let shown: Vec<Value> = files.iter().enumerate().map(|(at, file)| file.shown(at)).collect();
    let votes: Vec<Value> = votes
        .iter()
        .map(|vote| {
            json!({ "dataset": vote.dataset, "at": Timestamp::from_unix(vote.at), "decision_id": vote.decision })
        })
        .collect();
    let mut told = json!({
        "id": release.id, "state": release.state.word(), "work": release.work, "datasets": basis.lineage.datasets,
        "purpose": basis.lineage.purpose, "reason": release.reason, "files": shown, "digest": release.digest,
        "requested_at": Timestamp::from_unix(release.created_at), "decision_id": release.decision,
        "votes": votes, "needs": needs, "decided_at": release.decided_at.map(Timestamp::from_unix),
        "answer": release.answer, "until": until(release).map(Timestamp::from_unix),
    });
    if let (true, Some(row)) = (for_judge, told.as_object_mut()) {
        row.insert("requester".to_owned(), release.owner.clone().into());
        row.insert("institution".to_owned(), basis.institution.into());
    }
    Ok(told)
}

async fn recorded(parts: &Parts, caller: &Caller, release: Option<&str>) -> Result<String, Problem> {
    let mut event = parts.gate.event(EventType::OutputList, caller);
    if let Some(id) = release {
        event = event.about(AboutKind::Release, id);
    }
    let receipt = parts
        .gate
        .writer
        .append(event)
        .await
        .map_err(|_| Problem::from(NoPermit::Unrecorded))?;
    Ok(receipt.header_value())
}

/// `GET /visum/v1/outputs/releases`: one's own, newest first; those that wait for the caller, oldest first.
pub(crate) async fn list(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    incoming.query(&[], &[])?;
    let caller = parts.required(incoming, Api::Own, Vec::new()).await?;
    let governor = parts.governor(incoming, &caller).await?;
    let mut own = Vec::new();
    for release in parts.releases.of(&caller.owners(), limits::RELEASES_LISTED).await? {
        own.push(short(&release, false)?);
    }
    let mut waiting = Vec::new();
    for release in parts.releases.waiting(limits::RELEASES_LISTED).await? {
        if seen(parts, &caller, &governor, &release)? == Some(Seen::Judge) {
            waiting.push(short(&release, true)?);
        }
    }
    let receipt = recorded(parts, &caller, None).await?;
    router::json(&json!({ "releases": own, "waiting": waiting }), Some(receipt))
}

/// A line of the list.
fn short(release: &Release, for_judge: bool) -> Result<Value, Problem> {
    let files = files(release)?;
    let bytes = files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.size));
    let mut told = json!({
        "id": release.id, "state": release.state.word(), "work": release.work, "files": files.len(), "bytes": bytes,
        "datasets": Basis::of(release)?.lineage.datasets, "requested_at": Timestamp::from_unix(release.created_at),
        "until": until(release).map(Timestamp::from_unix),
    });
    if let (true, Some(row)) = (for_judge, told.as_object_mut()) {
        row.insert("requester".to_owned(), release.owner.clone().into());
    }
    Ok(told)
}

/// `GET /visum/v1/outputs/releases/{id}`.
pub(crate) async fn one(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    incoming.query(&[], &[])?;
    let caller = parts.required(incoming, Api::Own, Vec::new()).await?;
    let governor = parts.governor(incoming, &caller).await?;
    let (release, seen) = found(parts, &caller, &governor, incoming.segment(4)).await?;
    let receipt = recorded(parts, &caller, Some(&release.id)).await?;
    router::json(&shown(parts, &release, seen == Seen::Judge).await?, Some(receipt))
}

/// `GET /visum/v1/outputs/releases/{id}/receipt`: what was released, and the log's promises for each step.
pub(crate) async fn receipt(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    incoming.query(&[], &[])?;
    let caller = parts.required(incoming, Api::Own, Vec::new()).await?;
    let governor = parts.governor(incoming, &caller).await?;
    let (release, _) = found(parts, &caller, &governor, incoming.segment(4)).await?;
    if release.state != ReleaseState::Released {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "output.not_released",
            "the request has not been released, so that there is no receipt",
        ));
    }
    let files = files(&release)?;
    let votes = parts.releases.votes(&release.id).await?;
    let votes: Vec<Value> = votes
        .iter()
        .map(|vote| {
            json!({ "dataset": vote.dataset, "at": Timestamp::from_unix(vote.at), "decision_id": vote.decision,
                "visum_audit": vote.receipt })
        })
        .collect();
    let told = json!({
        "format": "visum-release/1", "node": parts.config.node,
        "manifest": manifest(&release.id, &release.work, &files), "digest": release.digest,
        "requested": { "at": Timestamp::from_unix(release.created_at), "decision_id": release.decision,
            "visum_audit": release.receipt },
        "approved": votes,
        "released": release.decided_at.map(Timestamp::from_unix),
    });
    let header = recorded(parts, &caller, Some(&release.id)).await?;
    router::json(&told, Some(header))
}
