//! What a backend touches beside what was permitted: generated tasks through the gate to the sample node's TES, whose own
//! notes of every open, fetch and upload are held against the decisions in the audit log.
//!
//! The same tasks in every run; `VISUM_SEED` takes others and `VISUM_TASKS` more (nightly). A failure prints its seed.

#![expect(clippy::panic, reason = "a note without its permit is the failure")]

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use sample_node::Note;
use serde_json::{Value, json};
use tests::{
    house::{DATASET, House, Wants},
    outside::{get, post},
};

/// Tasks of each house.
const TASKS: usize = 60;

/// SplitMix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() >> 33).unwrap_or(0) % bound
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// Makes tasks for a house.
struct Maker<'h> {
    dice: Dice,
    house: &'h House,
}

impl Maker<'_> {
    /// One in `times` of the second list, else of the first.
    fn choice(&mut self, times: usize, sound: &[String], odd: &[String]) -> String {
        let from = if self.dice.one_in(times) { odd } else { sound };
        from[self.dice.below(from.len())].clone()
    }

    /// A URL of an input: the cohort's in one of its spellings, or what nobody may read.
    fn source(&mut self) -> String {
        let (data, outputs) = (
            self.house.sample.data_dir().display(),
            self.house.sample.outputs_dir().display(),
        );
        let id = self.dice.pick(&OBJECTS);
        let file = id.trim_start_matches("a-");
        let sound = spellings(self.house, id);
        let odd = [
            "drs://127.0.0.1/b-cohort.vcf".to_owned(),
            "drs://drs.example.net/b-cohort.vcf".to_owned(),
            format!("file://{data}/b/{file}"),
            format!("file://{data}/a/../b/{file}"),
            format!("file://{data}/a/%2e%2e/b/{file}"),
            format!("file://{outputs}/uni/earlier.txt"),
            "file:///etc/hostname".to_owned(),
            "s3://cohort-bucket2/b-cohort.vcf".to_owned(),
            "s3://cohort-bucket/a/../../b-cohort.vcf".to_owned(),
            format!("{}/data/b-cohort.vcf", self.house.sample.drs()),
            format!("{}/data/{id}", self.house.sample.drs()),
            format!("s3://cohort-bucket/{id}?versionId=1"),
            "s3://cohort-bucket/none-of-them".to_owned(),
        ];
        self.choice(16, &sound, &odd)
    }

    fn input(&mut self, at: usize) -> Value {
        let data = self.house.sample.data_dir().display().to_string();
        match self.dice.below(12) {
            0 => json!({ "path": format!("/in/{at}"), "content": self.text() }),
            1 if self.dice.one_in(2) => {
                let folder = self.choice(
                    2,
                    &[format!("file://{data}/a")],
                    &[
                        format!("file://{data}"),
                        format!("file://{data}/b"),
                        "drs://127.0.0.1/a-cohort.vcf".to_owned(),
                    ],
                );
                json!({ "path": format!("/in/{at}"), "url": folder, "type": "DIRECTORY" })
            }
            2 => json!({ "path": format!("/in/{at}"), "url": self.source(), "streamable": true }),
            3 if self.dice.one_in(3) => {
                json!({ "path": format!("/in/{at}"), "url": self.source(), "content": self.text() })
            }
            _ => json!({ "path": format!("/in/{at}"), "url": self.source(), "type": "FILE" }),
        }
    }

    /// A text for content, arguments, environment and tags.
    fn text(&mut self) -> String {
        let sound = ["lines", "chr1", "count the lines"].map(str::to_owned);
        let source = self.source();
        let odd = [
            source.clone(),
            format!("fetch {source} && cat it"),
            json!({ "to": { "url": source } }).to_string(),
            "https://evil.example.org/x".to_owned(),
            "$(cat /etc/hostname)".to_owned(),
        ];
        self.choice(16, &sound, &odd)
    }

    fn sink(&mut self, at: usize) -> String {
        let outputs = self.house.sample.outputs_dir().display().to_string();
        let number = self.dice.roll();
        let sound = [
            format!("file://{outputs}/uni/{number:x}/{at}"),
            format!("s3://uni-bucket/out/{number:x}"),
        ];
        let odd = [
            format!("file://{outputs}/elsewhere/{number:x}"),
            format!("file://{outputs}/uni/../elsewhere/{number:x}"),
            format!("file://{}/a/cohort.vcf", self.house.sample.data_dir().display()),
            "s3://evil-bucket/out".to_owned(),
            "https://evil.example.org/upload".to_owned(),
            format!("{}/data/a-cohort.vcf", self.house.sample.drs()),
        ];
        self.choice(16, &sound, &odd)
    }

    fn executor(&mut self, paths: &[String], out: &str) -> Value {
        let tool = self.dice.pick(&["wc", "cat", "sort", "head"]);
        let image = self.house.sample.image(tool).unwrap_or_default().to_owned();
        let read = if paths.is_empty() {
            "--version".to_owned()
        } else {
            paths[self.dice.below(paths.len())].clone()
        };
        let odd = ["/etc/hostname".to_owned(), "../../x".to_owned(), self.text()];
        let argument = self.choice(16, &[read], &odd);
        let mut executor = json!({ "image": image, "command": [tool, argument], "stdout": out });
        if self.dice.one_in(5) {
            executor["env"] = json!({ "WORDS": self.text() });
        }
        if self.dice.one_in(8) {
            executor["workdir"] = json!("/work/here");
        }
        if self.dice.one_in(6) && !paths.is_empty() {
            executor["stdin"] = json!(paths[0]);
        }
        executor
    }

    fn task(&mut self) -> Value {
        let inputs: Vec<Value> = (0..self.dice.below(4)).map(|at| self.input(at)).collect();
        let paths: Vec<String> = (0..inputs.len()).map(|at| format!("/in/{at}")).collect();
        let outputs: Vec<Value> = (0..1 + self.dice.below(2))
            .map(|at| json!({ "path": format!("/out/{at}"), "url": self.sink(at) }))
            .collect();
        let executors: Vec<Value> = (0..outputs.len())
            .map(|at| self.executor(&paths, &format!("/out/{at}")))
            .collect();
        let mut task = json!({ "inputs": inputs, "outputs": outputs, "executors": executors });
        if self.dice.one_in(4) {
            task["volumes"] = json!(["/space"]);
        }
        if self.dice.one_in(6) {
            task["tags"] = json!({ "project": self.text() });
        }
        task
    }
}

