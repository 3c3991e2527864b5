//! Policies as people look at them: what is in force in words, and a draft with what it changes and who may do what.

use policy_engine::decide::GovernQuestion;
use policy_engine::policy::{Policies, PolicyNote};
use policy_engine::snapshot::PolicyText;
use visa_verifier::seam::Timestamp;

use super::files::Files;
use super::report::Report;
use super::row::asked_of;
use super::{diff, list, one, watched};
use crate::broker::Broker;
use crate::caller::{Caller, REFEDS_MFA};
use crate::committee::{Asked, GovernError};
use crate::store::bundles::BundleRow;
use crate::store::drafts::{DraftRow, DraftState};
use crate::store::watched::WatchedRow;

/// A bundle in force, and what its policies say of themselves.
#[derive(Clone, Debug)]
pub struct InForce {
    /// The bundle.
    pub bundle: BundleRow,
    /// Its policies and links, by id.
    pub notes: Vec<PolicyNote>,
    /// Those of them that are only watched.
    pub watched: Vec<WatchedRow>,
}

/// All that a caller may read.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Bundles in force.
    pub in_force: Vec<InForce>,
    /// Drafts, the newest first.
    pub drafts: Vec<DraftRow>,
    /// What comes with the build: baseline and standard policies, by id.
    pub shipped: Vec<PolicyNote>,
    /// Shipped policies that are only watched.
    pub watched: Vec<WatchedRow>,
}

/// What the policies would let somebody do about a draft, given a fresh login.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct May {
    /// Approve it.
    pub approve: bool,
    /// Put it in force.
    pub publish: bool,
    /// Take it back, or refuse it.
    pub withdraw: bool,
}

/// A file of a draft beside the one in force.
#[derive(Clone, Debug)]
pub struct FileDiff {
    /// Its name.
    pub name: String,
    /// Line by line, what went, came and stands around it.
    pub lines: Vec<String>,
}

/// A draft, shown.
#[derive(Clone, Debug)]
pub struct Looked {
    /// The draft.
    pub row: DraftRow,
    /// What the node found.
    pub report: Report,
    /// Its files against those in force; equal ones are left out.
    pub files: Vec<FileDiff>,
    /// What the caller may do about it.
    pub may: May,
}

/// What is in force and what is on its way, as far as the caller may read it.
///
/// # Errors
/// [`GovernError`]
pub async fn overview(broker: &Broker, caller: &Caller) -> Result<Overview, GovernError> {
    let (bundles, drafts) = list(broker, caller).await?;
    let watches = watched(broker).await?;
    let broken = |error: policy_engine::error::BundleError| GovernError::Facts { why: error.to_string() };
    let shipped = Policies::shipped().map_err(broken)?;
    let known: Vec<PolicyNote> = shipped.notes().cloned().collect();
    let mut in_force = Vec::new();
    for bundle in bundles {
        let whole = Policies::with(None, &bundle.policies, &bundle.links, &[], Timestamp::from_unix(0));
        let notes = whole.map_err(broken)?;
        let own = notes.notes().filter(|note| shipped.note(&note.id).is_none());
        let notes: Vec<PolicyNote> = own.cloned().collect();
        let of = watches
            .iter()
            .filter(|row| notes.iter().any(|note| note.id == row.policy));
        in_force.push(InForce {
            watched: of.cloned().collect(),
            notes,
            bundle,
        });
    }
    Ok(Overview {
        in_force,
        drafts,
        watched: watches
            .into_iter()
            .filter(|row| shipped.note(&row.policy).is_some())
            .collect(),
        shipped: known,
    })
}

/// One draft.
///
/// # Errors
/// [`GovernError`]
pub async fn look(broker: &Broker, caller: &Caller, id: &str) -> Result<Looked, GovernError> {
    let (row, files, report) = one(broker, caller, id).await?;
    let bundles: Vec<BundleRow> = broker.live().await?;
    let now = bundles.into_iter().find(|bundle| bundle.id == row.bundle);
    let files = compared(now.as_ref(), &files)?;
    let may = may(broker, caller, &row).await?;
    Ok(Looked {
        row,
        report,
        files,
        may,
    })
}

/// The person with a login of just now: what they could do after logging in again.
async fn may(broker: &Broker, caller: &Caller, row: &DraftRow) -> Result<May, GovernError> {
    let again = Caller {
        auth_time: Some(broker.now()),
        acr: Some(REFEDS_MFA.to_owned()),
        ..caller.clone()
    };
    let asked = Asked::begin(broker, &again).await?;
    let could = |question| asked.engine.govern(&asked.facts, &question, broker.now()).allow();
    let concerned = || asked_of(&row.bundle, &row.author, row.committee.as_ref());
    let approve = could(GovernQuestion::PolicyApprove(concerned()));
    let open = matches!(row.state, DraftState::Draft | DraftState::Approved);
    Ok(May {
        approve: approve && row.state == DraftState::Draft,
        publish: row.state == DraftState::Approved && could(GovernQuestion::PolicyPublish(concerned())),
        withdraw: open && (approve || row.author == caller.identity),
    })
}

/// Each file of either side that is not equal. Links stand as they are written.
fn compared(now: Option<&BundleRow>, draft: &Files) -> Result<Vec<FileDiff>, GovernError> {
    let empty = Vec::new();
    let before = now.map_or(&empty, |bundle| &bundle.policies);
    let text = |files: &[PolicyText], name: &str| {
        let found = files.iter().find(|file| file.name == name);
        found.map(|file| file.text.clone()).unwrap_or_default()
    };
    let mut names: Vec<&str> = before
        .iter()
        .chain(&draft.policies)
        .map(|file| file.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    let mut told: Vec<FileDiff> = names
        .into_iter()
        .map(|name| FileDiff {
            name: name.to_owned(),
            lines: diff::lines(&text(before, name), &text(&draft.policies, name)),
        })
        .collect();
    let json = |links: &[policy_engine::snapshot::TemplateLink]| {
        serde_json::to_string_pretty(links).map_err(|error| GovernError::Facts { why: error.to_string() })
    };
    let read = draft.bundle()?;
    told.push(FileDiff {
        name: "links.json".to_owned(),
        lines: diff::lines(&json(now.map_or(&[], |bundle| &bundle.links))?, &json(&read.links)?),
    });
    told.retain(|file| !file.lines.is_empty());
    Ok(told)
}
