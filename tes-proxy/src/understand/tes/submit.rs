//! `POST /tasks`: understand, permit, enter as `submitting`, replace inputs, send, store the backend's id.

use std::{collections::BTreeMap, sync::Arc};

use audit_log::EventType;
use axum::{body::Body, response::Response};
use policy_engine::snapshot::Snapshot;

use crate::{
    api::{
        Incoming, json_body,
        tes::{Created, Task},
    },
    backend::BackendError,
    capability::{Capabilities, object_of, objects},
    gate::{Permit, Question},
    ownership::{Submission, stamp, submit},
    problem::{Api, Problem},
    proxy::{Parts, Proxy},
    router::json,
    store::Work,
    understand::{NotUnderstood, reference},
    withdrawal,
};

use super::{create::intent, io, mounted};

/// `POST`.
pub(crate) async fn post(proxy: &Proxy, incoming: &Incoming, body: Body) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    let (backend, mount) = mounted(parts)?;
    incoming.query(&[], &[])?;
    let caller = parts.required(incoming, Api::Tes, Vec::new()).await?;
    let task: Task = json_body(&incoming.headers, body).await?;
    let intent = Arc::new(intent(&task, mount)?);
    let permit = parts
        .gate
        .permit(&caller, EventType::TesCreateTask, Question::Intent(Arc::clone(&intent)))
        .await
        .map_err(|no| parts.remember(&caller, no.into()))?;
    let snapshot = permit.decided.engine.snapshot();
    let objects = objects(
        snapshot,
        intent.reads.iter().map(|read| (&read.data, read.place.as_str())),
    )?;
    let id = parts.gate.id();
    let request =
        serde_json::to_string(&task).map_err(|_| Problem::refused("request.body", "the task cannot be kept"))?;
    let name = task.name.clone().unwrap_or_default();
    let new = Submission {
        id: &id,
        kind: "task",
        service: &mount.service,
        objects: &objects,
        name: &name,
        request,
        session: None,
        walltime: None,
    };
    let capabilities = Capabilities::mint(
        parts,
        snapshot,
        &id,
        &objects,
        permit.decided.decision.valid_until(),
        None,
    )?;
    let work = submit(parts, &caller, &permit, new).await?;
    let outgoing = rewritten(parts, &task, &permit, &work, &capabilities)?;
    if let Err(no) = permit.still() {
        parts.works.close(&work.id, "CANCELED").await?;
        return Err(no.into());
    }
    match backend.create(&permit, &outgoing).await {
        Ok(created) => {
            withdrawal::accepted(proxy, &work, &created.id, "QUEUED").await?;
            json(&Created { id }, Some(permit.header()))
        }
        Err(error) => Err(unsent(parts, &work, error).await),
    }
}

/// A backend that refused has nothing; one that was silent may have it: the row stays and is looked for (10.3).
pub(crate) async fn unsent(parts: &Parts, work: &Work, error: BackendError) -> Problem {
    let definite = matches!(
        error,
        BackendError::Refused { .. }
            | BackendError::Later { .. }
            | BackendError::Unknown { .. }
            | BackendError::Setup { .. }
    );
    if definite && let Err(error) = parts.works.close(&work.id, "SYSTEM_ERROR").await {
        return error.into();
    }
    error.into()
}

/// The task as the backend gets it: our reading of it, capabilities for data, canonical sinks, our tags.
fn rewritten(
    parts: &Parts,
    task: &Task,
    permit: &Permit,
    work: &Work,
    capabilities: &Capabilities,
) -> Result<Task, Problem> {
    let snapshot = permit.decided.engine.snapshot();
    let mut task = with_capabilities(task, snapshot, capabilities)?;
    let datasets = permit.decided.decision.rests_on().datasets.iter().map(String::as_str);
    task.tags = Some(stamp(
        &parts.sealer,
        "tes",
        &work.owner,
        &work.decision,
        datasets,
        task.tags.as_ref(),
    ));
    if let Some(resources) = &mut task.resources
        && let Some(parameters) = &resources.backend_parameters
    {
        resources.backend_parameters = Some(
            parameters
                .iter()
                .map(|(key, value)| (key.to_ascii_lowercase(), value.clone()))
                .collect::<BTreeMap<_, _>>(),
        );
        resources.backend_parameters_strict = Some(true);
    }
    Ok(task)
}

/// Inputs by capability, outputs in their canonical spelling.
///
/// # Errors
/// A [`Problem`] where a reference has no capability, which the permit's own objects rule out.
pub(crate) fn with_capabilities(
    task: &Task,
    snapshot: &Snapshot,
    capabilities: &Capabilities,
) -> Result<Task, Problem> {
    let mut task = task.clone();
    for (at, input) in task.inputs.iter_mut().flatten().enumerate() {
        let Some(url) = &input.url else { continue };
        let place = format!("inputs[{at}].url");
        let data = reference::data(url).map_err(|refused| NotUnderstood::reference(&place, refused))?;
        let capability = object_of(snapshot, &data).and_then(|object| capabilities.url(&object).map(str::to_owned));
        input.url =
            Some(capability.ok_or_else(|| NotUnderstood::at(place, "task.input_unserved", "it has no capability"))?);
    }
    for (at, output) in task.outputs.iter_mut().flatten().enumerate() {
        output.url = io::target(&format!("outputs[{at}]"), output)?.to_string();
    }
    Ok(task)
}
