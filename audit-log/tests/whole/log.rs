//! A log written, read back, promised and verified.

use crate::support::*;
use audit_log::*;

#[test]
fn an_entry_is_durable_promised_and_read_back() {
    let bench = Bench::new();
    let writer = bench.open();
    let keystore = bench.keystore();
    let ann = keystore.person("ann,https%3A%2F%2Fidp.example.org").unwrap();
    let receipt = writer.append(access(&ann)).wait().unwrap();
    assert_eq!((receipt.index(), writer.size()), (1, 2), "log.open was the first");
    let promise = Promise::check(&receipt.header_value(), &vkey()).unwrap();
    assert_eq!(
        (promise.index, promise.leaf, promise.time),
        (1, receipt.leaf(), START / 1_000_000)
    );

    let found = writer.events(1..99).unwrap();
    assert_eq!(found.len(), 1);
    let (stored, entry) = (&found[0], &found[0].entry);
    assert_eq!((stored.index, stored.leaf), (1, receipt.leaf()));
    assert_eq!(
        entry.who.p.as_ref().unwrap().as_str(),
        Pseudonym::of(&ann, ORIGIN, "2026-11").as_str()
    );
    let details = ann
        .open(entry.sealed.as_ref().unwrap(), entry.id.as_str(), ORIGIN)
        .unwrap();
    assert_eq!(
        (details.sub.as_deref(), details.address.as_deref()),
        (Some("ann"), Some("192.0.2.7"))
    );
    assert_ne!(
        entry.what[0].object.as_ref().unwrap().as_str(),
        "o-17",
        "object ids are salted digests"
    );
    assert_eq!(writer.find(&[EventType::LogOpen], 0, 10).unwrap()[0].index, 0);
    let whose = keystore.resolve(entry.who.p.as_ref().unwrap().as_str(), ORIGIN, "2026-11");
    assert_eq!(whose.as_deref(), Some("ann,https%3A%2F%2Fidp.example.org"));
    drop(writer);
    let text = bench
        .segments()
        .into_iter()
        .map(|file| String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned());
    let text: String = text.collect();
    for secret in ["ann", "192.0.2.7", "idp.example.org", "o-17"] {
        assert!(!text.contains(secret), "`{secret}` stands in the log in clear");
    }
    let report = bench.verify();
    assert!(report.sound(), "{:?}", report.findings);
    assert_eq!(
        (report.entries, report.uncovered, report.warnings.len()),
        (2, 0, 0),
        "{:?}",
        report.warnings
    );
}

#[test]
fn thousands_of_entries_in_many_segments_are_one_sound_log() {
    let bench = Bench::new();
    let mut settings = bench.settings();
    settings.segment_bytes = 20_000;
    let writer = Writer::open(settings).unwrap();
    let pending: Vec<_> = (0..1500).map(|n| writer.append(numbered(n))).collect();
    let receipts: Vec<_> = pending.into_iter().map(|one| one.wait().unwrap()).collect();
    for (n, receipt) in receipts.iter().enumerate() {
        assert_eq!(receipt.index(), n as u64 + 1);
        Promise::check(&receipt.header_value(), &vkey()).unwrap();
    }
    let head = writer.checkpoint().wait().unwrap();
    assert_eq!(head.size, 1501);
    let after = writer.append(numbered(1500)).wait().unwrap();
    let live = bench.verify();
    assert!(live.sound(), "a log that is open: {:?}", live.findings);
    assert_eq!((live.entries, live.uncovered), (1502, 1));
    assert!(
        live.warnings[0].contains("1 entries not yet under a checkpoint"),
        "{:?}",
        live.warnings
    );

    for (from, to) in [(0, 10), (250, 520), (1000, 1502), (1490, 9999), (5000, 5001)] {
        let found = writer.events(from..to).unwrap();
        let indexes: Vec<u64> = found.iter().map(|one| one.index).collect();
        assert_eq!(indexes, (from..to.min(1502)).collect::<Vec<_>>());
        for one in found.iter().filter(|one| one.index > 0) {
            let decision = one.entry.why.as_ref().unwrap().decision.as_ref().unwrap();
            assert_eq!(decision.as_str(), format!("d-{}", one.index - 1));
        }
    }
    assert_eq!(
        Reader::open(&bench.dir()).unwrap().events(700..703).unwrap(),
        writer.events(700..703).unwrap()
    );
    drop(writer);
    assert!(bench.segments().len() > 5);
    let leaves = Reader::open(&bench.dir()).unwrap();
    let mut all = leaves.events(0..1502).unwrap();
    assert_eq!(all.pop().unwrap().leaf, after.leaf());
    let tree = tree::Levels::new(all.iter().map(|one| one.leaf).collect());
    assert_eq!(tree.root(), head.root);
    let entry = canonical(&serde_json::to_value(&all[42].entry).unwrap());
    assert!(tree::verify_inclusion(
        &head,
        42,
        entry.as_bytes(),
        &tree.inclusion(42).unwrap()
    ));

    let writer = bench.open();
    assert_eq!(writer.size(), 1503, "log.fence");
    drop(writer);
    let report = bench.verify();
    assert!(report.sound(), "{:?}", report.findings);
    assert_eq!((report.entries, report.uncovered), (1503, 0));
}

#[test]
fn a_second_writer_is_refused_until_the_first_is_gone() {
    let bench = Bench::new();
    let first = bench.open();
    let second = Writer::open(bench.settings()).unwrap_err();
    assert_eq!(second.code(), "audit.locked");
    first.close().wait().unwrap();
    assert_eq!(first.append(numbered(1)).wait().unwrap_err().code(), "audit.closed");
    let second = bench.open();
    assert_eq!(second.size(), 2);
}

