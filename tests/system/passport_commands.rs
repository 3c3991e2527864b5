//! `visum passport`, `visa` and `trust` as a tired person uses them: exit status, messages, screens.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::{Value, json};
use tests::binary::{self, Said};

/// When the published example counts.
const AT: &str = "1800000000";

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../visa-verifier/examples/data")
        .join(name)
}

/// The example's Passport, its visas (links, grant, expired grant) and files made of them, in a folder.
struct Files {
    folder: tempfile::TempDir,
    trust: String,
}

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let passport = std::fs::read_to_string(example("passport.jwt")).unwrap();
        let decoded = binary::run(&[
            "passport",
            "decode",
            "--json",
            example("passport.jwt").to_str().unwrap(),
        ]);
        assert_eq!(decoded.code, 0, "{}", decoded.err);
        let trust = std::fs::read_to_string(example("trust.json")).unwrap();
        let visas = visas_of(passport.trim());
        let mut unpinned: Value = serde_json::from_str(&trust).unwrap();
        let broker = unpinned
            .pointer_mut("/trusted_brokers/0")
            .and_then(Value::as_object_mut);
        broker.unwrap().remove("jwks");
        let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        put("passport.jwt", &passport);
        put("visa.jwt", visas.get(1).unwrap());
        put("old.jwt", visas.get(2).unwrap());
        put("words.txt", "no token at all");
        put("broken.json", "{\"passports\": [");
        put("wrong.json", &json!({"passports": passport.trim()}).to_string());
        put("unknown.json", &json!({"passport": [passport.trim()]}).to_string());
        put("empty.txt", "\n");
        put("large.jwt", &format!("{0}.{0}.{0}", "a".repeat(700_000)));
        put("large.json", &json!({"passports": ["a".repeat(2 << 20)]}).to_string());
        put("misspelt.json", &trust.replace("\"clock_skew\"", "\"clock_scew\""));
        put("unpinned.json", &unpinned.to_string());
        let ended = trust.replacen("\"iss\"", "\"until\": \"2020-01-01T00:00:00Z\", \"iss\"", 1);
        put("ended.json", &ended);
        put(
            "required.json",
            &json!({"passports": [passport.trim()], "require": {"all_of": [{"type": "ResearcherStatus"}]}}).to_string(),
        );
        let trust = example("trust.json").display().to_string();
        Self { folder, trust }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Runs a command in which `@name` stands for a file of the folder and `TRUST` for the example's trust file.
    fn run(&self, command: &str) -> Said {
        let words: Vec<String> = command.split(' ').map(|word| self.word(word)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut command = binary::visum(&words);
        command.env("VISUM_HOME", self.folder.path()).output().unwrap().into()
    }

    fn word(&self, word: &str) -> String {
        match word.strip_prefix('@') {
            Some(name) => self.path(name),
            None => word.replace("TRUST", &self.trust),
        }
    }
}

