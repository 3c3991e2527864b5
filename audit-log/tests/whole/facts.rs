//! Facts records: sealed beside the log, bound to their entry, gone with their person.

use std::fs;

use audit_log::*;

use crate::support::*;

#[test]
fn a_facts_record_opens_with_its_persons_key_and_fits_its_entry_only() {
    let bench = Bench::new();
    let dir = bench.folder.path().join("facts");
    let mut settings = bench.settings();
    settings.facts = Some(dir.clone());
    let writer = Writer::open(settings).unwrap();
    let keystore = bench.keystore();
    let (ann, ben) = (keystore.person("ann").unwrap(), keystore.person("ben").unwrap());
    writer.append(access(&ann).facts(b"of ann".to_vec())).wait().unwrap();
    writer.append(access(&ben).facts(b"of ben".to_vec())).wait().unwrap();
    writer.append(access(&ann)).wait().unwrap();
    // A record past the bound is dropped, and its entry is written all the same.
    writer
        .append(access(&ann).facts(vec![0; FACTS_BYTES + 1]))
        .wait()
        .unwrap();
    // Equal denials have one entry, and one record.
    for _ in 0..3 {
        writer
            .note_denied(access(&ben).facts(b"denied".to_vec()))
            .wait()
            .unwrap();
    }
    let entries = writer.events(0..100).unwrap();
    writer.close().wait().unwrap();
    assert!(bench.verify().sound(), "the log's own folder holds nothing else");

    let mut kept = Vec::new();
    assert_eq!(read_facts(&dir, |facts| kept.push(facts)).unwrap(), 0);
    assert_eq!(kept.len(), 3);
    let raw = fs::read(fs::read_dir(&dir).unwrap().next().unwrap().unwrap().path()).unwrap();
    assert!(!String::from_utf8_lossy(&raw).contains("of ann"), "sealed");
    let keys = Keys::read(&bench.folder.path().join("keys"), &[9; 32]).unwrap();
    for (facts, text) in kept.iter().zip(["of ann", "of ben", "denied"]) {
        let entry = entries
            .iter()
            .find(|stored| stored.entry.id.to_string() == facts.entry)
            .unwrap();
        let stated = entry.entry.why.as_ref().and_then(|why| why.facts);
        assert_eq!(stated, Some(facts.digest()), "the entry covers the record");
        let key = keys.of(&facts.p, ORIGIN, &entry.entry.t.month()).unwrap();
        assert_eq!(facts.open(key, ORIGIN).unwrap(), text.as_bytes());
        let other = SealedFacts {
            entry: "01AN4Z07BY79KA1307SR9X4MV3".to_owned(),
            ..facts.clone()
        };
        assert!(other.open(key, ORIGIN).is_err(), "of another entry");
        assert!(
            facts.open(&PersonKey::from_bytes([5; 32]), ORIGIN).is_err(),
            "with another key"
        );
    }

    // Erasure: the key is gone, and with it the record's meaning.
    assert!(keystore.destroy("ann").unwrap());
    let keys = Keys::read(&bench.folder.path().join("keys"), &[9; 32]).unwrap();
    assert!(keys.of(&kept[0].p, ORIGIN, "2026-11").is_none());
    assert!(keys.of(&kept[1].p, ORIGIN, "2026-11").is_some());
    assert!(
        Keys::read(&bench.folder.path().join("keys"), &[8; 32]).is_err(),
        "another node's key"
    );
}

#[test]
fn a_log_without_a_place_for_facts_drops_them() {
    let bench = Bench::new();
    let writer = bench.open();
    let ann = bench.keystore().person("ann").unwrap();
    writer.append(access(&ann).facts(b"of ann".to_vec())).wait().unwrap();
    let entries = writer.events(0..100).unwrap();
    assert!(
        entries
            .iter()
            .all(|stored| stored.entry.why.as_ref().is_none_or(|why| why.facts.is_none()))
    );
}
