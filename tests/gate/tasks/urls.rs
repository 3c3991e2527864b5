//! Spellings of where data lie (E12, E13, E14, E16, E17).

use serde_json::{Value, json};

use super::{Gate, merged};

/// How a spelling is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
enum As {
    /// As the object: judged by its dataset.
    Same,
    /// As another place, which nobody knows here.
    Unknown,
    /// Not at all.
    Refused,
}

fn spellings(id: &str) -> Vec<(&'static str, String, As)> {
    use As::{Refused, Same, Unknown};
    let first = id.chars().next().unwrap();
    let escaped = format!("%{:02x}{}", u32::from(first), &id[1..]);
    let twice = format!("%25{:02x}{}", u32::from(first), &id[1..]);
    let case = |name, url: String, how| (name, url, how);
    vec![
        case("scheme in upper case", format!("S3://cohort-bucket/{id}"), Same),
        case("hadoop's s3a", format!("s3a://cohort-bucket/{id}"), Same),
        case("hadoop's s3n", format!("s3n://cohort-bucket/{id}"), Same),
        case(
            "virtual host",
            format!("https://cohort-bucket.s3.amazonaws.com/{id}"),
            Same,
        ),
        case(
            "virtual host, upper case",
            format!("HTTPS://Cohort-Bucket.S3.AmazonAWS.com/{id}"),
            Same,
        ),
        case(
            "virtual host and region",
            format!("https://cohort-bucket.s3.eu-north-1.amazonaws.com/{id}"),
            Same,
        ),
        case(
            "path style",
            format!("https://s3.eu-north-1.amazonaws.com/cohort-bucket/{id}"),
            Same,
        ),
        case(
            "dualstack",
            format!("https://cohort-bucket.s3.dualstack.eu-north-1.amazonaws.com/{id}"),
            Same,
        ),
        case(
            "own port",
            format!("https://cohort-bucket.s3.amazonaws.com:443/{id}"),
            Same,
        ),
        case(
            "escaped at the endpoint",
            format!("https://cohort-bucket.s3.amazonaws.com/{escaped}"),
            Same,
        ),
        case("gs", format!("gs://cohort-bucket/{id}"), Same),
        case(
            "gs by https",
            format!("https://storage.googleapis.com/cohort-bucket/{id}"),
            Same,
        ),
        case(
            "gs by virtual host",
            format!("https://cohort-bucket.storage.googleapis.com/{id}"),
            Same,
        ),
        case(
            "gs by its JSON interface",
            format!("https://storage.googleapis.com/download/storage/v1/b/cohort-bucket/o/{id}?alt=media"),
            Same,
        ),
        case("azure", format!("https://cohort.blob.core.windows.net/data/{id}"), Same),
        case(
            "azure by wasbs",
            format!("wasbs://data@cohort.blob.core.windows.net/{id}"),
            Same,
        ),
        case(
            "azure by abfss",
            format!("abfss://data@cohort.dfs.core.windows.net/{id}"),
            Same,
        ),
        case(
            "web, host in upper case",
            format!("https://COHORT.example.org/data/{id}"),
            Same,
        ),
        case(
            "web, own port",
            format!("https://cohort.example.org:443/data/{id}"),
            Same,
        ),
        case(
            "web, escaped",
            format!("https://cohort.example.org/d%61ta/{escaped}"),
            Same,
        ),
        case(
            "web, another port",
            format!("https://cohort.example.org:8443/data/{id}"),
            Unknown,
        ),
        case(
            "web without TLS",
            format!("http://cohort.example.org/data/{id}"),
            Unknown,
        ),
        case(
            "a path-style server by address",
            format!("http://127.0.0.1:9000/cohort-bucket/{id}"),
            Unknown,
        ),
        case("another bucket", format!("s3://cohort-bucket2/{id}"), Unknown),
        case("bucket in upper case", format!("s3://Cohort-Bucket/{id}"), Refused),
        case("no bucket", format!("s3:///cohort-bucket/{id}"), Refused),
        case("empty segment", format!("s3://cohort-bucket//{id}"), Refused),
        case("dot segments", format!("s3://cohort-bucket/./a/../{id}"), Refused),
        case("escape in a key", format!("s3://cohort-bucket/{escaped}"), Refused),
        case(
            "escaped twice",
            format!("https://cohort.example.org/data/{twice}"),
            Refused,
        ),
        case(
            "escaped dots",
            format!("https://cohort.example.org/x/%2e%2e/data/{id}"),
            Refused,
        ),
        case(
            "escaped slash",
            format!("https://cohort.example.org/data%2F{id}"),
            Refused,
        ),
        case(
            "a plus at the endpoint",
            format!("https://cohort-bucket.s3.amazonaws.com/a+{id}"),
            Refused,
        ),
        case(
            "access point",
            format!("s3://arn:aws:s3:eu-north-1:123456789012:accesspoint/x/{id}"),
            Refused,
        ),
        case(
            "website",
            format!("https://cohort-bucket.s3-website.eu-north-1.amazonaws.com/{id}"),
            Refused,
        ),
        case(
            "trailing dot",
            format!("https://cohort.example.org./data/{id}"),
            Refused,
        ),
        case("decimal address", format!("https://2130706433/data/{id}"), Refused),
        case("hexadecimal address", format!("https://0x7f000001/data/{id}"), Refused),
        case("octal address", format!("https://0177.0.0.1/data/{id}"), Refused),
        case("IPv6", format!("https://[::1]/data/{id}"), Refused),
        case("IPv4 in IPv6", format!("https://[::ffff:127.0.0.1]/data/{id}"), Refused),
        case(
            "punycode",
            format!("https://xn--chort-3ya.example.org/data/{id}"),
            Refused,
        ),
        case(
            "letters that only look alike",
            format!("https://c\u{43e}hort.example.org/data/{id}"),
            Refused,
        ),
        case("fragment", format!("s3://cohort-bucket/{id}#x"), Refused),
        case("version", format!("s3://cohort-bucket/{id}?versionId=1"), Refused),
        case(
            "part",
            format!("https://cohort-bucket.s3.amazonaws.com/{id}?partNumber=1"),
            Refused,
        ),
        case(
            "presigned",
            format!("https://cohort-bucket.s3.amazonaws.com/{id}?X-Amz-Signature=00"),
            Refused,
        ),
        case(
            "azure with a signature",
            format!("https://cohort.blob.core.windows.net/data/{id}?sv=1&sig=x"),
            Refused,
        ),
        case("azure without an account", format!("az://data/{id}"), Refused),
        case("parameter", format!("https://cohort.example.org/data;x/{id}"), Refused),
        case(
            "backslash",
            format!("https://cohort.example.org\\@evil.example/{id}"),
            Refused,
        ),
        case(
            "zero width",
            format!("https://cohort.example.org/data/\u{200b}{id}"),
            Refused,
        ),
        case("a blank in front", format!(" s3://cohort-bucket/{id}"), Refused),
        case("a new line behind", format!("s3://cohort-bucket/{id}\n"), Refused),
        case("a wildcard", "s3://cohort-bucket/*".to_owned(), Refused),
        case("alternatives", format!("s3://cohort-bucket/{{{id},x}}"), Refused),
        case("another scheme", format!("ftp://cohort.example.org/data/{id}"), Refused),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn e12_url_spelling_is_one_place_or_none() {
    let gate = Gate::start().await;
    let id = gate.object();
    for (name, url, how) in spellings(&id) {
        let task = merged(&gate.task(), &json!({"inputs": [{"url": url}]}));
        let ada = gate.send(&gate.ada, &task).await;
        let bob = gate.send(&gate.bob, &task).await;
        let foreseen = gate.foreseen(&gate.ada, &task).await;
        match how {
            As::Same => {
                assert_eq!(ada.status, 200, "{name}: {}", ada.text());
                assert_eq!(bob.code(), "consent.approval_missing", "{name}: {}", bob.text());
                let sent = gate.tes.task();
                let sent = sent.pointer("/inputs/0/url").and_then(Value::as_str).unwrap();
                assert!(
                    sent.starts_with(&gate.house.node.at.door),
                    "{name}: only a capability goes on: {sent}"
                );
            }
            As::Unknown => {
                for answer in [&ada, &bob] {
                    assert_eq!(
                        (answer.status, answer.code().as_str()),
                        (403, "catalogue.unmapped"),
                        "{name}: {}",
                        answer.text()
                    );
                }
            }
            As::Refused => {
                for answer in [&ada, &bob] {
                    assert_eq!(answer.status, 400, "{name}: {}", answer.text());
                    assert!(answer.text().contains("inputs[0].url"), "{name}: {}", answer.text());
                }
            }
        }
        assert!(
            foreseen == ada.status || foreseen == 429,
            "{name}: can-i says {foreseen}"
        );
    }
    // outputs are forwarded in their one spelling
    for url in [
        "https://uni-bucket.s3.amazonaws.com/out/x",
        "S3A://uni-bucket/out/x",
        "https://s3.eu-north-1.amazonaws.com/uni-bucket/out/x",
    ] {
        let task = merged(&gate.task(), &json!({"outputs": [{"url": url}]}));
        let answer = gate.send(&gate.ada, &task).await;
        assert_eq!(answer.status, 200, "{url}: {}", answer.text());
        assert_eq!(
            gate.tes.task().pointer("/outputs/0/url"),
            Some(&json!("s3://uni-bucket/out/x"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e13_user_info_is_refused_everywhere_and_never_repeated() {
    let gate = Gate::start().await;
    let hush = "kestrel-7431";
    let url = format!("https://u:{hush}@cohort.example.org/data/x");
    let bucket = format!("s3://KEY:{hush}@cohort-bucket/x");
    let ftp = format!("ftp://u:{hush}@evil.example/x");
    let cases = [
        ("an input", json!({"inputs": [{"url": url}]})),
        ("a bucket with keys", json!({"inputs": [{"url": bucket}]})),
        ("ftp", json!({"inputs": [{"url": ftp}]})),
        (
            "a host as user",
            json!({"inputs": [{"url": format!("https://cohort.example.org@{hush}.example/x")}]}),
        ),
        (
            "an escaped sign",
            json!({"inputs": [{"url": format!("https://u%40{hush}.example/x")}]}),
        ),
        ("an output", json!({"outputs": [{"url": url}]})),
        (
            "content",
            json!({"inputs": [{}, {"content": format!("curl {url}"), "path": "/data/s"}]}),
        ),
        (
            "a command",
            json!({"executors": [{"command": ["psql", format!("postgres://u:{hush}@db.example/x")]}]}),
        ),
        ("the environment", json!({"executors": [{"env": {"DB": ftp}}]})),
        ("a tag", json!({"tags": {"from": url}})),
        ("the description", json!({"description": format!("from {url}")})),
        (
            "escaped",
            json!({"executors": [{"command": ["x", format!("https%3A%2F%2Fu:{hush}@h.example/")]}]}),
        ),
    ];
    for (name, change) in cases {
        let answer = gate.send(&gate.ada, &merged(&gate.task(), &change)).await;
        assert_eq!(answer.status, 400, "{name}: {}", answer.text());
        assert!(!answer.text().contains(hush), "{name}: {}", answer.text());
    }
    assert_eq!(gate.tes.count(), 0);
    assert!(!gate.house.node.words().contains(hush), "{}", gate.house.node.words());
    for file in walk(&gate.house.node.data()) {
        let bytes = std::fs::read(&file).unwrap_or_default();
        assert!(
            !bytes.windows(hush.len()).any(|window| window == hush.as_bytes()),
            "{} holds it",
            file.display()
        );
    }
}

/// All files below a folder.
fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(walk(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn e13_secrets_in_a_task_are_neither_stored_nor_shown_and_the_log_has_a_digest() {
    let gate = Gate::start().await;
    let hush = "kestrel-7431";
    let task = merged(
        &gate.idle(),
        &json!({
            "inputs": [{"content": format!("export AWS_SECRET_ACCESS_KEY={hush}\ntrue\n"), "path": "/data/s"}],
            "executors": [{"command": ["x", "--password", hush], "env": {"MY_API_TOKEN": hush}}],
        }),
    );
    let created = gate.send(&gate.ada, &task).await;
    assert_eq!(created.status, 200, "{}", created.text());
    assert!(gate.tes.last().contains(hush), "the work has what it needs");
    let id = created.json()["id"].as_str().unwrap().to_owned();
    let shown = tests::outside::get(
        &gate.house.proxy(&format!("/ga4gh/tes/v1/tasks/{id}?view=FULL")),
        Some(&gate.ada),
    )
    .await;
    assert_eq!(shown.status, 200, "{}", shown.text());
    assert!(
        shown.text().contains("[redacted]") && !shown.text().contains(hush),
        "{}",
        shown.text()
    );
    for file in walk(&gate.house.node.data()) {
        let bytes = std::fs::read(&file).unwrap_or_default();
        assert!(
            !bytes.windows(hush.len()).any(|window| window == hush.as_bytes()),
            "{} holds it",
            file.display()
        );
    }
    let noor = gate.house.token("noor");
    let url = gate.house.broker("/visum/v1/admin/audit/events?from=0&limit=1000");
    let events = tests::outside::get(&url, Some(&noor)).await.text();
    assert!(events.contains("\"request\"") && events.contains("sha256:"), "{events}");
}

#[tokio::test(flavor = "multi_thread")]
async fn e14_drs_forms_in_tasks_are_one_object_or_none() {
    let gate = Gate::start().await;
    let id = gate.object();
    let cases = [
        ("as it is", format!("drs://127.0.0.1/{id}"), 200),
        ("scheme in upper case", format!("DRS://127.0.0.1/{id}"), 200),
        (
            "escaped once",
            format!(
                "drs://127.0.0.1/%{:02x}{}",
                u32::from(id.chars().next().unwrap()),
                &id[1..]
            ),
            200,
        ),
        (
            "escaped twice",
            format!(
                "drs://127.0.0.1/%25{:02x}{}",
                u32::from(id.chars().next().unwrap()),
                &id[1..]
            ),
            403,
        ),
        (
            "another letter case",
            format!("drs://127.0.0.1/{}", id.to_uppercase()),
            403,
        ),
        ("another host", format!("drs://mirror.example.org/{id}"), 403),
        ("a compact id", format!("drs://dg.4503:{id}"), 403),
        ("a compact id with provider", format!("drs://eu/dg.4503:{id}"), 403),
        ("a port", format!("drs://127.0.0.1:8080/{id}"), 403),
        ("a query", format!("drs://127.0.0.1/{id}?x"), 400),
        ("one slash", format!("drs:/{id}"), 400),
        ("dos", format!("dos://127.0.0.1/{id}"), 400),
        ("user info", format!("drs://a@127.0.0.1/{id}"), 400),
        ("the bulk route's word", "drs://127.0.0.1/access".to_owned(), 400),
        ("a climb", format!("drs://127.0.0.1/x%2F..%2F{id}"), 400),
    ];
    for (name, url, status) in cases {
        let task = merged(&gate.task(), &json!({"inputs": [{"url": url}]}));
        let answer = gate.send(&gate.ada, &task).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
        let bob = gate.send(&gate.bob, &task).await;
        assert_ne!(bob.status, 200, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e17_host_paths_are_refused_and_files_by_url_are_judged() {
    let gate = Gate::start().await;
    let data = gate.house.sample.data_dir().display().to_string();
    let id = gate.object();
    let known = gate
        .house
        .sample
        .objects()
        .iter()
        .find(|object| object.id == id)
        .unwrap()
        .file_url();
    let cases = [
        ("a file of the dataset", known.clone(), 200),
        ("scheme in upper case", known.replacen("file", "FILE", 1), 200),
        ("a file of nobody", "file:///mnt/data/secret".to_owned(), 403),
        (
            "a name that goes on like the folder's",
            format!("file://{data}/a-secret/x"),
            403,
        ),
        ("a host", known.replacen("file://", "file://localhost", 1), 400),
        ("one slash", known.replacen("file://", "file:", 1), 400),
        ("no scheme", known.replacen("file://", "", 1), 400),
        ("a climb", format!("file://{data}/a/../b/x"), 400),
        ("an escaped climb", format!("file://{data}/a/%2e%2e/b/x"), 400),
        ("twice a slash", format!("file://{data}/a//x"), 400),
        ("a variable", "$HOME/x".to_owned(), 400),
        ("a home folder", "~/x".to_owned(), 400),
        ("a share", "\\\\host\\x".to_owned(), 400),
        ("a relative path", "x/y".to_owned(), 400),
    ];
    for (name, url, status) in cases {
        let task = merged(&gate.task(), &json!({"inputs": [{"url": url}]}));
        let answer = gate.send(&gate.ada, &task).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
    }
}
