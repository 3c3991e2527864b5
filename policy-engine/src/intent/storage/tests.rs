//! E12, E13, E16, E17: spellings of storage URLs.

use super::{RefRefused, StorageUrl};

#[test]
fn e12_url_spellings_are_one() {
    let cases = [
        ("scheme folds", "S3://bucket/k", "s3://bucket/k"),
        ("hadoop's names", "s3a://bucket/k", "s3://bucket/k"),
        ("no key", "s3://bucket", "s3://bucket/"),
        ("virtual host", "https://bucket.s3.amazonaws.com/k", "s3://bucket/k"),
        (
            "virtual host with region",
            "https://bucket.s3.eu-north-1.amazonaws.com/k",
            "s3://bucket/k",
        ),
        (
            "path style",
            "https://s3.eu-north-1.amazonaws.com/bucket/a/k",
            "s3://bucket/a/k",
        ),
        (
            "dualstack",
            "https://bucket.s3.dualstack.eu-north-1.amazonaws.com/k",
            "s3://bucket/k",
        ),
        (
            "google path style",
            "https://storage.googleapis.com/bucket/o",
            "gs://bucket/o",
        ),
        (
            "google virtual host",
            "https://bucket.storage.googleapis.com/o",
            "gs://bucket/o",
        ),
        (
            "host case and own port",
            "HTTPS://Files.Example.ORG:443/a",
            "https://files.example.org/a",
        ),
        (
            "other port stays",
            "https://files.example.org:8443/a",
            "https://files.example.org:8443/a",
        ),
        (
            "unreserved escapes",
            "https://files.example.org/%6B%2d",
            "https://files.example.org/k-",
        ),
        (
            "other escapes in upper case",
            "https://files.example.org/a%20%c3",
            "refused",
        ),
        (
            "space escape",
            "https://files.example.org/a%20b",
            "https://files.example.org/a%20b",
        ),
        ("file", "file:///data/a/b", "file:///data/a/b"),
        (
            "google's JSON interface",
            "https://storage.googleapis.com/download/storage/v1/b/bucket/o/a%2Fo?alt=media",
            "gs://bucket/a/o",
        ),
        (
            "google's browser",
            "https://storage.cloud.google.com/bucket/o",
            "gs://bucket/o",
        ),
        (
            "azure",
            "https://Account.blob.core.windows.net/con/a/k",
            "https://account.blob.core.windows.net/con/a/k",
        ),
        (
            "azure, other service",
            "https://account.dfs.core.windows.net/con/k",
            "https://account.blob.core.windows.net/con/k",
        ),
        (
            "azure by wasbs",
            "wasbs://con@account.blob.core.windows.net/k",
            "https://account.blob.core.windows.net/con/k",
        ),
        (
            "azure by abfss",
            "abfss://con@account.dfs.core.windows.net/k",
            "https://account.blob.core.windows.net/con/k",
        ),
        (
            "azure container",
            "abfss://con@account.dfs.core.windows.net",
            "https://account.blob.core.windows.net/con/",
        ),
        (
            "signs that also stand plain",
            "https://files.example.org/a%28b%29%2C",
            "https://files.example.org/a(b),",
        ),
        (
            "http with its own port at a bucket",
            "http://bucket.s3.amazonaws.com:80/k",
            "s3://bucket/k",
        ),
    ];
    for (name, text, expected) in cases {
        let found = StorageUrl::parse(text).map_or_else(|_| "refused".to_owned(), |url| url.to_string());
        assert_eq!(found, expected, "{name}");
        if expected != "refused" {
            assert_eq!(
                StorageUrl::parse(&found).map(|url| url.to_string()),
                Ok(found),
                "{name}: idempotent"
            );
        }
    }
}

