//! Tokens that are bound to a key (RFC 9449): what a request has to prove, and that a proof is good once and here.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, StatusCode};
use ring::digest::{SHA256, digest};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};

use crate::broker::AUDIENCE;
use crate::key::TestKey;
use crate::world::{A, Answer, World};

const PATH: &str = "/ga4gh/drs/v1/objects/a-cohort.vcf/access/https";

fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn public(key: &TestKey) -> Value {
    let jwk = key.jwks()["keys"][0].clone();
    json!({ "kty": "EC", "crv": "P-256", "x": jwk["x"], "y": jwk["y"] })
}

fn thumbprint(key: &TestKey) -> String {
    let jwk = public(key);
    let text = format!(r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#, jwk["x"], jwk["y"]);
    base64(digest(&SHA256, text.as_bytes()).as_ref())
}

fn proof(world: &World, key: &TestKey, token: &str, nonce: Option<&str>, more: &Value) -> String {
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": public(key) });
    let mut claims = json!({
        "htm": "GET", "htu": format!("{AUDIENCE}{PATH}"), "iat": world.broker.now, "jti": "p",
        "ath": base64(digest(&SHA256, token.as_bytes()).as_ref()), "nonce": nonce,
    });
    claims
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let text = format!(
        "{}.{}",
        base64(header.to_string().as_bytes()),
        base64(claims.to_string().as_bytes())
    );
    #[expect(clippy::disallowed_methods, reason = "ring signs with its own randomness only")]
    let random = ring::rand::SystemRandom::new();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key.pkcs8, &random).unwrap();
    let signature = pair.sign(&random, text.as_bytes()).unwrap();
    format!("{text}.{}", base64(signature.as_ref()))
}

async fn ask(world: &World, scheme: &str, token: &str, proof: Option<&str>) -> Answer {
    let mut request = Request::get(PATH).header("authorization", format!("{scheme} {token}"));
    if let Some(proof) = proof {
        request = request.header("dpop", proof);
    }
    world.send(request, Body::empty()).await
}

#[tokio::test]
async fn e52_a_bound_token_opens_data_with_a_fresh_proof_of_its_key_and_not_otherwise() {
    let world = World::new().await;
    world.broker.affiliate("ada");
    world.broker.grant("ada", A);
    let (key, thief) = (TestKey::new(), TestKey::new());
    let token = world
        .broker
        .token_with("ada", json!({ "jti": "bound", "cnf": { "jkt": thumbprint(&key) } }));

    // Without a nonce of this replica the client is told one.
    let first = ask(
        &world,
        "DPoP",
        &token,
        Some(&proof(&world, &key, &token, None, &json!({}))),
    )
    .await;
    assert_eq!(first.status, StatusCode::UNAUTHORIZED);
    let challenge = first.headers["www-authenticate"].to_str().unwrap();
    assert!(
        challenge.starts_with("DPoP ") && challenge.contains("use_dpop_nonce"),
        "{challenge}"
    );
    let nonce = first.headers["dpop-nonce"].to_str().unwrap().to_owned();
    let made = |more: Value| proof(&world, &key, &token, Some(&nonce), &more);

    let good = made(json!({}));
    assert_eq!(ask(&world, "DPoP", &token, Some(&good)).await.status, StatusCode::OK);
    let own_nonce = json!({ "jti": "p8", "nonce": format!("{}.AAAA", world.broker.now) });
    let cases = [
        ("the same proof again", "DPoP", Some(good.clone())),
        ("as a bearer token", "Bearer", None),
        (
            "as a bearer token with a proof",
            "Bearer",
            Some(made(json!({ "jti": "p2" }))),
        ),
        ("without a proof", "DPoP", None),
        (
            "a thief's proof",
            "DPoP",
            Some(proof(&world, &thief, &token, Some(&nonce), &json!({ "jti": "p3" }))),
        ),
        (
            "for another method",
            "DPoP",
            Some(made(json!({ "jti": "p4", "htm": "POST" }))),
        ),
        (
            "for another object",
            "DPoP",
            Some(made(json!({ "jti": "p5", "htu": format!("{AUDIENCE}/x") }))),
        ),
        (
            "for another token",
            "DPoP",
            Some(made(json!({ "jti": "p6", "ath": "abc" }))),
        ),
        (
            "of another time",
            "DPoP",
            Some(made(json!({ "jti": "p7", "iat": world.broker.now - 600 }))),
        ),
        ("with a nonce of its own", "DPoP", Some(made(own_nonce))),
    ];
    for (name, scheme, proof) in cases {
        let answer = ask(&world, scheme, &token, proof.as_deref()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}: {:?}", answer.bytes);
    }
    let again = made(json!({ "jti": "p9" }));
    assert_eq!(ask(&world, "DPoP", &token, Some(&again)).await.status, StatusCode::OK);

    // A token that is bound to nothing gains nothing by a proof.
    let plain = world.broker.token("ada");
    let proven = proof(&world, &key, &plain, Some(&nonce), &json!({ "jti": "p10" }));
    let answer = ask(&world, "DPoP", &plain, Some(&proven)).await;
    assert_eq!(answer.code(), "token.bound");
    assert_eq!(world.get(PATH, Some(&plain)).await.status, StatusCode::OK);
}