#[test]
fn another_key_or_origin_does_not_open_the_log() {
    let bench = Bench::new();
    drop(bench.open());
    let mut other = bench.settings();
    other.key = LogKey::from_seed(&[1; 32]).unwrap();
    assert_eq!(Writer::open(other).unwrap_err().code(), "audit.other_log");
    let mut other = bench.settings();
    other.origin = "visum.example.org/audit/other".to_owned();
    assert_eq!(Writer::open(other).unwrap_err().code(), "audit.other_log");
    for origin in [
        "",
        "two words",
        "a+b",
        "visum-promise/1",
        "a;b",
        "h.example.org/a#1",
        "é.example.org",
    ] {
        let mut wrong = bench.settings();
        wrong.origin = origin.to_owned();
        assert_eq!(Writer::open(wrong).unwrap_err().code(), "audit.setting", "{origin}");
    }
}

#[test]
fn checkpoints_come_by_the_clock_while_there_are_entries() {
    let bench = Bench::new();
    let writer = bench.open();
    let size = || {
        let note = std::fs::read_to_string(bench.dir().join("checkpoint")).unwrap();
        Checkpoint::verify(&note, &vkey(), &[]).unwrap().0.size
    };
    assert_eq!(size(), 1);
    writer.append(numbered(1)).wait().unwrap();
    writer.tick().wait().unwrap();
    assert_eq!(size(), 1, "not by the request");
    bench.source.forward(60);
    writer.tick().wait().unwrap();
    writer.checkpoint().wait().unwrap();
    assert_eq!(size(), 2);
    let before = std::fs::metadata(bench.dir().join("checkpoint"))
        .unwrap()
        .modified()
        .unwrap();
    bench.source.forward(60);
    writer.tick().wait().unwrap();
    drop(writer);
    let after = std::fs::metadata(bench.dir().join("checkpoint"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(before, after, "no checkpoint without entries");
}

#[test]
fn governed_rows_are_listed_with_their_entries_before_and_after_a_restart() {
    let bench = Bench::new();
    let writer = bench.open();
    let row = Digest::of(b"grant 1");
    let event = Event::new(EventType::GrantIssue, Outcome::Success).did(Did::row(None, Some(row)));
    let bare = Event::new(EventType::GrantIssue, Outcome::Success);
    assert_eq!(writer.append(bare).wait().unwrap_err().code(), "audit.event_incomplete");
    writer.append(numbered(1)).wait().unwrap();
    let receipt = writer.append(event).wait().unwrap();
    let expected = Governed {
        index: 2,
        leaf: receipt.leaf(),
        kind: EventType::GrantIssue,
        rows: vec![RowChange {
            before: None,
            after: Some(row),
        }],
    };
    assert_eq!(writer.governed(0), std::slice::from_ref(&expected));
    assert_eq!(writer.governed(3), []);
    drop(writer);
    assert_eq!(bench.open().governed(0), [expected]);
}

#[test]
fn a_clock_that_steps_back_is_on_record() {
    let bench = Bench::new();
    let writer = bench.open();
    writer.append(numbered(1)).wait().unwrap();
    bench.source.forward(-30);
    writer.append(numbered(2)).wait().unwrap();
    let kinds: Vec<_> = writer
        .events(0..9)
        .unwrap()
        .into_iter()
        .map(|one| one.entry.kind)
        .collect();
    assert_eq!(
        kinds,
        [
            EventType::LogOpen,
            EventType::Decision,
            EventType::ClockStep,
            EventType::Decision
        ]
    );
    drop(writer);
    assert!(bench.verify().sound());
}

#[test]
fn an_event_that_is_too_large_is_refused_and_the_log_goes_on() {
    let bench = Bench::new();
    let writer = bench.open();
    let large = numbered(1).whats((0..2000).map(|n| What::dataset(format!("https://data.example.org/{n}"))));
    assert_eq!(writer.append(large).wait().unwrap_err().code(), "audit.event_too_large");
    assert_eq!(writer.append(numbered(2)).wait().unwrap().index(), 1);
}

#[tokio::test]
async fn appends_run_together_and_subscribers_hear_of_them() {
    let bench = Bench::new();
    let writer = bench.open();
    let mut size = writer.subscribe();
    size.mark_unchanged();
    let tasks: Vec<_> = (0..64)
        .map(|n| {
            let writer = writer.clone();
            tokio::spawn(async move { writer.append(numbered(n)).await.unwrap().index() })
        })
        .collect();
    let mut indexes = Vec::new();
    for task in tasks {
        indexes.push(task.await.unwrap());
    }
    indexes.sort_unstable();
    assert_eq!(indexes, (1..65).collect::<Vec<_>>());
    size.changed().await.unwrap();
    assert_eq!(writer.size(), 65);
}

#[test]
fn a_log_that_is_being_written_verifies_at_any_moment() {
    let bench = Bench::new();
    let mut settings = bench.settings();
    settings.segment_bytes = 30_000;
    let writer = Writer::open(settings).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut n = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) && n < 20_000 {
                let pending: Vec<_> = (n..n + 40).map(|n| writer.append(numbered(n))).collect();
                pending.into_iter().for_each(|one| drop(one.wait().unwrap()));
                writer.checkpoint().wait().unwrap();
                n += 40;
            }
        });
        let mut seen = 0;
        let mut rounds = 0;
        while rounds < 12 || (seen < 600 && rounds < 500) {
            let report = bench.verify();
            assert!(report.sound(), "{:?}", report.findings);
            assert!(report.entries >= seen, "it only grows");
            seen = report.entries;
            rounds += 1;
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}
