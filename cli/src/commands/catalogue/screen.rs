//! What an import found, for people and programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use policy_engine::{catalogue::ObjectRecord, consent::Name};
use serde::Serialize;
use serde_json::Value;

/// Left-out objects that the screen names; `--json` names all.
const NAMED: usize = 20;

/// What an import found.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    pub(super) dataset: String,
    /// Objects in the files.
    pub(super) read: usize,
    /// Objects that the files give to the dataset.
    pub(super) mapped: usize,
    /// Folders and bundles: no bytes.
    pub(super) folders: usize,
    /// Addresses that are no storage URLs.
    pub(super) other_urls: usize,
    /// Objects known by id only.
    pub(super) without_address: usize,
    /// Objects that stay closed.
    pub(super) left_out: Vec<Left>,
    /// Against the node; none if nobody was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) diff: Option<Diff>,
    /// Digest and number of objects of each list.
    pub(super) lists: Vec<(String, u64)>,
    pub(super) notes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) change: Option<Value>,
}

/// An object that stays closed.
#[derive(Debug, Serialize)]
pub(super) struct Left {
    pub(super) id: String,
    pub(super) why: &'static str,
}

/// How the files differ from the node's lists.
#[derive(Debug, Default, Serialize)]
pub(super) struct Diff {
    pub(super) added: Vec<Name>,
    pub(super) changed: Vec<Name>,
    /// Ended with `--replace`, else kept.
    pub(super) absent: Vec<Name>,
    pub(super) absent_end: bool,
    pub(super) same: usize,
}

impl Diff {
    pub(super) fn of(
        before: &BTreeMap<Name, ObjectRecord>,
        after: &BTreeMap<Name, ObjectRecord>,
        replace: bool,
    ) -> Self {
        let mut diff = Self {
            absent_end: replace,
            ..Self::default()
        };
        for (id, record) in after {
            match before.get(id) {
                None => diff.added.push(id.clone()),
                Some(was) if was == record => diff.same += 1,
                Some(_) => diff.changed.push(id.clone()),
            }
        }
        diff.absent = before.keys().filter(|id| !after.contains_key(*id)).cloned().collect();
        diff
    }
}

pub(super) fn words(report: &Report) -> String {
    let mut text = format!(
        "{} objects read, {} of them belong to {}\n",
        report.read, report.mapped, report.dataset
    );
    for (count, what) in [
        (report.folders, "folders or bundles without bytes"),
        (
            report.other_urls,
            "addresses that are no storage URLs: they map nothing",
        ),
        (report.without_address, "objects known by their id only"),
    ] {
        if count > 0 {
            let _ = writeln!(text, "{count} {what}");
        }
    }
    if !report.left_out.is_empty() {
        let _ = writeln!(text, "{} objects are left out and stay closed:", report.left_out.len());
        for left in report.left_out.iter().take(NAMED) {
            let _ = writeln!(text, "- {} {}", left.id, left.why);
        }
        if report.left_out.len() > NAMED {
            let _ = writeln!(text, "- … (--json names all)");
        }
    }
    if let Some(diff) = &report.diff {
        let end = if diff.absent_end { "end" } else { "stay as they are" };
        let _ = writeln!(
            text,
            "Against the node: {} new, {} changed, {} the same; {} that the files lack {end}",
            diff.added.len(),
            diff.changed.len(),
            diff.same,
            diff.absent.len()
        );
    } else {
        let _ = writeln!(text, "Not compared with a node");
    }
    for (digest, count) in &report.lists {
        let _ = writeln!(text, "list of {count} objects, sha256 {digest}");
    }
    for note in &report.notes {
        let _ = writeln!(text, "note: {note}");
    }
    text
}
