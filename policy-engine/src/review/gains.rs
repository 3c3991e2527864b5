//! Who may use what, and who gains or loses by a change: each known person decided by the ordinary engine, a dataset and a
//! kind of use at a time (policy.md 6, steps 4 and 5).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use visa_verifier::{VisaIdentity, seam::Timestamp};

use crate::{
    consent::{Access, ResearchPurpose},
    decide::{Decision, Engine, Facts, Reason},
    intent::{Action, DataRef, Intent, Read},
    snapshot::DatasetRecord,
};

/// Recorded purposes of one person that are tried for a dataset.
const PURPOSES: usize = 16;

/// A kind of use, each asked as the request that stands for it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// Read its description.
    Describe,
    /// Read its bytes.
    Download,
    /// Let a task on this node read it.
    Compute,
}

impl Use {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Describe, Self::Download, Self::Compute];

    /// The word, as in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Describe => "describe",
            Self::Download => "download",
            Self::Compute => "compute",
        }
    }

    const fn action(self) -> Action {
        match self {
            Self::Describe => Action::DrsDescribe,
            Self::Download => Action::DrsStream,
            Self::Compute => Action::TesCreate,
        }
    }
}

/// A person of whom something is known, with their facts on both sides of a change (they differ if trust does).
#[derive(Clone, Debug)]
pub struct Known {
    /// Who, as the broker's tokens name them.
    pub person: VisaIdentity,
    /// Their facts as verified under the trust that is in force.
    pub before: Facts,
    /// Their facts as verified under the trust that would be.
    pub after: Facts,
}

/// Whether one person may use one dataset in one way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// The dataset.
    pub dataset: String,
    /// The kind of use.
    #[serde(rename = "use")]
    pub kind: Use,
    /// Permitted, if asked now.
    pub permit: bool,
    /// The end of a permit; `None`: nothing bounds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Why: the grounds of a permit, the reasons of a denial.
    pub why: Vec<Reason>,
    /// Sources of the approvals that the answer rests on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Issuers of the visas that the answer rests on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub issuers: Vec<String>,
    /// For which purpose it was judged: the recorded one that opens most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<ResearchPurpose>,
    /// Exact codes of consent, for the log and the dataset's committee; never for the person.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub consent: Vec<String>,
}

/// What a change gives to a person, or takes from them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gain {
    /// Who.
    pub person: VisaIdentity,
    /// The dataset.
    pub dataset: String,
    /// The kind of use.
    pub action: Use,
    /// Permitted before.
    pub from: bool,
    /// Permitted after.
    pub to: bool,
    /// Why: the grounds of what is gained, the reasons of what is lost.
    pub why: Vec<Reason>,
}

impl Gain {
    /// The person may do more than before.
    pub const fn gains(&self) -> bool {
        self.to && !self.from
    }
}

/// Decides whether a person may use a dataset, for the best of the purposes that their approvals record; without one, for
/// their default purpose.
pub fn standing(engine: &Engine, facts: &Facts, dataset: &str, kind: Use, now: Timestamp) -> Standing {
    let facts = engine.own(facts);
    let mut best: Option<Decision> = None;
    for purpose in purposes(&facts, dataset, kind) {
        let decision = engine.decide(&facts, &intent(dataset, kind, purpose), now);
        let better = best.as_ref().is_none_or(|best| {
            (decision.allow() && !best.allow())
                || (decision.allow() == best.allow() && decision.allow() && decision.valid_until() > best.valid_until())
        });
        if better {
            best = Some(decision);
        }
    }
    let decision = best.unwrap_or_else(|| engine.decide(&facts, &intent(dataset, kind, None), now));
    told(dataset, kind, &decision)
}

/// Decides whether a person may use a dataset for this purpose.
pub fn standing_for(
    engine: &Engine,
    facts: &Facts,
    dataset: &str,
    kind: Use,
    purpose: &ResearchPurpose,
    now: Timestamp,
) -> Standing {
    told(
        dataset,
        kind,
        &engine.decide(facts, &intent(dataset, kind, Some(purpose.clone())), now),
    )
}

/// Who gains and who loses by a change.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Gains {
    /// Each difference: by person, dataset, kind of use.
    pub list: Vec<Gain>,
    /// Every question was asked. If not, the list is a part of the truth.
    pub complete: bool,
}

