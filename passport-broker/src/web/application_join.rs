//! The page of an invitation to a study.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::applications::{FORM, PAGES};
use super::governed::said;
use crate::front::Front;
use crate::page::{Frame, Targets, show};
use crate::session::Browser;

#[derive(Debug, Template)]
#[template(path = "application_join.html")]
struct JoinPage {
    frame: Frame,
    csrf: String,
    refused: Option<String>,
    id: String,
    called: String,
    code: String,
}

/// `GET /applications/{id}/join`
pub(crate) async fn join(
    State(front): State<Front>,
    headers: HeaderMap,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let code = said(query.as_deref(), "code").unwrap_or_default();
    let plain = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    let (id, code) = if plain(&id) && plain(&code) {
        (id, code)
    } else {
        (String::new(), String::new())
    };
    let here = format!("/applications/{id}/join?code={code}");
    let (browser, _) = match PAGES.signed_in(&front, &headers, query.as_deref(), &here).await {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    join_page(&front, &browser, id, code, None)
}

/// The page of an invitation: the same for one that is good and one that is not.
pub(super) fn join_page(
    front: &Front,
    browser: &Browser,
    id: String,
    code: String,
    refused: Option<String>,
) -> Response {
    let status = if refused.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let page = JoinPage {
        frame: front.frame("Take part in a study", Some(browser)),
        csrf: browser.csrf(&front.cookies, FORM),
        refused,
        id,
        called: browser.called(),
        code,
    };
    show(status, &page, &Targets::Own)
}
