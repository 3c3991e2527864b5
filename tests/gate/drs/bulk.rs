//! Many objects at once (E15).

use serde_json::{Value, json};
use tests::{
    demo::Demo,
    outside::{get, post},
};

use super::{Fake, house_of, url};

#[tokio::test(flavor = "multi_thread")]
async fn e15_a_bulk_request_is_decided_one_by_one_and_bounded() {
    let demo = Demo::start();
    let (base, ada) = (demo.fact("/proxy/drs"), demo.token("ada"));
    let access = |ids: &[&str]| {
        let asked: Vec<Value> = ids
            .iter()
            .map(|id| json!({ "bulk_object_id": id, "bulk_access_ids": ["https"] }))
            .collect();
        json!({ "bulk_object_access_ids": asked })
    };
    let urls = format!("{base}/objects/access");
    let some = post(&urls, Some(&ada), &access(&["c-cohort.vcf", "a-cohort.vcf"])).await;
    assert_eq!(some.status, 200, "{}", some.text());
    let body = some.json();
    assert_eq!(
        body["summary"],
        json!({ "requested": 2, "resolved": 1, "unresolved": 1 })
    );
    assert_eq!(body["unresolved_drs_objects"][0]["error_code"], 403, "{body}");
    assert_eq!(body["unresolved_drs_objects"][0]["code"], "consent.approval_missing");
    let url = body["resolved_drs_object_access_urls"][0]["url"].as_str().unwrap();
    assert_eq!(get(url, None).await.status, 200, "a URL of ours that works");
    let denied = post(&urls, Some(&ada), &access(&["c-cohort.vcf", "d-cohort.vcf"])).await;
    assert_eq!(
        (denied.status, denied.json()["summary"]["resolved"].as_u64()),
        (200, Some(0))
    );
    assert_eq!(post(&urls, None, &access(&["a-cohort.vcf"])).await.status, 401);

    let passport = demo.passport("ada");
    let mut by_passport = access(&["a-cohort.vcf"]);
    by_passport["passports"] = json!([passport]);
    assert_eq!(post(&urls, None, &by_passport).await.json()["summary"]["resolved"], 1);

    let odd = json!({ "bulk_object_ids": ["a//b", "access", "a-cohort.vcf"] });
    let odd = post(&format!("{base}/objects"), Some(&ada), &odd).await.json();
    assert_eq!(odd["summary"]["resolved"], 1, "{odd}");
    let named = odd["unresolved_drs_objects"].to_string();
    assert!(
        named.contains("a//b") && named.contains("access"),
        "what is no id keeps its name: {odd}"
    );

    let many: Vec<String> = (0..101).map(|at| format!("x-{at}")).collect();
    let large = post(
        &format!("{base}/objects"),
        Some(&ada),
        &json!({ "bulk_object_ids": many }),
    )
    .await;
    assert_eq!((large.status, large.code().as_str()), (413, "request.too_many"));
    let info = get(&format!("{base}/service-info"), None).await.json();
    assert_eq!(
        (&info["maxBulkRequestLength"], &info["drs"]["maxBulkRequestLength"]),
        (&json!(100), &json!(100))
    );
    for odd in [
        json!({ "bulk_object_ids": "a-cohort.vcf" }),
        json!({ "bulk_object_ids": ["a-cohort.vcf"], "expand": true }),
        json!({ "bulk_object_ids": [null] }),
        json!({}),
    ] {
        let refused = post(&format!("{base}/objects"), Some(&ada), &odd).await;
        assert_eq!(refused.status, 400, "{odd}: {}", refused.text());
    }
    let alias = get(&format!("{base}/objects/a-cohort.vcf%2Faccess%2Fhttps"), Some(&ada)).await;
    assert_eq!(alias.status, 404, "decoded once, and no such object: {}", alias.text());
    let twice = get(&format!("{base}/objects/a-cohort%252Evcf"), Some(&ada)).await;
    assert_eq!(twice.status, 404, "never decoded twice: {}", twice.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn e15_one_object_of_many_that_is_not_ready_fails_itself_alone() {
    let fake = Fake::start().await;
    let house = house_of(&fake).await;
    let (ada, _) = house.granted().await;
    let asked = json!({ "bulk_object_ids": ["shown-1", "later", "busy", "broken", "shown-2"] });
    let some = post(&url(&house, "objects"), Some(&ada), &asked).await;
    assert_eq!(some.status, 200, "{}", some.text());
    let body = some.json();
    assert_eq!(
        body["summary"],
        json!({ "requested": 5, "resolved": 2, "unresolved": 3 }),
        "{body}"
    );
    assert_eq!(some.header("retry-after"), "7", "the longest that one of them asks for");
    let mut told: Vec<(u64, String)> = body["unresolved_drs_objects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| {
            (
                group["error_code"].as_u64().unwrap(),
                group["object_ids"][0].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    told.sort();
    let expected = [(202, "later"), (502, "broken"), (503, "busy")].map(|(code, id)| (code, id.to_owned()));
    assert_eq!(told, expected, "{body}");
    assert!(!some.text().contains("inner words"), "{}", some.text());
    let one = get(&url(&house, "objects/later"), Some(&ada)).await;
    assert_eq!((one.status, one.header("retry-after").as_str()), (202, "7"));

    let empty = json!({ "bulk_object_access_ids": [
        { "bulk_object_id": "shown-1", "bulk_access_ids": ["https"] },
        { "bulk_object_id": "shown-2", "bulk_access_ids": [] }
    ] });
    let empty = post(&url(&house, "objects/access"), Some(&ada), &empty).await;
    assert_eq!(
        (empty.status, empty.code().as_str()),
        (400, "request.body"),
        "{}",
        empty.text()
    );
    let asked = json!({ "bulk_object_access_ids": [
        { "bulk_object_id": "shown-1", "bulk_access_ids": ["https", "https", "nothing"] },
        { "bulk_object_id": "shown-1", "bulk_access_ids": ["https"] },
        { "bulk_object_id": "hidden-1", "bulk_access_ids": ["https"] }
    ] });
    let some = post(&url(&house, "objects/access"), Some(&ada), &asked).await.json();
    assert_eq!(
        some["summary"],
        json!({ "requested": 3, "resolved": 1, "unresolved": 2 }),
        "{some}"
    );
}
