//! Denials that must never be forgotten: bars, stops, unknown data, what is not shown, errors, ends.

use std::collections::BTreeSet;

use visa_verifier::VisaType;

use super::node::*;
use crate::{
    consent::{Narrowing, VouchedBy},
    decide::{Current, Engine, Facts},
    intent::{Action, DataRef, Intent, ObjectRef, StorageUrl},
    snapshot::{Bar, BarKind, DatasetMode, HoldOrigin, HoldRecord, Snapshot},
};

fn changed(change: impl FnOnce(&mut Snapshot)) -> Engine {
    let mut snapshot = snapshot();
    snapshot.version = 2;
    change(&mut snapshot);
    Engine::load(snapshot).unwrap()
}

fn code(engine: &Engine, intent: &Intent) -> Option<String> {
    let decision = engine.decide(&ada(engine), intent, now());
    assert_eq!(decision.allow(), decision.reasons().is_empty());
    assert!(decision.valid_until() > now());
    decision.code().map(str::to_owned)
}

#[test]
fn each_bar_and_stop_closes_what_was_open() {
    let digest = |snapshot: &Snapshot, sub: &str| snapshot.person(&identity(sub));
    assert_eq!(code(&engine(), &read("a1")), None, "open before");
    type Change = fn(&mut Snapshot);
    let cases: [(&str, Change, &str); 8] = [
        ("all stops", |s| s.stop.all = true, "policy.lockdown"),
        (
            "the dataset stops",
            |s| assert!(s.stop.datasets.insert(dataset_id("A"))),
            "policy.lockdown",
        ),
        (
            "the issuer stops",
            |s| assert!(s.stop.issuers.insert(BROKER.to_owned())),
            "policy.lockdown",
        ),
        (
            "the person stops",
            |s| assert!(s.stop.persons.insert(s.person(&identity("ada")))),
            "policy.lockdown",
        ),
        (
            "the visa is revoked",
            |s| assert!(s.revocations.visas.insert(format!("jti:{}", dataset_id("A")))),
            "consent.approval_missing",
        ),
        (
            "the class of login is raised",
            |s| s.datasets[0].min_authn = 2,
            "policy.step_up",
        ),
        (
            "the identity is to be better",
            |s| s.datasets[0].min_identity = 3,
            "policy.identity_assurance",
        ),
        (
            "compute only",
            |s| s.datasets[0].mode = DatasetMode::ComputeOnly,
            "policy.compute_only",
        ),
    ];
    for (name, change, expected) in cases {
        assert_eq!(code(&changed(change), &read("a1")).as_deref(), Some(expected), "{name}");
    }
    // A bar reaches a person by an identity that is not presented.
    let barred = changed(|s| {
        s.persons = vec![BTreeSet::from([digest(s, "ada"), digest(s, "ada-elsewhere")])];
        s.bars = vec![Bar {
            person: digest(s, "ada-elsewhere"),
            kind: BarKind::Suspended,
            until: None,
        }];
    });
    assert_eq!(code(&barred, &read("a1")).as_deref(), Some("policy.suspended"));
    let over = changed(|s| {
        s.bars = vec![Bar {
            person: digest(s, "ada"),
            kind: BarKind::Suspended,
            until: Some(now()),
        }]
    });
    assert_eq!(code(&over, &read("a1")), None, "a bar that is over");
}

