//! Who ends a hold: its origin, and nobody else.

use policy_engine::consent::HoldKind;
use serde_json::{Value, json};
use visa_verifier::seam::Timestamp;

use super::{HoldRequest, ServiceCaller, confirm, place, place_by_service, release, release_by_service, service_holds};
use crate::bootstrap::{self, Bootstrap};
use crate::change::{self, Proposal};
use crate::store::clients::{ClientAuth, ClientKind, ClientOptions, ClientRow};
use crate::testing::{A, ISSUER, Node, START, bare, catalogue};

pub(super) const SERVICE: &str = "consent-1";

/// The sample node with a consent service, whose keys are the broker's own so that a test can sign with them; and one
/// service that is none.
pub(super) async fn node() -> Node {
    let node = bare().await;
    let facts = facts(&node);
    bootstrap::apply(&node.broker, facts).await.unwrap();
    node.dual().await
}

/// The catalogue with these two services.
pub(super) fn facts(node: &Node) -> Bootstrap {
    let mut bootstrap = catalogue();
    for (id, role) in [(SERVICE, "consent-service"), ("engine-1", "workflow-engine")] {
        let record = json!({ "id": id, "operator": "https://biobank.example.org", "country": "FI", "roles": [role] });
        bootstrap.services.push(serde_json::from_value(record).unwrap());
        bootstrap.clients.push(ClientRow {
            id: id.to_owned(),
            name: id.to_owned(),
            kind: ClientKind::Service,
            auth: ClientAuth::PrivateKeyJwt {
                jwks: node.broker.signer().jwks(),
            },
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            scopes: vec!["visum:consent".to_owned()],
            audiences: vec![ISSUER.to_owned()],
            grant_types: vec!["client_credentials".to_owned()],
            exchange_audiences: Vec::new(),
            first_party: false,
            options: ClientOptions::default(),
            removed: None,
        });
    }
    bootstrap
}

pub(super) fn service(id: &str) -> ServiceCaller {
    ServiceCaller {
        id: id.to_owned(),
        expires: Timestamp::from_unix(START + 3600),
        address: None,
    }
}

pub(super) fn request(kind: &str, scope: &str, target: Option<&str>) -> HoldRequest {
    let mut body = json!({ "dataset": A, "kind": kind, "scope": scope, "reason": "asked for it" });
    if let Some(target) = target {
        body["target"] = target.into();
    }
    serde_json::from_value(body).unwrap()
}

pub(super) fn holds(node: &Node) -> usize {
    node.broker.current().load().snapshot().holds.len()
}

pub(super) fn id(placed: &super::Placed) -> String {
    placed.hold.record.hold.id().to_string()
}

#[tokio::test]
async fn a_committee_s_own_hold_is_ended_by_that_committee_and_by_nobody_else() {
    let node = node().await;
    let dan = node.person("dan", "member@biobank.example.org").await;
    let noor = node.person("noor", "member@biobank.example.org").await;
    let eve = node.person("eve", "member@biobank.example.org").await;
    let hold = id(&place(&node.broker, &dan, request("reconsent", "dataset", None))
        .await
        .unwrap());
    let admin = release(&node.broker, &noor, &hold, "why not").await.unwrap_err();
    assert_eq!(admin.code(), "policy.no_rule_permits");
    let machine = release_by_service(&node.broker, &service(SERVICE), &hold, "why not")
        .await
        .unwrap_err();
    assert_eq!(machine.code(), "policy.no_rule_permits");
    assert_eq!(holds(&node), 1);
    release(&node.broker, &eve, &hold, "they answered").await.unwrap();
    assert_eq!(holds(&node), 0);
    let again = release(&node.broker, &eve, &hold, "they answered").await.unwrap_err();
    assert_eq!(again.code(), "admin.not_found");
    let events = node.events();
    for event in ["hold.release denied", "hold.release success"] {
        assert!(events.iter().any(|found| found == event), "{event}");
    }
    assert_eq!(node.again().await.unwrap().current().load().snapshot().holds.len(), 0);
}

#[tokio::test]
async fn a_withdrawal_is_never_released_by_a_member_or_an_administrator() {
    let node = node().await;
    let dan = node.person("dan", "member@biobank.example.org").await;
    let noor = node.person("noor", "member@biobank.example.org").await;
    for kind in ["withdrawn", "opt_out", "disputed"] {
        let hold = id(&place(&node.broker, &dan, request(kind, "participant", Some("p-17")))
            .await
            .unwrap());
        for caller in [&dan, &noor] {
            let refused = release(&node.broker, caller, &hold, "they changed their mind")
                .await
                .unwrap_err();
            assert_eq!(refused.code(), "policy.withdrawal_stays", "{kind}");
        }
    }
    assert_eq!(holds(&node), 3);
}

