//! Tools, versions and classes (TRS 2.0.1), each asked as `trs:read`.

use audit_log::EventType;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{
    api::{
        Incoming, Query,
        trs::{Language, Tool, ToolClass, ToolVersion},
    },
    gate::Caller,
    limits,
    problem::Problem,
    proxy::{Parts, Proxy},
    router::json,
};

use super::{Ask, JSON, ask, caller, mounted, outward::Outward, place::Place, question, rest, tool};

/// The keys of `GET /tools`.
const KEYS: [&str; 13] = [
    "id",
    "alias",
    "toolClass",
    "descriptorType",
    "registry",
    "organization",
    "name",
    "toolname",
    "description",
    "author",
    "checker",
    "offset",
    "limit",
];
/// Headers that name another page.
const PAGES: [HeaderName; 3] = [
    HeaderName::from_static("next_page"),
    HeaderName::from_static("last_page"),
    HeaderName::from_static("self_link"),
];
/// Headers that say where this one is.
const PLACES: [HeaderName; 2] = [
    HeaderName::from_static("current_offset"),
    HeaderName::from_static("current_limit"),
];

/// The filters that are sent on, each read as its type.
fn filters(query: &Query) -> Result<Vec<(&'static str, String)>, Problem> {
    let refused = |key: &str| {
        Problem::refused(
            "request.query",
            format!("`{key}` has a value that this route does not take"),
        )
    };
    let mut sent = Vec::new();
    for key in KEYS {
        let Some(value) = query.one(key).filter(|value| !value.is_empty()) else {
            continue;
        };
        let sound = match key {
            "limit" => {
                value.len() <= 4
                    && value.bytes().all(|byte| byte.is_ascii_digit())
                    && value
                        .parse()
                        .is_ok_and(|limit: usize| (1..=limits::TRS_ENTRIES).contains(&limit))
            }
            "descriptorType" => Language::of(value).is_some(),
            "checker" => value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false"),
            _ => value.len() <= limits::NAME_CHARS,
        };
        if !sound {
            return Err(refused(key));
        }
        let value = if key == "checker" {
            value.to_ascii_lowercase()
        } else {
            value.to_owned()
        };
        sent.push((key, value));
    }
    if !sent.iter().any(|(key, _)| *key == "limit") {
        sent.push(("limit", limits::TRS_ENTRIES.to_string()));
    }
    Ok(sent)
}

/// `GET /tools`: those of the page that the caller may read.
pub(crate) async fn list(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    let (backend, mount) = mounted(parts)?;
    let filters = filters(&incoming.query(&KEYS, &[])?)?;
    let caller = caller(parts, incoming).await?;
    let query: Vec<(&str, &str)> = filters.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let asked = Ask {
        kind: EventType::TrsListTools,
        tool: tool(mount, None),
        path: "/tools",
        query: &query,
        accept: JSON,
    };
    let (told, permit) = ask(parts, &caller, asked).await?;
    let outward = Outward::of(parts, backend.base());
    let tools: Vec<Tool> = bounded(backend.json(&told)?)?;
    let shown: Vec<Tool> = tools
        .into_iter()
        .filter(|one| may_read(parts, &caller, &one.id))
        .map(|one| outward.tool(one))
        .collect();
    let mut response = json(&shown, Some(permit.header()))?;
    paging(&outward, &told.headers, response.headers_mut());
    Ok(response)
}

/// A list with more entries than anybody asked for is not taken.
fn bounded<T>(entries: Vec<T>) -> Result<Vec<T>, Problem> {
    if entries.len() > limits::TRS_ENTRIES {
        Err(Problem::new(
            http::StatusCode::BAD_GATEWAY,
            "backend.unreadable",
            "the TRS backend tells of more entries than one answer may have",
        ))
    } else {
        Ok(entries)
    }
}

