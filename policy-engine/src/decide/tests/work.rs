//! Work that is there already: owners, teams, operators, engines.

use super::node::*;
use crate::{
    decide::{Engine, WorkItem, WorkKind, WorkState},
    intent::Action,
};

/// Ada's running task on these datasets.
pub(super) fn item(letters: &[&str]) -> WorkItem {
    WorkItem {
        kind: WorkKind::Task,
        id: "task-1".to_owned(),
        owner: identity("ada"),
        group: None,
        submitter: None,
        service: NODE.to_owned(),
        state: WorkState::Running,
        datasets: letters.iter().map(|letter| dataset_id(letter)).collect(),
        expires: at("2026-11-29T00:00:00Z"),
    }
}

#[test]
fn tasks_are_seen_by_owner_team_and_operator_only() {
    let engine = engine();
    let of_team = WorkItem {
        group: Some("team".to_owned()),
        ..item(&["A"])
    };
    let run = WorkItem {
        kind: WorkKind::Run,
        ..item(&["A"])
    };
    let lost_group = WorkItem {
        group: Some("gone".to_owned()),
        ..item(&["A"])
    };
    let lost_service = WorkItem {
        service: "https://gone.example".to_owned(),
        ..item(&["A"])
    };
    use Action::{TesCancel, TesRead, TesReadLogs, WesCancel, WesRead};
    let cases = [
        ("the owner reads", "ada", TesRead, item(&["A"]), None),
        ("the owner reads logs", "ada", TesReadLogs, item(&["A"]), None),
        ("the owner cancels", "ada", TesCancel, item(&["A"]), None),
        ("the owner reads a run", "ada", WesRead, run.clone(), None),
        ("a stranger", "eve", TesRead, item(&["A"]), Some("policy.not_owner")),
        ("a stranger and a run", "eve", WesCancel, run, Some("policy.not_owner")),
        ("the team reads", "tom", TesRead, of_team.clone(), None),
        (
            "the team does not cancel",
            "tom",
            TesCancel,
            of_team.clone(),
            Some("policy.no_rule_permits"),
        ),
        (
            "the team reads no logs",
            "tom",
            TesReadLogs,
            of_team,
            Some("policy.not_owner"),
        ),
        ("the operator reads", "noor", TesRead, item(&["A"]), None),
        ("the operator cancels", "noor", TesCancel, item(&["A"]), None),
        (
            "the operator reads no logs",
            "noor",
            TesReadLogs,
            item(&["A"]),
            Some("policy.not_owner"),
        ),
        ("work on a lost service", "ada", TesRead, lost_service, None),
        (
            "work of a lost team",
            "ada",
            TesRead,
            lost_group,
            Some("policy.not_owner"),
        ),
        (
            "another kind of action",
            "ada",
            TesRead,
            WorkItem {
                kind: WorkKind::Run,
                ..item(&[])
            },
            Some("policy.engine_error"),
        ),
    ];
    for (name, who, action, item, code) in cases {
        let facts = person(who, Vec::new(), session(1), &engine);
        let decision = engine.work(&facts, action, &item, now());
        assert_eq!(decision.code(), code, "{name}");
        assert_eq!(decision.allow(), code.is_none(), "{name}");
    }
}

#[test]
fn ownership_holds_by_any_identity_that_was_ever_linked() {
    let mut snapshot = snapshot();
    let other = identity("ada-at-home");
    snapshot.persons = vec![
        [identity("ada"), other.clone()]
            .iter()
            .map(|one| snapshot.person(one))
            .collect(),
    ];
    let engine = Engine::load(snapshot).unwrap();
    let facts = person("ada", Vec::new(), session(1), &engine);
    let decision = engine.work(
        &facts,
        Action::TesCancel,
        &WorkItem {
            owner: other,
            ..item(&["A"])
        },
        now(),
    );
    assert!(decision.allow(), "{:?}", decision.reasons());
}

#[test]
fn a_task_reads_only_while_it_is_queued_or_running_and_not_over() {
    let engine = engine();
    let facts = ada(&engine);
    let kept = facts
        .keep(&engine.decide(&facts, &task(&["a1"], OUTPUT), now()))
        .unwrap();
    let cases = [
        ("running", item(&["A"]), true),
        (
            "queued",
            WorkItem {
                state: WorkState::Queued,
                ..item(&["A"])
            },
            true,
        ),
        (
            "submitting",
            WorkItem {
                state: WorkState::Submitting,
                ..item(&["A"])
            },
            false,
        ),
        (
            "unconfirmed",
            WorkItem {
                state: WorkState::Unconfirmed,
                ..item(&["A"])
            },
            false,
        ),
        (
            "done",
            WorkItem {
                state: WorkState::Done,
                ..item(&["A"])
            },
            false,
        ),
        (
            "over",
            WorkItem {
                expires: now(),
                ..item(&["A"])
            },
            false,
        ),
        (
            "a run",
            WorkItem {
                kind: WorkKind::Run,
                ..item(&["A"])
            },
            true,
        ),
        (
            "a service that is gone",
            WorkItem {
                service: "https://gone.example".to_owned(),
                ..item(&["A"])
            },
            false,
        ),
    ];
    for (name, item, allow) in cases {
        let decision = engine.stream_kept(&kept, &item, &[local("a1")], now());
        assert_eq!(decision.allow(), allow, "{name}: {:?}", decision.reasons());
    }
}
