//! A DRS behind the gate whose one object is as long as a drill wants, made of zeros, and sent as fast as it is taken.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use futures::stream;
use serde_json::{Value, json};

/// Bytes of one piece of a body.
const PIECE: usize = 64 << 10;

/// The played DRS.
#[derive(Clone, Debug)]
pub(crate) struct LongDrs {
    /// Its address, without path.
    pub(crate) url: String,
    size: u64,
    /// Bytes that it has sent.
    pub(crate) sent: Arc<AtomicU64>,
    /// From now on its bodies break off.
    pub(crate) dies: Arc<AtomicBool>,
}

impl LongDrs {
    /// Starts one whose objects have this many bytes.
    pub(crate) async fn start(size: u64) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let drs = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            size,
            sent: Arc::default(),
            dies: Arc::default(),
        };
        let router = Router::new()
            .route("/ga4gh/drs/v1/objects/{id}", get(object))
            .route("/bytes/{id}", get(content))
            .with_state(drs.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        drs
    }
}

async fn object(State(drs): State<LongDrs>, Path(id): Path<String>) -> Json<Value> {
    Json(json!({
        "id": id, "self_uri": format!("drs://inside.example.org/{id}"), "size": drs.size, "name": id,
        "created_time": "2026-01-01T00:00:00Z", "checksums": [{"type": "md5", "checksum": "d41d8cd98f00b204e9800998ecf8427e"}],
        "access_methods": [{"type": "https", "access_url": {"url": format!("{}/bytes/{id}", drs.url)}}],
    }))
}

async fn content(State(drs): State<LongDrs>) -> Response {
    let size = drs.size;
    let piece = Bytes::from(vec![0; PIECE]);
    let body = stream::unfold(0, move |at: u64| {
        let (drs, piece) = (drs.clone(), piece.clone());
        async move {
            if at >= drs.size {
                return None;
            }
            if drs.dies.load(Ordering::SeqCst) {
                return Some((Err(std::io::Error::other("the backend is gone")), drs.size));
            }
            let left = usize::try_from(drs.size - at).unwrap_or(PIECE).min(PIECE);
            let piece = piece.slice(..left);
            drs.sent.fetch_add(left as u64, Ordering::SeqCst);
            Some((Ok(piece), at + left as u64))
        }
    });
    ([(header::CONTENT_LENGTH, size.to_string())], Body::from_stream(body)).into_response()
}
