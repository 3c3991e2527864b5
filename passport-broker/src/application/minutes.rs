//! The minutes of an application: what was asked, said, voted and decided, for the committee's files. As JSON, which has
//! all of it, and as a PDF to be read and kept.

use std::sync::Arc;

use policy_engine::consent::Tables;
use serde_json::{Value, json};

use super::print::{Print, Style};
use super::seat::Seat;
use super::view::Shown;
use crate::broker::Broker;
use crate::change::harmless;
use crate::committee::GovernError;
use crate::store::applications::{AccessApplication, DocumentKind, Vote};
use crate::store::people::PersonId;
use crate::tongue::purpose_named;

/// Minutes of an application as they were when they were made.
#[derive(Debug)]
pub struct Minutes {
    shown: Shown,
    tables: Arc<Tables>,
    /// Each vote, and whether its voter sits in the committee still.
    votes: Vec<(Vote, bool)>,
    made: visa_verifier::seam::Timestamp,
}

/// Makes the minutes of an application as somebody sees it: for members of its committee and those who may read for them.
///
/// # Errors
/// [`GovernError::Unknown`] for everybody else, and [`GovernError`].
pub async fn minutes(broker: &Broker, shown: Shown) -> Result<Minutes, GovernError> {
    let row = &shown.row;
    if shown.seat != Seat::Reader {
        return Err(GovernError::Unknown {
            what: "minutes of an application",
            id: row.id.clone(),
        });
    }
    let seat = policy_engine::snapshot::RoleGrant::Committee(row.dac.clone());
    let mut votes = Vec::new();
    let decided = row.approval.iter().flat_map(|approval| &approval.votes);
    for vote in decided.chain(&row.votes) {
        let person = PersonId::from_text(vote.by.as_str());
        let member = broker.roles_of(&person).await?.contains(&seat);
        votes.push((vote.clone(), member));
    }
    let tables = broker.current().load().tables();
    Ok(Minutes {
        tables,
        made: broker.now(),
        votes,
        shown,
    })
}

impl Minutes {
    /// As JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let (row, shown) = (&self.shown.row, &self.shown);
        let votes = self.votes.iter().map(|(vote, member)| {
            json!({ "by": vote.by, "at": vote.at, "yes": vote.yes, "reason": vote.reason, "digest": vote.digest,
                    "member": member })
        });
        json!({
            "minutes_of": row.id, "made": self.made, "committee": { "id": row.dac, "title": shown.committee },
            "application": shown.json(), "votes": votes.collect::<Vec<_>>(),
        })
    }

    /// As a PDF.
    #[must_use]
    pub fn pdf(&self) -> Vec<u8> {
        let (row, shown) = (&self.shown.row, &self.shown);
        let title = harmless(&row.terms.title);
        let foot = format!("Minutes of {} · made {}", row.id, self.made);
        let mut print = Print::new(&format!("Minutes: {title}"), &foot);
        print.say(Style::Title, &format!("Minutes: {title}"));
        print.room();
        self.asked(&mut print);
        people(&mut print, row);
        said(&mut print, row);
        self.decided(&mut print);
        if let Some(report) = &row.report {
            head(&mut print, "Final report");
            print.fact("Handed in", &report.at.to_string());
            text(&mut print, &report.text);
            for reference in &report.references {
                print.fact("Reference", &harmless(reference));
            }
        }
        if !shown.grants.is_empty() {
            head(&mut print, "Grants in force");
        }
        for grant in &shown.grants {
            let words = format!("{} for {}, until {}", grant.dataset, grant.to, grant.until);
            print.fact(&grant.id, &words);
        }
        print.file()
    }

    fn asked(&self, print: &mut Print) {
        let (row, shown) = (&self.shown.row, &self.shown);
        print.fact("Application", &row.id);
        print.fact("Committee", &format!("{} ({})", harmless(&shown.committee), row.dac));
        print.fact(
            "Applicant",
            &format!("{} ({}), {}", harmless(&row.name), row.applicant, row.institution),
        );
        print.fact("Project", &harmless(&row.project));
        print.fact(
            "State",
            &format!("{}, since {}", row.stage.word().replace('_', " "), row.since),
        );
        print.fact("Where", &row.terms.countries.join(", "));
        print.fact("Until", &row.terms.until.to_string());
        print.fact("Purpose", &purpose_named(&row.terms.purpose, &self.tables));
        print.fact("Digest of what is asked for", &shown.digest);
        head(print, "In their own words");
        text(print, &row.terms.summary);
        head(print, "Datasets");
        for dataset in &shown.datasets {
            print.fact(&dataset.id, &harmless(&dataset.title));
            let Some(fit) = &dataset.fit else { continue };
            print.fact("The consent answers (before any approval)", fit.verdict.as_str());
            for reason in &fit.reasons {
                print.say(Style::Text, &format!("{} ({})", reason.sentence, reason.code));
            }
        }
    }

    fn decided(&self, print: &mut Print) {
        let row = &self.shown.row;
        head(print, "Votes");
        if self.votes.is_empty() {
            print.say(Style::Text, "None.");
        }
        for (vote, member) in &self.votes {
            let word = if vote.yes { "yes" } else { "no" };
            let seat = if *member {
                ""
            } else {
                ", who has left the committee since"
            };
            print.fact(
                &format!("{} {word}, by {}{seat}", vote.at, vote.by),
                &harmless_lines(&vote.reason),
            );
            print.fact("On the digest", &vote.digest);
        }
        let Some(approval) = &row.approval else { return };
        head(print, "Approval");
        print.fact("Approved", &format!("{}, by {}", approval.at, approval.by));
        print.fact("Until", &approval.terms.until.to_string());
        print.fact("Digest", &approval.digest);
        for condition in &approval.conditions {
            print.fact("Condition", &harmless_lines(condition));
        }
        if !approval.ethics.is_empty() {
            print.fact("Ethics letters that it names", &approval.ethics.join(", "));
        }
    }
}

