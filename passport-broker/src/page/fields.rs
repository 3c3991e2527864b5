//! The fields of a form or a query: bounded, strict, each one once unless it may repeat.

use std::borrow::Cow;

/// Most bytes of a form's body or of a query. Our longest form (a purpose) stays under 8 KiB;
/// a token exchange holds one access token of at most 16 KiB.
pub(crate) const FORM_BYTES: usize = 64 * 1024;
/// Most fields of one form. The purpose form has about 30.
pub(crate) const FORM_FIELDS: usize = 100;

/// What a form or query held, in its order.
///
/// `Debug` shows names only: values may be codes, tokens or secrets.
#[derive(Clone, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Why fields could not be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum FieldProblem {
    /// More than [`FORM_BYTES`] or [`FORM_FIELDS`].
    #[error("the form is larger than this endpoint takes")]
    TooLarge,
    /// Not UTF-8 after decoding.
    #[error("the form is not UTF-8 text")]
    NotText,
    /// A field that may stand once stood twice (RFC 6749 §3.1, §3.2).
    #[error("`{0}` stands more than once")]
    Repeated(String),
    /// A field that must be there is not, or is empty.
    #[error("`{0}` is missing")]
    Missing(&'static str),
}

impl Fields {
    /// Reads `application/x-www-form-urlencoded` text.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, FieldProblem> {
        if text.len() > FORM_BYTES {
            return Err(FieldProblem::TooLarge);
        }
        let mut fields = Vec::new();
        for (name, value) in url::form_urlencoded::parse(text) {
            if fields.len() == FORM_FIELDS {
                return Err(FieldProblem::TooLarge);
            }
            // The parser puts U+FFFD where the bytes were no UTF-8: such a value is not what was sent.
            let lossy = |part: &Cow<'_, str>| part.contains('\u{fffd}');
            if lossy(&name) || lossy(&value) {
                return Err(FieldProblem::NotText);
            }
            fields.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(fields))
    }

    /// The value of a field that may stand once; an empty value is an absent one (RFC 6749 §3.1).
    pub(crate) fn one(&self, name: &str) -> Result<Option<&str>, FieldProblem> {
        let mut values = self
            .0
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            return Err(FieldProblem::Repeated(name.to_owned()));
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// As [`Fields::one`], but it has to be there.
    pub(crate) fn required(&self, name: &'static str) -> Result<&str, FieldProblem> {
        self.one(name)?.ok_or(FieldProblem::Missing(name))
    }

    /// All values of a field that may repeat, empty ones left out.
    pub(crate) fn many<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// Whether any field stands twice, but for those in `repeatable`; the first such name.
    pub(crate) fn repeated(&self, repeatable: &[&str]) -> Option<&str> {
        self.0
            .iter()
            .enumerate()
            .find(|(at, (name, _))| {
                !repeatable.contains(&name.as_str()) && self.0.iter().skip(at + 1).any(|(other, _)| other == name)
            })
            .map(|(_, (name, _))| name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_stands_twice_is_never_picked_from() {
        let fields = Fields::parse(b"a=1&b=2&a=3").unwrap();
        assert_eq!(fields.one("a"), Err(FieldProblem::Repeated("a".into())));
        assert_eq!(fields.one("b"), Ok(Some("2")));
        assert_eq!(fields.repeated(&[]), Some("a"));
        assert_eq!(fields.repeated(&["a"]), None);
    }

    #[test]
    fn forms_are_bounded_and_must_be_text() {
        let many = vec!["a=1"; FORM_FIELDS + 1].join("&");
        let cases: [(&str, Vec<u8>, FieldProblem); 3] = [
            ("too many bytes", vec![b'a'; FORM_BYTES + 1], FieldProblem::TooLarge),
            ("too many fields", many.into_bytes(), FieldProblem::TooLarge),
            ("not UTF-8", b"a=%ff".to_vec(), FieldProblem::NotText),
        ];
        for (name, text, problem) in cases {
            assert_eq!(Fields::parse(&text).unwrap_err(), problem, "{name}");
        }
    }

    #[test]
    fn values_are_never_in_debug() {
        let fields = Fields::parse(b"client_secret=hunter2").unwrap();
        assert_eq!(format!("{fields:?}"), r#"["client_secret"]"#);
    }
}
