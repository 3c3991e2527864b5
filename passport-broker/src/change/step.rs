//! The steps of a change: proposed, approved by a second person, in force; or taken back. Each is one question to the
//! policies and one event, and each looks anew at what the change would do now.

use audit_log::{AboutKind, Class, Event, EventType, Outcome, What};
use policy_engine::decide::{Change, ChangeKind, ChangeStep, GovernQuestion};
use serde_json::{Value, json};
use visa_verifier::VisaIdentity;
use visa_verifier::seam::token;

use super::{Outlook, Proposal, consent_event, edit, outlook};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::catalogue::{Changing, Content};
use crate::committee::{Asked, GovernError};
use crate::record;
use crate::store::changes::{ChangeRow, ChangeState, Edit};
use crate::store::governed::RowKind;
use crate::store::visas;
use crate::way::{self, OnItsWay};

/// A change after a step.
#[derive(Clone, Debug)]
pub struct Proposed {
    /// The change.
    pub row: ChangeRow,
    /// What it does, or would do.
    pub outlook: Outlook,
    /// In force. If not, it waits: for a second person, or for somebody who may put it in force.
    pub applied: bool,
}

/// What a proposal would do. Asked of the policies like the draft itself; nothing is stored.
///
/// # Errors
/// [`GovernError`]
pub async fn preview(broker: &Broker, caller: &Caller, mut proposal: Proposal) -> Result<Outlook, GovernError> {
    let content = way::logged(broker).await?;
    let asked = Asked::begin(broker, caller).await?;
    let row = written(broker, caller, &mut proposal, &content, Vec::new())?;
    may_draft(broker, &asked, caller, &row).await?;
    outlook::with_gains(broker, &content, &row).await
}

/// Writes a change. It is in force when this returns if it narrows, or if the policies let its author alone; else it
/// waits for a second person.
///
/// # Errors
/// [`GovernError`]; a change that the catalogue would not bear is not written.
pub async fn propose(broker: &Broker, caller: &Caller, mut proposal: Proposal) -> Result<Proposed, GovernError> {
    let mut changing = Changing::begin(broker).await;
    let content = way::logged(broker).await?;
    let asked = Asked::begin(broker, caller).await?;
    let mut base = Vec::with_capacity(proposal.edits.len());
    for found in &proposal.edits {
        base.push(edit::base(&mut changing, found).await?);
    }
    let mut row = written(broker, caller, &mut proposal, &content, base)?;
    may_draft(broker, &asked, caller, &row).await?;
    let outlook = outlook::of(broker, &content, &row).await?;
    row.widens = outlook.widening.widens;
    let consents = consent_event::check(broker, &row).await?;

    let agreed = way::agreed(broker, &row)?;
    way::step(broker, caller, &mut changing, EventType::ChangeDraft, &row, agreed).await?;

    let question = GovernQuestion::Change(ChangeStep::Apply, change(&row, consents));
    let alone = asked.engine.govern(&asked.facts, &question, broker.now()).allow();
    if alone {
        row.relabels.clone_from(&outlook.relabels);
        row = put_in_force(broker, caller, changing, &content, row).await?;
    }
    Ok(Proposed {
        row,
        outlook,
        applied: alone,
    })
}

/// A second person's yes to a change with this very digest. Puts it in force if this person may.
///
/// # Errors
/// [`GovernError`]; `change.digest` if the change is not the one that was looked at, `change.stale` if the rows moved on.
pub async fn approve(broker: &Broker, caller: &Caller, id: &str, digest: &str) -> Result<Proposed, GovernError> {
    let mut changing = Changing::begin(broker).await;
    let (content, asked, mut row) = found(broker, caller, id).await?;
    if row.state != ChangeState::Draft {
        return Err(over(&row));
    }
    way::same(&row, Some(digest))?;
    let consents = consent_event::check(broker, &row).await?;
    let outlook = outlook_now(broker, &mut changing, &content, &mut row).await?;
    let question = GovernQuestion::Change(ChangeStep::Approve, change(&row, consents));
    asked
        .ask(
            broker,
            caller,
            EventType::ChangeApprove,
            row.dataset.as_deref(),
            &question,
        )
        .await?;
    row.approver = Some(caller.identity.clone());
    row.state = ChangeState::Approved;
    row.since = broker.now();
    let agreed = way::agreed(broker, &row)?;
    way::step(broker, caller, &mut changing, EventType::ChangeApprove, &row, agreed).await?;

    let question = GovernQuestion::Change(ChangeStep::Apply, change(&row, consents));
    let applied = asked.engine.govern(&asked.facts, &question, broker.now()).allow();
    if applied {
        row.relabels.clone_from(&outlook.relabels);
        row = put_in_force(broker, caller, changing, &content, row).await?;
    }
    Ok(Proposed { row, outlook, applied })
}

