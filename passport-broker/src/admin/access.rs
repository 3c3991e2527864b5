//! `GET /visum/v1/admin/access?dataset=` and `?person=`, `GET /visum/v1/access`: who may use what, and why.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Query, State};
use policy_engine::review::gains::Use;
use serde::Deserialize;

use super::ApiProblem;
use super::body::{Admin, Own};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::committee::access::{self, Review};
use crate::tried::{self, Try};

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
    let review = access::own(&broker, &caller).await?;
    chosen(&broker, &caller, &review).await?;
    Ok(Json(review))
}

/// Counts what oneself chose: where one's default purpose was judged. A purpose that an approval records is the
/// committee's, and whoever reviews others chooses none; that review is on record as such.
async fn chosen(broker: &Broker, caller: &Caller, review: &Review) -> Result<(), ApiProblem> {
    let Some(purpose) = broker.default_purpose_of(&caller.person).await? else {
        return Ok(());
    };
    let uses = review.people.iter().flat_map(|person| &person.uses);
    let judged = uses.filter(|one| one.kind != Use::Describe && one.purpose.as_ref() == Some(&purpose));
    let datasets: BTreeSet<String> = judged.map(|one| one.dataset.clone()).collect();
    let datasets: Vec<String> = datasets.into_iter().collect();
    let tried = Try {
        person: &caller.identity,
        datasets: &datasets,
        purpose: &purpose,
        door: "what-can",
    };
    tried::count(broker, tried).await?;
    Ok(())
}
