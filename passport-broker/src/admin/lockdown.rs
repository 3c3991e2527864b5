//! `/visum/v1/admin/lockdown`: stop at once, list, lift.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ApiProblem;
use super::body::{Admin, Strict};
use crate::broker::Broker;
use crate::lockdown::{self, StopRequest};

/// Why it may end.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lift {
    reason: String,
}

pub(super) async fn list(State(broker): State<Broker>, Admin(caller): Admin) -> Result<Json<Value>, ApiProblem> {
    let stops = lockdown::list(&broker, &caller).await?;
    Ok(Json(json!({ "stops": stops })))
}

pub(super) async fn place(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Strict(request): Strict<StopRequest>,
) -> Result<(StatusCode, Json<Value>), ApiProblem> {
    let placed = lockdown::place(&broker, &caller, request).await?;
    Ok((
        StatusCode::CREATED,
        Json(json!({
            "stop": { "id": placed.row.id, "target": placed.row.target, "placed": placed.row.placed },
            "reach": placed.reach, "catalogue": placed.catalogue,
        })),
    ))
}

pub(super) async fn lift(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Path(id): Path<String>,
    Strict(asked): Strict<Lift>,
) -> Result<Json<Value>, ApiProblem> {
    let proposed = lockdown::lift(&broker, &caller, &id, asked.reason).await?;
    Ok(Json(json!({
        "stop": id, "lifted": proposed.applied,
        "change": { "id": proposed.row.id, "digest": proposed.row.digest, "state": proposed.row.state },
    })))
}
