//! An object's bytes on their way to work: asked for as the task, run or session, counted against a budget, asked for
//! again while they flow, recorded at both ends.

use std::{net::IpAddr, sync::Arc};

use audit_log::{AboutKind, Class, Details, Ended, Event, EventType, Outcome, Via, Who, Why};
use axum::response::Response;
use http::StatusCode;
use policy_engine::{
    decide::{WorkItem, WorkState},
    intent::{DataRef, DrsId},
    snapshot::DatasetMode,
};

use crate::{
    backend::{Bytes, Ending, Range, Watch, watched},
    capability::Share,
    gate::{Decided, Judge, NoPermit, Permit, of_dataset, why},
    ownership::{Basis, item},
    problem::Problem,
    proxy::{Parts, Proxy},
    router::promise,
    store::{Phase, Work},
    understand::drs::{backend, bytes::head},
};

/// 403 at the door.
pub(super) fn refused(code: &'static str, sentence: &'static str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, code, sentence)
}

/// One use of the door for one object, with all that it rests on.
pub(super) struct Reading {
    /// The task, run or session that reads.
    pub(super) work: Work,
    /// What it rests on.
    pub(super) basis: Arc<Basis>,
    /// The DRS id.
    pub(super) object: String,
    /// The dataset at the time of the decision; another one now is a denial.
    pub(super) dataset: String,
    /// What the record names beside the work: a capability.
    pub(super) capability: Option<String>,
    /// The name under which bytes are counted.
    pub(super) budget: String,
    /// How many budgets of one task it has.
    pub(super) budget_times: u64,
    /// Who uses it.
    pub(super) address: IpAddr,
    /// The request.
    pub(super) request_id: String,
    /// Unix seconds.
    pub(super) until: i64,
}

impl Reading {
    /// The work as the engine knows it, as of now.
    fn item(&self, parts: &Parts) -> Result<WorkItem, Problem> {
        item(&self.work, parts.gate.now()).map_err(Problem::from)
    }

    /// Asks `drs:task-stream` as the work, on whatever snapshot is in force.
    fn judge(&self, parts: &Parts) -> Result<Judge, Problem> {
        let id = DrsId::decoded(&self.object)
            .map_err(|_| refused("door.capability", "what is asked for names no object"))?;
        let mut item = self.item(parts)?;
        if self.work.kind == "session" {
            // that a task of it is queued or running was asked before, and is asked again while the bytes flow
            item.state = WorkState::Running;
        }
        let (basis, clock, data) = (
            Arc::clone(&self.basis),
            Arc::clone(&parts.gate.clock),
            DataRef::local(id),
        );
        Ok(Arc::new(move |engine| {
            engine.stream_kept(&basis.kept, &item, [&data], clock.now())
        }))
    }

    /// What the record says of who used it: the work, for its owner.
    pub(super) fn actor(&self, parts: &Parts) -> Who {
        actor(parts, &self.work, self.address)
    }

    fn about(&self, event: Event) -> Event {
        let event = event.about(kind(&self.work), self.work.id.as_str());
        match &self.capability {
            Some(id) => event.about(AboutKind::Capability, id.as_str()),
            None => event,
        }
    }

    fn begun(&self, parts: &Parts, decided: &Decided) -> Event {
        let outcome = if decided.decision.allow() {
            Outcome::Success
        } else {
            Outcome::Denied
        };
        let what = of_dataset(&self.dataset, decided.engine.snapshot()).object(self.object.as_str());
        self.about(
            Event::new(EventType::DrsStreamBegin, outcome)
                .who(self.actor(parts))
                .via(Via::request(self.request_id.as_str()))
                .what(what)
                .why(why(&decided.decision, &decided.id)),
        )
    }

    /// A use that must not happen: on record before the answer (E61 to E63, E74).
    pub(super) async fn alarmed(&self, parts: &Parts, code: &'static str, sentence: &'static str) -> Problem {
        tracing::warn!(code, work.id = %self.work.id, "the storage door was used as it must not be");
        let engine = parts.gate.current.load();
        let event = self.about(
            Event::new(EventType::DrsReadBytes, Outcome::Denied)
                .who(self.actor(parts))
                .via(Via::request(self.request_id.as_str()))
                .what(of_dataset(&self.dataset, engine.snapshot()).object(self.object.as_str()))
                .why(Why::code(code)),
        );
        match parts.gate.writer.note_denied(event).await {
            Ok(noted) => {
                let mut problem = refused(code, sentence);
                problem.denial.receipt = Some(noted.receipt().header_value());
                problem
            }
            Err(_) => NoPermit::Unrecorded.into(),
        }
    }

    /// Opens the object's bytes.
    ///
    /// # Errors
    /// A [`Problem`] of the decision, the backend or the budget.
    pub(super) async fn open(self, proxy: &Proxy, range: Option<Range>, is_head: bool) -> Result<Response, Problem> {
        let parts = &*proxy.0;
        let judge = self.judge(parts)?;
        let recording = parts
            .gate
            .begin_with(Arc::clone(&judge), Some("object"), |decided| self.begun(parts, decided))
            .await
            .map_err(Problem::from)?;
        let bytes = backend(parts)?.bytes(&recording, &self.object, 0, range, is_head).await;
        let permit = recording.durable().await.map_err(Problem::from)?;
        self.within(parts, &permit)?;
        let bytes = bytes.map_err(Problem::from)?;
        let nothing = is_head || bytes.response.status() == StatusCode::RANGE_NOT_SATISFIABLE;
        let share = if nothing {
            None
        } else {
            Some(self.share(parts, &bytes).await?)
        };
        Ok(self.stream(proxy, permit, bytes, share, judge))
    }

