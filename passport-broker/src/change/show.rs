//! Changes as somebody may see them: what they would do in words, who may do what about them now.

use audit_log::EventType;
use policy_engine::decide::{ChangeStep, GovernQuestion};
use policy_engine::review::widens::Widening;
use serde::Serialize;

use super::words::{self, Told};
use super::{Line, Outlook, edit, outlook, step};
use crate::broker::Broker;
use crate::caller::{Caller, REFEDS_MFA};
use crate::committee::{Asked, GovernError};
use crate::record;
use crate::store::changes::{ChangeRow, ChangeState, Edit};
use crate::store::governed::{self, RowDigest};
use crate::way;

/// What the policies would let somebody do about a change, given a fresh login.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct May {
    /// Approve it.
    pub approve: bool,
    /// Put it in force.
    pub apply: bool,
    /// Take it back, or refuse it.
    pub withdraw: bool,
}

/// A change that cannot be put in force as things stand.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Stuck {
    /// Stable code.
    pub code: String,
    /// What stands in the way, and what to do.
    pub message: String,
}

/// A change, shown.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// The change.
    pub change: ChangeRow,
    /// Row by row, in words.
    pub lines: Vec<Told>,
    /// What it would do now; `None` for one that is in force, was taken back, or is stuck.
    pub outlook: Option<Outlook>,
    /// Why it cannot be put in force.
    pub stuck: Option<Stuck>,
    /// What the caller may do about it.
    pub may: May,
}

impl Shown {
    /// Whether and by what it widens, if it is still open.
    #[must_use]
    pub fn widening(&self) -> Option<&Widening> {
        self.outlook.as_ref().map(|outlook| &outlook.widening)
    }
}

/// Whether a change still waits for somebody.
#[must_use]
pub fn open(row: &ChangeRow) -> bool {
    matches!(row.state, ChangeState::Draft | ChangeState::Approved)
}

/// What comes next, in a sentence.
#[must_use]
pub const fn next(row: &ChangeRow) -> &'static str {
    match row.state {
        ChangeState::Draft => "Nothing has changed yet: a second person has to approve it.",
        ChangeState::Approved => {
            "It is approved, and not in force yet: its author or an administrator puts it in force."
        }
        ChangeState::Applied => "It is in force.",
        ChangeState::Withdrawn => "It was taken back. Nothing has changed.",
    }
}

/// The changes that a caller may see, newest first: their own, those that they could approve, and those of which they
/// may read the log.
///
/// # Errors
/// [`GovernError::Denied`] for a login that is too old to read.
pub async fn list(broker: &Broker, caller: &Caller) -> Result<Vec<ChangeRow>, GovernError> {
    let sight = Sight::begin(broker, caller).await?;
    let mut rows: Vec<ChangeRow> = broker.live().await?;
    rows.retain(|row| sight.sees(row));
    rows.sort_by(|a, b| b.drafted.cmp(&a.drafted).then_with(|| a.id.cmp(&b.id)));
    record::read(broker, caller, None).await?;
    Ok(rows)
}

/// One change.
///
/// # Errors
/// As [`list`]; [`GovernError::Unknown`] for one that is not there or not the caller's to see.
pub async fn one(broker: &Broker, caller: &Caller, id: &str) -> Result<Shown, GovernError> {
    let sight = Sight::begin(broker, caller).await?;
    let row: Option<ChangeRow> = broker.find(id).await?;
    let row = row.filter(|row| sight.sees(row)).ok_or_else(|| unknown(id))?;
    record::read(broker, caller, row.dataset.as_deref()).await?;
    let lines = lines(broker, &row).await?;
    let (outlook, stuck) = if open(&row) {
        now(broker, &row).await?
    } else {
        (None, None)
    };
    let may = sight.may(&row);
    Ok(Shown {
        lines: lines.iter().map(words::tell).collect(),
        outlook,
        stuck,
        may,
        change: row,
    })
}

/// Whether the caller may know of the change at all. If not, the attempt is on record, and the answer is that for an id
/// that nobody ever gave.
///
/// # Errors
/// [`GovernError::Unknown`], [`GovernError::Denied`].
pub async fn known(broker: &Broker, caller: &Caller, id: &str, step: ChangeStep) -> Result<(), GovernError> {
    let row: ChangeRow = broker.find(id).await?.ok_or_else(|| unknown(id))?;
    let sight = Sight::of(broker, caller).await?;
    if sight.sees(&row) {
        return Ok(());
    }
    let kind = match step {
        ChangeStep::Apply => EventType::ChangeApply,
        ChangeStep::Draft | ChangeStep::Approve => EventType::ChangeApprove,
    };
    let question = GovernQuestion::Change(step, step::change(&row, row.consent_event.is_some()));
    match sight
        .asked
        .ask(broker, caller, kind, row.dataset.as_deref(), &question)
        .await
    {
        Err(error @ GovernError::Denied { .. }) => Err(error),
        Ok(_) | Err(GovernError::NoDataset { .. }) => Err(unknown(id)),
        Err(error) => Err(error),
    }
}

