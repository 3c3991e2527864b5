//! One object: described, opened, asked for without rights (E39, E56).

use reqwest::Method;
use serde_json::json;
use tests::{
    demo::Demo,
    outside::{self, get, post},
};

use super::{Fake, events, house_of, names, told, url};

#[tokio::test(flavor = "multi_thread")]
async fn e56_what_is_hidden_answers_as_what_is_not_there_alone_in_bulk_and_by_options() {
    let fake = Fake::start().await;
    let house = house_of(&fake).await;
    let ada = house.token("ada");
    let asked = |id: &'static str| {
        let (house, ada) = (&house, ada.clone());
        async move {
            let mut all = Vec::new();
            for path in [format!("objects/{id}"), format!("objects/{id}/access/https")] {
                all.push(told(&get(&url(house, &path), Some(&ada)).await));
                all.push(told(&get(&url(house, &path), None).await));
            }
            all.push(told(
                &outside::send(Method::OPTIONS, &url(house, &format!("objects/{id}")), None, None).await,
            ));
            let bulk = json!({ "bulk_object_ids": [id] });
            all.push(told(&post(&url(house, "objects"), Some(&ada), &bulk).await));
            all.push(told(
                &outside::send(Method::OPTIONS, &url(house, "objects"), None, Some(&bulk)).await,
            ));
            let access = json!({ "bulk_object_access_ids": [{ "bulk_object_id": id, "bulk_access_ids": ["https"] }] });
            all.push(told(&post(&url(house, "objects/access"), Some(&ada), &access).await));
            serde_json::to_string(&all).unwrap().replace(id, "ID")
        }
    };
    assert_eq!(asked("hidden-1").await, asked("nothing1").await);

    // Nor do they differ in what is done: no call to the backend, and as many records of each kind.
    let noor = house.token("noor");
    let mut done = Vec::new();
    for id in ["hidden-loop", "nothing2"] {
        fake.asked();
        let mut counts = Vec::new();
        for kind in [
            "drs:GetObject",
            "drs:GetAccessUrl",
            "drs:GetBulkObjects",
            "drs:GetBulkAccessUrl",
        ] {
            counts.push(events(&house, &noor, kind).await.len());
        }
        asked(id).await;
        for (at, kind) in [
            "drs:GetObject",
            "drs:GetAccessUrl",
            "drs:GetBulkObjects",
            "drs:GetBulkAccessUrl",
        ]
        .iter()
        .enumerate()
        {
            counts[at] = events(&house, &noor, kind).await.len() - counts[at];
        }
        done.push((fake.asked(), counts));
    }
    assert_eq!(done[0], done[1]);
    assert!(done[0].0.is_empty(), "{:?}", done[0].0);

    let bulk = json!({ "bulk_object_ids": ["hidden-1", "shown-2", "nothing1", "shown-1", "shown-2"] });
    let some = post(&url(&house, "objects"), Some(&ada), &bulk).await;
    assert_eq!(some.status, 200, "{}", some.text());
    assert_eq!(
        names(&some, "/resolved_drs_object"),
        ["shown-2", "shown-1"],
        "in order, each once"
    );
    assert_eq!(
        some.json()["summary"],
        json!({ "requested": 4, "resolved": 2, "unresolved": 2 })
    );
    let unresolved = &some.json()["unresolved_drs_objects"];
    assert_eq!(
        unresolved[0]["object_ids"],
        json!(["hidden-1", "nothing1"]),
        "{unresolved}"
    );
    assert_eq!(unresolved[0]["error_code"], 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn e39_options_say_what_to_bring_and_open_nothing_and_head_is_decided_as_get() {
    let demo = Demo::start();
    let (base, ada) = (demo.fact("/proxy/drs"), demo.token("ada"));
    let way = outside::send(Method::OPTIONS, &format!("{base}/objects/a-cohort.vcf"), None, None).await;
    assert_eq!(way.status, 200, "{}", way.text());
    assert_eq!(way.json()["supported_types"], json!(["BearerAuth", "PassportAuth"]));
    assert_eq!(way.json()["drs_object_id"], "a-cohort.vcf");
    assert!(!way.text().contains("size"), "{}", way.text());
    for (id, token, status) in [
        ("a-cohort.vcf", Some(&ada), 200),
        ("nothing", Some(&ada), 404),
        ("nothing", None, 401),
    ] {
        let token = token.map(String::as_str);
        let head = outside::send(Method::HEAD, &format!("{base}/objects/{id}"), token, None).await;
        assert_eq!(head.status, status, "{id}");
        assert!(head.body.is_empty(), "{id}");
        assert_eq!(get(&format!("{base}/objects/{id}"), token).await.status, status, "{id}");
    }
    for (method, path) in [
        (Method::GET, "objects"),
        (Method::PUT, "objects/a-cohort.vcf"),
        (Method::OPTIONS, "service-info"),
    ] {
        let odd = outside::send(method.clone(), &format!("{base}/{path}"), Some(&ada), None).await;
        assert!(matches!(odd.status, 404 | 405), "{method} {path}: {}", odd.text());
    }
}
