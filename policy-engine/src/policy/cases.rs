//! The shipped cases (`policies/cases.json`): decision, exact determining policies, no error; and stores with a hole.

use std::collections::{BTreeSet, HashMap};

use cedar_policy::{Entities, EntityUid, Request};
use serde_json::Value;
use visa_verifier::seam::Timestamp;

use super::Policies;
use crate::{
    entity::{Register, SchemaParts},
    review::{Case, Outcome, Suite, Word, run},
    snapshot::TemplateLink,
};

fn ask_in(policies: &Policies, register: &Register, case: &Case) -> Outcome {
    match register.store(Vec::new(), &case.seeds) {
        Ok(store) => Outcome::of(policies, &case.request, &store, case.now),
        Err(error) => Outcome::failed(error),
    }
}

#[test]
fn the_shipped_cases_are_answered_by_exactly_their_policies() {
    let suite = Suite::shipped().unwrap();
    assert_eq!(suite.cases.len(), 161);
    let policies = Policies::shipped().unwrap();
    let report = run(&policies, std::slice::from_ref(&suite), &suite);
    for result in &report.results {
        assert!(result.passed, "{}: {:?}", result.case, result.faults);
    }
    assert!(report.passed() && report.changed.is_empty());
    assert!(suite.cases.iter().all(|case| case.expect.policies.is_some()));
    assert_eq!(
        report.coverage.idle,
        BTreeSet::new(),
        "each shipped policy decides at least one case"
    );
    assert_eq!(report.coverage.decided.len(), 79);
}

#[test]
fn slices_answer_as_the_whole_set_does() {
    let suite = Suite::shipped().unwrap();
    let schema = SchemaParts::embedded().unwrap();
    let policies = Policies::shipped().unwrap();
    let sliced = policies.sliced(&schema);
    for case in suite.cases.iter().filter(|case| case.links.is_empty()) {
        let (whole, parts) = (
            ask_in(&policies.whole(), &suite.register, case),
            ask_in(&sliced, &suite.register, case),
        );
        assert_eq!(whole, parts, "{}", case.id);
    }
}

#[test]
fn a_store_with_the_questions_own_action_answers_as_the_whole_one() {
    let suite = Suite::shipped().unwrap();
    let schema = SchemaParts::embedded().unwrap();
    let policies = Policies::shipped().unwrap().sliced(&schema);
    let mut about = 0;
    for case in &suite.cases {
        let (action, resource) = (case.request.action().unwrap(), case.request.resource().unwrap());
        let store = suite
            .register
            .store_about(action, resource, Vec::new(), &case.seeds)
            .unwrap();
        let whole = suite.store(case).unwrap();
        let ask = |store: &Entities| Outcome::of(&policies, &case.request, store, case.now);
        assert_eq!(ask(&store), ask(&whole), "{}", case.id);
        // All that lies above is there, as Cedar itself finds it.
        let again = Entities::from_entities(whole.iter().cloned(), None).unwrap();
        for entity in store.iter() {
            let above = |store: &Entities| -> BTreeSet<EntityUid> {
                store.ancestors(&entity.uid()).into_iter().flatten().cloned().collect()
            };
            assert_eq!(above(&store), above(&again), "{}", entity.uid());
            about += 1;
        }
    }
    assert!(about > 1_000, "{about}");
}

