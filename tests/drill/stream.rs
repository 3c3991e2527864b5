//! Ten GiB through the gate, a thousand clients that hardly read, a backend that dies in the middle: memory, and the record.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use futures::{StreamExt as _, future::join_all};
use serde_json::Value;
use tests::{
    house::{House, Wants},
    outside::{client, client_without_end, get},
};

use crate::{played::LongDrs, tell};

const GIB: u64 = 1 << 30;
/// Bytes of the large object.
const LARGE: u64 = 10 * GIB;
/// What the gate may need beyond what it needs at rest.
const MEMORY: u64 = 64 << 20;
/// Clients that hardly read.
const SLOW: usize = 1_000;

async fn house(drs: &LongDrs) -> (House, String, String) {
    let house = House::start(Wants {
        drs: Some(drs.url.clone()),
        ..Wants::default()
    })
    .await;
    let (ada, _) = house.granted().await;
    let access = access(&house, &ada).await;
    (house, ada, access)
}

/// The capability URL of the object, of a new decision.
async fn access(house: &House, token: &str) -> String {
    let object = house.proxy("/ga4gh/drs/v1/objects/a-cohort.vcf");
    let described = get(&object, Some(token)).await.json();
    let way = |pointer: &str| described.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    if let Some(url) = way("/access_methods/0/access_url/url") {
        return url;
    }
    let id = way("/access_methods/0/access_id").unwrap();
    let given = get(&format!("{object}/access/{id}"), Some(token)).await;
    let url = given.json().get("url").and_then(Value::as_str).map(str::to_owned);
    url.unwrap_or_else(|| panic!("{}", given.text()))
}

pub(crate) async fn large() {
    println!("\n## {} GiB through the gate\n\n| what | |\n|---|---|", LARGE / GIB);
    let drs = LongDrs::start(LARGE).await;
    let (house, _, url) = house(&drs).await;
    let (rest, begun) = (memory(&house, "VmRSS"), Instant::now());
    let reply = client_without_end().get(&url).send().await.unwrap();
    assert_eq!(reply.status().as_u16(), 200);
    let mut pieces = reply.bytes_stream();
    let mut got = 0;
    while let Some(piece) = pieces.next().await {
        got += piece.unwrap().len() as u64;
    }
    assert_eq!(got, LARGE);
    let (most, seconds) = (memory(&house, "VmHWM"), begun.elapsed().as_secs_f64());
    tell("bytes that arrived", got);
    tell(
        "rate, with the played backend and the client on the same cores",
        format!("{:.2} GiB/s", 10.0 / seconds),
    );
    tell(
        "memory at rest, and at most",
        format!("{} and {} MiB", rest >> 20, most >> 20),
    );
    assert!(most.saturating_sub(rest) < MEMORY, "it grew by {} bytes", most - rest);
}

pub(crate) async fn slow_clients() {
    println!("\n## {SLOW} clients that hardly read\n\n| what | |\n|---|---|");
    let drs = LongDrs::start(GIB).await;
    let (house, ada, url) = house(&drs).await;
    let rest = memory(&house, "VmRSS");
    let slow = client_without_end();
    let open = join_all((0..SLOW).map(|_| {
        let request = slow.get(&url);
        async move {
            let mut body = request.send().await.unwrap().bytes_stream();
            let first = body.next().await.unwrap().unwrap();
            assert!(!first.is_empty());
            body
        }
    }))
    .await;
    tell("streams open", open.len());
    let begun = Instant::now();
    let answers = 100;
    for _ in 0..answers {
        assert_eq!(
            get(&house.proxy("/ga4gh/drs/v1/objects/a-cohort.vcf"), Some(&ada))
                .await
                .status,
            200
        );
    }
    let each = begun.elapsed().as_secs_f64() * 1_000.0 / f64::from(answers);
    tell("another request beside them, recorded, takes", format!("{each:.1} ms"));
    let now = memory(&house, "VmRSS");
    let each = now.saturating_sub(rest) / SLOW as u64;
    tell(
        "memory at rest, and now",
        format!("{} and {} MiB: {} KiB a client", rest >> 20, now >> 20, each >> 10),
    );
    tell(
        "bytes taken from the backend",
        format!("{} MiB of {SLOW} GiB", drs.sent.load(Ordering::SeqCst) >> 20),
    );
    drop(open);
}

pub(crate) async fn backend_killed() {
    println!("\n## A backend that dies in the middle of a stream\n\n| what | |\n|---|---|");
    let drs = LongDrs::start(GIB).await;
    let (house, ada, url) = house(&drs).await;
    let mut body = client_without_end().get(&url).send().await.unwrap().bytes_stream();
    let first = body.next().await.unwrap().unwrap();
    drs.dies.store(true, Ordering::SeqCst);
    let mut got = first.len() as u64;
    let broken = loop {
        match body.next().await {
            Some(Ok(piece)) => got += piece.len() as u64,
            Some(Err(_)) => break true,
            None => break false,
        }
    };
    assert!(
        broken,
        "the client's stream breaks off, it does not end as if it were whole"
    );
    tell("the client got, and saw it break", format!("{got} bytes"));
    let noor = house.token("noor");
    let events = house.broker("/visum/v1/admin/audit/events?type=drs.stream.end");
    let ended = loop {
        let seen = get(&events, Some(&noor)).await;
        assert_eq!(seen.status, 200, "{}", seen.text());
        if seen.text().contains("\"bytes\":") {
            break seen.text();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(ended.contains("aborted"), "{ended}");
    tell("the record of its end", "aborted, with its bytes");
    drs.dies.store(false, Ordering::SeqCst);
    let again = access(&house, &ada).await;
    assert_eq!(client().get(&again).send().await.unwrap().status().as_u16(), 200);
    tell("the next stream", "200");
}

/// Bytes of memory of the node's process, by the kernel's word for it.
fn memory(house: &House, word: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", house.node.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with(word)).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib << 10
}
