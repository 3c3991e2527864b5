//! Bodies: too much, encoded or mistyped (E5 to E7).

use serde_json::{Value, json};
use tests::outside;

use super::{
    Bench, OBJECT, form,
    json::{JSON, refused, send},
};

#[tokio::test(flavor = "multi_thread")]
async fn e5_what_is_huge_or_deep_is_refused_before_it_is_read_through() {
    let bench = Bench::start().await;
    let url = bench.url("/v1/tasks");
    let with = |name: &str, value: Value| {
        let mut task = bench.task();
        task.as_object_mut().unwrap().insert(name.to_owned(), value);
        task
    };
    let input = |at: usize| json!({"content": "x", "path": format!("/in/{at}")});
    let output = |at: usize| json!({"url": format!("file://{}/uni/{at}", bench.house.sample.outputs_dir().display()), "path": format!("/out/{at}")});
    let executor = json!({"image": bench.image(), "command": ["true"]});
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth)).into_bytes();
    let many = |count: usize| {
        let members: Vec<String> = (0..count).map(|at| format!("\"k{at}\":0")).collect();
        format!("{{{}}}", members.join(",")).into_bytes()
    };
    let bytes = |value: Value| value.to_string().into_bytes();
    for (name, body, status) in [
        ("2 MiB", vec![b' '; 2 << 20], 413),
        ("100 MB of a list", [vec![b'['], vec![b' '; 100 << 20]].concat(), 413),
        ("depth 65", deep(65), 400),
        ("depth 100,000", deep(100_000), 400),
        ("depth 400,000", deep(400_000), 400),
        ("a million members", many(1_000_000), 413),
        ("60,000 members", many(60_000), 400),
        (
            "1,025 inputs",
            bytes(with("inputs", (0..1_025).map(input).collect())),
            400,
        ),
        (
            "10,000 inputs",
            bytes(with("inputs", (0..10_000).map(input).collect())),
            400,
        ),
        (
            "1,025 outputs",
            bytes(with("outputs", (0..1_025).map(output).collect())),
            400,
        ),
        ("65 executors", bytes(with("executors", vec![executor; 65].into())), 400),
        (
            "4,097 arguments",
            bytes(with(
                "executors",
                json!([{"image": bench.image(), "command": vec!["x"; 4_097]}]),
            )),
            400,
        ),
        (
            "65 tags",
            bytes(with("tags", (0..65).map(|at| (format!("t{at}"), json!("x"))).collect())),
            400,
        ),
        (
            "a name of 600 letters",
            bytes(with("name", json!("x".repeat(600)))),
            400,
        ),
        (
            "a description of 10,000 letters",
            bytes(with("description", json!("x".repeat(10_000)))),
            400,
        ),
        (
            "content over 128 KiB",
            bytes(with(
                "inputs",
                json!([{"content": "x".repeat((128 << 10) + 1), "path": "/in/a"}]),
            )),
            400,
        ),
    ] {
        let answer = send(&url, Some(&bench.ada), &JSON, body).await;
        refused(&bench, name, &answer, &[status]);
    }
    let started = std::time::Instant::now();
    let drs = bench.url(&format!("/ga4gh/drs/v1/objects/{OBJECT}"));
    let passports = |count: usize| bytes(json!({"passports": vec!["a.b.c"; count]}));
    refused(
        &bench,
        "nine Passports",
        &send(&drs, None, &JSON, passports(9)).await,
        &[400],
    );
    refused(
        &bench,
        "100,000 Passports",
        &send(&drs, None, &JSON, passports(100_000)).await,
        &[400],
    );
    refused(
        &bench,
        "2 MiB of a Passport",
        &send(&drs, None, &JSON, vec![b'x'; 2 << 20]).await,
        &[413],
    );
    // a run: the sum of its parts, and their number
    let wes = bench.url("/ga4gh/wes/v1/runs");
    let typed = [("content-type", "multipart/form-data; boundary=xyz")];
    let mut parts = bench.run();
    for at in 0..300 {
        parts.push(("workflow_attachment".to_owned(), Some(format!("f{at}")), "x".to_owned()));
    }
    refused(
        &bench,
        "305 parts",
        &send(&wes, Some(&bench.ada), &typed, form(&parts, "xyz")).await,
        &[400],
    );
    let mut parts = bench.run();
    parts.push((
        "workflow_attachment".to_owned(),
        Some("big".to_owned()),
        "x".repeat(65 << 20),
    ));
    refused(
        &bench,
        "65 MiB",
        &send(&wes, Some(&bench.ada), &typed, form(&parts, "xyz")).await,
        &[413],
    );
    assert!(
        started.elapsed() < std::time::Duration::from_secs(60),
        "{:?}",
        started.elapsed()
    );
    // nobody who has no token is read at all
    let answer = send(&url, None, &JSON, vec![b' '; 512 << 10]).await;
    refused(&bench, "no token", &answer, &[401]);
}

