//! `GET /visum/v1/me`: who I am here, with which roles, grants and purposes.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::ApiProblem;
use super::body::Own;
use crate::broker::Broker;
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
