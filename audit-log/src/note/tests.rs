//! Notes by table: what must be refused.

use super::*;
use crate::checkpoint::Checkpoint;

fn key(seed: u8) -> (LogKey, VKey) {
    let key = LogKey::from_seed(&[seed; 32]).unwrap();
    let vkey = key.vkey("h.example.org/audit/a").unwrap();
    (key, vkey)
}

fn note() -> (String, VKey) {
    let (key, vkey) = key(1);
    let head = Checkpoint {
        origin: vkey.name().to_owned(),
        size: 10,
        root: [5; 32],
    };
    (head.sign(&key, &vkey), vkey)
}

#[test]
fn notes_that_another_reader_might_read_otherwise_are_refused() {
    let (good, vkey) = note();
    assert!(Checkpoint::verify(&good, &vkey, &[]).is_ok());
    let line = good.lines().last().unwrap().to_owned();
    let (other_key, other) = key(2);
    let stranger = format!(
        "— {} {}",
        other.name(),
        STANDARD.encode([&other.id()[..], &other_key.sign(b"x")].concat())
    );
    let cases = [
        ("carriage return", good.replacen('\n', "\r\n", 1)),
        ("no empty line", good.replacen("\n\n", "\n", 1)),
        ("no last line feed", good.trim_end().to_owned()),
        ("one line feed more", format!("{good}\n")),
        ("leading zero", good.replacen("\n10\n", "\n010\n", 1)),
        ("plus sign", good.replacen("\n10\n", "\n+10\n", 1)),
        ("another size", good.replacen("\n10\n", "\n11\n", 1)),
        ("extension line", good.replacen("\n\n", "\nextension\n\n", 1)),
        ("the signature twice", format!("{good}{line}\n")),
        ("root with other trailing bits", good.replacen("BQU=", "BQV=", 1)),
        ("root without padding", good.replacen("BQU=", "BQU", 1)),
        ("a hyphen for the dash", good.replace('—', "-")),
        ("two spaces", good.replace("— ", "—  ")),
        ("a tab", good.replacen("\n10\n", "\n10\t\n", 1)),
        ("no signature of the log", good.replace(&line, &stranger)),
        ("too long", format!("{good}{}", "x".repeat(NOTE_BYTES))),
        ("too many signatures", {
            let many = (0..NOTE_SIGNATURES).map(|n| format!("— w{n}.example.org {}\n", STANDARD.encode([0; 68])));
            format!("{good}{}", many.collect::<String>())
        }),
    ];
    for (what, text) in cases {
        assert_ne!(text, good, "{what}");
        assert!(Checkpoint::verify(&text, &vkey, &[]).is_err(), "{what}");
    }
}

#[test]
fn unknown_signatures_are_ignored_and_a_known_wrong_one_rejects_the_note() {
    let (good, vkey) = note();
    let other = VKey::new("w.example.org", COSIGNATURE_TYPE, [6; 32]).unwrap();
    let bytes = [&other.id()[..], &[0; 72]].concat();
    let wrong = format!("— {} {}\n", other.name(), STANDARD.encode(bytes));
    let both = format!("{good}{wrong}");
    assert!(Checkpoint::verify(&both, &vkey, &[]).is_ok());
    assert!(Checkpoint::verify(&both, &vkey, &[&other]).is_err());
    let (_, same_name) = key(2);
    assert!(
        Checkpoint::verify(&good, &same_name, &[&vkey]).is_err(),
        "another key's word is not the log's"
    );
}

#[test]
fn a_verifier_key_has_one_spelling() {
    let (_, vkey) = key(1);
    let text = vkey.to_string();
    assert_eq!(text.parse::<VKey>(), Ok(vkey));
    for at in 0..text.len() {
        let mut edited = text.clone().into_bytes();
        edited[at] ^= 1;
        let Ok(edited) = String::from_utf8(edited) else {
            continue;
        };
        assert!(edited.parse::<VKey>().is_err(), "{edited}");
    }
    assert!(text.to_uppercase().parse::<VKey>().is_err());
}

#[test]
fn keys_do_not_show_themselves() {
    let (key, _) = key(1);
    assert_eq!(format!("{key:?}"), "LogKey(…)");
}
