//! Targets and methods: paths, queries and overrides that lead elsewhere (E10, E11, E38).

use serde_json::Value;
use tests::outside;

use super::{Bench, OBJECT, raw};

/// A request line as it stands, with Ada's token.
fn request(bench: &Bench, method: &str, target: &str, more: &str) -> String {
    format!(
        "{method} {target} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n{more}\r\n",
        bench.host(),
        bench.ada
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn e10_a_path_is_one_of_the_table_read_once_or_it_is_refused() {
    let bench = Bench::start().await;
    let drs = "/ga4gh/drs/v1/objects";
    let task = bench.sent(&bench.ada).await;
    let run = bench.ran(&bench.ada).await;
    bench.played.came();
    let evil = "http://backend.example.net";
    let mut cases: Vec<(String, u16)> = Vec::new();
    for (target, status) in [
        ("/ga4gh/drs/v1/objects/open%2F..%2FOBJECT", 400),
        ("/ga4gh/drs/v1/objects/x%2F%2e%2e%2FOBJECT", 400),
        ("//ga4gh/drs/v1/objects/OBJECT", 400),
        ("/ga4gh/drs/v1//objects/OBJECT", 400),
        ("/ga4gh/drs/v1/objects//OBJECT", 400),
        ("/ga4gh/drs/v1/objects/x/../OBJECT", 400),
        ("/ga4gh/drs/v1/objects/./OBJECT", 400),
        ("/ga4gh/drs/v1/objects/%2e/OBJECT", 400),
        ("/ga4gh/drs/v1/objects/%2e%2e/objects/OBJECT", 400),
        ("/ga4gh/drs/v1/objects/%2E%2E/", 400),
        ("/ga4gh/drs/v1/objects/OBJECT/", 400),
        ("/ga4gh/drs/v1/objects/", 400),
        ("/ga4gh/drs/v1/objects/OBJECT;jsessionid=1", 400),
        ("/ga4gh/drs/v1/objects/OBJECT%3Bjsessionid=1", 400),
        ("/ga4gh/drs/v1;x/objects/OBJECT", 400),
        ("/ga4gh/drs/v1/objects/OBJECT%5c", 400),
        ("/ga4gh/drs/v1/objects/..%5cOBJECT", 400),
        ("/ga4gh/drs/v1/objects/OBJECT\\", 400),
        ("/ga4gh/drs/v1/objects/OBJECT%00", 400),
        ("/ga4gh/drs/v1/objects/OBJECT%0d%0aX-A:%20b", 400),
        ("/ga4gh/drs/v1/objects/OBJECT%09", 400),
        ("/ga4gh/drs/v1/objects/OBJECT%7f", 400),
        ("/ga4gh/drs/v1/objects/OBJECT%c2%85", 400),
        ("/ga4gh/drs/v1/objects/%u0061-cohort.vcf", 400),
        ("/ga4gh/drs/v1/objects/%c1%a1-cohort.vcf", 400),
        ("/ga4gh/drs/v1/objects/%e0%81%a1-cohort.vcf", 400),
        ("/ga4gh/drs/v1/objects/%ed%a0%80", 400),
        ("/ga4gh/drs/v1/objects/%ff", 400),
        ("/ga4gh/drs/v1/objects/OBJECT%", 400),
        ("/ga4gh/drs/v1/objects/OBJECT%2", 400),
        ("/ga4gh/drs/v1/objects/OBJECT%zz", 400),
        ("/ga4gh/drs%2Fv1/objects/OBJECT", 400),
        ("/ga4gh%2fdrs/v1/objects/OBJECT", 400),
        ("/ga4gh/drs/v1/objects/OBJECT/access/https%2Fx", 400),
        ("/ga4gh/drs/v1/objects/OBJECT/access/", 400),
        ("/ga4gh/drs/v1/objects/OBJECT/access", 404),
        ("/ga4gh/drs/v1/objects/OBJECT/x/https", 404),
        ("/ga4gh/drs/v1/objects/a/b", 404),
        ("/GA4GH/drs/v1/objects/OBJECT", 404),
        ("/ga4gh/drs/V1/objects/OBJECT", 404),
        ("/ga4gh/drs/v2/objects/OBJECT", 404),
        ("/ga4gh/drs/v1/Objects/OBJECT", 404),
        ("/v1/tasks/TASK/", 400),
        ("/v1//tasks", 400),
        ("/v1/./tasks", 400),
        ("/v1/tasks/TASK%2F..%2FTASK", 400),
        ("/v1/tasks/TASK%2Fx", 400),
        ("/v1/tasks/TASK;x", 400),
        ("/v1/tasks/TASK%20", 404),
        ("/v1/Tasks/TASK", 404),
        ("/tasks/TASK", 404),
        ("/ga4gh/tes/tasks/TASK", 404),
        ("/ga4gh/wes/v1/runs/RUN/", 400),
        ("/ga4gh/wes/v1/runs/RUN/../RUN", 400),
        ("/ga4gh/wes/v1/runs/RUN%2Fstatus", 400),
        ("/ga4gh/wes/v1/runs/RUN/logs", 404),
        ("/runs/RUN", 404),
    ] {
        cases.push((
            target
                .replace("OBJECT", OBJECT)
                .replace("TASK", &task)
                .replace("RUN", &run),
            status,
        ));
    }
    cases.push((format!("{evil}{drs}/{OBJECT}"), 421));
    cases.push((format!("https://{}/x{drs}", bench.host()), 404));
    cases.push((format!("/{}", "a".repeat(9_000)), 400));
    cases.push(("/a".repeat(17), 400));
    for (target, status) in &cases {
        let back = raw::send(
            &bench.house.node.at.proxy,
            request(&bench, "GET", target, "").as_bytes(),
        )
        .await;
        assert_eq!(back.status(), *status, "{target}: {}", back.text());
        assert_eq!(back.answers(), 1, "{target}");
        let came = bench.played.came();
        assert!(came.is_empty(), "{target}: a backend saw {came:?}");
        if target.starts_with("/ga4gh/drs/v1/") {
            assert!(back.text().contains("\"status_code\""), "{target}: {}", back.text());
        }
    }
    // targets that are no path of ours at all
    for (method, target) in [
        ("OPTIONS", "*"),
        ("GET", "*"),
        ("GET", "backend.example.net:80"),
        ("CONNECT", "backend.example.net:80"),
        ("CONNECT", "127.0.0.1:22"),
        ("GET", "http:///ga4gh/drs/v1/service-info"),
        ("GET", "ga4gh/drs/v1/service-info"),
        ("GET", "/ga4gh/drs/v1/objects/a b"),
        ("GET", "/ga4gh/drs/v1/objects/a\u{e9}"),
        ("GET", ""),
    ] {
        let back = raw::send(
            &bench.house.node.at.proxy,
            request(&bench, method, target, "").as_bytes(),
        )
        .await;
        assert!(
            (400..500).contains(&back.status()),
            "{method} {target}: {}",
            back.text()
        );
        assert!(bench.played.came().is_empty(), "{method} {target}");
    }
    // what may be spelled differently is the same thing, and goes on in one spelling
    let absolute = format!("http://{}{drs}/{OBJECT}", bench.host());
    for target in [
        absolute.as_str(),
        "/ga4gh/drs/v1/objects/a%2Dcohort%2Evcf",
        "/%67a4gh/drs/v1/objects/%61-cohort.vcf",
    ] {
        let back = raw::send(
            &bench.house.node.at.proxy,
            request(&bench, "GET", target, "").as_bytes(),
        )
        .await;
        assert_eq!(back.status(), 200, "{target}: {}", back.text());
        let came = bench.played.came();
        let targets: Vec<&str> = came.iter().map(|came| came.target.as_str()).collect();
        assert_eq!(targets, ["/ga4gh/drs/v1/objects/a-cohort.vcf"], "{target}");
    }
    // an id that is decoded once: another object or none
    for id in ["a%252Dcohort.vcf", "a%2523", "%2525"] {
        let back = raw::send(
            &bench.house.node.at.proxy,
            request(&bench, "GET", &format!("{drs}/{id}"), "").as_bytes(),
        )
        .await;
        assert!(matches!(back.status(), 403 | 404), "{id}: {}", back.text());
        assert!(bench.played.came().is_empty(), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e11_query_keys_are_the_routes_own_and_values_exact() {
    let bench = Bench::start().await;
    let task = bench.sent(&bench.ada).await;
    let run = bench.ran(&bench.ada).await;
    bench.played.came();
    let ada = bench.ada.clone();
    let token = format!("access_token={ada}");
    let cases: Vec<(&str, Vec<&str>)> = vec![
        (
            "/ga4gh/drs/v1/objects/OBJECT",
            vec![
                "expand=false&expand=true",
                "expand=false&%65xpand=true",
                "expand=1",
                "expand=",
                "expand",
                "Expand=false",
                "expand[]=false",
                "expand=false;x",
                "view=FULL",
                "x",
                "=",
                "&",
                "expand=%",
                "expand=%ff",
                "expand=fals%65%00",
                "debug=1",
            ],
        ),
        (
            "/ga4gh/drs/v1/objects/OBJECT/access/https",
            vec!["expand=false", "expires_in=604800", "x=1", "signed=false"],
        ),
        (
            "/v1/tasks/TASK",
            vec![
                "view=FULL&view=MINIMAL",
                "view=full",
                "view=FULL;x",
                "view[]=FULL",
                "View=FULL",
                "view=",
                "view",
                "view=2",
                "view=FULL%20",
                "json",
                "html",
                "?view=FULL",
                "view=FULL&html",
                "view=FULL&x",
                "state=RUNNING",
            ],
        ),
        (
            "/v1/tasks",
            vec![
                "view=full",
                "state=running",
                "state=",
                "state=RUNNING&state=QUEUED",
                "page_size=-1",
                "page_size=2048",
                "page_size=1e3",
                "page_size=%31%30%30%30%30",
                "page_size=1&page_size=2",
                "name_prefix=a&name_prefix=b",
                "html",
                "user=x",
                "owner=ben",
                "page_token=x",
            ],
        ),
        (
            "/ga4gh/wes/v1/runs",
            vec![
                "page_size=x",
                "page_token=x",
                "tags=x",
                "state=RUNNING",
                "all=true",
                "page_size=1&page_size=1",
            ],
        ),
        ("/ga4gh/wes/v1/runs/RUN", vec!["view=FULL", "x"]),
        ("/ga4gh/wes/v1/runs/RUN/status", vec!["x=1"]),
        ("/ga4gh/wes/v1/runs/RUN/tasks", vec!["x=1", "page_size=9999"]),
        ("/ga4gh/drs/v1/service-info", vec!["x"]),
        ("/v1/service-info", vec!["html"]),
        ("/v1/tasks/service-info", vec!["html"]),
        ("/ga4gh/wes/v1/service-info", vec!["x=y"]),
    ];
    for (path, queries) in cases {
        let path = path
            .replace("OBJECT", OBJECT)
            .replace("TASK", &task)
            .replace("RUN", &run);
        let paths = if let Some(rest) = path.strip_prefix("/v1") {
            vec![path.clone(), format!("/ga4gh/tes/v1{rest}")]
        } else {
            vec![path]
        };
        for path in paths {
            for query in queries.iter().chain([&token.as_str()]) {
                let target = format!("{path}?{query}");
                let back = raw::send(
                    &bench.house.node.at.proxy,
                    request(&bench, "GET", &target, "").as_bytes(),
                )
                .await;
                assert_eq!(back.status(), 400, "{path}?{query}: {}", back.text());
                assert!(
                    back.text().contains("request.query") || back.text().contains("request.page_token"),
                    "{}",
                    back.text()
                );
                assert!(!back.text().contains(&ada), "the token is not repeated");
            }
            // a token in the query opens nothing, in no spelling
            for query in [
                token.as_str(),
                &format!("%61ccess_token={ada}"),
                &format!("token={ada}"),
                &format!("bearer_token={ada}"),
            ] {
                let answer = outside::get(&bench.url(&format!("{path}?{query}")), None).await;
                assert!(matches!(answer.status, 400 | 401), "{path}: {}", answer.text());
            }
        }
    }
    for path in [
        "/v1/tasks",
        "/ga4gh/wes/v1/runs",
        &format!("/v1/tasks/{task}:cancel"),
        &format!("/ga4gh/wes/v1/runs/{run}/cancel"),
    ] {
        let answer = outside::post(&bench.url(&format!("{path}?x=1")), Some(&ada), &Value::Null).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.text());
    }
    assert!(!bench.house.node.words().contains(&ada), "the token stands in no log");
    // Python clients write booleans with a capital
    let answer = outside::get(
        &bench.url(&format!("/ga4gh/drs/v1/objects/{OBJECT}?expand=False")),
        Some(&ada),
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn e38_the_method_is_the_one_of_the_request_line_and_of_the_route() {
    let bench = Bench::start().await;
    let task = bench.sent(&bench.ada).await;
    let run = bench.ran(&bench.ada).await;
    let object = format!("/ga4gh/drs/v1/objects/{OBJECT}");
    bench.played.came();
    let methods = [
        "PUT", "DELETE", "PATCH", "get", "Get", "post", "HEADX", "PROPFIND", "COPY", "LOCK", "REPORT", "QUERY", "LINK",
        "TRACE", "TRACK", "DEBUG",
    ];
    let routes = [
        object.clone(),
        format!("{object}/access/https"),
        "/ga4gh/tes/v1/tasks".to_owned(),
        "/v1/tasks".to_owned(),
        format!("/v1/tasks/{task}"),
        "/v1/service-info".to_owned(),
        "/ga4gh/wes/v1/runs".to_owned(),
        format!("/ga4gh/wes/v1/runs/{run}"),
        format!("/ga4gh/wes/v1/runs/{run}/cancel"),
    ];
    for route in &routes {
        for method in methods {
            let back = raw::send(
                &bench.house.node.at.proxy,
                request(&bench, method, route, "").as_bytes(),
            )
            .await;
            assert_eq!(back.status(), 405, "{method} {route}: {}", back.text());
            let allow = back.text().to_lowercase().contains("\r\nallow: ");
            assert!(allow, "{method} {route}: {}", back.text());
        }
    }
    // a header or a form field makes no other method of it
    for (name, value) in [
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-HTTP-Method", "PUT"),
        ("X-Method-Override", "POST"),
        ("X-Original-Method", "POST"),
        ("X-HTTP-Method-Override", "GET"),
    ] {
        let header = format!("{name}: {value}\r\n");
        let back = raw::send(
            &bench.house.node.at.proxy,
            request(&bench, "GET", &format!("/v1/tasks/{task}"), &header).as_bytes(),
        )
        .await;
        assert_eq!(back.status(), 200, "{header}: {}", back.text());
        let back = raw::send(
            &bench.house.node.at.proxy,
            request(&bench, "DELETE", &format!("/v1/tasks/{task}"), &header).as_bytes(),
        )
        .await;
        assert_eq!(back.status(), 405, "{header}: {}", back.text());
    }
    let back = raw::send(
        &bench.house.node.at.proxy,
        request(&bench, "GET", &format!("/v1/tasks/{task}?_method=DELETE"), "").as_bytes(),
    )
    .await;
    assert_eq!(back.status(), 400, "{}", back.text());
    let came = bench.played.came();
    assert!(
        came.iter()
            .all(|came| came.method == "GET" && !came.headers.keys().any(|name| name.as_str().contains("method"))),
        "{came:?}"
    );
    // HEAD is a GET without a body: decided alike
    for (token, status) in [(Some(&bench.ada), 200), (Some(&bench.ben), 404)] {
        let url = bench.url(&format!("/v1/tasks/{task}"));
        let mut head = outside::client().head(&url);
        if let Some(token) = token {
            head = head.bearer_auth(token);
        }
        let head = outside::read(head.send().await.unwrap()).await;
        let got = outside::get(&url, token.map(String::as_str)).await;
        assert_eq!((head.status, got.status), (status, status));
        assert!(head.body.is_empty());
    }
    let posted = outside::client()
        .request("get".parse().unwrap(), bench.url(&object))
        .send()
        .await
        .unwrap();
    assert_eq!(posted.status(), 405);
}
