//! `/changes`: changes of facts as a second person looks at them: what would change, in words, whether and why it
//! widens, and the digest that the approval is for.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use policy_engine::review::gains::Gains;
use policy_engine::snapshot::Governance;
use visa_verifier::seam::Timestamp;

use super::account_forms::as_caller;
use super::refusal::{store_problem, unavailable};
use super::{LoginWish, begin_login};
use crate::caller::{Caller, REFEDS_MFA};
use crate::change::{Shown, Told, harmless, show as look};
use crate::committee::GovernError;
use crate::front::Front;
use crate::limits;
use crate::page::{Fields, Frame, ProblemPage, Targets, show};
use crate::session::{self, Browser};
use crate::store::changes::{ChangeRow, ChangeState};
use crate::throttle;
use crate::upstream::Ask;

/// The list.
#[derive(Debug, Template)]
#[template(path = "changes.html")]
struct ChangesPage {
    frame: Frame,
    waiting: Vec<Listed>,
    over: Vec<Listed>,
}

#[derive(Debug)]
struct Listed {
    id: String,
    title: String,
    about: String,
    since: String,
    state: &'static str,
    tag: &'static str,
    widens: bool,
}

/// One change.
#[derive(Debug, Template)]
#[template(path = "change.html")]
struct ChangePage {
    frame: Frame,
    csrf: String,
    done: Option<&'static str>,
    refused: Option<String>,
    again: bool,
    one: Listed,
    row: ChangeRow,
    reason: String,
    drafted: String,
    lines: Vec<Told>,
    why: Option<Why>,
    stuck: Option<String>,
    may: crate::change::May,
    next: &'static str,
    single: bool,
}

#[derive(Debug)]
struct Why {
    widens: bool,
    complete: bool,
    sentences: Vec<String>,
    people: Vec<String>,
}

