//! Bad input, from the first day: a clear error in the shape of the API that was called, and nothing lost.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    demo::Demo,
    outside::{self, Answer, get, post},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_understood_or_not_proven_is_refused_in_the_shape_of_its_api() {
    let demo = Demo::start();
    let ada = demo.token("ada");
    let (tes, wes) = (demo.fact("/proxy/tes"), demo.fact("/proxy/wes"));
    let stranger = foreign_token(&demo.fact("/broker/issuer"), &demo.fact("/proxy/url"));

    let access = demo.access("a-cohort.vcf").await;

    // -- who asks
    for (name, token) in [
        ("no token", None),
        ("a token of nobody's making", Some("abc.def.ghi")),
        ("a foreign key", Some(stranger.as_str())),
    ] {
        for url in [access.clone(), format!("{tes}/tasks"), format!("{wes}/runs")] {
            let answer = get(&url, token).await;
            assert_eq!(answer.status, 401, "{name} at {url}: {}", answer.text());
            assert!(answer.header("www-authenticate").contains("Bearer"), "{name} at {url}");
            shaped(&answer, &url);
        }
    }

    // -- paths: `..`, encoded slashes and doubled encodings name no object, and never another one
    for id in [
        "..",
        "a%2F..%2Fb-cohort.vcf",
        "%2e%2e%2fa-cohort.vcf",
        "a-cohort.vcf%00",
        "%252e%252e",
        "a;b",
        "a%5cb",
    ] {
        let answer = raw(&demo, &format!("/ga4gh/drs/v1/objects/{id}"), &ada).await;
        assert!(matches!(answer.0, 400 | 403 | 404), "{id}: {answer:?}");
    }

    // -- a task with a field that could name data
    for (name, task) in [
        (
            "an unknown field",
            json!({ "executors": [{ "image": demo.fact("/images/wc"), "command": ["wc"] }], "inputs2": [] }),
        ),
        (
            "a field that the server sets",
            json!({ "id": "x", "executors": [{ "image": demo.fact("/images/wc"), "command": ["wc"] }] }),
        ),
        (
            "a reserved tag",
            json!({ "executors": [{ "image": demo.fact("/images/wc"), "command": ["wc"] }], "tags": { "visum.owner": "x" } }),
        ),
    ] {
        let answer = post(&format!("{tes}/tasks"), Some(&ada), &task).await;
        assert_eq!(answer.status, 400, "{name}: {}", answer.text());
        shaped(&answer, &tes);
    }
    let twice = outside::client()
        .post(format!("{tes}/tasks"))
        .bearer_auth(&ada)
        .header("content-type", "application/json")
        .body(r#"{"executors":[],"executors":[]}"#)
        .send()
        .await
        .unwrap();
    assert_eq!(outside::read(twice).await.status, 400, "E1: a doubled member");

    // -- data that no dataset owns
    for url in [
        "s3://nobody/x.vcf",
        "https://elsewhere.example.net/x.vcf",
        "file:///etc/passwd",
        "drs://elsewhere.example.net/x",
        "s3://KEY:SECRET@bucket/x",
    ] {
        let task = json!({
            "inputs": [{ "url": url, "path": "/data/x", "type": "FILE" }],
            "executors": [{ "image": demo.fact("/images/wc"), "command": ["wc", "/data/x"] }]
        });
        let answer = post(&format!("{tes}/tasks"), Some(&ada), &task).await;
        assert!(
            matches!(answer.status, 400 | 403),
            "{url}: {} {}",
            answer.status,
            answer.text()
        );
        assert!(!answer.text().contains("SECRET"), "{url}: a secret came back");
        shaped(&answer, &tes);
    }

    // -- a sink that nobody owns
    let task = json!({
        "outputs": [{ "url": "file:///tmp/stolen.txt", "path": "/work/x", "type": "FILE" }],
        "executors": [{ "image": demo.fact("/images/wc"), "command": ["wc"], "stdout": "/work/x" }]
    });
    let answer = post(&format!("{tes}/tasks"), Some(&ada), &task).await;
    assert!(matches!(answer.status, 400 | 403), "{}", answer.text());

    // -- tasks of others are unknown
    let answer = get(&format!("{tes}/tasks/nobody"), Some(&ada)).await;
    assert_eq!(answer.status, 404, "{}", answer.text());

    // -- nothing of it is a task, and what was decided is on record, with its code
    let tasks = get(&format!("{tes}/tasks"), Some(&ada)).await;
    assert_eq!(tasks.json().get("tasks"), Some(&json!([])), "{}", tasks.text());
    let events = demo.events(&demo.token("noor")).await;
    let refused: Vec<String> = events
        .iter()
        .filter(|event| event.get("type") == Some(&json!("tes:CreateTask")))
        .filter(|event| event.get("outcome") == Some(&json!("denied")))
        .filter_map(|event| event.pointer("/why/code").and_then(Value::as_str).map(str::to_owned))
        .collect();
    for code in ["catalogue.unmapped", "catalogue.sink_unmapped"] {
        assert!(refused.iter().any(|told| told == code), "{code}: {refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e5_a_body_of_a_hundred_megabytes_is_refused_without_being_kept() {
    let demo = Demo::start();
    let ada = demo.token("ada");
    let tes = demo.fact("/proxy/tes");
    let body = format!("{{\"name\":\"{}\"}}", "x".repeat(100 << 20));
    let started = std::time::Instant::now();
    let sent = outside::client()
        .post(format!("{tes}/tasks"))
        .bearer_auth(&ada)
        .header("content-type", "application/json")
        .body(body)
        .send()
        .await;
    assert!(
        started.elapsed() < std::time::Duration::from_secs(20),
        "quickly: {:?}",
        started.elapsed()
    );
    // The gate answers before the body is through; a client that goes on sending may see the connection end instead.
    if let Ok(reply) = sent {
        let answer = outside::read(reply).await;
        assert_eq!(answer.status, 413, "{}", answer.text());
    }
    let answer = get(&format!("{tes}/tasks"), Some(&ada)).await;
    assert_eq!(answer.status, 200, "the gate goes on: {}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_of_somebody_who_is_logged_in_is_in_the_log() {
    let demo = Demo::start();
    let (ada, noor) = (demo.token("ada"), demo.token("noor"));
    let denied = get(&demo.access("d-cohort.vcf").await, Some(&ada)).await;
    assert_eq!(denied.status, 403, "{}", denied.text());
    shaped(&denied, "/drs/");
    let events = demo.events(&noor).await;
    let found = events.iter().find(|event| {
        event.get("type") == Some(&json!("drs:GetAccessUrl")) && event.get("outcome") == Some(&json!("denied"))
    });
    let found = found.map(ToString::to_string).unwrap_or_default();
    assert!(found.contains("consent.disease_not_covered"), "{events:#?}");
    // Who is no auditor reads nothing: Ada has no second factor, Dan has one but not the role.
    let dan = demo.token("dan");
    for (who, token, status) in [("ada", &ada, 401), ("dan", &dan, 403)] {
        let answer = get(
            &format!("{}/visum/v1/admin/audit/events?from=0", demo.fact("/broker/issuer")),
            Some(token),
        )
        .await;
        assert_eq!(answer.status, status, "{who}: {}", answer.text());
        assert!(answer.json().get("events").is_none(), "{who}");
    }
}

/// Each API's own error shape (apis.md 1.5).
fn shaped(answer: &Answer, url: &str) {
    let body = answer.json();
    let has = |name: &str| {
        body.get(name)
            .and_then(Value::as_str)
            .is_some_and(|text| !text.is_empty())
    };
    if url.contains("/tes/") {
        assert!(has("error"), "{url}: {body}");
    } else {
        assert!(
            has("msg") && body.get("status_code") == Some(&json!(answer.status)),
            "{url}: {body}"
        );
    }
    assert!(has("code"), "{url}: {body}");
}

/// A well-made token of a key that nobody trusts.
fn foreign_token(issuer: &str, audience: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    #[expect(clippy::disallowed_methods, reason = "a forger's key")]
    let random = ring::rand::SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
    let now = jiff::Timestamp::now().as_second();
    let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": "forged" });
    let claims = json!({ "iss": issuer, "sub": "ada", "aud": [audience], "client_id": "visum-cli", "iat": now, "exp": now + 600,
        "jti": "1", "scope": "openid ga4gh_passport_v1" });
    let body = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let signature = key.sign(&random, body.as_bytes()).unwrap();
    format!("{body}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
}

/// A request whose path no client library tidies.
async fn raw(demo: &Demo, path: &str, token: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let url = url::Url::parse(&demo.fact("/proxy/url")).unwrap();
    let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let mut socket = tokio::net::TcpStream::connect(&host).await.unwrap();
    let request = format!(
        "{} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n",
        Method::GET
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer).await;
    let text = String::from_utf8_lossy(&answer).into_owned();
    (
        text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0),
        text,
    )
}
