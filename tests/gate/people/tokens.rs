//! Credentials: mixed, of others, of another kind, forged (E35, E60).

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use tests::outside::{self, Answer};

use super::passport;
use crate::wire::{Bench, OBJECT, TES, raw, text};

async fn posted(url: &str, authorization: &[String], body: &Value) -> Answer {
    let mut request = outside::client().post(url).json(body);
    for value in authorization {
        request = request.header("authorization", value);
    }
    outside::read(request.send().await.unwrap()).await
}

fn claims(token: &str) -> (Value, Value) {
    let part = |at: usize| {
        let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(at).unwrap()).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    };
    (part(0), part(1))
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn e35_one_person_and_one_credential_or_a_refusal() {
    let bench = Bench::start().await;
    let (ada, ben) = (bench.ada.clone(), bench.ben.clone());
    let (ada_passport, ben_passport) = (passport(&bench.house, "ada"), passport(&bench.house, "ben"));
    let visa = text(&claims(&ada_passport).1, "/ga4gh_passport_v1/0");
    assert!(!visa.is_empty());
    bench.played.came();
    let bearer = |token: &str| format!("Bearer {token}");
    let basic = |user: &str, password: &str| format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    let object = bench.url(&format!("/ga4gh/drs/v1/objects/{OBJECT}"));
    let access = format!("{object}/access/https");
    type Case<'a> = (&'a str, Vec<String>, Vec<&'a str>, &'a [u16]);
    let cases: Vec<Case<'_>> = vec![
        ("Ada's Passport", vec![], vec![&ada_passport], &[200]),
        (
            "Ada's token and Passport",
            vec![bearer(&ada)],
            vec![&ada_passport],
            &[200],
        ),
        ("Ben's Passport", vec![], vec![&ben_passport], &[403]),
        (
            "Ada's token and Ben's Passport",
            vec![bearer(&ada)],
            vec![&ben_passport],
            &[400],
        ),
        (
            "Ben's token and Ada's Passport",
            vec![bearer(&ben)],
            vec![&ada_passport],
            &[400],
        ),
        (
            "Ada's token and both Passports",
            vec![bearer(&ada)],
            vec![&ada_passport, &ben_passport],
            &[400, 401, 403],
        ),
        (
            "both Passports",
            vec![],
            vec![&ada_passport, &ben_passport],
            &[400, 401, 403],
        ),
        (
            "both Passports, the other first",
            vec![],
            vec![&ben_passport, &ada_passport],
            &[400, 401, 403],
        ),
        ("no Passport", vec![], vec![], &[401]),
        ("a token as Passport", vec![], vec![&ada], &[400, 401]),
        ("a visa as Passport", vec![], vec![&visa], &[400, 401]),
        ("a visa as bearer", vec![bearer(&visa)], vec![], &[400, 401]),
        ("an empty Passport", vec![], vec![""], &[400, 401]),
        ("two headers", vec![bearer(&ada), bearer(&ada)], vec![], &[400]),
        (
            "two headers of two people",
            vec![bearer(&ben), bearer(&ada)],
            vec![],
            &[400],
        ),
        (
            "Bearer and Basic",
            vec![bearer(&ada), basic("visum", &ada)],
            vec![],
            &[400],
        ),
        (
            "two in one",
            vec![format!("Bearer {ben}, Bearer {ada}")],
            vec![],
            &[400, 401],
        ),
        ("two words", vec![format!("Bearer {ben} {ada}")], vec![], &[400, 401]),
        ("Basic", vec![basic("visum", &ada)], vec![], &[400, 401]),
        ("a Passport as bearer", vec![bearer(&ada_passport)], vec![], &[400, 401]),
        (
            "an invalid token and Ada's Passport",
            vec![bearer("x.y.z")],
            vec![&ada_passport],
            &[400, 401],
        ),
        (
            "DPoP beside a Passport",
            vec![format!("DPoP {ada}")],
            vec![&ada_passport],
            &[400, 401],
        ),
    ];
    for url in [&object, &access] {
        for (name, authorization, passports, status) in &cases {
            let answer = posted(url, authorization, &json!({ "passports": passports })).await;
            // what is discoverable is described to everybody who is somebody
            let described = url == &object && status == &[403] && answer.status == 200;
            assert!(
                status.contains(&answer.status) || described,
                "{name} on {url}: {} {}",
                answer.status,
                answer.text()
            );
            let came = bench.played.came();
            assert!(came.is_empty() || answer.status == 200, "{name}: {came:?}");
            for came in came {
                let told = format!("{:?}{}", came.headers, String::from_utf8_lossy(&came.body));
                assert!(
                    !told.contains(&ada) && !told.contains(&ada_passport),
                    "{name}: credentials stay here"
                );
            }
        }
    }
    // TES and WES take our own token alone: as bearer, or as the password of Basic
    for base in TES {
        let url = bench.url(&format!("{base}/tasks"));
        let task = bench.task();
        for (name, authorization, status) in [
            ("a Passport as bearer", vec![bearer(&ada_passport)], 401),
            ("a visa as bearer", vec![bearer(&visa)], 401),
            ("a Passport as password", vec![basic("visum", &ada_passport)], 401),
            ("Bearer and Basic", vec![bearer(&ada), basic("visum", &ada)], 400),
            ("Basic and Bearer", vec![basic("visum", &ada), bearer(&ada)], 400),
            ("another scheme", vec![format!("Negotiate {ada}")], 400),
            ("no scheme", vec![ada.clone()], 400),
            ("no token", vec!["Bearer ".to_owned()], 400),
            ("a name and a password", vec![basic("ada", "ada")], 401),
            ("Basic", vec![basic("visum", &ada)], 200),
            ("bearer in small letters", vec![format!("bearer {ada}")], 200),
        ] {
            let answer = posted(&url, &authorization, &task).await;
            assert_eq!(answer.status, status, "{name}: {}", answer.text());
            assert_eq!(bench.played.came().is_empty(), status != 200, "{name}");
        }
        let mut with = bench.task();
        with.as_object_mut()
            .unwrap()
            .insert("passports".to_owned(), json!([ada_passport]));
        let answer = posted(&url, &[], &with).await;
        assert_eq!(
            answer.status,
            401,
            "a Passport in a task is nobody's: {}",
            answer.text()
        );
        let answer = posted(&url, &[bearer(&ben)], &with).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
    }
    let mut parts = bench.run();
    parts.push(("passports".to_owned(), None, json!([ada_passport]).to_string()));
    for (authorization, status) in [
        (None, 401),
        (Some(bearer(&ben)), 400),
        (Some(bearer(&ada_passport)), 401),
    ] {
        let mut request = outside::client()
            .post(bench.url("/ga4gh/wes/v1/runs"))
            .header("content-type", "multipart/form-data; boundary=xyz")
            .body(crate::wire::form(&parts, "xyz"));
        if let Some(value) = &authorization {
            request = request.header("authorization", value);
        }
        let answer = outside::read(request.send().await.unwrap()).await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    assert!(bench.played.came().is_empty());
    // a 401 says where to go, and repeats nothing
    let answer = outside::get(&bench.url("/v1/tasks"), Some(&ada_passport)).await;
    assert!(
        answer.header("www-authenticate").starts_with("Bearer "),
        "{:?}",
        answer.headers
    );
    assert!(!answer.text().contains(&ada_passport) && !bench.house.node.words().contains(&ada_passport));
}

