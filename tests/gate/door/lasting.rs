//! What lives longer than its permission must not: URLs, caches, derived data (E30, E49, E50).

use serde_json::{Value, json};
use tests::{
    house::{House, Wants},
    outside,
    tes::PlayedTes,
};

use super::{OBJECT, from, house, sent, session, task};

/// Takes Ada's grant back.
pub(crate) async fn revoke(house: &House, dan: &str) {
    let listed = outside::get(&house.broker("/visum/v1/admin/grants?dataset=a"), Some(dan))
        .await
        .json();
    let grant = listed
        .pointer("/grants/0/id")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let revoked = outside::post(
        &house.broker(&format!("/visum/v1/admin/grants/{grant}/revoke")),
        Some(dan),
        &json!({ "reason": "the study is over" }),
    )
    .await;
    assert_eq!(revoked.status, 200, "{}", revoked.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn e49_e50_urls_and_answers_from_before_a_revocation_open_nothing_after_it() {
    let tes = PlayedTes::start().await;
    let wants = Wants {
        tes: Some(tes.url.clone()),
        ..Wants::default()
    };
    let house = House::start(wants).await;
    let (ada, dan) = house.granted().await;
    let object = house.proxy(&format!("/ga4gh/drs/v1/objects/{OBJECT}"));
    let described = outside::get(&object, Some(&ada)).await.json();
    let access = described.pointer("/access_methods/0/access_id").and_then(Value::as_str);
    let access = format!("{object}/access/{}", access.unwrap_or_default());
    let answer = outside::get(&access, Some(&ada)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let url = answer
        .json()
        .get("url")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    assert!(
        url.starts_with(&house.node.at.proxy),
        "bytes through the proxy, no URL of a backend: {url}"
    );
    let bytes = outside::get(&url, None).await;
    assert_eq!(bytes.status, 200, "{}", bytes.text());
    let (_, capability) = sent(&house, &tes, &ada).await;
    assert_eq!(from("127.0.0.1", &capability, None).await.status, 200);
    // nothing between keeps an answer
    for (name, one) in [
        ("object", outside::get(&object, Some(&ada)).await),
        ("access", answer),
        ("bytes", bytes),
    ] {
        let kept = one.header("cache-control");
        assert!(kept.contains("no-store"), "{name}: {kept}");
    }
    // the same question again and again is answered anew once the grant is gone, and old URLs are asked about
    for _ in 0..3 {
        assert_eq!(outside::get(&access, Some(&ada)).await.status, 200);
    }
    revoke(&house, &dan).await;
    let denied = outside::get(&access, Some(&ada)).await;
    assert_eq!(denied.status, 403, "{}", denied.text());
    assert_eq!(outside::get(&url, None).await.status, 403, "a person's URL");
    assert_eq!(from("127.0.0.1", &capability, None).await.status, 403, "a task's");
    let again = outside::post(&house.proxy("/ga4gh/tes/v1/tasks"), Some(&ada), &task(&house)).await;
    assert_eq!(again.status, 403, "{}", again.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn e30_what_a_task_wrote_is_no_input_of_another_task() {
    let (house, tes) = house().await;
    let (ada, _) = house.granted().await;
    let session = session::started(&house, &ada).await;
    let out = format!("file://{}/uni/out.txt", house.sample.outputs_dir().display());
    let before = tes.tasks().len();
    for (name, url) in [
        ("its file", out.clone()),
        ("its folder", out.replace("out.txt", "")),
        ("another spelling", out.replace("file:///", "file:///./")),
    ] {
        let reading = |task: &mut Value| task["inputs"] = json!([{ "url": url, "path": "/in/a" }]);
        let mut alone = task(&house);
        reading(&mut alone);
        let answer = outside::post(&house.proxy("/ga4gh/tes/v1/tasks"), Some(&ada), &alone).await;
        assert!(matches!(answer.status, 400 | 403), "{name}: {}", answer.text());
        let answer = session::send(&house, &session, reading).await;
        assert!(
            matches!(answer.status, 400 | 403),
            "{name} in a session: {}",
            answer.text()
        );
    }
    assert_eq!(tes.tasks().len(), before, "no backend heard of it");
}
