//! What `can-i` is asked about, as the intent that its submission would have.

use std::{collections::BTreeMap, sync::Arc};

use policy_engine::{
    consent::ResearchPurpose,
    intent::{Action, DataRef, Image, Intent, StorageUrl},
    snapshot::DatasetMode,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use visa_verifier::seam::Timestamp;

use crate::{
    api::tes::Task,
    gate::Caller,
    limits,
    problem::Problem,
    proxy::Parts,
    service::explain::{action, object},
    understand::{
        NotUnderstood,
        choice::{Choice, at_place, decision},
        tes, trs,
        wes::{self, form::Attachment},
    },
};

/// The question.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// A TES task, as `POST /tasks` takes it.
    #[serde(default)]
    task: Option<Task>,
    /// A WES run request.
    #[serde(default)]
    run: Option<Run>,
    /// DRS ids or addresses.
    #[serde(default)]
    objects: Vec<String>,
    /// Datasets.
    #[serde(default)]
    datasets: Vec<String>,
    /// Where results would be written.
    #[serde(default)]
    outputs: Vec<String>,
    /// What would run.
    #[serde(default)]
    images: Vec<String>,
    /// `download`, `stream`, `compute`, `run`; absent: compute if something would run, be written or may not leave.
    #[serde(default)]
    action: Option<String>,
    /// What for.
    #[serde(default)]
    pub(super) purpose: Option<ResearchPurpose>,
    /// When.
    #[serde(default)]
    pub(super) at: Option<Timestamp>,
}

/// The parts of a run request as JSON, attachments as text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    workflow_type: String,
    workflow_type_version: String,
    workflow_url: String,
    #[serde(default)]
    workflow_params: Map<String, Value>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    workflow_engine: Option<String>,
    #[serde(default)]
    workflow_engine_version: Option<String>,
    #[serde(default)]
    workflow_engine_parameters: Map<String, Value>,
    #[serde(default)]
    attachments: Vec<Attached>,
}

/// A file of a run request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attached {
    name: String,
    text: String,
}

/// What is asked about.
pub(super) enum Subject {
    /// A use.
    Use(Box<Intent>),
    /// Nothing but a purpose: which datasets?
    Purpose,
}

/// Reads the question with the code that reads submissions.
///
/// # Errors
/// 400, as the submission would be answered.
pub(super) async fn subject(parts: &Parts, caller: &Caller, asked: Asked) -> Result<Subject, Problem> {
    let named = asked.objects.len() + asked.datasets.len() + asked.outputs.len() + asked.images.len();
    if named > limits::CAN_I_NAMES {
        return Err(Problem::refused(
            "can_i.too_many",
            format!("more than {} things are named; split the question", limits::CAN_I_NAMES),
        ));
    }
    let use_of = |intent: Intent| Ok(Subject::Use(Box::new(intent)));
    match (&asked.task, &asked.run, named) {
        (None, None, 0) if asked.action.is_none() => Ok(Subject::Purpose),
        (None, None, _) if asked.objects.len() + asked.datasets.len() > 0 => use_of(data(parts, caller, &asked)?),
        (Some(task), None, 0) => {
            trs::ready(parts).await;
            use_of(of_task(parts, caller, task)?)
        }
        (None, Some(run), 0) => use_of(of_run(parts, caller, run).await?),
        _ => Err(Problem::refused(
            "can_i.question",
            "say one of `task`, `run`, `objects`, `datasets` (with `outputs` and `images`), or a `purpose` alone",
        )),
    }
}

/// The task where it would be sent.
fn of_task(parts: &Parts, caller: &Caller, task: &Task) -> Result<Intent, Problem> {
    tes::mounted(parts)?;
    let mut choice = Choice::between(parts.tes.len());
    for site in tes::sites(parts) {
        match tes::create::intent(task, site.mount, &mut parts.scan()) {
            Err(refused) => choice.refuse(refused),
            Ok(intent) => {
                let asked = Arc::new(intent.clone());
                if choice.offer(intent, || decision(parts, caller, asked)) {
                    break;
                }
            }
        }
    }
    choice.end()?.ok_or_else(|| Problem::unknown("service"))
}

