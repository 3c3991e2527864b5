//! The routes of the TES: service-info, list, create, get, cancel. Every one demands the credential.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, RawQuery, State},
    middleware::from_fn_with_state,
    routing::get,
};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::{
    Credential,
    problem::{Problem, demand, unknown_route},
    tes::{
        engine::Tes,
        state::Record,
        task::{NewTask, State as TaskState, Told, View},
    },
};

/// Bytes of a task.
const BODY: usize = 4 * 1024 * 1024;
/// Tasks of a page, if the client does not say; and the most (TES 1.1: "less than 2048").
const PAGE: usize = 256;
const LARGEST_PAGE: usize = 2047;

/// The TES below `/ga4gh/tes/v1`.
pub(crate) fn router(tes: Arc<Tes>, credential: &Credential) -> Router {
    Router::new()
        .route("/ga4gh/tes/v1/service-info", get(service_info))
        .route("/ga4gh/tes/v1/tasks", get(list).post(create))
        .route("/ga4gh/tes/v1/tasks/{id}", get(task).post(cancel))
        .fallback(unknown_route)
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn_with_state(credential.clone(), demand))
        .with_state(tes)
}

async fn service_info() -> Json<Value> {
    Json(json!({
        "id": "org.example.sample.tes",
        "name": "Sample TES",
        "description": "A sample: local processes by named tools, not isolated; not for production",
        "type": { "group": "org.ga4gh", "artifact": "tes", "version": "1.1.0" },
        "organization": { "name": "Sample node", "url": "https://biobank.example.org" },
        "version": env!("CARGO_PKG_VERSION"),
        "storage": ["file:", "http:", "https:", "s3:"],
        "tesResources_backend_parameters": [],
    }))
}

async fn create(State(tes): State<Arc<Tes>>, body: Bytes) -> Result<Json<Value>, Problem> {
    let task: NewTask = serde_json::from_slice(&body)
        .map_err(|problem| Problem::bad("sample.task", format!("the task can't be read: {problem}")))?;
    Ok(Json(json!({ "id": tes.create(task)? })))
}

async fn task(
    State(tes): State<Arc<Tes>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Told>, Problem> {
    let asked = Asked::read(query.as_deref().unwrap_or_default())?;
    let told = tes.tasks().find(&id).map(|record| record.told(asked.view));
    told.map(Json).ok_or_else(|| Problem::missing("task"))
}

async fn cancel(State(tes): State<Arc<Tes>>, Path(last): Path<String>) -> Result<Json<Value>, Problem> {
    let id = last.strip_suffix(":cancel").ok_or_else(|| Problem::missing("route"))?;
    if tes.cancel(id) {
        Ok(Json(json!({})))
    } else {
        Err(Problem::missing("task"))
    }
}

async fn list(State(tes): State<Arc<Tes>>, RawQuery(query): RawQuery) -> Result<Json<Value>, Problem> {
    let asked = Asked::read(query.as_deref().unwrap_or_default())?;
    let tasks = tes.tasks();
    let mut fitting = tasks
        .newest(asked.before)
        .filter(|(_, record)| asked.fits(record))
        .peekable();
    let (mut told, mut last) = (Vec::new(), None);
    while told.len() < asked.size
        && let Some((number, record)) = fitting.next()
    {
        told.push(record.told(asked.view));
        last = Some(number);
    }
    let mut answer = json!({ "tasks": told });
    if let (Some(_), Some(last), Some(members)) = (fitting.peek(), last, answer.as_object_mut()) {
        members.insert("next_page_token".to_owned(), json!(last.to_string()));
    }
    Ok(Json(answer))
}

/// The query of a list or of a task.
#[derive(Default)]
struct Asked {
    view: View,
    name_prefix: String,
    state: Option<TaskState>,
    tags: Vec<(String, String)>,
    size: usize,
    before: Option<u64>,
}

impl Asked {
    fn read(query: &str) -> Result<Self, Problem> {
        let mut asked = Self {
            size: PAGE,
            ..Self::default()
        };
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        let word = |value: &str| Value::String(value.to_owned());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let bad = || {
                Problem::bad(
                    "sample.query",
                    format!("the parameter `{}` can't be read", name.escape_debug()),
                )
            };
            match name.as_ref() {
                "view" => asked.view = serde_json::from_value(word(&value)).map_err(|_| bad())?,
                "state" => asked.state = Some(serde_json::from_value(word(&value)).map_err(|_| bad())?),
                "name_prefix" => asked.name_prefix = value.into_owned(),
                "tag_key" => keys.push(value.into_owned()),
                "tag_value" => values.push(value.into_owned()),
                "page_size" => {
                    let size = value.parse().ok().filter(|size| (1..=LARGEST_PAGE).contains(size));
                    asked.size = size.ok_or_else(bad)?;
                }
                "page_token" if value.is_empty() => {}
                "page_token" => asked.before = Some(value.parse().map_err(|_| bad())?),
                _ => return Err(bad()),
            }
        }
        values.resize(keys.len(), String::new());
        asked.tags = keys.into_iter().zip(values).collect();
        Ok(asked)
    }

    /// An empty tag value fits any value (TES 1.1).
    fn fits(&self, record: &Record) -> bool {
        let name = record.task.name.as_deref().unwrap_or_default();
        name.starts_with(&self.name_prefix)
            && self.state.is_none_or(|state| state == record.state)
            && self.tags.iter().all(|(key, value)| {
                record
                    .task
                    .tags
                    .get(key)
                    .is_some_and(|held| value.is_empty() || held == value)
            })
    }
}
