//! The routes of the WES: service-info, runs, status, tasks, their words, cancel. Every one demands the credential.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Multipart, Path, Query, State},
    http::header,
    middleware::from_fn_with_state,
    response::IntoResponse,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    Credential,
    problem::{Problem, demand, unknown_route},
    wes::{
        form::{self, TYPE, VERSION},
        run::{self, Run},
    },
    world,
};

/// Bytes of a run request.
const BODY: usize = 8 * 1024 * 1024;
/// Runs that are kept; above it the oldest finished one goes.
const KEPT: usize = 1000;
/// Runs of a page, if the client does not say; and the most.
const PAGE: usize = 100;
const LARGEST_PAGE: usize = 1000;

/// What the handlers use.
pub(crate) struct Wes {
    base: String,
    tes: String,
    credential: Credential,
    client: reqwest::Client,
    runs: Mutex<Runs>,
}

/// All runs, by the order of their creation.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    next: u64,
    all: BTreeMap<u64, Run>,
}

impl Runs {
    pub(crate) fn find(&mut self, id: &str) -> Option<&mut Run> {
        self.all.values_mut().rev().find(|run| run.id == id)
    }
}

impl Wes {
    pub(crate) fn runs(&self) -> MutexGuard<'_, Runs> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the TES; its JSON answer. A refusal comes back as the sentence that the TES gave.
    pub(crate) async fn call(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, String> {
        let request = self.client.request(method, format!("{}/ga4gh/tes/v1{path}", self.tes));
        let request = request.bearer_auth(self.credential.expose());
        let request = if let Some(body) = body {
            request.json(body)
        } else {
            request
        };
        let unreached = |problem: reqwest::Error| format!("the TES can't be reached: {}", problem.without_url());
        let answer = request.send().await.map_err(unreached)?;
        let status = answer.status();
        let told: Value = answer.json().await.map_err(unreached)?;
        if status.is_success() {
            return Ok(told);
        }
        let sentence = told.get("message").and_then(Value::as_str).unwrap_or("no reason given");
        Err(format!("the TES refused ({status}): {sentence}"))
    }
}

/// The WES at `base`, below `/ga4gh/wes/v1`, in front of the TES at `tes`.
pub(crate) fn router(base: &str, tes: &str, credential: &Credential, client: reqwest::Client) -> Router {
    let wes = Arc::new(Wes {
        base: base.to_owned(),
        tes: tes.to_owned(),
        credential: credential.clone(),
        client,
        runs: Mutex::default(),
    });
    Router::new()
        .route("/ga4gh/wes/v1/service-info", get(service_info))
        .route("/ga4gh/wes/v1/runs", get(list).post(create))
        .route("/ga4gh/wes/v1/runs/{run}", get(run_log))
        .route("/ga4gh/wes/v1/runs/{run}/status", get(status))
        .route("/ga4gh/wes/v1/runs/{run}/cancel", post(cancel))
        .route("/ga4gh/wes/v1/runs/{run}/tasks", get(tasks))
        .route("/ga4gh/wes/v1/runs/{run}/tasks/{task}", get(task))
        .route("/ga4gh/wes/v1/runs/{run}/tasks/{task}/{stream}", get(words))
        .fallback(unknown_route)
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn_with_state(credential.clone(), demand))
        .with_state(wes)
}

async fn service_info(State(wes): State<Arc<Wes>>) -> Json<Value> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for run in wes.runs().all.values() {
        *counts.entry(run.state).or_default() += 1;
    }
    Json(json!({
        "id": "org.example.sample.wes",
        "name": "Sample WES",
        "description": "A sample: runs a list of TES tasks in order; not for production",
        "type": { "group": "org.ga4gh", "artifact": "wes", "version": "1.1.0" },
        "organization": { "name": "Sample node", "url": "https://biobank.example.org" },
        "version": env!("CARGO_PKG_VERSION"),
        "workflow_type_versions": { TYPE: { "workflow_type_version": [VERSION] } },
        "supported_wes_versions": ["1.1.0"],
        "supported_filesystem_protocols": ["http", "https", "file", "s3"],
        "workflow_engine_versions": { TYPE: { "workflow_engine_version": [VERSION] } },
        "default_workflow_engine_parameters": [],
        "system_state_counts": counts,
        "auth_instructions_url": "https://biobank.example.org/sample",
        "tags": {},
    }))
}

