//! boto3 1.44.5 at the storage door, with a session's keys and nothing else set but path-style addresses.

use serde_json::json;
use tests::{demo::Demo, outside};

use crate::script::{last_json, peer};

#[tokio::test(flavor = "multi_thread")]
async fn peer_boto3_works_at_the_door_with_a_sessions_keys() {
    let demo = Demo::start();
    let token = demo.token("ada");
    let body = json!({ "datasets": ["a"], "images": [demo.fact("/images/wc")], "out": [demo.fact("/outputs/url")] });
    let url = format!("{}/visum/v1/sessions", demo.fact("/proxy/url"));
    let started = outside::post(&url, Some(&token), &body).await;
    assert_eq!(started.status, 201, "{}", started.text());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.json");
    std::fs::write(&file, &started.body).unwrap();
    let path = file.display().to_string();
    let told = tokio::task::spawn_blocking(move || last_json(&peer("boto3.sh", &["run", &path], &[])))
        .await
        .unwrap();
    for (name, expected) in [
        ("read", json!("hello")),
        ("part", json!("ell")),
        ("size", json!(5)),
        ("big", json!(true)),
        ("v1", json!(["a/b c.txt", "big"])),
        ("v2", json!(["a/b c.txt", "big"])),
        ("create", json!([409, "BucketAlreadyOwnedByYou"])),
        ("missing", json!([404, "404"])),
        ("input", json!([403, "AccessDenied"])),
        ("outside", json!([403, "AccessDenied"])),
        ("copy", json!([501, "NotImplemented"])),
        ("acl", json!([501, "NotImplemented"])),
        ("after", json!(["a/b c.txt"])),
    ] {
        assert_eq!(told.get(name), Some(&expected), "{name}: {told}");
    }
    assert!(told["inputs"].to_string().contains("a/a-cohort.vcf"), "{told}");
}
