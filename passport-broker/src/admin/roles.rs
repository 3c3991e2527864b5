//! `GET /visum/v1/admin/roles`: who sits in which committee, who administers, who audits, until when; and
//! `GET /visum/v1/admin/statements`: whom this node gives which visas by its own word.

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
use crate::store::governed::Governed as _;
use crate::store::roles::RoleRow;
use crate::store::statements::StatementRow;

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

pub(super) async fn statements(State(broker): State<Broker>, Admin(caller): Admin) -> Result<Json<Value>, ApiProblem> {
    let question = GovernQuestion::AuditRead { dataset: None };
    committee::ask(&broker, &caller, EventType::AuditRead, None, &question).await?;
    record::read(&broker, &caller, None).await?;
    let said: Vec<StatementRow> = broker.live().await?;
    let rows: Vec<Value> = said
        .iter()
        .map(|row| {
            let mut told = json!(row);
            if let Some(members) = told.as_object_mut() {
                members.insert("id".to_owned(), json!(row.id()));
            }
            told
        })
        .collect();
    Ok(Json(json!({ "statements": rows })))
}
