//! The routes of the TRS. Every one demands the credential.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::get,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::{
    Credential, Tool,
    problem::{Problem, demand, unknown_route},
    trs::{
        tools::{Entry, File, VERSION, entries, sha256},
        zip,
    },
};

/// Tools of a page, if the client does not say.
const PAGE: usize = 1000;

/// What the handlers use.
struct Trs {
    base: String,
    entries: Vec<Entry>,
}

/// The TRS at `base`, below `/ga4gh/trs/v2`.
pub(crate) fn router(base: &str, credential: &Credential, tools: &[Tool]) -> Router {
    let trs = Arc::new(Trs {
        base: format!("{base}/ga4gh/trs/v2"),
        entries: entries(tools),
    });
    let routes = Router::new()
        .route("/service-info", get(service_info))
        .route("/toolClasses", get(classes))
        .route("/tools", get(list))
        .route("/tools/{id}", get(one))
        .route("/tools/{id}/versions", get(versions))
        .route("/tools/{id}/versions/{version}", get(version))
        .route("/tools/{id}/versions/{version}/containerfile", get(container))
        .route("/tools/{id}/versions/{version}/{kind}/descriptor", get(descriptor))
        .route("/tools/{id}/versions/{version}/{kind}/descriptor/{*path}", get(by_path))
        .route("/tools/{id}/versions/{version}/{kind}/tests", get(tests))
        .route("/tools/{id}/versions/{version}/{kind}/files", get(files));
    Router::new()
        .nest("/ga4gh/trs/v2", routes)
        .fallback(unknown_route)
        .layer(from_fn_with_state(credential.clone(), demand))
        .with_state(trs)
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

impl Trs {
    fn find(&self, id: &str) -> Result<&Entry, Problem> {
        let found = self.entries.iter().find(|entry| entry.id == id);
        found.ok_or_else(|| Problem::missing("tool"))
    }

    fn version(&self, id: &str, version: &str) -> Result<&Entry, Problem> {
        let entry = self.find(id)?;
        if version == VERSION {
            Ok(entry)
        } else {
            Err(Problem::missing("version"))
        }
    }

    fn url(&self, entry: &Entry) -> String {
        format!("{}/tools/{}", self.base, encoded(&entry.id))
    }

    fn told_version(&self, entry: &Entry) -> Value {
        entry.version(&format!("{}/versions/{VERSION}", self.url(entry)))
    }

    fn told(&self, entry: &Entry) -> Value {
        json!({
            "id": entry.id, "url": self.url(entry), "name": entry.name, "organization": "Sample node",
            "toolclass": class(entry.class), "description": entry.description, "meta_version": "1",
            "has_checker": false, "aliases": [format!("sample:{}", entry.name)],
            "versions": [self.told_version(entry)],
        })
    }

    fn wrapper(&self, entry: &Entry, file: &File) -> Value {
        let url = format!(
            "{}/versions/{VERSION}/PLAIN_CWL/descriptor/{}",
            self.url(entry),
            file.path
        );
        json!({ "content": file.text, "url": url, "image_type": "CWL",
            "checksum": [{ "type": "sha-256", "checksum": sha256(&file.text) }] })
    }
}

fn class(name: &str) -> Value {
    json!({ "id": name, "name": name, "description": format!("a {name} of CWL") })
}

async fn service_info() -> Json<Value> {
    Json(json!({
        "id": "org.example.sample.trs", "name": "Sample TRS",
        "type": { "group": "org.ga4gh", "artifact": "trs", "version": "2.0.1" },
        "organization": { "name": "Sample node", "url": "https://biobank.example.org" },
        "version": env!("CARGO_PKG_VERSION"),
    }))
}

async fn classes() -> Json<Value> {
    Json(json!([class("CommandLineTool"), class("Workflow")]))
}

/// Does an entry fit a filter?
fn fits(entry: &Entry, key: &str, value: &str) -> bool {
    match key {
        "id" => entry.id == value,
        "alias" => format!("sample:{}", entry.name) == value,
        "toolClass" => entry.class == value,
        "descriptorType" => value == "CWL",
        "registry" => value == "docker.io",
        "organization" | "author" => value == "Sample node",
        "name" | "toolname" => entry.name.contains(value),
        "description" => entry.description.contains(value),
        "checker" => value == "false",
        _ => true,
    }
}

async fn list(State(trs): State<Arc<Trs>>, Query(query): Query<BTreeMap<String, String>>) -> Result<Response, Problem> {
    let number = |name: &str, usual: usize| match query.get(name) {
        None => Ok(usual),
        Some(text) => text
            .parse()
            .map_err(|_| Problem::bad("sample.number", format!("{name} is no number"))),
    };
    let (offset, limit) = (number("offset", 0)?, number("limit", PAGE)?.clamp(1, PAGE));
    let found: Vec<&Entry> = trs
        .entries
        .iter()
        .filter(|entry| query.iter().all(|(key, value)| fits(entry, key, value)))
        .collect();
    let page: Vec<Value> = found
        .iter()
        .skip(offset)
        .take(limit)
        .map(|entry| trs.told(entry))
        .collect();
    let link = |offset: usize| format!("{}/tools?offset={offset}&limit={limit}", trs.base);
    let mut headers = HeaderMap::new();
    let mut put = |name: &'static str, text: String| {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    if offset.saturating_add(limit) < found.len() {
        put("next_page", link(offset.saturating_add(limit)));
    }
    put(
        "last_page",
        link(found.len().saturating_sub(1).checked_div(limit).unwrap_or(0) * limit),
    );
    put("self_link", link(offset));
    put("current_offset", offset.to_string());
    put("current_limit", limit.to_string());
    Ok((headers, Json(page)).into_response())
}

