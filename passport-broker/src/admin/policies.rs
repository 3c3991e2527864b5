//! `/visum/v1/admin/policies`: what is in force, drafts, a second person's yes, publication, and the way back.

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use policy_engine::policy::baseline_digest;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ApiProblem;
use super::body::{Admin, Strict};
use crate::broker::Broker;
use crate::limits;
use crate::policies::{self, Draft, Drafted, Watch};
use crate::store::bundles::BundleRow;
use crate::store::drafts::DraftRow;
use crate::store::watched::WatchedRow;

/// Whether to write it, or to say what is known of it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct How {
    #[serde(default)]
    preview: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Approval {
    digest: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Publication {
    #[serde(default)]
    require_proof: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Withdrawal {
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WayBack {
    /// The bundle: `node`, or a committee's id.
    bundle: String,
    /// A draft that was published; without one, the one before.
    #[serde(default)]
    to: Option<String>,
    reason: String,
}

/// Which watched policy shall deny again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Enforced {
    policy: String,
    reason: String,
}

pub(super) async fn list(State(broker): State<Broker>, Admin(caller): Admin) -> Result<Json<Value>, ApiProblem> {
    let (in_force, drafts) = policies::list(&broker, &caller).await?;
    let watched = policies::watched(&broker).await?;
    let in_force: Vec<Value> = in_force.iter().map(|row| bundle(row, &watched)).collect();
    let drafts: Vec<Value> = drafts.iter().map(head).collect();
    Ok(Json(
        json!({ "baseline": baseline_digest(), "in_force": in_force, "drafts": drafts }),
    ))
}

pub(super) async fn one(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiProblem> {
    let (row, files, report) = policies::one(&broker, &caller, &id).await?;
    Ok(Json(json!({ "draft": head(&row), "report": report, "files": files })))
}

pub(super) async fn draft(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Query(how): Query<How>,
    Strict(request): Strict<Draft, { limits::BUNDLE_BODY_BYTES }>,
) -> Result<(StatusCode, Json<Value>), ApiProblem> {
    if how.preview {
        let report = policies::preview(&broker, &caller, &request.files).await?;
        return Ok((StatusCode::OK, Json(json!({ "preview": true, "report": report }))));
    }
    let drafted = policies::draft(&broker, &caller, request).await?;
    Ok((StatusCode::CREATED, Json(told(&drafted))))
}

pub(super) async fn approve(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Path(id): Path<String>,
    Strict(approval): Strict<Approval>,
) -> Result<Json<Value>, ApiProblem> {
    shown(policies::approve(&broker, &caller, &id, &approval.digest).await?)
}

pub(super) async fn publish(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Path(id): Path<String>,
    Strict(how): Strict<Publication>,
) -> Result<Json<Value>, ApiProblem> {
    shown(policies::publish(&broker, &caller, &id, how.require_proof).await?)
}

pub(super) async fn withdraw(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Path(id): Path<String>,
    Strict(withdrawal): Strict<Withdrawal>,
) -> Result<Json<Value>, ApiProblem> {
    let row = policies::withdraw(&broker, &caller, &id, &withdrawal.reason).await?;
    Ok(Json(json!({ "draft": head(&row) })))
}

pub(super) async fn roll_back(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Strict(back): Strict<WayBack>,
) -> Result<Json<Value>, ApiProblem> {
    shown(policies::roll_back(&broker, &caller, &back.bundle, back.to.as_deref(), &back.reason).await?)
}

fn shown(drafted: Drafted) -> Result<Json<Value>, ApiProblem> {
    Ok(Json(told(&drafted)))
}

fn told(drafted: &Drafted) -> Value {
    json!({
        "draft": head(&drafted.row), "report": drafted.report, "in_force": drafted.in_force, "alone": drafted.alone,
    })
}

fn head(row: &DraftRow) -> Value {
    json!({
        "id": row.id, "bundle": row.bundle, "name": row.name, "committee": row.committee, "reason": row.reason,
        "digest": row.digest, "widens": row.widens, "author": row.author.to_string(), "drafted": row.drafted,
        "approver": row.approver.as_ref().map(ToString::to_string), "state": row.state, "since": row.since,
    })
}

pub(super) async fn observe(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Strict(watch): Strict<Watch>,
) -> Result<(StatusCode, Json<Value>), ApiProblem> {
    let drafted = policies::observe(&broker, &caller, watch).await?;
    Ok((StatusCode::CREATED, Json(told(&drafted))))
}

pub(super) async fn enforce(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Strict(enforced): Strict<Enforced>,
) -> Result<Json<Value>, ApiProblem> {
    let row = policies::enforce(&broker, &caller, &enforced.policy, &enforced.reason).await?;
    Ok(Json(
        json!({ "policy": row.policy, "bundle": row.bundle, "enforced": true }),
    ))
}

fn bundle(row: &BundleRow, watched: &[WatchedRow]) -> Value {
    let watched = watched.iter().filter(|watched| watched.bundle == row.id);
    let watched: Vec<Value> = watched
        .map(|row| json!({ "policy": row.policy, "until": row.until, "draft": row.draft }))
        .collect();
    let names: Vec<&str> = row.policies.iter().map(|file| file.name.as_str()).collect();
    json!({
        "bundle": row.id, "committee": row.committee, "digest": row.digest, "author": row.author.to_string(),
        "approver": row.approver.as_ref().map(ToString::to_string), "published": row.published, "files": names,
        "links": row.links.len(), "observe": watched,
    })
}
