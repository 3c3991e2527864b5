//! The forms of a change's page: approve the digest that was shown, put in force, take back.

use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use policy_engine::decide::ChangeStep;

use super::account_forms::{Posted, as_caller, posted};
use super::changes::{self, FORM, PAGES};
use super::login::see_other;
use super::refusal::{store_problem, unavailable};
use crate::change::{self, show};
use crate::committee::GovernError;
use crate::front::Front;

/// What a form does.
#[derive(Clone, Copy, Debug)]
enum Step {
    Approve,
    Apply,
    Withdraw,
}

/// `POST /changes/{id}/approve`
pub(crate) async fn approve(front: State<Front>, headers: HeaderMap, id: Path<String>, body: Bytes) -> Response {
    step(front, headers, id, body, Step::Approve).await
}

/// `POST /changes/{id}/apply`
pub(crate) async fn apply(front: State<Front>, headers: HeaderMap, id: Path<String>, body: Bytes) -> Response {
    step(front, headers, id, body, Step::Apply).await
}

/// `POST /changes/{id}/withdraw`
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
    let (broker, asked) = (
        &front.broker,
        match step {
            Step::Apply => ChangeStep::Apply,
            Step::Approve | Step::Withdraw => ChangeStep::Approve,
        },
    );
    if let Err(error) = Box::pin(show::known(broker, &caller, &id, asked)).await {
        return PAGES.refusal(&front, &browser, &format!("/changes/{id}"), &error);
    }
    let done = match step {
        Step::Approve => Box::pin(change::approve(broker, &caller, &id, &text("digest")))
            .await
            .map(|approved| if approved.applied { "applied" } else { "approved" }),
        Step::Apply => Box::pin(change::apply(broker, &caller, &id)).await.map(|_| "applied"),
        Step::Withdraw => Box::pin(change::withdraw(broker, &caller, &id, &text("reason")))
            .await
            .map(|_| "withdrawn"),
    };
    match done {
        Ok(word) => {
            let to = format!("{}/changes/{id}?done={word}", front.cookies.base);
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
            changes::answer(&front, &browser, &caller, &id, status, None, Some(&error)).await
        }
        Err(error) => PAGES.refusal(&front, &browser, "/changes", &error),
    }
}
