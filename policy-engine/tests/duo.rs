//! Every case file in `rules/cases/` through the function behind `visum consent evaluate`.
//!
//! Compared as a committee would: decision, codes, dated duties, basis and end, as sets; each reason with its
//! sentence, remedy and effect; twice, for equal bytes.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use policy_engine::consent::{Code, Tables, command};
use serde_json::{Value, json};

fn cases() -> Vec<(String, Value)> {
    let mut cases = Vec::new();
    for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/cases")).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let whole: Value = serde_json::from_str(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        for case in whole["vectors"].as_array().unwrap() {
            cases.push((
                format!("{} {}", case["id"].as_str().unwrap(), path.display()),
                case.clone(),
            ));
        }
    }
    cases
}

fn codes(answer: &Value, member: &str) -> BTreeSet<String> {
    answer[member]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["code"].as_str().unwrap().to_owned())
        .collect()
}

fn brief(answer: &Value) -> Value {
    if let Some(error) = answer.get("error") {
        return json!({"error": error["code"]});
    }
    let dated = answer["obligations"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|duty| duty["date"].is_string());
    let dates: BTreeSet<String> = dated
        .map(|duty| format!("{} {}", duty["code"].as_str().unwrap(), duty["date"].as_str().unwrap()))
        .collect();
    let basis: Vec<&Value> = answer["per_dataset"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["basis"])
        .collect();
    json!({"decision": answer["decision"], "reasons": codes(answer, "reasons"), "duty_dates": dates, "basis": basis,
        "obligations": codes(answer, "obligations"), "settled": codes(answer, "settled"),
        "warnings": codes(answer, "warnings"), "valid_until": answer["valid_until"]})
}

#[test]
fn every_case_is_answered_as_it_says() {
    let cases = cases();
    let mut failed = Vec::new();
    for (name, case) in &cases {
        let bytes = serde_json::to_vec(&case["input"]).unwrap();
        let answer = command::answer(&bytes, Tables::builtin());
        assert_eq!(
            answer,
            command::answer(&bytes, Tables::builtin()),
            "{name}: two runs differ"
        );
        let json: Value = serde_json::from_slice(&answer.json).unwrap();
        let expected = &case["expected"];
        let status = match (expected.get("error"), expected["decision"].as_str()) {
            (Some(_), _) => 2,
            (None, Some("permit")) => 0,
            _ => 1,
        };
        if brief(&json) != *expected || answer.status != status {
            failed.push(format!(
                "{name}\n  expected {expected}\n  got      {} status {}",
                brief(&json),
                answer.status
            ));
        }
    }
    assert!(cases.len() >= 300, "the case files were read");
    assert!(
        failed.is_empty(),
        "{} of {} failed\n{}",
        failed.len(),
        cases.len(),
        failed.join("\n")
    );
}

#[test]
fn every_reason_has_its_sentence_remedy_and_effect() {
    for (name, case) in cases() {
        let answer = command::answer(&serde_json::to_vec(&case["input"]).unwrap(), Tables::builtin());
        let json: Value = serde_json::from_slice(&answer.json).unwrap();
        for reason in json["reasons"].as_array().into_iter().flatten() {
            let code: Code = reason["code"].as_str().unwrap().parse().unwrap();
            assert!(!reason["message"].as_str().unwrap().is_empty(), "{name}: {code}");
            assert!(!reason["remedy"].as_str().unwrap().is_empty(), "{name}: {code}");
            assert_eq!(
                reason["effect"],
                Tables::builtin().effect(code).as_str(),
                "{name}: {code}"
            );
        }
    }
}

#[test]
fn every_reason_and_every_usable_term_has_a_case() {
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut codes_told = BTreeSet::new();
    for (_, case) in cases() {
        let Some(decision) = case["expected"]["decision"].as_str() else {
            continue;
        };
        for member in ["reasons", "warnings"] {
            let list = case["expected"][member].as_array().into_iter().flatten();
            codes_told.extend(list.map(|code| code.as_str().unwrap().to_owned()));
        }
        let datasets = case["input"]["datasets"].as_array().into_iter().flatten();
        for term in datasets
            .flat_map(|dataset| dataset["uses"].as_array().unwrap())
            .flat_map(|group| group["terms"].as_array().unwrap())
        {
            told.entry(term["id"].as_str().unwrap().to_owned())
                .or_default()
                .insert(decision.to_owned());
        }
    }
    let tables = Tables::builtin();
    for id in tables.rules().ids() {
        let decisions = told.get(id).cloned().unwrap_or_default();
        assert!(decisions.contains("deny"), "{id} has no denying case");
        use policy_engine::consent::rule::Rule;
        let usable = matches!(
            tables.rules().term(id).unwrap().rule,
            Rule::Permission(_) | Rule::Modifier(_)
        );
        assert!(!usable || decisions.contains("permit"), "{id} has no permitting case");
    }
    // The one outward code is never told here; `input_invalid` is the error of a refused input.
    let silent = [Code::Hold, Code::InputInvalid];
    for code in Code::ALL.iter().filter(|code| !silent.contains(code)) {
        assert!(codes_told.contains(code.as_str()), "{code} has no case");
    }
}
