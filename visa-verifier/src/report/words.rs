//! Words of an error without what may be a token: parsers repeat what they did not expect.

/// The longest run of a token's characters that stays; no name of ours is longer.
const RUN: usize = 40;

/// The text without what stands in double quotes (values that a parser repeats), and with every longer run of
/// base64url characters and dots cut to `…`.
#[must_use]
pub fn without_tokens(text: &str) -> String {
    match (text.find('"'), text.rfind('"')) {
        (Some(first), Some(last)) if first < last => {
            let (head, tail) = (text.get(..=first), text.get(last..));
            let quoted = format!("{}…{}", head.unwrap_or_default(), tail.unwrap_or_default());
            without_runs(&quoted)
        }
        _ => without_runs(text),
    }
}

fn without_runs(text: &str) -> String {
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
                "invalid type: string \"…fB01gD7SX7sKZSMaQ\", expected a sequence".to_owned(),
                "invalid type: string \"…\", expected a sequence",
            ),
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
