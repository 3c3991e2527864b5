//! Again and again: repeats, floods of denials, fishing for a purpose, and what a denial's first line says (E53, E80, E82, E83).

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{
    house::{DATASET, Wants},
    outside,
};

use super::events;
use crate::wire::{Bench, OBJECT, TES, played::Said, raw, text};

fn of<'e>(events: &'e [Value], kind: &str, outcome: &str) -> Vec<&'e Value> {
    let fits = |event: &&Value| {
        let told = event.to_string();
        told.contains(&format!("\"{kind}\"")) && told.contains(&format!("\"{outcome}\""))
    };
    events.iter().filter(fits).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn e53_a_request_that_names_itself_is_one_task_and_each_repeat_is_decided_and_recorded() {
    let bench = Bench::start().await;
    let task = bench.task();
    let send = async |base: &str, key: &str, task: &Value| {
        let request = outside::client()
            .post(bench.url(&format!("{base}/tasks")))
            .bearer_auth(&bench.ada);
        let reply = request.header("idempotency-key", key).json(task).send().await.unwrap();
        outside::read(reply).await
    };
    let mut ids = BTreeSet::new();
    for base in TES {
        let answer = send(base, "one", &task).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(!answer.header("visum-audit").is_empty());
        ids.insert(text(&answer.json(), "/id"));
    }
    let sent = bench.played.came().iter().filter(|came| came.method == "POST").count();
    assert_eq!((ids.len(), sent), (1, 1), "one task, by whichever alias");
    let recorded = events(&bench.house).await;
    assert!(
        of(&recorded, "tes:CreateTask", "success").len() >= TES.len(),
        "{recorded:?}"
    );
    let mut other = task.clone();
    other["name"] = "another".into();
    for (key, task, status, code) in [
        ("one", &other, 422, "request.idempotency_key_used"),
        ("two words", &task, 400, "request.idempotency_key"),
    ] {
        let answer = send(TES[0], key, task).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{}",
            answer.text()
        );
    }
    assert_eq!(send(TES[0], "two", &task).await.status, 200);
    let since = bench.played.came();
    assert_eq!(
        since.iter().filter(|came| came.method == "POST").count(),
        1,
        "another one"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn e53_every_repeat_is_decided_and_recorded_anew() {
    let bench = Bench::start().await;
    let task = bench.task();
    let mut ids = BTreeSet::new();
    for base in TES {
        for _ in 0..2 {
            let reply = outside::client()
                .post(bench.url(&format!("{base}/tasks")))
                .bearer_auth(&bench.ada)
                .json(&task)
                .send()
                .await
                .unwrap();
            let answer = outside::read(reply).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            ids.insert(text(&answer.json(), "/id"));
        }
    }
    let made = bench.played.came();
    let mut decisions = BTreeSet::new();
    for came in made.iter().filter(|came| came.method == "POST") {
        let task: Value = serde_json::from_slice(&came.body).unwrap();
        decisions.insert(text(&task["tags"], "/visum.decision"));
    }
    assert_eq!(
        (ids.len(), decisions.len()),
        (4, 4),
        "each has a task and a decision of its own"
    );
    let recorded = events(&bench.house).await;
    assert!(of(&recorded, "tes:CreateTask", "success").len() >= 4, "{recorded:?}");
    // a backend that asks to come back: told so, and the next try is decided anew
    let drs = bench.url(&format!("/ga4gh/drs/v1/objects/{OBJECT}"));
    bench
        .played
        .say(Some(Said(202, vec![("retry-after", "7".to_owned())], String::new())));
    let before = of(&events(&bench.house).await, "drs:GetObject", "success").len();
    for _ in 0..3 {
        let answer = outside::get(&drs, Some(&bench.ada)).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        assert!(answer.body.is_empty());
        assert_eq!(answer.header("retry-after"), "7", "{:?}", answer.headers);
    }
    let after = of(&events(&bench.house).await, "drs:GetObject", "success").len();
    assert_eq!(after - before, 3, "each try is on record");
    let ben = outside::get(&format!("{drs}/access/https"), Some(&bench.ben)).await;
    assert_eq!(ben.status, 403, "who may not is not told to come back: {}", ben.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn e80_equal_denials_are_one_entry_and_a_count_and_the_node_stays_open() {
    let bench = Bench::start().await;
    let url = bench.url(&format!("/ga4gh/drs/v1/objects/{OBJECT}/access/https"));
    let (mut denied, mut waiting) = (0, 0);
    for _ in 0..90 {
        let answer = outside::get(&url, Some(&bench.ben)).await;
        match answer.status {
            403 => denied += 1,
            429 => {
                waiting += 1;
                assert_eq!(answer.code(), "gate.too_many_denials", "{}", answer.text());
                let seconds: u32 = answer.header("retry-after").parse().unwrap();
                assert!((1..=60).contains(&seconds));
                assert_eq!(answer.json()["status_code"], 429, "in DRS's shape");
            }
            status => panic!("{status}: {}", answer.text()),
        }
    }
    assert!(
        (1..=60).contains(&denied) && waiting >= 30,
        "{denied} denied, {waiting} told to wait"
    );
    let recorded = events(&bench.house).await;
    let entries = of(&recorded, "drs:GetAccessUrl", "denied").len();
    assert!((1..=3).contains(&entries), "{entries} entries for 90 denials");
    // another question of Ben's, and other people's, are answered as ever
    let other = outside::post(&bench.url("/v1/tasks"), Some(&bench.ben), &bench.task()).await;
    assert_eq!(other.status, 403, "{}", other.text());
    let ada = outside::get(&url, Some(&bench.ada)).await;
    assert_eq!(ada.status, 200, "{}", ada.text());
    // TES and WES, by both names of TES: one kind of denial
    let mut waiting = 0;
    for at in 0..80 {
        let base = TES[at % 2];
        let answer = outside::post(&bench.url(&format!("{base}/tasks")), Some(&bench.ben), &bench.task()).await;
        assert!(matches!(answer.status, 403 | 429), "{}", answer.text());
        if answer.status == 429 {
            waiting += 1;
            assert!(!answer.header("retry-after").is_empty() && answer.json()["status"] == 429);
        }
    }
    assert!(waiting >= 15, "{waiting}");
    // without a credential: no entry each, whatever the number
    let before = events(&bench.house).await.len();
    for _ in 0..200 {
        assert_eq!(outside::get(&url, None).await.status, 401);
    }
    let after = events(&bench.house).await.len();
    assert!(after - before < 10, "{before} to {after} entries for 200 strangers");
    assert!(!bench.sent(&bench.ada).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn e82_purposes_tried_by_creating_tasks_are_counted_too() {
    let bench = Bench::start().await;
    let dan = bench.house.token("dan");
    for disease in ["MONDO:0007254", "MONDO:0005148"] {
        let purpose = json!({"categories": ["disease"], "diseases": [disease], "commercial": false});
        let chosen = json!({ "purpose": purpose });
        let default = bench.house.broker("/visum/v1/purposes/default");
        let set = outside::post(&default, Some(&bench.ben), &chosen).await;
        assert!(matches!(set.status, 200 | 201 | 204), "{}", set.text());
        let tasks = bench.url(&format!("{}/tasks", TES[0]));
        let answer = outside::post(&tasks, Some(&bench.ben), &bench.task()).await;
        assert_eq!(answer.status, 403, "{}", answer.text());
    }
    let tried: String = url::form_urlencoded::byte_serialize(DATASET.as_bytes()).collect();
    let tried = bench
        .house
        .broker(&format!("/visum/v1/admin/purposes-tried?dataset={tried}"));
    let seen = outside::get(&tried, Some(&dan)).await;
    for disease in ["MONDO:0007254", "MONDO:0005148"] {
        assert!(
            seen.status == 200 && seen.text().contains(disease),
            "{disease}: {}",
            seen.text()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e82_purposes_tried_are_counted_and_seen_and_end() {
    let bench = Bench::start().await;
    let dan = bench.house.token("dan");
    let ask = async |at: usize, dataset: &str| {
        let purpose = json!({"categories": ["disease"], "diseases": [format!("MONDO:{at:07}")], "commercial": false});
        let body = json!({"datasets": [dataset], "purpose": purpose});
        outside::post(&bench.url("/visum/v1/can-i"), Some(&bench.ben), &body).await
    };
    let mut ended = None;
    for at in 1..=130 {
        let answer = ask(at, DATASET).await;
        if answer.status == 429 {
            assert!(!answer.header("retry-after").is_empty(), "{:?}", answer.headers);
            ended = Some((at, answer.code()));
            break;
        }
        assert_eq!(answer.status, 200, "{at}: {}", answer.text());
    }
    let (at, code) = ended.expect("it ends");
    assert!(at <= 101, "after {at}: {code}");
    let tried: String = url::form_urlencoded::byte_serialize(DATASET.as_bytes()).collect();
    let tried = bench
        .house
        .broker(&format!("/visum/v1/admin/purposes-tried?dataset={tried}"));
    let seen = outside::get(&tried, Some(&dan)).await;
    assert!(
        seen.status == 200 && seen.text().contains("MONDO:"),
        "the committee sees it: {}",
        seen.text()
    );
    let ben = outside::get(&tried, Some(&bench.ben)).await;
    assert!(
        ben.status >= 400 && !ben.text().contains("MONDO:"),
        "Ben does not: {}",
        ben.text()
    );
    // what is not there is answered without a difference in kind
    let none = ask(1, "https://data.example.org/none").await;
    assert!(matches!(none.status, 200 | 429), "{}", none.text());
    assert!(!none.text().contains("approval"), "{}", none.text());
    // Ada is asked nothing about Ben's questions
    let purpose = json!({"categories": ["disease"], "diseases": ["MONDO:0007254"], "commercial": false});
    let body = json!({"datasets": [DATASET], "purpose": purpose});
    assert_eq!(
        outside::post(&bench.url("/visum/v1/can-i"), Some(&bench.ada), &body)
            .await
            .status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn e83_the_first_line_of_a_denial_is_short_plain_and_ours() {
    let bench = Bench::start().await;
    reason(&bench, "a").await;
    drop(bench);
    // a short name that is no word: the digest stands for it, or nothing; never its bytes
    for odd in [
        |facts: &mut Value| set(facts, "B\u{f6}se Kohorte"),
        |facts: &mut Value| set(facts, "a b\tc"),
    ] {
        let bench = Bench::with(Wants {
            facts: Some(odd),
            ..Wants::default()
        })
        .await;
        reason(&bench, "").await;
    }
}

fn set(facts: &mut Value, name: &str) {
    if let Some(dataset) = facts.pointer_mut("/datasets/0").and_then(Value::as_object_mut) {
        dataset.insert("short_name".to_owned(), json!(name));
    }
}

async fn reason(bench: &Bench, short_name: &str) {
    let host = bench.host();
    for base in TES {
        let mut task = bench.task();
        let members = task.as_object_mut().unwrap();
        members.insert("name".to_owned(), json!("EVIL-NAME"));
        members.insert("tags".to_owned(), json!({"EVIL-TAG": "EVIL-VALUE"}));
        let body = task.to_string();
        let bytes = format!(
            "POST {base}/tasks HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nUser-Agent: EVIL-AGENT\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            bench.ben,
            body.len()
        );
        first_line(
            &raw::send(&bench.house.node.at.proxy, bytes.as_bytes()).await,
            short_name,
        );
    }
    let body = String::from_utf8(crate::wire::form(&bench.run(), "EVIL-BOUNDARY")).unwrap();
    let bytes = format!(
        "POST /ga4gh/wes/v1/runs HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nContent-Type: multipart/form-data; boundary=EVIL-BOUNDARY\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        bench.ben,
        body.len()
    );
    first_line(
        &raw::send(&bench.house.node.at.proxy, bytes.as_bytes()).await,
        short_name,
    );
    // what is refused before it is decided has the status's own words
    for bytes in [
        format!("GET /v1/tasks/EVIL HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        format!("GET /EVIL%0d%0aEVIL HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        format!("EVIL /v1/tasks HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
    ] {
        let line = raw::send(&bench.house.node.at.proxy, bytes.as_bytes()).await.line();
        assert!(line.starts_with("HTTP/1.1 4") && !line.contains("EVIL"), "{line}");
    }
}

fn first_line(back: &raw::Back, short_name: &str) {
    assert_eq!(back.status(), 403, "{}", back.text());
    let line = back.line();
    let phrase = line.strip_prefix("HTTP/1.1 403 ").unwrap();
    assert!(phrase.starts_with("Forbidden: "), "{line}");
    assert!(
        phrase.len() <= 120 && phrase.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
        "{line}"
    );
    assert!(!line.contains("EVIL") && !line.contains("Kohorte"), "{line}");
    let word = phrase.split(' ').nth(2).unwrap_or_default();
    if short_name.is_empty() {
        assert!(
            word.len() == 12 && word.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{line}"
        );
    } else {
        assert_eq!(word, short_name, "{line}");
    }
    let body = back.text();
    let code = phrase.split(' ').nth(1).unwrap_or_default();
    assert!(
        body.contains(&format!("\"code\":\"{code}\"")),
        "the code of the body: {body}"
    );
}
