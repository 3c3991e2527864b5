//! Runs as forms: parts, names and file names that servers read differently (E8, E9).

use tests::outside::{self, Answer};

use super::{Bench, form};

const KIND: &str = "multipart/form-data; boundary=xyz";

async fn send(bench: &Bench, kind: &str, body: Vec<u8>) -> Answer {
    let request = outside::client().post(bench.url("/ga4gh/wes/v1/runs"));
    let request = request.bearer_auth(&bench.ada).header("content-type", kind).body(body);
    outside::read(request.send().await.unwrap()).await
}

/// A part with these headers.
fn part(headers: &str, body: &str) -> String {
    format!("--xyz\r\n{headers}\r\n\r\n{body}\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn e8_a_form_that_two_readers_could_split_differently_is_refused_and_what_passes_is_written_anew() {
    let bench = Bench::start().await;
    let sound = String::from_utf8(form(&bench.run(), "xyz")).unwrap();
    let end = "--xyz--\r\n";
    let body = sound.strip_suffix(end).unwrap().to_owned();
    let more = |headers: &str, text: &str| format!("{body}{}{end}", part(headers, text));
    let named = |name: &str| format!("Content-Disposition: form-data; name=\"{name}\"");
    let swapped = |from: &str, to: &str| {
        assert!(sound.contains(from), "{from}");
        sound.replacen(from, to, 1)
    };
    let cases: Vec<(&str, String)> = vec![
        (
            "a second workflow_params",
            more(&named("workflow_params"), "{\"a\":\"drs://127.0.0.1/x\"}"),
        ),
        ("the same workflow_params again", more(&named("workflow_params"), "{}")),
        (
            "a second workflow_url",
            more(&named("workflow_url"), "https://evil.example.org/w.cwl"),
        ),
        ("a second workflow_type", more(&named("workflow_type"), "CWL")),
        (
            "another attachment of the same name",
            more(
                "Content-Disposition: form-data; name=\"workflow_attachment\"; filename=\"tasks.json\"",
                "[]",
            ),
        ),
        (
            "another attachment that differs in letter case",
            more(
                "Content-Disposition: form-data; name=\"workflow_attachment\"; filename=\"TASKS.json\"",
                "[]",
            ),
        ),
        ("a part without a name", more("Content-Disposition: form-data", "x")),
        ("an empty name", more(&named(""), "x")),
        ("a part without headers", format!("{body}--xyz\r\n\r\nx\r\n{end}")),
        (
            "an extended name",
            more("Content-Disposition: form-data; name*=utf-8''workflow_params", "{}"),
        ),
        ("a name in capitals", more(&named("Workflow_Params"), "{}")),
        (
            "another key in capitals",
            more("Content-Disposition: form-data; NAME=\"tags\"", "{}"),
        ),
        (
            "two names",
            more("Content-Disposition: form-data; name=\"tags\"; name=\"x\"", "{}"),
        ),
        (
            "two file names",
            more(
                "Content-Disposition: form-data; name=\"workflow_attachment\"; filename=\"a\"; filename=\"b\"",
                "x",
            ),
        ),
        (
            "an extended file name",
            more(
                "Content-Disposition: form-data; name=\"workflow_attachment\"; filename*=utf-8''b",
                "x",
            ),
        ),
        (
            "a plain and an extended file name",
            more(
                "Content-Disposition: form-data; name=\"workflow_attachment\"; filename=\"a\"; filename*=utf-8''b",
                "x",
            ),
        ),
        (
            "a quoted pair",
            more(
                "Content-Disposition: form-data; name=\"workflow_attachment\"; filename=\"a\\\"b\"",
                "x",
            ),
        ),
        (
            "a backslash",
            more(
                "Content-Disposition: form-data; name=\"workflow_attachment\"; filename=\"a\\b\"",
                "x",
            ),
        ),
        (
            "an open quote",
            more("Content-Disposition: form-data; name=\"tags", "{}"),
        ),
        (
            "an attachment without a file name",
            more(&named("workflow_attachment"), "x"),
        ),
        (
            "a form in a form",
            more(
                &format!("{}\r\nContent-Type: multipart/mixed; boundary=abc", named("tags")),
                "--abc\r\n\r\n{}\r\n--abc--",
            ),
        ),
        (
            "a transfer encoding",
            more(
                &format!("{}\r\nContent-Transfer-Encoding: base64", named("tags")),
                "e30=",
            ),
        ),
        (
            "two dispositions",
            more(&format!("{}\r\n{}", named("tags"), named("workflow_engine")), "{}"),
        ),
        (
            "another disposition",
            more("Content-Disposition: attachment; name=\"tags\"", "{}"),
        ),
        (
            "a folded header",
            more("Content-Disposition: form-data;\r\n name=\"tags\"", "{}"),
        ),
        (
            "a header with NUL",
            more("Content-Disposition: form-data; name=\"ta\0gs\"", "{}"),
        ),
        (
            "a header of its own",
            more(&format!("{}\r\nX-Other: 1", named("tags")), "{}"),
        ),
        (
            "a part of Sapporo's",
            more(&named("workflow_attachment_obj"), "[{\"file_url\":\"http://x/\"}]"),
        ),
        ("an unknown part", more(&named("workflow_unified_params"), "{}")),
        ("text in front", format!("preamble\r\n{sound}")),
        ("text behind", format!("{sound}epilogue")),
        ("a second form behind", format!("{sound}{sound}")),
        ("the last boundary missing", body.clone()),
        ("the last boundary cut", format!("{body}--xyz-")),
        ("a longer boundary", swapped("--xyz\r\n", "--xyzz\r\n")),
        ("white space behind a boundary", swapped("--xyz\r\n", "--xyz \r\n")),
        ("line feeds alone", sound.replace("\r\n", "\n")),
        ("a line feed behind a boundary", swapped("--xyz\r\n", "--xyz\n")),
        (
            "a line feed in a header",
            swapped("\"workflow_type\"\r\n", "\"workflow_type\"\n"),
        ),
        ("nothing", String::new()),
        ("no part", end.to_owned()),
    ];
    for (name, body) in cases {
        let answer = send(&bench, KIND, body.into_bytes()).await;
        assert_eq!(answer.status, 400, "{name}: {}", answer.text());
        assert_eq!(answer.json()["status_code"], 400, "{name}: in WES's shape");
        assert!(bench.played.came().is_empty(), "{name}: a backend saw it");
    }
    for kind in [
        "multipart/form-data; boundary=xy z",
        "multipart/form-data; boundary=\"xy;z\"",
        "multipart/form-data; boundary=\u{e9}",
        "multipart/form-data; boundary=xyz; Boundary=abc",
    ] {
        let answer = send(&bench, kind, sound.clone().into_bytes()).await;
        assert!(matches!(answer.status, 400 | 415), "{kind}: {}", answer.text());
        assert!(bench.played.came().is_empty(), "{kind}: a backend saw it");
    }
    // wes-client sends its descriptor twice: the same name and the same bytes
    let mut parts = bench.run();
    let again = parts.last().cloned().unwrap();
    parts.push(again);
    let answer = send(&bench, "multipart/form-data; boundary=\"xyz\"", form(&parts, "xyz")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let came = bench.played.came();
    let came = came.iter().find(|came| came.method == "POST").unwrap();
    let kind = came.headers.get("content-type").unwrap().to_str().unwrap();
    let boundary = kind.rsplit_once("boundary=").unwrap().1.trim_matches('"').to_owned();
    let text = String::from_utf8_lossy(&came.body);
    assert!(boundary != "xyz" && !text.contains("--xyz"), "written anew: {kind}");
    assert_eq!(text.matches("filename=").count(), 1, "once: {text}");
    assert_eq!(text.matches("name=\"workflow_params\"").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn e9_file_names_lead_nowhere_and_are_no_configuration_of_an_engine() {
    let bench = Bench::start().await;
    let long = "x".repeat(256);
    let overlong = vec!["x".repeat(250); 5].join("/");
    for file in [
        "../../etc/cron.d/x",
        "..",
        ".",
        "a/../b",
        "a/./b",
        "a//b",
        "/abs",
        "//host/share",
        "a/",
        "C:\\x",
        "C:x",
        "..\\..\\x",
        "a\\b",
        "~/x",
        "$HOME/x",
        "-rf",
        "a\u{7f}b",
        "a\tb",
        "a%2e%2e%2fb",
        "a;b",
        "a|b",
        "a`id`",
        "a*b",
        "nai\u{308}ve.txt",
        "na\u{ef}ve.txt",
        "t\u{430}sks.json",
        "a\u{202e}txt.sh",
        "a\u{2024}\u{2024}/b",
        "\u{ff0e}\u{ff0e}/x",
        "nextflow.config",
        "sub/nextflow.config",
        "Nextflow.Config",
        ".nextflowrc",
        ".cwltool",
        ".hidden",
        "Snakefile",
        "profile.yaml",
        "options.json",
        "run.sh",
        long.as_str(),
        overlong.as_str(),
    ] {
        let mut parts = bench.run();
        parts.push(("workflow_attachment".to_owned(), Some(file.to_owned()), "x".to_owned()));
        let answer = send(&bench, KIND, form(&parts, "xyz")).await;
        assert_eq!(answer.status, 400, "{file:?}: {}", answer.text());
        assert!(bench.played.came().is_empty(), "{file:?}: a backend saw it");
    }
    let nul = form(&bench.run(), "xyz");
    let nul = String::from_utf8(nul)
        .unwrap()
        .replace("tasks.json\"", "tasks.json\0.txt\"");
    assert_eq!(send(&bench, KIND, nul.into_bytes()).await.status, 400, "NUL");
    for (one, other) in [("Data.csv", "data.csv"), ("sub/A", "SUB/a")] {
        let mut parts = bench.run();
        for file in [one, other] {
            parts.push(("workflow_attachment".to_owned(), Some(file.to_owned()), "x".to_owned()));
        }
        let answer = send(&bench, KIND, form(&parts, "xyz")).await;
        assert_eq!(answer.status, 400, "{one} and {other}: {}", answer.text());
    }
    assert!(bench.played.came().is_empty());
}
