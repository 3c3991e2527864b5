//! What a change would do, told before it counts: its rows in words, whether it widens and why. Nothing is stored.

use policy_engine::consent::ResearchPurpose;
use policy_engine::consent::lint::{self, Remark};
use policy_engine::review::TurnedUses;
use policy_engine::review::gains::Gains;
use policy_engine::review::widens::{self, Weaker, WeakerKind, Widening};
use policy_engine::snapshot::{DatasetMode, DatasetRecord, Snapshot};
use serde::Serialize;
use serde_json::Value;
use visa_verifier::seam::Timestamp;

use super::{edit, relabel};
use crate::broker::Broker;
use crate::catalogue::{self, Content};
use crate::committee::{GovernError, access};
use crate::past;
use crate::store::changes::{ChangeRow, Edit, Relabelled};
use crate::store::governed::RowKind;

/// Judgements of consent that the question "does it widen" may take; when they do not suffice, it does.
const BUDGET: usize = 200_000;

/// One row of a change: before and after.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Line {
    /// Its table.
    pub kind: RowKind,
    /// Its id.
    pub id: String,
    /// What it says now; `None`: there is none.
    pub before: Option<Value>,
    /// What it would say; `None`: it ends.
    pub after: Option<Value>,
}

/// What a change would do.
#[derive(Clone, Debug, Serialize)]
pub struct Outlook {
    /// Row by row.
    pub lines: Vec<Line>,
    /// Whether it lets somebody do more than before, and by what.
    pub widening: Widening,
    /// What is wrong with labels that it changes, or will surprise, and was not so before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lint: Vec<Remark>,
    /// What it does to approvals given by the labels before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub relabels: Vec<Relabelled>,
    /// Who gains and who loses which use of which dataset; told by a preview.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gains: Option<Gains>,
    /// Which recorded decisions would turn, if the same people asked now; told by a preview.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<TurnedUses>,
}

/// What these edits would do, and who gains and who loses by them.
pub(crate) async fn with_gains(broker: &Broker, content: &Content, row: &ChangeRow) -> Result<Outlook, GovernError> {
    let mut outlook = of(broker, content, row).await?;
    let mut after = content.clone();
    after.relabels.insert(row.id.clone(), outlook.relabels.clone());
    for found in &row.edits {
        edit::make(&mut after, found).map_err(|what| GovernError::input("change.edit", what.to_string()))?;
    }
    catalogue::complete(broker, &mut after).await?;
    let frame = broker.current().load().snapshot().clone();
    let (mut was, mut will) = (frame.clone(), frame);
    for (content, snapshot) in [(content.clone(), &mut was), (after, &mut will)] {
        content
            .fill(snapshot)
            .map_err(|error| GovernError::input("change.does_not_hold", words(&error)))?;
    }
    let past = past::read(broker).await?;
    let found = access::consequences(broker, was, will, past).await?;
    outlook.gains = Some(found.gains);
    outlook.recorded = Some(found.recorded);
    Ok(outlook)
}

/// What these edits would do to this content.
///
/// # Errors
/// [`GovernError::Input`]: the catalogue would not hold together, or the policy engine would not take it.
pub(crate) async fn of(broker: &Broker, content: &Content, row: &ChangeRow) -> Result<Outlook, GovernError> {
    let mut after = content.clone();
    let mut lines = Vec::with_capacity(row.edits.len());
    for (at, found) in row.edits.iter().enumerate() {
        let (kind, id) = edit::row_of(found);
        lines.push(Line {
            kind,
            before: edit::now(content, kind, &id),
            after: match found {
                Edit::Put { row, .. } => Some(row.clone()),
                Edit::Remove { .. } => None,
            },
            id,
        });
        edit::make(&mut after, found)
            .map_err(|what| GovernError::input("change.edit", format!("edits[{at}]: {what}")))?;
    }
    catalogue::complete(broker, &mut after).await?;
    let refused = |code: &str, error: &dyn std::error::Error| {
        GovernError::input(
            "change.does_not_hold",
            format!(
                "With this change the catalogue would not hold together ({code}): {}",
                words(error)
            ),
        )
    };
    catalogue::try_out(broker, after.clone())
        .await
        .map_err(|error| refused(error.code(), &error))?;
    let purposes = content.purposes.clone();
    let frame = broker.current().load().snapshot().clone();
    let (mut was, mut will) = (frame.clone(), frame);
    content
        .clone()
        .fill(&mut was)
        .map_err(|error| refused(error.code(), &error))?;
    after.fill(&mut will).map_err(|error| refused(error.code(), &error))?;
    let lint = lint_of(&lines, &will)?;
    let (mut widening, relabels) = compare(was, will, purposes, broker.now(), row.at_once).await;
    let relabels = relabel::concerned(broker, relabels).await?;
    for line in &lines {
        beside_the_snapshot(line, &mut widening);
        for_good(line, &mut widening);
    }
    Ok(Outlook {
        lines,
        widening,
        lint,
        relabels,
        gains: None,
        recorded: None,
    })
}