#[test]
fn e12_ambiguous_urls_are_refused() {
    use RefRefused::{Character, Escape, Host, HostSpelling, Length, Query, Scheme, Segment};
    let cases = [
        ("empty", "", Length),
        ("upper-case bucket", "s3://Bucket/k", Host),
        ("no bucket", "s3:///bucket/k", Host),
        ("access point", "s3://arn:aws:s3:eu:1:accesspoint/x", Host),
        ("empty segment", "s3://bucket//k", Segment),
        ("dot segments", "s3://bucket/./a/../k", Segment),
        ("escape in a key", "s3://bucket/secre%74", Escape),
        ("dots, escaped", "https://h.example/a/%2e%2e/b", Segment),
        ("slash, escaped", "https://h.example/a%2Fb", Escape),
        ("percent, escaped", "https://h.example/a%252e", Escape),
        ("dot segment with a parameter", "https://h.example/a/..;x/b", Character),
        ("query", "https://h.example/k?versionId=1", Query),
        ("fragment", "https://h.example/k#x", Query),
        (
            "json api without its query for bytes",
            "https://storage.googleapis.com/storage/v1/b/bucket/o/k",
            HostSpelling,
        ),
        ("trailing dot", "https://h.example./k", Host),
        ("decimal address", "https://2130706433/k", HostSpelling),
        ("hex address", "https://0x7f000001/k", HostSpelling),
        ("IPv6", "https://[::1]/k", HostSpelling),
        ("IPv4 in IPv6", "https://[::ffff:127.0.0.1]/k", HostSpelling),
        ("octal address", "https://0177.0.0.1/k", HostSpelling),
        ("short address", "https://127.1/k", HostSpelling),
        ("full-width host", "https://h\u{ff0e}example/k", Character),
        (
            "a plus in a bucket's web form",
            "https://bucket.s3.amazonaws.com/a+b",
            Escape,
        ),
        (
            "presigned",
            "https://bucket.s3.amazonaws.com/k?X-Amz-Signature=0",
            Query,
        ),
        ("part", "s3://bucket/k?partNumber=1", Query),
        ("host cut by a query", "https://evil.example?@h.example/k", Query),
        ("parameter", "https://h.example/secret;x/k", Character),
        ("parameter, escaped", "https://h.example/secret%3Bx/k", Escape),
        ("glob, escaped", "https://h.example/%2A", Escape),
        ("no account", "az://con/k", HostSpelling),
        (
            "azure, public container",
            "https://account.blob.core.windows.net/$web/k",
            Character,
        ),
        (
            "azure, other endpoint",
            "https://account.file.core.windows.net/con/k",
            HostSpelling,
        ),
        (
            "S3 by another domain",
            "https://bucket.s3.amazonaws.com.cn/k",
            HostSpelling,
        ),
        (
            "google by another interface",
            "https://www.googleapis.com/storage/v1/b/bucket/o/k",
            HostSpelling,
        ),
        ("punycode", "https://xn--bcher-kva.example/k", HostSpelling),
        ("port zero", "https://h.example:0/k", HostSpelling),
        ("signed port", "https://h.example:+443/k", HostSpelling),
        (
            "website endpoint",
            "https://bucket.s3-website-eu.amazonaws.com/k",
            HostSpelling,
        ),
        (
            "json api, short bucket",
            "https://storage.googleapis.com/download/storage/v1/b/b/o/k",
            Host,
        ),
        ("other scheme", "ftp://h.example/k", Scheme),
        ("no scheme", "/mnt/data", Scheme),
        ("backslash", "https://h.example\\@evil.example/k", Character),
        ("zero-width", "https://h.example/a\u{200b}b", Character),
    ];
    for (name, text, expected) in cases {
        assert_eq!(StorageUrl::parse(text), Err(expected), "{name}");
    }
}

#[test]
fn e13_user_info_is_refused_without_repeating_it() {
    for text in [
        "https://good.example@evil.example/",
        "s3://KEY:SECRET@bucket/k",
        "https://u:p@h.example/",
        "ftp://u:p@h.example/",
        "https://u%40x@h.example/",
        "wasbs://KEY:SECRET@account.blob.core.windows.net/k",
        "wasbs://con@evil.example/k",
        "az://con@account.blob.core.windows.net/k",
    ] {
        let refused = StorageUrl::parse(text).unwrap_err();
        assert_eq!(refused, RefRefused::UserInfo);
        assert!(!refused.to_string().contains("SECRET"));
    }
}

