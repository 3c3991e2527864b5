//! URL claims (Passport 1.2 "URL Claims"): absolute, at most 255 characters, opaque otherwise.

use crate::token::limits;

/// Whether `text` has the shape of a URL claim: an absolute URI of any scheme (URNs occur, A-29), without blanks
/// or control characters, at most 255 characters. It is never parsed further, normalised or fetched.
#[must_use]
pub fn is_url_claim(text: &str) -> bool {
    if text.chars().count() > limits::URL_CHARACTERS || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return false;
    }
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let mut letters = scheme.bytes();
    let named = letters.next().is_some_and(|b| b.is_ascii_alphabetic())
        && letters.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    if !named {
        return false;
    }
    if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") {
        // these two have a host
        return rest
            .strip_prefix("//")
            .is_some_and(|r| r.split(['/', '?', '#']).next().is_some_and(|h| !h.is_empty()));
    }
    // `example.org:8080/x` is a host and a port, not a scheme
    let port = scheme.contains('.') && rest.starts_with(|c: char| c.is_ascii_digit());
    !rest.is_empty() && !port
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_claims_are_absolute_and_bounded() {
        let long = |n: usize| format!("https://a.example/{}", "x".repeat(n - 18));
        for (text, is) in [
            ("https://doi.org/10.1038/s41431-018-0219-y".to_owned(), true),
            ("https://no.organization".to_owned(), true),
            ("urn:nbn:fi:example-1".to_owned(), true),
            (long(255), true),
            (long(256), false),
            ("ror.example/uni-a".to_owned(), false),
            ("ror.example:8080/uni-a".to_owned(), false),
            ("//ror.example/x".to_owned(), false),
            ("https:".to_owned(), false),
            ("https://".to_owned(), false),
            ("https:///x".to_owned(), false),
            ("https://a b".to_owned(), false),
            ("1a:x".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(is_url_claim(&text), is, "{text}");
        }
    }
}