/// What the lints say of the labels as they would be, and not of them as they are.
fn lint_of(lines: &[Line], will: &Snapshot) -> Result<Vec<Remark>, GovernError> {
    let tables = will
        .tables
        .tables()
        .map_err(|error| GovernError::input("change.does_not_hold", words(&error)))?;
    let of = |row: &Option<Value>| {
        let record: Option<DatasetRecord> = row.as_ref().and_then(|row| serde_json::from_value(row.clone()).ok());
        record.map_or_else(Vec::new, |record| {
            lint::lint(&record.consent, Some(record.mode == DatasetMode::Download), &tables)
        })
    };
    let mut found = Vec::new();
    for line in lines.iter().filter(|line| line.kind == RowKind::Dataset) {
        let before = of(&line.before);
        found.extend(of(&line.after).into_iter().filter(|remark| !before.contains(remark)));
    }
    Ok(found)
}

/// Not on a thread that answers requests; if it is interrupted, nobody knows, and so it widens.
async fn compare(
    was: Snapshot,
    will: Snapshot,
    purposes: Vec<ResearchPurpose>,
    now: Timestamp,
    at_once: bool,
) -> (Widening, Vec<Relabelled>) {
    let work = tokio::task::spawn_blocking(move || {
        let relabels = relabel::of(&was, &will, &purposes, (now, at_once), BUDGET);
        (widens::compare(&was, &will, &purposes, BUDGET), relabels)
    });
    work.await.unwrap_or_else(|_| (Widening::unknown(), Vec::new()))
}

/// Clients, tokens that register them, login providers, webhooks, terms and statements are not in the snapshot: who may ask, whose word counts for a login, what people
/// get visas for. New or changed ones widen.
fn beside_the_snapshot(line: &Line, widening: &mut Widening) {
    let what = if line.kind == RowKind::Client {
        "a client"
    } else if line.kind == RowKind::Upstream {
        "a login provider"
    } else if line.kind == RowKind::Registration {
        "a token by which clients register themselves, and"
    } else if line.kind == RowKind::Webhook {
        "an address that is told what happens here, and"
    } else if line.kind == RowKind::Terms {
        "a text whose acceptance gives a visa, and"
    } else if line.kind == RowKind::Statement {
        "a visa by this node's word"
    } else {
        return;
    };
    if line.after.is_some() && line.after != line.before {
        let change = if line.before.is_some() { "changed" } else { "new" };
        widening.widens = true;
        widening.why.push(Weaker {
            kind: WeakerKind::Trust,
            dataset: None,
            sentence: format!("`{}` is {what} that is {change}.", line.id),
        });
    }
}

/// A dataset is withdrawn for good: it opens nothing, and still two persons agree on it (consent.md 5.1).
fn for_good(line: &Line, widening: &mut Widening) {
    let state = |row: &Option<Value>| {
        let state = row.as_ref().and_then(|row| row.pointer("/consent/state"));
        state.and_then(Value::as_str).map(str::to_owned)
    };
    let withdrawn = |row| state(row).as_deref() == Some("withdrawn");
    if line.kind == RowKind::Dataset && withdrawn(&line.after) && !withdrawn(&line.before) {
        widening.widens = true;
        widening.why.push(Weaker {
            kind: WeakerKind::Other,
            dataset: Some(line.id.clone()),
            sentence: format!("`{}` is withdrawn for good: nobody may undo it, so two agree.", line.id),
        });
    }
}

fn words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}
