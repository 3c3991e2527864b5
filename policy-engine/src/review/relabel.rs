//! What a change of a label does to approvals (`consent.md` 2.9): which groups' effective rules moved and how, and whether
//! the dataset's `labelled` time moves with it.

use serde::Serialize;
use visa_verifier::seam::Timestamp;

pub use crate::consent::LabelledMove;
use crate::consent::{
    Approval, Dataset, EffectiveRule, Name, ResearchPurpose, Tables,
    order::{Budget, Shift, UseShift, compare_groups},
};

/// Days that a committee may let approvals settle by the label before, after a stricter one.
pub const DAYS: i64 = 30;

/// One consent group before and after.
#[derive(Clone, Debug, Serialize)]
pub struct GroupShift {
    /// Its name.
    pub group: Name,
    /// The digest of its effective rule before; `None`: it is new.
    pub before: Option<String>,
    /// … and after; `None`: it is gone.
    pub after: Option<String>,
    /// The rules in words.
    pub rules: [Option<String>; 2],
    /// How it moved. A group that is new only adds a judgement; one that is gone judges no more.
    pub shift: Shift,
    /// What moved, where both are there and say something different.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<UseShift>,
}

/// A dataset's labels before and after.
#[derive(Clone, Debug, Serialize)]
pub struct Relabel {
    /// The dataset.
    pub dataset: Name,
    /// The whole of it.
    pub shift: Shift,
    /// Group by group.
    pub groups: Vec<GroupShift>,
    /// False: the budget was spent.
    pub complete: bool,
}

/// Compares the labels of a dataset, each by its own tables.
#[must_use]
pub fn relabel(
    (before, old): (&Dataset, &Tables),
    (after, new): (&Dataset, &Tables),
    purposes: &[ResearchPurpose],
    budget: &mut Budget,
) -> Relabel {
    let mut groups = Vec::new();
    let rule = |group, tables| {
        let rule = EffectiveRule::of(group, tables);
        (rule.digest(), rule.line())
    };
    for group in &before.uses {
        let now = after.uses.iter().find(|other| other.group == group.group);
        let was = rule(group, old);
        let is = now.map(|group| rule(group, new));
        let what = now.map(|now| compare_groups((group, old), (now, new), purposes, budget));
        groups.push(GroupShift {
            group: group.group.clone(),
            before: Some(was.0),
            after: is.as_ref().map(|is| is.0.clone()),
            rules: [Some(was.1), is.map(|is| is.1)],
            shift: what.as_ref().map_or(Shift::Both, |what| what.shift),
            what: what.filter(|what| what.shift != Shift::Neutral),
        });
    }
    for group in &after.uses {
        if before.uses.iter().all(|other| other.group != group.group) {
            let is = rule(group, new);
            groups.push(GroupShift {
                group: group.group.clone(),
                before: None,
                after: Some(is.0),
                rules: [None, Some(is.1)],
                shift: Shift::Stricter,
                what: None,
            });
        }
    }
    let wider = groups.iter().any(|group| group.shift.widens());
    let stricter = groups.iter().any(|group| !group.shift.keeps_approvals());
    let complete = groups
        .iter()
        .all(|group| group.what.as_ref().is_none_or(|what| what.complete));
    Relabel {
        dataset: after.id.clone(),
        shift: Shift::of(wider, stricter),
        groups,
        complete,
    }
}

impl Relabel {
    /// Whether `labelled` moves: a rule changed, by its digest, and the change is neither neutral nor wider, or nobody knows.
    #[must_use]
    pub fn moves_labelled(&self) -> bool {
        let digests = self.groups.iter().any(|group| group.before != group.after);
        digests && (!self.shift.keeps_approvals() || !self.complete)
    }

    /// Where `labelled` moves, if it does, and by when it has to be written: at once, or up to [`DAYS`] later as the
    /// committee says. Approvals given from `to` on settle by the new label; the earlier ones settle nothing once it is
    /// written. Stricter terms bind from the change on all the same.
    #[must_use]
    pub fn labelled(&self, now: Timestamp, at_once: bool) -> Option<LabelledMove> {
        let days = if at_once { 0 } else { DAYS };
        self.moves_labelled().then(|| LabelledMove {
            to: now,
            by: Timestamp::from_unix(now.unix().saturating_add(days.saturating_mul(86_400))),
        })
    }

    /// The approvals that settle nothing once `labelled` has moved: "these projects need you".
    pub fn concerned<'a>(&self, approvals: &'a [Approval], now: Timestamp) -> Vec<&'a Approval> {
        let moves = self.moves_labelled();
        let live = |one: &&Approval| one.dataset == self.dataset && one.starts <= now && now < one.expires;
        approvals.iter().filter(|one| moves && live(one)).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn dataset(terms: &Value) -> Dataset {
        serde_json::from_value(json!({"id": "d", "uses": [{"group": "g", "terms": terms}]})).unwrap()
    }

    #[test]
    fn a_label_that_says_the_same_or_more_unsettles_no_approval() {
        let base = json!([{"id": "DUO:0000006"}, {"id": "DUO:0000021"}]);
        let cases = [
            ("the same", base.clone(), Shift::Neutral, false),
            (
                "another order and a release",
                json!([{"id": "DUO:0000021", "version": "2021-02-23"}, {"id": "DUO:0000006"}]),
                Shift::Neutral,
                false,
            ),
            ("a term less", json!([{"id": "DUO:0000006"}]), Shift::Wider, false),
            (
                "GRU for HMB",
                json!([{"id": "DUO:0000042"}, {"id": "DUO:0000021"}]),
                Shift::Wider,
                false,
            ),
            (
                "a term more",
                json!([{"id": "DUO:0000006"}, {"id": "DUO:0000021"}, {"id": "DUO:0000046"}]),
                Shift::Stricter,
                true,
            ),
            (
                "one less and one more",
                json!([{"id": "DUO:0000006"}, {"id": "DUO:0000046"}]),
                Shift::Both,
                true,
            ),
        ];
        let now = Timestamp::from_unix(1_000_000);
        for (name, terms, shift, moves) in cases {
            let tables = Tables::builtin();
            let mut budget = Budget::of(100_000);
            let (before, after) = (dataset(&base), dataset(&terms));
            let found = relabel((&before, tables), (&after, tables), &[], &mut budget);
            assert_eq!((found.shift, found.moves_labelled()), (shift, moves), "{name}");
            let later = Timestamp::from_unix(1_000_000 + 30 * 86_400);
            let moved = |by| moves.then_some(LabelledMove { to: now, by });
            assert_eq!(found.labelled(now, false), moved(later), "{name}");
            assert_eq!(found.labelled(now, true), moved(now), "{name}");
        }
    }
}
