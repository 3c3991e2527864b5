//! The DRS: objects, access, bytes.

use reqwest::{Method, StatusCode, header};

use crate::world::World;

#[tokio::test]
async fn an_object_leads_to_bytes_that_have_its_checksum_and_size() {
    let world = World::new().await;
    for object in world.node.objects() {
        let (status, told) = world.get(world.drs(&format!("/objects/{}", object.id))).await;
        assert_eq!(
            (status, told["id"].as_str()),
            (StatusCode::OK, Some(object.id.as_str()))
        );
        assert_eq!(
            told["self_uri"],
            format!("drs://{}/{}", world.node.drs().trim_start_matches("http://"), object.id)
        );
        let method = &told["access_methods"][0];
        assert_eq!(method["type"], "https");
        let access = format!(
            "/objects/{}/access/{}",
            object.id,
            method["access_id"].as_str().unwrap()
        );
        let (_, access) = world.get(world.drs(&access)).await;
        let (name, value) = access["headers"][0].as_str().unwrap().split_once(": ").unwrap();
        let answer = world
            .client
            .get(access["url"].as_str().unwrap())
            .header(name, value)
            .send()
            .await
            .unwrap();
        let bytes = answer.bytes().await.unwrap();
        assert_eq!(told["size"].as_u64().unwrap(), bytes.len() as u64);
        let digest = ring::digest::digest(&ring::digest::SHA256, &bytes);
        let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            told["checksums"][0],
            serde_json::json!({ "type": "sha-256", "checksum": digest })
        );
        assert_eq!(told["checksums"][1]["type"], "md5");
    }
}

#[tokio::test]
async fn one_range_is_served_and_head_tells_the_size() {
    let world = World::new().await;
    let object = &world.node.objects()[0];
    let whole = std::fs::read(&object.file).unwrap();
    let url = format!("{}/data/{}", world.node.drs(), object.id);
    let ask = |method, range: &'static str| {
        let request = world
            .client
            .request(method, &url)
            .bearer_auth(&world.credential)
            .header(header::RANGE, range);
        async move { request.send().await.unwrap() }
    };
    let part = ask(Method::GET, "bytes=10-19").await;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(
        part.headers()[header::CONTENT_RANGE],
        format!("bytes 10-19/{}", whole.len()).as_str()
    );
    assert_eq!(part.bytes().await.unwrap(), &whole[10..20]);
    let past = ask(Method::GET, "bytes=99999999-").await;
    assert_eq!(past.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(
        past.headers()[header::CONTENT_RANGE],
        format!("bytes */{}", whole.len()).as_str()
    );
    let several = ask(Method::GET, "bytes=0-1,4-5").await;
    assert_eq!(
        (several.status(), several.bytes().await.unwrap().len()),
        (StatusCode::OK, whole.len())
    );
    let head = world
        .client
        .head(&url)
        .bearer_auth(&world.credential)
        .send()
        .await
        .unwrap();
    assert_eq!(head.headers()[header::CONTENT_LENGTH], whole.len().to_string().as_str());
    assert_eq!(head.headers()[header::ACCEPT_RANGES], "bytes");
}

#[tokio::test]
async fn what_is_not_there_is_404_and_without_the_credential_nothing_is() {
    let world = World::new().await;
    let id = &world.node.objects()[0].id;
    for path in [
        "/objects/none",
        "/objects/..%2F..%2Fetc%2Fpasswd",
        "/objects",
        &format!("/objects/{id}/access/s3"),
    ] {
        let (status, told) = world.get(world.drs(path)).await;
        assert_eq!(
            (status, told["status_code"].as_u64()),
            (StatusCode::NOT_FOUND, Some(404)),
            "{path}"
        );
    }
    let object = format!("/objects/{id}");
    for url in [
        world.drs(&object),
        world.drs("/service-info"),
        world.drs("/nothing"),
        format!("{}/data/{id}", world.node.drs()),
    ] {
        for shown in [None, Some("Bearer wrong"), Some("Basic eDp5")] {
            let request = world.client.get(&url);
            let request = if let Some(shown) = shown {
                request.header(header::AUTHORIZATION, shown)
            } else {
                request
            };
            assert_eq!(
                request.send().await.unwrap().status(),
                StatusCode::UNAUTHORIZED,
                "{url} {shown:?}"
            );
        }
    }
}
