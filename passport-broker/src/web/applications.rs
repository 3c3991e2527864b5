//! `/applications`: the list and one application, for researchers and committees alike.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use visa_verifier::seam::Timestamp;

use super::account::day;
use super::application_page;
use super::application_words::{done_sentence, standing};
use super::governed::{Pages, language, remember, said};
use crate::application::{self, Shown};
use crate::caller::Caller;
use crate::change::harmless;
use crate::committee::GovernError;
use crate::front::Front;
use crate::page::{Frame, Targets, show};
use crate::session::Browser;
use crate::store::applications::AccessApplication;

/// Anybody who is signed in has pages here; a second factor is asked for where a step needs it.
pub(super) const PAGES: Pages = Pages {
    list: "/applications",
    missing: "There is no such application",
    down: "page.application",
    second_factor: false,
};
/// The name of the forms of these pages, for their tokens.
pub(super) const FORM: &str = "applications";

#[derive(Debug, Template)]
#[template(path = "applications.html")]
struct ListPage {
    frame: Frame,
    done: Option<&'static str>,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    id: &'static str,
    heading: &'static str,
    none: &'static str,
    rows: Vec<Listed>,
}

#[derive(Debug)]
struct Listed {
    id: String,
    title: String,
    name: String,
    institution: String,
    since: String,
    stage: &'static str,
    tag: &'static str,
    due: Vec<String>,
}

/// `GET /applications`
pub(crate) async fn list(State(front): State<Front>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let (browser, caller) = match PAGES
        .signed_in(&front, &headers, query.as_deref(), "/applications")
        .await
    {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    let done = said(query.as_deref(), "done").and_then(|word| done_sentence(&word));
    let now = front.broker.now();
    let mut parts = Vec::new();
    for (committee, id, heading, none) in [
        (false, "mine", "Yours", "You take part in none."),
        (
            true,
            "committee",
            "Before your committees",
            "None waits, and none was decided.",
        ),
    ] {
        match Box::pin(application::list(&front.broker, &caller, committee)).await {
            Ok(rows) if committee && rows.is_empty() => {}
            Ok(rows) => parts.push(Part {
                id,
                heading,
                none,
                rows: rows.iter().map(|row| listed(row, now)).collect(),
            }),
            Err(error) => return PAGES.refusal(&front, &browser, "/applications", &error),
        }
    }
    let page = ListPage {
        frame: front.frame("Applications", Some(&browser)),
        done,
        parts,
    };
    show(StatusCode::OK, &page, &Targets::Own)
}

/// `GET /applications/{id}`
pub(crate) async fn one(
    State(front): State<Front>,
    headers: HeaderMap,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let here = format!("/applications/{id}");
    let (mut browser, caller) = match PAGES.signed_in(&front, &headers, query.as_deref(), &here).await {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    let chosen = language(query.as_deref());
    browser.tongue = chosen.unwrap_or(browser.tongue);
    let done = said(query.as_deref(), "done").and_then(|word| done_sentence(&word));
    let told = Told {
        done,
        ..Told::default()
    };
    let mut response = answer(&front, &browser, &caller, &id, StatusCode::OK, told).await;
    remember(&front, &mut response, chosen);
    response
}

/// What the last form did.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) done: Option<&'static str>,
    pub(super) refused: Option<String>,
    pub(super) link: Option<String>,
}

/// The page of one application.
pub(super) async fn answer(
    front: &Front,
    browser: &Browser,
    caller: &Caller,
    id: &str,
    status: StatusCode,
    told: Told,
) -> Response {
    match look(front, caller, id).await {
        Ok(shown) => application_page::answer(front, browser, shown, status, told),
        Err(error) => PAGES.refusal(front, browser, &format!("/applications/{id}"), &error),
    }
}

pub(super) async fn look(front: &Front, caller: &Caller, id: &str) -> Result<Shown, GovernError> {
    let seen = Box::pin(application::open(&front.broker, caller, id)).await?;
    Box::pin(application::shown(&front.broker, caller, seen)).await
}

fn listed(row: &AccessApplication, now: Timestamp) -> Listed {
    let (stage, tag) = standing(row.stage);
    Listed {
        id: row.id.clone(),
        title: harmless(&row.terms.title),
        name: harmless(&row.name),
        institution: row.institution.clone(),
        since: day(row.since),
        stage,
        tag,
        due: application::due(row, now),
    }
}
