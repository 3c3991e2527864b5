//! A dataset's life: who may take which step, alone or with another.

use policy_engine::consent::State;
use serde_json::json;

use super::{StateRequest, apply, approve, preview_state, propose_state};
use crate::testing::{A, Node};

fn request(state: &str) -> StateRequest {
    serde_json::from_value(json!({ "dataset": "A", "state": state, "reason": "because" })).unwrap()
}

fn state(node: &Node) -> State {
    node.broker.current().load().snapshot().datasets[0].consent.state
}

#[tokio::test]
async fn one_suspends_at_once_and_two_open_again_or_withdraw_for_good() {
    let node = super::tests::node().await;
    let (dan, eve) = (
        super::tests::person(&node, "dan").await,
        super::tests::person(&node, "eve").await,
    );
    let (outlook, effect) = preview_state(&node.broker, &dan, request("suspended")).await.unwrap();
    assert!(!outlook.widening.widens, "{:?}", outlook.widening);
    assert_eq!((effect.dataset.as_str(), effect.objects), (A, 2));
    assert_eq!(state(&node), State::Active);
    assert!(
        propose_state(&node.broker, &dan, request("suspended"))
            .await
            .unwrap()
            .0
            .applied
    );
    assert_eq!(state(&node), State::Suspended);

    let resume = propose_state(&node.broker, &dan, request("active")).await.unwrap().0;
    assert!(!resume.applied && state(&node) == State::Suspended);
    let alone = apply(&node.broker, &dan, &resume.row.id).await.unwrap_err();
    assert_eq!(alone.code(), "policy.four_eyes");
    approve(&node.broker, &eve, &resume.row.id, &resume.row.digest)
        .await
        .unwrap();
    apply(&node.broker, &dan, &resume.row.id).await.unwrap();
    assert_eq!(state(&node), State::Active);

    let withdraw = propose_state(&node.broker, &dan, request("withdrawn")).await.unwrap().0;
    assert!(!withdraw.applied && state(&node) == State::Active);
    assert!(
        withdraw
            .outlook
            .widening
            .why
            .iter()
            .any(|why| why.sentence.contains("for good"))
    );
    approve(&node.broker, &eve, &withdraw.row.id, &withdraw.row.digest)
        .await
        .unwrap();
    apply(&node.broker, &dan, &withdraw.row.id).await.unwrap();
    assert_eq!(state(&node), State::Withdrawn);
    for never in ["active", "suspended", "retired", "withdrawn"] {
        let refused = propose_state(&node.broker, &dan, request(never)).await.unwrap_err();
        assert_eq!(refused.code(), "dataset.state", "{never}");
    }
}

#[tokio::test]
async fn another_house_s_editor_takes_no_step() {
    let node = super::tests::node().await;
    let fay = super::tests::person(&node, "fay").await;
    for step in ["suspended", "withdrawn"] {
        let denied = propose_state(&node.broker, &fay, request(step)).await.unwrap_err();
        assert_eq!(denied.code(), "policy.no_rule_permits");
    }
    assert_eq!(state(&node), State::Active);
}
