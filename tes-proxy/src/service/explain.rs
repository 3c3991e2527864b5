//! `POST /visum/v1/explain`: would this be permitted to me, and why (not)? Nothing is given, and it is on record (E82).

use std::sync::Arc;

use audit_log::{EventType, Outcome};
use axum::{body::Body, response::Response};
use policy_engine::intent::{Action, DataRef, DrsId, Intent, ObjectRef};
use serde::Deserialize;
use serde_json::json;

use crate::{
    api::{Incoming, json_body},
    gate::{Question, decided_event},
    problem::{Api, Problem},
    proxy::{Parts, Proxy},
    router,
};

/// The question.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    dataset: Option<String>,
    /// A DRS id of this node, or a `drs://` reference.
    #[serde(default)]
    object: Option<String>,
    /// `download`, `describe`, `compute`, `run`, or the Cedar action.
    action: String,
}

/// `POST`.
pub(crate) async fn post(proxy: &Proxy, incoming: &Incoming, body: Body) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    incoming.query(&[], &[])?;
    let caller = parts.required(incoming, Api::Own, Vec::new()).await?;
    let asked: Asked = json_body(&incoming.headers, body).await?;
    let mut intent = Intent::new(action(&asked.action)?);
    if intent.action == Action::TesCreate {
        intent.service = parts.config.tes.as_ref().map(|mount| mount.service.clone());
    } else if intent.action == Action::WesCreate {
        intent.service = parts.config.wes.as_ref().map(|mount| mount.compute.service.clone());
    }
    let _ = intent.read(data(&asked)?, "");
    let decided = parts.gate.decide(&caller, &Question::Intent(Arc::new(intent)));
    let event = decided_event(EventType::Decision, &caller, &decided);
    let receipt = if event.outcome() == Outcome::Denied {
        match parts.gate.writer.note_denied(event).await {
            Ok(noted) if noted.too_many() => {
                return Err(Problem {
                    retry_after: Some(60),
                    ..Problem::new(
                        http::StatusCode::TOO_MANY_REQUESTS,
                        "gate.too_many_denials",
                        "the same was asked too often in this minute",
                    )
                });
            }
            Ok(noted) => noted.receipt().header_value(),
            Err(_) => return Err(crate::gate::NoPermit::Unrecorded.into()),
        }
    } else {
        parts
            .gate
            .writer
            .append(event)
            .await
            .map_err(|_| Problem::from(crate::gate::NoPermit::Unrecorded))?
            .header_value()
    };
    router::json(&answer(parts, &decided), Some(receipt))
}

fn action(word: &str) -> Result<Action, Problem> {
    match word {
        "describe" | "drs:describe" => Ok(Action::DrsDescribe),
        "download" | "drs:access-url" => Ok(Action::DrsAccessUrl),
        "stream" | "drs:stream" => Ok(Action::DrsStream),
        "compute" | "tes:create" | "tes:use-input" => Ok(Action::TesCreate),
        "run" | "wes:create" | "wes:use-input" => Ok(Action::WesCreate),
        _ => Err(Problem::refused(
            "explain.action",
            "`action` is describe, download, stream, compute or run",
        )),
    }
}

fn data(asked: &Asked) -> Result<DataRef, Problem> {
    let fault = |sentence: String| Problem::refused("explain.data", sentence);
    match (&asked.dataset, &asked.object) {
        (Some(dataset), None) if dataset.len() <= 1_024 => Ok(DataRef::Dataset(dataset.clone())),
        (None, Some(object)) if object.contains("://") => ObjectRef::parse(object)
            .map(DataRef::Object)
            .map_err(|refused| fault(refused.to_string())),
        (None, Some(object)) => DrsId::decoded(object)
            .map(DataRef::local)
            .map_err(|refused| fault(refused.to_string())),
        _ => Err(fault("say either `dataset` or `object`".to_owned())),
    }
}

/// The decision in words; of the consent engine only what may be told to the one asking.
fn answer(parts: &Parts, decided: &crate::gate::Decided) -> serde_json::Value {
    let decision = &decided.decision;
    let purpose = decision
        .purpose()
        .and_then(|purpose| serde_json::to_value(purpose).ok());
    json!({
        "decision_id": decided.id,
        "node": parts.config.node,
        "allow": decision.allow(),
        "action": decision.action().name(),
        "code": decision.code(),
        "reasons": decision.reasons(),
        "grounds": decision.grounds(),
        "obligations": serde_json::to_value(decision.obligations()).unwrap_or_default(),
        "duties": decision.duties(),
        "valid_until": decision.valid_until(),
        "snapshot": decision.snapshot(),
        "purpose": purpose,
    })
}
