//! A thousand running tasks, one dataset withdrawn: all of them are cancelled, and nothing else is touched.

use std::time::{Duration, Instant};

use futures::{StreamExt as _, stream};
use serde_json::{Value, json};
use tests::{
    house::{DATASET, House, Wants},
    outside::post,
    tes::PlayedTes,
};

use crate::tell;

/// Tasks that read the dataset.
const TASKS: usize = 1_000;
/// Tasks that read nothing.
const OTHERS: usize = 50;
/// How long the drill waits at most.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) async fn run() {
    println!("\n## Withdrawal: {TASKS} running tasks of a dataset, {OTHERS} of none\n\n| what | |\n|---|---|");
    let tes = PlayedTes::start().await;
    let house = House::start(Wants {
        tes: Some(tes.url.clone()),
        ..Wants::default()
    })
    .await;
    let (ada, dan) = house.granted().await;
    let image = house.sample.image("wc").unwrap();
    let executors = json!([{ "image": image, "command": ["wc", "-c", "/in/a"] }]);
    let begun = Instant::now();
    let reading = json!({ "executors": executors,
        "inputs": [{ "url": "s3://cohort-bucket/a-cohort.vcf", "path": "/in/a" }] });
    let nothing = json!({ "executors": [{ "image": house.sample.image("wc").unwrap(), "command": ["wc", "-c"] }] });
    let mine = many(&house, &ada, &reading, TASKS).await;
    let others = many(&house, &ada, &nothing, OTHERS).await;
    assert_eq!((mine.len(), others.len()), (TASKS, OTHERS), "every task was taken");
    tell(
        &format!("{} tasks decided, recorded and sent, 16 at a time", TASKS + OTHERS),
        format!("{:.1} s", begun.elapsed().as_secs_f64()),
    );

    let hold = json!({ "dataset": DATASET, "kind": "withdrawn", "scope": "dataset", "reason": "a drill" });
    let begun = Instant::now();
    let held = post(&house.broker("/visum/v1/admin/holds"), Some(&dan), &hold).await;
    assert!(matches!(held.status, 200 | 201), "{}", held.text());
    tell("the hold is recorded and in force", format!("{:.0} ms", millis(begun)));
    let wanted = TASKS;
    let mut half = None;
    loop {
        let done = tes.cancelled().len();
        if half.is_none() && done * 2 >= wanted {
            half = Some(millis(begun));
        }
        if done >= wanted {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "{done} of {wanted} were cancelled");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tell(
        "half of them cancelled at the backend",
        format!("{:.0} ms", half.unwrap_or_default()),
    );
    tell(
        "the last cancel",
        format!("{:.0} ms after the hold was asked for", millis(begun)),
    );
    // whatever else would come has come by then
    tokio::time::sleep(Duration::from_secs(2)).await;
    let cancelled = tes.cancelled();
    assert_eq!(cancelled.len(), wanted, "each once, and nothing else");
    let tasks = tes.tasks();
    let empty = |id: &String| {
        let at: usize = id.trim_start_matches('b').parse().unwrap();
        tasks.get(at).and_then(|task| task.pointer("/inputs/0")).is_none()
    };
    assert!(!cancelled.iter().any(empty), "tasks that read nothing run on");
    tell("other tasks touched", format!("0 of {OTHERS}"));
}

async fn submit(house: &House, token: &str, task: &Value) -> Option<String> {
    let sent = post(&house.proxy("/ga4gh/tes/v1/tasks"), Some(token), task).await;
    let id = sent.json().get("id").and_then(Value::as_str).map(str::to_owned);
    if id.is_none() {
        eprintln!("{} {}", sent.status, sent.text());
    }
    id
}

async fn many(house: &House, token: &str, task: &Value, count: usize) -> Vec<String> {
    let sent = stream::iter(0..count)
        .map(|_| submit(house, token, task))
        .buffer_unordered(16);
    sent.filter_map(std::future::ready).collect().await
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}
