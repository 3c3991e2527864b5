//! docs/conformance/aai-passport.md against the sources: no row is missing, what a row names exists, and each MUST
//! that binds a clearinghouse has a test.

use std::collections::BTreeMap;
use std::path::Path;

use table::{Known, faults};
use tree::{Sources, Tree};

mod table;
mod tree;

const PAGE: &str = "docs/conformance/aai-passport.md";

/// The requirements: 317 rows in 18 groups, and 55 open points.
const GROUPS: [(&str, u8); 19] = [
    ("BRK", 46),
    ("TOK", 14),
    ("UI", 11),
    ("TX", 21),
    ("PAS", 15),
    ("VIS", 40),
    ("OBJ", 23),
    ("URL", 8),
    ("TYP", 15),
    ("LNK", 12),
    ("CND", 30),
    ("CLH", 29),
    ("EXP", 21),
    ("USE", 6),
    ("CLI", 6),
    ("DRS", 8),
    ("ERR", 6),
    ("OPS", 6),
    ("A", 55),
];

/// The MUST and MUST NOT rows of the roles CH and ALL.
const BINDING: [(&str, &str); 14] = [
    ("BRK", "24"),
    ("TOK", "13"),
    ("VIS", "07 37"),
    ("OBJ", "06 07 14"),
    ("URL", "01 02 07"),
    ("TYP", "05 15"),
    ("LNK", "04 06 07 09"),
    ("CND", "01 04 05 09 10 11 13 17 18 19 20 21 22 23 25 26 27 28 29 30"),
    (
        "CLH",
        "01 02 03 04 05 06 07 09 10 11 12 14 15 17 18 19 20 21 22 24 25 26",
    ),
    ("EXP", "01 02 03 04 05 06 08 16 17 18 19 20"),
    ("USE", "01 02 04"),
    ("DRS", "01 02 03 07"),
    ("ERR", "06"),
    ("OPS", "01 02 04 05"),
];

fn known() -> Known<'static> {
    Known {
        groups: &GROUPS,
        binding: &BINDING,
    }
}

