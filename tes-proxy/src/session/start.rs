//! `POST /visum/v1/sessions`: decided like a task of all its datasets, images and sinks; then its row, its token and its
//! S3 keys (`apis.md` 10.1).

use std::sync::Arc;

use audit_log::EventType;
use axum::{body::Body, response::Response};
use http::StatusCode;
use policy_engine::{
    consent::ResearchPurpose,
    intent::{Action, Image, Intent, StorageUrl},
    snapshot::DatasetMode,
};
use serde::Deserialize;
use serde_json::{Value, json};
use visa_verifier::seam::Timestamp;

use crate::{
    api::{Incoming, json_body},
    gate::{Caller, Permit, Question},
    limits,
    ownership::{Basis, cap, lasting, latest},
    problem::{Api, Problem},
    proxy::{Parts, Proxy},
    router,
    service::{judged, told::told},
    storage::guarded,
    store::{Phase, StoreError, Work},
    understand::{NotUnderstood, choice::at_place, tes::mounted},
};

use super::{
    spec::{INPUTS, Session, SessionAction, Spec, scratch},
    token,
};

/// What a session is asked for with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// Dataset ids or short names.
    datasets: Vec<String>,
    /// Images that its tasks may run.
    #[serde(default)]
    images: Vec<String>,
    /// Prefixes that its tasks may write to.
    #[serde(default)]
    out: Vec<String>,
    /// What its token may be used for; none: everything that such tokens may.
    #[serde(default)]
    actions: Vec<SessionAction>,
    /// What for.
    #[serde(default)]
    purpose: Option<ResearchPurpose>,
    /// The group that the work is done for.
    #[serde(default)]
    project: Option<String>,
    /// Its life, if it shall be shorter than it may be.
    #[serde(default)]
    pub(super) hours: Option<u32>,
    /// Would it be permitted? Nothing is started.
    #[serde(default)]
    pub(super) dry_run: bool,
}

/// Names in one request.
const NAMES: usize = 100;

/// `POST`.
pub(crate) async fn post(proxy: &Proxy, incoming: &Incoming, body: Body) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    incoming.query(&[], &[])?;
    let caller = parts.required(incoming, Api::Own, Vec::new()).await?;
    let asked: Asked = json_body(&incoming.headers, body).await?;
    if asked.dry_run {
        let spec = understood(parts, asked)?;
        let intent = intent(parts, &caller, &spec)?;
        return dry(parts, &caller, intent).await;
    }
    let new = begin(parts, &caller, asked).await?;
    let mut response = router::json(&started(parts, &new)?, Some(new.permit.header()))?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// A session that lives, with the permit that it began with.
pub(super) struct New {
    pub(super) work: Work,
    pub(super) spec: Spec,
    permit: Permit,
}

impl New {
    /// When its token ends at the latest.
    pub(super) fn cap(&self) -> i64 {
        latest(&self.work)
    }

    /// Its token, until its end.
    pub(super) fn token(&self, parts: &Parts) -> String {
        let now = parts.gate.now().unix();
        token::make(&parts.config, &parts.door_keys, &self.work.id, now, latest(&self.work))
    }
}

/// Decides, records, enters.
pub(super) async fn begin(parts: &Parts, caller: &Caller, asked: Asked) -> Result<New, Problem> {
    let hours = asked.hours;
    let spec = understood(parts, asked)?;
    let intent = intent(parts, caller, &spec)?;
    let permit = parts
        .gate
        .begin_about(
            caller,
            EventType::SessionStart,
            Question::Intent(Arc::new(intent.clone())),
            |event| event,
        )
        .await
        .map_err(|no| parts.remember(caller, no.into()))?
        .durable()
        .await
        .map_err(Problem::from)?;
    let (work, spec) = enter(parts, caller, &permit, &intent, spec, hours).await?;
    if let Err(no) = permit.still() {
        parts.works.close(&work.id, "CANCELED").await?;
        return Err(no.into());
    }
    Ok(New { work, spec, permit })
}