/// The cohort's objects.
const OBJECTS: [&str; 2] = ["a-cohort.vcf", "a-consensus.fa"];

/// Names of an object that a task may use.
fn spellings(house: &House, id: &str) -> [String; 7] {
    let (data, file) = (house.sample.data_dir().display(), id.trim_start_matches("a-"));
    [
        format!("drs://127.0.0.1/{id}"),
        format!("s3://cohort-bucket/{id}"),
        format!("S3://cohort-bucket/{id}"),
        format!("https://cohort-bucket.s3.amazonaws.com/{id}"),
        format!("https://cohort.example.org/data/{id}"),
        format!("gs://cohort-bucket/{id}"),
        format!("file://{data}/a/{file}"),
    ]
}

/// The log names objects by keyed digests. A task for each spelling of each tells which digest is which object.
async fn digests(house: &House, ada: &str) -> (Vec<Sent>, BTreeMap<String, &'static str>) {
    let (mut sent, mut meant) = (Vec::new(), Vec::new());
    let image = house.sample.image("wc");
    for id in OBJECTS {
        for (at, url) in spellings(house, id).into_iter().enumerate() {
            let out = format!("file://{}/uni/known/{id}-{at}", house.sample.outputs_dir().display());
            let task = json!({
                "inputs": [{ "path": "/in", "url": url }],
                "outputs": [{ "path": "/out", "url": out }],
                "executors": [{ "image": image, "command": ["wc", "/in"], "stdout": "/out" }],
            });
            let answer = post(&house.proxy("/ga4gh/tes/v1/tasks"), Some(ada), &task).await;
            assert_eq!(answer.status, 200, "{task}: {}", answer.text());
            sent.push(Sent {
                id: text(&answer.json(), "/id"),
                token: ada.to_owned(),
                task,
            });
            meant.push(id);
        }
    }
    let events = log(house).await;
    let created = created(&events).map(|event| text(event, "/what/0/object"));
    let known: BTreeMap<String, &str> = created.zip(meant).collect();
    (sent, known)
}