async fn one(State(trs): State<Arc<Trs>>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    Ok(Json(trs.told(trs.find(&id)?)))
}

async fn versions(State(trs): State<Arc<Trs>>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    Ok(Json(json!([trs.told_version(trs.find(&id)?)])))
}

async fn version(
    State(trs): State<Arc<Trs>>,
    Path((id, version)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(trs.told_version(trs.version(&id, &version)?)))
}

async fn container(
    State(trs): State<Arc<Trs>>,
    Path((id, version)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(wrappers(&trs, trs.version(&id, &version)?, "CONTAINERFILE")))
}

fn wrappers(trs: &Trs, entry: &Entry, kind: &str) -> Value {
    let files = entry.files.iter().filter(|file| file.kind == kind);
    files.map(|file| trs.wrapper(entry, file)).collect()
}

/// Whether the answer is the plain text.
fn plain(kind: &str) -> Result<bool, Problem> {
    match kind {
        "CWL" => Ok(false),
        "PLAIN_CWL" => Ok(true),
        _ => Err(Problem::missing("descriptor of this type")),
    }
}

fn told(trs: &Trs, entry: &Entry, kind: &str, file: &File) -> Result<Response, Problem> {
    Ok(if plain(kind)? {
        ([(header::CONTENT_TYPE, "text/plain")], file.text.clone()).into_response()
    } else {
        Json(trs.wrapper(entry, file)).into_response()
    })
}

async fn descriptor(
    State(trs): State<Arc<Trs>>,
    Path((id, version, kind)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let entry = trs.version(&id, &version)?;
    let file = entry.files.first().ok_or_else(|| Problem::missing("descriptor"))?;
    told(&trs, entry, &kind, file)
}

async fn by_path(
    State(trs): State<Arc<Trs>>,
    Path((id, version, kind, path)): Path<(String, String, String, String)>,
) -> Result<Response, Problem> {
    let entry = trs.version(&id, &version)?;
    let file = entry.files.iter().find(|file| file.path == path);
    told(&trs, entry, &kind, file.ok_or_else(|| Problem::missing("file"))?)
}

async fn tests(
    State(trs): State<Arc<Trs>>,
    Path((id, version, kind)): Path<(String, String, String)>,
) -> Result<Json<Value>, Problem> {
    plain(&kind)?;
    Ok(Json(wrappers(&trs, trs.version(&id, &version)?, "TEST_FILE")))
}

async fn files(
    State(trs): State<Arc<Trs>>,
    Path((id, version, kind)): Path<(String, String, String)>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    let entry = trs.version(&id, &version)?;
    plain(&kind)?;
    match query.get("format").map(String::as_str) {
        Some("zip") => {
            let files: Vec<(&str, &[u8])> = entry
                .files
                .iter()
                .map(|file| (file.path, file.text.as_bytes()))
                .collect();
            Ok(([(header::CONTENT_TYPE, "application/zip")], zip::of(&files)).into_response())
        }
        Some(_) => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "sample.format",
            "the format is zip or absent",
        )),
        None => {
            let names = entry.files.iter().map(|file| {
                json!({ "path": file.path, "file_type": file.kind,
                    "checksum": { "type": "sha-256", "checksum": sha256(&file.text) } })
            });
            Ok(Json(names.collect::<Value>()).into_response())
        }
    }
}
