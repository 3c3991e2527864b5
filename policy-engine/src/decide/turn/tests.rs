//! What is promised holds, and nothing less does.

use proptest::prelude::*;
use visa_verifier::VisaType;

use super::{
    super::tests::node::*,
    Explanation, LeverKind,
    change::{Change, Ground},
};
use crate::{
    consent::{Access, ConsentHold, HoldKind, HoldScope, State, VouchedBy},
    decide::{Engine, Facts},
    intent::{Action, Image, Intent},
    snapshot::{Bar, BarKind, DatasetMode, HoldOrigin, HoldRecord, PolicyText, ServiceRecord, Snapshot},
};

fn changed(change: impl FnOnce(&mut Snapshot)) -> Engine {
    let mut snapshot = snapshot();
    change(&mut snapshot);
    Engine::load(snapshot).unwrap()
}

/// The kinds of each set.
fn kinds(explanation: &Explanation) -> Vec<Vec<LeverKind>> {
    let of = |turn: &super::Turn| turn.levers.iter().map(|lever| lever.kind).collect();
    explanation.turns.iter().map(of).collect()
}

/// Every set turns the denial, and no proper part of it does.
fn holds(engine: &Engine, facts: &Facts, intent: &Intent, explanation: &Explanation) {
    let ground = Ground::of(facts, intent);
    for turn in &explanation.turns {
        let changes: Vec<&Change> = turn.levers.iter().map(|lever| &lever.change).collect();
        for part in 0..(1_usize << changes.len()) {
            let chosen = (0..changes.len())
                .filter(|at| part & (1 << at) != 0)
                .map(|at| changes[at]);
            let decided = ground.with(chosen, now()).map(|ground| ground.decide(engine, now()));
            let whole = part + 1 == 1 << changes.len();
            let allowed = decided.is_some_and(|decision| decision.allow());
            assert_eq!(allowed, whole, "{:?}, part {part:b}", turn.levers);
        }
    }
    for (at, turn) in explanation.turns.iter().enumerate() {
        for (other, beside) in explanation.turns.iter().enumerate() {
            let within = beside.levers.iter().all(|lever| turn.levers.contains(lever));
            assert!(at == other || !within, "{beside:?} stands in {turn:?}");
        }
    }
}

fn explained(engine: &Engine, facts: &Facts, intent: &Intent) -> Explanation {
    let explanation = engine.explain(facts, intent, now());
    assert!(explanation.complete);
    assert_eq!(explanation.decision, engine.decide(facts, intent, now()));
    holds(engine, facts, intent, &explanation);
    explanation
}

fn open(letter: usize, access: Access) -> impl FnOnce(&mut Snapshot) {
    move |snapshot| snapshot.datasets[letter].consent.access = access
}

use LeverKind::*;

#[test]
fn what_is_permitted_needs_nothing() {
    let engine = engine();
    let explanation = explained(&engine, &ada(&engine), &read("a1"));
    assert!(explanation.decision.allow() && explanation.turns.is_empty() && explanation.tried == 0);
}

#[test]
fn a_missing_grant_is_offered_and_leaving_out_where_something_stays() {
    let engine = engine();
    let alone = explained(&engine, &ada(&engine), &read("c1"));
    assert_eq!(kinds(&alone), [vec![Grant]]);
    assert_eq!(alone.turns[0].levers[0].from, [DAC]);
    let task = explained(&engine, &ada(&engine), &task(&["a1", "c1"], OUTPUT));
    assert_eq!(kinds(&task), [vec![Grant], vec![LeaveOut]]);
    assert_eq!(task.turns[1].levers[0].datasets, [dataset_id("C")]);
}

#[test]
fn a_foreign_grant_without_a_purpose_is_turned_by_ones_own_word_or_the_committees() {
    let engine = engine();
    let mut said = session(1);
    said.default_purpose = ada(&engine).derived.grants[0].approval.purpose.as_ref().map(|purpose| {
        let mut own = crate::consent::ResearchPurpose::of(purpose.categories);
        own.diseases.clone_from(&purpose.diseases);
        own.commercial = Some(false);
        own
    });
    let facts = person("ada", ada_visas(), said, &engine);
    let explanation = explained(&engine, &facts, &read("b1"));
    assert_eq!(kinds(&explanation), [vec![AttestPurpose], vec![Grant]]);
}

