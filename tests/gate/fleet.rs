//! Several backends of a kind behind one gate: what goes where, and that what one has is asked of that one alone
//! (`apis.md` E32; issue "as a proxy").

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{
    house::{DATASET, House, Wants},
    outside::{Answer, get, post},
    tes::PlayedTes,
};

use crate::door::{OBJECT, alarms, lasting::revoke};

const TASKS: &str = "/ga4gh/tes/v1/tasks";

/// East comes first and has these lines; West may hold the dataset of the house.
struct Fleet {
    house: House,
    east: PlayedTes,
    west: PlayedTes,
    ada: String,
    dan: String,
}

impl Fleet {
    async fn start(east_lines: &str, west_lines: &str, facts: Option<fn(&mut Value)>) -> Self {
        let (east, west) = (PlayedTes::start().await, PlayedTes::start().await);
        let house = House::start(Wants {
            tes: Some(east.url.clone()),
            tes_lines: Some(format!("name = \"east\"\n{east_lines}")),
            more_tes: vec![(west.url.clone(), format!("name = \"west\"\n{west_lines}"))],
            facts,
            ..Wants::default()
        })
        .await;
        let (ada, dan) = house.granted().await;
        Self {
            house,
            east,
            west,
            ada,
            dan,
        }
    }

    async fn send(&self, task: &Value) -> Answer {
        post(&self.house.proxy(TASKS), Some(&self.ada), task).await
    }

    async fn of(&self, rest: &str) -> Answer {
        get(&self.house.proxy(&format!("{TASKS}{rest}")), Some(&self.ada)).await
    }

    fn sent(&self) -> (usize, usize) {
        (self.east.tasks().len(), self.west.tasks().len())
    }

    /// Counts the bytes of an object of the dataset.
    fn count(&self) -> Value {
        crate::door::task(&self.house)
    }

    /// Reads nothing.
    fn idle(&self, name: &str) -> Value {
        let mut task = self.count();
        task["inputs"] = json!([]);
        task["name"] = json!(name);
        task["executors"][0]["command"] = json!(["wc", "--version"]);
        task
    }

    async fn can(&self, task: &Value) -> Value {
        post(
            &self.house.proxy("/visum/v1/can-i"),
            Some(&self.ada),
            &json!({ "task": task }),
        )
        .await
        .json()
    }
}

fn id(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["id"].as_str().unwrap().to_owned()
}