#[test]
fn e16_wildcards_and_e17_host_paths_are_refused() {
    for text in ["s3://bucket/*", "s3://bucket/{a,b}", "s3://bucket/[ab]"] {
        assert_eq!(StorageUrl::parse(text), Err(RefRefused::Wildcard), "{text}");
    }
    let cases = [
        ("file://localhost/etc", RefRefused::Host),
        ("file:/etc/passwd", RefRefused::Scheme),
        ("file:///allowed/../secret", RefRefused::Segment),
        ("file:///allowed/%2e%2e/secret", RefRefused::Escape),
    ];
    for (text, expected) in cases {
        assert_eq!(StorageUrl::parse(text), Err(expected), "{text}");
    }
}

#[test]
fn a_prefix_ends_at_a_segment() {
    let url = |text: &str| StorageUrl::parse(text).unwrap();
    assert!(url("file:///out/uni/x").is_under(&url("file:///out/uni/")));
    assert!(!url("file:///out/unity/x").is_under(&url("file:///out/uni/")));
    assert!(!url("file:///out/uni/x").is_under(&url("file:///out/uni")));
    assert!(url("s3://bucket/x").is_under(&url("s3://bucket")));
    assert!(!url("s3://bucket2/x").is_under(&url("s3://bucket")));
}

mod any_spelling {
    use proptest::prelude::*;

    use super::StorageUrl;

    /// How a lenient reader takes it: everything decoded as often as it goes, dots removed, in lower case.
    fn lenient(text: &str) -> String {
        let mut text = text.to_ascii_lowercase();
        for _ in 0..3 {
            text = percent(&text);
        }
        text
    }

    fn percent(text: &str) -> String {
        let mut out = Vec::new();
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            let pair = (byte == b'%').then(|| text.get(text.len() - bytes.len()..text.len() - bytes.len() + 2));
            match pair.flatten().and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
                Some(decoded) => {
                    out.push(decoded);
                    bytes.next();
                    bytes.next();
                }
                None => out.push(byte),
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_text_panics_and_what_is_taken_is_canonical(text in "(s3|S3|gs|https|http|file|wasbs|abfss|az)://[a-zA-Z0-9%./@:?#*;$+~\\[\\]-]{0,40}") {
            if let Ok(url) = StorageUrl::parse(&text) {
                let shown = url.to_string();
                prop_assert_eq!(StorageUrl::parse(&shown), Ok(url));
                prop_assert!(!shown.contains(['?', '#', '*', ';', '\\']), "{}", shown);
            }
        }

        #[test]
        fn a_spelling_of_a_key_is_that_key_or_refused(
            key in "[a-z]{1,4}(/[a-z]{1,4}){0,2}",
            how in prop::collection::vec(0_u8..8, 14),
            host in 0_usize..6,
        ) {
            let spelt: String = key.chars().zip(how.iter().cycle()).map(|(letter, how)| match (how, letter) {
                (0, _) => format!("%{:02x}", u32::from(letter)),
                (1, _) => format!("%25{:02X}", u32::from(letter)),
                (2, '/') => "//".to_owned(),
                (3, '/') => "/./".to_owned(),
                (4, '/') => "/x/../".to_owned(),
                (5, '/') => "%2F".to_owned(),
                _ => letter.to_string(),
            }).collect();
            let (front, canonical) = [
                ("https://files.example.org/", "https://files.example.org/"),
                ("https://FILES.example.org:443/", "https://files.example.org/"),
                ("s3://bucket/", "s3://bucket/"),
                ("https://bucket.s3.amazonaws.com/", "s3://bucket/"),
                ("https://s3.eu-north-1.amazonaws.com/bucket/", "s3://bucket/"),
                ("https://storage.googleapis.com/bucket/", "gs://bucket/"),
            ][host];
            if let Ok(url) = StorageUrl::parse(&format!("{front}{spelt}")) {
                prop_assert_eq!(url.to_string(), format!("{canonical}{key}"), "{}", spelt);
                prop_assert_eq!(lenient(&spelt), key);
            }
        }
    }
}
