//! Administration: Dan of the biobank's committee, Ada who applies, Noor who keeps the node.

use super::node::*;
use crate::{
    consent::{ConsentHold, HoldKind, HoldScope},
    decide::{
        Application, ApplicationState, Bundle, Change, ChangeKind, ChangeStep, Engine, Facts, GovernQuestion, Session,
    },
    snapshot::{CommitteeRecord, Governance, HoldOrigin, HoldRecord},
};

const DAC_B: &str = "https://uni.example.org/dac";

fn application(votes: u32) -> Application {
    Application {
        id: "app-1".to_owned(),
        dataset: dataset_id("C"),
        applicant: identity("ada"),
        beneficiaries: vec![identity("ada"), identity("tom")],
        institution: UNI.to_owned(),
        votes,
        state: ApplicationState::Submitted,
    }
}

fn change(kind: ChangeKind, author: &str) -> Change {
    Change {
        id: "chg-1".to_owned(),
        kind,
        author: identity(author),
        approver: None,
        subject: None,
        dataset: None,
        widens: true,
        consent_event: false,
    }
}

fn hold(kind: HoldKind) -> HoldRecord {
    let hold = ConsentHold::new(name("h"), kind, HoldScope::Participant, Some(name("p1")), now(), None);
    HoldRecord {
        dataset: dataset_id("A"),
        hold: hold.unwrap(),
        origin: HoldOrigin::Committee(DAC.to_owned()),
    }
}

fn noor(engine: &Engine) -> Facts {
    person(
        "noor",
        vec![affiliation(BIOBANK, "biobank.example.org")],
        session(2),
        engine,
    )
}

fn ada_with_factor(engine: &Engine) -> Facts {
    person("ada", ada_visas(), session(2), engine)
}

#[test]
fn committees_decide_and_nobody_for_themselves() {
    let engine = engine();
    use GovernQuestion::{AuditRead, GrantDecide, GrantIssue, GrantRevoke, HoldPlace, HoldRelease};
    let own = |applicant: &str| Application {
        applicant: identity(applicant),
        ..application(1)
    };
    let of_biobank = Application {
        institution: BIOBANK.to_owned(),
        ..application(0)
    };
    let cases: Vec<(&str, Facts, GovernQuestion, Option<&str>)> = vec![
        ("Dan votes", dan(&engine), GrantDecide(application(0)), None),
        (
            "Dan votes for his own house, whose committee it is",
            dan(&engine),
            GrantDecide(of_biobank),
            None,
        ),
        ("Dan issues", dan(&engine), GrantIssue(application(1)), None),
        (
            "Dan does not issue without a vote",
            dan(&engine),
            GrantIssue(application(0)),
            Some("policy.no_quorum"),
        ),
        ("Dan revokes", dan(&engine), GrantRevoke(application(1)), None),
        (
            "Dan does not vote for himself",
            dan(&engine),
            GrantDecide(own("dan")),
            Some("policy.four_eyes"),
        ),
        (
            "Ada does not vote",
            ada_with_factor(&engine),
            GrantDecide(application(0)),
            Some("policy.four_eyes"),
        ),
        (
            "Ada does not issue",
            ada_with_factor(&engine),
            GrantIssue(application(1)),
            Some("policy.four_eyes"),
        ),
        (
            "Noor does not vote",
            noor(&engine),
            GrantDecide(application(0)),
            Some("policy.not_dac"),
        ),
        (
            "Dan places a hold",
            dan(&engine),
            HoldPlace {
                dataset: dataset_id("A"),
            },
            None,
        ),
        (
            "Ada places none",
            ada_with_factor(&engine),
            HoldPlace {
                dataset: dataset_id("A"),
            },
            Some("policy.no_rule_permits"),
        ),
        (
            "Dan does not release a withdrawal",
            dan(&engine),
            HoldRelease(hold(HoldKind::Withdrawn)),
            Some("policy.withdrawal_stays"),
        ),
        (
            "Dan releases his committee's own",
            dan(&engine),
            HoldRelease(hold(HoldKind::Reconsent)),
            None,
        ),
        ("Noor reads the log", noor(&engine), AuditRead { dataset: None }, None),
        (
            "Dan reads a dataset's part",
            dan(&engine),
            AuditRead {
                dataset: Some(dataset_id("A")),
            },
            None,
        ),
        (
            "Dan does not read all of it",
            dan(&engine),
            AuditRead { dataset: None },
            Some("policy.no_rule_permits"),
        ),
        (
            "a dataset that nobody knows",
            dan(&engine),
            HoldPlace {
                dataset: dataset_id("X"),
            },
            Some("catalogue.unmapped"),
        ),
    ];
    for (name, facts, question, code) in cases {
        let decision = engine.govern(&facts, &question, now());
        let told = decision
            .reasons()
            .iter()
            .any(|reason| Some(reason.code.as_str()) == code);
        assert_eq!(
            (decision.allow(), told),
            (code.is_none(), code.is_some()),
            "{name}: {:?}",
            decision.reasons()
        );
    }
}

