//! The form of an application: empty, filled, or back with why it was refused.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::account::day;
use super::application_page;
use super::applications::{FORM, PAGES, Told, look};
use super::governed::said;
use super::purpose_form::PurposeForm;
use crate::caller::Caller;
use crate::committee::Asked;
use crate::front::Front;
use crate::page::{Frame, Targets, show};
use crate::session::Browser;
use crate::store::applications::{AccessApplication, Stage};

/// Datasets that the form offers.
const OFFERED: usize = 200;

#[derive(Debug, Template)]
#[template(path = "application_form.html")]
struct FormPage {
    frame: Frame,
    csrf: String,
    heading: &'static str,
    button: &'static str,
    action: String,
    refused: Option<String>,
    title: String,
    summary: String,
    name: String,
    houses: Vec<Choice>,
    datasets: Vec<Offered>,
    form: PurposeForm,
    countries: String,
    until: String,
}

#[derive(Debug)]
struct Choice {
    id: String,
    chosen: bool,
}

#[derive(Debug)]
struct Offered {
    id: String,
    title: String,
    chosen: bool,
}

/// `GET /applications/new`
pub(crate) async fn new(State(front): State<Front>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let (browser, caller) = match PAGES
        .signed_in(&front, &headers, query.as_deref(), "/applications/new")
        .await
    {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    let filled = Filled {
        datasets: said(query.as_deref(), "dataset").into_iter().collect(),
        ..Filled::default()
    };
    form(&front, &browser, &caller, None, &filled, None).await
}

/// `GET /applications/{id}/edit`
pub(crate) async fn edit(
    State(front): State<Front>,
    headers: HeaderMap,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let here = format!("/applications/{id}/edit");
    let (browser, caller) = match PAGES.signed_in(&front, &headers, query.as_deref(), &here).await {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    match look(&front, &caller, &id).await {
        Ok(shown) if shown.may.edit || shown.may.follow => {
            let filled = Filled::of(&shown.row);
            form(&front, &browser, &caller, Some(&shown.row), &filled, None).await
        }
        Ok(shown) => {
            let told = Told {
                refused: Some("It cannot be changed now.".to_owned()),
                ..Told::default()
            };
            application_page::answer(&front, &browser, shown, StatusCode::CONFLICT, told)
        }
        Err(error) => PAGES.refusal(&front, &browser, &here, &error),
    }
}

/// What stands in the form already.
#[derive(Debug, Default)]
pub(super) struct Filled {
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) name: Option<String>,
    pub(super) institution: Option<String>,
    pub(super) datasets: Vec<String>,
    pub(super) purpose: Option<policy_engine::consent::ResearchPurpose>,
    pub(super) countries: String,
    pub(super) until: String,
}

impl Filled {
    fn of(row: &AccessApplication) -> Self {
        Self {
            title: row.terms.title.clone(),
            summary: row.terms.summary.clone(),
            name: Some(row.name.clone()),
            institution: Some(row.institution.clone()),
            datasets: row.terms.datasets.clone(),
            purpose: Some(row.terms.purpose.clone()),
            countries: row.terms.countries.join(" "),
            until: day(row.terms.until),
        }
    }
}

/// The form, filled with what was written, and why it was refused.
pub(super) async fn form(
    front: &Front,
    browser: &Browser,
    caller: &Caller,
    row: Option<&AccessApplication>,
    filled: &Filled,
    refused: Option<String>,
) -> Response {
    let asked = match Box::pin(Asked::begin(&front.broker, caller)).await {
        Ok(asked) => asked,
        Err(error) => return PAGES.refusal(front, browser, "/applications", &error),
    };
    let now = front.broker.now();
    let known = asked.engine.snapshot().datasets.iter();
    let datasets = known
        .filter(|record| {
            let ours = record.consent.dac.iter().any(|source| source.as_str() == record.dac);
            ours && asked.engine.may_know(&asked.facts, record.id(), now)
        })
        .take(OFFERED)
        .map(|record| Offered {
            id: record.id().to_owned(),
            title: record.title.clone(),
            chosen: filled
                .datasets
                .iter()
                .any(|named| named == record.id() || *named == record.short_name),
        })
        .collect();
    let houses = asked.facts.institutions(now).map(|house| Choice {
        id: house.to_owned(),
        chosen: filled.institution.as_deref() == Some(house),
    });
    let (heading, button, action) = match row {
        None => (
            "Write an application",
            "Save it as a draft",
            "/applications/new".to_owned(),
        ),
        Some(row) if row.stage == Stage::Approved => (
            "Amend an application",
            "Begin the amendment",
            format!("/applications/{}/amend", row.id),
        ),
        Some(row) => (
            "Change an application",
            "Save it",
            format!("/applications/{}/edit", row.id),
        ),
    };
    let status = if refused.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let page = FormPage {
        frame: front.frame(heading, Some(browser)),
        csrf: browser.csrf(&front.cookies, FORM),
        heading,
        button,
        action,
        refused,
        title: filled.title.clone(),
        summary: filled.summary.clone(),
        name: filled
            .name
            .clone()
            .unwrap_or_else(|| browser.name.clone().unwrap_or_default()),
        houses: houses.collect(),
        datasets,
        form: PurposeForm::new("purpose", filled.purpose.as_ref()),
        countries: filled.countries.clone(),
        until: filled.until.clone(),
    };
    show(status, &page, &Targets::Own)
}
