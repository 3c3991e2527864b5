//! `/visum/v1/admin/dataset-states`: suspend, resume, retire, withdraw a dataset; or see what that would do.

use axum::Json;
use axum::extract::{Query, State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ApiProblem;
use super::body::{Admin, Strict};
use crate::broker::Broker;
use crate::change::{self, StateRequest};

/// Whether to do it, or to say what it would do.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct How {
    #[serde(default)]
    preview: bool,
}

pub(super) async fn set(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Query(how): Query<How>,
    Strict(request): Strict<StateRequest>,
) -> Result<(StatusCode, Json<Value>), ApiProblem> {
    if how.preview {
        let (outlook, effect) = change::preview_state(&broker, &caller, request).await?;
        let body = json!({ "preview": true, "effect": effect, "widens": outlook.widening.widens,
            "why": outlook.widening.why });
        return Ok((StatusCode::OK, Json(body)));
    }
    let (proposed, effect) = change::propose_state(&broker, &caller, request).await?;
    let status = if proposed.applied {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    let body = json!({ "applied": proposed.applied, "effect": effect,
        "change": { "id": proposed.row.id, "digest": proposed.row.digest, "state": proposed.row.state },
        "why": proposed.outlook.widening.why });
    Ok((status, Json(body)))
}