fn unknown(id: &str) -> GovernError {
    GovernError::Unknown {
        what: "change",
        id: id.to_owned(),
    }
}

/// What the policies let a caller see.
struct Sight {
    asked: Asked,
    /// The same person with a login of just now: what they could do after logging in again.
    fresh: Asked,
    caller: Caller,
    now: visa_verifier::seam::Timestamp,
}

impl Sight {
    /// Refuses a login that is too old to read.
    async fn begin(broker: &Broker, caller: &Caller) -> Result<Self, GovernError> {
        let sight = Self::of(broker, caller).await?;
        let question = GovernQuestion::AuditRead { dataset: None };
        let decision = sight.asked.engine.govern(&sight.asked.facts, &question, broker.now());
        if decision.reasons().iter().any(|reason| reason.code == "policy.step_up") {
            sight
                .asked
                .ask(broker, caller, EventType::AuditRead, None, &question)
                .await?;
        }
        Ok(sight)
    }

    async fn of(broker: &Broker, caller: &Caller) -> Result<Self, GovernError> {
        let again = Caller {
            auth_time: Some(broker.now()),
            acr: Some(REFEDS_MFA.to_owned()),
            ..caller.clone()
        };
        Ok(Self {
            asked: Asked::begin(broker, caller).await?,
            fresh: Asked::begin(broker, &again).await?,
            caller: caller.clone(),
            now: broker.now(),
        })
    }

    fn sees(&self, row: &ChangeRow) -> bool {
        let read = GovernQuestion::AuditRead {
            dataset: row.dataset.clone(),
        };
        row.author == self.caller.identity
            || self.asked.engine.govern(&self.asked.facts, &read, self.now).allow()
            || self.could(ChangeStep::Approve, row)
    }

    fn could(&self, step: ChangeStep, row: &ChangeRow) -> bool {
        let question = GovernQuestion::Change(step, step::change(row, row.consent_event.is_some()));
        self.fresh.engine.govern(&self.fresh.facts, &question, self.now).allow()
    }

    fn may(&self, row: &ChangeRow) -> May {
        if !open(row) {
            return May::default();
        }
        let approve = self.could(ChangeStep::Approve, row);
        May {
            approve: approve && row.state == ChangeState::Draft,
            apply: self.could(ChangeStep::Apply, row),
            withdraw: approve || row.author == self.caller.identity,
        }
    }
}

/// Rows before and after, by the digests that the change was written on: also for one that is long in force.
async fn lines(broker: &Broker, row: &ChangeRow) -> Result<Vec<Line>, GovernError> {
    let mut db = broker.db();
    let mut lines = Vec::with_capacity(row.edits.len());
    for (found, base) in row.edits.iter().zip(&row.base) {
        let (kind, id) = edit::row_of(found);
        let before = match base.as_deref().and_then(RowDigest::from_text) {
            Some(digest) => governed::by_digest(&mut db, &digest).await?,
            None => None,
        };
        lines.push(Line {
            kind,
            id,
            before: before.filter(|sealed| sealed.live).and_then(|sealed| sealed.row()),
            after: match found {
                Edit::Put { row, .. } => Some(row.clone()),
                Edit::Remove { .. } => None,
            },
        });
    }
    Ok(lines)
}

/// What an open change would do now, or why it cannot.
async fn now(broker: &Broker, row: &ChangeRow) -> Result<(Option<Outlook>, Option<Stuck>), GovernError> {
    let mut db = broker.db();
    for (found, base) in row.edits.iter().zip(&row.base) {
        let (kind, id) = edit::row_of(found);
        let newest = governed::newest(&mut db, kind, &id).await?;
        if newest.as_ref().map(|sealed| sealed.digest.as_str()) != base.as_deref() {
            return Ok((None, Some(stuck(&step::stale(kind, &id)))));
        }
    }
    let content = way::logged(broker).await?;
    match Box::pin(outlook::with_gains(broker, &content, row)).await {
        Ok(outlook) => Ok((Some(outlook), None)),
        Err(error @ GovernError::Input { .. }) => Ok((None, Some(stuck(&error)))),
        Err(error) => Err(error),
    }
}

fn stuck(error: &GovernError) -> Stuck {
    Stuck {
        code: error.code().to_owned(),
        message: error.to_string(),
    }
}