#[test]
fn administration_asks_for_a_fresh_second_factor() {
    let engine = engine();
    let with = |session: Session| {
        person(
            "dan",
            vec![affiliation(BIOBANK, "biobank.example.org")],
            session,
            &engine,
        )
    };
    let fresh = session(2);
    let cases = [
        ("ten minutes ago", fresh.clone(), true),
        ("one factor", session(1), false),
        (
            "sixteen minutes ago",
            Session {
                authenticated: Some(at("2026-11-22T11:44:00Z")),
                ..fresh.clone()
            },
            false,
        ),
        (
            "in the future",
            Session {
                authenticated: Some(at("2026-11-22T12:00:01Z")),
                ..fresh.clone()
            },
            false,
        ),
        (
            "not known",
            Session {
                authenticated: None,
                ..fresh
            },
            false,
        ),
    ];
    for (name, session, allow) in cases {
        let decision = engine.govern(&with(session), &GovernQuestion::GrantDecide(application(0)), now());
        assert_eq!(decision.allow(), allow, "{name}");
        if !allow {
            assert_eq!(decision.code(), Some("policy.step_up"), "{name}");
        } else {
            assert_eq!(
                decision.valid_until(),
                at("2026-11-22T12:05:00Z"),
                "{name}: fifteen minutes after the login"
            );
        }
    }
}

