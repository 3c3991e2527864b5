//! Several Passports in one request, a Passport in the place of a token, and one that names nobody (`apis.md` 1.6, 2.2).

use http::{Request, StatusCode};
use policy_engine::snapshot::DatasetMode;
use serde_json::{Value, json};
use visa_verifier::{
    KeySet, TrustEntry, TrustPolicy, VisaType,
    trust::{Keys, Role},
};

use crate::{
    broker::{AUDIENCE, ISSUER},
    key::claims,
    world::{A, Answer, World},
};

const OBJECT: &str = "/ga4gh/drs/v1/objects/a-cohort.vcf";

/// A Passport of this person with some of their visas.
fn with(world: &World, sub: &str, jti: &str, visas: &[Value]) -> String {
    let more = json!({"jti": jti, "ga4gh_passport_v1": visas, "auth_time": world.broker.now - 5, "visum_assurance": 2});
    world.broker.passport_with(sub, AUDIENCE, more)
}

async fn access(world: &World, token: Option<&str>, passports: &[&String]) -> Answer {
    let body = json!({ "passports": passports });
    world.post(&format!("{OBJECT}/access/https"), token, &body).await
}

fn said(answer: &Answer) -> (u16, String) {
    let code = if answer.status.is_success() {
        String::new()
    } else {
        answer.code()
    };
    (answer.status.as_u16(), code)
}

