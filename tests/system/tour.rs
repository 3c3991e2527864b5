//! `visum demo --exit`: the whole tour, each step as it should be.

use serde_json::Value;
use tests::binary;

#[test]
fn the_tour_sees_what_it_should_and_leaves_a_sound_log() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    let said = binary::run(&["demo", "--exit", "--json", "--data", data]);
    let report: Value = serde_json::from_str(&said.out).unwrap_or_default();
    let steps = report
        .get("steps")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let wrong: Vec<&Value> = steps
        .iter()
        .filter(|step| step.get("as_expected") != Some(&Value::Bool(true)))
        .collect();
    assert_eq!(said.code, 0, "{wrong:#?}\n{}", said.err);
    assert_eq!(steps.len(), 10, "ten steps");

    // The log of a node that has ended verifies by itself, with nothing but the folder.
    let said = binary::run(&["audit", "verify", "--data", data, "--json"]);
    assert_eq!(said.code, 0, "{} {}", said.out, said.err);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    assert!(report.get("entries").and_then(Value::as_u64) > Some(20), "{report}");

    // No secret of the run is in its log: tokens are three base64url parts with dots.
    let mut held = Vec::new();
    walk(&std::path::Path::new(data).join("audit"), &mut held);
    let text = String::from_utf8_lossy(&held);
    // Three characters alone also come up by chance in sealed fields; those have no dot, and the parts of a token do.
    let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    for (at, _) in text.match_indices("eyJ") {
        let part: String = text
            .get(at..)
            .unwrap_or_default()
            .chars()
            .take_while(|letter| word(*letter))
            .collect();
        let next = text.get(at..).unwrap_or_default().chars().nth(part.len());
        assert_ne!(
            next,
            Some('.'),
            "the log holds a token's part of {} characters",
            part.len()
        );
    }
    for sign in [".eyJ", "ada@uni.example.org", "Ada Researcher", "BEGIN PRIVATE"] {
        assert!(!text.contains(sign), "the log holds {sign}");
    }
}

fn walk(folder: &std::path::Path, held: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, held);
        } else {
            held.extend(std::fs::read(path).unwrap());
        }
    }
}
