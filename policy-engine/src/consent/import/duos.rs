//! DUOS: a data use as flags, of a dataset or by itself, or the consent groups of a registration.
//!
//! Some flags changed their sense between versions (`methodsResearch`, `commercialUse`, `nonProfitUse`): these are
//! asked, whatever they say.

use serde_json::{Map, Value};

use super::{ImportError, RawGroup, RawLabel, RawTerm, Source, json, unreadable};

/// Flags with one sense: true is the term, false is nothing.
const PLAIN: [(&str, &str); 20] = [
    ("generalUse", "DUO:0000042"),
    ("generalResearchUse", "DUO:0000042"),
    ("hmbResearch", "DUO:0000006"),
    ("hmb", "DUO:0000006"),
    ("poa", "DUO:0000011"),
    ("geneticStudiesOnly", "DUO:0000016"),
    ("gso", "DUO:0000016"),
    ("publicationResults", "DUO:0000019"),
    ("pub", "DUO:0000019"),
    ("collaboratorRequired", "DUO:0000020"),
    ("collaborationRequired", "DUO:0000020"),
    ("col", "DUO:0000020"),
    ("ethicsApprovalRequired", "DUO:0000021"),
    ("irb", "DUO:0000021"),
    ("nmds", "DUO:0000015"),
    ("mor", "DUO:0000024"),
    ("returnToDatabase", "DUO:0000029"),
    ("rtn", "DUO:0000029"),
    ("clinicalCare", "DUO:0000043"),
    ("npoa", "DUO:0000044"),
];

/// Flags that versions of DUOS read differently: asked whatever they say.
const ASKED: [(&str, &str); 5] = [
    (
        "methodsResearch",
        "Versions of DUOS write the exclusion of methods research as true, others as false.",
    ),
    (
        "commercialUse",
        "Versions of DUOS mean by it that commercial use is allowed, or that it is not, or the organisation.",
    ),
    (
        "nonProfitUse",
        "It does not say whether the organisation or the use is meant (DUO:0000045, DUO:0000046, DUO:0000018).",
    ),
    (
        "npu",
        "It does not say whether the organisation or the use is meant (DUO:0000045, DUO:0000046, DUO:0000018).",
    ),
    (
        "populationOriginsAncestry",
        "False means to some versions that ancestry research is excluded, to others nothing.",
    ),
];

/// Members of a dataset around its data use.
const NAMES: [&str; 7] = [
    "datasetIdentifier",
    "consentGroupName",
    "datasetName",
    "name",
    "alias",
    "datasetId",
    "dataSetId",
];

/// Members of a registration's consent group that say nothing on use.
const BESIDE: [&str; 8] = [
    "consentGroupName",
    "fileTypes",
    "numberOfParticipants",
    "dataLocation",
    "url",
    "dataAccessCommitteeId",
    "datasetIdentifier",
    "datasetId",
];

/// Labels: one data use, a dataset with one, a list of these, or a registration with `consentGroups`.
pub(super) fn read(text: &str) -> Result<Vec<RawLabel>, ImportError> {
    let root = json(Source::Duos, text)?;
    match &root {
        Value::Array(list) => list.iter().map(label).collect(),
        one @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            Ok(vec![label(one)?])
        }
    }
}

fn label(dataset: &Value) -> Result<RawLabel, ImportError> {
    let members = dataset
        .as_object()
        .ok_or_else(|| unreadable(Source::Duos, "a dataset is no object"))?;
    let name = name(members);
    if let Some(Value::Array(groups)) = members.get("consentGroups") {
        let groups: Result<Vec<RawGroup>, ImportError> = groups
            .iter()
            .map(|one| {
                let members = one
                    .as_object()
                    .ok_or_else(|| unreadable(Source::Duos, "a consent group is no object"))?;
                let mut group = flags(members);
                group.name = Some(self::name(members)).filter(|name| !name.is_empty());
                Ok(group)
            })
            .collect();
        return Ok(RawLabel { name, groups: groups? });
    }
    let uses = match members.get("dataUse") {
        Some(Value::Object(uses)) => uses,
        Some(_) => return Err(unreadable(Source::Duos, "`dataUse` is no object")),
        None => members,
    };
    Ok(RawLabel {
        name,
        groups: vec![flags(uses)],
    })
}