/// The visas inside of a Passport.
fn visas_of(passport: &str) -> Vec<String> {
    use base64::Engine as _;
    let payload = passport.split('.').nth(1).unwrap();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(payload)
        .unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let visas = claims.get("ga4gh_passport_v1").and_then(Value::as_array).unwrap();
    visas.iter().map(|visa| visa.as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_exit_status_of_a_judgement_is_its_answer() {
    let files = Files::new();
    let grant = "--require ControlledAccessGrants=https://data.example.org/1";
    let cases: &[(&str, String, i32, &str)] = &[
        (
            "a Passport",
            "passport verify --trust TRUST --at AT @passport.jwt".into(),
            0,
            "2 of 3 visas count",
        ),
        (
            "a visa alone",
            "passport verify --trust TRUST --at AT @visa.jwt".into(),
            0,
            "Visa of ada",
        ),
        (
            "a visa by its own command",
            "visa verify --trust TRUST --at AT @visa.jwt".into(),
            0,
            "Accepted",
        ),
        (
            "a visa that is over",
            "visa verify --trust TRUST --at AT @old.jwt".into(),
            1,
            "Rejected: EXPIRED.",
        ),
        (
            "a Passport that is over",
            "passport verify --trust TRUST --at 2000000000 @passport.jwt".into(),
            1,
            "Rejected: EXPIRED.",
        ),
        (
            "one of the future",
            "passport verify --trust TRUST --at 1 @passport.jwt".into(),
            1,
            "ISSUED_IN_FUTURE",
        ),
        (
            "a grant that is asked for",
            format!("passport verify --trust TRUST --at AT {grant} @passport.jwt"),
            0,
            "is met",
        ),
        (
            "one that is not there",
            format!("passport verify --trust TRUST --at AT {grant}0 @passport.jwt"),
            1,
            "is not met",
        ),
        (
            "a requirement of the document alone",
            "passport verify --trust TRUST --at AT @required.json".into(),
            0,
            "is not met",
        ),
        (
            "a page of it",
            "passport show --trust TRUST --at AT @passport.jwt".into(),
            0,
            "EXPIRED: it has expired",
        ),
        (
            "a page of one that is rejected",
            "passport show --trust TRUST --at 1 @passport.jwt".into(),
            0,
            "Rejected",
        ),
        (
            "a token over its bound",
            "passport verify --trust TRUST @large.jwt".into(),
            1,
            "TOO_LARGE",
        ),
        (
            "a document with one",
            "passport verify --trust TRUST @large.json".into(),
            1,
            "TOO_LARGE",
        ),
        (
            "keys that cannot be had",
            "passport verify --trust @unpinned.json --at AT @passport.jwt".into(),
            3,
            "KEYS_UNAVAILABLE",
        ),
        (
            "taking apart",
            "passport decode @passport.jwt".into(),
            0,
            "NOT VERIFIED",
        ),
        ("a sound trust file", "trust check TRUST".into(), 0, "Sound."),
        (
            "an entry that ended",
            "trust check @ended.json".into(),
            0,
            "trust.ended",
        ),
    ];
    for (name, command, code, said) in cases {
        let words = files.run(&command.replace("AT", AT));
        assert_eq!(words.code, *code, "{name}: {}\n{}", words.out, words.err);
        assert!(words.out.contains(said), "{name}: {}", words.out);
        assert!(
            !words.out.contains('\u{1b}') && !words.err.contains('\u{1b}'),
            "{name}: no colours in a pipe"
        );
        if *name != "taking apart" {
            assert!(!words.out.contains("eyJ"), "{name}: no token in the page");
        }
    }
}

#[test]
fn what_cannot_be_judged_is_refused_with_a_hint_and_without_the_token() {
    let files = Files::new();
    let cases = [
        (
            "a missing file",
            "passport verify --trust TRUST @nothing",
            3,
            "check the path",
        ),
        (
            "a missing trust file",
            "passport verify --trust @nothing @passport.jwt",
            3,
            "check the path",
        ),
        ("a folder", "passport verify --trust TRUST @.", 2, "input.folder"),
        ("a folder as trust file", "trust check @.", 2, "input.folder"),
        ("no JSON", "passport verify --trust TRUST @broken.json", 2, "line 1"),
        (
            "no token",
            "passport verify --trust TRUST @words.txt",
            2,
            "neither a JSON object nor a compact token",
        ),
        ("no visa", "visa verify --trust TRUST @words.txt", 2, "input.form"),
        (
            "a Passport as a visa",
            "visa verify --trust TRUST @passport.jwt",
            2,
            "visum passport verify",
        ),
        (
            "a token in the wrong place",
            "passport verify --trust TRUST @wrong.json",
            2,
            "`passports`",
        ),
        (
            "an unknown member",
            "passport verify --trust TRUST @unknown.json",
            2,
            "passport",
        ),
        (
            "nothing",
            "passport verify --trust TRUST @empty.txt",
            2,
            "input.nothing",
        ),
        ("taking no token apart", "passport decode @words.txt", 2, "three parts"),
        (
            "taking a large one apart",
            "passport decode @large.jwt",
            2,
            "input.too_large",
        ),
        (
            "a misspelt key",
            "trust check @misspelt.json",
            2,
            "did you mean `clock_skew`?",
        ),
        (
            "a misspelt key when judging",
            "passport verify --trust @misspelt.json @passport.jwt",
            2,
            "hint: did you mean",
        ),
        (
            "a wrong flag",
            "passport verify --trusts TRUST @passport.jwt",
            2,
            "--trust",
        ),
        ("no trust", "passport verify @passport.jwt", 2, "--trust"),
        (
            "no time",
            "passport verify --trust TRUST --at noon @passport.jwt",
            2,
            "unix seconds",
        ),
        (
            "a requirement without type",
            "passport verify --trust TRUST --require =x @passport.jwt",
            2,
            "TYPE=VALUE",
        ),
        (
            "nobody logged in and no trust",
            "passport show @passport.jwt",
            3,
            "--trust FILE",
        ),
    ];
    for (name, command, code, said) in cases {
        for flag in ["", " --json"] {
            let words = files.run(&format!("{command}{flag}"));
            assert_eq!(words.code, code, "{name}: {}\n{}", words.out, words.err);
            assert!(words.err.contains(said), "{name}: {}", words.err);
            let all = words.out + &words.err;
            assert!(!all.contains("eyJ") && !all.contains("panicked"), "{name}: {all}");
        }
    }
}

#[test]
fn standard_input_is_read_and_json_is_one_document() {
    let files = Files::new();
    let passport = std::fs::read(files.path("passport.jwt")).unwrap();
    let mut child = binary::visum(&["passport", "verify", "--json", "--trust", &files.trust, "--at", AT, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&passport).unwrap();
    let said = Said::from(child.wait_with_output().unwrap());
    let report: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &report["request"]), (0, &json!("accept")));
    let visas = report["passports"][0]["visas"].as_array().unwrap();
    let codes: Vec<_> = visas.iter().map(|visa| visa["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["OK", "OK", "EXPIRED"]);
    assert_eq!(
        (&visas[1]["of_holder"], &visas[1]["evidence"]),
        (&json!(true), &json!(["example"]))
    );
    let decoded = files.run("passport decode --json @passport.jwt");
    let decoded: Value = serde_json::from_str(&decoded.out).unwrap();
    assert_eq!(decoded["verified"], false);
    assert!(decoded.get("signature").is_none());
    let first = files.run("passport decode @passport.jwt").out;
    assert!(first.starts_with("NOT VERIFIED"), "{first}");
}

/// Answers every call on a free port with this, as long as the test runs.
fn answering(status: &str, body: &str) -> String {
    use std::io::Read as _;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
        body.len()
    );
    let answer = format!("{head}Connection: close\r\n\r\n{body}");
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let mut socket = socket;
            let _ = socket.read(&mut [0; 4096]);
            let _ = socket.write_all(answer.as_bytes());
        }
    });
    format!("http://{address}/jwks.json")
}

