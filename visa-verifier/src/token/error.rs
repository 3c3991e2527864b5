//! Why a text is no token, and why a claim is no claim; and how much of a foreign text an error may show.

use super::limits;

/// A text that is not a token we read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Over a bound of [`limits`](super::limits).
    #[error("longer than the limit of {limit} {unit}")]
    TooLarge {
        /// The bound.
        limit: usize,
        /// What it counts.
        unit: &'static str,
    },
    /// Not three parts joined by two dots.
    #[error("not a compact JWS of three parts")]
    Parts,
    /// A part is not base64url without padding.
    #[error("the {part} is not base64url")]
    Base64 {
        /// Which part.
        part: &'static str,
    },
    /// A part is not JSON as we take it: broken, a member twice, nested too deeply, bytes after it.
    #[error("the {part} is not acceptable JSON: {why}")]
    Json {
        /// Which part.
        part: &'static str,
        /// The parser's words, with line and column.
        why: String,
    },
    /// A header member is missing or of the wrong type.
    #[error("the header's `{member}` is missing or of the wrong type")]
    Header {
        /// Which member.
        member: &'static str,
    },
}

impl TokenError {
    /// Stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "token.too_large",
            Self::Parts => "token.parts",
            Self::Base64 { .. } => "token.base64",
            Self::Json { .. } => "token.json",
            Self::Header { .. } => "token.header",
        }
    }
}

/// Words in which a foreign text may stand, fit for a message: control, invisible and direction characters are
/// escaped, and of more than 240 characters the middle is left out.
pub(crate) fn shown(words: &str) -> String {
    let mut escaped = String::with_capacity(words.len().min(4 * limits::SHOWN));
    let escape = |c: char, out: &mut String| match c {
        '"' | '\'' | '\\' => out.push(c),
        c => out.extend(c.escape_debug()),
    };
    let count = words.chars().count();
    let (head, tail) = (limits::SHOWN * 3 / 4, limits::SHOWN / 4);
    if count <= limits::SHOWN {
        words.chars().for_each(|c| escape(c, &mut escaped));
        return escaped;
    }
    words.chars().take(head).for_each(|c| escape(c, &mut escaped));
    escaped.push('…');
    // the parser's place, "at line 1 column 9", stands at the end
    words.chars().skip(count - tail).for_each(|c| escape(c, &mut escaped));
    escaped
}

/// A claim that is missing or is not what it must be.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// Not there.
    #[error("`{claim}` is missing")]
    Missing {
        /// Which claim.
        claim: &'static str,
    },
    /// There, with the wrong JSON type.
    #[error("`{claim}` is not {want}")]
    Type {
        /// Which claim.
        claim: &'static str,
        /// What it must be.
        want: &'static str,
    },
    /// A subject that is empty, longer than 255 bytes or not ASCII.
    #[error("a subject is 1 to 255 ASCII characters, not {length} bytes")]
    Subject {
        /// Its length in bytes.
        length: usize,
    },
    /// An issuer that is empty, too long or holds blanks or control characters.
    #[error("an issuer is 1 to 1024 bytes without blanks, not {length} bytes")]
    Issuer {
        /// Its length in bytes.
        length: usize,
    },
    /// An instant outside of 1970 to 2200: most likely milliseconds.
    #[error("`{claim}` is no instant in seconds between 1970 and 2200")]
    Instant {
        /// Which claim.
        claim: &'static str,
    },
    /// A pair of identities that is not `sub,iss`, percent-encoded.
    #[error("an identity is written `sub,iss`, both percent-encoded")]
    Identity,
    /// Text that is not percent-encoded as RFC 3986 has it.
    #[error("not percent-encoded text (RFC 3986)")]
    Percent,
}

impl ClaimError {
    /// Stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "claim.missing",
            Self::Type { .. } => "claim.type",
            Self::Subject { .. } => "claim.subject",
            Self::Issuer { .. } => "claim.issuer",
            Self::Instant { .. } => "claim.instant",
            Self::Identity => "claim.identity",
            Self::Percent => "claim.percent",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_words_are_shown_escaped_and_in_part() {
        for (words, want) in [
            ("plain \"text\" 'x' \\ ü 🧬", "plain \"text\" 'x' \\ ü 🧬".to_owned()),
            ("a\u{1b}[31mred\r\n", "a\\u{1b}[31mred\\r\\n".to_owned()),
            ("pay\u{202e}load\u{200b}", "pay\\u{202e}load\\u{200b}".to_owned()),
            (&"x".repeat(240), "x".repeat(240)),
            (
                &format!("{}end", "x".repeat(1_000_000)),
                format!("{}…{}end", "x".repeat(180), "x".repeat(57)),
            ),
        ] {
            assert_eq!(shown(words), want);
        }
    }
}
