//! `GET /visum/v1/admin/snapshots/{VERSION|newest}`: the signed manifest of what was in force, for auditors.

use audit_log::EventType;
use axum::Json;
use axum::extract::{Path, State};
use policy_engine::decide::GovernQuestion;
use serde_json::{Value, json};

use super::ApiProblem;
use super::body::Admin;
use crate::broker::Broker;
use crate::committee;
use crate::record;
use crate::store::snapshots;

pub(super) async fn one(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Path(version): Path<String>,
) -> Result<Json<Value>, ApiProblem> {
    let question = GovernQuestion::AuditRead { dataset: None };
    committee::ask(&broker, &caller, EventType::AuditRead, None, &question).await?;
    record::read(&broker, &caller, None).await?;
    let mut db = broker.db();
    let found = match (version.as_str(), version.parse::<i64>()) {
        ("newest", _) => snapshots::newest(&mut db).await?,
        (_, Ok(version)) => snapshots::of_version(&mut db, version).await?,
        (_, Err(_)) => None,
    };
    let found = found.ok_or_else(|| ApiProblem::not_found("snapshot"))?;
    Ok(Json(json!({
        "version": found.version, "digest": format!("sha256:{}", found.digest), "manifest": found.manifest,
        "jwks": broker.signer().snapshot_jwks(),
    })))
}