#[test]
fn a_trust_file_is_checked_at_its_key_addresses() {
    let files = Files::new();
    let trust: Value = serde_json::from_str(&std::fs::read_to_string(example("trust.json")).unwrap()).unwrap();
    let keys = trust.pointer("/trusted_brokers/0/jwks").unwrap().to_string();
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/jwks.json", listener.local_addr().unwrap())
    };
    for (name, url, code, said) in [
        (
            "keys that are there",
            answering("200 OK", &keys),
            0,
            "ES256 256 bits, kid k1",
        ),
        (
            "no such document",
            answering("404 Not Found", "{}"),
            1,
            "trust.keys_not_had",
        ),
        ("no key set", answering("200 OK", "[]"), 1, "trust.keys_not_had"),
        (
            "a set without keys",
            answering("200 OK", r#"{"keys":[]}"#),
            1,
            "trust.no_keys",
        ),
        ("nobody there", closed, 3, "Not known"),
    ] {
        let mut asked = trust.clone();
        let issuer = asked
            .pointer_mut("/trusted_visa_issuers/0")
            .and_then(Value::as_object_mut)
            .unwrap();
        issuer.remove("keys");
        issuer.insert("jku".to_owned(), json!([url]));
        std::fs::write(files.path("asked.json"), asked.to_string()).unwrap();
        let words = files.run("trust check --fetch --loopback-http @asked.json");
        assert_eq!(words.code, code, "{name}: {}\n{}", words.out, words.err);
        assert!(words.out.contains(said), "{name}: {}", words.out);
    }
}

#[test]
fn pages_fit_the_terminal_and_are_coloured_only_where_they_may() {
    let files = Files::new();
    let path = binary::path().display().to_string();
    for (columns, colours) in [(60, true), (80, true), (120, true), (80, false)] {
        let environment = if colours {
            "TERM=xterm-256color"
        } else {
            "TERM=xterm-256color NO_COLOR=1"
        };
        let line = format!(
            "stty cols {columns} rows 50; env -u NO_COLOR -u CI {environment} {path} passport show --trust {} --at {AT} {}",
            files.trust,
            files.path("passport.jwt")
        );
        let output = std::process::Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .stdin(Stdio::null())
            .output();
        let said = Said::from(output.unwrap());
        assert_eq!(said.code, 0, "{}", said.out);
        assert_eq!(said.out.contains("\u{1b}[3"), colours, "{columns}: {:?}", said.out);
        for row in said.out.lines() {
            let width = without_escapes(row).trim_end().chars().count();
            assert!(width <= columns, "{columns}: {width}: {row}");
        }
        for word in ["Accepted.", "yes", "no", "EXPIRED"] {
            assert!(said.out.contains(word), "{columns}: {word}: {}", said.out);
        }
    }
}

fn without_escapes(text: &str) -> String {
    let mut out = String::new();
    let mut parts = text.split('\u{1b}');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        out.push_str(part.split_once('m').map_or("", |(_, rest)| rest));
    }
    out
}
