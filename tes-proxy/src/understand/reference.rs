//! Strings that name data (`apis.md` 3.3): classified whole, and looked through for what stands inside.
//! Scanning helps the honest; containment is the protection (D6).

use base64::{Engine, engine::general_purpose::STANDARD};
use policy_engine::intent::{DataRef, ObjectRef, RefRefused, StorageUrl};

use crate::limits;

/// What a string of a request is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Class {
    /// It names data, as a whole.
    Data(DataRef),
    /// It names a file of some host.
    HostFile,
    /// It is a URL of a scheme that we do not know, or one that holds its data in itself.
    Foreign,
    /// It begins like a reference and is none.
    Broken(RefRefused),
    /// It holds references, or what they will be cannot be told.
    Opaque(Vec<DataRef>),
    /// A literal.
    Plain,
}

/// Is this the beginning of a reference with a scheme?
fn scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    let plain = !scheme.is_empty()
        && scheme.len() <= 16
        && scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    plain.then_some((scheme, rest))
}

/// Parses a whole reference: `drs://…` or a storage URL.
///
/// # Errors
/// [`RefRefused`].
pub(crate) fn data(text: &str) -> Result<DataRef, RefRefused> {
    let drs = text.get(..6).is_some_and(|front| front.eq_ignore_ascii_case("drs://"));
    if drs {
        ObjectRef::parse(text).map(DataRef::Object)
    } else {
        StorageUrl::parse(text).map(DataRef::Storage)
    }
}

/// Classifies a whole string.
pub(crate) fn classify(text: &str) -> Class {
    if text.get(..5).is_some_and(|front| front.eq_ignore_ascii_case("data:")) {
        return Class::Foreign;
    }
    if scheme(text).is_some() && !text.contains(char::is_whitespace) && !text.contains(',') {
        return match data(text) {
            Ok(data) => Class::Data(data),
            Err(RefRefused::Scheme) => Class::Foreign,
            Err(refused) => Class::Broken(refused),
        };
    }
    let path_like = !text.contains(char::is_whitespace);
    let host =
        text.starts_with('/') || text.starts_with('~') || (path_like && text.split('/').any(|part| part == ".."));
    if host && path_like {
        return Class::HostFile;
    }
    match inside(text, 0) {
        (references, false) if references.is_empty() => Class::Plain,
        (references, _) => Class::Opaque(references),
    }
}

/// The references inside a text, and whether there is something that we cannot tell for certain.
pub(crate) fn inside(text: &str, depth: usize) -> (Vec<DataRef>, bool) {
    let mut found = Vec::new();
    let mut opaque = text.contains("$(") || text.contains("${") || text.contains('\u{200b}');
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let front = rest.get(..at).unwrap_or_default();
        let begin = front
            .rfind(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.')))
            .map_or(0, |at| at.saturating_add(1));
        // a multi-byte character before the scheme: begin may lie inside of it
        let begin = (begin..=at).find(|at| rest.is_char_boundary(*at)).unwrap_or(at);
        let tail = rest.get(at.saturating_add(3)..).unwrap_or_default();
        let end = tail
            .find(|letter: char| {
                letter.is_whitespace() || matches!(letter, '"' | '\'' | '<' | '>' | ',' | ';' | ')' | '|' | '`')
            })
            .unwrap_or(tail.len());
        let whole = rest
            .get(begin..at.saturating_add(3).saturating_add(end))
            .unwrap_or_default();
        if let Ok(reference) = data(whole)
            && found.len() < limits::INPUTS
            && !found.contains(&reference)
        {
            found.push(reference);
        }
        opaque = true;
        rest = tail.get(end..).unwrap_or_default();
    }
    if depth < limits::NESTED_TEXT {
        for nested in nested(text) {
            let (more, unsure) = inside(&nested, depth.saturating_add(1));
            opaque |= unsure || !more.is_empty();
            found.extend(more);
        }
    }
    (found, opaque)
}

/// Texts inside a text: base64 words of 24 characters and more, and percent-encoded schemes.
fn nested(text: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let word = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '/' | '=');
    for piece in text
        .split(|letter: char| !word(letter))
        .filter(|piece| piece.len() >= 24 && piece.len().is_multiple_of(4))
    {
        if let Ok(Ok(decoded)) = STANDARD.decode(piece).map(String::from_utf8)
            && decoded.contains("://")
        {
            texts.push(decoded);
        }
    }
    if text.to_ascii_lowercase().contains("%3a%2f%2f")
        && let Ok(decoded) = percent_encoding::percent_decode_str(text).decode_utf8()
    {
        texts.push(decoded.into_owned());
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> &'static str {
        match classify(text) {
            Class::Data(DataRef::Object(_)) => "object",
            Class::Data(DataRef::Storage(_)) => "storage",
            Class::Data(DataRef::Dataset(_)) => "dataset",
            Class::HostFile => "host file",
            Class::Foreign => "foreign",
            Class::Broken(_) => "broken",
            Class::Opaque(_) => "opaque",
            Class::Plain => "plain",
        }
    }

    #[test]
    fn e12_to_e21_strings_are_what_they_name() {
        let base64 = STANDARD.encode("curl https://secret.example.org/x -o /tmp/x");
        let cases = [
            ("an object", "drs://drs.example.org/a", "object"),
            ("an object in upper case", "DRS://drs.example.org/a", "object"),
            ("a bucket", "s3://bucket/key", "storage"),
            ("a web address", "https://data.example.org/x.vcf", "storage"),
            ("a file by URL", "file:///mnt/secret", "storage"),
            ("a file by path", "/mnt/secret", "host file"),
            ("a home folder", "~/x", "host file"),
            ("a climb", "a/../../b", "host file"),
            ("user info", "https://good.example.org@evil.example.net/x", "broken"),
            ("a query", "s3://bucket/key?versionId=1", "broken"),
            ("a wildcard", "s3://bucket/*.fq", "broken"),
            ("another scheme", "globus://endpoint/x", "foreign"),
            ("data in itself", "data:text/plain,x", "foreign"),
            ("a reference inside", "--in s3://bucket/x --out y", "opaque"),
            ("a list of references", "s3://bucket/a,s3://bucket/b", "opaque"),
            ("JSON in a string", r#"{"a":"drs://h.example.org/x"}"#, "opaque"),
            ("base64", base64.as_str(), "opaque"),
            ("a percent-encoded reference", "x=s3%3A%2F%2Fbucket%2Fx", "opaque"),
            ("a template", "s3-${bucket}", "opaque"),
            ("an expression", "$(inputs.x)", "opaque"),
            ("a number", "42", "plain"),
            ("a sentence", "count the variants of chromosome 22", "plain"),
            ("a relative name", "tools/count.cwl", "plain"),
            (
                "a long word that is no base64",
                "abcdefghijklmnopqrstuvwxyzabcdef",
                "plain",
            ),
        ];
        for (name, text, expected) in cases {
            assert_eq!(kind(text), expected, "{name}: {text}");
        }
    }

    #[test]
    fn e19_what_stands_inside_is_listed() {
        let (found, opaque) = inside("curl drs://h.example.org/a; cat 's3://bucket/b'", 0);
        assert!(opaque);
        assert_eq!(
            found.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["drs://h.example.org/a", "s3://bucket/b"]
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,80}", tail in "[a-z0-9:/%$(){}é]{0,40}") {
            let _ = classify(&text);
            let _ = classify(&tail);
        }
    }
}
