//! Lists of objects, tables and the register through a live node: files by digest, then rows that two persons agree on.

use std::path::Path;

use policy_engine::{
    catalogue::{ObjectRecord, Segment, segment},
    consent::Name,
};
use serde_json::{Value, json};
use tests::{
    binary,
    house::{DATASET, House, Wants},
    outside::{self, Answer, get, post},
};

const MONDO: &str = "id,label,parents,obsolete\nMONDO:0004992,cancer,,false\n";

async fn house() -> House {
    House::start(Wants {
        dual: true,
        ..Wants::default()
    })
    .await
}

async fn upload(house: &House, token: Option<&str>, bytes: Vec<u8>) -> Answer {
    let request = outside::client()
        .post(house.broker("/visum/v1/admin/blobs"))
        .body(bytes);
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    outside::read(request.send().await.unwrap()).await
}

fn record(id: &str) -> ObjectRecord {
    ObjectRecord {
        id: Name::try_from(id).unwrap(),
        dataset: Name::try_from(DATASET).unwrap(),
        groups: None,
        participants: Some(vec![Name::try_from("person-1").unwrap()]),
        urls: vec![format!("s3://archive/{id}")],
    }
}

fn list(ids: &[&str]) -> Vec<u8> {
    let records = ids.iter().map(|id| record(id)).collect();
    segment::write(records, usize::MAX).remove(0).bytes
}

fn change(digest: &str, count: u64) -> Value {
    let row = json!({ "id": format!("{DATASET}#objects-1"), "dataset": DATASET, "digest": digest, "count": count,
        "source": "a listing" });
    json!({ "kind": "catalogue", "title": "objects", "reason": "new files",
        "edits": [{ "put": { "kind": "objects", "row": row } }] })
}

async fn propose(house: &House, token: &str, change: &Value) -> Answer {
    post(&house.broker("/visum/v1/admin/changes"), Some(token), change).await
}

fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no {pointer}: {value}")).to_owned()
}

