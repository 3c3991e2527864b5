//! The steps of a bundle: drafted, approved by a second person, published; or taken back.
//!
//! Checks and proofs run before the lock of changes is taken: nobody who stops something waits for a solver.

use audit_log::EventType;
use policy_engine::decide::GovernQuestion;

use super::files::{self, Files};
use super::force::{put_in_force, subject};
use super::report::{self, Report};
use super::row::{asked_of, conclusive, files_of, keep, over, report_of, stands, written};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::catalogue::Changing;
use crate::committee::{Asked, GovernError};
use crate::record;
use crate::store::bundles::BundleRow;
use crate::store::drafts::{DraftRow, DraftState};
use crate::way;

/// What somebody sends.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// The bundle.
    pub files: Files,
    /// Why, in words; the log keeps their digest.
    pub reason: String,
    /// Refused unless it is proven what it permits.
    #[serde(default)]
    pub require_proof: bool,
}

/// A draft after a step.
#[derive(Clone, Debug)]
pub struct Drafted {
    /// The draft.
    pub row: DraftRow,
    /// What is known of it.
    pub report: Report,
    /// In force.
    pub in_force: bool,
    /// Its author may approve and publish it alone: the node has one administrator.
    pub alone: bool,
}

/// Everything that the caller may read: what is in force, and what is or was on its way, the newest first.
///
/// # Errors
/// [`GovernError`]
pub async fn list(broker: &Broker, caller: &Caller) -> Result<(Vec<BundleRow>, Vec<DraftRow>), GovernError> {
    let reader = Reader::begin(broker, caller).await?;
    reader.may_list(broker, caller).await?;
    let mut drafts: Vec<DraftRow> = broker.live().await?;
    drafts.retain(|row| reader.sees(broker, caller, &row.bundle, row.committee.as_ref()));
    drafts.sort_by_key(|row| std::cmp::Reverse(row.since));
    let mut bundles: Vec<BundleRow> = broker.live().await?;
    bundles.retain(|row| reader.sees(broker, caller, &row.id, row.committee.as_ref()));
    record::read(broker, caller, None).await?;
    Ok((bundles, drafts))
}

/// One draft with its files and its report.
///
/// # Errors
/// [`GovernError`]
pub async fn one(broker: &Broker, caller: &Caller, id: &str) -> Result<(DraftRow, Files, Report), GovernError> {
    let reader = Reader::begin(broker, caller).await?;
    let row = way::find::<DraftRow>(broker, id).await?;
    if !reader.sees(broker, caller, &row.bundle, row.committee.as_ref()) {
        reader
            .refuse(broker, caller, &row.bundle, row.committee.as_ref())
            .await?;
    }
    record::read(broker, caller, None).await?;
    let (files, report) = (files_of(broker, &row).await?, report_of(broker, &row).await?);
    Ok((row, files, report))
}

/// What is known of a bundle; nothing is stored.
///
/// # Errors
/// [`GovernError`]: also why it could not be drafted.
pub async fn preview(broker: &Broker, caller: &Caller, files: &Files) -> Result<Report, GovernError> {
    let content = way::logged(broker).await?;
    let bundle = files.bundle()?;
    let place = files::place(&bundle, &content)?;
    let asked = Asked::begin(broker, caller).await?;
    let question = GovernQuestion::PolicyDraft(asked_of(
        "preview",
        &caller.identity,
        bundle.manifest.committee.as_ref(),
    ));
    asked
        .ask(broker, caller, EventType::ChangeDraft, None, &question)
        .await?;
    report::judge(broker, subject(broker, &content, &place, bundle, &caller.identity)?).await
}

/// Writes a draft: it is validated, tested, and, where there is a solver, proven.
///
/// # Errors
/// [`GovernError`]; what is unsound is not written.
pub async fn draft(broker: &Broker, caller: &Caller, request: Draft) -> Result<Drafted, GovernError> {
    way::reason("policy.reason", &request.reason)?;
    let content = way::logged(broker).await?;
    let bundle = request.files.bundle()?;
    let place = files::place(&bundle, &content)?;
    let asked = Asked::begin(broker, caller).await?;
    let question = GovernQuestion::PolicyDraft(asked_of(&place, &caller.identity, bundle.manifest.committee.as_ref()));
    asked
        .ask(broker, caller, EventType::ChangeDraft, None, &question)
        .await?;
    let manifest = bundle.manifest.clone();
    let report = report::judge(broker, subject(broker, &content, &place, bundle, &caller.identity)?).await?;
    if request.require_proof || broker.config().require_proofs {
        conclusive(&report)?;
    }
    let row = written(broker, caller, &request, &manifest, place, &report, &content).await?;
    keep(broker, caller, row, report).await
}

