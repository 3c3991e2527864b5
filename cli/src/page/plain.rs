//! Text of a token as it may stand on a terminal.

/// The longest text that is shown whole: URL claims have 255 characters.
const CHARACTERS: usize = 512;

/// What would steer the terminal, or turn the text around it, is escaped; what is longer than any of ours is cut.
pub(crate) fn shown(text: &str) -> String {
    if let Some((cut, _)) = text.char_indices().nth(CHARACTERS) {
        return format!("{}…", shown(text.get(..cut).unwrap_or_default()));
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || turns(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// The same for a piece inside of a line: one that runs from right to left stands in an isolate, so that it turns
/// nothing around beside it (Unicode UAX #9).
pub(crate) fn plain(text: &str) -> String {
    let text = shown(text);
    if text.chars().any(is_right_to_left) {
        format!("\u{2068}{text}\u{2069}")
    } else {
        text
    }
}

fn turns(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Hebrew, Arabic, Syriac, Thaana, N'Ko and their neighbours, presentation forms included.
fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_escaped_and_what_runs_the_other_way_is_set_apart() {
        for (text, want) in [
            ("uni\u{1b}[2J\u{202e}x", "uni\\u{1b}[2J\\u{202e}x"),
            ("two\nlines", "two\\u{a}lines"),
            ("Åbo", "Åbo"),
            ("שלום", "\u{2068}שלום\u{2069}"),
        ] {
            assert_eq!(plain(text), want);
        }
        assert_eq!(shown(&"x".repeat(16_384)).chars().count(), CHARACTERS + 1);
    }
}
