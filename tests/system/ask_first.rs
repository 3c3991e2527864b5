//! Asking first: explain, can-i, and that the purposes tried are counted and seen (docs/researchers.md, "Ask first").

use serde_json::{Value, json};
use tests::{
    binary,
    demo::Demo,
    outside::{Answer, get, post},
};

const A: &str = "https://data.biobank.example.org/datasets/A";
const B: &str = "https://data.biobank.example.org/datasets/B";
const C: &str = "https://data.biobank.example.org/datasets/C";

/// The proxy's own API.
fn own(demo: &Demo, path: &str) -> String {
    format!("{}/visum/v1/{path}", demo.fact("/proxy/url").trim_end_matches('/'))
}

async fn explain(demo: &Demo, token: &str, body: &Value) -> Value {
    let answer = post(&own(demo, "explain"), Some(token), body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn can_i(demo: &Demo, token: &str, body: &Value) -> Value {
    let answer = post(&own(demo, "can-i"), Some(token), body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// The codes of a list of reasons.
fn codes(answer: &Value) -> Vec<String> {
    let reasons = answer
        .get("reasons")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let code = |reason: &Value| {
        reason
            .get("code")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    reasons.iter().map(code).collect()
}

/// The areas in which something is missing.
fn missing(answer: &Value) -> Vec<String> {
    let checks = answer
        .get("checks")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    assert!(!checks.is_empty(), "{answer}");
    let lacking = checks.iter().filter(|check| check.get("ok") == Some(&json!(false)));
    lacking
        .map(|check| {
            check
                .get("check")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
}

fn purpose(words: &[&str]) -> Value {
    json!({ "categories": words, "commercial": false })
}

fn task(demo: &Demo, image: &str, objects: &[&str]) -> Value {
    let host = demo.fact("/proxy/drs_uri");
    let inputs: Vec<Value> = objects
        .iter()
        .enumerate()
        .map(|(at, id)| json!({ "url": format!("{}/{id}", host.trim_end_matches('/')), "path": format!("/in/{at}") }))
        .collect();
    json!({ "name": "count", "inputs": inputs, "executors": [{ "image": image, "command": ["wc", "-c", "/in/0"] }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_tells_what_is_missing_what_is_behind_and_the_least_that_would_turn_it() {
    let demo = Demo::start();
    let ada = demo.token("ada");

    // A: permitted; who, the policy and the facts behind it with their ends, the snapshot.
    let a = explain(&demo, &ada, &json!({ "dataset": A })).await;
    assert_eq!(a.get("allow"), Some(&json!(true)), "{a}");
    assert!(missing(&a).is_empty(), "{a}");
    assert_eq!(
        a.pointer("/who/institutions/0"),
        Some(&json!("https://uni.example.org")),
        "{a}"
    );
    assert_eq!(
        a.pointer("/policies/0/id"),
        Some(&json!("visum.standard.controlled-data")),
        "{a}"
    );
    let facts = a.get("facts").and_then(Value::as_array).cloned().unwrap_or_default();
    let granted = facts
        .iter()
        .find(|fact| fact.get("kind") == Some(&json!("ControlledAccessGrants")))
        .unwrap();
    assert_eq!(
        granted.get("source"),
        Some(&json!("https://biobank.example.org/dac")),
        "{a}"
    );
    assert!(
        granted
            .get("until")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .ends_with('Z'),
        "{a}"
    );
    assert!(a.get("snapshot").and_then(Value::as_u64) > Some(0), "{a}");

    // C: the visa is missing, and a grant of its committee alone would turn it.
    let c = post(
        &own(&demo, "explain?explain=full"),
        Some(&ada),
        &json!({ "dataset": C }),
    )
    .await;
    assert_eq!(c.status, 200, "{}", c.text());
    let c = c.json();
    assert_eq!(missing(&c), ["visa"], "{c}");
    assert_eq!(c.pointer("/turns/0/levers/0/kind"), Some(&json!("grant")), "{c}");
    assert_eq!(c.get("turns").and_then(Value::as_array).map(Vec::len), Some(1), "{c}");
    let page = c.pointer("/apply/0/page").and_then(Value::as_str).unwrap_or_default();
    assert!(
        page.starts_with("https://biobank.example.org/dac?dataset=") && page.contains("purpose="),
        "{c}"
    );

    // B: a foreign grant whose purpose nobody recorded.
    let b = explain(&demo, &ada, &json!({ "dataset": B })).await;
    assert_eq!(missing(&b), ["purpose"], "{b}");

    // What nobody knows is the catalogue's matter alone.
    let unknown = explain(&demo, &ada, &json!({ "dataset": "https://data.example.org/none" })).await;
    assert_eq!(missing(&unknown), ["catalogue"], "{unknown}");

    // At another time: the grant of A has ended in half a year's time or it has not, but the login is a new one.
    let far = post(
        &own(&demo, "explain"),
        Some(&ada),
        &json!({ "dataset": A, "at": "2020-01-01T00:00:00Z" }),
    )
    .await;
    assert_eq!(
        (far.status, far.code().as_str()),
        (400, "explain.time"),
        "{}",
        far.text()
    );

    // As it was recorded: for the person who asked, and for nobody else.
    let id = c
        .get("decision_id")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let again = get(&own(&demo, &format!("decisions/{id}")), Some(&ada)).await;
    assert_eq!(again.json().get("turns"), c.get("turns"), "{}", again.text());
    let dan = demo.token("dan");
    assert_eq!(
        get(&own(&demo, &format!("decisions/{id}")), Some(&dan)).await.status,
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn explaining_at_length_is_bounded_to_five_a_minute_a_person() {
    let demo = Demo::start();
    let (ada, dan) = (demo.token("ada"), demo.token("dan"));
    let full = own(&demo, "explain?explain=full");
    let mut answers: Vec<Answer> = Vec::new();
    // a minute may end in between, so that eleven are needed to be sure
    for _ in 0..11 {
        answers.push(post(&full, Some(&ada), &json!({ "dataset": C })).await);
    }
    let served = answers.iter().filter(|answer| answer.status == 200).count();
    assert!((5..=10).contains(&served), "{served}");
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert_eq!(refused.code(), "explain.too_many");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    // another person, and a short answer, are not concerned
    assert_eq!(post(&full, Some(&dan), &json!({ "dataset": C })).await.status, 200);
    assert_eq!(
        post(&own(&demo, "explain"), Some(&ada), &json!({ "dataset": C }))
            .await
            .status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn can_i_says_of_a_task_what_its_submission_would_be_answered() {
    let demo = Demo::start();
    let ada = demo.token("ada");
    let pinned = format!("sample/count@sha256:{}", "0a".repeat(32));
    let cases = [
        ("all is well", task(&demo, &pinned, &["a-cohort.vcf"]), None),
        (
            "an image by tag",
            task(&demo, "sample/count:1", &["a-cohort.vcf"]),
            Some("policy.image_not_pinned"),
        ),
        (
            "data that nobody granted",
            task(&demo, &pinned, &["a-cohort.vcf", "c-cohort.vcf"]),
            Some("consent.approval_missing"),
        ),
        (
            "data that nobody knows",
            task(&demo, &pinned, &["nothing"]),
            Some("catalogue.unmapped"),
        ),
    ];
    for (name, task, code) in cases {
        let asked = can_i(&demo, &ada, &json!({ "task": task })).await;
        assert_eq!(asked.get("allow"), Some(&json!(code.is_none())), "{name}: {asked}");
        if let Some(code) = code {
            assert!(codes(&asked).iter().any(|one| one == code), "{name}: {asked}");
            let sent = post(&format!("{}/tasks", demo.fact("/proxy/tes")), Some(&ada), &task).await;
            assert_eq!(sent.status, 403, "{name}: {}", sent.text());
            assert_eq!(
                sent.json().pointer("/reasons/0/code"),
                asked.pointer("/reasons/0/code"),
                "{name}"
            );
        }
    }
    // Everything that is missing at once, and where to apply.
    let both = can_i(
        &demo,
        &ada,
        &json!({ "task": task(&demo, "sample/count:1", &["c-cohort.vcf", "nothing"]) }),
    )
    .await;
    let said = codes(&both);
    for code in [
        "policy.image_not_pinned",
        "consent.approval_missing",
        "catalogue.unmapped",
    ] {
        assert!(said.iter().any(|one| one == code), "{code}: {both}");
    }
    assert_eq!(both.pointer("/apply/0/dataset"), Some(&json!(C)), "{both}");
    let image = both
        .pointer("/images/0/sentence")
        .and_then(Value::as_str)
        .unwrap_or_default();
    assert!(image.contains("nobody here knows which digest"), "{both}");
    // What is not understood is refused as a submission is, and queues nothing.
    let refused = post(
        &own(&demo, "can-i"),
        Some(&ada),
        &json!({ "task": { "executors": [] } }),
    )
    .await;
    assert_eq!((refused.status, refused.code().as_str()), (400, "task.executors"));
    let listed = get(&format!("{}/tasks", demo.fact("/proxy/tes")), Some(&ada))
        .await
        .json();
    assert_eq!(
        listed.get("tasks").and_then(Value::as_array).map(Vec::len),
        Some(0),
        "{listed}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn can_i_judges_runs_objects_datasets_and_a_purpose_alone() {
    let demo = Demo::start();
    let ada = demo.token("ada");
    let pinned = format!("sample/count@sha256:{}", "0a".repeat(32));
    let run = |objects: &[&str]| {
        let tasks = json!([task(&demo, &pinned, objects)]).to_string();
        json!({ "run": { "workflow_type": "VISUM-TASKS", "workflow_type_version": "1.0", "workflow_url": "tasks.json",
            "attachments": [{ "name": "tasks.json", "text": tasks }] } })
    };
    assert_eq!(
        can_i(&demo, &ada, &run(&["a-cohort.vcf"])).await.get("allow"),
        Some(&json!(true))
    );
    let denied = can_i(&demo, &ada, &run(&["a-cohort.vcf", "c-cohort.vcf"])).await;
    assert_eq!(denied.get("code"), Some(&json!("consent.approval_missing")), "{denied}");
    let objects = can_i(&demo, &ada, &json!({ "objects": ["a-cohort.vcf"] })).await;
    assert_eq!(objects.get("allow"), Some(&json!(true)), "{objects}");
    let body = json!({ "datasets": [A, C], "images": ["sample/count:1"], "outputs": ["s3://elsewhere/out/"] });
    let datasets = can_i(&demo, &ada, &body).await;
    for code in [
        "consent.approval_missing",
        "policy.image_not_pinned",
        "catalogue.sink_unmapped",
    ] {
        assert!(codes(&datasets).iter().any(|one| one == code), "{code}: {datasets}");
    }

    let full = json!({ "categories": ["disease"], "diseases": ["MONDO:0007254"], "commercial": false, "project": "P1",
        "institution": "https://uni.example.org" });
    let which = can_i(&demo, &ada, &json!({ "purpose": full })).await;
    let rows = which
        .get("datasets")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let use_of = |letter: &str| {
        let id = format!("https://data.biobank.example.org/datasets/{letter}");
        let row = rows.iter().find(|row| row.get("dataset") == Some(&json!(id)));
        row.and_then(|row| row.get("use"))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let said: Vec<String> = ["A", "B", "C", "D"].into_iter().map(use_of).collect();
    assert_eq!(said, ["now", "attest", "apply", "no"], "{which}");
    let nothing = post(&own(&demo, "can-i"), Some(&ada), &json!({})).await;
    assert_eq!((nothing.status, nothing.code().as_str()), (400, "can_i.nothing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn purposes_tried_are_counted_the_committee_sees_them_and_many_are_an_alert() {
    let demo = Demo::start();
    let (ada, dan, noor) = (demo.token("ada"), demo.token("dan"), demo.token("noor"));
    for words in [["genetic"], ["methods"], ["ancestry"]] {
        can_i(&demo, &ada, &json!({ "datasets": [C], "purpose": purpose(&words) })).await;
    }
    let many = |events: &[Value], kind: &str| {
        events
            .iter()
            .filter(|event| event.get("type") == Some(&json!(kind)))
            .count()
    };
    let before = demo.events(&noor).await;
    assert_eq!((many(&before, "purpose.tried"), many(&before, "purpose.many")), (3, 0));
    // the same once more is no new one; by another door it is the same
    explain(&demo, &ada, &json!({ "dataset": C, "purpose": purpose(&["genetic"]) })).await;
    assert_eq!(many(&demo.events(&noor).await, "purpose.tried"), 3);
    let fourth = can_i(
        &demo,
        &ada,
        &json!({ "datasets": [C], "purpose": purpose(&["biomedical"]) }),
    )
    .await;
    assert_eq!(
        fourth.pointer("/purposes_tried/0/purposes_in_24_hours"),
        Some(&json!(4)),
        "{fourth}"
    );
    assert_eq!(many(&demo.events(&noor).await, "purpose.many"), 1);

    let broker = demo.fact("/broker/issuer");
    let page = format!("{broker}/visum/v1/admin/purposes-tried?dataset=c");
    let seen = get(&page, Some(&dan)).await;
    assert_eq!(seen.status, 200, "{}", seen.text());
    let tried = seen
        .json()
        .get("tried")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    assert_eq!(tried.len(), 4, "{}", seen.text());
    let twice = tried.iter().find(|row| row.get("times") == Some(&json!(2))).unwrap();
    assert_eq!(twice.get("door"), Some(&json!("explain")), "{twice}");
    assert_eq!(
        seen.json().pointer("/alerts/0/purposes_in_24_hours"),
        Some(&json!(4)),
        "{}",
        seen.text()
    );
    let own = get(&page, Some(&ada)).await;
    assert_eq!(
        (own.status, own.code().as_str()),
        (401, "policy.step_up"),
        "not for those who try: {}",
        own.text()
    );
    // What says nothing, and what nobody knows, is not counted.
    explain(
        &demo,
        &ada,
        &json!({ "dataset": "https://data.example.org/none", "purpose": purpose(&["genetic"]) }),
    )
    .await;
    assert_eq!(many(&demo.events(&noor).await, "purpose.tried"), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_say_it_in_words_and_by_their_exit_status() {
    let demo = Demo::start();
    let home = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let output = binary::visum(arguments)
            .env("VISUM_HOME", home.path())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.code().unwrap_or(-1),
            text(&output.stdout),
            text(&output.stderr),
        )
    };
    let data = demo.data();
    let data = data.to_str().unwrap();
    for person in ["ada", "dan"] {
        let said = run(&["demo", "login", person, "--profile", person, "--data", data]);
        assert_eq!(said.0, 0, "{} {}", said.1, said.2);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, value: &Value| {
        let path = folder.path().join(name);
        std::fs::write(&path, value.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let pinned = format!("sample/count@sha256:{}", "0a".repeat(32));
    let good = file("task.json", &task(&demo, &pinned, &["a-cohort.vcf"]));
    let bad = file("bad.json", &task(&demo, "sample/count:1", &["c-cohort.vcf"]));
    file("tasks.json", &json!([task(&demo, &pinned, &["a-cohort.vcf"])]));
    let wes = file(
        "run.json",
        &json!({ "workflow_type": "VISUM-TASKS", "workflow_type_version": "1.0", "workflow_url": "tasks.json" }),
    );
    let want = file("purpose.json", &purpose(&["biomedical"]));
    let cases: Vec<(Vec<&str>, i32, &str)> = vec![
        (vec!["explain", "--dataset", A], 0, "Permitted, until"),
        (vec!["explain", "--dataset", C], 1, "visa       MISSING"),
        (vec!["explain", "--dataset", C, "--full"], 1, "1. Apply for"),
        (
            vec!["explain", "--object", "a-cohort.vcf"],
            0,
            "fact ControlledAccessGrants",
        ),
        (vec!["explain", "not an id"], 2, ""),
        (vec!["can-i", &good], 0, "Permitted"),
        (vec!["can-i", &bad], 1, "nobody here knows which digest"),
        (vec!["can-i", &wes], 0, "Permitted"),
        (vec!["can-i", "--object", "c-cohort.vcf"], 1, "apply for"),
        (
            vec!["can-i", "--datasets", C, "--purpose", &want],
            1,
            "consent.disease_missing",
        ),
        (vec!["can-i", "--purpose", &want], 1, "not for this purpose"),
        (vec!["can-i"], 2, ""),
    ];
    for (arguments, code, words) in cases {
        let mut all = arguments.clone();
        if arguments.len() > 1 {
            all.extend(["--profile", "ada"]);
        }
        let (got, out, err) = run(&all);
        assert_eq!(got, code, "{arguments:?}: {out}{err}");
        assert!(out.contains(words), "{arguments:?}: {out}");
    }
    let (code, out, err) = run(&["purpose", "tried", C, "--profile", "dan"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("biomedical"), "{out}");
}
