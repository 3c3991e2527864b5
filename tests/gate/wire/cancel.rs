//! Routes that take no body are read as strictly as those that do (E1, E2, E4–E7); and what HEAD says of GET's answer.

use reqwest::Method;
use tests::outside::{client, read};

use super::{Bench, OBJECT, TES};

#[tokio::test(flavor = "multi_thread")]
async fn e1_e7_a_cancel_takes_no_body_or_an_empty_object() {
    let bench = Bench::start().await;
    let task = bench.sent(&bench.ada).await;
    let run = bench.ran(&bench.ada).await;
    let mut routes: Vec<String> = TES.iter().map(|base| format!("{base}/tasks/{task}:cancel")).collect();
    routes.push(format!("/ga4gh/wes/v1/runs/{run}/cancel"));
    let large = format!("{{{}}}", " ".repeat(2 << 20));
    let json = Some("application/json");
    type Case<'c> = (&'c str, Option<&'c str>, Option<&'c str>, &'c str, u16);
    let cases: Vec<Case<'_>> = vec![
        ("a member", json, None, r#"{"x":1}"#, 400),
        ("a list", json, None, "[]", 400),
        ("nothing by name", json, None, "null", 400),
        ("no JSON", json, None, "x", 400),
        ("a member twice", json, None, r#"{"a":1,"a":2}"#, 400),
        ("text", Some("text/plain"), None, "{}", 415),
        ("another encoding", json, Some("gzip"), "{}", 415),
        (
            "another character set",
            Some("application/json; charset=utf-16"),
            None,
            "{}",
            415,
        ),
        ("two megabytes", json, None, &large, 413),
        ("an empty object", json, None, "{}", 200),
        ("an empty body with a type", json, None, "", 200),
        ("nothing", None, None, "", 200),
    ];
    for route in &routes {
        for (name, kind, encoding, body, status) in &cases {
            let mut request = client()
                .post(bench.url(route))
                .bearer_auth(&bench.ada)
                .body((*body).to_owned());
            for (header, value) in [("content-type", kind), ("content-encoding", encoding)] {
                if let Some(value) = value {
                    request = request.header(header, *value);
                }
            }
            let answer = read(request.send().await.unwrap()).await;
            let fits = answer.status == *status || (*status == 415 && answer.status == 400);
            assert!(fits, "{name} on {route}: {} {}", answer.status, answer.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn head_tells_the_length_of_what_get_answers() {
    let bench = Bench::start().await;
    for path in [
        format!("/ga4gh/drs/v1/objects/{OBJECT}"),
        "/ga4gh/drs/v1/objects/unknown".to_owned(),
        "/ga4gh/tes/v1/service-info".to_owned(),
        "/ga4gh/tes/v1/tasks".to_owned(),
    ] {
        let asked = |method: Method| {
            let request = client().request(method, bench.url(&path)).bearer_auth(&bench.ada);
            async move { request.send().await.unwrap() }
        };
        let (get, head) = (asked(Method::GET).await, asked(Method::HEAD).await);
        assert_eq!(get.status(), head.status(), "{path}");
        let told = head
            .headers()
            .get("content-length")
            .map(|value| value.to_str().unwrap().to_owned());
        let body = get.bytes().await.unwrap();
        let exact = told.as_deref() == Some(body.len().to_string().as_str());
        // ids of requests differ in an error's body, their lengths do not
        assert!(exact, "{path}: HEAD says {told:?}, GET brings {}", body.len());
        assert!(head.bytes().await.unwrap().is_empty());
    }
}
