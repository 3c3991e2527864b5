//! A file of a release: a capability of at most five minutes, then its bytes; both decided anew, the bytes watched to the
//! last one. Whoever may release a waiting request looks at its files by the same way.

use std::{io::SeekFrom, sync::Arc};

use audit_log::{AboutKind, Ended, Event, EventType, Outcome, Via};
use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};
use policy_engine::decide::Facts;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use visa_verifier::seam::Timestamp;

use crate::{
    api::Incoming,
    backend::{Ending, Watch, watched},
    capability::{OutputCapability, Use},
    gate::{Caller, Judge, Permit, decided_event, of_dataset, who},
    limits,
    problem::{Api, Problem},
    proxy::{Parts, Proxy},
    router::{self, is_head, promise},
    store::{Release, ReleaseState},
    understand::drs::bytes::range,
};

use super::{
    files::{Frozen, failed, files},
    lineage::Basis,
    seen::{Seen, found, on, question},
    show::until,
};

/// A release, one of its files, and as whom the caller comes.
struct Wanted {
    release: Release,
    basis: Basis,
    file: Frozen,
    at: usize,
    seen: Seen,
    /// The caller as administration judges them.
    governor: Facts,
}

impl Wanted {
    async fn find(parts: &Parts, caller: &Caller, governor: Facts, id: &str, at: usize) -> Result<Self, Problem> {
        let (release, seen) = found(parts, caller, &governor, id).await?;
        let file = files(&release)?
            .into_iter()
            .nth(at)
            .ok_or_else(|| Problem::unknown("file"))?;
        let basis = Basis::of(&release)?;
        Ok(Self {
            release,
            basis,
            file,
            at,
            seen,
            governor,
        })
    }

    /// Is it its time? The requester's, once it is released; a judge's, while it waits.
    fn open(&self, now: i64) -> Result<(), Problem> {
        let not = |code, sentence| Err(Problem::new(StatusCode::FORBIDDEN, code, sentence));
        match (self.seen, self.release.state) {
            (Seen::Owner, ReleaseState::Released) if until(&self.release).is_some_and(|until| now < until) => Ok(()),
            (_, ReleaseState::Released) if self.seen == Seen::Owner => not(
                "output.expired",
                "the time in which the released files could be fetched is over; ask for a new release",
            ),
            (Seen::Judge, ReleaseState::Waiting) => Ok(()),
            (Seen::Owner | Seen::Judge, _) => not(
                "output.not_released",
                "the file is fetched by whoever asked for it once it is released, and looked at by whoever may release it until then",
            ),
        }
    }

    /// May it still leave? The requester is asked consent's `export`, a judge whether they may release it.
    fn judge(&self, parts: &Parts, caller: &Caller) -> Result<Judge, Problem> {
        let clock = Arc::clone(&parts.gate.clock);
        let asking = caller.clone();
        if self.seen == Seen::Owner {
            let lineage = self.basis.lineage.clone();
            return Ok(Arc::new(move |engine| {
                let (facts, now) = (asking.facts(engine.snapshot()), clock.now());
                let intent = lineage.intent(engine, &facts, now).unwrap_or_else(|_| {
                    // what is too much to be named is nothing asked for: a denial
                    policy_engine::intent::Intent::new(policy_engine::intent::Action::OutputExport)
                });
                engine.decide(&facts, &intent, now)
            }));
        }
        // a file of several committees may be looked at by each of them
        let questions: Vec<_> = self
            .file
            .datasets
            .iter()
            .map(|id| question(&self.release, &self.basis, id))
            .collect::<Result<_, _>>()?;
        let Some((first, rest)) = questions.split_first() else {
            return Err(Problem::unknown("file"));
        };
        let (first, rest, governor) = (first.clone(), rest.to_vec(), self.governor.clone());
        Ok(Arc::new(move |engine| {
            let (facts, now) = (on(&governor, engine), clock.now());
            let mut decision = engine.govern(&facts, &first, now);
            for question in &rest {
                if decision.allow() {
                    break;
                }
                decision = engine.govern(&facts, question, now);
            }
            decision
        }))
    }

    async fn permit(&self, parts: &Parts, caller: &Caller, capability: Option<&str>) -> Result<Permit, Problem> {
        let judge = self.judge(parts, caller)?;
        let recording = parts
            .gate
            .begin_with(judge, Some("release"), |decided| {
                let snapshot = decided.engine.snapshot();
                let whats = self.file.datasets.iter();
                let event = decided_event(EventType::OutputReadBegin, caller, decided)
                    .whats(whats.map(|id| of_dataset(id, snapshot).object(self.file.name.as_str())))
                    .about(AboutKind::Release, self.release.id.as_str());
                match capability {
                    Some(id) => event.about(AboutKind::Capability, id),
                    None => event,
                }
            })
            .await
            .map_err(|no| parts.remember(caller, no.into()))?;
        recording.durable().await.map_err(Problem::from)
    }
}

