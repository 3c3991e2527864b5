//! A query as known keys (`apis.md` 1.3 rule 2): each at most once, an unknown one is refused, values exact.

use crate::limits;

/// Why a query is not read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum QueryFault {
    #[error("the query has a key that this route does not know")]
    Unknown,
    #[error("the query names `{0}` more than once")]
    Twice(&'static str),
    #[error("the query has a `%` that is no encoding of UTF-8 text, or a control character")]
    Encoding,
    #[error("tokens in the query are not accepted; send them in the Authorization header")]
    Token,
    #[error("`{0}` has a value that this route does not take")]
    Value(&'static str),
}

/// The values of a query by their known keys.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(&'static str, String)>);

impl Query {
    /// Reads a raw query. `once` and `many` are the keys of the route.
    ///
    /// # Errors
    /// [`QueryFault`]; an unknown key is never repeated in the message.
    pub(crate) fn parse(raw: Option<&str>, once: &[&'static str], many: &[&'static str]) -> Result<Self, QueryFault> {
        let mut read = Self::default();
        let Some(raw) = raw.filter(|raw| !raw.is_empty()) else {
            return Ok(read);
        };
        if raw.len() > limits::TARGET_BYTES {
            return Err(QueryFault::Encoding);
        }
        for pair in raw.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (key, value) = (decode(key)?, decode(value)?);
            if key == "access_token" {
                return Err(QueryFault::Token);
            }
            if let Some(known) = many.iter().find(|known| **known == key) {
                if read.0.len() >= limits::TAGS {
                    return Err(QueryFault::Value(known));
                }
                read.0.push((known, value));
            } else if let Some(known) = once.iter().find(|known| **known == key) {
                if read.one(known).is_some() {
                    return Err(QueryFault::Twice(known));
                }
                read.0.push((known, value));
            } else {
                return Err(QueryFault::Unknown);
            }
        }
        Ok(read)
    }

    /// The value of a key that may stand once.
    pub(crate) fn one(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| *known == key)
            .map(|(_, value)| value.as_str())
    }

    /// The values of a key that may stand several times, in their order.
    pub(crate) fn all(&self, key: &str) -> Vec<&str> {
        self.0
            .iter()
            .filter(|(known, _)| *known == key)
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// A boolean in any letter case (`expand=False` is what Python clients send).
    ///
    /// # Errors
    /// [`QueryFault::Value`] for any other text.
    pub(crate) fn boolean(&self, key: &'static str) -> Result<bool, QueryFault> {
        match self.one(key) {
            None => Ok(false),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(QueryFault::Value(key)),
        }
    }

    /// A page size, bounded by [`limits::PAGE_MOST`]; 0 and absence mean the default.
    ///
    /// # Errors
    /// [`QueryFault::Value`] when it is no number or too large.
    pub(crate) fn page_size(&self) -> Result<u32, QueryFault> {
        match self.one("page_size") {
            None | Some("0") => Ok(limits::PAGE_DEFAULT),
            Some(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                let size: u32 = text.parse().map_err(|_| QueryFault::Value("page_size"))?;
                if size > limits::PAGE_MOST {
                    Err(QueryFault::Value("page_size"))
                } else {
                    Ok(size)
                }
            }
            Some(_) => Err(QueryFault::Value("page_size")),
        }
    }
}

fn decode(text: &str) -> Result<String, QueryFault> {
    let plain = text.replace('+', " ");
    let mut rest = plain.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        let (_, tail) = rest
            .split_at_checked(at.saturating_add(1))
            .ok_or(QueryFault::Encoding)?;
        match tail {
            [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest = tail,
            _ => return Err(QueryFault::Encoding),
        }
    }
    let decoded = percent_encoding::percent_decode_str(&plain)
        .decode_utf8()
        .map_err(|_| QueryFault::Encoding)?;
    if decoded.chars().any(char::is_control) {
        Err(QueryFault::Encoding)
    } else {
        Ok(decoded.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e11_query_keys_are_known_and_stand_once() {
        type Case<'c> = (&'c str, &'c str, Result<Option<&'c str>, QueryFault>);
        let cases: [Case<'_>; 14] = [
            ("one value", "view=FULL", Ok(Some("FULL"))),
            ("absent", "", Ok(None)),
            ("encoded key is the key", "%76iew=FULL", Ok(Some("FULL"))),
            ("empty value", "view=", Ok(Some(""))),
            ("plus is a space", "view=a+b", Ok(Some("a b"))),
            ("twice", "view=FULL&view=BASIC", Err(QueryFault::Twice("view"))),
            (
                "twice, once encoded",
                "view=FULL&vie%77=BASIC",
                Err(QueryFault::Twice("view")),
            ),
            ("another letter case", "View=FULL", Err(QueryFault::Unknown)),
            ("brackets", "view[]=FULL", Err(QueryFault::Unknown)),
            ("a dashboard switch", "html", Err(QueryFault::Unknown)),
            ("a token", "access_token=abc", Err(QueryFault::Token)),
            ("a bare percent", "view=%", Err(QueryFault::Encoding)),
            ("a control character", "view=%0a", Err(QueryFault::Encoding)),
            ("invalid UTF-8", "view=%ff", Err(QueryFault::Encoding)),
        ];
        for (name, raw, expected) in cases {
            let got = Query::parse(Some(raw), &["view"], &[]).map(|query| query.one("view").map(str::to_owned));
            assert_eq!(got, expected.map(|value| value.map(str::to_owned)), "{name}");
        }
    }

    #[test]
    fn tags_may_stand_several_times() {
        let query = Query::parse(Some("tag_key=a&tag_value=1&tag_key=b"), &[], &["tag_key", "tag_value"]).unwrap();
        assert_eq!(query.all("tag_key"), ["a", "b"]);
        assert_eq!(query.all("tag_value"), ["1"]);
    }

    #[test]
    fn booleans_come_in_any_letter_case() {
        for (text, expected) in [
            ("expand=False", Ok(false)),
            ("expand=TRUE", Ok(true)),
            ("", Ok(false)),
            ("expand=1", Err(QueryFault::Value("expand"))),
        ] {
            assert_eq!(
                Query::parse(Some(text), &["expand"], &[]).unwrap().boolean("expand"),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn e5_page_sizes_are_bounded() {
        for (text, expected) in [
            ("page_size=5", Some(5)),
            ("", Some(256)),
            ("page_size=2048", None),
            ("page_size=-1", None),
            ("page_size=+5", None),
            ("page_size=99999999999", None),
        ] {
            assert_eq!(
                Query::parse(Some(text), &["page_size"], &[]).unwrap().page_size().ok(),
                expected,
                "{text}"
            );
        }
    }
}
