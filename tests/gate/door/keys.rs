//! Lists and keys of the S3 side (E69, E70).

use serde_json::{Value, json};
use tests::s3::{S3, element, elements};

use super::{
    OBJECT, house,
    s3::{code, is, keys},
    session, size, with,
};

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
