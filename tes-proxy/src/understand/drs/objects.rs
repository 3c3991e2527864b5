//! `GET|POST /objects/{id}`: an object's description (DRS 1.5), written anew.

use std::sync::Arc;

use audit_log::EventType;
use axum::{body::Body, response::Response};
use policy_engine::{
    consent::State,
    decide::Engine,
    intent::{Action, DrsId},
};
use visa_verifier::seam::Timestamp;

use crate::{
    api::{
        Incoming,
        drs::{AccessMethod, BackendObject, Contents, DrsObject, ObjectBody},
        encode, wire_body,
    },
    backend::DrsBackend,
    config::DrsMount,
    gate::{Caller, NoPermit, Question, Recorded},
    problem::{Api, Challenge, Problem},
    proxy::{Parts, Proxy},
    router::json,
};

use super::{
    authorizations, backend,
    bundle::{Allowance, Walk},
    id, intent,
};

/// Described without a person: a rule of our own, before any policy (`apis.md` 9.7).
struct Discoverable;

impl Recorded for Discoverable {}

/// `GET` and `HEAD`.
pub(crate) async fn get(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    let expand = incoming.query(&["expand"], &[])?.boolean("expand")?;
    match parts.caller(incoming, Api::Drs, Vec::new()).await? {
        Some(caller) => described(parts, &caller, EventType::DrsGetObject, id(incoming)?, expand).await,
        None => anonymous(parts, id(incoming)?, expand).await,
    }
}

/// `POST`, with Passports in the body.
pub(crate) async fn post(proxy: &Proxy, incoming: &Incoming, body: Body) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    incoming.query(&[], &[])?;
    let id = id(incoming)?;
    let body: ObjectBody = wire_body(&incoming.headers, body).await?;
    let caller = parts.required(incoming, Api::Drs, body.passports).await?;
    described(parts, &caller, EventType::DrsPostObject, id, body.expand).await
}

async fn described(
    parts: &Parts,
    caller: &Caller,
    kind: EventType,
    id: DrsId,
    expand: bool,
) -> Result<Response, Problem> {
    let (shown, receipt) = describe(parts, caller, kind, id, expand, &Allowance::whole()).await?;
    json(&shown, Some(receipt))
}

/// Decides, records and describes; with the record's receipt.
///
/// # Errors
/// The denial, or what the backend says.
pub(super) async fn describe(
    parts: &Parts,
    caller: &Caller,
    kind: EventType,
    id: DrsId,
    expand: bool,
    allowance: &Allowance,
) -> Result<(DrsObject, String), Problem> {
    let drs = backend(parts)?;
    let question = Question::Intent(Arc::new(intent(Action::DrsDescribe, id.clone())));
    let recording = parts
        .gate
        .begin(caller, kind, question)
        .await
        .map_err(|no| parts.remember(caller, no.into()))?;
    let object = drs.object(&recording, id.as_str()).await;
    let permit = recording.durable().await.map_err(|no: NoPermit| Problem::from(no))?;
    let object = object?;
    let engine = &permit.decided.engine;
    let members = if is_bundle(&object) {
        let walk = Walk {
            parts,
            caller: Some(caller),
            kind,
            expand,
            engine,
            mount: mount(parts)?,
            allowance,
        };
        let members = walk.shown(id.as_str(), &object).await?;
        permit.still()?;
        Some(members)
    } else {
        None
    };
    Ok((shape(parts, engine, id.as_str(), object, members)?, permit.header()))
}

fn is_bundle(object: &BackendObject) -> bool {
    object.contents.as_ref().is_some_and(|contents| !contents.is_empty())
}

fn mount(parts: &Parts) -> Result<&DrsMount, Problem> {
    parts.config.drs.as_ref().ok_or_else(|| Problem::unknown("object"))
}

/// May everybody have it described? An object of a discoverable dataset that is not held, while nothing is stopped.
pub(super) fn is_open(engine: &Engine, id: &DrsId, now: Timestamp) -> bool {
    let snapshot = engine.snapshot();
    let record = snapshot.objects.object(id.as_str());
    let dataset = record.and_then(|record| engine.dataset(record.dataset.as_str()));
    let told = dataset.is_some_and(|dataset| dataset.discoverable && dataset.consent.state == State::Active);
    told && !engine.is_held(None, id, now) && !snapshot.stop.all
}

