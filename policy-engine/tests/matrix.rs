//! The golden picture `rules/matrix.txt`: what each label says to each purpose, committed and reviewed like code.
//!
//! A change of a rule shows there as a change of lines that a committee can read.

#![cfg(test)]

use std::fmt::Write as _;
use std::path::Path;

use policy_engine::consent::{Categories, Category, Input, Output, Tables, evaluate};
use serde_json::{Value, json};

/// Title, terms.
fn labels() -> Vec<(&'static str, Value)> {
    let term = |id: &str| json!({"id": id});
    let gru = |other: Value| json!([{"id": "DUO:0000042"}, other]);
    let nmds = |release: Value| gru(json!({"id": "DUO:0000015", "version": release}));
    vec![
        ("NRES", json!([term("DUO:0000004")])),
        ("GRU", json!([term("DUO:0000042")])),
        ("HMB", json!([term("DUO:0000006")])),
        (
            "DS breast cancer",
            json!([{"id": "DUO:0000007", "values": ["MONDO:0007254"]}]),
        ),
        (
            "DS type 2 diabetes",
            json!([{"id": "DUO:0000007", "values": ["MONDO:0005148"]}]),
        ),
        ("POA", json!([term("DUO:0000011")])),
        ("GRU-CC (obsolete)", json!([term("DUO:0000005")])),
        ("GRU and CC", gru(term("DUO:0000043"))),
        ("HMB and CC", json!([term("DUO:0000006"), term("DUO:0000043")])),
        ("GRU and RU (obsolete)", gru(term("DUO:0000014"))),
        (
            "GRU and RS genetic",
            gru(json!({"id": "DUO:0000012", "values": ["DUO:0000038"]})),
        ),
        (
            "GRU and RS age group",
            gru(json!({"id": "DUO:0000012", "values": ["DUO:0000034"]})),
        ),
        ("GRU and NMDS of 2021", nmds(json!("2021-02-23"))),
        ("GRU and NMDS of 2020", nmds(json!("2020-02-03"))),
        ("GRU and NMDS without release", nmds(Value::Null)),
        ("GRU and GSO", gru(term("DUO:0000016"))),
        ("GRU and NPOA", gru(term("DUO:0000044"))),
        ("GRU and NPU", gru(term("DUO:0000045"))),
        ("GRU and NCU", gru(term("DUO:0000046"))),
        ("GRU and NPUNCU", gru(term("DUO:0000018"))),
        ("GRU and IRB", gru(term("DUO:0000021"))),
        (
            "GRU and GS in the EU",
            gru(json!({"id": "DUO:0000022", "values": ["EU"]})),
        ),
        (
            "GRU and IS",
            gru(json!({"id": "DUO:0000028", "values": ["https://uni.example"]})),
        ),
        ("GRU and PS", gru(json!({"id": "DUO:0000027"}))),
        ("GRU and US", gru(json!({"id": "DUO:0000026"}))),
        ("GRU and TS", gru(json!({"id": "DUO:0000025", "months": 12}))),
        ("GRU and MOR", gru(json!({"id": "DUO:0000024", "date": "2027-01-01"}))),
        ("GRU and PUB", gru(term("DUO:0000019"))),
        ("GRU and COL", gru(term("DUO:0000020"))),
        ("GRU and RTN", gru(term("DUO:0000029"))),
        ("GRU and an unknown term", gru(term("DUO:0000099"))),
        ("no term", json!([])),
    ]
}

/// Title, change of the question.
fn situations() -> Vec<(&'static str, Value)> {
    let approval = |change: Value| {
        let mut approval = json!({"dataset": "d", "source": "dac", "starts": "2026-06-01T00:00:00Z", "expires": "2027-06-01T00:00:00Z"});
        merge(&mut approval, &change);
        json!({"approvals": [approval]})
    };
    let of = |access: &str, mut change: Value| {
        merge(&mut change, &json!({"access": access}));
        change
    };
    let purpose = json!({"purpose": {"categories": ["other"]}});
    vec![
        ("open", of("open", json!({}))),
        ("registered, without the visas", of("registered", json!({}))),
        ("controlled, no approval", of("controlled", json!({}))),
        (
            "controlled, no approval yet, at application",
            of("controlled", json!({"stage": "apply"})),
        ),
        (
            "controlled, an approval that records no purpose",
            of("controlled", approval(json!({}))),
        ),
        (
            "controlled, an approval of exactly this purpose",
            of("controlled", approval(purpose.clone())),
        ),
        (
            "controlled, the person declared this purpose",
            of(
                "controlled",
                approval(json!({"purpose": {"categories": ["other"], "basis": "attested"}})),
            ),
        ),
        (
            "controlled, an approval of another purpose",
            of("controlled", approval(json!({"purpose": {"categories": ["genetic"]}}))),
        ),
        (
            "controlled, an approval that has ended",
            of("controlled", approval(json!({"expires": "2026-07-01T00:00:00Z"}))),
        ),
        (
            "controlled, an approval of a stranger",
            of("controlled", approval(json!({"source": "stranger"}))),
        ),
    ]
}

