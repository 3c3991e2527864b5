//! `/visum/v1/admin/changes`: changes of facts: list, propose (or see what it would do), show, approve, put in force,
//! take back.

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use policy_engine::decide::ChangeStep;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ApiProblem;
use super::body::{Admin, Strict};
use crate::broker::Broker;
use crate::change::{self, Outlook, Proposal, Proposed, show};
use crate::limits;
use crate::store::changes::{ChangeRow, ChangeState};

/// Which changes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Those that stand so; none: those that wait for somebody.
    state: Option<Standing>,
    /// Of one dataset, by its id.
    dataset: Option<String>,
}

/// Which states.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Standing {
    Open,
    Draft,
    Approved,
    Applied,
    Withdrawn,
    All,
}

/// Whether to write it, or to say what it would do.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct How {
    #[serde(default)]
    preview: bool,
}

/// Which version of a change is meant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Yes {
    /// The digest that was looked at.
    digest: String,
}

/// Why a change is taken back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    reason: String,
}

/// Nothing to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// A proposal may be longer than other bodies.
type Long<T> = Strict<T, { limits::CHANGE_BODY_BYTES }>;

pub(super) async fn list(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Query(which): Query<Which>,
) -> Result<Json<Value>, ApiProblem> {
    let wanted = which.state.unwrap_or(Standing::Open);
    let rows = show::list(&broker, &caller).await?;
    let found: Vec<&ChangeRow> = rows
        .iter()
        .filter(|row| stands(row, wanted) && which.dataset.as_ref().is_none_or(|id| row.dataset.as_ref() == Some(id)))
        .collect();
    Ok(Json(json!({
        "changes": found.iter().take(limits::LIST_ROWS).map(|row| listed(row)).collect::<Vec<_>>(),
        "total": found.len(),
        "governance": broker.governance(),
    })))
}

pub(super) async fn propose(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Query(how): Query<How>,
    Strict(proposal): Long<Proposal>,
) -> Result<(StatusCode, Json<Value>), ApiProblem> {
    if how.preview {
        let outlook = change::preview(&broker, &caller, proposal).await?;
        return Ok((
            StatusCode::OK,
            Json(json!({ "preview": true, "outlook": told(&outlook), "governance": broker.governance() })),
        ));
    }
    let proposed = change::propose(&broker, &caller, proposal).await?;
    let status = if proposed.applied {
        StatusCode::CREATED
    } else {
        StatusCode::ACCEPTED
    };
    Ok((status, Json(after(&proposed))))
}

pub(super) async fn one(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiProblem> {
    let shown = show::one(&broker, &caller, &id).await?;
    Ok(Json(json!({
        "change": whole(&shown.change),
        "lines": shown.lines,
        "widening": shown.widening(),
        "outlook": shown.outlook.as_ref().map(told),
        "stuck": shown.stuck,
        "may": shown.may,
        "governance": broker.governance(),
    })))
}

pub(super) async fn approve(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Path(id): Path<String>,
    Strict(yes): Strict<Yes>,
) -> Result<Json<Value>, ApiProblem> {
    show::known(&broker, &caller, &id, ChangeStep::Approve).await?;
    let approved = change::approve(&broker, &caller, &id, &yes.digest).await?;
    Ok(Json(after(&approved)))
}

pub(super) async fn apply(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Path(id): Path<String>,
    Strict(Nothing {}): Strict<Nothing>,
) -> Result<Json<Value>, ApiProblem> {
    show::known(&broker, &caller, &id, ChangeStep::Apply).await?;
    let applied = change::apply(&broker, &caller, &id).await?;
    Ok(Json(after(&applied)))
}

pub(super) async fn withdraw(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Path(id): Path<String>,
    Strict(sent): Strict<Reason>,
) -> Result<Json<Value>, ApiProblem> {
    show::known(&broker, &caller, &id, ChangeStep::Approve).await?;
    let row = change::withdraw(&broker, &caller, &id, &sent.reason).await?;
    Ok(Json(json!({ "change": listed(&row) })))
}

fn stands(row: &ChangeRow, wanted: Standing) -> bool {
    match wanted {
        Standing::All => true,
        Standing::Open => show::open(row),
        Standing::Draft => row.state == ChangeState::Draft,
        Standing::Approved => row.state == ChangeState::Approved,
        Standing::Applied => row.state == ChangeState::Applied,
        Standing::Withdrawn => row.state == ChangeState::Withdrawn,
    }
}

/// A change after a step.
fn after(proposed: &Proposed) -> Value {
    json!({
        "state": proposed.row.state,
        "applied": proposed.applied,
        "message": show::next(&proposed.row),
        "change": listed(&proposed.row),
        "outlook": told(&proposed.outlook),
    })
}

/// An outlook with its rows in words.
fn told(outlook: &Outlook) -> Value {
    let words: Vec<change::Told> = outlook.lines.iter().map(change::tell).collect();
    let mut value = json!(outlook);
    if let Some(members) = value.as_object_mut() {
        members.insert("words".to_owned(), json!(words));
    }
    value
}

fn listed(row: &ChangeRow) -> Value {
    json!({
        "id": row.id, "kind": row.kind, "dataset": row.dataset, "subject": row.subject, "title": row.title,
        "author": row.author, "drafted": row.drafted, "state": row.state, "since": row.since, "widens": row.widens,
        "approver": row.approver, "digest": row.digest, "edits": row.edits.len(),
    })
}

fn whole(row: &ChangeRow) -> Value {
    let mut value = listed(row);
    if let Some(members) = value.as_object_mut() {
        members.insert("reason".to_owned(), json!(row.reason));
        members.insert("edits".to_owned(), json!(row.edits));
        members.insert("base".to_owned(), json!(row.base));
        members.insert("consent_event".to_owned(), json!(row.consent_event));
    }
    value
}
