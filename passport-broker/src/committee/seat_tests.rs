//! A seat in a committee by a visa of another issuer, through the broker's own path: it votes until its end.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use policy_engine::decide::MEMBERSHIP;
use policy_engine::snapshot::RoleGrant;
use serde_json::json;
use visa_verifier::VisaIdentity;
use visa_verifier::keys::KeySet;
use visa_verifier::seam::Timestamp;
use visa_verifier::trust::{Keys, Role, TrustEntry};

use super::GovernError;
use crate::bootstrap;
use crate::caller::Caller;
use crate::change::{self, Proposal};
use crate::store::roles::RoleRow;
use crate::store::visas::{self, CollectedVisa};
use crate::testing::{A, DAC, Node, START, catalogue, home};

const COUNCIL: &str = "https://council.example.org";
/// How long Zoe's seat lasts.
const SEAT: i64 = 3_600;

/// The sample node, which believes the council about seats; its keys are the broker's own so that a test can sign.
async fn node(types: Vec<String>) -> Node {
    let node = crate::testing::bare().await;
    let mut facts = catalogue();
    facts.trust.push(TrustEntry {
        keys: Keys::Pinned(KeySet::from_value(node.broker.signer().jwks()).unwrap()),
        visa_types: types,
        sources: vec![DAC.to_owned()],
        jku: vec![format!("{}/jwks", crate::testing::ISSUER)],
        ..TrustEntry::new(Role::VisaIssuer, COUNCIL.parse().unwrap())
    });
    facts.roles.push(RoleRow {
        person: home("dan"),
        role: RoleGrant::Role("catalogue-editor".to_owned()),
        until: Timestamp::from_unix(START + 86_400),
        revoked: None,
    });
    bootstrap::apply(&node.broker, facts).await.unwrap();
    node.dual().await
}

/// Zoe has no role here; the council says that she sits in the committee.
async fn seated(node: &Node, committee: &str) -> Caller {
    let zoe = node.person("zoe", "member@biobank.example.org").await;
    let identity = VisaIdentity::new(COUNCIL.parse().unwrap(), "zoe-council".parse().unwrap());
    let mut tx = node.broker.db().begin().await.unwrap();
    crate::store::people::attach(&mut tx, &zoe.person, &identity, true, node.broker.now())
        .await
        .unwrap();
    let visa = node
        .broker
        .signer()
        .sign_visa(
            "vnd.ga4gh.visa+jwt",
            &json!({ "iss": COUNCIL, "sub": "zoe-council", "iat": START, "exp": START + SEAT, "jti": "seat-1",
                "ga4gh_visa_v1": { "type": format!("{COUNCIL}{MEMBERSHIP}"), "asserted": START, "value": committee,
                    "source": DAC, "by": "dac" } }),
        )
        .unwrap();
    let digest = ring::digest::digest(&ring::digest::SHA256, visa.as_bytes());
    let collected = CollectedVisa {
        digest: URL_SAFE_NO_PAD.encode(digest),
        identity: identity.clone(),
        visa,
        collected: node.broker.now(),
        expires: Timestamp::from_unix(START + SEAT),
    };
    visas::collect(&mut tx, &zoe.person, &identity, &[collected])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    node.broker.publish().await.unwrap();
    node.caller("zoe").await
}

/// Dan wants dataset A to be found by everybody, or by nobody again; Zoe is asked.
async fn agreed(node: &Node, zoe: &Caller, title: &str) -> Result<(), GovernError> {
    let dan = node.caller("dan").await;
    let mut row = serde_json::to_value(crate::testing::dataset(1)).unwrap();
    row["min_identity"] = 0.into();
    row["title"] = title.into();
    let proposal: Proposal = serde_json::from_value(json!({
        "kind": "catalogue", "title": title, "reason": "to be found", "edits": [{ "put": { "kind": "dataset", "row": row } }],
    }))
    .unwrap();
    let proposed = change::propose(&node.broker, &dan, proposal).await?;
    assert!(!proposed.applied, "it opens something");
    change::approve(&node.broker, zoe, &proposed.row.id, &proposed.row.digest)
        .await
        .map(drop)
}

#[tokio::test]
async fn a_seat_by_visa_approves_for_its_committee_until_the_visa_ends() {
    let node = node(vec![format!("{COUNCIL}{MEMBERSHIP}")]).await;
    let _ = node.person("dan", "member@biobank.example.org").await;
    let zoe = seated(&node, DAC).await;
    agreed(&node, &zoe, "first").await.unwrap();
    node.clock.advance(Duration::from_secs(3_599));
    agreed(&node, &node.caller("zoe").await, "in its last second")
        .await
        .unwrap();
    node.clock.advance(Duration::from_secs(1));
    let over = agreed(&node, &node.caller("zoe").await, "too late").await.unwrap_err();
    assert!(matches!(over, GovernError::Denied { .. }), "{over}");
    assert_eq!(over.code(), "policy.not_dac");
    assert!(node.events().contains(&"change.approve denied".to_owned()));
}

#[tokio::test]
async fn a_seat_counts_only_for_its_committee_and_from_an_issuer_named_for_it() {
    let named = vec![format!("{COUNCIL}{MEMBERSHIP}")];
    let cases = [
        ("an issuer that may say anything", vec!["*".to_owned()], DAC),
        ("another committee's seat", named, "https://elsewhere.example.org/dac"),
    ];
    for (name, types, committee) in cases {
        let node = node(types).await;
        let _ = node.person("dan", "member@biobank.example.org").await;
        let zoe = seated(&node, committee).await;
        let denied = agreed(&node, &zoe, name).await.unwrap_err();
        assert_eq!(denied.code(), "policy.not_dac", "{name}");
        assert_eq!(node.broker.current().load().snapshot().datasets[0].id(), A);
    }
}
