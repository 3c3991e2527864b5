//! Observe mode: a policy that records what it would deny and lets it through, for at most 14 days (policy.md 6).
//!
//! It opens something, so it comes with a bundle that a second person approved. What ends it, closes: its own end, by the
//! clock, or one person at once.

use audit_log::{AboutKind, Class, Digest, Event, EventType, Outcome, Why};
use policy_engine::decide::GovernQuestion;
use policy_engine::policy::{Bundle, Policies};
use policy_engine::snapshot::ObserveRow;
use serde::Deserialize;
use visa_verifier::seam::Timestamp;

use super::files::{Files, NODE};
use super::row::{asked_of, files_of};
use super::step::{Draft, Drafted, draft};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::catalogue::{Agreed, Changing, Content};
use crate::committee::{Asked, GovernError};
use crate::record;
use crate::store::drafts::{DraftRow, DraftState};
use crate::store::governed::RowDigest;
use crate::store::watched::WatchedRow;
use crate::way;

/// What somebody wants only watched.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// The forbid's `@id`, or that of a link.
    pub policy: String,
    /// Its end; at most 14 days off.
    pub until: Timestamp,
    /// Why, in words; the log keeps their digest.
    pub reason: String,
}

/// Drafts the bundle in force with this policy only watched. A second person approves it like any other.
///
/// # Errors
/// [`GovernError`]; `policy.unsound` for one of the baseline, one that reads consent, and an end over 14 days off.
pub async fn observe(broker: &Broker, caller: &Caller, watch: Watch) -> Result<Drafted, GovernError> {
    let content = way::logged(broker).await?;
    let place = holder(&content, &watch.policy)?;
    let mut files = in_force(broker, &content, &place).await?;
    let mut manifest = files.bundle()?.manifest;
    let now = broker.now();
    let kept = |row: &ObserveRow| row.policy != watch.policy && row.until > now;
    manifest.observe.retain(kept);
    manifest.observe.push(ObserveRow {
        policy: watch.policy,
        until: watch.until,
        reason: watch.reason.clone(),
    });
    files.manifest = manifest
        .text()
        .map_err(|why| GovernError::Facts { why: why.to_string() })?;
    let request = Draft {
        files,
        reason: watch.reason,
        require_proof: false,
    };
    draft(broker, caller, request).await
}

/// The same files without what was to be watched until a moment that is past: from then on it denies.
pub(super) fn without_past(mut files: Files, now: Timestamp) -> Result<Files, GovernError> {
    let mut manifest = files.bundle()?.manifest;
    if manifest.observe.iter().all(|row| row.until > now) {
        return Ok(files);
    }
    manifest.observe.retain(|row| row.until > now);
    files.manifest = manifest
        .text()
        .map_err(|why| GovernError::Facts { why: why.to_string() })?;
    Ok(files)
}

/// Puts a watched policy in force again: one person, at once, without any check that could keep it from denying.
///
/// # Errors
/// [`GovernError`]
pub async fn enforce(broker: &Broker, caller: &Caller, policy: &str, why: &str) -> Result<WatchedRow, GovernError> {
    way::reason("policy.reason", why)?;
    let mut changing = Changing::begin(broker).await;
    let rows: Vec<WatchedRow> = broker.live().await?;
    let row = rows
        .into_iter()
        .find(|row| row.policy == policy)
        .ok_or_else(|| GovernError::Unknown {
            what: "policy in observe mode",
            id: policy.to_owned(),
        })?;
    let committee = (row.bundle != NODE).then_some(&row.bundle);
    let asked = Asked::begin(broker, caller).await?;
    let question = GovernQuestion::PolicyDraft(asked_of(&row.bundle, &caller.identity, committee));
    asked
        .ask(broker, caller, EventType::PolicyObserve, None, &question)
        .await?;
    let draft = changing.draft_removal(&row).await?;
    let event = event(broker, caller, &row)?.why(Why::code("policy.enforced"));
    changing.write(event, &[draft], way::because(why)).await?;
    changing.finish().await?;
    Ok(row)
}

