//! `GET /visum/data/{capability}`: bytes for a person, decided anew on the snapshot in force, watched to the last one.

use std::sync::Arc;

use audit_log::{AboutKind, Ended, Event, EventType, Outcome, Via};
use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use policy_engine::intent::{Action, DrsId};

use crate::{
    airlock,
    api::Incoming,
    backend::{Bytes, Ending, Range, Watch, watched},
    capability::{PersonCapability, Use},
    gate::{Caller, Permit, Question, who},
    problem::Problem,
    proxy::Proxy,
    router::{is_head, promise},
};

use super::{
    backend,
    conditional::{self, Wanted},
    intent,
};

/// `GET` and `HEAD`, with at most one range.
pub(crate) async fn get(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    incoming.query(&[], &[])?;
    if let Some(capability) = airlock::fetch::of(parts, incoming.segment(2)) {
        return airlock::fetch::bytes(proxy, incoming, capability).await;
    }
    // a range that is none is refused before anything is asked; whether one is sent is told by its condition, below
    range(&incoming.headers)?;
    let not_ours = || {
        Problem::new(
            StatusCode::FORBIDDEN,
            "capability.invalid",
            "this URL was not made here, or was altered; ask for a new one",
        )
    };
    let capability: PersonCapability = parts.sealer.open(Use::Person, incoming.segment(2)).map_err(|_| {
        parts.gate.unauthenticated();
        not_ours()
    })?;
    if parts.gate.now().unix() >= capability.until {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "capability.expired",
            "this URL has run out; ask for a new one",
        ));
    }
    let person = parts.identify.known(&capability.holder).ok_or_else(|| {
        Problem::new(
            StatusCode::FORBIDDEN,
            "capability.stale",
            "the person behind this URL has to be verified again; ask for a new one",
        )
    })?;
    let address = incoming
        .address
        .unwrap_or_else(|| std::net::Ipv4Addr::UNSPECIFIED.into());
    let caller = Caller::new(
        person,
        address,
        parts.is_internal(address),
        None,
        &incoming.request_id,
        None,
    );
    let id = DrsId::decoded(&capability.object).map_err(|_| not_ours())?;
    let question = Question::Intent(Arc::new(intent(Action::DrsStream, id)));
    let recording = parts
        .gate
        .begin_about(&caller, EventType::DrsStreamBegin, question, |event| {
            event.about(AboutKind::Capability, capability.id.as_str())
        })
        .await
        .map_err(|no| parts.remember(&caller, no.into()))?;
    let drs = backend(parts)?;
    let opened = async {
        let object = drs.object(&recording, &capability.object).await?;
        let tag = conditional::tag(&capability.id, &capability.object, &object);
        let Wanted::Bytes(range) = conditional::wanted(&incoming.headers, tag.as_deref())? else {
            return Ok((tag, None));
        };
        let bytes = drs
            .bytes_of(
                &recording,
                &capability.object,
                &object,
                capability.method,
                range,
                is_head(incoming),
            )
            .await?;
        Ok((tag, Some(bytes)))
    };
    let opened: Result<(Option<String>, Option<Bytes>), Problem> = opened.await;
    let permit = recording.durable().await.map_err(Problem::from)?;
    let (tag, bytes) = opened?;
    let mut response = match bytes {
        Some(bytes) => stream(proxy, &caller, permit, &capability, bytes, is_head(incoming))?,
        None => unchanged(permit.header()),
    };
    if let Some(value) = tag.and_then(|tag| HeaderValue::from_str(&tag).ok()) {
        response.headers_mut().insert(header::ETAG, value);
    }
    Ok(response)
}

/// 304: the client has these very bytes, by this URL.
fn unchanged(receipt: String) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    promise(response.headers_mut(), Some(receipt));
    response
}

/// The `Range` of a request at the door: one or none. With `If-Range` it holds no validator that could match: the whole
/// is sent.
pub(crate) fn range(headers: &HeaderMap) -> Result<Option<Range>, Problem> {
    let range = conditional::range(headers)?;
    Ok(range.filter(|_| !headers.contains_key(header::IF_RANGE)))
}

/// The answer's status and headers: framing and range of the backend, nothing else of it.
pub(crate) fn head(bytes: &Bytes) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = match bytes.response.status() {
        StatusCode::PARTIAL_CONTENT => StatusCode::PARTIAL_CONTENT,
        StatusCode::RANGE_NOT_SATISFIABLE => StatusCode::RANGE_NOT_SATISFIABLE,
        _ => StatusCode::OK,
    };
    let headers = response.headers_mut();
    for name in [header::CONTENT_LENGTH, header::CONTENT_RANGE] {
        if let Some(value) = bytes.response.headers().get(&name) {
            headers.insert(name, value.clone());
        }
    }
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    response
}

fn stream(
    proxy: &Proxy,
    caller: &Caller,
    permit: Permit,
    capability: &PersonCapability,
    bytes: Bytes,
    is_head: bool,
) -> Result<Response, Problem> {
    let mut response = head(&bytes);
    promise(response.headers_mut(), Some(permit.header()));
    let Permit { decided, live, .. } = permit;
    let ends = decided.decision.valid_until();
    let writer = proxy.0.gate.writer.clone();
    let whats = crate::gate::whats(&decided.decision, decided.engine.snapshot());
    let (actor, request, id) = (who(caller), caller.request_id.clone(), capability.id.clone());
    let end = Ending::new(Box::new(move |bytes, how| {
        let outcome = if how == Ended::Complete {
            Outcome::Success
        } else {
            Outcome::Aborted
        };
        let event = Event::new(EventType::DrsStreamEnd, outcome)
            .who(actor)
            .via(Via::request(request.as_str()))
            .whats(whats)
            .about(AboutKind::Capability, id.as_str())
            .bytes(bytes)
            .end(how);
        // the writer has it from here on; nobody waits for the end of a stream
        drop(writer.append(event));
    }));
    let watch = Watch::of_person(proxy.0.gate.clone(), live, ends, end);
    if is_head || response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
        watch.end.complete();
        return Ok(response);
    }
    *response.body_mut() = watched(bytes.response.into_body(), watch);
    Ok(response)
}