    /// Sets the answer's bytes aside before the first of them goes out.
    async fn share(&self, parts: &Parts, bytes: &Bytes) -> Result<Share, Problem> {
        let told = bytes.response.headers().get(http::header::CONTENT_LENGTH);
        let length = told
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.parse().ok())
            .or(bytes.size);
        let size = bytes.size.map(|size| size.saturating_mul(self.budget_times));
        // an answer that does not tell its length may be as long as the object
        let length = length.unwrap_or(crate::limits::STREAM_UNTOLD);
        match parts.pins.share(&self.budget, length, size).await? {
            Some(share) => Ok(share),
            None => Err(self
                .alarmed(
                    parts,
                    "door.budget",
                    "this would deliver more than a few times the size of what it opens; it has been ended",
                )
                .await),
        }
    }

    /// The object is still of the dataset that was decided on, and compute-only data has its network rule.
    fn within(&self, parts: &Parts, permit: &Permit) -> Result<(), Problem> {
        let reads = permit.decided.decision.reads();
        if !reads.iter().all(|read| read.datasets == [self.dataset.as_str()]) {
            return Err(refused(
                "door.moved",
                "the object belongs to another dataset than when this was permitted",
            ));
        }
        guarded(
            parts,
            permit.decided.engine.dataset(&self.dataset).map(|dataset| dataset.mode),
        )
    }

    fn stream(self, proxy: &Proxy, permit: Permit, bytes: Bytes, share: Option<Share>, judge: Judge) -> Response {
        let parts = &*proxy.0;
        let mut response = head(&bytes);
        promise(response.headers_mut(), Some(permit.header()));
        let Permit { decided, live, .. } = permit;
        let ends = decided.decision.valid_until().unix().min(self.until);
        let what = of_dataset(&self.dataset, decided.engine.snapshot()).object(self.object.as_str());
        let ending = |outcome| {
            self.about(
                Event::new(EventType::DrsStreamEnd, outcome)
                    .who(self.actor(parts))
                    .via(Via::request(self.request_id.as_str()))
                    .what(what.clone()),
            )
        };
        let (whole, broken) = (ending(Outcome::Success), ending(Outcome::Aborted));
        let writer = parts.gate.writer.clone();
        let end = Ending::new(Box::new(move |bytes, how| {
            let event = if how == Ended::Complete { whole } else { broken };
            drop(writer.append(event.bytes(bytes).end(how)));
        }));
        let Some(mut share) = share else {
            end.complete();
            return response;
        };
        let (asking, id) = (proxy.clone(), self.work.id.clone());
        let watch = Watch {
            live,
            ask: Box::new(move || Box::pin(again(asking.clone(), id.clone(), Arc::clone(&judge), ends))),
            spend: Box::new(move |count| share.spend(count)),
            end,
        };
        *response.body_mut() = watched(bytes.response.into_body(), watch);
        response
    }
}

/// Is a stream still permitted? The work lives and was confirmed of late, and the snapshot in force permits it.
async fn again(proxy: Proxy, id: String, judge: Judge, ends: i64) -> Option<Ended> {
    let parts = &*proxy.0;
    let now = parts.gate.now();
    if now.unix() >= ends {
        return Some(Ended::Expired);
    }
    match parts.works.by_id(&id).await {
        Ok(Some(work)) if work.withdrawn.is_none() && work.phase != Phase::Over => {
            let asleep = match work.kind.as_str() {
                "session" => !matches!(super::session::alive(parts, &id).await, Ok(super::session::Alive::Yes)),
                _ => item(&work, now).map_or(true, |item| item.state == WorkState::Unconfirmed),
            };
            if asleep {
                return Some(Ended::Withdrawn);
            }
        }
        // what cannot be told is not permitted
        Ok(_) | Err(_) => return Some(Ended::Withdrawn),
    }
    (parts.gate.doubt().is_some() || !judge(&parts.gate.current.load()).allow()).then_some(Ended::Withdrawn)
}

/// Compute-only data are served at a guarded door alone.
///
/// # Errors
/// 403 `door.network_missing`.
pub(crate) fn guarded(parts: &Parts, mode: Option<DatasetMode>) -> Result<(), Problem> {
    if mode == Some(DatasetMode::ComputeOnly) && !parts.config.door_is_guarded() {
        return Err(refused(
            "door.network_missing",
            "compute-only data is served to configured networks alone, and this node names none",
        ));
    }
    Ok(())
}

/// The work, for its owner.
pub(super) fn actor(parts: &Parts, work: &Work, address: IpAddr) -> Who {
    let who = Who::nobody(Class::Task);
    match parts.gate.keystore.known(&work.owner) {
        Some(key) => who.acting_for(&key).details(Details::default().address(address)),
        None => who,
    }
}

/// What the record calls this work.
pub(super) fn kind(work: &Work) -> AboutKind {
    match work.kind.as_str() {
        "run" => AboutKind::Run,
        "session" => AboutKind::Session,
        _ => AboutKind::Task,
    }
}
