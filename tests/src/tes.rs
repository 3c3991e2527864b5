//! A TES behind the gate that runs nothing: it keeps what it was sent, and says of each task what a test wants.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{get, post},
};
use serde_json::{Value, json};

/// The played TES.
#[derive(Clone, Debug)]
pub struct PlayedTes {
    /// Its address, without path.
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    tasks: Vec<Value>,
    state: Option<String>,
    ended: std::collections::BTreeMap<String, String>,
    cancelled: Vec<String>,
    logs: Option<Value>,
}

impl PlayedTes {
    /// Starts one.
    ///
    /// # Panics
    /// If it cannot listen.
    #[expect(clippy::expect_used, reason = "a test without its TES fails")]
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let tes = Self {
            url: format!("http://{address}"),
            inner: Arc::default(),
        };
        let router = Router::new()
            .route("/ga4gh/tes/v1/tasks", post(create).get(list))
            .route("/ga4gh/tes/v1/tasks/{id}", get(task).post(cancel))
            .with_state(tes.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        tes
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tasks that it got, as they came.
    #[must_use]
    pub fn tasks(&self) -> Vec<Value> {
        self.inner().tasks.clone()
    }

    /// The ids that were cancelled.
    #[must_use]
    pub fn cancelled(&self) -> Vec<String> {
        self.inner().cancelled.clone()
    }

    /// From now on every task is in this state.
    pub fn say(&self, state: &str) {
        self.inner().state = Some(state.to_owned());
    }

    /// From now on this task, by its place among those that came, is in this state.
    pub fn end(&self, at: usize, state: &str) {
        self.inner().ended.insert(format!("b{at}"), state.to_owned());
    }

    /// From now on every task has these logs.
    pub fn tell(&self, logs: Value) {
        self.inner().logs = Some(logs);
    }

    /// The capability URL of the first input of the last task.
    #[must_use]
    pub fn capability(&self) -> String {
        let tasks = self.tasks();
        let url = tasks.last().and_then(|task| task.pointer("/inputs/0/url"));
        url.and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

async fn create(State(tes): State<PlayedTes>, Json(task): Json<Value>) -> Json<Value> {
    let mut inner = tes.inner();
    inner.tasks.push(task);
    Json(json!({ "id": format!("b{}", inner.tasks.len() - 1) }))
}

async fn list(State(tes): State<PlayedTes>) -> Json<Value> {
    let tasks = tes.tasks();
    let told: Vec<Value> = tasks
        .iter()
        .enumerate()
        .map(|(at, task)| json!({ "id": format!("b{at}"), "state": "RUNNING", "tags": task.get("tags") }))
        .collect();
    Json(json!({ "tasks": told }))
}

async fn task(State(tes): State<PlayedTes>, Path(id): Path<String>) -> Json<Value> {
    let inner = tes.inner();
    let state = if inner.cancelled.contains(&id) {
        "CANCELED".to_owned()
    } else {
        let own = inner.ended.get(&id).or(inner.state.as_ref());
        own.cloned().unwrap_or_else(|| "RUNNING".to_owned())
    };
    match &inner.logs {
        Some(logs) => Json(json!({ "id": id, "state": state, "logs": logs })),
        None => Json(json!({ "id": id, "state": state })),
    }
}

async fn cancel(State(tes): State<PlayedTes>, Path(id): Path<String>) -> Json<Value> {
    tes.inner().cancelled.push(id.trim_end_matches(":cancel").to_owned());
    Json(json!({}))
}
