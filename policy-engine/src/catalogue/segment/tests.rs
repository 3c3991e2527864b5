//! Lists against lists: what is written is read, what was damaged is refused.

use proptest::prelude::*;

use super::*;

fn name(text: &str) -> Name {
    Name::try_from(text).unwrap()
}

fn record(id: &str) -> ObjectRecord {
    ObjectRecord {
        id: name(id),
        dataset: name("d"),
        groups: None,
        participants: None,
        urls: Vec::new(),
    }
}

/// A few objects with something of everything.
fn some() -> Vec<ObjectRecord> {
    let mut records: Vec<ObjectRecord> = (0..50).map(|at| record(&format!("EGAF{at:05}"))).collect();
    records[3].urls = vec!["s3://b/x/1".to_owned(), "s3://b/x/2".to_owned()];
    records[4].urls = vec!["s3://b/x/2".to_owned()];
    records[5].participants = Some(vec![name("p1"), name("p2")]);
    records[6].participants = Some(Vec::new());
    records[7].groups = Some([name("adults")].into());
    records
}

fn open(records: Vec<ObjectRecord>) -> Segment {
    let part = write(records, usize::MAX).remove(0);
    Segment::open(part.bytes).unwrap()
}

#[test]
fn a_list_is_the_same_in_any_order_and_read_as_it_was_written() {
    let mut turned = some();
    turned.reverse();
    let parts = write(some(), usize::MAX);
    assert_eq!(parts, write(turned, usize::MAX));
    assert_eq!(parts.len(), 1);
    let segment = Segment::open(parts[0].bytes.clone()).unwrap();
    assert_eq!(segment.objects(&name("d")).collect::<Vec<_>>(), some());
    assert_eq!(segment.digest(), hex_digest(&parts[0].bytes));
}

#[test]
fn an_older_list_of_text_is_the_same_list_under_its_own_digest() {
    let text = &crate::catalogue::list::write(some(), usize::MAX)[0].text;
    let segment = Segment::of_text(text).unwrap();
    assert_eq!(segment.objects(&name("d")).collect::<Vec<_>>(), some());
    assert_eq!(segment.digest(), hex_digest(text.as_bytes()));
    assert_eq!(
        Segment::of_text("{\"id\":\"b\"}\n{\"id\":\"a\"}\n").unwrap_err().code(),
        "catalogue.list_unreadable"
    );
    assert!(Segment::of_text("").unwrap().is_empty());
}

#[test]
fn long_lists_are_split_and_nothing_is_lost() {
    let all: Vec<ObjectRecord> = (0..5_000).map(|at| record(&format!("{:08x}", at * 7_919))).collect();
    let parts = write(all.clone(), 2_000);
    assert!(parts.len() > 5, "{}", parts.len());
    assert!(parts.iter().all(|part| part.bytes.len() <= 2_000));
    let mut read = Vec::new();
    for part in parts {
        let segment = Segment::open(part.bytes).unwrap();
        assert_eq!(u64::from(segment.len()), part.count);
        read.extend(segment.objects(&name("d")));
    }
    assert_eq!(read.len(), 5_000);
    assert!(read.is_sorted_by(|one, other| one.id < other.id));
}

#[test]
fn sequential_ids_take_a_few_bytes_each() {
    let all = (0..10_000).map(|at| record(&format!("EGAF{at:011}"))).collect();
    assert!(open(all).bytes() < 55_000);
}

#[test]
fn every_cut_and_every_wrong_form_is_refused() {
    let good = write(some(), usize::MAX).remove(0).bytes;
    for length in 0..good.len() {
        let fault = Segment::open(good[..length].to_vec()).unwrap_err();
        assert_eq!(fault.code(), "catalogue.list_damaged", "cut at {length}");
    }
    let mut longer = good.clone();
    longer.push(0);
    assert!(Segment::open(longer).is_err(), "something behind the end");
    let table = |tables: [Vec<(&str, Vec<u8>)>; 3]| {
        let mut bytes = MAGIC.to_vec();
        let writers: Vec<texts::Writer> = tables
            .iter()
            .map(|list| {
                let mut writer = texts::Writer::default();
                list.iter().for_each(|(text, own)| writer.push(text.as_bytes(), own));
                writer
            })
            .collect();
        for writer in &writers {
            bytes.extend(writer.count().to_le_bytes());
        }
        for writer in &writers {
            bytes.extend(u32::try_from(writer.body()).unwrap().to_le_bytes());
        }
        writers.into_iter().for_each(|writer| writer.end(&mut bytes));
        Segment::open(bytes)
    };
    let plain = |text| (text, Vec::new());
    assert!(table([vec![plain("a"), plain("b")], vec![], vec![]]).is_ok());
    let long = "x".repeat(256);
    let cases = [
        ("not sorted", [vec![plain("b"), plain("a")], vec![], vec![]]),
        ("twice", [vec![plain("a"), plain("a")], vec![], vec![]]),
        ("no id", [vec![plain("")], vec![], vec![]]),
        ("an id that is too long", [vec![plain(&long)], vec![], vec![]]),
        ("a name that nobody has", [vec![plain("a")], vec![], vec![plain("p")]]),
        (
            "a URL of no object",
            [vec![plain("a")], vec![plain("s3://b/1")], vec![]],
        ),
        (
            "a URL that its object does not have",
            [vec![plain("a")], vec![("s3://b/1", vec![0])], vec![]],
        ),
        (
            "an object whose URL does not know it",
            [
                vec![("a", vec![0, 0, 0]), ("b", vec![0, 0, 0])],
                vec![("s3://b/1", vec![0])],
                vec![],
            ],
        ),
        ("a name that is not there", [vec![("a", vec![0, 2, 0])], vec![], vec![]]),
        ("nothing in two forms", [vec![("a", vec![0, 0])], vec![], vec![]]),
        ("a number in two forms", [vec![("a", vec![0x80, 0, 1])], vec![], vec![]]),
        ("what cannot be read", [vec![("a", vec![9])], vec![], vec![]]),
    ];
    for (title, tables) in cases {
        let fault = table(tables).map(drop).unwrap_err();
        assert_eq!(fault.code(), "catalogue.list_damaged", "{title}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_passes_is_what_would_be_written(
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        more in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        let mut bytes = write(some(), usize::MAX).remove(0).bytes;
        for (at, byte) in more.into_iter().chain([(at, byte)]) {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(segment) = Segment::open(bytes.clone()) {
            let objects: Vec<ObjectRecord> = segment.objects(&name("d")).collect();
            prop_assert_eq!(objects.len(), segment.len() as usize);
            prop_assert_eq!(&write(objects, usize::MAX)[0].bytes, &bytes);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Segment::open(bytes.clone());
        let mut begun = MAGIC.to_vec();
        begun.extend(bytes);
        let _ = Segment::open(begun);
    }
}
