//! Strings that stand where data is named (`apis.md` 3.3), classified whole. What stands inside of texts is found by
//! [`super::scan`].

use policy_engine::intent::{DataRef, ObjectRef, RefRefused, StorageUrl};

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
    /// A text: a literal, unless something is found inside.
    Text,
}

/// Words that begin references; with one colon and no slashes some readers take them, too.
const SCHEMES: [&str; 24] = [
    "drs", "dos", "s3", "s3a", "s3n", "gs", "az", "abfs", "abfss", "wasb", "wasbs", "file", "http", "https", "ftp",
    "ftps", "sftp", "htsget", "globus", "gsiftp", "trs", "sda", "data", "syn",
];

/// Is this the beginning of a reference with a scheme?
fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once("://")?;
    let plain = !scheme.is_empty()
        && scheme.len() <= 16
        && scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    plain.then_some(scheme)
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

/// Is it a place that only a dataset may stand behind: a bucket, a DRS, a file, an account of Azure's?
pub(crate) fn is_storage(data: &DataRef) -> bool {
    use policy_engine::intent::Scheme;
    match data {
        DataRef::Object(_) | DataRef::Dataset(_) => true,
        DataRef::Storage(url) => match url.scheme() {
            Scheme::S3 | Scheme::Gs | Scheme::File => true,
            Scheme::Https | Scheme::Http => url.authority().ends_with(".blob.core.windows.net"),
        },
    }
}

/// Classifies a whole string.
pub(crate) fn classify(text: &str) -> Class {
    let bare = text.trim();
    let front = bare.split([':', '/', '?', '#']).next().unwrap_or_default();
    let begins = bare.get(front.len()..).is_some_and(|rest| rest.starts_with(':'));
    let known = begins && SCHEMES.iter().any(|scheme| front.eq_ignore_ascii_case(scheme));
    if known && front.eq_ignore_ascii_case("data") {
        return Class::Foreign;
    }
    // a comma is one of a name's letters, unless each piece is a reference of its own
    let list = bare.contains(',') && bare.split(',').skip(1).all(|piece| scheme(piece).is_some());
    let single = !bare.contains(char::is_whitespace) && !list;
    if single && (scheme(bare).is_some() || known) {
        if bare != text {
            return Class::Broken(RefRefused::Character);
        }
        return match data(text) {
            Ok(data) => Class::Data(data),
            Err(RefRefused::Scheme) if known && scheme(text).is_none() => Class::Broken(RefRefused::Scheme),
            Err(RefRefused::Scheme) => Class::Foreign,
            Err(refused) => Class::Broken(refused),
        };
    }
    if is_synapse(bare) {
        return Class::Foreign;
    }
    let drive = matches!(bare.as_bytes(), [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    let expression = bare.starts_with("$(") || bare.starts_with("${");
    let host = bare.starts_with(['/', '~', '\\'])
        || (bare.starts_with('$') && !expression)
        || drive
        || bare.split(['/', '\\']).any(|part| part == "..");
    let sentence = bare.contains(char::is_whitespace);
    if host && !sentence {
        Class::HostFile
    } else {
        Class::Text
    }
}

/// An id of Synapse by itself, `syn12345` or `syn12345.2`: its clients fetch it without a scheme (`apis.md` 3.3).
fn is_synapse(text: &str) -> bool {
    let Some((front, number)) = text.split_at_checked(3) else {
        return false;
    };
    let (id, version) = number.split_once('.').unwrap_or((number, "1"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    front.eq_ignore_ascii_case("syn") && id.len() >= 3 && digits(id) && digits(version)
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
            Class::Text => "text",
        }
    }

    #[test]
    fn e12_to_e17_strings_are_what_they_name() {
        let cases = [
            ("an id of Synapse", "syn12345", "foreign"),
            ("another version of it", "SYN12345.7", "foreign"),
            ("no id of Synapse", "synapse", "text"),
            ("nor this", "syn12345.vcf", "text"),
            ("nor this short one", "syn1", "text"),
            ("an object", "drs://drs.example.org/a", "object"),
            ("an object in upper case", "DRS://drs.example.org/a", "object"),
            ("a bucket", "s3://bucket/key", "storage"),
            ("a web address", "https://data.example.org/x.vcf", "storage"),
            ("a file by URL", "file:///mnt/secret", "storage"),
            ("a file by path", "/mnt/secret", "host file"),
            ("a home folder", "~/x", "host file"),
            ("a variable", "$HOME/x", "host file"),
            ("a drive", "C:\\x", "host file"),
            ("a share", "\\\\host\\x", "host file"),
            ("a climb", "a/../../b", "host file"),
            ("a climb by backslash", "a\\..\\b", "host file"),
            ("a path behind a blank", " /mnt/secret", "host file"),
            ("a file by one slash", "file:/mnt/secret", "broken"),
            ("an object by one slash", "drs:/a", "broken"),
            ("a bucket behind a blank", " s3://bucket/key", "broken"),
            ("user info", "https://good.example.org@evil.example.net/x", "broken"),
            ("a query", "s3://bucket/key?versionId=1", "broken"),
            ("a wildcard", "s3://bucket/*.fq", "broken"),
            ("alternatives", "s3://bucket/*_{1,2}.fq", "broken"),
            ("a comma in a name", "s3://bucket/a,b", "storage"),
            ("another scheme", "globus://endpoint/x", "foreign"),
            ("data in itself", "data:text/plain,x", "foreign"),
            ("a list of references", "s3://bucket/a,s3://bucket/b", "text"),
            ("an expression", "$(inputs.x)", "text"),
            ("a number", "42", "text"),
            ("a sentence", "count the variants of chromosome 22", "text"),
            ("a relative name", "tools/count.cwl", "text"),
        ];
        for (name, text, expected) in cases {
            assert_eq!(kind(text), expected, "{name}: {text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,80}", tail in "[a-z0-9:/%$(){}é]{0,40}") {
            let _ = classify(&text);
            let _ = classify(&tail);
        }
    }
}
