//! Two-level grants, vetoes, library cards, and membership of a committee that a visa gives.

use visa_verifier::VisaType;
use visa_verifier::trust::{Role, TrustEntry};

use super::node::*;
use crate::{
    consent::{ConsentHold, HoldKind, HoldScope, VouchedBy},
    decide::{Application, ApplicationState, Bundle, Decision, Engine, GovernQuestion, MEMBERSHIP, presented::Held},
    snapshot::{Bar, BarKind, HoldOrigin, HoldRecord, Snapshot},
};

const CENTRAL: &str = "https://central.example.net/dac";

/// Dataset A asks for its own committee and for one of `set`.
fn two_levels(set: &[&str]) -> Snapshot {
    let mut snapshot = snapshot();
    snapshot.datasets[0].consent.approval_sets = vec![set.iter().map(|source| name(source)).collect()];
    snapshot
}

fn ada_reads(snapshot: Snapshot, more: Vec<Held>) -> Decision {
    let engine = Engine::load(snapshot).unwrap();
    let mut visas = ada_visas();
    visas.extend(more);
    engine.decide(&person("ada", visas, session(1), &engine), &read("a1"), now())
}

fn central(until: &str) -> Held {
    let mut held = grant("A", FOREIGN, CENTRAL);
    held.expires = at(until);
    held
}

#[test]
fn both_levels_have_to_agree_and_the_earlier_end_counts() {
    let alone = ada_reads(two_levels(&[CENTRAL]), Vec::new());
    assert_eq!(alone.code(), Some("consent.approval_missing"), "the node alone");
    let engine = Engine::load(two_levels(&[CENTRAL])).unwrap();
    let only_central = vec![affiliation(UNI, "uni.example.org"), central("2027-06-01T00:00:00Z")];
    let decision = engine.decide(&person("ada", only_central, session(1), &engine), &read("a1"), now());
    assert!(!decision.allow(), "the recommendation alone opens nothing");
    let other = grant("A", FOREIGN, "https://stranger.example.net");
    assert!(
        !ada_reads(two_levels(&[CENTRAL]), vec![other]).allow(),
        "another source is not of the set"
    );
    for (until, ends) in [
        ("2026-11-22T12:30:00Z", "2026-11-22T12:30:00Z"),
        ("2027-06-01T00:00:00Z", "2026-11-22T13:00:00Z"),
    ] {
        let both = ada_reads(two_levels(&[CENTRAL]), vec![central(until)]);
        assert!(both.allow(), "{:?}", both.reasons());
        assert_eq!(
            both.valid_until(),
            at(ends),
            "the earliest end: the recommendation's, else the login's"
        );
        let sources: Vec<&str> = both.rests_on().sources.iter().map(String::as_str).collect();
        assert!(sources.contains(&DAC) && sources.contains(&CENTRAL), "{sources:?}");
    }
    let over = ada_reads(two_levels(&[CENTRAL]), vec![central("2026-11-01T00:00:00Z")]);
    assert_eq!(over.code(), Some("consent.approval_expired"));
}

#[test]
fn a_veto_of_the_node_wins_and_both_are_in_the_evidence() {
    for (scope, target, hits) in [
        (HoldScope::User, identity("ada").to_string(), true),
        (HoldScope::Project, "P1".to_owned(), true),
        (HoldScope::User, identity("tom").to_string(), false),
        (HoldScope::Project, "P2".to_owned(), false),
    ] {
        let mut snapshot = two_levels(&[CENTRAL]);
        let hold = ConsentHold::new(name("veto-1"), HoldKind::Veto, scope, Some(name(&target)), now(), None);
        snapshot.holds.push(HoldRecord {
            dataset: dataset_id("A"),
            hold: hold.unwrap(),
            origin: HoldOrigin::Committee(DAC.to_owned()),
        });
        let decision = ada_reads(snapshot, vec![central("2027-06-01T00:00:00Z")]);
        assert_eq!(decision.allow(), !hits, "{target}: {:?}", decision.reasons());
        if hits {
            assert_eq!(decision.code(), Some("consent.hold_veto"));
            assert!(decision.rests_on().vetoes.contains("veto-1"));
            assert!(
                decision.rests_on().sources.contains(CENTRAL),
                "the recommendation stays on record"
            );
        } else {
            assert!(decision.rests_on().vetoes.is_empty());
        }
    }
}

