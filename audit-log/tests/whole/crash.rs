//! What a crash can leave: a torn tail is cut, damage is refused, nothing acknowledged is lost.

use std::fs::{self, OpenOptions};
use std::io::Write;

use crate::support::*;
use audit_log::*;

/// A log as the power left it: five entries acknowledged, a checkpoint over the first only.
fn left() -> (Bench, Vec<[u8; 32]>) {
    let bench = Bench::new();
    let writer = bench.open();
    let leaves: Vec<_> = (0..5)
        .map(|n| writer.append(numbered(n)).wait().unwrap().leaf())
        .collect();
    let copied = bench.folder.path().join("left");
    copy(&bench.dir(), &copied);
    drop(writer);
    fs::remove_dir_all(bench.dir()).unwrap();
    fs::rename(copied, bench.dir()).unwrap();
    (bench, leaves)
}

#[test]
fn everything_acknowledged_is_there_after_the_power_went() {
    let (bench, leaves) = left();
    let report = bench.verify();
    assert!(report.sound(), "{:?}", report.findings);
    assert_eq!((report.entries, report.uncovered), (6, 5));
    let writer = bench.open();
    let found: Vec<_> = writer.events(1..6).unwrap().into_iter().map(|one| one.leaf).collect();
    assert_eq!(found, leaves);
}

#[test]
fn a_tail_torn_at_any_byte_of_the_last_frame_is_cut_there() {
    let (bench, leaves) = left();
    let segment = bench.segments().remove(0);
    let whole = fs::read(&segment).unwrap();
    let saved = bench.folder.path().join("saved");
    copy(&bench.dir(), &saved);
    let last = 8 + Reader::open(&bench.dir()).unwrap().events(5..6).unwrap().len(); // the head at least
    let entry = serde_json::to_vec(&Reader::open(&bench.dir()).unwrap().events(5..6).unwrap()[0].entry).unwrap();
    assert!(last < entry.len());
    let start = whole.len() - entry.len() - 8;
    for cut in start..whole.len() {
        fs::remove_dir_all(bench.dir()).unwrap();
        copy(&saved, &bench.dir());
        fs::write(&segment, &whole[..cut]).unwrap();
        let report = bench.verify();
        assert!(report.sound(), "cut at {cut}: {:?}", report.findings);
        assert_eq!(report.entries, 5);
        let writer = bench.open();
        let found = writer.events(1..9).unwrap();
        assert_eq!(found.len(), 5, "four entries and log.fence");
        assert!(found.iter().zip(&leaves).take(4).all(|(one, leaf)| one.leaf == *leaf));
        assert_eq!(found[4].entry.kind, EventType::LogFence);
        assert_eq!(
            found[4].entry.bytes,
            Some((cut - start) as u64),
            "it says how much was cut"
        );
        drop(writer);
        assert!(bench.verify().sound());
    }
}

#[test]
fn damage_is_refused_and_never_cut() {
    type Edit = fn(&mut Vec<u8>);
    let cases: [(&str, Edit); 4] = [
        ("below the checkpoint", |bytes| bytes[120] ^= 1),
        ("cut below the checkpoint", |bytes| bytes.truncate(120)),
        ("before whole entries", |bytes| {
            let place = bytes.windows(3).position(|part| part == b"d-2").unwrap();
            bytes[place] ^= 1;
        }),
        ("more bytes than a write has", |bytes| {
            bytes.extend(vec![1; (1 << 20) + 1])
        }),
    ];
    for (what, edit) in cases {
        let (bench, _) = left();
        let segment = bench.segments().remove(0);
        let mut bytes = fs::read(&segment).unwrap();
        edit(&mut bytes);
        fs::write(&segment, &bytes).unwrap();
        let error = Writer::open(bench.settings()).unwrap_err();
        assert_eq!(error.code(), "audit.log_damaged", "{what}: {error}");
        assert_eq!(fs::read(&segment).unwrap(), bytes, "{what}: left as it was");
        assert!(!bench.verify().sound(), "{what}");
    }
}

#[test]
fn a_checkpoint_that_is_gone_or_of_more_entries_is_damage() {
    let (bench, _) = left();
    let checkpoint = bench.dir().join("checkpoint");
    let note = fs::read(&checkpoint).unwrap();
    fs::remove_file(&checkpoint).unwrap();
    assert_eq!(Writer::open(bench.settings()).unwrap_err().code(), "audit.log_damaged");
    fs::write(&checkpoint, note).unwrap();
    drop(bench.open());
    let segment = bench.segments().remove(0);
    let bytes = fs::read(&segment).unwrap();
    fs::write(&segment, &bytes[..bytes.len() - 3]).unwrap();
    assert_eq!(
        Writer::open(bench.settings()).unwrap_err().code(),
        "audit.log_damaged",
        "cut below what was signed"
    );
}

