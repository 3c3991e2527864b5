//! An application as it is looked at: what it says, what its consent would answer, what the person may do next.

use policy_engine::decide::{Facts, Fit};
use serde::Serialize;
use serde_json::{Value, json};
use visa_verifier::seam::Timestamp;

use super::ask::{self, gains, needed, yes};
use super::foreseen::{self, Foreseen};
use super::grants;
use super::remind::REMIND;
use super::review::HERE;
use super::seat::{Seat, Seen};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::committee::{Asked, GovernError, access};
use crate::limits;
use crate::store::applications::{AccessApplication, Stage};
use crate::store::grants::Grant;
use crate::store::tried;

/// Days before an end at which a renewal is due.
const RENEW: [i64; 2] = [30, 7];
const DAY: i64 = 86_400;

/// What the person may do next, by seat and stage; what the policies say of a vote is asked of them.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct May {
    /// Change what is asked for, invite, hand in papers.
    pub edit: bool,
    /// Hand it in.
    pub submit: bool,
    /// Answer the questions.
    pub answer: bool,
    /// Take it back.
    pub withdraw: bool,
    /// Amend, extend, report.
    pub follow: bool,
    /// Leave the study.
    pub leave: bool,
    /// Return, vote, deny, approve, hand on.
    pub decide: bool,
    /// A fresh login with a second factor is all that is missing for that.
    pub step_up: bool,
    /// Give those who accepted later their grants.
    pub admit: bool,
}

/// One dataset of it.
#[derive(Clone, Debug, Serialize)]
pub struct Asks {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What its consent answers to the purpose before anything is granted (stage `apply`); none if nobody can tell.
    pub fit: Option<Fit>,
}

/// A purpose that the applicant tried before.
#[derive(Clone, Debug, Serialize)]
pub struct Tried {
    /// The dataset.
    pub dataset: String,
    /// The purpose.
    pub purpose: Value,
    /// When last.
    pub last: Timestamp,
    /// How often.
    pub times: i64,
    /// Where.
    pub door: String,
}

/// An application as somebody may see it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The row.
    pub row: AccessApplication,
    /// From where it is seen.
    pub seat: Seat,
    /// The digest of what is asked for.
    pub digest: String,
    /// Its datasets.
    pub datasets: Vec<Asks>,
    /// Votes that it needs.
    pub needed: u32,
    /// Votes that are there.
    pub yes: usize,
    /// What the person may do.
    pub may: May,
    /// What is due, as sentences.
    pub due: Vec<String>,
    /// Purposes that the applicant tried on its data, for the committee.
    pub tried: Vec<Tried>,
    /// Its grants in force.
    pub grants: Vec<Grant>,
    /// What an approval now would be worth to each person and dataset, for who may decide.
    pub foreseen: Foreseen,
    /// The committee's name.
    pub committee: String,
}

/// Puts together what somebody may see of an application that [`super::open`] gave.
///
/// # Errors
/// [`GovernError`]
pub async fn shown(broker: &Broker, caller: &Caller, seen: Seen) -> Result<Shown, GovernError> {
    let Seen { row, seat } = seen;
    let now = broker.now();
    let asked = Asked::begin(broker, caller).await?;
    let facts = match seat {
        Seat::Applicant => Some(asked.facts.clone()),
        Seat::Member | Seat::Reader => access::facts_of(broker, &row.applicant, asked.engine.snapshot()).await?,
    };
    let digest = super::digest(&row)?;
    let datasets = row
        .terms
        .datasets
        .iter()
        .map(|id| Asks {
            id: id.clone(),
            title: asked
                .engine
                .dataset(id)
                .map(|record| record.title.clone())
                .unwrap_or_default(),
            fit: facts.as_ref().and_then(|facts| fit(&asked, facts, &row, id, now)),
        })
        .collect();
    let grants = grants::live(broker, &row).await?;
    let committee = asked.engine.snapshot().committees.iter();
    let committee = committee
        .filter(|dac| dac.id == row.dac)
        .map(|dac| dac.title.clone())
        .next();
    let mut told = Shown {
        needed: needed(&asked, &row),
        yes: yes(&row, &row.votes, &digest).count(),
        may: may(broker, caller, &asked, &row, seat, &grants)?,
        due: due(&row, now),
        tried: if seat == Seat::Reader {
            before(broker, &row).await?
        } else {
            Vec::new()
        },
        committee: committee
            .filter(|title| !title.is_empty())
            .unwrap_or_else(|| row.dac.clone()),
        row,
        seat,
        digest,
        datasets,
        grants,
        foreseen: Foreseen::default(),
    };
    if told.may.decide {
        told.foreseen = foreseen::of(broker, caller, &told).await?;
    }
    Ok(told)
}