#[test]
fn a_library_card_of_an_institution_pre_approves_its_people_beside_the_committee() {
    let card = |source: &str| grant("A", BROKER, source);
    assert!(
        ada_reads(two_levels(&[UNI]), vec![card(UNI)]).allow(),
        "her institution said yes"
    );
    assert!(
        !ada_reads(two_levels(&[UNI]), vec![card(BIOBANK)]).allow(),
        "another institution said yes"
    );
    let engine = Engine::load(two_levels(&[UNI])).unwrap();
    let visas = vec![affiliation(UNI, "uni.example.org"), card(UNI)];
    let decision = engine.decide(&person("bo", visas, session(1), &engine), &read("a1"), now());
    assert!(!decision.allow(), "the card replaces no committee");
}

fn member_by_visa(change: impl FnOnce(&mut Held)) -> Held {
    let kind = VisaType::named(&format!("{FOREIGN}{MEMBERSHIP}"));
    let mut held = visa(kind, FOREIGN, DAC, BIOBANK, VouchedBy::System);
    change(&mut held);
    held
}

fn votes(types: &[String], held: Held) -> bool {
    let mut snapshot = snapshot();
    let mut trust = visa_verifier::trust::TrustPolicy::new(Vec::new(), Vec::new()).unwrap();
    for issuer in [BROKER, FOREIGN] {
        trust
            .add(TrustEntry {
                visa_types: types.to_vec(),
                ..TrustEntry::new(Role::VisaIssuer, issuer.parse().unwrap())
            })
            .unwrap();
    }
    snapshot.trust = trust;
    let engine = Engine::load(snapshot).unwrap();
    let visas = vec![affiliation(BIOBANK, "biobank.example.org"), held];
    let caller = person("mia", visas, session(2), &engine);
    let question = GovernQuestion::GrantDecide(Application {
        id: "app-1".to_owned(),
        dataset: dataset_id("A"),
        applicant: identity("ada"),
        beneficiaries: Vec::new(),
        institution: UNI.to_owned(),
        votes: 0,
        state: ApplicationState::Submitted,
    });
    engine.govern(&caller, &question, now()).allow()
}

#[test]
fn a_membership_visa_makes_a_member_until_its_end_and_only_from_an_issuer_named_for_it() {
    let named = [format!("{FOREIGN}{MEMBERSHIP}")];
    let any = ["*".to_owned()];
    let cases: [(&str, &[String], Held, bool); 7] = [
        ("as it should be", &named, member_by_visa(|_| {}), true),
        (
            "by the committee itself",
            &named,
            member_by_visa(|held| held.source = DAC.to_owned()),
            true,
        ),
        ("an issuer that may say anything", &any, member_by_visa(|_| {}), false),
        ("over", &named, member_by_visa(|held| held.expires = now()), false),
        (
            "said by themself",
            &named,
            member_by_visa(|held| held.by = Some(VouchedBy::Own)),
            false,
        ),
        (
            "another source",
            &named,
            member_by_visa(|held| held.source = UNI.to_owned()),
            false,
        ),
        (
            "no committee of this node",
            &named,
            member_by_visa(|held| held.value = CENTRAL.to_owned()),
            false,
        ),
    ];
    for (case, types, held, expected) in cases {
        assert_eq!(votes(types, held), expected, "{case}");
    }
}

#[test]
fn a_suspended_person_without_the_link_visa_is_refused() {
    let mut snapshot = snapshot();
    let linked = [identity("ada"), identity("ada-at-home")];
    snapshot.persons = vec![linked.iter().map(|one| snapshot.person(one)).collect()];
    snapshot.bars = vec![Bar {
        person: snapshot.person(&identity("ada-at-home")),
        kind: BarKind::Suspended,
        until: None,
    }];
    let decision = ada_reads(snapshot, Vec::new());
    assert_eq!(
        decision.code(),
        Some("policy.suspended"),
        "no visa links them, the node remembers"
    );
}

#[test]
fn the_second_account_of_a_policy_s_author_approves_and_publishes_nothing() {
    for (author, code) in [("noor-at-home", Some("policy.four_eyes")), ("olga", None)] {
        let mut snapshot = snapshot();
        let accounts = [identity("noor"), identity("noor-at-home")];
        snapshot.persons = vec![accounts.iter().map(|one| snapshot.person(one)).collect()];
        let engine = Engine::load(snapshot).unwrap();
        let visas = vec![affiliation(BIOBANK, "biobank.example.org")];
        let noor = person("noor", visas, session(2), &engine);
        let bundle = || Bundle {
            id: "bundle-1".to_owned(),
            author: identity(author),
            committee: None,
        };
        let decision = engine.govern(&noor, &GovernQuestion::PolicyApprove(bundle()), now());
        assert_eq!(decision.code(), code, "{author}: {:?}", decision.reasons());
    }
}
