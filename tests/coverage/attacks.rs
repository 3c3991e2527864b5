//! docs/conformance/oauth-attacks.md against the sources: each attack names a test, and each test that it names exists.

use std::path::Path;

const PAGE: &str = "docs/conformance/oauth-attacks.md";

fn text(file: &str) -> Option<String> {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)).ok()
}

/// What a row lacks: its last cell holds pairs of a file and a function, each between backticks.
fn lacks(row: &str) -> Option<String> {
    let cell = row.trim_end_matches([' ', '|']).rsplit('|').next()?;
    let names: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
    if names.is_empty() || names.len() % 2 == 1 {
        return Some(format!("no test: {row}"));
    }
    names.chunks(2).find_map(|pair| {
        let [file, function] = pair else { return None };
        let found = text(file).is_some_and(|source| source.contains(&format!("fn {function}(")));
        (!found).then(|| format!("`{function}` is not in `{file}`"))
    })
}

#[test]
fn every_attack_is_tried_by_a_test_that_exists() {
    let page = text(PAGE).unwrap();
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| attack |"))
        .collect();
    assert!(rows.len() > 30, "the rows are no longer seen: {}", rows.len());
    let faults: Vec<String> = rows.iter().filter_map(|row| lacks(row)).collect();
    assert!(faults.is_empty(), "{PAGE}:\n{}", faults.join("\n"));
}

#[test]
fn a_row_without_a_test_is_noticed() {
    assert!(lacks("| an attack | a defence | |").is_some());
    assert!(lacks("| an attack | a defence | `tests/coverage/attacks.rs` `nothing_of_the_kind` |").is_some());
    assert!(
        lacks("| an attack | a defence | `tests/coverage/attacks.rs` `a_row_without_a_test_is_noticed` |").is_none()
    );
}
