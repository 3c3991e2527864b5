//! `POST /tasks`: understand, permit, enter as `submitting`, replace inputs, send, store the backend's id.

use std::{collections::BTreeMap, sync::Arc};

use audit_log::{AboutKind, EventType};
use axum::{body::Body, response::Response};
use policy_engine::{intent::Intent, snapshot::Snapshot};

use crate::{
    api::{
        Incoming,
        tes::{Created, Task},
        wire_body,
    },
    backend::BackendError,
    capability::{Capabilities, object_of, objects},
    config::ComputeMount,
    gate::{Caller, Permit, Question},
    ownership::{RepeatName, Submission, Submitted, cap, digest, lasting, stamp, submit},
    problem::{Api, Problem},
    proxy::{Parts, Proxy},
    router::json,
    service::judged::count,
    session::{Wished, hushed, named, own_inputs, reach, still, whole, without_wishes},
    store::Work,
    understand::{NotUnderstood, redact, reference, trs},
    withdrawal,
};

use super::{
    Site, image, io, mounted,
    place::{another, chosen},
};

/// `POST`.
pub(crate) async fn post(proxy: &Proxy, incoming: &Incoming, body: Body) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    mounted(parts)?;
    incoming.query(&[], &[])?;
    let caller = parts.required(incoming, Api::Tes, Vec::new()).await?;
    let name = RepeatName::of(&incoming.headers)?;
    let mut task: Task = wire_body(&incoming.headers, body).await?;
    own_inputs(parts, &caller, &mut task)?;
    let wished = Wished::of(task.tags.as_ref())?;
    trs::ready(parts).await;
    let body = digest(&serde_json::to_vec(&task).unwrap_or_default());
    let sending = Sending {
        caller: &caller,
        task: &task,
        wished: &wished,
        name: name.as_ref(),
        body: &body,
    };
    let (mut site, mut intent) = chosen(parts, &caller, &task, &wished).await?;
    let mut tried = Vec::new();
    loop {
        let unheard = match sending.to(proxy, site, intent).await? {
            Ok(response) => return Ok(response),
            Err(unheard) => unheard,
        };
        // the next one is another decision, on record, and another row of the index
        tried.push(site);
        match another(parts, &caller, &task, &wished, &tried).await {
            Some(next) => (site, intent) = next,
            None => return Err(unheard),
        }
    }
}

/// A task on its way.
struct Sending<'s> {
    caller: &'s Caller,
    task: &'s Task,
    wished: &'s Wished,
    name: Option<&'s RepeatName>,
    body: &'s str,
}

impl Sending<'_> {
    /// Permit, row, backend. Within, what is told if the backend certainly heard nothing.
    async fn to(
        &self,
        proxy: &Proxy,
        Site { backend, mount }: Site<'_>,
        intent: Arc<Intent>,
    ) -> Result<Result<Response, Problem>, Problem> {
        let (parts, caller) = (&*proxy.0, self.caller);
        let asked = Ask {
            kind: EventType::TesCreateTask,
            intent: Arc::clone(&intent),
            place: mount,
        };
        let permit = permitted(parts, caller, asked, self.body).await?;
        let snapshot = permit.decided.engine.snapshot();
        let objects = objects(snapshot, named(&intent))?;
        let reach = reach(&intent, &objects);
        let (id, now) = (parts.gate.id(), parts.gate.now());
        let cap = cap(now, self.wished.walltime);
        let request = hushed(parts, caller, kept(self.task)?);
        let title = redact::text(self.task.name.as_deref().unwrap_or_default());
        let new = Submission {
            id: &id,
            kind: "task",
            backend: mount.key("task"),
            service: &mount.service,
            objects: &reach,
            name: &title,
            request,
            session: caller.scope.as_ref().map(|session| session.work.id.as_str()),
            whole: whole(&intent),
            until: lasting(caller, &permit.decided, &intent, now),
            cap,
            named: self.name.map(|name| name.with(self.body)),
        };
        let capabilities = Capabilities::mint(parts, snapshot, &id, &objects, cap)?;
        let work = match submit(parts, caller, &permit, new).await? {
            Submitted::New(work) => *work,
            Submitted::Before(id) => return json(&Created { id }, Some(permit.header())).map(Ok),
        };
        let outgoing = rewritten(parts, self.task, mount, &permit, &work, &capabilities)?;
        still(parts, caller, &work).await?;
        if let Err(no) = permit.still() {
            parts.works.close(&work.id, "CANCELED").await?;
            return Err(no.into());
        }
        match backend.create(&permit, &outgoing).await {
            Ok(created) => {
                withdrawal::accepted(proxy, &work, &created.id, "QUEUED").await?;
                json(&Created { id }, Some(permit.header())).map(Ok)
            }
            Err(error) => {
                let unheard = error.unheard();
                let problem = unsent(parts, &work, error).await;
                if unheard { Ok(Err(problem)) } else { Err(problem) }
            }
        }
    }
}

