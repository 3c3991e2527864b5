//! What a person did with data here, and all that is held on them, to look at and to take along.

use askama::Template;
use audit_log::Outcome;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use policy_engine::consent::Tables;
use visa_verifier::seam::Timestamp;

use super::account::minute;
use super::governed::{Pages, language, remember};
use super::refusal::{store_problem, unavailable};
use crate::front::Front;
use crate::page::{Frame, Targets, show};
use crate::person::history::{self, Access};
use crate::person::{held, record};
use crate::tongue::{Choice, Told, Tongue};

/// The pages of one's own account.
pub(super) const OWN: Pages = Pages {
    list: "/account",
    missing: "There is nothing of yours",
    down: "page.account",
    second_factor: false,
};

#[derive(Debug, Template)]
#[template(path = "history.html")]
struct HistoryPage {
    frame: Frame,
    log: String,
    others: usize,
    complete: bool,
    accesses: Vec<Shown>,
    tongues: Vec<Choice>,
    here: String,
}

#[derive(Debug)]
struct Shown {
    at: String,
    what: &'static str,
    action: String,
    datasets: Vec<String>,
    tag: &'static str,
    answer: &'static str,
    code: String,
    told: Told,
    times: String,
    decision: String,
}

/// `GET /account/history`
pub(crate) async fn page(State(front): State<Front>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let here = "/account/history";
    let (mut browser, caller) = match OWN.signed_in(&front, &headers, query.as_deref(), here).await {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    let chosen = language(query.as_deref());
    browser.tongue = chosen.unwrap_or(browser.tongue);
    if let Err(error) = record::looked(&front.broker, &caller.person).await {
        tracing::error!(error.code = error.code(), %error, "that a person read their history could not be recorded");
        return unavailable(&front, error.code());
    }
    match history::of(&front.broker, &browser.row.person).await {
        Ok(history) => {
            let tables = front.broker.current().load().tables();
            let page = HistoryPage {
                frame: front.frame("Your access", Some(&browser)),
                log: history.log,
                others: history.others,
                complete: history.complete,
                accesses: history
                    .accesses
                    .into_iter()
                    .map(|access| shown(access, &tables, browser.tongue))
                    .collect(),
                tongues: browser.tongue.choices(),
                here: format!("{}{here}", front.cookies.base),
            };
            let mut response = show(StatusCode::OK, &page, &Targets::Own);
            remember(&front, &mut response, chosen);
            response
        }
        Err(error) => {
            tracing::error!(error.code = error.code(), %error, "a person's history could not be read");
            unavailable(&front, error.code())
        }
    }
}

fn shown(access: Access, tables: &Tables, tongue: Tongue) -> Shown {
    let (tag, answer) = match access.outcome {
        Outcome::Success => ("yes", "allowed"),
        Outcome::Denied => ("no", "denied"),
        Outcome::Error => ("wait", "failed"),
        Outcome::Aborted => ("wait", "broken off"),
        _ => ("wait", "unknown"),
    };
    let told = access
        .reason
        .as_ref()
        .map_or_else(Told::default, |reason| tongue.reason(reason, tables));
    Shown {
        at: minute(Timestamp::from_unix(access.at)),
        what: what(&access.action),
        action: access.action,
        datasets: access.datasets,
        tag,
        answer,
        code: access.code.unwrap_or_default(),
        told,
        times: if access.times > 1 {
            format!("{} times", access.times)
        } else {
            String::new()
        },
        decision: access.decision.unwrap_or_default(),
    }
}

/// An operation in plain words; one that has none goes by its name.
fn what(action: &str) -> &'static str {
    match action {
        "drs:GetObject" | "drs:PostObject" | "drs:GetBulkObjects" => "Looked up a file",
        "drs:GetAccessUrl" | "drs:PostAccessUrl" | "drs:GetBulkAccessUrl" => "Asked for a file",
        "drs:ReadBytes" => "Read a file",
        "tes:CreateTask" => "Started a task",
        "tes:GetTask" | "tes:ListTasks" => "Looked at tasks",
        "tes:CancelTask" => "Stopped a task",
        "tes.input" => "A task of yours read a file",
        "tes.output" => "A task of yours wrote a file",
        "wes:RunWorkflow" => "Started a workflow",
        "wes:GetRunLog" | "wes:GetRunStatus" | "wes:ListRuns" | "wes:ReadLog" => "Looked at workflows",
        "wes:CancelRun" => "Stopped a workflow",
        "decision" => "Asked whether something is permitted",
        "denied.many" => "The same again within a minute",
        _ => "",
    }
}

/// `GET /account/download`: all that is held on the person, as one JSON document.
pub(crate) async fn download(State(front): State<Front>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let here = "/account/download";
    let (_, caller) = match OWN.signed_in(&front, &headers, query.as_deref(), here).await {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    let told = match record::looked(&front.broker, &caller.person).await {
        Ok(()) => Box::pin(held::on(&front.broker, &caller.person)).await,
        Err(error) => Err(error),
    };
    match told {
        Ok(document) => attached(&serde_json::to_string_pretty(&document).unwrap_or_default()),
        Err(record::Unrecorded::Store(error)) => store_problem(&front, &error),
        Err(error) => {
            tracing::error!(error.code = error.code(), %error, "what is held on a person could not be told");
            unavailable(&front, error.code())
        }
    }
}

fn attached(text: &str) -> Response {
    let mut response = text.to_owned().into_response();
    for (name, value) in [
        (header::CONTENT_TYPE, "application/json"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"my-visum-account.json\"",
        ),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
