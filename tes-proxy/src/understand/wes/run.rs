//! `POST /runs`: understand all of it, permit, enter as `submitting`, replace data by capabilities, send.

use std::{collections::BTreeMap, sync::Arc};

use audit_log::EventType;
use axum::{body::Body, response::Response};
use http::header;
use visa_verifier::seam::Timestamp;

use crate::{
    api::{
        Incoming, body as read_body,
        multipart::Part,
        wes::{RunId, RunRequest},
    },
    capability::{Capabilities, objects},
    config::{Reading, WesMount},
    gate::Permit,
    ownership::{RepeatName, Submission, Submitted, cap, digest, lasting, stamp, submit},
    problem::{Api, Problem},
    proxy::{Parts, Proxy},
    router::json,
    session::{Spec, Wished, bounds, hushed, named, parameters, reach, still, whole},
    store::Work,
    understand::tes::submit::{Ask, kept as words, permitted, unsent, with_capabilities},
    withdrawal,
};

use super::{
    Site,
    form::{self, Form},
    mounted,
    place::{chosen, longest},
    tasks_json, workflow,
};

/// `POST`.
pub(crate) async fn post(proxy: &Proxy, incoming: &Incoming, body: Body) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    mounted(parts)?;
    incoming.query(&[], &[])?;
    let caller = parts.required(incoming, Api::Wes, Vec::new()).await?;
    let name = RepeatName::of(&incoming.headers)?;
    let bytes = read_body(&incoming.headers, body, &["multipart/form-data"], longest(parts)).await?;
    let content_type = incoming
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let (wished, pieces) = (Wished::default(), form::pieces(content_type, &bytes)?);
    let (Site { backend, mount }, form, intent) = chosen(parts, &caller, pieces, Some(&wished)).await?;
    let said = said(&form);
    let asked = Ask {
        kind: EventType::WesRunWorkflow,
        intent: Arc::clone(&intent),
        place: &mount.compute,
    };
    let permit = permitted(parts, &caller, asked, &digest(&bytes)).await?;
    let snapshot = permit.decided.engine.snapshot();
    let objects = objects(snapshot, named(&intent))?;
    let reach = reach(&intent, &objects);
    let (id, now) = (parts.gate.id(), parts.gate.now());
    let cap = cap(now, None);
    let kept = Kept {
        request: form.request.clone(),
        writes: intent.writes.iter().map(|write| write.url.to_string()).collect(),
        bounds: match &form.kind.run_token {
            Some(_) => Some(bounds(&caller, &permit, intent.project.clone())?),
            None => None,
        },
    };
    let request = hushed(parts, &caller, words(&kept)?);
    let new = Submission {
        id: &id,
        kind: "run",
        backend: mount.compute.key("run"),
        service: &mount.compute.service,
        objects: &reach,
        name: &form.request.workflow_url,
        request,
        session: caller.scope.as_ref().map(|session| session.work.id.as_str()),
        whole: whole(&intent),
        until: lasting(&caller, &permit.decided, &intent, now),
        cap,
        named: name.as_ref().map(|name| name.with(&said)),
    };
    let capabilities = Capabilities::mint(parts, snapshot, &id, &objects, cap)?;
    let mut outgoing = rewritten(parts, (&form, mount), &permit, &caller.owner(), &capabilities)?;
    outgoing.extend(engine(parts, &form, &id, cap)?);
    let work = match submit(parts, &caller, &permit, new).await? {
        Submitted::New(work) => *work,
        Submitted::Before(run_id) => return json(&RunId { run_id }, Some(permit.header())),
    };
    still(parts, &caller, &work).await?;
    if let Err(no) = permit.still() {
        parts.works.close(&work.id, "CANCELED").await?;
        return Err(no.into());
    }
    send(proxy, backend, &permit, &work, &outgoing).await?;
    json(&RunId { run_id: id }, Some(permit.header()))
}

/// Digest of what a request says, whatever boundary lay between its parts.
fn said(form: &Form<'_>) -> String {
    let files: Vec<_> = form
        .attachments
        .iter()
        .map(|file| (&file.name, digest(&file.bytes)))
        .collect();
    digest(&serde_json::to_vec(&(&form.request, files)).unwrap_or_default())
}

