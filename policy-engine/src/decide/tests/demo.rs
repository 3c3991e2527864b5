//! The demo's tour, step by step (specs/demo.md).

use visa_verifier::VisaType;

use super::node::*;
use crate::{
    consent::{ConsentHold, HoldKind, HoldScope, PurposeBasis, ResearchPurpose, Verdict, VouchedBy},
    decide::{DutyKind, Engine},
    intent::{Action, Image, StorageUrl},
    snapshot::{HoldOrigin, HoldRecord},
};

fn codes(decision: &crate::decide::Decision) -> Vec<&str> {
    decision.reasons().iter().map(|reason| reason.code.as_str()).collect()
}

#[test]
fn step_2_a_foreign_grant_opens_with_an_attested_purpose_only() {
    let engine = engine();
    // Said, by default, and nowhere recorded: consent permits, no rule does.
    let mut said = session(1);
    said.default_purpose = Some(purpose());
    let before = engine.decide(&person("ada", ada_visas(), said.clone(), &engine), &read("b1"), now());
    assert!(!before.allow());
    assert_eq!(codes(&before), ["policy.no_rule_permits"]);
    assert!(
        before.reasons()[0]
            .remedy
            .contains("a purpose bound by it or attested in the broker")
    );
    // Nothing said at all: consent asks what for.
    let silent = engine.decide(&ada(&engine), &read("b1"), now());
    assert_eq!(codes(&silent), ["consent.purpose_unstated"]);
    // Attested at the broker for this dataset.
    let mut visas = ada_visas();
    let b = visas[3].clone();
    visas.push(purpose_visa(&b, VouchedBy::Own, breast_cancer()));
    let after = engine.decide(&person("ada", visas, session(1), &engine), &read("b1"), now());
    assert_eq!(codes(&after), [""; 0]);
    assert!(after.allow());
    assert_eq!(after.consent()[0].basis, PurposeBasis::Attested);
}

fn purpose() -> ResearchPurpose {
    serde_json::from_value(serde_json::json!({
        "categories": ["disease"], "diseases": ["MONDO:0007254"], "commercial": false,
        "project": "P1", "institution": UNI
    }))
    .unwrap()
}

#[test]
fn step_3_ada_reads_a_under_her_bound_grant() {
    let engine = engine();
    let facts = ada(&engine);
    let decision = engine.decide(&facts, &read("a1"), now());
    assert_eq!(codes(&decision), [""; 0]);
    assert!(decision.allow() && !decision.hidden());
    assert_eq!(decision.policies(), ["visum.standard.controlled-data"]);
    assert_eq!(
        decision.grounds()[0].sentence,
        "A valid grant from the dataset's committee covers this use."
    );
    assert_eq!(
        (decision.consent()[0].verdict, decision.consent()[0].basis),
        (Verdict::Permit, PurposeBasis::Bound)
    );
    assert_eq!(decision.purpose(), Some(&purpose()));
    // The token ends before grant and affiliation.
    assert_eq!(decision.valid_until(), at("2026-11-22T13:00:00Z"));
    let duties: Vec<DutyKind> = decision.duties().iter().map(|duty| duty.kind).collect();
    for kind in [
        DutyKind::CapabilityUrl,
        DutyKind::TerminateOnRevocation,
        DutyKind::RecordBytes,
    ] {
        assert!(duties.contains(&kind), "{kind:?}");
    }
    let rests = decision.rests_on();
    assert!(rests.datasets.contains(&dataset_id("A")) && rests.sources.contains(DAC));
    assert!(rests.visa_ids.contains(&format!("jti:{}", dataset_id("A"))));
    assert_eq!(decision.reads()[0].datasets, [dataset_id("A")]);
    assert!(decision.reads()[0].allow);
}

