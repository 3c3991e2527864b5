//! `POST /visum/v1/explain`: who, what, for what, when → the decision, what is behind it, and what would turn it.

mod missing;

use axum::{body::Body, response::Response};
use policy_engine::{
    consent::ResearchPurpose,
    decide::Engine,
    intent::{Action, DataRef, DrsId, Intent, ObjectRef},
    snapshot::DatasetMode,
};
use serde::Deserialize;
use visa_verifier::seam::Timestamp;

use super::{
    judged::{self, How},
    told::told,
};
use crate::{
    api::{Incoming, json_body},
    gate::Caller,
    problem::{Api, Problem},
    proxy::{Parts, Proxy},
    router,
    understand::choice::at_place,
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
    /// `download`, `describe`, `compute`, `run`, or the Cedar action. Absent: how the dataset may be used, and then the
    /// answer tells what is missing, by area.
    #[serde(default)]
    action: Option<String>,
    /// What for; absent: the recorded one, else one's default.
    #[serde(default)]
    purpose: Option<ResearchPurpose>,
    /// When; absent: now.
    #[serde(default)]
    at: Option<Timestamp>,
}

/// `POST`.
pub(crate) async fn post(proxy: &Proxy, incoming: &Incoming, body: Body) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    let full = judged::full(&incoming.query(&["explain"], &[])?)?;
    let caller = parts.required(incoming, Api::Own, Vec::new()).await?;
    let asked: Asked = json_body(&incoming.headers, body).await?;
    let data = data(&asked)?;
    let action = match &asked.action {
        Some(word) => action(word)?,
        None => usual(parts, &caller, &data),
    };
    let mut intent = Intent::new(action);
    intent.purpose = stated(asked.purpose)?;
    let _ = intent.read(data, "");
    let intent = at_place(parts, &caller, intent);
    let how = How {
        door: "explain",
        full,
        at: asked.at,
    };
    let judged = judged::judge(parts, &caller, intent, how).await?;
    let mut answer = told(parts, &caller, &judged);
    if asked.action.is_none()
        && let Some(members) = answer.as_object_mut()
        && let Some(passport) = caller.person.passport()
    {
        let missing = missing::checks(passport, &judged, asked.dataset.as_deref());
        members.insert("checks".to_owned(), serde_json::json!(missing));
    }
    parts.keep_page(&caller, &judged.id, &answer);
    router::json(&answer, Some(judged.receipt))
}

/// A purpose that somebody states; papers of ethics boards come from the broker's record alone.
///
/// # Errors
/// 400 for one that brings papers.
pub(crate) fn stated(purpose: Option<ResearchPurpose>) -> Result<Option<ResearchPurpose>, Problem> {
    if purpose.as_ref().is_some_and(|purpose| !purpose.ethics.is_empty()) {
        return Err(Problem::refused(
            "explain.ethics",
            "`purpose.ethics` comes from the broker's record; leave it out",
        ));
    }
    Ok(purpose)
}

/// The action that a word means.
///
/// # Errors
/// 400 for another word.
pub(crate) fn action(word: &str) -> Result<Action, Problem> {
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

/// How a dataset is used where nobody says: computed on where it may not leave. Of one that the caller may not know,
/// as of one that is not there, nothing is looked at.
fn usual(parts: &Parts, caller: &Caller, data: &DataRef) -> Action {
    let engine = parts.gate.current.load();
    let facts = caller.facts(engine.snapshot());
    match data {
        DataRef::Dataset(id) if engine.may_know(&facts, id, parts.gate.now()) => of_mode(&engine, id),
        DataRef::Object(_) | DataRef::Storage(_) | DataRef::Dataset(_) => Action::DrsAccessUrl,
    }
}

/// How a dataset may be used.
pub(crate) fn of_mode(engine: &Engine, dataset: &str) -> Action {
    match engine.dataset(dataset).map(|record| record.mode) {
        Some(DatasetMode::ComputeOnly) => Action::TesCreate,
        Some(DatasetMode::Download) | None => Action::DrsAccessUrl,
    }
}

/// An object by its id or address.
///
/// # Errors
/// 400 for what is no reference.
pub(crate) fn object(text: &str) -> Result<DataRef, Problem> {
    let fault = |sentence: String| Problem::refused("explain.data", sentence);
    if text.contains("://") {
        ObjectRef::parse(text)
            .map(DataRef::Object)
            .map_err(|refused| fault(refused.to_string()))
    } else {
        DrsId::decoded(text)
            .map(DataRef::local)
            .map_err(|refused| fault(refused.to_string()))
    }
}

fn data(asked: &Asked) -> Result<DataRef, Problem> {
    match (&asked.dataset, &asked.object) {
        (Some(dataset), None) if dataset.len() <= 1_024 => Ok(DataRef::Dataset(dataset.clone())),
        (None, Some(text)) => object(text),
        _ => Err(Problem::refused("explain.data", "say either `dataset` or `object`")),
    }
}
