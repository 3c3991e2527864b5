//! `/enrol`: the first administrator brings the code that `visum init` printed.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::account_forms::{Posted, posted};
use super::refusal::{stopped, store_problem, unavailable};
use super::{LoginWish, begin_login};
use crate::caller::REFEDS_MFA;
use crate::enrolment::{self, EnrolmentError};
use crate::front::Front;
use crate::page::{Frame, Targets, show};
use crate::session::{self, Browser};
use crate::throttle;
use crate::upstream::Ask;

#[derive(Debug, Template)]
#[template(path = "enrol.html")]
struct EnrolPage {
    frame: Frame,
    csrf: String,
    refused: Option<String>,
    code: &'static str,
    done: bool,
}

/// `GET /enrol`
pub(crate) async fn page(State(front): State<Front>, headers: HeaderMap) -> Response {
    let now = front.broker.now();
    match session::current(&front.cookies, &mut front.broker.db(), &headers, now).await {
        Ok(Some(browser)) => answer(&front, &browser, StatusCode::OK, None, false),
        Ok(None) => begin_login(&front, strong(&front)).await,
        Err(error) => store_problem(&front, &error),
    }
}

/// A sign-in as strong as governing asks for.
fn strong(front: &Front) -> LoginWish {
    LoginWish {
        ask: Ask {
            acr_values: vec![REFEDS_MFA.to_owned()],
            fresh: true,
            ..Ask::default()
        },
        institution: None,
        client: None,
        then: format!("{}/enrol", front.cookies.base),
    }
}

/// `POST /enrol`
pub(crate) async fn enrol(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    let Posted { browser, fields } = match posted(&front, &headers, &body, "enrol").await {
        Ok(posted) => posted,
        Err(response) => return *response,
    };
    // One bound for all: whoever guesses does so with many accounts.
    match throttle::ENROLMENT.hit(&front.broker, "all").await {
        Ok(None) => {}
        Ok(Some(_)) => {
            return stopped(
                &front,
                &browser,
                "Too many tries",
                "More codes were tried in the last minute than anybody types.".to_owned(),
                "Wait a minute, then try again.",
                "enrolment.throttled",
            );
        }
        Err(error) => return store_problem(&front, &error),
    }
    let code = fields.one("code").ok().flatten().unwrap_or_default();
    match Box::pin(enrolment::enrol(&front.broker, &browser.row, code)).await {
        Ok(()) => answer(&front, &browser, StatusCode::OK, None, true),
        Err(EnrolmentError::SecondFactor) => begin_login(&front, strong(&front)).await,
        Err(EnrolmentError::Store { source }) => store_problem(&front, &source),
        Err(error @ (EnrolmentError::Audit { .. } | EnrolmentError::Change { .. })) => {
            tracing::error!(error.code = error.code(), %error, "an enrolment could not be put on record");
            unavailable(&front, "enrolment.unrecorded")
        }
        Err(
            error @ (EnrolmentError::Unknown | EnrolmentError::Used | EnrolmentError::Taken | EnrolmentError::Provider),
        ) => answer(&front, &browser, StatusCode::FORBIDDEN, Some(&error), false),
    }
}

fn answer(
    front: &Front,
    browser: &Browser,
    status: StatusCode,
    refused: Option<&EnrolmentError>,
    done: bool,
) -> Response {
    let page = EnrolPage {
        frame: front.frame("First administrator", Some(browser)),
        csrf: browser.csrf(&front.cookies, "enrol"),
        refused: refused.map(|error| {
            let mut sentence = error.to_string();
            if let Some(first) = sentence.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            sentence.push('.');
            sentence
        }),
        code: refused.map_or("", EnrolmentError::code),
        done,
    };
    show(status, &page, &Targets::Own)
}
