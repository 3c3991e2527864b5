//! `/changes`: changes of facts as a second person looks at them: what would change, in words, whether and why it
//! widens, and the digest that the approval is for.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use policy_engine::review::TurnedUses;
use policy_engine::review::gains::Gains;
use policy_engine::snapshot::Governance;

use super::account::minute;
use super::governed::{Pages, in_words, said, step_up};
use crate::caller::Caller;
use crate::change::{Shown, Told, harmless, show as look, tell_relabel};
use crate::committee::GovernError;
use crate::front::Front;
use crate::limits;
use crate::page::{Frame, Targets, show};
use crate::session::Browser;
use crate::store::changes::{ChangeRow, ChangeState};

/// Who looks at changes governs: with a second factor.
pub(super) const PAGES: Pages = Pages {
    list: "/changes",
    missing: "There is no such change",
    down: "page.change",
    second_factor: true,
};

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
    relabels: Vec<Told>,
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
    labels: Vec<String>,
    recorded: Vec<String>,
}

/// `GET /changes`
pub(crate) async fn list(State(front): State<Front>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let (browser, caller) = match PAGES.signed_in(&front, &headers, query.as_deref(), "/changes").await {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    let rows = match Box::pin(look::list(&front.broker, &caller)).await {
        Ok(rows) => rows,
        Err(error) => return PAGES.refusal(&front, &browser, "/changes", &error),
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
    let (browser, caller) = match PAGES.signed_in(&front, &headers, query.as_deref(), &here).await {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    let done = said(query.as_deref(), "done").and_then(|word| done_sentence(&word));
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
        Err(error) => return PAGES.refusal(front, browser, &format!("/changes/{id}"), &error),
    };
    let Shown {
        change,
        lines,
        outlook,
        stuck,
        may,
    } = shown;
    let relabels = outlook.as_ref().map_or(&change.relabels, |outlook| &outlook.relabels);
    let relabels = relabels.iter().map(tell_relabel).collect();
    let why = outlook.map(|outlook| Why {
        widens: outlook.widening.widens,
        complete: outlook.widening.complete,
        sentences: outlook.widening.why.into_iter().map(|why| why.sentence).collect(),
        people: outlook.gains.map(people).unwrap_or_default(),
        labels: outlook
            .lint
            .iter()
            .map(|remark| harmless(&format!("{} ({}) {}", remark.message, remark.code, remark.remedy)))
            .collect(),
        recorded: outlook.recorded.map(recorded).unwrap_or_default(),
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
        relabels,
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

/// Recorded decisions that would turn, a sentence each.
fn recorded(uses: TurnedUses) -> Vec<String> {
    let told = uses.list.into_iter().take(limits::LIST_ROWS).map(|one| {
        let now = if one.from {
            "permitted now, would be denied"
        } else {
            "denied now, would be permitted"
        };
        let (person, action, dataset) = (one.person, one.action.word(), one.dataset);
        format!(
            "{person} {action} {dataset}: {now} ({} decisions, the last at {})",
            one.decisions, one.last
        )
    });
    let rest =
        (!uses.complete).then(|| "perhaps others: not every question could be asked within the bounds".to_owned());
    told.chain(rest).collect()
}

/// The name of the forms of these pages, for their tokens.
pub(super) const FORM: &str = "changes";

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
