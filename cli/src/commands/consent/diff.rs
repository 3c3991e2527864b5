//! `visum consent diff`: what another label, or another ontology, changes.

use std::path::PathBuf;

use policy_engine::{
    consent::{
        Dataset, Tables,
        order::{Budget, PURPOSE_TABLE_BUDGET, Shift, Turn, judge_purpose},
    },
    review::relabel::{Relabel, relabel},
};
use serde::Serialize;

use super::{
    labels::{self, Labels},
    tables,
};
use crate::{commands::policy::recorded::recorded, error::CommandError, exit::Exit, input::Input, output::Context};

/// Purposes of a list that people are shown.
const SHOWN: usize = 5;

/// Compare labels, or the ontology under labels: neutral, wider or stricter, and for which purposes
///
/// OLD and NEW are labels (a dataset, a list, a facts file), or two ontologies with --labels. A wider change needs two
/// persons; approvals keep what they settle unless the change is stricter.
///
/// Exit status 0: neutral. 1: something changes.
#[derive(Debug, clap::Args)]
pub(crate) struct Diff {
    /// Before
    old: Input,
    /// After
    new: Input,
    /// Labels to judge by OLD and by NEW, where these are ontologies
    #[arg(long, value_name = "FILE")]
    labels: Option<Input>,
    /// Which recorded decisions would turn: this node's data folder, or the audit folder within
    #[arg(long, value_name = "LOG")]
    replay: Option<PathBuf>,
    /// At most so many recorded decisions, the newest
    #[arg(long, value_name = "COUNT", default_value_t = 10_000, requires = "replay")]
    last: usize,
}

/// A recorded decision that concerns a label that changed.
#[derive(Debug, Serialize)]
struct Turned {
    index: u64,
    time: String,
    who: String,
    dataset: String,
    allowed: bool,
    /// What the label itself says to the purpose that was judged.
    #[serde(flatten)]
    turn: Turn,
}

#[derive(Debug, Serialize)]
struct Replay {
    asked: usize,
    turned: Vec<Turned>,
    erased: u64,
    altered: u64,
}

/// Both sides of a comparison.
struct Sides {
    old: (Labels, Option<Tables>),
    new: (Labels, Option<Tables>),
}

impl Sides {
    fn read(args: &Diff) -> Result<Self, CommandError> {
        let Some(labels) = &args.labels else {
            return Ok(Self {
                old: (labels::read(&args.old)?, None),
                new: (labels::read(&args.new)?, None),
            });
        };
        let ontology = |from: &Input| tables::with_ontology(from).map(Some);
        Ok(Self {
            old: (labels::read(labels)?, ontology(&args.old)?),
            new: (labels::read(labels)?, ontology(&args.new)?),
        })
    }

    fn tables(side: &(Labels, Option<Tables>)) -> &Tables {
        side.1.as_ref().unwrap_or_else(|| Tables::builtin())
    }
}

/// Compares; exit 0 all neutral, 1 not.
pub(crate) fn run(args: &Diff, context: &Context) -> Result<Exit, CommandError> {
    let sides = Sides::read(args)?;
    let (old, new) = (Sides::tables(&sides.old), Sides::tables(&sides.new));
    let mut budget: Budget = PURPOSE_TABLE_BUDGET;
    let mut found: Vec<Relabel> = Vec::new();
    let (mut added, mut gone) = (Vec::new(), Vec::new());
    let single = sides.old.0.datasets.len() == 1 && sides.new.0.datasets.len() == 1;
    for (dataset, _) in &sides.new.0.datasets {
        let same = |other: &&(Dataset, _)| single || other.0.id == dataset.id;
        match sides.old.0.datasets.iter().find(same) {
            Some((before, _)) => found.push(relabel((before, old), (dataset, new), &[], &mut budget)),
            None => added.push(dataset.id.to_string()),
        }
    }
    for (dataset, _) in &sides.old.0.datasets {
        if !single && sides.new.0.datasets.iter().all(|(other, _)| other.id != dataset.id) {
            gone.push(dataset.id.to_string());
        }
    }
    let replay = match &args.replay {
        Some(log) => Some(again(log, args.last, &sides)?),
        None => None,
    };
    let wider = !added.is_empty() || found.iter().any(|one| one.shift.widens());
    let stricter = !gone.is_empty() || found.iter().any(|one| !one.shift.keeps_approvals());
    let shift = Shift::of(wider, stricter);
    let document = serde_json::json!({ "shift": shift, "datasets": found.iter().map(|one| serde_json::json!({
        "change": one, "labelled_moves": one.moves_labelled() })).collect::<Vec<_>>(),
        "added": added, "removed": gone, "replay": replay });
    context.show(&document, |_| people(shift, &found, (&added, &gone), replay.as_ref()));
    Ok(if shift == Shift::Neutral { Exit::Yes } else { Exit::No })
}

