//! Tests of the scanner.

use std::sync::atomic::{AtomicI64, Ordering};

use ::base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use visa_verifier::seam::FixedClock;

use super::*;

fn look(text: &str) -> Result<Seen, NotUnderstood> {
    let clock = FixedClock::at(visa_verifier::seam::Timestamp::from_unix(0));
    let names = Names::from_urls(["s3://secret-bucket/x", "https://data.example.org/y"].into_iter());
    Scan::new(&clock, names).text("part", text)
}

fn found(text: &str) -> Vec<String> {
    look(text).unwrap().references.iter().map(ToString::to_string).collect()
}

const SECRET: &str = "s3://secret-bucket/x.vcf";

#[test]
fn e18_e19_e20_e21_a_reference_is_found_however_it_is_wrapped() {
    let base64 = |text: &str| STANDARD.encode(text);
    let line = format!("cat {SECRET} | head -n 100 > /tmp/first-lines-of-it.txt");
    let cases = [
        ("plain", SECRET.to_owned()),
        ("in a command", format!("aws s3 cp {SECRET} /tmp/x")),
        ("in quotes", format!("cat '{SECRET}'")),
        ("at a sentence's end", format!("Fetch {SECRET}.")),
        ("other letter case", "S3A://secret-bucket/x.vcf".to_owned()),
        (
            "another spelling",
            "https://secret-bucket.s3.amazonaws.com/x.vcf".to_owned(),
        ),
        ("a list", format!("a.txt,{SECRET},b.txt")),
        ("JSON", format!("{{\"in\":[\"{SECRET}\"]}}")),
        ("JSON, escaped", r#"{"in":"s3:\/\/secret-bucket\/x.vcf"}"#.to_owned()),
        (
            "JSON, by number",
            r#"{"in":"\u0073\u0033://secret-bucket/x.vcf"}"#.to_owned(),
        ),
        ("JSON, a member twice", format!("{{\"a\":\"{SECRET}\",\"a\":\"b\"}}")),
        (
            "JSON in JSON",
            serde_json::json!({"a": serde_json::json!({"b": SECRET}).to_string()}).to_string(),
        ),
        ("YAML", format!("in: {SECRET}\nout: x\n")),
        ("YAML, escaped", "in: \"s3:\\x2f\\x2fsecret-bucket/x.vcf\"\n".to_owned()),
        ("base64", base64(&line)),
        ("base64 without padding", URL_SAFE_NO_PAD.encode(&line)),
        ("base64 in base64", base64(&base64(&line))),
        ("base64 as an argument", format!("--script={}", base64(&line))),
        ("a data URI", format!("data:text/plain;base64,{}", base64(&line))),
        (
            "base64 in lines",
            base64(&line.repeat(4))
                .as_bytes()
                .chunks(76)
                .map(|line| String::from_utf8_lossy(line).into_owned())
                .collect::<Vec<_>>()
                .join("\n"),
        ),
        (
            "hexadecimal",
            SECRET.bytes().map(|byte| format!("{byte:02x}")).collect(),
        ),
        (
            "UTF-16 in base64",
            STANDARD.encode(line.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()),
        ),
        ("percent", "s3%3A%2F%2Fsecret-bucket%2Fx.vcf".to_owned()),
        ("percent twice", "s3%253A%252F%252Fsecret-bucket%252Fx.vcf".to_owned()),
        ("entities", "s3&#58;&#x2f;&sol;secret-bucket/x.vcf".to_owned()),
        ("shell escapes", r"$'s3\x3a\057/secret-bucket/x.vcf'".to_owned()),
        ("a line that goes on", "s3://secret-\\\nbucket/x.vcf".to_owned()),
    ];
    for (name, text) in cases {
        let seen = look(&text).unwrap();
        assert!(seen.opaque, "{name}: {text}");
        assert!(
            found(&text).contains(&SECRET.to_owned()),
            "{name}: {text}: {:?}",
            found(&text)
        );
    }
}

#[test]
fn e12_e16_what_is_not_certain_counts_as_the_folder_or_bucket_around_it() {
    for (text, around) in [
        ("s3://secret-bucket/a/*.vcf", "s3://secret-bucket/a/"),
        ("s3://secret-bucket/a/x.vcf?versionId=1", "s3://secret-bucket/a/"),
        ("s3://secret-bucket/open/../x.vcf", "s3://secret-bucket/"),
        ("s3://secret-bucket//x.vcf", "s3://secret-bucket/"),
        ("https://data.example.org/a%2fb", "https://data.example.org/"),
        ("git+https://data.example.org/x", "https://data.example.org/x"),
    ] {
        assert!(found(text).contains(&around.to_owned()), "{text}: {:?}", found(text));
    }
}

#[test]
fn e19_e20_what_is_made_when_it_runs_is_opaque() {
    for (name, text) in [
        ("a command in a command", "cat $(echo x)"),
        ("a variable in braces", "cat ${A}/x"),
        ("two variables", "cat $A$B"),
        ("backticks", "cat `id`"),
        ("a workflow's string", "~{bucket}/x"),
        ("a program that fetches", "wget -i list"),
        ("a library that fetches", "import boto3"),
        ("a socket of the shell", "cat < /dev/tcp/h/80"),
        ("a bucket by its name", "--bucket secret-bucket --key x"),
        ("a host by its name", "open data.example.org"),
        ("an invisible character", "a\u{200b}b"),
        (
            "a packed program",
            &STANDARD.encode((0..=255_u8).cycle().take(600).collect::<Vec<_>>()),
        ),
        ("a YAML tag", "a: !!python/object/apply:os.system [x]\n"),
    ] {
        assert!(look(text).unwrap().opaque, "{name}");
    }
}

#[test]
fn plain_texts_are_plain() {
    for text in [
        "",
        "count the variants of chromosome 22",
        "awk '{print $1, $2}' /data/in.tsv | sort -k1,1 > /data/out",
        "bash -c 'samtools view -b -q 30 -F 4 /data/in.bam > /data/out.bam'",
        "d41d8cd98f00b204e9800998ecf8427e",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "abcdefghijklmnopqrstuvwxyzabcdef",
        "/data/a_very_long_name_of_a_file_in_a_folder/another_long_name.vcf.gz",
        "NA12878\tmale\tEUR\n",
        "{\"threads\": 4, \"name\": \"x\"}",
        "a: 1\nb: [2, 3]\nc: \"x\"\n",
        "a * b & c",
        "größe und länge",
    ] {
        assert_eq!(look(text).unwrap(), Seen::default(), "{text}");
    }
}

#[test]
fn e13_e20_e76_some_things_are_refused_wherever_they_stand() {
    for (name, text, code) in [
        (
            "user info",
            "curl https://good.example@evil.example/",
            "intent.url_user_info",
        ),
        ("a secret", "psql postgres://u:p@h.example/db", "intent.url_user_info"),
        (
            "a secret, escaped",
            "https%3A%2F%2Fu:p@h.example/",
            "intent.url_user_info",
        ),
        ("an alias", "a: &x [s]\nb: *x\n", "intent.yaml_alias"),
        (
            "aliases of aliases",
            "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n",
            "intent.yaml_alias",
        ),
        ("an alias in flow", "{a: &x 1, b: *x}", "intent.yaml_alias"),
        ("a merge", "a: &x {k: 1}\nb:\n  <<: *x\n", "intent.yaml_alias"),
        (
            "a zero-width URL",
            "s3:\u{200b}//bucket/x",
            "intent.reference_character",
        ),
        ("a full-width URL", "s3\u{ff1a}//bucket/x", "intent.reference_character"),
        (
            "a right-to-left mark",
            "https://h.example/\u{202e}x",
            "intent.reference_character",
        ),
        (
            "another slash",
            "s3:\u{2215}\u{2215}bucket/x",
            "intent.reference_character",
        ),
    ] {
        let refused = look(text).unwrap_err();
        assert_eq!(refused.code, code, "{name}");
        assert_eq!(refused.part, "part", "{name}");
        assert!(!refused.sentence.contains("evil"), "{name}: the text is not repeated");
    }
}

/// A clock on which a microsecond passes for each look at it.
#[derive(Debug)]
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now_micros(&self) -> i64 {
        self.0.fetch_add(150_000, Ordering::Relaxed)
    }
}