/// A second person's yes to a draft with this very digest.
///
/// # Errors
/// [`GovernError`]; `policy.digest` if it is not the one that was looked at, `policy.stale` if another bundle was published.
pub async fn approve(broker: &Broker, caller: &Caller, id: &str, digest: &str) -> Result<Drafted, GovernError> {
    let mut changing = Changing::begin(broker).await;
    let content = way::logged(broker).await?;
    let asked = Asked::begin(broker, caller).await?;
    let mut row = way::find::<DraftRow>(broker, id).await?;
    let question = GovernQuestion::PolicyApprove(asked_of(&row.bundle, &row.author, row.committee.as_ref()));
    asked
        .ask(broker, caller, EventType::PolicyApprove, None, &question)
        .await?;
    stands(&row, &[DraftState::Draft], Some(digest), &content)?;
    let report = report_of(broker, &row).await?;
    row.approver = Some(caller.identity.clone());
    row.state = DraftState::Approved;
    row.since = broker.now();
    let agreed = way::agreed(broker, &row)?;
    way::step(broker, caller, &mut changing, EventType::PolicyApprove, &row, agreed).await?;
    Ok(Drafted {
        row,
        report,
        in_force: false,
        alone: false,
    })
}

/// Puts an approved draft in force: checked anew, and whole or not at all.
///
/// # Errors
/// [`GovernError`]; what was in force stays.
pub async fn publish(broker: &Broker, caller: &Caller, id: &str, require_proof: bool) -> Result<Drafted, GovernError> {
    let content = way::logged(broker).await?;
    let asked = Asked::begin(broker, caller).await?;
    let row = way::find::<DraftRow>(broker, id).await?;
    let question = GovernQuestion::PolicyPublish(asked_of(&row.bundle, &row.author, row.committee.as_ref()));
    asked
        .ask(broker, caller, EventType::PolicyPublish, None, &question)
        .await?;
    stands(&row, &[DraftState::Approved], None, &content)?;
    let bundle = files_of(broker, &row).await?.bundle()?;
    files::place(&bundle, &content)?;
    let report = report::judge(
        broker,
        subject(broker, &content, &row.bundle, bundle.clone(), &row.author)?,
    )
    .await?;
    if require_proof || broker.config().require_proofs {
        conclusive(&report)?;
    }
    put_in_force(broker, caller, row, &bundle, report).await
}

/// Takes a draft back, or refuses it: its author, and whoever could approve it.
///
/// # Errors
/// [`GovernError`]
pub async fn withdraw(broker: &Broker, caller: &Caller, id: &str, why: &str) -> Result<DraftRow, GovernError> {
    way::reason("policy.reason", why)?;
    let mut changing = Changing::begin(broker).await;
    let asked = Asked::begin(broker, caller).await?;
    let mut row = way::find::<DraftRow>(broker, id).await?;
    let concerned = asked_of(&row.bundle, &row.author, row.committee.as_ref());
    let own = row.author == caller.identity;
    let question = if own {
        GovernQuestion::PolicyDraft(concerned)
    } else {
        GovernQuestion::PolicyApprove(concerned)
    };
    asked
        .ask(broker, caller, EventType::PolicyApprove, None, &question)
        .await?;
    if !matches!(row.state, DraftState::Draft | DraftState::Approved) {
        return Err(over(&row));
    }
    row.state = DraftState::Withdrawn;
    row.since = broker.now();
    let kind = EventType::ChangeDraft;
    way::step(broker, caller, &mut changing, kind, &row, way::because(why)).await?;
    Ok(row)
}

/// Auditors read all of it; whoever may write a bundle reads that one, a committee's member its committee's.
struct Reader {
    asked: Asked,
    all: bool,
}

impl Reader {
    async fn begin(broker: &Broker, caller: &Caller) -> Result<Self, GovernError> {
        let asked = Asked::begin(broker, caller).await?;
        let audit = GovernQuestion::AuditRead { dataset: None };
        let all = asked.engine.govern(&asked.facts, &audit, broker.now()).allow();
        Ok(Self { asked, all })
    }

    fn sees(&self, broker: &Broker, caller: &Caller, bundle: &str, committee: Option<&String>) -> bool {
        let question = GovernQuestion::PolicyDraft(asked_of(bundle, &caller.identity, committee));
        self.all
            || self
                .asked
                .engine
                .govern(&self.asked.facts, &question, broker.now())
                .allow()
    }

    /// Who keeps no bundle of this node at all is refused, on record.
    async fn may_list(&self, broker: &Broker, caller: &Caller) -> Result<(), GovernError> {
        let snapshot = self.asked.engine.snapshot();
        let mut committees = snapshot.committees.iter().map(|committee| &committee.id);
        if self.sees(broker, caller, files::NODE, None)
            || committees.any(|committee| self.sees(broker, caller, committee, Some(committee)))
        {
            return Ok(());
        }
        self.refuse(broker, caller, files::NODE, None).await
    }

    /// The refusal of a bundle that [`Reader::sees`] does not show.
    async fn refuse(
        &self,
        broker: &Broker,
        caller: &Caller,
        bundle: &str,
        committee: Option<&String>,
    ) -> Result<(), GovernError> {
        let question = GovernQuestion::PolicyDraft(asked_of(bundle, &caller.identity, committee));
        let asked = self.asked.ask(broker, caller, EventType::AuditRead, None, &question);
        asked.await.map(drop)
    }
}