/// The recorded decisions for whose purpose a label answers otherwise. What facts, approvals and policies did to the
/// decision stays as it was: a label that is worse turns a permit, one that is better may turn a denial.
fn again(log: &std::path::Path, last: usize, sides: &Sides) -> Result<Replay, CommandError> {
    let recorded = recorded(log, last)?;
    let (old, new) = (Sides::tables(&sides.old), Sides::tables(&sides.new));
    let mut told = Replay {
        asked: recorded.past.len(),
        turned: Vec::new(),
        erased: recorded.erased,
        altered: recorded.altered,
    };
    for one in &recorded.past {
        for used in one.facts.uses() {
            let of = |labels: &'_ Labels| {
                let found = labels
                    .datasets
                    .iter()
                    .find(|(dataset, _)| dataset.id.as_str() == used.dataset);
                found.map(|(dataset, _)| dataset.clone())
            };
            let (Some(before), Some(after)) = (of(&sides.old.0), of(&sides.new.0)) else {
                continue;
            };
            for group in &before.uses {
                let Some(now) = after.uses.iter().find(|other| other.group == group.group) else {
                    continue;
                };
                let was = judge_purpose(group, old, &used.purpose);
                let is = judge_purpose(now, new, &used.purpose);
                if was.verdict != is.verdict {
                    told.turned.push(Turned {
                        index: one.index,
                        time: one.facts.at().to_string(),
                        who: one.who.clone(),
                        dataset: used.dataset.clone(),
                        allowed: one.facts.allow(),
                        turn: Turn {
                            purpose: used.purpose.clone(),
                            before: was.verdict,
                            after: is.verdict,
                        },
                    });
                }
            }
        }
    }
    Ok(told)
}

fn people(shift: Shift, found: &[Relabel], (added, gone): (&[String], &[String]), replay: Option<&Replay>) -> String {
    let mut lines = vec![format!("The change is {}.", shift.as_str())];
    for dataset in found.iter().filter(|one| {
        one.groups
            .iter()
            .any(|group| group.before != group.after || group.what.is_some())
    }) {
        lines.push(format!("{}: {}", dataset.dataset, dataset.shift.as_str()));
        for group in &dataset.groups {
            let [was, is] = group.rules.each_ref().map(|rule| rule.as_deref().unwrap_or("none"));
            let digest = |digest: &Option<String>| {
                digest
                    .as_deref()
                    .and_then(|text| text.get(..12))
                    .unwrap_or("none")
                    .to_owned()
            };
            lines.push(format!(
                "  group {}: {}\n    rule {} {was}\n      -> {} {is}",
                group.group,
                group.shift.as_str(),
                digest(&group.before),
                digest(&group.after)
            ));
            if let Some(what) = &group.what {
                for (sign, list) in [("MORE", &what.better), ("less", &what.worse)] {
                    lines.extend(
                        list.iter()
                            .take(SHOWN)
                            .map(|turn| format!("    {sign} {}", turn.sentence())),
                    );
                    if list.len() > SHOWN {
                        lines.push(format!(
                            "    {sign} and {} purposes more",
                            list.len().saturating_sub(SHOWN)
                        ));
                    }
                }
                lines.extend(what.dropped.iter().map(|sentence| format!("    MORE {sentence}")));
                lines.extend(what.added.iter().map(|_| {
                    "    less A condition on people, places, papers or duties is new or stricter.".to_owned()
                }));
                if !what.complete {
                    lines.push("    Not everything was tried within the bounds: it counts as wider.".to_owned());
                }
            }
        }
        lines.push(if dataset.moves_labelled() {
            "  Approvals given before settle nothing once `labelled` follows: at once, or within 30 days as the committee says."
                .to_owned()
        } else {
            "  Approvals keep what they settle.".to_owned()
        });
    }
    lines.extend(added.iter().map(|id| format!("new      {id}")));
    lines.extend(gone.iter().map(|id| format!("removed  {id}")));
    if let Some(replay) = replay {
        lines.push(format!(
            "Recorded decisions: {} of {} concern a purpose whose answer changes.",
            replay.turned.len(),
            replay.asked
        ));
        lines.extend(replay.turned.iter().map(|one| {
            let was = if one.allowed { "permitted" } else { "denied" };
            format!(
                "entry {} {} {} on {}, {was}: {}",
                one.index,
                one.time,
                one.who,
                one.dataset,
                one.turn.sentence()
            )
        }));
    }
    lines.join("\n")
}