fn name(members: &Map<String, Value>) -> String {
    NAMES
        .iter()
        .find_map(|key| match members.get(*key) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        })
        .unwrap_or_default()
}

fn flags(members: &Map<String, Value>) -> RawGroup {
    let mut group = RawGroup::default();
    for (key, value) in members {
        if value.is_null() || BESIDE.contains(&key.as_str()) || NAMES.contains(&key.as_str()) {
            continue;
        }
        if let Some(term) = member(key, value, members, &mut group.notes) {
            group.terms.push(term);
        }
    }
    group
}

fn member(key: &str, value: &Value, members: &Map<String, Value>, notes: &mut Vec<String>) -> Option<RawTerm> {
    let word = |value: &Value| {
        format!(
            "{key}:{}",
            value.as_str().map_or_else(|| value.to_string(), str::to_owned)
        )
    };
    if key == "populationOriginsAncestry" && *value == Value::Bool(true) {
        return Some(RawTerm::known(key, "DUO:0000011"));
    }
    if let Some((_, why)) = ASKED.iter().find(|(flag, _)| *flag == key) {
        return Some(RawTerm::unclear(word(value), why));
    }
    if key == "mor" && members.get("morDate").is_some_and(|date| !date.is_null()) {
        return None;
    }
    if let Some((_, id)) = PLAIN.iter().find(|(flag, _)| *flag == key) {
        return match value {
            Value::Bool(true) => Some(RawTerm::known(key, id)),
            Value::Bool(false) => None,
            other @ (Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_)) => {
                Some(RawTerm::unclear(word(other), "It is neither true nor false."))
            }
        };
    }
    let text = value.as_str().map(str::trim);
    match (key, value) {
        ("diseaseRestrictions" | "diseaseSpecificUse", Value::Array(list)) if list.is_empty() => None,
        ("diseaseRestrictions" | "diseaseSpecificUse", Value::Array(list)) => Some(RawTerm {
            values: list
                .iter()
                .map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned))
                .collect(),
            ..RawTerm::known("DS", "DUO:0000007")
        }),
        ("geographicalRestrictions" | "gs", _) => match (text, value) {
            (Some(""), _) | (_, Value::Bool(false)) => None,
            // that there is a region is no region
            (Some("Yes" | "yes" | "true"), _) | (_, Value::Bool(true)) => Some(RawTerm::known("GS", "DUO:0000022")),
            (Some("No" | "no" | "false"), _) => None,
            (Some(place), _) => Some(RawTerm {
                values: vec![place.to_owned()],
                ..RawTerm::known("GS", "DUO:0000022")
            }),
            (None, _) => Some(RawTerm::unclear(word(value), "It is no region.")),
        },
        ("publicationMoratorium" | "morDate", _) => match text {
            Some("" | "No" | "no" | "false") => None,
            Some("Yes" | "yes" | "true") => Some(RawTerm::known("MOR", "DUO:0000024")),
            Some(day) => Some(RawTerm {
                date: Some(day.to_owned()),
                ..RawTerm::known("MOR", "DUO:0000024")
            }),
            None if *value == Value::Bool(false) => None,
            None => Some(RawTerm::known("MOR", "DUO:0000024")),
        },
        ("openAccess", Value::Bool(open)) => {
            if *open {
                notes.push("openAccess says how data are given out, not for what: set the dataset's access".to_owned());
            }
            None
        }
        // free words: a person reads them
        ("other" | "secondaryOther" | "otherPrimary" | "otherSecondary" | "otherRestrictions", _) => {
            match (text, value) {
                (Some(""), _) | (_, Value::Bool(false)) => None,
                (Some(words), _) => {
                    let words: String = words.chars().take(500).collect();
                    notes.push(format!("{key}: {words}"));
                    Some(RawTerm::unclear(
                        key,
                        "It is a condition in words; they stand in the notes.",
                    ))
                }
                (None, _) => Some(RawTerm::unclear(key, "It is a condition in words.")),
            }
        }
        (_, Value::Bool(false)) => None,
        (_, Value::Array(list)) if list.is_empty() => None,
        _ if matches!(text, Some("" | "No" | "no" | "false")) => None,
        _ => Some(RawTerm::unclear(
            word(value),
            "It is no flag that has one meaning in DUO.",
        )),
    }
}
