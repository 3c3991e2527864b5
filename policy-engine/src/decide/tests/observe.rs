//! Observe mode, facts records, and slices with a node's own policies.

use proptest::prelude::*;

use super::node::*;
use crate::{
    decide::{Decision, Engine},
    entity::SchemaParts,
    intent::Intent,
    policy::Policies,
    review::{FactsRecord, Outcome, Suite},
    snapshot::{CommitteeRecord, ObserveRow, PolicyText, Snapshot},
};

const OWN: &str = r#"@id("own.stop")
@reason("Nothing is handed out.")
@code("policy.own_stop")
@remedy("Wait.")
forbid (principal, action in Visum::Action::"data:release", resource is Visum::Dataset);"#;

fn with(text: &str, observe: Vec<ObserveRow>) -> Result<Engine, crate::error::BundleError> {
    let mut snapshot: Snapshot = snapshot();
    snapshot.version = 2;
    snapshot.published = now();
    snapshot.policies = vec![PolicyText {
        name: "own.cedar".to_owned(),
        text: text.to_owned(),
    }];
    snapshot.observe = observe;
    Engine::load(snapshot)
}

fn row(policy: &str, days: u64) -> ObserveRow {
    ObserveRow {
        policy: policy.to_owned(),
        until: now().plus(std::time::Duration::from_secs(days * 24 * 3600)),
        reason: "to see whom it would hit".to_owned(),
    }
}

fn decide(engine: &Engine, intent: &Intent) -> Decision {
    engine.decide(&ada(engine), intent, now())
}

#[test]
fn a_policy_in_observe_mode_lets_through_and_is_listed_until_its_end() {
    let enforced = with(OWN, Vec::new()).unwrap();
    assert_eq!(decide(&enforced, &read("a1")).code(), Some("policy.own_stop"));

    let watched = with(OWN, vec![row("own.stop", 14)]).unwrap();
    let decision = decide(&watched, &read("a1"));
    assert!(decision.allow(), "{:?}", decision.reasons());
    let seen: Vec<&str> = decision.observed().iter().map(|seen| seen.policy.as_str()).collect();
    assert_eq!(seen, ["own.stop"]);
    assert_eq!(decision.observed()[0].code, "policy.own_stop");
    assert!(serde_json::to_value(&decision).unwrap()["observed"][0]["policy"] == "own.stop");
    // What is denied for another reason was not let through.
    let denied = decide(&watched, &read("c1"));
    assert!(!denied.allow() && denied.observed().is_empty());
    // The last second before its end, and the end itself.
    let short = with(
        OWN,
        vec![ObserveRow {
            until: now().plus(std::time::Duration::from_secs(1)),
            ..row("own.stop", 1)
        }],
    )
    .unwrap();
    assert!(short.decide(&ada(&short), &read("a1"), now()).allow());
    let after = short.decide(&ada(&short), &read("a1"), now().plus(std::time::Duration::from_secs(1)));
    assert_eq!(after.code(), Some("policy.own_stop"), "from its end on it denies");
}

#[test]
fn what_a_committee_forbids_reaches_its_own_data_and_no_other() {
    let own = |dac: &str| {
        OWN.replace(
            "resource is Visum::Dataset",
            &format!("resource in Visum::Dac::\"{dac}\""),
        )
    };
    let other = "https://uni.example.org/dac";
    for (name, dac, code) in [
        ("its own", DAC, Some("policy.own_stop")),
        ("another committee's", other, None),
    ] {
        let mut snapshot = snapshot();
        snapshot.committees.push(CommitteeRecord {
            id: other.to_owned(),
            ..snapshot.committees[0].clone()
        });
        snapshot.policies = vec![PolicyText {
            name: "own.cedar".to_owned(),
            text: own(dac),
        }];
        let decision = decide(&Engine::load(snapshot).unwrap(), &read("a1"));
        assert_eq!(decision.code(), code, "{name}: {:?}", decision.reasons());
    }
}

