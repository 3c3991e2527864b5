//! `OPTIONS /objects/{id}`: what a caller must bring, and from whom (DRS 1.3 on). Public, from the catalogue alone: the
//! backend is not asked, and an object that is not discoverable answers as one that is not there (`apis.md` 2.4).

use axum::{body::Body, response::Response};
use http::{StatusCode, header};
use policy_engine::{consent::Access, decide::Engine};

use crate::{
    api::{Incoming, drs::Authorizations},
    problem::Problem,
    proxy::{Parts, Proxy},
    router::json,
};

use super::{backend, id};

/// `OPTIONS`
pub(crate) fn options(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    if let Some(preflight) = preflight(incoming) {
        return Ok(preflight);
    }
    incoming.query(&[], &[])?;
    backend(parts)?;
    let (id, engine) = (id(incoming)?, parts.gate.current.load());
    let way = of_discoverable(parts, &engine, id.as_str()).ok_or_else(|| Problem::unknown("object"))?;
    json(&way, None)
}

/// A browser's own question before a request of a page elsewhere: no page elsewhere is let in.
pub(super) fn preflight(incoming: &Incoming) -> Option<Response> {
    let headers = &incoming.headers;
    let asked = headers.contains_key(header::ORIGIN) && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    asked.then(|| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response
    })
}

/// Of an object whose dataset anybody may know.
pub(super) fn of_discoverable(parts: &Parts, engine: &Engine, id: &str) -> Option<Authorizations> {
    let snapshot = engine.snapshot();
    let record = snapshot.objects.object(id)?;
    engine
        .dataset(record.dataset.as_str())
        .filter(|dataset| dataset.discoverable)?;
    Some(of(parts, engine, id))
}

/// Of any object.
pub(super) fn of(parts: &Parts, engine: &Engine, id: &str) -> Authorizations {
    let open = engine
        .snapshot()
        .objects
        .object(id)
        .and_then(|record| engine.dataset(record.dataset.as_str()))
        .is_some_and(|dataset| dataset.consent.access == Access::Open);
    let mut supported_types = vec!["BearerAuth", "PassportAuth"];
    if open {
        supported_types.insert(0, "None");
    }
    let issuers = parts.config.drs.as_ref().map(|mount| mount.visa_issuers.clone());
    Authorizations {
        drs_object_id: id.to_owned(),
        supported_types,
        passport_auth_issuers: issuers.unwrap_or_default(),
        bearer_auth_issuers: vec![parts.broker.clone()],
    }
}
