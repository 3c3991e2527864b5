//! `/visum/v1/me`: who I am here, with which roles, grants and purposes; all that is held on me, what I did with data,
//! and the programs that hold tokens of mine.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ApiProblem;
use super::body::{Own, Strict};
use crate::broker::Broker;
use crate::committee::GovernError;
use crate::person::record::{self, Unrecorded};
use crate::person::{held, history, services};
use crate::store::people;

pub(super) async fn me(State(broker): State<Broker>, Own(caller): Own) -> Result<Json<Value>, ApiProblem> {
    let mut db = broker.db();
    let facts = people::facts(&mut db, &caller.person, broker.now()).await?;
    let linked = people::identities(&mut db, &caller.person).await?;
    let grants = broker.grants_of(&caller.person).await?;
    Ok(Json(json!({
        "sub": caller.person,
        "iss": broker.config().issuer,
        "identity": caller.identity,
        "login": { "identity": caller.login, "auth_time": caller.auth_time, "acr": caller.acr, "amr": caller.amr,
                   "authn": caller.authn(), "assurance": caller.assurance },
        "identities": linked.iter().map(|entry| json!({
            "identity": entry.identity, "first_seen": entry.first_seen, "unlinked": entry.unlinked,
        })).collect::<Vec<_>>(),
        "affiliations": facts.iter().filter(|fact| fact.kind == people::FactKind::Affiliation)
            .map(|fact| json!({ "value": fact.value, "source": fact.source, "until": fact.expires }))
            .collect::<Vec<_>>(),
        "roles": broker.roles_of(&caller.person).await?,
        "grants": grants.iter().map(|grant| json!({
            "id": grant.id, "dataset": grant.dataset, "project": grant.project, "until": grant.until,
        })).collect::<Vec<_>>(),
        "default_purpose": broker.default_purpose_of(&caller.person).await?,
    })))
}

/// All that is held on the caller. That it was read is on record before the answer.
pub(super) async fn data(State(broker): State<Broker>, Own(caller): Own) -> Result<Json<Value>, ApiProblem> {
    record::looked(&broker, &caller.person).await.map_err(unrecorded)?;
    let told = Box::pin(held::on(&broker, &caller.person)).await.map_err(unrecorded)?;
    Ok(Json(told))
}

/// The caller's own decisions, from this replica's log.
pub(super) async fn history(State(broker): State<Broker>, Own(caller): Own) -> Result<Json<Value>, ApiProblem> {
    record::looked(&broker, &caller.person).await.map_err(unrecorded)?;
    let told = history::of(&broker, &caller.person).await;
    Ok(Json(json!(told.map_err(GovernError::from)?)))
}

/// Who holds tokens of the caller's.
pub(super) async fn programs(State(broker): State<Broker>, Own(caller): Own) -> Result<Json<Value>, ApiProblem> {
    Ok(Json(
        json!({ "programs": services::of(&broker, &caller.person).await? }),
    ))
}

/// Which program's tokens end.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Program {
    client: String,
}

/// Ends what a program holds of the caller's.
pub(super) async fn end_program(
    State(broker): State<Broker>,
    Own(caller): Own,
    Strict(program): Strict<Program>,
) -> Result<Json<Value>, ApiProblem> {
    let ended = services::end(&broker, &caller.person, &program.client).await;
    if ended.map_err(unrecorded)? {
        return Ok(Json(json!({ "ended": program.client })));
    }
    Err(GovernError::Unknown {
        what: "program with tokens of yours",
        id: program.client,
    }
    .into())
}

fn unrecorded(error: Unrecorded) -> ApiProblem {
    match error {
        Unrecorded::Store(source) => source.into(),
        Unrecorded::Audit(source) => GovernError::from(source).into(),
    }
}
