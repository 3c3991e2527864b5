//! `/visum/v1/applications`: a study's application, by those who make it, by those who take part, by the committee.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use visa_verifier::seam::Timestamp;

use super::ApiProblem;
use super::body::{Admin, Own, Strict};
use super::documents::attachment;
use crate::application::{self, Outcome, Seat, Shown, Wanted, Yes};
use crate::broker::Broker;
use crate::caller::Caller;

pub(super) type Answer = Result<Json<Value>, ApiProblem>;

/// Which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Those before one's committee instead of one's own.
    #[serde(default)]
    committee: bool,
}

/// In which form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    #[serde(default, rename = "as")]
    kind: FormKind,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FormKind {
    #[default]
    Json,
    Pdf,
}

/// Words with a step.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    text: String,
}

/// Why.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    reason: String,
}

/// A later end.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Later {
    until: Timestamp,
    reason: String,
}

/// The final report.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Report {
    text: String,
    #[serde(default)]
    references: Vec<String>,
}

/// A vote.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vote {
    yes: bool,
    reason: String,
    digest: String,
}

/// A yes that may put it in force.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Approve {
    reason: String,
    digest: String,
    #[serde(default)]
    conditions: Vec<String>,
    #[serde(default)]
    until: Option<Timestamp>,
}

/// A no.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deny {
    reason: String,
    digest: String,
}

/// Who looks after it from now on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hand {
    #[serde(default)]
    to: Option<String>,
    reason: String,
}

/// Somebody to invite.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Invite {
    address: String,
}

/// An invitation's code.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Code {
    code: String,
}

/// An application as the caller sees it; the committee's seat needs the scope of administration.
pub(super) async fn look(broker: &Broker, caller: &Caller, id: &str) -> Result<Shown, ApiProblem> {
    let seen = Box::pin(application::open(broker, caller, id)).await?;
    if seen.seat == Seat::Reader && !caller.has("visum:admin") {
        return Err(ApiProblem::scope("visum:admin"));
    }
    Ok(Box::pin(application::shown(broker, caller, seen)).await?)
}

pub(super) async fn told(broker: &Broker, caller: &Caller, id: &str) -> Answer {
    Ok(Json(look(broker, caller, id).await?.json()))
}

pub(super) async fn list(State(broker): State<Broker>, Own(caller): Own, Query(which): Query<Which>) -> Answer {
    if which.committee && !caller.has("visum:admin") {
        return Err(ApiProblem::scope("visum:admin"));
    }
    let rows = Box::pin(application::list(&broker, &caller, which.committee)).await?;
    let now = broker.now();
    let lines: Vec<Value> = rows.iter().map(|row| application::line(row, now)).collect();
    Ok(Json(json!({ "applications": lines })))
}

pub(super) async fn begin(
    State(broker): State<Broker>,
    Own(caller): Own,
    Strict(wanted): Strict<Wanted>,
) -> Result<(StatusCode, Json<Value>), ApiProblem> {
    let row = Box::pin(application::begin(&broker, &caller, wanted)).await?;
    Ok((StatusCode::CREATED, told(&broker, &caller, &row.id).await?))
}

pub(super) async fn one(State(broker): State<Broker>, Own(caller): Own, Path(id): Path<String>) -> Answer {
    told(&broker, &caller, &id).await
}

/// For the committee: JSON, or a PDF as an attachment.
pub(super) async fn minutes(
    State(broker): State<Broker>,
    Own(caller): Own,
    Path(id): Path<String>,
    Query(wanted): Query<Form>,
) -> Result<Response, ApiProblem> {
    let shown = look(&broker, &caller, &id).await?;
    let minutes = application::minutes(&broker, shown).await?;
    Ok(match wanted.kind {
        FormKind::Pdf => attachment("minutes", minutes.pdf()),
        FormKind::Json => Json(minutes.json()).into_response(),
    })
}

pub(super) async fn edit(
    State(broker): State<Broker>,
    Own(caller): Own,
    Path(id): Path<String>,
    Strict(wanted): Strict<Wanted>,
) -> Answer {
    Box::pin(application::edit(&broker, &caller, &id, wanted)).await?;
    told(&broker, &caller, &id).await
}

pub(super) async fn submit(State(broker): State<Broker>, Own(caller): Own, Path(id): Path<String>) -> Answer {
    Box::pin(application::submit(&broker, &caller, &id)).await?;
    told(&broker, &caller, &id).await
}

pub(super) async fn answer(
    State(broker): State<Broker>,
    Own(caller): Own,
    Path(id): Path<String>,
    Strict(sent): Strict<Text>,
) -> Answer {
    Box::pin(application::answer(&broker, &caller, &id, &sent.text)).await?;
    told(&broker, &caller, &id).await
}

pub(super) async fn withdraw(
    State(broker): State<Broker>,
    Own(caller): Own,
    Path(id): Path<String>,
    Strict(sent): Strict<Reason>,
) -> Answer {
    Box::pin(application::withdraw(&broker, &caller, &id, &sent.reason)).await?;
    told(&broker, &caller, &id).await
}

