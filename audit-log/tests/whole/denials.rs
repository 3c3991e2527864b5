//! Equal denials are one entry and a count; scanners are one entry a minute.

use crate::support::*;
use audit_log::*;

fn denial(key: &PersonKey, code: &str) -> Event {
    Event::new(EventType::DrsGetAccessUrl, Outcome::Denied)
        .who(Who::person(
            Class::Researcher,
            key,
            Details::of("ann", "https://idp.example.org"),
        ))
        .what(What::dataset(DATASET))
        .why(Why::code(code))
}

fn counts(writer: &Writer) -> Vec<u64> {
    let found = writer.find(&[EventType::DeniedMany], 0, 100).unwrap();
    found.iter().map(|one| one.entry.n.unwrap().count).collect()
}

#[test]
fn the_first_denial_is_written_at_once_and_equal_ones_are_counted() {
    let bench = Bench::new();
    let (writer, keystore) = (bench.open(), bench.keystore());
    let (ann, ben) = (keystore.person("ann").unwrap(), keystore.person("ben").unwrap());
    let first = writer.note_denied(denial(&ann, "policy.no_grant")).wait().unwrap();
    assert!(matches!(&first, Noted::Written(receipt) if receipt.index() == 1));
    for n in 2..=70 {
        let noted = writer.note_denied(denial(&ann, "policy.no_grant")).wait().unwrap();
        let Noted::Counted { first, count } = &noted else {
            panic!("written again: {noted:?}")
        };
        assert_eq!((first.index(), *count), (1, n));
        assert_eq!(noted.too_many(), n > 60, "{n}");
    }
    for other in [denial(&ben, "policy.no_grant"), denial(&ann, "consent.hold")] {
        assert!(matches!(writer.note_denied(other).wait().unwrap(), Noted::Written(_)));
    }
    assert_eq!((writer.size(), counts(&writer)), (4, vec![]));
    bench.source.forward(60);
    writer.tick().wait().unwrap();
    assert_eq!(counts(&writer), [69]);
    bench.source.forward(120);
    writer.tick().wait().unwrap();
    assert_eq!(counts(&writer), [69], "nothing more to count");
    assert!(matches!(
        writer.note_denied(denial(&ann, "policy.no_grant")).wait().unwrap(),
        Noted::Written(_)
    ));
}

#[test]
fn an_hour_of_equal_denials_is_about_an_entry_a_minute() {
    let bench = Bench::new();
    let (writer, ann) = (bench.open(), bench.keystore().person("ann").unwrap());
    for _ in 0..60 {
        let all: Vec<_> = (0..50)
            .map(|_| writer.note_denied(denial(&ann, "policy.no_grant")))
            .collect();
        all.into_iter().for_each(|one| drop(one.wait().unwrap()));
        bench.source.forward(60);
        writer.tick().wait().unwrap();
    }
    assert_eq!(writer.size(), 1 + 1 + 60);
    assert_eq!(counts(&writer).iter().sum::<u64>(), 60 * 50 - 1);
    drop(writer);
    assert!(bench.verify().sound());
}

#[test]
fn callers_without_credentials_are_one_count_a_minute_and_at_the_end() {
    let bench = Bench::new();
    let writer = bench.open();
    (0..5000).for_each(|_| writer.count_unauthenticated());
    writer.tick().wait().unwrap();
    assert_eq!(writer.size(), 1);
    bench.source.forward(60);
    writer.tick().wait().unwrap();
    (0..3).for_each(|_| writer.count_unauthenticated());
    drop(writer);
    let found = Reader::open(&bench.dir()).unwrap().events(0..9).unwrap();
    let counts: Vec<_> = found.iter().filter_map(|one| one.entry.n).map(|n| n.count).collect();
    assert_eq!(counts, [5000, 3]);
    assert!(bench.verify().sound());
}
