//! A task or run that was sent with a session's token: judged for all of the session's datasets or the subset that it
//! names; images and sinks outside of the session's are denied (`apis.md` 10.1).

use std::collections::{BTreeMap, BTreeSet};

use audit_log::{AboutKind, Event, EventType, Outcome, Via, Why};
use http::StatusCode;
use policy_engine::intent::{DataRef, DrsId, Intent, ObjectRef, ScopeKind, SessionScope, StorageUrl};
use visa_verifier::seam::Timestamp;

use crate::{
    gate::{Caller, NoPermit, of_dataset, who},
    ownership::data,
    problem::Problem,
    proxy::Parts,
    store::Work,
};

use super::{
    run::RUN,
    spec::{INPUTS, Session},
};

/// The tag that names a subset.
pub(crate) const DATASETS: &str = "visum.datasets";
/// The tag that asks for an end, in seconds.
pub(crate) const WALLTIME: &str = "visum.walltime";

/// The place of what a session adds to a task.
const OF_SESSION: &str = "session";

/// What the tags of a task ask of the node itself.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Wished {
    /// The datasets that it names.
    pub(crate) datasets: Option<Vec<String>>,
    /// The seconds that it asks for.
    pub(crate) walltime: Option<u32>,
}

impl Wished {
    /// Reads our two tags.
    ///
    /// # Errors
    /// 400 for what they cannot say.
    pub(crate) fn of(tags: Option<&BTreeMap<String, String>>) -> Result<Self, Problem> {
        let tag = |name: &str| tags.and_then(|tags| tags.get(name));
        let datasets = tag(DATASETS).map(|text| {
            text.split(',')
                .map(|name| name.trim().to_owned())
                .collect::<Vec<String>>()
        });
        if datasets.iter().flatten().any(String::is_empty) {
            return Err(Problem::refused(
                "session.tag",
                "the tag `visum.datasets` is a list of datasets with commas between them",
            ));
        }
        let walltime = tag(WALLTIME)
            .map(|text| text.parse::<u32>().ok().filter(|seconds| *seconds > 0))
            .map(|seconds| {
                seconds
                    .ok_or_else(|| Problem::refused("session.tag", "the tag `visum.walltime` is a number of seconds"))
            })
            .transpose()?;
        Ok(Self { datasets, walltime })
    }
}

/// The task's own tags, without what was for the node.
pub(crate) fn without_wishes(tags: Option<&BTreeMap<String, String>>) -> Option<BTreeMap<String, String>> {
    tags.map(|tags| {
        let own = tags
            .iter()
            .filter(|(name, _)| name.as_str() != DATASETS && name.as_str() != WALLTIME);
        own.map(|(name, value)| (name.clone(), value.clone())).collect()
    })
}

/// Does work of this caller belong at this service? A session is permitted at one service, and its keys are judged there:
/// its work goes nowhere else.
pub(crate) fn belongs(caller: &Caller, service: &str) -> bool {
    caller
        .scope
        .as_ref()
        .is_none_or(|session| session.work.service == service)
}

/// No backend of this node is at the session's service any more.
///
/// 403, on record; 404 for whoever has no session.
pub(crate) async fn nowhere(parts: &Parts, caller: &Caller, kind: EventType) -> Problem {
    match &caller.scope {
        Some(session) => outside(parts, caller, kind, session, "session.place_gone").await,
        None => Problem::unknown("service"),
    }
}

/// Puts a session's bounds on an intent. Gives the datasets that it may read as a whole.
///
/// # Errors
/// 403 on record for a dataset, image or sink outside of the session; 400 for the tag without a session.
pub(crate) async fn bind(
    parts: &Parts,
    caller: &Caller,
    kind: EventType,
    intent: &mut Intent,
    wished: &Wished,
) -> Result<(), Problem> {
    let Some(session) = &caller.scope else {
        return match wished.datasets {
            Some(_) => Err(Problem::refused(
                "session.tag",
                "the tag `visum.datasets` is for tasks that are sent with a session's token",
            )),
            None => Ok(()),
        };
    };
    let engine = parts.gate.current.load();
    let mut datasets = Vec::new();
    for name in wished.datasets.as_ref().unwrap_or(&session.spec.datasets) {
        let id = engine
            .dataset_named(name)
            .map_or_else(|| name.clone(), |record| record.id().to_owned());
        if !session.spec.datasets.contains(&id) {
            return Err(outside(parts, caller, kind, session, "session.dataset_outside").await);
        }
        datasets.push(id);
    }
    let images: Vec<String> = session.spec.images.iter().map(ToString::to_string).collect();
    let any_code = session.spec.any_code;
    if !any_code && intent.runs.iter().any(|image| !images.contains(&image.to_string())) {
        return Err(outside(parts, caller, kind, session, "session.image_outside").await);
    }
    let under = |url| session.spec.sinks.iter().any(|sink| StorageUrl::is_under(url, sink));
    if !any_code && !intent.writes.iter().map(|write| &write.url).all(under) {
        return Err(outside(parts, caller, kind, session, "session.sink_outside").await);
    }
    own_names(parts, session, intent, &engine);
    let many = |_| Problem::refused("task.too_many", "the session's datasets are too much for one task");
    let facts = caller.facts(engine.snapshot());
    let reads = if session.work.kind == RUN && wished.datasets.is_none() {
        // the run was permitted for what it named, and for no more
        data(&session.work)?
    } else {
        let now = parts.gate.now();
        let of = |dataset: &String| super::reads::reads(&engine, &facts, dataset, now);
        datasets.iter().flat_map(of).collect()
    };
    for data in reads {
        if !intent.reads.iter().any(|read| read.data == data) {
            intent.read(data, OF_SESSION).map_err(many)?;
        }
    }
    intent.purpose.clone_from(&session.spec.purpose);
    intent.project.clone_from(&session.spec.project);
    intent.session = Some(SessionScope {
        kind: ScopeKind::Session,
        id: session.work.id.clone(),
        datasets,
        expires: Timestamp::from_unix(session.work.expires_at),
        running: true,
    });
    Ok(())
}