/// What the index keeps of a run.
#[derive(Debug, serde::Deserialize, serde::Serialize)]
pub(crate) struct Kept {
    /// The caller's own words.
    pub(crate) request: RunRequest,
    /// The sinks that were permitted.
    pub(crate) writes: Vec<String>,
    /// The bounds of its engine's tasks, where the engine is given a credential of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bounds: Option<Spec>,
}

async fn send(
    proxy: &Proxy,
    backend: &crate::backend::WesBackend,
    permit: &Permit,
    work: &Work,
    outgoing: &[Part],
) -> Result<(), Problem> {
    let parts = &*proxy.0;
    let boundary = format!(
        "visum-{}",
        visa_verifier::seam::token(&*parts.gate.random, 18).replace('_', ".")
    );
    match backend.run(permit, outgoing, &boundary).await {
        Ok(run) => withdrawal::accepted(proxy, work, &run.run_id, "QUEUED").await,
        Err(error) => Err(unsent(parts, work, error).await),
    }
}

fn text(name: &str, text: String) -> Part {
    Part {
        name: name.to_owned(),
        file: None,
        bytes: text.into_bytes(),
    }
}

/// What the backend is told of its engine: which, its parameters, and among them the credential of the run, which stands
/// nowhere else.
fn engine(parts: &Parts, form: &Form<'_>, id: &str, cap: Timestamp) -> Result<Vec<Part>, Problem> {
    let mut outgoing = Vec::new();
    if let Some(engine) = &form.kind.engine {
        outgoing.push(text("workflow_engine", engine.name.clone()));
        if let Some(version) = &engine.version {
            outgoing.push(text("workflow_engine_version", version.clone()));
        }
    }
    let mut all = form.request.workflow_engine_parameters.clone();
    if let Some(rules) = &form.kind.run_token {
        all.extend(parameters(parts, rules, id, cap).map(|(name, value)| (name.clone(), value)));
    }
    if !all.is_empty() {
        let all =
            serde_json::to_string(&all).map_err(|_| Problem::refused("request.body", "a part cannot be written"))?;
        outgoing.push(text("workflow_engine_parameters", all));
    }
    Ok(outgoing)
}

/// The request as the backend gets it: our reading of it, every part written anew.
fn rewritten(
    parts: &Parts,
    (form, mount): (&Form<'_>, &WesMount),
    permit: &Permit,
    owner: &str,
    capabilities: &Capabilities,
) -> Result<Vec<Part>, Problem> {
    let snapshot = permit.decided.engine.snapshot();
    let request = &form.request;
    let datasets = permit.decided.decision.rests_on().datasets.iter().map(String::as_str);
    // a server may act on a tag by its name: the caller's have a place of their own
    let own: BTreeMap<String, String> = request
        .tags
        .iter()
        .map(|(key, value)| (format!("user.{key}"), value.clone()))
        .collect();
    let tags: BTreeMap<String, String> = stamp(
        &parts.sealer,
        &format!("wes {}", mount.compute.backend.base),
        owner,
        &permit.decided.id,
        datasets,
        Some(&own),
    );
    let written = |value: Result<String, serde_json::Error>| {
        value.map_err(|_| Problem::refused("request.body", "a part cannot be written"))
    };
    let params = workflow::replaced(&request.workflow_params, snapshot, capabilities)?;
    let mut outgoing = vec![
        text("workflow_type", request.workflow_type.clone()),
        text("workflow_type_version", request.workflow_type_version.clone()),
        text("workflow_url", form.entry.clone()),
        text("workflow_params", written(serde_json::to_string(&params))?),
        text("tags", written(serde_json::to_string(&tags))?),
    ];
    match form.kind.reading {
        Reading::Tasks => {
            let tasks = tasks_json::tasks(form)?
                .iter()
                .map(|task| with_capabilities(task, &mount.compute, snapshot, capabilities))
                .collect::<Result<Vec<_>, _>>()?;
            outgoing.push(Part {
                name: "workflow_attachment".to_owned(),
                file: Some(form.entry.clone()),
                bytes: written(serde_json::to_string(&tasks))?.into_bytes(),
            });
        }
        Reading::Text => {
            outgoing.extend(form.attachments.iter().map(|attachment| Part {
                name: "workflow_attachment".to_owned(),
                file: Some(attachment.name.clone()),
                bytes: attachment.bytes.clone(),
            }));
        }
    }
    Ok(outgoing)
}
