//! What a login gives a client beside what opens data: its ID Token, and a token for the broker alone (E35, E59).

use serde_json::{Value, json};
use tests::outside::{self, Answer, client, read};
use tests::surfer::{Surfer, hidden, parameter};

use crate::wire::{Bench, OBJECT, TES};

const CALLBACK: &str = "http://127.0.0.1:9/callback";
/// RFC 7636, Appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Ada signs in at a client that says nothing of the node's services; what the token endpoint answers.
async fn login(bench: &Bench) -> Value {
    let at = &bench.house.node.at;
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("response_type", "code"),
            ("client_id", "visum-cli"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid profile"),
            ("state", "s"),
            ("nonce", "n"),
            ("login_hint", "ada"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ])
        .finish();
    let mut surfer = Surfer::new(at);
    let (page, _) = surfer
        .follow(at, &format!("{}/authorize?{query}", at.broker), CALLBACK)
        .await;
    let text = page.text();
    let (csrf, request) = (hidden(&text, "/consent", "csrf"), hidden(&text, "/consent", "request"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("request", request.as_str()),
        ("decision", "allow"),
        ("release-openid", "yes"),
        ("release-profile", "yes"),
    ];
    let back = surfer.one(at, "/consent", Some(&fields)).await.header("location");
    let code = parameter(&back, "code").unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", "visum-cli"),
        ("redirect_uri", CALLBACK),
        ("code", code.as_str()),
        ("code_verifier", VERIFIER),
    ];
    let answer = post(&format!("{}/token", at.broker), &fields).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn post(url: &str, fields: &[(&str, &str)]) -> Answer {
    read(client().post(url).form(fields).send().await.unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn e35_e59_an_id_token_and_a_token_for_the_broker_open_nothing_here() {
    let bench = Bench::start().await;
    let given = login(&bench).await;
    let text = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (id, access) = (text("id_token"), text("access_token"));
    assert!(
        id.matches('.').count() == 2 && access.matches('.').count() == 2,
        "{given}"
    );
    let userinfo = bench.house.broker("/userinfo");
    assert_eq!(
        outside::get(&userinfo, Some(&access)).await.status,
        200,
        "it is a good token, there"
    );
    assert_eq!(outside::get(&userinfo, Some(&id)).await.status, 401);
    bench.played.came();

    let mut routes = vec![
        format!("/ga4gh/drs/v1/objects/{OBJECT}"),
        format!("/ga4gh/drs/v1/objects/{OBJECT}/access/https"),
        "/ga4gh/wes/v1/runs".to_owned(),
        "/visum/v1/datasets".to_owned(),
    ];
    routes.extend(TES.map(|base| format!("{base}/tasks")));
    for (name, token) in [("the ID Token", &id), ("a token for the broker", &access)] {
        for route in &routes {
            let url = bench.url(route);
            let answer = outside::get(&url, Some(token)).await;
            assert_eq!(answer.status, 401, "{name} on {route}: {}", answer.text());
        }
        for base in TES {
            let answer = outside::post(&bench.url(&format!("{base}/tasks")), Some(token), &bench.task()).await;
            assert_eq!(answer.status, 401, "{name}, a task: {}", answer.text());
        }
        let drs = bench.url(&format!("/ga4gh/drs/v1/objects/{OBJECT}"));
        let answer = outside::post(&drs, None, &json!({ "passports": [token] })).await;
        assert!(
            matches!(answer.status, 400 | 401),
            "{name} as Passport: {}",
            answer.text()
        );
        assert!(!answer.text().contains(token.as_str()));
    }
    // and neither is made into something that does
    for kind in ["access_token", "id_token", "jwt"] {
        let fields = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("client_id", "visum-cli"),
            ("subject_token", id.as_str()),
            (
                "subject_token_type",
                &format!("urn:ietf:params:oauth:token-type:{kind}"),
            ),
        ];
        let answer = post(&bench.house.broker("/token"), &fields).await;
        assert!(matches!(answer.status, 400 | 401), "{kind}: {}", answer.text());
        assert!(answer.json().get("access_token").is_none());
    }
    assert!(bench.played.came().is_empty(), "no backend was asked");
}
