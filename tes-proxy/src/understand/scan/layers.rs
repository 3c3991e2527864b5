//! The ways in which a text is written so that it does not read as what it is: escapes, entities, invisible and
//! look-alike characters, and expansions that a shell or an engine makes later.

/// Characters that are not seen, or that turn the text around them.
const fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// The plain character that a compatibility character stands for, as far as URLs are written with it.
fn plain(letter: char) -> char {
    match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter).saturating_sub(0xfee0)).unwrap_or(letter),
        '\u{2044}' | '\u{2215}' | '\u{29f8}' => '/',
        '\u{2236}' | '\u{a789}' | '\u{fe13}' | '\u{fe55}' => ':',
        '\u{2024}' | '\u{3002}' | '\u{fe52}' | '\u{ff61}' => '.',
        _ => letter,
    }
}

/// Does it hold a URL that is none until characters are taken away or read as others, or one with such in it?
pub(super) fn hides(text: &str) -> bool {
    if text.is_ascii() {
        return false;
    }
    let folded: String = text
        .chars()
        .filter(|letter| !is_invisible(*letter))
        .map(plain)
        .collect();
    if folded == text || !folded.contains("://") {
        return false;
    }
    // what follows `://` or stands right before it must be the same in both
    let around = |text: &str| -> Vec<String> {
        text.split_whitespace()
            .filter(|word| word.contains("://"))
            .map(str::to_owned)
            .collect()
    };
    around(text) != around(&folded)
}

/// Does something in it become another text when it runs?
pub(super) fn expands(text: &str) -> bool {
    const SIGNS: [&str; 4] = ["$(", "${", "~{", "`"];
    SIGNS.iter().any(|sign| text.contains(sign)) || text.chars().any(is_invisible) || joins(text)
}

/// Two variables side by side: a text in pieces.
fn joins(text: &str) -> bool {
    let mut after = None;
    for piece in text.split('$').skip(1) {
        let name = piece
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
            .unwrap_or(piece.len());
        if after == Some(true) && name > 0 {
            return true;
        }
        after = Some(name > 0 && name == piece.len());
    }
    false
}

/// The text without its escapes, once for each kind that it has.
pub(super) fn decoded(text: &str) -> Vec<String> {
    [percent(text), backslashes(text), entities(text)]
        .into_iter()
        .flatten()
        .filter(|other| other != text)
        .collect()
}

/// Percent escapes, once.
fn percent(text: &str) -> Option<String> {
    let escaped = text
        .as_bytes()
        .windows(3)
        .any(|three| matches!(three, [b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit()));
    escaped.then(|| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    })
}

/// `\/`, `\xHH`, `\uHHHH`, `\u{H…}` and `\NNN`, as JSON, JavaScript, Python and shells write characters; a backslash at
/// the end of a line joins it with the next.
fn backslashes(text: &str) -> Option<String> {
    if !text.contains('\\') {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let (read, left) = escape(after);
        out.push_str(&read);
        rest = left;
    }
    out.push_str(rest);
    Some(out)
}

/// What stands behind a backslash, read, and the rest.
fn escape(after: &str) -> (String, &str) {
    let number = |digits: &str, radix| {
        u32::from_str_radix(digits, radix)
            .ok()
            .and_then(char::from_u32)
            .map(String::from)
    };
    let taken = |from: usize, many: usize, radix| {
        let digits = after.get(from..from.saturating_add(many))?;
        let left = after.get(from.saturating_add(many)..)?;
        Some((number(digits, radix)?, left))
    };
    let found = match after.bytes().next() {
        Some(b'u') if after.starts_with("u{") => after
            .get(2..)
            .and_then(|inner| inner.split_once('}'))
            .and_then(|(digits, left)| Some((number(digits, 16)?, left))),
        Some(b'u') => taken(1, 4, 16),
        Some(b'U') => taken(1, 8, 16),
        Some(b'x') => taken(1, 2, 16),
        Some(b'0'..=b'3') => taken(0, 3, 8),
        Some(b'\n') => after
            .get(1..)
            .map(|left| (String::new(), left.trim_start_matches([' ', '\t']))),
        Some(b'n') => after.get(1..).map(|left| ("\n".to_owned(), left)),
        Some(b't') => after.get(1..).map(|left| ("\t".to_owned(), left)),
        _ => None,
    };
    found.unwrap_or((String::new(), after))
}

/// Character references of HTML and XML.
fn entities(text: &str) -> Option<String> {
    const NAMED: [(&str, char); 11] = [
        ("colon", ':'),
        ("sol", '/'),
        ("period", '.'),
        ("quest", '?'),
        ("num", '#'),
        ("commat", '@'),
        ("percnt", '%'),
        ("amp", '&'),
        ("lowbar", '_'),
        ("hyphen", '-'),
        ("dash", '-'),
    ];
    if !text.contains('&') {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let end = after
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '#'))
            .unwrap_or(after.len());
        let name = after.get(..end).unwrap_or_default();
        let read = match name.strip_prefix('#') {
            Some(number) => match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => number.parse().ok(),
            }
            .and_then(char::from_u32),
            None => NAMED
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, letter)| *letter),
        };
        match read {
            Some(letter) => {
                out.push(letter);
                let left = after.get(end..).unwrap_or_default();
                rest = left.strip_prefix(';').unwrap_or(left);
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Some(out)
}