fn fit(asked: &Asked, facts: &Facts, row: &AccessApplication, dataset: &str, now: Timestamp) -> Option<Fit> {
    let mut purpose = row.terms.purpose.clone();
    purpose.project = row.project.parse().ok();
    purpose.institution = row.institution.parse().ok();
    let letters = row.documents.iter().filter(|paper| paper.deleted.is_none());
    let letters: Vec<String> = letters.map(|paper| paper.id.clone()).collect();
    let purpose = grants::with_papers(row, &purpose, &letters);
    asked.engine.fits(facts, dataset, &purpose, now)
}

fn may(
    broker: &Broker,
    caller: &Caller,
    asked: &Asked,
    row: &AccessApplication,
    seat: Seat,
    grants: &[Grant],
) -> Result<May, GovernError> {
    let me = caller.person.as_str();
    let mut may = May::default();
    match seat {
        Seat::Applicant => {
            let writing = matches!(row.stage, Stage::Draft | Stage::Returned);
            may.edit = writing;
            may.submit = row.stage == Stage::Draft;
            may.answer = row.stage == Stage::Returned;
            may.withdraw = writing || row.stage.with_committee();
            may.follow = row.stage == Stage::Approved;
        }
        Seat::Member => {
            let mine = |member: &crate::store::applications::Member| {
                member.takes_part() && member.person.as_deref() == Some(me)
            };
            may.leave = !row.stage.is_over() && row.members.iter().any(mine);
        }
        Seat::Reader => {
            let (mut permitted, mut step_up) = (!gains(row, me), false);
            for question in ask::questions(broker, row, ask::Asks::Decide, std::slice::from_ref(&row.institution))? {
                let decision = asked.engine.govern(&asked.facts, &question, broker.now());
                permitted &= decision.allow();
                step_up |= decision.reasons().iter().any(|reason| reason.code == "policy.step_up");
            }
            let waits = |member: &&crate::store::applications::Member| {
                let approved = row
                    .approval
                    .as_ref()
                    .is_some_and(|approval| approval.members.contains(&member.id));
                let named = member.person.as_deref().filter(|_| approved && member.takes_part());
                named.is_some_and(|person| !grants.iter().any(|grant| grant.to.sub.as_str() == person))
            };
            may.decide = permitted && HERE.contains(&row.stage);
            may.admit = permitted && row.stage == Stage::Approved && row.members.iter().any(|member| waits(&member));
            may.step_up = !permitted && step_up && (HERE.contains(&row.stage) || row.stage == Stage::Approved);
        }
    }
    Ok(may)
}