#[test]
fn only_a_condition_that_looks_above_a_named_action_asks_for_all_of_them() {
    let reads = |text: &str| {
        let snapshot = || {
            let trust = visa_verifier::TrustPolicy::new(Vec::new(), Vec::new()).unwrap();
            let mut snapshot = crate::snapshot::Snapshot::empty(1, Timestamp::from_unix(0), "n", trust);
            let text = format!("@id(\"t\") @reason(\"r\") @code(\"c.c\") @remedy(\"m\")\n{text}");
            let name = "t.cedar".to_owned();
            snapshot.policies = vec![crate::snapshot::PolicyText { name, text }];
            snapshot
        };
        Policies::of(&snapshot(), &SchemaParts::embedded().unwrap())
            .unwrap()
            .reads_actions()
    };
    let cases = [
        ("true", false),
        (r#"action == Visum::Action::"tes:create""#, false),
        (r#"action in Visum::Action::"data""#, false),
        (r#"Visum::Action::"drs:stream" in Visum::Action::"data""#, true),
    ];
    for (text, expected) in cases {
        let policy = format!(
            "forbid (principal is Visum::Researcher, action, resource) when {{ principal.suspended && ({text}) }};"
        );
        assert_eq!(reads(&policy), expected, "{text}");
    }
}

#[test]
fn a_store_with_a_hole_denies() {
    let suite = Suite::shipped().unwrap();
    let policies = Policies::shipped().unwrap();
    assert_eq!(suite.holes.len(), 12);
    let mut opened = 0;
    for hole in &suite.holes {
        let case = &suite.cases[hole.case];
        let gone = &hole.drop;
        let register = suite.register.without(gone);
        let found = ask_in(&policies, &register, case);
        assert!(!found.allow && found.error.is_some(), "{} without {gone}", case.id);
        // The negative control: Cedar by itself opens where the case says so, so that the guard is no decoration.
        let store = register.everything().unwrap();
        let alone = cedar_alone(&policies, &case.request, &store, case.now);
        assert_eq!(Some(alone.0), hole.cedar_alone.map(Word::allows), "{}", case.id);
        if alone.0 {
            opened += 1;
            assert!(alone.1 > 0, "{}: an error shows it", case.id);
        }
    }
    assert_eq!(opened, 9);
}

#[test]
fn a_case_files_holes_are_asked_and_a_wrong_one_fails() {
    let shipped = Suite::shipped().unwrap();
    let policies = Policies::shipped().unwrap();
    let file = |change: &dyn Fn(&mut Value)| {
        let mut file: Value = serde_json::from_str(include_str!("../../policies/cases.json")).unwrap();
        change(&mut file);
        Suite::parse("c.json", &file.to_string())
    };
    let holes = |suite: Suite| {
        let report = run(&policies, &[suite], &shipped);
        let found = report.results.iter().filter(|result| result.case.contains(" without "));
        let failed: Vec<String> = found
            .clone()
            .filter(|one| !one.passed)
            .map(|one| one.case.clone())
            .collect();
        (found.count(), failed, report.passed())
    };
    assert_eq!(holes(file(&|_| ()).unwrap()), (12, Vec::new(), true));
    let first = |member: &'static str, value: Value| {
        move |file: &mut Value| file["missing_entity"]["cases"][0][member] = value.clone()
    };
    let named = vec!["compute-node-uncertified without Visum::Service::\"node-plain\"".to_owned()];
    for (member, word) in [("engine", "allow"), ("cedar_alone", "deny")] {
        let found = holes(file(&first(member, word.into())).unwrap());
        assert_eq!(found, (12, named.clone(), false), "{member}");
    }
    // What the question does not reach can be missing: then the answer is the policies', and the hole shows nothing.
    let elsewhere = serde_json::json!({ "type": "Visum::Researcher", "id": "olga" });
    assert_eq!(holes(file(&first("drop", elsewhere)).unwrap()).1.len(), 1);
    let nobody = serde_json::json!({ "type": "Visum::Researcher", "id": "nobody" });
    for (member, value) in [
        ("drop", nobody),
        ("case", "none".into()),
        ("engine", "maybe".into()),
        ("x", 1.into()),
    ] {
        let refused = file(&first(member, value)).unwrap_err();
        assert_eq!(refused.code, "bundle.test", "{member}");
        assert!(refused.what.contains("missing_entity.cases[0]"), "{}", refused.what);
    }
}

fn cedar_alone(policies: &Policies, request: &Request, store: &Entities, now: Timestamp) -> (bool, usize) {
    let answer = policies.ask(request, store, now);
    (answer.allow, answer.errors.len())
}

#[test]
fn taking_any_entity_away_never_turns_a_denial_into_a_permit() {
    let suite = Suite::shipped().unwrap();
    let policies = Policies::shipped().unwrap();
    let names: Vec<EntityUid> = suite
        .register
        .everything()
        .unwrap()
        .iter()
        .map(|entity| entity.uid())
        .collect();
    let holed: HashMap<EntityUid, Register> = names
        .into_iter()
        .map(|gone| (gone.clone(), suite.register.without(&gone)))
        .collect();
    let mut asked = 0;
    for case in &suite.cases {
        if case.expect.decision.allows() || !case.links.is_empty() {
            continue;
        }
        // Only what the question can reach may matter.
        let reach = suite.store(case).unwrap();
        for (gone, register) in holed.iter().filter(|(gone, _)| reach.get(gone).is_some()) {
            assert!(!ask_in(&policies, register, case).allow, "{} without {gone}", case.id);
            asked += 1;
        }
    }
    assert!(asked > 500, "{asked}");
}

#[test]
fn templates_link_and_validate() {
    let schema = SchemaParts::embedded().unwrap();
    let name = |kind: &str, id: &str| Some(crate::EntityName::new(format!("Visum::{kind}"), id));
    let links = [
        ("group-dataset", name("Group", "g"), name("Dataset", "d")),
        ("compute-only-collection", None, name("Collection", "c")),
        ("internal-network-only", None, name("Dac", "d")),
        ("no-commercial", None, name("Collection", "c")),
        ("sender-constrained", None, name("Dataset", "d")),
        ("embargo-person", name("Researcher", "r"), name("Dac", "d")),
        ("fresh-affiliation", None, name("Dataset", "d")),
        ("approved-images", None, name("Image", "i")),
        (
            "storage-for-group",
            name("Group", "g"),
            name("StorageLocation", "s3://x/"),
        ),
        ("certified-tool", None, name("Image", "i")),
    ];
    let mut policies = Policies::shipped().unwrap();
    let count = policies
        .notes()
        .filter(|note| note.id.starts_with("visum.template."))
        .count();
    assert_eq!(count, links.len());
    for (template, principal, resource) in links {
        let link = TemplateLink {
            template: format!("visum.template.{template}"),
            id: format!("link.{template}"),
            principal,
            resource,
            reason: None,
        };
        policies.link(&link).unwrap();
        assert!(
            policies.note(&link.id).is_some_and(|note| !note.reason.is_empty()),
            "{template}"
        );
        assert_eq!(
            policies.link(&link).unwrap_err().code(),
            "bundle.policy_id",
            "an id is taken once"
        );
    }
    assert_eq!(policies.faults(&schema), []);
    let missing = TemplateLink {
        template: "visum.template.none".into(),
        id: "x".into(),
        principal: None,
        resource: None,
        reason: None,
    };
    assert_eq!(policies.link(&missing).unwrap_err().code(), "bundle.link");
    let short = TemplateLink {
        template: "visum.template.no-commercial".into(),
        id: "x".into(),
        principal: None,
        resource: None,
        reason: None,
    };
    assert_eq!(
        policies.link(&short).unwrap_err().code(),
        "bundle.link",
        "an unfilled slot"
    );
}

#[test]
fn the_shipped_policies_fit_the_schema_without_a_warning() {
    let schema = SchemaParts::embedded().unwrap();
    let policies = Policies::shipped().unwrap();
    assert_eq!(policies.faults(&schema), []);
    let baseline = policies.notes().filter(|note| note.id.starts_with("visum.baseline."));
    assert_eq!(baseline.filter(|note| note.forbids).count(), 33);
    assert_eq!(
        policies
            .notes()
            .filter(|note| note.id.starts_with("visum.standard."))
            .count(),
        46
    );
}