async fn create(State(wes): State<Arc<Wes>>, form: Multipart) -> Result<Json<Value>, Problem> {
    let asked = form::read(form).await?;
    let busy = |why| Problem::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, "sample.busy", why);
    let id = world::token(16).map_err(|_| busy("no id could be made"))?;
    let cancel = CancellationToken::new();
    {
        let mut runs = wes.runs();
        if runs.all.len() >= KEPT {
            let oldest = runs
                .all
                .iter()
                .find(|(_, run)| run.is_final())
                .map(|(number, _)| *number);
            runs.all
                .remove(&oldest.ok_or_else(|| busy("there are too many unfinished runs"))?);
        }
        let number = runs.next;
        runs.next += 1;
        let run = Run {
            id: id.clone(),
            request: asked.request,
            name: asked.name,
            tags: asked.tags,
            state: "QUEUED",
            started: None,
            ended: None,
            tasks: Vec::new(),
            system_logs: Vec::new(),
            cancel: cancel.clone(),
        };
        runs.all.insert(number, run);
    }
    tokio::spawn(run::run(wes.clone(), id.clone(), asked.tasks, cancel));
    Ok(Json(json!({ "run_id": id })))
}

/// The query of the lists.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    page_size: Option<usize>,
    page_token: Option<String>,
}

impl Page {
    fn size(&self) -> usize {
        self.page_size.unwrap_or(PAGE).clamp(1, LARGEST_PAGE)
    }

    fn token<T: std::str::FromStr>(&self) -> Result<Option<T>, Problem> {
        let token = self.page_token.as_deref().filter(|token| !token.is_empty());
        token
            .map(|token| {
                token
                    .parse()
                    .map_err(|_| Problem::bad("sample.query", "the page token can't be read"))
            })
            .transpose()
    }
}

async fn list(State(wes): State<Arc<Wes>>, Query(page): Query<Page>) -> Result<Json<Value>, Problem> {
    let before = page.token()?.unwrap_or(u64::MAX);
    let runs = wes.runs();
    let mut newest = runs.all.range(..before).rev();
    let (mut told, mut last) = (Vec::new(), None);
    for (number, run) in newest.by_ref().take(page.size()) {
        told.push(json!({
            "run_id": run.id, "state": run.state, "tags": run.tags, "start_time": run.started, "end_time": run.ended,
        }));
        last = Some(*number);
    }
    let next = last
        .filter(|_| newest.next().is_some())
        .map(|last| last.to_string())
        .unwrap_or_default();
    Ok(Json(json!({ "runs": told, "next_page_token": next })))
}

async fn status(State(wes): State<Arc<Wes>>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let state = wes
        .runs()
        .find(&id)
        .map(|run| run.state)
        .ok_or_else(|| Problem::missing("run"))?;
    Ok(Json(json!({ "run_id": id, "state": state })))
}

async fn cancel(State(wes): State<Arc<Wes>>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let asked = wes.runs().change(&id, |run| {
        if !run.is_final() {
            run.state = "CANCELING";
            run.cancel.cancel();
        }
    });
    asked
        .map(|()| Json(json!({ "run_id": id })))
        .ok_or_else(|| Problem::missing("run"))
}

async fn run_log(State(wes): State<Arc<Wes>>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let mut runs = wes.runs();
    let run = runs.find(&id).ok_or_else(|| Problem::missing("run"))?;
    let outputs: Vec<&Value> = run
        .tasks
        .iter()
        .flat_map(|task| list_at(task, "/logs/0/outputs"))
        .collect();
    let exit_code = match run.state {
        "COMPLETE" => Some(0),
        _ if run.is_final() => Some(1),
        _ => None,
    };
    Ok(Json(json!({
        "run_id": run.id,
        "request": run.request,
        "state": run.state,
        "run_log": {
            "name": run.name, "cmd": [], "start_time": run.started, "end_time": run.ended, "stdout": "", "stderr": "",
            "exit_code": exit_code, "system_logs": run.system_logs,
        },
        "task_logs_url": format!("{}/ga4gh/wes/v1/runs/{}/tasks", wes.base, run.id),
        "task_logs": run.tasks.iter().map(|task| task_log(&wes, &run.id, task)).collect::<Vec<_>>(),
        "outputs": { "files": outputs },
    })))
}

