//! The way back to an older content.

use audit_log::EventType;
use policy_engine::decide::{Bundle as Concerned, GovernQuestion};

use super::files::Files;
use super::force::{put_in_force, subject};
use super::report::{self, ProofState};
use super::row::{asked_of, files_of, keep, written};
use super::step::{Draft, Drafted};
use super::watch;
use crate::broker::Broker;
use crate::caller::Caller;
use crate::committee::{Asked, GovernError};
use crate::store::bundles::BundleRow;
use crate::store::drafts::{DraftRow, DraftState};
use crate::way;

/// Goes back to an older content: `to`, a draft that was published, else the one before; with none, the shipped policies
/// alone. One person puts it in force if it is proven that it permits nothing more than what is in force; else it is a
/// draft for a second person.
///
/// # Errors
/// [`GovernError`]
pub async fn roll_back(
    broker: &Broker,
    caller: &Caller,
    bundle: &str,
    to: Option<&str>,
    why: &str,
) -> Result<Drafted, GovernError> {
    way::reason("policy.reason", why)?;
    let content = way::logged(broker).await?;
    let in_force = content.bundles.get(bundle).ok_or_else(|| GovernError::Unknown {
        what: "bundle in force",
        id: bundle.to_owned(),
    })?;
    let target = target(broker, in_force, to).await?;
    let committee = in_force.committee.as_deref();
    let files = match &target {
        Some(row) => watch::without_past(files_of(broker, row).await?, broker.now())?,
        None => Files::nothing(committee),
    };
    let author = target.as_ref().map_or(&caller.identity, |row| &row.author).clone();
    let asked = Asked::begin(broker, caller).await?;
    let concerned = asked_of(bundle, &caller.identity, in_force.committee.as_ref());
    let question = GovernQuestion::PolicyDraft(concerned.clone());
    asked
        .ask(broker, caller, EventType::ChangeDraft, None, &question)
        .await?;
    let read = files.bundle()?;
    let manifest = read.manifest.clone();
    let report = report::judge(broker, subject(broker, &content, bundle, read.clone(), &author)?).await?;
    let request = Draft {
        files,
        reason: why.to_owned(),
        require_proof: false,
    };
    let mut row = written(
        broker,
        caller,
        &request,
        &manifest,
        bundle.to_owned(),
        &report,
        &content,
    )
    .await?;
    let alone = GovernQuestion::PolicyPublish(Concerned {
        author: author.clone(),
        ..concerned
    });
    let narrows = report.proof.state == ProofState::Proven && !report.widens && target.is_some();
    if !narrows || !asked.engine.govern(&asked.facts, &alone, broker.now()).allow() {
        return keep(broker, caller, row, report).await;
    }
    // The content was approved when it was published first.
    row.author = author;
    row.approver = target.and_then(|target| target.approver);
    row.state = DraftState::Approved;
    put_in_force(broker, caller, row, &read, report).await
}

/// The draft to go back to.
async fn target(broker: &Broker, now: &BundleRow, to: Option<&str>) -> Result<Option<DraftRow>, GovernError> {
    let all: Vec<DraftRow> = broker.live().await?;
    let published = |row: &&DraftRow| row.bundle == now.id && row.state == DraftState::Published;
    if let Some(id) = to {
        let found = all.iter().filter(published).find(|row| row.id == id);
        return found.cloned().map(Some).ok_or_else(|| GovernError::Unknown {
            what: "published draft",
            id: id.to_owned(),
        });
    }
    let current = all
        .iter()
        .find(|row| row.digest == now.digest)
        .map(|row| row.files.clone());
    let older = all.iter().filter(published).filter(|row| row.since < now.published);
    let older = older.filter(|row| Some(&row.files) != current.as_ref());
    Ok(older.max_by_key(|row| row.since).cloned())
}
