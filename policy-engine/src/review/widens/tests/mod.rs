//! Changes, what `compare` says of them, and real decisions of the engine before and after.

mod before;
mod changes;
mod sound;

use std::collections::BTreeSet;

use before::{base, terms};
use changes::changes;

use super::{WeakerKind, Widening, compare};
use crate::{
    consent::ResearchPurpose,
    decide::{Engine, Facts, GovernQuestion, tests::node::*},
    intent::{Action, DataRef, Intent, StorageUrl},
    snapshot::Snapshot,
};

const BUDGET: usize = 200_000;

fn widening(before: &Snapshot, after: &Snapshot) -> Widening {
    compare(before, after, &[], BUDGET)
}

#[test]
fn each_change_is_told_as_what_it_is() {
    let before = base();
    for (name, change, expected) in changes() {
        let mut after = before.clone();
        change(&mut after);
        let found = widening(&before, &after);
        let kinds: BTreeSet<WeakerKind> = found.why.iter().map(|weaker| weaker.kind).collect();
        assert!(found.complete, "{name}");
        assert_eq!(found.widens, expected.is_some(), "{name}: {:?}", found.why);
        if let Some(kind) = expected {
            assert!(kinds.contains(&kind), "{name}: {:?}", found.why);
        }
    }
}

#[test]
fn what_cannot_be_told_within_the_budget_widens() {
    let (before, mut after) = (base(), base());
    terms(&mut after).push(term("DUO:0000046", &[]));
    let short = compare(&before, &after, &[], 10);
    assert!(short.widens && !short.complete, "{short:?}");
    assert!(
        !compare(&before, &before, &[], 0).widens,
        "nothing to judge, nothing to spend"
    );
}

#[test]
fn a_recorded_purpose_is_named_first() {
    let (before, mut after) = (base(), base());
    terms(&mut after)[0] = term("DUO:0000042", &[]);
    let purpose: ResearchPurpose = serde_json::from_value(serde_json::json!({
        "categories": ["genetic", "methods", "biomedical", "age_category"] }))
    .unwrap();
    let found = compare(&before, &after, &[purpose], BUDGET);
    assert_eq!(
        found.why[0].sentence,
        "Group `all`: for biomedical, genetic, age_category, methods: deny before, permit after."
    );
}

/// Decisions of all sorts, each with its name.
fn decisions(engine: &Engine) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let mut said = session(2);
    said.token_purpose = Some(
        serde_json::from_value(serde_json::json!({
            "categories": ["disease"], "diseases": ["MONDO:0007254"], "commercial": false, "project": "P1",
            "institution": UNI, "ethics": [{"id": "e", "institution": UNI, "starts": "2026-01-01T00:00:00Z", "verified_by": "so"}]
        }))
        .unwrap(),
    );
    let mut visas = ada_visas();
    let gone = visas.len();
    for letter in ["A", "B", "C", "D", "E"] {
        for source in [DAC, FOREIGN_DAC] {
            let grant = grant(letter, BROKER, source);
            visas.push(purpose_visa(&grant, visa_verifier_by(), breast_cancer()));
            visas.push(grant);
        }
    }
    visas[gone].jti = Some("jti:gone".to_owned());
    for terms in ["1", "2"] {
        let value = format!("https://biobank.example.org/terms/{terms}");
        let kind = visa_verifier::VisaType::AcceptedTermsAndPolicies;
        visas.push(visa(kind, BROKER, &value, UNI, crate::consent::VouchedBy::Own));
    }
    let people: Vec<(&str, Facts)> = vec![
        ("ada", person("ada", visas.clone(), said.clone(), engine)),
        ("tom", person("tom", visas, said, engine)),
        ("eve", person("eve", Vec::new(), session(2), engine)),
    ];
    let mut intents: Vec<(String, Intent)> = Vec::new();
    for id in ["a1", "a3", "b1", "c1", "d1"] {
        intents.push((format!("read {id}"), read(id)));
    }
    intents.push(("a task on a1".to_owned(), task(&["a1"], OUTPUT)));
    for url in ["s3://lake/a/x", "s3://lake/a/", "s3://free/a1", "s3://other/x"] {
        let mut intent = Intent::new(Action::DrsAccessUrl);
        intent
            .read(DataRef::Storage(StorageUrl::parse(url).unwrap()), "")
            .unwrap();
        intents.push((format!("read {url}"), intent));
    }
    let mut intent = Intent::new(Action::DrsAccessUrl);
    intent.read(DataRef::Dataset(dataset_id("E")), "").unwrap();
    intents.push(("read E".to_owned(), intent));
    for (who, facts) in &people {
        for (what, intent) in &intents {
            found.push((format!("{who}: {what}"), engine.decide(facts, intent, now()).allow()));
        }
        for letter in ["A", "B"] {
            let question = GovernQuestion::CatalogueEdit {
                dataset: dataset_id(letter),
            };
            found.push((
                format!("{who}: edit {letter}"),
                engine.govern(facts, &question, now()).allow(),
            ));
        }
    }
    found
}

fn visa_verifier_by() -> crate::consent::VouchedBy {
    crate::consent::VouchedBy::Dac
}

/// Loading an engine is slow without optimisation: what narrows all at once and one by one for a part, and some wider.
fn tried() -> Vec<(&'static str, Snapshot)> {
    let mut all = base();
    let mut found = Vec::new();
    let wider = [
        "a class more open",
        "a label's term is gone",
        "no agreement",
        "active again",
        "a hold gone",
    ];
    for (at, (name, change, expected)) in changes().into_iter().enumerate() {
        let narrows = expected.is_none();
        // what is gone can't be changed any more
        if narrows
            && !matches!(
                name,
                "no label at all" | "a stop more" | "no place for outputs" | "the order of datasets"
            )
        {
            change(&mut all);
        }
        if (narrows && at % 4 == 0) || wider.contains(&name) {
            let mut after = base();
            change(&mut after);
            found.push((name, after));
        }
    }
    found.push(("all that narrows", all));
    found
}

#[test]
fn no_decision_turns_to_a_permit_where_nothing_widens() {
    let mut opened = 0;
    let before = base();
    let engine = Engine::load(before.clone()).unwrap();
    let earlier = decisions(&engine);
    assert!(
        earlier.iter().any(|(_, allow)| *allow),
        "the node of this test permits something"
    );
    for (name, mut after) in tried() {
        after.version += 1;
        let later = decisions(&Engine::load(after.clone()).unwrap());
        // both ways
        for (was, is, from, to) in [(&earlier, &later, &before, &after), (&later, &earlier, &after, &before)] {
            let mut turned = was
                .iter()
                .zip(is)
                .filter(|(was, is)| !was.1 && is.1)
                .map(|(was, _)| &was.0);
            if let Some(what) = turned.next() {
                opened += 1;
                assert!(widening(from, to).widens, "`{name}` opens {what}");
            }
        }
    }
    assert!(
        opened >= 3,
        "only {opened} changes turn a decision: the test sees too little"
    );
}
