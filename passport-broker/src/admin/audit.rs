//! `GET /visum/v1/admin/audit/events`: the log for auditors. Reading it is an event itself, durable before the answer.

use audit_log::{EventType, StoredEntry};
use axum::Json;
use axum::extract::{Query, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use policy_engine::decide::GovernQuestion;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ApiProblem;
use super::body::Admin;
use crate::broker::Broker;
use crate::committee::{self, GovernError};
use crate::limits;
use crate::record;

/// Which entries.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// The first index.
    #[serde(default)]
    from: u64,
    /// How many at most; 100 unless said, 500 at most.
    limit: Option<usize>,
    /// Only these types, separated by commas.
    #[serde(rename = "type")]
    kinds: Option<String>,
}

pub(super) async fn events(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Query(which): Query<Which>,
) -> Result<Json<Value>, ApiProblem> {
    let question = GovernQuestion::AuditRead { dataset: None };
    committee::ask(&broker, &caller, EventType::AuditRead, None, &question).await?;
    let kinds: Option<Vec<EventType>> = which
        .kinds
        .as_deref()
        .map(|kinds| {
            kinds
                .split(',')
                .map(|kind| kind.trim().parse().map_err(|_| unknown_kind(kind)))
                .collect::<Result<_, _>>()
        })
        .transpose()?;
    record::read(&broker, &caller, None).await?;
    let limit = which.limit.unwrap_or(100).clamp(1, limits::LIST_ROWS);
    let writer = broker.writer().clone();
    let from = which.from;
    let read = tokio::task::spawn_blocking(move || match kinds {
        Some(kinds) => writer.find(&kinds, from, limit),
        None => {
            let end = from
                .saturating_add(u64::try_from(limit).unwrap_or(u64::MAX))
                .min(writer.size());
            if from >= end {
                Ok(Vec::new())
            } else {
                writer.events(from..end)
            }
        }
    });
    let entries = match read.await {
        Ok(entries) => entries.map_err(GovernError::from)?,
        Err(_) => {
            return Err(ApiProblem::new(
                http::StatusCode::SERVICE_UNAVAILABLE,
                "audit.interrupted",
                "The log could not be read.",
            ));
        }
    };
    let next = entries.last().map_or(from, |entry| entry.index + 1);
    Ok(Json(json!({
        "origin": broker.writer().origin(),
        "size": broker.writer().size(),
        "next": next,
        "events": entries.iter().map(shown).collect::<Vec<_>>(),
    })))
}

fn unknown_kind(kind: &str) -> ApiProblem {
    ApiProblem::input("admin.event_type", format!("There is no event type `{}`.", kind.trim()))
}

fn shown(entry: &StoredEntry) -> Value {
    json!({ "index": entry.index, "leaf": STANDARD.encode(entry.leaf), "event": entry.entry })
}
