//! The S3 side of the door (`apis.md` 10.2): a session's inputs and what it writes, for its key pair alone.
//!
//! Ours and not a library's: a handful of verbs, each refused before anybody is asked, header signatures only.

mod body;
mod fault;
mod list;
mod read;
mod sign;
mod verb;
mod write;
mod xml;

use std::{net::IpAddr, sync::Arc};

use audit_log::{AboutKind, Event, EventType, Outcome, Via, Why};
use axum::{body::Body, response::Response};
use http::{HeaderValue, Method, StatusCode, header};
use policy_engine::{decide::Engine, snapshot::DatasetMode};

use crate::{
    api::Incoming,
    gate::{NoPermit, of_dataset},
    problem::Problem,
    proxy::{Parts, Proxy},
    session::{INPUTS, Session},
};

use self::{
    fault::{Fault, denied},
    sign::Signed,
    verb::Verb,
};
use super::{
    inputs::{below, catalogued, input_at, prefixes},
    reading::actor,
};

/// Where a bucket or a key of it lies, for one session.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Area {
    /// Among the inputs; with the object that a key names, if there is one.
    Input(Option<String>),
    /// The session's own bucket.
    Scratch,
    /// A place that it may write to.
    Sink,
}

/// One request whose key counts.
struct Call<'c> {
    proxy: &'c Proxy,
    incoming: &'c Incoming,
    session: Session,
    engine: Arc<Engine>,
    signed: Signed,
    address: IpAddr,
    /// From the compute network.
    inside: bool,
    bucket: String,
    key: Option<String>,
    query: verb::Query,
}

/// Answers one request of an S3 client.
pub(crate) async fn handle(proxy: &Proxy, incoming: &Incoming, authority: &str, path: &str, body: Body) -> Response {
    match served(proxy, incoming, authority, path, body).await {
        Ok(response) => response,
        Err(fault) => {
            tracing::info!(request.id = %incoming.request_id, status = fault.status.as_u16(), code = %fault.problem.code, "refused at the door");
            fault.answer(&incoming.path, &incoming.request_id)
        }
    }
}

/// A refusal from before the request was read.
pub(crate) fn refusal(problem: Problem, request_id: &str) -> Response {
    Fault::from(problem).answer("", request_id)
}

async fn served(
    proxy: &Proxy,
    incoming: &Incoming,
    authority: &str,
    path: &str,
    body: Body,
) -> Result<Response, Fault> {
    let parts = &*proxy.0;
    let query = verb::query(incoming.query.as_deref())?;
    let mut texts = incoming.segments.iter().map(|segment| segment.text.as_str());
    let bucket = texts.next().map(str::to_owned);
    let key = texts.collect::<Vec<_>>().join("/");
    let key = (!key.is_empty()).then_some(key);
    let Some(bucket) = bucket else {
        return Err(fault::not_served("buckets are not listed here"));
    };
    let verb = verb::verb(&incoming.method, key.as_deref(), &query, &incoming.headers)?;
    let request = sign::Request {
        method: &incoming.method,
        path,
        query: &query,
        headers: &incoming.headers,
        authority,
    };
    let now = parts.gate.now().unix();
    let signed = sign::verify(&request, &parts.door_keys, now).inspect_err(|_| parts.gate.unauthenticated())?;
    let row = parts
        .works
        .by_id(&signed.session)
        .await?
        .filter(|row| row.kind == "session");
    let session = Session::of(row.ok_or_else(|| denied("door.key", "the session of this key is not known here"))?)?;
    let address = incoming
        .address
        .ok_or_else(|| denied("door.wrong_network", "the address of the caller is not known"))?;
    let call = Call {
        proxy,
        incoming,
        engine: parts.gate.current.load(),
        address,
        inside: parts.config.is_compute_network(address, incoming.certified),
        session,
        signed,
        bucket,
        key,
        query,
    };
    let outcome = if call.session.lives(now) {
        call.act(&verb, body).await
    } else {
        Err(denied("door.ended", "the session of this key has ended"))
    };
    match outcome {
        Err(fault) if fault.status == StatusCode::FORBIDDEN && !fault.is_recorded() => Err(call.recorded(fault).await),
        other => other,
    }
}

