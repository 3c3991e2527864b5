//! A TES that answers when it is told: what slips between a decision and its effect (E72), and the storage door.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{get, post},
};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// The played TES.
#[derive(Clone, Debug)]
pub(crate) struct SlowTes {
    pub(crate) address: SocketAddr,
    /// Each permit lets one POST be answered.
    pub(crate) answers: Arc<Semaphore>,
    /// The tasks that it got.
    pub(crate) tasks: Arc<Mutex<Vec<Value>>>,
    /// It answers no question about a task any more.
    pub(crate) silent: Arc<AtomicBool>,
    /// The ids that were cancelled.
    pub(crate) cancelled: Arc<Mutex<Vec<String>>>,
}

impl SlowTes {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tes = Self {
            address: listener.local_addr().unwrap(),
            answers: Arc::new(Semaphore::new(0)),
            tasks: Arc::default(),
            silent: Arc::default(),
            cancelled: Arc::default(),
        };
        let router = Router::new()
            .route("/ga4gh/tes/v1/tasks", post(create).get(list))
            .route("/ga4gh/tes/v1/tasks/{id}", get(task).post(cancel))
            .with_state(tes.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        tes
    }

    /// The first capability URL that it was given.
    pub(crate) fn capability(&self) -> Option<String> {
        self.tasks
            .lock()
            .unwrap()
            .first()
            .map(|task| task["inputs"][0]["url"].as_str().unwrap().to_owned())
    }
}

async fn create(State(tes): State<SlowTes>, Json(task): Json<Value>) -> Json<Value> {
    let id = {
        let mut tasks = tes.tasks.lock().unwrap();
        tasks.push(task);
        format!("b{}", tasks.len() - 1)
    };
    tes.answers.acquire().await.unwrap().forget();
    Json(json!({"id": id}))
}

async fn list(State(tes): State<SlowTes>) -> Json<Value> {
    let tasks = tes.tasks.lock().unwrap();
    let told: Vec<Value> = tasks
        .iter()
        .enumerate()
        .map(|(at, task)| json!({"id": format!("b{at}"), "state": "RUNNING", "tags": task["tags"]}))
        .collect();
    Json(json!({"tasks": told}))
}

async fn task(State(tes): State<SlowTes>, Path(id): Path<String>) -> Result<Json<Value>, StatusCode> {
    if tes.silent.load(Ordering::SeqCst) {
        return Err(StatusCode::INTERNAL_SERVER_ERROR);
    }
    let state = if tes.cancelled.lock().unwrap().contains(&id) {
        "CANCELED"
    } else {
        "RUNNING"
    };
    Ok(Json(json!({"id": id, "state": state})))
}

async fn cancel(State(tes): State<SlowTes>, Path(id): Path<String>) -> Json<Value> {
    tes.cancelled
        .lock()
        .unwrap()
        .push(id.trim_end_matches(":cancel").to_owned());
    Json(json!({}))
}