/// The declaration, strictly.
fn understood(parts: &Parts, asked: Asked) -> Result<Spec, Problem> {
    let engine = parts.gate.current.load();
    if asked.datasets.is_empty() {
        return Err(Problem::refused(
            "session.datasets",
            "`datasets` names none; a session is of the datasets that its tasks will use",
        ));
    }
    let most = asked.datasets.len().max(asked.images.len()).max(asked.out.len());
    if most.max(asked.actions.len()) > NAMES {
        return Err(Problem::refused(
            "session.datasets",
            format!("more than {NAMES} datasets, images or outputs are named; start two sessions"),
        ));
    }
    if asked.hours == Some(0) {
        return Err(Problem::refused(
            "session.hours",
            "`hours` is 0; a session lives for at least one",
        ));
    }
    let mut spec = Spec {
        datasets: Vec::new(),
        images: Vec::new(),
        sinks: Vec::new(),
        actions: asked.actions,
        project: asked.project,
        purpose: asked.purpose,
        compute_only: false,
        any_code: false,
    };
    for name in asked.datasets {
        // an unknown name goes on as it is: the engine tells it like one that the caller may not know of
        let id = engine
            .dataset_named(&name)
            .map_or(name, |record| record.id().to_owned());
        if !spec.datasets.contains(&id) {
            spec.datasets.push(id);
        }
    }
    for (at, text) in asked.images.iter().enumerate() {
        spec.images
            .push(Image::parse(text).map_err(|refused| NotUnderstood::reference(format!("images[{at}]"), refused))?);
    }
    for (at, text) in asked.out.iter().enumerate() {
        let text = if text.ends_with('/') {
            text.clone()
        } else {
            format!("{text}/")
        };
        let url =
            StorageUrl::parse(&text).map_err(|refused| NotUnderstood::reference(format!("out[{at}]"), refused))?;
        spec.sinks.push(url);
    }
    Ok(spec)
}

/// The whole of what tasks of the session could do.
fn intent(parts: &Parts, caller: &Caller, spec: &Spec) -> Result<Intent, Problem> {
    mounted(parts)?;
    let engine = parts.gate.current.load();
    let facts = caller.facts(engine.snapshot());
    let many = |_| Problem::refused("session.datasets", "the session would reach too much; start two");
    let mut intent = Intent::new(Action::TesCreate);
    intent.purpose.clone_from(&spec.purpose);
    intent.project.clone_from(&spec.project);
    for (at, dataset) in spec.datasets.iter().enumerate() {
        for data in super::reads::reads(&engine, &facts, dataset, parts.gate.now()) {
            intent.read(data, format!("datasets[{at}]")).map_err(many)?;
        }
    }
    for image in &spec.images {
        intent.run(image.clone()).map_err(many)?;
    }
    for (at, sink) in spec.sinks.iter().enumerate() {
        intent.write(sink.clone(), format!("out[{at}]")).map_err(many)?;
    }
    Ok(at_place(parts, caller, intent))
}

/// `--dry-run`: all that is missing, at once; counted and recorded as each question is.
async fn dry(parts: &Parts, caller: &Caller, intent: Intent) -> Result<Response, Problem> {
    let how = judged::How {
        door: "session",
        full: false,
        at: None,
    };
    let judged = judged::judge(parts, caller, intent, how).await?;
    let answer = told(parts, caller, &judged);
    parts.keep_page(caller, &judged.id, &answer);
    router::json(&answer, Some(judged.receipt))
}

