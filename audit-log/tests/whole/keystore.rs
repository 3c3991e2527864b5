//! The keystore: kept, sealed, torn, edited, erased from.

use std::fs;

use audit_log::*;

use crate::support::*;

#[test]
fn a_keystore_keeps_its_people_and_refuses_other_keys_and_edits() {
    let bench = Bench::new();
    let path = bench.folder.path().join("keys");
    let open = |key: u8| Keystore::open(&path, [key; 32], bench.source.clone());
    let keystore = open(9).unwrap();
    let p = |keystore: &Keystore, who: &str| Pseudonym::of(&keystore.person(who).unwrap(), ORIGIN, "2026-11");
    let (ann, ben) = (p(&keystore, "ann"), p(&keystore, "ben"));
    assert_ne!(ann, ben);
    assert_eq!(open(9).unwrap_err().code(), "audit.locked");
    assert!(keystore.known("cid").is_none());
    drop(keystore);
    let text = fs::read_to_string(&path).unwrap();
    assert!(!text.contains("ann"), "subjects are sealed too");
    assert_eq!(open(8).unwrap_err().code(), "audit.keystore");

    fs::write(&path, format!("{text}torn")).unwrap();
    let keystore = open(9).unwrap();
    assert_eq!((p(&keystore, "ann"), p(&keystore, "ben")), (ann, ben));
    keystore.salt(ORIGIN).unwrap();
    drop(keystore);
    let mut lines: Vec<&str> = text.lines().collect();
    lines.swap(1, 2);
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    assert_eq!(
        open(9).unwrap_err().code(),
        "audit.keystore",
        "records in another order"
    );
}

#[test]
fn an_erased_person_is_not_resolved_any_more_and_the_log_stays_sound() {
    let bench = Bench::new();
    let (writer, keystore) = (bench.open(), bench.keystore());
    let (ann, ben) = (keystore.person("ann").unwrap(), keystore.person("ben").unwrap());
    writer.append(access(&ann)).wait().unwrap();
    let entry = writer.events(1..2).unwrap().remove(0).entry;
    let p = entry.who.p.unwrap();
    assert_eq!(keystore.resolve(p.as_str(), ORIGIN, "2026-11").as_deref(), Some("ann"));
    assert!(keystore.destroy("ann").unwrap());
    assert!(!keystore.destroy("ann").unwrap());
    assert_eq!(keystore.resolve(p.as_str(), ORIGIN, "2026-11"), None);
    keystore.person("cid").unwrap();
    drop(keystore);
    let keystore = bench.keystore();
    assert!(keystore.known("ann").is_none());
    assert!(keystore.known("cid").is_some());
    let same = |key: &PersonKey| Pseudonym::of(key, ORIGIN, "2026-11");
    assert_eq!(same(&keystore.known("ben").unwrap()), same(&ben));
    let again = keystore.person("ann").unwrap();
    assert_ne!(same(&again).as_str(), p.as_str(), "who comes back is somebody new");
    assert!(
        again
            .open(entry.sealed.as_ref().unwrap(), entry.id.as_str(), ORIGIN)
            .is_err()
    );
    drop(writer);
    assert!(bench.verify().sound());
}
