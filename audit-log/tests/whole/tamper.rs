//! Every edited byte shows, with its place.

use std::fs;

use crate::support::*;
use audit_log::*;

/// A small closed log: each kind of file is there.
fn small() -> Bench {
    let bench = Bench::new();
    let (writer, keystore) = (bench.open(), bench.keystore());
    writer.append(access(&keystore.person("ann").unwrap())).wait().unwrap();
    writer.append(numbered(1)).wait().unwrap();
    drop(writer);
    assert!(bench.verify().sound());
    bench
}

/// A log of several segments and full tiles.
fn larger() -> Bench {
    let bench = Bench::new();
    let mut settings = bench.settings();
    settings.segment_bytes = 20_000;
    let writer = Writer::open(settings).unwrap();
    let pending: Vec<_> = (0..599).map(|n| writer.append(numbered(n))).collect();
    pending.into_iter().for_each(|one| drop(one.wait().unwrap()));
    drop(writer);
    assert!(bench.verify().sound());
    bench
}

/// One bit of every `step`th byte, another bit each time.
fn every_flip_is_found(bench: &Bench, step: usize) {
    let dir = bench.dir();
    for file in bench.files() {
        let bytes = fs::read(&file).unwrap();
        let name = file.strip_prefix(&dir).unwrap().to_string_lossy().into_owned();
        for at in (0..bytes.len()).step_by(step) {
            let mask = 1u8 << (at % 8);
            let mut edited = bytes.clone();
            edited[at] ^= mask;
            fs::write(&file, &edited).unwrap();
            let report = bench.verify();
            assert!(
                report.findings.iter().any(|finding| finding.file == name),
                "`{name}` byte {at} xor {mask:#x}: {:?}",
                report.findings
            );
        }
        fs::write(&file, &bytes).unwrap();
    }
    assert!(bench.verify().sound());
}

#[test]
fn every_flipped_byte_of_every_file_of_a_small_log_is_found_and_placed() {
    every_flip_is_found(&small(), 1);
}

#[test]
fn flipped_bytes_of_a_log_with_full_tiles_and_many_segments_are_found_and_placed() {
    every_flip_is_found(&larger(), 1009);
}

#[test]
fn a_file_that_is_gone_cut_longer_or_unknown_is_found() {
    let bench = larger();
    for file in bench.files() {
        let bytes = fs::read(&file).unwrap();
        let edits = [
            ("gone", None),
            ("empty", Some(Vec::new())),
            ("one byte short", Some(bytes[..bytes.len() - 1].to_vec())),
            ("half", Some(bytes[..bytes.len() / 2].to_vec())),
            ("one byte long", Some([bytes.as_slice(), &[0]].concat())),
        ];
        for (what, edit) in edits {
            match edit {
                Some(edit) => fs::write(&file, edit).unwrap(),
                None => fs::remove_file(&file).unwrap(),
            }
            // A last segment with bytes after its last entry may be one that is being written: that is a warning.
            let report = bench.verify();
            let growing = what == "one byte long" && bench.segments().last() == Some(&file);
            assert_eq!(report.sound(), growing, "{} {what}", file.display());
            assert!(
                !growing
                    || report
                        .warnings
                        .iter()
                        .any(|warning| warning.starts_with("1 bytes at the end"))
            );
        }
        fs::write(&file, &bytes).unwrap();
    }
    for name in [
        "notes.txt",
        "tile/0/000.p/0",
        "segments/1.seg",
        "notes.tmp",
        "tile/0/999",
    ] {
        let file = bench.dir().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, b"x").unwrap();
        let report = bench.verify();
        assert!(
            report.findings.iter().any(|finding| finding.file == name),
            "{name}: {:?}",
            report.findings
        );
        fs::remove_file(&file).unwrap();
    }
    assert!(bench.verify().sound());
}

/// Writes a whole new frame: what an editor who knows the format would do.
fn rewrite(segment: &[u8], from: &str, to: &str) -> Vec<u8> {
    let place = segment
        .windows(from.len())
        .position(|part| part == from.as_bytes())
        .unwrap();
    let mut at = 81;
    let mut edited = segment.to_vec();
    loop {
        let length = u32::from_le_bytes(edited[at..at + 4].try_into().unwrap()) as usize;
        if place < at + 8 + length {
            edited[place..place + to.len()].copy_from_slice(to.as_bytes());
            let sum = crc32c::crc32c(&edited[at + 8..at + 8 + length]);
            edited[at + 4..at + 8].copy_from_slice(&sum.to_le_bytes());
            return edited;
        }
        at += 8 + length;
    }
}

#[test]
fn an_entry_edited_with_a_right_checksum_is_found_at_its_index() {
    let bench = small();
    let segment = bench.segments().remove(0);
    let bytes = fs::read(&segment).unwrap();
    fs::write(&segment, rewrite(&bytes, "\"permit\"", "\"review\"")).unwrap();
    let report = bench.verify();
    let files: Vec<_> = report.findings.iter().map(|finding| finding.file.as_str()).collect();
    assert!(
        files.contains(&"tile/entries/000.p/3") && files.contains(&"tile/0/000.p/3"),
        "{files:?}"
    );
    assert_eq!(report.first_bad().unwrap().index, Some(1));
    assert_eq!(
        Writer::open(bench.settings()).unwrap_err().code(),
        "audit.log_damaged",
        "and not written on"
    );
}

#[test]
fn a_log_that_was_cut_and_signed_again_breaks_its_promise() {
    let bench = small();
    let writer = bench.open();
    copy(&bench.dir(), &bench.folder.path().join("before"));
    let receipt = writer.append(numbered(7)).wait().unwrap();
    drop(writer);
    // The operator, who has the key, goes on from the copy as if the entry had never been.
    fs::remove_dir_all(bench.dir()).unwrap();
    copy(&bench.folder.path().join("before"), &bench.dir());
    bench.source.forward(1);
    let writer = bench.open();
    writer.append(numbered(8)).wait().unwrap();
    let head = writer.checkpoint().wait().unwrap();
    assert!(bench.verify().sound(), "the new log alone looks right");
    let promise = Promise::check(&receipt.header_value(), &vkey()).unwrap();
    assert!(promise.index < head.size);
    let there = writer.events(promise.index..promise.index + 1).unwrap();
    assert_ne!(
        there[0].leaf, promise.leaf,
        "the promise in the user's hands convicts it"
    );
}

#[test]
fn without_a_key_the_folders_own_is_used_and_the_report_says_so() {
    let bench = small();
    let report = verify_dir(&bench.dir(), None).unwrap();
    assert!(report.sound());
    assert!(report.warnings[0].contains("publishes"), "{:?}", report.warnings);
    let other = LogKey::from_seed(&[1; 32]).unwrap().vkey(ORIGIN).unwrap();
    assert!(!verify_dir(&bench.dir(), Some(&other)).unwrap().sound());
    assert_eq!(
        verify_dir(&bench.dir().join("no"), None).unwrap_err().code(),
        "audit.file"
    );
}
