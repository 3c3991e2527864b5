//! A draft's row: what it says, what was kept with it, and whether it still stands for what is in force.

use audit_log::{AboutKind, Event, EventType};
use policy_engine::decide::{Bundle as Concerned, GovernQuestion};
use policy_engine::policy::Manifest;
use serde_json::{Value, json};
use visa_verifier::VisaIdentity;
use visa_verifier::seam::token;

use super::files::Files;
use super::report::{ProofState, Report};
use super::step::{Draft, Drafted};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::canonical;
use crate::catalogue::{Changing, Content};
use crate::committee::{Asked, GovernError};
use crate::store::blobs;
use crate::store::drafts::{DraftRow, DraftState};
use crate::store::governed::RowDigest;
use crate::way::{self, OnItsWay};

impl OnItsWay for DraftRow {
    const WHAT: &'static str = "draft";
    const OTHER_DIGEST: &'static str = "policy.digest";

    /// The report is part of it.
    fn content(&self) -> Value {
        json!({
            "format": "visum-policies/1", "id": self.id, "bundle": self.bundle, "name": self.name,
            "committee": self.committee, "reason": self.reason, "files": self.files, "report": self.report,
            "base": self.base, "widens": self.widens,
        })
    }

    fn digest(&self) -> &str {
        &self.digest
    }

    fn approver(&self) -> Option<&VisaIdentity> {
        self.approver.as_ref()
    }

    fn reason(&self) -> &str {
        &self.reason
    }

    fn named(&self, event: Event) -> Event {
        event
            .about(AboutKind::Policy, self.id.as_str())
            .about(AboutKind::Policy, format!("sha256:{}", self.digest).as_str())
    }

    fn formless(why: &dyn std::fmt::Display) -> GovernError {
        GovernError::Facts { why: why.to_string() }
    }
}

/// The row of a draft, with its files and report kept.
pub(super) async fn written(
    broker: &Broker,
    caller: &Caller,
    request: &Draft,
    manifest: &Manifest,
    place: String,
    report: &Report,
    content: &Content,
) -> Result<DraftRow, GovernError> {
    let now = broker.now();
    let mut db = broker.db();
    let files = blobs::put(&mut db, &request.files.bytes()?, now).await?;
    let text = canonical::text(report).map_err(|error| GovernError::Facts { why: error.to_string() })?;
    let report_digest = blobs::put(&mut db, text.as_bytes(), now).await?;
    let mut row = DraftRow {
        id: format!("policy-{}", token(broker.random(), 9)),
        bundle: place,
        name: manifest.id.clone(),
        committee: manifest.committee.clone(),
        reason: request.reason.clone(),
        files: files.as_str().to_owned(),
        report: report_digest.as_str().to_owned(),
        base: base(content)?,
        widens: report.widens,
        digest: String::new(),
        author: caller.identity.clone(),
        drafted: now,
        approver: None,
        state: DraftState::Draft,
        since: now,
    };
    row.digest = way::digest(&row)?;
    Ok(row)
}

/// Writes a draft that waits for a second person.
pub(super) async fn keep(
    broker: &Broker,
    caller: &Caller,
    row: DraftRow,
    report: Report,
) -> Result<Drafted, GovernError> {
    let mut changing = Changing::begin(broker).await;
    let agreed = way::agreed(broker, &row)?;
    way::step(broker, caller, &mut changing, EventType::ChangeDraft, &row, agreed).await?;
    let asked = Asked::begin(broker, caller).await?;
    let may = |question: GovernQuestion| asked.engine.govern(&asked.facts, &question, broker.now()).allow();
    let concerned = asked_of(&row.bundle, &row.author, row.committee.as_ref());
    let alone = may(GovernQuestion::PolicyApprove(concerned.clone())) && may(GovernQuestion::PolicyPublish(concerned));
    Ok(Drafted {
        row,
        report,
        in_force: false,
        alone,
    })
}

/// The bundles in force.
pub(super) fn base(content: &Content) -> Result<String, GovernError> {
    let rows = content.bundles.values();
    let rows = rows.map(|row| json!([row.id, row.digest, row.published])).collect();
    way::hash(&rows).map_err(|error| DraftRow::formless(&error))
}

/// The draft is in one of these states, of this digest, and made for what is in force.
pub(super) fn stands(
    row: &DraftRow,
    states: &[DraftState],
    digest_seen: Option<&str>,
    content: &Content,
) -> Result<(), GovernError> {
    if !states.contains(&row.state) {
        return Err(over(row));
    }
    way::same(row, digest_seen)?;
    if base(content)? != row.base {
        return Err(stale());
    }
    Ok(())
}

pub(super) fn stale() -> GovernError {
    GovernError::Conflict {
        code: "policy.stale",
        message: "Another bundle was published since this draft was checked: draft it anew.".to_owned(),
    }
}

pub(super) fn over(row: &DraftRow) -> GovernError {
    let word = match row.state {
        DraftState::Draft => "not approved yet",
        DraftState::Approved => "approved already",
        DraftState::Published => "published already",
        DraftState::Withdrawn => "withdrawn",
    };
    GovernError::Conflict {
        code: "policy.state",
        message: format!("The draft `{}` is {word}.", row.id),
    }
}

/// Whether the proofs came to an end: what the bundle permits beyond the one in force is known.
pub(super) fn conclusive(report: &Report) -> Result<(), GovernError> {
    match report.proof.state {
        ProofState::Proven | ProofState::Wider => Ok(()),
        ProofState::Violated | ProofState::NotProven | ProofState::Skipped => {
            let mut words = report.proof.says.clone();
            if report.proof.state == ProofState::Skipped {
                words.push(report.proof.solver.clone());
            }
            let message = format!("Proofs are required, and there are none: {}", words.join("; "));
            Err(GovernError::input("policy.unproven", message))
        }
    }
}

pub(super) async fn files_of(broker: &Broker, row: &DraftRow) -> Result<Files, GovernError> {
    Files::of_bytes(&blob(broker, &row.files).await?)
}

pub(super) async fn report_of(broker: &Broker, row: &DraftRow) -> Result<Report, GovernError> {
    let bytes = blob(broker, &row.report).await?;
    serde_json::from_slice(&bytes).map_err(|error| GovernError::Facts { why: error.to_string() })
}

async fn blob(broker: &Broker, digest: &str) -> Result<Vec<u8>, GovernError> {
    let missing = || GovernError::Unknown {
        what: "file of the draft",
        id: digest.to_owned(),
    };
    let name = RowDigest::from_text(digest).ok_or_else(missing)?;
    blobs::get(&mut broker.db(), &name).await?.ok_or_else(missing)
}

pub(super) fn asked_of(id: &str, author: &VisaIdentity, committee: Option<&String>) -> Concerned {
    Concerned {
        id: id.to_owned(),
        author: author.clone(),
        committee: committee.cloned(),
    }
}
