//! A web server and a Python client that others wrote, as services of the broker: mod_auth_openidc in Apache, and Authlib.
//! The broker's upstream is an independent provider.

use serde_json::{Value, json};
use tests::{
    node::{Addresses, Node},
    outside,
};

use crate::{
    login::{REDIRECT, RP_SECRET, independent, node_with, relying_party},
    script::{last_json, peer},
};

/// What a person in front of `url` reaches.
fn browse(node: &Node, url: &str, end: &str, more: &[(&str, &str)]) -> Value {
    let ca = node.ca().display().to_string();
    let mut variables = vec![
        ("VISUM_RP_LOGIN", "alice"),
        ("VISUM_RP_UPSTREAM", "Independent provider"),
        ("VISUM_RP_STAY", "1"),
        ("NODE_EXTRA_CA_CERTS", ca.as_str()),
    ];
    variables.extend_from_slice(more);
    let said = peer("browse.sh", &[url, end], &variables);
    assert_eq!(said.code, 0, "{} {}\nthe node: {}", said.out, said.err, node.words());
    last_json(&said)
}

#[tokio::test(flavor = "multi_thread")]
async fn peer_apache_with_mod_auth_openidc_opens_its_page_to_who_logged_in_at_the_broker() {
    let at = Addresses::free_tls();
    let upstream = independent(&at);
    let port = Addresses::port();
    let callback = format!("http://127.0.0.1:{port}/secret/cb");
    let client = relying_party(&at, "apache", &callback, &["authorization_code"]);
    let node = node_with(at, &upstream, "", &[client]);
    let ca = node.ca().display().to_string();
    let page = {
        let issuer = node.at.broker.clone();
        let said = peer(
            "apache-openidc.sh",
            &[&issuer, "apache"],
            &[
                ("VISUM_RP_SECRET", RP_SECRET),
                ("VISUM_RP_PORT", &port.to_string()),
                ("VISUM_RP_CA", &ca),
            ],
        );
        assert_eq!(said.code, 0, "{} {}", said.out, said.err);
        said.out.lines().last().unwrap_or_default().to_owned()
    };

    // A stranger is sent to the broker, with all that a modern request has.
    let stranger = outside::client().get(&page).send().await.unwrap();
    let to = stranger.headers().get("location").and_then(|value| value.to_str().ok());
    let to = to.unwrap_or_default().to_owned();
    assert!(
        to.starts_with(&format!("{}/authorize?", node.at.broker)),
        "{}: {to}",
        stranger.status()
    );
    for part in ["state=", "nonce=", "code_challenge=", "code_challenge_method=S256"] {
        assert!(to.contains(part), "{part} in {to}");
    }

    let seen = browse(&node, &page, &callback, &[]);
    assert_eq!(seen.get("status"), Some(&json!(200)), "{seen}");
    assert_eq!(seen.get("at"), Some(&json!(page)), "{seen}");
    assert!(
        seen.get("page")
            .and_then(Value::as_str)
            .is_some_and(|text| text.contains("behind the login")),
        "{seen}"
    );
    assert_eq!(seen.pointer("/said/x-iss"), Some(&json!(node.at.broker)), "{seen}");
    let sub = seen
        .pointer("/said/x-sub")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    assert!(!sub.is_empty() && sub != "alice" && sub != "(null)", "{seen}");
    let again = browse(&node, &page, &callback, &[]);
    assert_eq!(
        again.pointer("/said/x-sub"),
        Some(&json!(sub)),
        "the same person is the same"
    );

    // Somebody else's code and state, or one changed on the way, open nothing.
    for tampered in ["state", "code"] {
        let refused = browse(&node, &page, &callback, &[("VISUM_RP_TAMPER", tampered)]);
        assert!(
            !refused
                .get("page")
                .and_then(Value::as_str)
                .is_some_and(|text| text.contains("behind the login")),
            "{tampered}: {refused}"
        );
    }
    peer("stop.sh", &["apache-openidc"], &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn peer_authlib_logs_in_exchanges_for_a_passport_and_is_refused_what_it_must_be() {
    let at = Addresses::free_tls();
    let upstream = independent(&at);
    let grants = [
        "authorization_code",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ];
    let client = relying_party(&at, "notebook-server", REDIRECT, &grants);
    let node = node_with(at, &upstream, "", &[client]);
    let ca = node.ca().display().to_string();
    let said = peer(
        "authlib.sh",
        &[&node.at.broker, "notebook-server", REDIRECT, &node.at.proxy],
        &[
            ("VISUM_RP_SECRET", RP_SECRET),
            ("VISUM_RP_LOGIN", "alice"),
            ("VISUM_RP_UPSTREAM", "Independent provider"),
            ("NODE_EXTRA_CA_CERTS", &ca),
            ("SSL_CERT_FILE", &ca),
        ],
    );
    assert_eq!(said.code, 0, "{} {}\nthe node: {}", said.out, said.err, node.words());
    let seen = last_json(&said);
    let at = |pointer: &str| seen.pointer(pointer).cloned().unwrap_or(Value::Null);
    assert_eq!(at("/claims/iss"), json!(node.at.broker), "{seen}");
    assert_eq!(at("/claims/sub"), at("/userinfo/sub"), "{seen}");
    assert!(at("/userinfo/ga4gh_passport_v1").is_array(), "{seen}");
    assert_eq!(
        at("/passport/type"),
        json!("urn:ga4gh:params:oauth:token-type:passport"),
        "{seen}"
    );
    assert_eq!(at("/passport/typ"), json!("vnd.ga4gh.passport+jwt"), "{seen}");
    assert_eq!(at("/passport/claims/sub"), at("/claims/sub"), "{seen}");
    assert!(
        at("/passport/claims/aud").to_string().contains(&node.at.proxy),
        "the Passport names its clearinghouse: {seen}"
    );
    assert_eq!(at("/rotated"), json!(true), "{seen}");
    for (what, error) in [
        ("passport_as_subject", "invalid_request"),
        ("audience_elsewhere", "invalid_target"),
        ("code_again", "invalid_grant"),
        ("refresh_after_it", "invalid_grant"),
    ] {
        assert_eq!(at(&format!("/refused/{what}")), json!(error), "{what}: {seen}");
    }
}
