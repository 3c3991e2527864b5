//! `/policies`: what policies are in force, in their own words, and drafts as a second person looks at them: what is
//! new line by line, what the node proved of it, and the digest that the approval is for.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use policy_engine::policy::{Origin, PolicyNote, baseline_digest};
use policy_engine::snapshot::Governance;

use super::account::minute;
use super::governed::{Pages, in_words, said, step_up};
use crate::caller::Caller;
use crate::change::harmless;
use crate::committee::GovernError;
use crate::front::Front;
use crate::limits;
use crate::page::{Frame, Targets, show};
use crate::policies::{Looked, May, Overview, ProofState, Report, look, overview};
use crate::session::Browser;
use crate::store::drafts::{DraftRow, DraftState};
use crate::store::watched::WatchedRow;

/// Who looks at policies governs: with a second factor.
pub(super) const PAGES: Pages = Pages {
    list: "/policies",
    missing: "There is no such draft",
    down: "page.policy",
    second_factor: true,
};
/// The name of the forms of these pages, for their tokens.
pub(super) const FORM: &str = "policies";

/// The list.
#[derive(Debug, Template)]
#[template(path = "policies.html")]
struct PoliciesPage {
    frame: Frame,
    drafts: Vec<Listed>,
    bundles: Vec<Bundle>,
    shipped: Vec<Group>,
    baseline: String,
}

#[derive(Debug)]
struct Listed {
    id: String,
    title: String,
    bundle: String,
    since: String,
    state: &'static str,
    tag: &'static str,
    widens: bool,
}

#[derive(Debug)]
struct Bundle {
    title: String,
    digest: String,
    author: String,
    approver: Option<String>,
    since: String,
    notes: Vec<Note>,
}

#[derive(Debug)]
struct Group {
    title: &'static str,
    words: &'static str,
    notes: Vec<Note>,
}

/// A policy in its own words.
#[derive(Debug)]
struct Note {
    id: String,
    forbids: bool,
    reason: String,
    /// What helps: the remedy of a forbid, what a permit needs.
    helps: String,
    code: String,
    watched: Option<String>,
}

/// One draft.
#[derive(Debug, Template)]
#[template(path = "policy.html")]
struct PolicyPage {
    frame: Frame,
    csrf: String,
    done: Option<&'static str>,
    refused: Option<String>,
    again: bool,
    one: Listed,
    row: DraftRow,
    reason: String,
    drafted: String,
    files: Vec<File>,
    report: Report,
    proof: &'static str,
    proof_tag: &'static str,
    may: May,
    single: bool,
}

#[derive(Debug)]
struct File {
    name: String,
    text: String,
}

