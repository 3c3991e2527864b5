//! A change as somebody proposes it: which rows, why. Read strictly; what may stand together is a table.

use std::collections::BTreeSet;

use policy_engine::decide::ChangeKind;
use serde::Deserialize;
use visa_verifier::VisaIdentity;

use super::edit;
use crate::catalogue::Content;
use crate::committee::GovernError;
use crate::limits;
use crate::store::changes::Edit;
use crate::store::governed::RowKind;

/// A proposed change. Unknown members are refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// What kind of facts.
    pub kind: ChangeKind,
    /// What it is, in a line.
    pub title: String,
    /// Why, in words.
    pub reason: String,
    /// The rows, 1 to 255, each row once.
    pub edits: Vec<Edit>,
    /// A consent service's new signed event (compact JWS): for the end of a withdrawal.
    #[serde(default)]
    pub consent_event: Option<String>,
    /// A stricter label un-settles earlier approvals as soon as it is in force, and not 30 days later.
    #[serde(default)]
    pub at_once: bool,
}

/// What a proposal concerns.
#[derive(Debug)]
pub(super) struct Concerns {
    /// The one dataset, if it is in the catalogue already.
    pub(super) dataset: Option<String>,
    /// Who gains by it.
    pub(super) subject: Option<VisaIdentity>,
}

impl Proposal {
    /// Checks form and bounds, brings each row into the form in which it is stored, and finds whom and what it concerns.
    ///
    /// # Errors
    /// [`GovernError::Input`] with the edit that is wrong.
    pub(super) fn check(&mut self, content: &Content) -> Result<Concerns, GovernError> {
        for (what, text) in [("title", &self.title), ("reason", &self.reason)] {
            if text.trim().is_empty() || text.len() > limits::TEXT_BYTES {
                return Err(GovernError::input(
                    "change.words",
                    format!("Give a {what} of 1 to {} bytes.", limits::TEXT_BYTES),
                ));
            }
        }
        if self.edits.is_empty() || self.edits.len() > limits::EDITS_PER_CHANGE {
            return Err(GovernError::input(
                "change.edits",
                format!(
                    "A change has 1 to {} edits; this one has {}. Split it.",
                    limits::EDITS_PER_CHANGE,
                    self.edits.len()
                ),
            ));
        }
        let mut seen = BTreeSet::new();
        let mut datasets = BTreeSet::new();
        let mut subjects: Vec<VisaIdentity> = Vec::new();
        for (at, found) in self.edits.iter_mut().enumerate() {
            may_stand(self.kind, found).map_err(|what| wrong(at, what))?;
            edit::normalise(found).map_err(|what| wrong(at, &what))?;
            let row = edit::row_of(found);
            if !seen.insert((row.0, row.1.clone())) {
                return Err(wrong(at, "names a row that another edit of this change names too"));
            }
            if matches!(found, Edit::Remove { .. }) && !edit::there(content, row.0, &row.1) {
                return Err(wrong(at, "ends a row that is not there"));
            }
            datasets.extend(edit::datasets_of(content, found));
            for person in edit::gainers_of(content, found) {
                if !subjects.contains(&person) {
                    subjects.push(person);
                }
            }
        }
        if datasets.len() > 1 {
            return Err(GovernError::input(
                "change.two_datasets",
                format!(
                    "This concerns {} datasets. Make one change for each, so that each committee approves its own; what \
                     moves from one to another is first taken out there.",
                    datasets.len()
                ),
            ));
        }
        if subjects.len() > 1 {
            return Err(GovernError::input(
                "change.two_subjects",
                "This gives something to more than one person. Make one change for each.",
            ));
        }
        Ok(Concerns {
            // a dataset that is not there yet has no committee that could be asked
            dataset: datasets.into_iter().find(|id| content.datasets.contains_key(id)),
            subject: subjects.pop(),
        })
    }
}

/// Which rows each kind of change may touch.
fn may_stand(kind: ChangeKind, edit: &Edit) -> Result<(), &'static str> {
    use RowKind::{
        Client, Dac, Dataset, Group, Hold, Institution, Object, Objects, Prefix, Registration, Role, Service, Sink,
        Statement, Stop, Table, Terms, Trust, Upstream, Webhook,
    };
    let (table, puts) = match edit {
        Edit::Put { kind, .. } => (*kind, true),
        Edit::Remove { kind, .. } => (*kind, false),
    };
    let fits = match kind {
        ChangeKind::Catalogue => matches!(
            table,
            Institution | Dac | Dataset | Object | Objects | Prefix | Sink | Service | Table
        ),
        ChangeKind::Trust => matches!(table, Trust | Client | Upstream | Terms | Webhook | Registration),
        ChangeKind::Role => matches!(table, Role | Group | Statement),
        // placed by their own commands; a change only ends them
        ChangeKind::Hold => table == Hold && !puts,
        ChangeKind::Lockdown => table == Stop && !puts,
    };
    if fits {
        Ok(())
    } else {
        Err("names a table that this kind of change does not touch")
    }
}

fn wrong(at: usize, what: &str) -> GovernError {
    GovernError::input("change.edit", format!("edits[{at}] {what}"))
}
