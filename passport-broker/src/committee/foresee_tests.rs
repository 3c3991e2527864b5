//! What a grant would be worth, on a whole broker.

use policy_engine::consent::Recorder;
use serde_json::{Value, json};
use visa_verifier::seam::Timestamp;

use super::*;
use crate::bootstrap;
use crate::store::grants::{Application, Grant};
use crate::testing::{A, ISSUER, Node, START, bare, catalogue, home};

/// A node whose own visas speak for its houses; the dataset has these terms and agreements.
async fn node(terms: Value, agreements: Value) -> Node {
    let node = bare().await;
    let mut sample = catalogue();
    for entry in &mut sample.trust {
        entry.jku = vec![format!("{ISSUER}/jwks")];
        entry.scopes = vec!["uni.example.org".to_owned(), "biobank.example.org".to_owned()];
    }
    for dataset in &mut sample.datasets {
        let mut row = serde_json::to_value(&*dataset).unwrap();
        row["consent"]["uses"] = json!([{ "group": "all", "terms": terms }]);
        row["consent"]["agreements"] = agreements.clone();
        *dataset = serde_json::from_value(row).unwrap();
    }
    for house in &mut sample.institutions {
        if house.id == UNI {
            (house.nonprofit, house.commercial) = (None, None);
        }
    }
    bootstrap::apply(&node.broker, sample).await.unwrap();
    node
}

fn request(institution: &str, ethics: Value) -> GrantRequest {
    GrantRequest {
        dataset: "A".to_owned(),
        to: home("ada"),
        purpose: serde_json::from_value(json!({
            "categories": ["disease"], "diseases": ["MONDO:0007254"], "commercial": false, "ethics": ethics,
        }))
        .unwrap(),
        project: Some("P1".to_owned()),
        institution: Some(institution.to_owned()),
        conditions: None,
        until: Timestamp::from_unix(START + 3_600),
    }
}

const UNI: &str = "https://uni.example.org";

#[tokio::test]
async fn a_fact_that_would_deny_is_shown_before_the_grant_with_who_can_record_it() {
    let hmb = json!([{ "id": "DUO:0000006" }]);
    let with = |id: &str| json!([{ "id": "DUO:0000006" }, { "id": id }]);
    let expired = json!([{ "id": "REC-1", "institution": UNI, "starts": "2020-01-01T00:00:00Z",
        "expires": "2021-01-01T00:00:00Z", "verified_by": "dac" }]);
    let cases = [
        ("everything is there", hmb.clone(), json!([]), UNI, json!([]), vec![]),
        (
            "an institution that the register does not know",
            with("DUO:0000018"),
            json!([]),
            "https://new.example.org",
            json!([]),
            vec![("consent.affiliation_missing", Recorder::RegisterKeeper)],
        ),
        (
            "a house that the person has not proven to belong to",
            with("DUO:0000018"),
            json!([]),
            "https://biobank.example.org",
            json!([]),
            vec![("consent.affiliation_missing", Recorder::Institution)],
        ),
        (
            "a house of which the register does not know whether it works for profit",
            with("DUO:0000018"),
            json!([]),
            UNI,
            json!([]),
            vec![("consent.organisation_status_unknown", Recorder::RegisterKeeper)],
        ),
        (
            "an agreement that nobody accepted",
            hmb,
            json!(["https://biobank.example.org/agreement"]),
            UNI,
            json!([]),
            vec![("consent.terms_not_accepted", Recorder::Person)],
        ),
        (
            "a paper of an ethics board that is over",
            with("DUO:0000021"),
            json!([]),
            UNI,
            expired,
            vec![("consent.ethics_expired", Recorder::Person)],
        ),
    ];
    for (name, terms, agreements, institution, ethics, lacks) in cases {
        let node = node(terms, agreements).await;
        let dan = node.person("dan", "member@biobank.example.org").await;
        node.person("ada", "faculty@uni.example.org").await;
        let asked = request(institution, ethics);
        let seen = foresee(&node.broker, &dan, asked.clone()).await.unwrap();
        assert_eq!(seen.works, lacks.is_empty(), "{name}: {:?}", seen.lacks);
        assert_eq!(seen.until.is_some(), seen.works, "{name}");
        let mut told: Vec<(&str, Recorder)> = seen
            .lacks
            .iter()
            .map(|lack| (lack.reason.code.as_str(), lack.recorder))
            .collect();
        told.sort_unstable();
        assert_eq!(told, lacks, "{name}");
        assert!(
            seen.lacks.iter().all(|lack| !lack.judgement && !lack.who.is_empty()),
            "{name}"
        );
        // nothing is stored by looking, and the committee may grant all the same
        let filed: Vec<Application> = node.broker.of_dataset(A).await.unwrap();
        let grants: Vec<Grant> = node.broker.of_dataset(A).await.unwrap();
        assert!(filed.is_empty() && grants.is_empty(), "{name}");
        let issued = issue(&node.broker, &dan, asked).await.unwrap();
        assert!(matches!(issued, Granted::Issued(_)), "{name}");
    }
}

