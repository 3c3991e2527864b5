//! Another process's log, followed as it grows.

use std::fs;
use std::io::Write as _;

use crate::support::*;
use audit_log::*;

fn grant(n: u8) -> Event {
    Event::new(EventType::GrantIssue, Outcome::Success)
        .who(Who::system())
        .what(What::dataset(DATASET))
        .did(Did::default().and_row(None, Some(Digest::from_bytes([n; 32]))))
}

fn follower(bench: &Bench) -> Follower {
    let vkey = LogKey::from_seed(&[7; 32]).unwrap().vkey(ORIGIN).unwrap();
    Follower::new(&bench.dir(), vkey)
}

/// A log of several segments with what it governs, and its last head.
fn segments(bench: &Bench) -> Writer {
    let mut settings = bench.settings();
    settings.segment_bytes = 4_000;
    let writer = Writer::open(settings).unwrap();
    for n in 0..60u8 {
        writer.append(grant(n)).wait().unwrap();
        writer.append(numbered(usize::from(n))).wait().unwrap();
    }
    writer
}

fn newest_segment(bench: &Bench) -> std::path::PathBuf {
    let mut files: Vec<_> = fs::read_dir(bench.dir().join("segments"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.pop().unwrap()
}

#[test]
fn it_finds_what_the_log_governs_each_change_once_over_segments_and_in_order() {
    let bench = Bench::new();
    let mut follower = follower(&bench);
    assert_eq!(follower.catch_up().unwrap(), [], "a log that nobody opened yet");
    let writer = segments(&bench);
    let mut found = follower.catch_up().unwrap();
    assert_eq!(follower.catch_up().unwrap(), []);
    for n in 60..63 {
        writer.append(grant(n)).wait().unwrap();
        found.extend(follower.catch_up().unwrap());
    }
    drop(writer);
    found.extend(follower.catch_up().unwrap());
    let writer = bench.open();
    assert_eq!(found, writer.governed(0));
    assert_eq!(found.len(), 63);
}

#[test]
fn a_frame_that_is_being_written_is_waited_for() {
    let bench = Bench::new();
    let writer = bench.open();
    writer.append(grant(1)).wait().unwrap();
    let mut follower = follower(&bench);
    assert_eq!(follower.catch_up().unwrap().len(), 1);
    writer.append(grant(2)).wait().unwrap();
    let path = newest_segment(&bench);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 5]).unwrap();
    assert_eq!(follower.catch_up().unwrap(), []);
    fs::write(&path, &whole).unwrap();
    assert_eq!(follower.catch_up().unwrap().len(), 1);
}

#[test]
fn what_does_not_fit_its_signed_head_is_followed_no_further() {
    /// What somebody with a hand on the folder does before it is read, or after.
    type Deed = fn(&Bench);
    fn cut(bench: &Bench) {
        let path = newest_segment(bench);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 100]).unwrap();
    }
    fn edit(bench: &Bench) {
        let path = newest_segment(bench);
        let mut bytes = fs::read(&path).unwrap();
        let at = bytes.len() - 3;
        bytes[at] ^= 1;
        fs::write(&path, &bytes).unwrap();
    }
    fn another_head(bench: &Bench) {
        let other = Bench::new();
        let mut settings = other.settings();
        settings.key = LogKey::from_seed(&[9; 32]).unwrap();
        drop(Writer::open(settings).unwrap());
        fs::copy(other.dir().join("checkpoint"), bench.dir().join("checkpoint")).unwrap();
    }
    fn older_segments_swapped(bench: &Bench) {
        let path = newest_segment(bench);
        let first = bench.dir().join("segments/00000000000000000000.seg");
        fs::copy(first, path).unwrap();
    }
    let deeds: [(&str, Deed); 4] = [
        ("cut below the head", cut),
        ("one bit of the last entry", edit),
        ("a head of another key", another_head),
        ("a segment put in another's place", older_segments_swapped),
    ];
    for (name, deed) in deeds {
        for read_before in [false, true] {
            let bench = Bench::new();
            let writer = segments(&bench);
            let mut follower = follower(&bench);
            drop(writer);
            if read_before {
                follower.catch_up().unwrap();
            }
            deed(&bench);
            let seen = follower.catch_up();
            let read_once = ["one bit of the last entry", "a segment put in another's place"];
            if read_before && read_once.contains(&name) {
                // What was read is what was signed; it is not read again.
                assert_eq!(seen.unwrap(), [], "{name}");
                continue;
            }
            assert!(
                matches!(seen, Err(AuditError::Damaged { .. })),
                "{name}, read before: {read_before}: {seen:?}"
            );
            assert!(follower.catch_up().is_err(), "{name}: damage stays");
        }
    }
}

#[test]
fn an_entry_slipped_in_above_the_head_shows_at_the_next_head() {
    let bench = Bench::new();
    let writer = bench.open();
    writer.append(grant(1)).wait().unwrap();
    let mut follower = follower(&bench);
    follower.catch_up().unwrap();
    // Somebody appends a whole frame by hand, in another log's words.
    let forged = {
        let other = Bench::new();
        let writer = other.open();
        writer.append(grant(9)).wait().unwrap();
        let bytes = fs::read(newest_segment(&other)).unwrap();
        drop(writer);
        bytes
    };
    let header = 8 + 1 + 32 + 8 + 32;
    let mut file = fs::OpenOptions::new()
        .append(true)
        .open(newest_segment(&bench))
        .unwrap();
    file.write_all(&forged[header..]).unwrap();
    drop(file);
    let _ = follower.catch_up();
    writer.append(grant(2)).wait().unwrap();
    drop(writer);
    assert!(
        matches!(follower.catch_up(), Err(AuditError::Damaged { .. })),
        "the log's own process signs what it wrote itself"
    );
}
