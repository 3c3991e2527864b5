//! Workflow sessions: what they declare, and how far their token goes (E30, E35, E74, E75, E81).

use serde_json::{Value, json};
use tests::{
    house::{DATASET, House},
    outside::{self, Answer},
    s3::S3,
};

use super::{house, task, with};

/// Asks for a session of the house's dataset, its image and its outputs.
pub(crate) async fn ask(house: &House, token: &str, change: impl FnOnce(&mut Value)) -> Answer {
    let mut body = json!({
        "datasets": [DATASET],
        "images": [house.sample.image("wc")],
        "out": [format!("file://{}/uni/", house.sample.outputs_dir().display())],
    });
    change(&mut body);
    outside::post(&house.proxy("/visum/v1/sessions"), Some(token), &body).await
}

/// Starts one.
pub(crate) async fn started(house: &House, token: &str) -> Value {
    let answer = ask(house, token, |_| {}).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert!(!answer.header("visum-audit").is_empty(), "on record");
    answer.json()
}

fn text(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// Sends a task with a session's token.
pub(crate) async fn send(house: &House, session: &Value, change: impl FnOnce(&mut Value)) -> Answer {
    let mut task = task(house);
    change(&mut task);
    outside::post(
        &house.proxy("/ga4gh/tes/v1/tasks"),
        Some(&text(session, "/token")),
        &task,
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn e74_a_session_is_decided_as_a_whole_and_tells_all_that_is_missing() {
    let (house, _) = house().await;
    let eve = house.token("eve");
    let denied = ask(&house, &eve, |_| {}).await;
    assert_eq!(denied.status, 403, "{}", denied.text());
    let dry = ask(&house, &eve, |body| {
        body["dry_run"] = json!(true);
        body["out"] = json!(["s3://nobodys-bucket/x/"]);
        body["images"] = json!(["evil/tool:latest"]);
    })
    .await;
    assert_eq!(dry.status, 200, "{}", dry.text());
    let told = dry.json();
    assert_eq!(told.get("allow"), Some(&json!(false)), "{told}");
    let codes = told.get("reasons").map(ToString::to_string).unwrap_or_default();
    assert!(
        told["reasons"].as_array().is_some_and(|all| all.len() >= 2),
        "all at once: {codes}"
    );
    let (ada, _) = house.granted().await;
    let dry = ask(&house, &ada, |body| body["dry_run"] = json!(true)).await.json();
    assert_eq!(dry.get("allow"), Some(&json!(true)), "{dry}");
    let none = outside::get(&house.proxy("/visum/v1/sessions"), Some(&ada))
        .await
        .json();
    assert_eq!(none, json!({ "sessions": [] }), "a dry run starts nothing");
    for (name, change) in [
        ("an unknown member", json!({ "datasets": [DATASET], "admin": true })),
        ("no dataset", json!({ "datasets": [] })),
        ("no life", json!({ "datasets": [DATASET], "hours": 0 })),
        ("a dataset twice as a number", json!({ "datasets": [7] })),
    ] {
        let answer = outside::post(&house.proxy("/visum/v1/sessions"), Some(&ada), &change).await;
        assert_eq!(answer.status, 400, "{name}: {}", answer.text());
    }
    let unknown = ask(&house, &ada, |body| {
        body["datasets"] = json!(["https://data.biobank.example.org/datasets/none"])
    })
    .await;
    assert_eq!(unknown.status, 403, "{}", unknown.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn e18_e74_a_task_of_a_session_is_judged_for_its_datasets_and_kept_inside_of_it() {
    let (house, tes) = house().await;
    let (ada, _) = house.granted().await;
    let opaque = |task: &mut Value| {
        task["inputs"] = json!([{ "content": "curl https://somewhere.example.net/$(date)", "path": "/in/run.sh" }]);
    };
    // without a session nobody can tell what it reads
    let mut alone = task(&house);
    opaque(&mut alone);
    alone["inputs"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "url": "drs://127.0.0.1/a-cohort.vcf", "path": "/in/a" }));
    let denied = outside::post(&house.proxy("/ga4gh/tes/v1/tasks"), Some(&ada), &alone).await;
    assert_eq!(denied.status, 403, "{}", denied.text());
    let session = started(&house, &ada).await;
    // with one its datasets were declared, and it is judged for all of them: a URL in its script opens nothing
    let fetching = send(&house, &session, opaque).await;
    assert_eq!(fetching.status, 200, "{}", fetching.text());
    let own = send(&house, &session, |task| {
        task["inputs"] =
            json!([{ "content": "aws s3 cp s3://visum-inputs/a/a-cohort.vcf $(pwd)/x", "path": "/in/run.sh" }]);
    })
    .await;
    assert_eq!(own.status, 200, "{}", own.text());
    for path in ["/v1/tasks", "/ga4gh/tes/v1/tasks"] {
        let sent = outside::post(&house.proxy(path), Some(&text(&session, "/token")), &task(&house)).await;
        assert_eq!(sent.status, 200, "{path}: {}", sent.text());
    }
    for (name, code, change) in [
        (
            "another image",
            "session.image_outside",
            Box::new(|task: &mut Value| {
                task["executors"][0]["image"] = json!(format!("other/tool@sha256:{}", "1".repeat(64)));
            }) as Box<dyn FnOnce(&mut Value)>,
        ),
        (
            "another sink",
            "session.sink_outside",
            Box::new(|task: &mut Value| task["outputs"][0]["url"] = json!("s3://evil-bucket/out")),
        ),
        (
            "a dataset beside it",
            "session.dataset_outside",
            Box::new(|task: &mut Value| {
                task["tags"] = json!({ "visum.datasets": format!("{DATASET},https://data.example.org/other") });
            }),
        ),
        (
            "an empty name",
            "session.tag",
            Box::new(|task: &mut Value| task["tags"] = json!({ "visum.datasets": "," })),
        ),
        (
            "a walltime that is none",
            "session.tag",
            Box::new(|task: &mut Value| task["tags"] = json!({ "visum.walltime": "soon" })),
        ),
        (
            "a tag of ours",
            "task.tags_reserved",
            Box::new(|task: &mut Value| task["tags"] = json!({ "visum.owner": "me" })),
        ),
    ] {
        let before = tes.tasks().len();
        let answer = send(&house, &session, change).await;
        assert_eq!(answer.code(), code, "{name}: {}", answer.text());
        assert_eq!(tes.tasks().len(), before, "{name}: no backend heard of it");
    }
    let subset = send(&house, &session, |task| {
        task["tags"] = json!({ "visum.datasets": "a", "project": "p" })
    })
    .await;
    assert_eq!(subset.status, 200, "by its short name: {}", subset.text());
    let seen = tes.tasks().last().cloned().unwrap_or_default();
    assert_eq!(seen.pointer("/tags/project"), Some(&json!("p")));
    assert!(
        !seen["tags"].to_string().contains("data.biobank"),
        "e79: {}",
        seen["tags"]
    );
    // the tag without a session is no way to widen anything
    let mut tagged = task(&house);
    tagged["tags"] = json!({ "visum.datasets": DATASET });
    let alone = outside::post(&house.proxy("/ga4gh/tes/v1/tasks"), Some(&ada), &tagged).await;
    assert_eq!(alone.code(), "session.tag");
}

#[tokio::test(flavor = "multi_thread")]
async fn e75_a_sessions_token_is_good_at_tes_and_wes_and_nowhere_else() {
    let (house, _) = house().await;
    let (ada, dan) = house.granted().await;
    let session = started(&house, &ada).await;
    let token = text(&session, "/token");
    assert_eq!(
        outside::get(&house.proxy("/ga4gh/tes/v1/tasks"), Some(&token))
            .await
            .status,
        200
    );
    // as subject token at the broker
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("requested_token_type", "urn:ga4gh:params:oauth:token-type:passport"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("subject_token", token.as_str()),
        ("audience", house.node.at.proxy.as_str()),
    ];
    let reply = outside::client()
        .post(house.broker("/token"))
        .basic_auth(tests::house::SERVICE.0, Some(tests::house::SERVICE.1))
        .form(&form)
        .send()
        .await
        .expect("an answer");
    let refused = outside::read(reply).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
    let error = refused.json();
    assert!(
        matches!(
            error.get("error").and_then(Value::as_str),
            Some("invalid_request" | "unauthorized_client")
        ),
        "{error}"
    );
    // at every other door of the node
    for (name, url) in [
        ("whoever I am", house.broker("/visum/v1/me")),
        ("the admin API", house.broker("/visum/v1/admin/grants?dataset=a")),
        ("userinfo", house.broker("/userinfo")),
        ("DRS", house.proxy("/ga4gh/drs/v1/objects/a-cohort.vcf/access/https")),
        ("sessions", house.proxy("/visum/v1/sessions")),
        ("datasets", house.proxy("/visum/v1/datasets")),
    ] {
        let answer = outside::get(&url, Some(&token)).await;
        assert_eq!(answer.status, 401, "{name}: {}", answer.text());
    }
    for path in ["/visum/v1/can-i", "/visum/v1/explain", "/visum/v1/sessions"] {
        let answer = outside::post(&house.proxy(path), Some(&token), &json!({ "datasets": [DATASET] })).await;
        assert_eq!(
            answer.status,
            401,
            "a session begets no session: {path}: {}",
            answer.text()
        );
    }
    // nor is it good when it was changed
    let (front, mark) = token.rsplit_once('.').unwrap_or_default();
    let (first, rest) = mark.split_at(1);
    let flipped = format!("{}{rest}", if first == "A" { "B" } else { "A" });
    let none = "eyJhbGciOiJub25lIiwidHlwIjoidmlzdW0tc2Vzc2lvbitqd3QifQ";
    let claims = front.split('.').nth(1).unwrap_or_default();
    for (name, bad) in [
        ("another mark", format!("{front}.{flipped}")),
        ("no mark", format!("{front}.")),
        ("alg none", format!("{none}.{claims}.")),
        (
            "a person's own header",
            format!("{}.{claims}.{mark}", ada.split('.').next().unwrap_or_default()),
        ),
    ] {
        let answer = outside::get(&house.proxy("/ga4gh/tes/v1/tasks"), Some(&bad)).await;
        assert_eq!(answer.status, 401, "{name}: {}", answer.text());
    }
    // sessions are one's own
    let id = text(&session, "/id");
    let url = house.proxy(&format!("/visum/v1/sessions/{id}"));
    let delete = |token: String| {
        let url = url.clone();
        async move { outside::send(reqwest::Method::DELETE, &url, Some(&token), None).await }
    };
    assert_eq!(delete(dan.clone()).await.status, 404, "of another it is unknown");
    let listed = outside::get(&house.proxy("/visum/v1/sessions"), Some(&ada)).await;
    assert!(
        listed.text().contains(&id) && !listed.text().contains("secret"),
        "{}",
        listed.text()
    );
    let others = outside::get(&house.proxy("/visum/v1/sessions"), Some(&dan)).await;
    assert_eq!(others.json(), json!({ "sessions": [] }));
    assert_eq!(delete(ada.clone()).await.status, 204);
    let after = outside::get(&house.proxy("/ga4gh/tes/v1/tasks"), Some(&token)).await;
    assert_eq!((after.status, after.code().as_str()), (401, "session.token"));
}

#[tokio::test(flavor = "multi_thread")]
async fn e51_a_session_ends_with_its_tasks_and_with_what_it_rests_on() {
    let (house, tes) = house().await;
    let (ada, dan) = house.granted().await;
    let session = started(&house, &ada).await;
    assert_eq!(send(&house, &session, |_| {}).await.status, 200);
    let s3 = S3::of(&session);
    assert_eq!(s3.get("/visum-inputs/a/a-cohort.vcf", "").await.status, 200);
    let url = house.proxy(&format!("/visum/v1/sessions/{}", text(&session, "/id")));
    assert_eq!(
        outside::send(reqwest::Method::DELETE, &url, Some(&ada), None)
            .await
            .status,
        204
    );
    assert_eq!(
        outside::send(reqwest::Method::DELETE, &url, Some(&ada), None)
            .await
            .status,
        204,
        "twice is no error"
    );
    assert_eq!(tes.cancelled(), ["b0"], "its task is cancelled");
    let after = s3.get("/visum-inputs/a/a-cohort.vcf", "").await;
    assert_eq!(
        (after.status, after.header("visum-code").as_str()),
        (403, "door.ended"),
        "{}",
        after.text()
    );
    // the grant goes
    let session = started(&house, &ada).await;
    assert_eq!(send(&house, &session, |_| {}).await.status, 200);
    let listed = outside::get(&house.broker("/visum/v1/admin/grants?dataset=a"), Some(&dan))
        .await
        .json();
    let grant = text(&listed, "/grants/0/id");
    let revoked = outside::post(
        &house.broker(&format!("/visum/v1/admin/grants/{grant}/revoke")),
        Some(&dan),
        &json!({ "reason": "the study is over" }),
    )
    .await;
    assert_eq!(revoked.status, 200, "{}", revoked.text());
    let until = std::time::Instant::now() + std::time::Duration::from_secs(5);
    loop {
        let token = outside::get(&house.proxy("/ga4gh/tes/v1/tasks"), Some(&text(&session, "/token"))).await;
        if token.status == 401 && tes.cancelled().len() == 2 {
            break;
        }
        assert!(
            std::time::Instant::now() < until,
            "within five seconds: {:?}",
            tes.cancelled()
        );
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(S3::of(&session).head("/visum-inputs/a/a-cohort.vcf").await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn e30_a_place_to_write_belongs_to_one_session() {
    let (house, _) = with("networks = [\"127.0.0.0/8\"]").await;
    let (ada, _) = house.granted().await;
    let first = started(&house, &ada).await;
    let second = ask(&house, &ada, |_| {}).await;
    assert_eq!(
        (second.status, second.code().as_str()),
        (409, "session.sink_taken"),
        "{}",
        second.text()
    );
    let below = ask(&house, &ada, |body| {
        body["out"] = json!([format!("file://{}/uni/mine/", house.sample.outputs_dir().display())]);
    })
    .await;
    assert_eq!(below.code(), "session.sink_taken", "below it too");
    let url = house.proxy(&format!("/visum/v1/sessions/{}", text(&first, "/id")));
    assert_eq!(
        outside::send(reqwest::Method::DELETE, &url, Some(&ada), None)
            .await
            .status,
        204
    );
    assert_eq!(ask(&house, &ada, |_| {}).await.status, 201, "free again");
}
