//! `visum policy diff`: what a new version changes; which stored cases and which recorded requests turn.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use policy_engine::{
    policy::Policies,
    review::{Changed, Difference, PolicyChange, Replay, Suite, again, difference},
};

use super::{bundle, recorded::recorded};
use crate::{error::CommandError, exit::Exit, output::Context};

/// Compare two versions of policies: which stored cases, and which recorded requests, would turn
///
/// Exit status 0 if no decision turns, 1 if one does.
#[derive(Debug, clap::Args)]
pub(crate) struct Diff {
    /// The version before: a bundle's folder, or `shipped`
    old: PathBuf,
    /// The version after: a bundle's folder, or `shipped`
    new: PathBuf,
    /// Decide the requests of this node's audit log again: its data folder, or the audit folder within
    #[arg(long, value_name = "LOG")]
    replay: Option<PathBuf>,
    /// At most so many recorded requests, the newest
    #[arg(long, value_name = "COUNT", default_value_t = 10_000, requires = "replay")]
    last: usize,
}

/// Compares; exit 0 nothing turns, 1 something does.
pub(crate) fn run(args: &Diff, context: &Context) -> Result<Exit, CommandError> {
    let (old, before) = bundle::sound(&args.old)?;
    let (new, after) = bundle::sound(&args.new)?;
    let shipped = bundle::shipped_suite()?;
    let (tests, earlier) = (bundle::suites(&new.bundle)?, bundle::suites(&old.bundle)?);
    // A case file of both versions is asked once, as the new version has it.
    let names: BTreeSet<&String> = tests.iter().map(|suite| &suite.name).collect();
    let only_earlier = earlier.iter().filter(|suite| !names.contains(&suite.name));
    let suites: Vec<&Suite> = tests.iter().chain(only_earlier).chain([&shipped]).collect();
    let difference = difference((&old.bundle, &before), (&new.bundle, &after), &suites);
    let found = match &args.replay {
        Some(log) => Some(replayed(log, args.last, &before, &after)?),
        None => None,
    };
    let turns = !difference.cases.is_empty() || found.as_ref().is_some_and(|replay| !replay.turned.is_empty());
    let document = serde_json::json!({ "turns": turns, "policies": difference.policies, "asked": difference.asked,
        "cases": difference.cases.iter().map(|(file, case, changed)| serde_json::json!({
            "file": file, "case": case, "change": changed })).collect::<Vec<_>>(),
        "replay": found });
    context.show(&document, |_| people(&difference, found.as_ref()));
    Ok(if turns { Exit::No } else { Exit::Yes })
}

fn replayed(log: &Path, last: usize, old: &Policies, new: &Policies) -> Result<Replay, CommandError> {
    let found = recorded(log, last)?;
    Ok(Replay {
        erased: found.erased,
        altered: found.altered,
        ..again(&found.past, old, new)
    })
}

fn people(difference: &Difference, replayed: Option<&Replay>) -> String {
    let mut lines = Vec::new();
    if difference.policies.is_empty() {
        lines.push("No policy changes.".to_owned());
    }
    lines.extend(difference.policies.iter().map(|change| match change {
        PolicyChange::Added(id) => format!("added    {id}"),
        PolicyChange::Removed(id) => format!("removed  {id}"),
        PolicyChange::Changed(id) => format!("changed  {id}"),
    }));
    lines.push(format!(
        "Cases: {} of {} turn.",
        difference.cases.len(),
        difference.asked
    ));
    for (file, case, changed) in &difference.cases {
        lines.push(format!("{} {case} ({file}): {}", sign(changed), changed.words));
    }
    if let Some(replay) = replayed {
        lines.push(format!(
            "Recorded requests: {} of {} turn, of {} people.",
            replay.turned.len(),
            replay.asked,
            replay.people
        ));
        for turned in &replay.turned {
            lines.push(format!(
                "{} entry {} {} {} decision {}: {}",
                sign(&turned.changed),
                turned.index,
                turned.time,
                turned.event,
                turned.decision,
                turned.changed.words
            ));
        }
        let notes = [
            (
                replay.otherwise,
                "were decided otherwise then than OLD decides them: another version was in force",
            ),
            (
                usize::try_from(replay.erased).unwrap_or(usize::MAX),
                "left out: the person's key was destroyed",
            ),
            (
                usize::try_from(replay.altered).unwrap_or(usize::MAX),
                "left out: the facts record is not what the log says",
            ),
            (
                replay.unfit,
                "left out: the facts record does not fit this build's schema",
            ),
        ];
        lines.extend(
            notes
                .into_iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, what)| format!("{count} {what}")),
        );
    }
    lines.join("\n")
}

/// More or less is permitted.
const fn sign(changed: &Changed) -> &'static str {
    if changed.widens { "MORE" } else { "less" }
}
