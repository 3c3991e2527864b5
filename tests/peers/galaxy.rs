//! Galaxy's DRS behind the gate: what it says of an object, and its bytes, which it gives to everybody, by capability alone.

use std::sync::OnceLock;

use serde_json::{Value, json};
use tests::{
    house::{DATASET, House, Wants},
    outside::{client, get, read},
};

use crate::script::peer;

/// What Galaxy calls the text that was uploaded.
static OBJECT: OnceLock<String> = OnceLock::new();

#[tokio::test(flavor = "multi_thread")]
async fn peer_galaxy_serves_an_object_through_the_gate_by_capability_alone() {
    let said = peer("drs-galaxy.sh", &[], &[]);
    assert_eq!(said.code, 0, "{}", said.err);
    let mut lines = said.out.lines().rev();
    let (galaxy, object) = (lines.next().unwrap().to_owned(), lines.next().unwrap().to_owned());
    let _ = OBJECT.set(object.clone());
    let house = House::start(Wants {
        drs: Some(galaxy.clone()),
        open_drs: true,
        facts: Some(|facts| {
            let row = json!({ "id": OBJECT.get(), "dataset": DATASET, "participants": ["p-1"], "urls": [] });
            facts["objects"].as_array_mut().unwrap().push(row);
        }),
        ..Wants::default()
    })
    .await;
    let (ada, _) = house.granted().await;
    let ben = house.token("ben");
    let base = house.proxy("/ga4gh/drs/v1");

    // Galaxy itself hands out a link that opens to everybody
    let own = get(&format!("{galaxy}/ga4gh/drs/v1/objects/{object}"), None)
        .await
        .json();
    let open = own.pointer("/access_methods/0/access_url/url").and_then(Value::as_str);
    assert!(open.is_some_and(|url| url.starts_with(&galaxy)), "{own}");

    // through the gate: the same object, our own URIs, an access id in the place of the link
    let answer = get(&format!("{base}/objects/{object}"), Some(&ada)).await;
    assert_eq!(answer.status, 200, "{}\n{}", answer.text(), house.node.words());
    let told = answer.json();
    assert_eq!((&told["size"], &told["id"]), (&own["size"], &json!(object)), "{told}");
    let (md5, its) = (&told["checksums"][0]["checksum"], &own["checksums"][0]["checksum"]);
    assert!(md5.is_string() && md5 == its, "{told}\n{own}");
    let said = answer.text();
    assert!(
        !said.contains(galaxy.trim_start_matches("http://")) && !said.contains("drs_download"),
        "{said}"
    );
    let access = told.pointer("/access_methods/0/access_id").and_then(Value::as_str);
    let access = format!("{base}/objects/{object}/access/{}", access.unwrap_or_default());

    // bytes, whole and in part
    let url = get(&access, Some(&ada)).await;
    assert_eq!(url.status, 200, "{}", url.text());
    let url = url.json()["url"].as_str().unwrap_or_default().to_owned();
    assert!(url.starts_with(&house.node.at.proxy), "a capability of the gate: {url}");
    let whole = get(&url, None).await;
    assert_eq!((whole.status, whole.text().as_str()), (200, "not a real genome\n"));
    let part = client().get(&url).header("range", "bytes=4-9").send().await.unwrap();
    let part = read(part).await;
    assert_eq!(
        (part.status, part.text().as_str()),
        (206, "a real"),
        "{:?}",
        part.headers
    );

    // who has no grant gets neither a URL nor a way to Galaxy's own
    let denied = get(&access, Some(&ben)).await;
    assert_eq!(denied.status, 403, "{}", denied.text());
    let seen = get(&format!("{base}/objects/{object}"), Some(&ben)).await;
    assert!(!seen.text().contains("drs_download"), "{}", seen.text());
    for path in [format!("/api/drs_download/{object}"), "/api/version".to_owned()] {
        assert_eq!(get(&house.proxy(&path), Some(&ada)).await.status, 404, "{path}");
    }
    // an object that the catalogue does not know is none, whatever Galaxy has
    let unknown = get(&format!("{base}/objects/hda-0123456789abcdef"), Some(&ada)).await;
    assert_eq!(unknown.status, 404, "{}", unknown.text());
}
