//! Does a change of facts widen: does it let anybody do more than before (policy.md 6)?
//!
//! The answer is computed from the snapshots before and after, never typed in. Where it cannot be told, it widens.

use serde::Serialize;

use crate::{consent::ResearchPurpose, snapshot::Snapshot};

/// What got weaker.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WeakerKind {
    /// A verdict of consent got better for some purpose.
    Label,
    /// The data class.
    Class,
    /// Compute-only became download.
    Mode,
    /// More people may know of it.
    Discoverable,
    /// Less identity assurance is asked for.
    MinIdentity,
    /// A weaker login is asked for.
    MinAuthn,
    /// More regions may process it.
    Regions,
    /// An agreement is no longer asked for.
    Agreements,
    /// A committee's recorded purpose is no longer asked for.
    BoundPurpose,
    /// A hold ends.
    Holds,
    /// An object or a prefix comes to another dataset, or is new in one.
    Mapping,
    /// A committee source is added, or a set of sources is no longer asked for.
    Source,
    /// Fewer votes are asked for.
    Quorum,
    /// A trust entry, a client or a login provider is new or wider.
    Trust,
    /// A role or a membership is given.
    Role,
    /// A team shares more.
    Sharing,
    /// An entry of the stop list ends.
    Stop,
    /// Something else: an institution, a service, a place for outputs, a policy.
    Other,
}

/// One thing that got weaker.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Weaker {
    /// What.
    pub kind: WeakerKind,
    /// Of which dataset.
    pub dataset: Option<String>,
    /// In a sentence, for who has to agree.
    pub sentence: String,
}

/// Whether a change widens, and why.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Widening {
    /// It lets somebody do more than before, or nobody can tell.
    pub widens: bool,
    /// By what.
    pub why: Vec<Weaker>,
    /// Every question was asked; if not, it widens.
    pub complete: bool,
}

impl Widening {
    /// Nobody could tell: it widens.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            widens: true,
            why: vec![Weaker {
                kind: WeakerKind::Other,
                dataset: None,
                sentence: "It could not be told within the bounds, so it counts as wider.".to_owned(),
            }],
            complete: false,
        }
    }
}

/// Compares two snapshots, for the purposes that somebody recorded and for a finite table of purposes; `budget` bounds
/// the judgements of consent.
///
/// For now only equal snapshots, and such as differ in more holds or stops, are told from wider ones.
#[must_use]
pub fn compare(before: &Snapshot, after: &Snapshot, _purposes: &[ResearchPurpose], _budget: usize) -> Widening {
    let narrowed = |snapshot: &Snapshot| {
        let mut rest = snapshot.clone();
        rest.holds.clear();
        rest.stop = crate::snapshot::StopList::default();
        serde_json::to_value(&rest).ok()
    };
    let same = narrowed(before).is_some() && narrowed(before) == narrowed(after);
    let holds = before.holds.iter().all(|hold| after.holds.contains(hold));
    let stops = (!before.stop.all || after.stop.all)
        && before.stop.datasets.is_subset(&after.stop.datasets)
        && before.stop.persons.is_subset(&after.stop.persons)
        && before.stop.issuers.is_subset(&after.stop.issuers);
    if same && holds && stops {
        return Widening {
            widens: false,
            why: Vec::new(),
            complete: true,
        };
    }
    Widening::unknown()
}
