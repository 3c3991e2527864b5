//! Logs of tasks and runs on their way out: capability strings are cut out (E28), texts are capped.

use super::redact;

/// Most bytes of one log text.
const LOG_BYTES: usize = 64 << 10;

/// What stands in front of a capability in its URL.
const MARK: &str = "visum/data/";

/// The text without capabilities and other secrets, at most its last [`LOG_BYTES`] bytes.
pub(crate) fn clean(text: &str) -> String {
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
    out
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
            assert_eq!(clean(text), expected);
        }
        assert!(clean(&"é".repeat(LOG_BYTES)).len() <= LOG_BYTES);
    }
}
