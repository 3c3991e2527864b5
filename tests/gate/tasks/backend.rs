//! A TES and WES that keeps what it is sent, word by word, and tells what it was told to tell.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::Method,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// It.
pub(super) struct Backend {
    /// Its address without path.
    pub(super) url: String,
    kept: Arc<Kept>,
}

#[derive(Default)]
struct Kept {
    bodies: Mutex<Vec<Bytes>>,
    told: Mutex<Value>,
}

impl Backend {
    pub(super) async fn start() -> Self {
        let kept = Arc::new(Kept::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(answer).with_state(Arc::clone(&kept));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, kept }
    }

    /// How many requests to do something came.
    pub(super) fn count(&self) -> usize {
        self.kept.bodies.lock().unwrap().len()
    }

    /// The last body.
    pub(super) fn last(&self) -> String {
        let bodies = self.kept.bodies.lock().unwrap();
        String::from_utf8_lossy(bodies.last().unwrap()).into_owned()
    }

    /// The last task.
    pub(super) fn task(&self) -> Value {
        serde_json::from_str(&self.last()).unwrap()
    }

    /// What it tells of each task or run from now on.
    pub(super) fn tell(&self, told: Value) {
        *self.kept.told.lock().unwrap() = told;
    }
}

async fn answer(State(kept): State<Arc<Kept>>, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let body = to_bytes(request.into_body(), 64 << 20).await.unwrap();
    let json = |value: Value| ([("content-type", "application/json")], value.to_string()).into_response();
    if method == Method::POST && (path.ends_with("/tasks") || path.ends_with("/runs")) {
        let mut bodies = kept.bodies.lock().unwrap();
        bodies.push(body);
        let id = format!("backend-{}", bodies.len());
        return json(json!({ if path.ends_with("/tasks") { "id" } else { "run_id" }: id }));
    }
    if method == Method::GET {
        let mut told = kept.told.lock().unwrap().clone();
        if told.is_null() {
            told = json!({"id": "x", "run_id": "x", "state": "RUNNING"});
        }
        return json(told);
    }
    json(json!({}))
}