#[tokio::test]
async fn a_grant_with_conditions_is_worth_something_beside_the_visa_that_they_name_alone() {
    let node = node(json!([{ "id": "DUO:0000006" }]), json!([])).await;
    let dan = node.person("dan", "member@biobank.example.org").await;
    let ada = node.person("ada", "faculty@uni.example.org").await;
    let on = |pattern: &str| GrantRequest {
        conditions: Some(json!([[{ "type": "AffiliationAndRole", "value": format!("pattern:{pattern}") }]])),
        ..request(UNI, json!([]))
    };
    for (pattern, works) in [("*@elsewhere.example.org", false), ("faculty@*.example.org", true)] {
        let seen = foresee(&node.broker, &dan, on(pattern)).await.unwrap();
        assert_eq!(seen.works, works, "{pattern}: {:?}", seen.lacks);
    }
    let never = GrantRequest {
        conditions: Some(json!([[{ "type": "AffiliationAndRole" }]])),
        ..request(UNI, json!([]))
    };
    assert_eq!(
        foresee(&node.broker, &dan, never).await.unwrap_err().code(),
        "grant.conditions"
    );

    let kind = foresee(&node.broker, &dan, on("*")).await.unwrap().kind;
    let permits = |review: &access::Review| {
        let uses = review.people.iter().flat_map(|person| &person.uses);
        uses.filter(|one| one.kind == kind).any(|one| one.permit)
    };
    issue(&node.broker, &dan, on("*@elsewhere.example.org")).await.unwrap();
    assert!(!permits(&access::own(&node.broker, &ada).await.unwrap()));
    issue(&node.broker, &dan, on("faculty@*.example.org")).await.unwrap();
    assert!(permits(&access::own(&node.broker, &ada).await.unwrap()));
}

#[tokio::test]
async fn what_is_foreseen_is_what_the_engine_says_once_the_grant_is_there() {
    let node = node(json!([{ "id": "DUO:0000006" }]), json!([])).await;
    let dan = node.person("dan", "member@biobank.example.org").await;
    let ada = node.person("ada", "faculty@uni.example.org").await;
    let seen = foresee(&node.broker, &dan, request(UNI, json!([]))).await.unwrap();
    let permits = |review: &access::Review| {
        let uses = review.people.iter().flat_map(|person| &person.uses);
        uses.filter(|one| one.kind == seen.kind).any(|one| one.permit)
    };
    let before = access::own(&node.broker, &ada).await.unwrap();
    assert!(seen.works && !permits(&before));
    issue(&node.broker, &dan, request(UNI, json!([]))).await.unwrap();
    let after = access::own(&node.broker, &ada).await.unwrap();
    assert!(permits(&after));
}

#[tokio::test]
async fn only_who_may_vote_foresees() {
    let node = node(json!([{ "id": "DUO:0000006" }]), json!([])).await;
    let ada = node.person("ada", "faculty@uni.example.org").await;
    let noor = node.person("noor", "member@biobank.example.org").await;
    for caller in [ada, noor] {
        let refused = foresee(&node.broker, &caller, request(UNI, json!([])))
            .await
            .unwrap_err();
        assert!(matches!(refused, GovernError::Denied { .. }), "{refused:?}");
    }
}
