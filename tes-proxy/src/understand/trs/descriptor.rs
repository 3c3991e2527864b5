//! Descriptors, tests, files and container files of a version (TRS 2.0.1).

use audit_log::EventType;
use axum::{body::Body, response::Response};
use http::{HeaderValue, header};

use crate::{
    api::{
        Incoming,
        trs::{FileWrapper, Kind, ToolFile},
    },
    backend::Told,
    limits,
    problem::Problem,
    proxy::{Parts, Proxy},
    router::{json, promise},
};

use super::{Ask, JSON, ask, caller, mounted, outward::Outward, place::Place, rest, tool};

/// What a request is about: the version, the language, and what of it.
async fn read(
    parts: &Parts,
    incoming: &Incoming,
    kind: EventType,
    place: &Place,
    asked: (&str, &[(&str, &str)], &'static str),
) -> Result<(Told, String), Problem> {
    let (_, mount) = mounted(parts)?;
    let caller = caller(parts, incoming).await?;
    let (path, query, accept) = asked;
    let asked = Ask {
        kind,
        tool: tool(mount, Some(place)),
        path,
        query,
        accept,
    };
    let (told, permit) = ask(parts, &caller, asked).await?;
    Ok((told, permit.header()))
}

fn kind_of(place: &Place) -> Result<Kind, Problem> {
    place
        .kind
        .ok_or_else(|| Problem::refused("request.path", "the path names no type"))
}

/// `GET …/{type}/descriptor` and `…/descriptor/{relative_path}`.
pub(crate) async fn get(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    let (backend, _) = mounted(parts)?;
    incoming.query(&[], &[])?;
    let place = Place::read(rest(incoming))?;
    let kind = kind_of(&place)?;
    let event = if place.file.is_empty() {
        EventType::TrsGetDescriptor
    } else {
        EventType::TrsGetDescriptorByPath
    };
    let path = place.below(kind, "descriptor");
    let accept = if kind.plain { "text/plain" } else { JSON };
    let (told, receipt) = read(parts, incoming, event, &place, (&path, &[], accept)).await?;
    if kind.plain {
        return plain(told, receipt);
    }
    let file: FileWrapper = backend.json(&told)?;
    let outward = Outward::of(parts, backend.base());
    json(&outward.descriptor(&place, kind, file), Some(receipt))
}

/// The text itself.
fn plain(told: Told, receipt: String) -> Result<Response, Problem> {
    let unreadable = |what: &str| {
        Problem::new(
            http::StatusCode::BAD_GATEWAY,
            "backend.unreadable",
            format!("the TRS backend tells a descriptor {what}"),
        )
    };
    if told.body.len() > limits::TRS_TEXT_BYTES {
        return Err(unreadable("that is larger than 1 MiB"));
    }
    if str::from_utf8(&told.body).is_err() {
        return Err(unreadable("that is no text"));
    }
    Ok(bytes(told, "text/plain; charset=utf-8", receipt))
}

fn bytes(told: Told, kind: &'static str, receipt: String) -> Response {
    let mut response = Response::new(Body::from(told.body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    // a page of a registry is never one of ours
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox"),
    );
    promise(headers, Some(receipt));
    response
}

/// `GET …/{type}/tests`.
pub(crate) async fn tests(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let place = Place::read(rest(incoming))?;
    let kind = Kind {
        plain: false,
        ..kind_of(&place)?
    };
    let path = place.below(kind, "tests");
    wrapped(proxy, incoming, EventType::TrsGetTests, &place, &path).await
}

/// `GET …/containerfile`.
pub(crate) async fn container(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let place = Place::read(rest(incoming))?;
    let path = format!("{}/containerfile", place.path());
    wrapped(proxy, incoming, EventType::TrsGetContainerfile, &place, &path).await
}

/// A list of files with their texts.
async fn wrapped(
    proxy: &Proxy,
    incoming: &Incoming,
    event: EventType,
    place: &Place,
    path: &str,
) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    let (backend, _) = mounted(parts)?;
    incoming.query(&[], &[])?;
    let (told, receipt) = read(parts, incoming, event, place, (path, &[], JSON)).await?;
    let outward = Outward::of(parts, backend.base());
    let files: Vec<FileWrapper> = backend.json(&told)?;
    let shown: Vec<FileWrapper> = files
        .into_iter()
        .take(limits::TRS_ENTRIES)
        .filter_map(|file| outward.file(file))
        .collect();
    json(&shown, Some(receipt))
}

/// `GET …/{type}/files[?format=zip]`.
pub(crate) async fn files(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    let (backend, _) = mounted(parts)?;
    let query = incoming.query(&["format"], &[])?;
    let zip = match query.one("format") {
        None => false,
        Some("zip") => true,
        Some(_) => return Err(Problem::refused("request.query", "`format` is `zip` or absent")),
    };
    let place = Place::read(rest(incoming))?;
    let kind = kind_of(&place)?;
    if kind.plain {
        return Err(Problem::refused(
            "trs.type",
            "files are listed by a type without PLAIN_ in front",
        ));
    }
    let path = place.below(kind, "files");
    if zip {
        let asked = (path.as_str(), [("format", "zip")].as_slice(), "application/zip");
        let (told, receipt) = read(parts, incoming, EventType::TrsGetFiles, &place, asked).await?;
        if !(told.body.starts_with(b"PK\x03\x04") || told.body.starts_with(b"PK\x05\x06")) {
            return Err(backend.unreadable("it is no zip file").into());
        }
        let mut response = bytes(told, "application/zip", receipt);
        response.headers_mut().insert(
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"files.zip\""),
        );
        return Ok(response);
    }
    let (told, receipt) = read(parts, incoming, EventType::TrsGetFiles, &place, (&path, &[], JSON)).await?;
    let files: Vec<ToolFile> = backend.json(&told)?;
    let shown: Vec<ToolFile> = files
        .into_iter()
        .take(limits::TRS_ENTRIES)
        .filter_map(Outward::name)
        .collect();
    json(&shown, Some(receipt))
}