#[test]
fn what_was_let_by_for_a_visa_stands_with_the_decision_that_rests_on_it() {
    let engine = engine();
    let mut visas = ada_visas();
    let before = engine.decide(&person("ada", visas.clone(), session(1), &engine), &read("a1"), now());
    assert!(before.rests_on().let_by.is_empty());
    for visa in &mut visas {
        visa.let_by = vec!["stale_keys".to_owned(), "bare_values".to_owned()];
    }
    let after = engine.decide(&person("ada", visas, session(1), &engine), &read("a1"), now());
    let rests = after.rests_on();
    let marked: Vec<String> = rests
        .visas
        .iter()
        .map(|digest| format!("stale_keys+bare_values:{digest}"))
        .collect();
    assert!(after.allow() && !marked.is_empty());
    assert_eq!(
        rests.let_by.iter().cloned().collect::<Vec<_>>(),
        marked,
        "those that it rests on, and no others"
    );
}

#[test]
fn step_4_d_is_denied_since_its_label_does_not_cover_the_disease() {
    let engine = engine();
    let mut visas = ada_visas();
    let d = visas[4].clone();
    visas.push(purpose_visa(&d, VouchedBy::Own, breast_cancer()));
    let decision = engine.decide(&person("ada", visas, session(1), &engine), &read("d1"), now());
    assert_eq!(codes(&decision), ["consent.disease_not_covered"]);
    let reason = &decision.reasons()[0];
    assert_eq!(reason.dataset.as_deref(), Some(dataset_id("D").as_str()));
    assert!(!reason.remedy.is_empty() && reason.term.as_deref() == Some("DUO:0000007"));
}

#[test]
fn step_5_a_task_on_a_is_permitted_whole() {
    let engine = engine();
    let decision = engine.decide(&ada(&engine), &task(&["a1", "a2"], OUTPUT), now());
    assert_eq!(codes(&decision), [""; 0]);
    assert!(decision.allow());
    let actions: Vec<Action> = decision.answers().iter().map(|answer| answer.action).collect();
    assert_eq!(
        actions,
        [
            Action::TesUseInput,
            Action::TesCreate,
            Action::TesRunImage,
            Action::WriteOutput
        ]
    );
    let stamps = decision.duties().iter().any(|duty| duty.kind == DutyKind::StampOwner);
    assert!(stamps);
}

#[test]
fn step_5_each_part_of_a_task_can_deny_it() {
    let engine = engine();
    let good = || task(&["a1"], OUTPUT);
    let sink = |text: &str| {
        let mut intent = task(&["a1"], OUTPUT);
        intent.writes[0].url = StorageUrl::parse(text).unwrap();
        intent
    };
    let mut tag = good();
    tag.runs = vec![Image::parse("ubuntu:latest").unwrap()];
    let mut unknown = good();
    unknown.read(local("zz"), "inputs[1].url").unwrap();
    let mut opaque = good();
    opaque.opaque = true;
    let mut unseen = good();
    unseen.body_seen = false;
    let mut elsewhere = good();
    elsewhere.service = Some("https://nowhere.example".to_owned());
    let mut walled = good();
    walled.project = Some("somebody-elses".to_owned());
    let cases = [
        ("an image by tag", tag, "policy.image_not_pinned"),
        ("an object that nobody knows", unknown, "catalogue.unmapped"),
        ("opaque", opaque, "policy.opaque"),
        ("a body that nobody saw", unseen, "policy.body_not_seen"),
        ("a service that nobody knows", elsewhere, "policy.engine_error"),
        ("a project of others", walled, "policy.not_in_project"),
        (
            "a sink that is not mapped",
            sink("s3://elsewhere/x"),
            "catalogue.sink_unmapped",
        ),
        (
            "a neighbour of the sink",
            sink("file:///demo/outputs/university/x"),
            "catalogue.sink_unmapped",
        ),
    ];
    for (name, intent, code) in cases {
        let decision = engine.decide(&ada(&engine), &intent, now());
        assert!(!decision.allow(), "{name}");
        assert!(codes(&decision).contains(&code), "{name}: {:?}", codes(&decision));
    }
}

