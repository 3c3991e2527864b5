//! The airlock: what leaves, what never does, and who says so (E28, E30, E78).

use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    house::{House, Wants},
    outside::{self, Answer},
    s3::{S3, sha256},
    tes::PlayedTes,
};

use super::door::{OBJECT, session::ask, task};

/// A house with compute-only data, Dan and Eve in its committee, and this machine as its compute network.
async fn house(change: impl FnOnce(&mut Wants)) -> (House, PlayedTes) {
    let tes = PlayedTes::start().await;
    let mut wants = Wants {
        tes: Some(tes.url.clone()),
        votes: Some(1),
        compute_only: true,
        door: Some("networks = [\"127.0.0.0/8\"]\nrelease_bytes = 100000".to_owned()),
        ..Wants::default()
    };
    change(&mut wants);
    (House::start(wants).await, tes)
}

fn text(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// A session that writes to its own bucket.
struct Work {
    id: String,
    bucket: String,
    s3: S3,
}

impl Work {
    async fn start(house: &House, token: &str) -> Self {
        let answer = ask(house, token, |body| body["out"] = json!([])).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let session = answer.json();
        let scratch = text(&session, "/s3/scratch");
        Self {
            id: text(&session, "/id"),
            bucket: scratch.trim_start_matches("s3://").trim_end_matches('/').to_owned(),
            s3: S3::of(&session),
        }
    }

    async fn put(&self, name: &str, bytes: &[u8]) -> String {
        let put = self.s3.put(&format!("/{}/{name}", self.bucket), bytes).await;
        assert_eq!(put.status, 200, "{name}: {}", put.text());
        format!("s3://{}/{name}", self.bucket)
    }

    async fn request(&self, house: &House, token: &str, files: &[String]) -> Answer {
        let body = json!({ "work": self.id, "files": files, "reason": "table 1 of the paper" });
        outside::post(&house.proxy("/visum/v1/outputs/releases"), Some(token), &body).await
    }

    /// Writes a file, asks for its release; gives the request.
    async fn asked(&self, house: &House, token: &str, name: &str, bytes: &[u8]) -> Value {
        let file = self.put(name, bytes).await;
        let answer = self.request(house, token, &[file]).await;
        assert_eq!(answer.status, 201, "{name}: {}", answer.text());
        assert!(!answer.header("visum-audit").is_empty(), "on record");
        answer.json()
    }
}

fn codes(request: &Value) -> Vec<String> {
    let findings = request.pointer("/files/0/findings").and_then(Value::as_array);
    let found = findings.into_iter().flatten();
    found.map(|finding| text(finding, "/code")).collect()
}

async fn step(house: &House, token: &str, id: &str, step: &str, reason: &str) -> Answer {
    let url = house.proxy(&format!("/visum/v1/outputs/releases/{id}/{step}"));
    outside::post(&url, Some(token), &json!({ "reason": reason })).await
}

async fn get(house: &House, token: &str, path: &str) -> Answer {
    outside::get(&house.proxy(&format!("/visum/v1/outputs{path}")), Some(token)).await
}

/// Asks for the URL of a request's first file.
async fn way(house: &House, token: &str, id: &str) -> Answer {
    let url = house.proxy(&format!("/visum/v1/outputs/releases/{id}/files/0"));
    outside::send(Method::POST, &url, Some(token), None).await
}

const COUNTS: &[u8] = b"region\tn\nnorth\t120\nsouth\t40\n";

fn input(house: &House) -> Vec<u8> {
    let objects = house.sample.objects();
    let object = objects.iter().find(|object| object.id == OBJECT).unwrap();
    std::fs::read(&object.file).unwrap()
}

/// A gzip file whose one block is stored as it is.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1];
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend(bytes);
    out.extend([0; 8]);
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn e78_an_output_that_is_an_input_or_holds_people_never_passes() {
    let (house, _) = house(|_| {}).await;
    let (ada, dan) = house.granted().await;
    let work = Work::start(&house, &ada).await;
    let vcf = input(&house);
    let copied = work.asked(&house, &ada, "counts.tsv", &vcf).await;
    assert_eq!(text(&copied, "/state"), "failed", "{copied}");
    assert_eq!(
        codes(&copied).first().map(String::as_str),
        Some("output.is_input"),
        "{copied}"
    );
    // whatever holds such a copy of anything else of the dataset
    for object in house.sample.objects().iter().filter(|object| object.cohort == "a") {
        let bytes = std::fs::read(&object.file).unwrap();
        if bytes.len() > 90_000 {
            continue;
        }
        let found = work.asked(&house, &ada, "x", &bytes).await;
        assert!(
            codes(&found).contains(&"output.is_input".to_owned()),
            "{}: {found}",
            object.id
        );
    }
    // in parts, so that its ETag is no checksum of the whole
    let path = format!("/{}/parts", work.bucket);
    let begun = work.s3.send(&tests::s3::Ask::new("POST", &path).query("uploads")).await;
    let upload = tests::s3::element(&begun, "UploadId");
    let part = tests::s3::Ask::new("PUT", &path)
        .query(&format!("partNumber=1&uploadId={upload}"))
        .body(&vcf);
    let etag = work.s3.send(&part).await.header("etag");
    let list = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
    );
    let done = tests::s3::Ask::new("POST", &path)
        .query(&format!("uploadId={upload}"))
        .body(list.as_bytes());
    assert_eq!(work.s3.send(&done).await.status, 200);
    let whole = work
        .request(&house, &ada, &[format!("s3://{}/parts", work.bucket)])
        .await
        .json();
    assert!(codes(&whole).contains(&"output.is_input".to_owned()), "{whole}");
    let cases: [(&str, Vec<u8>, &str); 10] = [
        ("one byte more", [vcf.as_slice(), b"\n"].concat(), "output.genotypes"),
        ("packed", gzip(&vcf[..vcf.len().min(20_000)]), "output.genotypes"),
        ("packed, of nothing known", gzip(COUNTS), "output.packed"),
        ("BAM by another name", b"BAM\x01rest".to_vec(), "output.genotypes"),
        ("CRAM", b"CRAM\x03\x00".to_vec(), "output.genotypes"),
        ("ZIP", b"PK\x03\x04abc".to_vec(), "output.packed"),
        ("bytes", vec![0x80, 4, 0x95, 0], "output.unclassified"),
        ("a small group", b"region\tn\nnorth\t4\n".to_vec(), "output.small_group"),
        (
            "no group at all",
            b"gene,beta\nBRCA1,0.2\n".to_vec(),
            "output.no_group_size",
        ),
        ("two readings", b"a,b\tn\nc,d\t7\n".to_vec(), "output.table_unclear"),
    ];
    let mut failed = text(&copied, "/id");
    for (name, bytes, code) in cases {
        let found = work.asked(&house, &ada, "counts.txt", &bytes).await;
        assert_eq!(codes(&found), [code], "{name}: {found}");
        assert_eq!(text(&found, "/state"), "failed", "{name}");
        failed = text(&found, "/id");
    }
    let large = work.asked(&house, &ada, "large.txt", &[b'x'; 100_001]).await;
    assert_eq!(codes(&large), ["output.too_large"]);
    // one bad file among good ones stops all of them
    let (good, bad) = (work.put("good", COUNTS).await, work.put("bad", b"CRAM").await);
    let both = work.request(&house, &ada, &[good, bad]).await.json();
    assert_eq!(text(&both, "/state"), "failed");
    // nobody can release what a check stopped, and nobody gets it
    let released = step(&house, &dan, &failed, "release", "").await;
    assert_eq!((released.status, released.code().as_str()), (409, "output.decided"));
    for token in [&ada, &dan] {
        let way = way(&house, token, &failed).await;
        assert_eq!(
            (way.status, way.code().as_str()),
            (403, "output.not_released"),
            "{}",
            way.text()
        );
    }
    let stopped = super::door::alarms(&house, "output.is_input").await;
    assert!(!stopped.is_empty(), "on record, with the code");
}

