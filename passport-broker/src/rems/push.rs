//! `POST /visum/v1/rems/{name}/{add|remove}`: where REMS' `entitlements-target` points. It carries no credential, so that
//! it opens and ends nothing by itself: the entitlements are asked for at once, over the way that is trusted.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::post;
use http::StatusCode;

use super::follow::pull;
use crate::broker::Broker;
use crate::throttle;

/// Both routes.
pub(crate) fn routes() -> Router<Broker> {
    Router::new()
        .route("/rems/{name}/add", post(told))
        .route("/rems/{name}/remove", post(told))
}

/// The body is not read. Told too often in a minute, it waits for the next round.
async fn told(State(broker): State<Broker>, Path(name): Path<String>) -> StatusCode {
    let Some(rems) = broker.config().rems.iter().find(|rems| rems.name == name) else {
        return StatusCode::NOT_FOUND;
    };
    match throttle::REMS_PUSH.hit(&broker, &rems.name).await {
        Ok(None) => {
            pull(&broker, rems).await;
            StatusCode::NO_CONTENT
        }
        Ok(Some(_)) => StatusCode::TOO_MANY_REQUESTS,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
