//! A consent service by its own token: it places holds, and ends them; a member does not.

use serde_json::{Value, json};
use tests::{
    house::{CONSENT_SERVICE, DATASET, House, SERVICE, Wants},
    outside::{get, post, read},
};

async fn token(house: &House, (id, secret): (&str, &str), scope: &str) -> (u16, Value) {
    let request = tests::outside::client()
        .post(house.broker("/token"))
        .basic_auth(
            id.replace(' ', "+"),
            Some(secret.replace(' ', "+").replace('\'', "%27")),
        )
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("grant_type=client_credentials&scope={scope}"));
    let answer = read(request.send().await.unwrap()).await;
    (answer.status, answer.json())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_service_s_hold_closes_the_data_and_is_ended_by_that_service_only() {
    let house = House::start(Wants::default()).await;
    let (ada, dan) = house.granted().await;
    let (status, answer) = token(&house, CONSENT_SERVICE, "visum:consent").await;
    assert_eq!(status, 200, "{answer}");
    let service = answer.get("access_token").and_then(Value::as_str).unwrap().to_owned();
    assert_eq!(
        token(&house, SERVICE, "visum:consent").await.0,
        400,
        "not registered for it"
    );
    assert_eq!(token(&house, CONSENT_SERVICE, "visum:admin").await.0, 400);

    let object = house.proxy("/ga4gh/drs/v1/objects/a-cohort.vcf");
    let described = get(&object, None).await.json();
    let access = described
        .pointer("/access_methods/0/access_id")
        .and_then(Value::as_str)
        .unwrap();
    let access = format!("{object}/access/{access}");
    assert_eq!(get(&access, Some(&ada)).await.status, 200);

    let holds = house.broker("/visum/v1/consent/holds");
    let hold = json!({ "dataset": DATASET, "kind": "withdrawn", "scope": "object", "target": "a-cohort.vcf",
        "reason": "consent was taken back" });
    for (name, bearer) in [("nobody", None), ("a member", Some(&dan)), ("a researcher", Some(&ada))] {
        assert_eq!(
            post(&holds, bearer.map(String::as_str), &hold).await.status,
            401,
            "{name}"
        );
    }
    let placed = post(&holds, Some(&service), &hold).await;
    assert_eq!(placed.status, 201, "{}", placed.text());
    let id = placed
        .json()
        .pointer("/hold/id")
        .and_then(Value::as_str)
        .unwrap()
        .to_owned();
    let denied = get(&access, Some(&ada)).await;
    assert_eq!(
        (denied.status, denied.code().as_str()),
        (403, "consent.hold"),
        "{}",
        denied.text()
    );

    let why = json!({ "reason": "they changed their mind" });
    let member = post(
        &house.broker(&format!("/visum/v1/admin/holds/{id}/release")),
        Some(&dan),
        &why,
    )
    .await;
    assert_eq!(
        (member.status, member.code().as_str()),
        (403, "policy.withdrawal_stays"),
        "{}",
        member.text()
    );
    let admin_route = get(&house.broker("/visum/v1/admin/holds"), Some(&service)).await;
    assert_eq!(admin_route.status, 401, "its token opens nothing else");
    assert_eq!(get(&access, Some(&service)).await.status, 401);

    let listed = get(&holds, Some(&service)).await;
    assert!(listed.text().contains(&id), "{}", listed.text());
    let released = post(&format!("{holds}/{id}/release"), Some(&service), &why).await;
    assert_eq!(released.status, 200, "{}", released.text());
    assert_eq!(get(&access, Some(&ada)).await.status, 200);
}