fn merge(into: &mut Value, change: &Value) {
    for (member, value) in change.as_object().unwrap() {
        into[member] = value.clone();
    }
}

fn question(terms: &Value, categories: &[&str], change: &Value) -> Output {
    let ancestry_only = terms.as_array().unwrap().iter().any(|term| term["id"] == "DUO:0000011");
    let diseases = if ancestry_only || categories == ["unstated"] {
        json!([])
    } else {
        json!(["MONDO:0007254"])
    };
    let affiliation = json!({"institution": "https://uni.example", "role": "faculty", "country": "DE", "nonprofit": true,
        "source": "register", "by": "so", "expires": "2027-12-31T00:00:00Z"});
    let ethics = json!([{"id": "e", "institution": "https://uni.example", "starts": "2026-01-01T00:00:00Z", "verified_by": "dac"}]);
    let mut dataset = json!({"id": "d", "access": "open", "dac": ["dac"], "uses": [{"group": "all", "terms": terms}]});
    let mut input = json!({"version": 1, "action": "compute",
        "context": {"now": "2026-11-22T12:00:00Z", "processing_countries": ["FI"]},
        "purpose": {"categories": categories, "diseases": diseases, "commercial": false, "project": "p",
            "institution": "https://uni.example", "ethics": ethics},
        "user": {"ids": ["alice"], "affiliations": [affiliation]}});
    let mut change = change.clone();
    if let Some(access) = change.as_object_mut().unwrap().remove("access") {
        dataset["access"] = access;
    }
    merge(&mut input, &change);
    input["datasets"] = json!([dataset]);
    evaluate(&Input::parse(input.to_string().as_bytes()).unwrap(), Tables::builtin())
}

fn line(title: &str, output: &Output) -> String {
    let mut codes: Vec<&str> = output
        .reasons
        .iter()
        .map(|one| one.code.as_str().trim_start_matches("consent."))
        .collect();
    codes.extend(output.settled.iter().map(|one| one.code.as_str()));
    codes.extend(output.obligations.iter().map(|one| one.code.as_str()));
    format!("  {title:<50} {:<8}{}", output.decision, codes.join(", "))
        .trim_end()
        .to_owned()
}

fn matrix() -> String {
    let mut text = "What each label says to each purpose, and each situation to one purpose. Generated by tests/matrix.rs.\n\
        The person: faculty of a university in Germany that works without aim for profit, no commercial aim, project and\n\
        ethics approval in order, studies breast cancer (nothing where the label is POA or nobody said what for), data\n\
        processed in Finland. With a permit or a review: what has been settled (consent.…) and what the person owes.\n"
        .to_owned();
    for (title, terms) in labels() {
        let _ = writeln!(text, "\n{title}, open data");
        for category in Category::ALL {
            let one = Categories::new(&[*category]).unwrap();
            // A scope word is no purpose of its own.
            let aim = one.is_within(Categories::SCOPE).then_some("biomedical");
            let words: Vec<&str> = aim.into_iter().chain([category.as_str()]).collect();
            let _ = writeln!(
                text,
                "{}",
                line(&words.join(" + "), &question(&terms, &words, &json!({})))
            );
        }
    }
    let _ = writeln!(text, "\nHMB and the purpose `other`, which a person has to read");
    for (title, change) in situations() {
        let _ = writeln!(
            text,
            "{}",
            line(title, &question(&json!([{"id": "DUO:0000006"}]), &["other"], &change))
        );
    }
    text
}

#[test]
fn the_picture_of_all_answers_is_the_one_committed() {
    let (now, crate_folder) = (matrix(), Path::new(env!("CARGO_MANIFEST_DIR")));
    let committed = std::fs::read_to_string(crate_folder.join("rules/matrix.txt")).unwrap_or_default();
    if now != committed {
        let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join("matrix.txt");
        std::fs::write(&new, &now).unwrap();
        let differs = now.lines().zip(committed.lines()).find(|(new, old)| new != old);
        panic!(
            "rules/matrix.txt differs, first at {differs:?}; read {} and commit it if it is meant",
            new.display()
        );
    }
}