/// Writes the row: alive from now on.
async fn enter(
    parts: &Parts,
    caller: &Caller,
    permit: &Permit,
    intent: &Intent,
    mut spec: Spec,
    hours: Option<u32>,
) -> Result<(Work, Spec), Problem> {
    let now = parts.gate.now();
    let (engine, decision) = (&permit.decided.engine, &permit.decided.decision);
    for id in &spec.datasets {
        let mode = engine.dataset(id).map(|record| record.mode);
        guarded(parts, mode)?;
        spec.compute_only |= mode != Some(DatasetMode::Download);
    }
    alone(parts, &spec, now).await?;
    let fault = || StoreError::Inconsistent { column: "basis" };
    let kept = caller.facts(engine.snapshot()).keep(decision).ok_or_else(fault)?;
    spec.purpose = kept.purpose().cloned();
    let walltime = hours.map(|hours| hours.saturating_mul(3_600));
    let cap = cap(now, walltime);
    let until = lasting(caller, &permit.decided, intent, now).min(cap);
    let id = parts.gate.id();
    let text = |value: Result<String, serde_json::Error>| value.map_err(|_| fault());
    let duties = decision
        .duties()
        .iter()
        .map(|duty| duty.kind.name().to_owned())
        .collect();
    let objects: Vec<String> = Vec::new();
    let work = Work {
        id: id.clone(),
        seq: parts.next_seq(),
        kind: "session".to_owned(),
        backend: "session".to_owned(),
        backend_id: None,
        owner: caller.owner(),
        service: intent.service.clone().ok_or_else(fault)?,
        phase: Phase::Submitting,
        state: "RUNNING".to_owned(),
        withdrawn: None,
        decision: permit.decided.id.clone(),
        datasets: text(serde_json::to_string(&spec.datasets))?,
        objects: text(serde_json::to_string(&objects))?,
        basis: text(serde_json::to_string(&Basis {
            kept,
            duties,
            whole: spec.datasets.clone(),
            cap: Some(cap.unix()),
        }))?,
        name: String::new(),
        request: text(serde_json::to_string(&spec))?,
        created_at: now.unix(),
        confirmed_at: now.unix(),
        expires_at: until.unix(),
        session: None,
    };
    parts.works.submit(&work, None).await?;
    let work = parts
        .works
        .accepted(&id, &id, "RUNNING", now.unix())
        .await?
        .ok_or_else(fault)?;
    Ok((work, spec))
}

/// A sink prefix belongs to one session (E30): else its lineage would be the union of everybody's datasets.
async fn alone(parts: &Parts, spec: &Spec, now: Timestamp) -> Result<(), Problem> {
    if spec.sinks.is_empty() {
        return Ok(());
    }
    for row in parts
        .works
        .live()
        .await?
        .into_iter()
        .filter(|row| row.kind == "session")
    {
        let other = Session::of(row)?;
        let taken = other.lives(now.unix())
            && spec.sinks.iter().any(|sink| {
                let mut others = other.spec.sinks.iter();
                others.any(|one| sink.is_under(one) || one.is_under(sink))
            });
        if taken {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "session.sink_taken",
                "another session writes to this place, above or below it; name a folder of your own",
            ));
        }
    }
    Ok(())
}

/// What its person gets, once.
fn started(parts: &Parts, new: &New) -> Result<Value, Problem> {
    let New {
        work: session,
        spec,
        permit,
    } = new;
    let fault = |_| {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "session.keys",
            "the session's keys could not be made",
        )
    };
    // they outlive what the session rests on now: whether it lives is looked up at each use
    let cap = latest(session);
    let pair = parts.door_keys.pair(&session.id, cap).map_err(fault)?;
    let engine = &permit.decided.engine;
    let inputs: Vec<Value> = spec
        .datasets
        .iter()
        .map(|id| json!({ "dataset": id, "url": format!("s3://{INPUTS}/{}/", folder(engine, id)) }))
        .collect();
    Ok(json!({
        "id": session.id,
        "datasets": spec.datasets,
        "actions": spec.actions,
        "purpose": spec.purpose,
        "until": Timestamp::from_unix(session.expires_at),
        "renewed_until": Timestamp::from_unix(cap),
        "decision_id": session.decision,
        "token": new.token(parts),
        "token_type": "Bearer",
        "tes": format!("{}ga4gh/tes/v1", parts.config.public_url),
        "wes": format!("{}ga4gh/wes/v1", parts.config.public_url),
        "s3": {
            "endpoint": parts.config.door_url.as_str().trim_end_matches('/'),
            "region": limits::S3_REGION,
            "access_key_id": pair.id,
            "secret_access_key": pair.secret,
            "scratch": format!("s3://{}/", scratch(&session.id)),
            "inputs": inputs,
        },
    }))
}

/// The folder of a dataset among the inputs: its short name.
pub(crate) fn folder(engine: &policy_engine::decide::Engine, dataset: &str) -> String {
    let short = engine.dataset(dataset).map(|record| record.short_name.clone());
    let plain = |text: &String| {
        let letters = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        !text.is_empty() && letters && text != "." && text != ".."
    };
    short.filter(plain).unwrap_or_else(|| {
        let digest = ring::digest::digest(&ring::digest::SHA256, dataset.as_bytes());
        digest
            .as_ref()
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    })
}
