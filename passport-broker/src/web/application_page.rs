//! The page of one application: the purpose beside what the participants agreed to, the people, papers, words and votes.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use policy_engine::consent::{Tables, Term, Verdict};

use super::account::day;
use super::application_foreseen::{Button, ShownForesight, foresight};
use super::application_words::standing;
use super::applications::{self, FORM};
use crate::application::{Asks, May, Seat, Shown};
use crate::change::harmless;
use crate::front::Front;
use crate::page::{Frame, Targets, show};
use crate::session::Browser;
use crate::store::applications::{AccessApplication, Document, DocumentKind, Member, TurnKind};
use crate::tongue::{Choice, Told, Tongue, purpose_named};

#[derive(Debug, Template)]
#[template(path = "application.html")]
struct Page {
    frame: Frame,
    csrf: String,
    here: String,
    done: Option<&'static str>,
    refused: Option<String>,
    link: Option<String>,
    row: AccessApplication,
    stage: &'static str,
    tag: &'static str,
    since: String,
    due: Vec<String>,
    purpose: String,
    countries: String,
    until: String,
    committee: String,
    summary: Vec<String>,
    datasets: Vec<ShownDataset>,
    members: Vec<ShownMember>,
    papers: Vec<ShownPaper>,
    tried: Vec<String>,
    turns: Vec<ShownTurn>,
    votes_count: bool,
    yes: usize,
    needed: u32,
    approval: Option<ShownApproval>,
    digest: String,
    reader: bool,
    tongues: Vec<Choice>,
    lang: &'static str,
    foreseen: Vec<ShownForesight>,
    foreseen_more: usize,
    foreseen_stops: Option<String>,
    may: May,
}

#[derive(Debug)]
struct ShownDataset {
    id: String,
    title: String,
    label: Vec<Vec<Told>>,
    verdict: &'static str,
    tag: &'static str,
    reasons: Vec<ShownReason>,
}

#[derive(Debug)]
struct ShownReason {
    told: Told,
    code: String,
}

#[derive(Debug)]
struct ShownMember {
    id: String,
    address: String,
    institution: String,
    state: &'static str,
    tag: &'static str,
    removable: bool,
}

#[derive(Debug)]
struct ShownPaper {
    id: String,
    title: String,
    kind: &'static str,
    board: Option<String>,
    digest: String,
    read: usize,
    ticked: bool,
    gone: bool,
}

#[derive(Debug)]
struct ShownTurn {
    what: &'static str,
    at: String,
    who: String,
    text: String,
}

#[derive(Debug)]
struct ShownApproval {
    until: String,
    digest: String,
    conditions: Vec<String>,
}

/// The page.
pub(super) fn answer(
    front: &Front,
    browser: &Browser,
    shown: Shown,
    status: StatusCode,
    told: applications::Told,
) -> Response {
    let engine = front.broker.current().load();
    let tables = engine.snapshot().tables.tables().unwrap_or_else(|_| Tables::shared());
    let me = browser.row.person.as_str();
    let row = &shown.row;
    let (stage, tag) = standing(row.stage);
    let leads = shown.seat == Seat::Applicant && !row.stage.is_over();
    let mut page = Page {
        frame: front.frame("Application", Some(browser)),
        csrf: browser.csrf(&front.cookies, FORM),
        here: format!("{}/applications/{}", front.cookies.base, row.id),
        done: told.done,
        refused: told.refused,
        link: told.link,
        stage,
        tag,
        since: day(row.since),
        due: shown.due.clone(),
        purpose: purpose_named(&row.terms.purpose, &tables),
        countries: row.terms.countries.join(", "),
        until: day(row.terms.until),
        committee: shown.committee.clone(),
        summary: row.terms.summary.lines().map(harmless).collect(),
        datasets: shown
            .datasets
            .iter()
            .map(|asks| dataset(asks, engine.dataset(&asks.id), &tables, browser.tongue))
            .collect(),
        members: row.members.iter().map(|one| member(one, leads)).collect(),
        papers: row.documents.iter().map(|one| paper(one, me)).collect(),
        tried: shown
            .tried
            .iter()
            .map(|tried| {
                let purpose = serde_json::from_value(tried.purpose.clone()).ok();
                let words = purpose
                    .as_ref()
                    .map(|one| purpose_named(one, &tables))
                    .unwrap_or_default();
                let words = words.replace(" (below)", "");
                let often = if tried.times == 1 {
                    "once".to_owned()
                } else {
                    format!("{} times", tried.times)
                };
                format!(
                    "{}: {words} ({}, {often}, for {})",
                    day(tried.last),
                    tried.door,
                    tried.dataset
                )
            })
            .collect(),
        turns: row.turns.iter().map(|one| turn(one, &shown.row, me)).collect(),
        votes_count: row.stage.with_committee(),
        yes: shown.yes,
        needed: shown.needed,
        approval: row.approval.as_ref().map(|approval| ShownApproval {
            until: day(approval.terms.until),
            digest: approval.digest.clone(),
            conditions: approval.conditions.iter().map(|text| harmless(text)).collect(),
        }),
        digest: shown.digest.clone(),
        reader: shown.seat == Seat::Reader,
        tongues: browser.tongue.choices(),
        lang: browser.tongue.code(),
        foreseen: shown
            .foreseen
            .each
            .iter()
            .map(|one| foresight(one, &shown.row, &tables, browser.tongue))
            .collect(),
        foreseen_more: shown.foreseen.more,
        foreseen_stops: shown.foreseen.stops.clone(),
        may: shown.may,
        row: shown.row,
    };
    page.row.terms.title = harmless(&page.row.terms.title);
    page.row.name = harmless(&page.row.name);
    if let Some(report) = &mut page.row.report {
        let lines = report.text.lines().map(harmless);
        report.text = lines.collect::<Vec<_>>().join("\n");
        for reference in &mut report.references {
            *reference = harmless(reference);
        }
    }
    show(status, &page, &Targets::Own)
}