fn ids(page: &Value) -> Vec<String> {
    let tasks = page["tasks"].as_array().unwrap().iter();
    tasks.map(|task| task["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn e32_a_task_goes_where_its_data_may_be_and_stays_the_task_of_that_backend() {
    let fleet = Fleet::start(
        "holds = [\"https://data.biobank.example.org/datasets/open/*\"]",
        &format!("holds = [\"{DATASET}\"]"),
        None,
    )
    .await;
    let idle = id(&fleet.send(&fleet.idle("idle")).await);
    assert_eq!(fleet.sent(), (1, 0), "what reads nothing goes to the first");
    let count = id(&fleet.send(&fleet.count()).await);
    assert_eq!(fleet.sent(), (1, 1), "data go where they may be");
    // Both backends call theirs `b0`: what is told of one is never that of the other.
    fleet.east.tell(json!([{ "logs": [{ "stdout": "of the east" }] }]));
    fleet.west.tell(json!([{ "logs": [{ "stdout": "of the west" }] }]));
    fleet.west.say("PAUSED");
    let told = |answer: Answer| (answer.json()["state"].clone(), answer.text().to_owned());
    let (state, text) = told(fleet.of(&format!("/{idle}?view=FULL")).await);
    assert!(state == "RUNNING" && text.contains("of the east"), "{text}");
    let (state, text) = told(fleet.of(&format!("/{count}?view=FULL")).await);
    assert!(state == "PAUSED" && text.contains("of the west"), "{text}");
    // One list of both, page by page; a page token is of its question and its person.
    let first = fleet.of("?page_size=1").await.json();
    assert_eq!(ids(&first), [count.as_str()], "newest first: {first}");
    let next = first["next_page_token"].as_str().unwrap();
    let second = fleet.of(&format!("?page_size=1&page_token={next}")).await.json();
    assert_eq!(ids(&second), [idle.as_str()], "{second}");
    let other = fleet.of(&format!("?page_size=1&page_token={next}&name_prefix=x")).await;
    assert_eq!((other.status, other.code().as_str()), (400, "request.page_token"));
    // A cancel reaches its own backend and no other.
    let cancelled = post(
        &fleet.house.proxy(&format!("{TASKS}/{count}:cancel")),
        Some(&fleet.ada),
        &json!({}),
    )
    .await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.text());
    assert_eq!(fleet.west.cancelled(), ["b0"]);
    assert!(fleet.east.cancelled().is_empty());
    // The log says where each went, and one owner has two pseudonyms.
    let created = alarms(&fleet.house, "tes:CreateTask").await;
    let places: Vec<Value> = ["east", "west"]
        .map(|name| json!({ "kind": "service", "id": name }))
        .into();
    for place in &places {
        let told = created
            .iter()
            .filter(|event| event.to_string().contains(&place["id"].to_string()));
        assert_eq!(told.count(), 1, "{place}: {created:#?}");
    }
    let owner = |tes: &PlayedTes| tes.tasks()[0]["tags"]["visum.owner"].clone();
    assert!(owner(&fleet.east).is_string() && owner(&fleet.east) != owner(&fleet.west));
}

#[tokio::test(flavor = "multi_thread")]
async fn e51_a_withdrawal_reaches_the_backend_that_has_the_task() {
    let fleet = Fleet::start("holds = []", "", None).await;
    let idle = id(&fleet.send(&fleet.idle("idle")).await);
    let count = id(&fleet.send(&fleet.count()).await);
    assert_eq!(fleet.sent(), (1, 1));
    revoke(&fleet.house, &fleet.dan).await;
    let until = Instant::now() + Duration::from_secs(10);
    while fleet.west.cancelled().is_empty() && Instant::now() < until {
        drop(fleet.of(&format!("/{idle}")).await);
    }
    assert_eq!(fleet.west.cancelled(), ["b0"], "the task that read the data");
    assert!(fleet.east.cancelled().is_empty(), "the other one goes on: {count}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_backend_may_hold_all_that_a_task_reads_it_is_denied_and_says_so() {
    let elsewhere = "holds = [\"https://data.biobank.example.org/datasets/B\"]";
    let fleet = Fleet::start(elsewhere, elsewhere, None).await;
    let denied = fleet.send(&fleet.count()).await;
    assert_eq!(
        (denied.status, denied.code().as_str()),
        (403, "policy.place_may_not_hold"),
        "{}",
        denied.text()
    );
    assert!(
        denied.text().contains(DATASET),
        "it names the dataset: {}",
        denied.text()
    );
    assert!(denied.text().contains("operator"), "and what to do: {}", denied.text());
    assert_eq!(fleet.sent(), (0, 0), "no backend hears of it");
    let on_record = alarms(&fleet.house, "policy.place_may_not_hold").await;
    assert!(!on_record.is_empty(), "it is on record");
    let foreseen = fleet.can(&fleet.count()).await;
    assert_eq!(foreseen["allow"], json!(false), "{foreseen}");
    assert!(foreseen.to_string().contains("policy.place_may_not_hold"), "{foreseen}");
    // The object itself is read as before: where work may go is no bar to a download.
    let object = get(
        &fleet.house.proxy(&format!("/ga4gh/drs/v1/objects/{OBJECT}")),
        Some(&fleet.ada),
    )
    .await;
    assert_eq!(object.status, 200, "{}", object.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_whose_service_is_not_certified_for_the_data_is_passed_over() {
    let facts = |facts: &mut Value| {
        let services = facts["services"].as_array_mut().unwrap();
        let mut other = services[0].clone();
        other["id"] = json!("node-2");
        other["certified"] = json!(["open"]);
        services.push(other);
    };
    let fleet = Fleet::start("service = \"node-2\"", "", Some(facts)).await;
    let foreseen = fleet.can(&fleet.count()).await;
    assert_eq!(foreseen["allow"], json!(true), "{foreseen}");
    drop(id(&fleet.send(&fleet.count()).await));
    assert_eq!(fleet.sent(), (0, 1), "policy judges each place");
    drop(id(&fleet.send(&fleet.idle("idle")).await));
    assert_eq!(fleet.sent(), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_is_down_hides_nothing_of_the_other() {
    let east = PlayedTes::start().await;
    let dead = tests::node::Addresses::free().proxy;
    let house = House::start(Wants {
        tes: Some(dead),
        tes_lines: Some("name = \"east\"\nholds = []".to_owned()),
        more_tes: vec![(east.url.clone(), "name = \"west\"".to_owned())],
        ..Wants::default()
    })
    .await;
    let (ada, _) = house.granted().await;
    let sent = post(&house.proxy(TASKS), Some(&ada), &crate::door::task(&house)).await;
    let count = id(&sent);
    for view in ["MINIMAL", "BASIC"] {
        let list = get(&house.proxy(&format!("{TASKS}?view={view}")), Some(&ada)).await;
        assert_eq!(list.status, 200, "{}", list.text());
        assert!(ids(&list.json()).contains(&count), "{}", list.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_of_which_a_dead_backend_heard_nothing_goes_to_another_that_may_hold_its_data() {
    let west = PlayedTes::start().await;
    let dead = tests::node::Addresses::free().proxy;
    let house = House::start(Wants {
        tes: Some(dead),
        tes_lines: Some("name = \"east\"".to_owned()),
        more_tes: vec![(west.url.clone(), "name = \"west\"\nholds = []".to_owned())],
        ..Wants::default()
    })
    .await;
    let (ada, _) = house.granted().await;
    let count = crate::door::task(&house);
    let mut idle = count.clone();
    idle["inputs"] = json!([]);
    idle["executors"][0]["command"] = json!(["wc", "--version"]);
    let send = async |task: &Value| post(&house.proxy(TASKS), Some(&ada), task).await;
    let one = id(&send(&idle).await);
    assert_eq!(west.tasks().len(), 1, "what it may hold goes there at once");
    let told = get(&house.proxy(&format!("{TASKS}/{one}")), Some(&ada)).await;
    assert_eq!(told.json()["state"], json!("RUNNING"), "{}", told.text());
    // Both attempts are on record, each with its place.
    let created = alarms(&house, "tes:CreateTask").await;
    for name in ["\"east\"", "\"west\""] {
        let places = created.iter().filter(|event| event.to_string().contains(name));
        assert_eq!(places.count(), 1, "{name}: {created:#?}");
    }
    // What it may not hold waits for its own backend: first a failure, then, without asking it, a time to come back.
    let mut codes = Vec::new();
    for _ in 0..6 {
        let answer = send(&count).await;
        codes.push((answer.status, answer.code()));
        if answer.status == 503 {
            assert!(answer.header("retry-after").parse::<u32>().is_ok());
        }
    }
    assert_eq!(codes[0], (502, "backend.down".to_owned()));
    assert_eq!(codes[5], (503, "backend.open".to_owned()), "{codes:?}");
    assert_eq!(west.tasks().len(), 1, "nothing of it reached the other");
    drop(id(&send(&idle).await));
    assert_eq!(west.tasks().len(), 2);
}
