//! `/visum/v1/consent/holds`: a consent service places holds and ends its own, by a token of its own.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::{Value, json};

use super::ApiProblem;
use super::body::{ConsentService, Strict};
use super::holds::{Why, shown};
use crate::broker::Broker;
use crate::committee::{self, HoldRequest};

pub(super) async fn list(
    State(broker): State<Broker>,
    ConsentService(service): ConsentService,
) -> Result<Json<Value>, ApiProblem> {
    let holds = committee::service_holds(&broker, &service).await?;
    Ok(Json(json!({ "holds": holds.iter().map(shown).collect::<Vec<_>>() })))
}

pub(super) async fn place(
    State(broker): State<Broker>,
    ConsentService(service): ConsentService,
    Strict(request): Strict<HoldRequest>,
) -> Result<(StatusCode, Json<Value>), ApiProblem> {
    let placed = committee::place_by_service(&broker, &service, request).await?;
    // how many use the data is the committee's to know
    let body = json!({ "hold": shown(&placed.hold), "matched": placed.effect.matched });
    Ok((StatusCode::CREATED, Json(body)))
}

pub(super) async fn release(
    State(broker): State<Broker>,
    ConsentService(service): ConsentService,
    Path(id): Path<String>,
    Strict(why): Strict<Why>,
) -> Result<Json<Value>, ApiProblem> {
    let row = committee::release_by_service(&broker, &service, &id, &why.reason).await?;
    Ok(Json(json!({ "hold": shown(&row), "released": true })))
}
