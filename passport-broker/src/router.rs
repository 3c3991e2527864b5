//! Every route of the broker in one table.

use axum::Router;
use axum::extract::State;
use axum::middleware::map_response_with_state;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};

use crate::admin;
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
                .layer(map_response_with_state(broker.clone(), of_the_api)),
        )
        .with_state(broker)
        .merge(pages)
}

/// What the interface answers is its caller's alone: no cache between keeps it, and no browser guesses its type
/// (`apis.md` E50). A challenge says where to read who issues tokens (RFC 9728).
async fn of_the_api(State(broker): State<Broker>, mut response: Response) -> Response {
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
