//! Every route of the broker in one table.

use axum::Router;
use axum::routing::get;
use http::StatusCode;

use crate::admin;
use crate::broker::Broker;
use crate::rems;
use crate::web;

/// All routes of this broker.
pub fn router(broker: Broker) -> Router {
    let pages = web::routes(&broker);
    Router::new()
        .route("/healthz", get(|| async { StatusCode::NO_CONTENT }))
        .nest("/visum/v1", admin::routes().merge(rems::routes()))
        .with_state(broker)
        .merge(pages)
}
