//! One backend that plays DRS, TES and WES: it keeps what it is sent, takes everything, and says what a test wants.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::State,
    response::Response,
};
use http::{HeaderMap, Method, Request};
use serde_json::{Value, json};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Came {
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// An answer instead of the usual one: status, headers, body.
#[derive(Clone, Debug)]
pub(crate) struct Said(
    pub(crate) u16,
    pub(crate) Vec<(&'static str, String)>,
    pub(crate) String,
);

/// The backend.
#[derive(Clone, Debug)]
pub(crate) struct Played {
    /// Its address, without path.
    pub(crate) url: String,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    came: Vec<Came>,
    said: Option<Said>,
    made: usize,
}

impl Played {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let played = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            inner: Arc::default(),
        };
        let router = Router::new().fallback(answer).with_state(played.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        played
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What came since this was asked last, but for looks at how a task or run is doing.
    pub(crate) fn came(&self) -> Vec<Came> {
        std::mem::take(&mut self.inner().came)
    }

    /// From now on it answers this, until `None`.
    pub(crate) fn say(&self, said: Option<Said>) {
        self.inner().said = said;
    }
}

async fn answer(State(played): State<Played>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 64 << 20).await.unwrap_or_default().to_vec();
    let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
    let target = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let made = {
        let mut inner = played.inner();
        // the node looks by itself, now and then, how tasks and runs are doing
        let looks = method == Method::GET && (target.ends_with("?view=MINIMAL") || path.ends_with("/status"));
        if !looks {
            inner.came.push(Came {
                method: parts.method,
                target,
                headers: parts.headers,
                body,
            });
        }
        if let Some(Said(status, headers, body)) = inner.said.clone() {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            return response.body(Body::from(body)).unwrap();
        }
        inner.made += usize::from(method == Method::POST);
        inner.made
    };
    let usual = usual(&played.url, &method, &path, made);
    Response::builder()
        .header("content-type", "application/json")
        .body(Body::from(usual.to_string()))
        .unwrap()
}

fn usual(own: &str, method: &Method, path: &str, made: usize) -> Value {
    let last = path.rsplit('/').next().unwrap_or_default();
    if path.starts_with("/ga4gh/drs/v1/objects/") {
        return json!({
            "id": last, "self_uri": format!("drs://inside.example.org/{last}"), "size": 12, "name": last,
            "created_time": "2026-01-01T00:00:00Z", "checksums": [{"type": "md5", "checksum": "d41d8cd98f00b204e9800998ecf8427e"}],
            "access_methods": [{"type": "https", "access_url": {"url": format!("{own}/bytes/{last}")}}],
        });
    }
    match (method.as_str(), path) {
        ("POST", "/ga4gh/tes/v1/tasks") => json!({ "id": format!("b{made}") }),
        ("POST", "/ga4gh/wes/v1/runs") => json!({ "run_id": format!("r{made}") }),
        ("POST", _) => json!({}),
        (_, path) if path.starts_with("/ga4gh/wes/v1/runs/") => json!({ "run_id": last, "state": "RUNNING" }),
        (_, path) if path.starts_with("/ga4gh/tes/v1/tasks/") => json!({ "id": last, "state": "RUNNING" }),
        _ => json!({}),
    }
}