#[test]
fn a_registered_dataset_is_turned_by_a_grant_or_by_status_and_terms_together() {
    let engine = changed(open(2, Access::Registered));
    let facts = ada(&engine);
    let mut intent = read("c1");
    intent.purpose = engine.decide(&facts, &read("a1"), now()).purpose().cloned();
    let explanation = explained(&engine, &facts, &intent);
    assert!(
        kinds(&explanation).contains(&vec![ResearcherStatus, AcceptTerms]),
        "{:?}",
        kinds(&explanation)
    );
}

#[test]
fn each_circumstance_is_turned_by_what_mends_it() {
    type Case = (&'static str, fn(&mut Snapshot), fn() -> Intent, Vec<Vec<LeverKind>>);
    let cases: Vec<Case> = vec![
        (
            "a stronger login",
            |s| s.datasets[0].min_authn = 2,
            || read("a1"),
            vec![vec![SecondFactor]],
        ),
        (
            "a better identity",
            |s| s.datasets[0].min_identity = 3,
            || read("a1"),
            vec![vec![IdentityAssurance]],
        ),
        (
            "both",
            |s| {
                s.datasets[0].min_authn = 2;
                s.datasets[0].min_identity = 3;
            },
            || read("a1"),
            vec![vec![SecondFactor, IdentityAssurance]],
        ),
        (
            "terms",
            |s| s.datasets[0].consent.agreements = vec![name("https://terms.example.org/1")],
            || read("a1"),
            vec![vec![AcceptTerms]],
        ),
        (
            "a policy of the house about network, client and affiliation",
            |s| {
                s.policies = vec![PolicyText {
                    name: "house.cedar".to_owned(),
                    text: r#"@id("house.inside") @reason("Inside only.") @code("house.inside") @remedy("Come in.")
forbid (principal, action in Visum::Action::"data", resource)
unless { context.network.internal && context.client.senderConstrained && context.assurance.affiliationFresh };"#
                        .to_owned(),
                }];
            },
            || read("a1"),
            vec![vec![FreshAffiliation, SenderConstrained, InternalNetwork]],
        ),
        (
            "an image by tag",
            |_| (),
            || {
                let mut intent = task(&["a1"], OUTPUT);
                intent.runs = vec![Image::parse("ubuntu:24.04").unwrap()];
                intent
            },
            vec![vec![ImageByDigest]],
        ),
        (
            "an opaque task with an unseen body",
            |_| (),
            || {
                let mut intent = task(&["a1"], OUTPUT);
                (intent.opaque, intent.body_seen) = (true, false);
                intent
            },
            vec![vec![BodyVisible, PlainInputs]],
        ),
        (
            "something unknown beside",
            |_| (),
            || {
                let mut intent = task(&["a1"], OUTPUT);
                intent.read(local("nothing"), "inputs[1].url").unwrap();
                intent
            },
            vec![vec![LeaveOut]],
        ),
        (
            "a node that is not certified",
            |s| {
                s.services.push(ServiceRecord {
                    id: "https://other.example.org".to_owned(),
                    ..s.services[0].clone()
                });
                s.services[0].certified = [Access::Open].into();
            },
            || task(&["a1"], OUTPUT),
            vec![vec![OtherNode]],
        ),
    ];
    for (name, change, intent, expected) in cases {
        let engine = changed(change);
        assert_eq!(kinds(&explained(&engine, &ada(&engine), &intent())), expected, "{name}");
    }
}

#[test]
fn nothing_is_offered_for_holds_bars_stops_and_closed_data() {
    type Change = fn(&mut Snapshot);
    let cases: [(&str, Change); 8] = [
        ("a withdrawal", |s| {
            s.holds = vec![held(HoldKind::Withdrawn, HoldScope::Participant, Some("p1"))]
        }),
        ("an opt-out of new uses", |s| {
            s.holds = vec![held(HoldKind::Disputed, HoldScope::Dataset, None)]
        }),
        ("a veto", |s| {
            s.holds = vec![held(HoldKind::Veto, HoldScope::Project, Some("P1"))]
        }),
        ("a suspended dataset", |s| {
            s.datasets[0].consent.state = State::Suspended
        }),
        ("a withdrawn dataset", |s| {
            s.datasets[0].consent.state = State::Withdrawn
        }),
        ("compute only", |s| s.datasets[0].mode = DatasetMode::ComputeOnly),
        ("a stop", |s| s.stop.all = true),
        ("a suspended person", |s| {
            s.bars = vec![Bar {
                person: s.person(&identity("ada")),
                kind: BarKind::Suspended,
                until: None,
            }];
        }),
    ];
    for (name, change) in cases {
        let engine = changed(change);
        let explanation = explained(&engine, &ada(&engine), &read("a1"));
        assert!(!explanation.decision.allow(), "{name}");
        assert_eq!(kinds(&explanation), Vec::<Vec<LeverKind>>::new(), "{name}");
    }
    // Beside other data the held ones can be left out, and that is all.
    let engine = changed(|s| {
        s.holds = vec![held(HoldKind::Withdrawn, HoldScope::Participant, Some("p5"))]
            .into_iter()
            .map(|mut h| {
                h.dataset = dataset_id("C");
                h
            })
            .collect()
    });
    let explanation = explained(&engine, &ada(&engine), &task(&["a1", "c1"], OUTPUT));
    assert_eq!(kinds(&explanation), [vec![LeaveOut]]);
}

fn held(kind: HoldKind, scope: HoldScope, target: Option<&str>) -> HoldRecord {
    HoldRecord {
        dataset: dataset_id("A"),
        hold: ConsentHold::new(name("hold-1"), kind, scope, target.map(name), now(), None).unwrap(),
        origin: HoldOrigin::Committee(DAC.to_owned()),
    }
}

#[test]
fn a_judgement_is_offered_only_where_consent_leaves_it_to_a_person() {
    let engine = changed(|s| s.datasets[2].consent.uses[0].terms = vec![term("DUO:0000006", &[])]);
    let ask = |words: &str| {
        let mut intent = read("c1");
        intent.purpose = Some(serde_json::from_str(words).unwrap());
        intent
    };
    let review = explained(
        &engine,
        &ada(&engine),
        &ask(r#"{"categories":["biomedical","model_training"],"commercial":false}"#),
    );
    assert_eq!(kinds(&review), [vec![Judgement]]);
    let plain = explained(
        &engine,
        &ada(&engine),
        &ask(r#"{"categories":["biomedical"],"commercial":false}"#),
    );
    assert_eq!(kinds(&plain), [vec![Grant]]);
    // Outside of the permission: no committee, no other purpose, nothing.
    let outside = explained(
        &engine,
        &ada(&engine),
        &ask(r#"{"categories":["ancestry"],"commercial":false}"#),
    );
    let codes: Vec<&str> = outside
        .decision
        .reasons()
        .iter()
        .map(|reason| reason.code.as_str())
        .collect();
    assert!(codes.contains(&"consent.purpose_outside_permission"), "{codes:?}");
    assert_eq!(kinds(&outside), Vec::<Vec<LeverKind>>::new());
}

#[test]
fn no_answer_tells_which_purpose_would_open() {
    let engine = changed(|s| {
        s.datasets[2].consent.access = Access::Open;
        s.datasets[2].consent.uses[0].terms = vec![term("DUO:0000007", &["MONDO:0005015"])];
    });
    let facts = person("ada", vec![affiliation(UNI, "uni.example.org")], session(1), &engine);
    let explanation = explained(&engine, &facts, &read("c1"));
    assert_eq!(kinds(&explanation), [vec![StatePurpose]]);
    let told = serde_json::to_string(&explanation.turns).unwrap();
    assert!(!told.contains("MONDO") && !told.contains("categories"), "{told}");
}

#[test]
fn a_purpose_beyond_ones_grant_is_turned_by_the_recorded_one() {
    let engine = engine();
    let mut intent = read("a1");
    intent.purpose = Some(serde_json::from_str(r#"{"categories":["biomedical"],"commercial":false}"#).unwrap());
    let explanation = explained(&engine, &ada(&engine), &intent);
    assert!(
        kinds(&explanation).contains(&vec![RecordedPurpose]),
        "{:?}",
        explanation
    );
}

#[test]
fn what_may_not_be_known_is_never_named() {
    let engine = changed(|s| s.datasets[2].discoverable = false);
    let explanation = explained(&engine, &ada(&engine), &read("c1"));
    assert!(explanation.decision.hidden() && explanation.turns.is_empty());
    let task = explained(&engine, &ada(&engine), &task(&["a1", "c1"], OUTPUT));
    assert_eq!(kinds(&task), [vec![LeaveOut]]);
    assert!(!serde_json::to_string(&task).unwrap().contains(&dataset_id("C")));
}

/// A world, a person and a request, from a few numbers.
fn world(seed: &[u8]) -> (Engine, Facts, Intent) {
    let mut bytes = seed.iter().copied().chain(std::iter::repeat(0));
    let mut next = move |below: u8| bytes.next().unwrap_or(0) % below;
    let mut snapshot = snapshot();
    for at in 0..snapshot.datasets.len() {
        let record = &mut snapshot.datasets[at];
        record.consent.access = [Access::Controlled, Access::Registered, Access::Open][usize::from(next(3))];
        record.min_authn = 1 + next(2);
        record.min_identity = 2 + next(2);
        record.consent.bound_purpose = next(2) == 0;
        record.discoverable = next(6) != 0;
        if next(4) == 0 {
            record.consent.agreements = vec![name("https://terms.example.org/1")];
        }
        if next(5) == 0 {
            record.consent.approval_sets = vec![[name("https://central.example.org")].into()];
        }
        if next(5) == 0 {
            record.consent.uses[0].terms.push(term("DUO:0000018", &[]));
        }
    }
    if next(5) == 0 {
        snapshot.holds = vec![held(HoldKind::Withdrawn, HoldScope::Participant, Some("p1"))];
    }
    if next(3) == 0 {
        let other = ServiceRecord {
            id: "https://other.example.org".to_owned(),
            ..snapshot.services[0].clone()
        };
        snapshot.services.push(other);
        snapshot.services[0].certified = [Access::Open].into();
    }
    let engine = Engine::load(snapshot).unwrap();
    let mut visas: Vec<_> = ada_visas().into_iter().filter(|_| next(4) != 0).collect();
    if next(3) == 0 {
        visas.push(visa(
            VisaType::ResearcherStatus,
            BROKER,
            super::super::facts::REGISTERED,
            UNI,
            VouchedBy::Peer,
        ));
    }
    let facts = person("ada", visas, session(1 + next(2)), &engine);
    let ids: Vec<&str> = ["a1", "b1", "c1", "d1", "nothing"]
        .into_iter()
        .filter(|_| next(2) == 0)
        .collect();
    let mut intent = task(if ids.is_empty() { &["a1"] } else { &ids }, OUTPUT);
    if next(3) == 0 {
        intent.action = Action::DrsAccessUrl;
        (intent.runs, intent.writes) = (Vec::new(), Vec::new());
    }
    if next(4) == 0 {
        intent.runs = vec![Image::parse("ubuntu:24.04").unwrap()];
    }
    intent.opaque = next(5) == 0;
    if next(2) == 0 {
        let words = [
            r#"{"categories":["disease"],"diseases":["MONDO:0007254"],"commercial":false,"institution":"https://uni.example.org"}"#,
            r#"{"categories":["biomedical","model_training"],"commercial":false}"#,
            r#"{"categories":["ancestry"],"commercial":true}"#,
        ];
        intent.purpose = Some(serde_json::from_str(words[usize::from(next(3))]).unwrap());
    }
    (engine, facts, intent)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn every_promised_set_turns_the_denial_and_no_part_of_it_does(seed in proptest::collection::vec(any::<u8>(), 60)) {
        let (engine, facts, intent) = world(&seed);
        let explanation = engine.explain(&facts, &intent, now());
        prop_assert_eq!(explanation.decision.allow() && !explanation.turns.is_empty(), false);
        holds(&engine, &facts, &intent, &explanation);
    }
}
