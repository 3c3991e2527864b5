//! The log as a target (E58).

use serde_json::json;
use tests::outside;

use super::events;
use crate::wire::{Bench, OBJECT, raw};

#[tokio::test(flavor = "multi_thread")]
async fn e58_nothing_of_a_request_breaks_a_line_of_the_log_and_no_secret_stands_in_it() {
    let bench = Bench::start().await;
    let host = bench.host();
    let forged = "2026-11-23T00:00:00Z INFO forged: visum.permit granted";
    // names and tags that would break a line, or colour it, are refused
    for text in [
        format!("a\n{forged}"),
        format!("a\r\n{forged}"),
        "a\u{1b}[2J\u{1b}[31mred".to_owned(),
        "a\u{9b}31m".to_owned(),
        "a\u{85}b".to_owned(),
        "a\u{0}b".to_owned(),
        "a\u{7f}b".to_owned(),
    ] {
        for (name, value) in [
            ("name", json!(text)),
            ("description", json!(text)),
            ("tags", json!({ "k": text })),
            ("tags", json!({ text.as_str(): "v" })),
        ] {
            let mut task = bench.task();
            task.as_object_mut().unwrap().insert(name.to_owned(), value);
            let answer = outside::post(&bench.url("/v1/tasks"), Some(&bench.ada), &task).await;
            assert_eq!(answer.status, 400, "{name} {text:?}: {}", answer.text());
        }
    }
    // headers and targets that come into records, with what terminals obey
    for (target, header) in [
        ("/v1/tasks", "User-Agent: x\u{1b}[31mred\t2026 INFO forged".to_owned()),
        (
            "/v1/tasks/%0a2026-11-23T00:00:00Z%20INFO%20forged",
            "User-Agent: a".to_owned(),
        ),
        ("/v1/tasks/%1b%5b31mred", "User-Agent: a".to_owned()),
        (
            "/v1/tasks/a%E2%80%A8forged",
            format!("User-Agent: {}", "u".repeat(5_000)),
        ),
        (
            "/ga4gh/drs/v1/objects/a%E2%80%AEforged",
            "X-Request-Id: forged".to_owned(),
        ),
        (
            "/ga4gh/drs/v1/objects/%22%7D%2C%7B%22forged%22%3A%22/access/https",
            "Traceparent: forged".to_owned(),
        ),
    ] {
        let bytes = [
            format!(
                "GET {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n",
                bench.ada
            )
            .into_bytes(),
            header.clone().into_bytes(),
            b"\r\nConnection: close\r\n\r\n".to_vec(),
        ]
        .concat();
        let back = raw::send(&bench.house.node.at.proxy, &bytes).await;
        assert!(
            (200..500).contains(&back.status()),
            "{target} {header}: {}",
            back.text()
        );
        assert!(
            !back.text().contains("forged"),
            "{target}: an answer does not repeat it: {}",
            back.text()
        );
    }
    outside::get(
        &bench.url(&format!("/ga4gh/drs/v1/objects/{OBJECT}/access/https")),
        Some(&bench.ada),
    )
    .await;
    bench.sent(&bench.ada).await;
    let words = bench.house.node.words();
    assert!(!words.contains('\u{1b}'), "no terminal code: {words}");
    assert!(
        words
            .lines()
            .all(|line| !line.starts_with(forged) && !line.contains("INFO forged:")),
        "no forged line: {words}"
    );
    assert!(!words.contains(&bench.ada) && !words.contains(&bench.ben), "no token");
    let kept = format!("{:?}", events(&bench.house).await);
    assert!(
        !kept.contains(&bench.ada) && !kept.contains("Bearer "),
        "no token in the audit log"
    );
    assert!(!kept.contains("/visum/data/"), "no capability in the audit log");
    for file in std::fs::read_dir(bench.house.node.data().join("audit"))
        .unwrap()
        .flatten()
    {
        let bytes = std::fs::read(file.path()).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            !text.contains(&bench.ada) && !text.contains("\u{1b}[31m"),
            "{:?}",
            file.path()
        );
    }
}
