//! Labels that are wrong or will surprise (`consent.md` 2.7, 3, 4.4), told to the custodian when they are written.

use std::collections::BTreeSet;

use serde::Serialize;

use super::dataset::Dataset;
use super::disease::Standing;
use super::label::Label;
use super::name::Name;
use super::order::reach;
use super::output::Verdict;
use super::rule::{Modifier, Permission};
use super::tables::Tables;

/// A value of RS that says whom or how.
const SCOPES: [&str; 4] = ["DUO:0000032", "DUO:0000034", "DUO:0000035", "DUO:0000036"];
/// Diseases that many take for a kind of another and that the ontology has elsewhere: label, what it lacks, what has them.
const NARROW: (&str, &[&str], &str) = (
    "MONDO:0004992",
    &["MONDO:0005105", "MONDO:0005059", "MONDO:0005062", "MONDO:0005072"],
    "MONDO:0005070",
);
/// Diseases whose kinds change from release to release.
const UNSTEADY: &str = "MONDO:0003847";

/// How much it matters.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// The label denies every use until it is corrected.
    Fault,
    /// It will surprise somebody.
    Hint,
}

/// Something about a label.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Remark {
    /// Fault or hint.
    pub weight: Weight,
    /// A code of consent, or the name of a hint.
    pub code: String,
    /// The dataset.
    pub dataset: Name,
    /// The consent group.
    pub group: Option<Name>,
    /// The term.
    pub term: Option<Name>,
    /// What is so.
    pub message: String,
    /// What helps.
    pub remedy: String,
}

/// Looks at a dataset's labels. `downloads`: whether it may be downloaded, if that is known.
#[must_use]
pub fn lint(dataset: &Dataset, downloads: Option<bool>, tables: &Tables) -> Vec<Remark> {
    let mut found = Vec::new();
    let mut tell = |weight, code: &str, group: Option<&Name>, term: Option<&Name>, message: String, remedy: &str| {
        found.push(Remark {
            weight,
            code: code.to_owned(),
            dataset: dataset.id.clone(),
            group: group.cloned(),
            term: term.cloned(),
            message,
            remedy: remedy.to_owned(),
        });
    };
    if dataset.uses.is_empty() {
        let said = tables.sentence(super::Code::PermissionMissing);
        let code = super::Code::PermissionMissing.as_str();
        tell(Weight::Fault, code, None, None, said.message, &said.remedy);
    }
    for group in &dataset.uses {
        let (name, label) = (Some(&group.group), Label::read(group, tables));
        for (term, code) in &label.faults {
            let said = tables.sentence(*code);
            tell(Weight::Fault, code.as_str(), name, *term, said.message, &said.remedy);
        }
        for (term, code) in &label.warnings {
            if *code != super::Code::LabelVersionMissing {
                let said = tables.sentence(*code);
                tell(
                    Weight::Hint,
                    code.as_str(),
                    name,
                    Some(term),
                    said.message,
                    &said.remedy,
                );
            }
        }
        let ds = label.permissions.get(&Permission::Ds).copied();
        for value in &label.diseases {
            let code = match tables.diseases.standing(value.as_str()) {
                Standing::Live => continue,
                Standing::Obsolete => super::Code::LabelDiseaseObsolete,
                Standing::Unknown => super::Code::LabelDiseaseUnknown,
            };
            let said = tables.sentence(code);
            tell(
                Weight::Fault,
                code.as_str(),
                name,
                ds,
                format!("{} It is {value}.", said.message),
                &said.remedy,
            );
        }
        for (code, message, remedy) in surprises_of_diseases(&label.diseases, tables) {
            tell(Weight::Hint, code, name, ds, message, remedy);
        }
        if let Some(pool) = label.modifiers.get(&Modifier::Nmds)
            && pool.releases.iter().any(Option::is_none)
        {
            tell(
                Weight::Hint,
                "methods_version",
                name,
                Some(pool.id),
                "NMDS stands without the DUO release of the label. Before 2021-02-23 it allowed methods within the other \
                 limits, since then it excludes them; without a release each such use goes to the committee."
                    .to_owned(),
                "Add `version`: the release in force on the day of the consent form.",
            );
        }
        if let Some(pool) = label.modifiers.get(&Modifier::Gs)
            && downloads != Some(false)
        {
            let known = if downloads.is_some() {
                "The dataset may be downloaded"
            } else {
                "If the dataset may be downloaded"
            };
            tell(
                Weight::Hint,
                "gs_download",
                name,
                Some(pool.id),
                format!("{known}, nobody sees where the copies lie, and GS says where they must."),
                "Make it compute-only.",
            );
        }
        if let Some(pool) = label.modifiers.get(&Modifier::Rs) {
            let scope = |value: &&Name| SCOPES.iter().any(|id| value.as_str().split('=').next() == Some(id));
            if let Some(value) = pool.values.iter().copied().find(scope) {
                tell(
                    Weight::Hint,
                    "research_type_scope",
                    name,
                    Some(pool.id),
                    format!(
                        "RS names {value}, which says whom or how and not what for: every use goes to the committee."
                    ),
                    "Name research types (DUO:0000031, 33, 37 to 40), or tell the committee how many requests to expect.",
                );
            }
        }
        let faulty = !label.faults.is_empty();
        match reach(group, tables) {
            Verdict::Review if !faulty => tell(
                Weight::Hint,
                "review_only",
                name,
                None,
                "This label permits no purpose by itself: each one goes to the committee.".to_owned(),
                "Check that participants were told so, and that the committee knows.",
            ),
            Verdict::Deny if !faulty => tell(
                Weight::Hint,
                "deny_only",
                name,
                None,
                "Its terms exclude each other: this label permits no purpose, and no committee can.".to_owned(),
                "Correct the terms, or split the data into consent groups.",
            ),
            Verdict::Permit | Verdict::Review | Verdict::Deny => {}
        }
    }
    found
}

