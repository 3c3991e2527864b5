//! Logs of tasks and runs on their way out: capability strings are cut out (E28), texts are capped.

use super::redact;
use crate::capability::{Sealer, Use};

/// Most bytes of one log text.
const LOG_BYTES: usize = 64 << 10;

/// What stands in front of a capability in its URL.
const MARK: &str = "visum/data/";

/// No capability is shorter.
const SEALED_LEAST: usize = 96;

/// The text without capabilities and other secrets, at most its last [`LOG_BYTES`] bytes.
pub(crate) fn clean(text: &str, sealer: &Sealer) -> String {
    let mut start = text.len().saturating_sub(LOG_BYTES);
    while !text.is_char_boundary(start) {
        start = start.saturating_add(1);
    }
    let text = redact::text(text.get(start..).unwrap_or_default());
    let mut rest = text.as_str();
    let mut out = String::with_capacity(rest.len());
    while let Some((before, after)) = rest.split_once(MARK) {
        out.push_str(before);
        out.push_str(MARK);
        let end = after
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_')))
            .unwrap_or(after.len());
        if end > 0 {
            out.push('…');
        }
        rest = after.get(end..).unwrap_or_default();
    }
    out.push_str(rest);
    without_sealed(&out, sealer)
}

/// An engine may name the file that it fetched after the last part of its URL: what opens is a capability, wherever it
/// stands.
fn without_sealed(text: &str, sealer: &Sealer) -> String {
    let inner = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(|letter| !inner(letter)) {
        let word = piece.trim_end_matches(|letter| !inner(letter));
        let behind = piece.get(word.len()..).unwrap_or_default();
        match sealed_from(word, sealer) {
            Some(at) => {
                out.push_str(word.get(..at).unwrap_or_default());
                out.push('…');
            }
            None => out.push_str(word),
        }
        out.push_str(behind);
    }
    out
}

/// Where a capability begins that the rest of a word is.
fn sealed_from(word: &str, sealer: &Sealer) -> Option<usize> {
    let starts = word.match_indices(['-', '_']).map(|(at, _)| at.saturating_add(1));
    std::iter::once(0)
        .chain(starts)
        .take_while(|at| word.len().saturating_sub(*at) >= SEALED_LEAST)
        .find(|at| {
            let rest = word.get(*at..).unwrap_or_default();
            let opens = |purpose| sealer.open::<serde_json::Value>(purpose, rest).is_ok();
            [Use::Work, Use::Person, Use::Output].into_iter().any(opens)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e28_capabilities_are_cut_out_of_logs() {
        let cases = [
            (
                "curl http://127.0.0.1:9/visum/data/AbC-_9 -o x",
                "curl http://127.0.0.1:9/visum/data/… -o x",
            ),
            ("visum/data/a visum/data/b", "visum/data/… visum/data/…"),
            ("nothing", "nothing"),
        ];
        for (text, expected) in cases {
            assert_eq!(clean(text, &sealer()), expected);
        }
        assert!(clean(&"é".repeat(LOG_BYTES), &sealer()).len() <= LOG_BYTES);
    }

    fn sealer() -> Sealer {
        Sealer::new(&crate::config::NodeSecret::new([1; 32])).unwrap()
    }

    #[test]
    fn e28_a_file_that_is_named_after_its_capability_is_cut_out_too() {
        let sealed = sealer().seal(Use::Work, &"a capability ".repeat(8), [9; 12]).unwrap();
        for (text, expected) in [
            (format!("wc /tmp/stg/{sealed}\n12 x"), "wc /tmp/stg/…\n12 x"),
            (format!("{sealed}.vcf"), "….vcf"),
            (format!("stage_7-{sealed}"), "stage_7-…"),
        ] {
            assert_eq!(clean(&text, &sealer()), expected);
        }
        let other = Sealer::new(&crate::config::NodeSecret::new([2; 32])).unwrap();
        assert!(
            clean(&sealed, &other).contains(&sealed),
            "a long word is no capability by itself"
        );
        let reads = "ACGT".repeat(100);
        assert_eq!(clean(&reads, &sealer()), reads);
    }
}
