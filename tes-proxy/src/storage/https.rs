//! A capability of a task or run is used: from the right network and address, for living work, still permitted? Then
//! the stream.

use std::{net::IpAddr, sync::Arc, time::Duration};

use audit_log::{AboutKind, Class, Details, Ended, Event, EventType, Outcome, Via, Who, Why};
use axum::{body::Body, response::Response};
use http::StatusCode;
use policy_engine::{
    decide::WorkItem,
    intent::{DataRef, DrsId},
    snapshot::DatasetMode,
};

use crate::{
    api::Incoming,
    backend::{Bytes, Ending, Watch, watched},
    capability::{Use, WorkCapability},
    gate::{Decided, Judge, Permit, of_dataset, why},
    limits,
    ownership::{Basis, item, refresh},
    problem::Problem,
    proxy::{Parts, Proxy},
    router::{is_head, promise},
    store::{Phase, Work},
    understand::drs::{
        backend,
        bytes::{head, range},
    },
};

fn refused(code: &'static str, sentence: &'static str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, code, sentence)
}

/// The table of this listener: `GET|HEAD /visum/data/{capability}`, and its health.
pub(crate) async fn handle(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let texts: Vec<&str> = incoming.segments.iter().map(|segment| segment.text.as_str()).collect();
    let readable = matches!(incoming.method, http::Method::GET | http::Method::HEAD);
    match texts.as_slice() {
        ["healthz"] if readable => Ok(Response::new(Body::from("ok"))),
        ["visum", "data", sealed] if readable => read(proxy, incoming, sealed).await,
        ["visum", "data", _] => Err(Problem {
            allow: Some("GET, HEAD"),
            ..Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "request.method",
                "capabilities are read, nothing else",
            )
        }),
        _ => Err(Problem::new(
            StatusCode::NOT_FOUND,
            "request.route",
            "there is no such route",
        )),
    }
}

/// One use of a capability, with all that it rests on.
struct Used {
    capability: WorkCapability,
    work: Work,
    basis: Arc<Basis>,
    address: IpAddr,
    request_id: String,
}

async fn read(proxy: &Proxy, incoming: &Incoming, sealed: &str) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    incoming.query(&[], &[])?;
    let range = range(&incoming.headers)?;
    let capability: WorkCapability = parts.sealer.open(Use::Work, sealed).map_err(|_| {
        parts.gate.unauthenticated();
        refused("door.capability", "this capability was not made here, or was altered")
    })?;
    if parts.gate.now().unix() >= capability.until {
        return Err(refused("door.expired", "this capability has run out"));
    }
    let address = incoming
        .address
        .ok_or_else(|| refused("door.wrong_network", "the address of the caller is not known"))?;
    let work = awake(parts, &capability).await?;
    let basis = Arc::new(Basis::of(&work).map_err(Problem::from)?);
    let used = Used {
        capability,
        work,
        basis,
        address,
        request_id: incoming.request_id.clone(),
    };
    if !parts.config.door_networks.is_empty()
        && !parts
            .config
            .door_networks
            .iter()
            .any(|network| network.contains(address))
    {
        return Err(alarmed(
            parts,
            &used,
            "door.wrong_network",
            "this capability is not used from the network of the node's tasks",
        )
        .await);
    }
    if let Err(fault) = parts
        .pins
        .begin(&used.capability.id, address, used.capability.until, None)
    {
        return Err(alarmed(
            parts,
            &used,
            fault.code(),
            "this capability has been ended: a second address used it, or it delivered as much as it may",
        )
        .await);
    }
    let id = DrsId::decoded(&used.capability.object)
        .map_err(|_| refused("door.capability", "this capability names no object"))?;
    let judge = judge(parts, &used, id)?;
    let recording = parts
        .gate
        .begin_with(judge, Some("object"), |decided| begun(parts, &used, decided))
        .await
        .map_err(Problem::from)?;
    let is_head = is_head(incoming);
    let bytes = backend(parts)?
        .bytes(&recording, &used.capability.object, 0, range, is_head)
        .await;
    let permit = recording.durable().await.map_err(Problem::from)?;
    within(parts, &permit, &used)?;
    stream(proxy, used, permit, bytes.map_err(Problem::from)?, is_head)
}

/// The work behind a capability, alive: one that is still `submitting` is waited for a while (`apis.md` 10.3).
async fn awake(parts: &Parts, capability: &WorkCapability) -> Result<Work, Problem> {
    let pause = Duration::from_millis(100);
    let mut waited = Duration::ZERO;
    loop {
        let work = parts
            .works
            .by_id(&capability.work)
            .await?
            .ok_or_else(|| refused("door.capability", "the work behind this capability is not known here"))?;
        if work.withdrawn.is_some() {
            return Err(refused("door.ended", "the work behind this capability has been ended"));
        }
        match work.phase {
            Phase::Over => return Err(refused("door.ended", "the work behind this capability is over")),
            Phase::Live => {
                let stale = parts.gate.now().unix().saturating_sub(work.confirmed_at) >= 5;
                let work = if stale { refresh(parts, work).await? } else { work };
                if work.phase == Phase::Over {
                    return Err(refused("door.ended", "the work behind this capability is over"));
                }
                return Ok(work);
            }
            Phase::Submitting if waited < limits::SUBMITTING_WAIT => {
                tokio::time::sleep(pause).await;
                waited = waited.saturating_add(pause);
            }
            Phase::Submitting => {
                return Err(Problem::unavailable(
                    "door.submitting",
                    "the work behind this capability is still being submitted",
                    1,
                ));
            }
        }
    }
}