#[test]
fn the_page_has_every_row_and_what_it_names_exists() {
    let tree = Tree(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    let page = tree.text(PAGE).unwrap();
    let groups = GROUPS.map(|(group, _)| group);
    let named = tree.named(&groups);
    assert!(named.len() > 500, "the scan no longer sees the ids: {}", named.len());
    let faults = faults(&page, known(), &tree, &named);
    assert!(faults.is_empty(), "{PAGE}:\n{}", faults.join("\n"));
}

#[test]
fn every_code_of_visas_and_passports_rests_on_a_row_that_is_done() {
    let page = Tree(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .text(PAGE)
        .unwrap();
    for code in visa_verifier::Code::ALL {
        let start = format!("| {} |", code.row());
        let row = page.lines().find(|line| line.starts_with(&start));
        assert!(
            row.is_some_and(|row| row.contains("| done |")),
            "{code} names {}, which is not `done` on {PAGE}: name the row that is behind it",
            code.row()
        );
    }
}

#[test]
fn the_set_of_rows_is_the_requirements() {
    let rows: u32 = GROUPS
        .iter()
        .filter(|(group, _)| *group != "A")
        .map(|(_, n)| u32::from(*n))
        .sum();
    assert_eq!(rows, 317);
}

/// A page, sources and names that are as they should be.
const SMALL: Known<'static> = Known {
    groups: &[("TOK", 2), ("A", 1)],
    binding: &[("TOK", "02")],
};
const SMALL_PAGE: &str = "\
| id | role | level | what | state | where | test |
|---|---|---|---|---|---|---|
| TOK-01 | B | SHOULD (a) | signs | done | `x/y.rs` `sign` | |
| TOK-02 | CH | MUST | checks, and `words` of its own | done | `x/y.rs` `Check`, `sign` | `x/t.rs` `it_is_checked` \"a case\", `x/v.json` `V1` |

| id | question | reading | state | where | test |
|---|---|---|---|---|---|
| A-01 | is it? | no | not applicable | | because nobody asks |
";
const SMALL_SOURCE: &str = "/// Words.\npub(crate) async fn sign(x: u8) {}\npub enum Check {}\n// fn gone() {}\n";
const SMALL_TEST: &str = "#[tokio::test(flavor = \"x\")]\n#[cfg(x)]\n// why\nasync fn it_is_checked() {\n    (\"a case\", 1)\n}\n\nfn helper() {\n    \"elsewhere\"\n}\n";

fn small(page: &str, names: &[&str]) -> Vec<String> {
    let sources = BTreeMap::from([
        ("x/y.rs", SMALL_SOURCE),
        ("x/t.rs", SMALL_TEST),
        ("x/v.json", r#"{"id": "V1"}"#),
    ]);
    let named: Vec<(String, String)> = names
        .iter()
        .map(|id| ((*id).to_owned(), "x/y.rs:3".to_owned()))
        .collect();
    faults(page, SMALL, &sources, &named)
}

#[test]
fn a_page_that_is_as_it_should_be_has_no_fault() {
    assert_eq!(small(SMALL_PAGE, &["TOK-01", "A-01"]), Vec::<String>::new());
}

#[test]
fn each_fault_of_a_page_is_told_with_what_to_do() {
    for (name, from, to, told) in [
        (
            "a row taken out",
            "| TOK-01 | B |",
            "| TOK 01 | B |",
            "TOK-01 has no row: write it",
        ),
        (
            "an open point taken out",
            "| A-01 |",
            "| A01 |",
            "A-01 has no row: write it",
        ),
        (
            "a row twice",
            "| TOK-01 |",
            "| TOK-02 |",
            "TOK-02 stands twice, in lines 3 and 4: keep one row",
        ),
        (
            "an id of nothing",
            "| TOK-01 |",
            "| TOK-03 |",
            "line 3: TOK-03 is no requirement",
        ),
        (
            "a column too many",
            "| signs |",
            "| signs | x |",
            "TOK-01 has 8 columns: write 7",
        ),
        (
            "a level that is none",
            "SHOULD (a)",
            "OUGHT",
            "TOK-01: role `B` or level `OUGHT`",
        ),
        ("a mark that is none", "SHOULD (a)", "SHOULD (z)", "level `SHOULD (z)`"),
        (
            "a row made weaker",
            "| CH | MUST |",
            "| CH | SHOULD |",
            "TOK-02: the row does not bind",
        ),
        (
            "a row of another role",
            "| CH | MUST |",
            "| B | MUST |",
            "TOK-02: the row does not bind",
        ),
        (
            "a row made stronger",
            "| B | SHOULD (a) |",
            "| CH | MUST |",
            "TOK-01: the row binds",
        ),
        (
            "a state that is none",
            "signs | done",
            "signs | almost",
            "TOK-01: `almost` is no state",
        ),
        (
            "no reason",
            "because nobody asks",
            "nobody asks",
            "A-01 is `not applicable` without a reason",
        ),
        (
            "done nowhere",
            "`x/y.rs` `sign` |",
            "|",
            "TOK-01 is `done` nowhere: name the file",
        ),
        (
            "a file that is gone",
            "`x/y.rs` `Check`",
            "`x/z.rs` `Check`",
            "TOK-02: there is no file `x/z.rs`",
        ),
        (
            "a file without an item",
            "`x/y.rs` `sign`",
            "`x/y.rs`",
            "TOK-01: `x/y.rs` stands without an item",
        ),
        (
            "a function misspelt",
            "`x/y.rs` `sign`",
            "`x/y.rs` `sing`",
            "no fn, struct, enum, trait or const `sing`",
        ),
        (
            "a function in a comment only",
            "`x/y.rs` `sign`",
            "`x/y.rs` `gone`",
            "trait or const `gone`",
        ),
        (
            "a test misspelt",
            "it_is_checked",
            "it_is_chekced",
            "`x/t.rs` has no test `it_is_chekced`",
        ),
        (
            "a function that is no test",
            "it_is_checked",
            "helper",
            "`x/t.rs` has no test `helper`",
        ),
        (
            "a case of another function",
            "\"a case\"",
            "\"elsewhere\"",
            "`x/t.rs` has no case \"elsewhere\" there",
        ),
        (
            "a case that is gone",
            "\"a case\"",
            "\"another\"",
            "`x/t.rs` has no case \"another\"",
        ),
        ("a vector that is gone", "`V1`", "`V2`", "`x/v.json` has no test `V2`"),
        (
            "a MUST without a test",
            "`x/t.rs` `it_is_checked` \"a case\", `x/v.json` `V1`",
            "",
            "TOK-02 is a MUST for a clearinghouse and has no test: write one",
        ),
        (
            "a MUST that is only planned",
            "done | `x/y.rs` `Check`, `sign` | `x/t.rs` `it_is_checked` \"a case\", `x/v.json` `V1`",
            "planned: us | |",
            "TOK-02 is a MUST for a clearinghouse and has no test: write one",
        ),
    ] {
        let page = SMALL_PAGE.replacen(from, to, 1);
        assert_ne!(page, SMALL_PAGE, "{name}: nothing was changed");
        let faults = small(&page, &[]);
        assert!(faults.iter().any(|fault| fault.contains(told)), "{name}: {faults:#?}");
    }
    let faults = small(SMALL_PAGE, &["TOK-07"]);
    assert_eq!(
        faults,
        ["x/y.rs:3 names TOK-07, which is no requirement: correct the id"]
    );
}

#[test]
fn ids_are_found_as_whole_words() {
    for (line, found) in [
        ("(TOK-01, A-02); TOK-03.", vec!["TOK-01", "A-02", "TOK-03"]),
        ("`TOK-01`: x", vec!["TOK-01"]),
        ("SHA-25 XTOK-01 TOK-011 TOK-1 A-0001 x-A-01 A_-01", vec![]),
    ] {
        assert_eq!(tree::ids(line, &["TOK", "A"]), found, "{line}");
    }
}
