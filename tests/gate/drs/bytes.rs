//! Bytes by a URL of ours: ranges, conditions, and what happens between the URL and its use (E39, E48, E71).

use serde_json::json;
use tests::{
    demo::Demo,
    house::{House, Wants},
    outside::{Answer, client, get, post, read},
};

use super::{Fake, hold, house_of, url, with_bundles};

async fn ask(method: reqwest::Method, url: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = client().request(method, url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    read(request.send().await.unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn e39_conditions_on_bytes_are_met_by_a_validator_of_that_url_alone() {
    let demo = Demo::start();
    let ada = demo.token("ada");
    let base = demo.fact("/proxy/drs");
    let object = get(&format!("{base}/objects/a-cohort.vcf"), Some(&ada)).await.json();
    let checksum = object["checksums"][0]["checksum"].as_str().unwrap().to_owned();
    let fresh = async || {
        let access = get(&format!("{base}/objects/a-cohort.vcf/access/https"), Some(&ada)).await;
        assert_eq!(access.status, 200, "{}", access.text());
        access.json()["url"].as_str().unwrap().to_owned()
    };
    let (one, other) = (fresh().await, fresh().await);
    let whole = ask(reqwest::Method::GET, &one, &[]).await;
    assert_eq!(whole.status, 200);
    let (own, others) = (
        whole.header("etag"),
        ask(reqwest::Method::HEAD, &other, &[]).await.header("etag"),
    );
    assert!(
        own.len() > 10 && own.starts_with('"') && !own.contains(&checksum),
        "{own}"
    );
    assert_ne!(own, others, "a validator for each URL");
    assert_eq!(whole.header("last-modified"), "");

    let guess = format!("\"{checksum}\"");
    let (own, others, guess) = (own.as_str(), others.as_str(), guess.as_str());
    type Header<'h> = (&'h str, &'h str);
    let cases: [(&str, &[Header<'_>], u16); 12] = [
        ("its own", &[("if-none-match", own)], 304),
        ("of another URL", &[("if-none-match", others)], 200),
        ("a guess of the content", &[("if-none-match", guess)], 200),
        ("anything", &[("if-none-match", "*")], 200),
        (
            "a date to come",
            &[("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT")],
            200,
        ),
        (
            "a date long ago",
            &[("if-unmodified-since", "Thu, 01 Jan 1970 00:00:00 GMT")],
            200,
        ),
        ("a range", &[("range", "bytes=0-9")], 206),
        ("a range of its own", &[("range", "bytes=0-9"), ("if-range", own)], 206),
        (
            "a range of another",
            &[("range", "bytes=0-9"), ("if-range", others)],
            200,
        ),
        (
            "a range of a guess",
            &[("range", "bytes=0-9"), ("if-range", guess)],
            200,
        ),
        ("only if it is a guess", &[("if-match", guess)], 412),
        ("several ranges", &[("range", "bytes=0-1,4-5")], 400),
    ];
    for (name, headers, status) in cases {
        for method in [reqwest::Method::GET, reqwest::Method::HEAD] {
            let answer = ask(method.clone(), &one, headers).await;
            assert_eq!(answer.status, status, "{name}, {method}");
            if method == reqwest::Method::HEAD || status == 304 {
                assert!(answer.body.is_empty(), "{name}, {method}");
            }
        }
    }
    let part = ask(reqwest::Method::GET, &one, &[("range", "bytes=0-9"), ("if-range", own)]).await;
    assert_eq!(part.body, whole.body[..10]);
    // Descriptions carry no validator at all.
    let described = ask(
        reqwest::Method::GET,
        &format!("{base}/objects/a-cohort.vcf"),
        &[("if-none-match", "*")],
    )
    .await;
    assert_eq!((described.status, described.header("etag").as_str()), (200, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn e48_a_url_is_decided_on_anew_when_it_is_used() {
    let house = House::start(Wants::default()).await;
    let (ada, _) = house.granted().await;
    let access = get(&url(&house, "objects/a-cohort.vcf/access/https"), Some(&ada)).await;
    let capability = access.json()["url"].as_str().unwrap().to_owned();
    assert_eq!(get(&capability, None).await.status, 200);
    let etag = get(&capability, None).await.header("etag");
    hold(&house, "object", "a-cohort.vcf").await;
    for headers in [&[][..], &[("if-none-match", etag.as_str())], &[("range", "bytes=0-0")]] {
        let held = ask(reqwest::Method::GET, &capability, headers).await;
        assert_eq!(
            (held.status, held.code().as_str()),
            (403, "consent.hold"),
            "{headers:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e35_e71_a_passport_is_no_token_however_long_it_is() {
    let demo = Demo::start();
    let base = demo.fact("/proxy/drs");
    let passport = demo.passport("ada");
    let long = format!("{}{}", passport, "a".repeat(20 << 10));
    for token in [&passport, &long] {
        for path in ["objects/a-cohort.vcf", "objects/a-cohort.vcf/access/https"] {
            let refused = get(&format!("{base}/{path}"), Some(token)).await;
            assert_eq!(
                (refused.status, refused.code().as_str()),
                (401, "token.passport_bearer"),
                "{path}"
            );
        }
    }
    let issuer = base.replace("/ga4gh/drs/v1", "");
    for path in ["/ga4gh/tes/v1/tasks", "/v1/tasks", "/ga4gh/wes/v1/runs"] {
        assert_eq!(
            get(&format!("{issuer}{path}"), Some(&passport)).await.status,
            401,
            "{path}"
        );
    }
    let object = format!("{base}/objects/a-cohort.vcf");
    for (body, status) in [
        (json!({ "passports": [passport] }), 200),
        (json!({ "passports": [passport, passport] }), 200),
        (json!({ "passports": [] }), 401),
        (json!({}), 401),
        (json!({ "passports": [passport, demo.passport("dan")] }), 400),
    ] {
        let answer = post(&object, None, &body).await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    let dan = demo.token("dan");
    let mixed = post(&object, Some(&dan), &json!({ "passports": [passport] })).await;
    assert_eq!((mixed.status, mixed.code().as_str()), (400, "token.two_people"));
}

#[tokio::test(flavor = "multi_thread")]
async fn e14_ids_with_slashes_are_read_from_the_right_where_the_backend_has_them() {
    let fake = Fake::start().await;
    let house = House::start(Wants {
        drs: Some(fake.address.clone()),
        drs_lines: Some("slash_ids = true\n".to_owned()),
        facts: Some(with_bundles),
        ..Wants::default()
    })
    .await;
    let (ada, _) = house.granted().await;
    for path in ["dg.4503/slash-1", "dg.4503%2Fslash-1"] {
        fake.asked();
        let found = get(&url(&house, &format!("objects/{path}")), Some(&ada)).await;
        assert_eq!(found.status, 200, "{path}: {}", found.text());
        assert_eq!(found.json()["id"], "dg.4503/slash-1");
        assert_eq!(found.json()["self_uri"], "drs://127.0.0.1/dg.4503%2Fslash-1");
        assert_eq!(fake.asked(), ["dg.4503/slash-1"], "encoded on its way: one segment");
        let access = get(&url(&house, &format!("objects/{path}/access/https")), Some(&ada)).await;
        assert_eq!(access.status, 200, "{path}: {}", access.text());
    }
    for path in ["dg.4503//slash-1", "dg.4503/slash-1/"] {
        let request = format!("objects/{path}");
        assert!(
            matches!(get(&url(&house, &request), Some(&ada)).await.status, 400 | 404),
            "{path}"
        );
    }
    let plain = house_of(&Fake::start().await).await;
    let ada = plain.token("ada");
    assert_eq!(
        get(&url(&plain, "objects/dg.4503/slash-1"), Some(&ada)).await.status,
        404
    );
    assert_eq!(
        get(&url(&plain, "objects/dg.4503%2Fslash-1"), Some(&ada)).await.status,
        200
    );
}
