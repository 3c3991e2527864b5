//! Every route of the broker in one table.

use axum::Router;
use axum::extract::State;
use axum::middleware::map_response_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};

use crate::admin::{self, ApiProblem};
use crate::broker::Broker;
use crate::provider::resource::{self, Resource};
use crate::rems;
use crate::web;

/// All routes of this broker.
pub fn router(broker: Broker) -> Router {
    let pages = web::routes(&broker);
    Router::new()
        .route("/healthz", get(|| async { StatusCode::NO_CONTENT }))
        .nest(
            "/visum/v1",
            admin::routes()
                .merge(rems::routes())
                .fallback(|| async { StatusCode::NOT_FOUND })
                .layer(map_response_with_state(broker.clone(), of_the_api)),
        )
        .with_state(broker)
        .merge(pages)
}

/// A refusal that no handler wrote (no such path, another method, a query that cannot be read) has the shape of the
/// others; its text, which may repeat the query, is dropped.
fn in_our_shape(response: Response) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_bare = kind.is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let Some(problem) = is_bare.then(|| ApiProblem::unhandled(response.status())).flatten() else {
        return response;
    };
    let mut shaped = problem.into_response();
    if let Some(allow) = response.headers().get(header::ALLOW) {
        shaped.headers_mut().insert(header::ALLOW, allow.clone());
    }
    shaped
}

/// What the interface answers is its caller's alone: no cache between keeps it, and no browser guesses its type
/// (`apis.md` E50). A challenge says where to read who issues tokens (RFC 9728).
async fn of_the_api(State(broker): State<Broker>, response: Response) -> Response {
    let mut response = in_our_shape(response);
    let headers = response.headers_mut();
    resource::point(Resource::Api, broker.config().issuer.as_str(), headers);
    for (name, value) in [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ] {
        headers.entry(name).or_insert(value);
    }
    response
}