/// Puts a change in force.
///
/// # Errors
/// [`GovernError`]; denied while what it widens has no second person.
pub async fn apply(broker: &Broker, caller: &Caller, id: &str) -> Result<Proposed, GovernError> {
    let mut changing = Changing::begin(broker).await;
    let (content, asked, mut row) = found(broker, caller, id).await?;
    if !matches!(row.state, ChangeState::Draft | ChangeState::Approved) {
        return Err(over(&row));
    }
    let consents = consent_event::check(broker, &row).await?;
    let outlook = outlook_now(broker, &mut changing, &content, &mut row).await?;
    let question = GovernQuestion::Change(ChangeStep::Apply, change(&row, consents));
    asked
        .ask(
            broker,
            caller,
            EventType::ChangeApply,
            row.dataset.as_deref(),
            &question,
        )
        .await?;
    row.relabels.clone_from(&outlook.relabels);
    let row = put_in_force(broker, caller, changing, &content, row).await?;
    Ok(Proposed {
        row,
        outlook,
        applied: true,
    })
}

/// Takes a change back, or refuses it, before it is in force: its author, and whoever could approve it.
///
/// # Errors
/// [`GovernError`]
pub async fn withdraw(broker: &Broker, caller: &Caller, id: &str, reason: &str) -> Result<ChangeRow, GovernError> {
    way::reason("change.words", reason)?;
    let mut changing = Changing::begin(broker).await;
    let (_, asked, mut row) = found(broker, caller, id).await?;
    if !matches!(row.state, ChangeState::Draft | ChangeState::Approved) {
        return Err(over(&row));
    }
    if row.author == caller.identity {
        // one's own draft: the same right as writing it
        may_draft(broker, &asked, caller, &row).await?;
    } else {
        // it opens nothing to say no, so a consent event that cannot be read does not matter here
        let question = GovernQuestion::Change(ChangeStep::Approve, change(&row, true));
        asked
            .ask(
                broker,
                caller,
                EventType::ChangeApprove,
                row.dataset.as_deref(),
                &question,
            )
            .await?;
    }
    row.state = ChangeState::Withdrawn;
    row.since = broker.now();
    let kind = EventType::ChangeDraft;
    way::step(broker, caller, &mut changing, kind, &row, way::because(reason)).await?;
    changing.finish().await?;
    Ok(row)
}

/// All rows and the change, as the log knows them.
async fn found(broker: &Broker, caller: &Caller, id: &str) -> Result<(Content, Asked, ChangeRow), GovernError> {
    let content = way::logged(broker).await?;
    let asked = Asked::begin(broker, caller).await?;
    let row: ChangeRow = way::find(broker, id).await?;
    Ok((content, asked, row))
}

/// The change as it would be written.
fn written(
    broker: &Broker,
    caller: &Caller,
    proposal: &mut Proposal,
    content: &Content,
    base: Vec<Option<String>>,
) -> Result<ChangeRow, GovernError> {
    let concerns = proposal.check(content)?;
    not_our_own(broker, proposal)?;
    let now = broker.now();
    let mut row = ChangeRow {
        id: format!("change-{}", token(broker.random(), 9)),
        kind: proposal.kind,
        dataset: concerns.dataset,
        subject: concerns.subject,
        title: proposal.title.clone(),
        reason: proposal.reason.clone(),
        edits: proposal.edits.clone(),
        base,
        consent_event: proposal.consent_event.clone(),
        at_once: proposal.at_once,
        digest: String::new(),
        author: caller.identity.clone(),
        drafted: now,
        widens: true,
        approver: None,
        state: ChangeState::Draft,
        since: now,
        relabels: Vec::new(),
    };
    row.digest = way::digest(&row)?;
    Ok(row)
}

/// Types of visas that this broker makes by its own rules (purposes, groups) are nobody's to state.
fn not_our_own(broker: &Broker, proposal: &Proposal) -> Result<(), GovernError> {
    let ours = broker.config().issuer.as_str();
    for (at, found) in proposal.edits.iter().enumerate() {
        let Edit::Put { kind, row } = found else { continue };
        let named = row.get("type").and_then(Value::as_str).unwrap_or_default();
        if *kind == RowKind::Statement && named.starts_with(ours) {
            let why = format!("edits[{at}]: visas of type `{named}` come into being by this broker's own rules");
            return Err(GovernError::input("change.edit", why));
        }
    }
    Ok(())
}

/// What the change would do now; refused if the rows that it was written for have moved on.
async fn outlook_now(
    broker: &Broker,
    changing: &mut Changing<'_>,
    content: &Content,
    row: &mut ChangeRow,
) -> Result<Outlook, GovernError> {
    way::same(row, None)?;
    for (found, base) in row.edits.iter().zip(&row.base) {
        if edit::base(changing, found).await? != *base {
            let (kind, id) = edit::row_of(found);
            return Err(stale(kind, &id));
        }
    }
    let outlook = outlook::of(broker, content, row).await?;
    row.widens = outlook.widening.widens;
    Ok(outlook)
}