#[test]
fn what_must_not_only_be_watched_stops_the_snapshot() {
    let consent = OWN.replace(");", ") when { context.consent.code == \"x\" };");
    let whole = OWN.replace(");", ") when { context.grant == context.grant };");
    let permit = "@id(\"own.stop\") @reason(\"x\") @needs(\"y\") permit (principal, action, resource);";
    let cases = [
        ("the baseline", OWN, row("visum.baseline.consent", 1), false),
        ("a standard forbid", OWN, row("visum.standard.strong-login", 1), true),
        ("one that reads consent", &consent, row("own.stop", 1), false),
        (
            "one that reads another fact",
            &OWN.replace(");", ") when { context.stopped };"),
            row("own.stop", 1),
            true,
        ),
        ("a permit", permit, row("own.stop", 1), false),
        ("longer than 14 days", OWN, row("own.stop", 15), false),
        ("an end that is past", OWN, row("own.stop", 0), false),
        ("a policy that is not there", OWN, row("own.other", 1), false),
        ("a template", OWN, row("visum.template.no-commercial", 1), false),
        (
            "no reason",
            OWN,
            ObserveRow {
                reason: " ".to_owned(),
                ..row("own.stop", 1)
            },
            false,
        ),
    ];
    for (name, text, row, good) in cases {
        let loaded = with(text, vec![row]);
        assert_eq!(
            loaded.as_ref().err().map(|error| error.code()),
            (!good).then_some("bundle.observe"),
            "{name}"
        );
    }
    assert_eq!(
        with(OWN, vec![row("own.stop", 1), row("own.stop", 2)])
            .err()
            .map(|error| error.code()),
        Some("bundle.observe"),
        "twice"
    );
    assert!(
        with(&whole, Vec::new()).is_err(),
        "an optional fact that is not tested for"
    );
}

#[test]
fn a_policy_that_errs_denies_and_is_named() {
    // Overflow of Cedar's own arithmetic: valid in every way, and skipped by Cedar.
    let errs = OWN.replace(");", ") when { context.assurance.authn + 9223372036854775807 < 0 };");
    let engine = with(&errs, Vec::new()).unwrap();
    let decision = decide(&engine, &read("a1"));
    assert!(!decision.allow() && decision.engine_error());
    let named: Vec<_> = decision
        .reasons()
        .iter()
        .map(|reason| (reason.code.as_str(), reason.policy.as_deref()))
        .collect();
    assert!(named.contains(&("policy.engine_error", Some("own.stop"))), "{named:?}");
}

#[test]
fn a_facts_record_is_decided_again_as_it_was_and_as_other_policies_would() {
    let engine = engine();
    let shipped = Policies::shipped().unwrap();
    let stop = with(OWN, Vec::new()).unwrap();
    let all = with(
        "@id(\"own.all\") @reason(\"x\") @needs(\"y\") permit (principal, action, resource);",
        Vec::new(),
    )
    .unwrap();
    let mut kept = 0;
    for (name, intent) in [
        ("permitted", read("a1")),
        ("denied by consent", read("c1")),
        ("a task", task(&["a1"], OUTPUT)),
    ] {
        let decision = decide(&engine, &intent);
        let record = decision.facts_record().unwrap_or_else(|| panic!("{name}"));
        let bytes = record.encode().unwrap();
        let read = FactsRecord::decode(&bytes).unwrap();
        assert_eq!(read, record, "{name}");
        let again = read.ask(&shipped).unwrap();
        assert_eq!(again.allow, decision.allow(), "{name}");
        let policies: std::collections::BTreeSet<_> = again
            .answers
            .iter()
            .flat_map(|(.., outcome)| outcome.policies.clone())
            .collect();
        assert_eq!(policies.into_iter().collect::<Vec<_>>(), decision.policies(), "{name}");
        assert_eq!(
            read.ask(stop.policies()).unwrap().allow,
            name == "a task" && decision.allow(),
            "{name}"
        );
        // No policy opens what consent closed.
        if name == "denied by consent" {
            assert!(!read.ask(all.policies()).unwrap().allow);
        }
        kept += usize::from(bytes.len() < 40_000);
    }
    assert_eq!(kept, 3, "a record is small");
    assert!(FactsRecord::decode(b"{\"v\":2}").is_err());
}

