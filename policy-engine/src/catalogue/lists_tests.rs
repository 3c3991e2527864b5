//! Lists against a map of texts, and against each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::lists::{ObjectList, ObjectLists};
use super::{
    Asked, CatalogueError, ObjectMap, ObjectRecord, Place, PrefixMap, PrefixRecord, Segment, resolve, segment,
};
use crate::consent::Name;

fn name(text: &str) -> Name {
    Name::try_from(text).unwrap()
}

fn record(id: &str, dataset: &str, url: Option<&str>) -> ObjectRecord {
    ObjectRecord {
        id: name(id),
        dataset: name(dataset),
        groups: None,
        participants: Some(vec![name(&format!("person-of-{id}"))]),
        urls: url.map(str::to_owned).into_iter().collect(),
    }
}

fn list(dataset: &str, records: Vec<ObjectRecord>) -> ObjectList {
    let part = segment::write(records, usize::MAX).remove(0);
    ObjectList {
        dataset: name(dataset),
        segment: Arc::new(Segment::open(part.bytes).unwrap()),
    }
}

fn numbered(dataset: &str, from: u32, to: u32) -> ObjectList {
    let url = |at| format!("s3://b/{dataset}/{at:05}");
    let records = (from..to).map(|at| record(&format!("o{at:05}"), dataset, Some(&url(at))));
    list(dataset, records.collect())
}

fn new(base: &ObjectLists, wanted: &[&ObjectList]) -> Result<ObjectLists, CatalogueError> {
    ObjectLists::new(base, wanted.iter().map(|list| (*list).clone()).collect())
}

#[test]
fn an_id_in_two_lists_is_a_contradiction_however_it_comes() {
    let (one, other) = (numbered("a", 0, 50), numbered("b", 49, 100));
    let both = new(&ObjectLists::default(), &[&one, &other]).unwrap_err();
    assert_eq!(both, CatalogueError::ObjectTwice { id: name("o00049") });
    let base = new(&ObjectLists::default(), &[&one]).unwrap();
    assert_eq!(new(&base, &[&one, &other]).unwrap_err(), both, "the second later");
    let big = numbered("c", 1_000, 9_000);
    let base = new(&ObjectLists::default(), &[&one, &big]).unwrap();
    let late = new(&base, &[&one, &big, &other]).unwrap_err();
    assert_eq!(late, both, "the second in an index of its own");
    let same = new(&ObjectLists::default(), &[&one, &one]).unwrap_err();
    assert_eq!(same.code(), "catalogue.object_twice", "one list named twice");
    let single = ObjectMap::with_lists(vec![record("o00003", "z", None)], base).unwrap_err();
    assert_eq!(single, CatalogueError::ObjectTwice { id: name("o00003") });
}

#[test]
fn an_id_that_was_ended_may_come_to_another_dataset() {
    let big = numbered("c", 1_000, 9_000);
    let (one, other) = (numbered("a", 0, 50), numbered("b", 0, 50));
    let base = new(&ObjectLists::default(), &[&one, &big]).unwrap();
    let moved = new(&base, &[&other, &big]).unwrap();
    assert_eq!(moved.object("o00007").unwrap().dataset, name("b"));
    assert_eq!(moved.len(), 8_050);
}

#[test]
fn what_two_snapshots_have_in_common_is_in_memory_once() {
    let lists: Vec<ObjectList> = (0..40).map(|at| numbered("a", at * 100, at * 100 + 100)).collect();
    let wanted: Vec<&ObjectList> = lists.iter().collect();
    let base = new(&ObjectLists::default(), &wanted).unwrap();
    let again: Vec<ObjectList> = (0..40).map(|at| numbered("a", at * 100, at * 100 + 100)).collect();
    let more = numbered("b", 90_000, 90_010);
    let mut wanted: Vec<&ObjectList> = again.iter().collect();
    wanted.push(&more);
    let next = new(&base, &wanted).unwrap();
    for list in next.lists().iter().filter(|list| list.dataset == name("a")) {
        let known = base.lists().iter().any(|one| Arc::ptr_eq(&one.segment, &list.segment));
        assert!(known, "{list:?}");
    }
    assert_eq!(
        (base.indexes(), next.indexes()),
        (1, 2),
        "the large index stays, a small one comes"
    );
    let beyond: Vec<&str> = next.beyond(&base).map(|list| list.dataset.as_str()).collect();
    assert_eq!(beyond, ["b"]);
}

#[test]
fn many_small_changes_leave_few_indexes() {
    let mut lists = ObjectLists::default();
    let mut wanted: Vec<ObjectList> = Vec::new();
    for at in 0..200 {
        wanted.push(numbered("a", at * 10, at * 10 + 10));
        lists = ObjectLists::new(&lists, wanted.clone()).unwrap();
        assert!(lists.indexes() <= 6, "{} after {at}", lists.indexes());
    }
    assert_eq!(lists.len(), 2_000);
    assert!((0..2_000).all(|at| lists.object(&format!("o{at:05}")).is_some()));
    wanted.truncate(30);
    lists = ObjectLists::new(&lists, wanted).unwrap();
    assert!(lists.object("o00299").is_some() && lists.object("o00300").is_none());
}