/// All datasets and kinds of use in which a person's standing differs between two engines, for all of these people, with
/// `budget` decisions at most.
///
/// Datasets of either engine are compared; one that is missing counts as denied. Use of controlled data is asked only
/// where the person has an approval on either side: the baseline forbids it to everybody else.
pub fn compare(before: &Engine, after: &Engine, people: &[Known], now: Timestamp, budget: usize) -> Gains {
    let datasets: BTreeSet<&str> = [before, after]
        .iter()
        .flat_map(|engine| engine.snapshot().datasets.iter().map(DatasetRecord::id))
        .collect();
    let mut left = budget;
    let mut gains = Gains {
        list: Vec::new(),
        complete: true,
    };
    for known in people {
        let (was, will) = (before.own(&known.before), after.own(&known.after));
        for dataset in &datasets {
            for kind in Use::ALL {
                if !may_differ(before, &was, dataset, kind) && !may_differ(after, &will, dataset, kind) {
                    continue;
                }
                let Some(rest) = left.checked_sub(2) else {
                    gains.complete = false;
                    return gains;
                };
                left = rest;
                let from = standing(before, &was, dataset, kind, now);
                let to = standing(after, &will, dataset, kind, now);
                if from.permit != to.permit {
                    gains.list.push(Gain {
                        person: known.person.clone(),
                        dataset: (*dataset).to_owned(),
                        action: kind,
                        from: from.permit,
                        to: to.permit,
                        why: to.why,
                    });
                }
            }
        }
    }
    gains
}

/// Whether a person's use can be permitted at all: the baseline forbids controlled data without an approval.
fn may_differ(engine: &Engine, facts: &Facts, dataset: &str, kind: Use) -> bool {
    let controlled = |record: &DatasetRecord| record.consent.access == Access::Controlled;
    match engine.dataset(dataset) {
        None => false,
        Some(record) if kind != Use::Describe && controlled(record) => holds_approval(engine, facts, dataset),
        Some(_) => true,
    }
}

/// Whether any approval of the person names the dataset, in force or not.
pub fn holds_approval(engine: &Engine, facts: &Facts, dataset: &str) -> bool {
    let facts = engine.own(facts);
    let mut approvals = facts.derived.grants.iter();
    approvals.any(|grant| grant.approval.dataset.as_str() == dataset)
}

/// The recorded purposes to try, the engine's own choice first.
fn purposes(facts: &Facts, dataset: &str, kind: Use) -> Vec<Option<ResearchPurpose>> {
    let mut all = vec![None];
    if kind == Use::Describe {
        return all;
    }
    for grant in &facts.derived.grants {
        let approval = &grant.approval;
        let Some(recorded) = approval
            .purpose
            .as_ref()
            .filter(|_| approval.dataset.as_str() == dataset)
        else {
            continue;
        };
        let mut purpose = ResearchPurpose::of(recorded.categories);
        purpose.diseases.clone_from(&recorded.diseases);
        purpose.commercial = recorded.commercial;
        purpose.project.clone_from(&approval.project);
        purpose.institution.clone_from(&approval.institution);
        let purpose = Some(purpose);
        if !all.contains(&purpose) && all.len() < PURPOSES {
            all.push(purpose);
        }
    }
    all
}

fn intent(dataset: &str, kind: Use, purpose: Option<ResearchPurpose>) -> Intent {
    let mut intent = Intent::new(kind.action());
    intent.purpose = purpose;
    intent.reads = vec![Read {
        data: DataRef::Dataset(dataset.to_owned()),
        place: String::new(),
    }];
    intent
}

fn told(dataset: &str, kind: Use, decision: &Decision) -> Standing {
    let rests = decision.rests_on();
    let consent = decision
        .consent()
        .iter()
        .flat_map(|verdict| verdict.codes.iter().cloned());
    let until = decision.valid_until();
    Standing {
        dataset: dataset.to_owned(),
        kind,
        permit: decision.allow(),
        until: (decision.allow() && until < Timestamp::MAX).then_some(until),
        why: if decision.allow() {
            decision.grounds().to_vec()
        } else {
            decision.reasons().to_vec()
        },
        sources: rests.sources.iter().cloned().collect(),
        issuers: rests.issuers.iter().cloned().collect(),
        purpose: decision
            .purpose()
            .filter(|purpose| !purpose.categories.is_unstated())
            .cloned(),
        consent: if decision.allow() {
            Vec::new()
        } else {
            consent.collect()
        },
    }
}