pub(super) async fn amend(
    State(broker): State<Broker>,
    Own(caller): Own,
    Path(id): Path<String>,
    Strict(wanted): Strict<Wanted>,
) -> Answer {
    Box::pin(application::amend(&broker, &caller, &id, wanted)).await?;
    told(&broker, &caller, &id).await
}

pub(super) async fn extend(
    State(broker): State<Broker>,
    Own(caller): Own,
    Path(id): Path<String>,
    Strict(sent): Strict<Later>,
) -> Answer {
    Box::pin(application::extend(&broker, &caller, &id, sent.until, &sent.reason)).await?;
    told(&broker, &caller, &id).await
}

pub(super) async fn report(
    State(broker): State<Broker>,
    Own(caller): Own,
    Path(id): Path<String>,
    Strict(sent): Strict<Report>,
) -> Answer {
    Box::pin(application::report(&broker, &caller, &id, &sent.text, sent.references)).await?;
    told(&broker, &caller, &id).await
}

pub(super) async fn invite(
    State(broker): State<Broker>,
    Own(caller): Own,
    Path(id): Path<String>,
    Strict(sent): Strict<Invite>,
) -> Result<(StatusCode, Json<Value>), ApiProblem> {
    let invited = Box::pin(application::invite(&broker, &caller, &id, &sent.address)).await?;
    let page = format!(
        "{}/applications/{}/join?code={}",
        broker.config().issuer.as_str().trim_end_matches('/'),
        invited.row.id,
        invited.code
    );
    Ok((
        StatusCode::CREATED,
        Json(json!({
            "application": invited.row.id, "member": invited.member, "address": sent.address.trim(),
            "code": invited.code, "page": page,
        })),
    ))
}

pub(super) async fn remove(
    State(broker): State<Broker>,
    Own(caller): Own,
    Path((id, member)): Path<(String, String)>,
    Strict(sent): Strict<Reason>,
) -> Answer {
    Box::pin(application::remove(&broker, &caller, &id, &member, &sent.reason)).await?;
    told(&broker, &caller, &id).await
}

pub(super) async fn join(
    State(broker): State<Broker>,
    Own(caller): Own,
    Path(id): Path<String>,
    Strict(sent): Strict<Code>,
) -> Answer {
    Box::pin(application::join(&broker, &caller, &id, &sent.code)).await?;
    told(&broker, &caller, &id).await
}

pub(super) async fn leave(State(broker): State<Broker>, Own(caller): Own, Path(id): Path<String>) -> Answer {
    let row = Box::pin(application::leave(&broker, &caller, &id)).await?;
    // who has left sees no more of it
    Ok(Json(json!({ "application": row.id, "left": broker.now() })))
}

pub(super) async fn send_back(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Path(id): Path<String>,
    Strict(sent): Strict<Text>,
) -> Answer {
    Box::pin(application::send_back(&broker, &caller, &id, &sent.text)).await?;
    told(&broker, &caller, &id).await
}

pub(super) async fn vote(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Path(id): Path<String>,
    Strict(sent): Strict<Vote>,
) -> Answer {
    Box::pin(application::vote(
        &broker,
        &caller,
        &id,
        sent.yes,
        &sent.reason,
        &sent.digest,
    ))
    .await?;
    told(&broker, &caller, &id).await
}

pub(super) async fn approve(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Path(id): Path<String>,
    Strict(sent): Strict<Approve>,
) -> Result<(StatusCode, Json<Value>), ApiProblem> {
    let said = Yes {
        reason: &sent.reason,
        digest: &sent.digest,
        conditions: sent.conditions,
        until: sent.until,
    };
    let status = match Box::pin(application::approve(&broker, &caller, &id, said)).await? {
        Outcome::Approved(..) => StatusCode::CREATED,
        Outcome::Voted { .. } => StatusCode::ACCEPTED,
    };
    Ok((status, told(&broker, &caller, &id).await?))
}

pub(super) async fn admit(State(broker): State<Broker>, Admin(caller): Admin, Path(id): Path<String>) -> Answer {
    Box::pin(application::admit(&broker, &caller, &id)).await?;
    told(&broker, &caller, &id).await
}

/// Which lack the administrators are told of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lacking {
    code: String,
}

pub(super) async fn tell(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Path(id): Path<String>,
    Strict(lacking): Strict<Lacking>,
) -> Answer {
    Box::pin(application::tell(&broker, &caller, &id, &lacking.code)).await?;
    told(&broker, &caller, &id).await
}

pub(super) async fn deny(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Path(id): Path<String>,
    Strict(sent): Strict<Deny>,
) -> Answer {
    Box::pin(application::deny(&broker, &caller, &id, &sent.reason, &sent.digest)).await?;
    told(&broker, &caller, &id).await
}

pub(super) async fn reassign(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Path(id): Path<String>,
    Strict(sent): Strict<Hand>,
) -> Answer {
    Box::pin(application::reassign(
        &broker,
        &caller,
        &id,
        sent.to.as_deref(),
        &sent.reason,
    ))
    .await?;
    told(&broker, &caller, &id).await
}