fn head(print: &mut Print, words: &str) {
    print.room();
    print.say(Style::Head, words);
}

fn harmless_lines(text: &str) -> String {
    text.lines().map(harmless).collect::<Vec<_>>().join("\n")
}

fn text(print: &mut Print, text: &str) {
    print.say(Style::Text, &harmless_lines(text));
}

fn people(print: &mut Print, row: &AccessApplication) {
    head(print, "Who takes part");
    print.say(Style::Text, &format!("{}, who leads the study", harmless(&row.name)));
    for member in &row.members {
        let state = match (member.joined, member.left) {
            (_, Some(left)) => format!("left {left}"),
            (Some(joined), None) => format!("takes part since {joined}"),
            (None, None) => format!("invited {}", member.invited),
        };
        print.fact(&member.address, &format!("{}, {state}", member.institution));
    }
    head(print, "Documents");
    if row.documents.is_empty() {
        print.say(Style::Text, "None.");
    }
    for paper in &row.documents {
        let kind = match paper.kind {
            DocumentKind::Ethics => "letter of an ethics board",
            DocumentKind::Agreement => "signed agreement",
            DocumentKind::Cv => "curriculum vitae",
            DocumentKind::Other => "document",
        };
        let gone = if paper.deleted.is_some() { ", deleted since" } else { "" };
        print.fact(
            &paper.id,
            &format!("{} ({kind}{gone}), SHA-256 {}", harmless(&paper.title), paper.digest),
        );
        for tick in &paper.read_by {
            print.fact("Read", &format!("{}, by {}", tick.at, tick.by));
        }
    }
}

fn said(print: &mut Print, row: &AccessApplication) {
    head(print, "What was said");
    for turn in &row.turns {
        let member = row
            .members
            .iter()
            .find(|member| member.person.as_deref() == Some(turn.by.as_str()));
        let who = match member {
            _ if turn.by == row.applicant => "the applicant".to_owned(),
            Some(member) => member.address.clone(),
            None => format!("member {} of the committee", turn.by),
        };
        let head = format!("{} {}, {who}", turn.at, turn.kind.word());
        if turn.text.is_empty() {
            print.say(Style::Text, &head);
        } else {
            print.fact(&head, &harmless_lines(&turn.text));
        }
    }
}