impl Call<'_> {
    fn parts(&self) -> &Parts {
        &self.proxy.0
    }

    async fn act(&self, verb: &Verb, body: Body) -> Result<Response, Fault> {
        match verb {
            Verb::HeadBucket => self.bucket_there().map(|()| empty(StatusCode::OK)),
            Verb::Location => self.bucket_there().map(|()| list::location()),
            Verb::CreateBucket if self.bucket == self.session.scratch() => Err(Fault::new(
                StatusCode::CONFLICT,
                "BucketAlreadyOwnedByYou",
                "door.bucket_exists",
                "this bucket is the session's own, and there already",
            )),
            Verb::CreateBucket => Err(denied(
                "door.outside",
                "a session has one bucket of its own, and makes no other",
            )),
            // it ends with its session
            Verb::DeleteBucket if self.bucket == self.session.scratch() => Ok(empty(StatusCode::NO_CONTENT)),
            Verb::DeleteBucket => Err(denied("door.outside", "this bucket is not the session's own")),
            Verb::List { v2 } => list::list(self, *v2).await,
            Verb::Head => read::head(self).await,
            Verb::Get => read::get(self).await,
            Verb::Put => write::put(self, body).await,
            Verb::Delete => write::delete(self).await,
            Verb::Begin => write::begin(self).await,
            Verb::Part { upload, number } => write::part(self, upload, *number, body).await,
            Verb::Complete { upload } => write::complete(self, upload, body).await,
            Verb::Abort { upload } => write::abort(self, upload).await,
        }
    }

    /// The key of an object's verb.
    fn key(&self) -> Result<&str, Fault> {
        self.key
            .as_deref()
            .ok_or_else(|| fault::invalid("door.key_missing", "the request names no object"))
    }

    /// Where this key lies for this session.
    ///
    /// # Errors
    /// 403 for everything that is not the session's: nobody learns whether it is there.
    fn area(&self, key: &str) -> Result<Area, Fault> {
        let spec = &self.session.spec;
        if self.bucket == self.session.scratch() {
            return Ok(Area::Scratch);
        }
        if self.bucket == INPUTS && below(&self.engine, spec, key).is_some() {
            return Ok(Area::Input(input_at(&self.engine, spec, key)));
        }
        if let Some(object) = catalogued(&self.engine, spec, &self.bucket, key) {
            return Ok(Area::Input(Some(object)));
        }
        if self.sinks().any(|sink| key.starts_with(sink)) {
            return Ok(Area::Sink);
        }
        if prefixes(&self.engine, spec, &self.bucket)
            .iter()
            .any(|own| key.starts_with(own))
        {
            return Ok(Area::Input(None));
        }
        Err(outside())
    }

    /// The session's sinks in this bucket, as prefixes of keys.
    fn sinks(&self) -> impl Iterator<Item = &str> {
        let here = self
            .session
            .spec
            .sinks
            .iter()
            .filter(|sink| sink.to_string().starts_with("s3://") && sink.authority() == self.bucket);
        here.map(policy_engine::intent::StorageUrl::key)
    }

    /// Is the bucket one in which the session has something?
    fn bucket_there(&self) -> Result<(), Fault> {
        let own = self.bucket == self.session.scratch() || self.bucket == INPUTS || self.sinks().next().is_some();
        let listed = || {
            let inputs = super::inputs::all(&self.engine, &self.session.spec, &self.bucket, false);
            !inputs.is_empty()
        };
        if own || listed() { Ok(()) } else { Err(outside()) }
    }

    /// Is one of the datasets compute-only, now or when the session began? So is all that it wrote.
    fn compute_only(&self) -> bool {
        let mode = |id: &String| self.engine.dataset(id).map(|record| record.mode);
        let now = self
            .session
            .spec
            .datasets
            .iter()
            .any(|id| mode(id) != Some(DatasetMode::Download));
        self.session.spec.compute_only || now
    }

    /// An event of this use.
    fn event(&self, kind: EventType, outcome: Outcome) -> Event {
        Event::new(kind, outcome)
            .who(actor(self.parts(), &self.session.work, self.address))
            .via(Via::request(self.incoming.request_id.as_str()))
            .about(AboutKind::Session, self.session.work.id.as_str())
    }

    /// The session's datasets, for an event.
    fn whats(&self) -> Vec<audit_log::What> {
        let snapshot = self.engine.snapshot();
        self.session
            .spec
            .datasets
            .iter()
            .map(|id| of_dataset(id, snapshot))
            .collect()
    }

    /// A refusal of ours, on record before it is told.
    async fn recorded(&self, mut fault: Fault) -> Fault {
        let kind = match self.incoming.method {
            Method::PUT | Method::POST | Method::DELETE => EventType::TesOutput,
            _ => EventType::DrsReadBytes,
        };
        let event = self
            .event(kind, Outcome::Denied)
            .whats(self.whats())
            .why(Why::code(fault.problem.code.clone().into_owned()));
        match self.parts().gate.writer.note_denied(event).await {
            Ok(noted) => {
                fault.problem.denial.receipt = Some(noted.receipt().header_value());
                fault
            }
            Err(_) => Problem::from(NoPermit::Unrecorded).into(),
        }
    }
}

/// 403 in the same words whether there is something or not.
fn outside() -> Fault {
    denied(
        "door.outside",
        "this is not among the session's inputs, its own bucket, or the places that it may write to",
    )
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// An XML answer.
fn xml(text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}