/// The permitted tasks of the log.
fn created(events: &[Value]) -> impl Iterator<Item = &Value> {
    events
        .iter()
        .filter(|event| event["type"] == "tes:CreateTask" && event["outcome"] == "success")
}

/// What an event names, each of the house's one dataset: the DRS id where it is a spelling of one, else the digest.
fn objects<'e>(known: &BTreeMap<String, &'e str>, event: &'e Value) -> BTreeSet<&'e str> {
    let whats = event["what"].as_array().into_iter().flatten();
    let named = whats.filter_map(|what| {
        let object = what["object"].as_str()?;
        assert_eq!(what["dataset"], DATASET, "{event}");
        Some(*known.get(object).unwrap_or(&object))
    });
    named.collect()
}

fn text(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// All events of the log.
async fn log(house: &House) -> Vec<Value> {
    let noor = house.token("noor");
    let (mut events, mut from) = (Vec::new(), 0_u64);
    loop {
        let url = house.broker(&format!("/visum/v1/admin/audit/events?from={from}&limit=1000"));
        let answer = get(&url, Some(&noor)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let body = answer.json();
        let page = body["events"].as_array().cloned().unwrap_or_default();
        // a page is as long as the log's own bound, whatever was asked for
        from = body["next"].as_u64().unwrap();
        let last = page.is_empty() || from >= body["size"].as_u64().unwrap();
        events.extend(page.into_iter().filter_map(|entry| entry.get("event").cloned()));
        if last {
            return events;
        }
    }
}

/// A permitted task, as sent.
struct Sent {
    id: String,
    token: String,
    task: Value,
}

/// Sends generated tasks, waits for those that were permitted; gives them, and why the others were not.
async fn send(maker: &mut Maker<'_>, count: usize, people: [&str; 2]) -> (Vec<Sent>, BTreeMap<String, usize>) {
    let url = maker.house.proxy("/ga4gh/tes/v1/tasks");
    let (mut sent, mut refused) = (Vec::new(), BTreeMap::new());
    for _ in 0..count {
        let task = maker.task();
        let token = people[usize::from(maker.dice.one_in(6))];
        let answer = post(&url, Some(token), &task).await;
        // the sample may refuse what the gate permits: a path that its task does not declare
        let sound = answer.status < 500 || answer.code() == "backend.refused";
        assert!(sound, "{task}: {} {}", answer.status, answer.text());
        if answer.status == 200 {
            let id = text(&answer.json(), "/id");
            let token = token.to_owned();
            sent.push(Sent { id, token, task });
        } else {
            *refused.entry(answer.code()).or_default() += 1;
        }
    }
    for one in &sent {
        let url = format!("{url}/{}", one.id);
        for _ in 0..600 {
            let state = text(&get(&url, Some(&one.token)).await.json(), "/state");
            if !matches!(state.as_str(), "QUEUED" | "INITIALIZING" | "RUNNING") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    (sent, refused)
}

/// Holds the notes against the log; how many of them were of data, and of outputs.
async fn compare(house: &House, sent: &[Sent], known: &BTreeMap<String, &'static str>, seed: &str) -> (usize, usize) {
    let (events, notes) = (log(house).await, house.sample.notes());
    let permitted: BTreeMap<String, BTreeSet<&str>> = created(&events)
        .map(|event| (text(event, "/why/decision"), objects(known, event)))
        .collect();
    let backend = house.backend_tasks().await;
    assert_eq!(
        backend.len(),
        sent.len(),
        "{seed}: the backend heard of what was permitted alone"
    );
    let outputs = house.sample.outputs_dir().display().to_string();
    let (mut read, mut stored) = (0, 0);
    for note in &notes {
        let id = match note {
            Note::Opened { task, .. } | Note::Fetched { task, .. } | Note::Stored { task, .. } => task,
            other => panic!("{seed}: a note that this test does not know: {other:?}"),
        };
        let task = backend.iter().find(|task| task["id"] == id.as_str()).expect("its task");
        let decision = text(task, "/tags/visum.decision");
        let named = permitted
            .get(&decision)
            .unwrap_or_else(|| panic!("{seed}: {note:?}: no permit on record, {task}"));
        match note {
            Note::Opened { path, .. } => {
                let all = house.sample.objects();
                let object = all.iter().find(|object| object.file == *path);
                let is_named = object.is_some_and(|object| named.contains(object.id.as_str()));
                assert!(is_named, "{seed}: {note:?}: {named:?}");
                read += 1;
            }
            Note::Fetched { url, .. } => {
                let door = format!("{}/visum/data/", house.node.at.door);
                assert!(url.starts_with(&door), "{seed}: past the door: {task}");
                read += 1;
            }
            Note::Stored { url, .. } => {
                let sinks = [format!("file://{outputs}/uni/"), "s3://uni-bucket/out/".to_owned()];
                assert!(sinks.iter().any(|sink| url.starts_with(sink)), "{seed}: {note:?}");
                assert!(!url.contains(".."), "{seed}: {note:?}");
                let own = sent
                    .iter()
                    .any(|one| one.task["outputs"].to_string().contains(url.as_str()));
                assert!(own, "{seed}: {note:?} stands in no task");
                stored += 1;
            }
            _ => {}
        }
    }
    // what the door gave to each task is among what its decision named
    let mut given = 0;
    for event in events.iter().filter(|event| event["type"] == "drs.stream.begin") {
        // the backend has them in the order in which they were sent
        let (one, task) = sent
            .iter()
            .zip(&backend)
            .find(|(one, _)| event["about"].to_string().contains(one.id.as_str()))
            .unwrap_or_else(|| panic!("{seed}: a stream of no task: {event}"));
        let named = &permitted[&text(task, "/tags/visum.decision")];
        let streamed = objects(known, event);
        assert!(
            streamed.is_subset(named),
            "{seed}: {streamed:?} and {named:?}: {}",
            one.task
        );
        given += 1;
    }
    let fetched = notes.iter().filter(|note| matches!(note, Note::Fetched { .. })).count();
    assert!(given >= fetched, "{seed}: {fetched} fetches, {given} streams on record");
    (read, stored)
}

#[tokio::test(flavor = "multi_thread")]
async fn differential_a_backend_touches_nothing_that_its_decision_does_not_name() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = number("VISUM_SEED").unwrap_or(20_261_124);
    let count = number("VISUM_TASKS").map_or(TASKS, |count| usize::try_from(count).unwrap_or(TASKS));
    for compute_only in [false, true] {
        let house = House::start(Wants {
            compute_only,
            door: Some("networks = [\"127.0.0.0/8\"]".to_owned()),
            ..Wants::default()
        })
        .await;
        let (ada, _) = house.granted().await;
        let ben = house.token("ben");
        let mut maker = Maker {
            dice: Dice(seed + u64::from(compute_only)),
            house: &house,
        };
        let (mut sent, known) = digests(&house, &ada).await;
        let (more, refused) = send(&mut maker, count, [&ada, &ben]).await;
        let ran = more.len();
        sent.extend(more);
        let seed = format!("VISUM_SEED={seed}, compute-only {compute_only}");
        let (read, stored) = compare(&house, &sent, &known, &seed).await;
        eprintln!("{seed}: {ran} ran, refused: {refused:?}; {read} read, {stored} stored");
        // it compared something, and something was refused
        assert!(
            ran >= count / 10 && refused.len() > 3 && read >= count / 10 && stored > 0,
            "{seed}"
        );
    }
}
