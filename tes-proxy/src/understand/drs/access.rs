//! `GET|POST /objects/{id}/access/{access_id}`: a capability URL of ours in place of the backend's (D6).

use std::sync::Arc;

use audit_log::EventType;
use axum::{body::Body, response::Response};
use policy_engine::intent::{Action, DrsId};

use crate::{
    api::{
        Incoming,
        drs::{AccessBody, AccessUrl},
        wire_body,
    },
    capability::{PersonCapability, Use},
    gate::{Caller, Permit, Question},
    limits,
    problem::{Api, Problem},
    proxy::{Parts, Proxy},
    router::json,
};

use super::{backend, id, intent, objects::access_place};

/// `GET`.
pub(crate) async fn get(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    incoming.query(&[], &[])?;
    let caller = proxy.0.required(incoming, Api::Drs, Vec::new()).await?;
    access(
        &proxy.0,
        &caller,
        EventType::DrsGetAccessUrl,
        id(incoming)?,
        incoming.segment(6),
    )
    .await
}

/// `POST`, with Passports in the body.
pub(crate) async fn post(proxy: &Proxy, incoming: &Incoming, body: Body) -> Result<Response, Problem> {
    incoming.query(&[], &[])?;
    let id = id(incoming)?;
    let body: AccessBody = wire_body(&incoming.headers, body).await?;
    let caller = proxy.0.required(incoming, Api::Drs, body.passports).await?;
    access(&proxy.0, &caller, EventType::DrsPostAccessUrl, id, incoming.segment(6)).await
}

async fn access(
    parts: &Parts,
    caller: &Caller,
    kind: EventType,
    id: DrsId,
    access_id: &str,
) -> Result<Response, Problem> {
    let (url, receipt) = url(parts, caller, kind, id, access_id).await?;
    json(
        &AccessUrl {
            url,
            headers: Vec::new(),
        },
        Some(receipt),
    )
}

/// Decides, records, and makes a URL of ours; with the record's receipt.
///
/// # Errors
/// The denial; 404 for a way that the object does not have.
pub(super) async fn url(
    parts: &Parts,
    caller: &Caller,
    kind: EventType,
    id: DrsId,
    access_id: &str,
) -> Result<(String, String), Problem> {
    backend(parts)?;
    let question = Question::Intent(Arc::new(intent(Action::DrsAccessUrl, id.clone())));
    let permit = parts
        .gate
        .permit(caller, kind, question)
        .await
        .map_err(|no| parts.remember(caller, no.into()))?;
    // an unknown method is told after the decision: before it, it would tell that the object exists
    let method = access_place(access_id).ok_or_else(|| Problem::unknown("access id"))?;
    let url = capability(parts, caller, &permit, &id, method)?;
    Ok((url, permit.header()))
}

/// A URL for this person, this object, at most five minutes.
fn capability(parts: &Parts, caller: &Caller, permit: &Permit, id: &DrsId, method: usize) -> Result<String, Problem> {
    let until = parts
        .gate
        .now()
        .plus(limits::CAPABILITY_LIFE)
        .min(permit.decided.decision.valid_until());
    let capability = PersonCapability {
        id: parts.gate.id(),
        holder: caller.person.digest.clone(),
        object: id.as_str().to_owned(),
        method,
        decision: permit.decided.id.clone(),
        until: until.unix(),
    };
    let sealed = parts
        .sealer
        .seal(Use::Person, &capability, parts.gate.nonce())
        .map_err(|_| {
            Problem::new(
                http::StatusCode::INTERNAL_SERVER_ERROR,
                "capability.seal",
                "the URL could not be made",
            )
        })?;
    Ok(format!("{}visum/data/{sealed}", parts.config.public_url))
}