#[test]
fn what_is_not_mapped_is_denied_and_named() {
    let engine = engine();
    let cases = [
        ("an unknown id", local("nothing")),
        (
            "another host",
            DataRef::Object(ObjectRef::parse("drs://elsewhere.example/a1").unwrap()),
        ),
        (
            "a compact id",
            DataRef::Object(ObjectRef::parse("drs://dg.4503:a1").unwrap()),
        ),
        (
            "storage",
            DataRef::Storage(StorageUrl::parse("s3://bucket/a1").unwrap()),
        ),
        ("a dataset", DataRef::Dataset(dataset_id("X"))),
    ];
    for (name, data) in cases {
        let mut intent = Intent::new(Action::DrsAccessUrl);
        intent.read(data.clone(), "").unwrap();
        let decision = engine.decide(&ada(&engine), &intent, now());
        assert_eq!(decision.code(), Some("catalogue.unmapped"), "{name}");
        assert!(decision.reasons()[0].sentence.contains(&data.to_string()), "{name}");
        assert!(decision.hidden(), "{name}");
    }
    let mut ours = Intent::new(Action::DrsAccessUrl);
    ours.read(
        DataRef::Object(ObjectRef::parse("drs://drs.example.org/a1").unwrap()),
        "",
    )
    .unwrap();
    assert!(engine.decide(&ada(&engine), &ours, now()).allow(), "our own host is us");
}

#[test]
fn a_dataset_that_one_may_not_know_of_reads_as_an_unknown_one() {
    let engine = changed(|s| s.datasets.iter_mut().for_each(|record| record.discoverable = false));
    let unknown = engine.decide(&ada(&engine), &read("nothing"), now());
    let hidden = engine.decide(&ada(&engine), &read("c1"), now());
    assert_eq!(hidden.code(), Some("catalogue.unmapped"));
    let text = |decision: &crate::decide::Decision| {
        serde_json::to_string(&(decision.reasons(), decision.consent(), decision.hidden())).unwrap()
    };
    assert_eq!(text(&hidden).replace("c1", "nothing"), text(&unknown));
    assert_eq!(hidden.rests_on().datasets, BTreeSet::new());
    assert!(
        engine.decide(&ada(&engine), &read("a1"), now()).allow(),
        "a grant shows it"
    );
    let mut described = read("c1");
    described.action = Action::DrsDescribe;
    assert!(!engine.decide(&ada(&engine), &described, now()).allow());
    assert!(
        !engine.decide(&dan(&engine), &described, now()).hidden(),
        "its committee knows of it"
    );
}

#[test]
fn a_description_is_no_use_of_data_and_needs_no_grant() {
    let engine = engine();
    let mut intent = read("c1");
    intent.action = Action::DrsDescribe;
    let decision = engine.decide(&ada(&engine), &intent, now());
    assert!(decision.allow(), "{:?}", decision.reasons());
    assert_eq!(decision.policies(), ["visum.standard.describe"]);
}

#[test]
fn an_empty_or_foreign_request_is_no_permit() {
    let engine = engine();
    assert_eq!(
        code(&engine, &Intent::new(Action::DrsAccessUrl)).as_deref(),
        Some("policy.nothing_asked")
    );
    for action in [
        Action::GrantDecide,
        Action::TesRead,
        Action::AuditRead,
        Action::WriteOutput,
    ] {
        assert_eq!(
            code(&engine, &Intent::new(action)).as_deref(),
            Some("policy.nothing_asked"),
            "{action}"
        );
    }
    let mut dead = session(1);
    dead.token_expires = now();
    let decision = engine.decide(&person("ada", ada_visas(), dead, &engine), &read("a1"), now());
    assert_eq!(decision.code(), Some("policy.facts_expired"));
}

#[test]
fn a_permit_ends_with_the_first_thing_that_it_rests_on() {
    let engine = engine();
    let mut long = session(1);
    long.token_expires = at("2030-01-01T00:00:00Z");
    let end = |visas| {
        let decision = engine.decide(&person("ada", visas, long.clone(), &engine), &read("a1"), now());
        assert!(decision.allow(), "{:?}", decision.reasons());
        decision.valid_until()
    };
    assert_eq!(end(ada_visas()), at("2027-03-01T00:00:00Z"), "the affiliation");
    let mut short = ada_visas();
    short[1].expires = at("2027-01-01T00:00:00Z");
    assert_eq!(end(short), at("2027-01-01T00:00:00Z"), "the purpose visa");
    let mut no_house = ada_visas();
    no_house.remove(0);
    assert_eq!(end(no_house), at("2027-06-01T00:00:00Z"), "the grant");
}

