//! Where in a text something stands: lines and columns, and the policies of a file, one by one.

use serde::Serialize;

/// A stretch of a text.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Bytes before it.
    pub offset: usize,
    /// Its bytes; 0 for a point.
    pub length: usize,
}

impl Place {
    /// The stretch of `text` at these bytes; what lies beyond the end is cut off.
    pub fn of(text: &str, offset: usize, length: usize) -> Self {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset = offset.saturating_sub(1);
        }
        let before = text.get(..offset).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
        Self {
            line: before.matches('\n').count().saturating_add(1),
            column: before
                .get(line_start..)
                .unwrap_or_default()
                .chars()
                .count()
                .saturating_add(1),
            offset,
            length: length.min(text.len().saturating_sub(offset)),
        }
    }
}

/// The policies of a Cedar text in their order, each from its first annotation or word to its `;`: start and end in
/// bytes. The n-th is the one that Cedar's parser calls `policyN`. A last one without `;` is there too.
pub fn statements(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut start = None;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '/' if letters.peek().is_some_and(|(_, next)| *next == '/') => {
                for (_, skipped) in letters.by_ref() {
                    if skipped == '\n' {
                        break;
                    }
                }
            }
            '"' => {
                start = start.or(Some(at));
                while let Some((_, inner)) = letters.next() {
                    match inner {
                        '\\' => drop(letters.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            ';' => {
                if let Some(start) = start.take() {
                    found.push((start, at.saturating_add(1)));
                }
            }
            space if space.is_whitespace() => {}
            _ => start = start.or(Some(at)),
        }
    }
    if let Some(start) = start {
        found.push((start, text.trim_end().len()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_told_apart_whatever_their_strings_and_comments_hold() {
        let text = "// a; comment\n@id(\"a;\\\"b\") permit (principal, action, resource);\n\n// x\nforbid (principal,action,resource) when { \"//\" == \";\" };";
        let found = statements(text);
        assert_eq!(found.len(), 2);
        let (first, second) = (found[0], found[1]);
        assert!(text[first.0..first.1].starts_with("@id") && text[first.0..first.1].ends_with(';'));
        assert!(text[second.0..second.1].starts_with("forbid") && text[second.0..second.1].ends_with("};"));
        assert_eq!(statements("permit (principal"), [(0, 17)]);
        assert_eq!(statements(" // nothing"), []);
    }

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let text = "ä\nbö x";
        assert_eq!(
            (Place::of(text, 7, 1).line, Place::of(text, 7, 1).column),
            (2, 4),
            "{text:?}"
        );
        assert_eq!(Place::of(text, 99, 5).length, 0);
    }
}