async fn tasks(
    State(wes): State<Arc<Wes>>,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>, Problem> {
    let from: usize = page.token()?.unwrap_or(0);
    let mut runs = wes.runs();
    let run = runs.find(&id).ok_or_else(|| Problem::missing("run"))?;
    let end = from.saturating_add(page.size());
    let logs: Vec<Value> = run
        .tasks
        .iter()
        .skip(from)
        .take(page.size())
        .map(|task| task_log(&wes, &run.id, task))
        .collect();
    let next = if end < run.tasks.len() {
        end.to_string()
    } else {
        String::new()
    };
    Ok(Json(json!({ "task_logs": logs, "next_page_token": next })))
}

async fn task(State(wes): State<Arc<Wes>>, Path((id, task)): Path<(String, String)>) -> Result<Json<Value>, Problem> {
    let mut runs = wes.runs();
    let run = runs.find(&id).ok_or_else(|| Problem::missing("run"))?;
    let held = run
        .tasks
        .iter()
        .find(|held| text_at(held, "/id") == task)
        .ok_or_else(|| Problem::missing("task"))?;
    Ok(Json(task_log(&wes, &run.id, held)))
}

/// `…/tasks/{task}/stdout` and `stderr`: what the task's executors said, as the TES kept it.
async fn words(
    State(wes): State<Arc<Wes>>,
    Path((id, task, stream)): Path<(String, String, String)>,
) -> Result<impl IntoResponse, Problem> {
    if stream != "stdout" && stream != "stderr" {
        return Err(Problem::missing("route"));
    }
    let mut runs = wes.runs();
    let run = runs.find(&id).ok_or_else(|| Problem::missing("run"))?;
    let held = run
        .tasks
        .iter()
        .find(|held| text_at(held, "/id") == task)
        .ok_or_else(|| Problem::missing("task"))?;
    let at = format!("/{stream}");
    let said: String = list_at(held, "/logs/0/logs")
        .iter()
        .map(|log| text_at(log, &at))
        .collect();
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], said))
}

/// A TES task as a TaskLog of WES 1.1.
fn task_log(wes: &Wes, run: &str, task: &Value) -> Value {
    let id = text_at(task, "/id");
    let words = |stream: &str| format!("{}/ga4gh/wes/v1/runs/{run}/tasks/{id}/{stream}", wes.base);
    let last = list_at(task, "/logs/0/logs").last();
    let mut log = Map::new();
    let name = task.pointer("/name").cloned().unwrap_or_else(|| json!(id));
    let commands: Vec<&Value> = list_at(task, "/executors")
        .iter()
        .flat_map(|one| list_at(one, "/command"))
        .collect();
    log.insert("id".to_owned(), json!(id));
    log.insert("name".to_owned(), name);
    log.insert("cmd".to_owned(), json!(commands));
    log.insert("stdout".to_owned(), json!(words("stdout")));
    log.insert("stderr".to_owned(), json!(words("stderr")));
    log.insert(
        "tes_uri".to_owned(),
        json!(format!("{}/ga4gh/tes/v1/tasks/{id}", wes.tes)),
    );
    for (member, value) in [
        ("start_time", task.pointer("/logs/0/start_time")),
        ("end_time", task.pointer("/logs/0/end_time")),
        ("exit_code", last.and_then(|log| log.pointer("/exit_code"))),
        ("system_logs", task.pointer("/logs/0/system_logs")),
    ] {
        if let Some(value) = value {
            log.insert(member.to_owned(), value.clone());
        }
    }
    Value::Object(log)
}

fn text_at<'a>(value: &'a Value, at: &str) -> &'a str {
    value.pointer(at).and_then(Value::as_str).unwrap_or_default()
}

fn list_at<'a>(value: &'a Value, at: &str) -> &'a [Value] {
    value
        .pointer(at)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}