async fn of_run(parts: &Parts, caller: &Caller, run: &Run) -> Result<Intent, Problem> {
    wes::mounted(parts)?;
    let json = |value: Result<String, serde_json::Error>| {
        value.map_err(|_| Problem::refused("request.body", "a part cannot be written"))
    };
    let mut texts = BTreeMap::from([
        ("workflow_type".to_owned(), run.workflow_type.clone()),
        ("workflow_type_version".to_owned(), run.workflow_type_version.clone()),
        ("workflow_url".to_owned(), run.workflow_url.clone()),
        (
            "workflow_params".to_owned(),
            json(serde_json::to_string(&run.workflow_params))?,
        ),
        ("tags".to_owned(), json(serde_json::to_string(&run.tags))?),
        (
            "workflow_engine_parameters".to_owned(),
            json(serde_json::to_string(&run.workflow_engine_parameters))?,
        ),
    ]);
    for (name, value) in [
        ("workflow_engine", &run.workflow_engine),
        ("workflow_engine_version", &run.workflow_engine_version),
    ] {
        if let Some(value) = value {
            texts.insert(name.to_owned(), value.clone());
        }
    }
    let attachments = run.attachments.iter().map(|file| Attachment {
        name: file.name.clone(),
        bytes: file.text.clone().into_bytes(),
        approved: false,
    });
    let (_, _, intent) = wes::place::chosen(parts, caller, (texts, attachments.collect()), None).await?;
    Ok(Arc::unwrap_or_clone(intent))
}

fn data(parts: &Parts, caller: &Caller, asked: &Asked) -> Result<Intent, Problem> {
    let many = |_| Problem::refused("can_i.too_many", "too much is named");
    let action = match &asked.action {
        Some(word) => action(word)?,
        None if computes(parts, caller, asked) => Action::TesCreate,
        None => Action::DrsAccessUrl,
    };
    let mut intent = Intent::new(action);
    for (at, id) in asked.datasets.iter().enumerate() {
        if id.is_empty() || id.len() > 1_024 {
            return Err(Problem::refused(
                "can_i.dataset",
                format!("`datasets[{at}]` is no dataset's id"),
            ));
        }
        intent
            .read(DataRef::Dataset(id.clone()), format!("datasets[{at}]"))
            .map_err(many)?;
    }
    for (at, text) in asked.objects.iter().enumerate() {
        intent.read(object(text)?, format!("objects[{at}]")).map_err(many)?;
    }
    let work = matches!(action, Action::TesCreate | Action::WesCreate);
    let runs = !asked.images.is_empty() || !asked.outputs.is_empty();
    if runs && !work {
        return Err(Problem::refused(
            "can_i.question",
            "`images` and `outputs` belong to the action compute or run",
        ));
    }
    for (at, text) in asked.images.iter().enumerate() {
        let image = Image::parse(text).map_err(|refused| NotUnderstood::reference(format!("images[{at}]"), refused))?;
        intent.run(image).map_err(many)?;
    }
    for (at, text) in asked.outputs.iter().enumerate() {
        let url =
            StorageUrl::parse(text).map_err(|refused| NotUnderstood::reference(format!("outputs[{at}]"), refused))?;
        intent.write(url, format!("outputs[{at}]")).map_err(many)?;
    }
    Ok(at_place(parts, caller, intent))
}

/// Something runs or is written, or one of the datasets may not leave. One that the caller may not know counts for
/// nothing, as one that is not there.
fn computes(parts: &Parts, caller: &Caller, asked: &Asked) -> bool {
    if !(asked.images.is_empty() && asked.outputs.is_empty()) {
        return true;
    }
    let engine = parts.gate.current.load();
    let (facts, now) = (caller.facts(engine.snapshot()), parts.gate.now());
    asked.datasets.iter().any(|id| {
        engine.may_know(&facts, id, now)
            && engine
                .dataset(id)
                .is_some_and(|record| record.mode == DatasetMode::ComputeOnly)
    })
}
