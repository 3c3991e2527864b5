//! Recorded decisions made again: by other policies as they were asked, and on another snapshot as the same people would
//! ask now.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use visa_verifier::{VisaIdentity, seam::Timestamp};

use super::{
    Changed, FactsRecord,
    gains::{Known, Standing, Use, standing_for},
    replay,
};
use crate::{
    consent::ResearchPurpose,
    decide::{Engine, Facts},
    intent::Action,
    policy::Policies,
};

/// A recorded decision.
#[derive(Debug)]
pub struct Past {
    /// The entry's index in the log.
    pub index: u64,
    /// The operation, such as `drs:GetAccessUrl`.
    pub event: String,
    /// The decision's id.
    pub decision: String,
    /// The person's pseudonym in the log.
    pub who: String,
    /// The person, where somebody who may know them asks.
    pub person: Option<VisaIdentity>,
    /// What its policies were asked about.
    pub facts: FactsRecord,
}

/// A recorded request that turns.
#[derive(Debug, Serialize)]
pub struct Turned {
    /// The entry's index in the log.
    pub index: u64,
    /// When it was decided.
    pub time: String,
    /// The operation.
    pub event: String,
    /// The decision's id.
    pub decision: String,
    /// The person's pseudonym in the log.
    pub who: String,
    /// How.
    #[serde(flatten)]
    pub changed: Changed,
}

/// What a replay found.
#[derive(Debug, Default, Serialize)]
pub struct Replay {
    /// Requests decided again.
    pub asked: usize,
    /// Those that turn.
    pub turned: Vec<Turned>,
    /// How many people have a request that turns.
    pub people: usize,
    /// Requests that were decided otherwise then than the policies before decide them.
    pub otherwise: usize,
    /// Left out: the person's key was destroyed.
    pub erased: u64,
    /// Left out: the facts record is not what the log says.
    pub altered: u64,
    /// Left out: the record does not fit this build's schema.
    pub unfit: usize,
}

/// Decides recorded requests by the policies before and after, exactly as they were asked.
#[must_use]
pub fn again(past: &[Past], old: &Policies, new: &Policies) -> Replay {
    let mut told = Replay::default();
    let mut people = BTreeSet::new();
    for one in past {
        match replay(&one.facts, &one.who, old, new) {
            Ok((before, changed)) => {
                told.asked = told.asked.saturating_add(1);
                let otherwise = usize::from(before.allow != one.facts.allow());
                told.otherwise = told.otherwise.saturating_add(otherwise);
                if let Some(changed) = changed {
                    people.insert(one.who.as_str());
                    told.turned.push(Turned {
                        index: one.index,
                        time: one.facts.at().to_string(),
                        event: one.event.clone(),
                        decision: one.decision.clone(),
                        who: one.who.clone(),
                        changed,
                    });
                }
            }
            Err(_) => told.unfit = told.unfit.saturating_add(1),
        }
    }
    told.people = people.len();
    told
}

/// A use that was decided before, and would be decided otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TurnedUse {
    /// Who.
    pub person: VisaIdentity,
    /// The dataset.
    pub dataset: String,
    /// The kind of use.
    pub action: Use,
    /// The recorded purpose.
    pub purpose: ResearchPurpose,
    /// Permitted now: whether it would be permitted is the contrary.
    pub from: bool,
    /// How many recorded decisions were about it.
    pub decisions: usize,
    /// When the last of them was made.
    pub last: Timestamp,
}

/// What a change of facts does to the uses that were recorded.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TurnedUses {
    /// Recorded decisions that were looked at.
    pub decisions: usize,
    /// The uses that turn, by person, dataset and kind.
    pub list: Vec<TurnedUse>,
    /// Every recorded use was asked. If not, the list is a part of the truth.
    pub complete: bool,
}

/// A recorded use: person, dataset, kind, and the purpose as it was said.
type Asked = (String, String, Use, String);

/// Decides each recorded use, a person, dataset, kind and purpose once, as that person would ask now: on the snapshot
/// before and after, with `budget` decisions at most.
#[must_use]
pub fn uses_again(
    (before, after): (&Engine, &Engine),
    people: &[Known],
    past: &[Past],
    now: Timestamp,
    budget: usize,
) -> TurnedUses {
    let mut told = TurnedUses {
        decisions: past.len(),
        list: Vec::new(),
        complete: true,
    };
    let known: BTreeMap<String, &Known> = people.iter().map(|one| (one.person.to_string(), one)).collect();
    let mut uses: BTreeMap<Asked, (ResearchPurpose, usize, Timestamp)> = BTreeMap::new();
    for one in past {
        let Some(person) = &one.person else { continue };
        for used in one.facts.uses() {
            let Some(kind) = Action::from_name(&used.action).and_then(kind) else {
                continue;
            };
            let said = serde_json::to_string(&used.purpose).unwrap_or_default();
            let key = (person.to_string(), used.dataset, kind, said);
            let (_, times, last) = uses.entry(key).or_insert((used.purpose, 0, one.facts.at()));
            *times = times.saturating_add(1);
            *last = (*last).max(one.facts.at());
        }
    }
    let mut left = budget;
    for ((person, dataset, kind, _), (purpose, decisions, last)) in uses {
        let Some(someone) = known.get(&person) else { continue };
        let Some(rest) = left.checked_sub(2) else {
            told.complete = false;
            break;
        };
        left = rest;
        let from = permitted(before, &someone.before, &dataset, kind, &purpose, now);
        let to = permitted(after, &someone.after, &dataset, kind, &purpose, now);
        if from != to {
            told.list.push(TurnedUse {
                person: someone.person.clone(),
                dataset,
                action: kind,
                purpose,
                from,
                decisions,
                last,
            });
        }
    }
    told
}

/// Whether the use is permitted: as the purpose was recorded, or for a project and institution of one of the person's
/// approvals of the dataset, which a record does not keep.
fn permitted(
    engine: &Engine,
    facts: &Facts,
    dataset: &str,
    kind: Use,
    purpose: &ResearchPurpose,
    now: Timestamp,
) -> bool {
    let facts = engine.own(facts);
    let mut all = vec![purpose.clone()];
    for grant in &facts.derived.grants {
        if grant.approval.dataset.as_str() == dataset {
            let mut named = purpose.clone();
            named.project.clone_from(&grant.approval.project);
            named.institution.clone_from(&grant.approval.institution);
            if !all.contains(&named) && all.len() < PURPOSES {
                all.push(named);
            }
        }
    }
    let asked = |purpose: &ResearchPurpose| -> Standing { standing_for(engine, &facts, dataset, kind, purpose, now) };
    all.iter().any(|purpose| asked(purpose).permit)
}

/// Projects and institutions that are tried for one recorded purpose.
const PURPOSES: usize = 16;

const fn kind(action: Action) -> Option<Use> {
    if action.computes() {
        Some(Use::Compute)
    } else if action.releases() {
        Some(Use::Download)
    } else if matches!(action, Action::DrsDescribe) {
        Some(Use::Describe)
    } else {
        None
    }
}
