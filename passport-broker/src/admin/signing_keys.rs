//! `/visum/v1/admin/keys`: the signing keys, and turning them.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::ApiProblem;
use super::body::{Admin, Strict};
use crate::broker::Broker;
use crate::rotation::{self, Rotation};

pub(super) async fn list(State(broker): State<Broker>, Admin(caller): Admin) -> Result<Json<Value>, ApiProblem> {
    let keys = rotation::list(&broker, &caller).await?;
    Ok(Json(json!({ "jwks_uri": broker.signer().jku(), "keys": keys })))
}

pub(super) async fn rotate(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Strict(asked): Strict<Rotation>,
) -> Result<Json<Value>, ApiProblem> {
    let keys = rotation::rotate(&broker, &caller, asked).await?;
    Ok(Json(json!({ "jwks_uri": broker.signer().jku(), "keys": keys })))
}
