//! The forms of a draft's page: approve the digest that was shown, put in force, take back.

use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::account_forms::{Posted, as_caller, posted};
use super::login::see_other;
use super::policies::{self, FORM, PAGES};
use super::refusal::{store_problem, unavailable};
use crate::committee::GovernError;
use crate::front::Front;
use crate::policies as bundles;

/// What a form does.
#[derive(Clone, Copy, Debug)]
enum Step {
    Approve,
    Publish,
    Withdraw,
}

/// `POST /policies/{id}/approve`
pub(crate) async fn approve(front: State<Front>, headers: HeaderMap, id: Path<String>, body: Bytes) -> Response {
    step(front, headers, id, body, Step::Approve).await
}

/// `POST /policies/{id}/publish`
pub(crate) async fn publish(front: State<Front>, headers: HeaderMap, id: Path<String>, body: Bytes) -> Response {
    step(front, headers, id, body, Step::Publish).await
}

/// `POST /policies/{id}/withdraw`
pub(crate) async fn withdraw(front: State<Front>, headers: HeaderMap, id: Path<String>, body: Bytes) -> Response {
    step(front, headers, id, body, Step::Withdraw).await
}

async fn step(
    State(front): State<Front>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
    step: Step,
) -> Response {
    let Posted { browser, fields } = match posted(&front, &headers, &body, FORM).await {
        Ok(posted) => posted,
        Err(response) => return *response,
    };
    let caller = match as_caller(&front, &browser) {
        Ok(caller) => caller,
        Err(error) => return store_problem(&front, &error),
    };
    let text = |name: &str| fields.one(name).ok().flatten().unwrap_or_default().to_owned();
    let broker = &front.broker;
    let done = match step {
        Step::Approve => Box::pin(bundles::approve(broker, &caller, &id, &text("digest")))
            .await
            .map(|_| "approved"),
        Step::Publish => Box::pin(bundles::publish(broker, &caller, &id, false))
            .await
            .map(|_| "published"),
        Step::Withdraw => Box::pin(bundles::withdraw(broker, &caller, &id, &text("reason")))
            .await
            .map(|_| "withdrawn"),
    };
    match done {
        Ok(word) => {
            let to = format!("{}/policies/{id}?done={word}", front.cookies.base);
            see_other(&to, Vec::new()).unwrap_or_else(|| unavailable(&front, "page.location"))
        }
        Err(
            error @ (GovernError::Denied { .. }
            | GovernError::Input { .. }
            | GovernError::Conflict { .. }
            | GovernError::NoDataset { .. }
            | GovernError::Unknown { .. }),
        ) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            policies::answer(&front, &browser, &caller, &id, status, None, Some(&error)).await
        }
        Err(error) => PAGES.refusal(&front, &browser, PAGES.list, &error),
    }
}