#[test]
fn tiles_that_were_not_written_yet_are_made_anew_and_temporary_files_go() {
    let bench = Bench::new();
    let writer = bench.open();
    let pending: Vec<_> = (0..300).map(|n| writer.append(numbered(n))).collect();
    pending.into_iter().for_each(|one| drop(one.wait().unwrap()));
    drop(writer);
    // As before the last checkpoint: the head of the first entry, no full tiles but an empty one.
    let early = Bench::new();
    drop(early.open());
    fs::copy(early.dir().join("checkpoint"), bench.folder.path().join("other")).unwrap();
    let reader = Reader::open(&bench.dir()).unwrap();
    let first = reader.events(0..1).unwrap().remove(0);
    let head = Checkpoint {
        origin: ORIGIN.to_owned(),
        size: 1,
        root: first.leaf,
    };
    fs::remove_dir_all(bench.dir().join("tile")).unwrap();
    fs::create_dir_all(bench.dir().join("tile/0")).unwrap();
    fs::write(bench.dir().join("tile/0/000"), b"").unwrap();
    fs::write(bench.dir().join("tile/0/000.tmp"), b"half").unwrap();
    fs::write(bench.dir().join("checkpoint"), signed(&head)).unwrap();
    let writer = bench.open();
    assert_eq!(writer.size(), 302);
    drop(writer);
    let report = bench.verify();
    assert!(report.sound(), "{:?}", report.findings);
}

/// A checkpoint note by the log's key, put together by hand.
fn signed(head: &Checkpoint) -> String {
    use base64::Engine as _;
    let pair = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let bytes = [&vkey().id()[..], pair.sign(head.body().as_bytes()).as_ref()].concat();
    format!(
        "{}\n— {ORIGIN} {}\n",
        head.body(),
        base64::engine::general_purpose::STANDARD.encode(bytes)
    )
}

#[test]
fn when_the_disk_refuses_nothing_is_acknowledged_until_it_takes_entries_again() {
    let bench = Bench::new();
    let mut settings = bench.settings();
    settings.segment_bytes = 4096;
    let writer = Writer::open(settings).unwrap();
    // A folder stands where the next segment would go: making it fails as a full disk would.
    let mut next = 0;
    let mut blocked = None;
    for n in 0..100 {
        if bench
            .segments()
            .iter()
            .map(|file| fs::metadata(file).unwrap().len())
            .next_back()
            .unwrap()
            >= 4096
        {
            let path = bench.dir().join(format!("segments/{:020}.seg", writer.size()));
            fs::create_dir_all(path.join("in-the-way")).unwrap();
            blocked = Some(path);
            next = n;
            break;
        }
        writer.append(numbered(n)).wait().unwrap();
    }
    let size = writer.size();
    let error = writer.append(numbered(next)).wait().unwrap_err();
    assert_eq!(error.code(), "audit.unavailable", "{error}");
    bench.source.forward(2);
    assert_eq!(
        writer.append(numbered(next)).wait().unwrap_err().code(),
        "audit.unavailable",
        "still"
    );
    assert_eq!(writer.size(), size);
    fs::remove_dir_all(blocked.unwrap()).unwrap();
    bench.source.forward(2);
    let receipt = writer.append(numbered(next)).wait().unwrap();
    assert!(receipt.index() >= size);
    drop(writer);
    assert!(bench.verify().sound(), "{:?}", bench.verify().findings);
}

#[test]
fn whole_entries_that_were_never_acknowledged_may_stay() {
    let (bench, _) = left();
    let segment = bench.segments().remove(0);
    let entry = serde_json::to_vec(&Reader::open(&bench.dir()).unwrap().events(5..6).unwrap()[0].entry).unwrap();
    let mut file = OpenOptions::new().append(true).open(&segment).unwrap();
    file.write_all(&u32::try_from(entry.len()).unwrap().to_le_bytes())
        .unwrap();
    file.write_all(&crc32c::crc32c(&entry).to_le_bytes()).unwrap();
    file.write_all(&entry).unwrap();
    drop(file);
    let writer = bench.open();
    assert_eq!(writer.size(), 8, "six, the kept one, log.fence");
    drop(writer);
    assert!(bench.verify().sound());
}