/// May the caller read this tool? A list shows no other.
fn may_read(parts: &Parts, caller: &Caller, id: &str) -> bool {
    let Some(mount) = &parts.config.trs else { return false };
    let place = Place {
        tool: id.to_owned(),
        ..Place::default()
    };
    parts
        .gate
        .decide(caller, &question(tool(mount, Some(&place))))
        .decision
        .allow()
}

fn paging(outward: &Outward, told: &HeaderMap, headers: &mut HeaderMap) {
    let text = |name: &HeaderName| told.get(name).and_then(|value| value.to_str().ok());
    for name in PAGES {
        let ours = text(&name).and_then(|url| outward.page(url, &KEYS));
        if let Some(value) = ours.and_then(|url| HeaderValue::from_str(&url).ok()) {
            headers.insert(name, value);
        }
    }
    for name in PLACES {
        let plain = |text: &&str| {
            text.len() <= 128
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
        };
        if let Some(value) = text(&name)
            .filter(plain)
            .and_then(|text| HeaderValue::from_str(text).ok())
        {
            headers.insert(name, value);
        }
    }
}

/// `GET /tools/{id}`.
pub(crate) async fn one(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    let (backend, _) = mounted(parts)?;
    let (place, told, receipt) = read(parts, incoming, EventType::TrsGetTool, "").await?;
    let found: Tool = backend.json(&told)?;
    if found.id != place.tool {
        return Err(another());
    }
    json(&Outward::of(parts, backend.base()).tool(found), Some(receipt))
}

/// `GET /tools/{id}/versions`.
pub(crate) async fn versions(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    let (backend, _) = mounted(parts)?;
    let (place, told, receipt) = read(parts, incoming, EventType::TrsListVersions, "/versions").await?;
    let outward = Outward::of(parts, backend.base());
    let found: Vec<ToolVersion> = bounded(backend.json(&told)?)?;
    let shown: Vec<ToolVersion> = found
        .into_iter()
        .map(|version| outward.version(&place.tool, version))
        .collect();
    json(&shown, Some(receipt))
}

/// `GET /tools/{id}/versions/{version_id}`.
pub(crate) async fn version(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    let (backend, _) = mounted(parts)?;
    let (place, told, receipt) = read(parts, incoming, EventType::TrsGetVersion, "").await?;
    let found: ToolVersion = backend.json(&told)?;
    if place.version.as_ref() != Some(&found.id) {
        return Err(another());
    }
    let outward = Outward::of(parts, backend.base());
    json(&outward.version(&place.tool, found), Some(receipt))
}

/// `GET /toolClasses`.
pub(crate) async fn classes(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    let (backend, mount) = mounted(parts)?;
    incoming.query(&[], &[])?;
    let caller = caller(parts, incoming).await?;
    let asked = Ask {
        kind: EventType::TrsListToolClasses,
        tool: tool(mount, None),
        path: "/toolClasses",
        query: &[],
        accept: JSON,
    };
    let (told, permit) = ask(parts, &caller, asked).await?;
    let classes: Vec<ToolClass> = bounded(backend.json(&told)?)?;
    json(&classes, Some(permit.header()))
}

/// What was told is of another tool than the one that was judged.
fn another() -> Problem {
    Problem::new(
        http::StatusCode::BAD_GATEWAY,
        "backend.unreadable",
        "the TRS backend tells of another tool or version than it was asked for",
    )
}

async fn read(
    parts: &Parts,
    incoming: &Incoming,
    kind: EventType,
    more: &str,
) -> Result<(Place, crate::backend::Told, String), Problem> {
    let (_, mount) = mounted(parts)?;
    incoming.query(&[], &[])?;
    let place = Place::read(rest(incoming))?;
    let caller = caller(parts, incoming).await?;
    let path = format!("{}{more}", place.path());
    let asked = Ask {
        kind,
        tool: tool(mount, Some(&place)),
        path: &path,
        query: &[],
        accept: JSON,
    };
    let (told, permit) = ask(parts, &caller, asked).await?;
    Ok((place, told, permit.header()))
}
