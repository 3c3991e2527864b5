//! docs/conformance/apis.md against the sources: each way around the gate stands there once with a state, and each test
//! that it names exists and bears its number.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const PAGE: &str = "docs/conformance/apis.md";
/// The ways around the gate of the requirement table.
const ROWS: u32 = 83;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The functions of the tree whose names begin with `e` and a number.
fn functions() -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if name != "target" && !name.starts_with('.') {
                    folders.push(path);
                }
            } else if name.ends_with(".rs") {
                found.extend(numbered(&std::fs::read_to_string(path).unwrap_or_default()));
            }
        }
    }
    found
}

/// `fn e12_…(` at the beginning of a line, behind `async`.
fn numbered(source: &str) -> Vec<String> {
    let names = source.lines().filter_map(|line| {
        let line = line.trim_start();
        let rest = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")?;
        rest.split_once('(').map(|(name, _)| name)
    });
    let numbered = names.filter(|name| numbers(name).next().is_some());
    numbered.map(str::to_owned).collect()
}

/// The numbers that stand in front of a name: 38, 40 and 43 of `e38_e40_e43_tunnels`.
fn numbers(name: &str) -> impl Iterator<Item = u32> + '_ {
    name.split('_')
        .map_while(|word| word.strip_prefix('e').and_then(|digits| digits.parse().ok()))
}

/// What is wrong with the page.
fn faults(page: &str, rows: u32, functions: &[String]) -> Vec<String> {
    let mut seen: BTreeMap<u32, u32> = BTreeMap::new();
    let mut faults = Vec::new();
    for line in page.lines().filter(|line| line.starts_with("| E")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [row, _, state, tests] = cells.as_slice() else {
            faults.push(format!("not four cells: {line}"));
            continue;
        };
        let Some(number) = row.strip_prefix('E').and_then(|digits| digits.parse::<u32>().ok()) else {
            faults.push(format!("no number: {line}"));
            continue;
        };
        let times = seen.entry(number).or_default();
        *times = times.saturating_add(1);
        let tests: Vec<&str> = tests.trim_end_matches('|').split('`').skip(1).step_by(2).collect();
        let tried = *state == "yes" || state.strip_prefix("in part: ").is_some_and(|what| !what.is_empty());
        if !tried && *state != "not yet" {
            faults.push(format!(
                "{row}: its state is none of `yes`, `in part: …`, `not yet`: {state}"
            ));
        }
        if tried && tests.is_empty() {
            faults.push(format!("{row} is said to be tried, and names no test"));
        }
        for test in tests {
            if !numbers(test).any(|own| own == number) {
                faults.push(format!("{row} names `{test}`, which bears another number"));
            }
            if !functions.iter().any(|function| function.starts_with(test)) {
                faults.push(format!("{row} names `{test}`, and no function's name begins so"));
            }
        }
    }
    for number in 1..=rows {
        let times = seen.remove(&number).unwrap_or(0);
        if times != 1 {
            faults.push(format!("E{number} stands there {times} times"));
        }
    }
    faults.extend(
        seen.keys()
            .map(|number| format!("E{number} is no row of the requirement table")),
    );
    faults
}

#[test]
fn every_way_around_the_gate_stands_on_the_page_once_with_tests_that_exist() {
    let page = std::fs::read_to_string(root().join(PAGE)).unwrap();
    let functions = functions();
    assert!(functions.len() > 20, "the scan no longer sees the tests: {functions:?}");
    let faults = faults(&page, ROWS, &functions);
    assert!(faults.is_empty(), "{PAGE}:\n{}", faults.join("\n"));
}

#[test]
fn what_is_wrong_with_the_page_is_noticed() {
    let functions = numbered("async fn e1_a_case() {}\n    fn e2_e1_both() {}\nfn helper() {}\n// fn e9_gone() {}\n");
    assert_eq!(functions, ["e1_a_case", "e2_e1_both"]);
    let head = "| row | what is tried | state | tests |\n|---|---|---|---|\n";
    let second = "| E2 | y | not yet | |\n";
    for (name, first, fault) in [
        ("sound", "| E1 | x | yes | `e1_a`; in one process `e2_e1_both` |\n", ""),
        ("in part", "| E1 | x | in part: no bulk | `e1_a_case` |\n", ""),
        ("not there", "", "E1 stands there 0 times"),
        (
            "twice",
            "| E1 | x | not yet | |\n| E1 | x | not yet | |\n",
            "E1 stands there 2 times",
        ),
        (
            "a strange state",
            "| E1 | x | done | `e1_a` |\n",
            "its state is none of",
        ),
        (
            "in part, not said what",
            "| E1 | x | in part: | `e1_a` |\n",
            "its state is none of",
        ),
        ("tried by nothing", "| E1 | x | yes | |\n", "names no test"),
        (
            "another row's test",
            "| E1 | x | yes | `e9_gone` |\n",
            "bears another number",
        ),
        (
            "a test that is gone",
            "| E1 | x | yes | `e1_gone` |\n",
            "no function's name begins so",
        ),
        ("cells missing", "| E1 | x | yes |\n", "not four cells"),
        (
            "a row too many",
            "| E1 | x | not yet | |\n| E3 | z | not yet | |\n",
            "E3 is no row",
        ),
    ] {
        let got = faults(&format!("{head}{first}{second}"), 2, &functions).join("\n");
        if fault.is_empty() {
            assert_eq!(got, "", "{name}");
        } else {
            assert!(got.contains(fault), "{name}: {got}");
        }
    }
}