#[test]
fn e76_scanning_ends_with_its_time_and_the_rest_is_opaque() {
    let clock = Ticking(AtomicI64::new(0));
    let mut scan = Scan::new(&clock, Names::default());
    let long = "a b c d e f\n".repeat(limits::SCAN_ASK_BYTES / 12 + 1);
    assert_eq!(scan.text("a", &long).unwrap(), Seen::default());
    assert!(scan.text("b", &long).unwrap().opaque);
    assert!(scan.text("c", "short").unwrap().opaque, "once over, over");
}

#[test]
fn e76_scanning_ends_with_its_bytes() {
    let clock = FixedClock::at(visa_verifier::seam::Timestamp::from_unix(0));
    let mut scan = Scan::new(&clock, Names::default());
    scan.left = 10;
    assert!(scan.text("a", "more than ten bytes").unwrap().opaque);
}

#[test]
fn e76_costly_texts_end() {
    let deep = "[".repeat(50_000);
    let deep_json = format!("{}\"{SECRET}\"{}", "{\"a\":".repeat(200), "}".repeat(200));
    let mut packed = SECRET.to_owned();
    for _ in 0..8 {
        packed = STANDARD.encode(&packed);
    }
    for (name, text) in [
        ("brackets", deep),
        ("deep JSON", deep_json),
        ("base64 eight times", packed),
    ] {
        assert!(look(&text).unwrap().opaque || name == "brackets", "{name}");
    }
    let many: String = (0..10_000).map(|at| format!("s3://bucket/{at} ")).collect();
    assert_eq!(look(&many).unwrap().references.len(), limits::INPUTS);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}", tail in "[a-z0-9:/%$(){}&*!|>\\\\\"'\\n é\\[\\]-]{0,60}") {
        let _ = look(&text);
        let _ = look(&tail);
    }

    #[test]
    fn looking_twice_sees_the_same(text in "[a-zA-Z0-9:/%$(){}&*;.+= -]{0,60}") {
        proptest::prop_assert_eq!(look(&text), look(&text));
    }

    #[test]
    fn a_reference_is_seen_whatever_stands_around_it(front in "[a-z ]{0,10}[ \"'=(]", back in "[ \"')|,][a-z ]{0,10}") {
        let seen = look(&format!("{front}{SECRET}{back}")).unwrap();
        proptest::prop_assert!(seen.references.iter().any(|data| data.to_string() == SECRET));
    }
}
