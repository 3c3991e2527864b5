//! `/applications`: the list, one application, the form of one, an invitation; for researchers and committees alike.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use visa_verifier::seam::Timestamp;

use super::account_forms::as_caller;
use super::application_page;
use super::purpose_form::PurposeForm;
use super::refusal::{store_problem, unavailable};
use super::{LoginWish, begin_login};
use crate::admin::attachment;
use crate::application::{self, Shown};
use crate::caller::{Caller, REFEDS_MFA};
use crate::change::harmless;
use crate::committee::{Asked, GovernError};
use crate::front::Front;
use crate::limits;
use crate::page::{Fields, Frame, ProblemPage, Targets, show};
use crate::session::{self, Browser};
use crate::store::applications::{AccessApplication, Stage};
use crate::throttle;
use crate::upstream::Ask;

/// The name of the forms of these pages, for their tokens.
pub(super) const FORM: &str = "applications";
/// Datasets that the form offers.
const OFFERED: usize = 200;

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

/// `GET /applications`
pub(crate) async fn list(State(front): State<Front>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let (browser, caller) = match signed_in(&front, &headers, query.as_deref(), "/applications").await {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    let done = said(query.as_deref(), "done").and_then(|word| done_sentence(&word));
    // what is over its time goes whenever somebody looks
    if let Err(error) = application::sweep(&front.broker).await {
        return store_problem(&front, &error);
    }
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
            Err(error) => return refusal(&front, &browser, "/applications", &error),
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
    let (browser, caller) = match signed_in(&front, &headers, query.as_deref(), &here).await {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    let done = said(query.as_deref(), "done").and_then(|word| done_sentence(&word));
    let told = Told {
        done,
        ..Told::default()
    };
    answer(&front, &browser, &caller, &id, StatusCode::OK, told).await
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
        Err(error) => refusal(front, browser, &format!("/applications/{id}"), &error),
    }
}

async fn look(front: &Front, caller: &Caller, id: &str) -> Result<Shown, GovernError> {
    let seen = Box::pin(application::open(&front.broker, caller, id)).await?;
    Box::pin(application::shown(&front.broker, caller, seen)).await
}

/// `GET /applications/new`
pub(crate) async fn new(State(front): State<Front>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let (browser, caller) = match signed_in(&front, &headers, query.as_deref(), "/applications/new").await {
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
    let (browser, caller) = match signed_in(&front, &headers, query.as_deref(), &here).await {
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
        Err(error) => refusal(&front, &browser, &here, &error),
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
        Err(error) => return refusal(front, browser, "/applications", &error),
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
    let (browser, _) = match signed_in(&front, &headers, query.as_deref(), &here).await {
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

/// `GET /applications/{id}/documents/{document}`: an attachment, never shown in place.
pub(crate) async fn document(
    State(front): State<Front>,
    headers: HeaderMap,
    Path((id, document)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let here = format!("/applications/{id}");
    let (browser, caller) = match signed_in(&front, &headers, query.as_deref(), &here).await {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    match Box::pin(application::document(&front.broker, &caller, &id, &document)).await {
        Ok((paper, file, _)) => attachment(&paper.id, file),
        Err(error) => refusal(&front, &browser, &here, &error),
    }
}

/// `GET /applications/{id}/minutes`: JSON, as an attachment.
pub(crate) async fn minutes(
    State(front): State<Front>,
    headers: HeaderMap,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let here = format!("/applications/{id}");
    let (browser, caller) = match signed_in(&front, &headers, query.as_deref(), &here).await {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    let told = match look(&front, &caller, &id).await {
        Ok(shown) => application::minutes(&front.broker, &shown).await,
        Err(error) => Err(error),
    };
    match told {
        Ok(minutes) => {
            let mut response = serde_json::to_string_pretty(&minutes)
                .unwrap_or_default()
                .into_response();
            let headers = response.headers_mut();
            for (name, value) in [
                (header::CONTENT_TYPE, "application/json"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"minutes.json\""),
                (header::CACHE_CONTROL, "no-store"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ] {
                headers.insert(name, HeaderValue::from_static(value));
            }
            response
        }
        Err(error) => refusal(&front, &browser, &here, &error),
    }
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

/// A stage as a page says it.
pub(super) const fn standing(stage: Stage) -> (&'static str, &'static str) {
    match stage {
        Stage::Draft => ("draft", "wait"),
        Stage::Submitted => ("handed in", "wait"),
        Stage::Returned => ("back with questions", "wait"),
        Stage::Answered => ("answered", "wait"),
        Stage::InReview => ("in review", "wait"),
        Stage::Approved => ("approved", "yes"),
        Stage::Denied => ("denied", "no"),
        Stage::Withdrawn => ("taken back", "no"),
        Stage::Closed => ("closed", "yes"),
    }
}

/// Whose session it is; without one, or with `again`, off to the institution first.
pub(super) async fn signed_in(
    front: &Front,
    headers: &HeaderMap,
    query: Option<&str>,
    here: &str,
) -> Result<(Browser, Caller), Box<Response>> {
    let again = said(query, "again").is_some();
    let browser = session::current(&front.cookies, &mut front.broker.db(), headers, front.broker.now())
        .await
        .map_err(|error| Box::new(store_problem(front, &error)))?;
    let Some(browser) = browser.filter(|_| !again) else {
        // a second factor only where the page says that it is missing
        let acr_values = if again { vec![REFEDS_MFA.to_owned()] } else { Vec::new() };
        let wish = LoginWish {
            ask: Ask {
                acr_values,
                fresh: again,
                login_hint: said(query, "login_hint"),
            },
            institution: said(query, "idp_hint"),
            client: None,
            then: format!("{}{here}", front.cookies.base),
        };
        return Err(Box::new(begin_login(front, wish).await));
    };
    let caller = as_caller(front, &browser).map_err(|error| Box::new(store_problem(front, &error)))?;
    match throttle::ADMIN.hit(&front.broker, caller.person.as_str()).await {
        Ok(None) => Ok((browser, caller)),
        Ok(Some(_)) => {
            let page = Refused {
                status: StatusCode::TOO_MANY_REQUESTS,
                heading: "Too many requests",
                sentence: "You asked for many pages in a short time.".to_owned(),
                code: "admin.too_many",
                again: here.to_owned(),
            };
            Err(Box::new(problem(front, &browser, page)))
        }
        Err(error) => Err(Box::new(store_problem(front, &error))),
    }
}

/// A field of the query.
fn said(query: Option<&str>, name: &str) -> Option<String> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    fields.one(name).ok().flatten().map(str::to_owned)
}

struct Refused {
    status: StatusCode,
    heading: &'static str,
    sentence: String,
    code: &'static str,
    again: String,
}

/// A page that says no.
pub(super) fn refusal(front: &Front, browser: &Browser, here: &str, error: &GovernError) -> Response {
    let all = "/applications".to_owned();
    let page = match error {
        GovernError::Denied { reasons } if reasons.iter().any(|reason| reason.code == "policy.step_up") => Refused {
            status: StatusCode::FORBIDDEN,
            heading: "Sign in again",
            sentence: in_words(error),
            code: "policy.step_up",
            again: format!("{here}?again=yes"),
        },
        GovernError::Unknown { .. } | GovernError::NoDataset { .. } => Refused {
            status: StatusCode::NOT_FOUND,
            heading: "There is no such application",
            sentence: "It is not there, or it is not yours to see.".to_owned(),
            code: "admin.not_found",
            again: all,
        },
        GovernError::Denied { .. } | GovernError::Input { .. } | GovernError::Conflict { .. } => Refused {
            status: StatusCode::FORBIDDEN,
            heading: "This is not permitted",
            sentence: in_words(error),
            code: "policy.denied",
            again: all,
        },
        GovernError::Store { .. }
        | GovernError::Audit { .. }
        | GovernError::Change { .. }
        | GovernError::Facts { .. } => {
            tracing::error!(error.code = error.code(), %error, "a page of applications could not be served");
            return unavailable(front, "page.application");
        }
    };
    problem(front, browser, page)
}

fn problem(front: &Front, browser: &Browser, refused: Refused) -> Response {
    let page = ProblemPage {
        frame: front.frame(refused.heading, Some(browser)),
        heading: refused.heading.to_owned(),
        sentence: refused.sentence,
        remedy: None,
        code: refused.code,
        again: Some(format!("{}{}", front.cookies.base, refused.again)),
    };
    show(refused.status, &page, &Targets::Own)
}

/// Why a step did not happen, in a sentence.
pub(super) fn in_words(error: &GovernError) -> String {
    if let GovernError::Denied { reasons } = error {
        return reasons.first().map_or_else(
            || "The policies of this node do not permit this.".to_owned(),
            |reason| format!("{} {}", reason.sentence, reason.remedy),
        );
    }
    format!("{error} ({})", error.code())
}

fn done_sentence(word: &str) -> Option<&'static str> {
    Some(match word {
        "saved" => "It is saved. Nobody else sees it until you hand it in.",
        "submitted" => "It is handed in: the committee sees it now.",
        "answered" => "Your answer is with the committee.",
        "withdrawn" => "It was taken back.",
        "amended" => "The amendment is begun: change what you need, then hand it in.",
        "extended" => "You have asked the committee for a later end.",
        "reported" => "The final report is there, and the application is closed.",
        "removed" => "They no longer take part; their access under this study has ended.",
        "left" => "You no longer take part; your access under this study has ended.",
        "joined" => "You take part in this study now.",
        "admitted" => "They have their access now.",
        "document" => "The document is handed in; it is kept sealed.",
        "read" => "It is on record that you read it.",
        "returned" => "Your questions went to the applicant.",
        "voted" => "Your vote counts, for the digest shown below.",
        "approved" => "It is approved: everybody who takes part has their access.",
        "denied" => "It is denied; the applicant reads your reason.",
        _ => return None,
    })
}

/// `2026-11-22`
pub(super) fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

/// A day as an instant: its first second, UTC.
pub(super) fn instant(day: &str) -> Result<Timestamp, String> {
    let text = if day.len() == 10 {
        format!("{day}T00:00:00Z")
    } else {
        day.to_owned()
    };
    text.parse().map_err(|_| {
        format!(
            "`{}` is no day; they look like 2027-12-31.",
            day.chars().take(40).collect::<String>()
        )
    })
}

/// Text of a person, bounded for a field.
pub(super) fn bounded(text: &str) -> String {
    text.chars().take(limits::TEXT_BYTES).collect()
}
