//! `GET /visum/v1/admin/roles`: who sits in which committee, who administers, who audits, until when.

use audit_log::EventType;
use axum::Json;
use axum::extract::State;
use policy_engine::decide::GovernQuestion;
use serde_json::{Value, json};

use super::ApiProblem;
use super::body::Admin;
use crate::broker::Broker;
use crate::committee;
use crate::record;
use crate::store::roles::RoleRow;

pub(super) async fn list(State(broker): State<Broker>, Admin(caller): Admin) -> Result<Json<Value>, ApiProblem> {
    let question = GovernQuestion::AuditRead { dataset: None };
    committee::ask(&broker, &caller, EventType::AuditRead, None, &question).await?;
    record::read(&broker, &caller, None).await?;
    let roles: Vec<RoleRow> = broker.live().await?;
    let rows: Vec<Value> = roles
        .iter()
        .map(|row| json!({ "person": row.person, "role": row.role, "until": row.until }))
        .collect();
    Ok(Json(json!({ "roles": rows, "governance": broker.governance() })))
}