#[test]
fn a_directory_names_its_objects_or_their_whole_dataset() {
    let (one, many) = (numbered("a", 0, 20), numbered("b", 1_000, 21_000));
    let map = |lists: &[&ObjectList]| {
        ObjectMap::with_lists(Vec::new(), new(&ObjectLists::default(), lists).unwrap()).unwrap()
    };
    let prefixes = PrefixMap::new(vec![PrefixRecord {
        prefix: "s3://b".to_owned(),
        dataset: name("top"),
        groups: None,
    }])
    .unwrap();
    let asked = |directory: &str, dataset: &str| {
        let resolved = resolve([Place::Directory(directory)], &map(&[&one, &many]), &prefixes);
        assert!(resolved.is_whole());
        resolved.datasets.get(&name(dataset)).cloned()
    };
    assert_eq!(asked("s3://b/a", "a").unwrap().objects.unwrap().len(), 20);
    assert_eq!(asked("s3://b/", "a").unwrap().objects.unwrap().len(), 20);
    assert_eq!(asked("s3://b/a", "b"), None, "a neighbour");
    assert_eq!(
        asked("s3://b/", "b"),
        Some(Asked::default()),
        "too many to name: all of it"
    );
}

#[derive(Clone, Debug)]
struct Model {
    /// For each step the lists that are wanted, by the datasets' numbers.
    steps: Vec<Vec<u8>>,
}

fn steps() -> impl Strategy<Value = Model> {
    prop::collection::vec(prop::collection::vec(0_u8..12, 0..12), 1..6).prop_map(|steps| Model { steps })
}

/// Lists of very different length, with URLs that share directories.
fn dataset(number: u8) -> Vec<ObjectRecord> {
    let count = 1 + u32::from(number) * u32::from(number) * 3;
    let id = |at: u32| format!("{:x}-{number}", at.wrapping_mul(2_654_435_761));
    let url = |at: u32| format!("s3://b/{}/{}/{at}", at % 3, number % 2);
    (0..count)
        .map(|at| {
            record(
                &id(at),
                &format!("d{number}"),
                at.is_multiple_of(2).then(|| url(at)).as_deref(),
            )
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn lists_answer_as_a_map_of_texts_does(model in steps()) {
        let mut lists = ObjectLists::default();
        for mut step in model.steps {
            step.sort_unstable();
            step.dedup();
            let wanted = step.iter().map(|number| list(&format!("d{number}"), dataset(*number))).collect();
            lists = ObjectLists::new(&lists, wanted).unwrap();
            let map: BTreeMap<String, ObjectRecord> = step
                .iter()
                .flat_map(|number| dataset(*number))
                .map(|record| (record.id.as_str().to_owned(), record))
                .collect();
            let objects = ObjectMap::with_lists(Vec::new(), lists.clone()).unwrap();
            prop_assert_eq!(objects.len(), map.len());
            let walked: Vec<ObjectRecord> = objects.iter().map(std::borrow::Cow::into_owned).collect();
            prop_assert_eq!(&walked, &map.values().cloned().collect::<Vec<_>>());
            for number in 0..12 {
                for asked in dataset(number) {
                    let id = asked.id.as_str();
                    let found = objects.object(id);
                    prop_assert_eq!(found.as_deref(), map.get(id));
                    let other = format!("{id}x");
                    prop_assert!(objects.object(&other).is_none());
                }
            }
            for url in (0..40).map(|at| format!("s3://b/{}/1/{at}", at % 3)) {
                let mut found: Vec<String> = objects.at_url(&url).iter().map(|one| one.id.to_string()).collect();
                found.sort();
                let of = |record: &&ObjectRecord| record.urls.contains(&url);
                let expected: Vec<String> = map.values().filter(of).map(|one| one.id.to_string()).collect();
                prop_assert_eq!(found, expected);
            }
            for directory in ["s3://b", "s3://b/1", "s3://b/1/0/", "s3://b/1/0/4", "s3://b/none"] {
                let under = objects.under_url(directory, usize::MAX, |_| false);
                let mut found: Vec<String> = under.objects.iter().map(|one| one.id.to_string()).collect();
                found.sort();
                let start = directory.trim_end_matches('/');
                let below = |url: &String| *url == start || url.starts_with(&format!("{start}/"));
                let of = |record: &&ObjectRecord| record.urls.iter().any(below);
                let expected: Vec<String> = map.values().filter(of).map(|one| one.id.to_string()).collect();
                prop_assert_eq!(found, expected, "{}", directory);
            }
        }
    }
}
