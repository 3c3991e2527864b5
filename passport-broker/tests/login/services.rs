//! Tokens of services: what they are for, and what they never open.

use http::StatusCode;

use crate::key::{claims, header};
use crate::world::{Browser, ISSUER, PROXY, SECRET, ask, world};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

#[tokio::test]
async fn a_service_gets_a_token_of_its_own_that_opens_nothing_here() {
    let world = world().await;
    let reply = world.form("/token", Some(("drs", SECRET)), &[GRANT]).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    let answer = reply.json();
    assert_eq!(
        (answer["scope"].as_str(), answer["expires_in"].as_i64()),
        (Some("visum:verify"), Some(300))
    );
    let token = answer["access_token"].as_str().unwrap();
    let said = claims(token);
    assert_eq!(header(token)["typ"], "at+jwt");
    assert_eq!(
        (said["iss"].as_str(), said["sub"].as_str(), said["aud"].as_str()),
        (Some(ISSUER), Some("client:drs"), Some(PROXY))
    );
    assert_eq!(said["visum_stands_for"][0], "https://drs.example.net");
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 300);
    for path in ["/userinfo", "/visum/v1/me"] {
        assert_eq!(
            world.bearer(path, token).await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_token_without_a_person_is_for_registered_services_alone() {
    let world = world().await;
    let form = |client, more: &'static [(&'static str, &'static str)]| {
        let fields: Vec<_> = std::iter::once(GRANT).chain(more.iter().copied()).collect();
        let world = &world;
        async move { world.form("/token", Some((client, SECRET)), &fields).await }
    };
    for (name, client, more, error) in [
        ("another scope", "drs", &[("scope", "openid")][..], "invalid_scope"),
        (
            "one scope more",
            "drs",
            &[("scope", "visum:verify openid")][..],
            "invalid_scope",
        ),
        (
            "another node",
            "drs",
            &[("resource", "https://other.example.org")][..],
            "invalid_target",
        ),
        ("the broker", "drs", &[("resource", ISSUER)][..], "invalid_target"),
        ("a web application", "portal", &[][..], "unauthorized_client"),
        ("a client without the grant", "app", &[][..], "unauthorized_client"),
    ] {
        let reply = form(client, more).await;
        assert_eq!(
            (reply.status, reply.json()["error"].as_str()),
            (StatusCode::BAD_REQUEST, Some(error)),
            "{name}"
        );
    }
    let wrong = world.form("/token", Some(("drs", "guess")), &[GRANT]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    // no person can give it away either, even to a client that has it in its registration
    let mut browser = Browser::default();
    let refused = browser.follow(&world, &ask("portal", "openid visum:verify", &[])).await;
    assert!(!refused.body.contains("visum:verify"), "{}", refused.body);
}
