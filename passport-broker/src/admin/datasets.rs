//! `/visum/v1/admin/datasets`: the datasets of this node, each with its label.

use axum::Json;
use axum::extract::{Path, State};
use policy_engine::snapshot::{DatasetRecord, RoleGrant, Snapshot};
use serde_json::{Value, json};

use super::ApiProblem;
use super::body::Admin;
use crate::broker::Broker;
use crate::caller::Caller;

pub(super) async fn list(State(broker): State<Broker>, Admin(caller): Admin) -> Result<Json<Value>, ApiProblem> {
    let engine = broker.current().load();
    let seen = visible(&broker, &caller, engine.snapshot()).await?;
    Ok(Json(
        json!({ "datasets": seen.iter().map(|dataset| shown(dataset, engine.snapshot())).collect::<Vec<_>>() }),
    ))
}

pub(super) async fn one(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiProblem> {
    let engine = broker.current().load();
    let seen = visible(&broker, &caller, engine.snapshot()).await?;
    let found = seen
        .iter()
        .find(|dataset| dataset.id() == id || dataset.short_name == id);
    found
        .map(|dataset| Json(shown(dataset, engine.snapshot())))
        .ok_or_else(|| ApiProblem::not_found("dataset"))
}

/// Discoverable ones, and those of the caller's own committees.
async fn visible(broker: &Broker, caller: &Caller, snapshot: &Snapshot) -> Result<Vec<DatasetRecord>, ApiProblem> {
    let roles = broker.roles_of(&caller.person).await?;
    let mine = |dac: &str| roles.contains(&RoleGrant::Committee(dac.to_owned()));
    Ok(snapshot
        .datasets
        .iter()
        .filter(|dataset| dataset.discoverable || mine(&dataset.dac))
        .cloned()
        .collect())
}

fn shown(dataset: &DatasetRecord, snapshot: &Snapshot) -> Value {
    let objects = snapshot.objects.count_of(&dataset.consent.id);
    json!({
        "id": dataset.id(), "short_name": dataset.short_name, "title": dataset.title, "dac": dataset.dac,
        "custodian": dataset.custodian, "mode": dataset.mode, "access": dataset.consent.access,
        "state": dataset.consent.state, "uses": dataset.consent.uses, "bound_purpose": dataset.consent.bound_purpose,
        "discoverable": dataset.discoverable, "quorum": dataset.votes_needed(), "objects": objects,
        "holds": snapshot.holds.iter().filter(|hold| hold.dataset == dataset.id()).count(),
    })
}
