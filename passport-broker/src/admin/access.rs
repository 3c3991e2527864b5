//! `GET /visum/v1/admin/access?dataset=` and `?person=`, `GET /visum/v1/access`: who may use what, and why.

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;

use super::ApiProblem;
use super::body::{Admin, Own};
use crate::broker::Broker;
use crate::committee::access::{self, Review};

/// About what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// A dataset's id or short name: who may use it.
    dataset: Option<String>,
    /// A person, as `sub,iss` or by their id here: what they may use.
    person: Option<String>,
}

pub(super) async fn review(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Query(which): Query<Which>,
) -> Result<Json<Review>, ApiProblem> {
    let review = match (which.dataset, which.person) {
        (Some(dataset), None) => access::who_can(&broker, &caller, &dataset).await?,
        (None, Some(person)) => access::what_can(&broker, &caller, &person).await?,
        _ => {
            return Err(ApiProblem::input(
                "access.which",
                "Ask about one `dataset` or about one `person`.",
            ));
        }
    };
    Ok(Json(review))
}

pub(super) async fn own(State(broker): State<Broker>, Own(caller): Own) -> Result<Json<Review>, ApiProblem> {
    Ok(Json(access::own(&broker, &caller).await?))
}
