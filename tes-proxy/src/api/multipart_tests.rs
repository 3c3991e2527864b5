//! Tests of the multipart reader.

use super::*;

fn one(disposition: &str) -> String {
    format!("--b\r\nContent-Disposition: {disposition}\r\n\r\nx\r\n--b--\r\n")
}

#[test]
fn e8_what_two_multipart_readers_read_differently_is_refused() {
    let cases: [(&str, String, bool); 19] = [
        ("a part", one("form-data; name=\"workflow_url\""), true),
        ("an unquoted name", one("form-data; name=workflow_url"), true),
        ("an attachment", one("form-data; name=\"workflow_attachment\"; filename=\"a/b.cwl\""), true),
        ("no name", one("form-data"), false),
        ("another letter case", one("form-data; name=\"Workflow_url\""), false),
        ("name*", one("form-data; name*=utf-8''workflow_url"), false),
        ("two names", one("form-data; name=\"workflow_url\"; name=\"tags\""), false),
        ("two file names", one("form-data; name=\"workflow_attachment\"; filename=\"a\"; filename=\"b\""), false),
        ("filename*", one("form-data; name=\"workflow_attachment\"; filename=\"a\"; filename*=utf-8''b"), false),
        ("a quoted pair", one("form-data; name=\"workflow_attachment\"; filename=\"a\\\"b\""), false),
        ("an attachment disposition", one("attachment; name=\"workflow_url\""), false),
        ("a transfer encoding", "--b\r\nContent-Disposition: form-data; name=\"tags\"\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--b--".into(), false),
        ("a nested multipart", "--b\r\nContent-Disposition: form-data; name=\"tags\"\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\nx\r\n--b--".into(), false),
        ("a preamble", format!("hello\r\n{}", one("form-data; name=\"tags\"")), false),
        ("an epilogue", format!("{}more", one("form-data; name=\"tags\"")), false),
        ("no last boundary", "--b\r\nContent-Disposition: form-data; name=\"tags\"\r\n\r\nx\r\n".into(), false),
        ("bare LF", "--b\nContent-Disposition: form-data; name=\"tags\"\n\nx\n--b--\n".into(), false),
        ("a folded header", "--b\r\nContent-Disposition: form-data;\r\n name=\"tags\"\r\n\r\nx\r\n--b--".into(), false),
        ("a boundary that is a prefix of another", "--b\r\nContent-Disposition: form-data; name=\"tags\"\r\n\r\nx\r\n--bc\r\n\r\n--b--".into(), false),
    ];
    for (name, body, taken) in cases {
        assert_eq!(
            parse(body.as_bytes(), "b").is_ok(),
            taken,
            "{name}: {:?}",
            parse(body.as_bytes(), "b")
        );
    }
}

#[test]
fn e8_a_part_stands_once_and_only_an_exact_repeat_of_an_attachment_is_dropped() {
    let part = |name: &str, file: Option<&str>, bytes: &str| Part {
        name: name.into(),
        file: file.map(Into::into),
        bytes: bytes.into(),
    };
    let read = |parts: &[Part]| parse(&write(parts, "zz").unwrap(), "zz").map(|parts| parts.len());
    let url = part("workflow_url", None, "a");
    assert_eq!(read(&[url.clone(), url]), Err(MultipartFault::Twice));
    let file = part("workflow_attachment", Some("a.cwl"), "x");
    assert_eq!(read(&[file.clone(), file.clone()]), Ok(1));
    assert_eq!(
        read(&[file.clone(), part("workflow_attachment", Some("a.cwl"), "y")]),
        Err(MultipartFault::Twice)
    );
    assert_eq!(
        read(&[file, part("workflow_attachment", Some("A.cwl"), "x")]),
        Err(MultipartFault::Twice),
        "case twins"
    );
}

#[test]
fn e9_file_names_are_relative_and_plain() {
    for sound in ["a.cwl", "tools/a-b_c.cwl", "tasks.json"] {
        assert_eq!(file_name(sound), Ok(()), "{sound}");
    }
    for bad in [
        "",
        "../x",
        "a/../b",
        "/abs",
        "C:x",
        "a\\b",
        "a//b",
        "a/./b",
        "a\0b",
        "nextflow.config",
        "nextflow.config.",
        "nextflow.config ",
        " a.cwl",
        "profiles/default/config.yaml",
        "a/Profiles/x.txt",
        "config.v8+.yaml",
        ".snakemake/x",
        ".nextflow/config",
        "a/.git/config",
        "x/Nextflow.config",
        ".cwltool",
        "~x",
        "$HOME",
        "\u{ff0e}\u{ff0e}/x",
        "a;b",
    ] {
        assert!(file_name(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn e8_boundaries_are_plain_and_stand_once() {
    let cases = [
        ("multipart/form-data; boundary=abc", Some("abc")),
        ("multipart/form-data; boundary=\"a-b\"", Some("a-b")),
        ("multipart/form-data", None),
        ("multipart/form-data; boundary=a; boundary=b", None),
        ("multipart/form-data; boundary=a b", None),
        ("multipart/form-data; boundary=", None),
    ];
    for (value, expected) in cases {
        assert_eq!(boundary(value).ok().as_deref(), expected, "{value}");
    }
}

#[test]
fn what_is_written_is_read_back() {
    let parts = vec![
        Part {
            name: "workflow_params".into(),
            file: None,
            bytes: b"{\"a\":\"\r\n--\"}".to_vec(),
        },
        Part {
            name: "workflow_attachment".into(),
            file: Some("t/x.json".into()),
            bytes: vec![0, 255, 13, 10],
        },
    ];
    assert_eq!(parse(&write(&parts, "q1").unwrap(), "q1").unwrap(), parts);
    assert_eq!(
        write(&parts, "--"),
        None,
        "a boundary that occurs in a part is not used"
    );
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        let _ = parse(&bytes, "b");
    }
}