/// Without a credential: the description of a discoverable dataset's object, and 401 for everything else alike.
async fn anonymous(parts: &Parts, id: DrsId, expand: bool) -> Result<Response, Problem> {
    parts.gate.unauthenticated();
    let login = || Problem::unauthenticated(Challenge::Missing, "token.missing", "an access token is needed");
    let engine = parts.gate.current.load();
    if !is_open(&engine, &id, parts.gate.now()) {
        return Err(login());
    }
    let object = backend(parts)?.object(&Discoverable, id.as_str()).await?;
    let members = if is_bundle(&object) {
        let walk = Walk {
            parts,
            caller: None,
            kind: EventType::DrsGetObject,
            expand,
            engine: &engine,
            mount: mount(parts)?,
            allowance: &Allowance::whole(),
        };
        Some(walk.shown(id.as_str(), &object).await?)
    } else {
        None
    };
    json(&shape(parts, &engine, id.as_str(), object, members)?, None)
}

/// The description as we tell it (`apis.md` 2.3): no URL, no header, no host of the backend.
fn shape(
    parts: &Parts,
    engine: &Engine,
    id: &str,
    object: BackendObject,
    members: Option<Vec<Contents>>,
) -> Result<DrsObject, Problem> {
    let mount = mount(parts)?;
    let authorizations = || authorizations::of(parts, engine, id);
    let mut methods: Vec<AccessMethod> = DrsBackend::methods(&object)
        .iter()
        .enumerate()
        .map(|(at, method)| AccessMethod {
            kind: "https",
            access_id: access_id(at),
            cloud: method.cloud.clone(),
            region: method.region.clone(),
            available: method.available,
            authorizations: authorizations(),
        })
        .collect();
    if members.is_some() {
        // a bundle's bytes are those of its members
        methods.clear();
    } else if methods.is_empty() {
        // a blob has at least one method (schema); asking for it says that there are no bytes
        methods.push(AccessMethod {
            kind: "https",
            access_id: access_id(0),
            cloud: None,
            region: None,
            available: Some(false),
            authorizations: authorizations(),
        });
    }
    let unreadable = |what| {
        Problem::new(
            http::StatusCode::BAD_GATEWAY,
            "backend.unreadable",
            format!("the DRS backend tells no {what} of this object"),
        )
    };
    Ok(DrsObject {
        id: id.to_owned(),
        name: object.name,
        self_uri: format!("drs://{}/{}", mount.uri_host, encode(id)),
        size: object.size.ok_or_else(|| unreadable("size"))?,
        created_time: object.created_time.ok_or_else(|| unreadable("created_time"))?,
        updated_time: object.updated_time,
        version: object.version,
        mime_type: object.mime_type,
        checksums: object
            .checksums
            .filter(|checksums| !checksums.is_empty())
            .ok_or_else(|| unreadable("checksums"))?,
        access_methods: methods,
        contents: members,
        description: object.description,
        aliases: object.aliases,
    })
}

/// Our own names of an object's methods: `https`, `https-2`, …
pub(crate) fn access_id(at: usize) -> String {
    if at == 0 {
        "https".to_owned()
    } else {
        format!("https-{}", at.saturating_add(1))
    }
}

/// The place of the method of that name.
pub(crate) fn access_place(name: &str) -> Option<usize> {
    match name.strip_prefix("https")? {
        "" => Some(0),
        rest => {
            let number: usize = rest.strip_prefix('-')?.parse().ok()?;
            (number >= 2 && access_id(number.saturating_sub(1)) == name).then(|| number.saturating_sub(1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_ids_are_ours_and_lead_back() {
        for at in 0..4 {
            assert_eq!(access_place(&access_id(at)), Some(at));
        }
        for odd in ["", "http", "https-1", "https-01", "https-2x", "https-+2", "s3"] {
            assert_eq!(access_place(odd), None, "{odd}");
        }
    }
}