/// What is asked of the gate for new work.
pub(crate) struct Ask<'m> {
    /// What it is in the log.
    pub(crate) kind: EventType,
    /// All that it would do.
    pub(crate) intent: Arc<Intent>,
    /// Where.
    pub(crate) place: &'m ComputeMount,
}

/// Asks for a permit and puts the digest of the whole request on record: its words may hold secrets, and stay out.
///
/// # Errors
/// As the gate says.
pub(crate) async fn permitted(
    parts: &Parts,
    caller: &Caller,
    Ask { kind, intent, place }: Ask<'_>,
    whole: &str,
) -> Result<Permit, Problem> {
    let begun = parts
        .gate
        .begin_about(caller, kind, Question::Intent(intent), |event| {
            let event = event.about(AboutKind::Request, whole);
            // one of several is on record with its name
            if place.name.is_empty() {
                event
            } else {
                event.about(AboutKind::Service, place.name.as_str())
            }
        })
        .await;
    let recorded = match begun {
        Ok(recording) => recording.durable().await,
        Err(no) => Err(no),
    };
    match recorded {
        Ok(permit) => Ok(permit),
        Err(no) => {
            let mut problem = Problem::from(no);
            // a purpose that was not permitted is one that was tried, wherever it was tried
            if let Some(aim) = problem.denial.aim.take() {
                let door = if kind == EventType::WesRunWorkflow {
                    "wes"
                } else {
                    "tes"
                };
                count(parts, aim.by(caller.person.identity.clone(), door)).await?;
            }
            Err(parts.remember(caller, problem))
        }
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
            | BackendError::Unreached { .. }
            | BackendError::Open { .. }
    );
    if definite && let Err(error) = parts.works.close(&work.id, "SYSTEM_ERROR").await {
        return error.into();
    }
    error.into()
}

/// What is kept of a request, to be shown again: the caller's own words without the secrets in them.
///
/// # Errors
/// 400 if it cannot be written.
pub(crate) fn kept<T: serde::Serialize>(request: &T) -> Result<String, Problem> {
    serde_json::to_value(request)
        .and_then(|request| serde_json::to_string(&redact::value(request)))
        .map_err(|_| Problem::refused("request.body", "the request cannot be kept"))
}

/// The task as the backend gets it: our reading of it, capabilities for data, canonical sinks, our tags.
fn rewritten(
    parts: &Parts,
    task: &Task,
    mount: &ComputeMount,
    permit: &Permit,
    work: &Work,
    capabilities: &Capabilities,
) -> Result<Task, Problem> {
    let snapshot = permit.decided.engine.snapshot();
    let mut task = with_capabilities(task, mount, snapshot, capabilities)?;
    let datasets = permit.decided.decision.rests_on().datasets.iter().map(String::as_str);
    task.tags = Some(stamp(
        &parts.sealer,
        &format!("tes {}", mount.backend.base),
        &work.owner,
        &work.decision,
        datasets,
        without_wishes(task.tags.as_ref()).as_ref(),
    ));
    if let Some(resources) = &mut task.resources
        && let Some(parameters) = &resources.backend_parameters
    {
        // what a backend does with keys that it does not know is not left to the caller
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
    mount: &ComputeMount,
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
    for (at, executor) in task.executors.iter_mut().enumerate() {
        // with its registry, so that no backend looks for it elsewhere
        let image = image::named(&format!("executors[{at}]"), executor, mount)?;
        executor.image = image.to_string();
    }
    for (at, output) in task.outputs.iter_mut().flatten().enumerate() {
        output.url = io::target(&format!("outputs[{at}]"), output)?.to_string();
    }
    Ok(task)
}