/// `GET /changes`
pub(crate) async fn list(State(front): State<Front>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let (browser, caller) = match signed_in(&front, &headers, query.as_deref(), "/changes").await {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    let rows = match Box::pin(look::list(&front.broker, &caller)).await {
        Ok(rows) => rows,
        Err(error) => return refusal(&front, &browser, "/changes", &error),
    };
    let (waiting, over): (Vec<&ChangeRow>, Vec<&ChangeRow>) = rows.iter().partition(|row| look::open(row));
    let page = ChangesPage {
        frame: front.frame("Changes", Some(&browser)),
        waiting: waiting.into_iter().take(limits::LIST_ROWS).map(listed).collect(),
        over: over.into_iter().take(limits::LIST_ROWS).map(listed).collect(),
    };
    show(StatusCode::OK, &page, &Targets::Own)
}

/// `GET /changes/{id}`
pub(crate) async fn one(
    State(front): State<Front>,
    headers: HeaderMap,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let here = format!("/changes/{id}");
    let (browser, caller) = match signed_in(&front, &headers, query.as_deref(), &here).await {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    let query = query.unwrap_or_default();
    let fields = Fields::parse(query.as_bytes()).unwrap_or_default();
    let done = fields.one("done").ok().flatten().and_then(done_sentence);
    answer(&front, &browser, &caller, &id, StatusCode::OK, done, None).await
}

/// The page, with what the last form did or why it was refused.
pub(super) async fn answer(
    front: &Front,
    browser: &Browser,
    caller: &Caller,
    id: &str,
    status: StatusCode,
    done: Option<&'static str>,
    refused: Option<&GovernError>,
) -> Response {
    let shown = match Box::pin(look::one(&front.broker, caller, id)).await {
        Ok(shown) => shown,
        Err(error) => return refusal(front, browser, &format!("/changes/{id}"), &error),
    };
    let Shown {
        change,
        lines,
        outlook,
        stuck,
        may,
    } = shown;
    let why = outlook.map(|outlook| Why {
        widens: outlook.widening.widens,
        complete: outlook.widening.complete,
        sentences: outlook.widening.why.into_iter().map(|why| why.sentence).collect(),
        people: outlook.gains.map(people).unwrap_or_default(),
    });
    let page = ChangePage {
        frame: front.frame("Change", Some(browser)),
        csrf: browser.csrf(&front.cookies, FORM),
        done,
        refused: refused.map(in_words),
        again: refused.is_some_and(step_up),
        one: listed(&change),
        reason: harmless(&change.reason),
        drafted: minute(change.drafted),
        next: look::next(&change),
        row: change,
        lines,
        why,
        stuck: stuck.map(|stuck| stuck.message),
        may,
        single: front.broker.governance() == Governance::Single,
    };
    show(status, &page, &Targets::Own)
}

/// Who gains and who loses, a sentence each.
fn people(gains: Gains) -> Vec<String> {
    let told = gains.list.into_iter().take(limits::LIST_ROWS).map(|gain| {
        let now = if gain.gains() { "may now" } else { "may no longer" };
        format!("{} {now} {} {}", gain.person, gain.action.word(), gain.dataset)
    });
    let rest =
        (!gains.complete).then(|| "perhaps others: not every question could be asked within the bounds".to_owned());
    told.chain(rest).collect()
}

/// The name of the forms of these pages, for their tokens.
pub(super) const FORM: &str = "changes";

/// Whose session it is; without one, or with `again`, off to the institution first.
async fn signed_in(
    front: &Front,
    headers: &HeaderMap,
    query: Option<&str>,
    here: &str,
) -> Result<(Browser, Caller), Box<Response>> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let again = fields.one("again").ok().flatten().is_some();
    let browser = session::current(&front.cookies, &mut front.broker.db(), headers, front.broker.now())
        .await
        .map_err(|error| Box::new(store_problem(front, &error)))?;
    let Some(browser) = browser.filter(|_| !again) else {
        let wish = LoginWish {
            ask: Ask {
                acr_values: vec![REFEDS_MFA.to_owned()],
                fresh: again,
                ..Ask::default()
            },
            institution: None,
            client: None,
            then: format!("{}{here}", front.cookies.base),
        };
        return Err(Box::new(begin_login(front, wish).await));
    };
    let caller = as_caller(front, &browser).map_err(|error| Box::new(store_problem(front, &error)))?;
    match throttle::ADMIN.hit(&front.broker, caller.person.as_str()).await {
        Ok(None) => Ok((browser, caller)),
        Ok(Some(_)) => Err(Box::new(problem(
            front,
            &browser,
            StatusCode::TOO_MANY_REQUESTS,
            "Too many requests",
            "You asked for many pages in a short time.".to_owned(),
            "admin.too_many",
            here.to_owned(),
        ))),
        Err(error) => Err(Box::new(store_problem(front, &error))),
    }
}

/// A page that says no.
pub(super) fn refusal(front: &Front, browser: &Browser, here: &str, error: &GovernError) -> Response {
    if step_up(error) {
        let heading = "Sign in again";
        let again = format!("{here}?again=yes");
        return problem(
            front,
            browser,
            StatusCode::FORBIDDEN,
            heading,
            in_words(error),
            "policy.step_up",
            again,
        );
    }
    match error {
        GovernError::Unknown { .. } | GovernError::NoDataset { .. } => problem(
            front,
            browser,
            StatusCode::NOT_FOUND,
            "There is no such change",
            "It is not there, or it is not yours to see.".to_owned(),
            "admin.not_found",
            "/changes".to_owned(),
        ),
        GovernError::Denied { .. } | GovernError::Input { .. } | GovernError::Conflict { .. } => {
            let heading = "This is not permitted";
            problem(
                front,
                browser,
                StatusCode::FORBIDDEN,
                heading,
                in_words(error),
                "policy.denied",
                "/changes".to_owned(),
            )
        }
        GovernError::Store { .. }
        | GovernError::Audit { .. }
        | GovernError::Change { .. }
        | GovernError::Facts { .. } => {
            tracing::error!(error.code = error.code(), %error, "a page of changes could not be served");
            unavailable(front, "page.change")
        }
    }
}

fn problem(
    front: &Front,
    browser: &Browser,
    status: StatusCode,
    heading: &str,
    sentence: String,
    code: &'static str,
    again: String,
) -> Response {
    let page = ProblemPage {
        frame: front.frame(heading, Some(browser)),
        heading: heading.to_owned(),
        sentence,
        remedy: None,
        code,
        again: Some(format!("{}{again}", front.cookies.base)),
    };
    show(status, &page, &Targets::Own)
}

/// A login that is too weak or too old.
fn step_up(error: &GovernError) -> bool {
    matches!(error, GovernError::Denied { reasons } if reasons.iter().any(|reason| reason.code == "policy.step_up"))
}

fn in_words(error: &GovernError) -> String {
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
        "approved" => "Your approval is on record, for the digest shown below.",
        "applied" => "The change is in force.",
        "withdrawn" => "The change was taken back. Nothing has changed.",
        _ => return None,
    })
}

fn listed(row: &ChangeRow) -> Listed {
    let (state, tag) = match row.state {
        ChangeState::Draft => ("waits for a second person", "wait"),
        ChangeState::Approved => ("approved, not in force", "wait"),
        ChangeState::Applied => ("in force", "yes"),
        ChangeState::Withdrawn => ("taken back", "no"),
    };
    Listed {
        id: row.id.clone(),
        title: harmless(&row.title),
        about: row
            .dataset
            .clone()
            .unwrap_or_else(|| format!("{}, of no dataset", row.kind.name())),
        since: minute(row.since),
        state,
        tag,
        widens: row.widens,
    }
}

/// `2026-11-22 21:40 UTC`
fn minute(at: Timestamp) -> String {
    let text: String = at.to_string().chars().take(16).collect();
    format!("{} UTC", text.replace('T', " "))
}
