//! Clients that register themselves: behind an initial access token, unverified, called by their host, and without visas.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::world::{Browser, Reply, World, ask, world, world_of};

const TOKEN: &str = "the initial access token";

async fn opened(most: u32) -> World {
    world_of(
        |all, _| {
            let digest = URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, TOKEN.as_bytes()));
            let row = json!({ "id": "workshop", "digest": digest, "most": most, "until": "2027-01-01T00:00:00Z" });
            all.registrations.push(serde_json::from_value(row).unwrap());
        },
        false,
    )
    .await
}

async fn register(world: &World, token: Option<&str>, body: &Value) -> Reply {
    let mut request = Request::post("/register").header(header::CONTENT_TYPE, "application/json");
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    world.send(request.body(body.to_string().into()).unwrap()).await
}

fn good() -> Value {
    json!({ "redirect_uris": ["https://app.example.org/cb"], "client_name": "Life Science Login",
        "logo_uri": "https://app.example.org/logo.svg", "scope": "openid profile ga4gh_passport_v1 visum:admin" })
}

#[tokio::test]
async fn without_an_opened_registration_there_is_none() {
    let world = world().await;
    let refused = register(&world, Some(TOKEN), &good()).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.json()["error"], "invalid_token");
    let metadata = world.bearer("/.well-known/openid-configuration", "none").await.json();
    assert!(
        metadata.get("registration_endpoint").is_none(),
        "and nobody is told of it"
    );
}

#[tokio::test]
async fn a_client_that_registered_itself_is_called_by_its_host_and_gets_no_visas() {
    let world = opened(1).await;
    let metadata = world.bearer("/.well-known/openid-configuration", "none").await.json();
    assert_eq!(metadata["registration_endpoint"], "https://broker.example.org/register");
    for token in [None, Some("another"), Some("")] {
        assert_eq!(
            register(&world, token, &good()).await.status,
            StatusCode::UNAUTHORIZED,
            "{token:?}"
        );
    }
    let made = register(&world, Some(TOKEN), &good()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert!(made.headers["cache-control"].to_str().unwrap().contains("no-store"));
    let made = made.json();
    assert_eq!(made["scope"], "openid profile", "nothing that opens data");
    let (id, secret) = (
        made["client_id"].as_str().unwrap(),
        made["client_secret"].as_str().unwrap(),
    );
    assert!(made.get("client_name").is_none() && secret.len() >= 43);
    assert!(world.events().contains(&"config.change".to_owned()), "on record");

    let mut browser = Browser::default();
    let refused = browser.get(&world, &ask(id, "openid ga4gh_passport_v1", &[])).await;
    assert!(refused.status.is_client_error() || refused.query()["error"] == "invalid_scope");
    let page = browser.follow(&world, &ask(id, "openid profile", &[])).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(
        page.body.contains("app.example.org") && page.body.contains("Nobody at this node has checked"),
        "{}",
        page.body
    );
    assert!(
        !page.body.contains("Life Science Login") && !page.body.contains("logo.svg"),
        "{}",
        page.body
    );

    // its secret works, another's does not
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", "none"),
        ("redirect_uri", "https://app.example.org/cb"),
        ("code_verifier", crate::world::VERIFIER),
    ];
    assert_eq!(
        world.form("/token", Some((id, secret)), &fields).await.json()["error"],
        "invalid_grant"
    );
    assert_eq!(
        world.form("/token", Some((id, "another")), &fields).await.json()["error"],
        "invalid_client"
    );

    let second = register(&world, Some(TOKEN), &good()).await;
    assert_eq!(
        second.status,
        StatusCode::UNAUTHORIZED,
        "as many as were opened: {}",
        second.body
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_registration_is_said() {
    let world = opened(100).await;
    let with = |name: &str, value: Value| {
        let mut body = good();
        body[name] = value;
        body
    };
    for (body, error) in [
        (with("redirect_uris", json!([])), "invalid_redirect_uri"),
        (
            with("redirect_uris", json!(["http://app.example.org/cb"])),
            "invalid_redirect_uri",
        ),
        (
            with(
                "redirect_uris",
                json!(["https://a.example.org/", "https://b.example.org/"]),
            ),
            "invalid_redirect_uri",
        ),
        (
            with("redirect_uris", json!("https://app.example.org/cb")),
            "invalid_client_metadata",
        ),
        (
            with("jwks_uri", json!("http://169.254.169.254/")),
            "invalid_client_metadata",
        ),
        (
            with("grant_types", json!(["client_credentials"])),
            "invalid_client_metadata",
        ),
        (with("response_types", json!(["token"])), "invalid_client_metadata"),
    ] {
        let refused = register(&world, Some(TOKEN), &body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(refused.json()["error"], error, "{body}");
    }
    let keyless = with("token_endpoint_auth_method", json!("private_key_jwt"));
    assert_eq!(
        register(&world, Some(TOKEN), &keyless).await.json()["error"],
        "invalid_client_metadata"
    );
    let public = with("token_endpoint_auth_method", json!("none"));
    assert!(
        register(&world, Some(TOKEN), &public)
            .await
            .json()
            .get("client_secret")
            .is_none()
    );
}
