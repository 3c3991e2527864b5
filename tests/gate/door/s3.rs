//! The S3 side of the door (E30, E64 to E70, E74).

use serde_json::{Value, json};
use tests::{
    house::{House, Wants},
    node::Addresses,
    s3::{Ask, S3, element, elements, hex, sha256},
    tes::PlayedTes,
};

use super::{OBJECT, alarms, house, session, size, with};

const INPUT: &str = "/visum-inputs/a/a-cohort.vcf";

/// A session, its keys, its bucket.
async fn keys(house: &House, ada: &str) -> (Value, S3, String) {
    let session = session::started(house, ada).await;
    let s3 = S3::of(&session);
    let scratch = session
        .pointer("/s3/scratch")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let bucket = scratch.trim_start_matches("s3://").trim_end_matches('/').to_owned();
    (session, s3, bucket)
}

fn code(answer: &tests::outside::Answer) -> (u16, String) {
    (answer.status, answer.header("visum-code"))
}

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn e74_inputs_are_read_from_the_compute_network_while_a_task_lives() {
    let (house, tes) = with("networks = [\"127.0.7.0/24\"]").await;
    let (ada, _) = house.granted().await;
    let (session, outside, _) = keys(&house, &ada).await;
    let inside = outside.from("127.0.7.1");
    // before any task: described, not read
    for s3 in [&outside, &inside] {
        let head = s3.head(INPUT).await;
        assert_eq!(head.status, 200, "{:?}", head.headers);
        assert_eq!(head.header("content-length"), size(&house).to_string());
        assert_eq!(s3.get("/visum-inputs", "list-type=2").await.status, 200);
    }
    assert_eq!(code(&inside.get(INPUT, "").await), is(403, "door.no_task"));
    assert_eq!(code(&outside.get(INPUT, "").await), is(403, "door.wrong_network"));
    // while one is queued or running
    assert_eq!(session::send(&house, &session, |_| {}).await.status, 200);
    let read = inside.get(INPUT, "").await;
    assert_eq!(read.status, 200, "{}", read.text());
    assert_eq!(read.body.len() as u64, size(&house));
    let part = inside.send(&Ask::new("GET", INPUT).header("range", "bytes=2-5")).await;
    assert_eq!((part.status, part.body.len()), (206, 4));
    assert_eq!(
        inside.from("127.0.7.9").get(INPUT, "").await.status,
        200,
        "many nodes: a session is not pinned"
    );
    let laptop = outside.get(INPUT, "").await;
    assert_eq!(code(&laptop), is(403, "door.wrong_network"), "{}", laptop.text());
    let ranged = outside.send(&Ask::new("GET", INPUT).header("range", "bytes=0-0")).await;
    assert_eq!(code(&ranged), is(403, "door.wrong_network"), "not one byte");
    assert!(
        !alarms(&house, "door.wrong_network").await.is_empty(),
        "it is on record"
    );
    // when it is over
    tes.say("COMPLETE");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while inside.get(INPUT, "").await.status == 200 {
        assert!(std::time::Instant::now() < until, "the end of the task is never seen");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    assert_eq!(code(&inside.get(INPUT, "").await), is(403, "door.no_task"));
}

#[tokio::test(flavor = "multi_thread")]
async fn e63_e74_a_session_has_a_budget_of_its_own() {
    let (house, _) = house().await;
    let (ada, _) = house.granted().await;
    let (session, s3, _) = keys(&house, &ada).await;
    assert_eq!(session::send(&house, &session, |_| {}).await.status, 200);
    for turn in 0..4 {
        assert_eq!(s3.get(INPUT, "").await.status, 200, "{turn}");
    }
    assert_eq!(code(&s3.get(INPUT, "").await), is(403, "door.budget"));
    let range = s3.send(&Ask::new("GET", INPUT).header("range", "bytes=0-0")).await;
    assert_eq!(code(&range), is(403, "door.budget"), "not by a small range either");
}

#[tokio::test(flavor = "multi_thread")]
async fn e74_what_comes_from_compute_only_data_is_listed_and_deleted_outside_and_no_more() {
    let (house, _) = with("networks = [\"127.0.7.0/24\"]").await;
    let (ada, _) = house.granted().await;
    let (_, outside, bucket) = keys(&house, &ada).await;
    let inside = outside.from("127.0.7.1");
    let key = format!("/{bucket}/out/result.txt");
    assert_eq!(code(&outside.put(&key, b"42").await), is(403, "door.derived"));
    assert_eq!(inside.put(&key, b"42").await.status, 200);
    assert_eq!(outside.head(&key).await.status, 200);
    let listed = outside.get(&format!("/{bucket}"), "list-type=2").await;
    assert_eq!(elements(&listed, "Key"), ["out/result.txt"], "{}", listed.text());
    assert_eq!(code(&outside.get(&key, "").await), is(403, "door.derived"));
    let ranged = outside.send(&Ask::new("GET", &key).header("range", "bytes=0-0")).await;
    assert_eq!(code(&ranged), is(403, "door.derived"));
    let read = inside.get(&key, "").await;
    assert_eq!((read.status, read.body.as_slice()), (200, b"42".as_slice()));
    let begun = outside.send(&Ask::new("POST", &key).query("uploads")).await;
    assert_eq!(code(&begun), is(403, "door.derived"), "nor in parts");
    assert_eq!(outside.delete(&key).await.status, 204);
    assert_eq!(inside.get(&key, "").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn e30_e74_a_session_of_download_data_reads_its_own_bucket_from_anywhere() {
    let tes = PlayedTes::start().await;
    let wants = Wants {
        tes: Some(tes.url.clone()),
        door: Some("networks = [\"127.0.7.0/24\"]".to_owned()),
        ..Wants::default()
    };
    let house = House::start(wants).await;
    let (ada, _) = house.granted().await;
    let (_, laptop, bucket) = keys(&house, &ada).await;
    let key = format!("/{bucket}/a%20b/c.txt");
    assert_eq!(laptop.put(&key, b"hello").await.status, 200);
    let read = laptop.get(&key, "").await;
    assert_eq!(
        (read.status, read.body.as_slice()),
        (200, b"hello".as_slice()),
        "{}",
        read.text()
    );
    assert_eq!(laptop.head(&key).await.header("content-length"), "5");
    assert_eq!(
        laptop.get(&format!("/{bucket}/none"), "").await.status,
        404,
        "missing in one's own: 404"
    );
    assert_eq!(
        code(&laptop.get(INPUT, "").await),
        is(403, "door.wrong_network"),
        "inputs are inputs"
    );
    assert_eq!(
        code(&laptop.put("/visum-inputs/a/new", b"x").await),
        is(403, "door.read_only")
    );
    // another person's session sees none of it, under any name
    let other = session::ask(&house, &ada, |body| body["out"] = json!([])).await.json();
    let other = S3::of(&other);
    for (name, answer) in [
        ("get", other.get(&key, "").await),
        ("head", other.head(&key).await),
        ("put", other.put(&key, b"x").await),
        ("delete", other.delete(&key).await),
        ("list", other.get(&format!("/{bucket}"), "").await),
        ("a bucket that is not there", other.get("/nobodys/x", "").await),
    ] {
        assert_eq!(answer.status, 403, "{name}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e64_e65_e67_e68_the_verbs_of_the_list_are_all() {
    let (house, _) = house().await;
    let (ada, _) = house.granted().await;
    let (session, s3, bucket) = keys(&house, &ada).await;
    assert_eq!(session::send(&house, &session, |_| {}).await.status, 200);
    let own = format!("/{bucket}");
    let key = format!("/{bucket}/k");
    assert_eq!(s3.put(&key, b"first").await.status, 200);
    assert_eq!(s3.put(&key, b"second").await.status, 200);
    let cases: Vec<(&str, &str, &str, u16)> = vec![
        ("HEAD", &own, "", 200),
        ("GET", &own, "location", 200),
        ("GET", &own, "", 200),
        ("GET", &own, "list-type=2", 200),
        ("PUT", &own, "", 409),
        ("PUT", "/a-new-bucket", "", 403),
        ("PUT", "/visum-inputs", "", 403),
        ("DELETE", &own, "", 204),
        ("DELETE", "/visum-inputs", "", 403),
        ("HEAD", "/visum-inputs", "", 200),
        ("HEAD", "/nobodys", "", 403),
        ("GET", "/nobodys", "location", 403),
        ("GET", INPUT, "versionId=1", 400),
        ("HEAD", INPUT, "versionId=null", 400),
        ("GET", INPUT, "partNumber=1", 400),
        ("GET", &own, "versions", 400),
        ("GET", &own, "uploads", 400),
        ("GET", INPUT, "response-content-type=text%2Fhtml", 400),
        ("GET", INPUT, "response-content-disposition=x", 400),
        ("GET", INPUT, "response-cache-control=x", 400),
        ("GET", INPUT, "response-expires=x", 400),
        ("GET", INPUT, "acl", 501),
        ("PUT", &key, "acl", 501),
        ("GET", &own, "acl", 501),
        ("GET", &own, "policy", 501),
        ("GET", &own, "policyStatus", 501),
        ("GET", INPUT, "tagging", 501),
        ("GET", INPUT, "torrent", 501),
        ("GET", INPUT, "attributes", 501),
        ("GET", INPUT, "retention", 501),
        ("POST", INPUT, "select&select-type=2", 501),
        ("POST", INPUT, "restore", 501),
        ("GET", &own, "website", 501),
        ("GET", &own, "cors", 501),
        ("GET", &own, "notification", 501),
        ("GET", &own, "versioning", 501),
        ("GET", &own, "lifecycle", 501),
        ("POST", &own, "delete", 501),
        ("POST", &own, "", 501),
        ("PATCH", &key, "", 501),
        ("GET", "/", "", 501),
    ];
    for (method, path, query, status) in cases {
        let answer = s3.send(&Ask::new(method, path).query(query)).await;
        assert_eq!(answer.status, status, "{method} {path}?{query}: {}", answer.text());
    }
    let exists = s3.send(&Ask::new("PUT", &own)).await;
    assert_eq!(element(&exists, "Code"), "BucketAlreadyOwnedByYou");
    assert_eq!(
        s3.get(&key, "").await.body,
        b"second",
        "nothing of that changed or emptied it"
    );
    // a copy is a read that nobody decided
    for (name, value) in [
        ("x-amz-copy-source", INPUT),
        ("x-amz-copy-source", "/somebody-elses/secret"),
        ("x-amz-acl", "public-read"),
        ("x-amz-tagging", "a=b"),
        ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
    ] {
        let answer = s3
            .send(&Ask::new("PUT", &format!("/{bucket}/copy")).header(name, value))
            .await;
        assert_eq!(
            (answer.status, element(&answer, "Code").as_str()),
            (501, "NotImplemented"),
            "{name}: {}",
            answer.text()
        );
    }
    assert_eq!(s3.head(&format!("/{bucket}/copy")).await.status, 404);
    let begun = s3
        .send(&Ask::new("POST", &format!("/{bucket}/copy")).query("uploads"))
        .await;
    let upload = element(&begun, "UploadId");
    let part = Ask::new("PUT", &format!("/{bucket}/copy")).query(&format!("partNumber=1&uploadId={upload}"));
    assert_eq!(
        s3.send(&part.header("x-amz-copy-source", INPUT)).await.status,
        501,
        "UploadPartCopy"
    );
    // a browser's form
    let form = Ask::new("POST", &own)
        .header("content-type", "multipart/form-data; boundary=x")
        .body(b"--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n--x--\r\n");
    assert!(matches!(s3.send(&form).await.status, 403 | 501));
}

#[tokio::test(flavor = "multi_thread")]
async fn e66_requests_are_signed_in_the_header_now_and_whole() {
    let (house, _) = house().await;
    let (ada, _) = house.granted().await;
    let (_, s3, bucket) = keys(&house, &ada).await;
    let key = format!("/{bucket}/k");
    let head = Ask::new("HEAD", INPUT);
    assert_eq!(s3.send(&head).await.status, 200);
    // in the query, of either version
    for query in [
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=x&X-Amz-Date=20261123T000000Z&X-Amz-Expires=604800&X-Amz-SignedHeaders=host&X-Amz-Signature=00",
        "AWSAccessKeyId=x&Signature=y&Expires=2000000000",
    ] {
        let ask = Ask::new("GET", INPUT).query(query);
        assert_eq!(s3.raw(&ask, &[]).await.status, 400, "{query}");
        assert_eq!(s3.send(&ask).await.status, 400, "beside a header: {query}");
    }
    // nothing, other schemes
    assert_eq!(s3.raw(&Ask::new("GET", INPUT), &[]).await.status, 403);
    for value in [
        "AWS VSAAAA:c2lnbmF0dXJl",
        "Bearer x",
        "Basic eDp5",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=x",
    ] {
        let answer = s3
            .raw(
                &Ask::new("GET", INPUT),
                &[("authorization".to_owned(), value.to_owned())],
            )
            .await;
        assert_eq!(answer.status, 400, "{value}: {}", answer.text());
    }
    // the clock
    for (ahead, status) in [(-290, 200), (290, 200), (-310, 403), (310, 403), (-86_400, 403)] {
        let shifted = S3 { ahead, ..s3.clone() };
        assert_eq!(shifted.send(&head).await.status, status, "{ahead} s");
    }
    // what is signed
    let signed = s3.signed(&head);
    let without = |name: &str| {
        signed
            .iter()
            .filter(|(one, _)| one != name)
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(s3.raw(&head, &without("x-amz-content-sha256")).await.status, 400);
    assert_eq!(s3.raw(&head, &without("x-amz-date")).await.status, 400);
    let bare = Ask {
        without_host: true,
        ..Ask::new("GET", &format!("/{bucket}"))
    };
    assert_eq!(code(&s3.send(&bare).await), is(403, "door.signed_headers"));
    let mut slipped = Ask::new("GET", &format!("/{bucket}"));
    slipped.unsigned.push(("x-amz-meta-a".to_owned(), "b".to_owned()));
    assert_eq!(code(&s3.send(&slipped).await), is(403, "door.signed_headers"));
    // one signature, another request
    let list = Ask::new("GET", &format!("/{bucket}"));
    let signed = s3.signed(&list);
    for other in [
        Ask::new("GET", &key),
        Ask::new("DELETE", &format!("/{bucket}")),
        Ask::new("GET", &format!("/{bucket}")).query("prefix=a"),
    ] {
        assert_eq!(
            code(&s3.raw(&other, &signed).await),
            is(403, "door.signature"),
            "{other:?}"
        );
    }
    // another body than the one that was signed
    let put = Ask::new("PUT", &key).body(b"good");
    let signed = s3.signed(&put);
    let swapped = s3.raw(&Ask::new("PUT", &key).body(b"evil"), &signed).await;
    assert_eq!(
        element(&swapped, "Code"),
        "XAmzContentSHA256Mismatch",
        "{}",
        swapped.text()
    );
    assert_eq!(s3.head(&key).await.status, 404, "nothing of it is kept");
    for hash in ["UNSIGNED-PAYLOAD", ""] {
        let ask = Ask {
            hash: Some(hash.to_owned()),
            ..Ask::new("PUT", &key).body(b"x")
        };
        let status = s3.send(&ask).await.status;
        assert_eq!(status, if hash.is_empty() { 400 } else { 200 }, "{hash}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e69_lists_show_ones_own_and_no_more() {
    let (house, _) = house().await;
    let (ada, _) = house.granted().await;
    let (_, s3, bucket) = keys(&house, &ada).await;
    let own = format!("/{bucket}");
    for key in ["a/1", "a/2", "a/b/3", "c", "d&<e>"] {
        let path: String = url::form_urlencoded::byte_serialize(key.as_bytes()).collect();
        let path = path.replace("%2F", "/");
        assert_eq!(s3.put(&format!("{own}/{path}"), b"x").await.status, 200, "{key}");
    }
    let names = |answer: &tests::outside::Answer| elements(answer, "Key");
    let all = ["a/1", "a/2", "a/b/3", "c", "d&amp;&lt;e&gt;"];
    assert_eq!(names(&s3.get(&own, "").await), all);
    assert_eq!(names(&s3.get(&own, "list-type=2").await), all);
    assert_eq!(
        names(&s3.get(&format!("{own}/"), "list-type=2").await),
        all,
        "with its slash"
    );
    assert_eq!(
        names(&s3.get(&own, "list-type=2&prefix=a/").await),
        ["a/1", "a/2", "a/b/3"]
    );
    assert!(
        names(&s3.get(&own, "list-type=2&prefix=zz").await).is_empty(),
        "the empty list inside"
    );
    let folded = s3.get(&own, "list-type=2&delimiter=/").await;
    assert_eq!(names(&folded), ["c", "d&amp;&lt;e&gt;"]);
    assert!(
        folded
            .text()
            .contains("<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>"),
        "{}",
        folded.text()
    );
    assert_eq!(
        names(&s3.get(&own, "list-type=2&start-after=a/2").await),
        ["a/b/3", "c", "d&amp;&lt;e&gt;"]
    );
    assert_eq!(names(&s3.get(&own, "marker=c").await), ["d&amp;&lt;e&gt;"]);
    assert!(names(&s3.get(&own, "list-type=2&encoding-type=url").await).contains(&"d%26%3Ce%3E".to_owned()));
    // pages, to the end
    let (mut token, mut seen) = (String::new(), Vec::new());
    for _ in 0..9 {
        let query = if token.is_empty() {
            "list-type=2&max-keys=2".to_owned()
        } else {
            format!("list-type=2&max-keys=2&continuation-token={token}")
        };
        let page = s3.get(&own, &query).await;
        seen.extend(names(&page));
        token = element(&page, "NextContinuationToken");
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, all);
    let nothing = s3.get(&own, "list-type=2&max-keys=0").await;
    assert!(names(&nothing).is_empty() && element(&nothing, "IsTruncated") == "false");
    // tokens are of one list of one session
    let page = s3.get(&own, "list-type=2&max-keys=2").await;
    let token = element(&page, "NextContinuationToken");
    let other = session::ask(&house, &ada, |body| body["out"] = json!([])).await.json();
    let other_bucket = other
        .pointer("/s3/scratch")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let other_bucket = other_bucket.trim_start_matches("s3:/").trim_end_matches('/').to_owned();
    let other = S3::of(&other);
    for (name, answer) in [
        (
            "another session",
            other
                .get(&other_bucket, &format!("list-type=2&continuation-token={token}"))
                .await,
        ),
        (
            "another prefix",
            s3.get(&own, &format!("list-type=2&prefix=a/&continuation-token={token}"))
                .await,
        ),
        ("made up", s3.get(&own, "list-type=2&continuation-token=AAAA").await),
        ("a key", s3.get(&own, "list-type=2&continuation-token=c").await),
        ("an unknown encoding", s3.get(&own, "encoding-type=base64").await),
        (
            "the keys of the other version",
            s3.get(&own, "list-type=2&marker=a").await,
        ),
    ] {
        assert_eq!(answer.status, 400, "{name}: {}", answer.text());
    }
    // inputs: below one's own datasets, held ones left out
    let inputs = s3.get("/visum-inputs", "list-type=2&prefix=a/").await;
    assert!(names(&inputs).contains(&format!("a/{OBJECT}")), "{}", inputs.text());
    assert!(elements(&inputs, "Size").contains(&size(&house).to_string()));
    for prefix in ["b/", "b", "..", "aa/"] {
        let answer = s3.get("/visum-inputs", &format!("list-type=2&prefix={prefix}")).await;
        assert_eq!(answer.status, 403, "{prefix}: {}", answer.text());
    }
    assert_eq!(s3.get("/nobodys", "list-type=2").await.status, 403);
    assert_eq!(
        s3.head("/visum-inputs/a/none").await.status,
        404,
        "missing below one's own"
    );
    for path in ["/visum-inputs/b/x", "/visum-inputs/x", "/nobodys/x"] {
        assert_eq!(s3.head(path).await.status, 403, "{path}");
        assert_eq!(s3.get(path, "").await.status, 403, "{path}");
    }
    for path in [
        "/visum-inputs/a/../b/x",
        "/visum-inputs/a/%2e%2e/x",
        "/visum-inputs//x",
        "/visum-inputs/a%2Fx",
    ] {
        let status = s3.get(path, "").await.status;
        assert!(matches!(status, 400 | 403), "{path}: {status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e70_keys_are_sealed_and_forged_ones_open_nothing() {
    let (house, _) = house().await;
    let (ada, _) = house.granted().await;
    let (session, s3, bucket) = keys(&house, &ada).await;
    let own = format!("/{bucket}");
    let with = |id: String| S3 { id, ..s3.clone() };
    let mut altered = s3.id.clone().into_bytes();
    altered[50] = if altered[50] == b'0' { b'1' } else { b'0' };
    for (name, id) in [
        ("altered", String::from_utf8(altered).unwrap_or_default()),
        ("lower case", s3.id.to_lowercase()),
        ("cut", s3.id[..s3.id.len() - 2].to_owned()),
        ("of somewhere else", "AKIAIOSFODNN7EXAMPLE".to_owned()),
        (
            "the session's id",
            session["id"].as_str().unwrap_or_default().to_owned(),
        ),
    ] {
        let answer = with(id).get(&own, "").await;
        assert_eq!(code(&answer), is(403, "door.key"), "{name}: {}", answer.text());
        assert_eq!(element(&answer, "Code"), "InvalidAccessKeyId");
    }
    let wrong = S3 {
        secret: format!("{}x", s3.secret),
        ..s3.clone()
    };
    assert_eq!(code(&wrong.get(&own, "").await), is(403, "door.signature"));
    // two sessions' ids and secrets do not mix
    let other = S3::of(&session::ask(&house, &ada, |body| body["out"] = json!([])).await.json());
    let mixed = S3 {
        secret: other.secret.clone(),
        ..s3.clone()
    };
    assert_eq!(code(&mixed.get(&own, "").await), is(403, "door.signature"));
    // neither the index nor the log holds the secret
    for entry in walk(&house.node.data()) {
        let bytes = std::fs::read(&entry).unwrap_or_default();
        let found = bytes.windows(s3.secret.len()).any(|part| part == s3.secret.as_bytes());
        assert!(!found, "{} holds the secret", entry.display());
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(walk(&path))
        } else {
            found.push(path)
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn e70_the_doors_key_rotates_with_overlap() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a key's file");
        path.display().to_string()
    };
    let (one, two) = (file("one", &"k1".repeat(20)), file("two", &"k2".repeat(20)));
    let (mut house, _) = with(&format!("networks = [\"127.0.0.0/8\"]\nkey_file = \"{one}\"")).await;
    let (ada, _) = house.granted().await;
    let (_, old, bucket) = keys(&house, &ada).await;
    assert_eq!(old.get(&format!("/{bucket}"), "").await.status, 200);
    let config = house.node.config();
    let text = std::fs::read_to_string(&config).expect("the configuration");
    let turned = text.replace(
        &format!("key_file = \"{one}\""),
        &format!("key_file = \"{two}\"\nprevious_key_file = \"{one}\""),
    );
    std::fs::write(&config, &turned).expect("the configuration");
    house.node.stop();
    house.node.again();
    assert_eq!(
        old.get(&format!("/{bucket}"), "").await.status,
        200,
        "a session from before goes on"
    );
    let ada = house.token("ada");
    let fresh = S3::of(&session::ask(&house, &ada, |body| body["out"] = json!([])).await.json());
    assert_eq!(fresh.get("/visum-inputs", "").await.status, 200);
    let gone = turned.replace(
        &format!("\nprevious_key_file = \"{one}\""),
        &format!("\nprevious_key_file = \"{two}\""),
    );
    std::fs::write(&config, gone).expect("the configuration");
    house.node.stop();
    house.node.again();
    assert_eq!(
        code(&old.get(&format!("/{bucket}"), "").await),
        is(403, "door.key"),
        "after the overlap"
    );
    assert_eq!(fresh.get("/visum-inputs", "").await.status, 200);
    drop(Addresses::port());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_written_in_parts_and_in_signed_pieces() {
    let (house, _) = house().await;
    let (ada, _) = house.granted().await;
    let (_, s3, bucket) = keys(&house, &ada).await;
    let key = format!("/{bucket}/big");
    let upload = element(&s3.send(&Ask::new("POST", &key).query("uploads")).await, "UploadId");
    let part = |number: u32, bytes: &[u8]| {
        Ask::new("PUT", &key)
            .query(&format!("partNumber={number}&uploadId={upload}"))
            .body(bytes)
    };
    let one = s3.send(&part(1, b"hello ")).await;
    let two = s3.send(&part(2, b"world")).await;
    assert_eq!((one.status, two.status), (200, 200), "{}", one.text());
    assert_eq!(s3.head(&key).await.status, 404, "not before it is complete");
    let listed = |first: &str, second: &str| {
        format!(
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{first}</ETag></Part>\
             <Part><PartNumber>2</PartNumber><ETag>{second}</ETag></Part></CompleteMultipartUpload>"
        )
    };
    let complete = |text: String| {
        Ask::new("POST", &key)
            .query(&format!("uploadId={upload}"))
            .body(text.as_bytes())
    };
    let wrong = s3
        .send(&complete(listed(&one.header("etag"), &one.header("etag"))))
        .await;
    assert_eq!(element(&wrong, "Code"), "InvalidPart", "{}", wrong.text());
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>&a;</ETag></Part></CompleteMultipartUpload>";
    assert_eq!(s3.send(&complete(bomb.to_owned())).await.status, 400);
    let done = s3
        .send(&complete(listed(&one.header("etag"), &two.header("etag"))))
        .await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(element(&done, "ETag").ends_with("-2&quot;"), "{}", done.text());
    assert_eq!(s3.get(&key, "").await.body, b"hello world");
    assert_eq!(s3.send(&complete(listed("a", "b"))).await.status, 404, "it is over");
    let upload = element(&s3.send(&Ask::new("POST", &key).query("uploads")).await, "UploadId");
    let abort = Ask::new("DELETE", &key).query(&format!("uploadId={upload}"));
    assert_eq!(s3.send(&abort).await.status, 204);
    assert_eq!(s3.send(&abort).await.status, 404);
    // aws-chunked, by the connection's word alone, with a checksum after it
    let pieces = b"5\r\nhello\r\n3\r\n???\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n";
    let ask = Ask {
        hash: Some("STREAMING-UNSIGNED-PAYLOAD-TRAILER".to_owned()),
        ..Ask::new("PUT", &key)
            .header("x-amz-decoded-content-length", "8")
            .header("x-amz-trailer", "x-amz-checksum-crc32")
            .body(pieces)
    };
    let answer = s3.send(&ask).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(s3.get(&key, "").await.body, b"hello???");
    let short = Ask {
        headers: vec![("x-amz-decoded-content-length".to_owned(), "9".to_owned())],
        ..ask.clone()
    };
    assert_eq!(s3.send(&short).await.status, 400, "less than announced");
    let signed = Ask {
        hash: Some("STREAMING-AWS4-HMAC-SHA256-PAYLOAD".to_owned()),
        ..Ask::new("PUT", &key).header("x-amz-decoded-content-length", "5").body(
            format!(
                "5;chunk-signature={}\r\nhello\r\n0;chunk-signature={}\r\n\r\n",
                "0".repeat(64),
                hex(&[0; 32])
            )
            .as_bytes(),
        )
    };
    assert_eq!(
        code(&s3.send(&signed).await),
        is(403, "door.signature"),
        "a piece that is not signed"
    );
    assert_eq!(s3.get(&key, "").await.body, b"hello???", "what was there stays");
    assert_eq!(sha256(b"").len(), 64);
}
