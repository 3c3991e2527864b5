//! The OpenID Provider: discovery, the code flow with PKCE, and every way to fail that a client meets.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{StatusCode, header};
use serde_json::Value;
use url::Url;

use crate::world::{REDIRECT, World, claims, json, verifies};

const VERIFIER: &str = "a-verifier-of-more-than-forty-three-characters-0123456789";

/// Parameters of a request that are other than usual, or not there.
type Change<'a> = &'a [(&'a str, Option<&'a str>)];
/// Fields of a form.
type Fields<'a> = &'a [(&'a str, &'a str)];

fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, VERIFIER.as_bytes()))
}

fn request(change: &[(&str, Option<&str>)]) -> String {
    let challenge = challenge();
    let mut fields = BTreeMap::from([
        ("response_type", "code"),
        ("client_id", "visum-broker"),
        ("redirect_uri", REDIRECT),
        ("scope", "openid profile email"),
        ("state", "the state"),
        ("nonce", "n-1"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
        ("login_hint", "dan"),
    ]);
    for (name, value) in change {
        match value {
            Some(value) => fields.insert(name, value),
            None => fields.remove(name),
        };
    }
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

async fn authorize(world: &World, change: &[(&str, Option<&str>)]) -> (StatusCode, BTreeMap<String, String>, String) {
    let url = format!("{}/authorize?{}", world.node.issuer(), request(change));
    let answer = world.client.get(url).send().await.unwrap();
    let status = answer.status();
    let to = answer
        .headers()
        .get(header::LOCATION)
        .map(|to| Url::parse(to.to_str().unwrap()).unwrap());
    let fields = to.map(|to| {
        assert!(to.as_str().starts_with(REDIRECT), "{to}");
        to.query_pairs().into_owned().collect()
    });
    (status, fields.unwrap_or_default(), answer.text().await.unwrap())
}

async fn redeem(world: &World, change: &[(&str, &str)], secret: Option<&str>) -> (StatusCode, Value) {
    let mut fields = BTreeMap::from([
        ("grant_type", "authorization_code"),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ]);
    fields.extend(change.iter().copied());
    let request = world
        .client
        .post(format!("{}/token", world.node.issuer()))
        .form(&fields);
    let request = match secret {
        Some(secret) => request.basic_auth("visum-broker", Some(secret)),
        None => request,
    };
    json(request.send().await.unwrap()).await
}

#[tokio::test]
async fn discovery_names_endpoints_that_answer_and_a_key_that_is_there() {
    let world = World::new().await;
    let issuer = world.node.issuer();
    assert!(issuer.starts_with("http://127.0.0.2:"), "{issuer}");
    let (_, found) = world.get(format!("{issuer}/.well-known/openid-configuration")).await;
    assert_eq!(found["issuer"], issuer);
    assert_eq!(
        found["id_token_signing_alg_values_supported"],
        serde_json::json!(["ES256"])
    );
    let (status, keys) = world.get(found["jwks_uri"].as_str().unwrap().to_owned()).await;
    assert_eq!(
        (status, keys["keys"][0]["crv"].as_str()),
        (StatusCode::OK, Some("P-256"))
    );
}

#[tokio::test]
async fn a_committee_member_logs_in_by_hint_and_a_second_factor_is_asserted() {
    let world = World::new().await;
    let (status, fields, _) = authorize(&world, &[]).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(
        (fields["state"].as_str(), fields["iss"].as_str()),
        ("the state", world.node.issuer())
    );
    let secret = world.node.client_secret().expose();
    let (status, tokens) = redeem(&world, &[("code", &fields["code"])], Some(secret)).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    let id_token = tokens["id_token"].as_str().unwrap();
    let (_, jwks) = world.get(format!("{}/jwks", world.node.issuer())).await;
    assert!(verifies(id_token, &jwks));
    let (head, told) = claims(id_token);
    assert_eq!(
        (head["alg"].as_str(), head["kid"].as_str()),
        (Some("ES256"), jwks["keys"][0]["kid"].as_str())
    );
    assert_eq!(
        (told["iss"].as_str(), told["aud"].as_str()),
        (Some(world.node.issuer()), Some("visum-broker"))
    );
    assert_eq!(
        (told["nonce"].as_str(), told["acr"].as_str()),
        (Some("n-1"), Some("https://refeds.org/profile/mfa"))
    );
    assert!(told["auth_time"].as_i64().unwrap() <= told["iat"].as_i64().unwrap());
    let me = world.client.get(format!("{}/userinfo", world.node.issuer()));
    let (_, me) = json(
        me.bearer_auth(tokens["access_token"].as_str().unwrap())
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(me["sub"], told["sub"]);
    assert_eq!(
        me["eduperson_scoped_affiliation"],
        serde_json::json!(["member@biobank.example.org"])
    );
    assert_eq!(me["email"], "dan@biobank.example.org");
    assert!(
        me["eduperson_assurance"]
            .as_array()
            .unwrap()
            .contains(&"https://refeds.org/assurance/ID/unique".into())
    );
}

#[tokio::test]
async fn ada_has_one_factor_and_only_the_scopes_asked_for() {
    let world = World::new().await;
    let (_, fields, _) = authorize(&world, &[("login_hint", Some("ada")), ("scope", Some("openid"))]).await;
    let post = [
        ("code", fields["code"].as_str()),
        ("client_id", "visum-broker"),
        ("client_secret", world.node.client_secret().expose()),
    ];
    let (status, tokens) = redeem(&world, &post, None).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    let (_, told) = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(told["acr"], "https://refeds.org/profile/sfa");
    assert_eq!(
        told["eduperson_scoped_affiliation"],
        serde_json::json!(["faculty@uni.example.org"])
    );
    assert!(told.get("email").is_none() && told.get("name").is_none());
    assert_eq!(told["sub"], world.node.people()[0].sub.as_str());
}

#[tokio::test]
async fn without_a_hint_the_page_lists_three_people_and_says_that_it_is_a_sample() {
    let world = World::new().await;
    for hint in [None, Some("mallory")] {
        let (status, _, page) = authorize(&world, &[("login_hint", hint), ("state", Some("\"><script>x"))]).await;
        assert_eq!(status, StatusCode::OK);
        for words in [
            "Ada Researcher",
            "Dan Committee",
            "Noor Admin",
            "This is a sample",
            "asserted, not checked",
        ] {
            assert!(page.contains(words), "{words}");
        }
        assert!(!page.contains("<script"));
        let link = page
            .split("href=\"")
            .find(|part| part.contains("login_hint=noor"))
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        let url = format!("{}{}", world.node.issuer(), link.replace("&amp;", "&"));
        let answer = world.client.get(url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn a_request_that_is_wrong_goes_back_to_the_client_only_if_client_and_redirect_are_known() {
    let world = World::new().await;
    let page = StatusCode::BAD_REQUEST;
    let cases: [(&str, Change<'_>, Result<&str, StatusCode>); 9] = [
        ("another client", &[("client_id", Some("x"))], Err(page)),
        (
            "another redirect",
            &[("redirect_uri", Some("http://127.0.0.1:9/callback/x"))],
            Err(page),
        ),
        ("no redirect", &[("redirect_uri", None)], Err(page)),
        (
            "another flow",
            &[("response_type", Some("token"))],
            Ok("unsupported_response_type"),
        ),
        ("no openid", &[("scope", Some("profile"))], Ok("invalid_scope")),
        ("no PKCE", &[("code_challenge", None)], Ok("invalid_request")),
        (
            "plain PKCE",
            &[("code_challenge_method", Some("plain"))],
            Ok("invalid_request"),
        ),
        (
            "a request object",
            &[("request", Some("e30."))],
            Ok("request_not_supported"),
        ),
        (
            "no page, no hint",
            &[("prompt", Some("none")), ("login_hint", None)],
            Ok("login_required"),
        ),
    ];
    for (name, change, expected) in cases {
        let (status, fields, _) = authorize(&world, change).await;
        match expected {
            Ok(error) => assert_eq!(fields.get("error").map(String::as_str), Some(error), "{name}"),
            Err(expected) => assert_eq!((status, fields.len()), (expected, 0), "{name}"),
        }
    }
}

#[tokio::test]
async fn a_code_is_good_once_with_its_verifier_redirect_and_secret() {
    let world = World::new().await;
    let secret = world.node.client_secret().expose().to_owned();
    let cases: [(&str, Fields<'_>, Option<&str>, &str); 5] = [
        (
            "another verifier",
            &[("code_verifier", "another-verifier-of-more-than-forty-three-characters")],
            Some(&secret),
            "invalid_grant",
        ),
        (
            "another redirect",
            &[("redirect_uri", "http://127.0.0.1:9/")],
            Some(&secret),
            "invalid_grant",
        ),
        ("another secret", &[], Some("x"), "invalid_client"),
        ("no secret", &[("client_id", "visum-broker")], None, "invalid_client"),
        (
            "another grant",
            &[("grant_type", "password")],
            Some(&secret),
            "unsupported_grant_type",
        ),
    ];
    for (name, change, secret, error) in cases {
        let (_, fields, _) = authorize(&world, &[]).await;
        let mut change = change.to_vec();
        change.push(("code", &fields["code"]));
        let (status, told) = redeem(&world, &change, secret).await;
        assert_eq!(told["error"], error, "{name}");
        assert_eq!(status == StatusCode::UNAUTHORIZED, error == "invalid_client", "{name}");
    }
    let (_, fields, _) = authorize(&world, &[]).await;
    let (_, tokens) = redeem(&world, &[("code", &fields["code"])], Some(&secret)).await;
    let (_, again) = redeem(&world, &[("code", &fields["code"])], Some(&secret)).await;
    assert_eq!(again["error"], "invalid_grant");
    let me = world.client.get(format!("{}/userinfo", world.node.issuer()));
    let me = me
        .bearer_auth(tokens["access_token"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(
        me.status(),
        StatusCode::UNAUTHORIZED,
        "a code used twice ends the token that it gave"
    );
}