#[tokio::test(flavor = "multi_thread")]
async fn e6_e7_the_body_is_what_its_headers_say_and_of_the_routes_own_type() {
    let bench = Bench::start().await;
    let task = bench.task().to_string().into_bytes();
    let run = form(&bench.run(), "xyz");
    let boundary = "multipart/form-data; boundary=xyz";
    let drs = format!("/ga4gh/drs/v1/objects/{OBJECT}");
    for encoding in [
        "gzip",
        "br",
        "zstd",
        "deflate",
        "compress",
        "x-gzip",
        "gzip, identity",
        "identity, gzip",
        "GZIP",
        "aws-chunked",
    ] {
        for (path, body, kind) in [
            ("/v1/tasks", &task, "application/json"),
            ("/ga4gh/tes/v1/tasks", &task, "application/json"),
            ("/ga4gh/wes/v1/runs", &run, boundary),
            (drs.as_str(), &b"{}".to_vec(), "application/json"),
        ] {
            let headers = [("content-type", kind), ("content-encoding", encoding)];
            let answer = send(&bench.url(path), Some(&bench.ada), &headers, body.clone()).await;
            refused(&bench, &format!("{encoding} on {path}"), &answer, &[415]);
        }
    }
    let json_kinds: [(&[&str], u16); 18] = [
        (&["text/plain"], 415),
        (&["text/json"], 415),
        (&["application/problem+json"], 415),
        (&["application/x-www-form-urlencoded"], 415),
        (&["multipart/form-data; boundary=xyz"], 415),
        (&["application/json; charset=utf-16"], 415),
        (&["application/json; charset=iso-8859-1"], 415),
        (&["application/json; charset=utf-7"], 415),
        (&["application/json; charset"], 415),
        (&["application/json; profile=x"], 415),
        (&["application/json, text/plain"], 415),
        (&["application/yaml"], 415),
        (&["*/*"], 415),
        (&[""], 415),
        (&[], 415),
        (&["application/json", "application/json"], 400),
        (&["application/json", "text/plain"], 400),
        (&["text/plain", "application/json"], 400),
    ];
    for path in ["/v1/tasks", "/ga4gh/tes/v1/tasks", drs.as_str()] {
        for (kinds, status) in json_kinds {
            let headers: Vec<(&str, &str)> = kinds.iter().map(|kind| ("content-type", *kind)).collect();
            let body = if path == drs { b"{}".to_vec() } else { task.clone() };
            let answer = send(&bench.url(path), Some(&bench.ada), &headers, body).await;
            refused(&bench, &format!("{kinds:?} on {path}"), &answer, &[status]);
        }
    }
    for kinds in [
        &["application/json"][..],
        &["multipart/mixed; boundary=xyz"],
        &["multipart/form-data"],
        &["multipart/form-data; boundary="],
        &["multipart/form-data; boundary=xyz; boundary=abc"],
        &["multipart/form-data; boundary=\"xyz"],
        &["multipart/form-data; boundary=xyz\""],
        &["multipart/form-data; boundary=xyz; charset=utf-16"],
        &["application/x-www-form-urlencoded"],
        &["text/plain"],
        &[],
    ] {
        let headers: Vec<(&str, &str)> = kinds.iter().map(|kind| ("content-type", *kind)).collect();
        let answer = send(
            &bench.url("/ga4gh/wes/v1/runs"),
            Some(&bench.ada),
            &headers,
            run.clone(),
        )
        .await;
        refused(&bench, &format!("{kinds:?}"), &answer, &[400, 415]);
    }
    // what is taken, is; and a type on a request without a body harms nobody (py-tes sends it)
    for kind in [
        "application/json",
        "Application/JSON",
        "application/json; charset=UTF-8",
        "application/json;charset=\"utf-8\"",
    ] {
        let answer = send(
            &bench.url("/v1/tasks"),
            Some(&bench.ada),
            &[("content-type", kind)],
            task.clone(),
        )
        .await;
        assert_eq!(answer.status, 200, "{kind}: {}", answer.text());
    }
    let reply = outside::client().get(bench.url("/v1/tasks")).bearer_auth(&bench.ada);
    let reply = reply.header("content-type", "application/json").send().await.unwrap();
    assert_eq!(reply.status(), 200);
    // what goes to the backend is asked for as it is
    for came in bench.played.came() {
        assert_eq!(came.headers.get("accept-encoding").unwrap(), "identity", "{came:?}");
        assert!(!came.headers.contains_key("content-encoding"));
    }
    // and what comes back encoded is not passed on
    bench.played.say(Some(super::played::Said(
        200,
        vec![
            ("content-type", "application/json".to_owned()),
            ("content-encoding", "gzip".to_owned()),
        ],
        "\u{1f}\u{8b}".to_owned(),
    )));
    let answer = outside::get(&bench.url(&drs), Some(&bench.ada)).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (502, "backend.unreadable"),
        "{}",
        answer.text()
    );
}
