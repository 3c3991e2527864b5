//! `/visum/v1/admin/holds`: list, place (or see what it would stop), release.

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use policy_engine::decide::GovernQuestion;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ApiProblem;
use super::body::{Admin, Strict};
use crate::broker::Broker;
use crate::committee::{self, Decided, HoldRequest};
use crate::record;
use crate::store::governed::Governed;
use crate::store::holds::HoldRow;

/// Whether to place it, or to say what it would stop.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct How {
    #[serde(default)]
    preview: bool,
}

/// Why it ends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Why {
    pub(super) reason: String,
}

/// Whose many holds are meant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Many {
    service: String,
    dataset: String,
    reason: String,
}

pub(super) async fn list(State(broker): State<Broker>, Admin(caller): Admin) -> Result<Json<Value>, ApiProblem> {
    let holds: Vec<HoldRow> = broker.live().await?;
    let mut seen = Vec::new();
    let mut datasets: Vec<&str> = holds.iter().map(|row| row.record.dataset.as_str()).collect();
    datasets.dedup();
    // participants stand in holds by pseudonym; still, each dataset's holds are its own committee's
    let asked = committee::Asked::begin(&broker, &caller).await?;
    for row in &holds {
        let question = GovernQuestion::AuditRead {
            dataset: Some(row.record.dataset.clone()),
        };
        if asked.engine.govern(&asked.facts, &question, broker.now()).allow() {
            seen.push(shown(row));
        }
    }
    record::read(&broker, &caller, None).await?;
    Ok(Json(json!({ "holds": seen })))
}

pub(super) async fn place(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Query(how): Query<How>,
    Strict(request): Strict<HoldRequest>,
) -> Result<(StatusCode, Json<Value>), ApiProblem> {
    if how.preview {
        let effect = committee::preview(&broker, &caller, &request).await?;
        return Ok((StatusCode::OK, Json(json!({ "preview": true, "effect": effect }))));
    }
    let placed = committee::place(&broker, &caller, request).await?;
    Ok((
        StatusCode::CREATED,
        Json(
            json!({ "hold": shown(&placed.hold), "effect": placed.effect, "release": release_sentence(&placed.hold) }),
        ),
    ))
}

pub(super) async fn release(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Path(id): Path<String>,
    Strict(why): Strict<Why>,
) -> Result<Json<Value>, ApiProblem> {
    let row = committee::release(&broker, &caller, &id, &why.reason).await?;
    Ok(Json(json!({ "hold": shown(&row), "released": true })))
}

pub(super) async fn confirm(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Strict(many): Strict<Many>,
) -> Result<Json<Value>, ApiProblem> {
    let confirmed = committee::confirm(&broker, &caller, &many.service, &many.dataset, &many.reason).await?;
    Ok(Json(json!({ "confirmed": confirmed })))
}

/// The custodian says whom a waiting hold names.
pub(super) async fn decide(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Path(id): Path<String>,
    Strict(said): Strict<Decided>,
) -> Result<Json<Value>, ApiProblem> {
    let row = committee::decide_unmatched(&broker, &caller, &id, &said).await?;
    Ok(Json(json!({ "id": id, "hold": row.as_ref().map(shown) })))
}

fn release_sentence(row: &HoldRow) -> &'static str {
    if row.ends_by_service_only() {
        "Only the consent service that recorded it can end this hold, by a new signed consent event."
    } else {
        "Only the committee that placed it can end this hold."
    }
}

pub(super) fn shown(row: &HoldRow) -> Value {
    json!({
        "id": row.id(), "dataset": row.record.dataset, "kind": row.record.hold.kind(),
        "scope": row.record.hold.scope(), "target": row.record.hold.target(), "from": row.record.hold.from(),
        "until": row.record.hold.until(), "origin": row.record.origin, "decide_until": row.decide_until,
    })
}
