//! `GET /visum/v1/admin/purposes-tried?dataset=`: the purposes that people had judged before they applied.

use audit_log::EventType;
use axum::Json;
use axum::extract::{Query, State};
use policy_engine::decide::GovernQuestion;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ApiProblem;
use super::body::Admin;
use crate::broker::Broker;
use crate::committee;
use crate::limits;
use crate::record;
use crate::store::people::PersonId;
use crate::store::tried;
use crate::tried::{QUIET, WINDOW};

/// Which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// The dataset's id or short name.
    dataset: String,
    /// Of one person only: `sub,iss`, or the `sub` of our tokens.
    #[serde(default)]
    person: Option<String>,
}

/// `GET`: for the dataset's committee and for auditors.
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
    let question = GovernQuestion::AuditRead {
        dataset: Some(id.clone()),
    };
    committee::ask(&broker, &caller, EventType::AuditRead, Some(&id), &question).await?;
    record::read(&broker, &caller, Some(&id)).await?;
    let person = match which.person {
        Some(person) if !person.contains(',') => Some(broker.identity_of(&PersonId::from_text(person))?.to_string()),
        other => other,
    };
    let rows = tried::of_dataset(&mut broker.db(), &id, person.as_deref(), limits::LIST_ROWS).await?;
    let since = broker.now().minus(WINDOW);
    let mut people: Vec<(&str, usize)> = Vec::new();
    for row in rows.iter().filter(|row| row.last > since) {
        match people.iter_mut().find(|(known, _)| *known == row.person) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => people.push((&row.person, 1)),
        }
    }
    let loud: Vec<Value> = people
        .iter()
        .filter(|(_, count)| *count > QUIET)
        .map(|(person, count)| json!({ "person": person, "purposes_in_24_hours": count }))
        .collect();
    let told: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "person": row.person, "purpose": serde_json::from_str::<Value>(&row.purpose).unwrap_or_default(),
                "purpose_id": row.digest, "first": row.first, "last": row.last, "times": row.times, "door": row.door,
            })
        })
        .collect();
    Ok(Json(json!({ "dataset": id, "tried": told, "alerts": loud })))
}