/// What is due, worst first.
pub(crate) fn due(row: &AccessApplication, now: Timestamp) -> Vec<String> {
    let mut due = Vec::new();
    let days = now.unix().saturating_sub(row.since.unix()).max(0) / DAY;
    let [first, urgent] = REMIND;
    if row.stage.with_committee() && days >= first {
        let word = if days >= urgent { "urgently " } else { "" };
        due.push(format!(
            "It has waited for the committee for {days} days: it is {word}due."
        ));
    }
    if row.stage == Stage::Returned && days >= first {
        due.push(format!(
            "The committee's questions have waited for an answer for {days} days."
        ));
    }
    if let Some(approval) = row.approval.as_ref().filter(|_| !row.stage.is_over()) {
        let left = approval.terms.until.unix().saturating_sub(now.unix());
        let [month, week] = RENEW;
        if left <= 0 {
            due.push("Its approval has ended: hand in the final report.".to_owned());
        } else if left <= month * DAY {
            let word = if left <= week * DAY {
                "within a week"
            } else {
                "within a month"
            };
            due.push(format!(
                "Its approval ends {word}: ask for an extension, or hand in the final report."
            ));
        }
    }
    due
}

/// The purposes that the applicant tried on these data.
async fn before(broker: &Broker, row: &AccessApplication) -> Result<Vec<Tried>, GovernError> {
    let person = broker
        .identity_of(&crate::store::people::PersonId::from_text(row.applicant.as_str()))?
        .to_string();
    let mut all = Vec::new();
    for dataset in &row.terms.datasets {
        let rows = tried::of_dataset(&mut broker.db(), dataset, Some(&person), limits::LIST_ROWS).await?;
        all.extend(rows.into_iter().map(|row| Tried {
            dataset: row.dataset,
            purpose: serde_json::from_str(&row.purpose).unwrap_or_default(),
            last: row.last,
            times: row.times,
            door: row.door,
        }));
    }
    all.sort_by_key(|one| std::cmp::Reverse(one.last));
    all.truncate(limits::LIST_ROWS);
    Ok(all)
}

impl Shown {
    /// As the JSON API gives it.
    #[must_use]
    pub fn json(&self) -> Value {
        let row = &self.row;
        let members: Vec<Value> = row.members.iter().map(member).collect();
        json!({
            "id": row.id, "stage": row.stage, "since": row.since, "begun": row.begun, "seat": match self.seat {
                Seat::Applicant => "applicant", Seat::Member => "member", Seat::Reader => "reader" },
            "applicant": { "person": row.applicant, "name": row.name, "institution": row.institution },
            "project": row.project, "committee": { "id": row.dac, "title": self.committee },
            "title": row.terms.title, "summary": row.terms.summary, "datasets": self.datasets,
            "purpose": row.terms.purpose, "countries": row.terms.countries, "until": row.terms.until,
            "members": members, "documents": row.documents, "conversation": row.turns,
            "votes": row.votes, "votes_yes": self.yes, "votes_needed": self.needed, "handler": row.handler,
            "digest": self.digest, "approval": row.approval, "report": row.report,
            "may": self.may, "due": self.due, "foreseen": self.foreseen.each, "foreseen_more": self.foreseen.more,
            "approval_stopped_by": self.foreseen.stops, "tried": self.tried,
            "grants": self.grants.iter().map(grant).collect::<Vec<_>>(),
        })
    }
}

fn member(member: &crate::store::applications::Member) -> Value {
    let state = match (&member.person, &member.left) {
        (_, Some(_)) => "left",
        (Some(_), None) => "joined",
        (None, None) => "invited",
    };
    json!({ "id": member.id, "address": member.address, "institution": member.institution, "state": state,
            "person": member.person, "invited": member.invited, "joined": member.joined, "left": member.left })
}

fn grant(grant: &Grant) -> Value {
    json!({ "id": grant.id, "to": grant.to, "dataset": grant.dataset, "project": grant.project,
            "institution": grant.institution, "until": grant.until })
}

/// A line of a list.
#[must_use]
pub fn line(row: &AccessApplication, now: Timestamp) -> Value {
    json!({
        "id": row.id, "title": row.terms.title, "name": row.name, "institution": row.institution, "stage": row.stage,
        "since": row.since, "until": row.terms.until, "datasets": row.terms.datasets, "due": due(row, now),
    })
}