#[tokio::test(flavor = "multi_thread")]
async fn e60_forged_tokens_open_nothing_and_there_are_no_paths_for_debugging() {
    let bench = Bench::start().await;
    let (header, payload) = claims(&bench.ada);
    let keys = outside::get(&bench.house.broker("/jwks"), None).await.json();
    let key = keys["keys"][0].clone();
    let signature = bench.ada.rsplit('.').next().unwrap().to_owned();
    let own = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key.to_string().as_bytes());
    let point = ring::hmac::Key::new(
        ring::hmac::HMAC_SHA256,
        key["x"].as_str().or(key["n"].as_str()).unwrap_or_default().as_bytes(),
    );
    let hmac = |header: &Value, with: &ring::hmac::Key| {
        let text = format!("{}.{}", encoded(header), encoded(&payload));
        format!(
            "{text}.{}",
            URL_SAFE_NO_PAD.encode(ring::hmac::sign(with, text.as_bytes()))
        )
    };
    let changed = |name: &str, value: Value| {
        let mut header = header.clone();
        header.as_object_mut().unwrap().insert(name.to_owned(), value);
        header
    };
    let claimed = |name: &str, value: Value| {
        let mut payload = payload.clone();
        payload.as_object_mut().unwrap().insert(name.to_owned(), value);
        format!("{}.{}.{signature}", encoded(&header), encoded(&payload))
    };
    let mut forged: Vec<(String, String)> = Vec::new();
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let head = changed("alg", json!(alg));
        forged.push((
            format!("alg {alg}, unsigned"),
            format!("{}.{}.", encoded(&head), encoded(&payload)),
        ));
        forged.push((
            format!("alg {alg}, signed"),
            format!("{}.{}.{signature}", encoded(&head), encoded(&payload)),
        ));
    }
    for alg in ["HS256", "HS384", "HS512"] {
        let head = changed("alg", json!(alg));
        forged.push((format!("{alg} with the public key"), hmac(&head, &own)));
        forged.push((format!("{alg} with the key's number"), hmac(&head, &point)));
    }
    for (name, value) in [
        ("jwk", key.clone()),
        ("jku", json!("https://evil.example.net/jwks")),
        ("x5u", json!("https://evil.example.net/cert")),
        ("x5c", json!(["MIIB"])),
        ("kid", json!("../../../../dev/null")),
        ("kid", json!("' UNION SELECT 'x' --")),
        ("kid", json!("/proc/self/environ")),
        ("kid", json!("no-such-key")),
        ("kid", json!(["a"])),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("typ", json!("JWT")),
        ("typ", json!("vnd.ga4gh.passport+jwt")),
        ("typ", json!("id_token")),
    ] {
        let head = changed(name, value.clone());
        forged.push((
            format!("{name} {value}"),
            format!("{}.{}.{signature}", encoded(&head), encoded(&payload)),
        ));
    }
    for (name, value) in [
        ("sub", json!("ada")),
        ("aud", json!("https://other.example.net")),
        ("iss", json!("https://evil.example.net")),
        ("exp", json!(4_102_444_800_u64)),
        ("scope", json!("openid ga4gh_passport_v1 visum:admin")),
        ("client_id", json!("other")),
    ] {
        forged.push((format!("claim {name} {value}"), claimed(name, value)));
    }
    forged.push(("cut".to_owned(), bench.ada[..bench.ada.len() - 8].to_owned()));
    forged.push(("four parts".to_owned(), format!("{}.x", bench.ada)));
    forged.push(("a word".to_owned(), "admin".to_owned()));
    let drs = format!("/ga4gh/drs/v1/objects/{OBJECT}/access/https");
    for (name, token) in &forged {
        for path in [
            "/v1/tasks",
            "/ga4gh/tes/v1/tasks",
            "/ga4gh/wes/v1/runs",
            drs.as_str(),
            "/visum/v1/datasets",
            "/visum/v1/decisions/x",
        ] {
            let answer = outside::get(&bench.url(path), Some(token)).await;
            assert!(
                matches!(answer.status, 400 | 401),
                "{name} on {path}: {} {}",
                answer.status,
                answer.text()
            );
        }
        for path in [
            "/visum/v1/me",
            "/visum/v1/admin/audit/events",
            "/visum/v1/admin/roles",
            "/userinfo",
        ] {
            let answer = outside::get(&bench.house.broker(path), Some(token)).await;
            assert!(
                matches!(answer.status, 400 | 401 | 403),
                "{name} on {path}: {} {}",
                answer.status,
                answer.text()
            );
        }
        let posted = posted(&bench.url(&drs), &[], &json!({"passports": [token]})).await;
        assert!(
            matches!(posted.status, 400 | 401),
            "{name} as Passport: {}",
            posted.text()
        );
    }
    assert!(bench.played.came().is_empty());
    // paths that help developers, and headers that would
    let host = bench.host();
    for path in [
        "/debug",
        "/debug/pprof",
        "/debug/vars",
        "/admin",
        "/visum/v1/admin",
        "/visum/v1/admin/lockdown",
        "/visum/v1/policy/test",
        "/visum/v1/break-glass",
        "/visum/v1/debug",
        "/visum/v1/snapshot",
        "/visum/v1/config",
        "/metrics",
        "/env",
        "/actuator",
        "/actuator/env",
        "/console",
        "/test",
        "/visum/v1/token",
        "/token",
        "/login",
        "/.env",
        "/.git/config",
        "/server-status",
        "/visum/internal",
    ] {
        for base in [bench.house.node.at.proxy.as_str(), bench.house.node.at.door.as_str()] {
            let answer = outside::get(&format!("{base}{path}"), Some(&bench.ada)).await;
            assert!(
                matches!(answer.status, 400 | 403..=405),
                "{base}{path}: {} {}",
                answer.status,
                answer.text()
            );
        }
    }
    for header in [
        "X-Debug: 1",
        "X-Visum-Debug: true",
        "X-Visum-Dry-Run: true",
        "Visum-Break-Glass: yes",
        "X-Test-User: ada",
        "X-Trace: full",
        "Pragma: debug",
    ] {
        let bytes = format!(
            "GET {drs} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n{header}\r\nConnection: close\r\n\r\n",
            bench.ben
        );
        let back = raw::send(&bench.house.node.at.proxy, bytes.as_bytes()).await;
        assert_eq!(back.status(), 403, "{header}: {}", back.text());
    }
}