#[test]
fn step_6_one_input_of_c_denies_the_whole_task_and_names_c() {
    let engine = engine();
    let decision = engine.decide(&ada(&engine), &task(&["a1", "c1"], OUTPUT), now());
    assert!(!decision.allow());
    assert_eq!(decision.code(), Some("consent.approval_missing"));
    assert_eq!(decision.reasons()[0].dataset.as_deref(), Some(dataset_id("C").as_str()));
    let open: Vec<bool> = decision.reads().iter().map(|read| read.allow).collect();
    assert_eq!(open, [true, false], "each read is told by itself");
    assert_eq!(decision.obligations(), []);
    assert_eq!(decision.duties(), []);
}

#[test]
fn step_7_with_a_grant_for_c_the_same_task_runs() {
    let engine = engine();
    let mut visas = ada_visas();
    let c = grant("C", BROKER, DAC);
    visas.push(purpose_visa(&c, VouchedBy::Dac, breast_cancer()));
    visas.push(c);
    let decision = engine.decide(
        &person("ada", visas, session(1), &engine),
        &task(&["a1", "c1"], OUTPUT),
        now(),
    );
    assert_eq!(codes(&decision), [""; 0]);
    assert!(decision.allow());
}

#[test]
fn step_8_a_run_of_a_pinned_workflow_is_judged_for_all_its_data() {
    let engine = engine();
    let mut intent = task(&["a1", "a2"], OUTPUT);
    intent.action = Action::WesCreate;
    intent.tool = Some(crate::intent::ToolRef {
        id: "sha256:00".to_owned(),
        pinned: true,
        public: false,
        within: Vec::new(),
    });
    let permitted = engine.decide(&ada(&engine), &intent, now());
    assert_eq!(codes(&permitted), [""; 0]);
    assert!(permitted.duties().iter().any(|duty| duty.kind == DutyKind::PinWorkflow));
    intent.tool.as_mut().unwrap().pinned = false;
    assert!(!engine.decide(&ada(&engine), &intent, now()).allow());
    intent.tool = None;
    assert_eq!(
        codes(&engine.decide(&ada(&engine), &intent, now())),
        ["policy.no_workflow"]
    );
}

/// A participant of A withdraws.
fn withdrawn(person: &str) -> Engine {
    let mut snapshot = snapshot();
    snapshot.version = 2;
    let hold = ConsentHold::new(
        name("hold-1"),
        HoldKind::Withdrawn,
        HoldScope::Participant,
        Some(name(person)),
        now(),
        None,
    );
    snapshot.holds = vec![HoldRecord {
        dataset: dataset_id("A"),
        hold: hold.unwrap(),
        origin: HoldOrigin::Committee(DAC.to_owned()),
    }];
    Engine::load(snapshot).unwrap()
}

#[test]
fn step_9_a_withdrawal_reads_as_a_hold_and_nothing_more() {
    let before = engine();
    let facts = ada(&before);
    let engine = withdrawn("p1");
    let decision = engine.decide(&facts, &read("a1"), now());
    assert_eq!(codes(&decision), ["consent.hold"]);
    let shown = serde_json::to_string(decision.reasons()).unwrap();
    assert!(!shown.contains("withdr") && !shown.contains("p1"), "{shown}");
    assert_eq!(
        decision.consent()[0].codes,
        ["consent.hold_withdrawn"],
        "the log has the exact code"
    );
    // An object without this participant stays open, and so it was a moment before.
    assert!(engine.decide(&facts, &read("a2"), now()).allow());
    assert!(before.decide(&facts, &read("a1"), now()).allow());
}

