//! A request target as parsed segments (`apis.md` 1.3 rule 1): split first, decode each segment once, refuse doubt.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::limits;

/// What is left as it is when a segment is written: RFC 3986 `unreserved`.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Writes one segment for an outgoing path. All but the unreserved characters are percent-encoded.
pub(crate) fn encode(segment: &str) -> String {
    utf8_percent_encode(segment, SEGMENT).to_string()
}

/// One decoded segment of a path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Segment {
    /// The text, decoded once.
    pub(crate) text: String,
    /// It held an encoded `/`: allowed in a DRS object id alone.
    pub(crate) slash: bool,
}

/// Why a target is not read. Nothing of the target is repeated.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum PathFault {
    #[error("the path is longer than {} bytes", limits::TARGET_BYTES)]
    Long,
    #[error("the path has more segments than a route of this node")]
    Deep,
    #[error("the path has an empty segment")]
    Empty,
    #[error("the path has a `.` or `..` segment")]
    Dots,
    #[error("the path holds a control character")]
    Control,
    #[error("the path holds a `\\` or a `;`")]
    Separator,
    #[error("the path has a `%` that is no encoding of UTF-8 text")]
    Encoding,
    #[error("the path has a character that must be percent-encoded")]
    Character,
    #[error("the path has an encoded slash where none may be")]
    Slash,
}

/// Splits and decodes the path of a target. The path is taken as it came, never from a decoded form.
///
/// # Errors
/// [`PathFault`] on everything that two readers could read differently.
pub(crate) fn parse(raw: &str) -> Result<Vec<Segment>, PathFault> {
    if raw.len() > limits::TARGET_BYTES {
        return Err(PathFault::Long);
    }
    let rest = raw.strip_prefix('/').ok_or(PathFault::Empty)?;
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    let mut segments = Vec::new();
    for piece in rest.split('/') {
        if segments.len() == most(&segments) {
            return Err(PathFault::Deep);
        }
        segments.push(segment(piece)?);
    }
    Ok(segments)
}

/// How many segments a path that begins so may have.
fn most(begin: &[Segment]) -> usize {
    let word = |at: usize| begin.get(at).map(|segment| segment.text.as_str());
    match (word(0), word(1)) {
        (Some("ga4gh"), Some("trs")) | (Some("api"), Some("ga4gh")) => limits::TRS_SEGMENTS,
        _ => limits::SEGMENTS,
    }
}

fn segment(piece: &str) -> Result<Segment, PathFault> {
    if piece.is_empty() {
        return Err(PathFault::Empty);
    }
    let mut bytes = Vec::with_capacity(piece.len());
    let mut slash = false;
    let mut rest = piece.bytes();
    while let Some(byte) = rest.next() {
        let decoded = match byte {
            b'%' => {
                let high = rest.next().and_then(hex).ok_or(PathFault::Encoding)?;
                let low = rest.next().and_then(hex).ok_or(PathFault::Encoding)?;
                let decoded = high << 4 | low;
                slash |= decoded == b'/';
                decoded
            }
            // RFC 3986 pchar without `;`, which some servers read as a parameter
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => byte,
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b'=' | b':'
            | b'@' => byte,
            b'\\' | b';' => return Err(PathFault::Separator),
            0..=31 | 127 => return Err(PathFault::Control),
            _ => return Err(PathFault::Character),
        };
        bytes.push(decoded);
    }
    let text = String::from_utf8(bytes).map_err(|_| PathFault::Encoding)?;
    if text.chars().any(char::is_control) {
        return Err(PathFault::Control);
    }
    if text.contains(['\\', ';']) {
        return Err(PathFault::Separator);
    }
    if text == "." || text == ".." || (slash && text.split('/').any(|part| matches!(part, "" | "." | ".."))) {
        return Err(PathFault::Dots);
    }
    Ok(Segment { text, slash })
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e10_a_path_is_split_first_and_decoded_once() {
        type Case<'c> = (&'c str, &'c str, Result<&'c [&'c str], PathFault>);
        let cases: [Case<'_>; 22] = [
            (
                "plain",
                "/ga4gh/drs/v1/objects/a",
                Ok(&["ga4gh", "drs", "v1", "objects", "a"]),
            ),
            ("the root", "/", Ok(&[])),
            (
                "an encoded slash stays in its segment",
                "/objects/dg.4503%2Fx",
                Ok(&["objects", "dg.4503/x"]),
            ),
            (
                "an encoded percent is decoded once",
                "/objects/%252F",
                Ok(&["objects", "%2F"]),
            ),
            ("an encoded letter is the letter", "/objects/%61", Ok(&["objects", "a"])),
            ("a colon is itself", "/tasks/x%3Acancel", Ok(&["tasks", "x:cancel"])),
            ("no slash in front", "objects", Err(PathFault::Empty)),
            ("two slashes", "//objects", Err(PathFault::Empty)),
            ("a trailing slash", "/objects/", Err(PathFault::Empty)),
            ("dot dot", "/objects/../x", Err(PathFault::Dots)),
            ("encoded dots", "/objects/%2e%2e", Err(PathFault::Dots)),
            (
                "dots behind an encoded slash",
                "/objects/open%2F..%2Fsecret",
                Err(PathFault::Dots),
            ),
            ("an encoded slash at the end", "/objects/a%2F", Err(PathFault::Dots)),
            ("a path parameter", "/objects/a;jsessionid=1", Err(PathFault::Separator)),
            ("an encoded path parameter", "/objects/a%3Bx", Err(PathFault::Separator)),
            ("an encoded backslash", "/objects/%5c", Err(PathFault::Separator)),
            ("NUL", "/objects/%00", Err(PathFault::Control)),
            ("CR LF", "/objects/%0d%0aX", Err(PathFault::Control)),
            ("%u", "/objects/%u0041", Err(PathFault::Encoding)),
            ("a bare percent", "/objects/100%", Err(PathFault::Encoding)),
            ("overlong UTF-8", "/objects/%c0%af", Err(PathFault::Encoding)),
            ("an unencoded space", "/objects/a b", Err(PathFault::Character)),
        ];
        for (name, raw, expected) in cases {
            let got = parse(raw).map(|segments| segments.into_iter().map(|segment| segment.text).collect::<Vec<_>>());
            assert_eq!(
                got,
                expected.map(|texts| texts.iter().map(|text| (*text).to_owned()).collect()),
                "{name}"
            );
        }
    }

    #[test]
    fn e5_a_long_or_deep_path_is_refused() {
        assert_eq!(
            parse(&format!("/{}", "a".repeat(limits::TARGET_BYTES))),
            Err(PathFault::Long)
        );
        for (begin, most) in [
            ("", limits::SEGMENTS),
            ("/ga4gh/drs", limits::SEGMENTS),
            ("/ga4gh/trs", limits::TRS_SEGMENTS),
            ("/api/ga4gh", limits::TRS_SEGMENTS),
        ] {
            let of = |count: usize| format!("{begin}{}", "/a".repeat(count - begin.matches('/').count()));
            assert!(parse(&of(most)).is_ok(), "{begin}");
            assert_eq!(parse(&of(most + 1)), Err(PathFault::Deep), "{begin}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for text in ["a", "dg.4503/x y", "ä%2F", "x:cancel"] {
            let read = parse(&format!("/{}", encode(text))).unwrap();
            assert_eq!(read[0].text, text);
        }
    }
}
