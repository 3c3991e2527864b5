//! HeadObject and GetObject: inputs by the same way as a task's capability, own objects from the scratch folder.

use std::{io::SeekFrom, sync::Arc};

use audit_log::{EventType, Outcome};
use axum::{body::Body, response::Response};
use futures::stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use policy_engine::{
    decide::WorkState,
    intent::{Action, DataRef, DrsId, Intent},
};
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::{
    backend::Range,
    gate::{Judge, Permit, of_dataset, why},
    ownership::{Basis, item},
    problem::Problem,
    router::promise,
    session::{is_held, reads},
    store::Kept,
    understand::drs::{backend, bytes::range},
};

use super::{
    super::{
        reading::Reading,
        session::{Alive, soon_alive},
    },
    Area, Call,
    body::failed,
    fault::{Fault, denied},
};

/// Bytes read at once.
const PIECE: usize = 256 << 10;

fn missing() -> Fault {
    Fault::new(
        StatusCode::NOT_FOUND,
        "NoSuchKey",
        "door.no_such_key",
        "there is no such object",
    )
}

/// What S3 clients want beside the bytes.
pub(super) fn described(headers: &mut HeaderMap, etag: &str, at: i64) {
    let seconds = u64::try_from(at).unwrap_or(0);
    let date = http_date(seconds);
    for (name, value) in [(header::ETAG, format!("\"{etag}\"")), (header::LAST_MODIFIED, date)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
fn http_date(seconds: u64) -> String {
    let at = jiff::Timestamp::from_second(i64::try_from(seconds).unwrap_or(0)).unwrap_or_default();
    at.to_zoned(jiff::tz::TimeZone::UTC)
        .strftime("%a, %d %b %Y %H:%M:%S GMT")
        .to_string()
}

/// The mark of an input: the same as long as the object is the same. Its checksum is not told to whoever may not read it.
pub(super) fn input_etag(object: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, object.as_bytes());
    digest
        .as_ref()
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

impl Call<'_> {
    /// May the session's person see a description of these, on the snapshot in force?
    pub(super) fn describing(&self, data: Vec<DataRef>) -> Judge {
        let (kept, clock) = (self.session.basis.kept.clone(), Arc::clone(&self.parts().gate.clock));
        Arc::new(move |engine| {
            let mut intent = Intent::new(Action::DrsDescribe);
            for one in &data {
                // what is too much to name is named by its datasets all the same
                let _ = intent.read(one.clone(), "");
            }
            engine.decide(&kept.facts(engine.snapshot()), &intent, clock.now())
        })
    }

    /// May the session use its datasets, on the snapshot in force?
    pub(super) fn using(&self) -> Result<Judge, Fault> {
        let clock = Arc::clone(&self.parts().gate.clock);
        let mut item = item(&self.session.work, clock.now())?;
        item.state = WorkState::Running;
        let (kept, datasets) = (self.session.basis.kept.clone(), self.session.spec.datasets.clone());
        Ok(Arc::new(move |engine| {
            let facts = kept.facts(engine.snapshot());
            let data: Vec<DataRef> = datasets
                .iter()
                .flat_map(|dataset| reads(engine, &facts, dataset, clock.now()))
                .collect();
            engine.stream_kept(&kept, &item, &data, clock.now())
        }))
    }

    /// Decides and records a use of what the session wrote.
    pub(super) async fn permit(&self, kind: EventType, name: &str) -> Result<Permit, Fault> {
        let judge = self.using()?;
        let recording = self
            .parts()
            .gate
            .begin_with(judge, None, |decided| {
                let outcome = if decided.decision.allow() {
                    Outcome::Success
                } else {
                    Outcome::Denied
                };
                let named = format!("s3://{}/{name}", self.bucket);
                let whats = self.whats().into_iter().map(|what| what.object(named.as_str()));
                self.event(kind, outcome)
                    .whats(whats)
                    .why(why(&decided.decision, &decided.id))
            })
            .await
            .map_err(Problem::from)?;
        Ok(recording.durable().await.map_err(Problem::from)?)
    }

    /// The size of an input, if the session's person may know of it.
    async fn input(&self, object: &str) -> Result<(Option<u64>, Permit), Fault> {
        let parts = self.parts();
        let id = DrsId::decoded(object).map_err(|_| missing())?;
        let judge = self.describing(vec![DataRef::local(id.clone())]);
        let recording = parts
            .gate
            .begin_with(judge, Some("object"), |decided| {
                let outcome = if decided.decision.allow() {
                    Outcome::Success
                } else {
                    Outcome::Denied
                };
                let record = decided.engine.snapshot().objects.object(object);
                let what =
                    record.map(|record| of_dataset(record.dataset.as_str(), decided.engine.snapshot()).object(object));
                self.event(EventType::DrsGetObject, outcome)
                    .whats(what)
                    .why(why(&decided.decision, &decided.id))
            })
            .await
            .map_err(Problem::from)?;
        let facts = self.session.basis.kept.facts(recording.decided.engine.snapshot());
        if is_held(&recording.decided.engine, &facts, &id, parts.gate.now()) {
            return Err(denied(
                "consent.hold",
                "Some of the data in this request cannot be used at present.",
            ));
        }
        let told = backend(parts)?.object(&recording, object).await;
        let permit = recording.durable().await.map_err(Problem::from)?;
        Ok((told.map_err(Problem::from)?.size, permit))
    }

    /// An object that the session wrote.
    async fn kept(&self, name: &str) -> Result<Kept, Fault> {
        let found = self
            .parts()
            .objects
            .find(&self.session.work.id, &self.bucket, name)
            .await?;
        found.ok_or_else(missing)
    }
}

/// `HEAD /bucket/key`.
pub(super) async fn head(call: &Call<'_>) -> Result<Response, Fault> {
    let name = call.key()?;
    let (size, etag, at, receipt) = match call.area(name)? {
        Area::Input(None) => return Err(missing()),
        Area::Input(Some(object)) => {
            let (size, permit) = call.input(&object).await?;
            let receipt = permit.header();
            (size, input_etag(&object), call.session.work.created_at, receipt)
        }
        Area::Scratch | Area::Sink => {
            let kept = call.kept(name).await?;
            let permit = call.permit(EventType::DrsGetObject, name).await?;
            (Some(kept.size), kept.etag, kept.at, permit.header())
        }
    };
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    described(headers, &etag, at);
    if let Some(size) = size {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    }
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    promise(headers, Some(receipt));
    Ok(response)
}

/// `GET /bucket/key`.
pub(super) async fn get(call: &Call<'_>) -> Result<Response, Fault> {
    let name = call.key()?;
    let range = range(&call.incoming.headers)?;
    match call.area(name)? {
        Area::Input(None) => Err(missing()),
        Area::Input(Some(object)) => input(call, object, range).await,
        Area::Scratch | Area::Sink => own(call, name, range).await,
    }
}

/// An input: from the compute network, while a task of the session is queued or running (E74).
async fn input(call: &Call<'_>, object: String, range: Option<Range>) -> Result<Response, Fault> {
    let parts = call.parts();
    let record = call.engine.snapshot().objects.object(&object).ok_or_else(missing)?;
    let session = &call.session.work;
    let reading = Reading {
        basis: Arc::new(Basis::of(session)?),
        work: session.clone(),
        dataset: record.dataset.as_str().to_owned(),
        budget: format!("{}/{object}", session.id),
        budget_times: parts.works.count_of_session(&session.id).await?.max(1),
        object: object.clone(),
        capability: None,
        address: call.address,
        request_id: call.incoming.request_id.clone(),
        until: session.expires_at.min(call.signed.until),
    };
    if !call.inside {
        let sentence =
            "inputs of a session are read from the compute network alone; outside of it they are only listed";
        return Err(reading.alarmed(parts, "door.wrong_network", sentence).await.into());
    }
    match soon_alive(parts, &session.id).await? {
        Alive::Yes => {}
        Alive::Submitting => {
            return Err(
                Problem::unavailable("door.submitting", "the session's task is still being submitted", 1).into(),
            );
        }
        Alive::No => {
            let sentence = "no task of this session is queued or running; inputs are read by tasks alone";
            return Err(reading.alarmed(parts, "door.no_task", sentence).await.into());
        }
    }
    parts.pins.open(&reading.budget, reading.until).await?;
    let mut response = reading.open(call.proxy, range, false).await?;
    described(response.headers_mut(), &input_etag(&object), session.created_at);
    Ok(response)
}

/// What the session wrote: from outside of the compute network too, unless it comes from compute-only data (E74).
async fn own(call: &Call<'_>, name: &str, range: Option<Range>) -> Result<Response, Fault> {
    if !call.inside && call.compute_only() {
        return Err(denied(
            "door.derived",
            "this comes from compute-only data: outside of the compute network it is listed and deleted, and leaves by a release alone",
        ));
    }
    let kept = call.kept(name).await?;
    let permit = call.permit(EventType::TesInput, name).await?;
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    described(headers, &kept.etag, kept.at);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    promise(headers, Some(permit.header()));
    let (first, count) = match range {
        None => (0, kept.size),
        Some(range) => match range.of(kept.size) {
            Some((first, last)) => {
                let text = format!("bytes {first}-{last}/{}", kept.size);
                if let Ok(value) = HeaderValue::from_str(&text) {
                    headers.insert(header::CONTENT_RANGE, value);
                }
                (first, last.saturating_sub(first).saturating_add(1))
            }
            None => {
                return Err(Fault::new(
                    StatusCode::RANGE_NOT_SATISFIABLE,
                    "InvalidRange",
                    "request.range",
                    "the range lies beyond the object",
                ));
            }
        },
    };
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(count));
    if range.is_some() {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    let mut file = call
        .parts()
        .scratch()?
        .open(&call.session.work.id, &kept.file)
        .await
        .map_err(|error| failed(&error))?;
    file.seek(SeekFrom::Start(first))
        .await
        .map_err(|error| failed(&error))?;
    *response.body_mut() = watched(file, count, permit);
    Ok(response)
}

/// The file's bytes, as long as the permit holds.
fn watched(file: tokio::fs::File, count: u64, permit: Permit) -> Body {
    Body::from_stream(stream::unfold(
        (file, count, permit),
        |(mut file, left, permit)| async move {
            if left == 0 {
                return None;
            }
            if permit.still().is_err() {
                let cut = std::io::Error::other("the stream was ended");
                return Some((Err(cut), (file, 0, permit)));
            }
            let mut piece = vec![0; PIECE.min(usize::try_from(left).unwrap_or(PIECE))];
            match file.read(&mut piece).await {
                Ok(0) => Some((
                    Err(std::io::Error::other("the object is shorter than it was")),
                    (file, 0, permit),
                )),
                Ok(read) => {
                    piece.truncate(read);
                    let left = left.saturating_sub(read as u64);
                    Some((Ok(bytes::Bytes::from(piece)), (file, left, permit)))
                }
                Err(error) => Some((Err(error), (file, 0, permit))),
            }
        },
    ))
}