/// What a label's diseases cover and don't (4.4), by the ontology at hand.
fn surprises_of_diseases(labelled: &BTreeSet<&Name>, tables: &Tables) -> Vec<(&'static str, String, &'static str)> {
    let diseases = &tables.diseases;
    let set = labelled.iter().map(|name| name.as_str()).collect();
    let title = |id: &str| format!("{} ({id})", diseases.label(id).unwrap_or("no name"));
    let mut found = Vec::new();
    let (label, lacks, wide) = NARROW;
    let lacking: Vec<String> = (lacks.iter())
        .filter(|id| diseases.standing(id) == Standing::Live && !diseases.is_under(id, &set))
        .map(|id| title(id))
        .collect();
    if labelled.iter().any(|name| name.as_str() == label) && !lacking.is_empty() {
        found.push((
            "disease_narrow",
            format!(
                "{} does not cover {}; {} does, and benign tumours too.",
                title(label),
                lacking.join(", "),
                title(wide)
            ),
            "Decide by the consent form which one participants agreed to.",
        ));
    }
    if labelled.iter().any(|name| name.as_str() == UNSTEADY) {
        found.push((
            "disease_unsteady",
            format!(
                "What is a kind of {} changes between releases of the ontology, and the label widens with it.",
                title(UNSTEADY)
            ),
            "Name the diseases that the consent form names; `visum consent diff` shows what a release changes.",
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn codes(terms: &Value, downloads: Option<bool>) -> Vec<String> {
        let dataset = json!({"id": "d", "uses": [{"group": "g", "terms": terms}]});
        let dataset: Dataset = serde_json::from_value(dataset).unwrap();
        let mut codes: Vec<String> = lint(&dataset, downloads, Tables::builtin())
            .into_iter()
            .map(|remark| remark.code)
            .collect();
        codes.sort();
        codes
    }

    #[test]
    fn every_fault_and_every_surprise_is_told_by_its_name() {
        let gru = |other: Value| json!([{"id": "DUO:0000042"}, other]);
        let cases: Vec<(&str, Value, Vec<&str>)> = vec![
            ("nothing to tell", json!([{"id": "DUO:0000042"}]), vec![]),
            (
                "no permission",
                json!([{"id": "DUO:0000021"}]),
                vec!["consent.permission_missing"],
            ),
            (
                "an unknown term",
                gru(json!({"id": "DUO:9999999"})),
                vec!["consent.term_unknown"],
            ),
            (
                "no label term",
                gru(json!({"id": "DUO:0000001"})),
                vec!["consent.term_not_a_label"],
            ),
            (
                "a meaningless term",
                gru(json!({"id": "DUO:0000002"})),
                vec!["consent.term_meaningless"],
            ),
            (
                "a value missing",
                gru(json!({"id": "DUO:0000024"})),
                vec!["consent.value_missing"],
            ),
            (
                "a value that is none",
                gru(json!({"id": "DUO:0000024", "date": "2027-02-30"})),
                vec!["consent.value_invalid"],
            ),
            (
                "a value too many",
                gru(json!({"id": "DUO:0000021", "values": ["x"]})),
                vec!["consent.value_unexpected"],
            ),
            (
                "a conflict",
                json!([{"id": "DUO:0000006"}, {"id": "DUO:0000011"}]),
                vec!["consent.permission_conflict"],
            ),
            (
                "an obsolete disease",
                json!([{"id": "DUO:0000007", "values": ["MONDO:0000404"]}]),
                vec!["consent.label_disease_obsolete", "deny_only"],
            ),
            (
                "an unknown disease",
                json!([{"id": "DUO:0000007", "values": ["MONDO:9999999"]}]),
                vec!["consent.label_disease_unknown", "deny_only"],
            ),
            (
                "cancer",
                json!([{"id": "DUO:0000007", "values": ["MONDO:0004992"]}]),
                vec!["disease_narrow"],
            ),
            (
                "hereditary",
                json!([{"id": "DUO:0000007", "values": ["MONDO:0003847"]}]),
                vec!["disease_unsteady"],
            ),
            ("no release", gru(json!({"id": "DUO:0000015"})), vec!["methods_version"]),
            (
                "GS with download",
                gru(json!({"id": "DUO:0000022", "values": ["EU"]})),
                vec!["gs_download"],
            ),
            (
                "a scope value",
                gru(json!({"id": "DUO:0000012", "values": ["DUO:0000034"]})),
                vec!["research_type_scope", "review_only"],
            ),
            (
                "terms that exclude each other",
                gru(json!({"id": "DUO:0000012", "values": ["DUO:0000031"]}))
                    .as_array()
                    .map(|terms| {
                        let mut terms = terms.clone();
                        terms.push(json!({"id": "DUO:0000015", "version": "2021-02-23"}));
                        Value::Array(terms)
                    })
                    .unwrap(),
                vec!["deny_only"],
            ),
            (
                "a deprecated term",
                gru(json!({"id": "DUO:0000014"})),
                vec!["consent.term_deprecated"],
            ),
            (
                "NRES beside a modifier",
                json!([{"id": "DUO:0000004"}, {"id": "DUO:0000021"}]),
                vec!["consent.nres_with_modifier"],
            ),
        ];
        for (name, terms, expected) in cases {
            assert_eq!(codes(&terms, Some(true)), expected, "{name}");
        }
        assert!(codes(&gru(json!({"id": "DUO:0000022", "values": ["EU"]})), Some(false)).is_empty());
    }
}
