//! From a browser to a Passport, and the ways it must fail.

use serde_json::Value;
use tests::{
    demo::Demo,
    outside::{client, get, read},
};

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_tells_what_it_is_and_refuses_what_it_does_not_know() {
    let demo = Demo::start();
    let broker = demo.fact("/broker/issuer");
    let metadata = get(&format!("{broker}/.well-known/openid-configuration"), None).await;
    assert_eq!(metadata.status, 200);
    let metadata = metadata.json();
    assert_eq!(metadata.get("issuer").and_then(Value::as_str), Some(broker.as_str()));
    for name in [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
    ] {
        assert!(
            metadata
                .get(name)
                .and_then(Value::as_str)
                .is_some_and(|url| url.starts_with(&broker)),
            "{name}: {metadata}"
        );
    }
    let algorithms = metadata
        .get("id_token_signing_alg_values_supported")
        .cloned()
        .unwrap_or_default();
    assert!(!algorithms.to_string().contains("none"), "{algorithms}");
    let keys = get(&format!("{broker}/jwks"), None).await.json();
    for key in keys.get("keys").and_then(Value::as_array).unwrap() {
        assert!(key.get("d").is_none(), "no private part is published");
        assert!(key.get("kid").is_some());
    }

    // What can't be trusted is never redirected to.
    let cases = [
        (
            "an unknown client",
            "client_id=nobody&redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fcallback",
        ),
        (
            "a foreign redirect",
            "client_id=visum-cli&redirect_uri=https%3A%2F%2Fevil.example.net%2Fcallback",
        ),
        (
            "a redirect with another path",
            "client_id=visum-cli&redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fother",
        ),
    ];
    for (name, query) in cases {
        let url = format!(
            "{broker}/authorize?response_type=code&scope=openid&state=s&code_challenge=x&code_challenge_method=S256&{query}"
        );
        let answer = read(client().get(&url).send().await.unwrap()).await;
        assert!(
            matches!(answer.status, 400 | 403),
            "{name}: {} {}",
            answer.status,
            answer.text()
        );
        assert!(answer.header("location").is_empty(), "{name}: no redirect");
    }
    // Without PKCE the client is told so, at its own address.
    let url = format!(
        "{broker}/authorize?response_type=code&scope=openid&state=s&client_id=visum-cli&redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fcallback"
    );
    let answer = read(client().get(&url).send().await.unwrap()).await;
    assert!(
        answer.header("location").contains("error=invalid_request") || answer.status == 400,
        "{} {:?}",
        answer.status,
        answer.headers
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_carry_their_protections() {
    let demo = Demo::start();
    let broker = demo.fact("/broker/issuer");
    let authorize = "authorize?response_type=code&scope=openid&state=s&code_challenge=x&code_challenge_method=S256&client_id=nobody";
    // The front page, the choice of an institution or the way to it, and a refusal.
    for (path, codes) in [("", [200, 303]), ("account", [200, 303]), (authorize, [400, 403])] {
        let page = read(client().get(format!("{broker}/{path}")).send().await.unwrap()).await;
        assert!(codes.contains(&page.status), "{path}: {}", page.status);
        if page.status == 303 {
            continue;
        }
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
            "{path}: {policy}"
        );
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
        assert!(!page.text().contains("<script"), "{path}: no page needs a script");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passport_is_a_container_of_visas_for_one_audience() {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let demo = Demo::start();
    let passport = demo.passport("ada");
    let part = |at: usize| -> Value {
        let text = passport.split('.').nth(at).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
    };
    assert_eq!(
        part(0).get("typ").and_then(Value::as_str),
        Some("vnd.ga4gh.passport+jwt")
    );
    let claims = part(1);
    assert!(
        claims
            .get("aud")
            .unwrap()
            .to_string()
            .contains(&demo.fact("/proxy/url")),
        "{claims}"
    );
    let visas = claims.get("ga4gh_passport_v1").and_then(Value::as_array).unwrap();
    assert!(
        visas.len() >= 5,
        "affiliation, grants of two houses, purposes, links: {}",
        visas.len()
    );

    // On DRS it stands in the body of a POST; on TES and WES it is no credential.
    let body = serde_json::json!({ "passports": [passport] });
    let url = demo.access("a-cohort.vcf").await;
    let answer = tests::outside::post(&url, None, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = get(&format!("{}/tasks", demo.fact("/proxy/tes")), Some(&passport)).await;
    assert_eq!(answer.status, 401, "{}", answer.text());
    // A Passport with one changed byte is none.
    let mut changed = passport.clone();
    let last = changed.pop().unwrap();
    changed.push(if last == 'A' { 'B' } else { 'A' });
    let answer = tests::outside::post(&url, None, &serde_json::json!({ "passports": [changed] })).await;
    assert_eq!(answer.status, 401, "{}", answer.text());
}
