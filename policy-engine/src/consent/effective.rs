//! The effective rule of a group (`consent.md` 2.5, 2.9): its label with values pooled, in one canonical form, and the
//! digest of it. Two labels of one digest say the same; approvals and `visum consent diff` go by it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::dataset::UseGroup;
use super::label::Label;
use super::rule::{Modifier, Permission};
use super::tables::Tables;
use crate::decide::hex_digest;

/// What a group's label says, whatever the order and spelling of its terms.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct EffectiveRule {
    /// Shorthands of the permissions.
    pub permissions: BTreeSet<&'static str>,
    /// The diseases of DS, pooled.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub diseases: BTreeSet<String>,
    /// The modifiers by shorthand.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub modifiers: BTreeMap<&'static str, EffectiveModifier>,
    /// What is wrong with the label, as `code` or `code term`: with any fault, nothing is permitted.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub faults: BTreeSet<String>,
}

/// A modifier, its entries pooled.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct EffectiveModifier {
    /// The alternatives.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub values: BTreeSet<String>,
    /// NMDS: the releases of its entries; none stated is `None`.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub releases: BTreeSet<Option<String>>,
    /// MOR: the latest day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// TS: the fewest months.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub months: Option<i64>,
}

impl EffectiveRule {
    /// The effective rule of a group.
    #[must_use]
    pub fn of(group: &UseGroup, tables: &Tables) -> Self {
        let label = Label::read(group, tables);
        let texts = |names: &BTreeSet<&super::name::Name>| names.iter().map(ToString::to_string).collect();
        let modifier = |(modifier, pool): (&Modifier, &super::label::Pool<'_>)| {
            let versioned = *modifier == Modifier::Nmds;
            let releases = pool.releases.iter().filter(|_| versioned);
            let said = EffectiveModifier {
                values: texts(&pool.values),
                releases: releases.map(|release| release.map(ToString::to_string)).collect(),
                day: pool.day.map(|(_, day)| day.to_string()),
                months: pool.months,
            };
            (modifier.as_str(), said)
        };
        Self {
            permissions: label.permissions.keys().map(|permission| permission.as_str()).collect(),
            diseases: texts(&label.diseases),
            modifiers: label.modifiers.iter().map(modifier).collect(),
            faults: label
                .faults
                .iter()
                .map(|(term, code)| match term {
                    Some(term) => format!("{} {term}", code.as_str()),
                    None => code.as_str().to_owned(),
                })
                .collect(),
        }
    }

    /// SHA-256 of the canonical form, lower-case hex.
    #[must_use]
    pub fn digest(&self) -> String {
        // Sets and maps of texts and numbers: nothing in here can fail to be written.
        hex_digest(&serde_json::to_vec(self).unwrap_or_default())
    }

    /// The rule in one line, for people: `HMB, IRB, GS EU|NO`.
    #[must_use]
    pub fn line(&self) -> String {
        let joined = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join("|");
        let mut parts: Vec<String> = Vec::new();
        for permission in &self.permissions {
            let values = if *permission == Permission::Ds.as_str() {
                joined(&self.diseases)
            } else {
                String::new()
            };
            parts.push(format!("{permission} {values}").trim_end().to_owned());
        }
        for (modifier, said) in &self.modifiers {
            let releases = said.releases.iter().map(|one| one.as_deref().unwrap_or("no release"));
            let mut words: Vec<String> = Vec::new();
            words.extend((!said.values.is_empty()).then(|| joined(&said.values)));
            words.extend((!said.releases.is_empty()).then(|| releases.collect::<Vec<_>>().join("|")));
            words.extend(said.day.clone());
            words.extend(said.months.map(|months| format!("{months} months")));
            parts.push(format!("{modifier} {}", words.join(" ")).trim_end().to_owned());
        }
        parts.extend(self.faults.iter().map(|fault| format!("fault {fault}")));
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn rule(terms: &Value) -> EffectiveRule {
        let group = serde_json::from_value(json!({"group": "g", "terms": terms})).unwrap();
        EffectiveRule::of(&group, Tables::builtin())
    }

    #[test]
    fn labels_that_say_the_same_have_one_digest() {
        let base = json!([{"id": "DUO:0000007", "values": ["MONDO:0007254", "MONDO:0005148"]}, {"id": "DUO:0000021"}]);
        let cases = [
            (
                "another order",
                json!([{"id": "DUO:0000021"}, {"id": "DUO:0000007", "values": ["MONDO:0005148", "MONDO:0007254"]}]),
                true,
            ),
            (
                "a value in a term of its own",
                json!([{"id": "DUO:0000007", "values": ["MONDO:0007254"]}, {"id": "DUO:0000021"},
                    {"id": "DUO:0000007", "values": ["MONDO:0005148"]}]),
                true,
            ),
            (
                "a term twice",
                json!([{"id": "DUO:0000007", "values": ["MONDO:0007254", "MONDO:0005148"]}, {"id": "DUO:0000021"},
                    {"id": "DUO:0000021", "version": "2021-02-23"}]),
                true,
            ),
            (
                "a value less",
                json!([{"id": "DUO:0000007", "values": ["MONDO:0007254"]}, {"id": "DUO:0000021"}]),
                false,
            ),
            (
                "a term less",
                json!([{"id": "DUO:0000007", "values": ["MONDO:0007254", "MONDO:0005148"]}]),
                false,
            ),
            (
                "a fault more",
                json!([{"id": "DUO:0000007", "values": ["MONDO:0007254", "MONDO:0005148"]}, {"id": "DUO:0000021"},
                    {"id": "DUO:9999999"}]),
                false,
            ),
        ];
        for (name, other, same) in cases {
            assert_eq!(rule(&other).digest() == rule(&base).digest(), same, "{name}");
        }
    }

    #[test]
    fn the_release_counts_for_nmds_and_for_nothing_else() {
        let with = |id: &str, release: Value| rule(&json!([{"id": "DUO:0000042"}, {"id": id, "version": release}]));
        assert_ne!(
            with("DUO:0000015", json!("2020-02-03")).digest(),
            with("DUO:0000015", json!("2021-02-23")).digest()
        );
        assert_eq!(
            with("DUO:0000016", json!("2020-02-03")).digest(),
            with("DUO:0000016", Value::Null).digest()
        );
    }

    #[test]
    fn a_rule_reads_in_one_line() {
        let terms = json!([{"id": "DUO:0000007", "values": ["MONDO:0007254"]}, {"id": "DUO:0000022", "values": ["NO", "EU"]},
            {"id": "DUO:0000025", "months": 12}, {"id": "DUO:0000015"}]);
        assert_eq!(
            rule(&terms).line(),
            "DS MONDO:0007254, GS EU|NO, NMDS no release, TS 12 months"
        );
    }
}