#[test]
fn the_header_narrows_and_never_widens() {
    let engine = engine();
    let with = |json: &str| {
        let mut session = session(1);
        session.narrow = Some(Narrowing::from_json(json.as_bytes()).unwrap());
        engine.decide(&person("ada", ada_visas(), session, &engine), &read("a1"), now())
    };
    assert!(with(r#"{"categories":["disease"],"diseases":["MONDO:0007254"]}"#).allow());
    let wider = with(r#"{"categories":["disease","ancestry"]}"#);
    assert_eq!(wider.code(), Some("consent.input_invalid"));
}

#[test]
fn purpose_visas_count_beside_their_grant_only_and_say_no_more_than_they_may() {
    let engine = engine();
    let a = grant("A", BROKER, DAC);
    let stray = purpose_visa(&a, VouchedBy::Dac, breast_cancer());
    let mut other_time = stray.clone();
    other_time.asserted = at("2026-09-01T00:00:00Z");
    let mut foreign = stray.clone();
    foreign.issuer = FOREIGN.to_owned();
    let mut settles = breast_cancer();
    settles["settles"] = serde_json::json!(["*"]);
    let mut typo = breast_cancer();
    typo["purpose"]["deseases"] = serde_json::json!([]);
    let cases = [
        ("by itself", vec![stray.clone()]),
        ("of another moment", vec![other_time, a.clone()]),
        ("of another issuer's type", vec![foreign, a.clone()]),
        (
            "the person settles",
            vec![purpose_visa(&a, VouchedBy::Own, settles), a.clone()],
        ),
        (
            "an unknown member",
            vec![purpose_visa(&a, VouchedBy::Dac, typo), a.clone()],
        ),
        (
            "a peer speaks",
            vec![purpose_visa(&a, VouchedBy::Peer, breast_cancer()), a.clone()],
        ),
    ];
    for (name, mut visas) in cases {
        visas.push(affiliation(UNI, "uni.example.org"));
        assert!(
            !engine
                .decide(&person("ada", visas, session(1), &engine), &read("a1"), now())
                .allow(),
            "{name}"
        );
    }
    let visas = vec![stray, a];
    assert!(
        engine
            .decide(&person("ada", visas, session(1), &engine), &read("a1"), now())
            .allow(),
        "both together"
    );
}

#[test]
fn a_grant_of_somebody_else_or_of_another_committee_opens_nothing() {
    let engine = engine();
    let wrong = grant("A", BROKER, "https://other.example/dac");
    let visas = vec![purpose_visa(&wrong, VouchedBy::Dac, breast_cancer()), wrong];
    let decision = engine.decide(&person("ada", visas, session(1), &engine), &read("a1"), now());
    assert_eq!(decision.code(), Some("consent.approval_source_untrusted"));
    let visas = vec![visa(
        VisaType::ControlledAccessGrants,
        BROKER,
        &dataset_id("B"),
        DAC,
        VouchedBy::Dac,
    )];
    let decision = engine.decide(&person("ada", visas, session(1), &engine), &read("a1"), now());
    assert_eq!(decision.code(), Some("consent.approval_missing"));
}

#[test]
fn services_are_known_by_the_register_or_denied() {
    let engine = changed(|s| {
        let mut hub = s.services[0].clone();
        hub.id = "consent-hub".to_owned();
        hub.roles = BTreeSet::from(["consent-service".to_owned()]);
        s.services.push(hub);
    });
    let place = crate::decide::GovernQuestion::HoldPlace {
        dataset: dataset_id("A"),
    };
    let ask = |id: &str| {
        let facts = Facts::service(id, &session(0), engine.snapshot());
        engine.govern(&facts, &place, now())
    };
    assert!(ask("consent-hub").allow());
    assert!(!ask(NODE).allow(), "a service without the role");
    assert!(ask("unknown").engine_error(), "a service that is not in the register");
}

#[test]
fn snapshots_that_do_not_hold_together_are_refused() {
    type Change = fn(&mut Snapshot);
    let cases: [(&str, Change, &str); 9] = [
        (
            "a node that is no service",
            |s| s.node = "x".to_owned(),
            "bundle.record",
        ),
        (
            "a committee that is not there",
            |s| s.datasets[0].dac = "x".to_owned(),
            "bundle.record",
        ),
        (
            "a country that is none",
            |s| s.institutions[0].country = "XX".to_owned(),
            "bundle.record",
        ),
        (
            "two datasets of one id",
            |s| s.datasets.push(s.datasets[0].clone()),
            "bundle.record",
        ),
        ("a role in no committee", |s| s.committees.clear(), "bundle.record"),
        ("objects of no dataset", |s| drop(s.datasets.remove(3)), "bundle.record"),
        (
            "a hold on no dataset",
            |s| {
                s.holds = vec![HoldRecord {
                    dataset: "x".to_owned(),
                    hold: serde_json::from_str(
                        r#"{"id":"h","kind":"withdrawn","scope":"dataset","from":"2026-01-01T00:00:00Z"}"#,
                    )
                    .unwrap(),
                    origin: HoldOrigin::Committee(DAC.to_owned()),
                }]
            },
            "bundle.record",
        ),
        (
            "a policy that does not parse",
            |s| {
                s.policies = vec![crate::snapshot::PolicyText {
                    name: "x".to_owned(),
                    text: "permit".to_owned(),
                }]
            },
            "bundle.parse",
        ),
        (
            "a shipped policy under its own id",
            |s| {
                s.policies = vec![crate::snapshot::PolicyText {
                    name: "x".to_owned(),
                    text: crate::policy::BASELINE.to_owned(),
                }]
            },
            "bundle.policy_id",
        ),
    ];
    for (name, change, code) in cases {
        let mut snapshot = snapshot();
        change(&mut snapshot);
        assert_eq!(
            Engine::load(snapshot).err().map(|error| error.code()),
            Some(code),
            "{name}"
        );
    }
}

#[test]
fn nothing_that_an_administrator_permits_undoes_the_baseline() {
    let all = "@id(\"own.all\") @reason(\"All.\") @needs(\"nothing\") permit (principal, action, resource);";
    let engine = changed(|s| {
        s.policies = vec![crate::snapshot::PolicyText {
            name: "own".to_owned(),
            text: all.to_owned(),
        }];
    });
    assert_eq!(code(&engine, &read("a1")), None);
    assert_eq!(code(&engine, &read("c1")).as_deref(), Some("consent.approval_missing"));
    let facts = person("eve", Vec::new(), session(2), &engine);
    assert!(
        !engine
            .work(&facts, Action::TesReadLogs, &super::work::item(&["A"]), now())
            .allow()
    );
    assert_eq!(engine.baseline_digest(), crate::policy::baseline_digest());
}

#[test]
fn snapshots_are_swapped_whole_and_only_forward() {
    let current = Current::open(snapshot()).unwrap();
    let told = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let seen = std::sync::Arc::clone(&told);
    current.on_change(move |engine| seen.store(engine.snapshot().version, std::sync::atomic::Ordering::SeqCst));
    let first = current.load();
    assert_eq!(current.replace(snapshot()).unwrap_err().code(), "bundle.older_version");
    let mut broken = snapshot();
    broken.version = 2;
    broken.node = "x".to_owned();
    assert!(current.replace(broken).is_err());
    assert!(
        current.is_current(&first),
        "a snapshot that can't be loaded changes nothing"
    );
    let mut next = snapshot();
    next.version = 2;
    next.stop.all = true;
    current.replace(next).unwrap();
    assert!(!current.is_current(&first));
    assert_eq!(told.load(std::sync::atomic::Ordering::SeqCst), 2);
    let facts = ada(&first);
    assert!(first.decide(&facts, &read("a1"), now()).allow());
    assert!(
        !current.load().decide(&facts, &read("a1"), now()).allow(),
        "the same facts on the newer one"
    );
}