#[tokio::test(flavor = "multi_thread")]
async fn e78_the_whole_way_of_an_output() {
    let (house, _) = house(|_| {}).await;
    let (ada, dan) = house.granted().await;
    let (eve, ben) = (house.token("eve"), house.token("noor"));
    let work = Work::start(&house, &ada).await;
    let asked = work.asked(&house, &ada, "counts.tsv", COUNTS).await;
    assert_eq!(text(&asked, "/state"), "waiting", "{asked}");
    assert_eq!(codes(&asked), ["output.table"]);
    let id = text(&asked, "/id");
    // what the session does to its file afterwards changes nothing
    work.put("counts.tsv", b"CRAM").await;
    let taken = work.s3.get(&format!("/{}/counts.tsv", work.bucket), "").await;
    assert_eq!(taken.status, 200, "inside of the compute network");
    // nobody but the requester and the committee knows of it
    for path in [
        format!("/releases/{id}"),
        format!("/releases/{id}/receipt"),
        format!("?work={}", work.id),
    ] {
        let other = get(&house, &ben, &path).await;
        assert_eq!(
            (other.status, other.code().as_str()),
            (404, "request.not_found"),
            "{path}"
        );
    }
    for name in ["release", "refuse"] {
        assert_eq!(step(&house, &ben, &id, name, "x").await.status, 404, "{name}");
    }
    assert_eq!(
        get(&house, &ben, "/releases").await.json(),
        json!({ "releases": [], "waiting": [] })
    );
    // the requester neither fetches nor releases it
    let early = way(&house, &ada, &id).await;
    assert_eq!((early.status, early.code().as_str()), (403, "output.not_released"));
    let own = step(&house, &ada, &id, "release", "").await;
    assert_eq!(own.status, 403, "{}", own.text());
    assert!(own.text().contains("policy.four_eyes"), "{}", own.text());
    assert_eq!(get(&house, &ada, &format!("/releases/{id}/receipt")).await.status, 409);
    // Dan sees it, looks at it, and releases it
    let listed = get(&house, &dan, "/releases").await.json();
    assert_eq!(text(&listed, "/waiting/0/id"), id, "{listed}");
    let look = way(&house, &dan, &id).await;
    assert_eq!(look.status, 200, "{}", look.text());
    let seen = outside::get(&text(&look.json(), "/url"), None).await;
    assert_eq!((seen.status, seen.body.as_slice()), (200, COUNTS));
    let released = step(&house, &dan, &id, "release", "fine").await;
    assert_eq!(released.status, 200, "{}", released.text());
    assert_eq!(text(&released.json(), "/state"), "released", "{}", released.text());
    let again = step(&house, &eve, &id, "release", "").await;
    assert_eq!((again.status, again.code().as_str()), (409, "output.decided"));
    assert_eq!(step(&house, &ada, &id, "refuse", "").await.code(), "output.decided");
    // the look of before is over, and Ada fetches it
    assert_eq!(outside::get(&text(&look.json(), "/url"), None).await.status, 403);
    let fetched = way(&house, &ada, &id).await;
    assert_eq!(fetched.status, 200, "{}", fetched.text());
    let url = text(&fetched.json(), "/url");
    let whole = outside::get(&url, None).await;
    assert_eq!((whole.status, whole.body.as_slice()), (200, COUNTS));
    assert!(!whole.header("visum-audit").is_empty());
    let part = super::door::from("127.0.0.1", &url, Some("bytes=0-5")).await;
    assert_eq!((part.status, part.body.as_slice()), (206, &COUNTS[..6]));
    assert_eq!(part.header("content-range"), format!("bytes 0-5/{}", COUNTS.len()));
    let beyond = super::door::from("127.0.0.1", &url, Some("bytes=900-")).await;
    assert_eq!(beyond.status, 416);
    let (front, last) = url.split_at(url.len() - 1);
    let altered = outside::get(&format!("{front}{}", if last == "A" { "B" } else { "A" }), None).await;
    assert_eq!((altered.status, altered.code().as_str()), (403, "capability.invalid"));
    // the receipt names the bytes, and the digest is that of its manifest
    let receipt = get(&house, &ada, &format!("/releases/{id}/receipt")).await.json();
    assert_eq!(text(&receipt, "/manifest/files/0/sha256"), sha256(COUNTS));
    let digest = sha256(receipt["manifest"].to_string().as_bytes());
    assert_eq!(text(&receipt, "/digest"), digest, "{receipt}");
    for promise in ["/requested/visum_audit", "/approved/0/visum_audit"] {
        assert!(text(&receipt, promise).starts_with("v1;"), "{promise}: {receipt}");
    }
    let log = super::door::alarms(&house, &id).await;
    for kind in [
        "output.request",
        "output.check",
        "output.approve",
        "output.release",
        "output.read.begin",
        "output.read.end",
    ] {
        assert!(log.iter().any(|event| event.to_string().contains(kind)), "{kind}");
    }
    let names_it = log
        .iter()
        .any(|event| event.to_string().contains("output.release") && event.to_string().contains(&digest));
    assert!(names_it, "the log's entry of the release names the digest");
    // a hold stops it at once, with the capability in hand
    let hold = json!({ "dataset": tests::house::DATASET, "kind": "disputed", "scope": "dataset", "reason": "test" });
    let held = outside::post(&house.broker("/visum/v1/admin/holds"), Some(&dan), &hold).await;
    assert!(matches!(held.status, 200 | 201), "{}", held.text());
    let until = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while outside::get(&url, None).await.status == 200 {
        assert!(std::time::Instant::now() < until, "within five seconds");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let denied = way(&house, &ada, &id).await;
    assert_eq!(denied.status, 403, "{}", denied.text());
    assert!(denied.code().starts_with("consent.hold"), "{}", denied.text());
    let more = work
        .request(&house, &ada, &[format!("s3://{}/counts.tsv", work.bucket)])
        .await;
    assert_eq!(more.status, 403, "no new request either: {}", more.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn e78_a_hold_or_a_no_keeps_what_waits() {
    let (house, _) = house(|_| {}).await;
    let (ada, dan) = house.granted().await;
    let work = Work::start(&house, &ada).await;
    // a no has a reason, and the requester reads it
    let refused = text(&work.asked(&house, &ada, "a", COUNTS).await, "/id");
    let silent = step(&house, &dan, &refused, "refuse", " ").await;
    assert_eq!((silent.status, silent.code().as_str()), (400, "output.reason"));
    assert_eq!(step(&house, &dan, &refused, "refuse", "too fine").await.status, 200);
    let read = get(&house, &ada, &format!("/releases/{refused}")).await.json();
    assert_eq!(
        (text(&read, "/state"), text(&read, "/answer")),
        ("refused".into(), "too fine".into())
    );
    assert_eq!(way(&house, &ada, &refused).await.status, 403);
    assert_eq!(way(&house, &dan, &refused).await.status, 403);
    // one's own is taken back
    let back = text(&work.asked(&house, &ada, "b", COUNTS).await, "/id");
    let withdrawn = step(&house, &ada, &back, "refuse", "").await;
    assert_eq!(text(&withdrawn.json(), "/state"), "withdrawn", "{}", withdrawn.text());
    assert_eq!(step(&house, &dan, &back, "release", "").await.code(), "output.decided");
    // a member of the committee who asks is released by another member
    let identity = outside::get(&house.broker("/visum/v1/me"), Some(&dan)).await.json();
    let eve = house.token("eve");
    let grant = json!({ "dataset": tests::house::DATASET, "to": identity.get("identity"), "project": "P2",
        "purpose": { "categories": ["disease"], "diseases": ["MONDO:0007254"], "commercial": false },
        "institution": tests::house::HOUSE, "until": "2030-12-31T00:00:00Z" });
    let issued = outside::post(&house.broker("/visum/v1/admin/grants"), Some(&eve), &grant).await;
    assert!(matches!(issued.status, 200 | 201), "{}", issued.text());
    let dan = house.token("dan");
    let of_dan = Work::start(&house, &dan).await;
    let asked = text(&of_dan.asked(&house, &dan, "c", COUNTS).await, "/id");
    let own = step(&house, &dan, &asked, "release", "").await;
    assert_eq!(
        (own.status, own.code().as_str()),
        (403, "policy.four_eyes"),
        "{}",
        own.text()
    );
    assert_eq!(step(&house, &eve, &asked, "release", "").await.status, 200);
    assert_eq!(way(&house, &dan, &asked).await.status, 200);
    assert_eq!(way(&house, &ada, &asked).await.status, 404, "it is Dan's");
    // a hold after the request: nobody releases it any more
    let waits = text(&work.asked(&house, &ada, "d", COUNTS).await, "/id");
    let hold = json!({ "dataset": tests::house::DATASET, "kind": "disputed", "scope": "dataset", "reason": "test" });
    let held = outside::post(&house.broker("/visum/v1/admin/holds"), Some(&dan), &hold).await;
    assert!(matches!(held.status, 200 | 201), "{}", held.text());
    let until = std::time::Instant::now() + std::time::Duration::from_secs(5);
    loop {
        let released = step(&house, &eve, &waits, "release", "").await;
        if released.status == 403 && released.code().starts_with("consent.hold") {
            break;
        }
        assert!(
            released.status != 200 && std::time::Instant::now() < until,
            "{}",
            released.text()
        );
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(
        text(&get(&house, &ada, &format!("/releases/{waits}")).await.json(), "/state"),
        "waiting"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn e30_what_a_session_wrote_comes_from_its_datasets_and_says_so() {
    let (house, _) = house(|_| {}).await;
    let (ada, _) = house.granted().await;
    let work = Work::start(&house, &ada).await;
    let name = work.put("deep/er/counts.tsv", COUNTS).await;
    let listed = get(&house, &ada, &format!("?work={}", work.id)).await.json();
    assert_eq!(listed.pointer("/files/0/name"), Some(&json!(name)), "{listed}");
    assert_eq!(listed.pointer("/files/0/sha256"), Some(&json!(sha256(COUNTS))));
    assert_eq!(listed.pointer("/files/0/size"), Some(&json!(COUNTS.len())));
    assert_eq!(
        listed.pointer("/files/0/datasets"),
        Some(&json!([tests::house::DATASET]))
    );
    for (name, body, status) in [
        ("nothing", json!({ "work": work.id, "files": [], "reason": "x" }), 400),
        (
            "no reason",
            json!({ "work": work.id, "files": [name], "reason": " " }),
            400,
        ),
        (
            "what is not there",
            json!({ "work": work.id, "files": ["s3://x/y"], "reason": "x" }),
            404,
        ),
        (
            "an input",
            json!({ "work": work.id, "files": ["s3://visum-inputs/a/a-cohort.vcf"], "reason": "x" }),
            404,
        ),
        (
            "a member too much",
            json!({ "work": work.id, "files": [name], "reason": "x", "state": "released" }),
            400,
        ),
        (
            "another's work",
            json!({ "work": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "files": [name], "reason": "x" }),
            404,
        ),
        ("a path", json!({ "work": "../x", "files": [name], "reason": "x" }), 404),
    ] {
        let answer = outside::post(&house.proxy("/visum/v1/outputs/releases"), Some(&ada), &body).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
    }
    // what the backend writes by itself comes from all of the task's datasets too
    let sent = outside::post(&house.proxy("/ga4gh/tes/v1/tasks"), Some(&ada), &task(&house)).await;
    assert_eq!(sent.status, 200, "{}", sent.text());
    let own = get(&house, &ada, &format!("?work={}", text(&sent.json(), "/id")))
        .await
        .json();
    assert_eq!(
        own.pointer("/elsewhere/0/name"),
        task(&house).pointer("/outputs/0/url"),
        "{own}"
    );
    assert_eq!(
        own.pointer("/elsewhere/0/datasets"),
        Some(&json!([tests::house::DATASET]))
    );
    // after its session it is still asked for, and no session's token opens the airlock
    let gone = house.proxy(&format!("/visum/v1/sessions/{}", work.id));
    assert_eq!(outside::send(Method::DELETE, &gone, Some(&ada), None).await.status, 204);
    let asked = work.request(&house, &ada, &[name]).await;
    assert_eq!(
        (asked.status, text(&asked.json(), "/state").as_str()),
        (201, "waiting"),
        "{}",
        asked.text()
    );
    let nobody = outside::get(&house.proxy("/visum/v1/outputs/releases"), None).await;
    assert_eq!(nobody.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn e28_logs_are_withheld_where_the_dataset_says_so() {
    let logs = json!([{ "logs": [{ "exit_code": 0, "stdout": "row kestrel 0/1", "stderr": "kestrel" }],
        "outputs": [], "system_logs": ["kestrel"] }]);
    let duty: fn(&mut Value) = |facts| facts["datasets"][0]["duties"] = json!(["hold_logs"]);
    for (name, compute_only, facts, told) in [
        ("compute-only", true, None, ["id,state", "id,state"]),
        ("the duty alone", false, Some(duty), ["BASIC", "BASIC"]),
        ("neither", false, None, ["BASIC", "FULL"]),
    ] {
        let (house, tes) = house(|wants| {
            wants.compute_only = compute_only;
            wants.facts = facts;
        })
        .await;
        tes.tell(logs.clone());
        let (ada, _) = house.granted().await;
        for path in ["/ga4gh/tes/v1/tasks", "/v1/tasks"] {
            let sent = outside::post(&house.proxy(path), Some(&ada), &task(&house)).await;
            assert_eq!(sent.status, 200, "{name}: {}", sent.text());
            let id = text(&sent.json(), "/id");
            for (view, expected) in ["BASIC", "FULL"].into_iter().zip(told) {
                let one = format!("{path}/{id}?view={view}");
                let list = format!("{path}?view={view}");
                for (url, logs) in [(one, expected == "FULL"), (list, false)] {
                    let seen = outside::get(&house.proxy(&url), Some(&ada)).await;
                    assert_eq!(seen.status, 200, "{name} {url}: {}", seen.text());
                    let text = seen.text();
                    assert_eq!(text.contains("kestrel"), logs, "{name} {url}: {text}");
                    assert_eq!(
                        text.contains("executors"),
                        expected != "id,state",
                        "{name} {url}: {text}"
                    );
                }
            }
        }
    }
}
