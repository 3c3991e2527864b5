//! `/visum/v1/purposes`: what I attested, what waits for it, and my default purpose.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use policy_engine::consent::ResearchPurpose;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ApiProblem;
use super::body::{Own, Strict};
use crate::broker::Broker;
use crate::committee::{self, Attestation};
use crate::store::grants::AttestedPurpose;

/// The default purpose to choose; `null` takes it back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Choice {
    purpose: Option<ResearchPurpose>,
}

pub(super) async fn list(State(broker): State<Broker>, Own(caller): Own) -> Result<Json<Value>, ApiProblem> {
    let attested = broker.attested_of(&caller.person).await?;
    Ok(Json(json!({
        "default": broker.default_purpose_of(&caller.person).await?,
        "attested": attested.iter().map(shown).collect::<Vec<_>>(),
        "waiting": committee::waiting(&broker, &caller.person).await?,
    })))
}

pub(super) async fn attest(
    State(broker): State<Broker>,
    Own(caller): Own,
    Strict(said): Strict<Attestation>,
) -> Result<(StatusCode, Json<Value>), ApiProblem> {
    let row = committee::attest(&broker, &caller, said).await?;
    Ok((StatusCode::CREATED, Json(shown(&row))))
}

pub(super) async fn choose_default(
    State(broker): State<Broker>,
    Own(caller): Own,
    Strict(choice): Strict<Choice>,
) -> Result<Json<Value>, ApiProblem> {
    committee::choose_default(&broker, &caller, choice.purpose.clone()).await?;
    Ok(Json(json!({ "default": choice.purpose })))
}

fn shown(row: &AttestedPurpose) -> Value {
    json!({
        "dataset": row.dataset, "project": row.project, "institution": row.institution, "purpose": row.purpose,
        "source": row.source, "attested": row.attested, "until": row.until,
    })
}