#[test]
fn changes_need_a_second_person_unless_the_node_has_one_administrator() {
    let dual = engine();
    let mut snapshot = snapshot();
    snapshot.governance = Governance::Single;
    let single = Engine::load(snapshot).unwrap();
    let approve = |kind, author: &str| GovernQuestion::Change(ChangeStep::Approve, change(kind, author));
    let apply = |change| GovernQuestion::Change(ChangeStep::Apply, change);
    let approved = Change {
        approver: Some(identity("dan")),
        ..change(ChangeKind::Trust, "noor")
    };
    let for_herself = Change {
        subject: Some(identity("noor")),
        ..change(ChangeKind::Role, "dan")
    };
    let bundle = Bundle {
        id: "b".to_owned(),
        author: identity("noor"),
        committee: None,
    };
    let of_committee = |committee: &str| Bundle {
        committee: Some(committee.to_owned()),
        ..bundle.clone()
    };
    let cases = [
        (
            "a committee's policies, which she keeps the node of",
            &dual,
            GovernQuestion::PolicyDraft(of_committee(DAC)),
            None,
        ),
        (
            "policies of a committee that is not there",
            &dual,
            GovernQuestion::PolicyDraft(of_committee("nobody")),
            Some("policy.engine_error"),
        ),
        (
            "her own trust change, two administrators",
            &dual,
            approve(ChangeKind::Trust, "noor"),
            Some("policy.four_eyes"),
        ),
        (
            "her own trust change, one administrator",
            &single,
            approve(ChangeKind::Trust, "noor"),
            None,
        ),
        ("another's trust change", &dual, approve(ChangeKind::Trust, "dan"), None),
        (
            "a role for herself",
            &dual,
            GovernQuestion::Change(ChangeStep::Approve, for_herself),
            Some("policy.four_eyes"),
        ),
        (
            "into force alone",
            &dual,
            apply(change(ChangeKind::Trust, "noor")),
            Some("policy.four_eyes"),
        ),
        ("into force, approved", &dual, apply(approved), None),
        (
            "the end of a hold without an event",
            &single,
            apply(change(ChangeKind::Hold, "noor")),
            Some("policy.four_eyes"),
        ),
        (
            "a draft of trust",
            &dual,
            GovernQuestion::Change(ChangeStep::Draft, change(ChangeKind::Trust, "noor")),
            None,
        ),
        (
            "a step that is not there",
            &dual,
            GovernQuestion::Change(ChangeStep::Draft, change(ChangeKind::Hold, "noor")),
            Some("policy.change_kind"),
        ),
        (
            "her own policies, two administrators",
            &dual,
            GovernQuestion::PolicyPublish(bundle.clone()),
            Some("policy.four_eyes"),
        ),
        (
            "her own policies, one administrator",
            &single,
            GovernQuestion::PolicyPublish(bundle),
            None,
        ),
        ("a lockdown", &dual, GovernQuestion::LockdownPlace, None),
    ];
    for (name, engine, question, code) in cases {
        let decision = engine.govern(&noor(engine), &question, now());
        assert_eq!(decision.code(), code, "{name}: {:?}", decision.reasons());
    }
}

#[test]
fn a_committee_s_members_keep_its_own_policies_and_no_others() {
    let mut snapshot = snapshot();
    snapshot.committees.push(CommitteeRecord {
        id: DAC_B.to_owned(),
        institution: UNI.to_owned(),
        title: String::new(),
    });
    let engine = Engine::load(snapshot).unwrap();
    let bundle = |author: &str, committee: Option<&str>| Bundle {
        id: "b".to_owned(),
        author: identity(author),
        committee: committee.map(str::to_owned),
    };
    type Step = fn(Bundle) -> GovernQuestion;
    let steps: [(&str, Step); 3] = [
        ("draft", GovernQuestion::PolicyDraft),
        ("approve", GovernQuestion::PolicyApprove),
        ("publish", GovernQuestion::PolicyPublish),
    ];
    // name, the bundle, refused for drafting, for approval and publication
    let none = Some("policy.no_rule_permits");
    let cases = [
        ("of his committee", bundle("noor", Some(DAC)), None, None),
        (
            "of his committee, written by him",
            bundle("dan", Some(DAC)),
            None,
            Some("policy.four_eyes"),
        ),
        ("of another committee", bundle("noor", Some(DAC_B)), none, none),
        ("of the node", bundle("noor", None), none, none),
    ];
    for (name, bundle, drafting, deciding) in cases {
        for (step, question) in steps {
            let decision = engine.govern(&dan(&engine), &question(bundle.clone()), now());
            let code = if step == "draft" { drafting } else { deciding };
            assert_eq!(decision.code(), code, "{step} {name}: {:?}", decision.reasons());
        }
    }
}

#[test]
fn four_eyes_see_through_linked_identities() {
    let mut snapshot = snapshot();
    let second = identity("dan-at-home");
    snapshot.persons = vec![
        [identity("dan"), second.clone()]
            .iter()
            .map(|one| snapshot.person(one))
            .collect(),
    ];
    let engine = Engine::load(snapshot).unwrap();
    let own = Application {
        applicant: second,
        ..application(1)
    };
    let decision = engine.govern(&dan(&engine), &GovernQuestion::GrantDecide(own), now());
    assert_eq!(decision.code(), Some("policy.four_eyes"));
}
