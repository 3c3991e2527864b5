//! Words of an error without what may be a token: parsers repeat what they did not expect.

/// The longest run of a token's characters that stays; no name of ours is longer.
const RUN: usize = 40;

/// The text with every longer run of base64url characters and dots cut to `…`.
#[must_use]
pub fn without_tokens(text: &str) -> String {
    let of_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~' | '+' | '=');
    let mut out = String::with_capacity(text.len().min(512));
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run = rest.find(|c| !of_token(c)).unwrap_or(rest.len());
        let (head, tail) = rest.split_at(if run == 0 { first.len_utf8() } else { run });
        out.push_str(if run > RUN { "…" } else { head });
        rest = tail;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_does_not_stand_in_an_error() {
        let token = format!("eyJhbGciOiJFUzI1NiJ9.{}.AAAA", "eyJ4Ijo".repeat(9));
        for (text, want) in [
            (
                format!("invalid type: string \"{token}\", expected a sequence"),
                "invalid type: string \"…\", expected a sequence",
            ),
            (format!("unknown field `{token}`"), "unknown field `…`"),
            (
                "unknown field `userInfo`, expected `userinfo` ü".to_owned(),
                "unknown field `userInfo`, expected `userinfo` ü",
            ),
            (token, "…"),
            (String::new(), ""),
        ] {
            assert_eq!(without_tokens(&text), want);
        }
    }
}