#[tokio::test(flavor = "multi_thread")]
async fn e35_several_passports_are_one_persons_and_count_together() {
    let world = World::new().await;
    world.broker.affiliate("ada");
    world.broker.grant("ada", A);
    let all = claims(&world.broker.passport("ada", AUDIENCE))["ga4gh_passport_v1"].clone();
    let all = all.as_array().unwrap();
    let (grants, others): (Vec<Value>, Vec<Value>) = all
        .iter()
        .cloned()
        .partition(|visa| claims(visa.as_str().unwrap())["ga4gh_visa_v1"]["type"] == "ControlledAccessGrants");
    assert!(!grants.is_empty() && !others.is_empty());
    let (granted, affiliated) = (
        with(&world, "ada", "p-grants", &grants),
        with(&world, "ada", "p-others", &others),
    );
    assert_eq!(
        access(&world, None, &[&affiliated]).await.status,
        StatusCode::FORBIDDEN,
        "without the grant"
    );
    for both in [[&affiliated, &granted], [&granted, &affiliated]] {
        let opened = access(&world, None, &both).await;
        assert_eq!(opened.status, StatusCode::OK, "{:?}", opened.bytes);
        let url = opened.json()["url"].as_str().unwrap().replace(AUDIENCE, "");
        assert_eq!(
            world.get(&url, None).await.status,
            StatusCode::OK,
            "and its URL gives bytes"
        );
    }
    let token = world.broker.token("ada");
    assert_eq!(
        access(&world, Some(&token), &[&affiliated]).await.status,
        StatusCode::OK,
        "a token beside them"
    );

    // Another's, and one that does not count, spoil the whole.
    world.broker.affiliate("bob");
    let bobs = world.broker.passport("bob", AUDIENCE);
    assert_eq!(
        said(&access(&world, None, &[&granted, &affiliated, &bobs]).await),
        (400, "token.many_passports".into())
    );
    assert_eq!(
        said(&access(&world, Some(&token), &[&bobs]).await),
        (400, "token.two_people".into())
    );
    assert_eq!(
        said(&access(&world, Some(&token), &[&granted, &bobs]).await),
        (400, "token.two_people".into())
    );
    let elsewhere = world
        .broker
        .passport_with("ada", "https://other.example.org", json!({"jti": "p-else"}));
    assert_eq!(
        said(&access(&world, None, &[&granted, &elsewhere]).await),
        (401, "token.passport".into())
    );
    assert_eq!(said(&access(&world, None, &[]).await), (401, "token.missing".into()));
    assert_eq!(
        access(&world, None, &[&granted, &granted, &affiliated]).await.status,
        StatusCode::OK,
        "one of them twice"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn e35_e71_a_passport_in_the_place_of_a_token_counts_on_drs_where_that_is_switched_on() {
    let world = World::with(|config| config.drs.as_mut().unwrap().accept_passport_bearer = true).await;
    world.broker.affiliate("ada");
    world.broker.grant("ada", A);
    let passport = world.broker.passport("ada", AUDIENCE);
    let opened = world.get(&format!("{OBJECT}/access/https"), Some(&passport)).await;
    assert_eq!(opened.status, StatusCode::OK, "{:?}", opened.bytes);
    let events = world.events(audit_log::EventType::DrsGetAccessUrl);
    let told = serde_json::to_value(&events.last().unwrap().entry).unwrap();
    assert_eq!(told["who"]["auth"]["amr"], json!(["passport-bearer"]), "{told}");
    for path in [
        "/ga4gh/tes/v1/tasks",
        "/ga4gh/wes/v1/runs",
        "/visum/v1/datasets",
        "/visum/v1/sessions",
    ] {
        let refused = world.get(path, Some(&passport)).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let basic = Request::get(OBJECT).header("authorization", format!("DPoP {passport}"));
    assert_eq!(
        world.send(basic, "").await.status,
        StatusCode::UNAUTHORIZED,
        "nothing binds it to a key"
    );
    let others = world
        .broker
        .passport_with("ada", "https://other.example.org", json!({"jti": "p-else"}));
    assert_eq!(world.get(OBJECT, Some(&others)).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn e71_a_passport_that_names_nobody_describes_compute_only_data_and_opens_none() {
    let world = World::new().await;
    world.broker.affiliate("ada");
    world.broker.grant("ada", A);
    let nameless = |jti: &str, issued: i64| {
        let mut claims = claims(&world.broker.passport("ada", AUDIENCE));
        let members = claims.as_object_mut().unwrap();
        members.remove("aud");
        members.insert("jti".to_owned(), json!(jti));
        members.insert("iat".to_owned(), json!(issued));
        world.broker.key.sign("vnd.ga4gh.passport+jwt", None, &claims)
    };
    let now = world.broker.now;
    let young = nameless("p-young", now);
    assert_eq!(
        said(&access(&world, None, &[&young]).await),
        (401, "token.passport".into()),
        "as trust says"
    );
    let keys = KeySet::from_slice(world.broker.key.jwks().to_string().as_bytes()).unwrap();
    world.publish(|snapshot| {
        let mut broker = TrustEntry::new(Role::Broker, ISSUER.parse().unwrap());
        broker.keys = Keys::Pinned(keys);
        broker.passport_without_audience = true;
        let issuer = snapshot
            .trust
            .entry(Role::VisaIssuer, &ISSUER.parse().unwrap())
            .unwrap();
        let issuer = TrustEntry::clone(issuer);
        let mut trust = TrustPolicy::new(vec![AUDIENCE.to_owned()], vec![broker, issuer]).unwrap();
        trust.support(&VisaType::named(&format!("{ISSUER}/visas/purpose/v1")));
        snapshot.trust = trust;
    });
    let opened = access(&world, None, &[&young]).await;
    assert_eq!(opened.status, StatusCode::OK, "data for download: {:?}", opened.bytes);
    let old = nameless("p-old", now - 700);
    assert_eq!(
        said(&access(&world, None, &[&old]).await),
        (401, "token.passport".into()),
        "too old"
    );
    let capability = opened.json()["url"].as_str().unwrap().replace(AUDIENCE, "");

    world.publish(|snapshot| {
        let a = snapshot.datasets.iter_mut().find(|dataset| dataset.id() == A).unwrap();
        a.mode = DatasetMode::ComputeOnly;
    });
    let described = world.post(OBJECT, None, &json!({"passports": [young]})).await;
    assert_eq!(described.status, StatusCode::OK, "{:?}", described.bytes);
    assert!(
        !described.json().to_string().contains("access_url"),
        "{:?}",
        described.bytes
    );
    assert_eq!(
        said(&access(&world, None, &[&young]).await),
        (403, "policy.compute_only".into())
    );
    let named = world.broker.passport("ada", AUDIENCE);
    assert_eq!(
        said(&access(&world, None, &[&young, &named]).await).0,
        403,
        "nor beside one that names us"
    );
    assert_eq!(
        said(&world.get(&capability, None).await).0,
        403,
        "nor by a URL from before"
    );
    assert_eq!(
        world.get("/ga4gh/tes/v1/tasks", Some(&young)).await.status,
        StatusCode::UNAUTHORIZED
    );
}
