//! Closing one's account: what goes, what stays and why, asked twice, with a sign-in of the last minutes.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use visa_verifier::seam::Timestamp;

use super::account_forms::{Posted, posted};
use super::account_history::OWN;
use super::login::{leave, see_other};
use super::refusal::{login_problem, store_problem, unavailable};
use crate::front::Front;
use crate::limits;
use crate::page::{Frame, Targets, show};
use crate::person::close::{self, CloseError, Obstacle};
use crate::session::Browser;
use crate::store::StoreError;
use crate::upstream::{self, Ask, LoginProblem};

#[derive(Debug, Template)]
#[template(path = "close.html")]
struct ClosePage {
    frame: Frame,
    csrf: String,
    account: String,
    obstacles: Vec<Obstacle>,
    grants: usize,
    /// The sign-in behind this session is older than minutes: it is shown again first.
    stale: bool,
    /// Asked once already: this is the last question.
    last: bool,
    unsure: bool,
}

/// `GET /account/close`: what it means.
pub(crate) async fn page(State(front): State<Front>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let (browser, _) = match OWN
        .signed_in(&front, &headers, query.as_deref(), "/account/close")
        .await
    {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    match told(&front, &browser, false, false).await {
        Ok(page) => show(StatusCode::OK, &page, &Targets::Own),
        Err(error) => store_problem(&front, &error),
    }
}

async fn told(front: &Front, browser: &Browser, last: bool, unsure: bool) -> Result<ClosePage, StoreError> {
    let person = &browser.row.person;
    let form = if last { "close-last" } else { "close" };
    Ok(ClosePage {
        frame: front.frame("Close your account", Some(browser)),
        csrf: browser.csrf(&front.cookies, form),
        account: person.as_str().to_owned(),
        obstacles: close::obstacles(&front.broker, person).await?,
        grants: front.broker.grants_of(person).await?.len(),
        stale: !fresh(browser, front.broker.now()),
        last,
        unsure,
    })
}

/// `POST /account/close`: the sign-in is shown again, or the last question asked.
pub(crate) async fn ask(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    let Posted { browser, .. } = match posted(&front, &headers, &body, "close").await {
        Ok(posted) => posted,
        Err(response) => return *response,
    };
    if !fresh(&browser, front.broker.now()) {
        return again(&front, &browser).await;
    }
    match told(&front, &browser, true, false).await {
        Ok(page) => show(StatusCode::OK, &page, &Targets::Own),
        Err(error) => store_problem(&front, &error),
    }
}

/// `POST /account/close/confirm`: yes.
pub(crate) async fn confirm(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    let Posted { browser, fields } = match posted(&front, &headers, &body, "close-last").await {
        Ok(posted) => posted,
        Err(response) => return *response,
    };
    if !fresh(&browser, front.broker.now()) {
        return again(&front, &browser).await;
    }
    if fields.one("sure").ok().flatten() != Some("yes") {
        return match told(&front, &browser, true, true).await {
            Ok(page) => show(StatusCode::UNPROCESSABLE_ENTITY, &page, &Targets::Own),
            Err(error) => store_problem(&front, &error),
        };
    }
    match Box::pin(close::close(&front.broker, &browser.row)).await {
        Ok(()) => {
            let jar = &front.cookies.jar;
            let cookies = ["session", "last", "offer"].into_iter();
            let cookies = cookies.filter_map(|name| jar.clear(name).ok()).collect();
            see_other(&format!("{}/?done=closed", front.cookies.base), cookies)
                .unwrap_or_else(|| unavailable(&front, "page.location"))
        }
        Err(CloseError::Obstacles(_)) => match told(&front, &browser, false, false).await {
            Ok(page) => show(StatusCode::CONFLICT, &page, &Targets::Own),
            Err(error) => store_problem(&front, &error),
        },
        Err(CloseError::Store(error)) => store_problem(&front, &error),
        Err(error) => {
            tracing::error!(%error, "an account could not be closed");
            unavailable(&front, "page.account")
        }
    }
}

/// Off to the institution that the session came from, and back here.
async fn again(front: &Front, browser: &Browser) -> Response {
    let upstreams = match upstream::upstreams(&front.broker).await {
        Ok(upstreams) => upstreams,
        Err(error) => return store_problem(front, &error),
    };
    let issuer = browser.row.identity.iss.as_str();
    let asks = Ask {
        fresh: true,
        ..Ask::default()
    };
    match upstreams.iter().find(|upstream| upstream.issuer == issuer) {
        Some(own) => leave(front, own, &asks, format!("{}/account/close", front.cookies.base)).await,
        None => login_problem(front, &LoginProblem::UnknownUpstream),
    }
}

fn fresh(browser: &Browser, now: Timestamp) -> bool {
    now < browser.row.auth_time.plus(limits::LINK_PROOF)
}