/// What is only watched at present.
///
/// # Errors
/// The database is down.
pub async fn watched(broker: &Broker) -> Result<Vec<WatchedRow>, GovernError> {
    let now = broker.now();
    let mut rows: Vec<WatchedRow> = broker.live().await?;
    rows.retain(|row| now < row.until);
    Ok(rows)
}

/// What a bundle that comes into force watches, as rows.
pub(super) fn rows(row: &DraftRow, bundle: &Bundle, now: Timestamp) -> Vec<WatchedRow> {
    let asked = bundle.manifest.observe.iter().filter(|asked| asked.until > now);
    asked
        .map(|asked| WatchedRow {
            policy: asked.policy.clone(),
            bundle: row.bundle.clone(),
            until: asked.until,
            reason_digest: RowDigest::of_bytes(asked.reason.as_bytes()).as_str().to_owned(),
            draft: row.id.clone(),
            author: row.author.clone(),
            approver: row.approver.clone(),
        })
        .collect()
}

/// Each on record with its event; what the bundle no longer asks for is ended.
pub(super) async fn record(
    broker: &Broker,
    caller: &Caller,
    changing: &mut Changing<'_>,
    row: &DraftRow,
    asked: &[WatchedRow],
) -> Result<(), GovernError> {
    let before: Vec<WatchedRow> = broker.live().await?;
    for watched in asked {
        let draft = changing.draft(watched).await?;
        let reason = RowDigest::from_text(&watched.reason_digest).and_then(|digest| digest.bytes());
        let agreed = Agreed {
            reason: reason.map(Digest::from_bytes),
            ..way::agreed(broker, row)?
        };
        let event = event(broker, caller, watched)?.why(Why::code("policy.observed").until(watched.until.unix()));
        changing.write(event, &[draft], agreed).await?;
    }
    for gone in before.iter().filter(|gone| gone.bundle == row.bundle) {
        if asked.iter().any(|watched| watched.policy == gone.policy) {
            continue;
        }
        let draft = changing.draft_removal(gone).await?;
        let event = event(broker, caller, gone)?.why(Why::code("policy.enforced"));
        changing.write(event, &[draft], way::agreed(broker, row)?).await?;
    }
    Ok(())
}

fn event(broker: &Broker, caller: &Caller, row: &WatchedRow) -> Result<Event, GovernError> {
    Ok(Event::new(EventType::PolicyObserve, Outcome::Success)
        .who(record::who(broker, caller, Class::Admin)?)
        .about(AboutKind::Policy, row.policy.as_str())
        .about(AboutKind::Policy, row.draft.as_str()))
}

/// The bundle that holds a policy: the one with it or its link; the node's for a shipped one.
fn holder(content: &Content, policy: &str) -> Result<String, GovernError> {
    let unknown = || GovernError::Unknown {
        what: "policy in force",
        id: policy.to_owned(),
    };
    let linked = |id: &String| {
        let links = content.bundles.get(id).map(|row| row.links.as_slice());
        links.unwrap_or_default().iter().any(|link| link.id == policy)
    };
    for (id, row) in &content.bundles {
        let own = Policies::with(None, &row.policies, &[], &[], Timestamp::from_unix(0));
        let shipped = policy.starts_with("visum.");
        if linked(id) || (!shipped && own.is_ok_and(|own| own.note(policy).is_some())) {
            return Ok(id.clone());
        }
    }
    let shipped = Policies::shipped().map_err(|error| GovernError::Facts { why: error.to_string() })?;
    shipped.note(policy).map(|_| NODE.to_owned()).ok_or_else(unknown)
}

/// The files of the bundle in force; of none, those that say nothing.
async fn in_force(broker: &Broker, content: &Content, place: &str) -> Result<Files, GovernError> {
    let Some(bundle) = content.bundles.get(place) else {
        return Ok(Files::nothing(None));
    };
    let drafts: Vec<DraftRow> = broker.live().await?;
    let published = drafts
        .iter()
        .find(|row| row.digest == bundle.digest && row.state == DraftState::Published);
    match published {
        Some(row) => files_of(broker, row).await,
        None => Err(GovernError::Unknown {
            what: "published draft",
            id: place.to_owned(),
        }),
    }
}