/// A policy of random scope and condition; whether it fits the schema does not matter here.
fn policy() -> impl Strategy<Value = String> {
    let principal = prop_oneof![
        Just("principal".to_owned()),
        Just("principal is Visum::Researcher".to_owned()),
        prop_oneof![Just("alice"), Just("bob"), Just("dave")]
            .prop_map(|id| format!("principal == Visum::Researcher::\"{id}\"")),
        prop_oneof![Just("project-7"), Just("team-a")].prop_map(|id| format!("principal in Visum::Group::\"{id}\"")),
        Just("principal is Visum::Researcher in Visum::Role::\"operator\"".to_owned()),
    ];
    let action = prop_oneof![
        Just("action".to_owned()),
        prop_oneof![
            Just("data"),
            Just("data:release"),
            Just("compute"),
            Just("govern:write")
        ]
        .prop_map(|id| format!("action in Visum::Action::\"{id}\"")),
        prop_oneof![Just("drs:access-url"), Just("tes:create"), Just("tes:read")]
            .prop_map(|id| format!("action == Visum::Action::\"{id}\"")),
        Just("action in [Visum::Action::\"work:read\", Visum::Action::\"drs:stream\"]".to_owned()),
    ];
    let resource = prop_oneof![
        Just("resource".to_owned()),
        Just("resource is Visum::Dataset".to_owned()),
        prop_oneof![Just("ctl-1"), Just("open-1")]
            .prop_map(|id| format!("resource == Visum::Dataset::\"https://data.example.org/datasets/{id}\"")),
        Just("resource in Visum::Dac::\"dac-cancer\"".to_owned()),
        Just("resource is Visum::Dataset in Visum::Collection::\"biobank\"".to_owned()),
    ];
    let condition = prop_oneof![
        Just(""),
        Just("when { context.network.internal }"),
        Just("when { context.assurance.authn > 1 }"),
        Just("unless { context.client.senderConstrained }"),
        Just("when { context.assurance.authn + 9223372036854775807 < 0 }"),
    ];
    (prop::bool::weighted(0.4), principal, action, resource, condition).prop_map(|(forbid, p, a, r, c)| {
        let (effect, notes) = if forbid {
            ("forbid", "@code(\"x.y\") @remedy(\"x\")")
        } else {
            ("permit", "@needs(\"x\")")
        };
        format!("@reason(\"x\") {notes} {effect} ({p}, {a}, {r}) {c};")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn slicing_is_the_whole_set(texts in prop::collection::vec(policy(), 1..30), from in 0_usize..100) {
        let suite = Suite::shipped().unwrap();
        let text: Vec<String> = texts.iter().enumerate().map(|(at, text)| format!("@id(\"own.{at}\") {text}")).collect();
        let mut whole = Policies::shipped().unwrap();
        whole.add_unchecked("own.cedar", &text.join("\n")).unwrap();
        let sliced = whole.sliced(SchemaParts::shared().unwrap());
        for case in suite.cases.iter().filter(|case| case.links.is_empty()).skip(from).take(50) {
            let store = suite.store(case).unwrap();
            let ask = |policies: &Policies| Outcome::of(policies, &case.request, &store, case.now);
            let (a, b) = (ask(&whole), ask(&sliced));
            prop_assert_eq!((a.allow, &a.policies, a.error.is_some()), (b.allow, &b.policies, b.error.is_some()), "{}", case.id);
        }
    }
}
