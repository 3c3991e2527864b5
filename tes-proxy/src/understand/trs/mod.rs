//! TRS 2.0.1: tools and workflows, their versions and files; and what of them pins the code of tasks and runs.

mod certified;
mod cwl;
pub(crate) mod descriptor;
mod outward;
mod pin;
mod place;
pub(crate) mod service_info;
pub(crate) mod tools;
mod yaml;

use std::sync::Arc;

use audit_log::{AboutKind, EventType};
use policy_engine::intent::{Action, Intent, ToolRef};

pub(crate) use certified::ready;
pub(crate) use pin::{Pinned, pinned};
use place::Place;

use crate::{
    api::{Incoming, Segment},
    backend::{Told, TrsBackend},
    config::TrsMount,
    gate::{Caller, Permit, Question},
    operation::trs_base,
    problem::{Api, Problem},
    proxy::Parts,
};

/// What is asked of a server for JSON.
const JSON: &str = "application/json";

/// The TRS of this node.
///
/// # Errors
/// 404 where there is none.
pub(crate) fn mounted(parts: &Parts) -> Result<(&TrsBackend, &TrsMount), Problem> {
    match (&parts.trs, &parts.config.trs) {
        (Some(backend), Some(mount)) => Ok((backend, mount)),
        _ => Err(Problem::new(
            http::StatusCode::NOT_FOUND,
            "request.route",
            "this node has no TRS",
        )),
    }
}

/// The segments behind the base, whichever of its names was used.
fn rest(incoming: &Incoming) -> &[Segment] {
    let base = trs_base(&incoming.segments).unwrap_or_default();
    incoming.segments.get(base..).unwrap_or_default()
}

/// The registry, or a tool or version in it, as policies know it.
fn tool(mount: &TrsMount, place: Option<&Place>) -> ToolRef {
    let registry = Place::registry(&mount.uri_host);
    let (id, within) = match place {
        None => (registry, Vec::new()),
        Some(place) => {
            let whole = Place {
                tool: place.tool.clone(),
                ..Place::default()
            };
            let name = whole.name(&mount.uri_host);
            match place.version {
                None => (name, vec![registry]),
                Some(_) => (place.name(&mount.uri_host), vec![name, registry]),
            }
        }
    };
    ToolRef {
        id,
        pinned: false,
        public: mount.public,
        within,
    }
}

/// The question whether somebody may read a tool.
fn question(tool: ToolRef) -> Question {
    let mut intent = Intent::new(Action::TrsRead);
    intent.tool = Some(tool);
    Question::Intent(Arc::new(intent))
}

/// What a request asks the registry for.
struct Ask<'a> {
    kind: EventType,
    tool: ToolRef,
    path: &'a str,
    query: &'a [(&'a str, &'a str)],
    accept: &'static str,
}

/// Decides, records, and asks the registry.
///
/// # Errors
/// The denial, or what the backend says.
async fn ask(parts: &Parts, caller: &Caller, ask: Ask<'_>) -> Result<(Told, Permit), Problem> {
    let (backend, _) = mounted(parts)?;
    let name = ask.tool.id.clone();
    let recording = parts
        .gate
        .begin_about(caller, ask.kind, question(ask.tool), |event| {
            event.about(AboutKind::Tool, name.as_str())
        })
        .await
        .map_err(|no| parts.remember(caller, no.into()))?;
    let told = backend.read(&recording, ask.path, ask.query, ask.accept).await;
    let permit = recording.durable().await.map_err(Problem::from)?;
    Ok((told?, permit))
}

/// The caller of a route of this API.
async fn caller(parts: &Parts, incoming: &Incoming) -> Result<Caller, Problem> {
    parts.required(incoming, Api::Trs, Vec::new()).await
}
