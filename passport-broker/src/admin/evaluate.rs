//! `POST /visum/v1/consent/evaluate`: may these data be used for this purpose? The question and the answer of
//! `visum consent evaluate`, field by field, by the tables of the snapshot in force (consent.md 3).
//!
//! It judges what it is told, and nothing of the catalogue goes into the answer. Where a question names a dataset of
//! this node, its purpose is counted as tried.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use policy_engine::consent::command;
use policy_engine::consent::input::{INPUT_BYTES, Input};
use policy_engine::snapshot::DatasetRecord;
use tokio::sync::Semaphore;

use super::ApiProblem;
use super::body::{Own, Raw};
use crate::broker::Broker;
use crate::committee::{Asked, access};
use crate::tried::{self, Try};

/// Large questions take a processor for a while: two at a time leave some for those who decide about data.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// `POST`.
pub(super) async fn evaluate(
    State(broker): State<Broker>,
    Own(caller): Own,
    Raw(bytes): Raw<INPUT_BYTES>,
) -> Result<Response, ApiProblem> {
    let input = Input::parse(&bytes).map_err(|error| {
        let place = error.path();
        let place = if place.is_empty() { "the input" } else { place };
        ApiProblem::input(error.code(), format!("{error} (at {place})"))
    })?;
    drop(bytes);
    // Put together for every question, so that one about a dataset of this node takes no longer than another.
    let Asked { engine, facts: seats } = Asked::begin(&broker, &caller).await?;
    let facts = access::own_facts(&broker, &caller, engine.snapshot()).await?;
    let knows = |id: &str| {
        let (by_grant, by_seat) = (
            engine.may_know(&facts, id, broker.now()),
            engine.may_know(&seats, id, broker.now()),
        );
        by_grant || by_seat
    };
    let named = input.datasets.iter().filter_map(|dataset| {
        let id = engine.dataset_named(dataset.id.as_str()).map(DatasetRecord::id)?;
        knows(id).then(|| id.to_owned())
    });
    let mut datasets: Vec<String> = named.collect();
    datasets.sort_unstable();
    datasets.dedup();
    let purpose = input.purpose.clone();
    let tables = engine.tables();
    let turn = AT_ONCE.acquire().await;
    let judged = tokio::task::spawn_blocking(move || command::judged(&input, &tables)).await;
    drop(turn);
    let unanswered = || {
        ApiProblem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "explain.failed",
            "the question could not be judged",
        )
    };
    let answer = judged.map_err(|_| unanswered())?;
    // 0 permit, 1 review or deny; nothing else is an answer.
    if answer.status > 1 {
        return Err(unanswered());
    }
    let tried = Try {
        person: &caller.identity,
        datasets: &datasets,
        purpose: &purpose,
        door: "evaluate",
    };
    tried::count(&broker, tried).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, answer.json).into_response())
}
