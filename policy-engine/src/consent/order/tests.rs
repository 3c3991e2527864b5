//! Three categories are enough: what the table finds against every set of categories that there is.

use super::compare::compare_groups;
use super::point::{Point, PurposeRule};
use super::table::{Budget, PURPOSE_TABLE_BUDGET, purpose};
use crate::consent::dataset::UseGroup;
use crate::consent::name::Name;
use crate::consent::purpose::{Categories, Category};
use crate::consent::tables::Tables;

fn group(terms: &str) -> UseGroup {
    serde_json::from_str(&format!(r#"{{"group":"all","terms":[{terms}]}}"#)).unwrap()
}

#[test]
fn the_table_finds_what_any_of_all_32767_sets_of_categories_would() {
    let ds = r#"{"id":"DUO:0000007","values":["MONDO:0004992"]}"#;
    let labels: Vec<UseGroup> = [
        r#"{"id":"DUO:0000004"}"#.to_owned(),
        r#"{"id":"DUO:0000042"}"#.to_owned(),
        r#"{"id":"DUO:0000006"}"#.to_owned(),
        ds.to_owned(),
        r#"{"id":"DUO:0000011"}"#.to_owned(),
        r#"{"id":"DUO:0000005"}"#.to_owned(),
        r#"{"id":"DUO:0000042"},{"id":"DUO:0000015"}"#.to_owned(),
        r#"{"id":"DUO:0000006"},{"id":"DUO:0000015","version":"2020-02-03"}"#.to_owned(),
        r#"{"id":"DUO:0000042"},{"id":"DUO:0000016"}"#.to_owned(),
        r#"{"id":"DUO:0000006"},{"id":"DUO:0000043"}"#.to_owned(),
        format!(r#"{ds},{{"id":"DUO:0000044"}}"#),
        r#"{"id":"DUO:0000042"},{"id":"DUO:0000012","values":["DUO:0000037","DUO:0000031"]}"#.to_owned(),
        r#"{"id":"DUO:0000011"},{"id":"DUO:0000016"}"#.to_owned(),
        r#"{"id":"DUO:0000004"},{"id":"DUO:0000014"}"#.to_owned(),
    ]
    .iter()
    .map(|terms| group(terms))
    .collect();
    let words: Vec<Category> = (Category::ALL.iter().copied())
        .filter(|word| !Categories::of(&[*word]).aims_and_scope().is_empty())
        .collect();
    assert_eq!(words.len(), 15);
    let disease: Name = "MONDO:0007254".parse().unwrap();
    let purposes: Vec<_> = (1_u32..1 << words.len())
        .filter_map(|bits| {
            let chosen: Vec<Category> = words
                .iter()
                .enumerate()
                .filter(|(at, _)| bits & (1 << at) != 0)
                .map(|(_, word)| *word)
                .collect();
            purpose(Categories::of(&chosen), Some(&disease))
        })
        .collect();
    let tables = Tables::builtin();
    let answers: Vec<Vec<Point>> = labels
        .iter()
        .map(|label| {
            let mut rule = PurposeRule::of(label, tables);
            purposes.iter().map(|purpose| rule.answer(purpose)).collect()
        })
        .collect();
    let mut wider = 0;
    for (before, old) in labels.iter().zip(&answers) {
        for (after, new) in labels.iter().zip(&answers) {
            let better = new.iter().zip(old).position(|(new, old)| new.is_better_than(old));
            let mut budget: Budget = PURPOSE_TABLE_BUDGET;
            let found = compare_groups((before, tables), (after, tables), &[], &mut budget);
            if let Some(at) = better {
                wider += 1;
                assert!(
                    found.shift.widens() && !found.better.is_empty(),
                    "{before:?} to {after:?} opens {:?}, and the table does not see it",
                    purposes[at]
                );
            }
        }
    }
    assert!(wider > 60, "{wider} pairs of labels that widen");
}
