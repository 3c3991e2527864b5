//! Things of others: ids, page tokens, tags, addresses (E32, E33, E34, E37).

use serde_json::{Value, json};
use tests::outside::{self, Answer};

use crate::wire::{Bench, OBJECT, TES, raw, text};

fn same(name: &str, one: &Answer, other: &Answer) {
    let plain = |answer: &Answer| {
        let mut body = answer.json();
        if let Some(members) = body.as_object_mut() {
            members.remove("request_id");
        }
        let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort_unstable();
        (answer.status, body, names)
    };
    assert_eq!(plain(one), plain(other), "{name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn e32_the_ids_of_others_are_as_unknown_as_ids_that_never_were() {
    let bench = Bench::start().await;
    let (task, run) = (bench.sent(&bench.ada).await, bench.ran(&bench.ada).await);
    bench.played.came();
    let none = "01JZZZZZZZZZZZZZZZZZZZZZZZ";
    let ben = Some(bench.ben.as_str());
    for base in TES {
        for query in ["", "?view=MINIMAL", "?view=BASIC", "?view=FULL"] {
            let of = |id: &str| bench.url(&format!("{base}/tasks/{id}{query}"));
            let (theirs, nobodys) = (outside::get(&of(&task), ben).await, outside::get(&of(none), ben).await);
            assert_eq!(theirs.status, 404, "{}", theirs.text());
            same(query, &theirs, &nobodys);
        }
        for cancel in [":cancel", "%3Acancel", "%3acancel"] {
            let of = |id: &str| bench.url(&format!("{base}/tasks/{id}{cancel}"));
            let theirs = outside::post(&of(&task), ben, &json!({})).await;
            let nobodys = outside::post(&of(none), ben, &json!({})).await;
            assert_eq!(theirs.status, 404, "{}", theirs.text());
            same(cancel, &theirs, &nobodys);
        }
        // the backend's own ids, a run's id, and what is nearly an id
        let lower = task.to_lowercase();
        for id in [
            "b1",
            "b2",
            "r2",
            run.as_str(),
            lower.as_str(),
            "service-infos",
            "0",
            "-1",
            "*",
            "..a",
            "%25",
            "' OR 1=1 --",
        ] {
            let id = id.replace(' ', "%20").replace('\'', "%27");
            for (name, token) in [("Ada", &bench.ada), ("Ben", &bench.ben)] {
                let answer = outside::get(&bench.url(&format!("{base}/tasks/{id}")), Some(token)).await;
                assert_eq!(answer.status, 404, "{id} by {name}: {}", answer.text());
            }
        }
        let listed = outside::get(&bench.url(&format!("{base}/tasks?view=FULL")), ben).await;
        assert_eq!(listed.json(), json!({"tasks": []}));
        for filter in ["name_prefix=count", "state=RUNNING", "tag_key=x"] {
            let listed = outside::get(&bench.url(&format!("{base}/tasks?{filter}")), ben).await;
            assert_eq!(listed.json(), json!({"tasks": []}), "{filter}");
        }
    }
    for path in ["", "/status", "/tasks", "/tasks/1", "/cancel"] {
        let of = |id: &str| bench.url(&format!("/ga4gh/wes/v1/runs/{id}{path}"));
        let ask = async |url: String| {
            if path == "/cancel" {
                outside::post(&url, ben, &json!({})).await
            } else {
                outside::get(&url, ben).await
            }
        };
        let (theirs, nobodys) = (ask(of(&run)).await, ask(of(none)).await);
        assert_eq!(theirs.status, 404, "{path}: {}", theirs.text());
        same(path, &theirs, &nobodys);
        assert_eq!(ask(of(&task)).await.status, 404, "a task's id is no run's");
    }
    let listed = outside::get(&bench.url("/ga4gh/wes/v1/runs"), ben).await;
    assert_eq!(listed.json(), json!({"runs": [], "next_page_token": ""}));
    let came: Vec<String> = bench
        .played
        .came()
        .into_iter()
        .map(|came| format!("{} {}", came.method, came.target))
        .collect();
    assert!(came.is_empty(), "no backend was asked for another's things: {came:?}");
    // and without a token, nobody learns anything
    for path in [
        format!("/v1/tasks/{task}"),
        format!("/v1/tasks/{none}"),
        format!("/ga4gh/wes/v1/runs/{run}"),
        "/v1/tasks".to_owned(),
    ] {
        assert_eq!(outside::get(&bench.url(&path), None).await.status, 401, "{path}");
    }
    // Ada's are where they were
    assert_eq!(
        outside::get(&bench.url(&format!("/v1/tasks/{task}")), Some(&bench.ada))
            .await
            .status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn e33_a_page_token_is_good_for_its_person_its_question_and_its_route() {
    let bench = Bench::start().await;
    for _ in 0..3 {
        bench.sent(&bench.ada).await;
        bench.ran(&bench.ada).await;
    }
    bench.played.came();
    let list = async |path: &str, token: &str| outside::get(&bench.url(path), Some(token)).await;
    for base in TES {
        let first = list(&format!("{base}/tasks?page_size=2"), &bench.ada).await.json();
        let token = text(&first, "/next_page_token");
        assert!(!token.is_empty(), "{first}");
        let more = list(&format!("{base}/tasks?page_size=2&page_token={token}"), &bench.ada).await;
        let ids = |page: &Value| -> Vec<String> {
            let tasks = page["tasks"].as_array().cloned().unwrap_or_default();
            tasks.iter().map(|task| text(task, "/id")).collect()
        };
        let (one, two) = (ids(&first), ids(&more.json()));
        assert!(
            one.len() == 2 && two.len() == 1 && !one.contains(&two[0]),
            "{one:?} {two:?}"
        );
        // the other alias continues the same list
        let other = if base == "/v1" { TES[0] } else { "/v1" };
        assert_eq!(
            ids(&list(&format!("{other}/tasks?page_token={token}"), &bench.ada)
                .await
                .json()),
            two
        );
        let flipped: String = token
            .char_indices()
            .map(|(at, letter)| {
                if at == token.len() / 2 {
                    if letter == 'A' { 'B' } else { 'A' }
                } else {
                    letter
                }
            })
            .collect();
        let runs = list("/ga4gh/wes/v1/runs?page_size=1", &bench.ada).await.json();
        let of_runs = text(&runs, "/next_page_token");
        assert!(!of_runs.is_empty(), "{runs}");
        for (name, query, who) in [
            ("by another", format!("page_token={token}"), &bench.ben),
            ("with a filter", format!("state=RUNNING&page_token={token}"), &bench.ada),
            (
                "with another filter",
                format!("name_prefix=c&page_token={token}"),
                &bench.ada,
            ),
            (
                "with a tag",
                format!("tag_key=a&tag_value=b&page_token={token}"),
                &bench.ada,
            ),
            ("with another view", format!("view=FULL&page_token={token}"), &bench.ada),
            ("altered", format!("page_token={flipped}"), &bench.ada),
            ("cut", format!("page_token={}", &token[..token.len() - 3]), &bench.ada),
            ("longer", format!("page_token={token}AA"), &bench.ada),
            ("a number", "page_token=2".to_owned(), &bench.ada),
            ("an id of the backend", "page_token=b1".to_owned(), &bench.ada),
            ("of the runs", format!("page_token={of_runs}"), &bench.ada),
        ] {
            let answer = list(&format!("{base}/tasks?{query}"), who).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (400, "request.page_token"),
                "{name}: {}",
                answer.text()
            );
        }
        for (name, query, who) in [
            ("of the tasks", format!("page_token={token}"), &bench.ada),
            ("by another", format!("page_token={of_runs}"), &bench.ben),
        ] {
            let answer = list(&format!("/ga4gh/wes/v1/runs?{query}"), who).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (400, "request.page_token"),
                "{name}: {}",
                answer.text()
            );
        }
        let next = list(
            &format!("/ga4gh/wes/v1/runs?page_size=1&page_token={of_runs}"),
            &bench.ada,
        )
        .await;
        assert_eq!(next.status, 200, "{}", next.text());
    }
    assert!(
        bench
            .played
            .came()
            .iter()
            .all(|came| !came.target.contains("page_token")),
        "lists are our own: no token goes to a backend"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn e34_reserved_tags_are_refused_and_those_of_the_caller_make_nobody_an_owner() {
    let bench = Bench::start().await;
    let with = |tags: Value| {
        let mut task = bench.task();
        task.as_object_mut().unwrap().insert("tags".to_owned(), tags);
        task
    };
    for base in TES {
        for key in [
            "visum.owner",
            "visum.decision",
            "visum.anything",
            "Visum.Owner",
            "VISUM.OWNER",
            "visum.",
        ] {
            let answer = outside::post(
                &bench.url(&format!("{base}/tasks")),
                Some(&bench.ben),
                &with(json!({ key: "ada" })),
            )
            .await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (400, "task.tags_reserved"),
                "{key}: {}",
                answer.text()
            );
            for value in ["", "&tag_value=ada", "&tag_key=a&tag_value=b&tag_value=c"] {
                let url = bench.url(&format!("{base}/tasks?tag_key={key}{value}"));
                let answer = outside::get(&url, Some(&bench.ben)).await;
                assert_eq!(answer.status, 400, "{key}{value}: {}", answer.text());
            }
        }
    }
    for tags in [
        r#"{"visum.owner":"ben"}"#,
        r#"{"VISUM.Decision":"x"}"#,
        r#"{"visum\u002eowner":"ben"}"#,
    ] {
        let mut parts = bench.run();
        parts.push(("tags".to_owned(), None, tags.to_owned()));
        let reply = outside::client()
            .post(bench.url("/ga4gh/wes/v1/runs"))
            .bearer_auth(&bench.ada)
            .header("content-type", "multipart/form-data; boundary=xyz")
            .body(crate::wire::form(&parts, "xyz"))
            .send()
            .await
            .unwrap();
        let answer = outside::read(reply).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "task.tags_reserved"),
            "{tags}: {}",
            answer.text()
        );
    }
    assert!(bench.played.came().is_empty());
    // tags that other servers take for an owner, or for more
    let task = with(json!({"owner": "ben", "user": "ben", "project": "p"}));
    let answer = outside::post(&bench.url("/v1/tasks"), Some(&bench.ada), &task).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = bench.played.came();
    let sent: Value = serde_json::from_slice(&sent.last().unwrap().body).unwrap();
    let owner = text(&sent["tags"], "/visum.owner");
    assert!(!owner.is_empty() && !owner.contains("ada"), "{sent}");
    let url = bench.url(&format!("/v1/tasks/{}", text(&answer.json(), "/id")));
    assert_eq!(outside::get(&url, Some(&bench.ben)).await.status, 404);
    let told = outside::get(&format!("{url}?view=FULL"), Some(&bench.ada)).await;
    assert!(told.status == 200 && !told.text().contains("visum."), "{}", told.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn e37_headers_that_a_proxy_in_front_might_set_change_nothing() {
    let bench = Bench::start().await;
    let task = bench.sent(&bench.ada).await;
    bench.played.came();
    let cases = [
        "X-Forwarded-For: 10.20.0.1",
        "X-Forwarded-Host: evil.example.net",
        "X-Forwarded-Proto: https",
        "X-Forwarded-User: ada",
        "X-Forwarded-Email: ada@uni.example.org",
        "X-Forwarded-Access-Token: ADA",
        "X-Forwarded-Uri: /healthz",
        "X-Forwarded-Method: GET",
        "X-Forwarded-Prefix: /healthz",
        "X-Forwarded-Client-Cert: Hash=1;Subject=\"CN=ada\"",
        "Forwarded: for=10.20.0.1;host=evil.example.net",
        "X-Real-IP: 10.20.0.1",
        "X-Client-IP: 10.20.0.1",
        "True-Client-IP: 10.20.0.1",
        "CF-Connecting-IP: 10.20.0.1",
        "X-Cluster-Client-IP: 10.20.0.1",
        "X-Original-URL: /v1/tasks/TASK",
        "X-Rewrite-URL: /v1/tasks/TASK",
        "X-Original-URI: /v1/tasks/TASK",
        "X-Remote-User: ada",
        "Remote-User: ada",
        "REMOTE_USER: ada",
        "X-Auth-Request-User: ada",
        "X-Auth-Request-Email: ada@uni.example.org",
        "X-Auth-Request-Access-Token: ADA",
        "X-Auth-Token: ADA",
        "X-Access-Token: ADA",
        "X-Amzn-Oidc-Identity: ada",
        "SSL_CLIENT_CERT: x",
        "SSL-Client-Verify: SUCCESS",
        "X-SSL-Client-S-DN: CN=ada",
        "X-Visum-Owner: ada",
        "X-Visum-Internal: true",
        "Cookie: access_token=ADA",
    ];
    let host = bench.host();
    let drs = format!("/ga4gh/drs/v1/objects/{OBJECT}/access/https");
    for header in cases {
        let header = header.replace("TASK", &task).replace("ADA", &bench.ada);
        for (target, nobody, ben) in [
            (format!("/v1/tasks/{task}"), 401, 404),
            ("/v1/tasks/01JZZZZZZZZZZZZZZZZZZZZZZZ".to_owned(), 401, 404),
            (format!("/ga4gh/tes/v1/tasks/{task}?view=FULL"), 401, 404),
            ("/ga4gh/wes/v1/runs".to_owned(), 401, 200),
            (drs.clone(), 401, 403),
            ("/nowhere".to_owned(), 404, 404),
        ] {
            for (token, status) in [(None, nobody), (Some(&bench.ben), ben)] {
                let token = token
                    .map(|token| format!("Authorization: Bearer {token}\r\n"))
                    .unwrap_or_default();
                let bytes =
                    format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{token}{header}\r\nConnection: close\r\n\r\n");
                let back = raw::send(&bench.house.node.at.proxy, bytes.as_bytes()).await;
                // the same denial, again and again, is told to wait
                let flooded = back.status() == 429 && status == 403;
                assert!(
                    back.status() == status || flooded,
                    "{header} on {target}: {}",
                    back.text()
                );
                assert!(!back.text().contains("evil"), "{header}: {}", back.text());
            }
        }
    }
    assert!(bench.played.came().is_empty(), "no backend saw any of it");
    // who asked is the peer of the connection, whatever it says
    let reply = outside::client()
        .get(bench.url(&format!("/v1/tasks/{task}")))
        .bearer_auth(&bench.ada)
        .header("x-forwarded-for", "203.0.113.99")
        .header("forwarded", "for=203.0.113.99")
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 200);
    let events = super::events(&bench.house).await;
    assert!(!format!("{events:?}").contains("203.0.113.99"));
}
