//! `/visum/v1/admin/grants`: list, issue (application, vote, grant), revoke.

use audit_log::EventType;
use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use policy_engine::decide::GovernQuestion;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ApiProblem;
use super::body::{Admin, Strict};
use crate::broker::Broker;
use crate::committee::{self, GrantRequest, Granted, access};
use crate::limits;
use crate::record;
use crate::store::grants::{Application, Grant};

/// Which grants.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// The dataset's id or short name.
    dataset: String,
}

/// Whether to issue, or to say what a grant would be worth.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct How {
    #[serde(default)]
    preview: bool,
}

/// Why a grant is taken back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    reason: String,
}

pub(super) async fn list(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Query(which): Query<Which>,
) -> Result<Json<Value>, ApiProblem> {
    let engine = broker.current().load();
    let id = engine
        .dataset_named(&which.dataset)
        .map(|dataset| dataset.id().to_owned())
        .ok_or_else(|| ApiProblem::not_found("dataset"))?;
    // the list says who works on what: it is read by those who may read the dataset's audit trail
    let question = GovernQuestion::AuditRead {
        dataset: Some(id.clone()),
    };
    committee::ask(&broker, &caller, EventType::AuditRead, Some(&id), &question).await?;
    record::read(&broker, &caller, Some(&id)).await?;
    let grants: Vec<Grant> = broker.of_dataset(&id).await?;
    // a label that became stricter: from when on a grant given before settles nothing
    let moves = engine
        .dataset(&id)
        .map(|dataset| dataset.relabels.clone())
        .unwrap_or_default();
    let told = |grant: &Grant| {
        let ends = moves.iter().filter(|one| grant.starts < one.to).map(|one| one.by).min();
        let mut row = shown(grant);
        if let (Some(ends), Some(members)) = (ends.filter(|_| grant.revoked.is_none()), row.as_object_mut()) {
            members.insert("settles_until".to_owned(), json!(ends));
        }
        row
    };
    let applications: Vec<Application> = broker.of_dataset(&id).await?;
    let mut decided = Vec::new();
    if let Some(dataset) = engine.dataset(&id) {
        for application in applications.iter().take(limits::LIST_ROWS) {
            let voters = access::voters(&broker, application, &dataset.dac).await?;
            let mut row = json!(application);
            if let Some(members) = row.as_object_mut() {
                members.insert("voters".to_owned(), json!(voters));
            }
            decided.push(row);
        }
    }
    Ok(Json(json!({
        "dataset": id,
        "grants": grants.iter().take(limits::LIST_ROWS).map(told).collect::<Vec<_>>(),
        "applications": decided,
    })))
}

pub(super) async fn issue(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Query(how): Query<How>,
    Strict(request): Strict<GrantRequest>,
) -> Result<(StatusCode, Json<Value>), ApiProblem> {
    if how.preview {
        let foresight = committee::foresee(&broker, &caller, request).await?;
        let body = json!({ "preview": true, "foresight": foresight });
        return Ok((StatusCode::OK, Json(body)));
    }
    Ok(match committee::issue(&broker, &caller, request).await? {
        Granted::Issued(grant) => (
            StatusCode::CREATED,
            Json(json!({ "state": "issued", "grant": shown(&grant) })),
        ),
        Granted::Voted { application, needed } => (
            StatusCode::ACCEPTED,
            Json(json!({
                "state": "voted",
                "application": application,
                "votes": application.yes.len(),
                "needed": needed,
                "message": "Your vote counts. Other members of the committee have to vote before the grant is issued.",
            })),
        ),
    })
}

pub(super) async fn revoke(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Path(id): Path<String>,
    Strict(sent): Strict<Reason>,
) -> Result<Json<Value>, ApiProblem> {
    let grant = committee::revoke(&broker, &caller, &id, &sent.reason).await?;
    Ok(Json(json!({ "grant": shown(&grant) })))
}

fn shown(grant: &Grant) -> Value {
    json!({
        "id": grant.id, "to": grant.to, "dataset": grant.dataset, "source": grant.source, "purpose": grant.purpose,
        "project": grant.project, "institution": grant.institution,
        "conditions": grant.conditions, "starts": grant.starts, "until": grant.until,
        "application": grant.application, "revoked": grant.revoked,
    })
}
