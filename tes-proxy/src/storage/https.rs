//! A capability of a task or run is used: from the right network and address, for living work, still permitted? Then
//! the stream.

use std::{sync::Arc, time::Duration};

use axum::{body::Body, response::Response};
use http::StatusCode;

use crate::{
    api::Incoming,
    capability::{PinFault, Use, WorkCapability},
    limits,
    ownership::{Basis, refresh},
    problem::Problem,
    proxy::{Parts, Proxy},
    router::is_head,
    store::{Phase, Work},
    understand::drs::bytes::range,
};

use super::reading::{Reading, refused};

/// The table of capabilities: `GET|HEAD /visum/data/{capability}`, with a name behind it or none, and the
/// door's health.
pub(crate) async fn handle(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let texts: Vec<&str> = incoming.segments.iter().map(|segment| segment.text.as_str()).collect();
    let readable = matches!(incoming.method, http::Method::GET | http::Method::HEAD);
    match texts.as_slice() {
        ["healthz"] if readable => Ok(Response::new(Body::from("ok"))),
        // the name behind it is for whoever fetches the file
        ["visum", "data", sealed] | ["visum", "data", sealed, _] if readable => read(proxy, incoming, sealed).await,
        ["visum", "data", _] | ["visum", "data", _, _] => Err(Problem {
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
    let work = known(parts, &capability).await?;
    let reading = Reading {
        basis: Arc::new(Basis::of(&work).map_err(Problem::from)?),
        work,
        object: capability.object.clone(),
        dataset: capability.dataset.clone(),
        capability: Some(capability.id.clone()),
        budget: capability.id.clone(),
        budget_times: 1,
        address,
        request_id: incoming.request_id.clone(),
        until: capability.until,
    };
    // before anything is told of the work: who asks from elsewhere hears the same, whatever became of it
    if !parts.config.is_compute_network(address, incoming.certified) {
        return Err(reading
            .alarmed(
                parts,
                "door.wrong_network",
                "this capability is not used from the network of the node's tasks",
            )
            .await);
    }
    if let Err(fault) = parts.pins.begin(&capability.id, address, capability.until).await? {
        return Err(reading.alarmed(parts, fault.code(), told(fault)).await);
    }
    let work = awake(parts, &capability).await?;
    Reading { work, ..reading }.open(proxy, range, is_head(incoming)).await
}

const fn told(fault: PinFault) -> &'static str {
    match fault {
        PinFault::Address => {
            "this capability is bound to the first address that used it; used from another, it is ended"
        }
        PinFault::Budget => "this capability has delivered as much as it may; it has been ended",
        PinFault::Ended => "this capability has been ended",
    }
}

/// The work behind a capability.
async fn known(parts: &Parts, capability: &WorkCapability) -> Result<Work, Problem> {
    parts
        .works
        .by_id(&capability.work)
        .await?
        .ok_or_else(|| refused("door.capability", "the work behind this capability is not known here"))
}

/// The same, alive: one that is still `submitting` is waited for a while (`apis.md` 10.3).
async fn awake(parts: &Parts, capability: &WorkCapability) -> Result<Work, Problem> {
    let pause = Duration::from_millis(100);
    let mut waited = Duration::ZERO;
    loop {
        let work = known(parts, capability).await?;
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