#[test]
fn step_9_running_work_ends_when_what_it_rests_on_goes() {
    let before = engine();
    let facts = ada(&before);
    let decision = before.decide(&facts, &task(&["a1"], OUTPUT), now());
    let kept = facts.keep(&decision).unwrap();
    let stored = serde_json::to_string(&kept).unwrap();
    let kept: crate::decide::KeptFacts = serde_json::from_str(&stored).unwrap();
    let item = super::work::item(&["A"]);
    // Later than the token's end: the work stands on grant and affiliation.
    let later = at("2026-11-23T12:00:00Z");
    let read = [local("a1")];
    let running = before.stream_kept(&kept, &item, &read, later);
    assert_eq!(codes(&running), [""; 0]);
    assert!(running.allow());
    assert_eq!(
        codes(&withdrawn("p1").stream_kept(&kept, &item, &read, later)),
        ["consent.hold"]
    );
    let mut revoked = snapshot();
    revoked.version = 3;
    revoked.revocations.visas.insert(format!("jti:{}", dataset_id("A")));
    let revoked = Engine::load(revoked).unwrap();
    assert_eq!(
        revoked.stream_kept(&kept, &item, &read, later).code(),
        Some("consent.approval_missing")
    );
    let foreign = [local("b1")];
    let other = before.stream_kept(&kept, &item, &foreign, later);
    assert!(codes(&other).contains(&"policy.not_an_input"), "{:?}", codes(&other));
}

#[test]
fn visas_of_an_issuer_that_is_trusted_no_more_count_for_nothing() {
    let before = engine();
    let facts = ada(&before);
    let mut changed = snapshot();
    changed.version = 2;
    changed.trust.refuse(BROKER.parse().unwrap());
    let decision = Engine::load(changed).unwrap().decide(&facts, &read("a1"), now());
    assert_eq!(decision.code(), Some("consent.approval_missing"));
    assert_eq!(
        facts
            .visas()
            .iter()
            .filter(|visa| visa.kind == VisaType::ControlledAccessGrants)
            .count(),
        3
    );
}

#[test]
fn work_of_a_session_is_bound_by_all_that_the_session_may_reach() {
    let engine = engine();
    let scope = |kind, letters: &[&str], running| crate::intent::SessionScope {
        kind,
        id: "session-1".to_owned(),
        datasets: letters.iter().map(|letter| dataset_id(letter)).collect(),
        expires: at("2026-11-22T12:30:00Z"),
        running,
    };
    use crate::intent::ScopeKind::{Run, Session};
    let mut open = task(&[], OUTPUT);
    open.opaque = true;
    let decide = |change: &dyn Fn(&mut crate::intent::Intent)| {
        let mut intent = open.clone();
        change(&mut intent);
        engine.decide(&ada(&engine), &intent, now())
    };
    let permitted = decide(&|intent| intent.session = Some(scope(Session, &["A"], true)));
    assert_eq!(codes(&permitted), [""; 0]);
    assert_eq!(
        permitted.valid_until(),
        at("2026-11-22T12:30:00Z"),
        "it ends with the session"
    );
    let tagged = decide(&|intent| {
        intent.session = Some(scope(Session, &["A"], true));
        intent.runs = vec![Image::parse("ubuntu:1").unwrap()];
    });
    assert!(
        codes(&tagged).contains(&"policy.image_not_pinned"),
        "controlled data are in reach"
    );
    let other = decide(&|intent| {
        intent.session = Some(scope(Session, &["A"], true));
        intent.read(local("c1"), "").unwrap();
    });
    assert!(codes(&other).contains(&"policy.not_in_session"));
    // A run's own credential: inputs are the run's, and outputs go nowhere but inside a secure environment.
    let run = decide(&|intent| {
        intent.opaque = false;
        intent.session = Some(scope(Run, &["A"], true));
        intent.read(local("a1"), "").unwrap();
        intent.writes.clear();
    });
    assert_eq!(codes(&run), [""; 0]);
    assert!(run.policies().contains(&"visum.standard.run-inputs".to_owned()));
    let paused = decide(&|intent| {
        intent.opaque = false;
        intent.session = Some(scope(Run, &["A"], false));
        intent.read(local("a1"), "").unwrap();
        intent.writes.clear();
    });
    assert!(codes(&paused).contains(&"policy.not_an_input"));
}
