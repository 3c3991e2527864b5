//! Bodies: JSON that two parsers read differently, what is unknown or of another type (E1 to E4).

use serde_json::{Value, json};
use tests::outside::{self, Answer};

use super::{Bench, OBJECT, TES, form};

/// Sends a body with these headers.
pub(super) async fn send(url: &str, token: Option<&str>, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
    let mut request = outside::client().post(url).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    outside::read(request.send().await.unwrap()).await
}

pub(super) const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

/// A refusal in the shape of its API, of our own making, that no backend saw.
pub(super) fn refused(bench: &Bench, name: &str, answer: &Answer, status: &[u16]) {
    assert!(
        status.contains(&answer.status),
        "{name}: {} {}",
        answer.status,
        answer.text()
    );
    let body = answer.json();
    let shaped = body
        .get("msg")
        .or_else(|| body.get("message"))
        .is_some_and(Value::is_string);
    assert!(shaped && body.get("request_id").is_some(), "{name}: {body}");
    let came = bench.played.came();
    assert!(came.is_empty(), "{name}: a backend saw {came:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn e1_e4_json_that_two_parsers_could_read_differently_is_refused_at_every_depth() {
    let bench = Bench::start().await;
    let task = bench.task().to_string();
    let with = |from: &str, to: &str| {
        assert!(task.contains(from), "{from} in {task}");
        task.replace(from, to).into_bytes()
    };
    let path = "\"path\":\"/in/a\"";
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("a member twice", with("\"name\":", "\"name\":\"a\",\"name\":")),
        (
            "equal members twice",
            with("\"name\":\"count\"", "\"name\":\"count\",\"name\":\"count\""),
        ),
        (
            "a member twice, once escaped",
            with("\"name\":", "\"n\\u0061me\":\"a\",\"name\":"),
        ),
        (
            "a member of an input twice",
            with(path, &format!("{path},\"path\":\"/in/b\"")),
        ),
        (
            "a URL twice",
            with("\"url\":\"drs", "\"url\":\"s3://open/x\",\"url\":\"drs"),
        ),
        (
            "a member of an executor twice",
            with("\"image\":", "\"image\":\"x\",\"image\":"),
        ),
        (
            "a tag twice",
            with("\"name\":", "\"tags\":{\"a\":\"1\",\"a\":\"2\"},\"name\":"),
        ),
        (
            "a variable twice",
            with("\"image\":", "\"env\":{\"A\":\"1\",\"\\u0041\":\"2\"},\"image\":"),
        ),
        ("a byte order mark", [b"\xef\xbb\xbf", task.as_bytes()].concat()),
        ("UTF-16", utf16(&task)),
        ("UTF-16 with its mark", [vec![0xff, 0xfe], utf16(&task)].concat()),
        (
            "UTF-32",
            task.chars()
                .flat_map(|letter| u32::from(letter).to_le_bytes())
                .collect(),
        ),
        (
            "Latin-1",
            with("count", "count")
                .iter()
                .map(|byte| if *byte == b'u' { 0xfc } else { *byte })
                .collect(),
        ),
        (
            "overlong UTF-8",
            [&b"{\"name\":\"\xc0\xaf\","[..], &task.as_bytes()[1..]].concat(),
        ),
        ("a block comment", with("{\"", "{/* x */\"")),
        ("a line comment", [task.as_bytes(), b"\n// x"].concat()),
        ("single quotes", task.replace('"', "'").into_bytes()),
        ("a bare name", with("\"name\":", "name:")),
        ("a trailing comma", with("\"count\"", "\"count\",")),
        ("a trailing comma in the end", with("}],\"", "},],\"")),
        ("a second document", [task.as_bytes(), b"{}"].concat()),
        ("a second document on its own line", [task.as_bytes(), b"\n{}"].concat()),
        ("NUL behind it", [task.as_bytes(), b"\0"].concat()),
        ("NaN", with("\"name\":", "\"resources\":{\"ram_gb\":NaN},\"name\":")),
        (
            "infinity",
            with("\"name\":", "\"resources\":{\"ram_gb\":Infinity},\"name\":"),
        ),
        (
            "a huge exponent",
            with("\"name\":", "\"resources\":{\"ram_gb\":1e999},\"name\":"),
        ),
        (
            "a number past 2^53",
            with("\"name\":", "\"resources\":{\"cpu_cores\":9007199254740993},\"name\":"),
        ),
        (
            "a number past 2^64",
            with("\"name\":", "\"resources\":{\"ram_gb\":18446744073709551617},\"name\":"),
        ),
        (
            "a leading zero",
            with("\"name\":", "\"resources\":{\"cpu_cores\":01},\"name\":"),
        ),
        (
            "a plus sign",
            with("\"name\":", "\"resources\":{\"cpu_cores\":+1},\"name\":"),
        ),
        (
            "hexadecimal",
            with("\"name\":", "\"resources\":{\"cpu_cores\":0x1},\"name\":"),
        ),
        ("a lone surrogate", with("\"count\"", "\"\\ud800\"")),
        (
            "a surrogate pair the wrong way round",
            with("\"count\"", "\"\\udc00\\ud800\""),
        ),
        ("NUL in a text", with("\"count\"", "\"a\\u0000b\"")),
        (
            "NUL in a name",
            with("\"name\":", "\"tags\":{\"a\\u0000\":\"1\"},\"name\":"),
        ),
        ("a raw control character", with("\"count\"", "\"a\nb\"")),
        ("an unknown escape", with("\"count\"", "\"\\x41\"")),
        ("a list", format!("[{task}]").into_bytes()),
        ("a text", Value::from(task.as_str()).to_string().into_bytes()),
        ("null", b"null".to_vec()),
        ("nothing", Vec::new()),
        ("white space", b" \n".to_vec()),
        ("cut", task.as_bytes()[..task.len() - 1].to_vec()),
    ];
    for base in TES {
        let url = bench.url(&format!("{base}/tasks"));
        for (name, body) in &cases {
            let answer = send(&url, Some(&bench.ada), &JSON, body.clone()).await;
            refused(&bench, name, &answer, &[400]);
        }
        assert_eq!(
            send(&url, Some(&bench.ada), &JSON, task.clone().into_bytes())
                .await
                .status,
            200
        );
        bench.played.came();
    }
    let drs = bench.url(&format!("/ga4gh/drs/v1/objects/{OBJECT}"));
    for (name, body) in [
        ("Passports twice", r#"{"passports":["a"],"passports":["b"]}"#),
        (
            "Passports twice, once escaped",
            r#"{"passports":["a"],"passport\u0073":["b"]}"#,
        ),
        ("a second document", "{}{}"),
        ("a byte order mark", "\u{feff}{}"),
        ("a comment", "{}//"),
    ] {
        for url in [drs.clone(), format!("{drs}/access/https")] {
            let answer = send(&url, None, &JSON, body.as_bytes().to_vec()).await;
            refused(&bench, name, &answer, &[400]);
        }
    }
    // the texts of a run's form that are JSON
    let wes = bench.url("/ga4gh/wes/v1/runs");
    for (name, part, body) in [
        (
            "a parameter twice",
            "workflow_params",
            r#"{"a":"s3://open/x","a":"s3://secret/y"}"#,
        ),
        (
            "a parameter twice, deep",
            "workflow_params",
            r#"{"a":[{"b":{"c":1,"\u0063":2}}]}"#,
        ),
        ("a trailing document", "workflow_params", "{}{}"),
        ("YAML", "workflow_params", "a: b"),
        ("a list", "workflow_params", "[]"),
        ("a lone surrogate", "workflow_params", r#"{"a":"\udead"}"#),
        ("a tag twice", "tags", r#"{"a":"1","a":"2"}"#),
        ("a tag that is true", "tags", r#"{"a":true}"#),
        (
            "an engine parameter",
            "workflow_engine_parameters",
            r#"{"--outdir":"x"}"#,
        ),
    ] {
        let mut parts = bench.run();
        parts.retain(|(name, ..)| name != part);
        parts.push((part.to_owned(), None, body.to_owned()));
        let typed = [("content-type", "multipart/form-data; boundary=xyz")];
        let answer = send(&wes, Some(&bench.ada), &typed, form(&parts, "xyz")).await;
        refused(&bench, name, &answer, &[400]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e2_e3_unknown_members_and_other_types_are_refused_and_named() {
    let bench = Bench::start().await;
    let changed = |pointer: &str, name: &str, value: Value| {
        let mut task = bench.task();
        let place = task.pointer_mut(pointer).and_then(Value::as_object_mut).unwrap();
        place.insert(name.to_owned(), value);
        task
    };
    // where, member, value, whether the sentence names it
    let cases: Vec<(&str, &str, Value, bool)> = vec![
        ("", "credentials", json!({"key": "x"}), true),
        ("", "hostConfig", json!({"privileged": true}), true),
        ("", "x-aws-role", json!("arn:aws:iam::1:role/x"), true),
        ("", "id", json!("b1"), true),
        ("", "state", json!("COMPLETE"), true),
        ("", "logs", json!([]), true),
        ("", "creation_time", json!("2026-01-01T00:00:00Z"), true),
        ("", "Name", json!("x"), true),
        ("/inputs/0", "url2", json!("s3://secret/y"), true),
        ("/inputs/0", "URL", json!("s3://secret/y"), true),
        ("/inputs/0", "__proto__", json!({}), true),
        ("/outputs/0", "pathPrefix", json!("/out"), true),
        ("/executors/0", "ignoreError", json!(true), true),
        ("/executors/0", "entrypoint", json!(["sh"]), true),
        ("", "resources", json!({"backendParameters": {}}), true),
        ("", "resources", json!({"ramGb": 1}), true),
        ("", "name", json!(7), true),
        ("", "name", json!(["a"]), true),
        ("", "name", Value::Null, true),
        ("", "inputs", json!({"0": {}}), true),
        ("", "inputs", json!("drs://x/y"), true),
        ("", "inputs", Value::Null, true),
        (
            "",
            "inputs",
            json!([[null, null, "drs://127.0.0.1/x", "/in/a", "FILE", null, null]]),
            true,
        ),
        ("", "executors", json!({"image": "x", "command": []}), true),
        ("", "volumes", json!("/vol"), true),
        ("", "tags", json!({"a": true}), true),
        ("", "tags", json!({"a": 1}), true),
        ("", "tags", json!({"a": null}), true),
        ("", "tags", json!([["a", "b"]]), true),
        ("", "resources", json!({"cpu_cores": "2"}), true),
        ("", "resources", json!({"cpu_cores": 1.5}), true),
        ("", "resources", json!({"cpu_cores": -1}), true),
        ("", "resources", json!({"preemptible": "true"}), true),
        ("", "resources", json!({"preemptible": 1}), true),
        ("", "resources", json!({"zones": "eu"}), true),
        ("/inputs/0", "type", json!(0), true),
        ("/inputs/0", "type", json!("file"), true),
        ("/inputs/0", "type", json!({"FILE": null}), true),
        ("/inputs/0", "streamable", json!("yes"), true),
        ("/inputs/0", "content", json!({"a": 1}), true),
        ("/inputs/0", "url", json!(["drs://127.0.0.1/x"]), true),
        ("/outputs/0", "url", Value::Null, true),
        ("/executors/0", "command", json!("wc -c /in/a"), true),
        ("/executors/0", "command", json!(["wc", 1]), true),
        ("/executors/0", "env", json!({"A": {"valueFrom": "secret"}}), true),
        ("/executors/0", "env", json!({"A": 1}), true),
        ("/executors/0", "env", json!([{"name": "A", "value": "1"}]), true),
    ];
    for base in TES {
        let url = bench.url(&format!("{base}/tasks"));
        for (pointer, member, value, named) in &cases {
            let name = format!("{pointer}/{member}: {value}");
            let body = changed(pointer, member, value.clone()).to_string().into_bytes();
            let answer = send(&url, Some(&bench.ada), &JSON, body).await;
            refused(&bench, &name, &answer, &[400]);
            assert!(!named || answer.text().contains(member), "{name}: {}", answer.text());
        }
        let list = json!([null, null, null, null, null, [[bench.image(), ["true"]]]]);
        let answer = send(&url, Some(&bench.ada), &JSON, list.to_string().into_bytes()).await;
        refused(&bench, "a task as a list of its members", &answer, &[400]);
    }
    let drs = bench.url(&format!("/ga4gh/drs/v1/objects/{OBJECT}"));
    for body in [
        json!({"passports": "a"}),
        json!({"passports": [1]}),
        json!({"passports": null}),
        json!({"passports": {"0": "a"}}),
        json!({"tokens": ["a"]}),
        json!({"Passports": ["a"]}),
        json!({"passports": [], "expand": "true"}),
        json!({"passports": [], "expand": 1}),
        json!({"passports": [], "debug": true}),
        json!([["a"]]),
    ] {
        let answer = send(&drs, None, &JSON, body.to_string().into_bytes()).await;
        refused(&bench, &body.to_string(), &answer, &[400]);
    }
}