/// Asks `drs:task-stream` as the task or run, on whatever snapshot is in force.
fn judge(parts: &Parts, used: &Used, id: DrsId) -> Result<Judge, Problem> {
    let item: WorkItem = item(&used.work, parts.gate.now()).map_err(Problem::from)?;
    let (basis, clock, data) = (
        Arc::clone(&used.basis),
        Arc::clone(&parts.gate.clock),
        DataRef::local(id),
    );
    Ok(Arc::new(move |engine| {
        engine.stream_kept(&basis.kept, &item, [&data], clock.now())
    }))
}

/// What the record says of who used it: the task, for its owner.
fn actor(parts: &Parts, used: &Used) -> Who {
    let who = Who::nobody(Class::Task);
    match parts.gate.keystore.known(&used.work.owner) {
        Some(key) => who.acting_for(&key).details(Details::default().address(used.address)),
        None => who,
    }
}

const fn kind(work_is_run: bool) -> AboutKind {
    if work_is_run { AboutKind::Run } else { AboutKind::Task }
}

fn begun(parts: &Parts, used: &Used, decided: &Decided) -> Event {
    let outcome = if decided.decision.allow() {
        Outcome::Success
    } else {
        Outcome::Denied
    };
    let what = of_dataset(&used.capability.dataset, decided.engine.snapshot()).object(used.capability.object.as_str());
    Event::new(EventType::DrsStreamBegin, outcome)
        .who(actor(parts, used))
        .via(Via::request(used.request_id.as_str()))
        .what(what)
        .why(why(&decided.decision, &decided.id))
        .about(kind(used.work.kind == "run"), used.work.id.as_str())
        .about(AboutKind::Capability, used.capability.id.as_str())
}

/// A use that must not happen: on record before the answer (E61, E62).
async fn alarmed(parts: &Parts, used: &Used, code: &'static str, sentence: &'static str) -> Problem {
    tracing::warn!(code, work.id = %used.work.id, "a capability was used as it must not be");
    let engine = parts.gate.current.load();
    let event = Event::new(EventType::DrsReadBytes, Outcome::Denied)
        .who(actor(parts, used))
        .via(Via::request(used.request_id.as_str()))
        .what(of_dataset(&used.capability.dataset, engine.snapshot()).object(used.capability.object.as_str()))
        .why(Why::code(code))
        .about(kind(used.work.kind == "run"), used.work.id.as_str())
        .about(AboutKind::Capability, used.capability.id.as_str());
    match parts.gate.writer.note_denied(event).await {
        Ok(_) => refused(code, sentence),
        Err(_) => crate::gate::NoPermit::Unrecorded.into(),
    }
}

/// The object is still of the dataset that was decided on, and compute-only data has its network rule.
fn within(parts: &Parts, permit: &Permit, used: &Used) -> Result<(), Problem> {
    let same = permit
        .decided
        .decision
        .reads()
        .iter()
        .all(|read| read.datasets == [used.capability.dataset.as_str()]);
    if !same {
        return Err(refused(
            "door.moved",
            "the object belongs to another dataset than when this capability was made",
        ));
    }
    let mode = permit
        .decided
        .engine
        .dataset(&used.capability.dataset)
        .map(|dataset| dataset.mode);
    if mode == Some(DatasetMode::ComputeOnly) && parts.config.door_networks.is_empty() {
        return Err(refused(
            "door.network_missing",
            "compute-only data is served to configured networks alone",
        ));
    }
    Ok(())
}

fn stream(proxy: &Proxy, used: Used, permit: Permit, bytes: Bytes, is_head: bool) -> Result<Response, Problem> {
    let mut response = head(&bytes);
    promise(response.headers_mut(), Some(permit.header()));
    let Permit { decided, live, .. } = permit;
    let ends = decided.decision.valid_until().unix().min(used.capability.until);
    let what = of_dataset(&used.capability.dataset, decided.engine.snapshot()).object(used.capability.object.as_str());
    let (actor, work, capability) = (actor(&proxy.0, &used), used.work.clone(), used.capability.id.clone());
    let request = used.request_id.clone();
    let (writer, clock) = (proxy.0.gate.writer.clone(), Arc::clone(&proxy.0.gate.clock));
    let end = Ending::new(Box::new(move |bytes, how| {
        let outcome = if how == Ended::Complete {
            Outcome::Success
        } else {
            Outcome::Aborted
        };
        let event = Event::new(EventType::DrsStreamEnd, outcome)
            .who(actor)
            .via(Via::request(request.as_str()))
            .what(what)
            .about(kind(work.kind == "run"), work.id.as_str())
            .about(AboutKind::Capability, capability.as_str());
        drop(writer.append(event.bytes(bytes).end(how)));
    }));
    let (spender, id, size) = (proxy.clone(), used.capability.id, bytes.size);
    let watch = Watch {
        live,
        ask: Box::new(move || (clock.now().unix() >= ends).then_some(Ended::Expired)),
        spend: Box::new(move |count| spender.0.pins.spend(&id, count, size)),
        end,
    };
    if is_head || response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
        watch.end.complete();
        return Ok(response);
    }
    *response.body_mut() = watched(bytes.response.into_body(), watch);
    Ok(response)
}