/// `POST …/files/{n}`: a URL of one file, for the requester of a release, or for whoever may release it.
pub(crate) async fn capability(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    incoming.query(&[], &[])?;
    let caller = parts.required(incoming, Api::Own, Vec::new()).await?;
    let at = incoming.segment(6);
    let plain = !at.is_empty() && at.len() <= 4 && at.bytes().all(|byte| byte.is_ascii_digit());
    let at = at
        .parse::<usize>()
        .ok()
        .filter(|_| plain)
        .ok_or_else(|| Problem::unknown("file"))?;
    let governor = parts.governor(incoming, &caller).await?;
    let wanted = Wanted::find(parts, &caller, governor, incoming.segment(4), at).await?;
    wanted.open(parts.gate.now().unix())?;
    let id = parts.gate.id();
    let permit = wanted.permit(parts, &caller, Some(&id)).await?;
    let end = parts
        .gate
        .now()
        .plus(limits::CAPABILITY_LIFE)
        .min(permit.decided.decision.valid_until());
    if wanted.seen == Seen::Judge {
        // the URL is used without a token: who governs is kept for as long as it lives
        parts.looking.insert(id.clone(), wanted.governor.clone());
    }
    let capability = OutputCapability {
        id,
        holder: caller.person.digest.clone(),
        release: wanted.release.id.clone(),
        file: wanted.at,
        until: end.unix(),
    };
    let sealed = parts
        .sealer
        .seal(Use::Output, &capability, parts.gate.nonce())
        .map_err(|_| {
            Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "capability.seal",
                "the URL could not be made",
            )
        })?;
    let answer = json!({
        "url": format!("{}visum/data/{sealed}", parts.config.public_url), "until": Timestamp::from_unix(end.unix()),
        "name": wanted.file.name, "size": wanted.file.size, "sha256": wanted.file.sha256,
    });
    router::json(&answer, Some(permit.header()))
}

/// Is it a capability of a release's file?
pub(crate) fn of(parts: &Parts, text: &str) -> Option<OutputCapability> {
    parts.sealer.open(Use::Output, text).ok()
}

/// `GET` and `HEAD /visum/data/{capability}`.
pub(crate) async fn bytes(
    proxy: &Proxy,
    incoming: &Incoming,
    capability: OutputCapability,
) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    let range = range(&incoming.headers)?;
    let no = |code, sentence| Problem::new(StatusCode::FORBIDDEN, code, sentence);
    if parts.gate.now().unix() >= capability.until {
        return Err(no("capability.expired", "this URL has run out; ask for a new one"));
    }
    let person = parts.identify.known(&capability.holder).ok_or_else(|| {
        no(
            "capability.stale",
            "the person behind this URL has to be verified again; ask for a new one",
        )
    })?;
    let address = incoming
        .address
        .unwrap_or_else(|| std::net::Ipv4Addr::UNSPECIFIED.into());
    let internal = parts.is_internal(address);
    let caller = Caller::new(person, address, internal, None, &incoming.request_id, None);
    let governor = parts.looking.get(&capability.id).unwrap_or_else(|| {
        let engine = parts.gate.current.load();
        caller.facts(engine.snapshot()).without_roles()
    });
    let wanted = Wanted::find(parts, &caller, governor, &capability.release, capability.file).await?;
    wanted.open(parts.gate.now().unix())?;
    let permit = wanted.permit(parts, &caller, Some(&capability.id)).await?;
    let size = wanted.file.size;
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    promise(headers, Some(permit.header()));
    let (first, count) = match range.map(|range| range.of(size)) {
        None => (0, size),
        Some(Some((first, last))) => {
            if let Ok(value) = HeaderValue::from_str(&format!("bytes {first}-{last}/{size}")) {
                headers.insert(header::CONTENT_RANGE, value);
            }
            (first, last.saturating_sub(first).saturating_add(1))
        }
        Some(None) => {
            if let Ok(value) = HeaderValue::from_str(&format!("bytes */{size}")) {
                headers.insert(header::CONTENT_RANGE, value);
            }
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            ending(parts, &caller, &wanted, &capability.id).complete();
            return Ok(response);
        }
    };
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(count));
    if range.is_some() {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    let end = ending(parts, &caller, &wanted, &capability.id);
    if is_head(incoming) {
        end.complete();
        return Ok(response);
    }
    let mut file = parts
        .scratch()?
        .open(&wanted.release.id, &wanted.file.file)
        .await
        .map_err(|error| failed(&error))?;
    file.seek(SeekFrom::Start(first))
        .await
        .map_err(|error| failed(&error))?;
    let Permit { decided, live, .. } = permit;
    let watch = Watch::of_person(parts.gate.clone(), live, decided.decision.valid_until(), end);
    let body = Body::from_stream(tokio_util::io::ReaderStream::with_capacity(file.take(count), 256 << 10));
    *response.body_mut() = watched(body, watch);
    Ok(response)
}

/// Records how much went out, and how it ended.
fn ending(parts: &Parts, caller: &Caller, wanted: &Wanted, capability: &str) -> Ending {
    let writer = parts.gate.writer.clone();
    let (actor, request, id) = (who(caller), caller.request_id.clone(), capability.to_owned());
    let engine = parts.gate.current.load();
    let snapshot = engine.snapshot();
    let whats: Vec<audit_log::What> = wanted
        .file
        .datasets
        .iter()
        .map(|id| of_dataset(id, snapshot).object(wanted.file.name.as_str()))
        .collect();
    let release = wanted.release.id.clone();
    Ending::new(Box::new(move |bytes, how| {
        let outcome = if how == Ended::Complete {
            Outcome::Success
        } else {
            Outcome::Aborted
        };
        let event = Event::new(EventType::OutputReadEnd, outcome)
            .who(actor)
            .via(Via::request(request.as_str()))
            .whats(whats)
            .about(AboutKind::Release, release.as_str())
            .about(AboutKind::Capability, id.as_str())
            .bytes(bytes)
            .end(how);
        drop(writer.append(event));
    }))
}