#[tokio::test]
async fn a_consent_service_places_holds_and_ends_its_own() {
    let node = node().await;
    let dan = node.person("dan", "member@biobank.example.org").await;
    let theirs = service(SERVICE);
    let stranger = place_by_service(
        &node.broker,
        &service("engine-1"),
        request("withdrawn", "dataset", None),
    )
    .await;
    assert_eq!(stranger.unwrap_err().code(), "policy.no_rule_permits");
    let veto = place_by_service(&node.broker, &theirs, request("veto", "project", Some("P1"))).await;
    assert_eq!(veto.unwrap_err().code(), "hold.kind");
    let unknown = place_by_service(&node.broker, &theirs, request("withdrawn", "participant", Some("p-99"))).await;
    let unknown = unknown.unwrap();
    assert!(!unknown.effect.matched && unknown.hold.record.hold.kind() == HoldKind::Withdrawn);
    assert!(node.events().contains(&"hold.unmatched success".to_owned()));
    let member = release(&node.broker, &dan, &id(&unknown), "nobody knows them")
        .await
        .unwrap_err();
    assert_eq!(member.code(), "policy.withdrawal_stays");
    assert!(unknown.hold.decide_until.is_some());
    assert_eq!(service_holds(&node.broker, &theirs).await.unwrap().len(), 1);
    release_by_service(&node.broker, &theirs, &id(&unknown), "a mistake")
        .await
        .unwrap();
    assert_eq!(holds(&node), 0);
}

#[tokio::test]
async fn many_holds_at_once_stay_and_ask_for_a_second_person() {
    let node = node().await;
    let dan = node.person("dan", "member@biobank.example.org").await;
    let noor = node.person("noor", "member@biobank.example.org").await;
    let theirs = service(SERVICE);
    let one = || request("withdrawn", "participant", Some("p-17"));
    let other = || request("withdrawn", "participant", Some("p-18"));
    place_by_service(&node.broker, &theirs, one()).await.unwrap();
    let many = place_by_service(&node.broker, &theirs, other()).await.unwrap_err();
    assert_eq!(many.code(), "hold.many");
    assert!(many.to_string().contains("1 of the dataset's 2 participants"), "{many}");
    assert_eq!(holds(&node), 1, "what is there stays");
    // an alarm of its own, once an hour however often the service tries
    place_by_service(&node.broker, &theirs, other()).await.unwrap_err();
    let alarms = |node: &Node| {
        node.events()
            .iter()
            .filter(|event| *event == "hold.many success")
            .count()
    };
    assert_eq!(alarms(&node), 1);
    let not_theirs = confirm(&node.broker, &noor, SERVICE, A, "sure").await.unwrap_err();
    assert_eq!(not_theirs.code(), "policy.no_rule_permits");
    assert_eq!(confirm(&node.broker, &dan, SERVICE, A, "called them").await.unwrap(), 1);
    place_by_service(&node.broker, &theirs, other()).await.unwrap();
    assert_eq!(holds(&node), 2);
}

/// A change that ends `hold`, with an event by `by` about `about`.
fn ends(node: &Node, hold: &str, by: &str, about: &str, typ: &str) -> Proposal {
    let event = node
        .broker
        .signer()
        .sign_jws(
            typ,
            &json!({ "iss": by, "aud": ISSUER, "iat": START, "visum_consent_event": { "dataset": A, "ended": [about] } }),
        )
        .unwrap();
    proposal(hold, &json!(event))
}

fn proposal(hold: &str, event: &Value) -> Proposal {
    serde_json::from_value(
        json!({ "kind": "hold", "title": "Consent was given again", "reason": "the service is gone",
        "edits": [{ "remove": { "kind": "hold", "id": hold } }], "consent_event": event }),
    )
    .unwrap()
}

#[tokio::test]
async fn a_withdrawal_whose_service_is_gone_ends_by_a_signed_event_and_two_members() {
    let node = node().await;
    let dan = node.person("dan", "member@biobank.example.org").await;
    let eve = node.person("eve", "member@biobank.example.org").await;
    let hold = id(
        &place(&node.broker, &dan, request("withdrawn", "participant", Some("p-17")))
            .await
            .unwrap(),
    );
    let typ = "consent-event+jwt";
    for (name, wrong) in [
        ("not signed at all", proposal(&hold, &json!("yes"))),
        ("of another type", ends(&node, &hold, SERVICE, &hold, "at+jwt")),
        (
            "of a service that is no consent service",
            ends(&node, &hold, "engine-1", &hold, typ),
        ),
        ("of nobody", ends(&node, &hold, "consent-2", &hold, typ)),
        ("about another hold", ends(&node, &hold, SERVICE, "hold-other", typ)),
    ] {
        let refused = change::propose(&node.broker, &dan, wrong).await.unwrap_err();
        assert_eq!(refused.code(), "change.consent_event", "{name}");
    }
    let silent = change::propose(&node.broker, &dan, proposal(&hold, &Value::Null))
        .await
        .unwrap();
    let without = change::approve(&node.broker, &eve, &silent.row.id, &silent.row.digest)
        .await
        .unwrap_err();
    assert_eq!(without.code(), "policy.withdrawal_stays");

    let good = change::propose(&node.broker, &dan, ends(&node, &hold, SERVICE, &hold, typ))
        .await
        .unwrap();
    assert!(!good.applied && holds(&node) == 1, "one person is not enough");
    let own = change::approve(&node.broker, &dan, &good.row.id, &good.row.digest)
        .await
        .unwrap_err();
    assert_eq!(own.code(), "policy.four_eyes");
    change::approve(&node.broker, &eve, &good.row.id, &good.row.digest)
        .await
        .unwrap();
    change::apply(&node.broker, &dan, &good.row.id).await.unwrap();
    assert_eq!(holds(&node), 0);
    assert!(node.events().contains(&"hold.release success".to_owned()));
}