/// `GET /policies`
pub(crate) async fn list(State(front): State<Front>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let (browser, caller) = match PAGES.signed_in(&front, &headers, query.as_deref(), PAGES.list).await {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    let Overview {
        in_force,
        drafts,
        shipped,
        watched,
    } = match Box::pin(overview(&front.broker, &caller)).await {
        Ok(overview) => overview,
        Err(error) => return PAGES.refusal(&front, &browser, PAGES.list, &error),
    };
    let of = |origin: &Origin| {
        let notes = shipped.iter().filter(|note| note.origin == *origin);
        notes.map(|note| told(note, &watched)).collect()
    };
    let page = PoliciesPage {
        frame: front.frame("Policies", Some(&browser)),
        drafts: drafts.iter().take(limits::LIST_ROWS).map(listed).collect(),
        bundles: in_force
            .into_iter()
            .map(|one| Bundle {
                title: place(&one.bundle.id),
                digest: one.bundle.digest.clone(),
                author: one.bundle.author.to_string(),
                approver: one.bundle.approver.as_ref().map(ToString::to_string),
                since: minute(one.bundle.published),
                notes: one.notes.iter().map(|note| told(note, &one.watched)).collect(),
            })
            .collect(),
        shipped: vec![
            Group {
                title: "Standard policies",
                words: "They come with the release. A node's own bundle adds to them.",
                notes: of(&Origin::Standard),
            },
            Group {
                title: "Baseline",
                words: "Compiled in: nobody can remove, replace or only watch one of these.",
                notes: of(&Origin::Baseline),
            },
        ],
        baseline: baseline_digest(),
    };
    show(StatusCode::OK, &page, &Targets::Own)
}

/// `GET /policies/{id}`
pub(crate) async fn one(
    State(front): State<Front>,
    headers: HeaderMap,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let here = format!("/policies/{id}");
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
    let Looked {
        row,
        report,
        files,
        may,
    } = match Box::pin(look(&front.broker, caller, id)).await {
        Ok(looked) => looked,
        Err(error) => return PAGES.refusal(front, browser, &format!("/policies/{id}"), &error),
    };
    let (proof, proof_tag) = proof(report.proof.state);
    let page = PolicyPage {
        frame: front.frame("Policies", Some(browser)),
        csrf: browser.csrf(&front.cookies, FORM),
        done,
        refused: refused.map(in_words),
        again: refused.is_some_and(step_up),
        one: listed(&row),
        reason: harmless(&row.reason),
        drafted: minute(row.drafted),
        files: files
            .into_iter()
            .map(|file| File {
                name: harmless(&file.name),
                text: file
                    .lines
                    .iter()
                    .map(|line| harmless(line))
                    .collect::<Vec<_>>()
                    .join("\n"),
            })
            .collect(),
        report: plain(report),
        proof,
        proof_tag,
        row,
        may,
        single: front.broker.governance() == Governance::Single,
    };
    show(status, &page, &Targets::Own)
}

/// Words of a report that come from the draft's author, made harmless.
fn plain(mut report: Report) -> Report {
    let all = [
        &mut report.warnings,
        &mut report.tests.on_purpose,
        &mut report.tests.idle,
        &mut report.changes,
        &mut report.turns,
        &mut report.watched,
        &mut report.proof.says,
        &mut report.proof.examples,
    ];
    for words in all {
        for word in words {
            *word = harmless(word);
        }
    }
    report
}

const fn proof(state: ProofState) -> (&'static str, &'static str) {
    match state {
        ProofState::Proven => ("Proven: nothing is permitted that was denied before.", "yes"),
        ProofState::Wider => ("More is permitted than before, as below.", "wait"),
        ProofState::Violated => ("A policy errs, does nothing, or is always overridden.", "no"),
        ProofState::NotProven => ("Nobody knows what it permits beyond what is in force.", "no"),
        ProofState::Skipped => ("Nothing is proven: this node has no solver.", "wait"),
    }
}

fn told(note: &PolicyNote, watched: &[WatchedRow]) -> Note {
    let watch = watched.iter().find(|row| row.policy == note.id);
    Note {
        id: harmless(&note.id),
        forbids: note.forbids,
        reason: harmless(&note.reason),
        helps: harmless(if note.forbids { &note.remedy } else { &note.needs }),
        code: harmless(&note.code),
        watched: watch.map(|row| minute(row.until)),
    }
}

fn place(bundle: &str) -> String {
    if bundle == "node" {
        "This node's own".to_owned()
    } else {
        format!("Of the committee {}", harmless(bundle))
    }
}

fn listed(row: &DraftRow) -> Listed {
    let (state, tag) = match row.state {
        DraftState::Draft => ("waits for a second person", "wait"),
        DraftState::Approved => ("approved, not in force", "wait"),
        DraftState::Published => ("was published", "yes"),
        DraftState::Withdrawn => ("taken back", "no"),
    };
    Listed {
        id: row.id.clone(),
        title: harmless(&row.name),
        bundle: place(&row.bundle),
        since: minute(row.since),
        state,
        tag,
        widens: row.widens,
    }
}

fn done_sentence(word: &str) -> Option<&'static str> {
    Some(match word {
        "approved" => "Your approval is on record, for the digest shown below.",
        "published" => "The policies are in force.",
        "withdrawn" => "The draft was taken back. Nothing has changed.",
        _ => return None,
    })
}
