//! The second visa issuer.

use std::collections::BTreeSet;

use reqwest::StatusCode;

use crate::world::{FOREIGN, World, claims, json, verifies};

#[tokio::test]
async fn ada_has_a_visa_for_each_foreign_dataset_and_nobody_else_has_any() {
    let world = World::new().await;
    let issuer = world.node.visa_issuer();
    let (_, jwks) = world.get(world.node.visa_jku()).await;
    let mut ids = BTreeSet::new();
    for person in world.node.people() {
        let url = format!("{issuer}/visas?sub={}", person.sub);
        let (status, told) = json(
            world
                .client
                .get(url)
                .bearer_auth(&world.collector)
                .send()
                .await
                .unwrap(),
        )
        .await;
        assert_eq!(status, StatusCode::OK);
        let visas = told["visas"].as_array().unwrap();
        let expected: &[&str] = if person.login == "ada" { &FOREIGN } else { &[] };
        assert_eq!(visas.len(), expected.len(), "{}", person.login);
        for (visa, dataset) in visas.iter().zip(expected) {
            let visa = visa.as_str().unwrap();
            assert!(verifies(visa, &jwks));
            let (head, told) = claims(visa);
            assert_eq!(
                (head["typ"].as_str(), head["jku"].as_str()),
                (Some("vnd.ga4gh.visa+jwt"), Some(world.node.visa_jku().as_str()))
            );
            assert_eq!(
                (told["iss"].as_str(), told["sub"].as_str()),
                (Some(issuer), Some(person.sub.as_str()))
            );
            assert_eq!(told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap(), 3600);
            assert_eq!(told["ga4gh_visa_v1"]["type"], "ControlledAccessGrants");
            assert_eq!(told["ga4gh_visa_v1"]["value"], *dataset);
            assert!(told.get("visum_purpose").is_none());
            assert!(
                ids.insert(told["jti"].as_str().unwrap().to_owned()),
                "a jti stands twice"
            );
        }
    }
}

#[tokio::test]
async fn visas_are_given_to_the_collector_alone_and_their_key_is_not_the_institutions() {
    let world = World::new().await;
    let url = format!("{}/visas?sub={}", world.node.visa_issuer(), world.node.people()[0].sub);
    for shown in ["", "wrong", world.credential.as_str()] {
        let answer = world.client.get(&url).bearer_auth(shown).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "`{shown}`");
    }
    let bare = format!("{}/visas", world.node.visa_issuer());
    let answer = world
        .client
        .get(bare)
        .bearer_auth(&world.collector)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let (_, own) = world.get(format!("{}/jwks", world.node.issuer())).await;
    let (_, visas) = world.get(world.node.visa_jku()).await;
    assert_ne!(own["keys"][0]["x"], visas["keys"][0]["x"]);
}