/// Which lists the node has of the dataset.
async fn lists(house: &House, token: &str) -> Vec<Value> {
    let url = house.broker(&format!("/visum/v1/admin/objects?dataset={DATASET}"));
    let answer = get(&url, Some(token)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer
        .json()
        .get("lists")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_holds_an_office_sends_files_and_only_whole_ones() {
    let house = house().await;
    let (ada, dan) = (house.token("ada"), house.token("dan"));
    let good = list(&["n-1"]);
    let mut cut = good.clone();
    cut.truncate(good.len() - 1);
    let mut turned = good.clone();
    *turned.last_mut().unwrap() ^= 1;
    type Case<'a> = (&'a str, Option<&'a str>, Vec<u8>, u16, &'a str);
    let cases: [Case<'_>; 6] = [
        ("nobody", None, good.clone(), 401, ""),
        ("a researcher", Some(&ada), good.clone(), 403, "admin.no_office"),
        (
            "a list that is cut short",
            Some(&dan),
            cut,
            400,
            "catalogue.list_damaged",
        ),
        (
            "a list with another byte",
            Some(&dan),
            turned,
            400,
            "catalogue.list_damaged",
        ),
        ("no text", Some(&dan), vec![0xff; 10], 400, "admin.not_text"),
        (
            "more than 64 MiB",
            Some(&dan),
            vec![b' '; 64 * 1024 * 1024 + 1],
            413,
            "admin.too_large",
        ),
    ];
    for (title, token, bytes, status, code) in cases {
        let answer = upload(&house, token, bytes).await;
        assert_eq!(answer.status, status, "{title}: {}", answer.text());
        assert!(answer.text().contains(code), "{title}: {}", answer.text());
    }
    let kept = upload(&house, Some(&dan), good.clone()).await;
    assert_eq!(kept.status, 201, "{}", kept.text());
    let digest = Segment::open(good).unwrap().digest().to_owned();
    assert_eq!(text(&kept.json(), "/digest"), digest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_maps_its_objects_once_a_second_person_agreed_to_its_digest() {
    let house = house().await;
    let (ada, dan, noor) = (house.token("ada"), house.token("dan"), house.token("noor"));
    let bytes = list(&["n-1", "n-2"]);
    let sent = upload(&house, Some(&dan), bytes.clone()).await;
    let digest = text(&sent.json(), "/digest");

    let wrong = propose(&house, &dan, &change(&"0".repeat(64), 2)).await;
    assert!(
        wrong.text().contains("catalogue.file_missing"),
        "a digest of nothing: {}",
        wrong.text()
    );
    let wrong = propose(&house, &dan, &change(&digest, 3)).await;
    assert!(
        wrong.text().contains("catalogue.list_unreadable"),
        "another count: {}",
        wrong.text()
    );
    let researcher = propose(&house, &ada, &change(&digest, 2)).await;
    assert!(matches!(researcher.status, 401 | 403), "{}", researcher.text());

    let proposed = propose(&house, &dan, &change(&digest, 2)).await;
    assert_eq!(proposed.status, 202, "it waits: {}", proposed.text());
    assert_eq!(proposed.json()["outlook"]["widening"]["widens"], true);
    assert!(lists(&house, &dan).await.is_empty(), "nothing is mapped yet");
    let id = text(&proposed.json(), "/change/id");
    let of_change = text(&proposed.json(), "/change/digest");
    let approve = |token: String, digest: String| {
        let url = house.broker(&format!("/visum/v1/admin/changes/{id}/approve"));
        async move { post(&url, Some(&token), &json!({ "digest": digest })).await }
    };
    let own = approve(dan.clone(), of_change.clone()).await;
    assert!(own.status >= 400, "nobody agrees with themselves: {}", own.text());
    let other = approve(noor.clone(), digest.clone()).await;
    assert!(other.status >= 400, "the digest of something else: {}", other.text());
    assert!(lists(&house, &dan).await.is_empty());
    let agreed = approve(noor.clone(), of_change).await;
    assert_eq!(agreed.status, 200, "{}", agreed.text());
    if agreed.json()["applied"] != true {
        let url = house.broker(&format!("/visum/v1/admin/changes/{id}/apply"));
        let applied = post(&url, Some(&dan), &json!({})).await;
        assert_eq!(applied.json()["applied"], true, "{}", applied.text());
    }
    let found = lists(&house, &noor).await;
    assert_eq!(found.len(), 1);
    assert_eq!(text(&found[0], "/digest"), digest);

    let mut url = url::Url::parse(&house.broker("/visum/v1/admin/objects")).unwrap();
    url.query_pairs_mut()
        .append_pair("dataset", DATASET)
        .append_pair("list", &text(&found[0], "/id"));
    let again = get(url.as_str(), Some(&dan)).await;
    assert_eq!(again.body, bytes, "the list comes back byte by byte");
    let closed = get(url.as_str(), Some(&ada)).await;
    assert!(matches!(closed.status, 401 | 403), "{}", closed.text());

    // a hold on a participant finds the objects of the list too
    let hold = json!({ "dataset": DATASET, "kind": "withdrawn", "scope": "participant", "target": "person-1",
        "reason": "asked by the person" });
    let effect = post(&house.broker("/visum/v1/admin/holds?preview=true"), Some(&dan), &hold).await;
    assert!(
        effect.text().contains("\"objects\":2"),
        "what it would stop: {}",
        effect.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_register_and_the_tables_are_for_offices() {
    let house = house().await;
    let (ada, dan) = (house.token("ada"), house.token("dan"));
    for path in ["institutions", "tables"] {
        let url = house.broker(&format!("/visum/v1/admin/{path}"));
        assert_eq!(get(&url, Some(&ada)).await.status, 403, "{path}");
        let answer = get(&url, Some(&dan)).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert!(answer.json()[path].is_array(), "{path}: {}", answer.text());
    }
    let none = get(&house.broker("/visum/v1/admin/tables/mondo"), Some(&dan)).await;
    assert_eq!(none.status, 404, "{}", none.text());
    let sent = upload(&house, Some(&dan), MONDO.as_bytes().to_vec()).await;
    assert_eq!(sent.status, 201, "{}", sent.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_import_goes_on_from_its_state() {
    let house = house().await;
    let folder = tempfile::tempdir().unwrap();
    let data = house.node.data();
    let run = |arguments: &[&str]| {
        let mut command = binary::visum(arguments);
        command
            .env("VISUM_HOME", folder.path().join("home"))
            .current_dir(folder.path());
        binary::Said::from(command.output().unwrap())
    };
    let login = run(&["demo", "login", "dan", "--data", data.to_str().unwrap()]);
    assert_eq!(login.code, 0, "{}", login.err);
    let lines: String = (0..50).map(|at| format!("{{\"id\":\"m-{at}\"}}\n")).collect();
    std::fs::write(folder.path().join("objects.jsonl"), lines).unwrap();
    let import = [
        "catalogue",
        "import",
        "objects.jsonl",
        "--dataset",
        DATASET,
        "--state",
        "import.state",
        "--yes",
    ];
    let shown = run(&[
        "catalogue",
        "import",
        "objects.jsonl",
        "--dataset",
        DATASET,
        "--dry-run",
        "--json",
    ]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let shown: Value = serde_json::from_str(&shown.out).unwrap();
    let digest = text(&shown, "/lists/0/0");
    assert!(
        !Path::new(&folder.path().join("import.state")).exists(),
        "a dry run sends nothing"
    );

    // a state that says more than the node has is no harm: the row is refused
    std::fs::write(folder.path().join("import.state"), format!("{digest}\n")).unwrap();
    let early = run(&import);
    assert_ne!(early.code, 0, "{}", early.out);
    assert!(early.err.contains("catalogue.file_missing"), "{}", early.err);

    std::fs::remove_file(folder.path().join("import.state")).unwrap();
    let first = run(&import);
    assert!(
        first.err.contains("list 1 of 1: 50 objects"),
        "{}{}",
        first.err,
        first.out
    );
    assert_eq!(
        std::fs::read_to_string(folder.path().join("import.state"))
            .unwrap()
            .trim(),
        digest
    );
    let second = run(&import);
    assert!(
        second.err.contains("list 1 of 1: was sent before"),
        "{}{}",
        second.err,
        second.out
    );
}