/// Rows, change and event in one step, then the snapshot.
async fn put_in_force(
    broker: &Broker,
    caller: &Caller,
    mut changing: Changing<'_>,
    content: &Content,
    mut row: ChangeRow,
) -> Result<ChangeRow, GovernError> {
    row.state = ChangeState::Applied;
    row.since = broker.now();
    let mut drafts = Vec::with_capacity(row.edits.len() + 1);
    for found in &row.edits {
        drafts.push(edit::draft(&mut changing, content, found).await?);
    }
    drafts.push(changing.draft(&row).await?);
    let event = way::event(broker, caller, EventType::ChangeApply, &row)?;
    changing.write(event, &drafts, way::agreed(broker, &row)?).await?;
    // what was signed by the row before is over with it, everywhere
    for found in &row.edits {
        if let (RowKind::Statement, id) = edit::row_of(found) {
            visas::revoke_of_grant(changing.db(), &id, broker.now()).await?;
        }
    }
    changing.finish().await?;
    ends(broker, caller, &row).await?;
    Ok(row)
}

/// The end of a hold or of a stop stands in the log by its own name too, beside the change that carries the rows.
async fn ends(broker: &Broker, caller: &Caller, row: &ChangeRow) -> Result<(), GovernError> {
    let (kind, about) = match row.kind {
        ChangeKind::Hold => (EventType::HoldRelease, AboutKind::Hold),
        ChangeKind::Lockdown => (EventType::LockdownLift, AboutKind::Change),
        ChangeKind::Catalogue | ChangeKind::Trust | ChangeKind::Role => return Ok(()),
    };
    for found in &row.edits {
        let (_, id) = edit::row_of(found);
        let mut event = Event::new(kind, Outcome::Success)
            .who(record::who(broker, caller, Class::Admin)?)
            .about(about, id.as_str());
        if let Some(dataset) = &row.dataset {
            event = event.what(What::dataset(dataset.as_str()));
        }
        broker.writer().append(event).await?;
    }
    Ok(())
}

/// Who may write a change: for a dataset its editors, for the end of a hold who may place one there, for lists, trust
/// and roles administrators.
async fn may_draft(broker: &Broker, asked: &Asked, caller: &Caller, row: &ChangeRow) -> Result<(), GovernError> {
    let question = match (row.kind, &row.dataset) {
        (ChangeKind::Catalogue, Some(dataset)) => GovernQuestion::CatalogueEdit {
            dataset: dataset.clone(),
        },
        (ChangeKind::Hold, Some(dataset)) => GovernQuestion::HoldPlace {
            dataset: dataset.clone(),
        },
        _ => GovernQuestion::Change(ChangeStep::Draft, change(row, false)),
    };
    asked
        .ask(
            broker,
            caller,
            EventType::ChangeDraft,
            row.dataset.as_deref(),
            &question,
        )
        .await
        .map(drop)
}

pub(super) fn stale(kind: RowKind, id: &str) -> GovernError {
    GovernError::Conflict {
        code: "change.stale",
        message: format!("The {kind} `{id}` was changed since this was written: propose it anew."),
    }
}

pub(super) fn change(row: &ChangeRow, consent_event: bool) -> Change {
    Change {
        id: row.id.clone(),
        kind: row.kind,
        author: row.author.clone(),
        approver: row.approver.clone(),
        subject: row.subject.clone(),
        dataset: row.dataset.clone(),
        widens: row.widens,
        consent_event,
    }
}

impl OnItsWay for ChangeRow {
    const WHAT: &'static str = "change";
    const OTHER_DIGEST: &'static str = "change.digest";

    fn content(&self) -> Value {
        let mut content = json!({
            "format": "visum-change/1", "id": self.id, "kind": self.kind.name(), "dataset": self.dataset,
            "subject": self.subject, "title": self.title, "reason": self.reason, "edits": self.edits,
            "base": self.base, "consent_event": self.consent_event,
        });
        // changes that were written before there was a choice keep their digest
        if let Some(members) = content.as_object_mut().filter(|_| self.at_once) {
            members.insert("at_once".to_owned(), json!(true));
        }
        content
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
        let event = event.about(AboutKind::Change, self.id.as_str());
        match &self.dataset {
            Some(dataset) => event.what(What::dataset(dataset.as_str())),
            None => event,
        }
    }

    fn formless(why: &dyn std::fmt::Display) -> GovernError {
        GovernError::input("change.edit", format!("a row has no canonical form: {why}"))
    }
}

fn over(row: &ChangeRow) -> GovernError {
    let word = match row.state {
        ChangeState::Draft => "is a draft",
        ChangeState::Approved => "is approved already",
        ChangeState::Applied => "is in force already",
        ChangeState::Withdrawn => "was taken back",
    };
    GovernError::Conflict {
        code: "change.state",
        message: format!("This change {word}."),
    }
}
