//! Visas by the node's own word: two administrators, never for oneself; over at once by one.

use policy_engine::snapshot::RoleGrant;
use serde_json::{Value, json};
use visa_verifier::seam::Timestamp;

use super::{Proposal, approve, propose};
use crate::bootstrap;
use crate::store::governed::Governed as _;
use crate::store::roles::RoleRow;
use crate::testing::{ISSUER, Node, START, catalogue, home};
use crate::visa::{kind, sign_all};

async fn node() -> Node {
    let node = crate::testing::bare().await;
    let mut facts = catalogue();
    facts.roles.push(RoleRow {
        person: home("olga"),
        role: RoleGrant::Role("administrator".to_owned()),
        until: Timestamp::from_unix(START + 365 * 86_400),
        revoked: None,
    });
    bootstrap::apply(&node.broker, facts).await.unwrap();
    node
}

fn proposal(edit: &Value) -> Proposal {
    let proposal = json!({ "kind": "role", "title": "t", "reason": "because", "edits": [edit] });
    serde_json::from_value(proposal).unwrap()
}

fn said(sub: &str, patch: &Value) -> Proposal {
    let mut row = json!({
        "person": home(sub), "type": "ResearcherStatus", "value": "https://terms.example.org/bona-fide/1",
        "source": "https://uni.example.org", "by": "so", "asserted": "2026-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z",
        "conditions": [[{ "type": "AffiliationAndRole", "value": "pattern:*@uni.example.org" }]] });
    for (name, value) in patch.as_object().unwrap() {
        row[name] = value.clone();
    }
    proposal(&json!({ "put": { "kind": "statement", "row": row } }))
}

#[tokio::test]
async fn a_visa_by_the_nodes_word_takes_two_and_ends_by_one_with_all_that_were_signed() {
    let node = node().await;
    let (noor, olga) = (
        node.person("noor", "member@biobank.example.org").await,
        node.person("olga", "member@biobank.example.org").await,
    );
    let ada = node.person("ada", "faculty@uni.example.org").await;
    let own = propose(&node.broker, &noor, said("noor", &json!({}))).await.unwrap();
    let his = approve(&node.broker, &noor, &own.row.id, &own.row.digest)
        .await
        .unwrap_err();
    assert_eq!(his.code(), "policy.four_eyes");

    let proposed = propose(&node.broker, &noor, said("ada", &json!({}))).await.unwrap();
    assert!(!proposed.applied && proposed.outlook.widening.widens, "{proposed:?}");
    assert_eq!(proposed.row.subject, Some(home("ada")));
    assert!(node.broker.statements_of(&ada.person).await.unwrap().is_empty());
    let (id, digest) = (&proposed.row.id, &proposed.row.digest);
    let approved = approve(&node.broker, &olga, id, digest).await.unwrap();
    if !approved.applied {
        super::apply(&node.broker, &noor, id).await.unwrap();
    }
    let now = node.broker.now();
    let there = node.broker.statements_of(&ada.person).await.unwrap();
    assert_eq!(there.len(), 1);
    let draft = kind::statement::draft(&there[0]);
    let claims = draft.claims(ISSUER, "ada", "j", std::time::Duration::from_secs(60), now);
    assert_eq!(claims["ga4gh_visa_v1"]["by"], "so");
    assert_eq!(
        claims["ga4gh_visa_v1"]["conditions"][0][0]["type"],
        "AffiliationAndRole"
    );
    sign_all(&node.broker, &ada.person, &[draft], now).await.unwrap();
    let revoked = |node: &Node| node.broker.current().load().snapshot().revocations.visas.len();
    assert_eq!(revoked(&node), 0);

    // one person ends it, and what was signed by it
    let remove = proposal(&json!({ "remove": { "kind": "statement", "id": there[0].id() } }));
    assert!(propose(&node.broker, &olga, remove).await.unwrap().applied);
    assert!(node.broker.statements_of(&ada.person).await.unwrap().is_empty());
    assert_eq!(revoked(&node), 1);
}

#[tokio::test]
async fn what_comes_into_being_otherwise_is_nobodys_to_state() {
    let node = node().await;
    let noor = node.person("noor", "member@biobank.example.org").await;
    let grant = json!({ "type": "ControlledAccessGrants", "value": "https://data.example.org/a" });
    let ours = json!({ "type": format!("{ISSUER}/visas/purpose/v1"), "value": "x" });
    for (patch, word) in [(grant, "visum grant issue"), (ours, "own rules")] {
        let refused = propose(&node.broker, &noor, said("ada", &patch)).await.unwrap_err();
        assert_eq!(refused.code(), "change.edit", "{patch}");
        assert!(refused.to_string().contains(word), "{refused}");
    }
}
