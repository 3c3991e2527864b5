//! What a new version of policies changes: the policies themselves, stored cases, and recorded requests.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{
    Outcome,
    facts::{Again, FactsRecord},
    run::ask,
    scenario::Suite,
};
use crate::{
    policy::{Bundle, Policies, format, statements},
    snapshot::TemplateLink,
};

/// What became of one policy or link.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PolicyChange {
    /// It is new.
    Added(String),
    /// It is gone.
    Removed(String),
    /// It reads otherwise; layout and comments aside.
    Changed(String),
}

/// One side of a change.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Side {
    /// Permitted.
    pub allow: bool,
    /// The determining policies.
    pub policies: Vec<String>,
}

/// A case or recorded request that is decided otherwise.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Changed {
    /// More is permitted than before.
    pub widens: bool,
    /// What was asked: `drs:access-url` on `Dataset "…"`.
    pub asked: String,
    /// Before.
    pub old: Side,
    /// After.
    pub new: Side,
    /// In one sentence.
    pub words: String,
}

/// All that changes.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// Policies and links, by id.
    pub policies: Vec<PolicyChange>,
    /// Cases by file and id that are decided otherwise.
    pub cases: Vec<(String, String, Changed)>,
    /// How many cases were asked.
    pub asked: usize,
}

/// Compares two bundles: their policies, and what they say to all cases given.
pub fn difference(old: (&Bundle, &Policies), new: (&Bundle, &Policies), suites: &[&Suite]) -> Difference {
    let mut cases = Vec::new();
    let mut asked = 0_usize;
    for suite in suites {
        for case in &suite.cases {
            asked = asked.saturating_add(1);
            let (before, after) = (ask(old.1, suite, case), ask(new.1, suite, case));
            if before.allow != after.allow {
                let what = format!("{} on {}", case.action, plain(&case.resource));
                let who = plain(&case.principal);
                let changed = changed(&who, what, (old.1, &before), (new.1, &after));
                cases.push((suite.name.clone(), case.id.clone(), changed));
            }
        }
    }
    Difference {
        policies: policies(old.0, new.0),
        cases,
        asked,
    }
}

/// Decides a recorded request again with both versions. `None`: both say the same.
///
/// # Errors
/// Why the record can't be decided again.
pub fn replay(
    record: &FactsRecord,
    who: &str,
    old: &Policies,
    new: &Policies,
) -> Result<(Again, Option<Changed>), String> {
    let (before, after) = (record.ask(old)?, record.ask(new)?);
    if before.allow == after.allow {
        return Ok((before, None));
    }
    // The question that makes the difference stands for the request.
    let turned = before
        .answers
        .iter()
        .zip(&after.answers)
        .find(|((.., a), (.., b))| a.allow != b.allow);
    let Some(((action, resource, a), (.., b))) = turned else {
        return Ok((before, None));
    };
    let what = format!("{action} on {}", plain(resource));
    let changed = changed(who, what, (old, a), (new, b));
    Ok((before, Some(changed)))
}

fn changed(who: &str, asked: String, old: (&Policies, &Outcome), new: (&Policies, &Outcome)) -> Changed {
    let widens = new.1.allow;
    // A denial is explained by the side that denies.
    let (policies, outcome) = if widens { old } else { new };
    let sentence = match (&outcome.error, outcome.policies.first()) {
        (Some(error), _) => error.clone(),
        (None, Some(id)) => {
            let reason = policies.note(id).map(|note| note.reason.as_str()).unwrap_or_default();
            format!("`{id}`: {reason}")
        }
        (None, None) => "no permit holds.".to_owned(),
    };
    let words = if widens {
        format!("{who} may now do {asked}. Before: {sentence}")
    } else {
        format!("{who} may no longer do {asked}. {sentence}")
    };
    let side = |outcome: &Outcome| Side {
        allow: outcome.allow,
        policies: outcome.policies.clone(),
    };
    Changed {
        widens,
        asked,
        old: side(old.1),
        new: side(new.1),
        words,
    }
}

/// `Dataset "…"`.
fn plain(name: &crate::EntityName) -> String {
    format!("{} {:?}", name.kind.trim_start_matches("Visum::"), name.id)
}

/// What became of each policy and link.
fn policies(old: &Bundle, new: &Bundle) -> Vec<PolicyChange> {
    let (before, after) = (texts(old), texts(new));
    let ids: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changes = ids.into_iter().filter_map(|id| match (before.get(id), after.get(id)) {
        (None, Some(_)) => Some(PolicyChange::Added(id.clone())),
        (Some(_), None) => Some(PolicyChange::Removed(id.clone())),
        (Some(a), Some(b)) if a != b => Some(PolicyChange::Changed(id.clone())),
        _ => None,
    });
    changes.collect()
}

/// Policies by id in the one layout without comments, links by id, and whether one is only watched.
fn texts(bundle: &Bundle) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for file in &bundle.policies {
        let text = format(&file.name, &file.text).unwrap_or_else(|_| file.text.clone());
        for (start, end) in statements(&text) {
            let policy = text.get(start..end).unwrap_or_default();
            let bare: Vec<&str> = policy
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect();
            let parsed = cedar_policy::Policy::parse(None, policy).ok();
            if let Some(id) = parsed.as_ref().and_then(|policy| policy.annotation("id")) {
                texts.insert(id.to_owned(), bare.join("\n"));
            }
        }
    }
    for link in &bundle.links {
        let meaning = TemplateLink {
            reason: None,
            ..link.clone()
        };
        texts.insert(link.id.clone(), serde_json::to_string(&meaning).unwrap_or_default());
    }
    for row in &bundle.manifest.observe {
        texts
            .entry(row.policy.clone())
            .or_default()
            .push_str(&format!("\nobserved until {}", row.until));
    }
    texts
}