fn dataset(
    asks: &Asks,
    record: Option<&policy_engine::snapshot::DatasetRecord>,
    tables: &Arc<Tables>,
    tongue: Tongue,
) -> ShownDataset {
    let groups = record.map(|record| record.consent.uses.as_slice()).unwrap_or_default();
    let label = groups
        .iter()
        .map(|group| group.terms.iter().map(|one| term(one, tables, tongue)).collect())
        .collect();
    let verdict = asks.fit.as_ref().map(|fit| fit.verdict);
    let tag = match verdict {
        Some(Verdict::Permit) => "yes",
        Some(Verdict::Review) | None => "wait",
        Some(Verdict::Deny) => "no",
    };
    ShownDataset {
        id: asks.id.clone(),
        title: asks.title.clone(),
        label,
        verdict: tongue.verdict(verdict),
        tag,
        reasons: asks
            .fit
            .iter()
            .flat_map(|fit| &fit.reasons)
            .map(|reason| ShownReason {
                told: tongue.reason(reason, tables),
                code: reason.code.clone(),
            })
            .collect(),
    }
}

/// A term of a label by its plain name, with what bounds it.
fn term(term: &Term, tables: &Arc<Tables>, tongue: Tongue) -> Told {
    let id = term.id.as_str();
    let Told { words: name, lang } = tongue.term(id, tables);
    let mut bounds: Vec<String> = term
        .values
        .iter()
        .map(|value| {
            tables
                .diseases()
                .label(value.as_str())
                .unwrap_or(value.as_str())
                .to_owned()
        })
        .collect();
    bounds.extend(term.date.iter().map(ToString::to_string));
    bounds.extend(term.months.iter().map(|months| format!("{months} months")));
    let words = if bounds.is_empty() {
        format!("{name} ({id})")
    } else {
        format!("{name}: {} ({id})", bounds.join(", "))
    };
    Told { words, lang }
}

fn member(member: &Member, leads: bool) -> ShownMember {
    let (state, tag) = match (&member.person, member.left) {
        (_, Some(_)) => ("left", "no"),
        (Some(_), None) => ("takes part", "yes"),
        (None, None) => ("invited", "wait"),
    };
    ShownMember {
        id: member.id.clone(),
        address: member.address.clone(),
        institution: member.institution.clone(),
        state,
        tag,
        removable: leads && member.left.is_none(),
    }
}

fn paper(paper: &Document, me: &str) -> ShownPaper {
    ShownPaper {
        id: paper.id.clone(),
        title: harmless(&paper.title),
        kind: match paper.kind {
            DocumentKind::Ethics => "letter of an ethics board",
            DocumentKind::Agreement => "signed agreement",
            DocumentKind::Cv => "curriculum vitae",
            DocumentKind::Other => "document",
        },
        board: paper.institution.as_deref().map(harmless),
        digest: paper.digest.clone(),
        read: paper.read_by.len(),
        ticked: paper.read_by.iter().any(|tick| tick.by == me),
        gone: paper.deleted.is_some(),
    }
}

fn turn(turn: &crate::store::applications::Turn, row: &AccessApplication, me: &str) -> ShownTurn {
    let member = row
        .members
        .iter()
        .find(|member| member.person.as_deref() == Some(turn.by.as_str()));
    let who = match member {
        _ if turn.by == me => "you".to_owned(),
        _ if turn.by == row.applicant => "the applicant".to_owned(),
        Some(member) => member.address.clone(),
        None => format!("member {} of the committee", turn.by),
    };
    ShownTurn {
        what: match turn.kind {
            TurnKind::Submitted => "Handed in",
            TurnKind::Returned => "Questions",
            TurnKind::Answered => "Answer",
            TurnKind::Voted => "Vote",
            TurnKind::Approved => "Approved",
            TurnKind::Denied => "Denied",
            TurnKind::Withdrawn => "Taken back",
            TurnKind::Reassigned => "Handed to another member",
            TurnKind::Amended => "Amendment begun",
            TurnKind::Extended => "A later end was asked for",
            TurnKind::Joined => "Accepted to take part",
            TurnKind::Left => "Takes part no longer",
            TurnKind::Admitted => "Later members were given access",
            TurnKind::Reported => "Final report",
        },
        at: day(turn.at),
        who,
        text: turn.text.lines().map(harmless).collect::<Vec<_>>().join("\n"),
    }
}