/// What a task names itself, with its place: what its session adds is not among it.
pub(crate) fn named(intent: &Intent) -> impl Iterator<Item = (&DataRef, &str)> {
    let own = intent.reads.iter().filter(|read| read.place != OF_SESSION);
    own.map(|read| (&read.data, read.place.as_str()))
}

/// The datasets that it may read as a whole.
pub(crate) fn whole(intent: &Intent) -> Vec<String> {
    let whole = intent.reads.iter().filter_map(|read| match &read.data {
        DataRef::Dataset(id) => Some(id.clone()),
        DataRef::Object(_) | DataRef::Storage(_) => None,
    });
    whole.collect()
}

/// The objects that it may read: those that it names, and those of its session where a dataset is not open as a whole.
pub(crate) fn reach(intent: &Intent, named: &BTreeSet<String>) -> BTreeSet<String> {
    let mut all = named.clone();
    for read in intent.reads.iter().filter(|read| read.place == OF_SESSION) {
        if let DataRef::Object(ObjectRef::Local(id)) = &read.data {
            all.insert(id.as_str().to_owned());
        }
    }
    all
}

/// Does the session still live, now that the task stands in the index? Whoever ends it marks it before they look for its
/// tasks: one of the two sees the other (E72).
///
/// # Errors
/// 403 if it has ended; then nothing may be sent.
pub(crate) async fn still(parts: &Parts, caller: &Caller, work: &Work) -> Result<(), Problem> {
    let Some(session) = &caller.scope else { return Ok(()) };
    let row = parts.works.by_id(&session.work.id).await?;
    let lives = match row.map(Session::of).transpose()? {
        Some(session) => session.lives(parts.gate.now().unix()),
        None => false,
    };
    if lives {
        return Ok(());
    }
    parts.works.close(&work.id, "CANCELED").await?;
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "session.ended",
        "the session ended while this was sent; nothing was started",
    ))
}

/// What is kept of a request, without the keys of its own session, which workflow tools write into their scripts.
pub(crate) fn hushed(parts: &Parts, caller: &Caller, request: String) -> String {
    let Some(session) = &caller.scope else { return request };
    match parts
        .door_keys
        .pair(&session.work.id, crate::ownership::latest(&session.work))
    {
        Ok(pair) => request
            .replace(&pair.secret, "(secret)")
            .replace(&pair.secret.replace('/', "\\/"), "(secret)"),
        Err(_) => request,
    }
}

/// Names of the door that stand in a script: an input by its address at the door is the object that it is; the session's
/// own bucket and the door itself are no data of anybody.
fn own_names(parts: &Parts, session: &Session, intent: &mut Intent, engine: &policy_engine::decide::Engine) {
    let (scratch, door) = (session.scratch(), parts.config.door_url.origin().ascii_serialization());
    let mut kept = Vec::with_capacity(intent.reads.len());
    for mut read in std::mem::take(&mut intent.reads) {
        if let DataRef::Storage(url) = &read.data {
            let text = url.to_string();
            let is_door = url::Url::parse(&text).is_ok_and(|url| url.origin().ascii_serialization() == door);
            if is_door || text == format!("s3://{scratch}") || text.starts_with(&format!("s3://{scratch}/")) {
                continue;
            }
            if let Some(key) = text.strip_prefix(&format!("s3://{INPUTS}/"))
                && let Some(object) = crate::storage::input_at(engine, &session.spec, key)
                && let Ok(id) = DrsId::decoded(&object)
            {
                read.data = DataRef::local(id);
            }
        }
        kept.push(read);
    }
    intent.reads = kept;
}

/// A denial of ours, on record before it is told.
pub(super) async fn outside(
    parts: &Parts,
    caller: &Caller,
    kind: EventType,
    session: &Session,
    code: &'static str,
) -> Problem {
    let sentence = match code {
        "session.action_outside" => "the session's token was narrowed to other actions; start a session with this one",
        "session.dataset_outside" => "the tag `visum.datasets` names a dataset that the session does not",
        "session.image_outside" => {
            "the task would run an image that the session does not name; start a session with it"
        }
        "session.place_gone" => {
            "work of this session was permitted at a service to which this node sends nothing any more; start another session"
        }
        _ => "the task would write to a place that the session does not name; start a session with it",
    };
    let engine = parts.gate.current.load();
    let event = Event::new(kind, Outcome::Denied)
        .who(who(caller))
        .via(Via::request(caller.request_id.as_str()))
        .whats(session.spec.datasets.iter().map(|id| of_dataset(id, engine.snapshot())))
        .why(Why::code(code))
        .about(AboutKind::Session, session.work.id.as_str());
    match parts.gate.writer.note_denied(event).await {
        Ok(noted) => {
            let mut problem = Problem::new(StatusCode::FORBIDDEN, code, sentence);
            problem.denial.receipt = Some(noted.receipt().header_value());
            problem
        }
        Err(_) => NoPermit::Unrecorded.into(),
    }
}
